//! The rules and limits of one core, fed by hand.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use lanspread_core::{
    Advertisement, CANDIDATES_MAX, CommandId, CommandRefused, Config, DialFailure, Dialed,
    DownloadRoom, Effect, EffectId, ErrorKind, Inbound, Input, Now, Peer, PeerCommand, PeerEvent,
    ReplyId, RequestFailure, RootReport, SentinelReport, Timing, library_digest,
    limits::{
        CONNECTS_MAX, DIALS_MAX, HELD_COMMANDS_MAX, OPERATIONS_MAX, PEERS_MAX, RECOVERIES_MAX,
        REDIALS_MAX, SERVES_MAX, SERVES_PER_PEER_MAX,
    },
};
use lanspread_db::{Catalog, ChunkRef, ContentHash, GameId, ManifestHash, Version};
use lanspread_proto::{
    ChunkRequest, GameSummary, Hello, LibraryEpoch, LibraryRevision, LibrarySnapshot, LibraryState,
    ListenAddr, PeerId, PeerName, RefusalKind, Request, Response, TransportAddr,
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
        pending_download: None,
        after_download: lanspread_core::AfterDownload::Keep,
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
        protocol_version: 1,
        host_name: format!("host{n}"),
    }
}

impl Lone {
    /// A core whose listener is not bound and whose directory is not read yet.
    fn unbound() -> Self {
        let config = Config {
            peer_id: id(ME),
            name: PeerName::new("me"),
            epoch: LibraryEpoch(9),
            seed: 1,
            catalog: Arc::new(Catalog::open_party()),
            timing: Timing::default(),
        };
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

    /// A core that takes part, with these game roots.
    fn ready(roots: Vec<RootReport>) -> Self {
        let mut lone = Self::unbound();
        lone.bind();
        let scans = lone.ids(|effect| matches!(effect, Effect::ScanLibrary { .. }));
        lone.feed(Input::LibraryScanned {
            effect: scans[0],
            result: Ok(roots),
        });
        lone
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
            transport_addr: TransportAddr::new(([10, 0, 0, 1], 50_000).into()),
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

fn refusal(response: Option<Response>) -> RefusalKind {
    match response {
        Some(Response::Refused(refusal)) => refusal.kind,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_hello_before_the_bind_is_an_internal_error() {
    let mut lone = Lone::unbound();
    let response = lone.ask(1, Request::Hello(hello(1)));
    let Some(Response::InternalPeerError { message }) = response else {
        panic!("{response:?}")
    };
    assert_eq!(message, "local peer listener address is not ready");
    assert_eq!(lone.live(), 0);
}

#[test]
fn nothing_is_dialed_before_the_bind() {
    let mut lone = Lone::unbound();
    lone.feed(Input::Discovered(shown(ME + 1)));
    lone.pass(Duration::from_secs(10));
    assert!(lone.dials().is_empty());
    lone.bind();
    lone.pass(Duration::from_secs(2));
    assert_eq!(lone.dials().len(), 1);
}

#[test]
fn a_hello_that_claims_another_identity_is_refused() {
    let mut lone = Lone::ready(Vec::new());
    let response = lone.ask(1, Request::Hello(hello(2)));
    assert_eq!(refusal(response), RefusalKind::IdentityMismatch);
    assert_eq!(lone.live(), 0);
}

#[test]
fn a_hello_of_another_version_names_both_and_users_hear_once() {
    let mut lone = Lone::ready(Vec::new());
    let other = Hello {
        protocol_version: 7,
        ..hello(1)
    };
    for _ in 0..3 {
        let response = lone.ask(1, Request::Hello(other.clone()));
        let Some(Response::WrongVersion(versions)) = response else {
            panic!("{response:?}")
        };
        assert_eq!((versions.ours, versions.yours), (1, 7));
    }
    assert_eq!(
        lone.count(|event| matches!(event, PeerEvent::PeerRefused { .. })),
        1
    );
}

#[test]
fn a_stranger_gets_nothing_but_the_advice_to_say_hello() {
    let mut lone = Lone::ready(vec![root(1)]);
    let chunks = ChunkRequest {
        id: game(1),
        manifest: hash(1),
        chunks: vec![chunk(0)],
    };
    for request in [
        Request::Ping,
        Request::LibrarySnapshot,
        Request::ListGames,
        Request::GetGame { id: game(1) },
        Request::GetGameFileChunk(chunks),
        Request::LibrarySummary {
            state: state(0, &[]),
        },
    ] {
        assert_eq!(refusal(lone.ask(1, request)), RefusalKind::NotIntroduced);
    }
    assert_eq!(lone.ask(1, Request::Goodbye), Some(Response::Noted));
}

const fn chunk(n: u32) -> ChunkRef {
    ChunkRef { file: 0, chunk: n }
}

#[test]
fn the_smaller_id_dials_at_once() {
    let mut lone = Lone::ready(Vec::new());
    lone.feed(Input::Discovered(shown(ME + 1)));
    assert_eq!(lone.dials().len(), 1);
}

#[test]
fn the_larger_id_dials_only_when_no_hello_came() {
    let mut lone = Lone::ready(Vec::new());
    lone.feed(Input::Discovered(shown(1)));
    lone.feed(Input::Discovered(shown(2)));
    let moment = Duration::from_millis(1);
    lone.pass(Timing::default().hello_yield.saturating_sub(moment));
    assert!(lone.dials().is_empty());
    lone.greet(2);
    lone.pass(moment);
    let dialed: Vec<_> = lone
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Dial { expect, .. } => *expect,
            _ => None,
        })
        .collect();
    assert_eq!(dialed, [id(1)]);
}

#[test]
fn own_advertisements_are_ignored() {
    let mut lone = Lone::ready(Vec::new());
    lone.feed(Input::Discovered(shown(ME)));
    lone.pass(Duration::from_secs(5));
    assert!(lone.dials().is_empty());
}

#[test]
fn a_failed_dial_is_told_once_and_repeated_ever_more_seldom_until_it_is_given_up() {
    let mut lone = Lone::ready(Vec::new());
    lone.feed(Input::Discovered(shown(ME + 1)));
    let mut times = Vec::new();
    for n in 0..REDIALS_MAX {
        let dials = lone.dials();
        assert_eq!(dials.len(), n as usize + 1);
        times.push(lone.now);
        lone.fail(dials[n as usize]);
        lone.pass(Duration::from_secs(30));
    }
    lone.pass(Duration::from_mins(10));
    assert_eq!(lone.dials().len(), REDIALS_MAX as usize, "given up");
    let told = |event: &PeerEvent| {
        matches!(
            event,
            PeerEvent::PeerRefused {
                kind: ErrorKind::Unreachable,
                ..
            }
        )
    };
    assert_eq!(lone.count(told), 1);
    // Whoever discovery shows again gets another chance.
    lone.feed(Input::Discovered(shown(ME + 1)));
    assert_eq!(lone.dials().len(), REDIALS_MAX as usize + 1);
}

#[test]
fn pauses_between_dials_double_up_to_their_limit() {
    let mut lone = Lone::ready(Vec::new());
    lone.feed(Input::Discovered(shown(ME + 1)));
    for pause in [1, 2, 4, 8, 16, 30, 30] {
        let dials = lone.dials();
        lone.fail(*dials.last().unwrap());
        lone.pass(Duration::from_millis(pause * 1_000 - 1));
        assert_eq!(lone.dials().len(), dials.len(), "not before {pause} s");
        lone.pass(Duration::from_millis(1));
        assert_eq!(lone.dials().len(), dials.len() + 1, "after {pause} s");
    }
}

#[test]
fn no_more_than_the_limit_of_candidates_is_dialed() {
    let mut lone = Lone::ready(Vec::new());
    let mut many = shown(ME + 1);
    many.candidates = (0..=short(CANDIDATES_MAX)).map(addr).collect();
    lone.feed(Input::Discovered(many));
    let dialed = lone.effects.iter().find_map(|effect| match effect {
        Effect::Dial { candidates, .. } => Some(candidates.len()),
        _ => None,
    });
    assert_eq!(dialed, Some(CANDIDATES_MAX));
}

#[test]
fn no_more_than_the_limit_of_dials_run_at_once() {
    let mut lone = Lone::ready(Vec::new());
    for n in 0..=short(DIALS_MAX) {
        lone.feed(Input::Discovered(shown(ME + 1 + n)));
    }
    assert_eq!(lone.dials().len(), DIALS_MAX);
    let first = lone.dials()[0];
    lone.reach(first, ME + 1);
    lone.pass(Duration::from_secs(1));
    assert_eq!(lone.dials().len(), DIALS_MAX + 1);
}

#[test]
fn no_more_than_the_limit_of_peers_is_known() {
    let mut lone = Lone::ready(Vec::new());
    for n in 0..short(PEERS_MAX) {
        lone.greet(n);
    }
    let response = lone.ask(4_000, Request::Hello(hello(4_000)));
    assert_eq!(refusal(response), RefusalKind::Overloaded);
    lone.feed(Input::Discovered(shown(ME + 1)));
    assert!(lone.dials().is_empty());
    assert_eq!(lone.live(), PEERS_MAX);
    assert_eq!(lone.ask(0, Request::Goodbye), Some(Response::Noted));
    lone.greet(4_000);
    assert_eq!(lone.live(), PEERS_MAX);
}

#[test]
fn a_peer_that_is_not_there_makes_room_for_one_that_is() {
    let mut lone = Lone::ready(Vec::new());
    for n in 0..short(PEERS_MAX) - 1 {
        lone.greet(n);
    }
    lone.feed(Input::Discovered(shown(ME + 1)));
    let dial = lone.dials()[0];
    lone.fail(dial);
    lone.greet(4_000);
    assert_eq!(lone.live(), PEERS_MAX);
}

#[test]
fn no_more_than_the_limit_of_connects_run_at_once() {
    let mut lone = Lone::ready(Vec::new());
    for n in 0..short(CONNECTS_MAX) {
        assert_eq!(
            lone.command(PeerCommand::Connect { addr: addr(n) }),
            Some(Ok(()))
        );
    }
    let refused = lone
        .command(PeerCommand::Connect { addr: addr(999) })
        .unwrap()
        .unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Busy);
    let first = lone.dials()[0];
    lone.fail(first);
    assert_eq!(
        lone.command(PeerCommand::Connect { addr: addr(999) }),
        Some(Ok(()))
    );
}

#[test]
fn a_connect_to_this_peer_itself_fails_in_words() {
    let mut lone = Lone::ready(Vec::new());
    lone.command(PeerCommand::Connect { addr: addr(ME) });
    let dial = lone.dials()[0];
    let dialed = Dialed {
        peer_id: id(ME),
        remote: addr(ME),
        local_listen_addr: addr(ME),
    };
    lone.feed(Input::Dialed {
        effect: dial,
        result: Ok(dialed),
    });
    let failed = |event: &PeerEvent| {
        matches!(event, PeerEvent::ConnectFinished { result: Err(error), .. }
            if error.message.contains("itself"))
    };
    assert_eq!(lone.count(failed), 1);
}

#[test]
fn a_connect_that_is_refused_in_the_greeting_ends_too() {
    let mut lone = Lone::ready(Vec::new());
    lone.command(PeerCommand::Connect { addr: addr(7) });
    let dial = lone.dials()[0];
    let dialed = Dialed {
        peer_id: id(7),
        remote: addr(7),
        local_listen_addr: addr(ME),
    };
    lone.feed(Input::Dialed {
        effect: dial,
        result: Ok(dialed),
    });
    let greeting = lone.requests(|request| matches!(request, Request::Hello(_)))[0];
    let result = Err(RequestFailure::Timeout(Duration::from_secs(5)));
    lone.feed(Input::Responded {
        effect: greeting,
        result,
    });
    let ended = |event: &PeerEvent| matches!(event, PeerEvent::ConnectFinished { .. });
    assert_eq!(lone.count(ended), 1);
}

#[test]
fn a_machine_that_slept_asks_before_it_gives_anybody_up() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    // The clock jumps by an hour, as after a suspend, and only then the tick comes.
    lone.now = lone.now + Duration::from_hours(1);
    lone.feed(Input::Tick);
    assert_eq!(lone.live(), 1);
    let ping = *lone
        .requests(|request| *request == Request::Ping)
        .last()
        .unwrap();
    lone.feed(Input::Responded {
        effect: ping,
        result: Ok(Response::Pong),
    });
    lone.pass(Duration::from_secs(4));
    assert_eq!(lone.live(), 1);
}

#[test]
fn a_peer_that_forgot_this_one_is_greeted_again() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    lone.feed(Input::Disconnected { peer_id: id(1) });
    let ping = lone.requests(|request| *request == Request::Ping)[0];
    let refusal = lanspread_proto::Refusal::new(RefusalKind::NotIntroduced, "who are you?");
    lone.feed(Input::Responded {
        effect: ping,
        result: Ok(Response::Refused(refusal)),
    });
    assert_eq!(
        lone.requests(|request| matches!(request, Request::Hello(_)))
            .len(),
        1
    );
    assert_eq!(lone.live(), 1);
}

