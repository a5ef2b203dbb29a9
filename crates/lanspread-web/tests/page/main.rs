//! A browser's side of the conversation, over real sockets, with real peers behind it.

mod browser;
mod guests;
mod queue;
mod settings;

use std::{net::SocketAddr, sync::Arc};

use lanspread_app::Chosen;
use lanspread_testbed::fixture::{ArchiveFormat, Contents, GameFixture, write_archive};
use lanspread_web::{CLIENTS_MAX, Token, WebError, WebOptions, WebServer, WhoMayCome};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};
use tokio_tungstenite::connect_async;

use crate::browser::{Browser, PATIENCE, get, page, peer, peer_with, refusal, request};

#[tokio::test]
async fn a_game_is_fetched_installed_and_deleted_from_a_browser() {
    let (host, guest) = (
        TempDir::new().expect("a directory"),
        TempDir::new().expect("a directory"),
    );
    std::fs::create_dir(host.path().join("games")).expect("writable");
    GameFixture::new("chess")
        .version("20240101")
        .random_archive("chess.eti", ArchiveFormat::Zip, &[("board.bin", 3 << 20)])
        .build(&host.path().join("games"))
        .expect("a game");
    let (alpha, bravo) = (peer(host.path()), peer(guest.path()));
    alpha.ready().cancelled().await;
    bravo.ready().cancelled().await;
    let server = page(&bravo, WhoMayCome::ThisMachine).await;
    let mut browser = Browser::open(&server, "lanspread").await;
    assert_eq!(browser.state["games"], json!([]));

    let addr = alpha.handle().listen_addrs()[0];
    let connected = browser
        .command(json!({ "cmd": "connect", "addr": addr }))
        .await;
    assert_eq!(connected["ok"], true, "{connected}");
    browser
        .until("the game is seen at the other", |state| {
            Browser::game(state, "chess").is_some_and(|game| game["action"] == "download")
        })
        .await;
    assert_eq!(browser.state["peers"].as_array().map(Vec::len), Some(1));

    let begun = browser
        .command(json!({ "cmd": "download", "id": "chess" }))
        .await;
    assert_eq!(begun["ok"], true, "{begun}");
    browser
        .until("it is ready to play", |state| {
            let ready = |game: &Value| game["state"] == "ready";
            Browser::game(state, "chess").is_some_and(ready)
                && state["operations"] == json!([])
                && state["finished"]
                    .as_array()
                    .is_some_and(|all| !all.is_empty())
        })
        .await;
    let finished = browser.state["finished"][0].clone();
    assert_eq!(finished["outcome"]["result"], "finished", "{finished}");
    assert!(guest.path().join("games/chess/local/board.bin").is_file());

    let kept = browser
        .command(json!({ "cmd": "remove", "id": "chess" }))
        .await;
    assert_eq!(kept["ok"], false);
    assert_eq!(kept["error"]["kind"], "installed", "{kept}");

    let gone = browser
        .command(json!({ "cmd": "uninstall", "id": "chess" }))
        .await;
    assert_eq!(gone["ok"], true, "{gone}");
    browser
        .until("it is not unpacked any more", |state| {
            let packed =
                |game: &Value| game["state"] == "downloaded" && game["action"] == "install";
            Browser::game(state, "chess").is_some_and(packed)
                && state["operations"] == json!([])
                && state["finished"].as_array().map(Vec::len) == Some(3)
        })
        .await;

    // Whoever comes late is shown what the first was shown step by step.
    let late = Browser::open(&server, "lanspread").await;
    let mut seen = browser.state.clone();
    seen["games"]
        .as_array_mut()
        .expect("games")
        .sort_by_key(|game| game["id"].to_string());
    assert_eq!(late.state, seen);

    bravo.handle().shutdown().await;
    timeout(PATIENCE, server.ended())
        .await
        .expect("the page ends with its peer");
}

