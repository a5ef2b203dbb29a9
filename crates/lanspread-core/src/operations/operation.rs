//! One operation: from its acceptance to its outcome, stage by stage.
//!
//! Invariant: it waits for at most one effect at a time, the fetches of a transfer apart; before the
//! first step that changes what others are served, every upload of the game has ended; whatever
//! happens, the root is settled and looked at again before the outcome is told.

use std::sync::Arc;

use lanspread_db::{GameId, Manifest, ManifestHash};

use super::{
    gather::Gather,
    hunt::{Hunt, Hunted, Quarry},
    root_run::{Ran, RootRun, is_past_undoing},
};
use crate::{
    AfterDownload, Effect, EffectId, HashTrust, Now, OperationError, OperationKind, OperationNote,
    OperationReport, Outcome, PeerEvent, Progress, Purpose, StepProgress, WaitReason,
    limits::{NOTES_MAX, UPLOADS_DRAIN},
    root::{DownloadIntent, Goal, RootObservation},
    world::World,
};

/// One running operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(super) id: GameId,
    pub(super) kind: OperationKind,
    pub(super) after: AfterDownload,
    /// What a download does with the version that is there.
    pub(super) intent: DownloadIntent,
    began_at: Now,
    pub(super) stage: Stage,
    /// The effect it waits for.
    pub(super) pending: Option<EffectId>,
    pub(super) wish: Wish,
    /// What it came to; told once the library is settled.
    pub(super) outcome: Option<Outcome>,
    /// What users were told last, and when.
    told: Option<Progress>,
    pub(super) told_at: Option<Now>,
    pub(super) report: OperationReport,
    /// What begins when it has ended.
    pub(super) successor: Successor,
    /// Whether an unfinished download was there before: it outlives a failure of this one.
    pub(super) resumes: Option<ManifestHash>,
    /// What `verify` found damaged, in words for people.
    pub(super) damage: Option<String>,
}

/// What the user wants of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// That it goes on.
    Done,
    /// That it ends, and leaves nothing behind.
    Cancelled,
    /// That it ends, and what has come is kept.
    Paused,
}

/// What follows an operation by itself, apart from the install after a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Successor {
    /// Nothing.
    None,
    /// The download of what the party plays by now.
    DownloadAnew,
}

/// Where it is.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Uploads of the game, and hashing of it, come to rest; until this time uploads may end by
    /// themselves.
    Clearing(AfterClearing, Option<Now>),
    /// The manifest is searched.
    Hunting(Box<Hunt>),
    /// Every byte of the game is read.
    Reading,
    /// The staging place is made ready.
    Preparing(ManifestHash, Arc<Manifest>),
    /// Chunks come.
    Gathering(Box<Gather>, ManifestHash),
    /// The root is led to a goal.
    Changing(RootRun),
    /// The root is looked at.
    Settling,
    /// It is over.
    Over,
}

/// What follows when nothing reads the game's files any more.
#[derive(Debug)]
pub(crate) enum AfterClearing {
    /// The game is read for `verify`.
    Read,
    /// A download that gives up the old version is prepared.
    Prepare(ManifestHash, Arc<Manifest>),
    /// The root is led to a goal.
    Change(Goal),
    /// The root is looked at, last of all.
    Settle,
}

impl Operation {
    /// An operation that is about to begin.
    pub(super) fn new(
        id: GameId,
        kind: OperationKind,
        after: AfterDownload,
        intent: DownloadIntent,
        now: Now,
    ) -> Self {
        Self {
            id,
            kind,
            after,
            intent,
            began_at: now,
            stage: Stage::Over,
            pending: None,
            wish: Wish::Done,
            outcome: None,
            told: None,
            told_at: None,
            report: OperationReport::default(),
            successor: Successor::None,
            resumes: None,
            damage: None,
        }
    }

    /// How far it is.
    pub(super) const fn progress(&self) -> Option<&Progress> {
        self.told.as_ref()
    }

