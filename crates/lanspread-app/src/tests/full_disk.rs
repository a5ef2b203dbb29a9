//! A disk of the state directory that is full: whatever cannot be kept is told, and nothing that was is lost.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use lanspread_peer::ErrorKind;
use lanspread_testbed::{disk::SmallDisk, fixture::GameFixture};
use serde_json::Value;

use super::peers::{command, end, options, start, until};
use crate::{App, FIRST_SEEN_FILE, NoticeAbout, QUEUE_FILE, SETTINGS_FILE, Scripts};

const DISK_MIB: u32 = 8;
const GAME: &str = "chess";

/// Leaves no byte free.
fn fill(ballast: &Path) {
    let mut file = File::create(ballast).expect("there is room for a name");
    for block in [64 * 1024, 1] {
        let full = loop {
            if let Err(error) = file.write_all(&vec![0; block]) {
                break error.kind();
            }
        };
        assert_eq!(full, io::ErrorKind::StorageFull);
    }
}

/// How often it was told that the queue is not kept.
fn told(app: &App) -> usize {
    let notices = app.snapshot().notices.into_iter();
    notices
        .filter(|notice| notice.about == NoticeAbout::QueueNotKept)
        .count()
}

/// Whether it is written down when the game was first seen.
fn is_first_seen_kept(state_dir: &Path) -> bool {
    let kept = fs::read(state_dir.join(FIRST_SEEN_FILE)).unwrap_or_default();
    let kept: Value = serde_json::from_slice(&kept).unwrap_or_default();
    kept["first_seen_ms"][GAME].is_number()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_without_room_says_so_and_leaves_nothing_half() {
    let dir = tempfile::tempdir().expect("a directory");
    let disk = SmallDisk::mount(DISK_MIB).expect("a small disk: run as root");
    let state_dir = disk.path().join("state");
    let ballast = disk.path().join("ballast");
    fill(&ballast);
    let started = App::start(options(dir.path(), &state_dir, &Scripts::default()));
    let refused = started.map(|_| ()).expect_err("there is no room");
    assert!(refused.to_string().contains("make room"), "{refused}");
    let left = fs::read_dir(&state_dir).expect("it is made");
    let left: Vec<_> = left
        .map(|entry| entry.expect("readable"))
        .filter(|entry| entry.metadata().expect("it is there").len() > 0)
        .collect();
    assert!(left.is_empty(), "{left:?}");

    fs::remove_file(ballast).expect("it is there");
    let app = start(dir.path(), &state_dir, &Scripts::default()).await;
    assert!(app.snapshot().notices.is_empty());
    end(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_have_no_room_are_refused_and_those_of_before_stay() {
    let dir = tempfile::tempdir().expect("a directory");
    let disk = SmallDisk::mount(DISK_MIB).expect("a small disk: run as root");
    let state_dir = disk.path().join("state");
    let app = start(dir.path(), &state_dir, &Scripts::default()).await;
    let anna = command(r#"{"cmd":"change-settings","name":"Anna"}"#);
    app.run(anna).await.expect("there is room");
    let kept = fs::read(state_dir.join(SETTINGS_FILE)).expect("written");

    let ballast = disk.path().join("ballast");
    fill(&ballast);
    let berta = command(r#"{"cmd":"change-settings","name":"Berta"}"#);
    let refused = app.run(berta.clone()).await.expect_err("there is no room");
    assert_eq!(refused.kind, ErrorKind::NoSpace);
    assert!(
        refused.message.contains(SETTINGS_FILE),
        "{}",
        refused.message
    );
    assert_eq!(app.settings().name_or_default().as_str(), "Anna");
    let found = fs::read(state_dir.join(SETTINGS_FILE)).expect("readable");
    assert_eq!(found, kept, "byte for byte");
    let half = state_dir.join(format!("{SETTINGS_FILE}.tmp"));
    assert!(!half.exists(), "half a file is left");

    let slower = command(r#"{"cmd":"set-rate-limits","upload_bytes_per_s":1048576}"#);
    let refused = app.run(slower).await.expect_err("there is no room");
    assert_eq!(refused.kind, ErrorKind::NoSpace);

    fs::remove_file(ballast).expect("it is there");
    app.run(berta).await.expect("there is room again");
    end(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_has_no_room_is_told_once_and_kept_as_soon_as_there_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let host_dir = dir.path().join("host");
    let fixture = GameFixture::new(GAME).random_file("data/pak0.bin", 100);
    fixture.build(&host_dir.join("games")).expect("writable");
    let host = start(&host_dir, &host_dir.join("state"), &Scripts::default()).await;
    let disk = SmallDisk::mount(DISK_MIB).expect("a small disk: run as root");
    let state_dir = disk.path().join("state");
    let guest = start(&dir.path().join("guest"), &state_dir, &Scripts::default()).await;
    let ballast = disk.path().join("ballast");
    fill(&ballast);
    let addr = &host.handle().listen_addrs()[0];
    let connect = command(&format!(r#"{{"cmd":"connect","addr":"{addr}"}}"#));
    guest.run(connect).await.expect("accepted");
    until("the host has the game", || {
        let view = guest.view();
        view.games.iter().any(|game| !game.peers.is_empty())
    })
    .await;

    let queue = command(r#"{"cmd":"queue","id":"chess","install":false}"#);
    for _ in 0..2 {
        guest.run(queue.clone()).await.expect("accepted");
        until("it is told", || told(&guest) == 1).await;
        until("it fails", || guest.snapshot().queue.is_empty()).await;
    }
    assert_eq!(told(&guest), 1);
    assert!(!is_first_seen_kept(&state_dir), "there is no room for it");

    fs::remove_file(ballast).expect("it is there");
    guest.run(queue).await.expect("accepted");
    until("it is here", || {
        let view = guest.view();
        view.games.iter().any(|game| game.downloaded)
    })
    .await;
    let is_kept = || {
        let text = fs::read(state_dir.join(QUEUE_FILE)).unwrap_or_default();
        serde_json::from_slice::<Value>(&text).is_ok()
    };
    until("the queue is kept", is_kept).await;
    until("when it was first seen is kept", || {
        is_first_seen_kept(&state_dir)
    })
    .await;
    end(guest).await;
    end(host).await;
}
