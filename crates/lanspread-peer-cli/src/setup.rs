//! What a peer of this machine is started with, worked out from the command line.
//!
//! Invariant: nothing is made here; folders appear only when a peer is really started. The state
//! folder never lies within the games. What is said on the command line goes before the settings that the
//! user made elsewhere.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use lanspread_app::{ApplicationLog, Chosen, Loaded, Settings, catalog_beside, default_games_dir};
use lanspread_peer::{ListenAddr, PartyCode, PeerId, PeerName, TableName, default_state_dir};

use crate::{
    args::PeerArgs,
    secret::{self, SecretError},
};

/// What a peer is started with.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) games_dir: PathBuf,
    pub(crate) more_games_dirs: Vec<PathBuf>,
    /// Whether the first was chosen in an earlier run, and not for this one.
    pub(crate) is_chosen_earlier: bool,
    pub(crate) state_dir: PathBuf,
    pub(crate) catalog: Option<Chosen<PathBuf>>,
    pub(crate) listen: SocketAddr,
    pub(crate) name: PeerName,
    pub(crate) party_code: Option<PartyCode>,
    pub(crate) organiser: Option<PeerId>,
    pub(crate) table: Option<TableName>,
    pub(crate) quic_only: bool,
    pub(crate) unencrypted_lanes: bool,
    pub(crate) connect: Vec<ListenAddr>,
    pub(crate) settings: Settings,
    /// What the user should know of the settings.
    pub(crate) trouble: Option<String>,
    pub(crate) log: ApplicationLog,
    /// What of it was said for this command alone.
    pub(crate) said: Said,
}

/// What was said on the command line or in the environment, and has no effect on a peer that runs already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub(crate) games_dir: bool,
    pub(crate) party_code: bool,
}

/// Why no peer can be set up like this.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetupError {
    /// There is no home folder to put the games into.
    #[error("your home folder is not known; name the folder of your games with --games-dir")]
    NoHome,
    /// A path cannot be used.
    #[error("the path {path:?} cannot be used: {source}")]
    Path {
        /// The path.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The state would lie among the games.
    #[error(
        "the state folder {} lies within the games folder {}, where it would be taken for a game; \
         choose another one with --state-dir",
        state_dir.display(), games_dir.display()
    )]
    StateWithinGames {
        /// The state folder.
        state_dir: PathBuf,
        /// The games folder.
        games_dir: PathBuf,
    },
    /// The party code cannot be used.
    #[error(transparent)]
    PartyCode(#[from] SecretError),
}

impl Setup {
    /// Fills in what the user did not say.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub(crate) fn resolve(args: &PeerArgs, log: ApplicationLog) -> Result<Self, SetupError> {
        let state_dir = absolute(&args.state_dir.clone().unwrap_or_else(default_state_dir))?;
        let Loaded {
            settings, trouble, ..
        } = Settings::load(&state_dir);
        let (games_dir, more_games_dirs) = choose_games_dirs(&args.games_dir, &settings)?;
        let mut dirs = std::iter::once(&games_dir).chain(&more_games_dirs);
        if let Some(around) = dirs.find(|dir| state_dir.starts_with(dir)) {
            return Err(SetupError::StateWithinGames {
                games_dir: around.clone(),
                state_dir,
            });
        }
        let catalog = match &args.catalog {
            Some(file) => Some(Chosen::ByUser(absolute(file)?)),
            None => catalog_beside(&games_dir),
        };
        let party_code =
            secret::party_code(args.party_code.as_ref(), args.party_code_file.as_deref())?;
        Ok(Self {
            games_dir,
            more_games_dirs,
            is_chosen_earlier: args.games_dir.is_empty() && settings.games_dir.is_some(),
            state_dir,
            catalog,
            listen: args.listen,
            name: match &args.name {
                Some(name) => PeerName::new(name),
                None => settings.name_or_default(),
            },
            said: Said {
                games_dir: !args.games_dir.is_empty(),
                party_code: party_code.is_some(),
            },
            party_code: party_code.or_else(|| settings.party_code.clone()),
            settings,
            trouble,
            log,
            organiser: args.organiser,
            table: args.table.clone(),
            quic_only: args.quic_only,
            unencrypted_lanes: args.unencrypted_lanes,
            connect: args.connect.clone(),
        })
    }

    /// The folders of games, that for new ones first.
    pub(crate) fn games_dirs(&self) -> impl Iterator<Item = &Path> {
        let further = self.more_games_dirs.iter().map(PathBuf::as_path);
        std::iter::once(self.games_dir.as_path()).chain(further)
    }
}

