//! One guest: a machine with a disk, and the peer that runs on it, if one does.
//!
//! Invariant: what belongs to a run of the peer ends with that run; the machine stays.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use lanspread_core::{
    CommandId, Door, EffectId, Expelled, Now, PartyMismatch, Peer, RateLimits, ReplyId,
};
use lanspread_db::{Catalog, ChunkRef, GameId, ManifestHash};
use lanspread_disk::Disk;
use lanspread_proto::{ListenAddr, PeerId};

use crate::{machine::Machine, world::Happening};

/// One guest.
pub(crate) struct Node {
    pub(crate) id: PeerId,
    pub(crate) name: String,
    pub(crate) addr: ListenAddr,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) machine: Machine,
    /// Counts the starts of its peer; what belongs to an earlier one comes to nothing.
    pub(crate) run: u32,
    pub(crate) running: Option<Running>,
    /// Everything takes this much longer here.
    pub(crate) lag: Duration,
    /// Its memory is bad: every so many chunks it sends a wrong byte.
    pub(crate) lies: bool,
    /// Until when it sleeps, and what happened to it meanwhile.
    pub(crate) asleep: Option<Now>,
    pub(crate) slept_through: Vec<(u32, Happening)>,
    /// The version of the protocol that it speaks.
    pub(crate) version: u32,
    /// Whom its peer takes for the organiser.
    pub(crate) organiser: Option<PeerId>,
    /// Who is expelled, as it was written down, and when.
    pub(crate) expelled: (Now, Vec<Expelled>),
    /// The limits of transfers, as they were written down.
    pub(crate) rate_limits: RateLimits,
    /// The party code that its peer is started with.
    pub(crate) code: Option<&'static str>,
    /// The command that was sent last.
    #[cfg(test)]
    pub(crate) last_command: Option<CommandId>,
}

/// A peer that runs.
pub(crate) struct Running {
    pub(crate) peer: Peer,
    pub(crate) disk: Disk,
    pub(crate) bound: bool,
    pub(crate) advertised: bool,
    /// Effects that are not answered yet.
    pub(crate) owed: BTreeSet<EffectId>,
    /// Dials that were not answered or ended yet.
    pub(crate) dialing: BTreeSet<EffectId>,
    /// Requests that wait for something from the network.
    pub(crate) asking: BTreeMap<EffectId, u64>,
    /// Requests of others that are being served.
    pub(crate) serving: BTreeMap<EffectId, Serving>,
    /// Effects on the disk that are to end early.
    pub(crate) aborted: BTreeSet<EffectId>,
    /// Commands that are not answered yet.
    pub(crate) commands: BTreeSet<CommandId>,
    /// Requests of others that are not answered yet.
    pub(crate) replies: BTreeSet<u64>,
    /// Peers whose connections are refused.
    pub(crate) kept_away: BTreeSet<PeerId>,
}

/// An upload.
#[derive(Debug, Clone)]
pub(crate) struct Serving {
    pub(crate) exchange: u64,
    pub(crate) id: GameId,
    pub(crate) manifest: ManifestHash,
    pub(crate) chunks: Vec<ChunkRef>,
    pub(crate) next: usize,
    pub(crate) sent_bytes: u64,
}

impl Serving {
    /// An upload that has not begun; without chunks it is of the manifest itself.
    pub(crate) fn new(
        reply: ReplyId,
        id: GameId,
        manifest: ManifestHash,
        chunks: Vec<ChunkRef>,
    ) -> Self {
        Self {
            exchange: reply.0,
            id,
            manifest,
            chunks,
            next: 0,
            sent_bytes: 0,
        }
    }
}

impl Running {
    pub(crate) fn new(peer: Peer, disk: Disk) -> Self {
        Self {
            peer,
            disk,
            bound: false,
            advertised: false,
            owed: BTreeSet::new(),
            dialing: BTreeSet::new(),
            asking: BTreeMap::new(),
            serving: BTreeMap::new(),
            aborted: BTreeSet::new(),
            commands: BTreeSet::new(),
            replies: BTreeSet::new(),
            kept_away: BTreeSet::new(),
        }
    }
}

impl Node {
    pub(crate) fn door(&self) -> Door {
        self.code.map_or(Door::Open, |_| Door::Code)
    }

    /// Who is still expelled at a later time.
    pub(crate) fn expelled(&self, now: Now) -> Vec<Expelled> {
        let (at, expelled) = &self.expelled;
        let passed = now.since(*at);
        let left = expelled.iter().cloned().map(|mut expelled| {
            expelled.left = expelled.left.saturating_sub(passed);
            expelled
        });
        left.filter(|expelled| !expelled.left.is_zero()).collect()
    }

    /// Why it is not of the party of another one.
    pub(crate) fn mismatch(&self, other: &Self) -> Option<PartyMismatch> {
        let doors = PartyMismatch::between(self.door(), other.door());
        doors.or_else(|| (self.code != other.code).then_some(PartyMismatch::OtherCode))
    }

    /// Whether the peer that runs here refuses another.
    pub(crate) fn keeps_away(&self, other: PeerId) -> bool {
        let running = self.running.as_ref();
        running.is_some_and(|running| running.kept_away.contains(&other))
    }

    /// Whether a peer runs and listens here.
    pub(crate) fn is_bound(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.bound)
    }
}
