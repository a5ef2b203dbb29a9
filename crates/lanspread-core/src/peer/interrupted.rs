//! What an earlier run of this peer left unfinished: recovered first, then resumed.
//!
//! Invariant: whatever was interrupted in a root is completed or undone before anything else begins
//! there. A download goes on by itself as soon as somebody announces what it gathered, or asks for it
//! because it gathers it too; and what was to follow it follows.

use std::sync::Arc;

use lanspread_db::{GameId, Manifest, ManifestHash};

use super::Peer;
use crate::{
    AfterDownload, DiskFailure, Effect, Now, OperationKind, Purpose, limits::RECOVERIES_MAX,
    offers::Choice, operations::Order, root::DownloadIntent,
};

/// A download that an earlier run did not finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interrupted {
    manifest: ManifestHash,
    after: AfterDownload,
    company: Company,
}

/// Who else gathers the manifest of an interrupted download, when nobody announces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Company {
    /// Nobody said so.
    Unknown,
    /// Somebody does: the manifest is to be read, so that it can go on with him.
    Met,
    /// It is being read.
    Recalling,
    /// It was read, and kept if it could be.
    Recalled,
    /// It was gone on with him, and what was to follow that follows it: it begins anew only with somebody
    /// who has all of it.
    Joined,
}

/// What becomes of an interrupted download.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sequel {
    /// It waits for somebody who has what it gathered.
    Waits,
    /// Nothing is left to do.
    Nothing,
    /// This.
    Begin(Order),
}

impl Peer {
    /// Notes what the first look at the directory shows to be unfinished.
    pub(super) fn find_interrupted(&mut self) {
        for root in self.library.roots() {
            if root.unsettled {
                self.to_recover.insert(root.id.clone());
            }
            if let Some(manifest) = root.pending_download {
                let interrupted = Interrupted {
                    manifest,
                    after: root.after_download,
                    company: Company::Unknown,
                };
                self.to_resume.insert(root.id.clone(), interrupted);
            }
        }
    }

    /// Notes which roots an operation of this run left unfinished, because the disk failed under it.
    ///
    /// Only a look at the whole directory asks for it: a disk that goes on failing is tried again now
    /// and then, and not in a circle.
    pub(super) fn find_left_behind(&mut self) {
        for root in self.library.roots() {
            let is_reached = !self.operations.is_running(&root.id)
                && self.more_dirs.check_there(&root.id).is_ok();
            if root.unsettled && is_reached {
                self.to_recover.insert(root.id.clone());
            }
        }
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

    /// Goes on with downloads that were interrupted, as far as that is possible at this moment.
    pub(super) fn resume(&mut self, now: Now) {
        if self.to_resume.is_empty() || self.moving.is_some() {
            return;
        }
        let idle: Vec<(GameId, Interrupted)> = self
            .to_resume
            .iter()
            .filter(|(id, _)| !self.to_recover.contains(*id) && self.operations.admit(id).is_ok())
            .filter(|(id, _)| self.more_dirs.check_there(id).is_ok())
            .map(|(id, interrupted)| (id.clone(), *interrupted))
            .collect();
        for (id, interrupted) in idle {
            match self.sequel(now, &id, interrupted) {
                Sequel::Waits if interrupted.company == Company::Met => {
                    self.recall(id, interrupted);
                }
                Sequel::Waits => {}
                Sequel::Nothing => {
                    self.to_resume.remove(&id);
                }
                Sequel::Begin(order) => {
                    self.begin(now, &id, &order);
                    if interrupted.company == Company::Recalled {
                        let joined = Interrupted {
                            company: Company::Joined,
                            ..interrupted
                        };
                        self.to_resume.insert(id, joined);
                    }
                }
            }
        }
    }

    /// Another peer asks for holdings: it gathers this manifest.
    pub(super) fn others_gather(&mut self, id: &GameId, manifest: ManifestHash) {
        if let Some(interrupted) = self.to_resume.get_mut(id)
            && interrupted.manifest == manifest
            && interrupted.company == Company::Unknown
        {
            interrupted.company = Company::Met;
            self.dirty.sources = true;
        }
    }

    fn recall(&mut self, id: GameId, interrupted: Interrupted) {
        let manifest = interrupted.manifest;
        let recalling = Interrupted {
            company: Company::Recalling,
            ..interrupted
        };
        self.to_resume.insert(id.clone(), recalling);
        let purpose = Purpose::Recall(id.clone(), manifest);
        self.out.ask(purpose, |effect| Effect::RecallManifest {
            effect,
            id,
            manifest,
        });
    }

    /// The manifest of an interrupted download was read.
    pub(super) fn recalled(
        &mut self,
        id: &GameId,
        hash: ManifestHash,
        result: Result<Option<Arc<Manifest>>, DiskFailure>,
    ) {
        match result {
            Ok(Some(manifest)) => self.manifests.keep(hash, &manifest),
            Ok(None) => {}
            Err(failure) => tracing::warn!(game = %id, %failure, "a manifest cannot be read again"),
        }
        if let Some(interrupted) = self.to_resume.get_mut(id)
            && interrupted.manifest == hash
        {
            interrupted.company = Company::Recalled;
            self.dirty.sources = true;
        }
    }

    fn sequel(&mut self, now: Now, id: &GameId, interrupted: Interrupted) -> Sequel {
        let Some(root) = self.library.root(id) else {
            return Sequel::Nothing;
        };
        if root.pending_download != Some(interrupted.manifest) {
            // Either it was swept, or recovery has put it in place.
            let installs = root.manifest == Some(interrupted.manifest)
                && interrupted.after == AfterDownload::Install
                && interrupted.company != Company::Joined;
            return if installs {
                Sequel::Begin(Order::Install)
            } else {
                Sequel::Nothing
            };
        }
        let here = self.library.version(id);
        let (expected, chosen) = self.with_operations(now, |_, _, world| {
            let expected = world.expected_version(id);
            match world.choose(id, expected) {
                Choice::Manifest { manifest, .. } => (expected, Some(manifest)),
                Choice::Nobody if interrupted.company == Company::Recalled => {
                    let kept = world.kept(id, interrupted.manifest);
                    // What is being repaired needs somebody who has all of it.
                    let resumed = kept
                        .map(|manifest| manifest.version())
                        .filter(|version| Some(*version) != here);
                    (resumed, resumed.map(|_| interrupted.manifest))
                }
                Choice::Tie { .. }
                | Choice::Hashing { .. }
                | Choice::NoPeerHasPinned { .. }
                | Choice::NoPeerHasVersion { .. }
                | Choice::Nobody => (expected, None),
            }
        });
        if chosen != Some(interrupted.manifest) {
            return Sequel::Waits;
        }
        if expected == here {
            // The version that is here was being repaired.
            return Sequel::Begin(Order::Verify);
        }
        let intent = if here.is_some() {
            DownloadIntent::Update
        } else {
            DownloadIntent::New
        };
        Sequel::Begin(Order::Download {
            after: interrupted.after,
            intent,
        })
    }
}
