//! The game directory: looks at all of it, whether it can be read, its change.
//!
//! Invariant: another directory is opened only when nothing reads or changes the old one.

use std::path::PathBuf;

use lanspread_db::GameId;

use super::{Moving, Peer};
use crate::{
    CommandId, CommandRefused, Ctx, DiskFailure, DiskFailureKind, Effect, ErrorKind, Notice,
    NoticeAbout, Now, PeerEvent, Purpose, RootReport, world::needs_hashing,
};

impl Peer {
    /// Every root was looked at.
    pub(super) fn library_scanned(
        &mut self,
        now: Now,
        result: Result<Vec<RootReport>, DiskFailure>,
    ) {
        let first = !self.rescan.is_complete();
        let (rescan, mut ctx) = self.rescan(now);
        let mut keep = rescan.library_scanned(&mut ctx);
        keep.extend(self.operations.games().cloned());
        match result {
            Ok(reports) => {
                let ids: Vec<GameId> = self.library.roots().map(|root| root.id.clone()).collect();
                let mut ctx = Ctx {
                    now,
                    config: &self.config,
                    out: &mut self.out,
                };
                if self.game_dir_problem.take().is_some() {
                    ctx.out.emit(PeerEvent::Notice(Notice {
                        about: NoticeAbout::GameDirReadable,
                        message: "the game directory can be read again".to_owned(),
                    }));
                }
                if self.library.replace(&mut ctx, reports, &keep) {
                    self.dirty.mark();
                }
                for id in ids {
                    self.hashing.unwant(&id);
                }
                for root in self.library.roots() {
                    if needs_hashing(root) || self.library.is_unhashable(&root.id) {
                        self.hashing.want(&root.id);
                    }
                }
            }
            Err(failure) if failure.kind == DiskFailureKind::Aborted => {}
            Err(failure) => self.game_dir_fails(&failure),
        }
        if first {
            self.first_look(now);
        } else {
            self.find_left_behind();
            self.recover(now);
        }
    }

    /// The directory cannot be read. What is known of its games stays, for a disk that is plugged in again.
    fn game_dir_fails(&mut self, failure: &DiskFailure) {
        if self.game_dir_problem.as_ref() == Some(failure) {
            return;
        }
        self.game_dir_problem = Some(failure.clone());
        self.out.emit(PeerEvent::Notice(Notice {
            about: NoticeAbout::GameDirUnreadable(failure.kind),
            message: format!("the game directory cannot be read: {failure}"),
        }));
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

    /// Another directory is wanted: whatever reads this one is ended first.
    pub(super) fn begin_moving(
        &mut self,
        now: Now,
        id: CommandId,
        path: PathBuf,
    ) -> Result<(), CommandRefused> {
        let busy = |what: &str| {
            let message = format!("cannot use {}: {what}", path.display());
            Err(CommandRefused {
                kind: ErrorKind::Busy,
                message,
            })
        };
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
        self.moving = Some(Moving::Closing(id, path));
        Ok(())
    }

    /// Opens the other directory as soon as nothing reads the old one.
    pub(super) fn keep_moving(&mut self) {
        let quiet = self.serves.is_quiet() && self.hashing.is_quiet() && self.rescan.is_quiet();
        if !quiet || !matches!(self.moving, Some(Moving::Closing(..))) {
            return;
        }
        if let Some(Moving::Closing(id, path)) = self.moving.take() {
            self.moving = Some(Moving::Opening(id));
            self.out
                .ask(Purpose::OpenGameDir(id), |effect| Effect::OpenGameDir {
                    effect,
                    path,
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
            self.library
                .replace(&mut ctx, Vec::new(), &std::collections::BTreeSet::new());
            self.to_resume.clear();
            self.rescan.restart(&mut ctx);
            self.dirty.mark();
        } else {
            self.rescan.changed(&mut ctx, None);
        }
    }
}
