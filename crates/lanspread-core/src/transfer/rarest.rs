//! Which missing chunks a source is asked for while others gather the same game.
//!
//! Rarest first: a chunk that few hold is fetched before one that many hold, so that the whole party
//! soon has something to pass on. Of the chunks that only full holders have, each peer takes those
//! that fall to it, in order; so a full holder gives each chunk about once and reads nearly in
//! sequence. Who has nothing left that falls to it takes what falls to others, in stretches that it draws.
//!
//! Invariant: what is picked is missing, held by the source, ascending, never empty while the source holds
//! anything that it may be asked for, and within the budget unless a single chunk exceeds it.

use super::{
    chunk_set::ChunkSet,
    pick::{Budget, fill},
    swarm::{Side, Swarm, Want, tie},
};

/// Chunks that one pick looks at: so that a game of millions costs no more than one of thousands.
const CHUNKS_LOOKED_AT: usize = 4_096;

/// Blocks that lie together, of what falls to other peers. Whoever takes such blocks empties one stretch
/// after the other, in an order of its own: all at the same end, several peers took the same blocks,
/// and a third of what the full holder sent was sent twice.
const STRETCH_BLOCKS: u32 = 16;

/// A source that is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holder<'a> {
    /// What it holds; `None`: everything.
    pub(super) held: Option<&'a ChunkSet>,
    /// On which side it is taken to be.
    pub(super) side: Side,
    /// Decides between equals.
    pub(super) rank: u64,
    /// Where to begin to look.
    pub(super) from: u32,
}

/// Picks the next chunks of those that are missing and may be asked of this source; empty only if it
/// holds none of them.
pub(super) fn pick(
    missing: &ChunkSet,
    holder: Holder<'_>,
    swarm: &Swarm,
    budget: Budget,
    len_bytes: impl Fn(u32) -> u64,
) -> Vec<u32> {
    let want = |index| swarm.want(index, holder.side);
    let best = missing
        .common(holder.held, holder.from)
        .take(CHUNKS_LOOKED_AT)
        .min_by_key(|&index| {
            let block = swarm.block(index);
            match want(index) {
                Want::Mine => (Want::Mine, 0, 0, index),
                Want::Theirs => {
                    let stretch = tie(holder.rank, block / STRETCH_BLOCKS);
                    (Want::Theirs, stretch, tie(holder.rank, block), index)
                }
                held @ Want::Held(_) => (held, 0, tie(holder.rank, block), index),
            }
        });
    let Some(first) = best else {
        return Vec::new();
    };
    let wanted = want(first);
    fill(first, budget, len_bytes, |at| match wanted {
        // What falls to this peer lies apart by as many blocks as there are peers.
        Want::Mine => missing
            .common(holder.held, at + 1)
            .take(CHUNKS_LOOKED_AT)
            .take_while(|&index| index > at)
            .find(|&index| want(index) == Want::Mine),
        Want::Theirs | Want::Held(_) => Some(at + 1).filter(|&index| {
            missing.contains(index)
                && holder.held.is_none_or(|held| held.contains(index))
                && want(index) == wanted
        }),
    })
}
