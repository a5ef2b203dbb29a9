//! Starts a peer as a user of this machine means it: with a folder of games that is made if it is not
//! there, and the catalog of the party.
//!
//! Invariant: what was done unasked is told in a notice, and a catalog with bad rows is used without
//! them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use lanspread_db::{Catalog, CatalogError, RowRejection};
use lanspread_peer::{
    PeerGameDB, PeerId, PeerOptions, StartError as PeerStartError, Unreadable, start_peer_with,
};
use tokio::sync::mpsc;

use crate::{
    app::{App, Events, Facts, Logs, StartedWith, Takeover},
    first_seen::FirstSeen,
    logs::{ApplicationLog, GameLog, LoggingUnpacker, UnpackLog},
    play::Scripts,
    settings::Settings,
    tend,
    told::{NoticeAbout, StateFile},
};

/// A catalog of this name beside the game folders is the party's.
pub const CATALOG_FILE: &str = "game.db";

/// The folder of games in the home folder, unless another one is named.
const GAMES_DIR: &str = "Lanspread";

/// Events that wait for the app; past that the peer keeps them.
const EVENTS_PENDING_MAX: usize = 256;

/// Rows of a catalog that are complained about one by one; the rest is counted.
const REJECTIONS_TOLD_MAX: usize = 20;

/// What an app is started with.
#[derive(Debug, Clone)]
pub struct AppOptions {
    /// The folder of games.
    pub games_dir: PathBuf,
    /// What becomes of it if it is not there; goes before what is said of it for the peer.
    pub if_away: IfAway,
    /// The catalog; without one the party is open.
    pub catalog: Option<Chosen<PathBuf>>,
    /// For how long.
    pub stay: Stay,
    /// What the user wishes.
    pub settings: Settings,
    /// The program's log, which has listened since the program began.
    pub log: ApplicationLog,
    /// The games that run, which go on when this program ends one peer and starts another.
    pub scripts: Scripts,
    /// Everything else. An organiser that is named here goes before the one that the catalog names.
    pub peer: PeerOptions,
}

/// What becomes of a folder of games that is not there at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfAway {
    /// It is made: somebody names it now.
    Made,
    /// The peer starts and uses it once it is there. It was chosen in an earlier run, and may be on a disk that is
    /// to come: another in its place would look as if all games were gone, and take the place of that disk.
    Awaited,
    /// No peer starts: it was chosen in an earlier run, and nobody waits for a disk with one command.
    Refused,
}

/// For how long a peer is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// Until the user ends it: downloads that wait take their turn, and the logs are kept.
    On,
    /// For one command: what waits is left to a peer that stays.
    ForOneCommand,
}

impl AppOptions {
    /// A peer that stays, as the user of this machine wants it.
    ///
    /// # Errors
    /// No folder of games was chosen, and the home folder is not known.
    pub fn for_user(
        state_dir: PathBuf,
        settings: Settings,
        log: ApplicationLog,
    ) -> Result<Self, StartError> {
        let games_dir = settings.games_dir.clone().or_else(default_games_dir);
        let games_dir = games_dir.ok_or(StartError::NoHome)?;
        Ok(Self {
            catalog: catalog_beside(&games_dir),
            peer: PeerOptions {
                state_dir,
                name: settings.name_or_default(),
                party_code: settings.party_code.clone(),
                more_game_dirs: settings.more_games_dirs.clone(),
                ..PeerOptions::default()
            },
            games_dir,
            if_away: IfAway::Made,
            stay: Stay::On,
            settings,
            log,
            scripts: Scripts::default(),
        })
    }
}

/// A value, and who chose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen<T> {
    /// The user.
    ByUser(T),
    /// Lanspread, because the user did not.
    ByDefault(T),
}

impl<T> Chosen<T> {
    /// The value.
    pub const fn value(&self) -> &T {
        match self {
            Self::ByUser(value) | Self::ByDefault(value) => value,
        }
    }

    /// The value, for whoever does not mind who chose it.
    pub fn into_value(self) -> T {
        match self {
            Self::ByUser(value) | Self::ByDefault(value) => value,
        }
    }
}

/// Why no peer could be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no home folder to put the games into.
    #[error("your home folder is not known; choose the folder of your games")]
    NoHome,
    /// The folder of games cannot be made.
    #[error("the games folder {} cannot be made: {source}; connect its disk or choose another folder", dir.display())]
    GamesDir {
        /// The folder.
        dir: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The folder of games is not there, and is not to be made.
    #[error("the games folder {} is not there; connect its disk or choose another folder", dir.display())]
    GamesDirAway {
        /// The folder.
        dir: PathBuf,
    },
    /// The catalog cannot be used.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The peer cannot be started.
    #[error(transparent)]
    Peer(#[from] PeerStartError),
}

impl StartError {
    /// Whether another peer runs on this state directory.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        matches!(self, Self::Peer(PeerStartError::StateDirBusy { .. }))
    }
}

