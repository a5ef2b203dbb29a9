//! What an earlier run of the program started and what still runs: a game outlives Lanspread.
//!
//! Invariant: what is noted of a script counts only while its very process is there, and costs nothing when
//! it cannot be used.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use lanspread_db::{GameId, Script};
use lanspread_peer::state_file::{check_format, read_json};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::{
    Over,
    alive::Process,
    console::Told,
    process::{is_well, read_told, told_beside},
};
use crate::{
    app::{App, unix_ms},
    logs::GameResult,
};

/// The folder of the state directory in which scripts that run are noted.
pub const RUNNING_DIR: &str = "running";

/// Longest note that is read, in bytes.
pub const RUNNING_FILE_BYTES_MAX: u64 = 4096;

/// Most notes that are read; each is of a game that ran when the program ended.
pub const RUNNING_FILES_MAX: usize = 256;

/// The format of a note.
const FORMAT: u32 = 1;

/// How often it is looked whether a script still runs.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A script that runs, as a program that starts later has to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    format: u32,
    id: GameId,
    script: Script,
    /// The name of the script's file.
    file: String,
    process: Process,
}

/// Where a script is noted while it runs.
#[derive(Debug, Clone)]
pub(super) struct Notebook {
    path: PathBuf,
    id: GameId,
    script: Script,
    file: String,
}

impl Notebook {
    pub(super) fn new(state_dir: &Path, id: &GameId, script: Script, file: String) -> Self {
        let name = format!("{id}.{}.json", script.as_str());
        Self {
            path: state_dir.join(RUNNING_DIR).join(name),
            id: id.clone(),
            script,
            file,
        }
    }

    /// Notes the process that the script is. It is not made to outlive a power cut, since no process does.
    pub(super) fn begins(&self, process: Process) {
        let note = Note {
            format: FORMAT,
            id: self.id.clone(),
            script: self.script,
            file: self.file.clone(),
            process,
        };
        let keep = || {
            fs::create_dir_all(self.path.parent().unwrap_or(&self.path))?;
            fs::write(&self.path, serde_json::to_vec_pretty(&note)?)
        };
        if let Err(error) = keep() {
            let note = self.path.display();
            tracing::warn!(%note, %error, "a game that runs cannot be noted; the next start will not know of it");
        }
    }

    /// Forgets the script, which has ended.
    pub(super) fn ends(&self) {
        forget(&self.path);
    }
}

fn forget(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(note = %path.display(), %error, "the note of a game that ran cannot be removed");
    }
}

