//! Drives a `lanspread jsonl` process: starts it, speaks its JSON lines, waits for its events, and
//! ends it politely or with `SIGKILL`.
//!
//! The invariant: every line that the process ever wrote is kept, and a wait begins at a position
//! that its caller recorded before the act it waits for. An event that comes before somebody waits
//! for it is therefore found, not missed.
//!
//! The driver knows the form of the protocol (`type`, `seq`, `event`) and nothing of what the
//! commands mean.

mod builder;
mod lines;

use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ExitStatus};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, io, io::Write};

use serde_json::{Value, json};

pub use builder::PeerBuilder;
pub use lines::Mark;
use lines::{Lines, Missed};

use crate::usage;

/// How long a wait lasts where the caller names no other deadline. Generous: test machines are
/// shared, and a deadline that never fires costs nothing.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// How many of the last lines of output and log an error shows.
const TAIL_LINES: usize = 25;

/// How often a process that has closed its output is asked whether it has ended. The standard
/// library can wait for a process for ever or not at all.
const EXIT_POLL: Duration = Duration::from_millis(5);

/// Why a process did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The process could not be started.
    #[error("could not start `{line}`: {source}")]
    Start {
        /// The command line.
        line: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The peer answered a command with an error: the one failure that is about the peer's
    /// decision and not about the driver.
    #[error("{peer} refused {command}: {kind}: {message}")]
    Refused {
        /// The peer's name.
        peer: String,
        /// The command as it was sent.
        command: String,
        /// The `kind` of the error.
        kind: String,
        /// The `message` of the error.
        message: String,
    },
    /// What was waited for did not come in time.
    #[error("{peer} did not {awaited} within {waited:?}{tail}")]
    Deadline {
        /// The peer's name.
        peer: String,
        /// What should have happened.
        awaited: String,
        /// How long it was waited for.
        waited: Duration,
        /// The last lines of output and log.
        tail: Tail,
    },
    /// The process ended before it did what was waited for.
    #[error("{peer} ended and did not {awaited}{tail}")]
    Ended {
        /// The peer's name.
        peer: String,
        /// What should have happened.
        awaited: String,
        /// The last lines of output and log.
        tail: Tail,
    },
    /// The answer does not have the form that the protocol promises.
    #[error("{peer} answered {command} with something else than a result: {answer}")]
    BadAnswer {
        /// The peer's name.
        peer: String,
        /// The command as it was sent.
        command: String,
        /// The line that came.
        answer: String,
    },
}

impl PeerError {
    /// The `kind` of the peer's own error, if it refused a command.
    #[must_use]
    pub fn refusal_kind(&self) -> Option<&str> {
        match self {
            Self::Refused { kind, .. } => Some(kind),
            Self::Start { .. }
            | Self::Deadline { .. }
            | Self::Ended { .. }
            | Self::BadAnswer { .. } => None,
        }
    }
}

/// The end of what a process wrote, for error messages.
#[derive(Debug, Default)]
pub struct Tail {
    output: Vec<String>,
    log: Vec<String>,
}

impl fmt::Display for Tail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, lines) in [("output", &self.output), ("log", &self.log)] {
            write!(formatter, "\n--- end of its {title} ---")?;
            for line in lines {
                write!(formatter, "\n{line}")?;
            }
        }
        Ok(())
    }
}

/// An event that was waited for.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The whole line.
    pub value: Value,
    /// The position right after it, from where a wait finds only later lines.
    pub next: Mark,
    /// When the line was read.
    pub at: Instant,
}

impl Event {
    /// A field of the event, `null` if it has none of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> &Value {
        &self.value[name]
    }
}

/// A running `lanspread jsonl`, killed when this value goes.
#[derive(Debug)]
pub struct PeerProcess {
    name: String,
    child: Child,
    input: Mutex<Option<ChildStdin>>,
    lines: Lines,
    log: PathBuf,
    next_seq: AtomicU64,
}

impl PeerProcess {
    /// Describes a process that will run the program at `binary`.
    #[must_use]
    pub fn builder(binary: impl Into<PathBuf>) -> PeerBuilder {
        PeerBuilder::new(binary.into())
    }