#[test]
fn no_more_than_the_limits_are_served_at_once() {
    let mut lone = Lone::ready(vec![root(1)]);
    let request = || {
        let chunks = vec![chunk(0)];
        Request::GetGameFileChunk(ChunkRequest {
            id: game(1),
            manifest: hash(1),
            chunks,
        })
    };
    let peers = u16::try_from(SERVES_MAX / SERVES_PER_PEER_MAX).unwrap();
    for n in 0..=peers {
        lone.greet(n);
    }
    for n in 0..peers {
        for _ in 0..SERVES_PER_PEER_MAX {
            assert_eq!(lone.ask(n, request()), None);
        }
        assert_eq!(refusal(lone.ask(n, request())), RefusalKind::Overloaded);
    }
    assert_eq!(refusal(lone.ask(peers, request())), RefusalKind::Overloaded);
    let serve = lone.ids(|effect| matches!(effect, Effect::ServeChunks { .. }))[0];
    lone.feed(Input::Served {
        effect: serve,
        sent_bytes: 1,
        result: Ok(()),
    });
    assert_eq!(lone.ask(peers, request()), None);
    assert_eq!(lone.peer.view().outbound.len(), usize::from(peers) + 1);
}

#[test]
fn a_chunk_request_is_held_to_its_rules() {
    let mut lone = Lone::ready(vec![root(1)]);
    lone.greet(1);
    let request = |count: usize, manifest: u8| {
        let chunks = (0..u32::try_from(count).unwrap()).map(chunk).collect();
        Request::GetGameFileChunk(ChunkRequest {
            id: game(1),
            manifest: hash(manifest),
            chunks,
        })
    };
    assert_eq!(lone.ask(1, request(CHUNKS_PER_REQUEST_MAX, 1)), None);
    let too_many = lone.ask(1, request(CHUNKS_PER_REQUEST_MAX + 1, 1));
    assert_eq!(refusal(too_many), RefusalKind::BadRequest);
    assert_eq!(refusal(lone.ask(1, request(0, 1))), RefusalKind::BadRequest);
    assert_eq!(
        refusal(lone.ask(1, request(1, 2))),
        RefusalKind::NotAvailable
    );
    assert_eq!(
        refusal(lone.ask(1, Request::GetGame { id: game(2) })),
        RefusalKind::NotAvailable
    );
}

