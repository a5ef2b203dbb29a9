//! The user wants an operation to end, for good or for now: from which stage that can be undone, and how.
//!
//! Invariant: what is past undoing is completed; nothing but what the operation itself made is swept.

use super::operation::{AfterClearing, Operation, Stage, Wish};
use crate::{DiskFailureKind, OperationKind, Outcome, root::Goal, world::World};

impl Operation {
    /// The user wants a download that does not run to leave nothing: its end is all that it does.
    pub(super) const fn drop_at_once(&mut self) {
        self.wish = Wish::Cancelled;
    }

    /// The user wants it to end.
    ///
    /// # Errors
    /// Says why it cannot be stopped any more.
    pub(super) fn cancel(&mut self, world: &mut World<'_>) -> Result<(), String> {
        match &mut self.stage {
            // Not even uploads have time to end by themselves any more.
            Stage::Clearing(
                AfterClearing::Read | AfterClearing::Prepare(..) | AfterClearing::Change(_),
                patience,
            ) => {
                if patience.take().is_some() {
                    world.serves.stop(&mut world.ctx, &self.id);
                }
            }
            Stage::Hunting(hunt) => {
                if !hunt.abort(world) {
                    self.wish = Wish::Cancelled;
                    self.outcome = Some(Outcome::Cancelled);
                    self.settle(world);
                }
            }
            Stage::Reading | Stage::Preparing(..) => self.abort_pending(world),
            Stage::Gathering(gather, _) => {
                gather.stop();
                self.wish = Wish::Cancelled;
                self.pump(world);
            }
            Stage::Changing(run) if run.goal == Goal::Install => self.abort_pending(world),
            // It was about to rest: the next look at the root leads to the other end.
            Stage::Changing(run) if self.wish == Wish::Paused && run.goal == Goal::Settle => {
                run.goal = Goal::DropDownload;
            }
            Stage::Clearing(AfterClearing::Settle, _)
            | Stage::Changing(_)
            | Stage::Settling
            | Stage::Over => {
                return Err(format!(
                    "cannot cancel the {} of {}: it is past the point where it can be undone, and \
                     ends in a moment",
                    self.kind.as_str(),
                    self.id
                ));
            }
        }
        self.wish = Wish::Cancelled;
        Ok(())
    }

    /// The user wants a download to end for now; what has come stays for the next one.
    ///
    /// # Errors
    /// It is no download, or has everything already.
    pub(super) fn pause(&mut self, world: &mut World<'_>) -> Result<(), String> {
        match (&mut self.stage, self.kind) {
            (Stage::Hunting(hunt), OperationKind::Download) => {
                if !hunt.abort(world) {
                    self.outcome = Some(Outcome::Cancelled);
                    self.wish = Wish::Paused;
                    self.settle(world);
                }
            }
            (Stage::Preparing(..), OperationKind::Download) => self.abort_pending(world),
            (Stage::Gathering(gather, _), OperationKind::Download) => {
                gather.stop();
                self.wish = Wish::Paused;
                self.pump(world);
            }
            (_, kind) => {
                return Err(format!(
                    "cannot pause the {} of {}: only a download that still lacks something can rest; \
                     wait for it or cancel it",
                    kind.as_str(),
                    self.id
                ));
            }
        }
        self.wish = Wish::Paused;
        Ok(())
    }

    pub(super) fn cancelled_after_clearing(&mut self, world: &mut World<'_>, then: &AfterClearing) {
        // It had ended before the user wished so.
        if let AfterClearing::Settle = then {
            return self.settle(world);
        }
        self.outcome = Some(Outcome::Cancelled);
        match then {
            AfterClearing::Change(Goal::Switch { .. } | Goal::DropDownload) => {
                self.change(world, self.leaves_behind());
            }
            AfterClearing::Read
            | AfterClearing::Prepare(..)
            | AfterClearing::Change(_)
            | AfterClearing::Settle => self.settle(world),
        }
    }

    fn abort_pending(&self, world: &mut World<'_>) {
        if let Some(effect) = self.pending {
            world.ctx.out.abort(effect);
        }
    }

    /// Whether the user wants it to end.
    pub(super) fn is_cancelled(&self) -> bool {
        self.wish != Wish::Done
    }

    /// What a download that is given up on the user's wish leaves.
    pub(super) fn leaves_behind(&self) -> Goal {
        match self.wish {
            Wish::Paused => Goal::Settle,
            Wish::Done | Wish::Cancelled => Goal::DropDownload,
        }
    }

    /// Whether a failed step is only the echo of a cancel.
    pub(super) fn is_echo_of_cancel(&self, kind: DiskFailureKind) -> bool {
        self.is_cancelled() && kind == DiskFailureKind::Aborted
    }
}
