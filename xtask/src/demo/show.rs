//! The demonstration's calm way of writing on a terminal.
//!
//! The invariant: colours, and a line that is written over, appear only on a terminal; elsewhere
//! every line is plain and stays.

use std::io::{IsTerminal, Write};

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const GREEN: &str = "\x1b[32m";
const PLAIN: &str = "\x1b[0m";
const CLEAR_LINE: &str = "\r\x1b[2K";

/// How many characters the column of labels has.
const LABEL_WIDTH: usize = 12;

/// How many characters a progress bar has.
const BAR_WIDTH: u64 = 24;

/// Standard output, and what it can do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Show {
    is_terminal: bool,
}

impl Show {
    /// Looks at what standard output is.
    pub(super) fn new() -> Self {
        let plain_wanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            is_terminal: std::io::stdout().is_terminal() && !plain_wanted,
        }
    }

    /// Prints the first line.
    pub(super) fn title(self, text: &str) {
        println!("\n{}\n", self.styled(BOLD, text));
    }

    /// Prints the headline of a part.
    pub(super) fn section(self, text: &str) {
        println!("\n{}\n", self.styled(BOLD, text));
    }

    /// Prints a fact under its label.
    pub(super) fn fact(self, label: &str, text: &str) {
        println!("  {} {text}", self.label(label));
    }

    /// Prints what was hoped for.
    pub(super) fn success(self, text: &str) {
        println!(
            "  {} {}",
            self.label("comparison"),
            self.styled(GREEN, text)
        );
    }

    /// Writes a line that the next one replaces, on a terminal.
    pub(super) fn live(self, label: &str, text: &str) {
        if self.is_terminal {
            print!("{CLEAR_LINE}  {} {text}", self.label(label));
            // A terminal that cannot be written to has nobody to tell.
            let _ = std::io::stdout().flush();
        } else {
            self.fact(label, text);
        }
    }

    /// Takes the last live line away.
    pub(super) fn settle(self) {
        if self.is_terminal {
            print!("{CLEAR_LINE}");
        }
    }

    fn label(self, text: &str) -> String {
        self.styled(DIM, &format!("{text:>LABEL_WIDTH$}"))
    }

    fn styled(self, style: &str, text: &str) -> String {
        if self.is_terminal {
            format!("{style}{text}{PLAIN}")
        } else {
            text.to_owned()
        }
    }
}

/// A bar of which as much is filled as is done.
pub(super) fn bar(done: u64, total: u64) -> String {
    let filled = (done.min(total) * BAR_WIDTH)
        .checked_div(total)
        .unwrap_or(BAR_WIDTH);
    (0..BAR_WIDTH)
        .map(|place| if place < filled { '█' } else { '·' })
        .collect()
}

/// A byte count in MiB with one decimal.
pub(super) fn mebibytes(bytes: u64) -> String {
    let tenths = (u128::from(bytes) * 10 + (1 << 19)) >> 20;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_empty_at_first_full_at_last_and_always_as_wide() {
        assert!(bar(0, 100).chars().all(|place| place == '·'));
        assert!(bar(100, 100).chars().all(|place| place == '█'));
        assert_eq!(bar(99, 100).matches('·').count(), 1, "99 % is not full");
        assert!(
            bar(0, 0).chars().all(|place| place == '█'),
            "nothing to do is done"
        );
        assert_eq!(bar(200, 100).chars().count(), 24);
    }

    #[test]
    fn sizes_are_rounded_to_a_tenth() {
        assert_eq!(mebibytes(0), "0.0 MiB");
        assert_eq!(mebibytes(1 << 20), "1.0 MiB");
        assert_eq!(mebibytes((3 << 20) + (1 << 19)), "3.5 MiB");
    }
}
