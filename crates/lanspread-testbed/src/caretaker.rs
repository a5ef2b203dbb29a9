//! Takes away what this process leaves behind when it is interrupted or killed.
//!
//! The invariant: the caretaker is a process of its own, outside our process group, which waits for
//! the end of its input. That end comes however we end, and no signal for us reaches it. It touches
//! nothing but namespaces and mounts named after our process id.

use std::io;
use std::process::{Child, Command, Stdio};

use crate::leftovers;

/// What it does: wait for us to end; then delete every namespace of ours and end all processes in them; then
/// unmount our memory file systems. The names of namespaces go first: a process that is only starting cannot
/// enter by them any more, and one that entered a moment ago is found by the namespace itself, at one of two
/// looks in a row that have to find nobody.
const SCRIPT: &str = r#"
trap '' INT TERM HUP QUIT
# Kept open to the end, so that whoever reads our standard error knows when that is.
exec 3>&2 2>/dev/null
PATH=$PATH:/usr/sbin:/sbin
cat >/dev/null
ours=
for name in $(ip netns list | cut -d' ' -f1 | sort); do
    case $name in "$1"*) ;; *) continue ;; esac
    # Each process has a link of this form to its namespace.
    ours="$ours -o -lname net:?$(stat -Lc %i "/run/netns/$name")?"
    ip netns delete "$name"
done
empty=0
tries=0
while [ -n "$ours" ] && [ $empty -lt 2 ] && [ $tries -lt 40 ]; do
    pids=$(find /proc/[0-9]*/ns/net -maxdepth 0 -false $ours | cut -d/ -f3)
    if [ -n "$pids" ]; then
        kill -9 $pids
        empty=0
    else
        empty=$((empty + 1))
    fi
    tries=$((tries + 1))
    sleep 0.05
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
