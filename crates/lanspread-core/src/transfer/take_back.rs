//! Which requests are taken back, because somebody else has come to hold what is waited for.
//!
//! Whoever is the first to hold a chunk is asked for it by everybody, and each asker has asked for all there is:
//! so all wait at few peers while those who were served first have nothing to do. So whenever one more partner has a
//! chunk, one in *k* of those who wait for it go to others, *k* being how many hold it by now: a sample of
//! a stream keeps each item with equal chance in the same way (Vitter: "Random sampling with a reservoir", 1985). Nobody
//! has to know who is free, and who has just come to hold something gets something to do.

use lanspread_db::ChunkRef;
use lanspread_proto::PeerId;

use super::{Abort, FetchId, Hold, Side, Transfer, chunk_set::ChunkSet, swarm::seed};
use crate::ties::mix;

impl Transfer {
    /// The next fetch to take back: of whom, and which chunks. Its source answers it with
    /// [`crate::FetchFailure::TakenBack`] if it has not begun, and otherwise goes on.
    pub fn poll_take_back(&mut self) -> Option<(PeerId, Vec<ChunkRef>)> {
        let mut ids = std::iter::from_fn(|| self.take_backs.pop_front());
        // Whatever ended meanwhile has nothing to take back.
        let fetch = ids.find_map(|id| self.outstanding.get(&id))?;
        let chunks = fetch.chunks.iter();
        let chunks = chunks.filter_map(|&index| self.chunks.at(index)).collect();
        Some((fetch.source, chunks))
    }

    /// A partner has come to hold this chunk: perhaps it should be asked, rather than waited for elsewhere.
    pub(super) fn reconsider_waiting(&mut self, holder: &PeerId, index: u32) {
        let is_near = self.swarm.side(holder) == Side::Near;
        let fetch = self.chunks.sole_claimant(index).filter(|_| is_near);
        if let Some(id) = fetch
            && self.may_go_to(id, holder)
            && self.is_drawn(holder, index)
            && let Some(fetch) = self.outstanding.get_mut(&id)
        {
            fetch.is_taken_back = true;
            self.take_backs.push_back(id);
        }
    }

    /// Whether nothing of a fetch has come yet, as far as this peer knows, and a partner has all that it asks for.
    fn may_go_to(&self, id: FetchId, holder: &PeerId) -> bool {
        let Some(fetch) = self.outstanding.get(&id) else {
            return false;
        };
        let has_all = |held: &ChunkSet| fetch.chunks.iter().all(|&it| held.contains(it));
        fetch.hold == Hold::Held
            && fetch.abort == Abort::NotAsked
            && !fetch.is_taken_back
            && fetch.reported.is_empty()
            && fetch.source != *holder
            && self.swarm.held_by(holder).is_some_and(has_all)
    }

    /// Whether this peer is the one in *k* of those who wait.
    fn is_drawn(&self, holder: &PeerId, index: u32) -> bool {
        let holders = u64::from(self.swarm.near_copies(index)).max(1);
        let draw = mix(self.seed ^ mix(seed(holder) ^ u64::from(index)));
        draw.is_multiple_of(holders)
    }
}
