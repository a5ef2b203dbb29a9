//! What a peer announces of its library, whole or as a difference.

use std::fmt;

use lanspread_db::{GameId, ManifestHash, Version};
use serde::{Deserialize, Serialize};

use crate::limits::PEER_NAME_BYTES_MAX;

/// One run of one peer: revisions are comparable only within the same epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LibraryEpoch(pub u64);

/// A counter that grows with each change of a peer's announced library.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct LibraryRevision(pub u64);

/// Names one state of a library: two libraries with the same digest are the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LibraryState {
    /// The run of the peer that counts the revisions.
    pub epoch: LibraryEpoch,
    /// How many changes this run has announced.
    pub revision: LibraryRevision,
    /// BLAKE3 over the canonical listing of the announced games, in lower-case hexadecimal.
    pub digest: lanspread_db::ContentHash,
}

/// One announced game.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GameSummary {
    /// The game.
    pub id: GameId,
    /// What people call it; at most [`crate::limits::TITLE_BYTES_MAX`] bytes.
    pub title: String,
    /// The version this peer holds.
    pub version: Version,
    /// The bytes of all files of the manifest.
    pub size_bytes: u64,
    /// The hash that names the manifest; absent while the files are still being hashed.
    pub manifest: Option<ManifestHash>,
}

/// A whole library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LibrarySnapshot {
    /// The state that the listing brings the receiver to.
    pub state: LibraryState,
    /// All announced games, sorted by id.
    pub games: Vec<GameSummary>,
}

/// What changed in a library since a revision of the same epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LibraryDelta {
    /// The revision the delta starts from.
    pub since: LibraryRevision,
    /// The state that the delta brings the receiver to.
    pub state: LibraryState,
    /// Games that appeared or changed, sorted by id.
    pub changed: Vec<GameSummary>,
    /// Games that are gone, sorted.
    pub removed: Vec<GameId>,
}

/// What a peer calls itself: for people only, never an identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct PeerName(String);

impl PeerName {
    /// Makes a name that is safe to print: control characters become spaces, those around it go, and
    /// what is longer than [`PEER_NAME_BYTES_MAX`] bytes is cut. An empty name becomes `unnamed`. Made
    /// of a name, it is the same name.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut name = printable(text);
        if name.is_empty() {
            name.push_str("unnamed");
        }
        Self(name)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Text of strangers that is safe to print and at most [`PEER_NAME_BYTES_MAX`] bytes long.
fn printable(text: &str) -> String {
    let mut name = String::new();
    let around = |c: char| c.is_whitespace() || c.is_control();
    for c in text.trim_matches(around).chars() {
        let c = if c.is_control() { ' ' } else { c };
        if name.len() + c.len_utf8() > PEER_NAME_BYTES_MAX {
            break;
        }
        name.push(c);
    }
    name.truncate(name.trim_end().len());
    name
}

/// The table a peer sits at, as its user was told by the organiser: a hint whom to ask first, and
/// nothing that anybody is trusted for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TableName(String);

/// Why a text names no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a table needs a name, such as a number or a letter")]
pub struct TableNameError;

impl TableName {
    /// Makes a name of what people type: cut and cleaned like a [`PeerName`], in lower case, so that
    /// `B2` and `b2` are one table.
    ///
    /// # Errors
    /// If nothing is left.
    pub fn new(text: &str) -> Result<Self, TableNameError> {
        let name = printable(&text.to_lowercase());
        if name.is_empty() {
            return Err(TableNameError);
        }
        Ok(Self(name))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TableName {
    type Error = TableNameError;

    fn try_from(text: String) -> Result<Self, TableNameError> {
        Self::new(&text)
    }
}

impl std::str::FromStr for TableName {
    type Err = TableNameError;

    fn from_str(text: &str) -> Result<Self, TableNameError> {
        Self::new(text)
    }
}

impl From<TableName> for String {
    fn from(table: TableName) -> Self {
        table.0
    }
}

impl From<String> for PeerName {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<PeerName> for String {
    fn from(name: PeerName) -> Self {
        name.0
    }
}

impl fmt::Display for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_at_the_limit_stays_and_a_longer_one_is_cut_between_characters() {
        let at_limit = "x".repeat(PEER_NAME_BYTES_MAX);
        assert_eq!(PeerName::new(&at_limit).as_str(), at_limit);
        assert_eq!(PeerName::new(&format!("{at_limit}y")).as_str(), at_limit);
        let cut = PeerName::new(&format!("{}é", &at_limit[1..]));
        assert_eq!(cut.as_str(), &at_limit[1..]);
    }

    #[test]
    fn a_name_is_safe_to_print_and_never_empty() {
        assert_eq!(PeerName::new(" Ada\u{1b}[31m\n").as_str(), "Ada [31m");
        for nothing in ["", "  ", "\t\n"] {
            assert_eq!(PeerName::new(nothing).as_str(), "unnamed");
        }
        assert_eq!(PeerName::new("\u{1}").as_str(), "unnamed");
        let received: PeerName = serde_json::from_str(r#""a\u0007b""#).unwrap();
        assert_eq!(received.as_str(), "a b");
    }

    /// A control character at the end became a space that stayed, and a cut could leave one: a peer
    /// called itself by another name than the one that the others read. Found by the fuzz target
    /// `names`; what surrounds a name goes before and after it is cleaned and cut.
    #[test]
    fn a_name_made_of_a_name_is_the_same() {
        let cut = format!("{} y", "x".repeat(PEER_NAME_BYTES_MAX - 1));
        for text in ["[f\u{1}", "\u{1} a \u{2}\t", &cut] {
            let name = PeerName::new(text);
            assert_eq!(PeerName::new(name.as_str()), name, "{text:?}");
        }
    }

    #[test]
    fn a_table_is_the_same_however_its_name_is_typed() {
        let table = TableName::new(" Table B2\n").unwrap();
        assert_eq!(table.as_str(), "table b2");
        assert_eq!("TABLE B2".parse(), Ok(table.clone()));
        let json = serde_json::to_string(&table).unwrap();
        assert_eq!(serde_json::from_str::<TableName>(&json).unwrap(), table);
        assert_eq!(TableName::new(" \t "), Err(TableNameError));
        assert!(serde_json::from_str::<TableName>("\"\"").is_err());
        let long = TableName::new(&"x".repeat(PEER_NAME_BYTES_MAX + 1)).unwrap();
        assert_eq!(long.as_str().len(), PEER_NAME_BYTES_MAX);
    }
}
