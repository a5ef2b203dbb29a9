//! Keeps every line that a process writes, and lets any thread wait for one.
//!
//! The invariant: lines are only ever appended, so a position once recorded means the same line for
//! ever.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Event;

/// A position in the output of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(usize);

impl Mark {
    /// The position before the first line.
    pub const START: Self = Self(0);
}

/// Why a line was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missed {
    /// The deadline passed.
    Deadline,
    /// The output ended, so no line will come any more.
    Ended,
}

/// The lines of one process, filled by a thread of its own.
#[derive(Debug, Clone)]
pub(super) struct Lines(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<Line>,
    ended: bool,
}

#[derive(Debug)]
struct Line {
    text: String,
    at: Instant,
}

impl Lines {
    /// Starts to read `output` until it ends.
    pub(super) fn read_from(output: impl Read + Send + 'static) -> Self {
        let lines = Self(Arc::default());
        let writer = lines.clone();
        // The thread ends with the process, whose output it reads; nobody needs to join it.
        std::thread::spawn(move || writer.read_all(output));
        lines
    }

    /// The position after the last line so far.
    pub(super) fn end(&self) -> Mark {
        Mark(self.state().lines.len())
    }

    /// The lines from `from` on that have come so far.
    pub(super) fn since(&self, from: Mark) -> Vec<String> {
        let state = self.state();
        let lines = state.lines.get(from.0..).unwrap_or_default();
        lines.iter().map(|line| line.text.clone()).collect()
    }

    /// Waits for the first line from `from` on that is JSON and that `is_it` accepts.
    pub(super) fn find(
        &self,
        from: Mark,
        deadline: Duration,
        mut is_it: impl FnMut(&Value) -> bool,
    ) -> Result<Event, Missed> {
        let start = Instant::now();
        let mut position = from.0;
        let mut state = self.state();
        loop {
            while let Some(line) = state.lines.get(position) {
                position += 1;
                if let Ok(value) = serde_json::from_str::<Value>(&line.text)
                    && is_it(&value)
                {
                    let (next, at) = (Mark(position), line.at);
                    return Ok(Event { value, next, at });
                }
            }
            if state.ended {
                return Err(Missed::Ended);
            }
            let left = deadline.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(Missed::Deadline);
            }
            state = self.wait(state, left);
        }
    }

    /// Waits until the output has ended; says whether it did in time.
    pub(super) fn wait_for_end(&self, deadline: Duration) -> bool {
        let start = Instant::now();
        let mut state = self.state();
        while !state.ended {
            let left = deadline.saturating_sub(start.elapsed());
            if left.is_zero() {
                return false;
            }
            state = self.wait(state, left);
        }
        true
    }

    fn read_all(&self, output: impl Read) {
        let mut reader = BufReader::new(output);
        let mut bytes = Vec::new();
        while reader
            .read_until(b'\n', &mut bytes)
            .is_ok_and(|count| count > 0)
        {
            let at = Instant::now();
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim_end_matches(['\r', '\n']).to_owned();
            self.state().lines.push(Line { text, at });
            self.0.changed.notify_all();
            bytes.clear();
        }
        self.state().ended = true;
        self.0.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, at_most: Duration) -> MutexGuard<'a, State> {
        self.0
            .changed
            .wait_timeout(state, at_most)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn a_line_that_came_before_the_wait_is_found() {
        let lines = Lines::read_from(&b"{\"n\":1}\nnot json\n{\"n\":2}\n"[..]);
        assert!(lines.wait_for_end(PATIENCE));
        let first = lines
            .find(Mark::START, PATIENCE, |line| line["n"] == 1)
            .expect("line 1");
        let second = lines.find(first.next, PATIENCE, |_| true).expect("line 3");
        assert_eq!(second.value["n"], 2);
        assert_eq!(
            lines.find(second.next, PATIENCE, |_| true),
            Err(Missed::Ended)
        );
    }

    #[test]
    fn a_line_that_comes_during_the_wait_is_found() {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        let lines = Lines::read_from(reader);
        let waiter = {
            let lines = lines.clone();
            std::thread::spawn(move || lines.find(Mark::START, PATIENCE, |line| line["n"] == 7))
        };
        writeln!(writer, "{{\"n\":7}}").expect("the pipe is open");
        assert!(waiter.join().expect("no panic").is_ok());
    }

    #[test]
    fn silence_ends_at_the_deadline() {
        let (reader, _writer) = std::io::pipe().expect("a pipe");
        let lines = Lines::read_from(reader);
        let missed = lines.find(Mark::START, Duration::from_millis(1), |_| true);
        assert_eq!(missed, Err(Missed::Deadline));
    }

    #[test]
    fn a_last_line_without_an_end_of_line_counts() {
        let lines = Lines::read_from(&b"{\"n\":1}"[..]);
        assert!(lines.find(Mark::START, PATIENCE, |_| true).is_ok());
    }
}
