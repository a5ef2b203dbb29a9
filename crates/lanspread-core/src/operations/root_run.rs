//! The way of one root to one goal: observe, take one step, observe again.
//!
//! Invariant: which step comes next is decided by [`next_step`] from a fresh observation, every time;
//! the number of steps is bounded.

use lanspread_db::GameId;

use crate::{
    DiskFailure, Effect, EffectId, ErrorKind, OperationError, Purpose,
    limits::STEPS_MAX,
    root::{BlockedKind, Goal, Intent, IntentLog, Next, RootObservation, next_step},
    world::World,
};

/// One run.
#[derive(Debug)]
pub(crate) struct RootRun {
    pub(crate) goal: Goal,
    steps: u32,
}

/// Where a run stands.
#[derive(Debug)]
pub(crate) enum Ran {
    /// It waits for this effect.
    Awaits(EffectId),
    /// The goal is reached.
    Reached,
    /// The goal cannot be reached.
    Failed(OperationError),
}

impl RootRun {
    pub(crate) const fn new(goal: Goal) -> Self {
        Self { goal, steps: 0 }
    }

    /// Looks at the root.
    pub(crate) fn observe(world: &mut World<'_>, id: &GameId) -> EffectId {
        world.ctx.out.ask(Purpose::Operation(id.clone()), |effect| {
            Effect::ObserveRoot {
                effect,
                id: id.clone(),
            }
        })
    }

    /// Takes the step that follows from what was observed.
    pub(crate) fn step(
        &mut self,
        world: &mut World<'_>,
        id: &GameId,
        observed: &RootObservation,
    ) -> Ran {
        match next_step(&self.goal, observed) {
            Next::Done => Ran::Reached,
            Next::Blocked(blocked) => Ran::Failed(OperationError {
                kind: blocked_kind(blocked.kind),
                message: format!("cannot {} {id}: {blocked}", verb(&self.goal)),
            }),
            Next::Take(step) if self.steps >= STEPS_MAX => Ran::Failed(OperationError {
                kind: ErrorKind::Io,
                message: format!(
                    "cannot {} {id}: after {STEPS_MAX} steps it still wants {step:?}; the disk does \
                     not keep what is done to it",
                    verb(&self.goal)
                ),
            }),
            Next::Take(step) => {
                self.steps += 1;
                let purpose = Purpose::Operation(id.clone());
                Ran::Awaits(world.ctx.out.ask(purpose, |effect| Effect::RunStep {
                    effect,
                    id: id.clone(),
                    step,
                }))
            }
        }
    }
}

/// Whether what has begun in a root can only be completed.
pub(crate) const fn is_past_undoing(observed: &RootObservation) -> bool {
    match &observed.intent {
        IntentLog::Known(intent) => match intent {
            Intent::GivingUp { .. }
            | Intent::Switching { .. }
            | Intent::Swapping { .. }
            | Intent::Uninstalling
            | Intent::Removing => true,
            Intent::Installing { .. } | Intent::Unpacked { .. } => false,
        },
        IntentLog::Absent | IntentLog::Damaged { .. } | IntentLog::Newer { .. } => false,
    }
}

/// What a goal is called in a message: "cannot … the game".
const fn verb(goal: &Goal) -> &'static str {
    match goal {
        Goal::Settle => "settle",
        Goal::Stage { .. } => "prepare the download of",
        Goal::GiveUpOld { .. } => "give up the old version of",
        Goal::Switch { .. } => "put in place",
        Goal::DropDownload => "sweep the download of",
        Goal::Install => "install",
        Goal::Uninstall => "uninstall",
        Goal::Remove => "remove",
    }
}

const fn blocked_kind(kind: BlockedKind) -> ErrorKind {
    match kind {
        BlockedKind::NotDownloaded => ErrorKind::NotDownloaded,
        BlockedKind::Installed => ErrorKind::Installed,
        BlockedKind::Foreign => ErrorKind::Foreign,
        BlockedKind::DownloadGone | BlockedKind::Newer => ErrorKind::Io,
    }
}

/// A failure of the disk, as users see it.
pub(crate) fn disk_error(failure: DiskFailure) -> OperationError {
    OperationError {
        kind: failure.kind.error_kind(),
        message: failure.message,
    }
}
