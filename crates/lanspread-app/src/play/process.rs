//! One script as a process of its own.
//!
//! Invariant: what it writes goes to a file that stays within its limit, so that a game neither waits for
//! a reader nor ends with Lanspread.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::process::Command;

/// Longest log of a script; past it the log begins anew.
pub const LOG_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// How often the log is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Lines of a failed script that are told.
const LAST_LINES: usize = 5;

/// Bytes of a log in which its last lines are looked for.
const LAST_BYTES: u64 = 4 * 1024;

/// Runs a script to its end.
///
/// # Errors
/// It cannot be started, or ended with an error; with the last lines of its log, for people.
pub(crate) async fn run(
    file: &Path,
    arguments: [String; 4],
    root: &Path,
    log: &Path,
) -> Result<(), String> {
    let failed = |error: io::Error| format!("{} cannot be started: {error}", file.display());
    let (output, errors) = open_log(log).map_err(failed)?;
    let mut command = interpreter(file);
    command
        .args(arguments)
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors);
    let mut child = command.spawn().map_err(failed)?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(failed)?,
            () = tokio::time::sleep(LOOK_EVERY) => cut(log),
        }
    };
    if status.success() {
        return Ok(());
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Err(format!(
        "{name} ended with {status}{}; its log is {}",
        last_lines(log),
        log.display()
    ))
}

/// A script that came over the network has no right to be executed; the shell reads it anyway.
#[cfg(not(windows))]
fn interpreter(file: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    // A group of its own: Ctrl-C at the terminal of Lanspread is not meant for the game.
    command.arg(file).process_group(0);
    command
}

/// The standard library quotes the arguments of batch files, or refuses those that cannot be quoted.
#[cfg(windows)]
fn interpreter(file: &Path) -> Command {
    /// The script's console is its own window, and stays open as long as the script wants.
    const CREATE_NEW_CONSOLE: u32 = 0x10;
    let mut command = Command::new(file);
    command.creation_flags(CREATE_NEW_CONSOLE);
    command
}

/// Opened for appending, so that a script goes on at the beginning after its log was cut.
fn open_log(log: &Path) -> io::Result<(fs::File, fs::File)> {
    let dir = log.parent().map(PathBuf::from).unwrap_or_default();
    fs::create_dir_all(dir)?;
    fs::write(log, "")?;
    let file = fs::File::options().append(true).open(log)?;
    let other = file.try_clone()?;
    Ok((file, other))
}

fn cut(log: &Path) {
    let too_long = fs::metadata(log).is_ok_and(|file| file.len() > LOG_BYTES_MAX);
    if too_long && let Err(error) = fs::write(log, "") {
        tracing::warn!(log = %log.display(), %error, "a log is too long and cannot be cut");
    }
}

fn last_lines(log: &Path) -> String {
    use std::io::{Read, Seek, SeekFrom};
    let read = || {
        let mut file = fs::File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LAST_BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok::<_, io::Error>(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_default();
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let from = lines.len().saturating_sub(LAST_LINES);
    if lines.is_empty() {
        return String::new();
    }
    format!(" and said last: {}", lines[from..].join(" / "))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn script(text: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("game_start.sh");
        fs::write(&file, text).expect("writable");
        (dir, file)
    }

    fn arguments() -> [String; 4] {
        ["/games/chess", "chess", "de", "Änna; $(touch no)"].map(str::to_owned)
    }

    #[tokio::test]
    async fn a_script_gets_four_arguments_and_the_game_root() {
        let (dir, file) = script("printf '%s|' \"$@\" > got; pwd >> got; echo told");
        let log = dir.path().join("logs/chess.log");
        run(&file, arguments(), dir.path(), &log)
            .await
            .expect("it ends well");
        let got = fs::read_to_string(dir.path().join("got")).expect("written");
        assert!(
            got.starts_with("/games/chess|chess|de|Änna; $(touch no)|"),
            "{got}"
        );
        let root = fs::canonicalize(dir.path()).expect("there");
        assert!(
            got.trim_end().ends_with(root.to_str().expect("Unicode")),
            "{got}"
        );
        assert_eq!(fs::read_to_string(log).expect("written"), "told\n");
        assert!(!dir.path().join("no").exists());
    }

    #[tokio::test]
    async fn a_script_that_fails_is_told_with_its_last_lines() {
        let (dir, file) = script("seq 1 9; echo no sound card >&2; exit 3");
        let log = dir.path().join("chess.log");
        let told = run(&file, arguments(), dir.path(), &log)
            .await
            .expect_err("it fails");
        assert!(told.contains("exit status: 3"), "{told}");
        assert!(told.contains("6 / 7 / 8 / 9 / no sound card"), "{told}");
        let gone = dir.path().join("gone/game_start.sh");
        assert!(run(&gone, arguments(), dir.path(), &log).await.is_err());
    }

    #[test]
    fn a_log_at_the_limit_is_kept_and_one_past_it_begins_anew() {
        let dir = tempfile::tempdir().expect("a directory");
        let log = dir.path().join("log");
        for (bytes, left) in [(LOG_BYTES_MAX, LOG_BYTES_MAX), (LOG_BYTES_MAX + 1, 0)] {
            let file = fs::File::create(&log).expect("writable");
            file.set_len(bytes).expect("writable");
            cut(&log);
            assert_eq!(fs::metadata(&log).expect("there").len(), left);
        }
    }
}
