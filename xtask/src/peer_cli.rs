//! Runs one of three peers for daily work, each with directories of its own that stay.
//!
//! The invariant: the peers listen on loopback alone unless told otherwise, so trying something out
//! never reaches another machine.

use std::path::Path;

use clap::ValueEnum;
use eyre::Result;
use lanspread_testbed::debian;

use crate::workspace::{self, Profile, run_shown};

/// Where the peers' directories lie, from the repository's root.
const PEERS_DIR: &str = "demo/peers";

/// Which peer to run and what to tell it beyond its directories.
#[derive(Debug, clap::Args)]
pub(crate) struct PeerCliOptions {
    /// The peer: alpha and bravo start with a game, charlie with none.
    name: PeerName,
    /// Further arguments for `lanspread jsonl`, after `--`; a `--listen` here replaces loopback.
    #[arg(last = true)]
    arguments: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PeerName {
    Alpha,
    Bravo,
    Charlie,
}

impl PeerName {
    fn as_str(self) -> &'static str {
        match self {
            Self::Alpha => "alpha",
            Self::Bravo => "bravo",
            Self::Charlie => "charlie",
        }
    }

    fn starts_with_a_game(self) -> bool {
        match self {
            Self::Alpha | Self::Bravo => true,
            Self::Charlie => false,
        }
    }
}

/// Runs the peer until its input ends.
pub(crate) fn run(options: &PeerCliOptions) -> Result<()> {
    let binary = workspace::build_program(Profile::Dev)?;
    let directory = workspace::root()
        .join(PEERS_DIR)
        .join(options.name.as_str());
    let games = directory.join("games");
    if options.name.starts_with_a_game() {
        provide_game(&games)?;
    }
    std::fs::create_dir_all(&games)?;
    eprintln!("{} lives in {}", options.name.as_str(), directory.display());
    eprintln!(r#"type commands such as {{"seq":1,"cmd":"list-games"}}, end with Ctrl-D"#);
    let mut command = std::process::Command::new(binary);
    command
        .arg("jsonl")
        .arg("--games-dir")
        .arg(&games)
        .arg("--state-dir")
        .arg(directory.join("state"))
        .args(["--name", options.name.as_str()]);
    if !options
        .arguments
        .iter()
        .any(|argument| argument.starts_with("--listen"))
    {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    run_shown(command.args(&options.arguments))
}

fn provide_game(games: &Path) -> Result<()> {
    if games.join(debian::TEEWORLDS.id).exists() {
        return Ok(());
    }
    let built = debian::build_game(debian::TEEWORLDS, games, &workspace::games_cache()?)?;
    eprintln!("its library: {built}");
    Ok(())
}
