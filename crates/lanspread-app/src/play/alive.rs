//! A process of this machine, told apart from every later one that has its number.
//!
//! Invariant: a number alone proves nothing, since systems give it away again; together with the time at which
//! its process began it does.

use serde::{Deserialize, Serialize};
use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System};

/// By how many seconds two looks at one process may differ in when it began: systems count it from the start
/// of the machine, which they know to the second.
const BEGAN_TOLERANCE_S: u64 = 2;

/// A process that was there once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Process {
    id: u32,
    /// Seconds since 1970 by this machine's clock. Whoever sets the clock while it runs makes it a process
    /// that is not known.
    began_s: u64,
}

impl Process {
    /// The process that has this number now, unless it has ended.
    pub(super) fn with_id(id: u32) -> Option<Self> {
        let pid = Pid::from_u32(id);
        let mut system = System::new().ok()?;
        let only = ProcessesToUpdate::Some(&[pid]);
        system.refresh_processes_specifics(only, true, ProcessRefreshKind::nothing());
        let process = system.process(pid)?;
        let has_ended = matches!(
            process.status(),
            ProcessStatus::Zombie | ProcessStatus::Dead
        );
        (!has_ended).then(|| Self {
            id,
            began_s: process.start_time(),
        })
    }

    /// Whether it still runs.
    pub(super) fn is_alive(self) -> bool {
        Self::with_id(self.id)
            .is_some_and(|now| now.began_s.abs_diff(self.began_s) <= BEGAN_TOLERANCE_S)
    }

    /// When it began, in milliseconds since 1970.
    pub(super) const fn began_ms(self) -> u64 {
        self.began_s.saturating_mul(1000)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_is_alive_until_it_has_ended_and_another_with_its_number_is_not_it() {
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .spawn()
            .expect("it starts");
        let process = Process::with_id(child.id()).expect("it runs");
        assert!(process.is_alive());
        for other in [1, BEGAN_TOLERANCE_S].map(|seconds| process.began_s - seconds) {
            let same = Process {
                began_s: other,
                ..process
            };
            assert!(same.is_alive(), "clocks are not that exact");
        }
        let earlier = Process {
            began_s: process.began_s - BEGAN_TOLERANCE_S - 1,
            ..process
        };
        assert!(!earlier.is_alive());
        drop(child.stdin.take());
        // It has ended, and nobody has asked yet how.
        while Process::with_id(child.id()).is_some() {
            std::thread::yield_now();
        }
        assert!(!process.is_alive());
        child.wait().expect("it was there");
        assert!(!process.is_alive());
    }
}
