//! One round: an operation is begun, the peer is killed at a random moment of it, and comes back.
//!
//! The invariant: a round passes only if what is there then is a whole game of before or after the
//! operation (or of half the way, where that is a whole game), nothing is left over, and the
//! operation still reaches its end.

use std::path::Path;
use std::time::{Duration, Instant};

use eyre::{Result, bail, ensure};
use lanspread_testbed::peer::{Mark, PeerError, PeerProcess};
use lanspread_testbed::tree::Tree;
use serde_json::{Value, json};

use super::cast::{CHUNK_BYTES, Cast, GAME, PATIENCE, Seat};
use super::dice::Dice;
use super::operation::Operation;
use super::states::{Outcome, State, States, is_end, read, ready_for};
use super::tally::Tally;

/// A kill falls within this part of the time that an operation takes undisturbed, in percent: a
/// little past its end too.
const KILL_WITHIN_PERCENT: u32 = 115;
/// Chunks that may come again although they were verified: several sources are asked for the last.
const AGAIN_CHUNKS_MAX: u64 = 8;
/// One operation in so many loses a source as well.
const SOURCE_KILL_EVERY: u32 = 3;

/// The names that no operation leaves behind.
const TRANSIENT: [&str; 7] = [
    ".lanspread.download",
    ".lanspread.json",
    ".lanspread.json.tmp",
    ".local.installing",
    ".local.backup",
    ".version.ini.discarded",
    ".version.ini.tmp",
];

/// Plays one round.
pub(super) fn play(
    cast: &mut Cast,
    states: &States,
    operation: Operation,
    dice: &mut Dice,
    tally: &mut Tally,
) -> Result<()> {
    cast.wake_sources()?;
    let seat = cast.receiver.clone();
    let outcome = states.outcome(operation)?;
    states.restore(&seat, operation)?;
    let peer = cast.start_receiver(&seat, &cast.addresses())?;
    ready_for(&peer, operation)?;
    let from = peer.mark();
    let began = Instant::now();
    let moment = |dice: &mut Dice| outcome.took * dice.below(KILL_WITHIN_PERCENT) / 100;
    let deadly = moment(dice);
    peer.call(operation.command())?;
    if operation.needs_sources() && dice.once_in(SOURCE_KILL_EVERY) {
        let first = moment(dice).min(deadly);
        let _ = wait_end(&peer, from, operation, began, first);
        cast.kill_source(dice.below(2) as usize);
        tally.killed_source();
    }
    if operation == Operation::Cancel {
        let first = moment(dice).min(deadly);
        let _ = wait_end(&peer, from, operation, began, first);
        // It may be over.
        let _ = peer.call(json!({ "cmd": "cancel", "id": GAME }));
    }
    let _ = wait_end(&peer, from, operation, began, deadly);
    let events = peer.events_since(from);
    peer.kill9();
    tally.killed(operation, stage(operation, &events));
    check_no_half(&seat, cast).map_err(|error| error.wrap_err("right after the kill"))?;

    cast.wake_sources()?;
    let peer = cast.start_receiver(&seat, &cast.addresses())?;
    let half = operation
        .half()
        .map(|half| states.outcome(half))
        .transpose()?;
    settle(&peer, &seat, outcome, half)?;
    check_progress(&peer, &events, cast, tally)?;
    complete(&peer, &seat, operation, outcome)?;
    peer.shutdown()?;
    tally.passed();
    Ok(())
}

/// Waits until the last part of an operation ends, or it runs for so long.
fn wait_end(
    peer: &PeerProcess,
    from: Mark,
    operation: Operation,
    began: Instant,
    at_most: Duration,
) -> Result<Value, PeerError> {
    let last = operation.parts().last().copied().unwrap_or_default();
    let left = at_most.saturating_sub(began.elapsed());
    let ended = peer.wait_event(from, left, "end", |line| is_end(line, last));
    ended.map(|event| event.value)
}

/// Where an operation was, as its events tell.
fn stage(operation: Operation, events: &[Value]) -> String {
    let last = events.iter().rev().find_map(|event| {
        let name = event["event"].as_str()?;
        let part = operation
            .parts()
            .iter()
            .find(|part| name.starts_with(*part))?;
        let how = name.strip_prefix(part)?.strip_prefix('-')?;
        let phase = match (how, event["phase"].as_str()) {
            ("progress", Some("step")) => {
                let what = event["what"].as_str().unwrap_or_default();
                // Without the name of the file.
                let words: Vec<&str> = what
                    .split(' ')
                    .take_while(|word| !word.contains('.'))
                    .collect();
                words.join(" ")
            }
            ("progress", phase) => phase.unwrap_or_default().to_owned(),
            (how, _) => how.to_owned(),
        };
        Some(format!("{part} {phase}"))
    });
    last.unwrap_or_else(|| "accepted".to_owned())
}