#[test]
fn a_game_under_an_operation_is_not_served() {
    let mut lone = Lone::ready(vec![root(1)]);
    lone.greet(1);
    assert_eq!(
        lone.command(PeerCommand::InstallGame { id: game(1) }),
        Some(Ok(()))
    );
    let response = lone.ask(1, Request::GetGame { id: game(1) });
    assert_eq!(refusal(response), RefusalKind::Busy);
}

#[test]
fn uploads_end_before_the_first_step_of_a_removal() {
    let mut lone = Lone::ready(vec![root(1)]);
    lone.greet(1);
    assert_eq!(lone.ask(1, Request::GetGame { id: game(1) }), None);
    let serve = lone.ids(|effect| matches!(effect, Effect::ServeManifest { .. }))[0];
    assert_eq!(
        lone.command(PeerCommand::RemoveGame { id: game(1) }),
        Some(Ok(()))
    );
    let observes = |lone: &Lone| {
        lone.ids(|effect| matches!(effect, Effect::ObserveRoot { .. }))
            .len()
    };
    let aborted = lone
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Abort { effect } if *effect == serve));
    assert!(aborted);
    assert_eq!(observes(&lone), 0, "an upload still reads the files");
    lone.feed(Input::Served {
        effect: serve,
        sent_bytes: 0,
        result: Ok(()),
    });
    assert_eq!(observes(&lone), 1);
}

