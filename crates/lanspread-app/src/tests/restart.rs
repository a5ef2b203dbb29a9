//! A peer that makes room for another while a game runs.

use std::{fs, path::Path, sync::Arc};

use lanspread_db::Script;
use lanspread_peer::ErrorKind;

use super::peers::{self, command, end, until};
use crate::{App, GameResult, Scripts};

async fn start(dir: &Path, scripts: &Scripts) -> Arc<App> {
    let app = peers::start(dir, &dir.join("state"), scripts).await;
    until("the game is found", || {
        let view = app.view();
        view.games.iter().any(|game| game.installed)
    })
    .await;
    app
}

/// The window's "Restart now" forgot what ran, and a game could be deleted under its player.
#[tokio::test(flavor = "multi_thread")]
async fn a_game_that_runs_is_known_to_the_next_peer_which_is_told_its_end() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = dir.path().join("games/chess");
    fs::create_dir_all(root.join("local")).expect("writable");
    fs::write(root.join("version.ini"), "20240101").expect("writable");
    fs::write(root.join("game_start.sh"), "cat pipe; exit 3\n").expect("writable");
    let pipe = root.join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo is there").success());

    let scripts = Scripts::default();
    let first = start(dir.path(), &scripts).await;
    let play = command(r#"{"cmd":"play","id":"chess"}"#);
    first.run(play.clone()).await.expect("it starts");
    end(first).await;

    let second = start(dir.path(), &scripts).await;
    // What is done before the first start may still go on, and is known too.
    let running = second.running();
    assert!(
        running.iter().any(|it| it.script == Script::Start),
        "{running:?}"
    );
    let uninstall = command(r#"{"cmd":"uninstall","id":"chess"}"#);
    for refused in [&play, &uninstall] {
        let refused = second.run(refused.clone()).await.expect_err("it runs");
        assert_eq!(refused.kind, ErrorKind::Busy);
    }
    let ends = tokio::task::spawn_blocking(move || fs::write(pipe, "mate\n"));
    ends.await.expect("it runs").expect("somebody reads");
    until("its end", || second.running().is_empty()).await;
    let log = second.game_log(0);
    let run = log.entries.last().expect("it is kept");
    assert_eq!(
        (run.result, &run.output[..]),
        (GameResult::Failed, &["mate".to_owned()][..])
    );
    let notices = second.snapshot().notices;
    assert!(
        notices
            .iter()
            .any(|it| it.message.contains("exit status: 3")),
        "{notices:?}"
    );
    second.run(uninstall).await.expect("nothing runs");
    end(second).await;
}
