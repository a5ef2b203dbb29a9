//! What a download in progress says of itself and passes on.

use lanspread_core::{
    FetchFailure, OperationKind, PreparedDownload,
    limits::UPLOADS_DRAIN,
    root::{Staged, Step},
    transfer::limits::IMPORT_PATIENCE,
};
use lanspread_proto::{ChunkRuns, Holdings, HoldingsLog, HoldingsRequest};

use crate::*;

/// Has the game.
const SOURCE: u16 = 1;
/// May gather it as well.
const PARTNER: u16 = 2;

/// A game of four chunks and its sentinel.
fn wanted() -> Arc<Manifest> {
    const CHUNK_BYTES: u32 = 1 << 18;
    let file = |path: &str, size_bytes: u64, chunks: usize| ManifestFile {
        path: RelPath::parse(path).unwrap(),
        size_bytes,
        chunks: vec![ContentHash([7; 32]); chunks],
    };
    let files = vec![
        file("data.bin", 4 * u64::from(CHUNK_BYTES), 4),
        file("version.ini", 8, 1),
    ];
    Arc::new(Manifest::new(game(1), version(), CHUNK_BYTES, files).unwrap())
}

fn question(log: HoldingsLog, since: u32) -> Request {
    Request::Holdings(HoldingsRequest {
        id: game(1),
        manifest: wanted().hash(),
        log,
        since,
    })
}

fn chunks(of: &[u32]) -> Request {
    Request::GetGameFileChunk(ChunkRequest {
        id: game(1),
        manifest: wanted().hash(),
        chunks: of.iter().map(|&n| chunk(n)).collect(),
    })
}

/// Runs of so many chunks from these on.
fn runs(of: &[(u32, u32)]) -> ChunkRuns {
    ChunkRuns::try_from(of.to_vec()).unwrap()
}

fn holdings(response: Option<Response>) -> Holdings {
    match response {
        Some(Response::Holdings(holdings)) => holdings,
        other => panic!("no holdings: {other:?}"),
    }
}

/// Two peers are there, one has the game, and it is being downloaded: so many chunks are stored.
fn gathering(stored: u32) -> Lone {
    gathering_at(Lone::ready(vec![]), stored, [None, None])
}

/// The same at the tables that these two say.
fn gathering_at(mut lone: Lone, stored: u32, tables: [Option<TableName>; 2]) -> Lone {
    let [of_source, of_partner] = tables;
    let games = vec![GameSummary {
        id: game(1),
        title: "Game".to_owned(),
        version: version(),
        size_bytes: wanted().total_bytes(),
        manifest: Some(wanted().hash()),
    }];
    let library = state(1, &games);
    lone.ask(
        SOURCE,
        Request::Hello(Hello {
            library: library.clone(),
            table: of_source,
            ..hello(SOURCE)
        }),
    );
    let asked = lone.requests(|request| *request == Request::LibrarySnapshot)[0];
    let snapshot = LibrarySnapshot {
        state: library,
        games,
    };
    lone.feed(Input::Responded {
        effect: asked,
        result: Ok(Response::LibrarySnapshot(snapshot)),
    });
    lone.ask(PARTNER, Request::Hello(hello(PARTNER).at_table(of_partner)));
    let command = PeerCommand::DownloadGameFiles {
        id: game(1),
        then: lanspread_core::AfterDownload::Keep,
        room: lanspread_core::DownloadRoom::KeepOld,
    };
    assert_eq!(lone.command(command), Some(Ok(())));
    let effect = lone.ids(|effect| matches!(effect, Effect::FetchManifest { .. }))[0];
    lone.feed(Input::ManifestFetched {
        effect,
        result: Ok(lanspread_core::ManifestAnswer::Manifest(wanted())),
    });
    let effect = lone.ids(|effect| matches!(effect, Effect::PrepareDownload { .. }))[0];
    let stored = (0..stored).map(chunk).collect();
    lone.feed(Input::DownloadPrepared {
        effect,
        result: Ok(PreparedDownload { stored }),
    });
    lone
}

