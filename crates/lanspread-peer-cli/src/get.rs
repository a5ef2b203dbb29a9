//! `lanspread get`: from a game's id to a game that can be played.
//!
//! Invariant: what to do follows from the merged view alone ([`judge`]); a wait says what it waits
//! for and is bounded.

use std::{path::Path, time::Duration};

use eyre::{Result, bail};
use lanspread_db::GameId;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    answers::{Game, Games, Operation, Report, Status},
    client::CallError,
    display::Display,
    follow::{self, Ended},
    operate::{self, tell_notes},
    output,
    reach::Reached,
    settle,
    words::{self, count, printable, rate, size, time},
};

/// How often the time that is left is shown.
const COUNTDOWN: Duration = Duration::from_secs(1);

/// What the user wants.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) id: GameId,
    pub(crate) install: bool,
    pub(crate) give_up_old: bool,
    pub(crate) wait: Duration,
}

/// What has to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Nothing: it is here.
    Nothing,
    /// It is here and wants unpacking.
    Install,
    /// Others have what this machine lacks.
    Download,
    /// Somebody who has it has to come.
    Wait,
}

fn judge(game: Option<&Game>, install: bool) -> Next {
    match game {
        Some(game) if game.downloaded && words::is_current(game) => {
            if install && !game.installed {
                Next::Install
            } else {
                Next::Nothing
            }
        }
        Some(game) if game.peers > 0 => Next::Download,
        Some(_) | None => Next::Wait,
    }
}

/// Gets the game.
///
/// # Errors
/// Nobody has it, or the download or installation failed.
pub(crate) async fn get(reached: &mut Reached, wanted: &Wanted) -> Result<()> {
    let mut display = Display::new(wanted.id.as_str());
    if reached.is_own() {
        settle::discovery(&mut reached.client, &mut display).await?;
    }
    match wait_for_source(reached, wanted, &mut display).await? {
        Next::Nothing => {
            drop(display);
            say_here(reached, &wanted.id).await
        }
        Next::Install => {
            let report = operate::run(reached, &mut display, "install", &wanted.id).await?;
            drop(display);
            operate::say_installed(reached, &wanted.id, &report).await
        }
        Next::Download | Next::Wait => download(reached, wanted, display).await,
    }
}

/// Waits until it is clear what has to happen. [`Next::Wait`] means that the peer itself should say
/// what is wrong.
async fn wait_for_source(
    reached: &mut Reached,
    wanted: &Wanted,
    display: &mut Display,
) -> Result<Next> {
    let id = wanted.id.as_str();
    let until = Instant::now() + wanted.wait;
    loop {
        let status: Status = reached.client.ask(json!({ "cmd": "status" })).await?;
        let games: Games = reached.client.ask(json!({ "cmd": "list-games" })).await?;
        if let Some(Operation { kind, .. }) = status.operation(id)
            && kind == "download"
        {
            return Ok(Next::Download);
        }
        let game = games.get(id);
        let next = judge(game, wanted.install);
        // With a catalog, a game that is not listed will not come.
        if next != Next::Wait || (game.is_none() && status.mode == "catalog") {
            return Ok(next);
        }
        let here = count(status.peers, "peer");
        let left = until.saturating_duration_since(Instant::now());
        let text = format!(
            "waiting for a peer that has {id} ({here} here, {} left)",
            time(left)
        );
        display.waiting("source", &text);
        if left.is_zero() {
            bail!(nobody(id, game, status.peers));
        }
        tokio::select! {
            event = reached.client.next_event() => {
                settle::tell(display, &event.ok_or(CallError::Gone)?);
            }
            () = tokio::time::sleep_until(until.min(Instant::now() + COUNTDOWN)) => {}
        }
    }
}

