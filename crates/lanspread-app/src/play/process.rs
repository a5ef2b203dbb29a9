//! One script as a process of its own.
//!
//! Invariant: what it writes goes to a file that stays within its limit, or to a console that its user sees,
//! so that a game neither waits for a reader nor ends with Lanspread.

use std::{
    env,
    ffi::OsStr,
    fmt, fs, io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use lanspread_db::Script;
use tokio::process::{Child, Command};

use crate::told::ScriptFault;

use super::{
    alive::Process,
    console::{self, CommandLine, Console, System, Terminal, Told, Wanted, Words},
    outlive::Notebook,
};

/// Longest log of a script; past it the log begins anew.
pub const LOG_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// How often the log is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Lines of a failed script that are told.
const LAST_LINES: usize = 5;

/// Bytes of a log in which its last lines are looked for.
const LAST_BYTES: u64 = 32 * 1024;

/// How often it is looked what a script in a terminal told.
const TOLD_EVERY: Duration = Duration::from_millis(500);

/// How long a script has to tell that it runs, once its terminal has ended well: until then a program that
/// runs already may still be opening its window, and the script would run twice if it were started without.
const HANDS_OVER: Duration = Duration::from_secs(10);

/// The status of a script that was ended with Ctrl-C, which is how servers are ended.
const INTERRUPTED: i32 = 130;

/// Why a script did not do what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScriptFailure {
    /// What became of it.
    pub(crate) fault: ScriptFault,
    /// The same in words for people, with what it said last.
    pub(crate) message: String,
}

impl ScriptFailure {
    /// The same, told within another sentence.
    pub(crate) fn told(self, sentence: impl FnOnce(&str) -> String) -> Self {
        Self {
            message: sentence(&self.message),
            ..self
        }
    }
}

/// What keeps a script from being prepared, in words for people.
impl From<String> for ScriptFailure {
    fn from(message: String) -> Self {
        Self {
            fault: ScriptFault::NotPrepared,
            message,
        }
    }
}

/// A script and where it is run.
#[derive(Debug, Clone)]
pub(crate) struct Run<'a> {
    pub(crate) script: Script,
    pub(crate) file: &'a Path,
    pub(crate) arguments: [String; 4],
    pub(crate) root: &'a Path,
    pub(crate) log: &'a Path,
    /// Where it is noted while it runs, if it may outlive this program.
    pub(super) notebook: Option<&'a Notebook>,
}

impl Run<'_> {
    /// The process with this number, which the script is; noted.
    fn note(&self, id: u32) -> Option<Process> {
        let process = Process::with_id(id)?;
        if let Some(notebook) = self.notebook {
            notebook.begins(process);
        }
        Some(process)
    }
}

/// Runs a script to its end.
///
/// # Errors
/// It cannot be started, or ended with an error; with the last lines of its log, for people.
pub(crate) async fn run(run: &Run<'_>) -> Result<(), ScriptFailure> {
    let terminal = console::terminal(|name| env::var_os(name), find_program);
    run_with(run, terminal.as_ref()).await
}

/// Runs a script that has so long; past that it is ended.
///
/// # Errors
/// See [`run`]; or it had not ended.
pub(crate) async fn run_for(run: &Run<'_>, patience: Duration) -> Result<(), ScriptFailure> {
    let ran = tokio::time::timeout(patience, run_with(run, None)).await;
    ran.unwrap_or_else(|_| {
        let name = run.file.file_name().unwrap_or_default().to_string_lossy();
        let seconds = patience.as_secs();
        Err(ScriptFailure {
            fault: ScriptFault::TooLong,
            message: format!("{name} had not ended after {seconds} s and was ended"),
        })
    })
}

