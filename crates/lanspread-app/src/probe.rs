//! Tries whether the folder of games can be written to: a folder that can only be read shares its games, and
//! fails a download hours later.
//!
//! Invariant: nothing is left in the folder, however the program ends; at most one try is under way, on a
//! thread of its own, and one that hangs with its disk is not waited for.

use std::{
    error::Error,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use crate::{
    app::{App, lock, unix_ms},
    health::{FolderCheck, FolderFault},
    told::NoticeAbout,
};

/// How long a disk may take: one that sleeps needs some seconds to wake.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is written.
const PROBE: &[u8] = b"lanspread";

/// Tries, one after the other.
#[derive(Debug)]
struct Prober {
    patience: Duration,
    running: Option<oneshot::Receiver<io::Result<()>>>,
}

impl Default for Prober {
    fn default() -> Self {
        Self {
            patience: PATIENCE,
            running: None,
        }
    }
}

impl Prober {
    async fn probe(&mut self, dir: PathBuf) -> io::Result<()> {
        if let Some(running) = &mut self.running {
            // The disk that hung is given its time again; nothing more is asked of it meanwhile.
            drop(timeout(self.patience, running).await.map_err(|_| hangs())?);
        }
        let (tx, rx) = oneshot::channel();
        self.running = None;
        std::thread::Builder::new()
            .name("probe".to_owned())
            .spawn(move || drop(tx.send(write_into(&dir))))?;
        let running = self.running.insert(rx);
        let written = timeout(self.patience, running).await.map_err(|_| hangs())?;
        self.running = None;
        written.unwrap_or_else(|_| Err(io::Error::other("the try failed")))
    }
}

fn hangs() -> io::Error {
    let text = format!("the disk has not answered for {} s", PATIENCE.as_secs());
    io::Error::new(io::ErrorKind::TimedOut, text)
}

/// Writes into a file that has no name, or, where the system knows no such file, one that the system deletes
/// when it is closed.
fn write_into(dir: &Path) -> io::Result<()> {
    let mut file = tempfile::tempfile_in(dir)?;
    file.write_all(PROBE)?;
    file.flush()
}

/// What a try came to, for people.
fn told(dir: &Path, at_ms: u64, written: io::Result<()>) -> FolderCheck {
    match written {
        Ok(()) => FolderCheck::Writable { at_ms },
        // That is told of the folder itself, as long as it is so.
        Err(error) if error.kind() == io::ErrorKind::NotFound => FolderCheck::Unknown,
        Err(error) => FolderCheck::ReadOnly {
            at_ms,
            fault: FolderFault::from(error.kind()),
            message: format!(
                "{} cannot be written to ({}): its games can be shared, and none can be fetched or unpacked",
                dir.display(),
                cause(&error)
            ),
        },
    }
}

/// What the system says, without the name of the file that was tried.
fn cause(error: &io::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

impl App {
    /// Has the folder of games tried again.
    pub(crate) fn check_health(&self) {
        self.folder_wanted.notify_one();
    }

    /// Keeps what was found of the folder, and tells the user when it turns.
    fn folder_is(&self, found: FolderCheck) {
        let before = std::mem::replace(&mut *lock(&self.folder), found.clone());
        let (about, message) = match (before, found) {
            (FolderCheck::ReadOnly { .. }, FolderCheck::Writable { .. }) => (
                NoticeAbout::FolderWritable,
                "the games folder can be written to again".to_owned(),
            ),
            (
                FolderCheck::Unknown | FolderCheck::Writable { .. },
                FolderCheck::ReadOnly { fault, message, .. },
            ) => (NoticeAbout::FolderReadOnly { fault }, message),
            (
                _,
                FolderCheck::Unknown | FolderCheck::Writable { .. } | FolderCheck::ReadOnly { .. },
            ) => return self.tell_news(),
        };
        self.notice(about, message);
    }

    /// Tries the folder of games at the start, when it is another one or comes back, and when somebody asks, and
    /// takes in what the clocks of others say, until the peer ends.
    pub(crate) async fn watch_health(self: Arc<Self>) {
        let mut views = self.handle().game_db().subscribe();
        let mut adapters = self.handle().adapters().clone();
        let mut prober = Prober::default();
        let mut is_gone = false;
        self.check_health();
        loop {
            tokio::select! {
                () = self.folder_wanted.notified() => {
                    let dir = self.games_dir();
                    let written = prober.probe(dir.clone()).await;
                    self.folder_is(told(&dir, unix_ms(), written));
                }
                Ok(()) = views.changed() => {
                    let view = Arc::clone(&views.borrow_and_update());
                    if lock(&self.clocks).hear(self.uptime(), &view.peers) {
                        self.tell_news();
                    }
                    let gone = view.game_dir_problem.is_some();
                    if is_gone && !gone {
                        self.check_health();
                    }
                    is_gone = gone;
                }
                Ok(()) = adapters.changed() => self.tell_news(),
                () = self.ended().cancelled() => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_is_tried_and_nothing_is_left_in_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut prober = Prober::default();
        for _ in 0..2 {
            let written = prober.probe(dir.path().to_owned()).await;
            let told = told(dir.path(), 7, written);
            assert_eq!(told, FolderCheck::Writable { at_ms: 7 });
        }
        let left = std::fs::read_dir(dir.path()).expect("readable").count();
        assert_eq!(left, 0);
        let gone = dir.path().join("gone");
        let written = prober.probe(gone.clone()).await;
        assert_eq!(told(&gone, 7, written), FolderCheck::Unknown);
    }

    #[tokio::test]
    async fn a_disk_that_hangs_is_told_and_not_asked_a_second_time() {
        let dir = tempfile::tempdir().expect("a directory");
        let (tx, rx) = oneshot::channel();
        let mut prober = Prober {
            patience: Duration::from_millis(1),
            running: Some(rx),
        };
        let written = prober.probe(dir.path().to_owned()).await;
        let FolderCheck::ReadOnly { fault, message, .. } = told(dir.path(), 7, written) else {
            panic!("it hangs");
        };
        assert_eq!(fault, FolderFault::Hangs);
        assert!(message.contains("has not answered"), "{message}");
        assert!(!tx.is_closed(), "the first try is still under way");
    }

    #[test]
    fn why_it_cannot_be_written_is_said_without_the_name_that_was_tried() {
        let inner = io::Error::from(io::ErrorKind::PermissionDenied);
        let outer = io::Error::new(io::ErrorKind::PermissionDenied, inner);
        let told = told(Path::new("/games"), 7, Err(outer));
        let FolderCheck::ReadOnly { fault, message, .. } = told else {
            panic!("it cannot be written");
        };
        assert_eq!(fault, FolderFault::NotAllowed);
        let why = "/games cannot be written to (permission denied): ";
        assert!(message.starts_with(why), "{message}");
    }
}
