//! `lanspread jsonl`: every line is answered, and it ends in every way it should.

#[cfg(unix)]
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::{io::Write, process::Stdio, time::Instant};

use lanspread_testbed::{
    fixture::random_bytes,
    peer::{DEADLINE, Mark},
};
use serde_json::{Value, json};

use crate::scene::{PATIENCE, PROMPT, Ran, Scene, entries};

/// How many lines of nonsense one peer has to bear.
const NONSENSE: usize = 500;

/// Longest line that is read, in bytes, as documented.
const LINE_BYTES_MAX: usize = 65_536;

/// Nonsense of many kinds that fits on a line, numbered by its `seq` where it has one.
fn nonsense(nth: usize) -> String {
    let noise = random_bytes("nonsense", &nth.to_string(), 60);
    let noise: String = noise
        .iter()
        .map(|byte| char::from(32 + byte % 95))
        .collect();
    match nth % 8 {
        0 => format!("x{noise}"),
        1 => json!({ "seq": nth, "cmd": noise }).to_string(),
        2 => json!({ "seq": nth, "cmd": "install", "id": format!("../{noise}") }).to_string(),
        3 => json!({ "seq": nth, "cmd": "status", "more": noise }).to_string(),
        4 => json!([nth, noise]).to_string(),
        5 => format!("{{\"seq\":{nth},\"cmd\":\"status\""),
        6 => json!({ "seq": { "deep": nth }, "cmd": "connect", "addr": noise }).to_string(),
        _ => format!("{}{noise}", "[".repeat(300)),
    }
}

#[test]
fn five_hundred_lines_of_nonsense_get_five_hundred_errors_and_the_peer_lives() {
    let scene = Scene::new();
    let peer = scene.jsonl("alpha").spawn().expect("it starts");
    let from = peer.mark();
    for nth in 0..NONSENSE {
        peer.send_line(&nonsense(nth)).expect("it reads");
        peer.send_line("   ").expect("it passes over empty lines");
    }
    let last = json!({ "seq": "the last", "cmd": "status" }).to_string();
    peer.send_line(&last).expect("it reads");
    peer.wait_line(from, DEADLINE, "answer the last line", |line| {
        line["seq"] == "the last"
    })
    .expect("it lives");
    let lines = peer.lines_since(from);
    let answers: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|line: &Value| line["type"] == "result")
        .collect();
    assert_eq!(answers.len(), NONSENSE + 1);
    for (nth, answer) in answers.iter().take(NONSENSE).enumerate() {
        assert_eq!(answer["ok"], false, "{nth}: {answer}");
        assert_eq!(answer["error"]["kind"], "bad-input", "{nth}: {answer}");
        let seq = match nth % 8 {
            1..=3 => json!(nth),
            6 => json!({ "deep": nth }),
            _ => Value::Null,
        };
        assert_eq!(answer["seq"], seq, "{nth}: {answer}");
    }
}

#[test]
fn a_line_at_the_limit_is_read_and_a_longer_one_is_answered_with_an_error() {
    let scene = Scene::new();
    let peer = scene.jsonl("alpha").spawn().expect("it starts");
    for (bytes, ok) in [(LINE_BYTES_MAX, true), (LINE_BYTES_MAX + 1, false)] {
        let from = peer.mark();
        let command = json!({ "cmd": "status" }).to_string();
        let line = format!("{command}{}", " ".repeat(bytes - command.len()));
        peer.send_line(&line).expect("it reads");
        let answer = peer.wait_line(from, DEADLINE, "answer", |line| line["type"] == "result");
        assert_eq!(answer.expect("answered").value["ok"], ok, "{bytes} bytes");
    }
}

