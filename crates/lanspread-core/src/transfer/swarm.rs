//! The others that gather the same game: what each of them holds, on which side of a shared uplink it
//! is, and which chunks fall to whom.
//!
//! Invariant: `copies` counts, for each chunk, the partial holders that hold it; `wanted` counts what
//! a partner would be asked for; all who know the same peers agree on whose a chunk is.
//!
//! Who is *near* hangs on the same table, and what comes from anybody else crosses the table's
//! uplink. Each chunk is to cross it once: of those that nobody near has, one falls to each near
//! gatherer in turn, and these are its *imports*. Only they are asked of the far side. Where nobody
//! is known to be far, everybody is near.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter::{empty, once},
};

use lanspread_proto::PeerId;

use super::chunk_set::ChunkSet;
use crate::ties::mix;

/// Bytes that fall to one peer in a row: small files are not shared out one by one.
const BLOCK_BYTES: u64 = 256 * 1024;

/// Lots that the blocks are dealt in, at most: ten and more for each of 200 peers. Whoever deals looks at every
/// peer for every lot.
pub(super) const LOTS_MAX: u32 = 2_048;

/// What a source has of the game.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// All of it.
    All,
    /// What it has stored so far: it gathers the game itself.
    Part,
}

/// Where another peer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// On the same table, as far as anybody knows.
    Near,
    /// Behind an uplink that others share.
    Far,
}

/// One that gathers the game too.
#[derive(Debug)]
struct Partner {
    held: ChunkSet,
    /// Chunks of it that it would be asked for.
    wanted: u32,
}

/// Which blocks fall to this peer among those who share them out.
///
/// Blocks are dealt in lots. A lot is whose draw for it is the lowest (rendezvous hashing: Thaler and Ravishankar,
/// 1998) of those who do not have their part of all lots yet. So all have as much, and whoever comes or goes moves
/// few lots but his own: what others have fetched or are about to fetch stays theirs.
#[derive(Debug, Clone)]
struct Share {
    /// Whether each lot is this peer's.
    mine: Vec<bool>,
}

impl Share {
    /// What falls to one among these others.
    fn of<'a>(lots: usize, me: &'a PeerId, others: impl Iterator<Item = &'a PeerId>) -> Self {
        let mut drawers: Vec<(u64, usize)> =
            once(me).chain(others).map(|it| (seed(it), 0)).collect();
        let (all_get, mut get_one_more) = (lots / drawers.len(), lots % drawers.len());
        let is_mine = |lot: u64| {
            let most = all_get + usize::from(get_one_more > 0);
            let open = drawers.iter_mut().enumerate().filter(|(_, it)| it.1 < most);
            let first = open.min_by_key(|(_, drawer)| mix(drawer.0 ^ lot));
            first.is_some_and(|(place, drawer)| {
                get_one_more -= usize::from(drawer.1 == all_get);
                drawer.1 += 1;
                place == 0
            })
        };
        let mine = (0..).take(lots).map(is_mine).collect();
        Self { mine }
    }

    fn has(&self, block: u32) -> bool {
        self.mine[block as usize % self.mine.len()]
    }
}

/// From what a peer draws; the ids of peers are random.
pub(super) fn seed(peer: &PeerId) -> u64 {
    let first = peer.as_bytes().first_chunk().copied();
    mix(u64::from_le_bytes(first.unwrap_or_default()))
}

/// How much a chunk is wanted from a source: the smallest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Want {
    /// Only full holders have it, and it falls to this peer.
    Mine,
    /// Only full holders have it, and another peer fetches it.
    Theirs,
    /// So many partners have it.
    Held(u16),
}

/// Who else gathers the game, and what they hold.
#[derive(Debug)]
pub(super) struct Swarm {
    me: PeerId,
    partners: BTreeMap<PeerId, Partner>,
    /// Those who are known to be far, whether they hold anything or not.
    far: BTreeSet<PeerId>,
    /// Those who have all of it and can be asked, and how many of them are near and far.
    whole: BTreeSet<PeerId>,
    near_whole: usize,
    far_whole: usize,
    /// How many partners hold each chunk.
    copies: Vec<u16>,
    /// How many near partners do. Without anybody far it is not counted.
    near_copies: Vec<u16>,
    /// What is missing and held by full holders alone.
    firsts: ChunkSet,
    /// The part of it that falls to this peer.
    mine: ChunkSet,
    /// What is missing, held by nobody near, and falls to this peer. Empty without anybody far.
    imports: ChunkSet,
    /// Chunks of one block: `1 << block_shift`.
    block_shift: u32,
    /// This peer's share of what only full holders have.
    share: Share,
    /// And of what only the far side has.
    near_share: Share,
}