#[test]
fn an_unhashed_game_is_hashed_first_when_somebody_asks_for_it() {
    let unhashed = |n| RootReport {
        manifest: None,
        ..root(n)
    };
    let mut lone = Lone::ready(vec![unhashed(1), unhashed(2), unhashed(3)]);
    lone.greet(1);
    let hashing = |lone: &Lone| {
        lone.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::HashRoot { effect, id, .. } => Some((*effect, id.clone())),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    let [(first, hashed)] = &hashing(&lone)[..] else {
        panic!("one at a time")
    };
    assert_eq!(*hashed, game(1));
    let first = *first;
    let response = lone.ask(1, Request::GetGame { id: game(3) });
    assert_eq!(
        response,
        Some(Response::GamePending {
            hashed_bytes: 0,
            total_bytes: 1000
        })
    );
    let failure = lanspread_core::DiskFailure {
        kind: lanspread_core::DiskFailureKind::Aborted,
        message: "aborted".to_owned(),
    };
    lone.feed(Input::RootHashed {
        effect: first,
        result: Err(failure),
    });
    assert_eq!(hashing(&lone)[1].1, game(3));
}

#[test]
fn no_more_than_the_limit_of_commands_waits_for_the_first_look() {
    let mut lone = Lone::unbound();
    for n in 0..HELD_COMMANDS_MAX {
        assert_eq!(lone.command(PeerCommand::InstallGame { id: game(n) }), None);
    }
    let refused = lone
        .command(PeerCommand::InstallGame { id: game(0) })
        .unwrap()
        .unwrap_err();
    assert_eq!(refused.kind, ErrorKind::NotReady);
    let scan = lone.ids(|effect| matches!(effect, Effect::ScanLibrary { .. }))[0];
    lone.feed(Input::LibraryScanned {
        effect: scan,
        result: Ok(Vec::new()),
    });
    let answers = lone
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Answer { .. }))
        .count();
    assert_eq!(answers, HELD_COMMANDS_MAX + 1);
}