impl Lone {
    /// The questions for holdings so far: who was asked, and what.
    fn asked_holdings(&self) -> Vec<(PeerId, EffectId, HoldingsRequest)> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Request {
                    effect,
                    to,
                    request: Request::Holdings(question),
                    ..
                } => Some((to.peer_id, *effect, question.clone())),
                _ => None,
            })
            .collect()
    }

    /// The first that was asked what it holds says that it has everything.
    fn partner_has_all(&mut self) {
        let (_, effect, _) = self.asked_holdings()[0].clone();
        let everything = Holdings {
            log: HoldingsLog(3),
            upto: 5,
            chunks: runs(&[(0, 5)]),
        };
        self.feed(Input::Responded {
            effect,
            result: Ok(Response::Holdings(everything)),
        });
    }

    /// The fetches so far: of whom, and what.
    fn fetches(&self) -> Vec<(EffectId, PeerId, Vec<ChunkRef>)> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::FetchChunks {
                    effect,
                    from,
                    chunks,
                    ..
                } => Some((*effect, from.peer_id, chunks.clone())),
                _ => None,
            })
            .collect()
    }

    /// Every fetch ends with all of its chunks, until none is left.
    fn fetch_all(&mut self) {
        self.fetch_all_but(0);
    }

    /// The same, but so many first ones have ended already.
    fn fetch_all_but(&mut self, mut done: usize) {
        while let Some((effect, _, stored)) = self.fetches().get(done).cloned() {
            done += 1;
            self.feed(Input::ChunksFetched {
                effect,
                stored,
                elapsed: Duration::from_millis(10),
                result: Ok(()),
            });
        }
    }

    /// The answer to the last question that is not answered yet.
    fn late_reply(&self) -> Option<Response> {
        let reply = ReplyId(self.next);
        self.effects.iter().find_map(|effect| match effect {
            Effect::Reply {
                reply: answered,
                response,
            } if *answered == reply => Some(response.clone()),
            _ => None,
        })
    }

    fn observes(&self) -> usize {
        self.ids(|effect| matches!(effect, Effect::ObserveRoot { .. }))
            .len()
    }
}

#[test]
fn whoever_begins_to_gather_asks_everybody_who_has_it_not() {
    let lone = gathering(0);
    let asked = lone.asked_holdings();
    let [(peer, _, question)] = &asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!(*peer, id(PARTNER));
    assert_eq!((question.log, question.since), (HoldingsLog::NONE, 0));
    assert_eq!(question.manifest, wanted().hash());
}

#[test]
fn what_a_neighbour_should_fetch_is_not_asked_of_another_table() {
    let table = |name| Some(TableName::new(name).unwrap());
    let mut lone = Lone::made_with(|config| config.table = table("a"));
    lone.take_part(vec![]);
    let mut lone = gathering_at(lone, 0, [table("b"), table("a")]);
    let (_, effect, _) = lone.asked_holdings()[0].clone();
    let nothing = Holdings {
        log: HoldingsLog(5),
        upto: 0,
        chunks: runs(&[]),
    };
    lone.feed(Input::Responded {
        effect,
        result: Ok(Response::Holdings(nothing)),
    });
    let asked = |lone: &Lone| -> usize {
        let fetches = lone.fetches();
        fetches.iter().map(|(_, _, chunks)| chunks.len()).sum()
    };
    lone.fetch_all();
    let shared = asked(&lone);
    assert!(shared < 5, "{:?}", lone.fetches());
    lone.pass(IMPORT_PATIENCE);
    assert!(
        asked(&lone) > shared,
        "nobody waits for a neighbour for ever"
    );
}

#[test]
fn a_peer_that_is_introduced_later_is_asked_then() {
    let mut lone = gathering(0);
    lone.greet(3);
    assert_eq!(lone.asked_holdings().last().unwrap().0, id(3));
    assert_eq!(lone.asked_holdings().len(), 2);
}

