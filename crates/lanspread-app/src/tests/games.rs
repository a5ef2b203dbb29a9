//! How things stand with a game, for everything that can be said of one.

use std::collections::{BTreeMap, BTreeSet};

use lanspread_db::{Catalog, GameId, Script, Version};
use lanspread_peer::{GameView, PeerId};

use crate::{
    compose,
    covers::Covers,
    first_seen::FirstSeen,
    snapshot::{Action, GameState},
};

/// A game that is downloaded and installed or not, in the party's version or another, held by so many.
fn stands(
    downloaded: bool,
    installed: bool,
    current: bool,
    others: u8,
) -> (GameState, Action, Vec<Action>) {
    let view = view(downloaded, installed, current, others);
    let mut games = compose::games(
        &[view],
        &Catalog::open_party(),
        &Covers::default(),
        &FirstSeen::default(),
        &BTreeMap::new(),
    );
    let game = games.remove(0);
    (game.state, game.action, game.also)
}

fn view(downloaded: bool, installed: bool, current: bool, others: u8) -> GameView {
    let version = |text| Version::parse(text).expect("a valid version");
    GameView {
        id: GameId::parse("chess").expect("a valid id"),
        title: "Chess".to_owned(),
        version: downloaded.then(|| version(if current { "20240101" } else { "20200101" })),
        expected_version: Some(version("20240101")),
        size_bytes: 1,
        downloaded,
        installed,
        to_hash: false,
        scripts: BTreeSet::from([Script::Start]),
        peers: (0..others).map(|n| PeerId::from_bytes([n; 32])).collect(),
        offers: Vec::new(),
        gathered: None,
        manifest: None,
        pinned: None,
        problem: None,
    }
}

#[test]
fn every_way_a_game_can_stand_has_a_name_and_what_to_do() {
    use {Action as A, GameState as S};
    // Downloaded, installed, in the party's version, at others.
    let none: &[A] = &[];
    let table = [
        (true, true, true, true, S::Ready, A::Play, none),
        (true, true, true, false, S::Ready, A::Play, none),
        (
            true,
            true,
            false,
            true,
            S::UpdateAvailable,
            A::Update,
            &[A::Play],
        ),
        (true, true, false, false, S::OtherVersion, A::Play, none),
        (true, false, true, true, S::Downloaded, A::Install, none),
        (true, false, true, false, S::Downloaded, A::Install, none),
        (
            true,
            false,
            false,
            true,
            S::UpdateAvailable,
            A::Update,
            &[A::Install],
        ),
        (true, false, false, false, S::OtherVersion, A::Install, none),
        (
            false,
            true,
            false,
            true,
            S::LocalOnly,
            A::Play,
            &[A::Download],
        ),
        (false, true, false, false, S::LocalOnly, A::Play, none),
        (false, false, false, true, S::OnOthers, A::Download, none),
        (false, false, false, false, S::Nowhere, A::None, none),
    ];
    for (downloaded, installed, current, others, state, action, also) in table {
        assert_eq!(
            stands(downloaded, installed, current, u8::from(others)),
            (state, action, also.to_vec()),
            "{downloaded} {installed} {current} {others}"
        );
    }
}

/// Play was offered for every game that is unpacked, and failed where no script starts it.
#[test]
fn play_is_offered_only_where_a_script_starts_the_game() {
    for scripts in [vec![], vec![Script::Server, Script::Setup]] {
        let view = GameView {
            scripts: scripts.iter().copied().collect(),
            ..view(true, true, true, 1)
        };
        let games = compose::games(
            &[view],
            &Catalog::open_party(),
            &Covers::default(),
            &FirstSeen::default(),
            &BTreeMap::new(),
        );
        assert_eq!(
            (games[0].state, games[0].action),
            (GameState::Ready, Action::None)
        );
        assert_eq!(games[0].scripts, {
            let mut sorted = scripts;
            sorted.sort();
            sorted
        });
    }
}
