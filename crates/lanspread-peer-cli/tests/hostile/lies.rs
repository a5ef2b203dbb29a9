//! What the liar says: frames, libraries and manifests that break a rule each.

use lanspread_db::{GameId, ManifestHash, Version};
use lanspread_proto::{
    GameSummary, LibrarySnapshot, Refusal, RefusalKind, Request, Response, limits::TITLE_BYTES_MAX,
};

use crate::liar::Lie;

/// The version of every game here.
pub(crate) const VERSION: &str = "20200101";

/// A frame: its length, big-endian, and the payload.
pub(crate) fn frame(payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).expect("short");
    [&len.to_be_bytes(), payload].concat()
}

/// A game that the liar announces.
pub(crate) fn announced(id: &str, size_bytes: u64, manifest: ManifestHash) -> GameSummary {
    GameSummary {
        id: GameId::parse(id).expect("an id"),
        title: "Cheap".to_owned(),
        version: Version::parse(VERSION).expect("a version"),
        size_bytes,
        manifest: Some(manifest),
    }
}

/// Many games whose ids are in order.
pub(crate) fn many_games(count: usize) -> Vec<GameSummary> {
    let hash = ManifestHash::of_encoding(b"none");
    let title_bytes = TITLE_BYTES_MAX / 16;
    (0..count)
        .map(|n| GameSummary {
            title: "t".repeat(title_bytes),
            ..announced(&format!("game{n:07}"), n as u64, hash)
        })
        .collect()
}

/// What an honest peer answers where the script has no lie.
pub(crate) fn honestly(request: &Request, snapshot: &LibrarySnapshot) -> Lie {
    let answer = match request {
        Request::LibrarySnapshot | Request::LibraryDelta { .. } => {
            Response::LibrarySnapshot(snapshot.clone())
        }
        Request::Ping => Response::Pong,
        Request::LibrarySummary { .. }
        | Request::Status(_)
        | Request::Message(_)
        | Request::TakeBack(_)
        | Request::Goodbye => Response::Noted,
        Request::Hello(_)
        | Request::ListGames
        | Request::Expulsions { .. }
        | Request::Holdings(_)
        | Request::GetGame { .. }
        | Request::LaneToken
        | Request::GetGameFileChunk(_) => return refused(RefusalKind::NotAvailable, "not from me"),
    };
    Lie::Answer(answer, Vec::new())
}

/// A refusal of this kind.
pub(crate) fn refused(kind: RefusalKind, why: &str) -> Lie {
    Lie::Answer(Response::Refused(Refusal::new(kind, why)), Vec::new())
}

/// An encoding of a manifest, written by hand so that it can break every rule.
pub(crate) struct Encoding(Vec<u8>);

impl Encoding {
    /// The beginning, which claims so many files.
    pub(crate) fn new(id: &str, files: u32) -> Self {
        let mut bytes = b"LSM1".to_vec();
        push_text(&mut bytes, id);
        bytes.extend_from_slice(VERSION.as_bytes());
        bytes.extend_from_slice(&(256_u32 * 1024).to_le_bytes());
        bytes.extend_from_slice(&files.to_le_bytes());
        Self(bytes)
    }

    /// One more file, with as many hashes as its size needs or as fit into 64.
    pub(crate) fn file(mut self, path: &str, size_bytes: u64) -> Self {
        push_text(&mut self.0, path);
        self.0.extend_from_slice(&size_bytes.to_le_bytes());
        let hashes = size_bytes.div_ceil(256 * 1024).min(64);
        for _ in 0..hashes {
            self.0.extend_from_slice(&[7; 32]);
        }
        self
    }

    /// Filled with empty files until it has so many bytes.
    pub(crate) fn filled_to(mut self, len: usize) -> Self {
        self.0.reserve(len);
        for n in 0_u32.. {
            if self.0.len() >= len {
                break;
            }
            self = self.file(&format!("f{n:08}"), 0);
        }
        self
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0
    }
}

fn push_text(bytes: &mut Vec<u8>, text: &str) {
    let len = u16::try_from(text.len()).expect("short");
    bytes.extend_from_slice(&len.to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}
