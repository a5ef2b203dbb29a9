//! Looks for inputs that break the property of a decoder, with libFuzzer and `AddressSanitizer`.
//!
//! The invariant: what discovery finds is kept below the directory of build products, and nothing of
//! the repository changes; a finding ends the run of its target alone, and in the end the command fails
//! with the paths of all. Nightly features of the one toolchain are switched on for this build alone.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use eyre::{Result, WrapErr, bail};

use crate::setup;
use crate::workspace::{cargo, host_triple, root, run_shown, target_dir};

/// How libFuzzer sees which code an input reaches.
const RUSTFLAGS: [&str; 8] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Zsanitizer=address",
    "-Ccodegen-units=1",
    "--cfg=fuzzing",
];

/// A single input that takes longer is a finding, in seconds.
const INPUT_SECONDS_MAX: u32 = 20;

/// More memory than this is a finding, in MiB; `AddressSanitizer` itself takes a good part of it.
const MEMORY_MIB_MAX: u32 = 2048;

/// Where Linux keeps files in memory: on a disk, targets that write and sync would mostly wait.
const MEMORY_DIR: &str = "/dev/shm";

/// What `cargo xtask fuzz` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct FuzzOptions {
    /// The target; without one, all of them, one after the other.
    target: Option<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// Builds the program and runs it on the targets.
pub(crate) fn run(options: &FuzzOptions) -> Result<()> {
    let known = targets()?;
    let wanted: Vec<&String> = match &options.target {
        None => known.iter().collect(),
        Some(name) if known.contains(name) => vec![name],
        Some(name) => bail!("there is no target {name}; there are {}", known.join(", ")),
    };
    setup::provide_cpp_compiler();
    let products = target_dir()?.join("fuzz");
    let program = build(&products)?;
    println!(
        "what libFuzzer says of a target lies in {}",
        products.join("logs").display()
    );
    println!("| target | executions | new inputs | findings |\n|---|---:|---:|---:|");
    let mut findings = Vec::new();
    for target in wanted {
        let outcome = discover(&program, &products, target, options.seconds)?;
        println!(
            "| `{target}` | {} | {} | {} |",
            outcome.executions,
            outcome.new_inputs,
            usize::from(outcome.finding.is_some())
        );
        findings.extend(outcome.finding);
    }
    if !findings.is_empty() {
        bail!(
            "found inputs that break something:\n{}",
            findings.join("\n")
        );
    }
    Ok(())
}

/// What the run of one target came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    executions: u64,
    new_inputs: u64,
    /// Where the input lies that broke the property.
    finding: Option<String>,
}

/// Runs libFuzzer on one target, with its output in a file.
fn discover(program: &Path, products: &Path, target: &str, seconds: u64) -> Result<Outcome> {
    let [found, artifacts, logs] =
        ["corpus", "artifacts", "logs"].map(|directory| products.join(directory));
    let found = found.join(target);
    let artifacts = artifacts.join(target);
    for directory in [&found, &artifacts, &logs] {
        fs::create_dir_all(directory)?;
    }
    let log = logs.join(target);
    let output = File::create(&log)?;
    let mut discovery = Command::new(program);
    if Path::new(MEMORY_DIR).is_dir() {
        discovery.env("TMPDIR", MEMORY_DIR);
    }
    let status = discovery
        .env("LANSPREAD_FUZZ_TARGET", target)
        // SQLite and the unpackers hold what they need until the process ends, and SQLite has
        // two private tables of one name.
        .env("ASAN_OPTIONS", "detect_leaks=0:detect_odr_violation=0")
        .args([found, corpora().join(target)])
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
        .arg(format!("-report_slow_units={INPUT_SECONDS_MAX}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg("-print_final_stats=1")
        .stdout(output.try_clone()?)
        .stderr(output)
        .status()
        .wrap_err_with(|| format!("could not start {}", program.display()))?;
    let said = fs::read(&log).wrap_err_with(|| format!("could not read {}", log.display()))?;
    let outcome = read_log(&String::from_utf8_lossy(&said));
    if !status.success() && outcome.finding.is_none() {
        bail!(
            "the run of {target} ended with {status} and without a finding; see {}",
            log.display()
        );
    }
    Ok(outcome)
}

/// Reads what libFuzzer prints at the end of a run.
fn read_log(log: &str) -> Outcome {
    let mut outcome = Outcome::default();
    for line in log.lines() {
        if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            outcome.executions = count.trim().parse().unwrap_or_default();
        } else if let Some(count) = line.strip_prefix("stat::new_units_added:") {
            outcome.new_inputs = count.trim().parse().unwrap_or_default();
        } else if let Some((_, path)) = line.split_once("Test unit written to ") {
            outcome.finding = Some(path.to_owned());
        }
    }
    outcome
}

/// Where the committed corpus of each target lies.
fn corpora() -> PathBuf {
    root().join("crates/lanspread-fuzz/corpus")
}

/// The names of all targets: each has a corpus.
fn targets() -> Result<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(corpora())?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    names.sort();
    Ok(names)
}

fn build(products: &Path) -> Result<PathBuf> {
    let triple = host_triple()?;
    let mut command = cargo();
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", RUSTFLAGS.join(" "))
        .args(["build", "--locked", "--release"])
        .args(["--manifest-path", "fuzz/Cargo.toml"])
        .args(["--target", &triple, "--target-dir"])
        .arg(products);
    run_shown(&mut command)?;
    Ok(products.join(triple).join("release").join("discover"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_tells_what_was_run_and_what_was_found() {
        let stats = "#2\tINITED cov: 9\n\
                     stat::number_of_executed_units: 745\n\
                     stat::average_exec_per_sec:     37\n\
                     stat::new_units_added:          28\n";
        let mut expected = Outcome {
            executions: 745,
            new_inputs: 28,
            finding: None,
        };
        assert_eq!(read_log(stats), expected);
        let artifact = "artifact_prefix='/x/'; Test unit written to /x/crash-01\n";
        expected.finding = Some("/x/crash-01".to_owned());
        assert_eq!(read_log(&format!("{artifact}{stats}")), expected);
    }
}
