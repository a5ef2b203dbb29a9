//! The game directories: looks at all of them, which can be read, their change.
//!
//! Invariant: another directory is opened only when nothing reads or changes the old ones. What is known of
//! the games in one that cannot be read stays, and nothing begins on them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use lanspread_db::GameId;

use super::{Moving, Peer};
use crate::{
    CommandId, CommandRefused, Ctx, DiskFailure, DiskFailureKind, Effect, ErrorKind, FoundTwice,
    GameDirReport, LibraryReport, Notice, NoticeAbout, Now, PeerEvent, Purpose,
    game_dirs::check_apart,
    limits::{MORE_GAME_DIRS_MAX, TWICE_NAMED_MAX},
    outbox::Outbox,
    status,
    world::needs_hashing,
};

/// The game directories that are wanted.
#[derive(Debug)]
pub(super) enum Wanted {
    /// Another one for new games.
    First(PathBuf),
    /// Others beside it.
    More(Vec<PathBuf>),
}

impl Wanted {
    /// Completes the sentence "cannot use …".
    fn named(&self) -> String {
        match self {
            Self::First(path) => path.display().to_string(),
            Self::More(_) => "these folders of games".to_owned(),
        }
    }

    /// Why they can never be used, if that shows without a look at a disk.
    fn refusal(&self) -> Option<(ErrorKind, String)> {
        let Self::More(paths) = self else { return None };
        if paths.len() > MORE_GAME_DIRS_MAX {
            let message = format!(
                "{} are named, and at most {MORE_GAME_DIRS_MAX} can be used beside the one where new games go",
                paths.len()
            );
            return Some((ErrorKind::BadInput, message));
        }
        let clash = check_apart(paths).err()?;
        Some((ErrorKind::FoldersClash, clash.to_string()))
    }
}

/// What is known of the game directories beside the first, and of games that are out of reach.
#[derive(Debug, Default)]
pub(super) struct MoreDirs {
    reports: Vec<GameDirReport>,
    /// Games in directories that cannot be read.
    away: BTreeMap<GameId, PathBuf>,
    /// Games that lie in two directories, of which the user knows.
    twice: BTreeSet<FoundTwice>,
}

impl MoreDirs {
    /// What users see.
    pub(super) fn view(&self) -> Vec<GameDirReport> {
        let shown = |report: &GameDirReport| GameDirReport {
            free_bytes: report.free_bytes.map(status::in_steps),
            ..report.clone()
        };
        self.reports.iter().map(shown).collect()
    }

    /// The free space of the one with the most.
    pub(super) fn most_free_bytes(&self) -> Option<u64> {
        let readable = self.reports.iter().filter(|dir| dir.problem.is_none());
        readable.filter_map(|dir| dir.free_bytes).max()
    }

    /// Whether a game can be reached, as far as is known.
    ///
    /// # Errors
    ///
    /// It lies in a directory that cannot be read.
    pub(super) fn check_there(&self, id: &GameId) -> Result<(), CommandRefused> {
        let Some(dir) = self.away.get(id) else {
            return Ok(());
        };
        Err(CommandRefused {
            kind: ErrorKind::FolderAway,
            message: format!(
                "{id} lies in {}, which cannot be read: connect that disk again, or take the folder from the list",
                dir.display()
            ),
        })
    }

    /// All of them were looked at; the user is told what is new.
    fn looked(&mut self, out: &mut Outbox<Purpose>, found: LibraryReport) {
        for report in &found.more_dirs {
            let before = self.reports.iter().find(|known| known.path == report.path);
            let before = before.and_then(|known| known.problem.as_ref());
            let path = report.path.display();
            let dir = report.path.clone();
            let notice = match (before, &report.problem) {
                (before, Some(problem)) if before != Some(problem) => Notice {
                    about: NoticeAbout::MoreGameDirUnreadable {
                        dir,
                        failure: problem.kind,
                    },
                    message: format!(
                        "the game directory {path} cannot be read: {problem}; its games wait for it"
                    ),
                },
                (Some(_), None) => Notice {
                    about: NoticeAbout::MoreGameDirReadable { dir },
                    message: format!("the game directory {path} can be read again"),
                },
                (Some(_) | None, Some(_)) | (None, None) => continue,
            };
            out.emit(PeerEvent::Notice(notice));
        }
        let twice: BTreeSet<FoundTwice> = found.twice.into_iter().collect();
        let news: Vec<&FoundTwice> = twice.difference(&self.twice).collect();
        if let Some(message) = told_twice(&news) {
            let games = news.iter().map(|found| found.id.clone()).collect();
            let about = NoticeAbout::FoundTwice { games };
            out.emit(PeerEvent::Notice(Notice { about, message }));
        }
        self.twice = twice;
        self.reports = found.more_dirs;
        self.away = found.away;
    }
}

/// Says which copy of games that lie in two directories counts, a few of them by name.
fn told_twice(twice: &[&FoundTwice]) -> Option<String> {
    if twice.is_empty() {
        return None;
    }
    let mut told: Vec<String> = twice
        .iter()
        .take(TWICE_NAMED_MAX)
        .map(|found| {
            let (id, used, other) = (&found.id, found.used.display(), found.passed_over.display());
            format!("{id} (in {used}, not in {other})")
        })
        .collect();
    let more = twice.len().saturating_sub(TWICE_NAMED_MAX);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    Some(format!(
        "games that lie in two game directories are used from the first of them: {}",
        told.join(", ")
    ))
}

