//! The command line: what can be said, with help and examples.
//!
//! Invariant: nothing is decided here; each subcommand is data for the module of its name.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use lanspread_db::GameId;
use lanspread_peer::{
    EXPEL_TIME_MAX, EXPEL_TIME_MIN, LimitChange, ListenAddr, PeerId, RATE_MIN_BYTES_PER_S,
    RateLimit, TableName,
};

use lanspread_web::WEB_PORT;

use crate::secret::Secret;

/// Share games at a LAN party: peers find each other, move games from many peers at once, and
/// install them.
#[derive(Debug, Parser)]
#[command(
    name = "lanspread",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  \
        lanspread serve --games-dir /srv/games    share a folder of games, as the host of a party\n  \
        lanspread list                            what can be played here\n  \
        lanspread get openarena                   download and install a game from the others\n  \
        lanspread verify openarena                check every byte and repair from the others\n\n\
        No address, no account, no set-up: peers on the same network find each other. Where a peer\n\
        runs already (lanspread serve), the other commands talk to it."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Subcommands,
}

/// Where a peer keeps things and how it takes part.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "The peer")]
pub(crate) struct PeerArgs {
    /// The folder that holds one folder for each game; name it again for further ones, the first is where new
    /// games go [default: Lanspread in your home folder]
    #[arg(
        long,
        value_name = "DIR",
        env = "LANSPREAD_GAMES_DIR",
        hide_env_values = true
    )]
    pub(crate) games_dir: Vec<PathBuf>,
    /// Where this peer keeps its identity and its index [default: your data folder]
    #[arg(
        long,
        value_name = "DIR",
        env = "LANSPREAD_STATE_DIR",
        hide_env_values = true
    )]
    pub(crate) state_dir: Option<PathBuf>,
    /// The party's catalog; without one, game.db beside the games if it is there, else the party is
    /// open and every game is shared
    #[arg(
        long,
        value_name = "FILE",
        env = "LANSPREAD_CATALOG",
        hide_env_values = true
    )]
    pub(crate) catalog: Option<PathBuf>,
    /// Where to accept connections; a loopback address keeps everything on this machine
    #[arg(long, value_name = "ADDR", default_value = "0.0.0.0:0", value_parser = listen_address)]
    pub(crate) listen: SocketAddr,
    /// What the others see [default: the name of this machine]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The code of the party; only peers with the same code meet. Others on this machine can see it
    /// in the list of processes: the variable or a file keeps it from them
    #[arg(
        long,
        value_name = "CODE",
        env = "LANSPREAD_PARTY_CODE",
        hide_env_values = true
    )]
    pub(crate) party_code: Option<Secret>,
    /// Read the party code from the first line of a file, or of standard input if it is -
    #[arg(
        long,
        value_name = "FILE",
        env = "LANSPREAD_PARTY_CODE_FILE",
        hide_env_values = true
    )]
    pub(crate) party_code_file: Option<PathBuf>,
    /// The peer of the organiser, whose expulsions this peer follows [default: the catalog's]
    #[arg(long, value_name = "PEER_ID", env = "LANSPREAD_ORGANISER")]
    pub(crate) organiser: Option<PeerId>,
    /// The table you sit at, such as 3: what others at it have does not cross the cable between tables
    #[arg(long, value_name = "NAME", env = "LANSPREAD_TABLE")]
    pub(crate) table: Option<TableName>,
    /// Move game files over QUIC (UDP) alone, never over TCP as well
    #[arg(long)]
    pub(crate) quic_only: bool,
    /// Move game files without encryption to and from peers that were told the same: faster, and
    /// whoever taps the cable can read them
    #[arg(
        long,
        env = "LANSPREAD_UNENCRYPTED_LANES",
        conflicts_with = "quic_only"
    )]
    pub(crate) unencrypted_lanes: bool,
    /// Also connect to this peer, where the network hides it; can be given several times
    #[arg(long, value_name = "ADDR")]
    pub(crate) connect: Vec<ListenAddr>,
    /// Say more about what happens; up to three times
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// How fast transfers may be. A rate is a number with its unit, such as 500KiB, 40MiB (bytes per second)
/// or 200Mbit (bits per second), or `none`.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Limits, such as 500KiB or 40MiB a second, 200Mbit, or none")]
pub(crate) struct LimitArgs {
    /// How fast all uploads together may be
    #[arg(long, value_name = "RATE", value_parser = limit_change)]
    pub(crate) upload_limit: Option<LimitChange>,
    /// How fast uploads to any one peer may be
    #[arg(long, value_name = "RATE", value_parser = limit_change)]
    pub(crate) upload_limit_per_peer: Option<LimitChange>,
    /// How fast all downloads together may be
    #[arg(long, value_name = "RATE", value_parser = limit_change)]
    pub(crate) download_limit: Option<LimitChange>,
    /// How fast downloads from any one peer may be
    #[arg(long, value_name = "RATE", value_parser = limit_change)]
    pub(crate) download_limit_per_peer: Option<LimitChange>,
}

