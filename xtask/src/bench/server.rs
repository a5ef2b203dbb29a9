//! Starts a server that a benchmark measures, and knows when it answers.
//!
//! The invariant: a server ends with the value that stands for it.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use eyre::{Result, WrapErr, bail};
use lanspread_testbed::command;

/// How long a server may take until it answers.
const START_PATIENCE: Duration = Duration::from_secs(20);

/// How often a starting server is asked. Neither server says when it listens.
const START_POLL: Duration = Duration::from_millis(20);

/// A server process, ended with this value.
#[derive(Debug)]
pub(super) struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // Both can only fail because the server has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Starts a process that ends with this value, whose output goes to `log`.
    pub(super) fn spawn(mut command: Command, log: &Path) -> Result<Self> {
        let log_file = std::fs::File::create(log)?;
        command
            .stdin(Stdio::null())
            .stdout(log_file.try_clone()?)
            .stderr(log_file)
            .spawn()
            .map(Self)
            .wrap_err_with(|| format!("could not start `{}`", command::line_of(&command)))
    }

    /// Starts a server and waits until `is_up` succeeds.
    pub(super) fn start(
        command: Command,
        log: &Path,
        mut is_up: impl FnMut() -> Result<Command>,
    ) -> Result<Self> {
        let line = command::line_of(&command);
        let mut server = Self::spawn(command, log)?;
        let start = Instant::now();
        while command::run(&mut is_up()?).is_err() {
            let has_ended = server.ended()?.is_some();
            if has_ended || start.elapsed() > START_PATIENCE {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                bail!("`{line}` does not answer: {said}");
            }
            std::thread::park_timeout(START_POLL);
        }
        Ok(server)
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.0.try_wait()?)
    }

    /// The id of its process.
    pub(super) fn pid(&self) -> u32 {
        self.0.id()
    }
}

/// How nginx serves files fastest: `sendfile`, no log, one process. `listen` is its directive.
pub(super) fn nginx_configuration(directory: &Path, served: &Path, listen: &str) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {}/{kind};\n", directory.display()))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nevents {{}}\n\
         http {{\naccess_log off;\nsendfile on;\ntcp_nopush on;\n{temporary}\
         server {{\n{listen}\nroot {};\n}}\n}}\n",
        served.display()
    )
}
