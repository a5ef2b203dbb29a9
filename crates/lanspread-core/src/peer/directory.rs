//! The game directory: its first look, what was interrupted in it, its health, its change.
//!
//! Invariant: whatever was interrupted in a root is completed or undone before anything else begins
//! there; another directory is opened only when nothing reads or changes the old one.

use std::path::PathBuf;

use lanspread_db::{GameId, ManifestHash};

use super::{Moving, Peer};
use crate::{
    AfterDownload, CommandId, CommandRefused, Ctx, DiskFailure, DiskFailureKind, Effect, ErrorKind,
    Now, OperationKind, PeerEvent, Purpose, RootReport,
    limits::RECOVERIES_MAX,
    offers::{Choice, choose},
    operations::Order,
    root::DownloadIntent,
    world::needs_hashing,
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
                if self.library.replace(&mut ctx, reports, &keep) {
                    self.dirty.mark();
                }
                for id in ids {
                    self.hashing.unwant(&id);
                }
                for root in self.library.roots().filter(|root| needs_hashing(root)) {
                    self.hashing.want(&root.id);
                }
            }
            Err(failure) if failure.kind == DiskFailureKind::Aborted => {}
            Err(failure) => {
                let message = format!("the game directory cannot be read: {failure}");
                self.out.emit(PeerEvent::Notice { message });
            }
        }
        if first {
            self.first_look(now);
        }
    }

    /// The directory was read for the first time: what was interrupted is taken up.
    fn first_look(&mut self, now: Now) {
        self.dirty.mark();
        self.to_recover = self
            .library
            .roots()
            .filter(|root| root.unsettled)
            .map(|root| root.id.clone())
            .collect();
        self.to_resume = self
            .library
            .roots()
            .filter_map(|root| Some((root.id.clone(), root.pending_download?)))
            .collect();
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

    /// Begins to recover roots, a few at a time.
    pub(super) fn recover(&mut self, now: Now) {
        while self.operations.count(OperationKind::Recover) < RECOVERIES_MAX {
            let Some(id) = self.to_recover.pop_first() else {
                return;
            };
            if self.operations.admit(&id).is_err() {
                self.to_recover.insert(id);
                return;
            }
            self.with_operations(now, |operations, _, world| {
                operations.begin(world, &id, &Order::Recover);
            });
        }
    }

    /// Goes on with downloads that were interrupted, when somebody has what they gathered.
    pub(super) fn resume(&mut self, now: Now) {
        if self.to_resume.is_empty() || self.moving.is_some() {
            return;
        }
        let waiting: Vec<(GameId, ManifestHash)> = self
            .to_resume
            .iter()
            .filter(|(id, _)| !self.to_recover.contains(*id) && self.operations.admit(id).is_ok())
            .map(|(id, manifest)| (id.clone(), *manifest))
            .collect();
        for (id, manifest) in waiting {
            let here = self.library.version(&id);
            if self
                .library
                .root(&id)
                .and_then(|root| root.pending_download)
                != Some(manifest)
            {
                self.to_resume.remove(&id);
                continue;
            }
            let fits = self.with_operations(now, |_, _, world| {
                let expected = world.expected_version(&id);
                if expected == here {
                    return false;
                }
                match choose(expected.as_ref(), world.offers(&id)) {
                    Choice::Manifest {
                        manifest: chosen, ..
                    } => chosen == manifest,
                    Choice::Tie { .. }
                    | Choice::Hashing { .. }
                    | Choice::NoPeerHasVersion { .. }
                    | Choice::Nobody => false,
                }
            });
            if fits {
                let intent = match here {
                    Some(_) => DownloadIntent::Update,
                    None => DownloadIntent::New,
                };
                let after = AfterDownload::Keep;
                self.begin(now, &id, &Order::Download { after, intent });
            }
        }
    }

    /// The directory cannot be watched or read, or can be again.
    pub(super) fn game_dir_health(&mut self, now: Now, problem: Option<String>) {
        let (rescan, mut ctx) = self.rescan(now);
        rescan.changed(&mut ctx, None);
        let message = problem.map_or_else(
            || "the game directory can be read and watched again".to_owned(),
            |problem| format!("the game directory has a problem: {problem}"),
        );
        self.out.emit(PeerEvent::Notice { message });
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
