//! Collects samples and prints them as a Markdown table: medians with the least and the greatest.
//!
//! The invariant: rows stand in the order in which the ways were first measured.

use std::fmt;
use std::time::Duration;

use super::Sample;
use crate::bench::spread::spread;

/// Bytes of a MiB and of a GiB, for rates.
const MIB: f64 = 1_048_576.0;
const GIB: f64 = 1_073_741_824.0;

/// The samples of one place.
#[derive(Debug)]
pub(super) struct Table {
    place: &'static str,
    size_bytes: u64,
    rows: Vec<(String, Vec<Sample>)>,
}

impl Table {
    pub(super) fn new(place: &'static str, size_bytes: u64) -> Self {
        Self {
            place,
            size_bytes,
            rows: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, way: &str, sample: Sample) {
        match self.rows.iter_mut().find(|(name, _)| name == way) {
            Some((_, samples)) => samples.push(sample),
            None => self.rows.push((way.to_owned(), vec![sample])),
        }
    }

    /// The size as a floating-point number: far below 2^52, so nothing is lost.
    #[expect(clippy::cast_precision_loss)]
    fn size(&self) -> f64 {
        self.size_bytes as f64
    }

    fn rates(&self, samples: &[Sample]) -> String {
        spread(
            samples
                .iter()
                .map(|sample| self.size() / MIB / sample.wall.as_secs_f64()),
            0,
        )
    }

    fn costs(&self, samples: &[Sample], cost: impl Fn(&Sample) -> Duration) -> String {
        spread(
            samples
                .iter()
                .map(|sample| cost(sample).as_secs_f64() / (self.size() / GIB)),
            2,
        )
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "### {}\n", self.place)?;
        writeln!(
            formatter,
            "| way | MiB/s | CPU s/GiB, source | CPU s/GiB, receiver |"
        )?;
        writeln!(formatter, "|---|---|---|---|")?;
        for (name, samples) in &self.rows {
            writeln!(
                formatter,
                "| {name} | {} | {} | {} |",
                self.rates(samples),
                self.costs(samples, |sample| sample.source_cpu),
                self.costs(samples, |sample| sample.receiver_cpu),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gibibyte_in_two_seconds_is_512_mib_per_second() {
        let mut table = Table::new("here", 1 << 30);
        let sample = Sample {
            wall: Duration::from_secs(2),
            source_cpu: Duration::from_millis(500),
            receiver_cpu: Duration::from_millis(750),
        };
        table.add("a way", sample);
        assert!(
            table
                .to_string()
                .ends_with("| a way | 512 | 0.50 | 0.75 |\n"),
            "{table}"
        );
    }
}
