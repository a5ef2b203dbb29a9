//! Runs the program of a receiver to its end and says what it took.
//!
//! The invariant: the time ends when the program does; looking at its memory happens beside it.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use eyre::{Result, WrapErr, ensure};
use lanspread_testbed::command;
use lanspread_testbed::usage::{
    cpu_time_of_ended_children, cpu_time_of_tree, memory_peak_bytes_of_tree,
};

use super::{Cost, Sample};
use crate::bench::server::Server;

/// How often its memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What a program that ran to its end took.
#[derive(Debug)]
struct Ran {
    wall: Duration,
    memory_peak_bytes: u64,
    said: String,
}

/// Runs a client of `server` and returns what that took on both sides, and what the client said.
pub(super) fn measure(server: &Server, client: &mut Command) -> Result<(Sample, String)> {
    let before = (
        cpu_time_of_tree(server.pid())?,
        cpu_time_of_ended_children()?,
    );
    let ran = run(client)?;
    let after = (
        cpu_time_of_tree(server.pid())?,
        cpu_time_of_ended_children()?,
    );
    let sample = Sample {
        wall: ran.wall,
        source: Cost {
            cpu: after.0.saturating_sub(before.0),
            memory_peak_bytes: memory_peak_bytes_of_tree(server.pid())?,
        },
        receiver: Cost {
            cpu: after.1.saturating_sub(before.1),
            memory_peak_bytes: ran.memory_peak_bytes,
        },
    };
    Ok((sample, ran.said))
}

fn run(command: &mut Command) -> Result<Ran> {
    let line = command::line_of(command);
    let start = Instant::now();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .wrap_err_with(|| format!("could not start `{line}`"))?;
    let pid = child.id();
    let has_ended = AtomicBool::new(false);
    let (output, wall, memory_peak_bytes) = thread::scope(|scope| {
        let watch = scope.spawn(|| watch_memory(pid, &has_ended));
        let output = child.wait_with_output();
        let wall = start.elapsed();
        has_ended.store(true, Ordering::Relaxed);
        watch.thread().unpark();
        let peak = watch
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (output, wall, peak)
    });
    let output = output.wrap_err_with(|| format!("could not wait for `{line}`"))?;
    ensure!(
        output.status.success(),
        "`{line}` ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(Ran {
        wall,
        memory_peak_bytes,
        said: String::from_utf8_lossy(&output.stdout).into_owned(),
    })
}

fn watch_memory(pid: u32, has_ended: &AtomicBool) -> u64 {
    let mut peak_bytes = 0;
    while !has_ended.load(Ordering::Relaxed) {
        // It may end between the question and the look.
        peak_bytes = peak_bytes.max(memory_peak_bytes_of_tree(pid).unwrap_or(0));
        thread::park_timeout(LOOK_EVERY);
    }
    peak_bytes
}
