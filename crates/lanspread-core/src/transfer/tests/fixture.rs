//! What the tests of the machine share: games, peers, and answers to fetches.

use std::{sync::Arc, time::Duration};

use lanspread_db::{
    CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, ChunkRef, ContentHash, GameId, Manifest, ManifestFile,
    RelPath, Version,
};
use lanspread_proto::PeerId;

use super::super::{Fetch, Holding, Transfer, TransferLimits, TransferNote};
use crate::{FetchFailure, Now};

pub(super) const KIB: u64 = 1024;
pub(super) const MIB: u64 = 1024 * KIB;
pub(super) const SEED: u64 = 2026;

/// The peer that gathers.
pub(super) const ME: PeerId = PeerId::from_bytes([128; 32]);

pub(super) fn peer(n: u8) -> PeerId {
    PeerId::from_bytes([n; 32])
}

pub(super) fn at(ms: u64) -> Now {
    Now(Duration::from_millis(ms))
}

pub(super) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A game of these files, and a sentinel of 8 bytes as its last one.
pub(super) fn game(chunk_bytes: u32, sizes: &[u64]) -> Arc<Manifest> {
    let file = |name: String, size_bytes: u64| {
        let chunks = usize::try_from(size_bytes.div_ceil(u64::from(chunk_bytes))).unwrap();
        ManifestFile {
            path: RelPath::parse(&name).unwrap(),
            size_bytes,
            chunks: vec![ContentHash([7; 32]); chunks],
        }
    };
    let mut files: Vec<ManifestFile> = sizes
        .iter()
        .enumerate()
        .map(|(n, &size)| file(format!("file-{n:06}"), size))
        .collect();
    files.push(file("version.ini".to_owned(), 8));
    let id = GameId::parse("game").unwrap();
    let version = Version::parse("20160922").unwrap();
    Arc::new(Manifest::new(id, version, chunk_bytes, files).unwrap())
}

/// One file of so many chunks of the largest size.
pub(super) fn large_chunks(count: u64) -> Arc<Manifest> {
    game(CHUNK_BYTES_MAX, &[count * u64::from(CHUNK_BYTES_MAX)])
}

/// One file of so many chunks of the smallest size.
pub(super) fn small_chunks(count: u64) -> Arc<Manifest> {
    game(CHUNK_BYTES_MIN, &[count * u64::from(CHUNK_BYTES_MIN)])
}

/// So many files of 4 to 64 KiB.
pub(super) fn small_files(count: u64) -> Arc<Manifest> {
    let sizes: Vec<u64> = (0..count)
        .map(|n| 4 * KIB + n * 7919 % (60 * KIB))
        .collect();
    game(CHUNK_BYTES_MIN, &sizes)
}

/// A transfer with these sources and nothing on disk.
pub(super) fn transfer(manifest: &Arc<Manifest>, sources: &[u8]) -> Transfer {
    let limits = TransferLimits::default();
    let mut transfer = Transfer::new(Arc::clone(manifest), &[], ME, limits, SEED, at(0));
    for &source in sources {
        transfer.add_source(at(0), peer(source), Holding::All);
    }
    transfer
}

/// Every fetch that the transfer wants to start.
pub(super) fn all_fetches(transfer: &mut Transfer, now: Now) -> Vec<Fetch> {
    let fetches: Vec<Fetch> = std::iter::from_fn(|| transfer.poll_fetch(now)).collect();
    let deadline = transfer.poll_deadline();
    assert!(
        deadline.is_none_or(|due| due > now),
        "{deadline:?} has passed"
    );
    fetches
}

/// Ends a fetch with everything it asked for.
pub(super) fn deliver(transfer: &mut Transfer, now: Now, fetch: &Fetch, elapsed: Duration) {
    let notes = transfer.fetch_ended(now, fetch.id, &fetch.chunks, elapsed, Ok(()));
    assert_eq!(notes, []);
}

/// Ends a fetch with a failure and nothing stored.
pub(super) fn fail(
    transfer: &mut Transfer,
    now: Now,
    fetch: &Fetch,
    failure: FetchFailure,
) -> Vec<TransferNote> {
    transfer.fetch_ended(now, fetch.id, &[], ms(10), Err(failure))
}

pub(super) fn broken() -> FetchFailure {
    FetchFailure::Connection("reset".to_owned())
}

/// Bytes a fetch asks for.
pub(super) fn bytes_of(manifest: &Manifest, chunks: &[ChunkRef]) -> u64 {
    chunks
        .iter()
        .map(|&chunk| u64::from(manifest.chunk(chunk).unwrap().len_bytes))
        .sum()
}