#[cfg(unix)]
#[tokio::test]
async fn a_game_is_set_up_once_and_played_from_a_browser() {
    let dir = TempDir::new().expect("a directory");
    let games = dir.path().join("games");
    std::fs::create_dir(&games).expect("writable");
    // The script waits for a file, so that it can be seen to run.
    GameFixture::new("chess")
        .file("game_setup.sh", "echo set up >> ../setups\n")
        .file(
            "game_start.sh",
            "echo \"$2 $3 $4\" >> ../starts; while [ ! -e ../over ]; do sleep 0.05; done; echo bye; exit 3\n",
        )
        .archive(
            "chess.eti",
            ArchiveFormat::Zip,
            Contents::new().file("cfg/account_name.txt", "nobody"),
        )
        .build(&games)
        .expect("a game");
    let app = peer(dir.path());
    app.ready().cancelled().await;
    let server = page(&app, WhoMayCome::ThisMachine).await;
    let mut browser = Browser::open(&server, "lanspread").await;
    let early = browser
        .command(json!({ "cmd": "play", "id": "chess" }))
        .await;
    assert_eq!(early["error"]["kind"], "not-installed", "{early}");
    browser
        .command(json!({ "cmd": "install", "id": "chess" }))
        .await;
    let play = json!({ "cmd": "play", "id": "chess", "player": "Änna", "language": "de" });
    browser
        .until("it can be played", |state| {
            Browser::game(state, "chess").is_some_and(|game| game["action"] == "play")
                && state["operations"] == json!([])
        })
        .await;
    // Once told with the command, and once from the settings, which hold from the moment they are made.
    let wished = json!({ "cmd": "change-settings", "name": "Bert", "language": "fr" });
    let kept = browser.command(wished).await;
    assert_eq!(kept["ok"], true, "{kept}");
    for play in [play, json!({ "cmd": "play", "id": "chess" })] {
        drop(std::fs::remove_file(games.join("over")));
        let begun = browser.command(play.clone()).await;
        assert_eq!(begun["ok"], true, "{begun}");
        let again = browser.command(play.clone()).await;
        assert_eq!(again["error"]["kind"], "busy", "{again}");
        browser
            .until("it runs", |state| state["running"][0]["script"] == "start")
            .await;
        std::fs::write(games.join("over"), "").expect("writable");
        browser
            .until("it has ended", |state| state["running"] == json!([]))
            .await;
    }
    browser
        .until("its failure is told", |state| {
            state["notices"].as_array().is_some_and(|all| {
                all.iter()
                    .filter(|notice| notice["about"]["kind"] == "script-failed")
                    .count()
                    == 2
            })
        })
        .await;
    let read = |path: &str| std::fs::read_to_string(games.join(path)).expect("written");
    assert_eq!(read("starts"), "chess de Änna\nchess fr Bert\n");
    assert_eq!(read("setups"), "set up\n");
    assert_eq!(read("chess/local/cfg/account_name.txt"), "Änna");
    let server_script = browser
        .command(json!({ "cmd": "start-server", "id": "chess" }))
        .await;
    assert_eq!(
        server_script["error"]["kind"], "no-script",
        "{server_script}"
    );

    let game = Browser::game(&browser.state, "chess").expect("it is here");
    assert_eq!(game["scripts"], json!(["setup", "start"]));
    let host = "Host: 127.0.0.1\r\n";
    let (status, size) = get(&server, "/api/games/chess/install-size", host).await;
    assert_eq!(status, 200, "{size}");
    assert!(size.contains("\"more\":false"), "{size}");
    assert!(!size.contains("\"bytes\":0"), "{size}");
    let log = get(&server, "/api/game-log", host).await;
    check_runs(&log, &["game_setup.sh", "game_start.sh", "game_start.sh"]);
    std::fs::remove_file(games.join("chess/game_start.sh")).expect("writable");
    browser
        .until("nothing starts it any more", |state| {
            Browser::game(state, "chess")
                .is_some_and(|game| game["scripts"] == json!(["setup"]) && game["action"] == "none")
        })
        .await;
}

/// The log of games has these scripts in their order: each start failed with its last words, and nothing else did.
#[cfg(unix)]
fn check_runs((status, log): &(u16, String), files: &[&str]) {
    assert_eq!(*status, 200, "{log}");
    let body = log.split("\r\n\r\n").nth(1).expect("a body");
    let page: Value = serde_json::from_str(body).expect("JSON");
    let entries = page["entries"].as_array().expect("entries");
    let ran = entries.iter().map(|run| &run["file"]);
    assert!(ran.eq(files), "{log}");
    for run in entries {
        let told = if run["file"] == "game_start.sh" {
            [json!("failed"), json!(["bye"])]
        } else {
            [json!("ended"), json!([])]
        };
        assert_eq!(
            [&run["result"], &run["output"]],
            [&told[0], &told[1]],
            "{log}"
        );
    }
}