    /// The name given to the builder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the process itself, also in a namespace.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where the standard error of the process goes.
    #[must_use]
    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// The present end of the output: record it before an act, and wait from it afterwards.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.lines.end()
    }

    /// Every line of output from `from` on, as it was written.
    #[must_use]
    pub fn lines_since(&self, from: Mark) -> Vec<String> {
        self.lines.since(from)
    }

    /// Every event from `from` on that has come so far.
    #[must_use]
    pub fn events_since(&self, from: Mark) -> Vec<Value> {
        self.lines
            .since(from)
            .iter()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(is_event)
            .collect()
    }

    /// Sends a command (an object with `cmd`, without `seq`) and returns the `data` of its answer.
    ///
    /// # Errors
    ///
    /// [`PeerError::Refused`] when the peer answers with an error; the others when no answer comes
    /// within [`DEADLINE`].
    pub fn call(&self, command: Value) -> Result<Value, PeerError> {
        self.call_within(command, DEADLINE)
    }

    /// As [`call`](Self::call), with a deadline of one's own.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn call_within(&self, mut command: Value, deadline: Duration) -> Result<Value, PeerError> {
        let seq = self.next_seq.fetch_add(1, Ordering::Relaxed);
        command["seq"] = json!(seq);
        let sent = command.to_string();
        let from = self.mark();
        self.send_line(&sent)?;
        let answer = self.find(from, deadline, &format!("answer {sent}"), |line| {
            line["type"] == "result" && line["seq"] == seq
        })?;
        self.unwrap_answer(sent, &answer.value)
    }

    /// Sends a command that has no arguments.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn ask(&self, cmd: &str) -> Result<Value, PeerError> {
        self.call(json!({ "cmd": cmd }))
    }

    /// Sends a command about one game.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn ask_about(&self, cmd: &str, game_id: &str) -> Result<Value, PeerError> {
        self.call(json!({ "cmd": cmd, "id": game_id }))
    }

    /// Writes one line as it is, for input that is no command at all.
    ///
    /// # Errors
    ///
    /// When the process has ended or no longer reads.
    pub fn send_line(&self, line: &str) -> Result<(), PeerError> {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        let written = match input.as_mut() {
            Some(input) => writeln!(input, "{line}").and_then(|()| input.flush()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        written.map_err(|_| self.ended(&format!("read {line}")))
    }

    /// Waits for the first event from `from` on that `is_it` accepts. `awaited` completes the
    /// sentence "the peer did not …".
    ///
    /// # Errors
    ///
    /// When none comes before the deadline or the end of the process.
    pub fn wait_event(
        &self,
        from: Mark,
        deadline: Duration,
        awaited: &str,
        mut is_it: impl FnMut(&Value) -> bool,
    ) -> Result<Event, PeerError> {
        self.find(from, deadline, awaited, |line| {
            is_event(line) && is_it(line)
        })
    }

    /// Waits for an event of this name about this game.
    ///
    /// # Errors
    ///
    /// As [`wait_event`](Self::wait_event).
    pub fn wait_game_event(
        &self,
        from: Mark,
        event: &str,
        game_id: &str,
    ) -> Result<Event, PeerError> {
        self.wait_event(
            from,
            DEADLINE,
            &format!("report {event} of {game_id}"),
            |line| line["event"] == event && line["id"] == game_id,
        )
    }

    /// Asks `cmd` again after each event until `is_it` accepts the answer, and returns that answer.
    /// `awaited` completes the sentence "the peer did not …".
    ///
    /// # Errors
    ///
    /// When the command is refused, or for [`DEADLINE`] nothing happens that could change the
    /// answer.
    pub fn wait_until(
        &self,
        cmd: &str,
        awaited: &str,
        mut is_it: impl FnMut(&Value) -> bool,
    ) -> Result<Value, PeerError> {
        let mut from = self.mark();
        loop {
            let answer = self.ask(cmd)?;
            if is_it(&answer) {
                return Ok(answer);
            }
            from = self.wait_event(from, DEADLINE, awaited, |_| true)?.next;
        }
    }

    /// Waits until `list-games` shows this game in a way that `is_it` accepts, and returns it.
    ///
    /// # Errors
    ///
    /// As [`wait_until`](Self::wait_until).
    pub fn wait_for_game(
        &self,
        game_id: &str,
        awaited: &str,
        mut is_it: impl FnMut(&Value) -> bool,
    ) -> Result<Value, PeerError> {
        let mut found = Value::Null;
        self.wait_until("list-games", &format!("{awaited} {game_id}"), |answer| {
            let games = answer["games"].as_array();
            let game = games
                .into_iter()
                .flatten()
                .find(|game| game["id"] == game_id);
            found = game.cloned().unwrap_or_default();
            game.is_some_and(&mut is_it)
        })?;
        Ok(found)
    }

    /// Waits for any line from `from` on that is JSON and that `is_it` accepts: answers, events,
    /// and answers without a `seq`.
    ///
    /// # Errors
    ///
    /// As [`wait_event`](Self::wait_event).
    pub fn wait_line(
        &self,
        from: Mark,
        deadline: Duration,
        awaited: &str,
        is_it: impl FnMut(&Value) -> bool,
    ) -> Result<Event, PeerError> {
        self.find(from, deadline, awaited, is_it)
    }

    /// The processor time that the process has used so far.
    ///
    /// # Errors
    ///
    /// When the process has ended or this is not Linux.
    pub fn cpu_time(&self) -> io::Result<Duration> {
        usage::cpu_time_of(self.pid())
    }

    /// The most memory that the process ever held, in bytes.
    ///
    /// # Errors
    ///
    /// When the process has ended or this is not Linux.
    pub fn memory_peak_bytes(&self) -> io::Result<u64> {
        usage::memory_peak_bytes_of(self.pid())
    }

    /// Ends the process at once, as a power cut would, and returns when it is gone.
    pub fn kill9(mut self) {
        self.end_at_once();
    }

    /// Asks the process to end, waits for it, and returns its exit status and how long it took.
    ///
    /// # Errors
    ///
    /// When it does not end within [`DEADLINE`]; it is killed then.
    pub fn shutdown(mut self) -> Result<(ExitStatus, Duration), PeerError> {
        let start = Instant::now();
        self.send_line(&json!({ "seq": 0, "cmd": "shutdown" }).to_string())?;
        let status = self.wait_for_exit(DEADLINE)?;
        Ok((status, start.elapsed()))
    }

    /// Closes the standard input of the process, as a script that ends does, and waits for it.
    ///
    /// # Errors
    ///
    /// As [`shutdown`](Self::shutdown).
    pub fn close_input(mut self) -> Result<ExitStatus, PeerError> {
        self.wait_for_exit(DEADLINE)
    }

    /// Waits until the process has ended by itself, without telling it to.
    ///
    /// # Errors
    ///
    /// When it does not end within `deadline`; it is killed then.
    pub fn wait_for_exit(&mut self, deadline: Duration) -> Result<ExitStatus, PeerError> {
        let start = Instant::now();
        self.input
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let closed = self.lines.wait_for_end(deadline);
        while closed && start.elapsed() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Ok(status);
            }
            std::thread::park_timeout(EXIT_POLL);
        }
        Err(PeerError::Deadline {
            peer: self.name.clone(),
            awaited: "end".to_owned(),
            waited: deadline,
            tail: self.tail(),
        })
    }

    /// The end of output and log, for a test's own messages.
    #[must_use]
    pub fn tail(&self) -> Tail {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let log: Vec<String> = log.lines().map(str::to_owned).collect();
        let output = self.lines.since(Mark::START);
        let last = |lines: &[String]| lines[lines.len().saturating_sub(TAIL_LINES)..].to_vec();
        Tail {
            output: last(&output),
            log: last(&log),
        }
    }

    fn unwrap_answer(&self, command: String, answer: &Value) -> Result<Value, PeerError> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match answer["ok"].as_bool() {
            Some(true) => Ok(answer["data"].clone()),
            Some(false) => Err(PeerError::Refused {
                peer: self.name.clone(),
                command,
                kind: text(&answer["error"]["kind"]),
                message: text(&answer["error"]["message"]),
            }),
            None => Err(PeerError::BadAnswer {
                peer: self.name.clone(),
                command,
                answer: answer.to_string(),
            }),
        }
    }

    fn find(
        &self,
        from: Mark,
        deadline: Duration,
        awaited: &str,
        is_it: impl FnMut(&Value) -> bool,
    ) -> Result<Event, PeerError> {
        self.lines
            .find(from, deadline, is_it)
            .map_err(|missed| match missed {
                Missed::Deadline => PeerError::Deadline {
                    peer: self.name.clone(),
                    awaited: awaited.to_owned(),
                    waited: deadline,
                    tail: self.tail(),
                },
                Missed::Ended => self.ended(awaited),
            })
    }

    fn ended(&self, awaited: &str) -> PeerError {
        PeerError::Ended {
            peer: self.name.clone(),
            awaited: awaited.to_owned(),
            tail: self.tail(),
        }
    }

    fn end_at_once(&mut self) {
        // Both can only fail because the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for PeerProcess {
    fn drop(&mut self) {
        self.end_at_once();
    }
}

fn is_event(line: &Value) -> bool {
    line["type"] == "event"
}
