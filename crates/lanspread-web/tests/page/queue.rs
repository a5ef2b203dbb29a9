//! Downloads that take their turn, rest and go on, also after a restart.

use std::{fs, path::Path, sync::Arc};

use lanspread_app::App;
use lanspread_testbed::fixture::{ArchiveFormat, GameFixture};
use lanspread_web::WhoMayCome;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::{Browser, limit_uploads, page, peer};

/// Slow enough for a download of a game here to be seen on its way.
const UPLOAD_BYTES_PER_S: u64 = 512 * 1024;

const GAME_BYTES: usize = 3 << 20;

/// A peer with three games, of which little leaves at a time.
async fn host(dir: &Path) -> Arc<App> {
    let games = dir.join("games");
    fs::create_dir(&games).expect("writable");
    for id in ["checkers", "chess", "go"] {
        GameFixture::new(id)
            .version("20240101")
            .random_archive("game.eti", ArchiveFormat::Zip, &[("board.bin", GAME_BYTES)])
            .build(&games)
            .expect("a game");
    }
    let app = peer(dir);
    app.ready().cancelled().await;
    limit_uploads(&app, Some(UPLOAD_BYTES_PER_S)).await;
    app
}

/// A browser at a peer that knows the host.
async fn guest(dir: &Path, host: &App) -> (Arc<App>, Browser) {
    let app = peer(dir);
    app.ready().cancelled().await;
    let server = page(&app, WhoMayCome::ThisMachine).await;
    let mut browser = Browser::open(&server, "lanspread").await;
    let addr = host.handle().listen_addrs()[0];
    accepted(&mut browser, json!({ "cmd": "connect", "addr": addr })).await;
    let all_seen = |state: &Value| {
        let offered =
            |id| Browser::game(state, id).is_some_and(|game| game["holders"] != json!([]));
        ["checkers", "chess", "go"].into_iter().all(offered)
    };
    browser.until("the games are seen", all_seen).await;
    (app, browser)
}

async fn accepted(browser: &mut Browser, command: Value) {
    let answer = browser.command(command).await;
    assert_eq!(answer["ok"], true, "{answer}");
}

/// The queue as games and how each stands.
fn queue(state: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let entries = state["queue"].as_array().expect("a queue");
    entries
        .iter()
        .map(|entry| (text(&entry["id"]), text(&entry["turn"])))
        .collect()
}

fn is(state: &Value, expected: &[(&str, &str)]) -> bool {
    let shown = queue(state);
    shown.len() == expected.len()
        && shown
            .iter()
            .zip(expected)
            .all(|((id, turn), expected)| (id.as_str(), turn.as_str()) == *expected)
}

fn verified_bytes(state: &Value, id: &str) -> u64 {
    let operations = state["operations"].as_array().expect("operations");
    let of = |operation: &&Value| operation["id"] == id;
    let operation = operations.iter().find(of);
    operation.map_or(0, |it| {
        it["progress"]["verified_bytes"].as_u64().unwrap_or(0)
    })
}

