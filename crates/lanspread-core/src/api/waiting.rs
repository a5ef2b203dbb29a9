//! For what an operation waits, as a fact: whoever shows it says it in the reader's language.
//!
//! Invariant: the English sentence follows from the fact alone, and stands for itself: nothing has to be put
//! before it.

use std::fmt;

use lanspread_db::{GameId, ManifestHash, Version};
use lanspread_proto::{PeerId, PeerName};

/// A peer and what it calls itself.
pub type NamedPeer = (PeerId, PeerName);

/// For what an operation waits. Its text is a sentence of its own, in English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitReason {
    /// Uploads of the game and the hashing of it have to end before its files are changed.
    FilesInUse,
    /// Nobody who is here has what is missing.
    Source {
        /// The game.
        id: GameId,
    },
    /// A peer is asked for the manifest.
    Asking {
        /// Who.
        peer: NamedPeer,
    },
    /// Every source failed; all are asked again in a moment.
    Retry,
    /// Nobody who is here has the game.
    NoPeer {
        /// The game.
        id: GameId,
    },
    /// Nobody who is here has these very files of it.
    NoPeerHasFiles {
        /// The game.
        id: GameId,
    },
    /// Others have the game, and not in the version of this party.
    NoPeerHasVersion {
        /// The game.
        id: GameId,
        /// The version of this party.
        expected: Version,
        /// Which there are instead, and who has them.
        found: Vec<(Version, Vec<NamedPeer>)>,
    },
    /// Others have other files of this version than the catalog pins.
    NoPeerHasPinned {
        /// The game.
        id: GameId,
        /// The version.
        version: Version,
        /// What is pinned.
        pinned: ManifestHash,
        /// Who has other files.
        others: Vec<NamedPeer>,
    },
    /// Whoever has it still hashes it.
    Hashing {
        /// The game.
        id: GameId,
        /// Its version.
        version: Version,
        /// Who.
        peers: Vec<NamedPeer>,
    },
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FilesInUse => {
                f.write_str("waiting for running uploads and the hashing of the game to end")
            }
            Self::Source { id } => write!(f, "waiting for a peer that has {id}"),
            Self::Asking { peer: (_, name) } => write!(f, "{name} is asked for the list of files"),
            Self::Retry => f.write_str("all sources failed; they are asked again in a moment"),
            Self::NoPeer { id } => write!(f, "no peer has {id}"),
            Self::NoPeerHasFiles { id } => write!(f, "no peer has these files of {id}"),
            Self::NoPeerHasVersion {
                id,
                expected,
                found,
            } => {
                let found: Vec<String> = found
                    .iter()
                    .map(|(version, peers)| format!("{version} at {}", names(peers)))
                    .collect();
                write!(
                    f,
                    "no peer has version {expected} of {id}, which this party plays; there is {}",
                    found.join(", ")
                )
            }
            Self::NoPeerHasPinned {
                id,
                version,
                pinned,
                others,
            } => {
                let offer = if others.len() == 1 { "offers" } else { "offer" };
                write!(
                    f,
                    "no peer has the files of {id} {version} that are pinned by the catalog ({}); {} \
                     {offer} other files, which are not taken",
                    pinned.short(),
                    names(others)
                )
            }
            Self::Hashing { id, version, peers } => write!(
                f,
                "{} hashes version {version} of {id}, so that it can be checked on arrival",
                names(peers)
            ),
        }
    }
}

fn names(peers: &[NamedPeer]) -> String {
    let names: Vec<&str> = peers.iter().map(|(_, name)| name.as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use lanspread_db::ContentHash;

    use super::*;

    fn peer(name: &str) -> NamedPeer {
        (PeerId::from_bytes([1; 32]), PeerName::new(name))
    }

    #[test]
    fn a_wait_is_a_sentence_of_its_own_and_names_whoever_it_is_about() {
        let id = || GameId::parse("chess").unwrap();
        let version = |text| Version::parse(text).unwrap();
        let asking = WaitReason::Asking { peer: peer("Anna") };
        assert_eq!(asking.to_string(), "Anna is asked for the list of files");
        let other = WaitReason::NoPeerHasVersion {
            id: id(),
            expected: version("20260101"),
            found: vec![(version("20250101"), vec![peer("Anna"), peer("Ben")])],
        };
        assert_eq!(
            other.to_string(),
            "no peer has version 20260101 of chess, which this party plays; there is 20250101 at \
             Anna, Ben"
        );
        let pinned = |others| WaitReason::NoPeerHasPinned {
            id: id(),
            version: version("20260101"),
            pinned: ManifestHash(ContentHash([7; 32])),
            others,
        };
        let one = pinned(vec![peer("Anna")]).to_string();
        assert!(one.contains("Anna offers other files"), "{one}");
        let two = pinned(vec![peer("Anna"), peer("Ben")]).to_string();
        assert!(two.contains("Anna, Ben offer other files"), "{two}");
    }
}
