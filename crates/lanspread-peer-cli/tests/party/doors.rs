//! Parties with codes and an open one on one switch: none mixes with another, and each works.

use lanspread_proto::{ALPN, ALPN_ANY_VERSION, ALPN_WITH_CODE, FrameKind, Request, encode_frame};
use lanspread_testbed::{
    fixture::{GameFixture, MIB},
    peer::Mark,
};
use serde_json::{Value, json};

use crate::{
    guest::{Guest, text},
    scene::{PATIENCE, Scene, Seat},
    stranger::{Stranger, inside},
};

/// A code as it is told, and as it is typed by somebody else.
const CODES: [[&str; 2]; 2] = [["7d3k-9wqz", "7D3K 9WQZ"], ["5x8r-tn2c", "5x8rtn2c"]];

const VARIABLE: &str = "LANSPREAD_PARTY_CODE";

fn start(seat: &Seat<'_>, code: Option<&str>) -> Guest {
    seat.start_with(|builder| match code {
        Some(code) => builder.environment(VARIABLE, code),
        None => builder,
    })
}

fn place(seat: &Seat<'_>, game: &str) {
    seat.place(&GameFixture::new(game).random_file("data/pak0.bin", MIB));
    seat.hash_alone(&[game]);
}

fn turned_away(event: &Value, by: &Guest) -> bool {
    event["event"] == "peer-refused"
        && event["kind"] == "other-party"
        && event["peer_id"] == by.peer_id.as_str()
}

#[test]
fn two_parties_with_codes_and_an_open_one_on_one_switch_do_not_mix_and_each_works() {
    let hosts = ["den", "ada", "fox", "bob", "owl", "cat"];
    let scene = Scene::of(&hosts);
    let seats: Vec<Seat<'_>> = hosts.iter().map(|host| scene.seat(host)).collect();
    for (host, seat) in hosts.iter().zip(&seats) {
        place(seat, &format!("of-{host}"));
    }
    let codes = [
        Some(CODES[0][0]),
        Some(CODES[0][1]),
        Some(CODES[1][0]),
        Some(CODES[1][1]),
        None,
        None,
    ];
    let guests: Vec<Guest> = seats
        .iter()
        .zip(codes)
        .map(|(seat, code)| start(seat, code))
        .collect();
    for (n, guest) in guests.iter().enumerate() {
        guest.wait_peers(1);
        let status = guest.ask("status").expect("answered");
        assert_eq!(status["party_code"], codes[n].is_some());
        // Everybody has met everybody: each was told of the four of the other two parties.
        for (m, other) in guests.iter().enumerate() {
            if n / 2 != m / 2 {
                let told =
                    guest.wait_event(Mark::START, PATIENCE, "hear of the other party", |event| {
                        turned_away(event, other)
                    });
                told.expect("it is told");
            }
        }
    }
    for (n, guest) in guests.iter().enumerate() {
        let partner = n ^ 1;
        let mut games = [n, partner].map(|n| format!("of-{}", hosts[n]));
        games.sort();
        assert_eq!(guest.game_ids(), games, "{}", hosts[n]);
        let peers = guest.ask("list-peers").expect("answered");
        let [peer] = &peers["peers"].as_array().expect("a list")[..] else {
            panic!("{} has other peers: {peers}", hosts[n]);
        };
        assert_eq!(peer["peer_id"], guests[partner].peer_id.as_str());
        guest.download(&format!("of-{}", hosts[partner])).finished();
    }
    for guest in guests {
        guest.leave();
    }
    for host in hosts {
        let log = std::fs::read_to_string(scene.dir().join(format!("{host}.log")));
        let log = log.expect("a log").to_lowercase().replace(['-', ' '], "");
        for code in ["7d3k9wqz", "5x8rtn2c"] {
            assert!(!log.contains(code), "{host} wrote the code into its log");
        }
    }
}

#[test]
fn whoever_has_no_code_sees_no_library_and_can_fetch_nothing() {
    let scene = Scene::of(&["den", "nosy", "stranger"]);
    let seat = scene.seat("den");
    place(&seat, "quake");
    let den = start(&seat, Some(CODES[0][0]));

    let nosy = scene.seat("nosy").start();
    let from = nosy.mark();
    nosy.tell(json!({ "cmd": "connect", "addr": den.addr }));
    let failed = nosy.wait(from, "connect-failed");
    assert_eq!(failed["kind"], "other-party", "{failed}");
    assert!(
        text(&failed["message"]).contains("party with a code"),
        "{failed}"
    );
    assert_eq!(nosy.game_ids(), [""; 0]);
    nosy.refuses(json!({ "cmd": "download", "id": "quake" }), "unknown-game");

    // By hand, with the protocol of the party but without its proof, and with that of an open one.
    let answers = inside(scene.host("stranger"), || async {
        let mut answers = Vec::new();
        for protocol in [ALPN_WITH_CODE, ALPN_ANY_VERSION, ALPN] {
            let protocols = [protocol.to_vec(), b"lanspread".to_vec()];
            for request in [Request::ListGames, Request::LibrarySnapshot, Request::Ping] {
                let mut stranger = Stranger::connect(&den.addr, &protocols).await;
                let frame = encode_frame(FrameKind::Request, &request).expect("short");
                answers.extend(stranger.send_raw(frame).await.unwrap_or_default());
            }
        }
        answers
    });
    assert_eq!(String::from_utf8_lossy(&answers), "");
    let status = den.ask("status").expect("it is alive");
    assert_eq!(status["peers"], 0);
}

#[test]
fn who_typed_the_code_wrong_is_told_and_joins_when_it_is_right() {
    let scene = Scene::of(&["den", "ada"]);
    let den = start(&scene.seat("den"), Some(CODES[0][0]));
    let seat = scene.seat("ada");
    let ada = start(&seat, Some("7d3k-9wqy"));
    for (who, other) in [(&den, &ada), (&ada, &den)] {
        let told = who.wait_event(
            Mark::START,
            PATIENCE,
            "hear why the other does not take part",
            |event| turned_away(event, other),
        );
        let message = text(told.expect("it is told").field("message"));
        assert!(
            message.contains("typed wrong") && message.contains("another party"),
            "{message}"
        );
    }
    ada.leave();
    let file = scene.dir().join("code.txt");
    std::fs::write(&file, "7d3k9wqz\n").expect("writable");
    let file = file.to_str().expect("Unicode");
    let ada = seat.start_with(|ada| ada.argument("--party-code-file").argument(file));
    ada.wait_peers(1);
    den.wait_peers(1);
}

#[test]
fn the_code_can_be_the_first_line_of_standard_input() {
    let scene = Scene::of(&["den", "ada"]);
    let den = start(&scene.seat("den"), Some(CODES[0][0]));
    let from_input = scene
        .seat("ada")
        .builder
        .argument("--party-code-file")
        .argument("-");
    let ada = from_input
        .spawn_on(scene.host("ada"))
        .expect("the peer starts");
    ada.send_line(CODES[0][1]).expect("it reads");
    let ada = Guest::welcome(ada);
    ada.wait_peers(1);
    den.wait_peers(1);
}
