//! The stage of a download in which chunks come: what it tells, and how it ends.
//!
//! Invariant: it ends with every chunk stored, or with a reason; what came is kept unless the user
//! cancels.

use lanspread_db::{ManifestHash, Version};

use super::{
    gather::{Gather, Gathered},
    operation::{AfterClearing, Operation, Stage, Successor, is_time_to_tell},
    root_run::disk_error,
};
use crate::{
    ErrorKind, OperationError, OperationKind, Outcome, Progress, WaitReason, offers::Choice,
    root::Goal, world::World,
};

impl Operation {
    /// Orders what the transfer wants, and goes on when it is over.
    pub(super) fn pump(&mut self, world: &mut World<'_>) {
        let Stage::Gathering(gather, hash) = &mut self.stage else {
            return;
        };
        let hash = *hash;
        let gathered = gather.pump(world);
        if gathered == Gathered::Waiting
            && let Some(version) = self.superseded_by(world, hash)
        {
            return self.give_way(world, version);
        }
        let Stage::Gathering(gather, _) = &mut self.stage else {
            return;
        };
        if gathered == Gathered::Still || gathered == Gathered::Waiting {
            if is_time_to_tell(self.told_at, world) {
                let progress = if gathered == Gathered::Still {
                    gather.progress(world)
                } else {
                    let id = self.id.clone();
                    let why = WaitReason::Source { id };
                    Progress::Waiting { why }
                };
                self.tell(world, progress);
            }
            return;
        }
        gather.sum_up(world, &mut self.report);
        let last = gather.progress(world);
        gather.end(world);
        match gathered {
            Gathered::Still | Gathered::Waiting => {}
            Gathered::All => {
                self.tell(world, last);
                // What partners are being sent is not lost to them for the sake of a moment.
                self.drain(
                    world,
                    AfterClearing::Change(Goal::Switch { manifest: hash }),
                );
            }
            Gathered::Starved(why) => {
                let kind = ErrorKind::SourcesFailed;
                let message = self.starved(&why);
                self.give_up(world, OperationError { kind, message });
            }
            Gathered::Disk(failure) => self.give_up(world, disk_error(failure)),
            Gathered::Stopped => {
                self.outcome = Some(Outcome::Cancelled);
                let goal = self.leaves_behind();
                self.clear(world, AfterClearing::Change(goal));
            }
        }
    }

    /// Says that no source is left, and what to do.
    fn starved(&self, why: &str) -> String {
        let id = &self.id;
        if self.kind == OperationKind::Verify {
            let what = self.damage.as_ref().map_or_else(
                || format!("the repair of {id}"),
                |damage| format!("{damage}, and the repair"),
            );
            return format!(
                "{what} stopped: {why}. What came is kept; verify it again when a peer is here \
                 that has this version"
            );
        }
        format!(
            "the download of {id} stopped: {why}. What came is kept; start the download again when \
             a peer has the game"
        )
    }

    /// It cannot go on; whoever is sent what came is not sent it any more.
    fn give_up(&mut self, world: &mut World<'_>, error: OperationError) {
        self.outcome.get_or_insert(Outcome::Failed(error));
        self.clear(world, AfterClearing::Settle);
    }

    /// What gathers chunks that others may have, while it does.
    pub(super) fn gather(&self) -> Option<&Gather> {
        match &self.stage {
            Stage::Gathering(gather, _) if !self.is_cancelled() => Some(gather),
            Stage::Gathering(..)
            | Stage::Clearing(..)
            | Stage::Hunting(_)
            | Stage::Reading
            | Stage::Preparing(..)
            | Stage::Changing(_)
            | Stage::Settling
            | Stage::Over => None,
        }
    }

    /// Partners are asked and answered no more.
    pub(super) fn part(&mut self, world: &mut World<'_>) {
        if let Stage::Gathering(gather, _) = &mut self.stage {
            gather.end(world);
        }
    }

    /// What this party plays by now, if nobody has what this download gathers, but somebody has that.
    fn superseded_by(&self, world: &World<'_>, gathering: ManifestHash) -> Option<Version> {
        if self.kind != OperationKind::Download || self.is_cancelled() {
            return None;
        }
        let expected = world.expected_version(&self.id);
        match world.choose(&self.id, expected) {
            Choice::Manifest {
                version, manifest, ..
            } => (manifest != gathering).then_some(version),
            Choice::Tie { .. }
            | Choice::Hashing { .. }
            | Choice::NoPeerHasPinned { .. }
            | Choice::NoPeerHasVersion { .. }
            | Choice::Nobody => None,
        }
    }

    /// Ends, so that what the party plays by now is downloaded instead.
    fn give_way(&mut self, world: &mut World<'_>, version: Version) {
        self.successor = Successor::DownloadAnew;
        let message = format!(
            "nobody has the files of {} any more that were being downloaded: other files of version \
             {version} are downloaded instead",
            self.id
        );
        let kind = ErrorKind::SourcesFailed;
        self.part(world);
        self.give_up(world, OperationError { kind, message });
    }
}
