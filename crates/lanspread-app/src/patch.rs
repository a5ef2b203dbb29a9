//! What changed from one snapshot to another.
//!
//! Invariant: applied to the snapshot it was made from, a patch gives the one it leads to. A client that
//! was sent every update in turn therefore shows what a new client would be sent at once.

use std::{cmp::Ordering, sync::Arc};

use lanspread_db::GameId;
use serde::Serialize;
use ts_rs::TS;

use crate::{
    health::Health,
    snapshot::{
        Finished, Game, Hashing, KeptAway, Limits, Me, Message, Notice, Operation, Peer, Queued,
        Running, Seat, Snapshot, Upload, UploadEnded, Wishes,
    },
};

/// What a client is sent: everything at first, and what changed from then on.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Update {
    /// The whole state; whatever the client knew is void.
    Snapshot {
        /// Its number. The next update's is one more; a client that finds a gap asks anew.
        #[ts(type = "number")]
        sequence: u64,
        /// Who is sent it.
        seat: Seat,
        /// The state.
        #[ts(as = "Snapshot")]
        snapshot: Arc<Snapshot>,
    },
    /// What changed since the update before.
    Patch {
        /// Its number.
        #[ts(type = "number")]
        sequence: u64,
        /// What changed.
        patch: Box<Patch>,
    },
}

/// The parts of a snapshot that changed; a part that is missing did not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, TS)]
#[ts(optional_fields)]
pub struct Patch {
    /// This peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub me: Option<Me>,
    /// Whether its machine can take part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// Games, one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub games: Option<GamesPatch>,
    /// All other peers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peers: Option<Vec<Peer>>,
    /// All peers that are not let in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_away: Option<Vec<KeptAway>>,
    /// All that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<Vec<Message>>,
    /// All running operations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operations: Option<Vec<Operation>>,
    /// All uploads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uploads: Option<Vec<Upload>>,
    /// All games whose files are checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hashing: Option<Vec<Hashing>>,
    /// All scripts that run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<Vec<Running>>,
    /// All limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// Whether uploads yield to a game.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playing: Option<bool>,
    /// All downloads that were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<Vec<Queued>>,
    /// All wishes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Wishes>,
    /// All operations that ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Vec<Finished>>,
    /// All uploads that ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uploads_ended: Option<Vec<UploadEnded>>,
    /// All notices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notices: Option<Vec<Notice>>,
}

/// Games that changed, came or went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, TS)]
pub struct GamesPatch {
    /// Games that are new or differ, sorted by id.
    pub changed: Vec<Game>,
    /// Games that are gone, sorted.
    #[ts(type = "Array<string>")]
    pub gone: Vec<GameId>,
}

impl Patch {
    /// What leads from one snapshot to another; `None` if they are the same.
    #[must_use]
    pub fn between(old: &Snapshot, new: &Snapshot) -> Option<Self> {
        let patch = Self {
            me: changed(&old.me, &new.me),
            health: changed(&old.health, &new.health),
            games: GamesPatch::between(&old.games, &new.games),
            peers: changed(&old.peers, &new.peers),
            kept_away: changed(&old.kept_away, &new.kept_away),
            messages: changed(&old.messages, &new.messages),
            operations: changed(&old.operations, &new.operations),
            uploads: changed(&old.uploads, &new.uploads),
            hashing: changed(&old.hashing, &new.hashing),
            running: changed(&old.running, &new.running),
            limits: changed(&old.limits, &new.limits),
            playing: changed(&old.playing, &new.playing),
            queue: changed(&old.queue, &new.queue),
            settings: changed(&old.settings, &new.settings),
            finished: changed(&old.finished, &new.finished),
            uploads_ended: changed(&old.uploads_ended, &new.uploads_ended),
            notices: changed(&old.notices, &new.notices),
        };
        (patch != Self::default()).then_some(patch)
    }
}

fn changed<T: Clone + PartialEq>(old: &T, new: &T) -> Option<T> {
    (old != new).then(|| new.clone())
}

impl GamesPatch {
    /// Both are sorted by id, so one walk over both finds what differs.
    fn between(old: &Arc<Vec<Game>>, new: &Arc<Vec<Game>>) -> Option<Self> {
        if Arc::ptr_eq(old, new) {
            return None;
        }
        let mut patch = Self::default();
        let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (Some(old), Some(new)) => old.id.cmp(&new.id),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            match order {
                Ordering::Less => patch.gone.extend(old.next().map(|game| game.id.clone())),
                Ordering::Greater => patch.changed.extend(new.next().cloned()),
                Ordering::Equal => {
                    let (before, after) = (old.next(), new.next());
                    if before != after {
                        patch.changed.extend(after.cloned());
                    }
                }
            }
        }
        (patch != Self::default()).then_some(patch)
    }
}
