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
    place: String,
    size_bytes: u64,
    rows: Vec<(String, Vec<Sample>)>,
}

impl Table {
    pub(super) fn new(place: &str, size_bytes: u64) -> Self {
        Self {
            place: place.to_owned(),
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

    /// How many times as fast the first way is, from turn to turn: the machine's load changes less
    /// within a turn than between them.
    fn advantages(&self, samples: &[Sample]) -> String {
        let first = self.rows.first().map_or(&[][..], |(_, samples)| samples);
        let turns = first.iter().zip(samples);
        spread(
            turns.map(|(own, other)| other.wall.as_secs_f64() / own.wall.as_secs_f64()),
            2,
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

/// The most memory in any of the samples, in MiB.
fn memory_peak(samples: &[Sample], peak_bytes: impl Fn(&Sample) -> u64) -> String {
    let most_bytes = samples.iter().map(peak_bytes).max().unwrap_or(0);
    most_bytes.div_ceil(1 << 20).to_string()
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "### {}\n", self.place)?;
        writeln!(
            formatter,
            "| way | MiB/s | {} is so many times as fast | CPU s/GiB, source | receiver \
             | peak MiB, source | receiver |",
            self.rows.first().map_or("", |(name, _)| name)
        )?;
        writeln!(formatter, "|---|---|---|---|---|---|---|")?;
        for (name, samples) in &self.rows {
            writeln!(
                formatter,
                "| {name} | {} | {} | {} | {} | {} | {} |",
                self.rates(samples),
                self.advantages(samples),
                self.costs(samples, |sample| sample.source.cpu),
                self.costs(samples, |sample| sample.receiver.cpu),
                memory_peak(samples, |sample| sample.source.memory_peak_bytes),
                memory_peak(samples, |sample| sample.receiver.memory_peak_bytes),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Cost;
    use super::*;

    #[test]
    fn a_gibibyte_in_two_seconds_is_512_mib_per_second() {
        let mut table = Table::new("here", 1 << 30);
        let cost = |cpu_ms, mib: u64| Cost {
            cpu: Duration::from_millis(cpu_ms),
            memory_peak_bytes: mib << 20,
        };
        let sample = |wall_s| Sample {
            wall: Duration::from_secs(wall_s),
            source: cost(500, 10),
            receiver: cost(750, 20),
        };
        table.add("a way", sample(2));
        table.add("another", sample(4));
        let text = table.to_string();
        for line in [
            "| a way | 512 | 1.00 | 0.50 | 0.75 | 10 | 20 |\n",
            "| another | 256 | 2.00 | 0.50 | 0.75 | 10 | 20 |\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
