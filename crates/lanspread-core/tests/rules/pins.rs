//! What a catalog pins: nothing else is announced, served or fetched, and users see why.

use lanspread_core::{AfterDownload, GameProblemKind, ManifestAnswer, Standing};
use lanspread_db::{Game, GameDB, Pins};

use crate::*;

/// What is pinned in all of these.
const PINNED: u8 = 7;
/// What is not.
const TAMPERED: u8 = 9;

fn catalog(of: ManifestHash) -> Catalog {
    let games: GameDB = [Game {
        version: Some(version()),
        ..Game::new(game(1))
    }]
    .into_iter()
    .collect();
    let mut pins = Pins::new();
    pins.insert(game(1), version(), of);
    Catalog::of_games(games).with_pins(pins)
}

fn copy(manifest: Option<ManifestHash>) -> RootReport {
    RootReport {
        manifest,
        ..root(1)
    }
}

fn download() -> PeerCommand {
    PeerCommand::DownloadGameFiles {
        id: game(1),
        then: AfterDownload::Keep,
        room: DownloadRoom::KeepOld,
    }
}

fn refused(lone: &mut Lone, command: PeerCommand) -> CommandRefused {
    lone.command(command).unwrap().unwrap_err()
}

impl Lone {
    /// A peer joins that offers this.
    fn offered(&mut self, from: u16, stamp: Version, manifest: ManifestHash) {
        let mut games = summaries(2);
        games.remove(0);
        games[0].version = stamp;
        games[0].manifest = Some(manifest);
        let introduced = Hello {
            library: state(1, &games),
            ..hello(from)
        };
        self.ask(from, Request::Hello(introduced));
        let question = *self
            .requests(|request| *request == Request::LibrarySnapshot)
            .last()
            .unwrap();
        let snapshot = LibrarySnapshot {
            state: state(1, &games),
            games,
        };
        self.feed(Input::Responded {
            effect: question,
            result: Ok(Response::LibrarySnapshot(snapshot)),
        });
    }