/// How fast a peer that is started may transfer.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ServeRates {
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// Begin with uploads that yield to a game, until `lanspread playing off`
    #[arg(long)]
    pub(crate) playing: bool,
}

/// Whether a page is served, where, and to whom.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct WebArgs {
    /// Serve a page for browsers on this machine; without ADDR at 127.0.0.1:5267
    #[arg(long, value_name = "ADDR", num_args = 0..=1, value_parser = web_address,
          default_missing_value = "127.0.0.1:5267")]
    pub(crate) web: Option<SocketAddr>,
    /// Serve it to the whole network: whoever has the link that is printed can control this peer
    #[arg(long)]
    pub(crate) web_lan: bool,
    /// Let guests open the page of --web-lan without its token, to look and to fetch games with a browser,
    /// until the settings are changed in that [default: as the settings say]
    #[arg(long, requires = "web_lan")]
    pub(crate) guests: bool,
}

impl WebArgs {
    /// Where the page is served, if it is.
    pub(crate) fn addr(&self) -> Option<SocketAddr> {
        let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, WEB_PORT));
        self.web.or_else(|| self.web_lan.then_some(everywhere))
    }
}

/// A switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Uploads yield.
    On,
    /// Uploads take what they get.
    Off,
}

/// How a game is started.
#[derive(Debug, Args)]
pub(crate) struct PlayArgs {
    /// Start its dedicated server instead
    #[arg(long)]
    pub(crate) server: bool,
    /// What the game calls you [default: the name of the peer]
    #[arg(long, value_name = "NAME")]
    pub(crate) player: Option<String>,
    /// The language that the game is told: de, en or fr [default: that of the settings, else en]
    #[arg(long, value_parser = ["de", "en", "fr"])]
    pub(crate) language: Option<String>,
}

