//! Looks for inputs that break the property of a decoder, with libFuzzer and `AddressSanitizer`.
//!
//! The invariant: what discovery finds is kept below the directory of build products, and nothing of
//! the repository changes; a finding ends the command with the artifact's path. Nightly features of
//! the one toolchain are switched on for this build alone.

use std::path::PathBuf;

use eyre::{Result, bail};

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
    for target in wanted {
        let found = products.join("corpus").join(target);
        let artifacts = products.join("artifacts").join(target);
        std::fs::create_dir_all(&found)?;
        std::fs::create_dir_all(&artifacts)?;
        println!("\n== {target}");
        let mut discovery = std::process::Command::new(&program);
        discovery
            .env("LANSPREAD_FUZZ_TARGET", target)
            // SQLite and the unpackers hold what they need until the process ends, and SQLite has
            // two private tables of one name.
            .env("ASAN_OPTIONS", "detect_leaks=0:detect_odr_violation=0")
            .args([found, corpora().join(target)])
            .arg(format!("-max_total_time={}", options.seconds))
            .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
            .arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"))
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .arg("-print_final_stats=1");
        run_shown(&mut discovery)?;
    }
    Ok(())
}

/// Where the committed corpus of each target lies.
fn corpora() -> PathBuf {
    root().join("crates/lanspread-fuzz/corpus")
}

/// The names of all targets: each has a corpus.
fn targets() -> Result<Vec<String>> {
    let mut names: Vec<String> = std::fs::read_dir(corpora())?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    names.sort();
    Ok(names)
}

fn build(products: &std::path::Path) -> Result<PathBuf> {
    let triple = host_triple()?;
    let mut command = cargo();
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", RUSTFLAGS.join(" "))
        .args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml"])
        .args(["--target", &triple, "--target-dir"])
        .arg(products);
    run_shown(&mut command)?;
    Ok(products.join(triple).join("release").join("discover"))
}
