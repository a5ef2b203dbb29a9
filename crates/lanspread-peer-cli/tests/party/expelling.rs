//! An organiser expels a peer: real processes, real restarts, a transfer cut off in the middle.

use std::process::Command;

use lanspread_testbed::{
    fixture::{GameFixture, MIB},
    net::{Link, Party, Rate},
    peer::Mark,
};
use serde_json::json;

use crate::{
    guest::{Guest, text},
    scene::{LANSPREAD, PATIENCE, Scene, Seat},
};

/// Starts a peer that takes this one for the organiser.
fn start(seat: &Seat<'_>, organiser: &str) -> Guest {
    seat.start_with(|builder| builder.argument("--organiser").argument(organiser))
}

/// The id of the peer at this seat, which talks to nobody for it.
fn id_at(seat: &Seat<'_>) -> String {
    let guest = seat.start_with(|builder| builder.listen("127.0.0.1:0"));
    let id = guest.peer_id.clone();
    guest.leave();
    id
}

fn wait_kept_away(guest: &Guest, from: Mark, out: &str) {
    let told = guest.wait_event(from, PATIENCE, "keep a peer away", |event| {
        event["event"] == "peer-kept-away" && event["peer_id"] == out
    });
    let message = text(told.expect("it is told").field("message"));
    assert!(message.contains("expelled"), "{message}");
}

/// Waits until a peer that was expelled has tried and was turned away.
fn wait_turned_away(mallory: &Guest, from: Mark) {
    mallory
        .wait_event(from, PATIENCE, "be turned away", |event| {
            event["event"] == "connect-failed"
        })
        .expect("it is turned away");
    let peers = mallory.ask("list-peers").expect("answered");
    assert_eq!(peers["peers"], json!([]));
}

#[test]
fn whoever_is_expelled_is_cut_off_at_once_and_stays_out_through_restarts() {
    let slow = Link::new().upload(Rate::mbit(40));
    let scene = Scene::build(
        Party::builder()
            .host("organiser")
            .host("ada")
            .host_with("mallory", slow),
    );
    let seats = ["organiser", "ada", "mallory"].map(|host| scene.seat(host));
    let [organiser_seat, ada_seat, mallory_seat] = &seats;
    mallory_seat.place(&GameFixture::new("quake").random_file("data/pak0.bin", 32 * MIB));
    mallory_seat.hash_alone(&["quake"]);
    let organiser_id = id_at(organiser_seat);
    let organiser = start(organiser_seat, &organiser_id);
    let ada = start(ada_seat, &organiser_id);
    let mallory = start(mallory_seat, &organiser_id);
    let mallory_id = mallory.peer_id.clone();
    ada.wait_sources("quake", 1);
    organiser.wait_peers(2);
    let download = ada.begin_download("quake");
    ada.wait_verified(download, "quake", MIB as u64);

    // With the command for people, on the organiser's machine.
    let from = ada.mark();
    let mut command = scene.host("organiser").command(LANSPREAD);
    let state = scene.dir().join("organiser").join("state");
    command.args(["expel", "mallory", "--for", "2h", "--state-dir"]);
    let said = run(command.arg(state));
    assert!(
        said.contains("mallory") && said.contains("keep it out"),
        "{said}"
    );
    wait_kept_away(&ada, from, &mallory_id);
    // What ran with it ends: no other source is left.
    ada.wait(from, "peer-lost");
    ada.tell(json!({ "cmd": "cancel", "id": "quake" }));
    ada.wait_end(download, "download", "quake");

    // It starts again, under another port, and knocks.
    mallory.leave();
    let mallory = start(mallory_seat, &organiser_id);
    for addr in [&ada.addr, &organiser.addr] {
        let from = mallory.mark();
        mallory.tell(json!({ "cmd": "connect", "addr": addr }));
        wait_turned_away(&mallory, from);
    }

    // The others start again, first without the organiser.
    organiser.kill();
    ada.kill();
    let ada = start(ada_seat, &organiser_id);
    let from = mallory.mark();
    mallory.tell(json!({ "cmd": "connect", "addr": ada.addr }));
    wait_turned_away(&mallory, from);
    let organiser = start(organiser_seat, &organiser_id);
    organiser.wait_peers(1);
    let from = mallory.mark();
    mallory.tell(json!({ "cmd": "connect", "addr": organiser.addr }));
    wait_turned_away(&mallory, from);

    // And it is readmitted.
    let from = ada.mark();
    organiser.tell(json!({ "cmd": "readmit", "peer_id": mallory_id }));
    ada.wait(from, "peer-readmitted");
    mallory.tell(json!({ "cmd": "connect", "addr": ada.addr }));
    mallory.tell(json!({ "cmd": "connect", "addr": organiser.addr }));
    mallory.wait_peers(2);
}

#[test]
fn a_damaged_list_of_the_expelled_is_said_and_told_anew_by_the_organiser() {
    let scene = Scene::of(&["organiser", "ada"]);
    let organiser_seat = scene.seat("organiser");
    let ada_seat = scene.seat("ada");
    let organiser_id = id_at(&organiser_seat);
    let organiser = start(&organiser_seat, &organiser_id);
    let ada = start(&ada_seat, &organiser_id);
    organiser.wait_peers(1);
    let somebody = "c".repeat(64);
    let from = ada.mark();
    organiser.tell(json!({ "cmd": "expel", "peer_id": somebody }));
    wait_kept_away(&ada, from, &somebody);
    ada.leave();
    let file = scene.dir().join("ada").join("state").join("expelled.json");
    std::fs::write(&file, "{\"format\": 1, \"exp").expect("writable");
    let ada = start(&ada_seat, &organiser_id);
    let notice = ada.wait(Mark::START, "notice");
    let message = text(&notice["message"]);
    assert!(message.contains("cannot be read"), "{message}");
    wait_kept_away(&ada, Mark::START, &somebody);
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{error}");
    said
}
