//! Where things lie in the workspace, and how cargo is called on it.
//!
//! The invariant: every path is absolute, so a command works from any directory.

use std::path::{Path, PathBuf};
use std::process::Command;

use eyre::{Result, WrapErr, bail, eyre};
use serde_json::Value;

use crate::setup;

/// The crate whose binary the demonstration and the benchmark run.
pub(crate) const PROGRAM_CRATE: &str = "lanspread-peer-cli";

/// The crate that the data path is measured against, and its binary.
const BARE_CRATE: &str = "lanspread-bare";

/// How a program is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// The same as the tests, to share their build.
    Dev,
    /// As users get it.
    Release,
}

/// The workspace's root directory.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// Where the demonstration keeps packages between runs.
pub(crate) fn games_cache() -> Result<PathBuf> {
    Ok(target_dir()?.join("games-cache"))
}

/// The directory of build products.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let metadata = metadata()?;
    let path = metadata["target_directory"].as_str();
    path.map(PathBuf::from)
        .ok_or_else(|| eyre!("cargo metadata names no target directory"))
}

/// What cargo knows of the workspace's own packages.
pub(crate) fn metadata() -> Result<Value> {
    let mut command = cargo();
    command.args(["metadata", "--format-version=1", "--no-deps", "--offline"]);
    let text = lanspread_testbed::command::run(&mut command)?;
    serde_json::from_str(&text).wrap_err("cargo metadata did not print JSON")
}

/// What cargo knows of every package that the lock file of a manifest names, those for other systems
/// too. It asks the registry for what no build of this machine has needed yet.
pub(crate) fn metadata_of_all(manifest: &Path) -> Result<Value> {
    let mut command = cargo();
    command
        .args(["metadata", "--format-version=1", "--locked"])
        .arg("--manifest-path")
        .arg(manifest);
    let text = lanspread_testbed::command::run(&mut command)?;
    serde_json::from_str(&text).wrap_err("cargo metadata did not print JSON")
}

/// The kind of machine this is, as rustc calls it.
pub(crate) fn host_triple() -> Result<String> {
    let mut command = cargo();
    command.args(["-vV"]);
    let text = lanspread_testbed::command::run(&mut command)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| eyre!("`cargo -vV` names no host"))
}

/// Cargo, in the workspace's root.
pub(crate) fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root());
    command
}

/// Git, in the workspace's root.
pub(crate) fn git() -> Command {
    let mut command = Command::new("git");
    command.current_dir(root());
    command
}

/// Runs a command with this terminal as its own.
pub(crate) fn run_shown(command: &mut Command) -> Result<()> {
    let line = lanspread_testbed::command::line_of(command);
    let status = command
        .status()
        .wrap_err_with(|| format!("could not start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Builds everything that tests run, in the way that tests build it: another choice of crates would
/// choose other features of the dependencies, and compile most of them once more.
pub(crate) fn build_everything() -> Result<()> {
    setup::provide_libraries();
    run_shown(cargo().args(["build", "--workspace", "--all-targets", "--quiet"]))
}

/// Where the program lies that [`build_everything`] built.
pub(crate) fn debug_program() -> Result<PathBuf> {
    let name = format!("lanspread{}", std::env::consts::EXE_SUFFIX);
    Ok(target_dir()?.join("debug").join(name))
}

/// Where the window lies that [`build_everything`] built.
pub(crate) fn debug_window() -> Result<PathBuf> {
    let name = format!("lanspread-window{}", std::env::consts::EXE_SUFFIX);
    Ok(target_dir()?.join("debug").join(name))
}

/// Where the program lies that drags a folder onto the window, as [`build_everything`] built it.
pub(crate) fn debug_drag() -> Result<PathBuf> {
    let name = format!("drag_folder{}", std::env::consts::EXE_SUFFIX);
    Ok(target_dir()?.join("debug").join("examples").join(name))
}

/// Builds the program and returns where its binary lies.
pub(crate) fn build_program(profile: Profile) -> Result<PathBuf> {
    let built = build_packages(profile, &[PROGRAM_CRATE])?;
    Ok(binary_in(&built, "lanspread"))
}

/// What is measured beside each other.
#[derive(Debug)]
pub(crate) struct Measured {
    /// The program, as users get it.
    pub(crate) lanspread: PathBuf,
    /// The least program that moves a file over the same library.
    pub(crate) bare: PathBuf,
}

/// Builds what is measured, optimised.
pub(crate) fn build_measured() -> Result<Measured> {
    let built = build_packages(Profile::Release, &[PROGRAM_CRATE, BARE_CRATE])?;
    Ok(Measured {
        lanspread: binary_in(&built, "lanspread"),
        bare: binary_in(&built, BARE_CRATE),
    })
}

/// Builds packages and returns the directory of their binaries.
fn build_packages(profile: Profile, packages: &[&str]) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--quiet"]);
    for package in packages {
        command.args(["--package", package]);
    }
    let directory = match profile {
        Profile::Dev => "debug",
        Profile::Release => {
            command.arg("--release");
            "release"
        }
    };
    run_shown(&mut command)?;
    Ok(target_dir()?.join(directory))
}

fn binary_in(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}
