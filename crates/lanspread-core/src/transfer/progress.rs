//! How far a transfer is, and who gave what.
//!
//! Invariant: every stored chunk that came over the network is credited to exactly one source, the
//! one whose copy was stored first.

use std::{collections::BTreeMap, time::Duration};

use lanspread_proto::PeerId;

use super::rate::{SlidingRate, per_second};
use crate::Now;

/// How far a transfer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferProgress {
    /// Bytes that are verified and on disk, those from before the start included; never decreases.
    pub verified_bytes: u64,
    /// Bytes of the game.
    pub total_bytes: u64,
    /// Bytes that came over the network and were stored.
    pub moved_bytes: u64,
    /// Chunks that came over the network and were stored.
    pub moved_chunks: u64,
    /// Bytes that came although another source had brought them: the price of racing.
    pub duplicate_bytes: u64,
    /// Verified bytes per second over the last seconds.
    pub rate_bytes_per_s: u64,
    /// Time left at that rate; `None` when nothing comes.
    pub time_left: Option<Duration>,
    /// Every source that is asked or has given something, sorted by id.
    pub sources: Vec<SourceProgress>,
}

/// What one source gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceProgress {
    /// The source.
    pub peer_id: PeerId,
    /// Chunks of it that were stored.
    pub chunks: u64,
    /// Bytes of those chunks.
    pub bytes: u64,
    /// Bytes per second over the last seconds.
    pub rate_bytes_per_s: u64,
    /// Bytes per second from when it was added to its last chunk.
    pub mean_bytes_per_s: u64,
}

/// What one source gave, as it is counted.
#[derive(Debug)]
struct Account {
    chunks: u64,
    bytes: u64,
    since: Now,
    last: Now,
    rate: SlidingRate,
}

/// The books of one transfer.
#[derive(Debug)]
pub(super) struct Ledger {
    accounts: BTreeMap<PeerId, Account>,
    rate: SlidingRate,
    moved_bytes: u64,
    moved_chunks: u64,
    duplicate_bytes: u64,
}

impl Ledger {
    /// Nothing came yet.
    pub(super) fn new(now: Now) -> Self {
        Self {
            accounts: BTreeMap::new(),
            rate: SlidingRate::new(now),
            moved_bytes: 0,
            moved_chunks: 0,
            duplicate_bytes: 0,
        }
    }

    /// A peer becomes a source; what it gave before stays in the books.
    pub(super) fn open(&mut self, peer: PeerId, now: Now) {
        self.accounts
            .entry(peer)
            .or_insert_with(|| Account::new(now));
    }

    /// A chunk of a source was stored.
    pub(super) fn credit(&mut self, now: Now, peer: PeerId, bytes: u64) {
        self.moved_bytes += bytes;
        self.moved_chunks += 1;
        self.rate.record(now, bytes);
        let account = self
            .accounts
            .entry(peer)
            .or_insert_with(|| Account::new(now));
        account.chunks += 1;
        account.bytes += bytes;
        account.last = now;
        account.rate.record(now, bytes);
    }

    /// A chunk came that was stored already.
    pub(super) fn duplicate(&mut self, bytes: u64) {
        self.duplicate_bytes += bytes;
    }

    /// Sums up. `listed` says who appears although nothing came from it.
    pub(super) fn sum_up(
        &self,
        now: Now,
        verified_bytes: u64,
        total_bytes: u64,
        listed: impl Fn(&PeerId) -> bool,
    ) -> TransferProgress {
        debug_assert_eq!(
            self.accounts
                .values()
                .map(|account| account.bytes)
                .sum::<u64>(),
            self.moved_bytes
        );
        let rate_bytes_per_s = self.rate.bytes_per_s(now);
        let left = total_bytes.saturating_sub(verified_bytes);
        let time_left =
            (rate_bytes_per_s > 0).then(|| super::rate::time_at(left, rate_bytes_per_s));
        TransferProgress {
            verified_bytes,
            total_bytes,
            moved_bytes: self.moved_bytes,
            moved_chunks: self.moved_chunks,
            duplicate_bytes: self.duplicate_bytes,
            rate_bytes_per_s,
            time_left,
            sources: self
                .accounts
                .iter()
                .filter(|(peer, account)| account.chunks > 0 || listed(peer))
                .map(|(&peer_id, account)| SourceProgress {
                    peer_id,
                    chunks: account.chunks,
                    bytes: account.bytes,
                    rate_bytes_per_s: account.rate.bytes_per_s(now),
                    mean_bytes_per_s: account.mean_bytes_per_s(),
                })
                .collect(),
        }
    }
}

impl Account {
    fn new(now: Now) -> Self {
        Self {
            chunks: 0,
            bytes: 0,
            since: now,
            last: now,
            rate: SlidingRate::new(now),
        }
    }

    /// Zero until something came; a span too short to measure counts as a millisecond.
    fn mean_bytes_per_s(&self) -> u64 {
        let span = self.last.since(self.since).max(Duration::from_millis(1));
        per_second(self.bytes, span)
    }
}
