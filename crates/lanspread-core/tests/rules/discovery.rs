//! Whether peers find each other is a state, told once when it turns.

use lanspread_core::{DiscoveryState, Effect, Input, PeerEvent};

use crate::Lone;

fn notices(lone: &Lone) -> Vec<&str> {
    let notice = |effect| match effect {
        &Effect::Emit(PeerEvent::Notice { ref message }) => Some(message.as_str()),
        _ => None,
    };
    lone.effects.iter().filter_map(notice).collect()
}

fn trouble(message: &str) -> DiscoveryState {
    DiscoveryState::Trouble {
        message: message.to_owned(),
    }
}

#[test]
fn trouble_stays_until_discovery_works_and_each_turn_is_told_once() {
    let mut lone = Lone::ready(Vec::new());
    assert_eq!(lone.peer.view().discovery, DiscoveryState::Starting);
    lone.feed(Input::Discovery(DiscoveryState::Works));
    assert_eq!(lone.peer.view().discovery, DiscoveryState::Works);
    assert!(notices(&lone).is_empty(), "that it works is no news");
    for why in ["the port is taken", "the port is taken", "no interface"] {
        lone.feed(Input::Discovery(trouble(why)));
        assert_eq!(lone.peer.view().discovery, trouble(why));
        assert_eq!(notices(&lone), ["the port is taken"]);
    }
    lone.feed(Input::Discovery(DiscoveryState::Works));
    assert_eq!(lone.peer.view().discovery, DiscoveryState::Works);
    assert_eq!(notices(&lone).len(), 2);
    lone.feed(Input::Discovery(trouble("again")));
    assert_eq!(notices(&lone).len(), 3);
}

#[test]
fn a_peer_that_does_without_discovery_has_no_trouble_with_it() {
    let mut lone = Lone::ready(Vec::new());
    lone.feed(Input::Discovery(DiscoveryState::Off));
    assert_eq!(lone.peer.view().discovery, DiscoveryState::Off);
    assert!(notices(&lone).is_empty());
}
