//! A place for one test: directories, commands that run to their end, and commands that stay.
//!
//! Invariant: whatever is started here is gone when its value is.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use lanspread_testbed::{
    fixture::{ArchiveFormat, BuiltGame, GameFixture, MIB},
    peer::{PeerBuilder, PeerProcess},
};
use tempfile::TempDir;

/// The program under test.
pub(crate) const LANSPREAD: &str = env!("CARGO_BIN_EXE_lanspread");

/// How long anything may take: only a broken program reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// What happens within a second, on a machine that may be busy with other tests.
pub(crate) const PROMPT: Duration = Duration::from_secs(3);

/// Directories for the peers of one test, which are a party of their own: mDNS leads to those of other tests, too.
pub(crate) struct Scene {
    dir: TempDir,
}

/// The variable that says the party's code.
const PARTY_CODE: &str = "LANSPREAD_PARTY_CODE";

impl Scene {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a temporary directory"),
        }
    }

    /// What no peer of another test knows: the name of the directory is made by lot.
    fn party_code(&self) -> String {
        let name = self.dir.path().file_name().unwrap_or_default();
        format!("scene {}", name.to_string_lossy())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn games(&self, peer: &str) -> PathBuf {
        self.path(peer).join("games")
    }

    pub(crate) fn state(&self, peer: &str) -> PathBuf {
        self.path(peer).join("state")
    }

    /// Puts a game of several chunks, with an archive in it, where a peer has its games.
    pub(crate) fn place(&self, peer: &str, id: &str) -> BuiltGame {
        GameFixture::new(id)
            .random_file("data/pak0.bin", 3 * MIB)
            .random_archive(
                "game.eti",
                ArchiveFormat::Rar,
                &[("bin/game", MIB), ("readme.txt", 100)],
            )
            .build(&self.games(peer))
            .expect("writable")
    }

    /// The options that make a command belong to a peer of this scene.
    pub(crate) fn options(&self, peer: &str) -> Vec<String> {
        let text = |path: PathBuf| path.to_str().expect("Unicode").to_owned();
        [
            "--games-dir",
            &text(self.games(peer)),
            "--state-dir",
            &text(self.state(peer)),
            "--listen",
            "127.0.0.1:0",
            "--name",
            peer,
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// A peer that is driven by lines.
    pub(crate) fn jsonl(&self, peer: &str) -> PeerBuilder {
        PeerProcess::builder(LANSPREAD)
            .name(peer)
            .games_dir(self.games(peer))
            .state_dir(self.state(peer))
            .listen("127.0.0.1:0")
            .environment(PARTY_CODE, &self.party_code())
            .log(self.path(&format!("{peer}.log")))
    }

    /// A command for a peer of this scene.
    pub(crate) fn command(&self, peer: &str, words: &[&str]) -> Command {
        let mut command = lanspread(words);
        command
            .args(self.options(peer))
            .env(PARTY_CODE, self.party_code())
            .current_dir(self.dir.path());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, peer: &str, words: &[&str]) -> Ran {
        Ran::of(&mut self.command(peer, words))
    }
}

/// The program with these words, in a known environment.
pub(crate) fn lanspread(words: &[&str]) -> Command {
    let mut command = Command::new(LANSPREAD);
    command
        .args(words)
        .stdin(Stdio::null())
        .env_remove("RUST_LOG")
        // With a screen a server would open a window on it.
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("LANSPREAD_GAMES_DIR")
        .env_remove("LANSPREAD_STATE_DIR")
        .env_remove("LANSPREAD_CATALOG");
    command
}

/// A command that ran to its end.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("Unicode");
        Self {
            code: status.code(),
            out: text(stdout),
            err: text(stderr),
        }
    }

    /// Expects that it did what was asked.
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// Expects that it failed, and not for a wrong command line; returns what it said.
    pub(crate) fn failed(self) -> String {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert!(self.err.contains("error: "), "{self:?}");
        assert!(
            !self.err.contains('\u{1b}'),
            "colours are for terminals: {self:?}"
        );
        self.err
    }
}

/// A command that stays until it is told to go.
pub(crate) struct Staying {
    child: Child,
    out: Heard,
    err: Heard,
}

impl Staying {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let out = Heard::listen(child.stdout.take().expect("piped"));
        let err = Heard::listen(child.stderr.take().expect("piped"));
        Self { child, out, err }
    }

    /// Waits for a line of standard output that contains this.
    pub(crate) fn wait_out(&self, part: &str) -> String {
        self.out
            .wait(part)
            .unwrap_or_else(|| panic!("never said {part:?}:\n{}", self.said()))
    }

    /// Waits for a line of standard error that contains this.
    pub(crate) fn wait_err(&self, part: &str) -> String {
        self.err
            .wait(part)
            .unwrap_or_else(|| panic!("never said {part:?}:\n{}", self.said()))
    }

    /// Everything it wrote so far.
    pub(crate) fn said(&self) -> String {
        format!(
            "{}\n--- standard error ---\n{}",
            self.out.text(),
            self.err.text()
        )
    }

    /// Sends it a signal, by name.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        // Both close with the process.
        self.out.wait_end();
        self.err.wait_end();
        self.child.wait().expect("it is our child")
    }
}

impl Drop for Staying {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a process a signal, by name.
#[cfg(unix)]
pub(crate) fn signal(pid: u32, name: &str) {
    let status = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .status();
    assert!(status.expect("kill is there").success());
}

/// Lines that are heard as they are written.
#[derive(Clone, Default)]
struct Heard(Arc<(Mutex<Lines>, Condvar)>);

#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    ended: bool,
}

impl Heard {
    fn listen(input: impl Read + Send + 'static) -> Self {
        let heard = Self::default();
        let writer = heard.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(input).lines().map_while(Result::ok) {
                writer.change(|lines| lines.lines.push(line));
            }
            writer.change(|lines| lines.ended = true);
        });
        heard
    }

    fn change(&self, change: impl FnOnce(&mut Lines)) {
        change(&mut self.0.0.lock().expect("nobody panics with it"));
        self.0.1.notify_all();
    }

    fn wait(&self, part: &str) -> Option<String> {
        let find = |lines: &Lines| lines.lines.iter().find(|line| line.contains(part)).cloned();
        self.wait_for(|lines| find(lines).is_some());
        find(&self.0.0.lock().expect("nobody panics with it"))
    }

    fn wait_end(&self) {
        self.wait_for(|_| false);
        assert!(
            self.0.0.lock().expect("nobody panics with it").ended,
            "it does not end"
        );
    }

    fn wait_for(&self, mut is_there: impl FnMut(&Lines) -> bool) {
        let until = Instant::now() + PATIENCE;
        let mut lines = self.0.0.lock().expect("nobody panics with it");
        while !is_there(&lines) && !lines.ended && Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now());
            (lines, _) = self
                .0
                .1
                .wait_timeout(lines, left)
                .expect("nobody panics with it");
        }
    }

    fn text(&self) -> String {
        self.0
            .0
            .lock()
            .expect("nobody panics with it")
            .lines
            .join("\n")
    }
}

/// Every entry directly in a directory, sorted.
pub(crate) fn entries(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .expect("readable")
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}
