//! Runs one outside program to its end and turns every way it can fail into one readable error.
//!
//! The invariant: an error always carries the whole command line and what the program said, since
//! a failure in a test bed is read in a log, long after the machine has changed.

use std::process::{Command, Output, Stdio};

/// Why an outside program did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The program could not be started at all.
    #[error("could not start `{line}`: {source}; `cargo xtask setup` installs what is missing")]
    Start {
        /// The command line as it would be typed.
        line: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The program ran and reported failure.
    #[error("`{line}` ended with {status}: {stderr}")]
    Failed {
        /// The command line as it would be typed.
        line: String,
        /// The exit status in words.
        status: String,
        /// What the program wrote to its standard error, trimmed.
        stderr: String,
    },
}

/// Runs `command` without input and returns what it printed.
///
/// # Errors
///
/// When the program cannot be started or ends with another status than success.
pub fn run(command: &mut Command) -> Result<String, CommandError> {
    let output = output_of(command.stdin(Stdio::null()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(CommandError::Failed {
        line: line_of(command),
        status: output.status.to_string(),
        stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

/// Runs `command` and only says whether it succeeded: for clean-up, where there is nobody left to
/// tell.
pub(crate) fn run_quietly(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether a program of this name is found in the search path or where Debian keeps
/// administration tools.
#[must_use]
pub fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|directory| directory.join(program).is_file())
}

/// The command line as it would be typed, without quoting.
#[must_use]
pub fn line_of(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

fn output_of(command: &mut Command) -> Result<Output, CommandError> {
    command.output().map_err(|source| CommandError::Start {
        line: line_of(command),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_quoted_with_its_words() {
        let error = run(Command::new("sh").args(["-c", "echo no room >&2; exit 3"]))
            .expect_err("the shell was told to fail");
        let text = error.to_string();
        assert!(text.contains("no room"), "{text}");
        assert!(text.contains("exit 3"), "{text}");
    }

    #[test]
    fn a_missing_program_names_the_way_to_get_it() {
        let error = run(&mut Command::new("no-such-program-here")).expect_err("nothing to run");
        assert!(error.to_string().contains("cargo xtask setup"));
        assert!(!is_installed("no-such-program-here"));
        assert!(is_installed("sh"));
    }
}
