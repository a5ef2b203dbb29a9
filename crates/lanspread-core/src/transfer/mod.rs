//! The transfer of one game: which chunk is fetched from which source, and when.
//!
//! Invariant: every chunk is in exactly one of `Missing | InFlight | Stored`, nothing stored is ever
//! given up, and no chunk is in flight twice at one source. Sources pull: each gets more to do when
//! what it was asked for is nearly done, by measured throughput. When nothing is missing, sources
//! with time on their hands race the slower ones for what is still in flight, so that the slowest
//! cannot hold the tail.
//!
//! A source holds all of the game, or a part of it because it gathers the game too. While others
//! gather it, the rarest chunks come first (`rarest`), so that everybody soon has something to pass
//! on; alone, a peer works through the files in order (`pick`).
//!
//! The machine knows neither network nor disk. Whoever drives it carries out each [`Fetch`] and
//! reports its end by [`Transfer::fetch_ended`], exactly once, also for those that
//! [`Transfer::poll_abort`] named. After every input: `poll_abort` and `poll_fetch` until `None`,
//! then `poll_deadline`, `state`. Which chunks a source is asked for is decided by `pick` alone.

mod chunk_set;
mod chunks;
mod ending;
pub mod limits;
mod pick;
mod progress;
mod race;
mod rarest;
pub(crate) mod rate;
mod schedule;
mod source;
mod swarm;
mod take_back;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    ops::Range,
    sync::Arc,
};

use lanspread_db::{ChunkRef, Manifest, RelPath};
use lanspread_proto::PeerId;

use self::{chunks::Chunks, progress::Ledger, source::Source, swarm::Swarm};
pub use self::{
    limits::TransferLimits,
    progress::{SourceProgress, TransferProgress},
    swarm::{Holding, Side},
};
use crate::{DiskFailure, Now, ties::rank};

/// Names one fetch of one transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FetchId(u64);

/// A wish: ask this source for these chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// Names the fetch; its end is reported under this id.
    pub id: FetchId,
    /// Whom to ask.
    pub source: PeerId,
    /// What to ask for, in this order: within the limits of one request.
    pub chunks: Vec<ChunkRef>,
}

/// Something users are told about a source or the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferNote {
    /// A source failed and is asked again after a pause.
    SourceRetried {
        /// The source.
        peer: PeerId,
        /// What went wrong, for people.
        failure: String,
        /// Which retry this is, from 1.
        attempt: u32,
        /// When it is asked again.
        at: Now,
    },
    /// A source is not asked any more.
    SourceDropped {
        /// The source.
        peer: PeerId,
        /// Why.
        reason: DropReason,
    },
    /// This machine's disk failed, and with it the transfer.
    DiskFailed(DiskFailure),
}

/// Why a source is not asked any more. The text completes "dropped, because it …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DropReason {
    /// A chunk of it has a wrong hash.
    #[error("sent wrong bytes for chunk {} of {path}", .chunk.chunk)]
    WrongBytes {
        /// The chunk.
        chunk: ChunkRef,
        /// The file it belongs to.
        path: RelPath,
    },
    /// What it sends makes no sense.
    #[error("broke the protocol: {0}")]
    Protocol(String),
    /// It does not give this game.
    #[error("refused: {0}")]
    Refused(String),
    /// It failed too often in a row.
    #[error("failed {attempts} times in a row, at last because {last}")]
    Failed {
        /// How often.
        attempts: u32,
        /// What went wrong the last time, for people.
        last: String,
    },
}

impl DropReason {
    /// Whether the source is to blame, so that this transfer never asks it again.
    #[must_use]
    pub fn blames_peer(&self) -> bool {
        match self {
            Self::WrongBytes { .. } | Self::Protocol(_) => true,
            Self::Refused(_) | Self::Failed { .. } => false,
        }
    }
}

/// What [`Transfer::add_source`] came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceAdded {
    /// It is asked from here on; an earlier failure is forgiven.
    Added,
    /// It is a source already.
    AlreadyThere,
    /// It is to blame for what it sent before, and is not asked again.
    Banned(DropReason),
}