#[test]
fn no_more_than_the_limit_of_operations_runs() {
    let mut lone = Lone::ready((0..=OPERATIONS_MAX).map(root).collect());
    for n in 0..OPERATIONS_MAX {
        assert_eq!(
            lone.command(PeerCommand::InstallGame { id: game(n) }),
            Some(Ok(()))
        );
    }
    let refused = lone.command(PeerCommand::InstallGame {
        id: game(OPERATIONS_MAX),
    });
    assert_eq!(refused.unwrap().unwrap_err().kind, ErrorKind::Busy);
}

#[test]
fn a_few_roots_are_recovered_at_a_time_and_nothing_else_begins_there() {
    let unsettled = |n| RootReport {
        unsettled: true,
        ..root(n)
    };
    let mut lone = Lone::ready((0..=RECOVERIES_MAX).map(unsettled).collect());
    assert_eq!(lone.peer.view().operations.len(), RECOVERIES_MAX);
    for n in 0..=RECOVERIES_MAX {
        let refused = lone.command(PeerCommand::InstallGame { id: game(n) });
        assert_eq!(refused.unwrap().unwrap_err().kind, ErrorKind::Busy);
    }
}

#[test]
fn a_library_past_the_limit_is_announced_up_to_it_and_users_are_told() {
    let mut lone = Lone::ready((0..=LIBRARY_GAMES_MAX).map(root).collect());
    lone.greet(1);
    let response = lone.ask(1, Request::LibrarySnapshot);
    let Some(Response::LibrarySnapshot(snapshot)) = response else {
        panic!("{response:?}")
    };
    assert_eq!(snapshot.games.len(), LIBRARY_GAMES_MAX);
    assert_eq!(
        lone.count(|event| matches!(event, PeerEvent::Notice { .. })),
        1
    );
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

#[test]
fn a_peer_that_lies_about_its_library_is_asked_no_more_until_it_says_something_else() {
    let mut lone = Lone::ready(Vec::new());
    let games = summaries(3);
    lone.ask(
        1,
        Request::Hello(Hello {
            library: state(1, &games),
            ..hello(1)
        }),
    );
    let asked = |lone: &Lone| lone.requests(|request| *request == Request::LibrarySnapshot);
    for n in 0..10 {
        let Some(&question) = asked(&lone).get(n) else {
            break;
        };
        let lie = LibrarySnapshot {
            state: state(1, &games),
            games: summaries(2),
        };
        lone.feed(Input::Responded {
            effect: question,
            result: Ok(Response::LibrarySnapshot(lie)),
        });
    }
    let before = asked(&lone).len();
    assert_eq!(before, 3);
    assert_eq!(lone.peer.view().games.len(), 0);
    let games = summaries(4);
    lone.ask(
        1,
        Request::LibrarySummary {
            state: state(2, &games),
        },
    );
    assert_eq!(asked(&lone).len(), before + 1);
    let question = *asked(&lone).last().unwrap();
    let truth = LibrarySnapshot {
        state: state(2, &games),
        games,
    };
    lone.feed(Input::Responded {
        effect: question,
        result: Ok(Response::LibrarySnapshot(truth)),
    });
    assert_eq!(lone.peer.view().games.len(), 4);
}

#[test]
fn a_question_without_an_answer_is_asked_again_after_a_pause() {
    let mut lone = Lone::ready(Vec::new());
    let games = summaries(1);
    lone.ask(
        1,
        Request::Hello(Hello {
            library: state(1, &games),
            ..hello(1)
        }),
    );
    let asked = |lone: &Lone| lone.requests(|request| *request == Request::LibrarySnapshot);
    let result = Err(RequestFailure::Connection("broken".to_owned()));
    let question = asked(&lone)[0];
    lone.feed(Input::Responded {
        effect: question,
        result,
    });
    assert_eq!(asked(&lone).len(), 1);
    lone.pass(Duration::from_secs(1));
    assert_eq!(asked(&lone).len(), 2);
}

#[test]
fn a_summary_that_did_not_arrive_is_sent_again() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    lone.feed(Input::GameDirChanged { id: Some(game(1)) });
    lone.pass(Duration::from_millis(200));
    let scan = lone.ids(|effect| matches!(effect, Effect::ScanRoot { .. }))[0];
    lone.feed(Input::RootScanned {
        effect: scan,
        result: Ok(Some(root(1))),
    });
    lone.pass(Duration::from_millis(100));
    let told =
        |lone: &Lone| lone.requests(|request| matches!(request, Request::LibrarySummary { .. }));
    assert_eq!(told(&lone).len(), 1);
    let result = Err(RequestFailure::Connection("broken".to_owned()));
    let first = told(&lone)[0];
    lone.feed(Input::Responded {
        effect: first,
        result,
    });
    lone.pass(Duration::from_secs(1));
    assert_eq!(told(&lone).len(), 2);
}

