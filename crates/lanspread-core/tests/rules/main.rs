//! The rules and limits of one core, fed by hand.

mod conduct;
mod discovery;
mod expelling;
mod library;
mod membership;
mod messages;
mod pins;
mod rates;
mod serving;
mod sharing;
mod status;
mod work;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use lanspread_core::{
    Advertisement, CANDIDATES_MAX, CommandId, CommandRefused, Config, DialFailure, Dialed,
    DiskFailure, DiskFailureKind, Door, DownloadRoom, Effect, EffectId, ErrorKind, FoundTwice,
    GameDirReport, Inbound, Input, LibraryReport, LimitChange, LimitChanges, Now, Outcome, Peer,
    PeerCommand, PeerEvent, Playing, RateLimit, RateLimits, ReplyId, RequestFailure, RootReport,
    SentinelReport, Timing, library_digest,
    limits::{
        ABSENT_LIBRARIES_MAX, BAD_ANSWERS_MAX, CONNECTS_MAX, DIALS_MAX, HELD_COMMANDS_MAX,
        INQUIRIES_MAX, MANIFEST_ROUNDS_MAX, MORE_GAME_DIRS_MAX, NOTES_MAX, OPERATIONS_MAX,
        PEERS_MAX, RECOVERIES_MAX, REDIALS_MAX, REMOTE_GAMES_MAX, ROOTS_MAX, SERVES_MAX,
        SERVES_PER_PEER_MAX, STEPS_MAX, TWICE_NAMED_MAX,
    },
    root::{Entry, RootObservation, StepReport},
};
use lanspread_db::{
    Catalog, ChunkRef, ContentHash, GameId, Manifest, ManifestFile, ManifestHash, RelPath, Version,
};
use lanspread_proto::{
    ChunkRequest, GameSummary, Hello, LibraryEpoch, LibraryRevision, LibrarySnapshot, LibraryState,
    ListenAddr, PROTOCOL_VERSION, PeerId, PeerName, RefusalKind, Request, Response, TableName,
    TransportAddr,
    limits::{CHUNKS_PER_REQUEST_MAX, LIBRARY_GAMES_MAX},
};

/// One core and its hand.
struct Lone {
    peer: Peer,
    now: Now,
    effects: Vec<Effect>,
    next: u64,
}

/// The id of the core; others are smaller or larger.
const ME: u16 = 5_000;

fn short(n: usize) -> u16 {
    u16::try_from(n).unwrap()
}

fn id(n: u16) -> PeerId {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&n.to_be_bytes());
    PeerId::from_bytes(bytes)
}

fn addr(n: u16) -> ListenAddr {
    format!("10.0.{}.{}:47000", n / 250, n % 250 + 1)
        .parse()
        .unwrap()
}

fn game(n: usize) -> GameId {
    GameId::parse(&format!("game{n:05}")).unwrap()
}

fn version() -> Version {
    Version::parse("20200101").unwrap()
}

fn hash(n: u8) -> ManifestHash {
    ManifestHash(ContentHash([n; 32]))
}

fn root(n: usize) -> RootReport {
    RootReport {
        id: game(n),
        sentinel: SentinelReport::Version(version()),
        installed: false,
        unsettled: false,
        scripts: std::collections::BTreeSet::new(),
        pending_download: None,
        after_download: lanspread_core::AfterDownload::Keep,
        gathered: None,
        size_bytes: 1000,
        manifest: Some(hash(1)),
        problem: None,
    }
}

fn state(revision: u64, games: &[GameSummary]) -> LibraryState {
    LibraryState {
        epoch: LibraryEpoch(1),
        revision: LibraryRevision(revision),
        digest: library_digest(games),
    }
}

fn hello(n: u16) -> Hello {
    Hello::new(
        addr(n),
        id(n),
        PeerName::new(&format!("peer{n}")),
        state(0, &[]),
    )
}

fn shown(n: u16) -> Advertisement {
    Advertisement {
        peer_id: id(n),
        candidates: vec![addr(n)],
        protocol_version: PROTOCOL_VERSION,
        door: Door::Open,
        host_name: format!("host{n}"),
    }
}

