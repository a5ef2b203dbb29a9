//! One peer of a party and its machine.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use lanspread_core::{
    CommandId, CommandRefused, Door, EffectId, Expelled, Now, PartyMismatch, Peer, PeerEvent,
    ReplyId,
};
use lanspread_db::Catalog;
use lanspread_proto::{ListenAddr, PeerId};

use crate::disk::Disk;

/// What is wrong with a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// It sends wrong bytes.
    Lies,
    /// Its cable is out.
    Cut,
    /// Multicast does not reach it.
    Deaf,
}

/// What kind of answer an effect waits for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owed {
    Disk,
    Serve,
    Dial,
    Response,
    Manifest,
    Chunks { from: ListenAddr },
}

/// Who waits for the response to a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting {
    pub(crate) node: usize,
    pub(crate) run: u32,
    pub(crate) effect: EffectId,
    pub(crate) asked_at: Now,
}

/// One peer and its machine.
pub(crate) struct Node {
    pub(crate) id: PeerId,
    pub(crate) addr: ListenAddr,
    pub(crate) disk: Disk,
    /// Bytes per second that it can send.
    pub(crate) upload: u64,
    pub(crate) faults: BTreeSet<Fault>,
    pub(crate) version: u32,
    /// Whom it takes for the organiser.
    pub(crate) organiser: Option<PeerId>,
    /// Who is expelled, as it was written down, and when.
    pub(crate) expelled: (Now, Vec<Expelled>),
    /// Whom its listener refuses.
    pub(crate) kept_away: BTreeSet<PeerId>,
    /// The party code it was started with.
    pub(crate) code: Option<&'static str>,
    pub(crate) events: Vec<PeerEvent>,
    pub(crate) answers: BTreeMap<CommandId, Result<(), CommandRefused>>,
    pub(crate) owed: BTreeMap<EffectId, Owed>,
    pub(crate) peer: Option<Peer>,
    pub(crate) name: String,
    pub(crate) catalog: Arc<Catalog>,
    /// Counts its starts.
    pub(crate) run: u32,
    pub(crate) bound: bool,
    pub(crate) advertised: bool,
    pub(crate) sending_until: Now,
    pub(crate) replies: BTreeMap<ReplyId, Waiting>,
    pub(crate) serving: BTreeMap<EffectId, ReplyId>,
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

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }
}