#[tokio::test]
async fn other_pages_and_other_names_are_refused() {
    let dir = TempDir::new().expect("a directory");
    let app = peer(dir.path());
    let server = page(&app, WhoMayCome::ThisMachine).await;
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(
            refusal(request(&server, Some(origin), "lanspread")).await,
            403,
            "{origin}"
        );
    }
    let mut rebound = request(&server, Some("http://evil.example"), "lanspread");
    rebound
        .headers_mut()
        .insert("host", "evil.example".parse().expect("a header"));
    assert_eq!(refusal(rebound).await, 403);

    let details = "/api/games/chess";
    assert_eq!(get(&server, details, "Host: evil.example\r\n").await.0, 403);
    assert_eq!(get(&server, "/", "Host: evil.example\r\n").await.0, 403);
    let cross = "Host: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\n";
    assert_eq!(get(&server, details, cross).await.0, 403);
    assert_eq!(get(&server, details, "").await.0, 403);
    let (status, answer) = get(&server, "/api/games/..%2fevil", "Host: 127.0.0.1\r\n").await;
    assert_eq!(status, 404, "{answer}");
}

#[tokio::test]
async fn the_picture_of_a_game_lies_beside_the_catalog() {
    let dir = TempDir::new().expect("a directory");
    let games = dir.path().join("games");
    std::fs::create_dir(&games).expect("writable");
    for id in ["chess", "go"] {
        GameFixture::new(id)
            .file("board.bin", id)
            .build(&games)
            .expect("a game");
    }
    let catalog = dir.path().join("game.db");
    lanspread_db::catalog::build(&games, &catalog).expect("a catalog");
    std::fs::create_dir(dir.path().join("covers")).expect("writable");
    std::fs::write(dir.path().join("covers/chess.png"), b"\x89PNG\r\n\x1a\n").expect("writable");
    let app = peer_with(dir.path(), Some(Chosen::ByUser(catalog)));
    app.ready().cancelled().await;
    let server = page(&app, WhoMayCome::ThisMachine).await;
    let mut browser = Browser::open(&server, "lanspread").await;
    browser
        .until("both games are seen", |state| {
            state["games"]
                .as_array()
                .is_some_and(|games| games.len() == 2)
        })
        .await;
    let has = |id| Browser::game(&browser.state, id).map(|game| game["cover"].clone());
    assert_eq!(
        (has("chess"), has("go")),
        (Some(json!(true)), Some(json!(false)))
    );
    let host = "Host: 127.0.0.1\r\n";
    let (status, answer) = get(&server, "/api/covers/chess", host).await;
    assert_eq!(status, 200);
    assert!(
        answer.to_lowercase().contains("content-type: image/png"),
        "{answer}"
    );
    assert_eq!(get(&server, "/api/covers/go", host).await.0, 404);
    assert_eq!(get(&server, "/api/covers/..%2fgame", host).await.0, 404);
    assert_eq!(
        get(&server, "/api/covers/chess", "Host: evil.example\r\n")
            .await
            .0,
        403
    );
}

#[tokio::test]
async fn the_pictures_of_an_archive_are_shown_when_they_are_ready_and_a_broken_one_is_told_of() {
    let dir = TempDir::new().expect("a directory");
    let games = dir.path().join("games");
    std::fs::create_dir(&games).expect("writable");
    GameFixture::new("go")
        .file("board.bin", "go")
        .build(&games)
        .expect("a game");
    let catalog = dir.path().join("game.db");
    lanspread_db::catalog::build(&games, &catalog).expect("a catalog");
    let assets = dir.path().join("assets.eti");
    let pictures = Contents::new().file("covers/go.jpg", [0xff, 0xd8, 0xff, 0xe0]);
    write_archive(ArchiveFormat::Rar, &assets, &pictures).expect("an archive");
    let chosen = || Some(Chosen::ByUser(catalog.clone()));
    let app = peer_with(dir.path(), chosen());
    app.ready().cancelled().await;
    let server = page(&app, WhoMayCome::ThisMachine).await;
    let mut browser = Browser::open(&server, "lanspread").await;
    browser
        .until("the picture is there", |state| {
            Browser::game(state, "go").is_some_and(|game| game["cover"] == true)
        })
        .await;
    let (status, answer) = get(&server, "/api/covers/go", "Host: 127.0.0.1\r\n").await;
    assert_eq!(status, 200);
    assert!(
        answer.to_lowercase().contains("content-type: image/jpeg"),
        "{answer}"
    );
    app.handle().shutdown().await;
    app.ended().cancelled().await;
    drop((app, server, browser));

    std::fs::write(&assets, "no archive").expect("writable");
    let app = peer_with(dir.path(), chosen());
    app.ready().cancelled().await;
    let server = page(&app, WhoMayCome::ThisMachine).await;
    let mut browser = Browser::open(&server, "lanspread").await;
    let told = |state: &Value| {
        let notices = state["notices"].as_array().expect("notices");
        let names = |notice: &&Value| notice["message"].to_string().contains("assets.eti");
        notices.iter().filter(names).count() == 1
    };
    browser.until("it is told of", told).await;
    assert_eq!(browser.state["games"][0]["cover"], false);
    app.handle().shutdown().await;
}