#[test]
fn a_peer_that_gathers_nothing_says_so() {
    let mut lone = Lone::ready(vec![root(1)]);
    lone.greet(PARTNER);
    let response = lone.ask(PARTNER, question(HoldingsLog::NONE, 0));
    assert_eq!(refusal(response), RefusalKind::NotAvailable);
}

#[test]
fn chunks_that_are_stored_are_said_and_given_and_others_are_not() {
    let mut lone = gathering(2);
    let said = holdings(lone.ask(PARTNER, question(HoldingsLog::NONE, 0)));
    assert_ne!(said.log, HoldingsLog::NONE);
    assert_eq!((said.upto, said.chunks), (2, runs(&[(0, 2)])));
    assert_eq!(lone.ask(PARTNER, chunks(&[0, 1])), None);
    let refused = refusal(lone.ask(PARTNER, chunks(&[0, 2])));
    assert_eq!(refused, RefusalKind::NotAvailable);

    let (effect, _, fetched) = lone.fetches()[0].clone();
    lone.feed(Input::ChunkStored {
        effect,
        chunk: fetched[0],
    });
    let file = fetched[0].file;
    let stored = Request::GetGameFileChunk(ChunkRequest {
        id: game(1),
        manifest: wanted().hash(),
        chunks: vec![fetched[0]],
    });
    assert_eq!(lone.ask(PARTNER, stored), None, "as soon as it is stored");
    lone.pass(Duration::from_millis(100));
    let more = holdings(lone.ask(PARTNER, question(said.log, said.upto)));
    let number = if file == 1 { 4 } else { fetched[0].chunk };
    let run = runs(&[(number, 1)]);
    assert_eq!((more.log, more.upto, more.chunks), (said.log, 3, run));
    let beyond = refusal(lone.ask(PARTNER, question(said.log, 4)));
    assert_eq!(beyond, RefusalKind::BadRequest);
}

#[test]
fn a_question_waits_for_something_new() {
    let mut lone = gathering(1);
    let said = holdings(lone.ask(PARTNER, question(HoldingsLog::NONE, 0)));
    assert_eq!(lone.ask(PARTNER, question(said.log, 1)), None);
    lone.pass(Duration::from_millis(500));
    assert_eq!(lone.late_reply(), None);
    let (effect, _, fetched) = lone.fetches()[0].clone();
    lone.feed(Input::ChunkStored {
        effect,
        chunk: fetched[0],
    });
    assert_eq!(holdings(lone.late_reply()).upto, 2);
}

#[test]
fn what_a_partner_has_is_fetched_from_it() {
    let mut lone = gathering(0);
    lone.partner_has_all();
    lone.ask(SOURCE, Request::Goodbye);
    lone.pass(Duration::from_secs(1));
    let from_partner = lone
        .fetches()
        .into_iter()
        .any(|(_, peer, _)| peer == id(PARTNER));
    assert!(from_partner, "{:?}", lone.fetches());
    let again = lone.asked_holdings();
    let last = &again.last().unwrap().2;
    assert_eq!((last.log, last.since), (HoldingsLog(3), 5));
}