impl Peer {
    /// Every root was looked at.
    pub(super) fn library_scanned(&mut self, now: Now, result: Result<LibraryReport, DiskFailure>) {
        let first = !self.rescan.is_complete();
        let (rescan, mut ctx) = self.rescan(now);
        let mut keep = rescan.library_scanned(&mut ctx);
        keep.extend(self.operations.games().cloned());
        match result {
            Ok(mut report) => {
                let roots = std::mem::take(&mut report.roots);
                let first_problem = report.first_problem.take();
                keep.extend(report.away.keys().cloned());
                self.more_dirs.looked(&mut self.out, report);
                self.first_dir_is(first_problem);
                let ids: Vec<GameId> = self.library.roots().map(|root| root.id.clone()).collect();
                let mut ctx = Ctx {
                    now,
                    config: &self.config,
                    out: &mut self.out,
                };
                if self.library.replace(&mut ctx, roots, &keep) {
                    self.dirty.mark();
                }
                for id in ids {
                    self.hashing.unwant(&id);
                }
                for root in self.library.roots() {
                    if self.more_dirs.check_there(&root.id).is_err() {
                        continue;
                    }
                    if needs_hashing(root) || self.library.is_unhashable(&root.id) {
                        self.hashing.want(&root.id);
                    }
                }
            }
            Err(failure) if failure.kind == DiskFailureKind::Aborted => {}
            Err(failure) => self.first_dir_is(Some(failure)),
        }
        if first {
            self.first_look(now);
        } else {
            self.find_left_behind();
            self.recover(now);
        }
    }

    /// The directory where new games go can be read, or not. What is known of its games stays, for a disk that
    /// is plugged in again.
    fn first_dir_is(&mut self, problem: Option<DiskFailure>) {
        if self.game_dir_problem == problem {
            return;
        }
        let notice = match &problem {
            None => Notice {
                about: NoticeAbout::GameDirReadable,
                message: "the game directory can be read again".to_owned(),
            },
            Some(failure) => Notice {
                about: NoticeAbout::GameDirUnreadable(failure.kind),
                message: format!("the game directory cannot be read: {failure}"),
            },
        };
        self.game_dir_problem = problem;
        self.out.emit(PeerEvent::Notice(notice));
    }

    /// The directory was read for the first time: what was interrupted is taken up.
    fn first_look(&mut self, now: Now) {
        self.dirty.mark();
        self.find_interrupted();
        let mut ctx = Ctx {
            now,
            config: &self.config,
            out: &mut self.out,
        };
        if self.library.flush(&mut ctx) {
            self.announced();
        }
        self.recover(now);
        self.release_held(now);
    }

    /// Other directories are wanted: whatever reads these is ended first.
    pub(super) fn begin_moving(
        &mut self,
        now: Now,
        id: CommandId,
        wanted: Wanted,
    ) -> Result<(), CommandRefused> {
        let refused = |kind, what: &str| {
            let message = format!("cannot use {}: {what}", wanted.named());
            Err(CommandRefused { kind, message })
        };
        if let Some((kind, what)) = wanted.refusal() {
            return refused(kind, &what);
        }
        let busy = |what: &str| refused(ErrorKind::Busy, what);
        if self.moving.is_some() {
            return busy("the game directory is being changed already");
        }
        if !self.operations.is_quiet() || !self.to_recover.is_empty() {
            return busy(
                "operations run in the present game directory; wait for their end, or cancel them",
            );
        }
        let mut ctx = Ctx {
            now,
            config: &self.config,
            out: &mut self.out,
        };
        self.serves.abort(&mut ctx);
        self.hashing.abort(&mut ctx);
        self.rescan.abort(&mut ctx);
        self.moving = Some(Moving::Closing(id, wanted));
        Ok(())
    }

    /// Opens the other directories as soon as nothing reads the old ones.
    pub(super) fn keep_moving(&mut self) {
        let quiet = self.serves.is_quiet() && self.hashing.is_quiet() && self.rescan.is_quiet();
        if !quiet || !matches!(self.moving, Some(Moving::Closing(..))) {
            return;
        }
        if let Some(Moving::Closing(id, wanted)) = self.moving.take() {
            self.moving = Some(Moving::Opening(id));
            self.out
                .ask(Purpose::OpenGameDir(id), |effect| match wanted {
                    Wanted::First(path) => Effect::OpenGameDir { effect, path },
                    Wanted::More(paths) => Effect::OpenMoreGameDirs { effect, paths },
                });
        }
    }

    /// The other directory is open, or cannot be used.
    pub(super) fn moved(&mut self, now: Now, id: CommandId, result: Result<(), DiskFailure>) {
        self.moving = None;
        let opened = result.is_ok();
        let result = result.map_err(|failure| {
            let error = crate::operations::disk_error(failure);
            CommandRefused {
                kind: error.kind,
                message: error.message,
            }
        });
        let mut ctx = Ctx {
            now,
            config: &self.config,
            out: &mut self.out,
        };
        ctx.out.answer(id, result);
        if opened {
            // What lies where it cannot be read is shown until it shows that its directory is used no more.
            let away = self.more_dirs.away.keys().cloned().collect();
            self.library.replace(&mut ctx, Vec::new(), &away);
            self.to_resume.clear();
            self.rescan.restart(&mut ctx);
            self.dirty.mark();
        } else {
            self.rescan.changed(&mut ctx, None);
        }
    }
}