impl Lone {
    /// A core whose listener is not bound and whose directory is not read yet.
    fn unbound() -> Self {
        Self::made_with(|_| {})
    }

    /// The same, made with something else.
    fn made_with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            peer_id: id(ME),
            name: PeerName::new("me"),
            epoch: LibraryEpoch(9),
            seed: 1,
            catalog: Arc::new(Catalog::open_party()),
            door: Door::Open,
            organiser: None,
            table: None,
            has_screen: false,
            expelled: Vec::new(),
            rate_limits: RateLimits::default(),
            timing: Timing::default(),
        };
        change(&mut config);
        let now = Now::default();
        let mut lone = Self {
            peer: Peer::new(config, now),
            now,
            effects: Vec::new(),
            next: 0,
        };
        lone.drain();
        lone
    }

    /// A core that takes part in a party with this catalog, with these game roots.
    fn with_catalog(catalog: Catalog, roots: Vec<RootReport>) -> Self {
        let config = Config {
            peer_id: id(ME),
            name: PeerName::new("me"),
            epoch: LibraryEpoch(9),
            seed: 1,
            catalog: Arc::new(catalog),
            door: Door::Open,
            organiser: None,
            table: None,
            has_screen: false,
            expelled: Vec::new(),
            rate_limits: RateLimits::default(),
            timing: Timing::default(),
        };
        let now = Now::default();
        let peer = Peer::new(config, now);
        let mut lone = Self {
            peer,
            now,
            effects: Vec::new(),
            next: 0,
        };
        lone.drain();
        lone.bind();
        let scans = lone.ids(|effect| matches!(effect, Effect::ScanLibrary { .. }));
        lone.feed(Input::LibraryScanned {
            effect: scans[0],
            result: Ok(roots.into()),
            free_bytes: None,
        });
        lone
    }

    /// A core that takes part, with these game roots.
    fn ready(roots: Vec<RootReport>) -> Self {
        let mut lone = Self::unbound();
        lone.take_part(roots);
        lone
    }

    fn take_part(&mut self, roots: Vec<RootReport>) {
        self.bind();
        let scans = self.ids(|effect| matches!(effect, Effect::ScanLibrary { .. }));
        self.feed(Input::LibraryScanned {
            effect: scans[0],
            result: Ok(roots.into()),
            free_bytes: None,
        });
    }

    fn bind(&mut self) {
        self.feed(Input::ListenerBound {
            addrs: vec![addr(ME)],
        });
    }

    fn feed(&mut self, input: Input) {
        self.peer.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.peer.poll_effect() {
            self.effects.push(effect);
        }
    }

    /// Lets time pass, with every tick that falls due.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.peer.poll_deadline().filter(|&due| due <= end) {
            assert!(due >= self.now);
            self.now = due;
            self.feed(Input::Tick);
        }
        self.now = end;
    }

    fn ids(&self, fits: impl Fn(&Effect) -> bool) -> Vec<EffectId> {
        self.effects
            .iter()
            .filter(|effect| fits(effect))
            .filter_map(Effect::id)
            .collect()
    }

    fn dials(&self) -> Vec<EffectId> {
        self.ids(|effect| matches!(effect, Effect::Dial { .. }))
    }

    fn requests(&self, fits: impl Fn(&Request) -> bool) -> Vec<EffectId> {
        self.ids(|effect| matches!(effect, Effect::Request { request, .. } if fits(request)))
    }

    fn events(&self) -> Vec<&PeerEvent> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Emit(event) => Some(event),
                _ => None,
            })
            .collect()
    }

    fn count(&self, fits: impl Fn(&PeerEvent) -> bool) -> usize {
        self.events()
            .into_iter()
            .filter(|event| fits(event))
            .count()
    }

    fn command(&mut self, command: PeerCommand) -> Option<Result<(), CommandRefused>> {
        self.next += 1;
        let id = CommandId(self.next);
        self.feed(Input::Command { id, command });
        self.effects.iter().find_map(|effect| match effect {
            Effect::Answer {
                id: answered,
                result,
            } if *answered == id => Some(result.clone()),
            _ => None,
        })
    }

    /// A request of another peer: the reply, or `None` if an order to serve went out.
    fn ask(&mut self, from: u16, request: Request) -> Option<Response> {
        self.next += 1;
        let reply = ReplyId(self.next);
        let from = Inbound {
            peer_id: id(from),
            transport_addr: TransportAddr::new((addr(from).socket_addr().ip(), 50_000).into()),
            local_listen_addr: Some(addr(ME)),
        };
        self.feed(Input::Requested {
            reply,
            from,
            request,
        });
        self.effects.iter().find_map(|effect| match effect {
            Effect::Reply {
                reply: answered,
                response,
            } if *answered == reply => Some(response.clone()),
            _ => None,
        })
    }

    fn greet(&mut self, n: u16) {
        let response = self.ask(n, Request::Hello(hello(n)));
        assert!(
            matches!(response, Some(Response::HelloAck(_))),
            "{response:?}"
        );
    }

    fn live(&mut self) -> usize {
        self.peer.view().peers.len()
    }

    fn fail(&mut self, dial: EffectId) {
        let failure = DialFailure::Unreachable {
            tried: "somewhere".to_owned(),
        };
        self.feed(Input::Dialed {
            effect: dial,
            result: Err(failure),
        });
    }

    /// A dial succeeds and the greeting too.
    fn reach(&mut self, dial: EffectId, n: u16) {
        let dialed = Dialed {
            peer_id: id(n),
            remote: addr(n),
            local_listen_addr: addr(ME),
        };
        self.feed(Input::Dialed {
            effect: dial,
            result: Ok(dialed),
        });
        let greeting = *self
            .requests(|request| matches!(request, Request::Hello(_)))
            .last()
            .unwrap();
        let result = Ok(Response::HelloAck(hello(n)));
        self.feed(Input::Responded {
            effect: greeting,
            result,
        });
    }
}

