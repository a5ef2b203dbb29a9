//! Listens to what the code under test logs: an ERROR is broken, and fails the run.
//!
//! Invariant: what is heard belongs to the thread that runs the simulation, and to no other.

use std::{cell::RefCell, fmt::Write};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
};

thread_local! {
    static ERRORS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Hears the errors of its thread.
struct Errors;

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}

impl Subscriber for Errors {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::ERROR
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::ERROR)
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        ERRORS.with_borrow_mut(|errors| errors.push(text.0));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Runs something and hands out the errors that it logged.
pub(crate) fn hearing_errors<T>(act: impl FnOnce() -> T) -> (T, Vec<String>) {
    ERRORS.with_borrow_mut(Vec::clear);
    let result = tracing::subscriber::with_default(Errors, act);
    (result, ERRORS.with_borrow_mut(std::mem::take))
}
