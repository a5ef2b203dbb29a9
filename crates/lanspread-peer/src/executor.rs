//! Carries out effects: each in a task of its own, answered by one input.
//!
//! Invariant: every effect that has an id is answered exactly once, also when its task panics or the
//! peer ends. Nothing is decided here.

mod data;
mod disk;
mod network;
mod read_buffers;

use std::{
    collections::BTreeMap,
    future::Future,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::SystemTime,
};

use lanspread_core::{Effect, EffectId, Expelled, Input, RateLimits, ReplyId};
use lanspread_disk::Disk;
use lanspread_proto::LibraryRevision;
use tokio::sync::{mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::read_buffers::ReadBuffers;
use crate::{
    expelled_file::ExpelledFile,
    handle::PendingCommands,
    net::{Rates, Responder, Transport},
    rates_file::RatesFile,
};

/// The transport, once the server has bound it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transports(Arc<OnceLock<Transport>>);

impl Transports {
    pub(crate) fn set(&self, transport: Transport) {
        if self.0.set(transport).is_err() {
            tracing::error!("the listener was bound twice");
        }
    }

    pub(crate) fn get(&self) -> Option<&Transport> {
        self.0.get()
    }
}

/// Carries out effects. Clones are the same executor.
#[derive(Clone)]
pub(crate) struct Executor {
    shared: Arc<Shared>,
}

struct Shared {
    transports: Transports,
    disk: Disk,
    expelled: ExpelledFile,
    rates: Arc<Rates>,
    rates_file: RatesFile,
    inputs: mpsc::Sender<Input>,
    commands: Arc<PendingCommands>,
    revision: watch::Sender<LibraryRevision>,
    game_dirs: watch::Sender<Vec<PathBuf>>,
    tasks: TaskTracker,
    read_buffers: ReadBuffers,
    running: Mutex<BTreeMap<EffectId, CancellationToken>>,
    replies: Mutex<Replies>,
}

#[derive(Default)]
struct Replies {
    next: u64,
    waiting: BTreeMap<ReplyId, Responder>,
}

/// What an executor is made of.
pub(crate) struct ExecutorParts {
    pub(crate) transports: Transports,
    pub(crate) disk: Disk,
    pub(crate) expelled: ExpelledFile,
    pub(crate) rates: Arc<Rates>,
    pub(crate) rates_file: RatesFile,
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) commands: Arc<PendingCommands>,
    pub(crate) revision: watch::Sender<LibraryRevision>,
    pub(crate) game_dirs: watch::Sender<Vec<PathBuf>>,
    pub(crate) tasks: TaskTracker,
}

impl Executor {
    pub(crate) fn new(parts: ExecutorParts) -> Self {
        let ExecutorParts {
            transports,
            disk,
            expelled,
            rates,
            rates_file,
            inputs,
            commands,
            revision,
            game_dirs,
            tasks,
        } = parts;
        Self {
            shared: Arc::new(Shared {
                transports,
                disk,
                expelled,
                rates,
                rates_file,
                inputs,
                commands,
                revision,
                game_dirs,
                tasks,
                read_buffers: ReadBuffers::default(),
                running: Mutex::default(),
                replies: Mutex::default(),
            }),
        }
    }

    /// Keeps a responder until the core answers.
    pub(crate) fn register(&self, responder: Responder) -> ReplyId {
        let mut replies = lock(&self.shared.replies);
        let id = ReplyId(replies.next);
        replies.next += 1;
        replies.waiting.insert(id, responder);
        id
    }

    /// Begins to carry out an effect; never waits.
    pub(crate) fn start(&self, effect: Effect) {
        match effect {
            Effect::Emit(_) | Effect::Show | Effect::Stopped => {
                tracing::error!(?effect, "the driver's own effect reached the executor");
            }
            Effect::Answer { id, result } => self.shared.commands.answer(id, result),
            Effect::Advertise { revision } => {
                self.shared.revision.send_replace(revision);
            }
            Effect::Abort { effect } => {
                if let Some(abort) = lock(&self.shared.running).get(&effect) {
                    abort.cancel();
                }
            }
            Effect::Disconnect { .. }
            | Effect::KeepAway { .. }
            | Effect::Readmit { .. }
            | Effect::Reply { .. }
            | Effect::Dial { .. }
            | Effect::Request { .. }
            | Effect::FetchManifest { .. } => self.start_network(effect),
            Effect::ServeManifest { .. }
            | Effect::ServeChunks { .. }
            | Effect::FetchChunks { .. } => {
                self.start_data(effect);
            }
            Effect::KeepExpelled { effect, expelled } => self.keep_expelled(effect, expelled),
            Effect::SetRates { limits, playing } => self.shared.rates.set(limits, playing),
            Effect::KeepRateLimits { effect, limits } => self.keep_rate_limits(effect, limits),
            Effect::OpenGameDir { .. }
            | Effect::OpenMoreGameDirs { .. }
            | Effect::RecallManifest { .. }
            | Effect::ScanLibrary { .. }
            | Effect::ScanRoot { .. }
            | Effect::HashRoot { .. }
            | Effect::ObserveRoot { .. }
            | Effect::RunStep { .. }
            | Effect::PrepareDownload { .. } => self.start_disk(effect),
        }
    }

    fn keep_expelled(&self, effect: EffectId, expelled: Vec<Expelled>) {
        self.block(
            effect,
            move |shared, _| shared.expelled.save(&expelled, SystemTime::now()),
            |effect, result| Input::ExpelledKept { effect, result },
        );
    }

    fn keep_rate_limits(&self, effect: EffectId, limits: RateLimits) {
        self.block(
            effect,
            move |shared, _| shared.rates_file.save(limits),
            |effect, result| Input::RateLimitsKept { effect, result },
        );
    }

    /// Ends every effect early; each is still answered.
    pub(crate) fn abort_all(&self) {
        for abort in lock(&self.shared.running).values() {
            abort.cancel();
        }
    }

    /// Runs the work of one effect and reports its answer; `failed` answers if the work panics.
    fn spawn<F>(
        &self,
        effect: EffectId,
        work: impl FnOnce(Arc<Shared>, CancellationToken) -> F,
        failed: impl FnOnce(String) -> Input + Send + 'static,
    ) where
        F: Future<Output = Input> + Send + 'static,
    {
        let abort = CancellationToken::new();
        lock(&self.shared.running).insert(effect, abort.clone());
        let work = self
            .shared
            .tasks
            .spawn(work(Arc::clone(&self.shared), abort));
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            let input = work.await.unwrap_or_else(|error| {
                tracing::error!(%error, "an effect's task failed");
                failed(format!("a task of this program failed: {error}"))
            });
            lock(&shared.running).remove(&effect);
            // The driver is gone only when the peer ends.
            drop(shared.inputs.send(input).await);
        });
    }
}

impl Shared {
    fn take_responder(&self, reply: ReplyId) -> Option<Responder> {
        let responder = lock(&self.replies).waiting.remove(&reply);
        if responder.is_none() {
            tracing::error!(?reply, "a request was answered twice");
        }
        responder
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