#[test]
fn another_game_directory_is_opened_only_when_nothing_reads_the_old_one() {
    let mut lone = Lone::ready(vec![root(1)]);
    lone.greet(1);
    assert_eq!(lone.ask(1, Request::GetGame { id: game(1) }), None);
    let command = PeerCommand::SetGameDir {
        path: "/elsewhere".into(),
    };
    assert_eq!(
        lone.command(command.clone()),
        None,
        "answered when it is open"
    );
    let opens = |lone: &Lone| lone.ids(|effect| matches!(effect, Effect::OpenGameDir { .. }));
    assert!(opens(&lone).is_empty());
    assert_eq!(
        lone.command(command).unwrap().unwrap_err().kind,
        ErrorKind::Busy
    );
    let serve = lone.ids(|effect| matches!(effect, Effect::ServeManifest { .. }))[0];
    lone.feed(Input::Served {
        effect: serve,
        sent_bytes: 0,
        result: Ok(()),
    });
    let open = opens(&lone)[0];
    lone.feed(Input::GameDirOpened {
        effect: open,
        result: Ok(()),
    });
    assert_eq!(lone.peer.view().games.len(), 0);
    let scans = lone.ids(|effect| matches!(effect, Effect::ScanLibrary { .. }));
    lone.feed(Input::LibraryScanned {
        effect: scans[1],
        result: Ok(vec![root(2)]),
    });
    let view = lone.peer.view();
    assert_eq!(
        view.games
            .iter()
            .map(|game| game.id.clone())
            .collect::<Vec<_>>(),
        [game(2)]
    );
}

