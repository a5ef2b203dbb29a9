//! Commands for people beside a peer that runs: they talk to it over the control socket.

use std::{path::Path, thread::sleep, time::Duration};

use serde_json::json;

use crate::scene::{PATIENCE, PROMPT, Ran, Scene, Staying, lanspread};

/// Starts `lanspread serve` and waits until it takes part.
fn serve(scene: &Scene, peer: &str) -> Staying {
    let serving = Staying::start(&mut scene.command(peer, &["serve"]));
    serving.wait_out("Ctrl-C ends it.");
    serving
}

#[test]
fn commands_talk_to_the_peer_that_runs() {
    let scene = Scene::new();
    let id = "running-talk";
    scene.place("alpha", id);
    let serving = serve(&scene, "alpha");
    let addr = serving.wait_out("listening on ");
    let addr = addr.trim().trim_start_matches("listening on ").to_owned();
    serving.wait_out("open party");

    let status = scene.run("alpha", &["status"]).succeeded().out;
    assert!(status.contains("running for"), "{status}");
    assert!(status.contains(&addr), "{status}");
    let list = scene.run("alpha", &["list"]).succeeded().out;
    assert!(
        list.lines()
            .any(|line| line.starts_with(id) && line.ends_with("downloaded")),
        "{list}"
    );

    let install = scene.run("alpha", &["install", id]).succeeded().out;
    assert!(install.contains("ready to play"), "{install}");
    serving.wait_out(&format!("{id}: install finished"));
    let refused = scene.run("alpha", &["remove", id]).failed();
    assert!(refused.contains("installed"), "{refused}");
    let refused = scene.run("alpha", &["cancel", id]).failed();
    assert!(refused.contains("nothing to cancel"), "{refused}");
    let uninstall = scene.run("alpha", &["uninstall", id]).succeeded().out;
    assert!(uninstall.contains("uninstalled"), "{uninstall}");
    assert!(!scene.games("alpha").join(id).join("local").exists());
}

#[test]
fn several_folders_are_named_one_after_the_other_and_each_game_is_where_it_lies() {
    let scene = Scene::new();
    let (first, second) = ("folders-first", "folders-second");
    scene.place("alpha", first);
    scene.place("alpha-more", second);
    let more = scene.games("alpha-more");
    let more = more.to_str().expect("Unicode");
    let serving = Staying::start(&mut scene.command("alpha", &["serve", "--games-dir", more]));
    serving.wait_out("Ctrl-C ends it.");

    // The first that is named is where new games go.
    let status = scene.run("alpha", &["status"]).succeeded().out;
    let line = |label: &str| {
        let mut lines = status.lines().filter_map(|line| line.strip_prefix(label));
        lines.next().map(|rest| rest.trim().to_owned())
    };
    assert_eq!(line("games in").as_deref(), Some(more), "{status}");
    let other = scene.games("alpha");
    assert_eq!(line("and in").as_deref(), other.to_str(), "{status}");
    for (id, dir) in [(first, other.as_path()), (second, Path::new(more))] {
        let installed = scene.run("alpha", &["install", id]).succeeded().out;
        let local = dir.join(id).join("local");
        assert!(
            installed.contains(&local.display().to_string()),
            "{installed}"
        );
        assert!(local.join("bin/game").exists());
    }
    drop(serving);

    let inside = scene.games("alpha").join("old");
    std::fs::create_dir(&inside).expect("writable");
    let inside = inside.to_str().expect("Unicode");
    let refused = scene
        .run("alpha", &["serve", "--games-dir", inside])
        .failed();
    assert!(refused.contains("lies inside"), "{refused}");
    assert!(refused.contains("once for each folder"), "{refused}");
}