/// Where a transfer stands. In every state but `Running` no fetch is outstanding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferState {
    /// Fetches run, or will.
    Running,
    /// Every chunk is stored.
    Complete,
    /// No source holds anything that is missing; one that is added or gets some resumes the transfer.
    Starved {
        /// Why there is none.
        why: Starvation,
    },
    /// This machine's disk failed.
    Failed(DiskFailure),
    /// [`Transfer::stop`] ended it.
    Stopped,
}

/// Why no source is left. Sources that left by themselves are not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Starvation {
    /// Who was dropped and why, sorted by id.
    pub dropped: Vec<(PeerId, DropReason)>,
    /// How many others gather the game, and have nothing of what is missing.
    pub partners: usize,
}

impl fmt::Display for Starvation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dropped.is_empty() && self.partners == 0 {
            return f.write_str("every peer that had the game is gone");
        }
        if self.partners > 0 {
            let others = match self.partners {
                1 => "one other peer downloads".to_owned(),
                more => format!("{more} other peers download"),
            };
            write!(
                f,
                "no peer has all of it: {others} it too, and lacks the same"
            )?;
            if self.dropped.is_empty() {
                return Ok(());
            }
            f.write_str("; ")?;
        }
        f.write_str("no source is left: ")?;
        for (at, (peer, reason)) in self.dropped.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{} {reason}", peer.short())?;
        }
        Ok(())
    }
}

/// What was stored since a place in the log of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSince {
    /// How many chunks were stored up to here: where to go on.
    pub upto: u32,
    /// The chunks, as sorted runs of their numbers in the manifest's order.
    pub runs: Vec<Range<u32>>,
}

/// A fetch that was handed out and has not ended.
#[derive(Debug)]
struct Outstanding {
    source: PeerId,
    /// Ascending.
    chunks: Vec<u32>,
    /// Those that were reported as stored while it ran, ascending.
    reported: Vec<u32>,
    bytes: u64,
    /// Chunks it still has a claim on.
    claims: usize,
    hold: Hold,
    abort: Abort,
    /// Whether its source was told that nobody waits for it any more. That is done once.
    is_taken_back: bool,
}

/// Whether the source that a fetch runs on still stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// The source counts it.
    Held,
    /// The source was removed since; its chunks are free.
    Abandoned,
}

/// Whether the end of a fetch was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Abort {
    NotAsked,
    Asked,
}

/// Why no further fetch is handed out.
#[derive(Debug)]
enum Ending {
    Disk(DiskFailure),
    Stop,
}

/// The transfer of one game.
#[derive(Debug)]
pub struct Transfer {
    limits: TransferLimits,
    seed: u64,
    chunks: Chunks,
    swarm: Swarm,
    sources: BTreeMap<PeerId, Source>,
    dropped: BTreeMap<PeerId, DropReason>,
    outstanding: BTreeMap<FetchId, Outstanding>,
    /// What the outstanding fetches may hold in memory.
    buffered_bytes: u64,
    next_fetch: FetchId,
    /// When the last chunk was stored, or the transfer began.
    gained: Now,
    /// When something that was missing here last came to this side of an uplink, to whomever.
    imported: Now,
    aborts: VecDeque<FetchId>,
    take_backs: VecDeque<FetchId>,
    ledger: Ledger,
    ending: Option<Ending>,
}

impl Transfer {
    /// Starts with `stored` chunks on disk and no source. Same inputs, same `seed`: same outputs.
    /// `me` is the peer that gathers: it decides which chunks fall to it when others gather too.
    #[must_use]
    pub fn new(
        manifest: Arc<Manifest>,
        stored: &[ChunkRef],
        me: PeerId,
        limits: TransferLimits,
        seed: u64,
        now: Now,
    ) -> Self {
        Self {
            limits,
            seed,
            swarm: Swarm::new(me, manifest.chunk_count(), manifest.total_bytes()),
            chunks: Chunks::new(manifest, stored),
            sources: BTreeMap::new(),
            dropped: BTreeMap::new(),
            outstanding: BTreeMap::new(),
            buffered_bytes: 0,
            next_fetch: FetchId(0),
            gained: now,
            imported: now,
            aborts: VecDeque::new(),
            take_backs: VecDeque::new(),
            ledger: Ledger::new(now),
            ending: None,
        }
    }

