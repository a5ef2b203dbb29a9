//! What is known of a game, the set of such games, and one file of a game as shown to a caller.
//!
//! Its one invariant: a [`GameDB`] holds one game per id, in the order of the ids. It
//! deliberately does not know where the knowledge came from (a catalog, a scan or a peer).

use std::collections::{BTreeMap, btree_map};

use serde::{Deserialize, Serialize};

use crate::{GameId, RelPath, Version, text::clean_line};

/// One text in the languages that a catalog has columns for.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Localized {
    /// German.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub de: Option<String>,
    /// English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
    /// French.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fr: Option<String>,
}

impl Localized {
    /// Whether there is no text in any language.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.de.is_none() && self.en.is_none() && self.fr.is_none()
    }

    /// The text for whoever reads any language, English first.
    #[must_use]
    pub fn any(&self) -> Option<&str> {
        self.en
            .as_deref()
            .or(self.de.as_deref())
            .or(self.fr.as_deref())
    }
}

/// How many can play, as the catalog says it and as a number where it can be read as one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaxPlayers {
    /// The catalog's words, such as `2 (+ 6 CPU)`.
    pub text: String,
    /// The number of people: the first number in the text, or the end of the range it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

impl MaxPlayers {
    /// Reads the catalog's words. `None` when they are empty.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = clean_line(text)?;
        let count = people_in(&text);
        Some(Self { text, count })
    }
}

/// The number that `text` begins its statement with; `8` both for `8 (+ 2)` and for `2 - 8`.
fn people_in(text: &str) -> Option<u32> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let (first, rest) = leading_number(&text[start..]);
    let range = rest
        .trim_start()
        .strip_prefix(['-', '–'])
        .map(str::trim_start);
    let end = range.and_then(|rest| leading_number(rest).0);
    end.or(first)
}

fn leading_number(text: &str) -> (Option<u32>, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    (text[..end].parse().ok(), &text[end..])
}

/// What is known of one game.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Game {
    /// Its id.
    pub id: GameId,
    /// Its title, never empty: the id when nothing better is known.
    pub title: String,
    /// The version this party plays, if the source says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// How large it is, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Who published it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// When it came out, in the catalog's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// What kind of game it is.
    #[serde(default, skip_serializing_if = "Localized::is_empty")]
    pub genre: Localized,
    /// How many can play.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_players: Option<MaxPlayers>,
    /// What it is about, lines separated by `\n`.
    #[serde(default, skip_serializing_if = "Localized::is_empty")]
    pub descriptions: Localized,
}

impl Game {
    /// A game of which nothing but the id is known.
    #[must_use]
    pub fn new(id: GameId) -> Self {
        Self {
            title: id.as_str().to_owned(),
            id,
            version: None,
            size_bytes: None,
            publisher: None,
            release: None,
            genre: Localized::default(),
            max_players: None,
            descriptions: Localized::default(),
        }
    }
}

/// A set of games, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Game>", into = "Vec<Game>")]
pub struct GameDB {
    games: BTreeMap<GameId, Game>,
}

impl GameDB {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a game in and hands back the one of the same id that it replaces.
    pub fn insert(&mut self, game: Game) -> Option<Game> {
        self.games.insert(game.id.clone(), game)
    }

    /// Takes a game out.
    pub fn remove(&mut self, id: &GameId) -> Option<Game> {
        self.games.remove(id)
    }

    /// The game of this id.
    #[must_use]
    pub fn get(&self, id: &GameId) -> Option<&Game> {
        self.games.get(id)
    }

    /// Whether there is a game of this id.
    #[must_use]
    pub fn contains(&self, id: &GameId) -> bool {
        self.games.contains_key(id)
    }

    /// How many games there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.games.len()
    }

    /// Whether there is no game.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.games.is_empty()
    }

    /// The games in the order of their ids.
    pub fn iter(&self) -> btree_map::Values<'_, GameId, Game> {
        self.games.values()
    }

    /// The ids in their order.
    pub fn ids(&self) -> btree_map::Keys<'_, GameId, Game> {
        self.games.keys()
    }
}

impl<'a> IntoIterator for &'a GameDB {
    type Item = &'a Game;
    type IntoIter = btree_map::Values<'a, GameId, Game>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Game> for GameDB {
    fn from_iter<I: IntoIterator<Item = Game>>(games: I) -> Self {
        Self {
            games: games
                .into_iter()
                .map(|game| (game.id.clone(), game))
                .collect(),
        }
    }
}

impl From<Vec<Game>> for GameDB {
    fn from(games: Vec<Game>) -> Self {
        games.into_iter().collect()
    }
}

impl From<GameDB> for Vec<Game> {
    fn from(db: GameDB) -> Self {
        db.games.into_values().collect()
    }
}

/// One file of one game as a manifest lists it, without the hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GameFileDescription {
    /// The game.
    pub game_id: GameId,
    /// The file, relative to the game root.
    pub path: RelPath,
    /// Its size.
    pub size_bytes: u64,
    /// Into how many chunks it is cut; none for an empty file.
    pub chunks: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_players_is_read_from_what_catalogs_say() {
        let table = [
            ("8", Some(8)),
            ("2 (+ 6 CPU)", Some(2)),
            ("2-8", Some(8)),
            ("2 – 16", Some(16)),
            ("up to 32", Some(32)),
            ("4, 8 with a patch", Some(4)),
            ("2 - many", Some(2)),
            ("many", None),
            ("99999999999", None),
        ];
        for (text, count) in table {
            let expected = MaxPlayers {
                text: text.to_owned(),
                count,
            };
            assert_eq!(MaxPlayers::parse(text), Some(expected));
        }
        assert_eq!(MaxPlayers::parse(" \n"), None);
    }

    #[test]
    fn a_set_of_games_holds_one_game_per_id_in_their_order() {
        let game = |id: &str, title: &str| Game {
            title: title.to_owned(),
            ..Game::new(GameId::parse(id).unwrap())
        };
        let mut db = GameDB::new();
        assert_eq!(db.insert(game("b", "B")), None);
        assert_eq!(db.insert(game("a", "A")), None);
        assert_eq!(db.insert(game("b", "B again")), Some(game("b", "B")));
        assert_eq!(
            db.iter()
                .map(|game| game.title.as_str())
                .collect::<Vec<_>>(),
            ["A", "B again"]
        );
        assert_eq!((db.len(), db.is_empty()), (2, false));
        let id = GameId::parse("a").unwrap();
        assert!(db.contains(&id));
        assert_eq!(db.remove(&id), Some(game("a", "A")));
        assert_eq!(db.get(&id), None);
    }

    #[test]
    fn a_text_is_shown_in_english_where_there_is_one() {
        let text = |de: Option<&str>, en: Option<&str>, fr: Option<&str>| Localized {
            de: de.map(str::to_owned),
            en: en.map(str::to_owned),
            fr: fr.map(str::to_owned),
        };
        assert_eq!(text(Some("d"), Some("e"), Some("f")).any(), Some("e"));
        assert_eq!(text(Some("d"), None, Some("f")).any(), Some("d"));
        assert_eq!(text(None, None, Some("f")).any(), Some("f"));
        assert!(text(None, None, None).is_empty());
    }
}
