//! What the end of a fetch means: what is stored, what is missing again, who is to blame.

use std::time::Duration;

use lanspread_db::ChunkRef;
use lanspread_proto::PeerId;

use super::{
    Abort, DropReason, Ending, FetchId, Hold, Outstanding, Transfer, TransferNote, ask_abort,
    chunks::StoredNow,
    source::{FailureKind, Verdict},
};
use crate::{DiskFailureKind, FetchFailure, Now};

impl Transfer {
    /// A fetch has ended, one way or the other.
    ///
    /// `stored` are its chunks that were verified and are on disk, also when it failed later.
    pub fn fetch_ended(
        &mut self,
        now: Now,
        id: FetchId,
        stored: &[ChunkRef],
        elapsed: Duration,
        result: Result<(), FetchFailure>,
    ) -> Vec<TransferNote> {
        let Some(fetch) = self.outstanding.remove(&id) else {
            debug_assert!(false, "{id:?} ended twice or never began");
            return Vec::new();
        };
        let result = match result {
            // Whoever says so of itself refuses.
            Err(it @ FetchFailure::TakenBack) if !fetch.is_taken_back => {
                Err(FetchFailure::Refused(it.to_string()))
            }
            result => result,
        };
        self.buffered_bytes -= self.buffer_bytes(fetch.bytes);
        self.aborts.retain(|&abort| abort != id);
        let delivered = self.store(now, id, &fetch, stored);
        for &index in &fetch.chunks {
            self.release(index, id);
        }
        if let Some(source) = self.sources.get_mut(&fetch.source) {
            match fetch.hold {
                Hold::Held if result == Err(FetchFailure::TakenBack) => {
                    source.taken_back(now, fetch.bytes);
                }
                Hold::Held => source.ended(now, fetch.bytes, delivered, elapsed),
                Hold::Abandoned => source.leftovers -= 1,
            }
        }
        let complete = delivered >= fetch.bytes;
        let note = match result {
            Ok(()) if complete => {
                self.succeeded(&fetch);
                None
            }
            Ok(()) => self.broke(now, id, &fetch, &FetchFailure::Stalled),
            Err(failure) => self.failed(now, id, &fetch, failure),
        };
        note.into_iter().collect()
    }

    /// A chunk of a fetch was stored, and the fetch goes on. Its end names the chunk again.
    pub fn chunk_stored(&mut self, now: Now, id: FetchId, chunk: ChunkRef) {
        let (Some(fetch), Some(index)) = (self.outstanding.get(&id), self.chunks.index(chunk))
        else {
            return;
        };
        if fetch.chunks.binary_search(&index).is_ok() {
            let source = fetch.source;
            self.store_one(now, id, source, index);
        }
    }

    /// Books what a fetch brought; returns its bytes, those that others had brought included.
    fn store(&mut self, now: Now, id: FetchId, fetch: &Outstanding, stored: &[ChunkRef]) -> u64 {
        let mut delivered: Vec<u32> = stored
            .iter()
            .filter_map(|&at| self.chunks.index(at))
            .filter(|index| fetch.chunks.binary_search(index).is_ok())
            .collect();
        delivered.sort_unstable();
        delivered.dedup();
        debug_assert_eq!(
            delivered.len(),
            stored.len(),
            "stored what was not asked for"
        );
        let mut bytes = 0;
        for index in delivered {
            bytes += self.chunks.len_bytes(index);
            if fetch.reported.binary_search(&index).is_err() {
                self.store_one(now, id, fetch.source, index);
            }
        }
        bytes
    }

    /// Books one chunk that a fetch brought.
    fn store_one(&mut self, now: Now, id: FetchId, source: PeerId, index: u32) {
        let len_bytes = self.chunks.len_bytes(index);
        if let Some(fetch) = self.outstanding.get_mut(&id) {
            match fetch.reported.binary_search(&index) {
                Ok(_) => return,
                Err(at) => fetch.reported.insert(at, index),
            }
        }
        match self.chunks.store(index) {
            StoredNow::First(claims) => {
                if claims == [None, None] {
                    self.swarm.taken(index, self.chunks.missing());
                }
                (self.gained, self.imported) = (now, now);
                self.ledger.credit(now, source, len_bytes);
                claims
                    .into_iter()
                    .flatten()
                    .for_each(|claim| self.lost_a_claim(claim, id));
            }
            StoredNow::Again => self.ledger.duplicate(len_bytes),
        }
    }

    /// A chunk of a fetch is stored. One that has nothing left to bring has lost the race, unless it
    /// was the one that brought it.
    fn lost_a_claim(&mut self, id: FetchId, winner: FetchId) {
        if let Some(fetch) = self.outstanding.get_mut(&id) {
            fetch.claims = fetch.claims.saturating_sub(1);
            if fetch.claims == 0 && id != winner {
                ask_abort(&mut self.aborts, id, fetch);
            }
        }
    }