impl Swarm {
    /// Nobody else gathers these chunks, so many of them with so many bytes in all.
    pub(super) fn new(me: PeerId, chunks: u32, total_bytes: u64) -> Self {
        let mean_bytes = (total_bytes / u64::from(chunks.max(1))).max(1);
        let block_shift = (BLOCK_BYTES / mean_bytes).max(1).ilog2();
        let lots = (chunks >> block_shift).clamp(1, LOTS_MAX) as usize;
        let alone = || Share::of(lots, &me, empty());
        Self {
            me,
            partners: BTreeMap::new(),
            far: BTreeSet::new(),
            whole: BTreeSet::new(),
            near_whole: 0,
            far_whole: 0,
            copies: vec![0; chunks as usize],
            near_copies: Vec::new(),
            firsts: ChunkSet::empty(chunks),
            mine: ChunkSet::empty(chunks),
            imports: ChunkSet::empty(chunks),
            block_shift,
            share: alone(),
            near_share: alone(),
        }
    }

    /// How many gather the game, this peer included.
    pub(super) fn gatherers(&self) -> usize {
        self.partners.len() + 1
    }

    /// Whether anybody else gathers the game.
    pub(super) fn is_alone(&self) -> bool {
        self.partners.is_empty()
    }

    /// Whether anybody is known to be far.
    pub(super) fn has_sides(&self) -> bool {
        !self.near_copies.is_empty()
    }

    /// On which side a peer is.
    pub(super) fn side(&self, peer: &PeerId) -> Side {
        if self.has_sides() && self.far.contains(peer) {
            Side::Far
        } else {
            Side::Near
        }
    }

    /// A peer gathers the game too; nothing is known yet of what it holds.
    pub(super) fn join(&mut self, peer: PeerId, missing: &ChunkSet) {
        let held = ChunkSet::empty(self.chunk_count());
        self.partners.insert(peer, Partner { held, wanted: 0 });
        self.share_out();
        self.moved(missing);
    }

    /// A peer does not gather it any more.
    pub(super) fn leave(&mut self, peer: &PeerId, missing: &ChunkSet) {
        if let Some(partner) = self.partners.remove(peer) {
            for index in partner.held.common(None, 0) {
                self.copies[index as usize] -= 1;
            }
            self.share_out();
            self.moved(missing);
        }
    }

    /// A peer that has all of it can be asked, or can be no more.
    pub(super) fn set_whole(&mut self, peer: PeerId, holding: Option<Holding>, missing: &ChunkSet) {
        let changed = match holding {
            Some(Holding::All) => self.whole.insert(peer),
            Some(Holding::Part) | None => self.whole.remove(&peer),
        };
        if changed && (self.has_sides() || self.far.contains(&peer)) {
            self.moved(missing);
        }
    }

    /// It turned out on which side a peer is.
    pub(super) fn set_side(&mut self, peer: PeerId, side: Side, missing: &ChunkSet) {
        let changed = match side {
            Side::Far => self.far.insert(peer),
            Side::Near => self.far.remove(&peer),
        };
        if changed {
            self.share_out();
            self.moved(missing);
        }
    }

    /// A partner holds these chunks too. Numbers that the manifest does not have mean nothing. Tells whether
    /// something that is missing came to this side of an uplink with it.
    pub(super) fn holds(
        &mut self,
        peer: &PeerId,
        run: std::ops::Range<u32>,
        missing: &ChunkSet,
    ) -> bool {
        let side = self.side(peer);
        let Some(mut partner) = self.partners.remove(peer) else {
            return false;
        };
        let mut is_import = false;
        for index in run.start..run.end.min(self.chunk_count()) {
            if partner.held.contains(index) {
                continue;
            }
            partner.held.insert(index);
            let at = index as usize;
            self.copies[at] = self.copies[at].saturating_add(1);
            if side == Side::Near && self.has_sides() {
                is_import |= self.near_copies[at] == 0 && missing.contains(index);
                self.near_copies[at] = self.near_copies[at].saturating_add(1);
            }
            self.reconsider(index, missing);
            partner.wanted += u32::from(self.candidates(side, missing).contains(index));
        }
        self.partners.insert(*peer, partner);
        is_import
    }

    /// A chunk is not missing any more.
    pub(super) fn taken(&mut self, index: u32, missing: &ChunkSet) {
        self.recount(index, Side::Near, |wanted| wanted.saturating_sub(1));
        self.reconsider(index, missing);
    }

