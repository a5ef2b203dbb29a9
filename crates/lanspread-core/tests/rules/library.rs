//! Libraries: announced, asked, believed, shown.

use lanspread_core::{DiskFailureKind, GameProblemKind, conduct::KEEP_AWAY};

use crate::*;

#[test]
fn a_library_past_the_limit_is_announced_up_to_it_and_users_are_told() {
    let mut lone = Lone::ready((0..=LIBRARY_GAMES_MAX).map(root).collect());
    lone.greet(1);
    let response = lone.ask(1, Request::LibrarySnapshot);
    let Some(Response::LibrarySnapshot(snapshot)) = response else {
        panic!("{response:?}")
    };
    assert_eq!(snapshot.games.len(), LIBRARY_GAMES_MAX);
    assert_eq!(lone.count(|event| matches!(event, PeerEvent::Notice(_))), 1);
}

#[test]
fn a_peer_that_lies_about_its_library_is_kept_away_and_asked_anew_when_it_comes_back() {
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
    assert_eq!(
        u32::try_from(before),
        Ok(BAD_ANSWERS_MAX),
        "the last one is given up"
    );
    assert_eq!(lone.peer.view().games.len(), 0);
    assert_eq!(lone.live(), 0, "it is kept away");
    lone.pass(KEEP_AWAY);
    let games = summaries(4);
    lone.ask(
        1,
        Request::Hello(Hello {
            library: state(2, &games),
            ..hello(1)
        }),
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
    let mut lone = Lone::with_catalog(Catalog::of_games(games), vec![root(1), root(2)]);
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

#[test]
fn no_more_than_the_limit_of_absent_libraries_is_remembered() {
    let mut lone = Lone::ready(Vec::new());
    let peers = short(ABSENT_LIBRARIES_MAX) + 1;
    for n in 0..peers {
        assert!(lone.greet_with(n, 1));
        lone.ask(n, Request::Goodbye);
    }
    assert!(
        !lone.greet_with(peers - 1, 1),
        "its library is remembered: nothing is asked"
    );
    assert!(lone.greet_with(0, 1), "the oldest one was forgotten");
}

#[test]
fn no_more_than_the_limit_of_remote_games_is_remembered() {
    let mut lone = Lone::ready(Vec::new());
    let peers = short(REMOTE_GAMES_MAX / LIBRARY_GAMES_MAX);
    for n in 0..peers {
        assert!(lone.greet_with(n, LIBRARY_GAMES_MAX));
    }
    lone.greet_with(peers, 1);
    let games: usize = lone.peer.view().peers.iter().map(|peer| peer.games).sum();
    assert_eq!(games, REMOTE_GAMES_MAX);
}

#[test]
fn no_more_than_the_limit_of_roots_is_looked_at() {
    let mut lone = Lone::ready((0..=ROOTS_MAX).map(root).collect());
    assert_eq!(lone.peer.view().games.len(), ROOTS_MAX);
    lone.feed(Input::GameDirChanged {
        id: Some(game(ROOTS_MAX + 1)),
    });
    lone.pass(Duration::from_millis(200));
    let scan = lone.ids(|effect| matches!(effect, Effect::ScanRoot { .. }))[0];
    lone.feed(Input::RootScanned {
        effect: scan,
        result: Ok(Some(root(ROOTS_MAX + 1))),
    });
    assert_eq!(lone.peer.view().games.len(), ROOTS_MAX);
}

#[test]
fn a_root_that_cannot_be_hashed_is_told_once_tried_again_and_shared_when_it_can() {
    let unhashed = RootReport {
        manifest: None,
        ..root(1)
    };
    let mut lone = Lone::ready(vec![unhashed.clone()]);
    let hashes = |lone: &Lone| lone.ids(|effect| matches!(effect, Effect::HashRoot { .. }));
    let notices = |lone: &Lone| lone.count(|event| matches!(event, PeerEvent::Notice(_)));
    for n in 0..3 {
        let failure = DiskFailure {
            kind: DiskFailureKind::NotAllowed,
            message: "not allowed".to_owned(),
        };
        let hash = hashes(&lone)[n];
        lone.feed(Input::RootHashed {
            effect: hash,
            result: Err(failure),
            recorded: None,
        });
        lone.pass(Duration::from_secs(1));
        let view = lone.peer.view();
        let problem = view.games[0].problem.as_ref().unwrap();
        assert_eq!(problem.kind, GameProblemKind::NotAllowed);
        assert_eq!(problem.message, "not allowed");
        assert_eq!(notices(&lone), 1);
        lone.pass(Duration::from_mins(5));
        let scan = *lone
            .ids(|effect| matches!(effect, Effect::ScanLibrary { .. }))
            .last()
            .unwrap();
        lone.feed(Input::LibraryScanned {
            effect: scan,
            result: Ok(vec![unhashed.clone()].into()),
            free_bytes: None,
        });
    }
    let hash = *hashes(&lone).last().unwrap();
    let manifest = small_manifest(version());
    lone.feed(Input::RootHashed {
        effect: hash,
        result: Ok(manifest),
        recorded: None,
    });
    lone.pass(Duration::from_secs(1));
    assert_eq!(lone.peer.view().games[0].problem, None);
    lone.greet(1);
    let response = lone.ask(1, Request::ListGames);
    let Some(Response::Games { games }) = response else {
        panic!("{response:?}")
    };
    assert_eq!(games.len(), 1);
}

#[test]
fn users_see_which_root_is_hashed_how_far_that_is_and_which_wait() {
    let unhashed = |n| RootReport {
        manifest: None,
        ..root(n)
    };
    let mut lone = Lone::ready(vec![unhashed(1), unhashed(2), root(3)]);
    let shown = |lone: &mut Lone| {
        let view = lone.peer.view();
        let waits: Vec<bool> = view.games.iter().map(|game| game.to_hash).collect();
        let hashing = view.hashing.clone();
        let hashing = hashing.map(|it| (it.id, it.hashed_bytes, it.total_bytes));
        (hashing, waits)
    };
    assert_eq!(
        shown(&mut lone),
        (Some((game(1), 0, 0)), vec![true, true, false])
    );
    let hashes = |lone: &Lone| lone.ids(|effect| matches!(effect, Effect::HashRoot { .. }));
    let effect = hashes(&lone)[0];
    lone.feed(Input::HashProgress {
        effect,
        hashed_bytes: 3,
        total_bytes: 9,
    });
    assert_eq!(shown(&mut lone).0, Some((game(1), 3, 9)));
    let end_hash = |lone: &mut Lone, effect| {
        lone.feed(Input::RootHashed {
            effect,
            result: Ok(small_manifest(version())),
            recorded: None,
        });
    };
    end_hash(&mut lone, effect);
    assert_eq!(
        shown(&mut lone),
        (Some((game(2), 0, 0)), vec![false, true, false])
    );
    let effect = hashes(&lone)[1];
    end_hash(&mut lone, effect);
    assert_eq!(shown(&mut lone), (None, vec![false; 3]));
}

#[test]
fn a_directory_that_cannot_be_read_is_told_once_and_seen_until_it_can() {
    let mut lone = Lone::ready(vec![root(1)]);
    let notices = |lone: &Lone| lone.count(|event| matches!(event, PeerEvent::Notice(_)));
    let look = |lone: &mut Lone, result: Result<Vec<RootReport>, DiskFailure>| {
        lone.feed(Input::GameDirChanged { id: None });
        lone.pass(Duration::from_secs(1));
        let scans = lone.ids(|effect| matches!(effect, Effect::ScanLibrary { .. }));
        lone.feed(Input::LibraryScanned {
            effect: *scans.last().unwrap(),
            result: result.map(Into::into),
            free_bytes: None,
        });
    };
    let gone = || {
        Err(DiskFailure {
            kind: DiskFailureKind::NotFound,
            message: "/games is gone".to_owned(),
        })
    };
    for _ in 0..3 {
        look(&mut lone, gone());
        let view = lone.peer.view();
        let problem = view.game_dir_problem.as_ref().unwrap();
        assert_eq!(problem.kind, DiskFailureKind::NotFound);
        assert_eq!(problem.message, "/games is gone");
        assert_eq!(view.games.len(), 1, "it may come again");
        assert_eq!(notices(&lone), 1);
    }
    look(&mut lone, Ok(vec![root(1)]));
    assert_eq!(lone.peer.view().game_dir_problem, None);
    assert_eq!(notices(&lone), 2);
}

#[test]
fn what_lies_in_a_further_directory_that_cannot_be_read_stays_shown_and_nothing_begins_on_it() {
    let mut lone = Lone::ready(vec![root(1), root(2)]);
    let notices = |lone: &Lone| lone.count(|event| matches!(event, PeerEvent::Notice(_)));
    let look = |lone: &mut Lone, report: LibraryReport| {
        lone.feed(Input::GameDirChanged { id: None });
        lone.pass(Duration::from_secs(1));
        let scans = lone.ids(|effect| matches!(effect, Effect::ScanLibrary { .. }));
        lone.feed(Input::LibraryScanned {
            effect: *scans.last().unwrap(),
            result: Ok(report),
            free_bytes: None,
        });
    };
    let more = |problem: Option<&str>| GameDirReport {
        path: "/more".into(),
        problem: problem.map(|message| DiskFailure {
            kind: DiskFailureKind::NotFound,
            message: message.to_owned(),
        }),
        free_bytes: None,
    };
    let away = || LibraryReport {
        roots: vec![root(1)],
        away: [(game(2), "/more".into())].into(),
        more_dirs: vec![more(Some("it is gone"))],
        ..LibraryReport::default()
    };
    for _ in 0..2 {
        look(&mut lone, away());
        let view = lone.peer.view();
        assert_eq!(view.games.len(), 2, "it may come again");
        assert_eq!(view.game_dir_problem, None);
        assert_eq!(view.more_game_dirs, [more(Some("it is gone"))]);
        assert_eq!(notices(&lone), 1, "told once");
    }
    for command in [
        PeerCommand::VerifyGame { id: game(2) },
        PeerCommand::RemoveGame { id: game(2) },
        PeerCommand::DownloadGameFiles {
            id: game(2),
            then: lanspread_core::AfterDownload::Keep,
            room: DownloadRoom::KeepOld,
        },
    ] {
        let refused = lone.command(command).unwrap().unwrap_err();
        assert_eq!(refused.kind, ErrorKind::FolderAway);
        assert!(refused.message.contains("/more"), "{refused}");
    }
    let back = LibraryReport {
        more_dirs: vec![more(None)],
        ..vec![root(1), root(2)].into()
    };
    look(&mut lone, back);
    assert_eq!(notices(&lone), 2);
    let verified = lone.command(PeerCommand::VerifyGame { id: game(2) });
    assert_eq!(verified, Some(Ok(())));
}

#[test]
fn games_that_lie_twice_are_told_once_and_no_more_than_the_limit_by_name() {
    let mut lone = Lone::ready(Vec::new());
    let found = |n| FoundTwice {
        id: game(n),
        used: "/games".into(),
        passed_over: "/more".into(),
    };
    let named = |lone: &Lone| -> Vec<usize> {
        let told = lone.effects.iter().filter_map(|effect| match effect {
            Effect::Emit(PeerEvent::Notice(notice)) => Some(notice.message.matches("(in ").count()),
            _ => None,
        });
        told.collect()
    };
    let look = |lone: &mut Lone, count| {
        lone.feed(Input::GameDirChanged { id: None });
        lone.pass(Duration::from_secs(1));
        let scans = lone.ids(|effect| matches!(effect, Effect::ScanLibrary { .. }));
        lone.feed(Input::LibraryScanned {
            effect: *scans.last().unwrap(),
            result: Ok(LibraryReport {
                twice: (0..count).map(found).collect(),
                ..(0..count).map(root).collect::<Vec<_>>().into()
            }),
            free_bytes: None,
        });
    };
    look(&mut lone, TWICE_NAMED_MAX);
    look(&mut lone, TWICE_NAMED_MAX);
    assert_eq!(named(&lone), [TWICE_NAMED_MAX]);
    assert_eq!(
        lone.peer.view().games.len(),
        TWICE_NAMED_MAX,
        "they are shared"
    );
    look(&mut lone, 2 * TWICE_NAMED_MAX + 1);
    assert_eq!(
        named(&lone),
        [TWICE_NAMED_MAX, TWICE_NAMED_MAX],
        "of the new ones"
    );
}

/// A game was removed, and the view was read within the debounce time of the announcement: it counted
/// the own version as announced still, and nothing made it look again. Found by a random walk.
#[test]
fn a_view_read_right_after_a_removal_does_not_go_stale() {
    let mut games = lanspread_db::GameDB::new();
    games.insert(lanspread_db::Game::new(game(1)));
    let mut lone = Lone::with_catalog(Catalog::of_games(games), vec![root(1)]);
    assert_eq!(lone.peer.view().games[0].expected_version, Some(version()));
    lone.feed(Input::GameDirChanged { id: Some(game(1)) });
    lone.pass(Duration::from_millis(200));
    let scan = lone.ids(|effect| matches!(effect, Effect::ScanRoot { .. }))[0];
    lone.feed(Input::RootScanned {
        effect: scan,
        result: Ok(None),
    });
    assert_eq!(lone.peer.view().games[0].expected_version, None);
    lone.pass(Duration::from_secs(1));
    assert_eq!(lone.peer.view().games[0].expected_version, None);
}
