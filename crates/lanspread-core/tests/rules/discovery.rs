//! Whether peers find each other is a state, told once when it turns.

use lanspread_core::{
    DiscoveryState, DiscoveryTrouble, Effect, Input, Notice, NoticeAbout, PeerEvent,
};

use crate::Lone;

fn notices(lone: &Lone) -> Vec<&Notice> {
    fn notice(effect: &Effect) -> Option<&Notice> {
        match effect {
            Effect::Emit(PeerEvent::Notice(notice)) => Some(notice),
            _ => None,
        }
    }
    lone.effects.iter().filter_map(notice).collect()
}

fn trouble(message: &str) -> DiscoveryState {
    DiscoveryState::Trouble {
        trouble: DiscoveryTrouble::Fails,
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
        let [notice] = notices(&lone)[..] else {
            panic!("it is told once");
        };
        assert_eq!(notice.message, "the port is taken");
        let about = NoticeAbout::DiscoveryFails(DiscoveryTrouble::Fails);
        assert_eq!(notice.about, about);
    }
    lone.feed(Input::Discovery(DiscoveryState::Works));
    assert_eq!(lone.peer.view().discovery, DiscoveryState::Works);
    assert_eq!(notices(&lone).len(), 2);
    assert_eq!(notices(&lone)[1].about, NoticeAbout::DiscoveryWorks);
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