#[test]
fn a_command_sent_at_once_is_answered_after_ready_with_an_address() {
    let scene = Scene::new();
    let id = "scripts-first";
    scene.place("alpha", id);
    let peer = scene.jsonl("alpha").spawn().expect("it starts");
    let status = peer.ask("status").expect("answered");
    assert!(
        status["listen_addr"]
            .as_str()
            .is_some_and(|addr| addr.starts_with("127.0.0.1:"))
    );
    let games = peer.ask("list-games").expect("answered");
    let games = games["games"].as_array().expect("a list");
    assert!(
        games
            .iter()
            .any(|game| game["id"] == id && game["downloaded"] == true),
        "{games:?}"
    );
    let first = peer.lines_since(Mark::START);
    let at = |what: &str| {
        first
            .iter()
            .position(|line| line.contains(what))
            .expect("there")
    };
    assert!(at(r#""ready""#) < at(r#""result""#), "{first:?}");
}

#[test]
fn waiting_for_peers_holds_up_no_other_command_and_ends_with_the_peer() {
    let scene = Scene::new();
    let peer = scene.jsonl("alpha").spawn().expect("it starts");
    let from = peer.mark();
    let forever =
        json!({ "seq": "wait", "cmd": "wait-peers", "count": 999, "timeout_ms": 80_000_000 });
    peer.send_line(&forever.to_string()).expect("it reads");
    peer.ask("status").expect("answered meanwhile");
    let short = json!({ "cmd": "wait-peers", "count": 999, "timeout_ms": 1 });
    let refusal = peer.call(short).expect_err("nobody comes");
    assert_eq!(refusal.refusal_kind(), Some("timeout"), "{refusal}");
    peer.send_line(&json!({ "cmd": "shutdown" }).to_string())
        .expect("it reads");
    let answer = peer
        .wait_line(from, DEADLINE, "answer who waits", |line| {
            line["seq"] == "wait"
        })
        .expect("nobody is left without an answer");
    assert_eq!(
        answer.value["error"]["kind"], "shutting-down",
        "{}",
        answer.value
    );
}

/// Most `wait-peers` that wait at the same time, as documented.
const WAITS_MAX: usize = 16;

#[test]
fn as_many_commands_wait_for_peers_as_the_limit_allows_and_one_more_is_refused() {
    let scene = Scene::new();
    let peer = scene.jsonl("alpha").spawn().expect("it starts");
    let from = peer.mark();
    for seq in 0..=WAITS_MAX {
        let wait =
            json!({ "seq": seq, "cmd": "wait-peers", "count": 999, "timeout_ms": 80_000_000 });
        peer.send_line(&wait.to_string()).expect("it reads");
    }
    let refused = peer
        .wait_line(from, DEADLINE, "refuse one", |line| {
            line["type"] == "result"
        })
        .expect("answered");
    assert_eq!(refused.value["seq"], WAITS_MAX, "{}", refused.value);
    assert_eq!(
        refused.value["error"]["kind"], "bad-input",
        "{}",
        refused.value
    );
    peer.send_line(&json!({ "cmd": "shutdown" }).to_string())
        .expect("it reads");
    for seq in 0..WAITS_MAX {
        let ended = peer
            .wait_line(from, DEADLINE, "end who waits", |line| line["seq"] == seq)
            .expect("it waited until now");
        assert_eq!(
            ended.value["error"]["kind"], "shutting-down",
            "{}",
            ended.value
        );
    }
}

/// Most clients of the control socket that are served at the same time.
#[cfg(unix)]
const CLIENTS_MAX: usize = 32;

#[cfg(unix)]
#[test]
fn as_many_clients_are_served_as_the_limit_allows_and_the_next_waits_for_one_to_go() {
    use std::os::unix::net::UnixStream;

    let scene = Scene::new();
    let peer = scene.jsonl("alpha").spawn().expect("it starts");
    peer.ask("status").expect("it runs");
    let socket = scene.state("alpha").join("control.sock");
    let ask = |client: &mut UnixStream| {
        writeln!(client, "{}", json!({ "cmd": "status" })).expect("it reads");
    };
    let answered = |client: &UnixStream| {
        client.set_read_timeout(Some(PATIENCE)).expect("a time");
        BufReader::new(client).lines().any(|line| {
            let line = line.expect("an answer in time");
            serde_json::from_str::<Value>(&line).expect("JSON")["type"] == "result"
        })
    };
    let connect = || UnixStream::connect(&socket).expect("it listens");
    let mut served: Vec<UnixStream> = (0..CLIENTS_MAX).map(|_| connect()).collect();
    for client in &mut served {
        ask(client);
        assert!(answered(client));
    }
    let mut next = connect();
    ask(&mut next);
    // Whatever is done for the next one is done before this.
    ask(&mut served[0]);
    assert!(answered(&served[0]));
    next.set_nonblocking(true).expect("it can");
    let nothing = next.read(&mut [0; 1]).expect_err("nobody reads it yet");
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    next.set_nonblocking(false).expect("it can");
    drop(served.pop());
    assert!(answered(&next), "one went, so it is served");
}

#[test]
fn a_second_peer_on_a_state_directory_is_refused_in_words_for_people_and_scripts() {
    let scene = Scene::new();
    let first = scene.jsonl("alpha").spawn().expect("it starts");
    first.ask("status").expect("it runs");
    let second = scene.run("alpha", &["jsonl"]);
    let line: Value = serde_json::from_str(second.out.trim()).expect("one line of JSON");
    assert_eq!(line["event"], "runtime-failed", "{line}");
    let said = second.failed();
    assert!(
        said.contains("another peer runs on the state directory"),
        "{said}"
    );
    let serve = scene.run("alpha", &["serve"]).failed();
    assert!(serve.contains("Another program drives it"), "{serve}");
    first.ask("status").expect("the first is not disturbed");
}

#[test]
fn the_end_of_the_input_ends_it_after_all_answers() {
    let scene = Scene::new();
    let mut child = scene
        .command("alpha", &["jsonl"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("piped");
    for seq in 0..20 {
        writeln!(input, "{}", json!({ "seq": seq, "cmd": "list-peers" })).expect("it reads");
    }
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    let answers = String::from_utf8_lossy(&output.stdout);
    let answers = answers
        .lines()
        .filter(|line| line.contains(r#""result""#))
        .count();
    assert_eq!(answers, 20);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_within_a_second_and_leaves_nothing_behind() {
    for name in ["TERM", "INT", "HUP"] {
        let scene = Scene::new();
        scene.place("alpha", "scripts-signal");
        let mut peer = scene.jsonl("alpha").spawn().expect("it starts");
        peer.ask("status").expect("it runs");
        assert!(entries(&scene.state("alpha")).contains(&"control.sock".to_owned()));
        let pid = peer.pid();
        let asked = Instant::now();
        crate::scene::signal(pid, name);
        let status = peer.wait_for_exit(PATIENCE).expect("it ends");
        let took = asked.elapsed();
        println!("SIG{name}: {} ms", took.as_millis());
        assert!(status.success(), "SIG{name}: {status}");
        assert!(took < PROMPT, "SIG{name}: {took:?}");
        assert!(!entries(&scene.state("alpha")).contains(&"control.sock".to_owned()));
    }
}

#[cfg(unix)]
#[test]
fn an_output_that_nobody_reads_any_more_ends_it() {
    let scene = Scene::new();
    let mut child = scene
        .command("alpha", &["jsonl"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    // Its first event meets a closed pipe; the input stays open all the time.
    let input = child.stdin.take().expect("piped");
    let status = child.wait().expect("it ends");
    drop(input);
    assert!(status.success(), "{status}");
}

#[test]
fn an_address_in_use_is_told_and_ends_it() {
    let scene = Scene::new();
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let addr = taken.local_addr().expect("bound").to_string();
    let words = ["jsonl", "--listen", &addr];
    let mut command = crate::scene::lanspread(&words);
    let options = scene.options("alpha");
    let options = options
        .iter()
        .filter(|word| *word != "--listen" && *word != "127.0.0.1:0");
    let asked = Instant::now();
    // Its input stays open: what ends it is the failure alone.
    let mut child = command
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let input = child.stdin.take().expect("piped");
    let output = child.wait_with_output().expect("it ends");
    drop(input);
    assert!(asked.elapsed() < PATIENCE);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("runtime-failed"), "{output:?}");
}

#[test]
fn what_cannot_start_says_why_and_what_to_do() {
    let scene = Scene::new();
    let games = scene.games("alpha");
    let inside = games.join("state");
    let mut command = crate::scene::lanspread(&["jsonl", "--listen", "127.0.0.1:0"]);
    command
        .arg("--games-dir")
        .arg(&games)
        .arg("--state-dir")
        .arg(&inside);
    let said = Ran::of(&mut command).failed();
    assert!(said.contains("--state-dir"), "{said}");

    let missing = scene.path("missing.db");
    let said = scene
        .run(
            "alpha",
            &["jsonl", "--catalog", missing.to_str().expect("Unicode")],
        )
        .failed();
    assert!(said.contains("missing.db"), "{said}");
}