#[test]
fn the_view_is_the_same_until_something_changes() {
    let mut lone = Lone::ready(vec![root(1)]);
    let first = lone.peer.view();
    assert!(Arc::ptr_eq(&first, &lone.peer.view()));
    lone.greet(1);
    let second = lone.peer.view();
    assert!(!Arc::ptr_eq(&first, &second));
    assert!(
        Arc::ptr_eq(&first.games, &second.games),
        "a peer without games changes no game"
    );
}

#[test]
fn a_catalog_rules_what_is_announced_shown_and_fetched() {
    let mut games = lanspread_db::GameDB::new();
    let mut listed = lanspread_db::Game::new(game(1));
    listed.title = "The First".to_owned();
    listed.version = Some(version());
    games.insert(listed);
    let config = Config {
        peer_id: id(ME),
        name: PeerName::new("me"),
        epoch: LibraryEpoch(9),
        seed: 1,
        catalog: Arc::new(Catalog::of_games(games)),
        timing: Timing::default(),
    };
    let now = Now::default();
    let mut lone = Lone {
        peer: Peer::new(config, now),
        now,
        effects: Vec::new(),
        next: 0,
    };
    lone.drain();
    lone.bind();
    let scan = lone.ids(|effect| matches!(effect, Effect::ScanLibrary { .. }))[0];
    lone.feed(Input::LibraryScanned {
        effect: scan,
        result: Ok(vec![root(1), root(2)]),
    });
    let theirs = summaries(4);
    lone.ask(
        1,
        Request::Hello(Hello {
            library: state(1, &theirs),
            ..hello(1)
        }),
    );
    let question = lone.requests(|request| *request == Request::LibrarySnapshot)[0];
    let snapshot = LibrarySnapshot {
        state: state(1, &theirs),
        games: theirs,
    };
    lone.feed(Input::Responded {
        effect: question,
        result: Ok(Response::LibrarySnapshot(snapshot)),
    });
    let response = lone.ask(1, Request::ListGames);
    let Some(Response::Games { games }) = response else {
        panic!("{response:?}")
    };
    assert_eq!(
        games
            .iter()
            .map(|game| game.title.as_str())
            .collect::<Vec<_>>(),
        ["The First"]
    );
    let view = lone.peer.view();
    let shown: BTreeMap<&str, bool> = view
        .games
        .iter()
        .map(|game| (game.id.as_str(), game.problem.is_some()))
        .collect();
    assert_eq!(shown, [("game00001", false), ("game00002", true)].into());
    assert_eq!(view.peers[0].games, 1);
    let refused = lone.command(PeerCommand::DownloadGameFiles {
        id: game(3),
        then: lanspread_core::AfterDownload::Keep,
        room: DownloadRoom::KeepOld,
    });
    assert_eq!(refused.unwrap().unwrap_err().kind, ErrorKind::NotInCatalog);
}