async fn run_with(run: &Run<'_>, terminal: Option<&Terminal>) -> Result<(), ScriptFailure> {
    // What an earlier run said is not what this one says, also when it cannot be started.
    open_log(run.log).map_err(|error| unstartable(run, &error))?;
    let told = told_beside(run.log);
    drop(fs::remove_file(&told));
    let line = command_line(run, &told, terminal)?;
    let ended = match &line.console {
        Console::Hidden | Console::Own => until_ended(run, &line).await,
        Console::Terminal { told } => match in_terminal(run, &line, told).await {
            Shown::Ended(ended) => ended,
            Shown::NotAtAll(why) => {
                tracing::warn!(
                    why,
                    "no terminal shows the server; its output is kept in a file"
                );
                until_ended(run, &command_line(run, told, None)?).await
            }
        },
    };
    if let Some(notebook) = run.notebook {
        notebook.ends();
    }
    let name = run.file.file_name().unwrap_or_default().to_string_lossy();
    let failed = match ended.map_err(|error| unstartable(run, &error))? {
        Ended::Well => return Ok(()),
        Ended::Badly(how) => how,
    };
    Err(ScriptFailure {
        fault: ScriptFault::EndedBadly,
        message: format!(
            "{name} ended with {failed}{}; its log is {}",
            last_lines(run.log),
            run.log.display()
        ),
    })
}

/// How a script ended.
enum Ended {
    Well,
    /// In words.
    Badly(String),
}

/// What became of a script that was to run in a terminal.
enum Shown {
    Ended(io::Result<Ended>),
    /// The terminal did not begin with it, for this reason.
    NotAtAll(String),
}

fn command_line(
    run: &Run<'_>,
    told: &Path,
    terminal: Option<&Terminal>,
) -> Result<CommandLine, ScriptFailure> {
    let wanted = Wanted {
        script: run.script,
        file: run.file,
        arguments: &run.arguments,
        told,
    };
    console::command_line(System::HERE, &wanted, terminal).map_err(|error| unstartable(run, &error))
}

fn unstartable(run: &Run<'_>, why: &dyn fmt::Display) -> ScriptFailure {
    ScriptFailure {
        fault: ScriptFault::NotStarted,
        message: format!("{} cannot be started: {why}", run.file.display()),
    }
}

async fn until_ended(run: &Run<'_>, line: &CommandLine) -> io::Result<Ended> {
    let mut child = spawn(run, line)?;
    child.id().and_then(|id| run.note(id));
    loop {
        tokio::select! {
            status = child.wait() => {
                let status = status?;
                return Ok(if status.success() {
                    Ended::Well
                } else {
                    Ended::Badly(status.to_string())
                });
            }
            () = tokio::time::sleep(LOOK_EVERY) => cut(run.log),
        }
    }
}

/// The terminal can end before its script, if it hands its windows to a program that runs already, and after
/// it, since it stays open: so the script itself tells.
async fn in_terminal(run: &Run<'_>, line: &CommandLine, told: &Path) -> Shown {
    let child = fs::write(told, "").and_then(|()| spawn(run, line));
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return Shown::NotAtAll(error.to_string()),
    };
    let mut closed: Option<(ExitStatus, Instant)> = None;
    let mut keeper: Option<Process> = None;
    let ended = loop {
        let says = read_told(told);
        if let (Told::Runs(id), None) = (says, keeper) {
            keeper = run.note(id);
        }
        match (says, closed) {
            (Told::Ended(code), _) if is_well(code) => break Ok(Ended::Well),
            (Told::Ended(code), _) => break Ok(Ended::Badly(format!("exit status {code}"))),
            (Told::Nothing, Some((status, at)))
                if !(status.success() && Instant::now() < at + HANDS_OVER) =>
            {
                drop(fs::remove_file(told));
                return Shown::NotAtAll(format!("{} ended: {status}", line.program.display()));
            }
            // Whoever closes the window ends the server.
            (Told::Runs(_), Some(_)) if !keeper.is_some_and(Process::is_alive) => {
                break Ok(Ended::Well);
            }
            (Told::Nothing | Told::Runs(_), _) => {}
        }
        tokio::select! {
            status = child.wait(), if closed.is_none() => match status {
                Ok(status) => closed = Some((status, Instant::now())),
                Err(error) => break Err(error),
            },
            () = tokio::time::sleep(TOLD_EVERY) => {}
        }
    };
    drop(fs::remove_file(told));
    Shown::Ended(ended)
}

