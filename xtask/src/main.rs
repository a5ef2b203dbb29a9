//! The workspace's own commands: everything that a developer or a build server does with it.
//!
//! `cargo xtask test` passes the tests and `cargo xtask demo` runs the main job, each on a fresh
//! machine and without a question. The invariant: what a recipe or a build server calls is a
//! command here, so there is one way to do each thing.

mod bench;
mod check;
mod crash;
mod demo;
mod fuzz;
mod hostile;
mod page;
mod peer_cli;
mod rules;
mod setup;
mod simulate;
mod stage;
mod window;
mod windows;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, tests, demonstrates and measures Lanspread.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Installs what the tests and the demonstration need, where it is missing.
    Setup,
    /// Formats the sources.
    Fmt,
    /// Lints all targets; a warning is an error.
    Clippy,
    /// Builds everything.
    Build,
    /// Passes everything that a change has to pass.
    Test(check::TestOptions),
    /// Checks the rules that neither compiler nor linter knows.
    RepoRules,
    /// Shows every named limit and how it is tested.
    Limits,
    /// Shows the main job: three peers, two sources, one game fetched and installed.
    Demo(demo::DemoOptions),
    /// Measures Lanspread beside what people would use instead.
    Bench(bench::BenchOptions),
    /// Looks for inputs that break a decoder, for as long as it is told.
    Fuzz(fuzz::FuzzOptions),
    /// Kills real peers at random moments, and fills their disks, and looks what is left.
    Crash(crash::CrashOptions),
    /// Runs whole parties of real peers on virtual machines.
    Sim(simulate::SimOptions),
    /// Attacks a peer in every way there is, and shows what each attack cost it.
    Hostile(hostile::HostileOptions),
    /// Builds, checks and shows the front end: the page that a peer serves.
    Page(page::PageOptions),
    /// Builds, drives and runs the desktop window.
    Window(window::WindowOptions),
    /// Compiles both programs for Windows, and runs one of them beside a peer of this system.
    Windows(windows::WindowsOptions),
    /// Runs a peer of its own for daily work, speaking JSON lines on this terminal.
    PeerCli(peer_cli::PeerCliOptions),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Setup => {
            setup::run();
            Ok(())
        }
        Command::Fmt => check::format_sources(),
        Command::Clippy => check::lint(),
        Command::Build => check::build(),
        Command::Test(options) => check::test(&options),
        Command::RepoRules => rules::run(),
        Command::Limits => rules::print_limits(),
        Command::Demo(options) => demo::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Crash(options) => crash::run(&options),
        Command::Sim(options) => simulate::run(&options),
        Command::Hostile(options) => hostile::run(&options),
        Command::Page(options) => page::run(&options),
        Command::Window(options) => window::run(&options),
        Command::Windows(options) => windows::run(&options),
        Command::PeerCli(options) => peer_cli::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
