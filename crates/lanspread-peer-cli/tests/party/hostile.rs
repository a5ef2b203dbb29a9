//! Nonsense from a stranger, and that it disturbs nobody.

use lanspread_proto::{RefusalKind, Response};
use lanspread_testbed::{
    fixture::{GameFixture, MIB},
    net::{Link, Party, Rate},
};

use crate::{
    scene::Scene,
    stranger::{Stranger, decode_frame, inside},
};

const GAME: &str = "quake";

/// How many frames of nonsense one peer has to bear.
const FRAMES: usize = 500;

/// How many of them come from the same stranger, which is kept away after as many.
const FRAMES_EACH: usize = 20;

fn frame(payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).expect("short");
    [&len.to_be_bytes(), payload].concat()
}

/// Different kinds of nonsense, numbered.
fn nonsense(nth: usize) -> Vec<u8> {
    let ping = frame(br#"{"type":"ping"}"#);
    match nth % 10 {
        0 => Vec::new(),
        1 => vec![0xff; 4],
        2 => frame(b""),
        3 => frame(b"{"),
        4 => frame(br#"{"type":"open-sesame"}"#),
        5 => frame(br#"{"type":"get-game","id":"../../etc/passwd"}"#),
        6 => frame(&[0xfe; 3000]),
        7 => [&ping[..], b"and more"].concat(),
        8 => ping[..ping.len() - 3].to_vec(),
        _ => frame(format!("{}{}", "[".repeat(20_000), nth).as_bytes()),
    }
}

#[test]
fn five_hundred_malformed_frames_do_not_disturb_an_honest_download() {
    let slow = Link::new().upload(Rate::mbit(60));
    let scene = Scene::build(
        Party::builder()
            .host_with("alpha", slow)
            .host("receiver")
            .host("stranger"),
    );
    let alpha_seat = scene.seat("alpha");
    alpha_seat.place(&GameFixture::new(GAME).random_file("data/pak0.bin", 32 * MIB));
    alpha_seat.hash_alone(&[GAME]);
    let alpha = alpha_seat.start();
    let seat = scene.seat("receiver");
    let receiver = seat.start();
    receiver.wait_sources(GAME, 1);

    let from = receiver.begin_download(GAME);
    receiver.wait_verified(from, GAME, MIB as u64);
    let refused = inside(scene.host("stranger"), || async {
        let mut stranger = Stranger::connect_as_peer(&alpha.addr).await;
        let mut refused = 0;
        for nth in 0..FRAMES {
            if nth > 0 && nth % FRAMES_EACH == 0 {
                stranger = Stranger::connect_as_peer(&alpha.addr).await;
            }
            // Either it is told what is wrong, or its stream is broken off; an answer it never gets.
            let Some(answer) = stranger.send_raw(nonsense(nth)).await else {
                continue;
            };
            if answer.is_empty() {
                continue;
            }
            match decode_frame(&answer) {
                Response::Refused(refusal) if refusal.kind == RefusalKind::BadRequest => {
                    refused += 1;
                }
                other => panic!("nonsense {nth} was answered with {other:?}"),
            }
        }
        refused
    });
    assert!(
        refused > FRAMES / 2,
        "only {refused} frames were refused in words"
    );

    receiver.wait_end(from, "download", GAME).finished();
    alpha_seat.tree(GAME).assert_same(&seat.tree(GAME));
    assert_eq!(
        alpha.ask("status").expect("it is alive")["peers"],
        1,
        "a stranger is no peer"
    );
    let list = alpha.ask("list-peers").expect("it is alive");
    let kept_away = list["kept_away"].as_array().expect("a list");
    assert!(!kept_away.is_empty());
    for kept in kept_away {
        assert_eq!(kept["reasons"][0]["kind"], "malformed-request", "{kept}");
    }
}

#[test]
fn five_hundred_datagrams_of_noise_do_not_disturb_an_honest_download() {
    let scene = Scene::of(&["alpha", "receiver", "stranger"]);
    let alpha_seat = scene.seat("alpha");
    alpha_seat.place(&GameFixture::new(GAME).random_file("data/pak0.bin", 16 * MIB));
    alpha_seat.hash_alone(&[GAME]);
    let alpha = alpha_seat.start();
    let seat = scene.seat("receiver");
    let receiver = seat.start();
    receiver.wait_sources(GAME, 1);

    let from = receiver.begin_download(GAME);
    let noise = scene.host("stranger").run_inside(|| {
        let socket = std::net::UdpSocket::bind("0.0.0.0:0").expect("a socket");
        let noise = lanspread_testbed::fixture::random_bytes("noise", "", FRAMES * 1200);
        noise
            .chunks(1200)
            .filter(|packet| socket.send_to(packet, &alpha.addr).is_ok())
            .count()
    });
    assert_eq!(noise.expect("root may enter"), FRAMES);
    receiver.wait_end(from, "download", GAME).finished();
    alpha_seat.tree(GAME).assert_same(&seat.tree(GAME));
}

#[test]
fn lines_that_are_no_commands_are_answered_and_the_peer_goes_on() {
    let scene = Scene::of(&["alpha"]);
    let alpha = scene.seat("alpha").start();
    for line in [
        "nonsense",
        "{}",
        "[1,2]",
        r#"{"seq":9,"cmd":"dance"}"#,
        "\u{fffd}\u{0}",
    ] {
        let from = alpha.mark();
        alpha.send_line(line).expect("it reads");
        let answer = alpha.wait_line(from, crate::scene::PATIENCE, "answer nonsense", |answer| {
            answer["type"] == "result"
        });
        let answer = answer.expect("an answer").value;
        assert_eq!(answer["ok"], false, "{line}: {answer}");
        assert_eq!(answer["error"]["kind"], "bad-input", "{line}: {answer}");
    }
    alpha.ask("status").expect("it is alive");
}
