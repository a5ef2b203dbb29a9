//! A patch leads from one snapshot to the other, whatever the two are.

use std::{collections::BTreeMap, sync::Arc};

use lanspread_peer::{MessageText, PeerId, PeerName};
use proptest::prelude::*;

use super::{empty, game};
use crate::{
    patch::Patch,
    snapshot::{Game, Message, Snapshot, Upload},
};

fn message(number: u64) -> Message {
    Message {
        number,
        at_ms: 7,
        peer_id: PeerId::from_bytes([2; 32]),
        name: PeerName::new("Anna"),
        text: MessageText::new("Pizza is here").expect("a text"),
        own: false,
    }
}

/// What a client makes of a patch.
fn apply(old: &Snapshot, patch: Patch) -> Snapshot {
    let mut new = old.clone();
    if let Some(games) = patch.games {
        let mut by_id: BTreeMap<_, Game> = new
            .games
            .iter()
            .map(|game| (game.id.clone(), game.clone()))
            .collect();
        for id in games.gone {
            assert!(by_id.remove(&id).is_some(), "{id} was not there");
        }
        by_id.extend(
            games
                .changed
                .into_iter()
                .map(|game| (game.id.clone(), game)),
        );
        new.games = Arc::new(by_id.into_values().collect());
    }
    new.me = patch.me.unwrap_or(new.me);
    new.health = patch.health.unwrap_or(new.health);
    new.peers = patch.peers.unwrap_or(new.peers);
    new.kept_away = patch.kept_away.unwrap_or(new.kept_away);
    new.messages = patch.messages.unwrap_or(new.messages);
    new.operations = patch.operations.unwrap_or(new.operations);
    new.uploads = patch.uploads.unwrap_or(new.uploads);
    new.running = patch.running.unwrap_or(new.running);
    new.limits = patch.limits.unwrap_or(new.limits);
    new.playing = patch.playing.unwrap_or(new.playing);
    new.finished = patch.finished.unwrap_or(new.finished);
    new.notices = patch.notices.unwrap_or(new.notices);
    new
}

prop_compose! {
    fn snapshots()(
        games in proptest::collection::btree_map(0_u8..20, 0_u64..3, 0..12),
        uploads in proptest::collection::vec(0_u32..3, 0..3),
        said in 0_u64..3,
        playing in any::<bool>(),
        games_dir in "[ab]",
    ) -> Snapshot {
        let mut snapshot = empty();
        snapshot.games = Arc::new(games.into_iter().map(|(number, size)| game(number, size)).collect());
        snapshot.uploads = uploads.into_iter().map(|requests| Upload {
            rate_bytes_per_s: 0,
            peer_id: snapshot.me.peer_id,
            id: game(0, 0).id,
            requests,
        }).collect();
        snapshot.messages = (1..=said).map(message).collect();
        snapshot.playing = playing;
        snapshot.me.games_dir = games_dir;
        snapshot
    }
}

proptest! {
    #[test]
    fn a_patch_leads_from_one_snapshot_to_the_other(old in snapshots(), new in snapshots()) {
        let patch = Patch::between(&old, &new);
        prop_assert_eq!(patch.is_none(), old == new);
        prop_assert_eq!(apply(&old, patch.unwrap_or_default()), new);
    }
}

#[test]
fn only_the_game_that_changed_is_sent() {
    let mut old = empty();
    old.games = Arc::new((0..100).map(|number| game(number, 1)).collect());
    let mut new = old.clone();
    Arc::make_mut(&mut new.games)[42].size = 2;
    let patch = Patch::between(&old, &new).expect("they differ");
    assert_eq!(
        serde_json::to_value(&patch).expect("JSON"),
        serde_json::json!({ "games": { "changed": [game(42, 2)], "gone": [] } })
    );
}
