//! What a game wants done before what is unpacked of it is deleted.
//!
//! Invariant: its script has so long and no longer, and whatever becomes of it, the game is uninstalled. The
//! command is answered before the script has ended.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use lanspread_db::{GameId, Script};
use lanspread_peer::{CommandRefused, PeerCommand};

use super::{Launch, Player, find, process};
use crate::{app::App, run::Ran, told::NoticeAbout};

/// How long a script has before what is unpacked is deleted.
const PATIENCE: Duration = Duration::from_mins(1);

impl App {
    /// Uninstalls a game, after its script for that, if it has one. Whoever calls it has the turn to change
    /// the game's files.
    ///
    /// # Errors
    /// The peer refuses it.
    pub(crate) async fn uninstall(self: &Arc<Self>, id: GameId) -> Result<Ran, CommandRefused> {
        let Some(launch) = self.to_run_before(&id).await else {
            let uninstalls = self.handle().command(PeerCommand::UninstallGame { id });
            return uninstalls.await.map(|()| Ran::Accepted);
        };
        self.script_begins(&id, Script::Uninstall);
        tokio::spawn(Arc::clone(self).uninstall_after(launch));
        Ok(Ran::Accepted)
    }

    /// The script that runs before; `None` if there is none, or if the peer refuses the uninstall anyway.
    async fn to_run_before(&self, id: &GameId) -> Option<Launch> {
        let view = self.view();
        let has_script = view.games.iter().any(|game| {
            game.id == *id && game.installed && game.scripts.contains(&Script::Uninstall)
        });
        if !has_script || view.operations.iter().any(|it| it.id == *id) {
            return None;
        }
        let root = self.handle().game_root(id).await;
        // What cannot be read cannot be run; the uninstall says what is wrong with the folder.
        let file = find(&root, Script::Uninstall).await.ok().flatten()?;
        Some(Launch {
            id: id.clone(),
            root,
            script: Script::Uninstall,
            file,
            player: Player {
                name: self.player_name().to_string(),
                language: self.settings().language.unwrap_or_default(),
            },
        })
    }

    async fn uninstall_after(self: Arc<Self>, launch: Launch) {
        let log = self.script_log(&launch.id, launch.script);
        let began = Instant::now();
        let ran = process::run_for(&launch.run(&log, None), PATIENCE).await;
        let app = self.heir();
        app.keep_run(launch.over(began.elapsed(), ran.as_ref().err()));
        let id = launch.id;
        if let Err(failure) = ran {
            let message = format!("{id} is uninstalled all the same: {}", failure.message);
            app.tell_failed(&id, Script::Uninstall, failure.fault, message);
        }
        // Nothing is started between the script and what it was to prepare.
        let _turn = app.files_turn.lock().await;
        app.script_ended(&id, Script::Uninstall);
        let uninstalls = PeerCommand::UninstallGame { id: id.clone() };
        if let Err(error) = app.handle().command(uninstalls).await {
            app.notice(NoticeAbout::game_failed(&id, error.kind), error.message);
        }
    }
}
