//! What the answers of disk and network mean to a running operation.
//!
//! Invariant: an answer is taken only in the stage that asked for it; the wish to cancel is looked at
//! before anything new is begun.

use std::{sync::Arc, time::Duration};

use lanspread_db::{ChunkRef, Manifest};
use lanspread_proto::{HoldingsRequest, PeerId, Response};

use super::{
    damage,
    gather::Gather,
    hunt::Quarry,
    operation::{Operation, Stage},
    root_run::{RootRun, disk_error},
};
use crate::{
    DiskFailure, DiskFailureKind, EffectId, ErrorKind, FetchFailure, ManifestAnswer,
    OperationError, OperationKind, OperationNote, Outcome, PreparedDownload, ReplyId,
    RequestFailure, RootReport,
    offers::Choice,
    root::{DownloadIntent, Goal, RootObservation, StepReport},
    world::World,
};

impl Operation {
    /// The answer to the question for the manifest.
    pub(super) fn manifest_fetched(
        &mut self,
        world: &mut World<'_>,
        effect: EffectId,
        result: Result<ManifestAnswer, RequestFailure>,
    ) {
        if self.is_cancelled() {
            self.outcome = Some(Outcome::Cancelled);
            return self.settle(world);
        }
        let Stage::Hunting(hunt) = &mut self.stage else {
            return;
        };
        let hunted = hunt.answered(world, effect, result);
        self.hunted(world, hunted);
    }

    /// The staging place is ready, or cannot be made so.
    pub(super) fn prepared(
        &mut self,
        world: &mut World<'_>,
        effect: EffectId,
        result: Result<PreparedDownload, DiskFailure>,
    ) {
        let Stage::Preparing(hash, manifest) = &self.stage else {
            return;
        };
        let (hash, manifest) = (*hash, Arc::clone(manifest));
        match result {
            Ok(_)
            | Err(DiskFailure {
                kind: DiskFailureKind::Aborted,
                ..
            }) if self.is_cancelled() => {
                self.outcome = Some(Outcome::Cancelled);
                self.change(world, self.leaves_behind());
            }
            Ok(prepared) => {
                let mut gather = Gather::new(world, hash, manifest, (effect, &prepared.stored));
                gather.sources_changed(world);
                self.stage = Stage::Gathering(Box::new(gather), hash);
                self.pump(world);
            }
            Err(failure) => {
                self.outcome = Some(Outcome::Failed(disk_error(failure)));
                let keeps =
                    self.resumes == Some(hash) || self.intent == DownloadIntent::UpdateGivingUpOld;
                if keeps {
                    self.settle(world);
                } else {
                    self.change(world, Goal::DropDownload);
                }
            }
        }
    }

    /// A chunk of a fetch is stored.
    pub(super) fn chunk_stored(
        &mut self,
        world: &mut World<'_>,
        effect: EffectId,
        chunk: ChunkRef,
    ) {
        if let Stage::Gathering(gather, _) = &mut self.stage {
            gather.chunk_stored(world.ctx.now, effect, chunk);
            self.pump(world);
        }
    }

    /// A peer that gathers the same asks what is stored here.
    pub(super) fn holdings_asked(
        &mut self,
        world: &mut World<'_>,
        peer: PeerId,
        reply: ReplyId,
        question: &HoldingsRequest,
    ) {
        if let Stage::Gathering(gather, _) = &mut self.stage {
            gather.asked(world.ctx.now, peer, reply, question);
            self.pump(world);
        }
    }

    /// A peer said what it has stored, or why it does not.
    pub(super) fn holdings_heard(
        &mut self,
        world: &mut World<'_>,
        from: (PeerId, EffectId),
        result: Result<Response, RequestFailure>,
    ) {
        if let Stage::Gathering(gather, _) = &mut self.stage {
            gather.heard(world, from, result);
            self.pump(world);
        }
    }

    /// A fetch ended.
    pub(super) fn fetched(
        &mut self,
        world: &mut World<'_>,
        effect: EffectId,
        stored: &[ChunkRef],
        elapsed: Duration,
        result: Result<(), FetchFailure>,
    ) {
        if let Stage::Gathering(gather, _) = &mut self.stage {
            gather.fetched(world, effect, stored, elapsed, result);
            self.pump(world);
        }
    }

    /// The root was observed.
    pub(super) fn root_observed(
        &mut self,
        world: &mut World<'_>,
        result: Result<RootObservation, DiskFailure>,
    ) {
        match result {
            Ok(observed) => self.observed(world, &observed),
            Err(failure) if self.is_echo_of_cancel(failure.kind) => self.observe_again(world),
            Err(failure) => self.change_failed(world, disk_error(failure)),
        }
    }

