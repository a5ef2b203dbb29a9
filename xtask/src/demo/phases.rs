//! How long each phase of the demonstration took.
//!
//! The invariant: a phase that fails is named in the error.

use std::time::{Duration, Instant};

use eyre::{Result, WrapErr};

use super::show::Show;
use crate::stage::seconds;

/// The phases so far.
#[derive(Debug, Default)]
pub(super) struct Phases(Vec<(&'static str, Duration)>);

impl Phases {
    /// Runs one phase and remembers its time.
    pub(super) fn run<T>(
        &mut self,
        name: &'static str,
        phase: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let start = Instant::now();
        let done = phase().wrap_err_with(|| format!("the demonstration failed in: {name}"))?;
        self.0.push((name, start.elapsed()));
        Ok(done)
    }

    /// Prints all times.
    pub(super) fn print(&self, show: Show) {
        show.section("How long it took");
        for (name, time) in &self.0 {
            show.fact(&seconds(*time), name);
        }
        let total: Duration = self.0.iter().map(|(_, time)| *time).sum();
        show.fact(&seconds(total), "altogether");
    }
}