#[test]
fn what_waits_at_a_source_is_taken_back_when_a_partner_has_it_and_fetched_from_the_partner() {
    let table = Some(TableName::new("a").unwrap());
    let mut lone = Lone::made_with(|config| config.table.clone_from(&table));
    lone.take_part(vec![]);
    let mut lone = gathering_at(lone, 0, [table.clone(), table]);
    let waits = lone.fetches();
    assert!(waits.iter().all(|(_, peer, _)| *peer == id(SOURCE)));
    lone.partner_has_all();
    let back: Vec<(PeerId, ChunkRequest)> = lone
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Request {
                to,
                request: Request::TakeBack(back),
                ..
            } => Some((to.peer_id, back.clone())),
            _ => None,
        })
        .collect();
    let all: Vec<ChunkRef> = waits
        .iter()
        .flat_map(|(_, _, chunks)| chunks.clone())
        .collect();
    let told = ChunkRequest {
        id: game(1),
        manifest: wanted().hash(),
        chunks: all.clone(),
    };
    assert_eq!(back, [(id(SOURCE), told)], "in one message");

    let count = waits.len();
    for (effect, _, _) in waits {
        lone.feed(Input::ChunksFetched {
            effect,
            stored: Vec::new(),
            elapsed: Duration::from_millis(1),
            result: Err(FetchFailure::TakenBack),
        });
    }
    lone.fetch_all_but(count);
    let fetched: Vec<ChunkRef> = lone.fetches()[count..]
        .iter()
        .filter(|(_, peer, _)| *peer == id(PARTNER))
        .flat_map(|(_, _, chunks)| chunks.clone())
        .collect();
    assert!(
        all.iter().all(|chunk| fetched.contains(chunk)),
        "{fetched:?}"
    );
    let is_trouble = |event: &PeerEvent| matches!(event, PeerEvent::SourceDropped { .. });
    assert_eq!(lone.count(is_trouble), 0);
}

#[test]
fn a_partner_that_breaks_the_rules_is_blamed_and_asked_no_more() {
    let mut lone = gathering(0);
    for n in 0..40 {
        let Some((_, effect, _)) = lone.asked_holdings().get(n).cloned() else {
            assert_eq!(n, 1, "asked again");
            break;
        };
        let chunks = runs(&[(0, 6)]);
        let log = HoldingsLog(3);
        let upto = 6;
        lone.feed(Input::Responded {
            effect,
            result: Ok(Response::Holdings(Holdings { log, upto, chunks })),
        });
        lone.pass(Duration::from_secs(3));
    }
    let from_partner = lone
        .fetches()
        .into_iter()
        .any(|(_, peer, _)| peer == id(PARTNER));
    assert!(!from_partner);
}

#[test]
fn uploads_may_end_when_a_download_is_complete_but_not_for_long() {
    let mut lone = gathering(1);
    assert_eq!(lone.ask(PARTNER, chunks(&[0])), None);
    let log = holdings(lone.ask(PARTNER, question(HoldingsLog::NONE, 0))).log;
    assert_eq!(lone.ask(PARTNER, question(log, 1)), None);
    let serve = lone.ids(|effect| matches!(effect, Effect::ServeChunks { .. }))[0];
    let aborted = |lone: &Lone| {
        lone.effects
            .iter()
            .any(|effect| matches!(effect, Effect::Abort { effect } if *effect == serve))
    };
    lone.fetch_all();
    assert_eq!(refusal(lone.late_reply()), RefusalKind::NotAvailable);
    assert_eq!(lone.observes(), 0, "an upload still reads the files");
    assert!(!aborted(&lone));
    assert_eq!(
        refusal(lone.ask(PARTNER, question(log, 5))),
        RefusalKind::NotAvailable
    );
    assert_eq!(refusal(lone.ask(PARTNER, chunks(&[0]))), RefusalKind::Busy);
    let tick = Duration::from_millis(1);
    lone.pass(UPLOADS_DRAIN.saturating_sub(tick));
    assert!(!aborted(&lone), "at the limit");
    lone.pass(tick);
    assert!(aborted(&lone), "past it");
    assert_eq!(lone.observes(), 0);
    let result = Err(lanspread_core::ServeFailure::Aborted);
    lone.feed(Input::Served {
        effect: serve,
        sent_bytes: 0,
        result,
    });
    assert_eq!(lone.observes(), 1);
}

