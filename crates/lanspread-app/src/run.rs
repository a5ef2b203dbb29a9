//! Commands as users give them, carried to the peer.
//!
//! Invariant: a command is answered as soon as it is accepted or refused; what takes longer is seen in the
//! state.

use std::{path::PathBuf, sync::Arc, time::Duration};

use lanspread_db::{GameId, Script};
use lanspread_jsonl::{Command, ScriptStart, bad_input};
use lanspread_peer::{
    AfterDownload, CommandRefused, DownloadRoom, ErrorKind, LimitChanges, MessageText,
    OperationKind, OperationView, PeerCommand, PeerName, Playing,
};

use crate::{
    app::{App, lock},
    play::{Player, in_use},
    settings::Settings,
};

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ran {
    /// The peer accepted it.
    Accepted,
    /// It is no work for the peer: the interface answers it from what it can see.
    Asked(Asked),
}

/// What is asked of an interface rather than of the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// What this peer is and does.
    Status,
    /// All games.
    Games,
    /// The files of a game.
    Files(GameId),
    /// All peers.
    Peers,
    /// To wait until this many peers are known.
    WaitPeers {
        /// How many.
        count: usize,
        /// For how long at most.
        timeout: Duration,
    },
    /// To end the peer.
    Shutdown,
}

impl App {
    /// Carries out a command or has it accepted.
    ///
    /// # Errors
    /// It cannot be carried out now; the refusal says why and what to do.
    pub async fn run(self: &Arc<Self>, command: Command) -> Result<Ran, CommandRefused> {
        let Some((id, verb)) = in_use::changes(&command) else {
            return self.carry_out_command(command).await;
        };
        // A script of it has begun, and is known, or begins after this shows.
        let _turn = self.files_turn.lock().await;
        self.scripts
            .look(|scripts| in_use::check_rests(scripts, id, verb))?;
        self.carry_out_command(command).await
    }

    async fn carry_out_command(self: &Arc<Self>, command: Command) -> Result<Ran, CommandRefused> {
        let command = match command {
            Command::Status {} => return Ok(Ran::Asked(Asked::Status)),
            Command::ListGames {} => return Ok(Ran::Asked(Asked::Games)),
            Command::ListFiles { id } => return Ok(Ran::Asked(Asked::Files(id))),
            Command::ListPeers {} => return Ok(Ran::Asked(Asked::Peers)),
            Command::WaitPeers { count, timeout_ms } => {
                let timeout = Duration::from_millis(timeout_ms);
                return Ok(Ran::Asked(Asked::WaitPeers { count, timeout }));
            }
            Command::Shutdown {} => return Ok(Ran::Asked(Asked::Shutdown)),
            Command::Connect { addr } => PeerCommand::Connect { addr },
            Command::Expel { peer_id, for_s } => PeerCommand::Expel {
                peer_id,
                time: Duration::from_secs(for_s),
            },
            Command::Readmit { peer_id } => PeerCommand::Readmit { peer_id },
            Command::SetRateLimits {
                upload_bytes_per_s,
                upload_per_peer_bytes_per_s,
                download_bytes_per_s,
                download_per_peer_bytes_per_s,
            } => PeerCommand::SetRateLimits {
                changes: LimitChanges {
                    upload: upload_bytes_per_s,
                    upload_per_peer: upload_per_peer_bytes_per_s,
                    download: download_bytes_per_s,
                    download_per_peer: download_per_peer_bytes_per_s,
                },
            },
            Command::SetPlaying { playing } => PeerCommand::SetPlaying {
                playing: if playing { Playing::Yes } else { Playing::No },
            },
            Command::CheckHealth {} => {
                self.check_health();
                return Ok(Ran::Accepted);
            }
            Command::Say { text } => PeerCommand::Say {
                text: MessageText::new(&text)
                    .map_err(|error| bad_input(format!("cannot say that: {error}")))?,
            },
            Command::SetGameDir { path } => return self.change_games_dir(path).await,
            Command::SetMoreGameDirs { paths } => {
                return self.change_more_games_dirs(paths).await;
            }
            Command::GetGame { id } => self.get_game(id),
            Command::Download {
                id,
                install,
                give_up_old,
            } => download(id, install, give_up_old),
            Command::Update {
                id,
                install,
                give_up_old,
            } => {
                self.expect_here(&id)?;
                download(id, install, give_up_old)
            }
            Command::Install { id } => PeerCommand::InstallGame { id },
            Command::Uninstall { id } => return self.uninstall(id).await,
            Command::Remove { id } => PeerCommand::RemoveGame { id },
            Command::Verify { id } => PeerCommand::VerifyGame { id },
            Command::Cancel { id } => return self.cancel(id).await,
            Command::Queue {
                id,
                install,
                give_up_old,
            } => return self.queue(&id, install, give_up_old),
            Command::Pause { id } => return self.pause(&id),
            Command::Resume { id } => {
                return self.change_queue(&id, |queue| queue.pause(&id, false));
            }
            Command::Move { id, before } => {
                return self.change_queue(&id, |queue| queue.put_before(&id, before.as_ref()));
            }
            Command::ChangeSettings(change) => return self.change_settings(change).await,
            Command::Play(start) => return self.play(Script::Start, start).await,
            Command::StartServer(start) => return self.play(Script::Server, start).await,
        };
        self.handle().command(command).await.map(|()| Ran::Accepted)
    }

