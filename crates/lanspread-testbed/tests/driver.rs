//! The driver of JSON-lines processes against a stand-in that has the form of the protocol and
//! none of its meaning.

use std::time::Duration;

use lanspread_testbed::net::Party;
use lanspread_testbed::peer::{DEADLINE, Mark, PeerBuilder, PeerError, PeerProcess};
use serde_json::json;

const PROBE: &str = env!("CARGO_BIN_EXE_testbed-probe");

fn probe(directory: &tempfile::TempDir) -> PeerBuilder {
    PeerProcess::builder(PROBE)
        .name("stand-in")
        .state_dir(directory.path().join("state"))
        .games_dir(directory.path().join("games"))
}

#[test]
fn a_call_gets_its_own_answer_and_an_event_before_the_wait_is_not_missed() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let peer = probe(&directory).spawn().expect("it starts");
    let before = peer.mark();
    assert_eq!(peer.ask("one").expect("answered")["echo"], "one");
    assert_eq!(peer.ask("two").expect("answered")["echo"], "two");
    let first = peer
        .wait_game_event(before, "did", "one")
        .expect("it came before the wait");
    let second = peer
        .wait_game_event(first.next, "did", "two")
        .expect("it came, too");
    let nothing = peer.wait_event(second.next, Duration::from_millis(1), "be silent", |_| true);
    assert!(matches!(nothing, Err(PeerError::Deadline { .. })));
    assert_eq!(peer.events_since(Mark::START).len(), 3);
}

#[test]
fn a_refusal_carries_its_kind() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let peer = probe(&directory).spawn().expect("it starts");
    let error = peer.ask("fail").expect_err("refused");
    assert_eq!(error.refusal_kind(), Some("no-such-game"));
    assert!(
        error.to_string().contains("there is no such game"),
        "{error}"
    );
}

#[test]
fn an_unanswered_command_shows_the_end_of_output_and_log() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let peer = probe(&directory).spawn().expect("it starts");
    peer.ask("one").expect("answered");
    let error = peer
        .call_within(json!({ "cmd": "mute" }), Duration::from_millis(1))
        .expect_err("no answer comes");
    let text = error.to_string();
    assert!(text.contains(r#""cmd":"mute""#), "{text}");
    assert!(text.contains("the probe plays a peer"), "{text}");
    assert!(text.contains(r#""echo":"one""#), "{text}");
}

#[test]
fn a_question_is_asked_again_after_each_event_until_the_answer_fits() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let peer = probe(&directory).spawn().expect("it starts");
    let game = peer.wait_for_game("quake", "see three holders of", |game| game["peers"] == 3);
    assert_eq!(game.expect("it comes to that")["id"], "quake");
}

#[test]
fn a_peer_that_died_is_an_error_at_once_and_not_at_the_deadline() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let peer = probe(&directory).spawn().expect("it starts");
    let from = peer.mark();
    peer.send_line("this is no JSON and ends the stand-in")
        .expect("it reads");
    let error = peer
        .wait_event(from, DEADLINE, "live on", |_| false)
        .expect_err("it died");
    assert!(matches!(error, PeerError::Ended { .. }), "{error}");
}

#[test]
fn shutdown_and_the_end_of_input_are_clean_ends() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let peer = probe(&directory).spawn().expect("it starts");
    assert!(peer.shutdown().expect("it ends").0.success());
    let peer = probe(&directory).spawn().expect("it starts again");
    assert!(peer.close_input().expect("it ends").success());
}

#[test]
fn a_killed_peer_is_gone_and_its_log_goes_on_in_the_next_run() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let builder = probe(&directory);
    let peer = builder.spawn().expect("it starts");
    peer.ask("one").expect("answered");
    let pid = peer.pid();
    let log = peer.log_path().to_owned();
    peer.kill9();
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    let peer = builder.spawn().expect("it starts again");
    peer.ask("two").expect("answered");
    let text = std::fs::read_to_string(log).expect("there");
    assert_eq!(text.matches("the probe plays a peer").count(), 2);
}

#[test]
fn a_peer_on_a_host_is_driven_and_killed_as_one_at_home() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let party = Party::of(&["alpha"]).expect("a party");
    let host = party.host("alpha").expect("named so");
    let peer = probe(&directory).spawn_on(host).expect("it starts");
    assert_eq!(peer.ask("one").expect("answered")["echo"], "one");
    assert!(peer.memory_peak_bytes().expect("it runs") > 0);
    assert!(peer.cpu_time().is_ok());
    let pid = peer.pid();
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).expect("it runs");
    assert_eq!(
        name.trim(),
        "testbed-probe",
        "the id is of the program, not of a wrapper"
    );
    peer.kill9();
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}
