//! Carries out what the queue of downloads and the settings ask for, and keeps both for the next start.
//!
//! Invariant: one task does it, so that nothing is begun twice, and what is on the disk is what was last
//! decided.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use lanspread_db::GameId;
use lanspread_jsonl::SettingsChange;
use lanspread_peer::{
    CommandRefused, DiskFailure, ErrorKind, OperationKind, Outcome, PeerCommand, PeerEvent,
    PeerView,
    state_file::{check_format, put_aside, read_json, write_json},
};
use serde::{Deserialize, Serialize};

use crate::{
    app::{App, lock},
    compose,
    play::in_use,
    queue::{Due, Ended, NotQueued, Queue},
    run::{Ran, download},
    settings::Settings,
    told::NoticeAbout,
};

/// The file of the queue, in the state directory.
pub const QUEUE_FILE: &str = "queue.json";

/// What a file that cannot be used is renamed to.
const DAMAGED_FILE: &str = "queue.json.damaged";

/// Longest file that is read, in bytes.
pub const QUEUE_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The format of the file.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    format: u32,
    queue: Queue,
}

/// Reads the queue of an earlier run, and what the user should know of it.
pub(crate) fn load(state_dir: &Path) -> (Queue, Option<String>) {
    let path = state_dir.join(QUEUE_FILE);
    let read = || {
        let Some(content) = read_json::<Content>(&path, QUEUE_FILE_BYTES_MAX)? else {
            return Ok(Queue::default());
        };
        check_format(content.format, FORMAT)?;
        Ok::<_, String>(content.queue)
    };
    match read() {
        Ok(queue) => (queue, None),
        Err(why) => {
            let kept = put_aside(&path, DAMAGED_FILE);
            let trouble = format!(
                "the downloads that waited in {} cannot be read ({why}); {kept}",
                path.display()
            );
            (Queue::default(), Some(trouble))
        }
    }
}

/// Whether somebody has what this party plays of a game.
fn is_offered(view: &PeerView, id: &GameId) -> bool {
    let found = view.games.binary_search_by(|game| game.id.cmp(id));
    found.is_ok_and(|at| !view.games[at].peers.is_empty())
}

fn save(path: &Path, queue: Queue) -> Result<(), DiskFailure> {
    let format = FORMAT;
    write_json(path, &Content { format, queue })
}

