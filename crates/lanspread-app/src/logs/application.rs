//! The log of the program, as a layer of `tracing`.
//!
//! Invariant: it begins with the program, before the folder is known in which it is kept.

use std::fmt::{self, Write as _};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    layer::{Context, Filter},
    registry::LookupSpan,
};

use super::{
    LINE_TEXT_BYTES_MAX, LogLevel, LogLine, cut,
    kept::{Entry, Log},
};
use crate::app::unix_ms;

/// The log of the program.
pub type ApplicationLog = Log<LogLine>;

impl ApplicationLog {
    /// What has to be added to the subscriber of `tracing`, for this log to hear anything.
    #[must_use]
    pub fn layer<S: Subscriber + for<'span> LookupSpan<'span>>(&self) -> impl Layer<S> + use<S> {
        Hears { log: self.clone() }.with_filter(matters())
    }
}

/// What happened here, and what is broken elsewhere. What follows the code step by step is written thousands of
/// times a second during a transfer: it would push all else out of the log within minutes.
fn matters<S>() -> impl Filter<S> {
    Targets::new()
        .with_default(Level::ERROR)
        .with_target("lanspread", Level::INFO)
}

struct Hears {
    log: ApplicationLog,
}

impl<S: Subscriber> Layer<S> for Hears {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let mut message = text.message + &text.fields;
        cut(&mut message, LINE_TEXT_BYTES_MAX);
        let metadata = event.metadata();
        self.log.push(LogLine {
            number: 0,
            at_ms: unix_ms(),
            level: level(*metadata.level()),
            target: metadata.target().to_owned(),
            message,
        });
    }
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        // What is less is not kept.
        _ => LogLevel::Info,
    }
}

/// An event's message, and its fields behind it.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {}={value:?}", field.name())
        };
    }
}

impl Entry for LogLine {
    const FILE: &str = "lanspread.jsonl";

    fn number(&self) -> u64 {
        self.number
    }

    fn set_number(&mut self, number: u64) {
        self.number = number;
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn a_line_holds_what_was_said_with_its_fields_and_ends_at_its_limit() {
        let log = ApplicationLog::default();
        let subscriber = tracing_subscriber::registry().with(log.layer());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(game = %"chess", bytes = 7, "it was told");
            tracing::debug!("not for here");
            tracing::warn!(target: "elsewhere", "odd, but not ours");
            tracing::error!(target: "elsewhere", "broken");
            tracing::warn!("{}", "é".repeat(LINE_TEXT_BYTES_MAX));
        });
        let lines = log.page(0).entries;
        let said: Vec<(LogLevel, &str)> = lines
            .iter()
            .map(|line| (line.level, line.message.as_str()))
            .collect();
        assert_eq!(said[0], (LogLevel::Info, "it was told game=chess bytes=7"));
        assert_eq!(said[1], (LogLevel::Error, "broken"));
        assert_eq!(said[2].0, LogLevel::Warn);
        assert_eq!(said[2].1.len(), LINE_TEXT_BYTES_MAX);
        assert_eq!(said.len(), 3);
    }
}
