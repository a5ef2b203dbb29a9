//! What is held against every peer after every input and effect: the order of its events, the state of
//! every chunk, the length of its queues.
//!
//! Invariant: books are kept from what goes in and comes out alone; they know nothing of how a core
//! decides.

mod chunks;
mod events;

use std::collections::{BTreeMap, BTreeSet};

use lanspread_core::{
    CommandId, Effect, EffectId, Input, PeerCommand, PeerEvent,
    limits::{CONNECTS_MAX, DIALS_MAX, SERVES_MAX},
    transfer::limits::FETCHES_PER_SOURCE_MAX,
};
use lanspread_db::GameId;
use lanspread_proto::{
    PeerId,
    limits::{CHUNKS_PER_REQUEST_MAX, REQUEST_DATA_BYTES_MAX},
};

use self::{chunks::ChunkBook, events::EventBook};
use crate::failure::Invariant;

/// Something that is not as it must be.
pub(crate) type Wrong = (Invariant, String);

/// The books of one run of one peer.
#[derive(Debug, Default)]
struct Book {
    events: EventBook,
    chunks: BTreeMap<GameId, ChunkBook>,
    /// What each fetch that is under way is about.
    fetches: BTreeMap<EffectId, (GameId, PeerId)>,
    /// For which game each preparation is.
    preparing: BTreeMap<EffectId, GameId>,
    dials: BTreeSet<EffectId>,
    serves: BTreeSet<EffectId>,
    commands: BTreeMap<CommandId, PeerCommand>,
}

/// The books of all peers.
#[derive(Debug, Default)]
pub(crate) struct Books(BTreeMap<usize, Book>);

/// The game root that an effect on the disk may change.
pub(crate) fn root_of(effect: &Effect) -> Option<GameId> {
    match effect {
        Effect::RunStep { id, .. } => Some(id.clone()),
        Effect::PrepareDownload { manifest, .. } => Some(manifest.game_id().clone()),
        _ => None,
    }
}

impl Books {
    fn of(&mut self, n: usize) -> &mut Book {
        self.0.entry(n).or_default()
    }

    /// The peer ended; nothing of it is expected any more.
    pub(crate) fn forget(&mut self, n: usize) {
        self.0.remove(&n);
    }

    pub(crate) fn commanded(&mut self, n: usize, id: CommandId, command: &PeerCommand) {
        self.of(n).commands.insert(id, command.clone());
    }

    /// The command that is answered.
    pub(crate) fn command(&mut self, n: usize, id: CommandId) -> Option<PeerCommand> {
        self.of(n).commands.remove(&id)
    }

    /// A peer wants something done.
    pub(crate) fn asked(&mut self, n: usize, effect: &Effect) -> Result<(), Wrong> {
        let book = self.of(n);
        match effect {
            Effect::Emit(event) => {
                if let PeerEvent::OperationEnded { id, .. } = event {
                    book.chunks.remove(id);
                }
                book.events.emitted(event)
            }
            Effect::Dial { effect, .. } => {
                book.dials.insert(*effect);
                // Greetings come from discovery, from users and from one peer that is doubted.
                within(book.dials.len(), DIALS_MAX + CONNECTS_MAX + 1, "dials")
            }
            Effect::ServeManifest { effect, .. } | Effect::ServeChunks { effect, .. } => {
                book.serves.insert(*effect);
                within(book.serves.len(), SERVES_MAX, "uploads")
            }
            Effect::PrepareDownload {
                effect, manifest, ..
            } => {
                let id = manifest.game_id().clone();
                book.preparing.insert(*effect, id.clone());
                let chunks = ChunkBook::new(std::sync::Arc::clone(manifest));
                book.chunks.insert(id, chunks);
                Ok(())
            }
            Effect::FetchChunks {
                effect,
                from,
                id,
                chunks,
                ..
            } => {
                book.fetches.insert(*effect, (id.clone(), from.peer_id));
                let of_source = book
                    .fetches
                    .values()
                    .filter(|(game, source)| game == id && *source == from.peer_id)
                    .count();
                within(of_source, FETCHES_PER_SOURCE_MAX, "fetches of one source")?;
                within(chunks.len(), CHUNKS_PER_REQUEST_MAX, "chunks of a request")?;
                let Some(of_game) = book.chunks.get_mut(id) else {
                    let message = format!("chunks of {id} are fetched before it is prepared");
                    return Err((Invariant::OneStatePerChunk, message));
                };
                let bytes = of_game.bytes(chunks);
                within(
                    usize::try_from(bytes).unwrap_or(usize::MAX),
                    usize::try_from(REQUEST_DATA_BYTES_MAX).unwrap_or(usize::MAX),
                    "bytes of a request",
                )?;
                of_game.fetch(*effect, from.peer_id, chunks)
            }
            Effect::Abort { effect } => {
                if let Some((id, _)) = book.fetches.get(effect)
                    && let Some(chunks) = book.chunks.get_mut(id)
                {
                    chunks.given_up(*effect);
                }
                Ok(())
            }
            Effect::RunStep {
                id,
                step: lanspread_core::root::Step::BeginSwitch { .. },
                ..
            } => book.chunks.get(id).map_or(Ok(()), ChunkBook::switched),
            _ => Ok(()),
        }
    }

    /// A peer is told something.
    pub(crate) fn told(&mut self, n: usize, input: &Input) {
        let book = self.of(n);
        match input {
            Input::Dialed { effect, .. } => {
                book.dials.remove(effect);
            }
            Input::Served { effect, .. } => {
                book.serves.remove(effect);
            }
            Input::DownloadPrepared { effect, result } => {
                let id = book.preparing.remove(effect);
                if let (Some(id), Ok(prepared)) = (id, result)
                    && let Some(chunks) = book.chunks.get_mut(&id)
                {
                    chunks.stored(&prepared.stored);
                }
            }
            Input::ChunkStored { effect, chunk } => {
                if let Some((id, _)) = book.fetches.get(effect)
                    && let Some(chunks) = book.chunks.get_mut(id)
                {
                    chunks.stored(&[*chunk]);
                }
            }
            Input::ChunksFetched { effect, stored, .. } => {
                if let Some((id, _)) = book.fetches.remove(effect)
                    && let Some(chunks) = book.chunks.get_mut(&id)
                {
                    chunks.fetched(*effect, stored);
                }
            }
            _ => {}
        }
    }

    /// What a peer says it is doing.
    pub(crate) fn running(&self, n: usize) -> Vec<String> {
        let book = self.0.get(&n);
        book.map(|book| book.events.running()).unwrap_or_default()
    }
}

fn within(is: usize, max: usize, what: &str) -> Result<(), Wrong> {
    if is <= max {
        return Ok(());
    }
    let message = format!("{is} {what}, and the limit is {max}");
    Err((Invariant::WithinLimits, message))
}

/// What an event says of an operation, for the counts.
pub(crate) fn outcome_name(event: &PeerEvent) -> Option<String> {
    let PeerEvent::OperationEnded { kind, outcome, .. } = event else {
        return None;
    };
    let kind = kind.as_str();
    Some(match outcome {
        lanspread_core::Outcome::Finished(_) => format!("{kind} finished"),
        lanspread_core::Outcome::Failed(error) => format!("{kind} failed: {}", error.kind),
        lanspread_core::Outcome::Cancelled => format!("{kind} cancelled"),
    })
}
