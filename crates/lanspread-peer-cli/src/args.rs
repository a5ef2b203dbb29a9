//! The command line: what can be said, with help and examples.
//!
//! Invariant: nothing is decided here; each subcommand is data for the module of its name.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

/// Share games at a LAN party: peers find each other, move games from many peers at once, and
/// install them.
#[derive(Debug, Parser)]
#[command(
    name = "lanspread",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  \
        lanspread serve --games-dir /srv/games    share a folder of games, as the host of a party\n  \
        lanspread list                            what can be played here\n  \
        lanspread get openarena                   download and install a game from the others\n  \
        lanspread verify openarena                check every byte and repair from the others\n\n\
        No address, no account, no set-up: peers on the same network find each other."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Subcommands,
}

/// Where a peer keeps things and how it takes part.
#[derive(Debug, Clone, Args)]
pub(crate) struct PeerArgs {
    /// The folder that holds one folder for each game [default: Lanspread in your home folder]
    #[arg(long, value_name = "DIR", env = "LANSPREAD_GAMES_DIR")]
    pub(crate) games_dir: Option<PathBuf>,
    /// Where this peer keeps its identity and its index [default: your data folder]
    #[arg(long, value_name = "DIR", env = "LANSPREAD_STATE_DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// The party's game.db; without one the party is open and every game is shared
    #[arg(long, value_name = "FILE", env = "LANSPREAD_CATALOG")]
    pub(crate) catalog: Option<PathBuf>,
    /// Where to accept connections; a loopback address keeps everything on this machine
    #[arg(long, value_name = "ADDR", default_value = "0.0.0.0:0")]
    pub(crate) listen: SocketAddr,
    /// What the others see [default: the name of this machine]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Say more about what happens; twice for everything
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// Which game, on which peer.
#[derive(Debug, Args)]
pub(crate) struct GameArgs {
    /// The game's id, as `lanspread list` shows it
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) peer: PeerArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Subcommands {
    /// Take part in the party until Ctrl-C: share what is here, fetch what is asked for
    Serve(PeerArgs),
    /// Show all games, here and at the others
    List(PeerArgs),
    /// Show the other peers
    Peers(PeerArgs),
    /// Show what this peer is doing
    Status(PeerArgs),
    /// Download a game, or its newer version, from the others and install it
    #[command(
        after_help = "Example:\n  lanspread get openarena\n\nInterrupted? The same command goes on where it stopped."
    )]
    Get {
        #[command(flatten)]
        game: GameArgs,
        /// Download only
        #[arg(long)]
        no_install: bool,
        /// Delete the old version first, for a disk that cannot hold both
        #[arg(long)]
        give_up_old: bool,
        /// How long to look for a peer that has the game, in seconds
        #[arg(long, value_name = "SECONDS", default_value_t = 20)]
        wait: u64,
    },
    /// Unpack a downloaded game
    Install(GameArgs),
    /// Delete the unpacked game, saves included; the download stays
    Uninstall(GameArgs),
    /// Delete a downloaded game that is not installed
    Remove(GameArgs),
    /// Read every byte of a game again and repair what is damaged from the others
    Verify(GameArgs),
    /// Make or show a catalog, the list of the games of a party
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Drive a peer by JSON lines on standard input and output (docs/JSONL.md)
    Jsonl(PeerArgs),
    /// Print completions for a shell
    #[command(after_help = "Example:\n  lanspread completions bash > ~/.local/share/bash-completion/completions/lanspread")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// Make a game.db from a folder of games
    Build {
        /// The folder that holds one folder for each game
        games_dir: PathBuf,
        /// The file to write
        #[arg(short, long, value_name = "FILE", default_value = "game.db")]
        output: PathBuf,
    },
    /// Show what a game.db holds and what is wrong with it
    Show {
        /// The file
        #[arg(default_value = "game.db")]
        catalog: PathBuf,
    },
}
