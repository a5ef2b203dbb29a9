//! One peer: the machines put together.
//!
//! Invariant: each input is handled to the end before the next; nothing happens between inputs. It
//! decides nothing itself: it hands each fact to the machine it concerns, and carries what one
//! machine says to the others.

mod answers;
mod commands;
mod directory;
mod ending;
mod expelling;
mod interrupted;
mod judging;
mod requests;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use lanspread_db::GameId;
use lanspread_proto::{LibraryState, ListenAddr, PeerStatus, limits::STATUS_INSTALLED_MAX};

use crate::{
    CommandId, Config, Ctx, DiscoveryState, DiskFailure, Effect, GameView, Input, Notice,
    NoticeAbout, Now, PeerCommand, PeerEvent, PeerView, Purpose,
    announce::Announcer,
    conduct::Conduct,
    expulsions::Expulsions,
    hashing::Hashing,
    inquiry::Inquiries,
    library::Library,
    manifests::ManifestCache,
    membership::{MemberFact, Membership},
    messages::Messages,
    operations::{LinkRate, Operations},
    outbox::Outbox,
    rates::{Playing, RateLimits, RateSetting},
    rescan::Rescan,
    serve::Serves,
    status::{self, Statuses},
    sync::Sync,
    view,
    world::{Dirty, World},
};

use directory::{MoreDirs, Wanted};
use interrupted::Interrupted;

/// The control plane of one peer.
///
/// The driver's loop: [`Peer::handle`] one input; then carry out all of [`Peer::poll_effect`]; then
/// wait for the next input, but no longer than [`Peer::poll_deadline`], and tell [`Input::Tick`]
/// when that is due.
#[derive(Debug)]
pub struct Peer {
    config: Config,
    phase: Phase,
    out: Outbox<Purpose>,
    members: Membership,
    conduct: Conduct,
    expulsions: Expulsions,
    sync: Sync,
    announcer: Announcer,
    statuses: Statuses,
    messages: Messages,
    /// Bytes that were free where the games lie when all of them were looked at last.
    free_bytes: Option<u64>,
    library: Library,
    rescan: Rescan,
    hashing: Hashing,
    hash_told_at: Option<Now>,
    serves: Serves,
    rates: RateSetting,
    operations: Operations,
    link: LinkRate,
    inquiries: Inquiries,
    manifests: ManifestCache,
    /// Commands that wait for the first look at the game directory.
    held: VecDeque<(CommandId, PeerCommand)>,
    /// Roots in which something was interrupted, and that wait for their turn.
    to_recover: BTreeSet<GameId>,
    /// Downloads that were interrupted, and that wait for a source.
    to_resume: BTreeMap<GameId, Interrupted>,
    /// Why the game directory could not be read when it was looked at last.
    game_dir_problem: Option<DiskFailure>,
    /// The further game directories, and what lies where it cannot be read.
    more_dirs: MoreDirs,
    /// How well finding peers works, as it was told last.
    discovery: DiscoveryState,
    /// Another game directory waits until everything that reads this one has ended.
    moving: Option<Moving>,
    dirty: Dirty,
    /// When the last input came.
    now: Now,
    /// Computed once for each input: a simulator polls it far more often.
    deadline: Option<Now>,
    games: Arc<Vec<GameView>>,
    view: Option<Arc<PeerView>>,
}

/// How far the peer is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// No listener yet.
    Starting,
    /// The listener is bound; the peer takes part when its library is read, or at this time.
    Bound {
        addrs: Vec<ListenAddr>,
        ready_at: Now,
    },
    /// It takes part.
    Ready,
    /// It ends, at this time at the latest.
    Ending { at: Now },
    /// It has ended.
    Ended,
}

/// A change of the game directory.
#[derive(Debug)]
enum Moving {
    /// Whatever reads the old one is being ended.
    Closing(CommandId, Wanted),
    /// The new one is being opened.
    Opening(CommandId),
}

