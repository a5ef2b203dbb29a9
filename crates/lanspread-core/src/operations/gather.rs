//! The middle of a download: the transfer machine, wired to sources, effects and events.
//!
//! Invariant: a source is a live peer that announces the very manifest being gathered, from the
//! moment it does until it does not. Each fetch of the transfer is one effect.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use lanspread_db::{ChunkRef, GameId, Manifest, ManifestHash};
use lanspread_proto::PeerId;

use crate::{
    Effect, EffectId, FetchFailure, Now, Offence, OperationReport, PeerEvent, Progress, Purpose,
    SourceShare,
    ties::rank,
    transfer::{
        DropReason, FetchId, Holding, SourceAdded, Transfer, TransferLimits, TransferNote,
        TransferProgress, TransferState, limits::STALL_TIMEOUT,
    },
    world::World,
};

/// The transfer of one running download.
#[derive(Debug)]
pub(crate) struct Gather {
    id: GameId,
    manifest: ManifestHash,
    transfer: Transfer,
    /// Peers that announce the manifest, whether the transfer still asks them or not.
    announcing: BTreeSet<PeerId>,
    fetches: BTreeMap<EffectId, FetchId>,
    effects: BTreeMap<FetchId, EffectId>,
    starved: Option<Starved>,
}

/// A time without progress, for lack of a source.
#[derive(Debug, Clone, Copy)]
struct Starved {
    /// When it began.
    since: Now,
    /// How much was there then: more of it ends it.
    verified_bytes: u64,
    /// While no source is left: when those that failed are asked again.
    retry_at: Option<Now>,
}

/// Where the gathering stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gathered {
    /// It goes on.
    Still,
    /// It waits for a source.
    Waiting,
    /// Every chunk is stored and verified.
    All,
    /// It cannot go on, for this reason.
    Starved(String),
    /// This machine's disk failed.
    Disk(crate::DiskFailure),
    /// It was told to stop, and nothing runs any more.
    Stopped,
}

impl Gather {
    /// Begins with what is stored already.
    pub(crate) fn new(
        world: &World<'_>,
        hash: ManifestHash,
        manifest: Arc<Manifest>,
        stored: &[ChunkRef],
    ) -> Self {
        let id = manifest.game_id().clone();
        let seed = rank(world.ctx.config.seed, id.as_str().as_bytes());
        let limits = TransferLimits::default();
        Self {
            id,
            manifest: hash,
            transfer: Transfer::new(
                manifest,
                stored,
                world.ctx.config.peer_id,
                limits,
                seed,
                world.ctx.now,
            ),
            announcing: BTreeSet::new(),
            fetches: BTreeMap::new(),
            effects: BTreeMap::new(),
            starved: None,
        }
    }

    /// Takes in who has the manifest at this moment.
    pub(crate) fn sources_changed(&mut self, world: &World<'_>) {
        let announcing: BTreeSet<PeerId> =
            world.sources(&self.id, self.manifest).into_iter().collect();
        for &gone in self.announcing.difference(&announcing) {
            self.transfer.remove_source(gone);
        }
        for &new in announcing.difference(&self.announcing) {
            if let SourceAdded::Banned(reason) =
                self.transfer.add_source(world.ctx.now, new, Holding::All)
            {
                tracing::info!(peer = %new.short(), %reason, "not asked again");
            }
        }
        self.announcing = announcing;
    }

    /// Ends early.
    pub(crate) fn stop(&mut self) {
        self.transfer.stop();
    }

    /// A fetch ended.
    pub(crate) fn fetched(
        &mut self,
        world: &mut World<'_>,
        effect: EffectId,
        stored: &[ChunkRef],
        elapsed: Duration,
        result: Result<(), FetchFailure>,
    ) {
        let Some(fetch) = self.fetches.remove(&effect) else {
            return;
        };
        self.effects.remove(&fetch);
        let notes = self
            .transfer
            .fetch_ended(world.ctx.now, fetch, stored, elapsed, result);
        for note in notes {
            match note {
                TransferNote::SourceRetried {
                    peer,
                    failure,
                    attempt,
                    ..
                } => {
                    tracing::info!(peer = %peer.short(), failure, attempt, "a source is retried");
                }
                TransferNote::SourceDropped { peer, reason } => {
                    if let Some(offence) = offence(&reason) {
                        world.ctx.out.blame(peer, offence);
                    }
                    let event = PeerEvent::SourceDropped {
                        id: self.id.clone(),
                        peer_id: peer,
                        name: world.name(peer),
                        reason: reason.to_string(),
                    };
                    world.ctx.out.emit(event);
                }
                TransferNote::DiskFailed(_) => {}
            }
        }
    }

