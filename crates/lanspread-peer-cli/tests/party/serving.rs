//! Uploads while the game, the cable or the party changes under them.

use lanspread_testbed::{
    fixture::{GameFixture, MIB},
    net::{Link, Loss, Party, Rate},
};
use serde_json::json;

use crate::{guest::Guest, scene::Scene};

const GAME: &str = "quake";

fn game(size_bytes: usize) -> GameFixture {
    GameFixture::new(GAME).random_file("data/pak0.bin", size_bytes)
}

fn start_source(scene: &Scene, name: &str, size_bytes: usize) -> Guest {
    let seat = scene.seat(name);
    seat.place(&game(size_bytes));
    seat.hash_alone(&[GAME]);
    seat.start()
}

#[test]
fn removing_a_game_ends_its_uploads_first_and_the_download_goes_on_with_who_comes_next() {
    let slow = Link::new().upload(Rate::mbit(40));
    let builder = Party::builder()
        .host_with("alpha", slow)
        .host("bravo")
        .host("receiver");
    let scene = Scene::build(builder);
    let alpha = start_source(&scene, "alpha", 32 * MIB);
    let seat = scene.seat("receiver");
    let receiver = seat.start();
    receiver.wait_sources(GAME, 1);
    let from = receiver.begin_download(GAME);
    receiver.wait_verified(from, GAME, 2 * MIB as u64);
    alpha
        .run("remove", json!({ "cmd": "remove", "id": GAME }))
        .finished();
    assert!(scene.seat("alpha").tree(GAME).is_empty());
    let status = alpha.ask("status").expect("answered");
    assert_eq!(
        status["outbound"],
        json!([]),
        "nothing of it is uploaded any more"
    );

    receiver
        .wait_event(from, crate::scene::PATIENCE, "say that it waits", |event| {
            event["event"] == "download-progress" && event["phase"] == "waiting" && {
                let what = event["what"].as_str().unwrap_or_default();
                !what.contains("list of files")
            }
        })
        .expect("it says so");
    let bravo = start_source(&scene, "bravo", 32 * MIB);
    let ended = receiver.wait_end(from, "download", GAME).finished();
    scene.seat("bravo").tree(GAME).assert_same(&seat.tree(GAME));
    let shares = ended.shares();
    assert!(shares["alpha"].0 > 0 && shares["bravo"].0 > 0, "{shares:?}");
    assert_eq!(
        ended.number("bytes"),
        seat.tree(GAME).total_bytes(),
        "nothing came twice"
    );
    drop(bravo);
}

#[test]
fn a_lossy_cable_spoils_nothing() {
    let lossy = Link::new().rate(Rate::mbit(200)).loss(Loss::per_mille(20));
    let scene = Scene::build(Party::builder().host("alpha").host_with("receiver", lossy));
    let alpha = start_source(&scene, "alpha", 12 * MIB);
    let seat = scene.seat("receiver");
    let receiver = seat.start();
    receiver.wait_sources(GAME, 1);
    receiver.download(GAME).finished();
    scene.seat("alpha").tree(GAME).assert_same(&seat.tree(GAME));
    drop(alpha);
}

#[test]
fn several_games_come_at_the_same_time() {
    let scene = Scene::of(&["alpha", "bravo", "receiver"]);
    let ids = ["age", "battle", "chess", "draughts"];
    let holders = ["alpha", "bravo"].map(|name| {
        let seat = scene.seat(name);
        for id in ids {
            seat.place(&GameFixture::new(id).random_file("data.bin", 6 * MIB));
        }
        seat.hash_alone(&ids);
        seat.start()
    });
    let seat = scene.seat("receiver");
    let receiver = seat.start();
    for id in ids {
        receiver.wait_sources(id, 2);
    }
    let began = ids.map(|id| receiver.begin_download(id));
    for (id, from) in ids.into_iter().zip(began) {
        receiver.wait_end(from, "download", id).finished();
        scene.seat("alpha").tree(id).assert_same(&seat.tree(id));
    }
    drop(holders);
}

#[test]
fn the_files_of_a_game_are_listed_where_they_lie_and_where_they_would_be_fetched() {
    let builder = Party::builder().host("alpha").host("receiver");
    let scene = Scene::build(builder);
    let alpha = start_source(&scene, "alpha", MIB);
    let receiver = scene.seat("receiver").start();
    receiver.wait_sources(GAME, 1);
    let list = |guest: &Guest| guest.ask_about("list-files", GAME).expect("answered");
    let (mut here, mut there) = (list(&alpha), list(&receiver));
    assert_eq!(
        (&here["here"], &there["here"]),
        (&json!(true), &json!(false))
    );
    for told in [&mut here, &mut there] {
        told["here"].take();
        assert_eq!(told["files"][0]["path"], "data/pak0.bin", "{told}");
        assert_eq!(told["files"][0]["size"], MIB, "{told}");
        assert_eq!(told["more"], 0, "{told}");
    }
    assert_eq!(here, there, "it is the same manifest");
}
