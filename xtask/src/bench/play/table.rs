//! Prints what the packets of a game had to wait beside each upload, as a Markdown table.
//!
//! The invariant: the first row is the one that the others are compared with.

use std::fmt;
use std::time::Duration;

use super::echo::Echoes;

/// One row.
#[derive(Debug)]
struct Row {
    name: &'static str,
    upload_mbit: Option<f64>,
    echoes: Echoes,
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// Adds what was measured beside an upload of so many Mbit/s, or beside none.
    pub(super) fn add(&mut self, name: &'static str, upload_mbit: Option<f64>, echoes: Echoes) {
        self.rows.push(Row {
            name,
            upload_mbit,
            echoes,
        });
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "| beside the game | Mbit/s | median, ms | 99 %, ms | added at 99 %, ms \
             | greatest, ms | lost |"
        )?;
        writeln!(formatter, "|---|---|---|---|---|---|---|")?;
        let first = self.rows.first().map(|row| row.echoes.percentile(99));
        for row in &self.rows {
            let upload = row
                .upload_mbit
                .map_or_else(|| "0".to_owned(), |mbit| format!("{mbit:.1}"));
            let echoes = &row.echoes;
            let added = echoes
                .percentile(99)
                .saturating_sub(first.unwrap_or_default());
            writeln!(
                formatter,
                "| {} | {upload} | {} | {} | {} | {} | {} of {} |",
                row.name,
                milliseconds(echoes.percentile(50)),
                milliseconds(echoes.percentile(99)),
                milliseconds(added),
                milliseconds(echoes.percentile(100)),
                echoes.lost(),
                echoes.sent(),
            )?;
        }
        Ok(())
    }
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2}", 1000.0 * duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_is_added_to_that_of_the_first_row() {
        let mut table = Table::default();
        for (name, milliseconds) in [("nothing", 2), ("much", 42)] {
            let echoes = Echoes::of(vec![Duration::from_millis(milliseconds)], 2);
            table.add(name, Some(95.0), echoes);
        }
        let text = table.to_string();
        assert!(
            text.ends_with("| much | 95.0 | 42.00 | 42.00 | 40.00 | 42.00 | 1 of 2 |\n"),
            "{text}"
        );
    }
}
