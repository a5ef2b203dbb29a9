//! The middle of a download: the transfer machine, wired to sources, effects and events.
//!
//! Invariant: a source is a live peer that announces the very manifest being gathered, from the
//! moment it does until it does not, or one that gathers it as well and said what it has. Each fetch
//! of the transfer is one effect; what partners ask is answered from what the transfer has stored.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use lanspread_db::{ChunkRef, GameId, Manifest, ManifestHash};
use lanspread_proto::{
    ChunkRequest, ChunkRuns, Holdings, HoldingsLog, HoldingsRequest, PeerId, Refusal, RefusalKind,
    Request, Response,
    limits::{CHUNKS_PER_REQUEST_MAX, HOLDINGS_RUNS_MAX},
};

use crate::{
    Effect, EffectId, FetchFailure, Now, Offence, OperationReport, PeerEvent, Progress, Purpose,
    ReplyId, RequestFailure, SourceShare,
    limits::{HOLDINGS_PAUSE_MAX, HOLDINGS_WAIT},
    ties::rank,
    transfer::{
        DropReason, FetchId, Holding, SourceAdded, Transfer, TransferLimits, TransferNote,
        TransferProgress, TransferState,
        limits::{FIRST_BYTE_TIMEOUT, STALL_TIMEOUT},
    },
    world::World,
};

use super::{
    efficiency::Efficiency,
    partners::{Heard, Partners, Reported, Says},
};

/// The transfer of one running download.
#[derive(Debug)]
pub(crate) struct Gather {
    id: GameId,
    manifest: ManifestHash,
    transfer: Transfer,
    /// Peers that announce the manifest, whether the transfer still asks them or not.
    announcing: BTreeSet<PeerId>,
    /// Peers that gather it as well, and that the transfer asks for what they have.
    sharing: BTreeSet<PeerId>,
    partners: Partners,
    fetches: BTreeMap<EffectId, FetchId>,
    effects: BTreeMap<FetchId, EffectId>,
    starved: Option<Starved>,
    efficiency: Efficiency,
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
    /// Begins with what is stored already, as the effect found that made the download ready.
    pub(crate) fn new(
        world: &World<'_>,
        hash: ManifestHash,
        manifest: Arc<Manifest>,
        (prepared, stored): (EffectId, &[ChunkRef]),
    ) -> Self {
        let id = manifest.game_id().clone();
        let config = world.ctx.config;
        let seed = rank(config.seed, id.as_str().as_bytes());
        let limits = TransferLimits::default();
        let log = log_of(rank(
            config.seed ^ config.epoch.0,
            &prepared.0.to_be_bytes(),
        ));
        let partners = Partners::new(log, manifest.chunk_count());
        Self {
            id,
            manifest: hash,
            transfer: Transfer::new(
                manifest,
                stored,
                config.peer_id,
                limits,
                seed,
                world.ctx.now,
            ),
            announcing: BTreeSet::new(),
            sharing: BTreeSet::new(),
            partners,
            fetches: BTreeMap::new(),
            effects: BTreeMap::new(),
            starved: None,
            efficiency: Efficiency::since(world.ctx.now),
        }
    }

    /// Which manifest is gathered.
    pub(crate) const fn manifest(&self) -> ManifestHash {
        self.manifest
    }

    /// Whether a chunk is stored, so that others may have it.
    pub(crate) fn has(&self, chunk: ChunkRef) -> bool {
        self.transfer.has(chunk)
    }

    /// Takes in who is there at this moment, and who has the manifest.
    pub(crate) fn sources_changed(&mut self, world: &World<'_>) {
        let announcing: BTreeSet<PeerId> =
            world.sources(&self.id, self.manifest).into_iter().collect();
        for &gone in self.announcing.difference(&announcing) {
            self.transfer.remove_source(gone);
        }
        let before = std::mem::replace(&mut self.announcing, announcing.clone());
        for &new in announcing.difference(&before) {
            self.sharing.remove(&new);
            self.add_source(world.ctx.now, new, Holding::All);
        }
        let live: BTreeSet<PeerId> = world.members.all_live().map(|(peer, _)| peer).collect();
        for &peer in &live {
            let side = world.members.side(world.ctx.config, peer);
            self.transfer.source_is(peer, side);
        }
        for gone in self.sharing.difference(&live) {
            self.transfer.remove_source(*gone);
        }
        self.sharing.retain(|peer| live.contains(peer));
        self.partners
            .present(world.ctx.now, &live, &self.announcing);
    }

    /// Has the transfer ask a peer. Says whether it does.
    fn add_source(&mut self, now: Now, peer: PeerId, holding: Holding) -> bool {
        match self.transfer.add_source(now, peer, holding) {
            SourceAdded::Added | SourceAdded::AlreadyThere => true,
            SourceAdded::Banned(reason) => {
                tracing::info!(peer = %peer.short(), %reason, "not asked again");
                false
            }
        }
    }