    fn succeeded(&mut self, fetch: &Outstanding) {
        if fetch.hold == Hold::Held
            && let Some(source) = self.sources.get_mut(&fetch.source)
        {
            source.succeeded();
        }
    }

    fn failed(
        &mut self,
        now: Now,
        id: FetchId,
        fetch: &Outstanding,
        failure: FetchFailure,
    ) -> Option<TransferNote> {
        match failure {
            FetchFailure::Disk(failure) if failure.kind == DiskFailureKind::Aborted => {
                self.aborted(now, fetch)
            }
            FetchFailure::Disk(failure) => self.disk_failed(failure),
            FetchFailure::Aborted => self.aborted(now, fetch),
            // Nothing is wrong with the source; who has the chunks is asked next.
            FetchFailure::TakenBack => None,
            FetchFailure::WrongHash(chunk) => {
                let reason = self.wrong_bytes(chunk);
                self.blame(fetch.source, reason)
            }
            FetchFailure::Protocol(what) => self.blame(fetch.source, DropReason::Protocol(what)),
            FetchFailure::Connection(_) | FetchFailure::Stalled | FetchFailure::Refused(_) => {
                self.broke(now, id, fetch, &failure)
            }
        }
    }

    /// Nobody's fault. If it was not our wish either, the source rests before it is asked again.
    fn aborted(&mut self, now: Now, fetch: &Outstanding) -> Option<TransferNote> {
        if fetch.abort == Abort::NotAsked
            && let Some(source) = self.sources.get_mut(&fetch.source)
        {
            source.rest(now, &self.limits);
        }
        None
    }

    fn disk_failed(&mut self, failure: crate::DiskFailure) -> Option<TransferNote> {
        if self.ending.is_some() {
            return None;
        }
        self.ending = Some(Ending::Disk(failure.clone()));
        self.abort_all();
        Some(TransferNote::DiskFailed(failure))
    }

    /// The source failed in a way that may pass.
    fn broke(
        &mut self,
        now: Now,
        id: FetchId,
        fetch: &Outstanding,
        failure: &FetchFailure,
    ) -> Option<TransferNote> {
        // What ends after its end was asked for tells nothing about the source.
        if fetch.hold == Hold::Abandoned || fetch.abort == Abort::Asked {
            return None;
        }
        let kind = match failure {
            FetchFailure::Refused(_) => FailureKind::Refused,
            FetchFailure::Connection(_)
            | FetchFailure::Stalled
            | FetchFailure::WrongHash(_)
            | FetchFailure::Protocol(_)
            | FetchFailure::Disk(_)
            | FetchFailure::TakenBack
            | FetchFailure::Aborted => FailureKind::Broken,
        };
        let peer = fetch.source;
        let source = self.sources.get_mut(&peer)?;
        match source.failed(now, id, self.next_fetch, kind, &self.limits) {
            Verdict::SameFailure => None,
            Verdict::Retry { attempt, at } => {
                let failure = failure.to_string();
                Some(TransferNote::SourceRetried {
                    peer,
                    failure,
                    attempt,
                    at,
                })
            }
            Verdict::Drop { attempts } => {
                let reason = match failure {
                    FetchFailure::Refused(why) => DropReason::Refused(why.clone()),
                    other => DropReason::Failed {
                        attempts,
                        last: other.to_string(),
                    },
                };
                Some(self.drop_source(peer, reason))
            }
        }
    }

    fn wrong_bytes(&self, chunk: ChunkRef) -> DropReason {
        match self.manifest().chunk(chunk) {
            Some(info) => DropReason::WrongBytes {
                chunk,
                path: info.path.clone(),
            },
            None => DropReason::Protocol(format!(
                "it sent chunk {} of file {}, which does not exist",
                chunk.chunk, chunk.file
            )),
        }
    }

    /// The source is to blame: it is named once and never asked again, even if it left meanwhile.
    fn blame(&mut self, peer: PeerId, reason: DropReason) -> Option<TransferNote> {
        let banned = self.dropped.get(&peer).is_some_and(DropReason::blames_peer);
        (!banned).then(|| self.drop_source(peer, reason))
    }

    fn drop_source(&mut self, peer: PeerId, reason: DropReason) -> TransferNote {
        self.sources.remove(&peer);
        self.swarm.leave(&peer, self.chunks.missing());
        self.swarm.set_whole(peer, None, self.chunks.missing());
        self.abandon_fetches_of(peer);
        self.dropped.insert(peer, reason.clone());
        TransferNote::SourceDropped { peer, reason }
    }
}
