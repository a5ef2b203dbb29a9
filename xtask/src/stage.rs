//! Runs the stages of a long command one after the other and remembers how long each took.
//!
//! The invariant: a stage that fails ends the command, and its name is in the error.

use std::time::{Duration, Instant};

use eyre::{Result, WrapErr};

/// The stages run so far.
#[derive(Debug, Default)]
pub(crate) struct Stages {
    times: Vec<(&'static str, Duration)>,
}

impl Stages {
    /// Announces and runs one stage.
    pub(crate) fn run(
        &mut self,
        name: &'static str,
        stage: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        println!("\n== {name}");
        let start = Instant::now();
        stage().wrap_err_with(|| format!("the stage `{name}` failed"))?;
        self.times.push((name, start.elapsed()));
        Ok(())
    }

    /// Prints how long each stage took.
    pub(crate) fn print_times(&self) {
        println!("\n== time per stage");
        for (name, time) in &self.times {
            println!("{:>9}  {name}", seconds(*time));
        }
        let total = self.times.iter().map(|(_, time)| *time).sum();
        println!("{:>9}  all of these", seconds(total));
    }
}

/// A duration in seconds with one decimal.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_stage_is_named() {
        let mut stages = Stages::default();
        stages.run("first", || Ok(())).expect("it does nothing");
        let error = stages
            .run("second", || eyre::bail!("broken"))
            .expect_err("it fails");
        assert_eq!(format!("{error:#}"), "the stage `second` failed: broken");
        assert_eq!(stages.times.len(), 1);
    }
}