    /// A partner asks what is stored here.
    pub(crate) fn asked(
        &mut self,
        now: Now,
        peer: PeerId,
        reply: ReplyId,
        question: &HoldingsRequest,
    ) {
        let position = (question.log, question.since);
        let stored = self.transfer.stored_count();
        self.partners.question(now, peer, reply, position, stored);
    }

    /// A peer said what it has, or why it does not.
    pub(crate) fn heard(
        &mut self,
        world: &mut World<'_>,
        (peer, effect): (PeerId, EffectId),
        result: Result<Response, RequestFailure>,
    ) {
        let now = world.ctx.now;
        let rest = world.ctx.config.timing.redial_min;
        // What breaks the protocol of every answer is reported elsewhere.
        let is_reported = matches!(result, Err(RequestFailure::Protocol(_)));
        let heard = self
            .partners
            .answered(now, (peer, effect), reported(result), rest);
        match heard {
            Heard::Holds(chunks) if self.sharing.contains(&peer) => {
                self.transfer.source_holds(now, peer, chunks.iter());
            }
            Heard::Nothing | Heard::Holds(_) => {}
            Heard::HoldsAnew(chunks) => self.share(now, peer, &chunks),
            Heard::Gone => self.unshare(peer),
            Heard::Broken(what) => {
                tracing::info!(peer = %peer.short(), what, "a partner broke the rules");
                self.unshare(peer);
                if !is_reported {
                    world.ctx.out.blame(peer, Offence::BrokenAnswer);
                }
            }
        }
    }

    /// A partner holds these chunks, whatever it held before.
    fn share(&mut self, now: Now, peer: PeerId, chunks: &ChunkRuns) {
        self.unshare(peer);
        if self.add_source(now, peer, Holding::Part) {
            self.sharing.insert(peer);
            self.transfer.source_holds(now, peer, chunks.iter());
        } else {
            self.partners.ban(peer);
        }
    }

    fn unshare(&mut self, peer: PeerId) {
        if self.sharing.remove(&peer) {
            self.transfer.remove_source(peer);
        }
    }

    /// Asks whoever is to be asked, and answers whoever is to be answered.
    fn talk(&mut self, world: &mut World<'_>) {
        let now = world.ctx.now;
        self.partners.pace(world.gathering);
        while let Some(effect) = self.partners.poll_abort() {
            world.ctx.out.abort(effect);
        }
        while let Some(question) = self.partners.poll_question(now) {
            let timing = &world.ctx.config.timing;
            let Some(to) = world.members.route(question.peer) else {
                self.partners.rests(question.peer, now + timing.redial_min);
                continue;
            };
            let timeout = HOLDINGS_WAIT.max(HOLDINGS_PAUSE_MAX) + timing.request_timeout;
            let request = Request::Holdings(HoldingsRequest {
                id: self.id.clone(),
                manifest: self.manifest,
                log: question.log,
                since: question.since,
            });
            let purpose = Purpose::Holdings(self.id.clone(), question.peer);
            let effect = world.ctx.out.ask(purpose, |effect| Effect::Request {
                effect,
                to,
                request,
                timeout,
            });
            self.partners.asked(now, question.peer, effect);
        }
        self.answer(world);
    }

    /// Answers whoever is to be answered.
    fn answer(&mut self, world: &mut World<'_>) {
        let stored = self.transfer.stored_count();
        while let Some(answer) = self.partners.poll_answer(world.ctx.now, stored) {
            let response = match answer.says {
                Says::News(since) => self.news(since),
                Says::Nothing(since) => self.holdings(since, ChunkRuns::default()),
                Says::NoSuchPosition => refused(
                    RefusalKind::BadRequest,
                    format!("only {stored} chunks of {} are stored here", self.id),
                ),
                Says::Over => not_gathering(&self.id),
            };
            let reply = answer.reply;
            world.ctx.out.tell(Effect::Reply { reply, response });
        }
    }

    /// What was stored since a position, as far as one answer can say it.
    fn news(&self, since: u32) -> Response {
        let stored = self.transfer.stored_since(since, HOLDINGS_RUNS_MAX);
        match ChunkRuns::new(stored.runs) {
            Ok(chunks) => self.holdings(stored.upto, chunks),
            Err(error) => {
                tracing::error!(game = %self.id, %error, "what is stored cannot be said");
                self.holdings(since, ChunkRuns::default())
            }
        }
    }

    fn holdings(&self, upto: u32, chunks: ChunkRuns) -> Response {
        let log = self.partners.log();
        Response::Holdings(Holdings { log, upto, chunks })
    }

    /// It is over: whoever still waits for an answer gets it.
    pub(crate) fn end(&mut self, world: &mut World<'_>) {
        self.partners.end();
        while let Some(effect) = self.partners.poll_abort() {
            world.ctx.out.abort(effect);
        }
        self.answer(world);
    }