    /// A chunk is missing again.
    pub(super) fn freed(&mut self, index: u32, missing: &ChunkSet) {
        self.recount(index, Side::Near, |wanted| wanted + 1);
        self.reconsider(index, missing);
    }

    /// What a partner holds; `None` if it is none.
    pub(super) fn held_by(&self, peer: &PeerId) -> Option<&ChunkSet> {
        self.partners.get(peer).map(|partner| &partner.held)
    }

    /// All partners in order, each with how many chunks it would be asked for.
    pub(super) fn wanted(&self) -> impl Iterator<Item = (&PeerId, u32)> {
        let partners = self.partners.iter();
        partners.map(|(peer, partner)| (peer, partner.wanted))
    }

    /// What would be asked of a source on this side, as far as it has it.
    pub(super) fn candidates<'a>(&'a self, side: Side, missing: &'a ChunkSet) -> &'a ChunkSet {
        match side {
            Side::Near => missing,
            Side::Far => &self.imports,
        }
    }

    /// What a full holder on this side gives first.
    pub(super) fn firsts(&self, side: Side) -> Option<&ChunkSet> {
        let is_asked = side == Side::Near || self.near_whole == 0;
        Some(&self.mine).filter(|mine| is_asked && !mine.is_empty())
    }

    /// Whether full holders are still needed by those to whom the chunks fall that only they have: as long
    /// as they are, they should give nothing else.
    pub(super) fn needs_full_holders(&self) -> bool {
        !self.firsts.is_empty()
    }

    /// Whether full holders are spared what partners can give as well: each of them is needed by many. Where
    /// those who have all outnumber those who gather, their links would be idle.
    pub(super) fn spares_full_holders(&self) -> bool {
        self.whole.len() <= self.partners.len()
    }

    /// How much a chunk is wanted from a source on this side.
    ///
    /// What only full holders have and falls to this peer, it fetches first and hands on, while the
    /// others fetch theirs. So a full holder sends each chunk about once.
    pub(super) fn want(&self, index: u32, side: Side) -> Want {
        let at = index as usize;
        match (self.copies[at], side) {
            (0, _) if self.share.has(self.block(index)) => Want::Mine,
            (0, _) => Want::Theirs,
            (_, Side::Near) => Want::Held(self.near_copies(index)),
            (copies, Side::Far) => Want::Held(copies),
        }
    }

    /// How many near partners hold a chunk.
    pub(super) fn near_copies(&self, index: u32) -> u16 {
        let copies = if self.has_sides() {
            &self.near_copies
        } else {
            &self.copies
        };
        copies[index as usize]
    }

    /// Which block a chunk belongs to.
    pub(super) fn block(&self, index: u32) -> u32 {
        index >> self.block_shift
    }

    /// Whether this peer should fetch a chunk from the far side, if it is missing.
    fn is_import(&self, index: u32) -> bool {
        let at = index as usize;
        if !self.has_sides() || self.near_copies[at] > 0 {
            return false;
        }
        match (self.near_whole, self.copies[at]) {
            (0, 0) => self.share.has(self.block(index)),
            (0, _) => self.near_share.has(self.block(index)),
            (_, 0) => false,
            // The only full holders are here, and have to give each chunk to the whole party once.
            _ => self.far_whole == 0 && self.near_share.has(self.block(index)),
        }
    }

    /// Whether a full holder should give it to somebody, if it is missing here.
    fn is_first(&self, index: u32) -> bool {
        !self.is_alone() && self.copies[index as usize] == 0
    }

    /// Whether that is this peer.
    fn is_mine(&self, index: u32) -> bool {
        self.is_first(index) && self.share.has(self.block(index))
    }

    /// Looks again whether a chunk falls to this peer.
    fn reconsider(&mut self, index: u32, missing: &ChunkSet) {
        let is_missing = missing.contains(index);
        match (
            self.firsts.contains(index),
            is_missing && self.is_first(index),
        ) {
            (true, false) => self.firsts.remove(index),
            (false, true) => self.firsts.insert(index),
            (true, true) | (false, false) => {}
        }
        match (self.mine.contains(index), is_missing && self.is_mine(index)) {
            (true, false) => self.mine.remove(index),
            (false, true) => self.mine.insert(index),
            (true, true) | (false, false) => {}
        }
        if !self.has_sides() {
            return;
        }
        match (
            self.imports.contains(index),
            is_missing && self.is_import(index),
        ) {
            (true, false) => {
                self.imports.remove(index);
                self.recount(index, Side::Far, |wanted| wanted.saturating_sub(1));
            }
            (false, true) => {
                self.imports.insert(index);
                self.recount(index, Side::Far, |wanted| wanted + 1);
            }
            (true, true) | (false, false) => {}
        }
    }

