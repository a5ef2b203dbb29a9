//! The name of a game, which is also the name of its root in every game directory.
//!
//! Its one invariant: it is a usable name of one directory on every platform, short enough to
//! show and free of characters that hide or reorder what is shown. It deliberately does not
//! know whether such a game exists.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use unicode_normalization::is_nfc;

use crate::{
    excerpt::excerpt,
    rel_path::{self, RelPathError},
    string_serde::string_serde,
};

/// The longest game id, in bytes of UTF-8.
pub const GAME_ID_BYTES_MAX: usize = 64;

/// A validated game id.
///
/// Cloning is cheap: clones share one allocation. The order is that of the bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GameId(Arc<str>);

/// Why a text is not a [`GameId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GameIdError {
    /// The text is empty.
    #[error("a game id is empty: it must be the name of the game's directory")]
    Empty,
    /// The text is longer than [`GAME_ID_BYTES_MAX`].
    #[error("game id {id:?} has {bytes} bytes: at most {GAME_ID_BYTES_MAX} are allowed")]
    TooLong {
        /// The beginning of the id.
        id: String,
        /// Its length.
        bytes: usize,
    },
    /// The text begins with a dot, as hidden and reserved directories do.
    #[error("game id {id:?} starts with a dot: such directories are hidden or reserved")]
    LeadingDot {
        /// The beginning of the id.
        id: String,
    },
    /// The text holds a slash.
    #[error("game id {id:?} holds a `/`: a game root is a direct child of the game directory")]
    Separator {
        /// The beginning of the id.
        id: String,
    },
    /// The text holds a character that is not visible or reorders what follows.
    #[error("game id {id:?} holds the invisible character {character:?}")]
    Invisible {
        /// The beginning of the id.
        id: String,
        /// The first such character.
        character: char,
    },
    /// The text is not in Unicode normalisation form C.
    #[error("game id {id:?} is not in Unicode normalisation form C: rename the directory")]
    NotNormalised {
        /// The beginning of the id.
        id: String,
    },
    /// The text is not a portable name of a directory.
    #[error("game id is not a portable directory name: {0}")]
    Name(#[from] RelPathError),
}

impl GameId {
    /// Parses a game id.
    ///
    /// # Errors
    ///
    /// Says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, GameIdError> {
        if text.is_empty() {
            return Err(GameIdError::Empty);
        }
        let id = || excerpt(text);
        if text.len() > GAME_ID_BYTES_MAX {
            return Err(GameIdError::TooLong {
                id: id(),
                bytes: text.len(),
            });
        }
        if text.contains('/') {
            return Err(GameIdError::Separator { id: id() });
        }
        if text.starts_with('.') {
            return Err(GameIdError::LeadingDot { id: id() });
        }
        rel_path::check_component(text)?;
        if let Some(character) = text.chars().find(|&c| is_invisible(c)) {
            return Err(GameIdError::Invisible {
                id: id(),
                character,
            });
        }
        if !is_nfc(text) {
            return Err(GameIdError::NotNormalised { id: id() });
        }
        Ok(Self(text.into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A key that is equal for two ids whose directories some file system takes for one; see
    /// [`RelPath::fold_key`](crate::RelPath::fold_key).
    #[must_use]
    pub fn fold_key(&self) -> String {
        rel_path::fold_key(&self.0)
    }
}

/// Whether a character shows nothing or changes the direction of what follows. Two ids that
/// differ only by one look the same to the person who has to choose between them.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

impl fmt::Display for GameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for GameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GameId({:?})", &*self.0)
    }
}

impl FromStr for GameId {
    type Err = GameIdError;

    fn from_str(text: &str) -> Result<Self, GameIdError> {
        Self::parse(text)
    }
}

impl AsRef<str> for GameId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for GameId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

string_serde!(GameId, "a game id");
