//! What a reader has to know of the machine to judge a figure.
//!
//! The invariant: what cannot be found out is said to be unknown, never left out.

use std::path::Path;
use std::process::Command;

use eyre::{Result, ensure};

/// Where the kernel says how many neighbours it remembers.
const NEIGHBOURS_MAX_FILE: &str = "/proc/sys/net/ipv4/neigh/default/gc_thresh3";

/// A program and the argument that makes it say its version.
pub(super) type Version = (&'static str, &'static str);

/// Describes the machine, its load at this moment and the versions of all that is measured, as a
/// Markdown list.
pub(super) fn describe(binary: &Path, programs: &[Version]) -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = memory_mib("MemTotal").map_or_else(unknown, |mib| format!("{mib} MiB"));
    let processor = first_value("/proc/cpuinfo", "model name").unwrap_or_else(unknown);
    let kernel =
        std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_else(|_| unknown());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_else(|_| unknown());
    let commit = version(crate::workspace::git().args(["describe", "--always", "--dirty"]));
    let mut lines = vec![
        format!(
            "- machine: {processor}, {cores} cores, {memory}, Linux {}; load at the start: {}",
            kernel.trim(),
            load.trim()
        ),
        format!(
            "- {}, commit {commit}",
            version(Command::new(binary).arg("--version"))
        ),
    ];
    lines.extend(
        programs.iter().map(|(program, argument)| {
            format!("- {}", version(Command::new(program).arg(argument)))
        }),
    );
    lines.join("\n")
}

/// How much memory programs can have without swapping, in MiB.
pub(super) fn available_memory_mib() -> Option<u32> {
    memory_mib("MemAvailable")
}

/// Fails when the kernel would forget some of the hosts that talk to each other: it remembers the
/// neighbours of all network namespaces together, and those past its limit are not reached at all.
pub(super) fn ensure_room_for_neighbours(hosts: u32) -> Result<()> {
    let Ok(text) = std::fs::read_to_string(NEIGHBOURS_MAX_FILE) else {
        return Ok(());
    };
    let limit: u32 = text.trim().parse()?;
    let needed = neighbours_of_all(hosts);
    ensure!(
        needed <= limit,
        "{hosts} hosts that all talk to each other are {needed} neighbours, and this kernel remembers \
         {limit} in all namespaces together: raise that with `sysctl -w \
         net.ipv4.neigh.default.gc_thresh3={needed}`"
    );
    Ok(())
}

const fn neighbours_of_all(hosts: u32) -> u32 {
    hosts * hosts.saturating_sub(1)
}

fn memory_mib(key: &str) -> Option<u32> {
    let text = first_value("/proc/meminfo", key)?;
    let kilobytes: u64 = text.strip_suffix(" kB")?.parse().ok()?;
    u32::try_from(kilobytes / 1024).ok()
}

fn first_value(file: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim().to_owned())
}

/// The first line of what a program says of itself, on whichever output.
fn version(command: &mut Command) -> String {
    let name = lanspread_testbed::command::line_of(command);
    let Ok(output) = command.output() else {
        return format!("{name}: unknown");
    };
    let said = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&said);
    text.lines()
        .next()
        .map_or_else(unknown, |line| line.trim().to_owned())
}

fn unknown() -> String {
    "unknown".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A party of 50 namespaces did not find itself: the kernel remembered 1,024 neighbours of all of
    /// them together, so that the last hosts reached nobody.
    #[test]
    fn every_pair_of_hosts_is_two_neighbours() {
        assert_eq!([0, 1, 2, 50].map(neighbours_of_all), [0, 0, 2, 2450]);
    }
}
