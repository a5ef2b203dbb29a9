//! Commands, operations, questions and the game directory, and their limits.

use lanspread_core::OperationNote;

use crate::*;

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
        result: Ok(Vec::new().into()),
        free_bytes: None,
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

/// Found by the simulator: the disk was full for a moment at the last step of a removal, which failed,
/// and its intent log stayed in the root until the peer was started anew. Recovery was begun at the first
/// look alone. Every look at the whole directory begins it for what it finds unfinished.
#[test]
fn what_a_failed_operation_left_is_recovered_at_the_next_look_at_all() {
    let mut lone = Lone::ready(vec![root(0), root(1)]);
    assert!(lone.peer.view().operations.is_empty());
    lone.feed(Input::GameDirChanged { id: None });
    lone.pass(Duration::from_secs(1));
    let scans = lone.ids(|effect| matches!(effect, Effect::ScanLibrary { .. }));
    let left = RootReport {
        unsettled: true,
        ..root(1)
    };
    lone.feed(Input::LibraryScanned {
        effect: scans[scans.len() - 1],
        result: Ok(vec![root(0), left].into()),
        free_bytes: None,
    });
    let view = lone.peer.view();
    let [running] = &view.operations[..] else {
        panic!("{:?}", view.operations)
    };
    assert_eq!(
        (&running.id, running.kind),
        (&game(1), lanspread_core::OperationKind::Recover)
    );
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
        result: Ok(vec![root(2)].into()),
        free_bytes: None,
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
fn further_game_directories_are_opened_the_same_way_unless_they_clash_or_are_too_many() {
    let mut lone = Lone::ready(vec![root(1)]);
    let more = |paths: Vec<String>| PeerCommand::SetMoreGameDirs {
        paths: paths.into_iter().map(Into::into).collect(),
    };
    let many = |count: usize| more((0..count).map(|n| format!("/more{n}")).collect());
    let refusal = |lone: &mut Lone, command| lone.command(command).unwrap().unwrap_err();
    let refused = refusal(&mut lone, many(MORE_GAME_DIRS_MAX + 1));
    assert_eq!(refused.kind, ErrorKind::BadInput);
    for clash in [["/more", "/more"], ["/more", "/more/old"]] {
        let refused = refusal(&mut lone, more(clash.map(str::to_owned).into()));
        assert_eq!(refused.kind, ErrorKind::FoldersClash);
    }
    assert_eq!(
        lone.command(many(MORE_GAME_DIRS_MAX)),
        None,
        "answered when they are open"
    );
    let open = lone.ids(|effect| {
        matches!(effect, Effect::OpenMoreGameDirs { paths, .. } if paths.len() == MORE_GAME_DIRS_MAX)
    });
    lone.feed(Input::GameDirOpened {
        effect: open[0],
        result: Ok(()),
    });
    let scans = lone.ids(|effect| matches!(effect, Effect::ScanLibrary { .. }));
    assert_eq!(scans.len(), 2, "all is looked at anew");
}

#[test]
fn no_more_than_the_limit_of_questions_runs() {
    let mut lone = Lone::ready(Vec::new());
    assert!(lone.greet_with(1, INQUIRIES_MAX + 1));
    for n in 0..INQUIRIES_MAX {
        assert_eq!(
            lone.command(PeerCommand::GetGame { id: game(n) }),
            Some(Ok(()))
        );
    }
    let refused = lone.command(PeerCommand::GetGame {
        id: game(INQUIRIES_MAX),
    });
    assert_eq!(refused.unwrap().unwrap_err().kind, ErrorKind::Busy);
}

#[test]
fn every_source_is_asked_for_the_manifest_a_bounded_number_of_times() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet_with(1, 1);
    assert_eq!(
        lone.command(PeerCommand::GetGame { id: game(0) }),
        Some(Ok(()))
    );
    let asked = |lone: &Lone| lone.ids(|effect| matches!(effect, Effect::FetchManifest { .. }));
    for _ in 0..10 {
        let Some(&last) = asked(&lone).last() else {
            break;
        };
        let result = Err(RequestFailure::Connection("broken".to_owned()));
        lone.feed(Input::ManifestFetched {
            effect: last,
            result,
        });
        lone.pass(Duration::from_secs(1));
        if asked(&lone).last() == Some(&last) {
            break;
        }
    }
    assert_eq!(asked(&lone).len(), MANIFEST_ROUNDS_MAX as usize);
    let failed = |event: &PeerEvent| {
        matches!(event, PeerEvent::GetGameFailed { error, .. }
            if error.kind == ErrorKind::SourcesFailed)
    };
    assert_eq!(lone.count(failed), 1);
}

