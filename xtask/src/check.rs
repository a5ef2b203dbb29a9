//! What a change has to pass, from formatting to the last test.
//!
//! The invariant: the cheap stages come first, nothing goes on after a failure, and the last line
//! is the test runner's own summary.

use std::process::Command;

use clap::ValueEnum;
use eyre::{Result, WrapErr, eyre};
use lanspread_testbed::command::is_installed;

use crate::stage::Stages;
use crate::workspace::{cargo, metadata, run_shown, target_dir};
use crate::{crash, page, rules, setup, simulate, window};

/// The crate whose examples show how the peer is embedded.
const EMBEDDED_CRATE: &str = "lanspread-peer";

/// How long an example may run, in seconds, after it is built.
const EXAMPLE_SECONDS_MAX: u64 = 180;

/// What `cargo xtask test` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct TestOptions {
    /// Run only this part; may be given several times.
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Use `cargo test` even where cargo-nextest is installed.
    #[arg(long)]
    no_nextest: bool,
    /// Further arguments for the test runner, after `--`, such as a part of a test's name.
    #[arg(last = true)]
    runner_arguments: Vec<String>,
}

/// One part of what a change has to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Format,
    Rules,
    FrontEnd,
    Clippy,
    Documentation,
    Build,
    Page,
    Window,
    Example,
    DocTests,
    Crashes,
    Simulation,
    Tests,
}

impl Part {
    /// All parts, the cheap ones first and the tests last.
    const ALL: [Self; 13] = [
        Self::Format,
        Self::Rules,
        Self::FrontEnd,
        Self::Clippy,
        Self::Documentation,
        Self::Build,
        Self::Page,
        Self::Window,
        Self::Example,
        Self::DocTests,
        Self::Crashes,
        Self::Simulation,
        Self::Tests,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Rules => "repository rules",
            Self::FrontEnd => "front end",
            Self::Clippy => "clippy",
            Self::Documentation => "documentation",
            Self::Build => "build",
            Self::Page => "page in a browser",
            Self::Window => "window on a desktop",
            Self::Example => "embedding example",
            Self::DocTests => "documentation tests",
            Self::Crashes => "crash rounds",
            Self::Simulation => "simulation",
            Self::Tests => "tests",
        }
    }

    fn run(self, options: &TestOptions) -> Result<()> {
        match self {
            Self::Format => run_shown(cargo().args(["fmt", "--all", "--check"])),
            Self::Rules => rules::run(),
            Self::FrontEnd => page::check(),
            Self::Clippy => lint(),
            Self::Documentation => document(),
            Self::Build => build(),
            Self::Page => page::look(page::Thoroughness::Short),
            Self::Window => window::look(page::Thoroughness::Short),
            Self::Example => run_examples(),
            Self::DocTests => run_shown(cargo().args(["test", "--workspace", "--doc", "--quiet"])),
            Self::Crashes => crash::run_for_tests(),
            Self::Simulation => simulate::test(),
            Self::Tests => run_tests(options),
        }
    }
}

/// Formats the sources.
pub(crate) fn format_sources() -> Result<()> {
    run_shown(cargo().args(["fmt", "--all"]))
}

/// Lints all targets.
pub(crate) fn lint() -> Result<()> {
    setup::provide_libraries();
    run_shown(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

/// Builds everything.
pub(crate) fn build() -> Result<()> {
    setup::provide_libraries();
    run_shown(cargo().args(["build", "--workspace", "--all-targets"]))
}

/// Passes everything that a change has to pass.
pub(crate) fn test(options: &TestOptions) -> Result<()> {
    let mut stages = Stages::default();
    stages.run("setup", || {
        setup::run();
        Ok(())
    })?;
    let is_wanted = |part: &Part| options.only.is_empty() || options.only.contains(part);
    for part in Part::ALL.into_iter().filter(is_wanted) {
        if part == Part::Tests {
            // The runner's own summary is to be the last line.
            stages.print_times();
        }
        stages.run(part.name(), || part.run(options))?;
    }
    Ok(())
}

fn run_tests(options: &TestOptions) -> Result<()> {
    let mut command = cargo();
    if options.no_nextest || !has_nextest() {
        command.args(["test", "--workspace", "--lib", "--bins", "--tests"]);
    } else {
        command.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
    }
    run_shown(command.args(&options.runner_arguments))
}

fn document() -> Result<()> {
    let mut command = cargo();
    command
        .args(["doc", "--workspace", "--no-deps", "--quiet"])
        .env("RUSTDOCFLAGS", "-D warnings");
    run_shown(&mut command)
}

fn has_nextest() -> bool {
    is_installed("cargo-nextest")
        || cargo()
            .args(["nextest", "--version"])
            .output()
            .is_ok_and(|output| output.status.success())
}

/// Runs every example of the embedding interface, each of which ends by itself.
fn run_examples() -> Result<()> {
    // Of the whole workspace: for one package alone cargo would choose other features of the
    // dependencies, and compile most of them once more.
    run_shown(cargo().args(["build", "--workspace", "--examples", "--quiet"]))?;
    let examples = target_dir()?.join("debug/examples");
    for name in example_names()? {
        println!("running {name}");
        let mut example = Command::new("timeout");
        example
            .arg(EXAMPLE_SECONDS_MAX.to_string())
            .arg(examples.join(&name))
            .current_dir(crate::workspace::root());
        run_shown(&mut example).wrap_err_with(|| format!("the example {name} did not end well"))?;
    }
    Ok(())
}

fn example_names() -> Result<Vec<String>> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array();
    let package = packages
        .into_iter()
        .flatten()
        .find(|package| package["name"] == EMBEDDED_CRATE)
        .ok_or_else(|| eyre!("cargo metadata does not know {EMBEDDED_CRATE}"))?;
    let targets = package["targets"].as_array().into_iter().flatten();
    Ok(targets
        .filter(|target| target["kind"][0] == "example")
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect())
}