/// Where a script in a terminal tells what became of it.
pub(super) fn told_beside(log: &Path) -> PathBuf {
    log.with_extension("told")
}

pub(super) fn read_told(told: &Path) -> Told {
    Told::read(&fs::read_to_string(told).unwrap_or_default())
}

/// Whether a server that ended with this status did what it is for.
pub(super) const fn is_well(code: i32) -> bool {
    matches!(code, 0 | INTERRUPTED)
}

/// Looks for a program where programs are.
fn find_program(name: &OsStr) -> Option<PathBuf> {
    let path = Path::new(name);
    if path.components().nth(1).is_some() {
        return path.is_file().then(|| path.to_owned());
    }
    let dirs = env::var_os("PATH")?;
    env::split_paths(&dirs)
        .map(|dir| dir.join(path))
        .find(|program| program.is_file())
}

fn spawn(run: &Run<'_>, line: &CommandLine) -> io::Result<Child> {
    let (output, errors) = open_log(run.log)?;
    let mut command = Command::new(&line.program);
    command
        .current_dir(run.root)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        // A game goes on when nobody waits for it any more; what has only so long does not.
        .kill_on_drop(run.script == Script::Uninstall);
    say(&mut command, line);
    command.spawn()
}

#[cfg(not(windows))]
fn say(command: &mut Command, line: &CommandLine) {
    match &line.words {
        Words::Each(words) => command.args(words),
        Words::Raw(text) => command.arg(text),
    };
    // A group of its own: Ctrl-C at the terminal of Lanspread is not meant for the game.
    command.process_group(0);
}