fn observed() -> RootObservation {
    RootObservation {
        root: Entry::PlainDir,
        sentinel: Entry::File,
        version: Some(version()),
        local: Entry::MarkedDir,
        ..RootObservation::absent()
    }
}

/// Answers whatever an operation asks of the disk, as a disk on which nothing changes. Says how many
/// steps were taken.
fn run_in_vain(lone: &mut Lone, notes_per_step: usize) -> usize {
    let mut at = 0;
    let mut steps = 0;
    while at < lone.effects.len() {
        let input = match &lone.effects[at] {
            Effect::ObserveRoot { effect, .. } => Some(Input::RootObserved {
                effect: *effect,
                result: Ok(observed()),
            }),
            Effect::RunStep { effect, .. } => {
                steps += 1;
                let notes = vec![OperationNote::AllRight; notes_per_step];
                let report = StepReport { bytes: 0, notes };
                Some(Input::StepDone {
                    effect: *effect,
                    result: Ok(report),
                })
            }
            _ => None,
        };
        at += 1;
        if let Some(input) = input {
            lone.feed(input);
        }
    }
    steps
}

#[test]
fn a_disk_that_keeps_nothing_cannot_make_an_operation_run_for_ever() {
    let mut lone = Lone::ready(vec![RootReport {
        installed: true,
        ..root(1)
    }]);
    assert_eq!(
        lone.command(PeerCommand::UninstallGame { id: game(1) }),
        Some(Ok(()))
    );
    // As many steps for the goal, then as many for settling.
    let steps = run_in_vain(&mut lone, 0);
    assert_eq!(steps, STEPS_MAX as usize);
    let scan = *lone
        .ids(|effect| matches!(effect, Effect::ScanRoot { .. }))
        .last()
        .unwrap();
    lone.feed(Input::RootScanned {
        effect: scan,
        result: Ok(Some(root(1))),
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

#[test]
fn the_report_of_an_operation_keeps_a_bounded_number_of_notes() {
    let mut lone = Lone::ready(vec![root(1)]);
    assert_eq!(
        lone.command(PeerCommand::InstallGame { id: game(1) }),
        Some(Ok(()))
    );
    let answer = |lone: &mut Lone, observed: RootObservation, notes: usize| {
        let observe = *lone
            .ids(|effect| matches!(effect, Effect::ObserveRoot { .. }))
            .last()
            .unwrap();
        lone.feed(Input::RootObserved {
            effect: observe,
            result: Ok(observed),
        });
        let steps = lone.ids(|effect| matches!(effect, Effect::RunStep { .. }));
        let report = StepReport {
            bytes: 0,
            notes: vec![OperationNote::AllRight; notes],
        };
        if let Some(&step) = steps.last() {
            lone.feed(Input::StepDone {
                effect: step,
                result: Ok(report),
            });
        }
    };
    let before = RootObservation {
        local: Entry::Absent,
        ..observed()
    };
    answer(&mut lone, before, NOTES_MAX + 1);
    let done = RootObservation {
        installed: Some(version()),
        ..observed()
    };
    let observe = *lone
        .ids(|effect| matches!(effect, Effect::ObserveRoot { .. }))
        .last()
        .unwrap();
    lone.feed(Input::RootObserved {
        effect: observe,
        result: Ok(done),
    });
    let scan = *lone
        .ids(|effect| matches!(effect, Effect::ScanRoot { .. }))
        .last()
        .unwrap();
    lone.feed(Input::RootScanned {
        effect: scan,
        result: Ok(Some(root(1))),
    });
    let kept: Vec<usize> = lone
        .events()
        .into_iter()
        .filter_map(|event| match event {
            PeerEvent::OperationEnded {
                outcome: Outcome::Finished(report),
                ..
            } => Some(report.notes.len()),
            _ => None,
        })
        .collect();
    assert_eq!(kept, [NOTES_MAX]);
}