/// A manifest of game 1 that holds nothing but its sentinel.
fn small_manifest(stamp: Version) -> Arc<Manifest> {
    let file = ManifestFile {
        path: RelPath::parse("version.ini").unwrap(),
        size_bytes: 8,
        chunks: vec![ContentHash([1; 32])],
    };
    let chunk_bytes = Manifest::chunk_bytes_for(8);
    Arc::new(Manifest::new(game(1), stamp, chunk_bytes, vec![file]).unwrap())
}

/// What whoever cannot be kept for want of room is answered with.
fn full_disk() -> DiskFailure {
    DiskFailure {
        kind: DiskFailureKind::NoSpace,
        message: "the disk is full".to_owned(),
    }
}

fn refusal(response: Option<Response>) -> RefusalKind {
    match response {
        Some(Response::Refused(refusal)) => refusal.kind,
        other => panic!("not refused: {other:?}"),
    }
}

const fn chunk(n: u32) -> ChunkRef {
    ChunkRef { file: 0, chunk: n }
}

fn summaries(count: usize) -> Vec<GameSummary> {
    (0..count)
        .map(|n| GameSummary {
            id: game(n),
            title: "Game".to_owned(),
            version: version(),
            size_bytes: 1000,
            manifest: Some(hash(2)),
        })
        .collect()
}

/// A library of `count` games whose sizes differ from peer to peer.
fn library_of(n: u16, count: usize) -> (LibraryState, LibrarySnapshot) {
    let mut games = summaries(count);
    for game in &mut games {
        game.size_bytes = u64::from(n) + 1;
    }
    let state = state(1, &games);
    (state.clone(), LibrarySnapshot { state, games })
}

impl Lone {
    /// A peer introduces itself with a library, and is asked for it. Says whether it was asked.
    fn greet_with(&mut self, n: u16, count: usize) -> bool {
        let (library, snapshot) = library_of(n, count);
        let asked = |lone: &Self| lone.requests(|request| *request == Request::LibrarySnapshot);
        let before = asked(self).len();
        self.ask(
            n,
            Request::Hello(Hello {
                library,
                ..hello(n)
            }),
        );
        let Some(&question) = asked(self).get(before) else {
            return false;
        };
        let result = Ok(Response::LibrarySnapshot(snapshot));
        self.feed(Input::Responded {
            effect: question,
            result,
        });
        true
    }
}
