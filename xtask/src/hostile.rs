//! Every attack of the hostile peer, and the table of what each cost the victim.
//!
//! The invariant: the rows are those that the tests themselves print, and a test that fails fails this.

use std::process::{Command, Stdio};

use eyre::{Result, WrapErr, bail};

use crate::{setup, workspace};

/// The crate and the test program of the attacks.
const CRATE: &str = "lanspread-peer-cli";
const TEST: &str = "hostile";

/// How many attacks run at a time: each is three processes on a network of their own.
const AT_A_TIME: &str = "2";

/// The head of the table; the tests print the rows.
const HEAD: &str = "| attack | memory | processor | served meanwhile | log | consequence |\n\
                    |---|---|---|---|---|---|";

/// What `cargo xtask hostile` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct HostileOptions {
    /// Only attacks whose test has this in its name.
    attack: Option<String>,
}

/// Runs the attacks and prints the table.
pub(crate) fn run(options: &HostileOptions) -> Result<()> {
    setup::run();
    let mut command = workspace::cargo();
    command.args(["test", "--quiet", "--package", CRATE, "--test", TEST]);
    command.args(["--", "--nocapture", "--test-threads", AT_A_TIME]);
    command.args(&options.attack);
    let output = captured(&mut command)?;
    let mut rows: Vec<&str> = output.lines().filter_map(row).collect();
    rows.sort_unstable();
    println!("{HEAD}\n{}", rows.join("\n"));
    Ok(())
}

/// Runs the tests and returns what they wrote; errors go to the terminal.
fn captured(command: &mut Command) -> Result<String> {
    let line = lanspread_testbed::command::line_of(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .wrap_err_with(|| format!("could not start `{line}`"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("`{line}` ended with {}:\n{text}", output.status);
    }
    Ok(text)
}

/// The row in a line: the test runner may have written dots before it.
fn row(line: &str) -> Option<&str> {
    let row = &line[line.find("| ")?..];
    row.ends_with('|').then_some(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_found_behind_the_dots_of_the_runner_and_nothing_else_is_a_row() {
        assert_eq!(row("..| a | b |"), Some("| a | b |"));
        assert_eq!(row("| a | b |"), Some("| a | b |"));
        assert_eq!(row("running 24 tests"), None);
        assert_eq!(row("left | right"), None);
    }
}
