//! Nonsense from a stranger, and that it disturbs nobody.

use lanspread_db::{ChunkRef, GameId};
use lanspread_proto::{ChunkRequest, FrameKind, RefusalKind, Request, Response, encode_frame};
use lanspread_testbed::{
    fixture::{GameFixture, MIB},
    net::{Link, Party, Rate},
};

use crate::{
    scene::{CHUNK_BYTES, Scene},
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

/// Bytes of chunks that one request may ask for, as the wire has it.
const REQUEST_DATA_BYTES_MAX: u64 = 4 * 1024 * 1024;

#[test]
fn a_request_for_as_many_bytes_as_the_limit_is_served_and_one_byte_more_is_refused() {
    let scene = Scene::of(&["alpha", "receiver", "stranger"]);
    let alpha_seat = scene.seat("alpha");
    let whole_chunks = u32::try_from(REQUEST_DATA_BYTES_MAX / CHUNK_BYTES).expect("few");
    // In the order of their paths: one byte in the first file, the limit in the second.
    alpha_seat.place(
        &GameFixture::new(GAME)
            .file("data/a", "x")
            .random_file("data/b", 4 * MIB),
    );
    alpha_seat.hash_alone(&[GAME]);
    let alpha = alpha_seat.start();
    // What another peer knows of is announced.
    scene.seat("receiver").start().wait_sources(GAME, 1);
    let manifest = alpha.game(GAME)["manifest"].clone();
    let request = |chunks| ChunkRequest {
        id: GameId::parse(GAME).expect("an id"),
        manifest: manifest.as_str().expect("text").parse().expect("a hash"),
        chunks,
    };
    let most: Vec<ChunkRef> = (0..whole_chunks)
        .map(|chunk| ChunkRef { file: 1, chunk })
        .collect();
    let mut too_much = most.clone();
    too_much.push(ChunkRef { file: 0, chunk: 0 });
    let listen = scene.host("stranger").socket_addr(7777);
    let (served, refused) = inside(scene.host("stranger"), || async {
        let mut stranger = Stranger::connect_as_peer(&alpha.addr).await;
        let hello = stranger.hello(listen).await;
        assert_eq!(hello.kind(), "hello-ack", "{hello:?}");
        let mut ask = async |chunks| {
            let request = Request::GetGameFileChunk(request(chunks));
            let frame = encode_frame(FrameKind::Request, &request).expect("within its limit");
            stranger.send_raw(frame).await.expect("an answer")
        };
        (ask(most).await, ask(too_much).await)
    });
    let data_bytes = REQUEST_DATA_BYTES_MAX;
    assert_eq!(decode_frame(&served), Response::Chunks { data_bytes });
    assert!(served.len() as u64 > data_bytes, "they follow");
    let Response::Refused(refusal) = decode_frame(&refused) else {
        panic!("{refused:?}");
    };
    assert_eq!(refusal.kind, RefusalKind::BadRequest);
    assert!(refusal.message.contains("4194305"), "{refusal:?}");
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