impl Peer {
    /// A peer that begins at `start`. It has effects at once: the game directory is scanned.
    #[must_use]
    pub fn new(config: Config, start: Now) -> Self {
        let library = Library::new(config.epoch);
        let mut peer = Self {
            phase: Phase::Starting,
            out: Outbox::default(),
            members: Membership::new(library.listing().state().clone()),
            conduct: Conduct::default(),
            expulsions: Expulsions::default(),
            sync: Sync::default(),
            announcer: Announcer::default(),
            statuses: Statuses::default(),
            messages: Messages::default(),
            free_bytes: None,
            library,
            rescan: Rescan::default(),
            hashing: Hashing::default(),
            hash_told_at: None,
            serves: Serves::new(config.seed),
            rates: RateSetting::kept(config.rate_limits),
            operations: Operations::default(),
            link: LinkRate::default(),
            inquiries: Inquiries::default(),
            manifests: ManifestCache::default(),
            held: VecDeque::new(),
            to_recover: BTreeSet::new(),
            to_resume: BTreeMap::new(),
            game_dir_problem: None,
            more_dirs: MoreDirs::default(),
            discovery: DiscoveryState::default(),
            moving: None,
            dirty: Dirty {
                list: false,
                games: true,
                sources: false,
            },
            now: start,
            deadline: None,
            games: Arc::default(),
            view: None,
            config,
        };
        peer.rescan.restart(&mut Ctx {
            now: start,
            config: &peer.config,
            out: &mut peer.out,
        });
        peer.expel_again(start);
        peer.limit_again();
        peer.deadline = peer.next_deadline();
        peer
    }

    /// Takes in one fact. `now` never goes backwards. Effects may follow.
    pub fn handle(&mut self, now: Now, input: Input) {
        self.view = None;
        self.now = now;
        match self.phase {
            Phase::Ended => {}
            Phase::Ending { at } => self.handle_ending(now, at, &input),
            Phase::Starting | Phase::Bound { .. } | Phase::Ready => {
                if !matches!(input, Input::Tick) {
                    self.statuses.touch();
                }
                self.dispatch(now, input);
                self.carry_on(now);
            }
        }
        self.deadline = self.next_deadline();
    }