/// Which game, on which peer.
#[derive(Debug, Args)]
pub(crate) struct GameArgs {
    /// The game's id, as `lanspread list` shows it
    #[arg(value_parser = GameId::parse)]
    pub(crate) id: GameId,
    #[command(flatten)]
    pub(crate) peer: PeerArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Subcommands {
    /// Take part in the party until Ctrl-C: share what is here, fetch what is asked for
    #[command(after_help = "Examples:\n  \
            lanspread serve\n  \
            lanspread serve --games-dir /srv/games --catalog /srv/game.db --name den\n  \
            lanspread serve --upload-limit 40MiB\n  \
            lanspread serve --web-lan")]
    Serve {
        #[command(flatten)]
        rates: ServeRates,
        #[command(flatten)]
        web: WebArgs,
        #[command(flatten)]
        peer: PeerArgs,
    },
    /// Show all games, here and at the others
    #[command(after_help = "Example:\n  lanspread list")]
    List(PeerArgs),
    /// Show one game: what is here of it, and which files the others offer
    #[command(after_help = "Example:\n  lanspread show openarena")]
    Show(GameArgs),
    /// Show the other peers
    #[command(after_help = "Example:\n  lanspread peers --connect 192.168.1.20:47000")]
    Peers(PeerArgs),
    /// Show what this peer is doing
    #[command(after_help = "Example:\n  lanspread status")]
    Status(PeerArgs),
    /// Download a game, or its newer version, from the others and install it
    #[command(after_help = "Examples:\n  \
        lanspread get openarena\n  \
        lanspread get openarena --no-install --wait 600\n\n\
        Interrupted? The same command goes on where it stopped.")]
    Get {
        /// Download only
        #[arg(long)]
        no_install: bool,
        /// Delete the old version first, for a disk that cannot hold both
        #[arg(long)]
        give_up_old: bool,
        /// How long to look for a peer that has the game, in seconds
        #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(..=WAIT_SECONDS_MAX))]
        wait: u64,
        #[command(flatten)]
        game: GameArgs,
    },
    /// Unpack a downloaded game
    #[command(after_help = "Example:\n  lanspread install openarena")]
    Install(GameArgs),
    /// Delete the unpacked game, saves included; the download stays
    #[command(after_help = "Example:\n  lanspread uninstall openarena")]
    Uninstall(GameArgs),
    /// Start a game that is unpacked, or its dedicated server
    #[command(after_help = "Examples:\n  lanspread play openarena\n  \
                            lanspread play openarena --server")]
    Play {
        #[command(flatten)]
        game: GameArgs,
        #[command(flatten)]
        wanted: PlayArgs,
    },
    /// Delete a downloaded game that is not installed
    #[command(after_help = "Example:\n  lanspread remove openarena")]
    Remove(GameArgs),
    /// Read every byte of a game again and repair what is damaged from the others
    #[command(after_help = "Example:\n  lanspread verify openarena")]
    Verify(GameArgs),
    /// End what the running peer does with a game
    #[command(after_help = "Example:\n  lanspread cancel openarena")]
    Cancel(GameArgs),
    /// Put a peer out for the evening; from the organiser's machine it holds for the whole party
    #[command(after_help = "Examples:\n  \
        lanspread expel mallory\n  \
        lanspread expel 1b2c3d4e --for 90m")]
    Expel {
        /// Its name, the beginning of its id, or its whole id
        #[arg(value_name = "PEER")]
        who: String,
        /// For how long, such as 90m or 12h
        #[arg(long = "for", value_name = "TIME", default_value = "12h", value_parser = time_out)]
        time: Duration,
        #[command(flatten)]
        peer: PeerArgs,
    },
    /// Let a peer in again that was expelled or is kept away
    #[command(after_help = "Example:\n  lanspread readmit mallory")]
    Readmit {
        /// Its name, the beginning of its id, or its whole id
        #[arg(value_name = "PEER")]
        who: String,
        #[command(flatten)]
        peer: PeerArgs,
    },
    /// Say something to everybody at the party, and to those who come within the hour
    #[command(after_help = "Examples:\n  \
        lanspread say Pizza is here\n  \
        lanspread say \"Next: OpenArena, 20:30, the server is Anna's\"")]
    Say {
        /// What; several words are one message
        #[arg(required = true, value_name = "TEXT")]
        text: Vec<String>,
        #[command(flatten)]
        peer: PeerArgs,
    },
    /// Limit how fast transfers are, at once and after restarts; without a limit, show those in force
    #[command(after_help = "Examples:\n  \
        lanspread limit --upload-limit 40MiB\n  \
        lanspread limit --upload-limit none --download-limit 200Mbit")]
    Limit {
        #[command(flatten)]
        limits: LimitArgs,
        #[command(flatten)]
        peer: PeerArgs,
    },
    /// Let uploads yield to your game while you play, or not; without a word, show which
    #[command(after_help = "Examples:\n  \
        lanspread playing on\n  \
        lanspread playing off")]
    Playing {
        /// Whether you play
        #[arg(value_enum)]
        switch: Option<Switch>,
        #[command(flatten)]
        peer: PeerArgs,
    },
    /// Make, pin or show a catalog, the list of the games of a party
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Make a code for a party of your own
    #[command(subcommand)]
    Party(PartyCommand),
    /// Drive a peer by JSON lines on standard input and output (docs/JSONL.md)
    #[command(after_help = "Example:\n  \
            echo '{\"seq\":1,\"cmd\":\"status\"}' | lanspread jsonl --games-dir games --state-dir state")]
    Jsonl(PeerArgs),
    /// Print completions for a shell
    #[command(after_help = "Example:\n  \
            lanspread completions bash > ~/.local/share/bash-completion/completions/lanspread")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PartyCommand {
    /// Print a good party code, made by lot
    #[command(after_help = "Example:\n  \
            lanspread party new-code > code.txt; lanspread serve --party-code-file code.txt")]
    NewCode,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// Make a game.db from a folder of games
    #[command(after_help = "Example:\n  lanspread catalog build /srv/games -o /srv/games/game.db")]
    Build {
        /// The folder that holds one folder for each game
        games_dir: PathBuf,
        /// The file to write
        #[arg(short, long, value_name = "FILE", default_value = "game.db")]
        output: PathBuf,
    },
    /// Pin the files of games: a party with the catalog takes and shares no others
    #[command(after_help = "Examples:\n  \
        lanspread catalog pin /srv/games/game.db\n  \
        lanspread catalog pin --games-dir /srv/games game.db openarena teeworlds\n  \
        lanspread catalog pin --remove game.db openarena\n\n\
        Every byte of these games is read, and the name of its files is written into the catalog \
        for the version that lies there.")]
    Pin {
        /// The catalog
        catalog: PathBuf,
        /// The games [default: all games of the catalog that lie there; with --remove all pins]
        #[arg(value_parser = GameId::parse, value_name = "ID")]
        ids: Vec<GameId>,
        /// The folder that holds one folder for each game [default: the folder of the catalog]
        #[arg(
            long,
            value_name = "DIR",
            env = "LANSPREAD_GAMES_DIR",
            hide_env_values = true
        )]
        games_dir: Option<PathBuf>,
        /// Forget pins instead
        #[arg(long)]
        remove: bool,
    },
    /// Name the peer of the organiser, whose expulsions everybody with the catalog follows
    #[command(after_help = "Examples:\n  \
        lanspread status                          shows the id of this peer\n  \
        lanspread catalog organiser game.db 9f2c5f0e…\n  \
        lanspread catalog organiser game.db --remove")]
    Organiser {
        /// The catalog
        catalog: PathBuf,
        /// The whole id of the organiser's peer
        #[arg(
            value_name = "PEER_ID",
            required_unless_present = "remove",
            conflicts_with = "remove"
        )]
        organiser: Option<PeerId>,
        /// Name nobody
        #[arg(long)]
        remove: bool,
    },
    /// Show what a game.db holds and what is wrong with it
    #[command(after_help = "Example:\n  lanspread catalog show /srv/games/game.db")]
    Show {
        /// The file
        #[arg(default_value = "game.db")]
        catalog: PathBuf,
    },
}

