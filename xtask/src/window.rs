//! The desktop window: built with the front end inside, driven on a desktop without a screen, and run.
//!
//! The invariant: what is driven is the program as users start it; only the screen, the bus and the home are
//! made up.

use std::path::PathBuf;
use std::process::Command;

use clap::ValueEnum;
use eyre::Result;

use crate::page::{self, Thoroughness};
use crate::setup;
use crate::workspace::{
    build_everything, cargo, debug_drag, debug_program, debug_window, run_shown,
};

/// What `cargo xtask window` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct WindowOptions {
    /// What to do; without it the window is built.
    #[arg(value_enum)]
    what: Option<What>,
    /// Arguments for the window that `run` starts, after `--`.
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// What can be done with the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Drive it as every change has to pass: first start, a game of another peer, play, close, start again, end.
    Check,
    /// Drive it everywhere, and make pictures.
    Look,
    /// Start it on this screen, with your own peer.
    Run,
}

/// Builds the window, or does what is asked.
pub(crate) fn run(options: &WindowOptions) -> Result<()> {
    setup::provide_libraries();
    match options.what {
        None => build().map(drop),
        Some(What::Check) => {
            prepare()?;
            look(Thoroughness::Short)
        }
        Some(What::Look) => {
            prepare()?;
            look(Thoroughness::Full)
        }
        Some(What::Run) => run_shown(Command::new(build()?).args(&options.arguments)),
    }
}

/// Drives the window that was built for the tests.
pub(crate) fn look(thoroughness: Thoroughness) -> Result<()> {
    let mut task = page::deno("window")?;
    if thoroughness == Thoroughness::Short {
        task.arg("--short");
    }
    run_shown(
        task.env("LANSPREAD_BIN", debug_program()?)
            .env("LANSPREAD_WINDOW_BIN", debug_window()?)
            .env("LANSPREAD_DRAG_BIN", debug_drag()?),
    )
}

fn prepare() -> Result<()> {
    setup::run();
    page::build()?;
    build_everything()
}

/// Builds the window with what it shows, in the way that tests build it.
fn build() -> Result<PathBuf> {
    page::build()?;
    run_shown(cargo().args([
        "build",
        "--workspace",
        "--bin",
        "lanspread-window",
        "--quiet",
    ]))?;
    debug_window()
}