#[test]
fn a_cancelled_download_ends_its_uploads_at_once_and_is_swept_when_they_have_ended() {
    let mut lone = gathering(1);
    assert_eq!(lone.ask(PARTNER, chunks(&[0])), None);
    let serve = lone.ids(|effect| matches!(effect, Effect::ServeChunks { .. }))[0];
    assert_eq!(
        lone.command(PeerCommand::Cancel { id: game(1) }),
        Some(Ok(()))
    );
    let refused = refusal(lone.ask(PARTNER, chunks(&[0])));
    assert_eq!(refused, RefusalKind::NotAvailable);
    for (effect, ..) in lone.fetches() {
        lone.feed(Input::ChunksFetched {
            effect,
            stored: vec![],
            elapsed: Duration::ZERO,
            result: Err(lanspread_core::FetchFailure::Aborted),
        });
    }
    let aborted = lone
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Abort { effect } if *effect == serve));
    assert!(aborted);
    assert_eq!(lone.observes(), 0, "an upload still reads the files");
    let result = Err(lanspread_core::ServeFailure::Aborted);
    lone.feed(Input::Served {
        effect: serve,
        sent_bytes: 0,
        result,
    });
    assert_eq!(lone.observes(), 1);
}

#[test]
fn whoever_waits_for_an_answer_gets_one_when_the_peer_ends() {
    let mut lone = gathering(0);
    assert_eq!(lone.ask(PARTNER, question(HoldingsLog::NONE, 0)), None);
    lone.feed(Input::Shutdown);
    assert_eq!(refusal(lone.late_reply()), RefusalKind::NotAvailable);
}

#[test]
fn a_download_in_progress_is_not_announced() {
    let mut lone = gathering(3);
    let Some(Response::LibrarySnapshot(snapshot)) = lone.ask(PARTNER, Request::LibrarySnapshot)
    else {
        panic!("no snapshot")
    };
    assert_eq!(snapshot.games, []);
}

/// A peer that was killed while it gathered: so many chunks of this lie in its staging place.
fn interrupted() -> Lone {
    let root = RootReport {
        sentinel: SentinelReport::Absent,
        manifest: None,
        pending_download: Some(wanted().hash()),
        size_bytes: 0,
        ..root(1)
    };
    let mut lone = Lone::ready(vec![root]);
    lone.greet(PARTNER);
    lone
}

impl Lone {
    fn recalls(&self) -> Vec<EffectId> {
        self.ids(|effect| matches!(effect, Effect::RecallManifest { .. }))
    }

    fn prepares(&self) -> Vec<EffectId> {
        self.ids(|effect| matches!(effect, Effect::PrepareDownload { .. }))
    }
}

/// A gatherer that was killed and started again waited for somebody who had all of the game, although
/// partners had what it lacked: nobody announced the manifest, and it had kept it itself.
#[test]
fn a_gatherer_that_is_back_goes_on_with_a_partner_that_asks_it() {
    let mut lone = interrupted();
    assert_eq!(lone.recalls(), [], "nobody said that he gathers it");
    let response = lone.ask(PARTNER, question(HoldingsLog::NONE, 0));
    assert_eq!(refusal(response), RefusalKind::NotAvailable);
    let [effect] = lone.recalls()[..] else {
        panic!("{:?}", lone.recalls())
    };
    lone.ask(PARTNER, question(HoldingsLog::NONE, 0));
    assert_eq!(lone.recalls().len(), 1, "it is being read");
    lone.feed(Input::ManifestRecalled {
        effect,
        result: Ok(Some(wanted())),
    });
    let effect = lone.prepares()[0];
    let stored = vec![chunk(0)];
    lone.feed(Input::DownloadPrepared {
        effect,
        result: Ok(PreparedDownload { stored }),
    });
    let (peer, ..) = lone.asked_holdings()[0];
    assert_eq!(peer, id(PARTNER));
    assert!(
        lone.ids(|effect| matches!(effect, Effect::FetchManifest { .. }))
            .is_empty()
    );
}

