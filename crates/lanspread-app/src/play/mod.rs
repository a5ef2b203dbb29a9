//! Playing a game that is unpacked: its scripts, the player's name and language in its files, what runs.
//!
//! Invariant: the user's own files are touched by [`stamp`] alone, once after each install or update, and a
//! game goes on when Lanspread ends.

mod alive;
mod console;
mod first_start;
pub(crate) mod in_use;
mod outlive;
mod process;
mod running;
mod scripts;
mod stamp;
mod uninstall;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use lanspread_db::{GameId, INSTALL_DIR, Script};
use lanspread_jsonl::Language;
use lanspread_peer::{CommandRefused, ErrorKind};

use outlive::Notebook;
use process::ScriptFailure;

pub use outlive::{RUNNING_DIR, RUNNING_FILE_BYTES_MAX, RUNNING_FILES_MAX};
pub use process::LOG_BYTES_MAX;
pub(crate) use running::RunningScripts;
pub use running::Scripts;
pub use stamp::{INI_BYTES_MAX, STAMP_ENTRIES_MAX};

use crate::{
    app::{App, unix_ms},
    compose::millis,
    logs::{GameResult, GameRun},
    told::{NoticeAbout, ScriptFault},
};

/// Who plays, as games are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Player {
    pub(crate) name: String,
    pub(crate) language: Language,
}

/// A script that is about to run.
struct Launch {
    id: GameId,
    root: PathBuf,
    script: Script,
    file: PathBuf,
    player: Player,
}

impl App {
    /// Starts a script of a game that is unpacked; what has to be done once before is done first.
    ///
    /// # Errors
    /// It is not unpacked, has no such script, runs already, or its files are being changed.
    pub(crate) async fn start_script(
        self: &Arc<Self>,
        id: &GameId,
        script: Script,
        player: Player,
    ) -> Result<(), CommandRefused> {
        let installed = |game: &&lanspread_peer::GameView| game.id == *id && game.installed;
        if !self.view().games.iter().any(|game| installed(&game)) {
            return Err(refused(
                ErrorKind::NotInstalled,
                format!("cannot start {id}: it is not unpacked here; `install` unpacks it"),
            ));
        }
        let root = self.handle().game_root(id).await;
        let file = find(&root, script)
            .await
            .map_err(|why| refused(ErrorKind::Io, format!("cannot start {id}: {why}")))?
            .ok_or_else(|| {
                let name = script.file_name();
                let message = format!(
                    "cannot start {id}: it has no {name}; open {} and start it by hand",
                    root.join(INSTALL_DIR).display()
                );
                refused(ErrorKind::NoScript, message)
            })?;
        {
            // Whatever changes its files has begun, and shows, or begins after this.
            let _turn = self.files_turn.lock().await;
            in_use::check_startable(&self.view().operations, id)?;
            self.scripts.look(|runs| in_use::check_prepared(runs, id))?;
            if !self.script_begins(id, script) {
                return Err(refused(
                    ErrorKind::Busy,
                    format!("{id} runs already; end it first"),
                ));
            }
        }
        let launch = Launch {
            id: id.clone(),
            root,
            script,
            file,
            player,
        };
        tokio::spawn(Arc::clone(self).launch(launch));
        Ok(())
    }

    async fn launch(self: Arc<Self>, launch: Launch) {
        let result = self.prepare_and_run(&launch).await;
        let Launch { id, script, .. } = launch;
        let app = self.heir();
        // Told before it ends, so that whoever waits for the end knows how it was.
        if let Err(ScriptFailure { fault, message }) = result {
            app.tell_failed(&id, script, fault, message);
        }
        app.script_ended(&id, script);
    }

    /// The app that is told what becomes of a script: another one, if this one has made room for it.
    fn heir(self: &Arc<Self>) -> Arc<Self> {
        self.scripts.app().unwrap_or_else(|| Arc::clone(self))
    }

    /// Tells that a script of a game failed.
    fn tell_failed(&self, id: &GameId, script: Script, fault: ScriptFault, message: String) {
        let id = id.clone();
        self.notice(NoticeAbout::ScriptFailed { id, script, fault }, message);
    }

    async fn prepare_and_run(self: &Arc<Self>, launch: &Launch) -> Result<(), ScriptFailure> {
        self.prepare(launch).await?;
        let ran = self.run_script(launch).await;
        ran.map_err(|failure| failure.told(|why| format!("{}: {why}", launch.id)))
    }

