//! What people say to the party: told to every live peer until it notes it, and heard from each.
//!
//! Invariant: a peer is told in the order in which things were said, one message at a time, and the next
//! one only when it noted the one before; so nobody hears anything twice, and nobody who was there, or who
//! comes within the hour, misses what is kept here. It is for people and decides nothing.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use lanspread_proto::{
    LibraryEpoch, MessageText, PartyMessage, PeerId, PeerName, Refusal, RefusalKind, Request,
    Response, limits::MESSAGE_AGE_MS_MAX,
};

use crate::{
    CommandRefused, Ctx, EffectId, ErrorKind, MessageView, Now, PeerEvent, Purpose, RequestFailure,
    conduct::leak::Leak,
    limits::{
        MESSAGE_EVERY, MESSAGES_BURST_MAX, MESSAGES_MAX, MESSAGES_PER_PEER_MAX, PEERS_MAX,
        SAY_EVERY, SAYS_BURST_MAX,
    },
    membership::Membership,
    telling::Telling,
};

/// For so long peers that come later are told what was said here.
const TOLD_FOR: Duration = Duration::from_millis(MESSAGE_AGE_MS_MAX);

/// Something that was said here.
#[derive(Debug)]
struct Own {
    number: u64,
    at: Now,
    text: MessageText,
}

/// What another peer knows of what was said here, and what of its own is known.
#[derive(Debug, Default)]
struct Known {
    is_live: bool,
    /// Its run that was told; another one knows nothing yet.
    run: Option<LibraryEpoch>,
    /// The last message that it noted.
    told: Telling<u64>,
    /// The last message that was heard from it, and in which of its runs.
    heard: Option<(LibraryEpoch, u64)>,
    pace: Leak,
}

/// A message as it is shown, and what names it.
#[derive(Debug)]
struct Shown {
    view: Arc<MessageView>,
    run: LibraryEpoch,
    number: u64,
}

/// What was said here and elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    /// The oldest first.
    own: VecDeque<Own>,
    /// How many were said here in this run.
    said: u64,
    pace: Leak,
    peers: BTreeMap<PeerId, Known>,
    /// The oldest first, as this peer learned of them.
    shown: VecDeque<Shown>,
    learned: u64,
    /// Whether somebody may have to be told something.
    stale: bool,
}

impl Messages {
    /// The user of this peer says something.
    pub(crate) fn say(
        &mut self,
        ctx: &mut Ctx<'_>,
        text: MessageText,
    ) -> Result<(), CommandRefused> {
        if self.pace.level(ctx.now, SAY_EVERY) >= SAYS_BURST_MAX {
            let message = format!(
                "cannot say that yet: {SAYS_BURST_MAX} messages were said here in a short time, and \
                 then it is one every {} s",
                SAY_EVERY.as_secs()
            );
            let kind = ErrorKind::Busy;
            return Err(CommandRefused { kind, message });
        }
        self.pace.add(ctx.now, SAY_EVERY, 1);
        self.said += 1;
        if self.own.len() >= MESSAGES_PER_PEER_MAX {
            self.own.pop_front();
        }
        self.own.push_back(Own {
            number: self.said,
            at: ctx.now,
            text: text.clone(),
        });
        self.stale = true;
        let view = MessageView {
            number: 0,
            peer_id: ctx.config.peer_id,
            name: ctx.config.name.clone(),
            text,
            own: true,
            age: Duration::ZERO,
        };
        self.show(ctx, view, ctx.config.epoch, self.said);
        Ok(())
    }

    /// A peer was greeted, in this run of it.
    pub(crate) fn introduced(&mut self, peer: PeerId, run: LibraryEpoch) {
        if !self.peers.contains_key(&peer) && self.peers.len() >= PEERS_MAX {
            // No more than that are live; of the others is known only what they need not be told again.
            let absent = self.peers.iter().find(|(_, known)| !known.is_live);
            if let Some(absent) = absent.map(|(&absent, _)| absent) {
                self.peers.remove(&absent);
            }
        }
        let known = self.peers.entry(peer).or_default();
        if known.run != Some(run) {
            known.run = Some(run);
            known.told = Telling::default();
        }
        known.is_live = true;
        known.told.is_back();
        self.stale = true;
    }

    /// A peer is gone. What it noted is remembered for the time when it comes back.
    pub(crate) fn lost(&mut self, peer: PeerId) {
        if let Some(known) = self.peers.get_mut(&peer) {
            known.is_live = false;
        }
    }