#[test]
fn a_gatherer_whose_manifest_was_not_kept_waits_for_somebody_who_has_the_game() {
    let mut lone = interrupted();
    lone.ask(PARTNER, question(HoldingsLog::NONE, 0));
    let effect = lone.recalls()[0];
    lone.feed(Input::ManifestRecalled {
        effect,
        result: Ok(None),
    });
    lone.ask(PARTNER, question(HoldingsLog::NONE, 0));
    assert_eq!((lone.recalls().len(), lone.prepares().len()), (1, 0));
}

#[test]
fn a_partner_of_another_manifest_wakes_no_interrupted_download() {
    let mut lone = interrupted();
    let other = Request::Holdings(HoldingsRequest {
        id: game(1),
        manifest: hash(9),
        log: HoldingsLog::NONE,
        since: 0,
    });
    lone.ask(PARTNER, other);
    assert_eq!(lone.recalls(), []);
}

/// A download that rested was forgotten by a cancel and nothing else: its bytes stayed where nobody saw
/// them, and the next start went on with it unasked.
#[test]
fn a_cancel_sweeps_a_download_that_rests_and_nothing_goes_on_with_it() {
    let mut lone = interrupted();
    let cancel = || PeerCommand::Cancel { id: game(1) };
    assert_eq!(lone.command(cancel()), Some(Ok(())));
    let observes = lone.ids(|effect| matches!(effect, Effect::ObserveRoot { .. }));
    let [effect] = observes[..] else {
        panic!("{observes:?}")
    };
    lone.ask(PARTNER, question(HoldingsLog::NONE, 0));
    assert_eq!(lone.recalls(), [], "it does not go on with him");
    let staging = |staging, staged| RootObservation {
        root: Entry::PlainDir,
        staging,
        staged,
        ..RootObservation::absent()
    };
    lone.feed(Input::RootObserved {
        effect,
        result: Ok(staging(
            Entry::MarkedDir,
            Staged::Gathering(wanted().hash()),
        )),
    });
    let drops = lone
        .ids(|effect| matches!(effect, Effect::RunStep { step, .. } if *step == Step::DropStaging));
    let [effect] = drops[..] else {
        panic!("{:?}", lone.effects)
    };
    lone.feed(Input::StepDone {
        effect,
        result: Ok(StepReport::default()),
    });
    let observes = lone.ids(|effect| matches!(effect, Effect::ObserveRoot { .. }));
    lone.feed(Input::RootObserved {
        effect: observes[observes.len() - 1],
        result: Ok(staging(Entry::Absent, Staged::Nothing)),
    });
    let scans = lone.ids(|effect| matches!(effect, Effect::ScanRoot { .. }));
    lone.feed(Input::RootScanned {
        effect: scans[scans.len() - 1],
        result: Ok(None),
    });
    let cancelled = |event: &PeerEvent| {
        matches!(
            event,
            PeerEvent::OperationEnded {
                kind: OperationKind::Download,
                outcome: Outcome::Cancelled,
                ..
            }
        )
    };
    assert_eq!(lone.count(cancelled), 1);
    let nothing = lone.command(cancel()).expect("answered");
    assert_eq!(nothing.unwrap_err().kind, ErrorKind::NoOperation);
}

#[test]
fn a_download_that_rests_and_cannot_be_swept_says_so() {
    let mut lone = interrupted();
    lone.command(PeerCommand::Cancel { id: game(1) });
    let effect = lone.ids(|effect| matches!(effect, Effect::ObserveRoot { .. }))[0];
    lone.feed(Input::RootObserved {
        effect,
        result: Err(DiskFailure {
            kind: DiskFailureKind::Io,
            message: "cannot look at the root: the disk is gone".to_owned(),
        }),
    });
    let scans = lone.ids(|effect| matches!(effect, Effect::ScanRoot { .. }));
    lone.feed(Input::RootScanned {
        effect: scans[scans.len() - 1],
        result: Ok(None),
    });
    let failed = |event: &PeerEvent| {
        matches!(
            event,
            PeerEvent::OperationEnded {
                outcome: Outcome::Failed(_),
                ..
            }
        )
    };
    assert_eq!(lone.count(failed), 1);
}
