//! How the progress of one command looks: a bar on a terminal, a plain line every few seconds
//! elsewhere.
//!
//! Invariant: it writes to standard error only, and a bar leaves nothing behind.

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use console::style;
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

use crate::{
    answers::{Progress, Source, percent},
    output,
    words::{count, printable, rate, size, time},
};

/// How often a plain line is written while nothing else changes.
const PLAIN_EVERY: Duration = Duration::from_secs(3);

/// How often the spinner turns.
const TICK: Duration = Duration::from_millis(100);

const SPINNER: &str = "{spinner:.cyan} {prefix} {wide_msg}";
const BAR: &str = "{spinner:.cyan} {prefix} [{bar:24.green}] {percent:>3} % {wide_msg}";

/// The progress of one command.
#[derive(Debug)]
pub(crate) struct Display {
    bar: ProgressBar,
    label: String,
    plain: Option<Pace>,
}

impl Display {
    /// Begins with a label, mostly the game's id.
    pub(crate) fn new(label: &str) -> Self {
        let label = printable(label);
        let plain = (!std::io::stderr().is_terminal()).then(Pace::default);
        let bar = if plain.is_some() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(0)
                .with_prefix(label.clone())
                .with_finish(ProgressFinish::AndClear)
        };
        bar.set_style(looks(SPINNER));
        if plain.is_none() {
            bar.enable_steady_tick(TICK);
        }
        Self { bar, label, plain }
    }

    /// Says what is waited for; `phase` tells one wait from another.
    pub(crate) fn waiting(&mut self, phase: &'static str, text: &str) {
        self.show(None, phase, &printable(text));
    }

    /// Shows how far an operation is.
    pub(crate) fn progress(&mut self, progress: &Progress) {
        let phase = match progress {
            Progress::Waiting { .. } => "waiting",
            Progress::Checking { .. } => "checking",
            Progress::Transferring { .. } => "transferring",
            Progress::Step { .. } => "step",
        };
        self.show(progress.bytes(), phase, &describe(progress));
    }

    /// Tells something beside the progress.
    pub(crate) fn note(&self, text: &str) {
        self.bar.suspend(|| output::note(text));
    }

    fn show(&mut self, bytes: Option<(u64, u64)>, phase: &'static str, text: &str) {
        if let Some(pace) = &mut self.plain {
            if pace.is_due(Instant::now(), phase, text) {
                let percent = bytes.map(|bytes| format!("{} %, ", percent(bytes)));
                let colon = if self.label.is_empty() { "" } else { ": " };
                eprintln!("{}{colon}{}{text}", self.label, percent.unwrap_or_default());
            }
            return;
        }
        if let Some((done, total)) = bytes {
            self.bar.set_style(looks(BAR));
            self.bar.set_length(total);
            self.bar.set_position(done);
        } else {
            self.bar.set_style(looks(SPINNER));
        }
        self.bar.set_message(style(text).dim().to_string());
    }
}