async fn keep(path: &Path, queue: Queue) -> Result<(), String> {
    let file: PathBuf = path.to_owned();
    let kept = tokio::task::spawn_blocking(move || save(&file, queue)).await;
    match kept {
        Ok(kept) => kept.map_err(|why| why.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

impl App {
    /// Does what is due, until the peer ends.
    pub(crate) async fn tend(self: Arc<Self>) {
        let path = self.facts().state_dir.join(QUEUE_FILE);
        let mut views = self.handle().game_db().subscribe();
        let mut news = self.news();
        let mut kept = lock(&self.queue).clone();
        let mut seen = None;
        let mut is_kept = true;
        self.ready().cancelled().await;
        loop {
            views.mark_unchanged();
            news.mark_unchanged();
            let runs = compose::runs(&self.view());
            lock(&self.queue).look_again(&runs);
            while let Some(due) = self.due() {
                self.carry_out(due).await;
            }
            let queue = lock(&self.queue).clone();
            if queue != kept {
                match keep(&path, queue.clone()).await {
                    Ok(()) => (kept, is_kept) = (queue, true),
                    // It is tried again at whatever comes next, and told once.
                    Err(why) => {
                        if std::mem::replace(&mut is_kept, false) {
                            self.notice(NoticeAbout::QueueNotKept, why);
                        }
                    }
                }
            }
            let view = self.view();
            // Most views bring progress and the same games.
            if !seen
                .as_ref()
                .is_some_and(|seen| Arc::ptr_eq(seen, &view.games))
            {
                self.note_seen(&view);
                self.keep_seen().await;
                seen = Some(Arc::clone(&view.games));
            }
            tokio::select! {
                Ok(()) = views.changed() => {}
                Ok(()) = news.changed() => {}
                () = self.ended().cancelled() => return,
            }
        }
    }

    fn due(&self) -> Option<Due> {
        if self.leave().is_cancelled() {
            return None;
        }
        let view = self.view();
        let runs = compose::runs(&view);
        // A game that is played takes its turn when it has ended.
        self.scripts.look(|scripts| {
            let may_come = |id: &GameId| is_offered(&view, id) && !in_use::is_played(scripts, id);
            lock(&self.queue).due(&runs, may_come)
        })
    }

    async fn carry_out(&self, due: Due) {
        match due {
            Due::Begin(asked) => {
                let _turn = self.files_turn.lock().await;
                let is_played = self
                    .scripts
                    .look(|scripts| in_use::is_played(scripts, &asked.id));
                if is_played || !lock(&self.queue).begun(&asked.id) {
                    return;
                }
                let command = download(asked.id.clone(), asked.install, asked.give_up_old);
                match self.handle().command(command).await {
                    // Whatever runs on it shows in the next view.
                    Ok(()) => {}
                    Err(error) if error.kind == ErrorKind::ShuttingDown => {}
                    // Whoever had it went away a moment ago, or something else runs on it.
                    Err(error) if matches!(error.kind, ErrorKind::NoSource | ErrorKind::Busy) => {
                        tracing::info!(game = %asked.id, %error, "a download waits for its turn again");
                        lock(&self.queue).put_off(&asked.id);
                    }
                    Err(error) => {
                        lock(&self.queue).forget(&asked.id);
                        let about = NoticeAbout::game_failed(&asked.id, error.kind);
                        self.notice(about, error.message);
                    }
                }
            }
            Due::Rest(id) => {
                lock(&self.queue).ends(&id);
                let pause = PeerCommand::Pause { id: id.clone() };
                if let Err(error) = self.handle().command(pause).await {
                    // Mostly it has everything already, and is gone from here when it ends.
                    tracing::debug!(game = %id, %error, "a download cannot rest at the moment");
                    lock(&self.queue).goes_on(&id);
                }
            }
        }
    }

    async fn keep_seen(&self) {
        let Some(seen) = lock(&self.first_seen).take_news() else {
            return;
        };
        let state_dir = self.facts().state_dir.clone();
        let kept = tokio::task::spawn_blocking(move || seen.save(&state_dir)).await;
        if let Ok(Err(why)) = kept {
            lock(&self.first_seen).not_kept();
            tracing::warn!(%why, "when games were first seen is not kept");
        }
    }

    /// Notes in the queue what became of a download; whether that download only rests.
    pub(crate) fn note_in_queue(&self, event: &PeerEvent) -> bool {
        let PeerEvent::OperationEnded {
            id,
            kind: OperationKind::Download,
            outcome,
        } = event
        else {
            return false;
        };
        let how = match outcome {
            Outcome::Cancelled => Ended::ToRest,
            Outcome::Failed(error) if error.kind == ErrorKind::ShuttingDown => Ended::WithPeer,
            Outcome::Failed(_) | Outcome::Finished(_) => Ended::ByItself,
        };
        let mut queue = lock(&self.queue);
        let rests = how == Ended::ToRest && queue.has(id);
        queue.ended(id, how);
        rests
    }

    /// Puts a download into the queue, if somebody offers it.
    pub(crate) fn queue(
        &self,
        id: &GameId,
        install: bool,
        give_up_old: bool,
    ) -> Result<Ran, CommandRefused> {
        if !is_offered(&self.view(), id) && !lock(&self.queue).has(id) {
            return Err(CommandRefused {
                kind: ErrorKind::NoSource,
                message: format!("no peer that is connected has {id} as this party plays it"),
            });
        }
        self.change_queue(id, |queue| queue.ask(id, install, give_up_old))
    }

    /// Changes the queue, and wakes up whoever carries it out.
    pub(crate) fn change_queue(
        &self,
        id: &GameId,
        change: impl FnOnce(&mut Queue) -> Result<(), NotQueued>,
    ) -> Result<Ran, CommandRefused> {
        let changed = change(&mut lock(&self.queue));
        changed.map_err(|why| match why {
            NotQueued::Full => CommandRefused {
                kind: ErrorKind::Busy,
                message: format!(
                    "{id} is not downloaded: {} downloads wait already; cancel one",
                    crate::queue::QUEUE_MAX
                ),
            },
            NotQueued::Unknown => CommandRefused {
                kind: ErrorKind::NoOperation,
                message: format!(
                    "no download of {id}, or of the game that was named beside it, waits here"
                ),
            },
        })?;
        self.tell_news();
        Ok(Ran::Accepted)
    }

    /// Keeps what the user wishes from here on.
    pub(crate) async fn change_settings(
        &self,
        change: SettingsChange,
    ) -> Result<Ran, CommandRefused> {
        let says_guests = change.guests.is_some();
        let ran = self
            .update_settings(|settings| settings.with(change))
            .await?;
        if says_guests {
            self.follow_settings_on_guests();
            self.tell_news();
        }
        Ok(ran)
    }

    /// Changes the settings and writes them, one change after the other.
    pub(crate) async fn update_settings(
        &self,
        change: impl FnOnce(Settings) -> Result<Settings, CommandRefused>,
    ) -> Result<Ran, CommandRefused> {
        let _turn = self.settings_turn.lock().await;
        let settings = change(self.settings())?;
        let (written, state_dir) = (settings.clone(), self.facts().state_dir.clone());
        let saved = tokio::task::spawn_blocking(move || written.save(&state_dir)).await;
        let refused = |kind, message| CommandRefused { kind, message };
        saved
            .map_err(|error| refused(ErrorKind::Io, error.to_string()))?
            .map_err(|why| refused(why.kind.error_kind(), why.message))?;
        self.settings.send_replace(settings);
        self.tell_news();
        Ok(Ran::Accepted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waited_waits_after_a_restart_and_a_broken_file_is_put_aside() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut queue = Queue::default();
        let id = GameId::parse("chess").expect("a valid id");
        queue.ask(&id, true, false).expect("room");
        queue.pause(&id, true).expect("it is there");
        let path = dir.path().join(QUEUE_FILE);
        save(&path, queue.clone()).expect("writable");
        assert_eq!(load(dir.path()), (queue, None));
        let too_long = " ".repeat(usize::try_from(QUEUE_FILE_BYTES_MAX).expect("small") + 1);
        for broken in ["{", &too_long] {
            std::fs::write(&path, broken).expect("writable");
            let (queue, trouble) = load(dir.path());
            assert!(queue == Queue::default() && trouble.is_some());
            assert!(dir.path().join(DAMAGED_FILE).exists());
        }
    }
}
