//! Expelling a peer for the evening, and letting it in again.
//!
//! Invariant: what the user of this peer says holds here; what the organiser says holds everywhere;
//! what anybody else says holds nowhere. Nobody expels the organiser or this peer itself.

use std::{collections::BTreeSet, time::Duration};

use lanspread_proto::{ExpelledPeer, PeerId, Refusal, RefusalKind, Response};

use super::Peer;
use crate::{
    CommandId, CommandRefused, Ctx, Effect, ErrorKind, ExpelledBy, Now,
    limits::{EXPEL_TIME_MAX, EXPEL_TIME_MIN, EXPULSIONS_MAX},
};

fn refused(kind: ErrorKind, message: String) -> Result<(), CommandRefused> {
    Err(CommandRefused { kind, message })
}

impl Peer {
    /// Keeps away at the start whoever was expelled before.
    pub(super) fn expel_again(&mut self, now: Now) {
        for expelled in self.config.expelled.clone() {
            let Some(reason) =
                self.conduct
                    .expelled_for(now, expelled.peer_id, expelled.by, expelled.left)
            else {
                continue;
            };
            tracing::info!(peer = %expelled.peer_id.short(), name = %expelled.name,
                "still out: {reason}");
            self.conduct.name(expelled.peer_id, expelled.name);
        }
    }

    /// The listener is there: it is told who is kept away.
    pub(super) fn close_the_door(&mut self) {
        for (peer_id, _) in self.conduct.all_kept() {
            self.out.tell(Effect::KeepAway { peer_id });
        }
    }

    /// The user wants a peer out; answered when that is written down.
    pub(super) fn expel(
        &mut self,
        now: Now,
        id: CommandId,
        peer: PeerId,
        time: Duration,
    ) -> Result<(), CommandRefused> {
        let who = peer.short();
        let bad = |why: String| refused(ErrorKind::BadInput, format!("cannot expel {who}: {why}"));
        if peer == self.config.peer_id {
            return bad("it is this peer itself".to_owned());
        }
        if self.config.organiser == Some(peer) {
            return bad("it is the organiser of this party".to_owned());
        }
        if time < EXPEL_TIME_MIN || time > EXPEL_TIME_MAX {
            return bad(format!(
                "it can be for {} to {} min",
                EXPEL_TIME_MIN.as_secs() / 60,
                EXPEL_TIME_MAX.as_secs() / 60
            ));
        }
        let by = ExpelledBy::ThisPeer;
        let others = self.conduct.expelled(now, by);
        if others.filter(|other| other.peer_id != peer).count() >= EXPULSIONS_MAX {
            let message = format!(
                "cannot expel {who}: {EXPULSIONS_MAX} peers are expelled already; readmit one of them"
            );
            return refused(ErrorKind::Busy, message);
        }
        if let Some(reason) = self.conduct.expelled_for(now, peer, by, time) {
            self.keep_away(now, peer, reason);
        }
        self.expulsions.commanded(id);
        Ok(())
    }

    /// The user wants a peer in again; answered when that is written down.
    pub(super) fn readmit(
        &mut self,
        now: Now,
        id: CommandId,
        peer: PeerId,
    ) -> Result<(), CommandRefused> {
        let who = peer.short();
        if self.conduct.is_expelled(peer, ExpelledBy::Organiser) {
            let message = format!(
                "{who} stays out: the organiser of this party expelled it and is the one to readmit it"
            );
            return refused(ErrorKind::NotAllowed, message);
        }
        if !self.conduct.forgive(peer) {
            return refused(ErrorKind::BadInput, format!("{who} is not kept away"));
        }
        self.conduct.tick(now);
        self.expulsions.commanded(id);
        Ok(())
    }

    /// A peer says who is expelled: the organiser's whole list takes the place of the one before.
    pub(super) fn expulsions_heard(
        &mut self,
        now: Now,
        from: PeerId,
        list: Vec<ExpelledPeer>,
    ) -> Response {
        let refuse = |kind, message: &str| Response::Refused(Refusal::new(kind, message));
        if self.config.organiser != Some(from) {
            tracing::warn!(peer = %from.short(), "a peer that is not the organiser expels others");
            return refuse(
                RefusalKind::NotOrganiser,
                "only the organiser of this party expels, and here that is not you",
            );
        }
        if list.len() > EXPULSIONS_MAX {
            return refuse(
                RefusalKind::BadRequest,
                "the list of expelled peers is too long",
            );
        }
        let own = self.config.peer_id;
        let listed = |expelled: &ExpelledPeer| expelled.peer_id != own && expelled.peer_id != from;
        let list: Vec<ExpelledPeer> = list.into_iter().filter(listed).collect();
        let by = ExpelledBy::Organiser;
        let ids: BTreeSet<PeerId> = list.iter().map(|expelled| expelled.peer_id).collect();
        let gone: Vec<PeerId> = self
            .conduct
            .expelled(now, by)
            .map(|expelled| expelled.peer_id)
            .filter(|peer| !ids.contains(peer))
            .collect();
        for &peer in &gone {
            self.conduct.readmitted_by(peer, by);
        }
        self.conduct.tick(now);
        let mut news = !gone.is_empty();
        for ExpelledPeer {
            peer_id,
            name,
            left_s,
        } in list
        {
            let time = Duration::from_secs(left_s).min(EXPEL_TIME_MAX);
            if let Some(reason) = self.conduct.expelled_for(now, peer_id, by, time) {
                news = true;
                self.conduct.name(peer_id, name);
                self.keep_away(now, peer_id, reason);
            }
        }
        if news {
            self.expulsions.changed();
        }
        Response::Noted
    }

    /// Tells and writes down what changed of the list of the expelled.
    pub(super) fn carry_expulsions(&mut self, now: Now) {
        let mut ctx = Ctx {
            now,
            config: &self.config,
            out: &mut self.out,
        };
        self.expulsions.tell(&mut ctx, &self.members, &self.conduct);
        self.expulsions.save(&mut ctx, &self.conduct);
    }
}
