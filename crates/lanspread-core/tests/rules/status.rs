//! How peers tell each other how they stand.

use std::time::Duration;

use lanspread_core::{
    DiskFailure, DiskFailureKind, Effect, EffectId, GameDirReport, Input, LibraryReport,
    PeerCommand, Playing, RootReport,
};
use lanspread_proto::{PeerStatus, Refusal, RefusalKind, Request, Response};

use crate::{Lone, id, refusal, root};

const SECOND: Duration = Duration::from_secs(1);

/// Longer than the pause between two rounds of a small party.
const ROUND: Duration = Duration::from_secs(3);

impl Lone {
    fn told(&self) -> Vec<EffectId> {
        self.requests(|request| matches!(request, Request::Status(_)))
    }

    fn last_told(&self) -> PeerStatus {
        let told = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Request {
                request: Request::Status(status),
                ..
            } => Some(status.clone()),
            _ => None,
        });
        told.expect("somebody was told")
    }

    fn noted(&mut self, effect: EffectId, response: Response) {
        self.feed(Input::Responded {
            effect,
            result: Ok(response),
        });
    }

    fn plays(&mut self, playing: Playing) {
        self.command(PeerCommand::SetPlaying { playing });
    }
}

fn status(playing: bool) -> PeerStatus {
    PeerStatus {
        program: "0.1.0".to_owned(),
        free_bytes: None,
        clock_ms: None,
        games_folder: true,
        playing,
        player: false,
        installed: Some(Vec::new()),
        operations: Vec::new(),
    }
}

#[test]
fn a_peer_is_told_after_the_greeting_and_then_only_what_changed() {
    let mut lone = Lone::ready(vec![root(0)]);
    lone.greet(1);
    lone.pass(SECOND);
    let told = lone.told();
    assert_eq!(told.len(), 1);
    assert!(!lone.last_told().playing);
    lone.noted(told[0], Response::Noted);
    lone.pass(ROUND);
    assert_eq!(lone.told().len(), 1, "nothing changed");

    lone.plays(Playing::Yes);
    assert_eq!(lone.told().len(), 2);
    assert!(lone.last_told().playing);
}

#[test]
fn users_are_shown_the_free_space_that_the_others_are_told() {
    let mut lone = Lone::unbound();
    assert_eq!(
        lone.peer.view().free_bytes,
        None,
        "nothing was looked at yet"
    );
    let step = 64 * 1024 * 1024;
    lone.bind();
    let scans = lone.ids(|effect| matches!(effect, Effect::ScanLibrary { .. }));
    lone.feed(Input::LibraryScanned {
        effect: scans[0],
        result: Ok(vec![root(0)].into()),
        free_bytes: Some(3 * step + 5),
    });
    lone.greet(1);
    lone.pass(SECOND);
    assert_eq!(lone.peer.view().free_bytes, Some(3 * step));
    assert_eq!(lone.last_told().free_bytes, Some(3 * step));
}

/// A further game goes to the next folder if the first is full, so "little room" would be wrong.
#[test]
fn the_others_are_told_the_room_of_the_roomiest_folder_that_can_be_read() {
    let step = 64 * 1024 * 1024;
    let mut lone = Lone::unbound();
    lone.bind();
    let dir = |path: &str, free_bytes, problem: Option<&str>| GameDirReport {
        path: path.into(),
        problem: problem.map(|message| DiskFailure {
            kind: DiskFailureKind::NotFound,
            message: message.to_owned(),
        }),
        free_bytes: Some(free_bytes),
    };
    let scans = lone.ids(|effect| matches!(effect, Effect::ScanLibrary { .. }));
    lone.feed(Input::LibraryScanned {
        effect: scans[0],
        result: Ok(LibraryReport {
            more_dirs: vec![
                dir("/roomy", 7 * step, None),
                dir("/gone", 9 * step, Some("it is gone")),
            ],
            ..vec![root(0)].into()
        }),
        free_bytes: Some(step),
    });
    lone.greet(1);
    lone.pass(SECOND);
    assert_eq!(lone.last_told().free_bytes, Some(7 * step));
    let view = lone.peer.view();
    assert_eq!(view.free_bytes, Some(step), "that of the first alone");
}

#[test]
fn the_others_are_told_what_is_unpacked_and_whether_somebody_can_play_there() {
    let mut lone = Lone::ready(vec![root(0), root(1)]);
    lone.greet(1);
    lone.pass(SECOND);
    let told = lone.last_told();
    assert_eq!(told.installed, Some(Vec::new()));
    assert!(!told.player, "there is no screen, and nothing is unpacked");
    lone.noted(lone.told()[0], Response::Noted);

    let unpacked = RootReport {
        installed: true,
        ..root(1)
    };
    let changed = unpacked.id.clone();
    lone.feed(Input::GameDirChanged {
        id: Some(changed.clone()),
    });
    lone.pass(SECOND);
    let scan = lone.ids(|effect| matches!(effect, Effect::ScanRoot { .. }))[0];
    lone.feed(Input::RootScanned {
        effect: scan,
        result: Ok(Some(unpacked)),
    });
    lone.pass(ROUND);
    let told = lone.last_told();
    assert_eq!(told.installed, Some(vec![changed]));
    assert!(told.player);
}

#[test]
fn between_two_rounds_lies_a_pause_and_the_last_state_is_told_after_it() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    lone.pass(ROUND);
    lone.noted(lone.told()[0], Response::Noted);
    for playing in [Playing::Yes, Playing::No, Playing::Yes] {
        lone.plays(playing);
    }
    assert!(lone.told().len() <= 2, "three changes in a moment");
    lone.pass(ROUND);
    let told = lone.told();
    assert_eq!(told.len(), 2);
    assert!(lone.last_told().playing);
    lone.noted(told[1], Response::Noted);
    lone.pass(10 * ROUND);
    assert_eq!(lone.told().len(), 2);
}

#[test]
fn whoever_did_not_note_it_is_told_again_and_not_in_a_circle() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    lone.pass(SECOND);
    let refused = Refusal::new(RefusalKind::Overloaded, "later");
    lone.noted(lone.told()[0], Response::Refused(refused));
    assert_eq!(lone.told().len(), 1);
    lone.pass(ROUND);
    assert_eq!(lone.told().len(), 2);
    lone.pass(SECOND);
    assert_eq!(lone.told().len(), 2, "the second is still under way");
}

#[test]
fn what_is_heard_is_shown_until_the_peer_is_gone() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    lone.greet(2);
    assert_eq!(
        lone.ask(1, Request::Status(status(true))),
        Some(Response::Noted)
    );
    let shown = |lone: &mut Lone| {
        let view = lone.peer.view();
        let peers = view.peers.iter();
        peers
            .map(|peer| (peer.peer_id, peer.status.as_ref().map(|it| it.playing)))
            .collect::<Vec<_>>()
    };
    let mut expected = vec![(id(1), Some(true)), (id(2), None)];
    expected.sort();
    assert_eq!(shown(&mut lone), expected);
    lone.ask(1, Request::Goodbye);
    assert_eq!(shown(&mut lone), [(id(2), None)]);
}

#[test]
fn a_stranger_is_not_heard() {
    let mut lone = Lone::ready(Vec::new());
    let refused = lone.ask(1, Request::Status(status(true)));
    assert_eq!(refusal(refused), RefusalKind::NotIntroduced);
}