    /// Corrects `wanted` of all on one side who hold a chunk.
    fn recount(&mut self, index: u32, side: Side, by: impl Fn(u32) -> u32) {
        let has_sides = self.has_sides();
        for (peer, partner) in &mut self.partners {
            let is_far = has_sides && self.far.contains(peer);
            if is_far == (side == Side::Far) && partner.held.contains(index) {
                partner.wanted = by(partner.wanted);
            }
        }
    }

    /// Somebody who gathers came, went or was found elsewhere: deals everything out anew.
    fn share_out(&mut self) {
        let (lots, others) = (self.share.mine.len(), self.partners.keys());
        self.share = Share::of(lots, &self.me, others.clone());
        self.near_share = if others.clone().any(|peer| self.far.contains(peer)) {
            let near = others.filter(|peer| !self.far.contains(*peer));
            Share::of(lots, &self.me, near)
        } else {
            self.share.clone()
        };
    }

    /// Somebody came, went or was found elsewhere: looks at everything anew.
    fn moved(&mut self, missing: &ChunkSet) {
        let mut firsts = ChunkSet::empty(self.chunk_count());
        let mut mine = ChunkSet::empty(self.chunk_count());
        for index in missing.common(None, 0).filter(|&it| self.is_first(it)) {
            firsts.insert(index);
            if self.is_mine(index) {
                mine.insert(index);
            }
        }
        (self.firsts, self.mine) = (firsts, mine);
        self.far_whole = self.whole.intersection(&self.far).count();
        self.near_whole = self.whole.len() - self.far_whole;
        let is_far = |peer: &PeerId| self.far.contains(peer);
        let has_sides = self.partners.keys().any(is_far) || self.whole.iter().any(is_far);
        if !has_sides && self.near_copies.is_empty() {
            return;
        }
        self.near_copies = vec![0; if has_sides { self.copies.len() } else { 0 }];
        if has_sides {
            for (peer, partner) in &self.partners {
                if !self.far.contains(peer) {
                    for index in partner.held.common(None, 0) {
                        self.near_copies[index as usize] += 1;
                    }
                }
            }
        }
        let mut imports = ChunkSet::empty(self.chunk_count());
        for index in missing.common(None, 0).filter(|&it| self.is_import(it)) {
            imports.insert(index);
        }
        self.imports = imports;
        let far = has_sides.then_some(&self.far);
        for (peer, partner) in &mut self.partners {
            let is_far = far.is_some_and(|far| far.contains(peer));
            let candidates = if is_far { &self.imports } else { missing };
            partner.wanted = partner.held.count_common(candidates);
        }
    }

    pub(super) fn chunk_count(&self) -> u32 {
        u32::try_from(self.copies.len()).unwrap_or(u32::MAX)
    }

    /// Counts anew, for the invariant.
    #[cfg(test)]
    pub(super) fn check(&self, missing: &ChunkSet) {
        for (index, &copies) in (0..).zip(&self.copies) {
            let holders = self
                .partners
                .iter()
                .filter(|(_, it)| it.held.contains(index));
            let near = holders
                .clone()
                .filter(|(peer, _)| self.side(peer) == Side::Near);
            assert_eq!(
                holders.clone().count(),
                usize::from(copies),
                "copies of {index}"
            );
            if self.has_sides() {
                let counted = usize::from(self.near_copies[index as usize]);
                assert_eq!(near.count(), counted, "near copies of {index}");
            }
            let is_import = missing.contains(index) && self.is_import(index);
            assert_eq!(self.imports.contains(index), is_import, "import of {index}");
            let is_first = missing.contains(index) && self.is_first(index);
            assert_eq!(self.firsts.contains(index), is_first, "first: {index}");
            let is_mine = missing.contains(index) && self.is_mine(index);
            assert_eq!(self.mine.contains(index), is_mine, "mine: {index}");
        }
        for (peer, partner) in &self.partners {
            let candidates = self.candidates(self.side(peer), missing);
            let counted = partner.held.common(Some(candidates), 0).count();
            assert_eq!(partner.wanted as usize, counted, "wanted of {peer}");
        }
    }
}

/// Decides between equally rare blocks, differently for each peer.
pub(super) fn tie(rank: u64, block: u32) -> u64 {
    mix(rank ^ u64::from(block))
}