fn nobody(id: &str, game: Option<&Game>, peers: usize) -> String {
    let refused = game.map(Game::refused).unwrap_or_default();
    let who = match peers {
        0 => "no other peer was found: are the others running, on the same network, and does it \
              carry multicast? --connect ADDR reaches a peer by its address"
            .to_owned(),
        _ if !refused.is_empty() => format!(
            "nobody here has the files that are pinned by the catalog; {}; `lanspread show {id}` \
             shows who says what",
            words::other_files(&refused)
        ),
        _ => format!(
            "{} here, and none has it: `lanspread list` shows what they have",
            count(peers, "peer")
        ),
    };
    match game {
        Some(game) if game.downloaded => {
            let version = game.expected_version.as_deref().unwrap_or_default();
            format!("cannot update {id} to version {version} of this party: {who}")
        }
        Some(_) | None => format!("cannot get {id}: {who}"),
    }
}

async fn download(reached: &mut Reached, wanted: &Wanted, mut display: Display) -> Result<()> {
    let id = &wanted.id;
    let command = json!({
        "cmd": "download", "id": id, "install": wanted.install, "give_up_old": wanted.give_up_old,
    });
    let ended = follow::run(&mut reached.client, &mut display, &command, "download", id).await?;
    let report = explained(ended, id)?;
    let installed = if wanted.install {
        Some(installation(reached, &mut display, id).await?)
    } else {
        None
    };
    drop(display);
    let status: Status = reached.client.ask(json!({ "cmd": "status" })).await?;
    let root = status.root_of(id.as_str());
    let version = report.version.clone().unwrap_or_default();
    output::line(&format!("{id} {version} is in {}", root.display()))?;
    output::line(&format!("  {}", origin(&report)))?;
    tell_notes(&report);
    installed.map_or(Ok(()), |report| say_playable(&root, &report))
}

fn explained(ended: Ended, id: &GameId) -> Result<Report> {
    if let Ended::Failed(refusal) = &ended
        && refusal.kind == "no-space"
    {
        bail!(
            "{}; `lanspread get {id} --give-up-old` deletes an old version first",
            refusal.message
        );
    }
    ended.report("download", id)
}

/// Follows the installation that the peer begins by itself after a download. A download that was
/// begun by somebody else may not have been meant to end in one; then it is begun here.
async fn installation(reached: &mut Reached, display: &mut Display, id: &GameId) -> Result<Report> {
    let client = &mut reached.client;
    let status: Status = client.ask(json!({ "cmd": "status" })).await?;
    let runs = status
        .operation(id.as_str())
        .is_some_and(|running| running.kind == "install");
    let told = client.has_event(|event| {
        let name = event["event"].as_str().unwrap_or_default();
        event["id"] == id.as_str() && name.starts_with("install-")
    });
    if !runs && !told {
        return operate::run(reached, display, "install", id).await;
    }
    follow::to_end(client, display, "install", id)
        .await?
        .report("install", id)
}

async fn say_here(reached: &mut Reached, id: &GameId) -> Result<()> {
    let status: Status = reached.client.ask(json!({ "cmd": "status" })).await?;
    let games: Games = reached.client.ask(json!({ "cmd": "list-games" })).await?;
    let root = status.root_of(id.as_str());
    let game = games.get(id.as_str());
    let version = game
        .and_then(|game| game.version.clone())
        .unwrap_or_default();
    let state = game
        .map(|game| words::state(game, None))
        .unwrap_or_default();
    output::line(&format!(
        "{id} {version} is here already, {state}: {}",
        root.display()
    ))?;
    Ok(())
}

fn say_playable(root: &Path, report: &Report) -> Result<()> {
    let local = root.join("local");
    output::line(&format!("  ready to play in {}", local.display()))?;
    tell_notes(report);
    Ok(())
}

