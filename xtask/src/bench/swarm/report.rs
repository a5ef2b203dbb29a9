//! Collects what was measured and prints it as a Markdown table.
//!
//! The invariant: a figure that was not measured to the end says so in its row.

use std::fmt;
use std::time::{Duration, Instant};

use super::bound::Distribution;
use crate::bench::spread::spread;

/// Bytes of a GiB.
const GIB: f64 = 1_073_741_824.0;

/// One measurement of one way.
#[derive(Debug, Clone, Copy)]
pub(in crate::bench) struct Sample {
    /// The common start.
    pub(in crate::bench) start: Instant,
    /// From the common start until the last receiver has all.
    pub(in crate::bench) wall: Duration,
    /// What the seeder sent, headers included.
    pub(super) seeder_bytes: u64,
    /// What went over the cable between the tables to the receivers there, and back.
    pub(super) uplink_bytes: Option<[u64; 2]>,
    /// The processor time of the seeder and all receivers.
    pub(super) cpu: Duration,
    /// How much of it was measured.
    pub(super) extent: Extent,
}

/// How much of a distribution was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// It was cut off after this time, and the figures are what it would have come to.
    CutOff(Duration),
}

/// Everything measured of one way with one number of receivers.
#[derive(Debug)]
struct Row {
    distribution: Distribution,
    way: &'static str,
    samples: Vec<Sample>,
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Adds a measurement.
    pub(super) fn add(&mut self, distribution: Distribution, way: &'static str, sample: Sample) {
        let same =
            |row: &&mut Row| row.way == way && row.distribution.receivers == distribution.receivers;
        match self.rows.iter_mut().find(same) {
            Some(row) => row.samples.push(sample),
            None => self.rows.push(Row {
                distribution,
                way,
                samples: vec![sample],
            }),
        }
    }
}

impl Row {
    fn name(&self) -> String {
        let cut_off = self.samples.iter().find_map(|sample| match sample.extent {
            Extent::Whole => None,
            Extent::CutOff(after) => Some(after),
        });
        match cut_off {
            Some(after) => format!(
                "{}, cut off after {:.0} s and extrapolated",
                self.way,
                after.as_secs_f64()
            ),
            None => self.way.to_owned(),
        }
    }

    fn say(&self, decimals: usize, value: impl Fn(&Sample) -> f64) -> String {
        spread(self.samples.iter().map(value), decimals)
    }

    /// The bytes of one direction of the uplink, where there is one.
    fn uplink(&self, direction: usize) -> String {
        self.say(2, |sample| {
            let bytes = sample.uplink_bytes.map_or(0, |bytes| bytes[direction]);
            self.distribution.times_the_file(bytes)
        })
    }

    /// The size of what all receivers together got, in GiB.
    fn delivered_gib(&self) -> f64 {
        let [receivers, size] = [
            f64::from(self.distribution.receivers),
            1.0 / self.distribution.times_the_file(1),
        ];
        receivers * size / GIB
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_uplink = self
            .rows
            .iter()
            .any(|row| row.distribution.uplink.is_some());
        let (uplink_head, uplink_line) = if has_uplink {
            (" over the uplink, × F | back, × F |", "---|---|")
        } else {
            ("", "")
        };
        writeln!(
            formatter,
            "| receivers | way | bound, s | all have it, s | × bound | seeder sent, × F \
             |{uplink_head} CPU of all, s | CPU s/GiB received |"
        )?;
        writeln!(formatter, "|---|---|---|---|---|---|{uplink_line}---|---|")?;
        for row in &self.rows {
            let distribution = &row.distribution;
            let bound = distribution.bound().as_secs_f64();
            let gib = row.delivered_gib();
            let uplink = if has_uplink {
                format!(" {} | {} |", row.uplink(0), row.uplink(1))
            } else {
                String::new()
            };
            writeln!(
                formatter,
                "| {} | {} | {bound:.2} | {} | {} | {} |{uplink} {} | {} |",
                distribution.receivers,
                row.name(),
                row.say(1, |sample| sample.wall.as_secs_f64()),
                row.say(2, |sample| sample.wall.as_secs_f64() / bound),
                row.say(2, |sample| distribution.times_the_file(sample.seeder_bytes)),
                row.say(1, |sample| sample.cpu.as_secs_f64()),
                row.say(1, |sample| sample.cpu.as_secs_f64() / gib),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lanspread_testbed::net::Rate;

    fn distribution(uplink: Option<Rate>) -> Distribution {
        Distribution {
            size_bytes: 256 << 20,
            receivers: 4,
            link: Rate::mbit(100),
            uplink,
        }
    }

    fn sample(seconds: u64) -> Sample {
        Sample {
            start: Instant::now(),
            wall: Duration::from_secs(seconds),
            seeder_bytes: 384 << 20,
            uplink_bytes: None,
            cpu: Duration::from_secs(3),
            extent: Extent::Whole,
        }
    }

    fn last_line(report: &Report) -> String {
        let text = report.to_string();
        text.lines().last().unwrap_or_default().to_owned()
    }

    #[test]
    fn one_run_is_said_as_it_was() {
        let mut report = Report::default();
        report.add(distribution(None), "a way", sample(43));
        assert_eq!(
            last_line(&report),
            "| 4 | a way | 21.47 | 43.0 | 2.00 | 1.50 | 3.0 | 3.0 |"
        );
    }

    #[test]
    fn several_runs_are_a_median_with_least_and_greatest() {
        let mut report = Report::default();
        for seconds in [40, 50, 42] {
            report.add(distribution(None), "a way", sample(seconds));
        }
        assert!(
            last_line(&report).contains("| 42.0 (40.0 to 50.0) |"),
            "{report}"
        );
    }

    #[test]
    fn what_was_cut_off_says_so() {
        let mut report = Report::default();
        let cut = Sample {
            extent: Extent::CutOff(Duration::from_secs(86)),
            ..sample(180)
        };
        report.add(distribution(None), "a way", cut);
        assert!(
            last_line(&report).contains("a way, cut off after 86 s and extrapolated"),
            "{report}"
        );
    }

    #[test]
    fn two_tables_have_two_more_columns_everywhere() {
        let mut report = Report::default();
        let crossed = Sample {
            uplink_bytes: Some([512 << 20, 64 << 20]),
            ..sample(43)
        };
        report.add(distribution(Some(Rate::mbit(100))), "a way", crossed);
        let text = report.to_string();
        let columns = |line: &str| line.matches('|').count();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|line| columns(line) == columns(lines[0])));
        assert!(lines[2].contains("| 2.00 | 0.25 |"), "{text}");
    }
}