    async fn play(
        self: &Arc<Self>,
        script: Script,
        start: ScriptStart,
    ) -> Result<Ran, CommandRefused> {
        let ScriptStart {
            id,
            player,
            language,
        } = start;
        let language = language.or(self.settings().language).unwrap_or_default();
        let name = player.map_or_else(|| self.player_name(), |name| PeerName::new(&name));
        let player = Player {
            name: name.to_string(),
            language,
        };
        self.start_script(&id, script, player).await?;
        Ok(Ran::Accepted)
    }

    /// A download that waits is forgotten, one that runs is ended, and what has come of either is swept.
    async fn cancel(&self, id: GameId) -> Result<Ran, CommandRefused> {
        // Whoever is about to begin it has begun, or finds it forgotten.
        let _turn = self.files_turn.lock().await;
        let waited = lock(&self.queue).forget(&id);
        self.tell_news();
        match self.handle().command(PeerCommand::Cancel { id }).await {
            Ok(()) => Ok(Ran::Accepted),
            // Nothing of it is here yet.
            Err(error) if waited && error.kind == ErrorKind::NoOperation => Ok(Ran::Accepted),
            Err(error) => Err(error),
        }
    }

    /// A download that runs without having been queued is put there, so that it can go on from there.
    fn pause(&self, id: &GameId) -> Result<Ran, CommandRefused> {
        let view = self.view();
        let downloads = |it: &&OperationView| it.id == *id && it.kind == OperationKind::Download;
        let runs = view.operations.iter().find(downloads);
        self.change_queue(id, |queue| {
            if let Some(runs) = runs.filter(|_| !queue.has(id)) {
                let install = runs.after == AfterDownload::Install;
                let give_up_old = runs.room == DownloadRoom::GiveUpOld;
                queue.ask(id, install, give_up_old)?;
            }
            queue.pause(id, true)
        })
    }

    fn is_here(&self, id: &GameId) -> bool {
        self.view()
            .games
            .iter()
            .any(|game| game.id == *id && game.downloaded)
    }

    /// A game that is here already is asked for anew, past what lies here.
    fn get_game(&self, id: GameId) -> PeerCommand {
        if self.is_here(&id) {
            PeerCommand::FetchLatestFromPeers { id }
        } else {
            PeerCommand::GetGame { id }
        }
    }

    fn expect_here(&self, id: &GameId) -> Result<(), CommandRefused> {
        if self.is_here(id) {
            return Ok(());
        }
        Err(CommandRefused {
            kind: ErrorKind::NotDownloaded,
            message: format!("cannot update {id}: it is not downloaded; `download` fetches it"),
        })
    }

    async fn change_games_dir(&self, path: PathBuf) -> Result<Ran, CommandRefused> {
        let path = absolute(path);
        self.handle()
            .command(PeerCommand::SetGameDir { path: path.clone() })
            .await?;
        self.use_games_dir(path).await;
        self.keep_game_dirs().await
    }

    async fn change_more_games_dirs(&self, paths: Vec<PathBuf>) -> Result<Ran, CommandRefused> {
        let paths = paths.into_iter().map(absolute).collect();
        self.handle()
            .command(PeerCommand::SetMoreGameDirs { paths })
            .await?;
        self.check_health();
        self.keep_game_dirs().await
    }

    /// The next start uses the folders that are used now; two of them may have changed places.
    async fn keep_game_dirs(&self) -> Result<Ran, CommandRefused> {
        let mut dirs = self.handle().game_dirs().into_iter();
        let first = dirs.next();
        let more = dirs.collect();
        self.update_settings(|settings| {
            Ok(Settings {
                games_dir: first.or(settings.games_dir),
                more_games_dirs: more,
                ..settings
            })
        })
        .await
    }
}

fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

/// The order to download a game.
pub(crate) const fn download(id: GameId, install: bool, give_up_old: bool) -> PeerCommand {
    PeerCommand::DownloadGameFiles {
        id,
        then: if install {
            AfterDownload::Install
        } else {
            AfterDownload::Keep
        },
        room: if give_up_old {
            DownloadRoom::GiveUpOld
        } else {
            DownloadRoom::KeepOld
        },
    }
}