    /// Tells whoever does not know it the next thing that was said here.
    pub(crate) fn tell(&mut self, ctx: &mut Ctx<'_>, members: &Membership) {
        if !self.stale && self.deadline().is_none_or(|at| at > ctx.now) {
            return;
        }
        self.own.retain(|own| ctx.now.since(own.at) <= TOLD_FOR);
        self.stale = false;
        for (&peer, known) in self.peers.iter_mut().filter(|(_, known)| known.is_live) {
            if !known.told.is_free(ctx.now) {
                continue;
            }
            let told = known.told.known().copied();
            let Some(own) = self.own.iter().find(|own| Some(own.number) > told) else {
                continue;
            };
            let Some(to) = members.route(peer) else {
                // Its address comes with the rest of the greeting.
                self.stale = true;
                continue;
            };
            let age = ctx.now.since(own.at).as_millis();
            let request = Request::Message(PartyMessage {
                run: ctx.config.epoch,
                number: own.number,
                age_ms: u64::try_from(age).unwrap_or(MESSAGE_AGE_MS_MAX),
                text: own.text.clone(),
            });
            let purpose = Purpose::Message(peer);
            known.told.tell(ctx, purpose, to, request, own.number);
        }
    }

    /// The answer of a peer that was told something.
    pub(crate) fn answered(
        &mut self,
        ctx: &Ctx<'_>,
        peer: PeerId,
        effect: EffectId,
        result: &Result<Response, RequestFailure>,
    ) {
        let Some(known) = self.peers.get_mut(&peer) else {
            return;
        };
        let Some(number) = known.told.answered(effect) else {
            return;
        };
        self.stale = true;
        match result {
            Ok(Response::Noted) => known.told.noted(number),
            Ok(Response::Refused(refusal)) if refusal.kind == RefusalKind::BadRequest => {
                // It would refuse it again, and everything that comes after it would wait.
                tracing::info!(
                    peer = %peer.short(), number, why = refusal.message,
                    "it does not take a message"
                );
                known.told.noted(number);
            }
            Ok(_) | Err(_) => known.told.failed(ctx),
        }
    }

    /// Something was said elsewhere.
    pub(crate) fn hear(
        &mut self,
        ctx: &mut Ctx<'_>,
        peer: PeerId,
        name: PeerName,
        message: PartyMessage,
    ) -> Response {
        let refuse = |kind, why: String| Response::Refused(Refusal::new(kind, why));
        if let Err(error) = message.check() {
            return refuse(RefusalKind::BadRequest, error.to_string());
        }
        let PartyMessage {
            run,
            number,
            age_ms,
            text,
        } = message;
        let is_shown = self
            .shown
            .iter()
            .any(|shown| shown.view.peer_id == peer && shown.run == run && shown.number == number);
        let Some(known) = self.peers.get_mut(&peer) else {
            return refuse(RefusalKind::NotIntroduced, "say Hello first".to_owned());
        };
        let was_heard = known
            .heard
            .is_some_and(|(last_run, last)| last_run == run && number <= last);
        if is_shown || was_heard {
            return Response::Noted;
        }
        if known.pace.level(ctx.now, MESSAGE_EVERY) >= MESSAGES_BURST_MAX {
            let why = format!(
                "you say more than a peer may, which is {MESSAGES_BURST_MAX} messages at once and then \
                 one every {} s: say it again in a moment",
                MESSAGE_EVERY.as_secs()
            );
            return refuse(RefusalKind::Overloaded, why);
        }
        known.pace.add(ctx.now, MESSAGE_EVERY, 1);
        known.heard = Some((run, number));
        let view = MessageView {
            number: 0,
            peer_id: peer,
            name,
            text,
            own: false,
            age: Duration::from_millis(age_ms),
        };
        self.show(ctx, view, run, number);
        Response::Noted
    }

    /// What users see, the newest last; those whom this peer does not listen to are left out.
    pub(crate) fn view(&self, is_kept_away: impl Fn(PeerId) -> bool) -> Vec<Arc<MessageView>> {
        let views = self.shown.iter().map(|shown| &shown.view);
        views
            .filter(|view| !is_kept_away(view.peer_id))
            .cloned()
            .collect()
    }

    /// When [`Messages::tell`] has something to do, apart from what happens.
    pub(crate) fn deadline(&self) -> Option<Now> {
        let live = self.peers.values().filter(|known| known.is_live);
        live.filter_map(|known| known.told.retry_at()).min()
    }

    /// Shows a message and tells of it, under the next number of this peer's own.
    fn show(&mut self, ctx: &mut Ctx<'_>, view: MessageView, run: LibraryEpoch, number: u64) {
        self.learned += 1;
        let view = MessageView {
            number: self.learned,
            ..view
        };
        let is_theirs = |shown: &Shown| shown.view.peer_id == view.peer_id;
        let of_peer = self.shown.iter().filter(|&it| is_theirs(it)).count();
        if of_peer >= MESSAGES_PER_PEER_MAX {
            if let Some(oldest) = self.shown.iter().position(is_theirs) {
                self.shown.remove(oldest);
            }
        } else if self.shown.len() >= MESSAGES_MAX {
            self.shown.pop_front();
        }
        ctx.out.emit(PeerEvent::Message(view.clone()));
        self.shown.push_back(Shown {
            view: Arc::new(view),
            run,
            number,
        });
    }
}
