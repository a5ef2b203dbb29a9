//! The commands that work on one game that lies here: install, uninstall, remove, verify, cancel.
//!
//! Invariant: the peer decides and refuses; here is only said what came of it.

use eyre::Result;
use lanspread_db::GameId;
use serde_json::json;

use crate::{
    answers::{Report, Status},
    display::Display,
    follow, get, output,
    reach::Reached,
    settle,
    words::{printable, size, time},
};

/// Unpacks a downloaded game.
///
/// # Errors
/// It is refused or fails.
pub(crate) async fn install(reached: &mut Reached, id: &GameId) -> Result<()> {
    let report = at_home(reached, "install", id).await?;
    say_installed(reached, id, &report).await
}

/// Deletes the unpacked game.
///
/// # Errors
/// It is refused or fails.
pub(crate) async fn uninstall(reached: &mut Reached, id: &GameId) -> Result<()> {
    let report = at_home(reached, "uninstall", id).await?;
    output::line(&format!("{id} is uninstalled; the download is still here"))?;
    tell_notes(&report);
    Ok(())
}

/// Deletes a download.
///
/// # Errors
/// It is refused or fails.
pub(crate) async fn remove(reached: &mut Reached, id: &GameId) -> Result<()> {
    let report = at_home(reached, "remove", id).await?;
    output::line(&format!(
        "{id} is removed; `lanspread get {id}` fetches it again"
    ))?;
    tell_notes(&report);
    Ok(())
}

/// Checks every byte and repairs from others what is damaged.
///
/// # Errors
/// It is refused, or what is damaged cannot be repaired.
pub(crate) async fn verify(reached: &mut Reached, id: &GameId) -> Result<()> {
    let mut display = Display::new(id.as_str());
    if reached.is_own() {
        settle::discovery(&mut reached.client, &mut display).await?;
    }
    let report = run(reached, &mut display, "verify", id).await?;
    drop(display);
    let version = report.version.clone().unwrap_or_default();
    output::line(&format!("{id} {version}: {}", verified(&report)))?;
    Ok(())
}

/// What came of reading every byte.
pub(crate) fn verified(report: &Report) -> String {
    let mut said: Vec<String> = report.notes.iter().map(|note| printable(note)).collect();
    if report.bytes > 0 {
        said.insert(
            0,
            format!("it was damaged and is repaired; {}", get::origin(report)),
        );
    } else if said.is_empty() {
        said.push(format!("every byte was read in {}", time(report.elapsed())));
    }
    said.join("; ")
}

/// Ends what runs on a game.
///
/// # Errors
/// Nothing runs on it.
pub(crate) async fn cancel(reached: &mut Reached, id: &GameId) -> Result<()> {
    reached
        .client
        .call(json!({ "cmd": "cancel", "id": id }))
        .await?;
    output::line(&format!("what was being done with {id} is cancelled"))?;
    Ok(())
}

/// Runs an operation of this kind to its end.
pub(crate) async fn run(
    reached: &mut Reached,
    display: &mut Display,
    kind: &str,
    id: &GameId,
) -> Result<Report> {
    let command = json!({ "cmd": kind, "id": id });
    let ended = follow::run(&mut reached.client, display, &command, kind, id).await?;
    ended.report(kind, id)
}

/// Runs an operation that needs nobody else.
async fn at_home(reached: &mut Reached, kind: &str, id: &GameId) -> Result<Report> {
    let mut display = Display::new(id.as_str());
    run(reached, &mut display, kind, id).await
}

/// Says where an installed game is.
pub(crate) async fn say_installed(
    reached: &mut Reached,
    id: &GameId,
    report: &Report,
) -> Result<()> {
    let status: Status = reached.client.ask(json!({ "cmd": "status" })).await?;
    let local = status.root_of(id.as_str()).join("local");
    output::line(&format!(
        "{id} is ready to play in {} ({} unpacked in {})",
        local.display(),
        size(report.bytes),
        time(report.elapsed())
    ))?;
    tell_notes(report);
    Ok(())
}

/// Tells what the peer noted on the way.
pub(crate) fn tell_notes(report: &Report) {
    for note in &report.notes {
        output::note(note);
    }
}
