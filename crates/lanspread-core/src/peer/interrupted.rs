//! What an earlier run of this peer left unfinished: recovered first, then resumed.
//!
//! Invariant: whatever was interrupted in a root is completed or undone before anything else begins
//! there. A download goes on by itself as soon as somebody announces what it gathered, and what was
//! to follow it follows.

use lanspread_db::{GameId, ManifestHash};

use super::Peer;
use crate::{
    AfterDownload, Now, OperationKind, limits::RECOVERIES_MAX, offers::Choice, operations::Order,
    root::DownloadIntent,
};

/// A download that an earlier run did not finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interrupted {
    manifest: ManifestHash,
    after: AfterDownload,
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
            if root.unsettled && !self.operations.is_running(&root.id) {
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
            .map(|(id, interrupted)| (id.clone(), *interrupted))
            .collect();
        for (id, interrupted) in idle {
            match self.sequel(now, &id, interrupted) {
                Sequel::Waits => {}
                Sequel::Nothing => {
                    self.to_resume.remove(&id);
                }
                Sequel::Begin(order) => self.begin(now, &id, &order),
            }
        }
    }

    fn sequel(&mut self, now: Now, id: &GameId, interrupted: Interrupted) -> Sequel {
        let Some(root) = self.library.root(id) else {
            return Sequel::Nothing;
        };
        if root.pending_download != Some(interrupted.manifest) {
            // Either it was swept, or recovery has put it in place.
            let installs = root.manifest == Some(interrupted.manifest)
                && interrupted.after == AfterDownload::Install;
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
