//! Which files a game has: those that are here, or those that would be fetched.
//!
//! Invariant: what is told is bounded, and says how much it leaves out. Guests cause no question to other
//! peers.

use std::time::Duration;

use lanspread_db::{GameFileDescription, GameId, ManifestHash, RelPath, Version};
use lanspread_peer::{CommandRefused, ErrorKind, PeerCommand, PeerEvent};
use serde::Serialize;
use tokio::{sync::broadcast::error::RecvError, time::timeout};
use ts_rs::TS;

use crate::{
    app::{App, Events},
    snapshot::Seat,
};

/// Most files of one game that are told; of further ones the number and the bytes are.
pub const FILES_TOLD_MAX: usize = 5_000;

/// How long the answers of other peers are waited for.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// The files of a game.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct GameFiles {
    /// The game.
    #[ts(type = "string")]
    pub id: GameId,
    /// Of which version.
    #[ts(type = "string")]
    pub version: Version,
    /// The manifest that lists them.
    #[ts(type = "string")]
    pub manifest: ManifestHash,
    /// Whether they lie here; otherwise they are what would be fetched.
    pub here: bool,
    /// The files, sorted by path; the first of them if there are very many.
    pub files: Vec<GameFile>,
    /// How many more there are.
    pub more: u32,
    /// Bytes of all of them.
    #[ts(type = "number")]
    pub size: u64,
}

/// One file of a game.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct GameFile {
    /// Its path below the game's root.
    #[ts(type = "string")]
    pub path: RelPath,
    /// Its bytes.
    #[ts(type = "number")]
    pub size: u64,
}

/// Whose files.
struct Of {
    id: GameId,
    version: Version,
    manifest: ManifestHash,
    here: bool,
}

impl GameFiles {
    fn new(of: Of, all: impl IntoIterator<Item = GameFileDescription>) -> Self {
        let Of {
            id,
            version,
            manifest,
            here,
        } = of;
        let mut told = Self {
            id,
            version,
            manifest,
            here,
            files: Vec::new(),
            more: 0,
            size: 0,
        };
        for file in all {
            told.size = told.size.saturating_add(file.size_bytes);
            if told.files.len() < FILES_TOLD_MAX {
                told.files.push(GameFile {
                    path: file.path,
                    size: file.size_bytes,
                });
            } else {
                told.more = told.more.saturating_add(1);
            }
        }
        told
    }
}

impl App {
    /// The files of a game: of what is here, else of what a download would fetch, for which others are
    /// asked.
    ///
    /// # Errors
    /// They are not known here and cannot be asked for, or nobody answers; the refusal says why.
    pub async fn files(&self, id: &GameId, seat: Seat) -> Result<GameFiles, CommandRefused> {
        let view = self.view();
        let Some(game) = view.games.iter().find(|game| game.id == *id) else {
            return Err(refused(
                ErrorKind::UnknownGame,
                format!("there is no game {id} at this party"),
            ));
        };
        match (game.version, game.manifest) {
            (Some(version), Some(hash)) => {
                let manifest = self.handle().manifest(id, hash).await?;
                let of = Of {
                    id: id.clone(),
                    version,
                    manifest: hash,
                    here: true,
                };
                Ok(GameFiles::new(of, manifest.descriptions()))
            }
            (Some(_), None) => Err(refused(
                ErrorKind::Busy,
                format!(
                    "the files of {id} are still being read for the first time: look again later"
                ),
            )),
            (None, _) if seat == Seat::Guest => Err(refused(
                ErrorKind::NotAllowed,
                format!("{id} is not on this PC, and guests do not ask the others"),
            )),
            (None, _) => self.ask_for_files(id).await,
        }
    }

    async fn ask_for_files(&self, id: &GameId) -> Result<GameFiles, CommandRefused> {
        // The answer may come before the command is known to be accepted.
        let events = self.events();
        let command = PeerCommand::GetGame { id: id.clone() };
        self.handle().command(command).await?;
        let answer = timeout(ANSWER_TIMEOUT, answer_to(events, id)).await;
        answer.unwrap_or_else(|_| {
            Err(refused(
                ErrorKind::Timeout,
                format!(
                    "nobody has told within {} s which files {id} has: try again later",
                    ANSWER_TIMEOUT.as_secs()
                ),
            ))
        })
    }
}

/// The answer to the question about a game, when it comes.
async fn answer_to(mut events: Events, id: &GameId) -> Result<GameFiles, CommandRefused> {
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => {
                let message = "the peer ended before the files were known".to_owned();
                return Err(refused(ErrorKind::ShuttingDown, message));
            }
        };
        if let PeerEvent::GotGameFiles {
            id: of,
            version,
            manifest,
            files,
        } = &*event
            && of == id
        {
            let of = Of {
                id: id.clone(),
                version: *version,
                manifest: *manifest,
                here: false,
            };
            return Ok(GameFiles::new(of, files.iter().cloned()));
        }
        if let PeerEvent::GetGameFailed { id: of, error } = &*event
            && of == id
        {
            return Err(refused(error.kind, error.message.clone()));
        }
    }
}

const fn refused(kind: ErrorKind, message: String) -> CommandRefused {
    CommandRefused { kind, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(count: usize) -> GameFiles {
        let id = GameId::parse("chess").expect("a valid id");
        let all = (0..count).map(|number| GameFileDescription {
            game_id: id.clone(),
            path: RelPath::parse(&format!("data/{number:05}")).expect("a valid path"),
            size_bytes: 3,
            chunks: 1,
        });
        let of = Of {
            id: id.clone(),
            version: Version::parse("20240101").expect("a version"),
            manifest: ManifestHash::of_encoding(b"x"),
            here: true,
        };
        GameFiles::new(of, all.collect::<Vec<_>>())
    }

    #[test]
    fn at_the_limit_all_files_are_told_and_past_it_how_many_more_there_are() {
        let full = told(FILES_TOLD_MAX);
        assert_eq!((full.files.len(), full.more), (FILES_TOLD_MAX, 0));
        let past = told(FILES_TOLD_MAX + 1);
        assert_eq!((past.files.len(), past.more), (FILES_TOLD_MAX, 1));
        assert_eq!(past.size, full.size + 3, "all bytes count");
    }
}
