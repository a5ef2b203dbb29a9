//! A path below a game root, as the network and the manifest know it.
//!
//! Its one invariant: joined to any directory on Windows, Linux or macOS it names something
//! inside that directory, and it names the same thing on all three. It deliberately does not
//! know what a game root contains (see [`RootEntry`](crate::RootEntry)) nor touch a disk.

use std::{fmt, str::FromStr, sync::Arc};

use unicode_normalization::UnicodeNormalization;

use crate::{excerpt::excerpt, string_serde::string_serde};

/// The longest path, in bytes of UTF-8.
pub const REL_PATH_BYTES_MAX: usize = 1024;
/// The most components a path may have.
pub const REL_PATH_DEPTH_MAX: usize = 32;
/// The longest component, in bytes of UTF-8: what ext4, APFS and NTFS can all hold.
pub const PATH_COMPONENT_BYTES_MAX: usize = 255;

/// Characters that Windows does not allow in a name. The colon also starts an alternate data
/// stream or ends a drive letter, and the backslash separates components.
const FORBIDDEN_CHARS: [char; 8] = ['<', '>', ':', '"', '|', '?', '*', '\\'];

/// A validated relative path with `/` between its components.
///
/// Cloning is cheap: clones share one allocation. The order is that of the bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelPath(Arc<str>);

/// Why a text is not a [`RelPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelPathError {
    /// The text is empty.
    #[error("a path is empty: it must name a file below the game root")]
    Empty,
    /// The text is longer than [`REL_PATH_BYTES_MAX`].
    #[error("path {path:?} has {bytes} bytes: at most {REL_PATH_BYTES_MAX} are allowed")]
    TooLong {
        /// The beginning of the path.
        path: String,
        /// Its length.
        bytes: usize,
    },
    /// The path has more than [`REL_PATH_DEPTH_MAX`] components.
    #[error("path {path:?} is {components} levels deep: at most {REL_PATH_DEPTH_MAX} are allowed")]
    TooDeep {
        /// The beginning of the path.
        path: String,
        /// How many components it has.
        components: usize,
    },
    /// The path begins with `/`.
    #[error("path {path:?} is absolute: it must be relative to the game root")]
    Absolute {
        /// The beginning of the path.
        path: String,
    },
    /// Two slashes follow each other, or the path ends with one.
    #[error(
        "path {path:?} has an empty component: write one `/` between names and none at the end"
    )]
    EmptyComponent {
        /// The beginning of the path.
        path: String,
    },
    /// A component is `.` or `..`.
    #[error(
        "path component {component:?} moves through the tree instead of naming something in it"
    )]
    DotComponent {
        /// The component.
        component: String,
    },
    /// A component is longer than [`PATH_COMPONENT_BYTES_MAX`].
    #[error(
        "path component {component:?} has {bytes} bytes: at most {PATH_COMPONENT_BYTES_MAX} are allowed"
    )]
    ComponentTooLong {
        /// The beginning of the component.
        component: String,
        /// Its length.
        bytes: usize,
    },
    /// A component holds a control character or one that Windows does not allow.
    #[error(
        "path component {component:?} holds {character:?}, which Windows does not allow in a name"
    )]
    ForbiddenCharacter {
        /// The beginning of the component.
        component: String,
        /// The first such character.
        character: char,
    },
    /// A component ends with a dot or a space, which Windows drops.
    #[error("path component {component:?} ends with a dot or a space, which Windows drops")]
    TrailingDotOrSpace {
        /// The beginning of the component.
        component: String,
    },
    /// A component names a Windows device, with or without an extension.
    #[error("path component {component:?} names a device on Windows")]
    DeviceName {
        /// The beginning of the component.
        component: String,
    },
}

