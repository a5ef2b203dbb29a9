//! Collects what a `lanspread jsonl` process is started with.
//!
//! The invariant: a builder can be cloned and used again, so that a test that kills a peer starts
//! the same one afterwards, on the same directories, with the log continued.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use super::lines::Lines;
use super::{PeerError, PeerProcess};
use crate::command;
use crate::net::Host;

/// What a peer is started with; see `lanspread jsonl --help` for the meaning of the options.
#[derive(Debug, Clone)]
pub struct PeerBuilder {
    binary: PathBuf,
    subcommand: String,
    name: String,
    games_dir: Option<PathBuf>,
    state_dir: Option<PathBuf>,
    catalog: Option<PathBuf>,
    listen: Option<String>,
    log: Option<PathBuf>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl PeerBuilder {
    pub(super) fn new(binary: PathBuf) -> Self {
        Self {
            binary,
            subcommand: "jsonl".to_owned(),
            name: "peer".to_owned(),
            games_dir: None,
            state_dir: None,
            catalog: None,
            listen: None,
            log: None,
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// The peer's name, for the peer (`--name`) and for messages.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The game directory (`--games-dir`).
    #[must_use]
    pub fn games_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.games_dir = Some(directory.into());
        self
    }

    /// The state directory (`--state-dir`).
    #[must_use]
    pub fn state_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(directory.into());
        self
    }

    /// The catalog (`--catalog`); without one the party is open.
    #[must_use]
    pub fn catalog(mut self, file: impl Into<PathBuf>) -> Self {
        self.catalog = Some(file.into());
        self
    }

    /// The address to listen on (`--listen`).
    #[must_use]
    pub fn listen(mut self, address: &str) -> Self {
        self.listen = Some(address.to_owned());
        self
    }

    /// Another argument at the end of the command line.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// An environment variable.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where the standard error goes, appended; by default beside the state directory.
    #[must_use]
    pub fn log(mut self, file: impl Into<PathBuf>) -> Self {
        self.log = Some(file.into());
        self
    }

    /// Starts the process on this machine itself. Give a loopback address to
    /// [`listen`](Self::listen), else its packets leave the machine.
    ///
    /// # Errors
    ///
    /// When the program cannot be started or the log cannot be opened.
    pub fn spawn(&self) -> Result<PeerProcess, PeerError> {
        self.start(Command::new(&self.binary))
    }

    /// Starts the process on a host of a party. All paths must be absolute.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    pub fn spawn_on(&self, host: &Host) -> Result<PeerProcess, PeerError> {
        self.start(host.command(&self.binary))
    }

    fn start(&self, mut command: Command) -> Result<PeerProcess, PeerError> {
        command.arg(&self.subcommand);
        self.add_arguments(&mut command);
        let line = command::line_of(&command);
        let failed = |source| PeerError::Start {
            line: line.clone(),
            source,
        };
        let log = self.log_path();
        let log_file = open_log(&log).map_err(failed)?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .spawn()
            .map_err(failed)?;
        let input = child.stdin.take();
        let lines = match child.stdout.take() {
            Some(output) => Lines::read_from(output),
            None => Lines::read_from(std::io::empty()),
        };
        Ok(PeerProcess {
            name: self.name.clone(),
            child,
            input: Mutex::new(input),
            lines,
            log,
            next_seq: AtomicU64::new(1),
        })
    }

    fn add_arguments(&self, command: &mut Command) {
        let paths = [
            ("--games-dir", &self.games_dir),
            ("--state-dir", &self.state_dir),
            ("--catalog", &self.catalog),
        ];
        for (option, path) in paths {
            if let Some(path) = path {
                command.arg(option).arg(path);
            }
        }
        if let Some(listen) = &self.listen {
            command.args(["--listen", listen]);
        }
        command.args(["--name", &self.name]).args(&self.arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
    }

    fn log_path(&self) -> PathBuf {
        let beside_state = || {
            self.state_dir
                .as_ref()
                .map(|state| state.with_extension("log"))
        };
        self.log
            .clone()
            .or_else(beside_state)
            .unwrap_or_else(|| std::env::temp_dir().join(format!("{}.log", self.name)))
    }
}

fn open_log(path: &Path) -> std::io::Result<std::fs::File> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}