/// The folder that was chosen before is on a disk that is plugged in later.
#[test]
fn serving_begins_without_the_disk_of_the_games_and_goes_on_when_it_is_there() {
    let scene = Scene::new();
    let id = "later";
    scene.place("elsewhere", id);
    let (state, games) = (scene.state("alpha"), scene.games("alpha"));
    std::fs::create_dir_all(&state).expect("writable");
    let settings = json!({
        "format": 1, "name": "alpha", "language": null, "games_dir": games,
        // Peers of other tests on this machine are none of ours.
        "party_code": "reef-4812-oak",
        "start_with_system": false, "keep_in_tray": true, "guests": false,
    });
    std::fs::write(state.join("settings.json"), settings.to_string()).expect("writable");
    let command = |words: &[&str]| {
        let mut command = lanspread(words);
        command.arg("--state-dir").arg(&state);
        command
    };
    // One command waits for no disk, and puts nothing where it belongs.
    for words in [&["get", id][..], &["install", id], &["list"]] {
        let refused = Ran::of(command(words).args(["--listen", "127.0.0.1:0"])).failed();
        assert!(
            refused.contains("is not there; connect its disk"),
            "{refused}"
        );
    }
    let serving = Staying::start(command(&["serve"]).args(["--listen", "127.0.0.1:0"]));
    serving.wait_out("Ctrl-C ends it.");
    let status = || Ran::of(&mut command(&["status"])).succeeded().out;
    let is_missed = || status().contains("the games folder cannot be read");
    assert!(is_missed(), "{}", status());
    assert!(!games.exists(), "no empty one in its place");

    std::fs::create_dir_all(games.parent().expect("one")).expect("writable");
    std::fs::rename(scene.games("elsewhere"), &games).expect("movable");
    let began = std::time::Instant::now();
    while is_missed() {
        assert!(began.elapsed() < PATIENCE, "{}", status());
        sleep(Duration::from_millis(100));
    }
    Ran::of(&mut command(&["install", id])).succeeded();
    assert!(games.join(id).join("local/bin/game").exists());
    drop(serving);

    // A folder that is named now is made, as before.
    let named = scene.path("named");
    let mut serve = command(&["serve", "--listen", "127.0.0.1:0"]);
    let serving = Staying::start(serve.arg("--games-dir").arg(&named));
    serving.wait_out("Ctrl-C ends it.");
    assert!(named.exists());
}

#[test]
fn limits_are_set_at_the_peer_that_runs_and_kept_and_playing_is_not() {
    let scene = Scene::new();
    let limited = ["serve", "--upload-limit", "40MiB", "--playing"];
    let serving = Staying::start(&mut scene.command("alpha", &limited));
    serving.wait_out("limited: uploads to 40.00 MiB/s, uploads yield to your game");
    let shown = scene.run("alpha", &["limit"]).succeeded().out;
    assert!(shown.contains("uploads to 40.00 MiB/s"), "{shown}");
    let change = [
        "limit",
        "--upload-limit",
        "none",
        "--download-limit",
        "2MiB",
    ];
    let shown = scene.run("alpha", &change).succeeded().out;
    assert_eq!(
        shown.trim_end(),
        "limited: downloads to 2.00 MiB/s, uploads yield to your game"
    );
    serving.wait_out("limited: downloads to 2.00 MiB/s");
    let shown = scene.run("alpha", &["playing", "off"]).succeeded().out;
    assert_eq!(shown.trim_end(), "limited: downloads to 2.00 MiB/s");
    scene.run("alpha", &["playing", "on"]).succeeded();
    let too_low = scene.run("alpha", &["limit", "--upload-limit", "255KiB"]);
    assert_eq!(too_low.code, Some(2), "{too_low:?}");
    assert!(too_low.err.contains("262144"), "{too_low:?}");
    drop(serving);

    let status = scene.run("alpha", &["status"]).succeeded().out;
    assert!(status.contains("downloads to 2.00 MiB/s"), "{status}");
    assert!(!status.contains("your game"), "{status}");
    let refused = scene.run("alpha", &["playing", "on"]).failed();
    assert!(refused.contains("no peer runs here"), "{refused}");
}

#[test]
fn a_game_is_got_by_the_peer_that_runs_and_the_source_says_who_fetches() {
    let scene = Scene::new();
    let id = "running-get";
    let game = scene.place("alpha", id);
    let alpha = serve(&scene, "alpha");
    let addr = alpha.wait_out("listening on ");
    let addr = addr.trim().trim_start_matches("listening on ");
    let bravo = serve(&scene, "bravo");
    let got = scene
        .run("bravo", &["get", id, "--connect", addr])
        .succeeded();
    assert!(got.out.contains("from alpha"), "{got:?}");
    assert!(got.out.contains("ready to play in"), "{got:?}");
    let root = scene.games("bravo").join(id);
    let tree = lanspread_testbed::tree::Tree::read(&root).expect("readable");
    game.installed
        .assert_same(&tree.below("local").without(".lanspread_owned"));
    bravo.wait_out(&format!("{id}: download finished"));
    bravo.wait_out(&format!("{id}: install finished"));
    alpha.wait_out(&format!("{id}: bravo fetches it from here"));
    let peers = scene.run("bravo", &["peers"]).succeeded().out;
    assert!(
        peers
            .lines()
            .any(|line| line.starts_with("alpha ") && line.contains(addr)),
        "{peers}"
    );
    let list = scene.run("bravo", &["list"]).succeeded().out;
    assert!(
        list.lines()
            .any(|line| line.starts_with(id) && line.ends_with("ready to play")),
        "{list}"
    );
}

