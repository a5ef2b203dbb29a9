//! Where every wish of the core leaves, and the book of which answers are still owed.
//!
//! Invariant: an effect that carries an id is in the book, with the purpose it serves, from the
//! moment it is queued until its one answer comes. It does not know what any purpose means.

use std::collections::{BTreeMap, VecDeque};

use lanspread_proto::PeerId;

use crate::{CommandId, CommandRefused, Effect, EffectId, PeerEvent, conduct::Offence};

/// The queue of effects and the book of owed answers; `P` says what an effect is for.
#[derive(Debug)]
pub(crate) struct Outbox<P> {
    effects: VecDeque<Effect>,
    blamed: VecDeque<(PeerId, Offence)>,
    owed: BTreeMap<EffectId, P>,
    next: u64,
}

impl<P> Default for Outbox<P> {
    fn default() -> Self {
        Self {
            effects: VecDeque::new(),
            blamed: VecDeque::new(),
            owed: BTreeMap::new(),
            next: 1,
        }
    }
}

impl<P> Outbox<P> {
    /// Queues an effect that is answered, and books what it is for.
    pub(crate) fn ask(&mut self, purpose: P, make: impl FnOnce(EffectId) -> Effect) -> EffectId {
        let id = EffectId(self.next);
        self.next += 1;
        self.owed.insert(id, purpose);
        self.effects.push_back(make(id));
        id
    }

    /// Queues an effect that nobody waits for.
    pub(crate) fn tell(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    /// Queues an event.
    pub(crate) fn emit(&mut self, event: PeerEvent) {
        self.tell(Effect::Emit(event));
    }

    /// Answers a command.
    pub(crate) fn answer(&mut self, id: CommandId, result: Result<(), CommandRefused>) {
        self.tell(Effect::Answer { id, result });
    }

    /// Reports that a peer did wrong; what follows is decided elsewhere.
    pub(crate) fn blame(&mut self, peer: PeerId, offence: Offence) {
        self.blamed.push_back((peer, offence));
    }

    /// The next report of that kind.
    pub(crate) fn next_blamed(&mut self) -> Option<(PeerId, Offence)> {
        self.blamed.pop_front()
    }

    /// Ends an effect early, if its answer is still owed.
    pub(crate) fn abort(&mut self, effect: EffectId) {
        if self.owed.contains_key(&effect) {
            self.tell(Effect::Abort { effect });
        }
    }

    /// Crosses an effect off: its answer is here.
    pub(crate) fn settle(&mut self, effect: EffectId) -> Option<P> {
        let purpose = self.owed.remove(&effect);
        if purpose.is_none() {
            tracing::warn!(
                effect = effect.0,
                "an answer came to an effect that owes none"
            );
        }
        purpose
    }

    /// What an effect is for, while its answer is owed.
    pub(crate) fn purpose(&self, effect: EffectId) -> Option<&P> {
        self.owed.get(&effect)
    }

    /// Every effect whose answer is owed.
    pub(crate) fn owed(&self) -> impl Iterator<Item = (EffectId, &P)> {
        self.owed.iter().map(|(&effect, purpose)| (effect, purpose))
    }

    /// The next effect to carry out, in order.
    pub(crate) fn pop(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }
}
