//! Tries whether the folders of games can be written to: a folder that can only be read shares its games, and
//! fails a download hours later.
//!
//! Invariant: nothing is left in a folder, however the program ends; at most one try of it is under way, on a
//! thread of its own, and one that hangs with its disk is not waited for.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use lanspread_peer::PeerView;
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

/// Tries of one folder, one after the other.
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
            path: dir.to_string_lossy().into_owned(),
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

/// What the tries of several folders come to: the first that cannot be written to counts, and one that is not there
/// does not.
fn together(found: impl IntoIterator<Item = FolderCheck>) -> FolderCheck {
    let rank = |check: &FolderCheck| match check {
        FolderCheck::ReadOnly { .. } => 0,
        FolderCheck::Writable { .. } => 1,
        FolderCheck::Unknown => 2,
    };
    found.into_iter().min_by_key(rank).unwrap_or_default()
}

/// The folders that cannot be read.
fn gone(view: &PeerView) -> BTreeSet<Option<PathBuf>> {
    let first = view.game_dir_problem.as_ref().map(|_| None);
    let more = view.more_game_dirs.iter();
    let more = more.filter(|dir| dir.problem.is_some());
    first
        .into_iter()
        .chain(more.map(|dir| Some(dir.path.clone())))
        .collect()
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
    /// Has the folders of games tried again.
    pub(crate) fn check_health(&self) {
        self.folder_wanted.notify_one();
    }

    /// Keeps what was found of the folders, and tells the user when it turns for the one where new games go. One
    /// beside it may be meant to be read only, such as an old disk with games.
    fn folder_is(&self, found: FolderCheck) {
        let before = std::mem::replace(&mut *lock(&self.folder), found.clone());
        let first = self.games_dir();
        let kept = |check: FolderCheck| match check {
            FolderCheck::ReadOnly {
                path,
                fault,
                message,
                ..
            } if Path::new(&path) == first => Some((fault, message)),
            FolderCheck::ReadOnly { .. } | FolderCheck::Writable { .. } | FolderCheck::Unknown => {
                None
            }
        };
        let is_known = found != FolderCheck::Unknown;
        let (about, message) = match (kept(before), kept(found)) {
            (Some(_), None) if is_known => (
                NoticeAbout::FolderWritable,
                "the games folder can be written to again".to_owned(),
            ),
            (None, Some((fault, message))) => (NoticeAbout::FolderReadOnly { fault }, message),
            (Some(_), Some(_)) | (_, None) => return self.tell_news(),
        };
        self.notice(about, message);
    }

    /// Tries the folders of games at the start, when they are others or one comes back, and when somebody asks, and
    /// takes in what the clocks of others say, until the peer ends.
    pub(crate) async fn watch_health(self: Arc<Self>) {
        let mut views = self.handle().game_db().subscribe();
        let mut adapters = self.handle().adapters().clone();
        let mut probers: BTreeMap<PathBuf, Prober> = BTreeMap::new();
        let mut before = BTreeSet::new();
        self.check_health();
        loop {
            tokio::select! {
                () = self.folder_wanted.notified() => {
                    let dirs = self.handle().game_dirs();
                    probers.retain(|dir, _| dirs.contains(dir));
                    let mut found = Vec::with_capacity(dirs.len());
                    for dir in dirs {
                        let written = probers.entry(dir.clone()).or_default().probe(dir.clone()).await;
                        found.push(told(&dir, unix_ms(), written));
                    }
                    self.folder_is(together(found));
                }
                Ok(()) = views.changed() => {
                    let view = Arc::clone(&views.borrow_and_update());
                    if lock(&self.clocks).hear(self.uptime(), &view.peers) {
                        self.tell_news();
                    }
                    let gone = gone(&view);
                    if !before.is_subset(&gone) {
                        self.check_health();
                    }
                    before = gone;
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
    fn of_several_folders_the_first_that_cannot_be_written_to_is_told_and_one_that_is_away_is_not()
    {
        let at = |dir: &str, kind: Option<io::ErrorKind>| {
            told(
                Path::new(dir),
                7,
                kind.map_or(Ok(()), |kind| Err(kind.into())),
            )
        };
        let fine = at("/a", None);
        let away = at("/b", Some(io::ErrorKind::NotFound));
        let [c, d] = ["/c", "/d"].map(|dir| at(dir, Some(io::ErrorKind::PermissionDenied)));
        assert_eq!(together([away.clone(), fine.clone()]), fine);
        assert_eq!(together([fine, away.clone(), c.clone(), d]), c);
        assert_eq!(together([away]), FolderCheck::Unknown);
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