/// A version is only where all of its files are, and every file of the game's is of one version.
pub(super) fn check_no_half(seat: &Seat, cast: &Cast) -> Result<()> {
    let found = read(seat)?;
    let has = |game: &Tree| game.paths().all(|path| found.get(path) == game.get(path));
    // A file of the new version that was damaged before stays until it is repaired.
    let without = |game: &Tree| game.clone().without("data/changed.bin");
    let is_whole = has(&cast.old.tree) || has(&without(&cast.new.tree));
    ensure!(
        found.get("version.ini").is_none() || is_whole,
        "a version without its files"
    );
    Ok(())
}

/// Waits until nothing of what was interrupted is under way, and compares what is there then.
pub(super) fn settle(
    peer: &PeerProcess,
    seat: &Seat,
    outcome: &Outcome,
    half: Option<&Outcome>,
) -> Result<()> {
    let began = Instant::now();
    loop {
        let from = peer.mark();
        let is_busy = is_busy(&peer.ask("status")?);
        let left = leftover(&seat.root());
        if !is_busy && left.is_none() {
            let tree = read(seat)?;
            let whole = [
                Some(&outcome.before),
                Some(&outcome.after),
                half.map(|half| &half.after),
            ];
            if whole.into_iter().flatten().any(|whole| *whole == tree) {
                return Ok(());
            }
            // What follows may have begun meanwhile.
            if peer.mark() == from {
                bail!(
                    "neither old nor new: {}",
                    differences(&outcome.after, &tree)
                );
            }
        }
        let patience = PATIENCE.saturating_sub(began.elapsed());
        if let Err(error) = peer.wait_event(from, patience, "come to rest", |_| true) {
            let left = left.unwrap_or_default();
            return Err(eyre::Report::new(error).wrap_err(format!("left over: {left}")));
        }
    }
}

fn is_up_to_date(error: &PeerError) -> bool {
    error.refusal_kind() == Some("up-to-date")
}

fn is_busy(status: &Value) -> bool {
    status["operations"]
        .as_array()
        .is_none_or(|operations| !operations.is_empty())
}

fn leftover(root: &Path) -> Option<&'static str> {
    TRANSIENT.into_iter().find(|name| root.join(name).exists())
}

fn differences(expected: &Tree, found: &Tree) -> String {
    let differences = expected.difference(found);
    let texts: Vec<String> = differences.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// What had been verified before the kill is not fetched again.
fn check_progress(
    peer: &PeerProcess,
    before: &[Value],
    cast: &Cast,
    tally: &mut Tally,
) -> Result<()> {
    let was_over = before
        .iter()
        .any(|event| is_end(event, "download") || event["event"] == "install-began");
    let verified = before
        .iter()
        .rev()
        .find_map(|event| event["verified_bytes"].as_u64());
    let after = peer.events_since(Mark::START);
    let resumed = after
        .iter()
        .find(|event| event["event"] == "download-finished");
    let (Some(verified), Some(resumed), false) = (verified, resumed, was_over) else {
        return Ok(());
    };
    let total = cast.new.tree.total_bytes();
    let fetched = resumed["bytes"].as_u64().unwrap_or(u64::MAX);
    let again = (fetched + verified).saturating_sub(total);
    ensure!(
        again <= AGAIN_CHUNKS_MAX * CHUNK_BYTES,
        "{fetched} of {total} bytes were fetched although {verified} had been verified"
    );
    tally.resumed(verified, again);
    Ok(())
}

/// Brings the operation to its end, however much of it is left.
pub(super) fn complete(
    peer: &PeerProcess,
    seat: &Seat,
    operation: Operation,
    outcome: &Outcome,
) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let from = peer.mark();
        let tree = read(seat)?;
        if tree == outcome.after && !is_busy(&peer.ask("status")?) {
            ensure!(
                leftover(&seat.root()).is_none(),
                "{:?} is left",
                leftover(&seat.root())
            );
            return Ok(());
        }
        if operation.from() == State::Nothing || operation.needs_sources() {
            peer.wait_for_game(GAME, "see a source of", |game| {
                game["peers"].as_u64() > Some(0)
            })?;
        }
        let ended = match peer.call(operation.command()) {
            Ok(_) => true,
            Err(error) if error.refusal_kind() == Some("busy") => false,
            // The game is there, and what the disk did not let go of is swept by the next start.
            Err(error) if is_up_to_date(&error) && operation.half().is_none() => return Ok(()),
            // The first half is done; the second is an operation of its own.
            Err(error) if is_up_to_date(&error) => peer.call(Operation::Install.command()).is_ok(),
            Err(error) => return Err(error.into()),
        };
        let last = operation.parts().last().copied().unwrap_or_default();
        let awaited = if ended { "end" } else { "go on" };
        let event =
            peer.wait_event(from, PATIENCE, awaited, |line| !ended || is_end(line, last))?;
        let name = event.field("event").as_str().unwrap_or_default();
        ensure!(!name.ends_with("-failed"), "again: {}", event.value);
    }
    let tree = read(seat)?;
    bail!(
        "it does not reach its end: {}",
        differences(&outcome.after, &tree)
    )
}