/// How much of a download that rests is here.
fn gathered_bytes(state: &Value, id: &str) -> Option<u64> {
    Browser::game(state, id)?["gathered"]["verified_bytes"].as_u64()
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_take_their_turn_rest_and_go_on_after_a_restart() {
    let (at_host, at_guest) = (
        TempDir::new().expect("a directory"),
        TempDir::new().expect("a directory"),
    );
    let host = host(at_host.path()).await;
    let (app, mut browser) = guest(at_guest.path(), &host).await;
    let nobody = browser
        .command(json!({ "cmd": "queue", "id": "nothing" }))
        .await;
    assert_eq!(nobody["error"]["kind"], "no-source", "{nobody}");
    for id in ["checkers", "chess", "go"] {
        accepted(&mut browser, json!({ "cmd": "queue", "id": id })).await;
    }
    let turns = [
        ("checkers", "running"),
        ("chess", "running"),
        ("go", "waiting"),
    ];
    browser
        .until("two run and one waits", |state| is(state, &turns))
        .await;
    let half = |state: &Value| verified_bytes(state, "checkers") > 512 * 1024;
    browser.until("something has come", half).await;

    accepted(&mut browser, json!({ "cmd": "pause", "id": "checkers" })).await;
    let turns = [
        ("checkers", "paused"),
        ("chess", "running"),
        ("go", "running"),
    ];
    let rests = |state: &Value| {
        let operations = state["operations"].as_array().expect("operations");
        is(state, &turns) && operations.iter().all(|it| it["id"] != "checkers")
    };
    browser
        .until("it rests, and the next has its turn", rests)
        .await;
    let here = gathered_bytes(&browser.state, "checkers");
    assert!(
        (512 * 1024..GAME_BYTES as u64).contains(&here.expect("it says how much is here")),
        "{here:?}"
    );
    assert_eq!(
        browser.state["finished"],
        json!([]),
        "it has not ended for whoever looks"
    );
    app.handle().shutdown().await;
    app.ended().cancelled().await;
    drop((app, browser));

    let (app, mut browser) = guest(at_guest.path(), &host).await;
    assert_eq!(
        queue(&browser.state)[0],
        ("checkers".to_owned(), "paused".to_owned())
    );
    let known = |state: &Value| gathered_bytes(state, "checkers") == here;
    browser.until("it is known how much is here", known).await;
    limit_uploads(&host, None).await;
    let others_done = |state: &Value| is(state, &[("checkers", "paused")]);
    browser.until("the others are here", others_done).await;
    accepted(&mut browser, json!({ "cmd": "resume", "id": "checkers" })).await;
    let done = |state: &Value| {
        is(state, &[])
            && Browser::game(state, "checkers").is_some_and(|game| game["state"] == "ready")
    };
    browser.until("it is here, too", done).await;
    assert_eq!(gathered_bytes(&browser.state, "checkers"), None);
    let finished = browser.state["finished"].as_array().expect("what ended");
    let came = finished
        .iter()
        .find(|it| it["id"] == "checkers" && it["kind"] == "download")
        .expect("its download ended");
    let bytes = came["outcome"]["bytes"].as_u64().expect("bytes");
    assert!(
        bytes < GAME_BYTES as u64 - 256 * 1024,
        "what had come before it rested came once more: {bytes} bytes"
    );
    app.handle().shutdown().await;
    host.handle().shutdown().await;
}

/// It was installed after it had rested: the queue knew only downloads that are.
#[tokio::test(flavor = "multi_thread")]
async fn a_download_past_the_queue_is_after_a_rest_what_it_was_asked_to_be() {
    let (at_host, at_guest) = (
        TempDir::new().expect("a directory"),
        TempDir::new().expect("a directory"),
    );
    let host = host(at_host.path()).await;
    let (app, mut browser) = guest(at_guest.path(), &host).await;
    let download = json!({ "cmd": "download", "id": "checkers", "install": false });
    accepted(&mut browser, download).await;
    let some = |state: &Value| verified_bytes(state, "checkers") > 0;
    browser.until("something has come", some).await;
    accepted(&mut browser, json!({ "cmd": "pause", "id": "checkers" })).await;
    let rests =
        |state: &Value| is(state, &[("checkers", "paused")]) && state["operations"] == json!([]);
    browser.until("it rests", rests).await;
    assert_eq!(browser.state["queue"][0]["install"], false);
    limit_uploads(&host, None).await;
    accepted(&mut browser, json!({ "cmd": "resume", "id": "checkers" })).await;
    let here = |state: &Value| {
        is(state, &[])
            && state["operations"] == json!([])
            && Browser::game(state, "checkers").is_some_and(|game| game["downloaded"] == true)
    };
    browser.until("it is here", here).await;
    let game = Browser::game(&browser.state, "checkers").expect("it is there");
    assert_eq!(game["state"], "downloaded", "and not unpacked");
    app.handle().shutdown().await;
    host.handle().shutdown().await;
}

/// A cancel forgot a download that rested, and left its bytes where no view showed them; the next start
/// went on with it unasked.
#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_rests_and_is_cancelled_leaves_nothing_and_does_not_come_back() {
    let (at_host, at_guest) = (
        TempDir::new().expect("a directory"),
        TempDir::new().expect("a directory"),
    );
    let host = host(at_host.path()).await;
    let (app, mut browser) = guest(at_guest.path(), &host).await;
    accepted(&mut browser, json!({ "cmd": "queue", "id": "chess" })).await;
    let half = |state: &Value| verified_bytes(state, "chess") > 512 * 1024;
    browser.until("something has come", half).await;
    accepted(&mut browser, json!({ "cmd": "pause", "id": "chess" })).await;
    let rests = |state: &Value| state["operations"] == json!([]);
    browser.until("it rests", rests).await;
    let root = at_guest.path().join("games/chess");
    assert!(root.exists(), "what has come is kept");

    accepted(&mut browser, json!({ "cmd": "cancel", "id": "chess" })).await;
    let told = |state: &Value| {
        let finished = state["finished"].as_array().expect("what ended");
        finished.last().is_some_and(|it| {
            it["id"] == "chess"
                && it["kind"] == "download"
                && it["outcome"]["result"] == "cancelled"
        })
    };
    browser.until("its end is told", told).await;
    assert!(is(&browser.state, &[]), "{}", browser.state["queue"]);
    assert!(!root.exists(), "nothing of it is left");
    app.handle().shutdown().await;
    app.ended().cancelled().await;
    drop((app, browser));

    let (app, mut browser) = guest(at_guest.path(), &host).await;
    assert!(is(&browser.state, &[]), "{}", browser.state["queue"]);
    // Whatever would go on by itself goes before this one, which comes to its end.
    limit_uploads(&host, None).await;
    accepted(&mut browser, json!({ "cmd": "queue", "id": "go" })).await;
    let done =
        |state: &Value| Browser::game(state, "go").is_some_and(|game| game["state"] == "ready");
    browser.until("another one is here", done).await;
    assert!(!root.exists(), "it does not come back");
    app.handle().shutdown().await;
    host.handle().shutdown().await;
}
