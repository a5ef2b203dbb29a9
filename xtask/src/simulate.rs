//! Runs the simulator with whatever it is told.
//!
//! The invariant: the default tests and a developer run the same program, and what it says of a failure
//! can be pasted behind `cargo xtask`.

use std::process::Command;

use eyre::Result;

use crate::workspace::{cargo, root, run_shown, target_dir};

/// Seeds that are a part of what every change has to pass: about a minute.
const SEEDS: &str = "1000";

/// What `cargo xtask sim` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct SimOptions {
    /// What the simulator is told, such as `--seeds 1000000`, `--seed 7 --trace` or `--teeth`;
    /// `--help` says all. `--release` in front is for long runs.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds and runs the simulator.
pub(crate) fn run(options: &SimOptions) -> Result<()> {
    let release = options.arguments.iter().any(|it| it == "--release");
    let arguments = options.arguments.iter().filter(|it| *it != "--release");
    simulate(release, arguments.map(String::as_str))
}

/// What the tests run of it.
pub(crate) fn test() -> Result<()> {
    simulate(false, ["--seeds", SEEDS])
}

fn simulate<'a>(release: bool, arguments: impl IntoIterator<Item = &'a str>) -> Result<()> {
    // Of the whole workspace: for one package alone cargo would choose other features of the
    // dependencies, and compile most of them once more.
    let mut build = cargo();
    build.args(["build", "--workspace", "--bin", "lanspread-sim", "--quiet"]);
    let directory = if release {
        build.arg("--release");
        "release"
    } else {
        "debug"
    };
    run_shown(&mut build)?;
    let name = format!("lanspread-sim{}", std::env::consts::EXE_SUFFIX);
    let mut program = Command::new(target_dir()?.join(directory).join(name));
    run_shown(program.args(arguments).current_dir(root()))
}
