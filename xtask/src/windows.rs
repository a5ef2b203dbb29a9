//! Lanspread for Windows, made and tried on Linux: both programs are compiled, and the one for the command
//! line plays a party with a peer of this system.
//!
//! The invariant: nothing is installed. The compilers and what stands in for Windows lie in a directory below
//! `target`, and what they build in another one. Why these compilers is told in `docs/decisions/0027`.

mod exchange;
mod toolchain;
mod wine;

use std::path::PathBuf;

use clap::ValueEnum;
use eyre::{Result, bail};

use crate::page;
use crate::stage::Stages;
use crate::workspace::{PROGRAM_CRATE, run_shown};
use toolchain::Toolchain;

/// The crate of the desktop window.
const WINDOW_CRATE: &str = "lanspread-tauri-deno-ts";

/// What `cargo xtask windows` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct WindowsOptions {
    /// What to do; without it both programs are checked.
    #[arg(value_enum)]
    what: Option<What>,
}

/// What can be done for Windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Compile both programs as far as the compiler complains; a warning is an error.
    Check,
    /// Check, then build both programs, and let the one for the command line and a peer of this system fetch a
    /// game from each other.
    Run,
}

/// Checks both programs, and does what else is asked.
pub(crate) fn run(options: &WindowsOptions) -> Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!(
            "this works on Debian for x86-64; on Windows itself, plain cargo builds both programs"
        );
    }
    let mut stages = Stages::default();
    let mut found = None;
    stages.run("compilers for Windows", || {
        found = Some(Toolchain::provide(&toolchain::COMPILERS)?);
        Ok(())
    })?;
    let Some(compilers) = found else {
        bail!("there are no compilers");
    };
    stages.run("front end", page::build)?;
    for package in [PROGRAM_CRATE, WINDOW_CRATE] {
        stages.run(package, || check(&compilers, package))?;
    }
    match options.what {
        None | Some(What::Check) => {}
        Some(What::Run) => {
            stages.run("window", || {
                let window = build(&compilers, WINDOW_CRATE, "lanspread-window")?;
                println!("the window is {}", window.display());
                Ok(())
            })?;
            stages.run("exchange", || {
                let program = build(&compilers, PROGRAM_CRATE, "lanspread")?;
                let wine = Toolchain::provide(&toolchain::WINE)?;
                exchange::run(&program, &compilers, &wine)
            })?;
        }
    }
    stages.print_times();
    Ok(())
}

fn check(compilers: &Toolchain, package: &str) -> Result<()> {
    let mut cargo = compilers.cargo("check")?;
    // Tells only the packages of this workspace, as the lints do.
    cargo.args(["-Zwarnings", "--config", r#"build.warnings="deny""#]);
    run_shown(cargo.args(["--package", package]))
}

/// Builds a program and says where it lies.
fn build(compilers: &Toolchain, package: &str, program: &str) -> Result<PathBuf> {
    run_shown(
        compilers
            .cargo("build")?
            .args(["--package", package, "--bin", program]),
    )?;
    Ok(toolchain::products()?
        .join(toolchain::TARGET)
        .join("debug")
        .join(program)
        .with_extension("exe"))
}