    /// Orders whatever the transfer wants, and says where it stands.
    pub(crate) fn pump(&mut self, world: &mut World<'_>) -> Gathered {
        self.retry_dropped(world.ctx.now);
        while let Some(fetch) = self.transfer.poll_abort() {
            if let Some(&effect) = self.effects.get(&fetch) {
                world.ctx.out.abort(effect);
            }
        }
        while let Some(fetch) = self.transfer.poll_fetch(world.ctx.now) {
            self.order(world, fetch.id, fetch.source, fetch.chunks);
        }
        match self.transfer.state() {
            TransferState::Running => {
                if let Some(starved) = &mut self.starved {
                    starved.retry_at = None;
                }
                Gathered::Still
            }
            TransferState::Complete => Gathered::All,
            TransferState::Failed(failure) => Gathered::Disk(failure),
            TransferState::Stopped => Gathered::Stopped,
            TransferState::Starved { why } => self.starve(world, &why.to_string()),
        }
    }

    fn order(
        &mut self,
        world: &mut World<'_>,
        fetch: FetchId,
        source: PeerId,
        chunks: Vec<ChunkRef>,
    ) {
        let Some(from) = world.members.route(source) else {
            // The source went in this very moment: the fetch ends as one that was never answered.
            let failure = FetchFailure::Connection("the peer is gone".to_owned());
            let (now, none) = (world.ctx.now, Duration::ZERO);
            self.transfer
                .fetch_ended(now, fetch, &[], none, Err(failure));
            return;
        };
        let id = self.id.clone();
        let purpose = Purpose::Fetch(id.clone(), source);
        let effect = world.ctx.out.ask(purpose, |effect| Effect::FetchChunks {
            effect,
            from,
            id,
            chunks,
            stall_timeout: STALL_TIMEOUT,
        });
        self.fetches.insert(effect, fetch);
        self.effects.insert(fetch, effect);
    }

    fn starve(&mut self, world: &World<'_>, why: &str) -> Gathered {
        let timing = &world.ctx.config.timing;
        let now = world.ctx.now;
        let verified_bytes = self.transfer.progress(now).verified_bytes;
        let fresh = Starved {
            since: now,
            verified_bytes,
            retry_at: None,
        };
        let mut starved = self
            .starved
            .filter(|starved| starved.verified_bytes == verified_bytes)
            .unwrap_or(fresh);
        let spent = now.since(starved.since) >= timing.source_wait;
        starved.retry_at = starved
            .retry_at
            .filter(|&at| at > now)
            .or(Some(now + timing.source_retry));
        self.starved = Some(starved);
        if spent {
            Gathered::Starved(why.to_owned())
        } else {
            Gathered::Waiting
        }
    }

    /// Sources that failed too often get another chance after a pause, if they are all there is.
    fn retry_dropped(&mut self, now: Now) {
        let due = self
            .starved
            .and_then(|starved| starved.retry_at)
            .is_some_and(|at| at <= now);
        if due {
            for &peer in &self.announcing {
                self.transfer.add_source(now, peer, Holding::All);
            }
        }
    }

    /// How far it is, for users.
    pub(crate) fn progress(&self, world: &World<'_>) -> Progress {
        let now = self.transfer.progress(world.ctx.now);
        let sources = shares(world, &now, |source| source.rate_bytes_per_s);
        Progress::Transferring {
            verified_bytes: now.verified_bytes,
            total_bytes: now.total_bytes,
            rate_bytes_per_s: now.rate_bytes_per_s,
            time_left: now.time_left,
            sources,
        }
    }

    /// What came from whom, for the report of the operation.
    pub(crate) fn sum_up(&self, world: &World<'_>, report: &mut OperationReport) {
        let now = self.transfer.progress(world.ctx.now);
        report.moved_bytes = now.moved_bytes;
        report.chunks = now.moved_chunks;
        report.sources = shares(world, &now, |source| source.mean_bytes_per_s);
    }

    /// When [`Gather::pump`] has something to do.
    pub(crate) fn deadline(&self, timing: &crate::Timing) -> Option<Now> {
        let starved = self
            .starved
            .and_then(|starved| Some(starved.retry_at?.min(starved.since + timing.source_wait)));
        starved.or_else(|| self.transfer.poll_deadline())
    }
}

/// What a source did wrong that was dropped for this reason, if it is to blame.
const fn offence(reason: &DropReason) -> Option<Offence> {
    match reason {
        DropReason::WrongBytes { .. } => Some(Offence::WrongBytes),
        DropReason::Protocol(_) => Some(Offence::BrokenAnswer),
        DropReason::Refused(_) | DropReason::Failed { .. } => None,
    }
}

fn shares(
    world: &World<'_>,
    progress: &TransferProgress,
    rate: impl Fn(&crate::transfer::SourceProgress) -> u64,
) -> Vec<SourceShare> {
    progress
        .sources
        .iter()
        .map(|source| SourceShare {
            peer_id: source.peer_id,
            name: world.name(source.peer_id),
            chunks: source.chunks,
            bytes: source.bytes,
            rate_bytes_per_s: rate(source),
        })
        .collect()
}