    /// Takes the first step.
    pub(super) fn start(&mut self, world: &mut World<'_>) {
        match self.kind {
            OperationKind::Download if self.wish == Wish::Cancelled => {
                self.change(world, Goal::DropDownload);
            }
            OperationKind::Download => {
                self.resumes = world
                    .library
                    .root(&self.id)
                    .and_then(|root| root.pending_download);
                let resumes = self.resumes;
                self.hunt(world, Quarry::PartyVersion { resumes });
            }
            OperationKind::Install => self.change(world, Goal::Install),
            OperationKind::Uninstall => self.clear(world, AfterClearing::Change(Goal::Uninstall)),
            OperationKind::Remove => self.clear(world, AfterClearing::Change(Goal::Remove)),
            OperationKind::Recover => self.clear(world, AfterClearing::Change(Goal::Settle)),
            OperationKind::Verify => self.clear(world, AfterClearing::Read),
        }
    }

    /// Goes on where something outside changed: sources, uploads, the time.
    pub(super) fn advance(&mut self, world: &mut World<'_>) {
        match &mut self.stage {
            Stage::Clearing(_, patience) => {
                if patience.take_if(|until| *until <= world.ctx.now).is_some() {
                    world.serves.stop(&mut world.ctx, &self.id);
                }
                self.cleared(world);
            }
            Stage::Hunting(hunt) if self.wish == Wish::Done => {
                let hunted = hunt.advance(world);
                self.hunted(world, hunted);
            }
            Stage::Gathering(gather, _) => {
                gather.sources_changed(world);
                self.pump(world);
            }
            Stage::Hunting(_)
            | Stage::Reading
            | Stage::Preparing(..)
            | Stage::Changing(_)
            | Stage::Settling
            | Stage::Over => {}
        }
    }

    /// Whether the files of the game stay as they are for now, so that others may have them. What is
    /// about to be switched to lies beside them, and what is installed does too.
    pub(super) fn leaves_files(&self) -> bool {
        match &self.stage {
            Stage::Hunting(_) => self.intent != DownloadIntent::Repair,
            Stage::Preparing(..) | Stage::Gathering(..) => match self.intent {
                DownloadIntent::New | DownloadIntent::Update => true,
                DownloadIntent::UpdateGivingUpOld | DownloadIntent::Repair => false,
            },
            Stage::Changing(run) => run.goal == Goal::Install,
            Stage::Clearing(..) | Stage::Reading | Stage::Settling | Stage::Over => false,
        }
    }

    /// Whether the game may be hashed meanwhile. An install reads every byte of it itself.
    pub(super) fn leaves_disk(&self) -> bool {
        !matches!(self.stage, Stage::Changing(_)) && self.leaves_files()
    }

    /// Waits until uploads and hashing of the game have ended.
    pub(super) fn clear(&mut self, world: &mut World<'_>, then: AfterClearing) {
        let changes_files = match then {
            AfterClearing::Read => false,
            AfterClearing::Prepare(..) | AfterClearing::Change(_) | AfterClearing::Settle => true,
        };
        if changes_files {
            world.serves.stop(&mut world.ctx, &self.id);
        }
        self.come_to_rest(world, Stage::Clearing(then, None));
    }

    /// The same, but uploads that run have some time to end by themselves.
    pub(super) fn drain(&mut self, world: &mut World<'_>, then: AfterClearing) {
        let until = world.ctx.now + UPLOADS_DRAIN;
        self.come_to_rest(world, Stage::Clearing(then, Some(until)));
    }

    fn come_to_rest(&mut self, world: &mut World<'_>, clearing: Stage) {
        self.stage = clearing;
        world.hashing.stop(&mut world.ctx, &self.id);
        self.cleared(world);
        if let Stage::Clearing(..) = self.stage {
            let why = WaitReason::FilesInUse;
            self.tell(world, Progress::Waiting { why });
        }
    }

