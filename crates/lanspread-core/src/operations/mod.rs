//! The running operations: at most one per game, each told from its beginning to its one end.
//!
//! Invariant: users hear, in this order, that the set of operations changed, that it began, what it
//! does, that the list of games is settled, that the set changed again, and how it ended, once.

mod answers;
mod cancel;
mod damage;
mod downloading;
mod efficiency;
mod gather;
pub(crate) mod hunt;
mod operation;
mod partners;
mod root_run;

use std::collections::BTreeMap;

use lanspread_db::{GameId, ManifestHash};
use lanspread_proto::{HoldingsRequest, PeerId, Response};

use crate::{
    AfterDownload, CommandRefused, DownloadRoom, EffectId, ErrorKind, Input, Now, OperationError,
    OperationKind, OperationView, Outcome, PeerEvent, ReplyId, RequestFailure,
    limits::OPERATIONS_MAX, root::DownloadIntent, world::World,
};

pub(crate) use efficiency::LinkRate;
use gather::{Gather, not_gathering};
use operation::{Operation, Stage, Successor};
pub(crate) use root_run::disk_error;

/// What is to be begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// Download what this party plays.
    Download {
        /// What follows.
        after: AfterDownload,
        /// What happens to the version that is there.
        intent: DownloadIntent,
    },
    /// Install what is downloaded.
    Install,
    /// Delete the install.
    Uninstall,
    /// Delete what is downloaded.
    Remove,
    /// Read every byte again, and repair.
    Verify,
    /// Complete or undo what was interrupted.
    Recover,
    /// Sweep what a download that does not run has gathered.
    Drop,
}

/// All running operations.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    running: BTreeMap<GameId, Operation>,
}

impl Operations {
    /// Whether an operation runs on a game.
    pub(crate) fn is_running(&self, id: &GameId) -> bool {
        self.running.contains_key(id)
    }

    /// Whether no operation keeps others from reading the files of a game.
    pub(crate) fn may_be_served(&self, id: &GameId) -> bool {
        self.running.get(id).is_none_or(Operation::leaves_files)
    }

    /// Whether no operation keeps a game from being hashed.
    pub(crate) fn may_be_hashed(&self, id: &GameId) -> bool {
        self.running.get(id).is_none_or(Operation::leaves_disk)
    }

    /// Whether none runs.
    pub(crate) fn is_quiet(&self) -> bool {
        self.running.is_empty()
    }

    /// How many of a kind run.
    pub(crate) fn count(&self, kind: OperationKind) -> usize {
        self.running
            .values()
            .filter(|operation| operation.kind == kind)
            .count()
    }

    /// How many downloads gather chunks.
    pub(crate) fn gathering(&self) -> usize {
        self.running
            .values()
            .filter(|operation| operation.gather().is_some())
            .count()
    }

    /// What gathers this very manifest of a game, if anything does.
    pub(crate) fn gatherer(&self, id: &GameId, manifest: ManifestHash) -> Option<&Gather> {
        let gather = self.running.get(id)?.gather()?;
        (gather.manifest() == manifest).then_some(gather)
    }

    /// Another peer that gathers a manifest asks what this one has of it. Says at once if it gathers
    /// nothing of it.
    pub(crate) fn holdings_asked(
        &mut self,
        world: &mut World<'_>,
        peer: PeerId,
        reply: ReplyId,
        question: &HoldingsRequest,
    ) -> Option<Response> {
        let id = &question.id;
        if self.gatherer(id, question.manifest).is_none() {
            return Some(not_gathering(id));
        }
        self.with(world, id, |operation, world| {
            operation.holdings_asked(world, peer, reply, question);
        });
        None
    }

    /// A peer answered that was asked what it has of a game, or did not.
    pub(crate) fn holdings_heard(
        &mut self,
        world: &mut World<'_>,
        id: &GameId,
        from: (PeerId, EffectId),
        result: Result<Response, RequestFailure>,
    ) {
        self.with(world, id, |operation, world| {
            operation.holdings_heard(world, from, result);
        });
    }

    /// Nobody is asked or answered any more, because the peer ends.
    pub(crate) fn part(&mut self, world: &mut World<'_>) {
        for operation in self.running.values_mut() {
            operation.part(world);
        }
    }

    /// The games on which an operation runs.
    pub(crate) fn games(&self) -> impl Iterator<Item = &GameId> {
        self.running.keys()
    }