    /// What is done once before the first start.
    async fn prepare(self: &Arc<Self>, launch: &Launch) -> Result<(), ScriptFailure> {
        let record = self
            .facts()
            .state_dir
            .join("played")
            .join(launch.id.as_str());
        if first_start::is_new(&launch.root, &record).await?.is_none() {
            return Ok(());
        }
        // Its game and its server may be started at the same moment.
        if !self.script_begins(&launch.id, Script::Setup) {
            let id = &launch.id;
            return Err(format!("{id} was not started: its setup runs; wait for its end").into());
        }
        let prepared = self.prepare_new(launch, &record).await;
        self.heir().script_ended(&launch.id, Script::Setup);
        prepared
    }

    async fn prepare_new(
        self: &Arc<Self>,
        launch: &Launch,
        record: &Path,
    ) -> Result<(), ScriptFailure> {
        // Whoever prepared it a moment ago has ended since.
        let Some(install) = first_start::is_new(&launch.root, record).await? else {
            return Ok(());
        };
        let notes = first_start::stamp(&launch.root, &launch.player).await?;
        for note in notes {
            tracing::info!(game = %launch.id, note, "a file of the game was told who plays");
        }
        if let Some(file) = find(&launch.root, Script::Setup).await? {
            let setup = Launch {
                id: launch.id.clone(),
                root: launch.root.clone(),
                script: Script::Setup,
                file,
                player: launch.player.clone(),
            };
            self.run_script(&setup).await.map_err(|failure| {
                failure.told(|why| format!("{} was not started: {why}", launch.id))
            })?;
        }
        first_start::record(record, &install).await?;
        Ok(())
    }

    async fn run_script(self: &Arc<Self>, launch: &Launch) -> Result<(), ScriptFailure> {
        let log = self.script_log(&launch.id, launch.script);
        let notebook = Notebook::new(
            &self.facts().state_dir,
            &launch.id,
            launch.script,
            launch.file_name(),
        );
        let began = Instant::now();
        let ran = process::run(&launch.run(&log, Some(&notebook))).await;
        self.heir()
            .keep_run(launch.over(began.elapsed(), ran.as_ref().err()));
        ran
    }

    /// Keeps what became of a script and what it said, since its file begins anew with its next run.
    fn keep_run(&self, over: Over) {
        let mut output = process::output(&self.script_log(&over.id, over.script));
        // What was said last stands in it already.
        let words = over.words.filter(|_| output.is_empty());
        output.extend(words);
        self.logs.games.add(GameRun {
            number: 0,
            at_ms: unix_ms(),
            id: over.id,
            script: over.script,
            file: over.file,
            elapsed_ms: millis(over.elapsed),
            result: over.result,
            output,
        });
    }

    /// Where a script's output is kept until it runs again.
    fn script_log(&self, id: &GameId, script: Script) -> PathBuf {
        let name = format!("{id}.{}.log", script.as_str());
        self.facts().state_dir.join("logs").join(name)
    }
}

/// A script that has ended.
struct Over {
    id: GameId,
    script: Script,
    /// The name of its file.
    file: String,
    elapsed: Duration,
    result: GameResult,
    /// What is kept if it said nothing itself.
    words: Option<String>,
}

impl Launch {
    fn run<'a>(&'a self, log: &'a Path, notebook: Option<&'a Notebook>) -> process::Run<'a> {
        process::Run {
            script: self.script,
            file: &self.file,
            arguments: self.arguments(),
            root: &self.root,
            log,
            notebook,
        }
    }

    /// What the script's file is called.
    fn file_name(&self) -> String {
        let name = self.file.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The script, when it has ended.
    fn over(&self, elapsed: Duration, failure: Option<&ScriptFailure>) -> Over {
        Over {
            id: self.id.clone(),
            script: self.script,
            file: self.file_name(),
            elapsed,
            result: match failure {
                None => GameResult::Ended,
                Some(_) => GameResult::Failed,
            },
            words: failure.map(|failure| failure.message.clone()),
        }
    }

    /// What every script is called with: game path, id, language, player name.
    fn arguments(&self) -> [String; 4] {
        [
            self.root.to_string_lossy().into_owned(),
            self.id.to_string(),
            self.player.language.as_str().to_owned(),
            self.player.name.clone(),
        ]
    }
}

/// Where a script of a game lies.
async fn find(root: &Path, script: Script) -> Result<Option<PathBuf>, String> {
    let root = root.to_owned();
    blocking(move || {
        scripts::find(&root, script)
            .map_err(|error| format!("{} cannot be read: {error}", root.display()))
    })
    .await
}

/// Runs what waits for a disk where it holds up nobody else.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(error.to_string()))
}

fn refused(kind: ErrorKind, message: String) -> CommandRefused {
    CommandRefused { kind, message }
}
