//! The front end: what it is built with is installed, it is checked, built, and looked at in a browser.
//!
//! The invariant: npm installs what the lock file says and nothing else, and only when it changed.

use std::path::PathBuf;
use std::process::Command;

use clap::ValueEnum;
use eyre::{Result, WrapErr, bail};
use lanspread_testbed::command::is_installed;

use crate::workspace::{build_everything, debug_program, root, run_shown};

/// Where the front end lies.
const DIRECTORY: &str = "crates/lanspread-tauri-deno-ts";

/// What npm keeps of the lock file that it installed from last.
const INSTALLED: &str = "node_modules/.lanspread-installed";

/// What `cargo xtask page` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct PageOptions {
    /// What to do; without it the page is built for the program to take in.
    #[arg(value_enum)]
    what: Option<What>,
}

/// What can be done with the front end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Format, lint, types, tests, and both builds.
    Check,
    /// Look at it in a browser: whether it fits, how it scrolls, for what people with other senses stumble
    /// over, and with real peers behind it.
    Look,
    /// Make a picture of each scenario in many sizes, themes and languages.
    Screenshots,
    /// Serve it with made-up peers for work on the interface, and show changes at once.
    Dev,
}

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thoroughness {
    /// Every place once, as every change has to pass.
    Short,
    /// Every place in every size, theme and language, and how it scrolls.
    Full,
}

/// Builds the page, or does what is asked.
pub(crate) fn run(options: &PageOptions) -> Result<()> {
    match options.what {
        None => build(),
        Some(What::Check) => check(),
        Some(What::Look) => {
            crate::setup::run();
            check()?;
            build_everything()?;
            look(Thoroughness::Full)
        }
        Some(What::Screenshots) => {
            crate::setup::run();
            install()?;
            task("build:mock")?;
            task("screenshots")
        }
        Some(What::Dev) => {
            install()?;
            task("dev")
        }
    }
}

/// Builds the page for programs to take in.
pub(crate) fn build() -> Result<()> {
    install()?;
    task("build")
}

/// Everything that needs no browser and no peer; builds what those need that do.
pub(crate) fn check() -> Result<()> {
    install()?;
    for name in ["fmt:check", "lint", "check", "test", "build", "build:mock"] {
        task(name)?;
    }
    Ok(())
}

/// Looks at it in a browser, also with the program that was built for the tests.
pub(crate) fn look(thoroughness: Thoroughness) -> Result<()> {
    for name in ["size", "use", "live", "fit"] {
        task(name)?;
    }
    let (mut scroll, mut axe, mut real) = (deno("scroll")?, deno("axe")?, deno("real")?);
    if thoroughness == Thoroughness::Short {
        scroll.arg("--short");
        axe.arg("--short");
        real.arg("--short");
    }
    run_shown(&mut scroll)?;
    run_shown(&mut axe)?;
    run_shown(real.env("LANSPREAD_BIN", debug_program()?))
}

/// Installs what the lock file names, unless that is what is there.
fn install() -> Result<()> {
    if !is_installed("npm") {
        bail!(
            "the front end is built with npm and node, which are not here; install Node.js 20 or later"
        );
    }
    let lock = read("package-lock.json")?;
    if read(INSTALLED).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(directory());
    run_shown(&mut npm)?;
    std::fs::write(directory().join(INSTALLED), lock)
        .wrap_err_with(|| format!("could not write {INSTALLED}"))
}

fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(directory().join(path))
        .wrap_err_with(|| format!("could not read {path}"))
}

fn task(name: &str) -> Result<()> {
    run_shown(&mut deno(name)?)
}

/// Deno, which npm brought, with one of the front end's tasks.
pub(crate) fn deno(task: &str) -> Result<Command> {
    let name = if cfg!(windows) { "deno.cmd" } else { "deno" };
    let program = directory().join("node_modules/.bin").join(name);
    if !program.is_file() {
        bail!(
            "{} is not there; `cargo xtask page` installs it",
            program.display()
        );
    }
    let mut command = Command::new(program);
    command
        .args(["task", "--quiet", task])
        .current_dir(directory());
    Ok(command)
}

fn directory() -> PathBuf {
    root().join(DIRECTORY)
}