impl App {
    /// Starts a peer. The listener hears its events from the first on.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(options: AppOptions) -> Result<(Arc<Self>, Events), StartError> {
        let AppOptions {
            games_dir,
            if_away,
            catalog: chosen,
            stay,
            settings,
            log,
            scripts,
            mut peer,
        } = options;
        let mut notices = Vec::new();
        provide_games_dir(&games_dir, if_away, &mut notices)?;
        peer.unreadable = match if_away {
            IfAway::Awaited => Unreadable::Awaited,
            IfAway::Made | IfAway::Refused => Unreadable::Refused,
        };
        let catalog = Arc::new(open_catalog(chosen.as_ref(), &mut notices)?);
        let named = catalog.organiser();
        peer.organiser = peer
            .organiser
            .or_else(|| named.map(|key| PeerId::from_bytes(*key.as_bytes())));
        let facts = Facts {
            name: peer.name.clone(),
            party_code: peer.party_code.is_some(),
            unencrypted_lanes: peer.unencrypted_lanes,
            organiser: peer.organiser,
            state_dir: peer.state_dir.clone(),
            catalog: chosen.as_ref().map(|chosen| chosen.value().clone()),
        };
        let started_with = StartedWith {
            settings: settings.clone(),
            party_code: peer.party_code.clone(),
            catalog_named: matches!(chosen, Some(Chosen::ByUser(_))),
        };
        let logs = Logs {
            application: log,
            unpacking: UnpackLog::default(),
            games: GameLog::default(),
        };
        let (tx_events, rx_events) = mpsc::channel(EVENTS_PENDING_MAX);
        let handle = start_peer_with(
            peer,
            &games_dir,
            tx_events,
            PeerGameDB::new(),
            Arc::new(LoggingUnpacker::new(logs.unpacking.clone())),
            Arc::clone(&catalog),
        )?;
        // The peer holds the lock of its state directory from here on, so what lies there is ours.
        let (queue, first_seen) = match stay {
            Stay::On => {
                logs.attach(&facts.state_dir);
                let (queue, trouble) = tend::load(&facts.state_dir);
                let file = StateFile::Queue;
                notices.extend(trouble.map(|why| (NoticeAbout::StateFile { file }, why)));
                (Some(queue), FirstSeen::load(&facts.state_dir))
            }
            Stay::ForOneCommand => (None, FirstSeen::default()),
        };
        let takeover = Takeover {
            facts,
            games_dir,
            catalog,
            settings,
            started_with,
            queue,
            first_seen,
            logs,
            scripts,
            notices,
        };
        Ok(Self::take_over(handle, rx_events, takeover))
    }
}

/// The folder of games that is used when nobody named one; `None` if the home folder is not known.
#[must_use]
pub fn default_games_dir() -> Option<PathBuf> {
    std::env::home_dir()
        .filter(|home| !home.as_os_str().is_empty())
        .map(|home| home.join(GAMES_DIR))
}

/// The catalog that lies beside the games, if one does.
#[must_use]
pub fn catalog_beside(games_dir: &Path) -> Option<Chosen<PathBuf>> {
    let beside = games_dir.join(CATALOG_FILE);
    beside.is_file().then_some(Chosen::ByDefault(beside))
}

/// A notice of the start: what it is about, and its sentence.
type Told = (NoticeAbout, String);

fn provide_games_dir(
    dir: &Path,
    if_away: IfAway,
    notices: &mut Vec<Told>,
) -> Result<(), StartError> {
    if dir.exists() {
        return Ok(());
    }
    match if_away {
        IfAway::Made => {}
        IfAway::Awaited => return Ok(()),
        IfAway::Refused => {
            return Err(StartError::GamesDirAway {
                dir: dir.to_owned(),
            });
        }
    }
    std::fs::create_dir_all(dir).map_err(|source| StartError::GamesDir {
        dir: dir.to_owned(),
        source,
    })?;
    let path = dir.display().to_string();
    let message = format!("the games folder {path} was not there and has been made");
    notices.push((NoticeAbout::FolderMade { path }, message));
    Ok(())
}

fn open_catalog(
    chosen: Option<&Chosen<PathBuf>>,
    notices: &mut Vec<Told>,
) -> Result<Catalog, StartError> {
    let Some(chosen) = chosen else {
        return Ok(Catalog::open_party());
    };
    let (catalog, rejections) = Catalog::open(chosen.value())?;
    if let Chosen::ByDefault(path) = chosen {
        let path = path.display().to_string();
        let message = format!(
            "the catalog {path} lies beside the games and decides which of them belong to this party"
        );
        notices.push((NoticeAbout::CatalogBeside { path }, message));
    }
    notices.extend(complaints(&rejections));
    Ok(catalog)
}

fn complaints(rejections: &[RowRejection]) -> Vec<Told> {
    let mut complaints: Vec<Told> = rejections
        .iter()
        .take(REJECTIONS_TOLD_MAX)
        .map(|rejection| {
            let message = format!("the catalog has a row that is not used: {rejection}");
            (NoticeAbout::CatalogRow, message)
        })
        .collect();
    match rejections.len().saturating_sub(REJECTIONS_TOLD_MAX) {
        0 => {}
        more => {
            let rows = if more == 1 { "row" } else { "rows" };
            let message = format!(
                "the catalog has {more} more {rows} that are not used; `lanspread catalog show` lists \
                 them"
            );
            complaints.push((NoticeAbout::CatalogRows { more }, message));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use lanspread_db::{CatalogTable, RowRejectionReason};

    use super::*;

    fn rejections(count: usize) -> Vec<RowRejection> {
        let row = |row| RowRejection {
            table: CatalogTable::Games,
            row,
            game_id: "x".to_owned(),
            reason: RowRejectionReason::NoId,
        };
        (0..count)
            .map(|number| row(i64::try_from(number).expect("small")))
            .collect()
    }

    #[test]
    fn bad_rows_are_told_one_by_one_up_to_the_limit_and_counted_past_it() {
        assert_eq!(
            complaints(&rejections(REJECTIONS_TOLD_MAX)).len(),
            REJECTIONS_TOLD_MAX
        );
        let more = complaints(&rejections(REJECTIONS_TOLD_MAX + 1));
        assert_eq!(more.len(), REJECTIONS_TOLD_MAX + 1);
        assert!(
            more[REJECTIONS_TOLD_MAX].1.contains("1 more row "),
            "{more:?}"
        );
    }
}
