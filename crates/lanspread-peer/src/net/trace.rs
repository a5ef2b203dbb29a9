//! The trace of the wire: one DEBUG line for each request that is sent or received.
//!
//! It shows what two peers say to each other without a packet dump; tests prove with it that a first
//! contact is one handshake and one snapshot, and which source was asked for which chunk. Invariant:
//! it costs nothing unless somebody listens to [`TARGET`], and it never changes what is said.

use std::fmt;

use lanspread_proto::{HoldingsRequest, PeerId, Request};

/// The target of every line, for a filter such as `lanspread::wire=debug`.
const TARGET: &str = "lanspread::wire";

/// A request leaves for `to`.
pub(super) fn sent(to: PeerId, request: &Request) {
    tracing::debug!(target: TARGET, to = %to.short(), request = %request.kind(), about = %About(request));
}

/// A valid request came from `from`.
pub(super) fn received(from: PeerId, request: &Request) {
    tracing::debug!(target: TARGET, from = %from.short(), request = %request.kind(), about = %About(request));
}

/// What a request is about, without blanks: a game, or `game[file:chunk,file:chunk]`, or `-`.
struct About<'a>(&'a Request);

impl fmt::Display for About<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Request::GetGame { id } | Request::Holdings(HoldingsRequest { id, .. }) => {
                write!(f, "{id}")
            }
            Request::GetGameFileChunk(wanted) | Request::TakeBack(wanted) => {
                write!(f, "{}[", wanted.id)?;
                for (nth, at) in wanted.chunks.iter().enumerate() {
                    let comma = if nth == 0 { "" } else { "," };
                    write!(f, "{comma}{}:{}", at.file, at.chunk)?;
                }
                f.write_str("]")
            }
            Request::Hello(_)
            | Request::Ping
            | Request::LibrarySummary { .. }
            | Request::LibrarySnapshot
            | Request::LibraryDelta { .. }
            | Request::ListGames
            | Request::Expulsions { .. }
            | Request::Status(_)
            | Request::Message(_)
            | Request::LaneToken
            | Request::Goodbye => f.write_str("-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use lanspread_db::{ChunkRef, ContentHash, GameId, ManifestHash};
    use lanspread_proto::ChunkRequest;

    use super::*;

    #[test]
    fn a_request_for_chunks_names_them() {
        let wanted = ChunkRequest {
            id: GameId::parse("chess").unwrap(),
            manifest: ManifestHash(ContentHash::of(b"chess")),
            chunks: vec![
                ChunkRef { file: 0, chunk: 3 },
                ChunkRef { file: 2, chunk: 0 },
            ],
        };
        let request = Request::GetGameFileChunk(wanted);
        assert_eq!(About(&request).to_string(), "chess[0:3,2:0]");
        assert_eq!(About(&Request::Ping).to_string(), "-");
    }
}
