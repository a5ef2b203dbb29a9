//! A party of two: a peer of this system and one of Windows, each with a game that the other lacks.
//!
//! The invariant: it ends with success only if they found each other by mDNS, each fetched and installed the
//! other's game and holds it byte for byte, and commands reached the peer of Windows through its pipe.

use std::path::{Path, PathBuf};
use std::process::Command;

use eyre::{Result, WrapErr, bail, ensure};
use lanspread_testbed::command;
use lanspread_testbed::debian::{self, DebianGame, LibraryGame};
use lanspread_testbed::net::{Host, Party as Network};
use lanspread_testbed::peer::{PeerBuilder, PeerProcess};
use lanspread_testbed::tree::Tree;
use serde_json::json;

use super::toolchain::Toolchain;
use super::wine::{Wine, windows_path};
use crate::setup;
use crate::workspace::{self, Profile};

/// Where everything lies, from the repository's root.
const DIRECTORY: &str = "demo/windows";

/// What the peer of this system has.
const OF_LINUX: DebianGame = debian::TEEWORLDS;

/// What the peer of Windows has.
const OF_WINDOWS: DebianGame = debian::TUX_RACER;

/// Lets a peer of Windows and one of this system fetch from each other.
pub(super) fn run(program: &Path, compilers: &Toolchain, unpacked_wine: &Toolchain) -> Result<()> {
    let directory = workspace::root().join(DIRECTORY);
    if directory.exists() {
        std::fs::remove_dir_all(&directory)
            .wrap_err_with(|| format!("could not empty {}", directory.display()))?;
    }
    let native = workspace::build_program(Profile::Dev)?;
    let drive = directory.join("drive");
    let wine = Wine::set_up(unpacked_wine, compilers, &drive)?;
    let starter = directory.join("lanspread.sh");
    wine.write_starter(program, &starter)?;
    println!(
        "Wine: {}",
        first_line(wine.command().arg(program).arg("--version"))?
    );

    let network = network();
    let linux = Guest::start(
        Home::of("linux", &directory, OF_LINUX)?,
        |home| {
            PeerProcess::builder(&native)
                .games_dir(&home.games)
                .state_dir(&home.state)
        },
        network.as_ref(),
    )?;
    let windows = Guest::start(
        Home::of("windows", &directory, OF_WINDOWS)?,
        |home| {
            let builder = PeerProcess::builder(&starter)
                .games_dir(windows_path(&home.games))
                .state_dir(windows_path(&home.state));
            let variables = wine.variables();
            variables.fold(builder, |builder, (name, value)| {
                builder.environment(name, value)
            })
        },
        network.as_ref(),
    )?;
    windows.fetch_from(&linux)?;
    linux.fetch_from(&windows)?;
    ask_through_the_pipe(&wine, program, &windows, network.as_ref())?;
    for guest in [windows, linux] {
        guest.peer.shutdown()?;
    }
    println!("the party is over");
    Ok(())
}

/// A switch and two hosts, or `None` for loopback where none can be made.
fn network() -> Option<Network> {
    setup::provide_for_demo();
    match Network::of(&["linux", "windows"]) {
        Ok(network) => Some(network),
        Err(error) => {
            println!("network: loopback ({error})");
            None
        }
    }
}

/// Where a guest lives, and what lies there.
struct Home {
    name: &'static str,
    games: PathBuf,
    state: PathBuf,
    own: LibraryGame,
}

impl Home {
    fn of(name: &'static str, directory: &Path, game: DebianGame) -> Result<Self> {
        let games = directory.join(name).join("games");
        let own = debian::build_game(game, &games, &workspace::games_cache()?)?;
        println!("{name} holds {own}");
        Ok(Self {
            name,
            games,
            state: directory.join(name).join("state"),
            own,
        })
    }
}

/// One of the two.
struct Guest {
    home: Home,
    peer: PeerProcess,
}

impl Guest {
    fn start(
        home: Home,
        describe: impl FnOnce(&Home) -> PeerBuilder,
        network: Option<&Network>,
    ) -> Result<Self> {
        let builder = describe(&home)
            .name(home.name)
            .log(home.state.with_extension("log"));
        let peer = match host(home.name, network)? {
            Some(host) => builder.spawn_on(host)?,
            None => builder.listen("127.0.0.1:0").spawn()?,
        };
        let status = peer.ask("status")?;
        println!("{} listens on {}", home.name, status["listen_addr"]);
        Ok(Self { home, peer })
    }

    /// Fetches and installs the other's game, and compares it with what it was made of.
    fn fetch_from(&self, other: &Self) -> Result<()> {
        let game = &other.home.own.built;
        self.peer
            .wait_for_game(&game.id, "see a holder of", |listed| listed["peers"] == 1)?;
        let began = self.peer.mark();
        self.peer
            .call(json!({ "cmd": "download", "id": game.id, "install": true }))?;
        for end in ["download-finished", "install-finished"] {
            self.peer.wait_game_event(began, end, &game.id)?;
        }
        let all = Tree::read(&self.home.games.join(&game.id))?;
        let installed = all.below("local").without(".lanspread_owned");
        let downloaded = all.without("local").without(".lanspread.json");
        for (expected, found) in [(&game.tree, downloaded), (&game.installed, installed)] {
            let differences = expected.difference(&found);
            if !differences.is_empty() {
                let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
                bail!(
                    "{} fetched {} and has something else:\n{}",
                    self.home.name,
                    game.id,
                    lines.join("\n")
                );
            }
        }
        println!(
            "{} fetched and installed {} from {}: {} bytes, {} installed files, as they were",
            self.home.name,
            game.id,
            other.home.name,
            game.tree.total_bytes(),
            game.installed.len()
        );
        Ok(())
    }
}

/// Asks the running peer as a user does at a prompt.
fn ask_through_the_pipe(
    wine: &Wine,
    program: &Path,
    windows: &Guest,
    network: Option<&Network>,
) -> Result<()> {
    let mut list = match host(windows.home.name, network)? {
        Some(host) => {
            let mut inside = host.command(wine.command().get_program());
            inside.env_remove("DISPLAY").envs(wine.variables());
            inside
        }
        None => wine.command(),
    };
    list.arg(program).args(["list", "--state-dir"]);
    let told = command::run(list.arg(windows_path(&windows.home.state)))?;
    print!("{told}");
    for game in [OF_LINUX, OF_WINDOWS] {
        ensure!(
            told.contains(game.id),
            "`lanspread list` does not tell of {}",
            game.id
        );
    }
    Ok(())
}

fn host<'a>(name: &str, network: Option<&'a Network>) -> Result<Option<&'a Host>> {
    Ok(network.map(|network| network.host(name)).transpose()?)
}

fn first_line(command: &mut Command) -> Result<String> {
    let told = command::run(command)?;
    Ok(told.lines().next().unwrap_or_default().trim().to_owned())
}
