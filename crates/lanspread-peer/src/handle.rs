//! What an embedder holds of a running peer.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use lanspread_core::{CommandId, CommandRefused, ErrorKind, Input, PeerCommand};
use lanspread_db::GameId;
use lanspread_proto::{ListenAddr, PeerId};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::{game_db::PeerGameDB, net::Adapter, shared_game::Reader};

/// A running peer.
///
/// Dropping it ends the peer as [`PeerRuntimeHandle::shutdown`] does, without waiting for the end.
#[derive(Debug)]
pub struct PeerRuntimeHandle {
    pub(crate) peer_id: PeerId,
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) commands: Arc<PendingCommands>,
    pub(crate) game_db: PeerGameDB,
    pub(crate) reader: Reader,
    pub(crate) listen: watch::Receiver<Option<Vec<ListenAddr>>>,
    pub(crate) adapters: watch::Receiver<Vec<Adapter>>,
    pub(crate) end: watch::Receiver<Option<RuntimeEnd>>,
    pub(crate) leave: CancellationToken,
}

/// How a peer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuntimeEnd {
    /// It was asked to.
    Stopped,
    /// It could not go on; the reason, for people.
    Failed(String),
}

impl PeerRuntimeHandle {
    /// Who this peer is.
    #[must_use]
    pub const fn peer_id(&self) -> PeerId {
        self.peer_id
    }

    /// Every address others may use, most promising first; empty until the listener is bound.
    #[must_use]
    pub fn listen_addrs(&self) -> Vec<ListenAddr> {
        self.listen.borrow().clone().unwrap_or_default()
    }

    /// The network adapters of this machine as they stand, most promising first; looked at every few seconds, and
    /// empty until the listener is bound.
    #[must_use]
    pub const fn adapters(&self) -> &watch::Receiver<Vec<Adapter>> {
        &self.adapters
    }

    /// The merged view of games, peers and operations.
    #[must_use]
    pub const fn game_db(&self) -> &PeerGameDB {
        &self.game_db
    }

    /// All game directories, as they were named; the first is where new games go.
    #[must_use]
    pub fn game_dirs(&self) -> Vec<PathBuf> {
        self.reader.disk().game_dirs()
    }

    /// The games that were found in another game directory than the first, and in which. The disk is not asked.
    #[must_use]
    pub fn found_beyond_first(&self) -> BTreeMap<GameId, PathBuf> {
        self.reader.disk().found_beyond_first()
    }

    /// Where the root of a game lies, or would lie. Where there are several game directories the disk is asked.
    pub async fn game_root(&self, id: &GameId) -> PathBuf {
        let (disk, sought) = (self.reader.disk().clone(), id.clone());
        let looked = tokio::task::spawn_blocking(move || disk.root_path(&sought)).await;
        // Never an empty path: what is looked for in it would be looked for in this process's own directory.
        looked.unwrap_or_else(|_| {
            let first = self.game_dirs().into_iter().next();
            first.unwrap_or_default().join(id.as_str())
        })
    }

    /// Asks for something. The answer comes at once; what takes longer reports by events.
    ///
    /// # Errors
    /// The command cannot be carried out now; the refusal says why and what to do.
    pub async fn command(&self, command: PeerCommand) -> Result<(), CommandRefused> {
        let (id, answer) = self.commands.register();
        if self
            .inputs
            .send(Input::Command { id, command })
            .await
            .is_err()
        {
            self.commands.take(id);
            return Err(ended());
        }
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Waits until the peer has ended by itself or by [`PeerRuntimeHandle::shutdown`].
    pub async fn wait(&self) -> RuntimeEnd {
        let mut end = self.end.clone();
        let ended = end.wait_for(Option::is_some).await.map(|end| end.clone());
        match ended {
            Ok(Some(end)) => end,
            Ok(None) | Err(_) => RuntimeEnd::Failed("the peer's tasks are gone".to_owned()),
        }
    }

    /// Says goodbye to the other peers, ends every task and waits for that; takes under a second.
    pub async fn shutdown(&self) -> RuntimeEnd {
        self.leave.cancel();
        self.wait().await
    }
}

impl Drop for PeerRuntimeHandle {
    fn drop(&mut self) {
        self.leave.cancel();
    }
}

fn ended() -> CommandRefused {
    CommandRefused {
        kind: ErrorKind::ShuttingDown,
        message: "the peer has ended; start it again".to_owned(),
    }
}

/// Commands whose answer is awaited.
#[derive(Debug, Default)]
pub(crate) struct PendingCommands {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    answers: BTreeMap<CommandId, oneshot::Sender<Result<(), CommandRefused>>>,
}

impl PendingCommands {
    fn register(&self) -> (CommandId, oneshot::Receiver<Result<(), CommandRefused>>) {
        let (tx, rx) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let id = CommandId(waiting.next);
        waiting.next += 1;
        waiting.answers.insert(id, tx);
        (id, rx)
    }

    fn take(&self, id: CommandId) -> Option<oneshot::Sender<Result<(), CommandRefused>>> {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .answers
            .remove(&id)
    }

    /// Hands the answer to whoever waits for it.
    pub(crate) fn answer(&self, id: CommandId, result: Result<(), CommandRefused>) {
        if let Some(tx) = self.take(id) {
            // The asker may have gone away meanwhile.
            drop(tx.send(result));
        }
    }

    /// Ends every wait: nobody will answer any more.
    pub(crate) fn close(&self) {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .answers
            .clear();
    }
}
