//! Rounds in which the disk takes no more in the middle of an operation: it is full, or it can only
//! be read.
//!
//! The invariant: the operation fails with a message that says why, nothing is lost by that, and once
//! there is room again, or the disk can be written, the same peer brings it to its end; its
//! next start sweeps what could not be swept before.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use eyre::{Result, ensure};
use lanspread_testbed::command;
use lanspread_testbed::disk::SmallDisk;
use lanspread_testbed::fixture::MIB;
use lanspread_testbed::peer::{Mark, PeerProcess};
use serde_json::Value;

use super::cast::{Cast, PATIENCE, Seat};
use super::dice::Dice;
use super::operation::Operation;
use super::round::{check_no_half, complete, settle};
use super::states::{States, is_end, ready_for};
use super::tally::Tally;

/// The disk's size: the game, the 64 MiB that a download leaves free, and some more.
const DISK_MIB: u32 = 128;

/// The operations that need the disk for long enough, from states that need no memories.
const OPERATIONS: [Operation; 3] = [
    Operation::Download,
    Operation::DownloadAndInstall,
    Operation::Install,
];

/// What happens to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Full,
    ReadOnly,
}

impl Trouble {
    const fn name(self) -> &'static str {
        match self {
            Self::Full => "disk full",
            Self::ReadOnly => "disk read-only",
        }
    }

    /// The kinds that the failure may have.
    const fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Full => &["no-space"],
            Self::ReadOnly => &["not-allowed"],
        }
    }
}

/// Plays one round.
pub(super) fn play(
    cast: &mut Cast,
    states: &States,
    dice: &mut Dice,
    tally: &mut Tally,
) -> Result<()> {
    cast.wake_sources()?;
    let trouble = *dice.pick(&[Trouble::Full, Trouble::ReadOnly]);
    let operation = *dice.pick(&OPERATIONS);
    let disk = SmallDisk::mount(DISK_MIB)?;
    let seat = cast.receiver.with_games(
        disk.path().join("games"),
        disk.path().with_extension("state"),
    );
    let played = play_on(&disk, &seat, cast, states, (trouble, operation), dice);
    let told = played.and_then(|told| {
        std::fs::remove_dir_all(&seat.state)?;
        Ok(told)
    })?;
    tally.disk(trouble.name(), operation, told);
    tally.passed();
    Ok(())
}

fn play_on(
    disk: &SmallDisk,
    seat: &Seat,
    cast: &Cast,
    states: &States,
    (trouble, operation): (Trouble, Operation),
    dice: &mut Dice,
) -> Result<String> {
    let outcome = states.outcome(operation)?;
    states.restore(seat, operation)?;
    let peer = cast.start_receiver(seat, &cast.addresses())?;
    ready_for(&peer, operation)?;
    let from = peer.mark();
    let began = Instant::now();
    peer.call(operation.command())?;
    let moment = outcome.took * dice.below(100) / 100;
    let left = moment.saturating_sub(began.elapsed());
    let _ = peer.wait_event(from, left, "end", |line| is_over(line, operation));
    let took_hold = match trouble {
        Trouble::Full => fill(&ballast(disk)),
        Trouble::ReadOnly => make_read_only(disk, &peer, from, operation)?,
    };
    let ended = peer.wait_event(from, PATIENCE, "end", |line| is_over(line, operation))?;
    let told = tell(&ended.value, trouble, took_hold)?;
    check_no_half(seat, cast)?;
    match trouble {
        Trouble::Full => std::fs::remove_file(ballast(disk))?,
        Trouble::ReadOnly => remount(disk, "rw")?,
    }
    complete(&peer, seat, operation, outcome)?;
    peer.shutdown()?;
    let peer = cast.start_receiver(seat, &cast.addresses())?;
    let half = operation
        .half()
        .map(|half| states.outcome(half))
        .transpose()?;
    settle(&peer, seat, outcome, half)?;
    peer.shutdown()?;
    Ok(told)
}

/// Whether an operation ended: its last part, or an earlier one without success.
fn is_over(line: &Value, operation: Operation) -> bool {
    let name = line["event"].as_str().unwrap_or_default();
    operation.parts().iter().any(|part| {
        let is_last = operation.parts().last() == Some(part);
        is_end(line, part) && (is_last || !name.ends_with("-finished"))
    })
}

/// What became of the operation, in words for the tally.
fn tell(ended: &Value, trouble: Trouble, took_hold: bool) -> Result<String> {
    let name = ended["event"].as_str().unwrap_or_default();
    if name.ends_with("-finished") {
        return Ok("it was done before".to_owned());
    }
    let (kind, message) = (
        &ended["kind"],
        ended["message"].as_str().unwrap_or_default(),
    );
    let is_told = trouble.kinds().iter().any(|expected| kind == expected);
    ensure!(
        took_hold && is_told,
        "it failed for another reason: {ended}"
    );
    ensure!(
        message.len() > 20 && message.contains(": "),
        "the message says little: {ended}"
    );
    Ok(format!(
        "{name} with {}, done afterwards",
        kind.as_str().unwrap_or_default()
    ))
}

fn ballast(disk: &SmallDisk) -> PathBuf {
    disk.path().join("ballast")
}

/// Leaves no room on the disk that a file lies on.
fn fill(path: &Path) -> bool {
    let block = vec![1; MIB];
    let Ok(mut file) = File::create(path) else {
        return true;
    };
    for block in [&block[..], &block[..4096]] {
        while file.write_all(block).is_ok() {}
    }
    true
}

/// Makes the disk read-only as soon as the system lets it: not while a file is open for writing.
/// Says whether that was before the operation ended.
fn make_read_only(
    disk: &SmallDisk,
    peer: &PeerProcess,
    from: Mark,
    operation: Operation,
) -> Result<bool> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if remount(disk, "ro").is_ok() {
            return Ok(true);
        }
        let over = peer.wait_event(from, Duration::from_millis(1), "end", |line| {
            is_over(line, operation)
        });
        if over.is_ok() {
            return Ok(false);
        }
    }
    eyre::bail!("the disk could not be made read-only")
}

fn remount(disk: &SmallDisk, how: &str) -> Result<()> {
    let options = format!("remount,{how}");
    command::run(
        Command::new("mount")
            .args(["-o", &options])
            .arg(disk.path()),
    )?;
    Ok(())
}
