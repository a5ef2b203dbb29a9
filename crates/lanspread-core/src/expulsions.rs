//! Who was expelled: told to everybody by the organiser's peer, and kept for the next start.
//!
//! Who is expelled by whom and until when stands in [`Conduct`], which keeps them away; here is only
//! what follows from a change of it. Invariant: one save is under way at a time, and a command is
//! answered when what it changed is saved or cannot be; a peer that does not answer is told again, for
//! as long as it is live.

use std::collections::BTreeMap;

use lanspread_proto::{ExpelledPeer, PeerId, RefusalKind, Request, Response};

use crate::{
    CommandId, CommandRefused, Ctx, DiskFailure, Effect, EffectId, Expelled, ExpelledBy, Notice,
    NoticeAbout, Now, PeerEvent, Purpose, RequestFailure, conduct::Conduct, membership::Membership,
    telling::Telling,
};

/// What is to be done about the expelled.
#[derive(Debug, Default)]
pub(crate) struct Expulsions {
    /// Grows with each change of what this peer's user said.
    revision: u64,
    /// Which revision each live peer knows.
    told: BTreeMap<PeerId, Telling<u64>>,
    /// Whether something changed since the last save began.
    unsaved: bool,
    saving: Option<EffectId>,
    /// Commands that the save under way is for.
    saved_for: Vec<CommandId>,
    /// Commands that the next save is for.
    waiting: Vec<CommandId>,
}

impl Expulsions {
    /// The user of this peer changed the list; the command is answered when that is saved.
    pub(crate) fn commanded(&mut self, id: CommandId) {
        self.revision += 1;
        self.unsaved = true;
        self.waiting.push(id);
    }

    /// The organiser changed the list.
    pub(crate) const fn changed(&mut self) {
        self.unsaved = true;
    }

    /// A peer introduced itself.
    pub(crate) fn introduced(&mut self, peer: PeerId) {
        self.told.insert(peer, Telling::default());
    }

    /// A peer is gone.
    pub(crate) fn lost(&mut self, peer: PeerId) {
        self.told.remove(&peer);
    }

    /// Commands whose save nobody waits for any more, because the peer has ended.
    pub(crate) fn take_waiting(&mut self) -> Vec<CommandId> {
        let mut waiting = std::mem::take(&mut self.saved_for);
        waiting.append(&mut self.waiting);
        waiting
    }

    /// Begins to save what changed, if nothing is being saved.
    pub(crate) fn save(&mut self, ctx: &mut Ctx<'_>, conduct: &Conduct) {
        if !self.unsaved || self.saving.is_some() {
            return;
        }
        self.unsaved = false;
        self.saved_for = std::mem::take(&mut self.waiting);
        let expelled: Vec<Expelled> = [ExpelledBy::ThisPeer, ExpelledBy::Organiser]
            .into_iter()
            .flat_map(|by| conduct.expelled(ctx.now, by))
            .collect();
        let keep = |effect| Effect::KeepExpelled { effect, expelled };
        self.saving = Some(ctx.out.ask(Purpose::KeepExpelled, keep));
    }

    /// What changed is saved, or cannot be.
    pub(crate) fn saved(&mut self, ctx: &mut Ctx<'_>, result: &Result<(), DiskFailure>) {
        self.saving = None;
        let refused = result.as_ref().err().map(|why| CommandRefused {
            kind: why.kind.error_kind(),
            message: format!("whoever was expelled stays out only until this peer ends: {why}"),
        });
        let commands = std::mem::take(&mut self.saved_for);
        if let Some(CommandRefused { message, .. }) =
            refused.clone().filter(|_| commands.is_empty())
        {
            ctx.out.emit(PeerEvent::Notice(Notice {
                about: NoticeAbout::ExpulsionsNotKept,
                message,
            }));
        }
        for id in commands {
            ctx.out.answer(id, refused.clone().map_or(Ok(()), Err));
        }
    }

    /// Tells the list to whoever does not know it, if this is the organiser's peer.
    pub(crate) fn tell(&mut self, ctx: &mut Ctx<'_>, members: &Membership, conduct: &Conduct) {
        if ctx.config.organiser != Some(ctx.config.peer_id) {
            return;
        }
        for (&peer, told) in &mut self.told {
            if !told.is_free(ctx.now) || told.known() == Some(&self.revision) {
                continue;
            }
            let Some(to) = members.route(peer) else {
                continue;
            };
            let expelled = conduct.expelled(ctx.now, ExpelledBy::ThisPeer);
            let request = Request::Expulsions {
                expelled: expelled.map(on_the_wire).collect(),
            };
            told.tell(ctx, Purpose::Expulsions(peer), to, request, self.revision);
        }
    }

    /// The answer of a peer that was told the list.
    pub(crate) fn answered(
        &mut self,
        ctx: &mut Ctx<'_>,
        peer: PeerId,
        effect: EffectId,
        result: &Result<Response, RequestFailure>,
    ) {
        let Some(told) = self.told.get_mut(&peer) else {
            return;
        };
        let Some(revision) = told.answered(effect) else {
            return;
        };
        match result {
            Ok(Response::Noted) => told.noted(revision),
            Ok(Response::Refused(refusal)) if refusal.kind == RefusalKind::NotOrganiser => {
                tracing::info!(peer = %peer.short(), "it does not take this peer for the organiser");
                told.noted(revision);
            }
            Ok(_) | Err(_) => told.failed(ctx),
        }
    }

    /// When [`Expulsions::tell`] has something to do, apart from changes.
    pub(crate) fn deadline(&self) -> Option<Now> {
        self.told.values().filter_map(Telling::retry_at).min()
    }
}

fn on_the_wire(expelled: Expelled) -> ExpelledPeer {
    ExpelledPeer {
        peer_id: expelled.peer_id,
        name: expelled.name,
        // Rounded up: nobody comes back a second too early.
        left_s: expelled.left.as_secs() + 1,
    }
}