    fn cleared(&mut self, world: &mut World<'_>) {
        let Stage::Clearing(then, _) = &self.stage else {
            return;
        };
        let reads_only = matches!(then, AfterClearing::Read);
        let uploads_rest = reads_only || world.serves.is_at_rest(&self.id);
        if world.hashing.is_running(&self.id) || !uploads_rest {
            return;
        }
        let Stage::Clearing(then, _) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return;
        };
        if self.is_cancelled() {
            return self.cancelled_after_clearing(world, &then);
        }
        match then {
            AfterClearing::Read => self.read(world),
            AfterClearing::Prepare(hash, manifest) => self.prepare(world, hash, manifest),
            AfterClearing::Change(goal) => self.change(world, goal),
            AfterClearing::Settle => self.settle(world),
        }
    }

    /// Searches a manifest.
    pub(super) fn hunt(&mut self, world: &mut World<'_>, quarry: Quarry) {
        let purpose = Purpose::Operation(self.id.clone());
        let mut hunt = Hunt::new(self.id.clone(), quarry, purpose, world.ctx.now);
        let hunted = hunt.advance(world);
        self.stage = Stage::Hunting(Box::new(hunt));
        self.hunted(world, hunted);
    }

    /// The search went on.
    pub(super) fn hunted(&mut self, world: &mut World<'_>, hunted: Hunted) {
        match hunted {
            Hunted::Still(why) => self.tell(world, Progress::Waiting { why }),
            Hunted::Found(hash, manifest) => match self.intent {
                DownloadIntent::UpdateGivingUpOld => {
                    self.clear(world, AfterClearing::Prepare(hash, manifest));
                }
                DownloadIntent::New | DownloadIntent::Update | DownloadIntent::Repair => {
                    self.prepare(world, hash, manifest);
                }
            },
            Hunted::Failed(mut error) => {
                if let Some(damage) = &self.damage {
                    error.message = format!(
                        "{damage}, and it cannot be repaired now: {}; verify it again when a peer \
                         is here that has this version",
                        error.message
                    );
                }
                self.fail(world, error);
            }
        }
    }

    fn read(&mut self, world: &mut World<'_>) {
        self.stage = Stage::Reading;
        let id = self.id.clone();
        self.ask(world, |effect| Effect::HashRoot {
            effect,
            id,
            trust: HashTrust::Nothing,
        });
    }

    fn prepare(&mut self, world: &mut World<'_>, hash: ManifestHash, manifest: Arc<Manifest>) {
        let (intent, then, wanted) = (self.intent, self.after, Arc::clone(&manifest));
        self.stage = Stage::Preparing(hash, manifest);
        self.ask(world, |effect| Effect::PrepareDownload {
            effect,
            manifest: wanted,
            intent,
            then,
        });
    }

    /// Leads the root to a goal.
    pub(super) fn change(&mut self, world: &mut World<'_>, goal: Goal) {
        self.stage = Stage::Changing(RootRun::new(goal));
        self.pending = Some(RootRun::observe(world, &self.id));
    }

    /// The root was observed: the next step.
    pub(super) fn observed(&mut self, world: &mut World<'_>, observed: &RootObservation) {
        let cancelled = self.is_cancelled();
        let Stage::Changing(run) = &mut self.stage else {
            return;
        };
        let undo = cancelled && run.goal == Goal::Install && !is_past_undoing(observed);
        if undo {
            self.outcome = Some(Outcome::Cancelled);
            *run = RootRun::new(Goal::Settle);
        }
        match run.step(world, &self.id, observed) {
            Ran::Awaits(effect) => self.pending = Some(effect),
            Ran::Reached => self.reached(world),
            Ran::Failed(error) => self.change_failed(world, error),
        }
    }

    fn reached(&mut self, world: &mut World<'_>) {
        // Nothing but the user's wish leads there without another outcome.
        let swept = matches!(&self.stage, Stage::Changing(run) if run.goal == Goal::DropDownload);
        self.outcome.get_or_insert_with(|| {
            if swept {
                Outcome::Cancelled
            } else {
                Outcome::Finished(OperationReport::default())
            }
        });
        self.settle(world);
    }

    /// A step failed, or none leads to the goal: what was begun is completed or undone.
    pub(super) fn change_failed(&mut self, world: &mut World<'_>, error: OperationError) {
        let Stage::Changing(run) = &self.stage else {
            return;
        };
        let settling = matches!(run.goal, Goal::Settle | Goal::DropDownload);
        self.outcome.get_or_insert(Outcome::Failed(error));
        if settling {
            self.settle(world);
        } else {
            self.change(world, Goal::Settle);
        }
    }

    /// It cannot go on; nothing in the root needs to be undone.
    pub(super) fn fail(&mut self, world: &mut World<'_>, error: OperationError) {
        self.outcome.get_or_insert(Outcome::Failed(error));
        self.settle(world);
    }

    /// Looks at the root, last of all.
    pub(super) fn settle(&mut self, world: &mut World<'_>) {
        self.stage = Stage::Settling;
        let id = self.id.clone();
        self.ask(world, |effect| Effect::ScanRoot { effect, id });
    }

    fn ask(&mut self, world: &mut World<'_>, make: impl FnOnce(EffectId) -> Effect) {
        self.pending = Some(world.ctx.out.ask(Purpose::Operation(self.id.clone()), make));
    }

    /// Keeps notes for the report.
    pub(super) fn note(&mut self, notes: impl IntoIterator<Item = OperationNote>) {
        let room = NOTES_MAX.saturating_sub(self.report.notes.len());
        self.report.notes.extend(notes.into_iter().take(room));
    }

    /// A step goes on.
    pub(super) fn step_progress(&mut self, world: &mut World<'_>, progress: StepProgress) {
        self.tell_at_times(world, Progress::Step(progress));
    }

    /// Bytes on this disk are being checked.
    pub(super) fn checked(&mut self, world: &mut World<'_>, done_bytes: u64, total_bytes: u64) {
        self.tell_at_times(
            world,
            Progress::Checking {
                done_bytes,
                total_bytes,
            },
        );
    }

    /// Tells users how far it is, unless they know.
    pub(super) fn tell(&mut self, world: &mut World<'_>, progress: Progress) {
        self.told_at = Some(world.ctx.now);
        if self.told.as_ref() == Some(&progress) {
            return;
        }
        self.told = Some(progress.clone());
        let (id, kind) = (self.id.clone(), self.kind);
        world
            .ctx
            .out
            .emit(PeerEvent::OperationProgress { id, kind, progress });
    }

    /// Tells users how far it is, if it is time again.
    fn tell_at_times(&mut self, world: &mut World<'_>, progress: Progress) {
        if is_time_to_tell(self.told_at, world) {
            self.tell(world, progress);
        }
    }

    /// When [`Operation::advance`] has something to do.
    pub(super) fn deadline(&self, timing: &crate::Timing) -> Option<Now> {
        match &self.stage {
            Stage::Hunting(hunt) => hunt.deadline(),
            Stage::Gathering(gather, _) => {
                let tell_at = self.told_at.map(|at| at + timing.progress);
                [gather.deadline(timing), tell_at]
                    .into_iter()
                    .flatten()
                    .min()
            }
            Stage::Clearing(_, patience) => *patience,
            Stage::Reading
            | Stage::Preparing(..)
            | Stage::Changing(_)
            | Stage::Settling
            | Stage::Over => None,
        }
    }

    /// What it came to, when it is over. A report that says nothing yet is filled in.
    pub(super) fn into_outcome(self, world: &World<'_>) -> Outcome {
        match self.outcome {
            Some(Outcome::Finished(_)) | None => Outcome::Finished(OperationReport {
                version: world.library.version(&self.id),
                elapsed: world.ctx.now.since(self.began_at),
                ..self.report
            }),
            Some(outcome @ (Outcome::Failed(_) | Outcome::Cancelled)) => outcome,
        }
    }
}

pub(super) fn is_time_to_tell(told_at: Option<Now>, world: &World<'_>) -> bool {
    told_at.is_none_or(|at| world.ctx.now.since(at) >= world.ctx.config.timing.progress)
}