    /// A step was taken.
    pub(super) fn step_done(
        &mut self,
        world: &mut World<'_>,
        result: Result<StepReport, DiskFailure>,
    ) {
        match result {
            Ok(report) => {
                // Of a download, what came over the network counts, and not once more when it is
                // moved into place.
                if self.kind == OperationKind::Install {
                    self.report.moved_bytes += report.bytes;
                }
                self.note(report.notes);
                self.observe_again(world);
            }
            Err(failure) if self.is_echo_of_cancel(failure.kind) => self.observe_again(world),
            Err(failure) => self.change_failed(world, disk_error(failure)),
        }
    }

    fn observe_again(&mut self, world: &mut World<'_>) {
        if let Stage::Changing(_) = self.stage {
            self.pending = Some(RootRun::observe(world, &self.id));
        }
    }

    /// The root was looked at, last of all.
    pub(super) fn root_scanned(
        &mut self,
        world: &mut World<'_>,
        result: Result<Option<RootReport>, DiskFailure>,
    ) {
        if !matches!(self.stage, Stage::Settling) {
            return;
        }
        match result {
            Ok(report) => world.root_seen(&self.id, report),
            Err(failure) => self.note([OperationNote::NotLookedAt { failure }]),
        }
        self.stage = Stage::Over;
    }

    /// Every byte was read for `verify`.
    pub(super) fn read_again(
        &mut self,
        world: &mut World<'_>,
        result: Result<Arc<Manifest>, DiskFailure>,
        recorded: Option<&Manifest>,
    ) {
        if !matches!(self.stage, Stage::Reading) {
            return;
        }
        if self.is_cancelled() {
            self.outcome = Some(Outcome::Cancelled);
            return self.settle(world);
        }
        match result {
            Ok(found) => self.compare(world, Some(&found), recorded),
            // A file that is missing is damage like any other.
            Err(failure) if failure.kind == DiskFailureKind::NotFound => {
                self.compare(world, None, recorded);
            }
            Err(failure) => self.fail(world, disk_error(failure)),
        }
    }

    /// Compares what was read with what should be there, and begins the repair if it differs.
    fn compare(
        &mut self,
        world: &mut World<'_>,
        found: Option<&Arc<Manifest>>,
        recorded: Option<&Manifest>,
    ) {
        let version = world
            .library
            .version(&self.id)
            .or_else(|| found.map(|found| found.version()));
        let chosen = match world.choose(&self.id, version) {
            Choice::Manifest { manifest, .. } => Some(manifest),
            Choice::Tie { .. }
            | Choice::Hashing { .. }
            | Choice::NoPeerHasPinned { .. }
            | Choice::NoPeerHasVersion { .. }
            | Choice::Nobody => None,
        };
        let recorded = recorded.filter(|recorded| Some(recorded.version()) == version);
        // Of a download that a look found damaged, the library does not keep the manifest any more.
        let known = recorded
            .map(Manifest::hash)
            .or_else(|| world.library.root(&self.id).and_then(|root| root.manifest));
        let read = found.map(|found| found.hash());
        let pinned = version.and_then(|version| world.pin(&self.id, version));
        let right = match pinned {
            Some(_) => read == pinned,
            None => read == known || read == chosen,
        };
        if read.is_some() && right {
            self.note([OperationNote::AllRight]);
            self.outcome = Some(Outcome::Finished(crate::OperationReport::default()));
            let pending = world
                .library
                .root(&self.id)
                .and_then(|root| root.pending_download);
            // What an unfinished download of this version gathered is of no use any more.
            let is_of_no_use = pending.is_some() && (pending == read || pending == chosen);
            if is_of_no_use {
                return self.change(world, Goal::DropDownload);
            }
            return self.settle(world);
        }
        // What was recorded here is repaired as it was, if anybody can give it.
        let repairable = known.filter(|&known| !world.sources(&self.id, known).is_empty());
        let Some(right) = pinned.or(repairable).or(chosen).or(known) else {
            if read.is_some() {
                self.note([OperationNote::NothingToCompare { version }]);
                self.outcome = Some(Outcome::Finished(crate::OperationReport::default()));
                return self.settle(world);
            }
            return self.fail(
                world,
                OperationError {
                    kind: ErrorKind::NoSource,
                    message: format!(
                        "cannot repair {}: files are missing, and no other peer has this version; \
                         try again when one is here",
                        self.id
                    ),
                },
            );
        };
        self.damage = recorded
            .zip(found)
            .filter(|(recorded, _)| recorded.hash() == right)
            .map(|(recorded, found)| damage::describe(recorded, found));
        self.hunt(world, Quarry::Manifest(right));
    }
}