/// What was noted by an earlier run, each with its file. What cannot be read is a line of the log and gone.
fn notes(state_dir: &Path) -> Vec<(PathBuf, Note)> {
    let Ok(entries) = fs::read_dir(state_dir.join(RUNNING_DIR)) else {
        return Vec::new();
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let read = |path: PathBuf| match read(&path) {
        Ok(note) => Some((path, note?)),
        Err(why) => {
            tracing::warn!(note = %path.display(), why, "the note of a game that ran cannot be used");
            forget(&path);
            None
        }
    };
    paths.take(RUNNING_FILES_MAX).filter_map(read).collect()
}

fn read(path: &Path) -> Result<Option<Note>, String> {
    let note = read_json::<Note>(path, RUNNING_FILE_BYTES_MAX)?;
    if let Some(note) = &note {
        check_format(note.format, FORMAT)?;
    }
    Ok(note)
}

/// How a script ended that this program did not start; `None` while it runs.
fn ended(note: &Note, log: &Path) -> Option<GameResult> {
    match read_told(&told_beside(log)) {
        Told::Ended(code) => Some(if is_well(code) {
            GameResult::Ended
        } else {
            GameResult::Failed
        }),
        // Who is nobody's child leaves no status.
        Told::Nothing | Told::Runs(_) => (!note.process.is_alive()).then_some(GameResult::Ended),
    }
}

impl App {
    /// Takes up what an earlier run of the program started and what still runs, once for a program.
    pub(crate) fn take_up_scripts(self: &Arc<Self>) {
        if !self.scripts.are_to_be_taken_up() {
            return;
        }
        for (path, note) in notes(&self.facts().state_dir) {
            let log = self.script_log(&note.id, note.script);
            let began_ms = note.process.began_ms();
            if ended(&note, &log).is_none()
                && self.scripts.begin_at(&note.id, note.script, began_ms)
            {
                tokio::spawn(Arc::clone(self).await_end(path, note));
            } else {
                tidy(&path, &log);
            }
        }
    }

    async fn await_end(self: Arc<Self>, path: PathBuf, note: Note) {
        let log = self.script_log(&note.id, note.script);
        let result = loop {
            if let Some(result) = ended(&note, &log) {
                break result;
            }
            sleep(LOOK_EVERY).await;
        };
        tidy(&path, &log);
        let app = self.heir();
        let Note {
            id,
            script,
            file,
            process,
            ..
        } = note;
        app.keep_run(Over {
            id: id.clone(),
            script,
            file,
            elapsed: Duration::from_millis(unix_ms().saturating_sub(process.began_ms())),
            result,
            words: None,
        });
        app.script_ended(&id, script);
    }
}

fn tidy(path: &Path, log: &Path) {
    forget(path);
    forget(&told_beside(log));
}

#[cfg(test)]
mod tests {
    use lanspread_testbed::state_files::{Format, broken};

    use super::*;

    fn notebook(dir: &Path, id: &str) -> Notebook {
        let id = GameId::parse(id).expect("a valid id");
        Notebook::new(dir, &id, Script::Start, "game_start.sh".to_owned())
    }

    fn this_process() -> Process {
        Process::with_id(std::process::id()).expect("this is one")
    }

    #[test]
    fn a_script_is_noted_from_its_beginning_to_its_end() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(notes(dir.path()), []);
        let notebook = notebook(dir.path(), "chess");
        notebook.begins(this_process());
        let found = notes(dir.path());
        let [(path, note)] = &found[..] else {
            panic!("one is noted: {found:?}");
        };
        assert_eq!((path, note.id.as_str()), (&notebook.path, "chess"));
        assert_eq!((note.script, &*note.file), (Script::Start, "game_start.sh"));
        assert_eq!(ended(note, Path::new("/nowhere/x.log")), None);
        notebook.ends();
        assert_eq!(notes(dir.path()), []);
        notebook.ends();
    }

    #[test]
    fn a_note_that_cannot_be_used_is_gone_and_one_at_the_limit_is_read() {
        let dir = tempfile::tempdir().expect("a directory");
        let notebook = notebook(dir.path(), "chess");
        notebook.begins(this_process());
        let sound = fs::read(&notebook.path).expect("written");
        let length = usize::try_from(RUNNING_FILE_BYTES_MAX).expect("small");
        let filled = |length: usize| [&sound[..], &vec![b' '; length - sound.len()]].concat();
        fs::write(&notebook.path, filled(length)).expect("writable");
        assert_eq!(notes(dir.path()).len(), 1);
        fs::write(&notebook.path, filled(length + 1)).expect("writable");
        assert_eq!(notes(dir.path()), []);
        for way in broken(&sound, Format::Json(FORMAT)) {
            fs::write(&notebook.path, &way.bytes).expect("writable");
            let is_read = !notes(dir.path()).is_empty();
            assert_eq!(is_read, notebook.path.exists(), "{}", way.how);
        }
    }

    #[test]
    fn so_many_notes_are_read_and_no_more() {
        let dir = tempfile::tempdir().expect("a directory");
        for number in 0..=RUNNING_FILES_MAX {
            notebook(dir.path(), &format!("game{number}")).begins(this_process());
        }
        assert_eq!(notes(dir.path()).len(), RUNNING_FILES_MAX);
    }

    #[test]
    fn a_server_in_a_terminal_has_ended_when_it_says_so() {
        let dir = tempfile::tempdir().expect("a directory");
        notebook(dir.path(), "chess").begins(this_process());
        let (_, note) = notes(dir.path()).remove(0);
        let log = dir.path().join("chess.server.log");
        for (told, expected) in [
            ("runs 1\n", None),
            ("ended 0\n", Some(GameResult::Ended)),
            ("ended 3\n", Some(GameResult::Failed)),
        ] {
            fs::write(told_beside(&log), told).expect("writable");
            assert_eq!(ended(&note, &log), expected, "{told}");
        }
    }
}