    /// The next effect to carry out; `None` until the next input.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.out.pop()
    }

    /// When [`Input::Tick`] is due next. Changes with every input.
    #[must_use]
    pub const fn poll_deadline(&self) -> Option<Now> {
        self.deadline
    }

    /// What users see. Cheap when nothing changed since the last call: the same `Arc` again.
    pub fn view(&mut self) -> Arc<PeerView> {
        if let Some(view) = &self.view {
            return Arc::clone(view);
        }
        let catalog = &self.config.catalog;
        if std::mem::take(&mut self.dirty.games) {
            self.games = view::games(catalog, &self.library, &self.members, &self.sync);
        }
        let view = Arc::new(PeerView {
            mode: catalog.mode(),
            games: Arc::clone(&self.games),
            peers: view::peers(catalog, &self.members, &self.sync, &self.statuses),
            kept_away: view::kept_away(&self.conduct),
            messages: self.messages.view(|peer| self.conduct.is_kept_away(peer)),
            operations: self.operations.view(),
            outbound: self.serves.view(self.now),
            hashing: self.hashing.view(),
            rate_limits: self.rates.limits(),
            playing: self.rates.playing(),
            player: self.has_player(),
            game_dir_problem: self.game_dir_problem.clone(),
            more_game_dirs: self.more_dirs.view(),
            free_bytes: self.free_bytes.map(status::in_steps),
            discovery: self.discovery.clone(),
        });
        self.view = Some(Arc::clone(&view));
        view
    }

    /// The earliest time at which any machine has something to do.
    fn next_deadline(&self) -> Option<Now> {
        let ready_at = match &self.phase {
            Phase::Starting | Phase::Ready => None,
            Phase::Bound { ready_at, .. } => Some(*ready_at),
            Phase::Ending { at } => return Some(*at),
            Phase::Ended => return None,
        };
        let timing = &self.config.timing;
        [
            ready_at,
            self.members.deadline(timing),
            self.conduct.deadline(),
            self.expulsions.deadline(),
            self.sync.deadline(),
            self.announcer.deadline(),
            self.statuses.deadline(),
            self.messages.deadline(),
            self.library.deadline(),
            self.rescan.deadline().filter(|_| self.moving.is_none()),
            self.serves.deadline(),
            self.operations.deadline(timing),
            self.inquiries.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Hands a fact to the machine it concerns.
    fn dispatch(&mut self, now: Now, input: Input) {
        if let Some(effect) = input.effect() {
            return self.answered(now, effect, input);
        }
        match input {
            Input::ListenerBound { addrs } => self.bound(now, addrs),
            Input::Tick => self.tick(now),
            Input::Discovered(advertisement) => self.discovered(now, advertisement),
            Input::Command { id, command } => self.command(now, id, command),
            Input::Requested {
                reply,
                from,
                request,
            } => self.requested(now, reply, from, request),
            Input::Disconnected { peer_id } => {
                let (members, mut ctx) = self.membership(now);
                members.closed(&mut ctx, peer_id);
            }
            Input::GameDirChanged { id } => {
                let (rescan, mut ctx) = self.rescan(now);
                rescan.changed(&mut ctx, id);
            }
            Input::OtherVersion {
                peer_id, theirs, ..
            } => self.other_version(now, peer_id, theirs),
            Input::Misbehaved {
                peer_id,
                transport_addr,
                offence,
                times,
            } => self.misbehaved(now, peer_id, transport_addr, offence, times),
            Input::OtherParty {
                peer_id, mismatch, ..
            } => self.other_party(now, peer_id, mismatch),
            Input::Trouble(notice) => self.out.emit(PeerEvent::Notice(notice)),
            Input::Discovery(state) => self.discovery_is(state),
            Input::Delays(delays) => {
                if self.members.measured(&delays) {
                    tracing::info!("answers show who sits at another table");
                    self.dirty.sources = true;
                }
            }
            Input::Shutdown => self.shut_down(now),
            // These carry an effect and were taken above.
            Input::Dialed { .. }
            | Input::Responded { .. }
            | Input::ManifestFetched { .. }
            | Input::Served { .. }
            | Input::ChunkStored { .. }
            | Input::ChunksFetched { .. }
            | Input::ManifestRecalled { .. }
            | Input::LibraryScanned { .. }
            | Input::RootScanned { .. }
            | Input::HashProgress { .. }
            | Input::RootHashed { .. }
            | Input::RootObserved { .. }
            | Input::StepProgress { .. }
            | Input::StepDone { .. }
            | Input::PrepareProgress { .. }
            | Input::DownloadPrepared { .. }
            | Input::ExpelledKept { .. }
            | Input::RateLimitsKept { .. }
            | Input::GameDirOpened { .. } => {}
        }
    }

    fn bound(&mut self, now: Now, addrs: Vec<ListenAddr>) {
        if self.phase == Phase::Starting {
            self.members.bind();
            self.close_the_door();
            let ready_at = now + self.config.timing.hello_yield;
            self.phase = Phase::Bound { addrs, ready_at };
        }
    }

    /// Whether peers are found changed: the user is told of trouble when it begins, and when it is over.
    fn discovery_is(&mut self, state: DiscoveryState) {
        let before = std::mem::replace(&mut self.discovery, state);
        let had_trouble = matches!(before, DiscoveryState::Trouble { .. });
        let notice = match &self.discovery {
            DiscoveryState::Trouble { trouble, message } if !had_trouble => {
                tracing::warn!(why = message, "peers are not found by themselves");
                Notice {
                    about: NoticeAbout::DiscoveryFails(*trouble),
                    message: message.clone(),
                }
            }
            DiscoveryState::Works if had_trouble => Notice {
                about: NoticeAbout::DiscoveryWorks,
                message: "peers find each other by themselves again".to_owned(),
            },
            DiscoveryState::Trouble { .. }
            | DiscoveryState::Works
            | DiscoveryState::Starting
            | DiscoveryState::Off => return,
        };
        self.out.emit(PeerEvent::Notice(notice));
    }

    fn tick(&mut self, now: Now) {
        let (members, mut ctx) = self.membership(now);
        members.tick(&mut ctx);
        self.conduct.tick(now);
        let mut ctx = Ctx {
            now,
            config: &self.config,
            out: &mut self.out,
        };
        self.sync.tick(&mut ctx, &self.members);
        self.serves.begin_uploads(&mut ctx);
        self.serves.tell_ended(&mut ctx);
        let revised = self.library.tick(&mut ctx);
        let operations = &self.operations;
        if self.moving.is_none() {
            self.rescan.tick(&mut ctx, &|id| operations.is_running(id));
        }
        if revised {
            self.announced();
        }
        self.dirty.sources = true;
    }

    /// Carries what one machine said to the others, until nothing is left to carry.
    fn carry_on(&mut self, now: Now) {
        if matches!(self.phase, Phase::Ending { .. }) {
            return;
        }
        self.take_part(now);
        self.judge(now);
        self.member_facts(now);
        self.carry_expulsions(now);
        self.keep_moving();
        if std::mem::take(&mut self.dirty.sources) {
            self.with_operations(now, |operations, inquiries, world| {
                operations.advance(world);
                inquiries.advance(world);
            });
        }
        self.recover(now);
        self.resume(now);
        let mut ctx = Ctx {
            now,
            config: &self.config,
            out: &mut self.out,
        };
        self.announcer
            .tell(&mut ctx, &self.members, self.library.listing().state());
        self.tell_status(now);
        let mut ctx = Ctx {
            now,
            config: &self.config,
            out: &mut self.out,
        };
        self.messages.tell(&mut ctx, &self.members);
        if self.moving.is_none() {
            let operations = &self.operations;
            self.hashing
                .advance(&mut ctx, &|id| !operations.may_be_hashed(id));
        }
        if std::mem::take(&mut self.dirty.list) {
            self.out.emit(PeerEvent::GamesListUpdated);
        }
    }

    /// Free space as the others are told of it: a further game goes to the first directory, or else to the next
    /// that has the room.
    fn told_free_bytes(&self) -> Option<u64> {
        let most = self.free_bytes.max(self.more_dirs.most_free_bytes());
        most.map(status::in_steps)
    }

    /// The party's games that are unpacked here, sorted.
    fn installed(&self) -> impl Iterator<Item = &GameId> {
        let catalog = &self.config.catalog;
        let roots = self.library.roots();
        roots
            .filter(|root| root.installed && catalog.admits(&root.id))
            .map(|root| &root.id)
    }

    /// Whether somebody can play here, and this is not a server that only shares.
    fn has_player(&self) -> bool {
        self.config.has_screen || self.installed().next().is_some()
    }

    /// Tells the others how this peer stands, if it is time.
    fn tell_status(&mut self, now: Now) {
        if !self.statuses.is_due(now) {
            return;
        }
        let operations = self.operations.view();
        let installed: Vec<GameId> = self.installed().cloned().collect();
        let status = PeerStatus {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            free_bytes: self.told_free_bytes(),
            // The driver has a clock.
            clock_ms: None,
            games_folder: self.game_dir_problem.is_none(),
            playing: self.rates.playing() == Playing::Yes,
            player: self.has_player(),
            installed: Some(installed).filter(|ids| ids.len() <= STATUS_INSTALLED_MAX),
            operations: status::operations(&operations),
        };
        let mut ctx = Ctx {
            now,
            config: &self.config,
            out: &mut self.out,
        };
        self.statuses.tell(&mut ctx, &self.members, status);
    }

    /// The listener is bound and the library is read, or long enough was waited for it.
    fn take_part(&mut self, now: Now) {
        let Phase::Bound { addrs, ready_at } = &self.phase else {
            return;
        };
        if !self.rescan.is_complete() && *ready_at > now {
            return;
        }
        let event = PeerEvent::LocalPeerReady {
            peer_id: self.config.peer_id,
            addrs: addrs.clone(),
            mode: self.config.catalog.mode(),
        };
        self.phase = Phase::Ready;
        self.out.emit(event);
        let revision = self.library.listing().state().revision;
        self.out.tell(Effect::Advertise { revision });
        let (members, mut ctx) = self.membership(now);
        members.take_part(&mut ctx);
    }

    fn member_facts(&mut self, now: Now) {
        while let Some(fact) = self.members.next_fact() {
            let mut ctx = Ctx {
                now,
                config: &self.config,
                out: &mut self.out,
            };
            // The library of a peer that returns is there at once.
            let peer = fact.peer();
            if self
                .sync
                .held(peer)
                .is_some_and(|held| !held.games().is_empty())
            {
                self.dirty.mark();
            }
            match fact {
                MemberFact::Introduced { library, told, .. } => {
                    self.dirty.sources = true;
                    self.announcer.introduced(peer, told);
                    self.statuses.introduced(peer);
                    self.messages.introduced(peer, library.epoch);
                    self.expulsions.introduced(peer);
                    if let Some(to) = self.members.route(peer) {
                        self.sync.announced(&mut ctx, to, library);
                    }
                }
                MemberFact::Said { library, .. } => {
                    if let Some(to) = self.members.route(peer) {
                        self.sync.announced(&mut ctx, to, library);
                    }
                }
                MemberFact::Lost { .. } => {
                    self.dirty.sources = true;
                    self.announcer.lost(peer);
                    self.statuses.lost(peer);
                    self.messages.lost(peer);
                    self.expulsions.lost(peer);
                    self.sync.lost(&mut ctx, peer);
                }
            }
        }
    }

    /// The own library has a new revision.
    fn announced(&mut self) {
        let state: LibraryState = self.library.listing().state().clone();
        if self.phase == Phase::Ready {
            self.out.tell(Effect::Advertise {
                revision: state.revision,
            });
        }
        self.members.set_library(state);
    }

    fn membership(&mut self, now: Now) -> (&mut Membership, Ctx<'_>) {
        (
            &mut self.members,
            Ctx {
                now,
                config: &self.config,
                out: &mut self.out,
            },
        )
    }

    /// Limits of an earlier run are in force from the first byte on.
    fn limit_again(&mut self) {
        let limits = self.rates.limits();
        if limits != RateLimits::default() {
            let playing = Playing::No;
            self.out.tell(Effect::SetRates { limits, playing });
        }
    }

    fn rates(&mut self, now: Now) -> (&mut RateSetting, Ctx<'_>) {
        (
            &mut self.rates,
            Ctx {
                now,
                config: &self.config,
                out: &mut self.out,
            },
        )
    }

    fn rescan(&mut self, now: Now) -> (&mut Rescan, Ctx<'_>) {
        (
            &mut self.rescan,
            Ctx {
                now,
                config: &self.config,
                out: &mut self.out,
            },
        )
    }

    /// Lets operations and inquiries act, with the rest of the peer around them.
    fn with_operations<R>(
        &mut self,
        now: Now,
        act: impl FnOnce(&mut Operations, &mut Inquiries, &mut World<'_>) -> R,
    ) -> R {
        let mut world = World {
            ctx: Ctx {
                now,
                config: &self.config,
                out: &mut self.out,
            },
            library: &mut self.library,
            members: &self.members,
            sync: &self.sync,
            serves: &mut self.serves,
            hashing: &mut self.hashing,
            rescan: &mut self.rescan,
            manifests: &mut self.manifests,
            dirty: &mut self.dirty,
            link: &mut self.link,
            gathering: self.operations.gathering(),
        };
        act(&mut self.operations, &mut self.inquiries, &mut world)
    }
}