    /// Whether another operation may begin on a game.
    ///
    /// # Errors
    /// Says why not.
    pub(crate) fn admit(&self, id: &GameId) -> Result<(), CommandRefused> {
        if let Some(running) = self.running.get(id) {
            return Err(CommandRefused {
                kind: ErrorKind::Busy,
                message: format!(
                    "{id} is busy: its {} runs; wait for its end, or cancel it",
                    running.kind.as_str()
                ),
            });
        }
        if self.running.len() >= OPERATIONS_MAX {
            return Err(CommandRefused {
                kind: ErrorKind::Busy,
                message: format!(
                    "{OPERATIONS_MAX} operations run already; wait for one of them to end"
                ),
            });
        }
        Ok(())
    }

    /// Begins an operation that was admitted.
    pub(crate) fn begin(&mut self, world: &mut World<'_>, id: &GameId, order: &Order) {
        let keep = (AfterDownload::Keep, DownloadIntent::New);
        let (kind, (after, intent)) = match order {
            Order::Download { after, intent } => (OperationKind::Download, (*after, *intent)),
            Order::Install => (OperationKind::Install, keep),
            Order::Uninstall => (OperationKind::Uninstall, keep),
            Order::Remove => (OperationKind::Remove, keep),
            Order::Verify => (
                OperationKind::Verify,
                (AfterDownload::Keep, DownloadIntent::Repair),
            ),
            Order::Recover => (OperationKind::Recover, keep),
            Order::Drop => (OperationKind::Download, keep),
        };
        let mut operation = Operation::new(id.clone(), kind, after, intent, world.ctx.now);
        if *order == Order::Drop {
            operation.drop_at_once();
        }
        self.running.insert(id.clone(), operation);
        self.tell_active(world);
        world.ctx.out.emit(PeerEvent::OperationBegan {
            id: id.clone(),
            kind,
        });
        self.with(world, id, Operation::start);
    }

    /// Ends the operation of a game early.
    ///
    /// # Errors
    /// Says why there is nothing to cancel.
    pub(crate) fn cancel(
        &mut self,
        world: &mut World<'_>,
        id: &GameId,
    ) -> Result<(), CommandRefused> {
        self.stop(world, id, "cancel", Operation::cancel)
    }

    /// The user wants a download to end for now.
    ///
    /// # Errors
    /// Says why it cannot.
    pub(crate) fn pause(
        &mut self,
        world: &mut World<'_>,
        id: &GameId,
    ) -> Result<(), CommandRefused> {
        self.stop(world, id, "pause", Operation::pause)
    }

