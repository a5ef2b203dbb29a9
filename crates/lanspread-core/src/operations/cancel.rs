//! The user wants an operation to end: from which stage that can be undone, and how.
//!
//! Invariant: what is past undoing is completed; nothing but what the operation itself made is swept.

use super::operation::{AfterClearing, Operation, Stage, Wish};
use crate::{DiskFailureKind, Outcome, root::Goal, world::World};

impl Operation {
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

    pub(super) fn cancelled_after_clearing(&mut self, world: &mut World<'_>, then: &AfterClearing) {
        // It had ended before the user wished so.
        if let AfterClearing::Settle = then {
            return self.settle(world);
        }
        self.outcome = Some(Outcome::Cancelled);
        match then {
            AfterClearing::Change(Goal::Switch { .. } | Goal::DropDownload) => {
                self.change(world, Goal::DropDownload);
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
        self.wish == Wish::Cancelled
    }

    /// Whether a failed step is only the echo of a cancel.
    pub(super) fn is_echo_of_cancel(&self, kind: DiskFailureKind) -> bool {
        self.is_cancelled() && kind == DiskFailureKind::Aborted
    }
}
