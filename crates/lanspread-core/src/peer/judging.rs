//! What other peers did wrong, and what it means for them.
//!
//! Invariant: whoever is kept away is no member, is not dialed, and is answered nothing but that;
//! users hear once when it begins and once when it is over.

use lanspread_proto::{PeerId, Refusal, RefusalKind, Response, TransportAddr};

use super::Peer;
use crate::{
    Advertisement, Effect, Now, Offence, PartyMismatch, PeerEvent,
    conduct::{KeepAwayReason, Toll},
};

impl Peer {
    /// Discovery saw a peer. One that is kept away is looked at when that is over.
    pub(super) fn discovered(&mut self, now: Now, advertisement: Advertisement) {
        if !self.conduct.shown(&advertisement) {
            let (members, mut ctx) = self.membership(now);
            members.discovered(&mut ctx, advertisement);
        }
    }

    /// A peer of another wire version was here.
    pub(super) fn other_version(&mut self, now: Now, peer: PeerId, theirs: u32) {
        if !self.conduct.is_kept_away(peer) {
            let (members, mut ctx) = self.membership(now);
            members.other_version(&mut ctx, peer, theirs);
        }
    }

    /// A peer of another party was here.
    pub(super) fn other_party(&mut self, now: Now, peer: PeerId, mismatch: PartyMismatch) {
        if !self.conduct.is_kept_away(peer) {
            let (members, mut ctx) = self.membership(now);
            members.other_party(&mut ctx, peer, mismatch);
        }
    }

    /// The driver saw a peer misbehave.
    pub(super) fn misbehaved(
        &mut self,
        now: Now,
        peer: PeerId,
        from: TransportAddr,
        offence: Offence,
        times: u32,
    ) {
        tracing::debug!(peer = %peer.short(), %from, offence = offence.as_str(), times, "told");
        self.weigh(now, peer, offence, times);
    }

    /// Why a peer may not ask at this moment, if so.
    pub(super) fn refuse_request(
        &mut self,
        now: Now,
        peer: PeerId,
        toll: Toll,
    ) -> Option<Response> {
        let refuse = |kind, message: &str| Some(Response::Refused(Refusal::new(kind, message)));
        if self.conduct.is_kept_away(peer) {
            let message = "this peer keeps you away for a while";
            // To be unknown here is no sign of life: whoever is kept away loses this peer as well.
            return refuse(RefusalKind::NotIntroduced, message);
        }
        if self.conduct.pays(now, peer, toll) {
            return None;
        }
        self.out.blame(peer, toll.offence());
        refuse(
            RefusalKind::Overloaded,
            "you ask more than a peer may: ask again in a moment",
        )
    }

    /// Weighs what machines of this core reported, and lets in again whose time is over.
    pub(super) fn judge(&mut self, now: Now) {
        while let Some((peer, offence)) = self.out.next_blamed() {
            self.weigh(now, peer, offence, 1);
        }
        while let Some((peer_id, kept)) = self.conduct.next_readmitted() {
            tracing::info!(peer = %peer_id.short(), name = %kept.name, "let in again");
            self.out.tell(Effect::Readmit { peer_id });
            let name = kept.name;
            self.out.emit(PeerEvent::PeerReadmitted { peer_id, name });
            if let Some(shown) = kept.shown {
                self.discovered(now, shown);
            }
        }
    }

    fn weigh(&mut self, now: Now, peer: PeerId, offence: Offence, times: u32) {
        if let Some(reason) = self.conduct.offended(now, peer, offence, times) {
            self.keep_away(now, peer, reason);
        }
    }

    /// A peer is kept away from here on.
    pub(super) fn keep_away(&mut self, now: Now, peer: PeerId, reason: KeepAwayReason) {
        let (members, mut ctx) = self.membership(now);
        let known = members.keep_away(&mut ctx, peer, reason.to_string());
        if let Some((name, shown)) = known {
            self.conduct.describe(peer, name, shown);
        }
        let name = self.conduct.name_of(peer);
        tracing::warn!(
            peer = %peer.short(), name = %name, offence = reason.as_str(),
            "a peer is kept away: {reason}"
        );
        self.out.tell(Effect::KeepAway { peer_id: peer });
        self.out.emit(PeerEvent::PeerKeptAway {
            peer_id: peer,
            name,
            reason,
        });
    }
}