    /// The manifest that is gathered.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.chunks.manifest()
    }

    /// A peer holds the whole game, or gathers it too, and can be asked.
    ///
    /// To be called when a peer appears, announces the manifest, begins to gather it or has all of
    /// it at last, not again and again for one that was dropped: adding it forgives its failures.
    /// What a partial source holds is told by [`Transfer::source_holds`]; at first it is nothing.
    pub fn add_source(&mut self, now: Now, peer: PeerId, holding: Holding) -> SourceAdded {
        if let Some(reason) = self
            .dropped
            .get(&peer)
            .filter(|reason| reason.blames_peer())
        {
            return SourceAdded::Banned(reason.clone());
        }
        let missing = self.chunks.missing();
        match (holding, self.swarm.held_by(&peer)) {
            (Holding::Part, None) => {
                let before = self.swarm.gatherers();
                self.swarm.join(peer, missing);
                let now = self.swarm.gatherers();
                for (it, source) in &mut self.sources {
                    if self.swarm.held_by(it).is_none() {
                        source.rate.is_shared(before, now);
                    }
                }
            }
            (Holding::All, Some(_)) => self.swarm.leave(&peer, missing),
            (Holding::Part, Some(_)) | (Holding::All, None) => {}
        }
        self.swarm.set_whole(peer, Some(holding), missing);
        if self.sources.contains_key(&peer) {
            return SourceAdded::AlreadyThere;
        }
        self.dropped.remove(&peer);
        let leftovers = self
            .outstanding
            .values()
            .filter(|fetch| fetch.source == peer)
            .count();
        self.sources
            .insert(peer, Source::new(self.rank(&peer), leftovers));
        self.ledger.open(peer, now);
        SourceAdded::Added
    }

    /// A peer is gone or does not announce the manifest any more. What it was asked for goes to the
    /// others at once.
    pub fn remove_source(&mut self, peer: PeerId) {
        self.swarm.leave(&peer, self.chunks.missing());
        self.swarm.set_whole(peer, None, self.chunks.missing());
        if self.sources.remove(&peer).is_some() {
            self.abandon_fetches_of(peer);
        }
    }

    /// A partial source holds these chunks too, by their numbers in the manifest's order. Numbers
    /// that the manifest does not have are ignored, and so is a peer that is no partial source.
    pub fn source_holds(
        &mut self,
        now: Now,
        peer: PeerId,
        chunks: impl IntoIterator<Item = Range<u32>>,
    ) {
        for run in chunks {
            let Some(held) = self.swarm.held_by(&peer) else {
                return;
            };
            let run = run.start..run.end.min(self.swarm.chunk_count());
            let is_news = |&index: &u32| !held.contains(index);
            let news: Vec<u32> = run.clone().filter(is_news).collect();
            if self.swarm.holds(&peer, run, self.chunks.missing()) {
                self.imported = now;
            }
            for index in news {
                self.reconsider_waiting(&peer, index);
            }
        }
    }

    /// It turned out on which side of a shared uplink a peer is, whether it is a source or not. Whose
    /// side is not known counts as near.
    pub fn source_is(&mut self, peer: PeerId, side: Side) {
        self.swarm.set_side(peer, side, self.chunks.missing());
    }

    /// Whether a chunk is verified and on disk, so that others may have it.
    #[must_use]
    pub fn has(&self, chunk: ChunkRef) -> bool {
        let index = self.chunks.index(chunk);
        index.is_some_and(|index| self.chunks.is_stored(index))
    }

    /// How many chunks are stored: where the log ends.
    #[must_use]
    pub fn stored_count(&self) -> u32 {
        u32::try_from(self.chunks.log().len()).unwrap_or(u32::MAX)
    }

    /// What was stored after the first `since` chunks, in sorted runs of chunk numbers: at most
    /// `runs_max`, and then it goes on where they end.
    #[must_use]
    pub fn stored_since(&self, since: u32, runs_max: usize) -> StoredSince {
        let log = self.chunks.log();
        let since = usize::try_from(since).unwrap_or(usize::MAX).min(log.len());
        // As many chunks as there may be runs make no more runs than that; longer stretches of the
        // log are tried first, because what is stored in sequence makes few.
        let mut upto = log.len();
        let mut runs = runs_of(&log[since..upto]);
        while runs.len() > runs_max {
            upto = since + ((upto - since) / 2).max(runs_max);
            runs = runs_of(&log[since..upto]);
        }
        StoredSince {
            upto: u32::try_from(upto).unwrap_or(u32::MAX),
            runs,
        }
    }

    /// Whether a peer is being asked.
    #[must_use]
    pub fn has_source(&self, peer: PeerId) -> bool {
        self.sources.contains_key(&peer)
    }

    /// Hands out no further fetch and aborts those that run.
    pub fn stop(&mut self) {
        if self.ending.is_none() {
            self.ending = Some(Ending::Stop);
        }
        self.abort_all();
    }

    /// The next fetch to end early. It is still answered by [`Transfer::fetch_ended`].
    pub fn poll_abort(&mut self) -> Option<FetchId> {
        self.aborts.pop_front()
    }

    /// How many fetches have not ended.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.outstanding.len()
    }

    /// Where the transfer stands.
    #[must_use]
    pub fn state(&self) -> TransferState {
        if !self.outstanding.is_empty() {
            return TransferState::Running;
        }
        match &self.ending {
            Some(Ending::Disk(failure)) => TransferState::Failed(failure.clone()),
            Some(Ending::Stop) => TransferState::Stopped,
            None if self.chunks.all_stored() => TransferState::Complete,
            None if !self.sources.keys().any(|peer| self.lacks(peer)) => {
                let dropped = self
                    .dropped
                    .iter()
                    .map(|(peer, why)| (*peer, why.clone()))
                    .collect();
                let partners = self.sources.len();
                TransferState::Starved {
                    why: Starvation { dropped, partners },
                }
            }
            None => TransferState::Running,
        }
    }

    /// How far it is, and who gave what.
    #[must_use]
    pub fn progress(&self, now: Now) -> TransferProgress {
        self.ledger.sum_up(
            now,
            self.chunks.stored_bytes(),
            self.chunks.manifest().total_bytes(),
            |peer| self.sources.contains_key(peer),
        )
    }

    /// Whether a source holds anything that nobody was asked for, near or far.
    fn lacks(&self, peer: &PeerId) -> bool {
        let missing = self.chunks.missing();
        match self.swarm.held_by(peer) {
            Some(held) => held.meets(missing),
            None => !missing.is_empty(),
        }
    }

    /// Frees the chunks of all fetches of a peer that is no source any more, and aborts them.
    fn abandon_fetches_of(&mut self, peer: PeerId) {
        for (&id, fetch) in &mut self.outstanding {
            if fetch.source != peer || fetch.hold == Hold::Abandoned {
                continue;
            }
            fetch.hold = Hold::Abandoned;
            fetch.claims = 0;
            for &index in &fetch.chunks {
                if self.chunks.release(index, id) {
                    self.swarm.freed(index, self.chunks.missing());
                }
            }
            ask_abort(&mut self.aborts, id, fetch);
        }
    }

    /// A fetch gives a chunk up.
    fn release(&mut self, index: u32, id: FetchId) {
        if self.chunks.release(index, id) {
            self.swarm.freed(index, self.chunks.missing());
        }
    }

    /// Aborts whatever runs.
    fn abort_all(&mut self) {
        for (&id, fetch) in &mut self.outstanding {
            ask_abort(&mut self.aborts, id, fetch);
        }
    }

    /// Decides between equal sources, differently for each transfer of each peer.
    fn rank(&self, peer: &PeerId) -> u64 {
        rank(self.seed, peer.as_bytes())
    }
}

/// These numbers, each of them different, as sorted runs.
fn runs_of(numbers: &[u32]) -> Vec<Range<u32>> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let mut runs: Vec<Range<u32>> = Vec::new();
    for number in sorted {
        match runs.last_mut() {
            Some(run) if run.end == number => run.end += 1,
            Some(_) | None => runs.push(number..number + 1),
        }
    }
    runs
}

/// Has a fetch aborted, once.
fn ask_abort(aborts: &mut VecDeque<FetchId>, id: FetchId, fetch: &mut Outstanding) {
    if fetch.abort == Abort::NotAsked {
        fetch.abort = Abort::Asked;
        aborts.push_back(id);
    }
}
