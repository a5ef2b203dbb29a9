//! Takes away what this process leaves behind when it is interrupted or killed.
//!
//! The invariant: the caretaker is a process of its own, outside our process group, which waits for
//! the end of its input. That end comes however we end, and no signal for us reaches it. It touches
//! nothing but namespaces and mounts named after our process id.

use std::io;
use std::process::{Child, Command, Stdio};

use crate::leftovers;

/// What it does: wait for us to end; then, in every namespace of ours, end all processes, those too
/// that were only starting at the first look, and delete it; then unmount our memory file systems.
const SCRIPT: &str = r#"
trap '' INT TERM HUP QUIT
# Kept open to the end, so that whoever reads our standard error knows when that is.
exec 3>&2 2>/dev/null
PATH=$PATH:/usr/sbin:/sbin
cat >/dev/null
ip netns list | sort | while read -r name _; do
    case $name in "$1"*) ;; *) continue ;; esac
    tries=0
    while [ $tries -lt 20 ]; do
        pids=$(ip netns pids "$name")
        [ -n "$pids" ] || break
        kill -9 $pids
        tries=$((tries + 1))
        sleep 0.05
    done
    ip netns delete "$name"
done
sort /proc/mounts | while read -r _ path _; do
    case $path in "$2"*) umount --lazy "$path" && rmdir "$path" ;; esac
done
"#;

/// Cleans up after this process for as long as this value exists, and once more when it goes.
#[derive(Debug)]
pub struct Caretaker(Child);

impl Caretaker {
    /// Starts it. Make it first, so that it goes last.
    ///
    /// As an ordinary user the namespaces end with this process by themselves, and there is nothing
    /// for it to do.
    ///
    /// # Errors
    ///
    /// When no shell can be started.
    pub fn start() -> io::Result<Self> {
        let own = leftovers::own_prefix();
        let mut command = Command::new("sh");
        command
            .args(["-c", SCRIPT, "caretaker", &own])
            .arg(std::env::temp_dir().join(&own))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn().map(Self)
    }
}

impl Drop for Caretaker {
    fn drop(&mut self) {
        // Waiting closes its input first. It can only fail because the process has ended already.
        let _ = self.0.wait();
    }
}
