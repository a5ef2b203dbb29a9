//! The limits of the wire fit together: what one limit allows, no other forbids.

use lanspread_db::{
    ChunkRef, ContentHash, GAME_BYTES_MAX, GAME_ID_BYTES_MAX, GameId, ManifestHash, Version,
};
use lanspread_proto::{
    ChunkRequest, ChunkRuns, FrameKind, GameSummary, Holdings, HoldingsLog, LibraryDelta,
    LibraryEpoch, LibraryRevision, LibrarySnapshot, LibraryState, Request, Response, encode_frame,
    limits::{
        CHUNKS_PER_REQUEST_MAX, HOLDINGS_RUNS_MAX, LIBRARY_GAMES_MAX, RESPONSE_FRAME_BYTES_MAX,
        TITLE_BYTES_MAX,
    },
};

/// An id of the largest size, different for each number.
fn id(nth: usize) -> GameId {
    GameId::parse(&format!("{nth:0GAME_ID_BYTES_MAX$}")).unwrap()
}

fn manifest() -> ManifestHash {
    ManifestHash(ContentHash::of(b"manifest"))
}

/// The largest announcement of a game: a title whose every byte needs an escape in JSON.
fn summary(nth: usize) -> GameSummary {
    GameSummary {
        id: id(nth),
        title: "\"".repeat(TITLE_BYTES_MAX),
        version: Version::parse("20261122").unwrap(),
        size_bytes: GAME_BYTES_MAX,
        manifest: Some(manifest()),
    }
}

fn state() -> LibraryState {
    LibraryState {
        epoch: LibraryEpoch(u64::MAX),
        revision: LibraryRevision(u64::MAX),
        digest: ContentHash::of(b"listing"),
    }
}

fn games() -> Vec<GameSummary> {
    (0..LIBRARY_GAMES_MAX).map(summary).collect()
}

#[test]
fn the_largest_library_fits_into_one_response() {
    let snapshot = LibrarySnapshot {
        state: state(),
        games: games(),
    };
    let response = Response::LibrarySnapshot(snapshot);
    assert!(encode_frame(FrameKind::Response, &response).is_ok());
    assert!(encode_frame(FrameKind::Response, &Response::Games { games: games() }).is_ok());
}

/// Everybody gets everybody's library once: with 50 guests and 2,000 games, 100,000 such entries at each.
#[test]
fn a_game_in_a_library_takes_less_than_two_hundred_bytes() {
    let game = |number: usize| GameSummary {
        id: GameId::parse(&format!("openarena{number:04}")).unwrap(),
        title: "OpenArena, the free shooter".to_owned(),
        ..summary(number)
    };
    let frame_bytes = |count: usize| {
        let games = (0..count).map(game).collect();
        let snapshot = LibrarySnapshot {
            state: state(),
            games,
        };
        let response = Response::LibrarySnapshot(snapshot);
        encode_frame(FrameKind::Response, &response).unwrap().len()
    };
    let each = (frame_bytes(2000) - frame_bytes(1000)) / 1000;
    assert!(each < 200, "{each} bytes");
}

#[test]
fn the_largest_change_fits_into_one_response() {
    let delta = LibraryDelta {
        since: LibraryRevision(u64::MAX),
        state: state(),
        changed: games(),
        removed: (0..LIBRARY_GAMES_MAX).map(id).collect(),
    };
    assert!(encode_frame(FrameKind::Response, &Response::LibraryDelta(delta)).is_ok());
}

#[test]
fn the_largest_chunk_request_fits_into_one_request() {
    let chunk = ChunkRef {
        file: u32::MAX,
        chunk: u32::MAX,
    };
    let request = ChunkRequest {
        id: id(0),
        manifest: manifest(),
        chunks: vec![chunk; CHUNKS_PER_REQUEST_MAX],
    };
    assert!(encode_frame(FrameKind::Request, &Request::GetGameFileChunk(request)).is_ok());
}

#[test]
fn the_longest_answer_of_what_is_held_takes_one_hundredth_of_a_response() {
    let count = u32::try_from(HOLDINGS_RUNS_MAX).unwrap();
    let first = u32::MAX - 2 * count;
    let runs = (0..count).map(|nth| first + 2 * nth..first + 2 * nth + 1);
    let holdings = Holdings {
        log: HoldingsLog(u64::MAX),
        upto: u32::MAX,
        chunks: ChunkRuns::new(runs.collect()).unwrap(),
    };
    let frame = encode_frame(FrameKind::Response, &Response::Holdings(holdings)).unwrap();
    assert!(
        frame.len() * 100 <= RESPONSE_FRAME_BYTES_MAX,
        "{}",
        frame.len()
    );
}