/// From whom how much came.
pub(crate) fn origin(report: &Report) -> String {
    if report.bytes == 0 {
        return "nothing had to be fetched".to_owned();
    }
    let elapsed = report.elapsed();
    let mut sources: Vec<_> = report
        .sources
        .iter()
        .filter(|source| source.bytes > 0)
        .collect();
    sources.sort_by_key(|source| std::cmp::Reverse(source.bytes));
    let shares: Vec<String> = sources
        .iter()
        .map(|source| {
            let chunks = usize::try_from(source.chunks).unwrap_or(usize::MAX);
            format!(
                "{} ({}) from {}",
                size(source.bytes),
                count(chunks, "chunk"),
                printable(&source.name)
            )
        })
        .collect();
    format!(
        "{} came in {}, {}: {}",
        size(report.bytes),
        time(elapsed),
        rate(mean(report.bytes, elapsed)),
        shares.join(", ")
    )
}

fn mean(bytes: u64, elapsed: Duration) -> u64 {
    let ms = elapsed.as_millis().max(1);
    u64::try_from(u128::from(bytes) * 1000 / ms).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn game(downloaded: bool, installed: bool, version: Option<&str>, peers: usize) -> Game {
        serde_json::from_value(json!({
            "id": "chess", "title": "Chess", "version": version, "expected_version": "20240101",
            "size": 1, "downloaded": downloaded, "installed": installed, "peers": peers,
        }))
        .expect("a game")
    }

    #[test]
    fn what_has_to_happen_follows_from_the_view() {
        let current = Some("20240101");
        let old = Some("20230101");
        let table = [
            (None, Next::Wait, Next::Wait),
            (Some(game(false, false, None, 0)), Next::Wait, Next::Wait),
            (
                Some(game(false, false, None, 2)),
                Next::Download,
                Next::Download,
            ),
            (
                Some(game(true, false, current, 2)),
                Next::Install,
                Next::Nothing,
            ),
            (
                Some(game(true, true, current, 0)),
                Next::Nothing,
                Next::Nothing,
            ),
            (
                Some(game(true, true, old, 1)),
                Next::Download,
                Next::Download,
            ),
            (Some(game(true, true, old, 0)), Next::Wait, Next::Wait),
            (Some(game(false, true, None, 0)), Next::Wait, Next::Wait),
        ];
        for (game, with_install, without) in table {
            assert_eq!(judge(game.as_ref(), true), with_install, "{game:?}");
            assert_eq!(judge(game.as_ref(), false), without, "{game:?}");
        }
    }

    #[test]
    fn the_origin_names_whoever_gave_something_the_largest_first() {
        let report: Report = serde_json::from_value(json!({
            "version": "20240101", "bytes": 3 << 20, "elapsed_ms": 2000,
            "sources": [
                { "name": "alpha", "chunks": 1, "bytes": 1 << 20, "rate_bytes_per_s": 0 },
                { "name": "idle", "chunks": 0, "bytes": 0, "rate_bytes_per_s": 0 },
                { "name": "bravo", "chunks": 2, "bytes": 2 << 20, "rate_bytes_per_s": 0 },
            ],
        }))
        .expect("a report");
        assert_eq!(
            origin(&report),
            "3.00 MiB came in 2 s, 1.50 MiB/s: 2.00 MiB (2 chunks) from bravo, 1.00 MiB (1 chunk) \
             from alpha"
        );
    }

    #[test]
    fn who_finds_nobody_is_told_what_to_look_at() {
        assert!(nobody("chess", None, 0).contains("--connect"));
        assert!(nobody("chess", None, 2).contains("2 peers here, and none has it"));
        let mut tampered = game(false, false, None, 0);
        let offer = json!({ "version": "20240101", "manifest": "00", "size": 1,
            "standing": "not-pinned", "peers": [{ "name": "eve" }, { "name": "mallory" }] });
        tampered.offers = vec![serde_json::from_value(offer).expect("an offer")];
        assert_eq!(
            nobody("chess", Some(&tampered), 2),
            "cannot get chess: nobody here has the files that are pinned by the catalog; eve and \
             mallory offer other files; `lanspread show chess` shows who says what"
        );
        let old = game(true, true, Some("20230101"), 0);
        assert!(
            nobody("chess", Some(&old), 2).starts_with("cannot update chess to version 20240101")
        );
    }
}