    /// Has an operation end in the way that the user wants.
    fn stop(
        &mut self,
        world: &mut World<'_>,
        id: &GameId,
        what: &str,
        how: impl FnOnce(&mut Operation, &mut World<'_>) -> Result<(), String>,
    ) -> Result<(), CommandRefused> {
        let Some(operation) = self.running.get_mut(id) else {
            return Err(CommandRefused {
                kind: ErrorKind::NoOperation,
                message: format!("nothing to {what}: no operation runs on {id}"),
            });
        };
        let result = how(operation, world).map_err(|message| CommandRefused {
            kind: ErrorKind::Busy,
            message,
        });
        self.reap(world, id);
        result
    }

    /// Something outside changed: who has what, who is served, the time.
    pub(crate) fn advance(&mut self, world: &mut World<'_>) {
        let ids: Vec<GameId> = self.running.keys().cloned().collect();
        for id in ids {
            self.with(world, &id, Operation::advance);
        }
    }

    /// An answer to something an operation asked.
    pub(crate) fn answered(&mut self, world: &mut World<'_>, id: &GameId, input: Input) {
        self.with(world, id, |operation, world| operation.answer(world, input));
    }

    /// When [`Operations::advance`] has something to do.
    pub(crate) fn deadline(&self, timing: &crate::Timing) -> Option<Now> {
        self.running
            .values()
            .filter_map(|operation| operation.deadline(timing))
            .min()
    }

    /// What users see.
    pub(crate) fn view(&self) -> Vec<OperationView> {
        self.running
            .values()
            .map(|operation| OperationView {
                id: operation.id.clone(),
                kind: operation.kind,
                after: operation.after,
                room: match operation.intent {
                    DownloadIntent::UpdateGivingUpOld => DownloadRoom::GiveUpOld,
                    DownloadIntent::New | DownloadIntent::Update | DownloadIntent::Repair => {
                        DownloadRoom::KeepOld
                    }
                },
                progress: operation.progress().cloned(),
            })
            .collect()
    }

    /// Ends all operations because the peer ends. What they began is settled at the next start.
    pub(crate) fn shut_down(&mut self, world: &mut World<'_>) {
        while let Some((id, operation)) = self.running.pop_first() {
            self.tell_active(world);
            let message = format!(
                "the {} of {id} was interrupted: Lanspread ends. It is resumed or undone at the \
                 next start",
                operation.kind.as_str()
            );
            let error = OperationError {
                kind: ErrorKind::ShuttingDown,
                message,
            };
            world.ctx.out.emit(PeerEvent::OperationEnded {
                id,
                kind: operation.kind,
                outcome: Outcome::Failed(error),
            });
        }
    }

    fn with(
        &mut self,
        world: &mut World<'_>,
        id: &GameId,
        act: impl FnOnce(&mut Operation, &mut World<'_>),
    ) {
        if let Some(operation) = self.running.get_mut(id) {
            act(operation, world);
            self.reap(world, id);
        }
    }

    /// Tells the end of an operation that is over, and begins what follows it.
    fn reap(&mut self, world: &mut World<'_>, id: &GameId) {
        if !self.running.get(id).is_some_and(Operation::is_over) {
            return;
        }
        let Some(operation) = self.running.remove(id) else {
            return;
        };
        let (kind, after) = (operation.kind, operation.after);
        let (intent, successor) = (operation.intent, operation.successor);
        let outcome = operation.into_outcome(world);
        world.rescan.operation_ended(&mut world.ctx, id);
        world.dirty.list = false;
        world.ctx.out.emit(PeerEvent::GamesListUpdated);
        self.tell_active(world);
        let installs = kind == OperationKind::Download
            && after == AfterDownload::Install
            && matches!(outcome, Outcome::Finished(_));
        world.ctx.out.emit(PeerEvent::OperationEnded {
            id: id.clone(),
            kind,
            outcome,
        });
        if installs {
            self.begin(world, id, &Order::Install);
        } else if successor == Successor::DownloadAnew {
            let intent = match (world.library.version(id), intent) {
                (None, _) => DownloadIntent::New,
                (Some(_), DownloadIntent::UpdateGivingUpOld) => intent,
                (
                    Some(_),
                    DownloadIntent::New | DownloadIntent::Update | DownloadIntent::Repair,
                ) => DownloadIntent::Update,
            };
            self.begin(world, id, &Order::Download { after, intent });
        }
    }

    fn tell_active(&self, world: &mut World<'_>) {
        let active = self
            .running
            .values()
            .map(|operation| (operation.id.clone(), operation.kind))
            .collect();
        world
            .ctx
            .out
            .emit(PeerEvent::ActiveOperationsChanged { active });
    }
}

impl Operation {
    fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// Hands an answer to the stage that asked for it.
    fn answer(&mut self, world: &mut World<'_>, input: Input) {
        let is_fetch = matches!(input, Input::ChunksFetched { .. });
        if !is_fetch && !input.is_progress() {
            self.pending = None;
        }
        match input {
            Input::ManifestFetched { effect, result } => {
                self.manifest_fetched(world, effect, result);
            }
            Input::DownloadPrepared { effect, result } => self.prepared(world, effect, result),
            Input::ChunkStored { effect, chunk } => self.chunk_stored(world, effect, chunk),
            Input::ChunksFetched {
                effect,
                stored,
                elapsed,
                result,
            } => {
                self.fetched(world, effect, &stored, elapsed, result);
            }
            Input::RootHashed {
                result, recorded, ..
            } => self.read_again(world, result, recorded.as_deref()),
            Input::RootObserved { result, .. } => self.root_observed(world, result),
            Input::StepDone { result, .. } => self.step_done(world, result),
            Input::RootScanned { result, .. } => self.root_scanned(world, result),
            Input::StepProgress { progress, .. } => self.step_progress(world, progress),
            Input::PrepareProgress {
                checked_bytes,
                total_bytes,
                ..
            } => {
                self.checked(world, checked_bytes, total_bytes);
            }
            Input::HashProgress {
                hashed_bytes,
                total_bytes,
                ..
            } => {
                self.checked(world, hashed_bytes, total_bytes);
            }
            Input::ListenerBound { .. }
            | Input::Tick
            | Input::Discovered(_)
            | Input::Command { .. }
            | Input::Requested { .. }
            | Input::Disconnected { .. }
            | Input::GameDirChanged { .. }
            | Input::OtherVersion { .. }
            | Input::Misbehaved { .. }
            | Input::Delays(_)
            | Input::OtherParty { .. }
            | Input::Trouble { .. }
            | Input::Discovery(_)
            | Input::Shutdown
            | Input::Dialed { .. }
            | Input::Responded { .. }
            | Input::Served { .. }
            | Input::ManifestRecalled { .. }
            | Input::LibraryScanned { .. }
            | Input::ExpelledKept { .. }
            | Input::RateLimitsKept { .. }
            | Input::GameDirOpened { .. } => {
                tracing::warn!(game = %self.id, "an operation got an answer it did not ask for");
            }
        }
    }
}