/// The folder where new games go, and the others. Those that are named replace all that were chosen before.
fn choose_games_dirs(
    named: &[PathBuf],
    settings: &Settings,
) -> Result<(PathBuf, Vec<PathBuf>), SetupError> {
    if let Some((first, more)) = named.split_first() {
        let more = more.iter().map(|dir| absolute(dir));
        return Ok((absolute(first)?, more.collect::<Result<_, _>>()?));
    }
    let first = match &settings.games_dir {
        Some(dir) => absolute(dir)?,
        None => default_games_dir().ok_or(SetupError::NoHome)?,
    };
    Ok((first, settings.more_games_dirs.clone()))
}

fn absolute(path: &Path) -> Result<PathBuf, SetupError> {
    std::path::absolute(path).map_err(|source| SetupError::Path {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Subcommands};

    fn resolve(arguments: &[&str]) -> Result<Setup, SetupError> {
        let words = ["lanspread", "serve"].iter().chain(arguments);
        match Cli::parse_from(words).command {
            Subcommands::Serve { peer, .. } => Setup::resolve(&peer, ApplicationLog::default()),
            other => panic!("{other:?} is not serve"),
        }
    }

    #[test]
    fn a_catalog_beside_the_games_is_used_and_known_to_be_found() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let games = dir.path().to_str().expect("Unicode");
        let state = std::env::temp_dir().join("state-elsewhere");
        let state = state.to_str().expect("Unicode");
        let arguments = ["--games-dir", games, "--state-dir", state];
        assert_eq!(resolve(&arguments).expect("usable").catalog, None);
        std::fs::write(dir.path().join("game.db"), "").expect("writable");
        let found = resolve(&arguments).expect("usable").catalog;
        assert_eq!(found, Some(Chosen::ByDefault(dir.path().join("game.db"))));
    }

    #[test]
    fn a_state_folder_among_the_games_is_refused() {
        let error = resolve(&["--games-dir", "/g", "--state-dir", "/g/state"]);
        assert!(matches!(error, Err(SetupError::StateWithinGames { .. })));
        assert!(resolve(&["--games-dir", "/g", "--state-dir", "/g-state"]).is_ok());
    }

    #[test]
    fn folders_that_are_named_replace_all_that_were_chosen() {
        let arguments = [
            "--games-dir",
            "/g",
            "--games-dir",
            "/h",
            "--state-dir",
            "/s",
        ];
        let setup = resolve(&arguments).expect("usable");
        assert_eq!(setup.games_dir, PathBuf::from("/g"));
        assert_eq!(setup.more_games_dirs, [PathBuf::from("/h")]);
        let within = [
            "--games-dir",
            "/g",
            "--games-dir",
            "/h",
            "--state-dir",
            "/h/s",
        ];
        let error = resolve(&within);
        assert!(matches!(error, Err(SetupError::StateWithinGames { .. })));
        let settings = Settings {
            games_dir: Some("/a".into()),
            more_games_dirs: vec!["/b".into()],
            ..Settings::default()
        };
        let chosen = choose_games_dirs(&[], &settings).expect("usable");
        assert_eq!(chosen, ("/a".into(), vec!["/b".into()]));
        let named = choose_games_dirs(&["/c".into()], &settings).expect("usable");
        assert_eq!(named, ("/c".into(), Vec::new()));
    }

    #[test]
    fn nothing_is_made_by_looking() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let games = dir.path().join("games");
        let state = dir.path().join("state");
        let paths = [&games, &state].map(|path| path.to_str().expect("Unicode"));
        resolve(&["--games-dir", paths[0], "--state-dir", paths[1]]).expect("usable");
        assert!(!games.exists() && !state.exists());
    }
}
