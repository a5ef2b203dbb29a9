//! Where the right to make network namespaces comes from: from being root, or from a user
//! namespace of our own.
//!
//! The invariant: a command made here acts on the party's namespaces and never on the machine's.
//! As an ordinary user a small keeper process holds a user, mount and network namespace in which
//! we are root; it ends when our end of its input closes, also if we are killed, and takes all
//! that it holds with it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::party::NetError;

/// Capability bits of `CAP_NET_ADMIN` and `CAP_SYS_ADMIN`, from `linux/capability.h`.
const NEEDED_CAPABILITIES: u64 = (1 << 12) | (1 << 21);

/// What the keeper does: hide the machine's list of namespaces behind an empty one, say that it is
/// ready, and wait for us to end.
const KEEPER_SCRIPT: &str = "if [ -d /run/netns ]; then mount -t tmpfs lanspread /run/netns; \
     else mount -t tmpfs lanspread /run && mkdir /run/netns; fi && echo ready && exec cat";

/// The way commands get their rights.
#[derive(Debug)]
pub(super) enum Rights {
    /// We are root and use the machine's list of namespaces, where a person can look at them.
    Root,
    /// We are root only inside the keeper's user namespace.
    UserNamespace(Keeper),
}

/// The process that holds the user namespace.
#[derive(Debug)]
pub(super) struct Keeper(Child);

impl Drop for Keeper {
    fn drop(&mut self) {
        // Both can only fail because the process has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Rights {
    /// Finds out what this process may do.
    pub(super) fn obtain() -> Result<Self, NetError> {
        if !cfg!(target_os = "linux") {
            return Err(NetError::Unavailable {
                why: "network namespaces exist only on Linux".to_owned(),
            });
        }
        if has_needed_capabilities() {
            return Ok(Self::Root);
        }
        start_keeper().map(Self::UserNamespace)
    }

    /// A command that runs `program` with the right to change the party.
    pub(super) fn command(&self, program: &str) -> Command {
        match self {
            Self::Root => {
                let mut command = Command::new(program);
                // An ordinary user's path can lack the directories of the administration tools.
                command.env("PATH", path_with_admin_tools());
                command
            }
            Self::UserNamespace(keeper) => {
                let mut command = Command::new("nsenter");
                command
                    .env("PATH", path_with_admin_tools())
                    .args(["--user", "--mount", "--net", "--preserve-credentials"])
                    .arg(format!("--target={}", keeper.0.id()))
                    .arg("--")
                    .arg(program);
                command
            }
        }
    }
}

fn path_with_admin_tools() -> std::ffi::OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin:/sbin");
    path
}

fn has_needed_capabilities() -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return false;
    };
    status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok())
        .is_some_and(|bits| bits & NEEDED_CAPABILITIES == NEEDED_CAPABILITIES)
}

fn start_keeper() -> Result<Keeper, NetError> {
    let unavailable = |why: String| NetError::Unavailable {
        why: format!(
            "this user is not root, and a user namespace could not be made ({why}); run as root \
             or allow unprivileged user namespaces"
        ),
    };
    let mut child = Command::new("unshare")
        .env("PATH", path_with_admin_tools())
        .args([
            "--user",
            "--map-root-user",
            "--net",
            "--mount",
            "sh",
            "-c",
            KEEPER_SCRIPT,
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| unavailable(error.to_string()))?;
    let output = child.stdout.take();
    let keeper = Keeper(child);
    let mut line = String::new();
    if let Some(output) = output {
        BufReader::new(output)
            .read_line(&mut line)
            .map_err(|error| unavailable(error.to_string()))?;
    }
    if line.trim() == "ready" {
        Ok(keeper)
    } else {
        Err(unavailable("unshare was refused".to_owned()))
    }
}