#[test]
fn what_is_said_at_one_peer_is_told_at_the_other_and_to_who_comes_later() {
    let scene = Scene::new();
    let refused = scene.run("alpha", &["say", "hello"]).failed();
    assert!(refused.contains("no peer runs here"), "{refused}");
    let alpha = serve(&scene, "alpha");
    let addr = alpha.wait_out("listening on ");
    let addr = addr.trim().trim_start_matches("listening on ");
    let early = ["say", "Pizza", "is", "here"];
    let said = scene.run("alpha", &early).succeeded().out;
    assert!(said.contains("nobody else is here"), "{said}");
    alpha.wait_out("you said: Pizza is here");

    let bravo = serve(&scene, "bravo");
    scene
        .run("bravo", &["peers", "--connect", addr])
        .succeeded();
    bravo.wait_out("alpha says: Pizza is here");
    let said = scene
        .run("bravo", &["say", "On my way: \u{202e}two\nslices"])
        .succeeded()
        .out;
    assert!(said.starts_with("said to 1 peer"), "{said}");
    alpha.wait_out("bravo says: On my way: two slices");

    let long = "x".repeat(501);
    let refused = scene.run("alpha", &["say", &long]).failed();
    assert!(refused.contains("501 bytes"), "{refused}");
    let refused = scene.run("alpha", &["say", " "]).failed();
    assert!(refused.contains("no text"), "{refused}");
}

#[test]
fn other_options_for_a_peer_that_runs_are_pointed_out() {
    let scene = Scene::new();
    let _serving = serve(&scene, "alpha");
    let other = scene.games("bravo");
    let state = scene.state("alpha");
    let mut command = crate::scene::lanspread(&["status"]);
    command
        .arg("--games-dir")
        .arg(&other)
        .arg("--state-dir")
        .arg(&state);
    let ran = crate::scene::Ran::of(&mut command).succeeded();
    assert!(ran.err.contains("--games-dir has no effect"), "{ran:?}");
    assert!(
        !other.exists(),
        "nothing is made for a peer that is not started"
    );
}

#[cfg(unix)]
#[test]
fn serving_ends_promptly_and_leaves_no_socket() {
    let scene = Scene::new();
    let mut serving = serve(&scene, "alpha");
    assert!(scene.state("alpha").join("control.sock").exists());
    let asked = std::time::Instant::now();
    serving.signal("INT");
    assert!(serving.wait().success(), "{}", serving.said());
    assert!(asked.elapsed() < PROMPT, "{:?}", asked.elapsed());
    assert!(!scene.state("alpha").join("control.sock").exists());
}

/// `shutdown` on the control socket was accepted and nothing came of it: `serve` looked for signals and for
/// the end of its peer, and not for the wish that it ends.
#[cfg(unix)]
#[test]
fn serving_ends_when_a_program_asks_for_it_over_the_socket() {
    use std::io::{Read, Write};

    let scene = Scene::new();
    let mut serving = serve(&scene, "alpha");
    let socket = scene.state("alpha").join("control.sock");
    let mut client = std::os::unix::net::UnixStream::connect(socket).expect("it listens");
    writeln!(client, r#"{{"seq":1,"cmd":"shutdown"}}"#).expect("it reads");
    assert!(serving.wait().success(), "{}", serving.said());
    let mut told = String::new();
    client.read_to_string(&mut told).expect("it was answered");
    assert!(told.contains(r#""ok":true"#), "{told}");
}

#[test]
fn a_second_one_is_told_which_program_has_the_state_directory() {
    let scene = Scene::new();
    let _serving = serve(&scene, "alpha");
    let refused = scene.run("alpha", &["serve"]).failed();
    assert!(refused.contains("It is `lanspread serve`"), "{refused}");
}

#[cfg(unix)]
#[test]
fn a_socket_left_behind_by_a_killed_peer_is_in_nobodys_way() {
    let scene = Scene::new();
    let mut killed = serve(&scene, "alpha");
    killed.signal("KILL");
    killed.wait();
    assert!(
        scene.state("alpha").join("control.sock").exists(),
        "it could not clean up"
    );
    let status = scene.run("alpha", &["status"]).succeeded().out;
    assert!(status.contains("not running"), "{status}");
    let _serving = serve(&scene, "alpha");
    let status = scene.run("alpha", &["status"]).succeeded().out;
    assert!(status.contains("running for"), "{status}");
}

#[cfg(unix)]
#[test]
fn a_client_that_asks_and_never_reads_holds_up_nobody() {
    use std::io::Write;

    let scene = Scene::new();
    let mut serving = serve(&scene, "alpha");
    let socket = scene.state("alpha").join("control.sock");
    let mut rude = std::os::unix::net::UnixStream::connect(socket).expect("it listens");
    rude.set_nonblocking(true).expect("possible");
    // Until the peer, which cannot get rid of its answers, reads no more.
    while rude.write(b"{\"cmd\":\"status\"}\n").is_ok() {}
    let status = scene.run("alpha", &["status"]).succeeded().out;
    assert!(status.contains("running for"), "{status}");
    let asked = std::time::Instant::now();
    serving.signal("TERM");
    assert!(serving.wait().success(), "{}", serving.said());
    assert!(asked.elapsed() < PROMPT, "{:?}", asked.elapsed());
}
