//! The demonstration: a party of three, of whom one fetches a real game from the other two at once,
//! installs it, and has it compared with the original byte for byte.
//!
//! The invariant: it ends with success only if discovery was real, both sources served, and what
//! was installed is what was packed. Everything it makes lies below `demo/party`, which it empties
//! first.

mod party;
mod phases;
mod show;
mod watch;

use std::io::Read;
use std::path::Path;

use eyre::{Result, WrapErr, bail, ensure, eyre};
use lanspread_testbed::debian::{self, DebianGame, LibraryGame, Origin};
use lanspread_testbed::peer::Event;
use lanspread_testbed::tree::Tree;

use crate::setup;
use crate::workspace::{self, Profile};
use party::{Guest, Party, Venue};
use phases::Phases;
use show::{Show, mebibytes};

/// The library of the party: what alpha holds. The first game is the one that moves.
const LIBRARY: [DebianGame; 3] = [debian::TUX_RACER, debian::OPEN_ARENA, debian::TEEWORLDS];

/// Where the demonstration puts everything, from the repository's root.
const PARTY_DIR: &str = "demo/party";

/// What the demonstration can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct DemoOptions {
    /// Keep the three peers running afterwards, until Enter is pressed.
    #[arg(long)]
    stay: bool,
    /// Keep to the loopback device even where network namespaces can be made.
    #[arg(long)]
    loopback: bool,
}

/// Runs the demonstration.
pub(crate) fn run(options: &DemoOptions) -> Result<()> {
    let show = Show::new();
    let mut phases = Phases::default();
    show.title("Lanspread: the party in one room");

    show.fact("build", "the program; the first time takes some minutes");
    let binary = phases.run("build", || {
        setup::provide_for_demo();
        workspace::build_program(Profile::Dev)
    })?;
    let directory = workspace::root().join(PARTY_DIR);
    let library = phases.run("library", || make_library(show, &directory))?;
    let game = &library[0];

    let venue = if options.loopback {
        Venue::Loopback
    } else {
        Venue::Best
    };
    let party = phases.run("start of three peers", || {
        Party::start(show, venue, &binary, &directory)
    })?;
    phases.run("discovery", || discover(show, &party, game))?;
    let began = party.charlie.peer.mark();
    party
        .charlie
        .peer
        .call(serde_json::json!({ "cmd": "download", "id": game.built.id, "install": true }))?;
    phases.run("download", || {
        let finished = watch::download(show, &party.charlie.peer, began, &game.built.id)?;
        prove_sources(show, &finished)
    })?;
    phases.run("installation", || {
        watch::installation(show, &party.charlie.peer, began, &game.built.id)
    })?;
    phases.run("comparison", || compare(show, &party.charlie, game))?;

    tell_places(show, &party, &library);
    phases.print(show);
    if options.stay {
        stay(show, &party);
    }
    party.end(show)
}

/// Builds alpha's library and gives bravo a copy of the game that moves.
fn make_library(show: Show, directory: &Path) -> Result<Vec<LibraryGame>> {
    if directory.exists() {
        std::fs::remove_dir_all(directory)
            .wrap_err_with(|| format!("could not empty {}", directory.display()))?;
    }
    let cache = workspace::games_cache()?;
    let alpha_games = directory.join("alpha/games");
    let mut library = Vec::new();
    for game in LIBRARY {
        let built = debian::build_game(game, &alpha_games, &cache)?;
        let size = mebibytes(built.built.tree.total_bytes());
        show.fact(
            "library",
            &format!("{built}, version {}, {size}", built.built.version),
        );
        if let Origin::Generated { why } = &built.origin {
            show.fact("", &format!("the package could not be had: {why}"));
        }
        library.push(built);
    }
    debian::build_game(LIBRARY[0], &directory.join("bravo/games"), &cache)?;
    std::fs::create_dir_all(directory.join("charlie/games"))?;
    Ok(library)
}

/// Waits until charlie knows two holders of the game, and nobody told it an address.
fn discover(show: Show, party: &Party, game: &LibraryGame) -> Result<()> {
    let id = &game.built.id;
    for holder in [&party.alpha, &party.bravo] {
        holder
            .peer
            .wait_for_game(id, "share", |listed| listed["manifest"].is_string())?;
    }
    party
        .charlie
        .peer
        .wait_for_game(id, "see two holders of", |listed| listed["peers"] == 2)?;
    let games = party.charlie.peer.ask("list-games")?;
    let count = games["games"].as_array().map_or(0, Vec::len);
    show.fact(
        "discovery",
        &format!("charlie found two peers by mDNS and sees {count} games; {id} is held by both"),
    );
    Ok(())
}

/// Fails unless both sources served a part.
fn prove_sources(show: Show, finished: &Event) -> Result<()> {
    let sources = finished
        .field("sources")
        .as_array()
        .ok_or_else(|| eyre!("download-finished names no sources: {}", finished.value))?;
    let mut served = 0;
    for source in sources {
        let bytes = source["bytes"].as_u64().unwrap_or_default();
        let chunks = source["chunks"].as_u64().unwrap_or_default();
        let name = source["name"].as_str().unwrap_or("somebody");
        show.fact(
            "",
            &format!("{name} served {chunks} chunks, {}", mebibytes(bytes)),
        );
        served += usize::from(bytes > 0);
    }
    ensure!(
        served == 2,
        "{served} sources served a part, and both should have"
    );
    Ok(())
}

fn compare(show: Show, charlie: &Guest, game: &LibraryGame) -> Result<()> {
    let root = charlie.games.join(&game.built.id);
    let all = Tree::read(&root).wrap_err_with(|| format!("could not read {}", root.display()))?;
    // Lanspread's own marker and intent are the only files that are not the game's.
    let installed = all.below("local").without(".lanspread_owned");
    let downloaded = all.without("local").without(".lanspread.json");
    for (what, expected, found) in [
        ("the downloaded files", &game.built.tree, &downloaded),
        ("the installed game", &game.built.installed, &installed),
    ] {
        let differences = expected.difference(found);
        if !differences.is_empty() {
            let lines: Vec<String> = differences
                .iter()
                .take(20)
                .map(ToString::to_string)
                .collect();
            bail!("{what} differ from the original:\n{}", lines.join("\n"));
        }
    }
    let (files, size) = (installed.len(), mebibytes(installed.total_bytes()));
    show.success(&format!(
        "{files} installed files, {size}: byte for byte the original"
    ));
    Ok(())
}

fn tell_places(show: Show, party: &Party, library: &[LibraryGame]) {
    show.section("Where everything lies");
    for guest in party.guests() {
        show.fact(guest.name, &guest.games.display().to_string());
        show.fact("", &format!("log: {}", guest.peer.log_path().display()));
    }
    if let Some(game) = library.first() {
        let local = party.charlie.games.join(&game.built.id).join("local");
        show.fact("installed", &local.display().to_string());
    }
}

/// Waits for Enter; without a terminal to press it on, until the process is ended.
fn stay(show: Show, party: &Party) {
    show.section("The peers stay. Press Enter to end the party.");
    for guest in party.guests() {
        show.fact(guest.name, &guest.whereabouts());
    }
    let mut byte = [0];
    if !matches!(std::io::stdin().read(&mut byte), Ok(1..)) {
        loop {
            std::thread::park();
        }
    }
}