/// The longest wait for a peer that has a game: a day.
const WAIT_SECONDS_MAX: u64 = 86_400;

/// A time for which a peer can be expelled, in minutes or hours.
fn time_out(text: &str) -> Result<Duration, String> {
    let unit = |unit: char, seconds: u64| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(seconds).map(Duration::from_secs)
    };
    unit('m', 60)
        .or_else(|| unit('h', 3600))
        .filter(|time| (EXPEL_TIME_MIN..=EXPEL_TIME_MAX).contains(time))
        .ok_or_else(|| {
            let hours = EXPEL_TIME_MAX.as_secs() / 3600;
            format!("write it like 90m or 12h, from 1m to {hours}h")
        })
}

/// What a rate is counted in, in bits per second.
const RATE_UNITS: [(&str, u64); 8] = [
    ("KiB", 8 * 1024),
    ("MiB", 8 * 1024 * 1024),
    ("GiB", 8 * 1024 * 1024 * 1024),
    ("kB", 8_000),
    ("MB", 8_000_000),
    ("kbit", 1_000),
    ("Mbit", 1_000_000),
    ("Gbit", 1_000_000_000),
];

/// A rate with its unit, or none.
fn limit_change(text: &str) -> Result<LimitChange, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(LimitChange::Lift);
    }
    let bits_per_s = RATE_UNITS.iter().find_map(|&(unit, bits)| {
        let number: u64 = text.strip_suffix(unit)?.trim_end().parse().ok()?;
        number.checked_mul(bits)
    });
    let least = RATE_MIN_BYTES_PER_S / 1024;
    let bits_per_s = bits_per_s.ok_or_else(|| {
        format!("write it like 500KiB, 40MiB, 200Mbit or none; the least is {least}KiB")
    })?;
    RateLimit::new(bits_per_s / 8)
        .map(LimitChange::To)
        .map_err(|error| error.to_string())
}

/// An address with a port, or one without and the system chooses the port.
fn listen_address(text: &str) -> Result<SocketAddr, String> {
    address(text, 0)
        .ok_or_else(|| "write it like 0.0.0.0:47000, [::]:47000 or 127.0.0.1".to_owned())
}

