//! What happened, for those who ask later: the log of the program, each archive that was unpacked, and each
//! script of a game that ran.
//!
//! Invariant: bounded in memory and on disk, and whoever writes to a log never waits for a disk. Entries
//! are numbered through restarts, so that a reader who has the history and follows the end shows none
//! twice.

mod application;
mod games;
mod kept;
mod unpacking;

use lanspread_db::{GameId, Script};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use application::ApplicationLog;
pub(crate) use games::GameLog;
pub use kept::{LOG_ENTRIES_MAX, LOG_FILE_BYTES_MAX, LOG_PAGE_ENTRIES_MAX, Log};
pub(crate) use unpacking::{LoggingUnpacker, UnpackLog};

/// Some entries of a log, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct LogPage<E> {
    /// The entries; more may follow the last of them.
    pub entries: Vec<E>,
    /// The number of the newest entry that there is; 0 if there is none.
    #[ts(type = "number")]
    pub newest: u64,
}

/// One line of the program's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogLine {
    /// Counts up from 1.
    #[ts(type = "number")]
    pub number: u64,
    /// When, in milliseconds since 1970 by this machine's clock.
    #[ts(type = "number")]
    pub at_ms: u64,
    /// How much it matters.
    pub level: LogLevel,
    /// Which part of the program says it.
    pub target: String,
    /// What it says, at most [`LINE_TEXT_BYTES_MAX`] bytes.
    pub message: String,
}

/// Longest text of a line that is kept, in bytes; the rest of a longer one is cut.
pub const LINE_TEXT_BYTES_MAX: usize = 4 * 1024;

/// How much a line of the log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something is broken.
    Error,
    /// Something is odd.
    Warn,
    /// Something happened.
    Info,
}

/// One archive that was unpacked, or was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UnpackRun {
    /// Counts up from 1.
    #[ts(type = "number")]
    pub number: u64,
    /// When it ended, in milliseconds since 1970 by this machine's clock.
    #[ts(type = "number")]
    pub at_ms: u64,
    /// The game.
    #[ts(type = "string")]
    pub id: GameId,
    /// The file name of the archive.
    pub archive: String,
    /// Milliseconds that it took.
    #[ts(type = "number")]
    pub elapsed_ms: u64,
    /// Bytes that came out of it.
    #[ts(type = "number")]
    pub bytes: u64,
    /// What it came to.
    pub result: UnpackResult,
    /// What else there is to say of it, at most [`UNPACK_OUTPUT_LINES_MAX`] lines.
    pub output: Vec<String>,
}

/// Most lines of output that are kept of one archive.
pub const UNPACK_OUTPUT_LINES_MAX: usize = 50;

/// What unpacking an archive came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum UnpackResult {
    /// Everything in it is on the disk.
    Unpacked,
    /// It failed; the output says why.
    Failed,
    /// The user did not want it any more.
    Cancelled,
}

/// One script of a game that ran, or could not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GameRun {
    /// Counts up from 1.
    #[ts(type = "number")]
    pub number: u64,
    /// When it ended, in milliseconds since 1970 by this machine's clock.
    #[ts(type = "number")]
    pub at_ms: u64,
    /// The game.
    #[ts(type = "string")]
    pub id: GameId,
    /// Which script.
    #[ts(type = "Script")]
    pub script: Script,
    /// The name of its file.
    pub file: String,
    /// Milliseconds that it ran.
    #[ts(type = "number")]
    pub elapsed_ms: u64,
    /// What it came to.
    pub result: GameResult,
    /// What it wrote last, at most [`GAME_OUTPUT_LINES_MAX`] lines.
    pub output: Vec<String>,
}

/// Most lines of output that are kept of one run.
pub const GAME_OUTPUT_LINES_MAX: usize = 200;

/// What a script came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum GameResult {
    /// It ended as it should.
    Ended,
    /// It could not be started, or ended with an error; the output says why.
    Failed,
}

/// Cuts a text to so many bytes, between two characters.
fn cut(text: &mut String, bytes_max: usize) {
    let end = (0..=bytes_max.min(text.len()))
        .rev()
        .find(|&end| text.is_char_boundary(end))
        .unwrap_or(0);
    text.truncate(end);
}
