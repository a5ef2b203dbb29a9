//! What goes to the terminal, and how it looks there.
//!
//! Invariant: results go to standard output, everything else to standard error; a reader that stops
//! reading (`| head`) ends nothing with a panic.

use std::io::{self, IsTerminal, Write};

use console::{Term, style};

use crate::words::printable;

/// Writes text to standard output as it is.
///
/// # Errors
/// Nobody reads it any more.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}

/// Writes one line to standard output.
///
/// # Errors
/// Nobody reads it any more.
pub(crate) fn line(text: &str) -> io::Result<()> {
    print(&format!("{text}\n"))
}

/// Tells the user something beside the result.
pub(crate) fn note(text: &str) {
    let label = style("note:").for_stderr().cyan();
    tell(&format!("{label} {}", printable(text)));
}

/// Tells the user what went wrong.
pub(crate) fn error(text: &str) {
    let label = style("error:").for_stderr().red().bold();
    let text: Vec<String> = text.lines().map(printable).collect();
    tell(&format!("{label} {}", text.join("\n")));
}

fn tell(text: &str) {
    // Without a standard error there is nobody to tell.
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// How many columns standard output has, if it is a terminal.
pub(crate) fn columns() -> Option<usize> {
    io::stdout()
        .is_terminal()
        .then(|| Term::stdout().size_checked())
        .flatten()
        .map(|(_, columns)| columns.into())
}
