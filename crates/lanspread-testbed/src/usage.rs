//! Reads from `/proc` what processes have cost: processor time and memory.
//!
//! The invariant: a child that has ended and was waited for is counted with its parent, so the sum
//! over a process and its living children never forgets work. Linux only; elsewhere an error.

use std::io;
use std::time::Duration;

/// The kernel reports times in hundredths of a second to every user program on the processors this
/// runs on (`USER_HZ`, see `proc_pid_stat(5)`).
const TICK: Duration = Duration::from_millis(10);

/// Fields of `/proc/<pid>/stat` after the name of the program, counted from the state as zero:
/// `ppid`, and `utime` to `cstime`.
const PARENT_FIELD: usize = 1;
const TIME_FIELDS: std::ops::RangeInclusive<usize> = 11..=14;

/// The processor time, in user and kernel mode, of one process and the children it has waited for.
///
/// # Errors
///
/// When the process does not exist or `/proc` is not there.
pub fn cpu_time_of(pid: u32) -> io::Result<Duration> {
    Ok(Stat::read(pid)?.cpu_time())
}

/// The same for a process and all its living descendants: for servers that fork.
///
/// # Errors
///
/// When the process does not exist or `/proc` is not there.
pub fn cpu_time_of_tree(pid: u32) -> io::Result<Duration> {
    let root = Stat::read(pid)?;
    let below = descendants_of(pid)?;
    Ok(root.cpu_time()
        + below
            .iter()
            .map(|(_, stat)| stat.cpu_time())
            .sum::<Duration>())
}

/// The processor time of all children of this process that have ended and were waited for.
///
/// # Errors
///
/// When `/proc` is not there.
pub fn cpu_time_of_ended_children() -> io::Result<Duration> {
    let stat = Stat::read(std::process::id())?;
    Ok(TICK * (stat.times[2] + stat.times[3]))
}

/// The most memory that a process ever held, in bytes.
///
/// # Errors
///
/// When the process does not exist or `/proc` is not there.
pub fn memory_peak_bytes_of(pid: u32) -> io::Result<u64> {
    memory_of(pid, "VmHWM:")
}

/// The memory that a process holds at this moment, in bytes.
///
/// # Errors
///
/// When the process does not exist or `/proc` is not there.
pub fn memory_bytes_of(pid: u32) -> io::Result<u64> {
    memory_of(pid, "VmRSS:")
}

fn memory_of(pid: u32, key: &str) -> io::Result<u64> {
    let file = format!("/proc/{pid}/status");
    let text = std::fs::read_to_string(&file)?;
    value_of(&text, key)
        .and_then(|rest| rest.strip_suffix(" kB"))
        .and_then(|kilobytes| kilobytes.trim().parse::<u64>().ok())
        .map(|kilobytes| kilobytes * 1024)
        .ok_or_else(|| io::Error::other(format!("{file} has no {key}")))
}

/// The bytes that a process has read from files and pipes since it began, wherever they came from.
///
/// # Errors
///
/// When the process does not exist, belongs to somebody else, or `/proc` is not there.
pub fn read_bytes_of(pid: u32) -> io::Result<u64> {
    let file = format!("/proc/{pid}/io");
    let text = std::fs::read_to_string(&file)?;
    value_of(&text, "rchar:")
        .and_then(|bytes| bytes.parse().ok())
        .ok_or_else(|| io::Error::other(format!("{file} has no rchar")))
}

/// What follows a key at the beginning of a line.
fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(key))
        .map(str::trim)
}

/// The most memory that any single process of a tree of living ones ever held, in bytes. They are not
/// added up, because processes that forked share what they hold.
///
/// # Errors
///
/// When the process does not exist or `/proc` is not there.
pub fn memory_peak_bytes_of_tree(pid: u32) -> io::Result<u64> {
    let root_bytes = memory_peak_bytes_of(pid)?;
    let below = descendants_of(pid)?;
    // One that ended meanwhile is left out.
    let peaks = below
        .iter()
        .filter_map(|(pid, _)| memory_peak_bytes_of(*pid).ok());
    Ok(peaks.fold(root_bytes, u64::max))
}

fn descendants_of(pid: u32) -> io::Result<Vec<(u32, Stat)>> {
    let mut others = all_processes()?;
    let mut descendants = Vec::new();
    let mut parents = vec![pid];
    while let Some(parent) = parents.pop() {
        let (children, rest) = others
            .into_iter()
            .partition::<Vec<_>, _>(|(_, stat)| stat.parent == parent);
        others = rest;
        parents.extend(children.iter().map(|(pid, _)| *pid));
        descendants.extend(children);
    }
    Ok(descendants)
}

struct Stat {
    parent: u32,
    /// User and kernel time of the process, then of its ended children, in ticks.
    times: [u32; 4],
}

impl Stat {
    fn read(pid: u32) -> io::Result<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        Self::parse(&text)
            .ok_or_else(|| io::Error::other(format!("/proc/{pid}/stat is odd: {text}")))
    }

    fn parse(text: &str) -> Option<Self> {
        // The name stands in parentheses and may hold spaces and parentheses itself.
        let fields: Vec<&str> = text
            .get(text.rfind(')')? + 1..)?
            .split_whitespace()
            .collect();
        let times: Vec<u32> = fields
            .get(TIME_FIELDS)?
            .iter()
            .map(|field| field.parse().ok())
            .collect::<Option<_>>()?;
        Some(Self {
            parent: fields.get(PARENT_FIELD)?.parse().ok()?,
            times: times.try_into().ok()?,
        })
    }

    fn cpu_time(&self) -> Duration {
        TICK * self.times.iter().sum()
    }
}

fn all_processes() -> io::Result<Vec<(u32, Stat)>> {
    let processes = std::fs::read_dir("/proc")?
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        // A process may end between the listing and the look at it.
        .filter_map(|pid| Some((pid, Stat::read(pid).ok()?)))
        .collect();
    Ok(processes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_with_parentheses_does_not_shift_the_fields() {
        let text = "42 (a) b) S 7 42 42 0 -1 0 1 2 3 4 100 50 10 5 20 0 1 0";
        let stat = Stat::parse(text).expect("well formed");
        assert_eq!(stat.parent, 7);
        assert_eq!(stat.cpu_time(), Duration::from_millis(1650));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_used_memory() {
        let own = std::process::id();
        let peak_bytes = memory_peak_bytes_of(own).expect("linux has it");
        assert!(peak_bytes > 0);
        assert!(memory_peak_bytes_of_tree(own).expect("linux has it") >= peak_bytes);
        assert!(cpu_time_of_tree(own).expect("linux has it") >= Duration::ZERO);
    }
}