/// An address with a port, or one without and the port is the page's.
fn web_address(text: &str) -> Result<SocketAddr, String> {
    address(text, WEB_PORT)
        .ok_or_else(|| "write it like 127.0.0.1:5267, [::1]:5267 or 0.0.0.0".to_owned())
}

fn address(text: &str, port: u16) -> Option<SocketAddr> {
    let without = || Some(SocketAddr::new(text.parse::<IpAddr>().ok()?, port));
    text.parse().ok().or_else(without)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_page_is_served_only_when_it_is_asked_for_and_at_its_own_port() {
        let addr = |arguments: &[&str]| {
            let words = ["lanspread", "serve"].iter().chain(arguments);
            match Cli::parse_from(words).command {
                Subcommands::Serve { web, .. } => web.addr().map(|addr| addr.to_string()),
                other => panic!("{other:?} is not serve"),
            }
        };
        assert_eq!(addr(&[]), None);
        assert_eq!(addr(&["--web"]).as_deref(), Some("127.0.0.1:5267"));
        assert_eq!(addr(&["--web", "::1"]).as_deref(), Some("[::1]:5267"));
        assert_eq!(
            addr(&["--web", "127.0.0.1:0"]).as_deref(),
            Some("127.0.0.1:0")
        );
        assert_eq!(addr(&["--web-lan"]).as_deref(), Some("0.0.0.0:5267"));
        let both = addr(&["--web", "10.0.0.1", "--web-lan"]);
        assert_eq!(both.as_deref(), Some("10.0.0.1:5267"));
    }

    #[test]
    fn every_subcommand_has_an_example() {
        let mut command = Cli::command();
        command.build();
        let mut leaves = vec![&command];
        while let Some(command) = leaves.pop() {
            let below: Vec<_> = command
                .get_subcommands()
                .filter(|below| below.get_name() != "help")
                .collect();
            if below.is_empty() {
                let help = command
                    .get_after_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                assert!(help.contains("Example"), "{}", command.get_name());
            }
            leaves.extend(below);
        }
    }

    #[test]
    fn a_listen_address_needs_no_port() {
        assert_eq!(
            listen_address("127.0.0.1"),
            Ok(SocketAddr::from(([127, 0, 0, 1], 0)))
        );
        assert_eq!(listen_address("[::1]:80").map(|addr| addr.port()), Ok(80));
        assert!(listen_address("localhost").is_err());
    }

    #[test]
    fn a_time_out_is_taken_at_its_limits_and_not_beyond() {
        assert_eq!(time_out("1m"), Ok(EXPEL_TIME_MIN));
        assert_eq!(time_out("48h"), Ok(EXPEL_TIME_MAX));
        for bad in [
            "0m",
            "49h",
            "2881m",
            "12",
            "h",
            "-1h",
            "1d",
            "99999999999999999999h",
        ] {
            assert!(time_out(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_rate_is_read_in_its_unit_and_refused_below_the_least() {
        let limit = |bytes_per_s| {
            Ok(LimitChange::To(
                RateLimit::new(bytes_per_s).expect("enough"),
            ))
        };
        assert_eq!(limit_change("256KiB"), limit(RATE_MIN_BYTES_PER_S));
        assert_eq!(limit_change("40 MiB"), limit(40 << 20));
        assert_eq!(limit_change("200Mbit"), limit(25_000_000));
        assert_eq!(limit_change("5MB"), limit(5_000_000));
        assert_eq!(limit_change("none"), Ok(LimitChange::Lift));
        assert!(limit_change("255KiB").is_err_and(|error| error.contains("262144")));
        for bad in [
            "5",
            "MiB",
            "-1MiB",
            "1.5MiB",
            "5mib",
            "99999999999999999999MiB",
            "",
        ] {
            assert!(
                limit_change(bad).is_err_and(|error| error.contains("40MiB")),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_wait_is_accepted_up_to_a_day_and_not_past_it() {
        let parse = |seconds: u64| {
            Cli::try_parse_from(["lanspread", "get", "chess", "--wait", &seconds.to_string()])
        };
        assert!(parse(WAIT_SECONDS_MAX).is_ok());
        assert!(parse(WAIT_SECONDS_MAX + 1).is_err());
    }

    #[test]
    fn a_hostile_id_is_a_wrong_command_line() {
        let error = Cli::try_parse_from(["lanspread", "remove", "../evil"]).expect_err("refused");
        assert_eq!(error.exit_code(), 2);
    }
}