/// A connection on which nothing was asked yet held up the end of the program for a minute, and a browser that
/// takes nothing for 20 s.
#[tokio::test]
async fn a_silent_connection_does_not_hold_up_the_end_of_the_peer() {
    let dir = TempDir::new().expect("a directory");
    let app = peer(dir.path());
    app.ready().cancelled().await;
    let server = page(&app, WhoMayCome::ThisMachine).await;
    let mut silent = TcpStream::connect(server.addr()).await.expect("it listens");
    silent.write_all(b"GET / HTTP").await.expect("sent");
    // It is let in before this one is.
    let _browser = Browser::open(&server, "lanspread").await;
    app.handle().shutdown().await;
    timeout(PATIENCE, server.ended())
        .await
        .expect("the page ends with its peer");
}

#[tokio::test]
async fn beyond_this_machine_the_token_is_needed() {
    let dir = TempDir::new().expect("a directory");
    let app = peer(dir.path());
    let anywhere = SocketAddr::from(([0, 0, 0, 0], 0));
    let who = WhoMayCome::ThisMachine;
    let open = WebServer::start(
        Arc::clone(&app),
        WebOptions {
            addr: anywhere,
            who,
        },
    )
    .await;
    assert!(
        matches!(open, Err(WebError::NotLoopback { .. })),
        "{open:?}"
    );

    let token = Token::draw().expect("random");
    let server = page(&app, WhoMayCome::Everybody(token.clone())).await;
    let link = &server.links()[0];
    assert!(
        link.ends_with(&format!("#token={}", token.reveal())),
        "{link}"
    );
    assert_eq!(refusal(request(&server, None, "lanspread")).await, 403);
    assert_eq!(refusal(request(&server, None, "lanspread, 00")).await, 403);
    let host = "Host: 127.0.0.1\r\n";
    assert_eq!(get(&server, "/api/games/chess", host).await.0, 403);
    let bearer = format!("{host}Authorization: Bearer {}\r\n", token.reveal());
    assert_eq!(get(&server, "/api/games/chess", &bearer).await.0, 404);

    let protocols = format!("lanspread, {}", token.reveal());
    let mut browser = Browser::open(&server, &protocols).await;
    for command in [
        json!({ "cmd": "set-game-dir", "path": "/" }),
        json!({ "cmd": "play", "id": "chess" }),
        json!({ "cmd": "start-server", "id": "chess" }),
    ] {
        let refused = browser.command(command.clone()).await;
        assert_eq!(
            refused["error"]["kind"], "not-allowed",
            "{command}: {refused}"
        );
    }
}

#[tokio::test]
async fn nonsense_is_answered_and_questions_for_scripts_are_not_for_pages() {
    let dir = TempDir::new().expect("a directory");
    let app = peer(dir.path());
    app.ready().cancelled().await;
    let server = page(&app, WhoMayCome::ThisMachine).await;
    let mut browser = Browser::open(&server, "lanspread").await;
    for command in [
        json!({ "cmd": "shutdown" }),
        json!({ "cmd": "status" }),
        json!({ "cmd": "fly" }),
        json!({ "cmd": "download", "id": "../evil" }),
        json!({ "cmd": "cancel", "id": "chess", "force": true }),
    ] {
        let answer = browser.command(command.clone()).await;
        assert_eq!(answer["error"]["kind"], "bad-input", "{command}: {answer}");
    }
    let cancelled = browser
        .command(json!({ "cmd": "cancel", "id": "chess" }))
        .await;
    assert_eq!(cancelled["ok"], false);
    assert!(!app.leave().is_cancelled());
}

#[tokio::test]
async fn as_many_browsers_are_served_as_the_limit_allows_and_the_next_is_told() {
    let dir = TempDir::new().expect("a directory");
    let app = peer(dir.path());
    let server = page(&app, WhoMayCome::ThisMachine).await;
    let mut browsers = Vec::new();
    for _ in 0..CLIENTS_MAX {
        browsers.push(Browser::open(&server, "lanspread").await);
    }
    assert_eq!(refusal(request(&server, None, "lanspread")).await, 503);
    browsers.pop();
    // The server notices within its own time that one has gone.
    let again = async {
        while connect_async(request(&server, None, "lanspread"))
            .await
            .is_err()
        {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, again).await.expect("there is room again");
}