    /// A chunk of a fetch is stored.
    pub(crate) fn chunk_stored(&mut self, now: Now, effect: EffectId, chunk: ChunkRef) {
        if let Some(&fetch) = self.fetches.get(&effect) {
            self.transfer.chunk_stored(now, fetch, chunk);
        }
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
                    self.dropped(world, peer, &reason);
                    let event = PeerEvent::SourceDropped {
                        id: self.id.clone(),
                        peer_id: peer,
                        name: world.name(peer),
                        reason,
                    };
                    world.ctx.out.emit(event);
                }
                TransferNote::DiskFailed(_) => {}
            }
        }
    }

    /// The transfer gave a source up. A partner is asked again later, unless it is to blame.
    fn dropped(&mut self, world: &World<'_>, peer: PeerId, reason: &DropReason) {
        if self.sharing.remove(&peer) {
            if reason.blames_peer() {
                self.partners.ban(peer);
            } else {
                let at = world.ctx.now + world.ctx.config.timing.source_retry;
                self.partners.start_over(peer, at);
            }
        }
    }

    /// Orders whatever the transfer wants, and says where it stands.
    pub(crate) fn pump(&mut self, world: &mut World<'_>) -> Gathered {
        self.retry_dropped(world.ctx.now);
        self.talk(world);
        while let Some(fetch) = self.transfer.poll_abort() {
            if let Some(&effect) = self.effects.get(&fetch) {
                world.ctx.out.abort(effect);
            }
        }
        self.take_back(world);
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

    /// Tells sources what is not to be waited for any more; each answers what it had not begun with.
    fn take_back(&mut self, world: &mut World<'_>) {
        // By source, and of each in as few messages as hold whole fetches.
        let mut back: BTreeMap<PeerId, Vec<Vec<ChunkRef>>> = BTreeMap::new();
        while let Some((source, chunks)) = self.transfer.poll_take_back() {
            let messages = back.entry(source).or_default();
            match messages.last_mut() {
                Some(last) if last.len() + chunks.len() <= CHUNKS_PER_REQUEST_MAX => {
                    last.extend(chunks);
                }
                Some(_) | None => messages.push(chunks),
            }
        }
        for (source, messages) in back {
            for chunks in messages {
                self.tell_taken_back(world, source, chunks);
            }
        }
    }

    fn tell_taken_back(&self, world: &mut World<'_>, source: PeerId, chunks: Vec<ChunkRef>) {
        let Some(to) = world.members.route(source) else {
            return;
        };
        let request = Request::TakeBack(ChunkRequest {
            id: self.id.clone(),
            manifest: self.manifest,
            chunks,
        });
        let timeout = world.ctx.config.timing.request_timeout;
        let purpose = Purpose::TakeBack(source);
        world.ctx.out.ask(purpose, |effect| Effect::Request {
            effect,
            to,
            request,
            timeout,
        });
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
            first_byte_timeout: FIRST_BYTE_TIMEOUT,
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
    pub(crate) fn progress(&self, world: &mut World<'_>) -> Progress {
        let now = self.transfer.progress(world.ctx.now);
        world.link.saw(world.ctx.now, &self.efficiency, &now);
        let efficiency_percent =
            self.efficiency
                .percent(world.ctx.now, now.moved_bytes, *world.link);
        let sources = shares(world, &now, |source| source.rate_bytes_per_s);
        Progress::Transferring {
            verified_bytes: now.verified_bytes,
            total_bytes: now.total_bytes,
            rate_bytes_per_s: now.rate_bytes_per_s,
            time_left: now.time_left,
            efficiency_percent,
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
        let transfer = starved.or_else(|| self.transfer.poll_deadline());
        let partners = self.partners.deadline(self.transfer.stored_count());
        transfer.into_iter().chain(partners).min()
    }
}

/// The number of a log: like that of an epoch, every reader of JSON can hold it, and it is not 0.
const fn log_of(drawn: u64) -> HoldingsLog {
    HoldingsLog((drawn >> 11) | 1)
}

/// What the answer to a question for holdings says.
fn reported(result: Result<Response, RequestFailure>) -> Reported {
    match result {
        Ok(Response::Holdings(holdings)) => Reported::Holdings(holdings),
        Ok(Response::Refused(refusal)) if refusal.kind == RefusalKind::NotAvailable => {
            Reported::NotGathering
        }
        Ok(Response::Refused(_) | Response::InternalPeerError { .. })
        | Err(
            RequestFailure::Connection(_) | RequestFailure::Timeout(_) | RequestFailure::Aborted,
        ) => Reported::Failed,
        Ok(_) | Err(RequestFailure::Protocol(_)) => Reported::Broken,
    }
}

fn refused(kind: RefusalKind, message: String) -> Response {
    Response::Refused(Refusal::new(kind, message))
}

/// What a peer is answered that asks for holdings of what is not gathered here.
pub(crate) fn not_gathering(id: &GameId) -> Response {
    refused(
        RefusalKind::NotAvailable,
        format!("{id} is not being downloaded here"),
    )
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