impl RelPath {
    /// Parses a path with `/` between its components.
    ///
    /// # Errors
    ///
    /// Says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, RelPathError> {
        if text.is_empty() {
            return Err(RelPathError::Empty);
        }
        if text.len() > REL_PATH_BYTES_MAX {
            return Err(RelPathError::TooLong {
                path: excerpt(text),
                bytes: text.len(),
            });
        }
        if text.starts_with('/') {
            return Err(RelPathError::Absolute {
                path: excerpt(text),
            });
        }
        let components = text.split('/').count();
        if components > REL_PATH_DEPTH_MAX {
            return Err(RelPathError::TooDeep {
                path: excerpt(text),
                components,
            });
        }
        for component in text.split('/') {
            if component.is_empty() {
                return Err(RelPathError::EmptyComponent {
                    path: excerpt(text),
                });
            }
            check_component(component)?;
        }
        Ok(Self(text.into()))
    }

    /// The path as text, `/` between its components.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names from the game root down to the file; at least one.
    #[must_use]
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// The last component.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// The path without its last component; `None` directly below the game root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0
            .rsplit_once('/')
            .map(|(parent, _)| Self(parent.into()))
    }

    /// The path with one more component or several.
    ///
    /// # Errors
    ///
    /// As [`RelPath::parse`] of the two joined with `/`.
    pub fn join(&self, below: &str) -> Result<Self, RelPathError> {
        Self::parse(&format!("{}/{below}", self.0))
    }

    /// A key that is equal for two paths that some file system takes for the same name: those
    /// that differ only by case or by Unicode normalisation.
    ///
    /// It is canonical caseless matching with full mappings, which is a little coarser than
    /// NTFS (`ß` meets `ss`): refusing one pair too many is safe, one too few overwrites a file.
    #[must_use]
    pub fn fold_key(&self) -> String {
        fold_key(&self.0)
    }
}

/// See [`RelPath::fold_key`].
pub(crate) fn fold_key(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // By way of the upper case, because some letters (final sigma, long s) meet only there; one
    // character at a time, because the lower case of a whole word depends on position.
    text.nfd()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfc()
        .collect()
}

/// Checks one non-empty name, without regard to where in a path it stands.
pub(crate) fn check_component(component: &str) -> Result<(), RelPathError> {
    if component == "." || component == ".." {
        return Err(RelPathError::DotComponent {
            component: component.to_owned(),
        });
    }
    if component.len() > PATH_COMPONENT_BYTES_MAX {
        return Err(RelPathError::ComponentTooLong {
            component: excerpt(component),
            bytes: component.len(),
        });
    }
    let forbidden = |c: &char| c.is_control() || FORBIDDEN_CHARS.contains(c);
    if let Some(character) = component.chars().find(forbidden) {
        return Err(RelPathError::ForbiddenCharacter {
            component: excerpt(component),
            character,
        });
    }
    if component.ends_with(['.', ' ']) {
        return Err(RelPathError::TrailingDotOrSpace {
            component: excerpt(component),
        });
    }
    if is_device_name(component) {
        return Err(RelPathError::DeviceName {
            component: excerpt(component),
        });
    }
    Ok(())
}

/// Whether Windows opens a device under this name. It looks only at what stands before the
/// first dot, ignores spaces there at the end, and takes superscript digits for digits.
fn is_device_name(component: &str) -> bool {
    let stem = component
        .split('.')
        .next()
        .unwrap_or_default()
        .trim_end_matches(' ');
    let stem = stem.to_ascii_uppercase();
    if matches!(
        stem.as_str(),
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$"
    ) {
        return true;
    }
    let port = stem
        .strip_prefix("COM")
        .or_else(|| stem.strip_prefix("LPT"));
    let mut rest = port.unwrap_or_default().chars();
    matches!(
        (rest.next(), rest.next()),
        (Some('0'..='9' | '¹' | '²' | '³'), None)
    )
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RelPath({:?})", &*self.0)
    }
}

impl FromStr for RelPath {
    type Err = RelPathError;

    fn from_str(text: &str) -> Result<Self, RelPathError> {
        Self::parse(text)
    }
}

impl AsRef<str> for RelPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

string_serde!(RelPath, "a relative path with `/` between its components");