fn looks(template: &str) -> ProgressStyle {
    // The templates are constants, and a test reads them.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Decides when a plain line is worth writing.
#[derive(Debug, Default)]
struct Pace {
    last: Option<(Instant, &'static str, String)>,
}

impl Pace {
    /// A new phase is told at once, what changes within one every few seconds.
    fn is_due(&mut self, now: Instant, phase: &'static str, text: &str) -> bool {
        let due = self
            .last
            .as_ref()
            .is_none_or(|(at, last_phase, last_text)| {
                *last_phase != phase
                    || (now.duration_since(*at) >= PLAIN_EVERY && last_text != text)
            });
        if due {
            self.last = Some((now, phase, text.to_owned()));
        }
        due
    }
}

/// What an operation is at, in words.
pub(crate) fn describe(progress: &Progress) -> String {
    match progress {
        Progress::Waiting { what } => printable(what),
        Progress::Checking {
            done_bytes,
            total_bytes,
        } => {
            format!(
                "checking what is here: {} of {}",
                size(*done_bytes),
                size(*total_bytes)
            )
        }
        Progress::Transferring {
            verified_bytes,
            total_bytes,
            rate_bytes_per_s,
            time_left_ms,
            efficiency_percent,
            sources,
        } => {
            let mut parts = vec![
                format!("{} of {}", size(*verified_bytes), size(*total_bytes)),
                rate(*rate_bytes_per_s),
            ];
            if let Some(ms) = time_left_ms.filter(|_| verified_bytes < total_bytes) {
                parts.push(format!("{} left", time(Duration::from_millis(ms))));
            }
            if let Some(percent) = efficiency_percent {
                parts.push(format!("{percent} % of what is possible"));
            }
            if !sources.is_empty() {
                parts.push(format!("from {}", from_whom(sources)));
            }
            parts.join(", ")
        }
        Progress::Step {
            what,
            index,
            count,
            done_bytes,
            total_bytes,
        } => {
            let step = if *count > 1 {
                format!("{}, {index} of {count}", printable(what))
            } else {
                printable(what)
            };
            match total_bytes {
                Some(total) => format!("{step}, {} of {}", size(*done_bytes), size(*total)),
                None if *done_bytes > 0 => format!("{step}, {} done", size(*done_bytes)),
                None => step,
            }
        }
    }
}

/// The sources with their rates, the fastest first.
fn from_whom(sources: &[Source]) -> String {
    let mut sources: Vec<&Source> = sources.iter().collect();
    sources.sort_by_key(|source| std::cmp::Reverse(source.rate_bytes_per_s));
    let rates: Vec<String> = sources
        .iter()
        .map(|source| {
            format!(
                "{} {}",
                printable(&source.name),
                rate(source.rate_bytes_per_s)
            )
        })
        .collect();
    format!("{}: {}", count(sources.len(), "peer"), rates.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn progress(value: serde_json::Value) -> Progress {
        serde_json::from_value(value).expect("a progress")
    }

    #[test]
    fn every_phase_has_its_words() {
        let table = [
            (
                json!({ "phase": "waiting", "what": "no peer has chess" }),
                "no peer has chess",
            ),
            (
                json!({ "phase": "checking", "done_bytes": 1 << 20, "total_bytes": 4 << 20 }),
                "checking what is here: 1.00 MiB of 4.00 MiB",
            ),
            (
                json!({ "phase": "step", "what": "unpacking a.eti", "index": 1, "count": 2, "done_bytes": 2048 }),
                "unpacking a.eti, 1 of 2, 2.00 KiB done",
            ),
            (
                json!({ "phase": "step", "what": "unpacking a.eti", "index": 1, "count": 1, "done_bytes": 1024, "total_bytes": 2048 }),
                "unpacking a.eti, 1.00 KiB of 2.00 KiB",
            ),
        ];
        for (value, words) in table {
            assert_eq!(describe(&progress(value)), words);
        }
    }

    #[test]
    fn a_transfer_names_all_its_sources_fastest_first() {
        let source = |name: &str, rate: u64| json!({ "name": name, "chunks": 1, "bytes": 1, "rate_bytes_per_s": rate });
        let transfer = progress(json!({
            "phase": "transferring", "verified_bytes": 1 << 20, "total_bytes": 2 << 20,
            "rate_bytes_per_s": 3 << 20, "time_left_ms": 61_000, "efficiency_percent": 97,
            "sources": [source("bravo", 1 << 20), source("alpha", 2 << 20)],
        }));
        assert_eq!(
            describe(&transfer),
            "1.00 MiB of 2.00 MiB, 3.00 MiB/s, 1 min 1 s left, 97 % of what is possible, from 2 peers: alpha 2.00 MiB/s, \
             bravo 1.00 MiB/s"
        );
        assert_eq!(transfer.percent(), Some(50));
    }

    #[test]
    fn plain_lines_keep_a_pace_and_a_new_phase_is_told_at_once() {
        let mut pace = Pace::default();
        let start = Instant::now();
        assert!(pace.is_due(start, "waiting", "a"));
        assert!(!pace.is_due(start, "waiting", "b"));
        assert!(pace.is_due(start, "transferring", "1"));
        assert!(!pace.is_due(start + PLAIN_EVERY / 2, "transferring", "2"));
        assert!(pace.is_due(start + PLAIN_EVERY, "transferring", "3"));
        assert!(
            !pace.is_due(start + PLAIN_EVERY * 3, "transferring", "3"),
            "nothing new"
        );
    }

    #[test]
    fn the_templates_are_valid() {
        for template in [SPINNER, BAR] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
