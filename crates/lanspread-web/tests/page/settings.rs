//! What holds, beside what is kept for the next start.

use lanspread_peer::PartyCode;
use lanspread_web::WhoMayCome;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::{Browser, page, peer, peer_of};

/// A catalog beside the games of another folder was not taken up, and nothing said that it would be.
#[tokio::test]
async fn a_catalog_beside_the_games_of_another_folder_holds_after_the_next_start() {
    let dir = TempDir::new().expect("a directory");
    let app = peer(dir.path());
    app.ready().cancelled().await;
    let server = page(&app, WhoMayCome::ThisMachine).await;
    let mut browser = Browser::open(&server, "lanspread").await;
    let needed = |needed: bool| move |state: &Value| state["settings"]["restart_needed"] == needed;
    assert!(needed(false)(&browser.state));
    let (with, without) = (dir.path().join("with"), dir.path().join("without"));
    for folder in [&with, &without] {
        std::fs::create_dir(folder).expect("writable");
    }
    std::fs::write(with.join("game.db"), "").expect("writable");
    for (folder, expected) in [(&with, true), (&without, false)] {
        let command = json!({ "cmd": "set-game-dir", "path": folder });
        let answer = browser.command(command).await;
        assert_eq!(answer["ok"], true, "{answer}");
        browser.until("it is said", needed(expected)).await;
    }
    app.handle().shutdown().await;
}

/// A code that came with the command line was said not to be there, since none was kept.
#[tokio::test]
async fn a_code_that_holds_and_is_not_kept_is_told_apart_from_none() {
    let dir = TempDir::new().expect("a directory");
    let code = PartyCode::parse("Grünkohl mit Pinkel").expect("a code");
    let app = peer_of(dir.path(), None, Some(code));
    app.ready().cancelled().await;
    let snapshot = app.snapshot();
    assert!(snapshot.me.party_code && !snapshot.settings.party_code);
    assert!(snapshot.settings.party_code_differs && !snapshot.settings.restart_needed);
    app.handle().shutdown().await;
}