    fn announced(&mut self) -> usize {
        match self.ask(1, Request::ListGames) {
            Some(Response::Games { games }) => games.len(),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_own_copy_beside_the_pin_is_shown_and_neither_announced_nor_served() {
    let catalog = catalog(hash(PINNED));
    let mut lone = Lone::with_catalog(catalog, vec![copy(Some(hash(TAMPERED)))]);
    lone.greet(1);
    assert_eq!(lone.announced(), 0);
    for request in [
        Request::GetGame { id: game(1) },
        Request::GetGameFileChunk(ChunkRequest {
            id: game(1),
            manifest: hash(TAMPERED),
            chunks: vec![chunk(0)],
        }),
    ] {
        assert_eq!(refusal(lone.ask(1, request)), RefusalKind::NotAvailable);
    }
    let view = lone.peer.view();
    let shown = &view.games[0];
    assert!(shown.downloaded);
    assert_eq!(shown.manifest, Some(hash(TAMPERED)));
    assert_eq!(shown.pinned, Some(hash(PINNED)));
    let problem = shown.problem.clone().unwrap();
    assert_eq!(problem.kind, GameProblemKind::NotPinned);
    let problem = problem.to_string();
    assert!(problem.contains("that the catalog pins"), "{problem}");
    // It is not what this party plays, and a download would not make it so: a repair does.
    let refused = refused(&mut lone, download());
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert!(refused.message.contains("verify"), "{}", refused.message);
}

#[test]
fn an_own_copy_that_is_pinned_is_shared_as_any_other() {
    let mut lone = Lone::with_catalog(catalog(hash(PINNED)), vec![copy(Some(hash(PINNED)))]);
    lone.greet(1);
    assert_eq!(lone.announced(), 1);
    assert_eq!(lone.ask(1, Request::GetGame { id: game(1) }), None);
    assert_eq!(lone.peer.view().games[0].problem, None);
    assert_eq!(refused(&mut lone, download()).kind, ErrorKind::UpToDate);
}

#[test]
fn a_copy_that_turns_out_to_be_another_one_when_it_is_hashed_is_withdrawn() {
    let mut lone = Lone::with_catalog(catalog(hash(PINNED)), vec![copy(None)]);
    lone.greet(1);
    assert_eq!(lone.announced(), 1, "it may be the right one");
    let hashing = lone.ids(|effect| matches!(effect, Effect::HashRoot { .. }))[0];
    lone.feed(Input::RootHashed {
        effect: hashing,
        result: Ok(small_manifest(version())),
        recorded: None,
    });
    lone.pass(Duration::from_secs(1));
    assert_eq!(lone.announced(), 0);
    assert!(lone.peer.view().games[0].problem.is_some());
}

#[test]
fn a_peer_beside_the_pin_is_no_source_and_users_see_who_says_what() {
    let mut lone = Lone::with_catalog(catalog(hash(PINNED)), Vec::new());
    lone.offered(1, version(), hash(TAMPERED));
    let view = lone.peer.view();
    assert_eq!(view.games[0].peers, []);
    let offers = &view.games[0].offers;
    assert_eq!(offers.len(), 1);
    assert_eq!(offers[0].standing, Standing::NotPinned);
    assert_eq!(offers[0].peers, [id(1)]);
    let refused = refused(&mut lone, download());
    assert_eq!(refused.kind, ErrorKind::NoSource);
    assert!(
        refused.message.contains("pinned by the catalog")
            && refused.message.contains("peer1 offers other files"),
        "{}",
        refused.message
    );

    lone.offered(2, version(), hash(PINNED));
    let view = lone.peer.view();
    assert_eq!(view.games[0].peers, [id(2)]);
    let standings: Vec<Standing> = view.games[0]
        .offers
        .iter()
        .map(|offer| offer.standing)
        .collect();
    assert_eq!(standings, [Standing::Source, Standing::NotPinned]);
    assert_eq!(lone.command(download()), Some(Ok(())));
    assert_eq!(
        lone.count(
            |event| matches!(event, PeerEvent::ManifestConflict { chosen, pinned, offers, .. }
            if *chosen == Some(hash(PINNED)) && pinned == chosen && offers.len() == 2)
        ),
        1
    );
    let fetches = lone.effects.iter().filter_map(|effect| match effect {
        Effect::FetchManifest { from, expect, .. } => Some((from.peer_id, *expect)),
        _ => None,
    });
    assert_eq!(fetches.collect::<Vec<_>>(), [(id(2), hash(PINNED))]);
}

/// A manifest was named by its hash alone: a peer that announces tampered files of a pinned version as
/// those of another version, which is not pinned, would have had them fetched where the catalog does
/// not say which version is played. What a manifest says of itself is held to the pin as well.
#[test]
fn pinned_files_cannot_be_replaced_under_the_name_of_another_version() {
    let games: GameDB = [Game::new(game(1))].into_iter().collect();
    let mut pins = Pins::new();
    pins.insert(game(1), version(), hash(PINNED));
    let mut lone = Lone::with_catalog(Catalog::of_games(games).with_pins(pins), Vec::new());
    let smuggled = small_manifest(version());
    let later = Version::parse("29991231").unwrap();
    lone.offered(1, later, smuggled.hash());
    assert_eq!(lone.command(download()), Some(Ok(())));
    let fetch = |lone: &Lone| lone.ids(|effect| matches!(effect, Effect::FetchManifest { .. }));
    for n in 0..usize::try_from(MANIFEST_ROUNDS_MAX).unwrap() {
        let asked = fetch(&lone)[n];
        lone.feed(Input::ManifestFetched {
            effect: asked,
            result: Ok(ManifestAnswer::Manifest(Arc::clone(&smuggled))),
        });
        lone.pass(Duration::from_secs(2));
    }
    let last_look = *lone
        .ids(|effect| matches!(effect, Effect::ScanRoot { .. }))
        .last()
        .unwrap();
    lone.feed(Input::RootScanned {
        effect: last_look,
        result: Ok(None),
    });
    let told = lone.events().into_iter().find_map(|event| match event {
        PeerEvent::OperationEnded {
            outcome: Outcome::Failed(error),
            ..
        } => Some(error.clone()),
        _ => None,
    });
    let error = told.expect("the download failed");
    assert_eq!(error.kind, ErrorKind::SourcesFailed);
    assert!(
        error.message.contains("than the catalog pins"),
        "{}",
        error.message
    );
    assert!(
        lone.ids(|effect| matches!(effect, Effect::PrepareDownload { .. }))
            .is_empty(),
        "nothing was begun on the disk"
    );
}

#[test]
fn a_verification_of_a_copy_beside_the_pin_fetches_what_is_pinned() {
    let tampered = small_manifest(version());
    let mut lone = Lone::with_catalog(catalog(hash(PINNED)), vec![copy(Some(tampered.hash()))]);
    lone.offered(1, version(), tampered.hash());
    lone.offered(2, version(), hash(PINNED));
    let verify = PeerCommand::VerifyGame { id: game(1) };
    assert_eq!(lone.command(verify), Some(Ok(())));
    let reading = *lone
        .ids(|effect| matches!(effect, Effect::HashRoot { .. }))
        .last()
        .unwrap();
    lone.feed(Input::RootHashed {
        effect: reading,
        result: Ok(tampered),
        recorded: None,
    });
    let fetches = lone.effects.iter().filter_map(|effect| match effect {
        Effect::FetchManifest { from, expect, .. } => Some((from.peer_id, *expect)),
        _ => None,
    });
    assert_eq!(fetches.collect::<Vec<_>>(), [(id(2), hash(PINNED))]);
}