#[cfg(windows)]
fn say(command: &mut Command, line: &CommandLine) {
    /// A console that is a window of its own.
    const CREATE_NEW_CONSOLE: u32 = 0x10;
    /// A console that nobody sees.
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    match &line.words {
        Words::Each(words) => command.args(words),
        Words::Raw(text) => command.raw_arg(text),
    };
    command.creation_flags(match line.console {
        Console::Own => CREATE_NEW_CONSOLE,
        Console::Hidden | Console::Terminal { .. } => CREATE_NO_WINDOW,
    });
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

/// The last lines that a script wrote and that are not empty.
pub(crate) fn output(log: &Path) -> Vec<String> {
    use std::io::{Read, Seek, SeekFrom};
    let read = || {
        let mut file = fs::File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LAST_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(LAST_BYTES).read_to_end(&mut bytes)?;
        Ok::<_, io::Error>(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_default();
    let lines = text.lines().map(str::trim_end);
    let lines = lines.filter(|line| !line.trim().is_empty());
    lines.map(str::to_owned).collect()
}

fn last_lines(log: &Path) -> String {
    let lines = output(log);
    let from = lines.len().saturating_sub(LAST_LINES);
    if lines.is_empty() {
        return String::new();
    }
    let last: Vec<&str> = lines[from..].iter().map(|line| line.trim()).collect();
    format!(" and said last: {}", last.join(" / "))
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

    fn wanted<'a>(script: Script, file: &'a Path, log: &'a Path) -> Run<'a> {
        let arguments = ["/games/chess", "chess", "de", "Änna; $(touch no)"];
        Run {
            script,
            file,
            arguments: arguments.map(str::to_owned),
            root: file
                .parent()
                .filter(|root| root.exists())
                .unwrap_or(Path::new("/")),
            log,
            notebook: None,
        }
    }

    /// What is started in place of a terminal: a script that is told what to run behind one word.
    fn terminal(dir: &Path, text: &str) -> Terminal {
        let program = dir.join("terminal");
        fs::write(&program, format!("#!/bin/sh\nshift\n{text}\n")).expect("writable");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(&program, mode).expect("writable");
        let before = &["-e"];
        Terminal { program, before }
    }

    fn pipe(dir: &Path) -> PathBuf {
        let pipe = dir.join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo is there").success());
        pipe
    }

    #[tokio::test]
    async fn a_script_gets_four_arguments_and_the_game_root() {
        let (dir, file) = script("printf '%s|' \"$@\" > got; pwd >> got; echo told");
        let log = dir.path().join("logs/chess.log");
        run(&wanted(Script::Start, &file, &log))
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
        let told = run(&wanted(Script::Start, &file, &log))
            .await
            .expect_err("it fails");
        assert_eq!(told.fault, ScriptFault::EndedBadly);
        let told = told.message;
        assert!(told.contains("exit status: 3"), "{told}");
        assert!(told.contains("6 / 7 / 8 / 9 / no sound card"), "{told}");
        let gone = dir.path().join("gone/game_start.sh");
        assert!(run(&wanted(Script::Start, &gone, &log)).await.is_err());
    }

    #[tokio::test]
    async fn a_script_that_has_only_so_long_is_ended_past_that() {
        let (dir, file) = script("exec cat pipe");
        pipe(dir.path());
        let log = dir.path().join("chess.uninstall.log");
        let wanted = wanted(Script::Uninstall, &file, &log);
        let told = run_for(&wanted, Duration::from_millis(50)).await;
        let told = told.expect_err("it does not end");
        assert_eq!(told.fault, ScriptFault::TooLong);
        assert!(told.message.contains("was ended"));
        fs::write(&file, "echo bye").expect("writable");
        assert_eq!(run_for(&wanted, Duration::from_mins(1)).await, Ok(()));
    }

    /// A window that is shown by a program that runs already: what was started to show it ends at once.
    #[tokio::test]
    async fn a_server_in_a_terminal_has_ended_when_it_says_so_and_not_when_the_terminal_has() {
        let (dir, file) = script("read line < pipe; echo \"$line $2\" > got; exit 3");
        let pipe = pipe(dir.path());
        let log = dir.path().join("chess.server.log");
        let terminal = terminal(dir.path(), "\"$@\" & exit 0");
        let wanted = wanted(Script::Server, &file, &log);
        let runs = run_with(&wanted, Some(&terminal));
        let ends = tokio::task::spawn_blocking(move || fs::write(pipe, "bye\n"));
        let (told, wrote) = tokio::join!(runs, ends);
        wrote.expect("it runs").expect("somebody reads");
        let told = told.expect_err("it fails");
        assert!(told.message.contains("exit status 3"), "{told:?}");
        let got = fs::read_to_string(dir.path().join("got")).expect("written");
        assert_eq!(got, "bye chess\n");
        assert!(!dir.path().join("chess.server.told").exists());
    }

    #[tokio::test]
    async fn a_server_whose_window_is_closed_has_ended_and_that_is_no_failure() {
        let (dir, file) = script("kill -9 $PPID; exit 0");
        let log = dir.path().join("chess.server.log");
        let terminal = terminal(dir.path(), "exec \"$@\"");
        let told = run_with(&wanted(Script::Server, &file, &log), Some(&terminal)).await;
        assert_eq!(told, Ok(()));
    }

    #[tokio::test]
    async fn a_server_that_no_terminal_shows_runs_all_the_same() {
        let (dir, file) = script("echo no map here; exit 3");
        let log = dir.path().join("chess.server.log");
        for terminal in [
            terminal(dir.path(), "exit 1"),
            Terminal {
                program: dir.path().join("nowhere"),
                before: &[],
            },
        ] {
            let told = run_with(&wanted(Script::Server, &file, &log), Some(&terminal)).await;
            let told = told.expect_err("it fails").message;
            assert!(told.contains("no map here"), "{told}");
        }
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
