//! Who sits behind a shared uplink, by how long answers take.
//!
//! While a cable between two switches is full, whatever crosses it waits in its queue, and what stays at the
//! own table does not. So the least delay of a while falls into two groups with nothing in between.
//!
//! Invariant: a split is believed only after [`SPLITS_IN_A_ROW`] measurements that part the same peers, and
//! given up only after [`UNITED_IN_A_ROW`] without any: once it is known, less crosses the cable, and the
//! difference that showed it is gone. Delays that scatter make no two groups. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use lanspread_proto::PeerId;

/// The far group is at least so much slower than the near one: less is what a busy machine does to all.
pub(super) const GAP_MIN: Duration = Duration::from_millis(2);

/// And so many times as slow; and within the far group nobody is so many times as slow as another.
pub(super) const GAP_FACTOR: u32 = 4;

/// Peers that there are on each side of the gap: a single one may just have a bad cable.
pub(super) const GROUP_MIN: usize = 2;

/// Measurements that have to say the same.
pub(super) const SPLITS_IN_A_ROW: u32 = 3;

/// Measurements without two groups that unite them again: some minutes.
pub(super) const UNITED_IN_A_ROW: u32 = 120;

/// What delays say of who is far.
#[derive(Debug)]
pub(super) struct Delays {
    far: BTreeSet<PeerId>,
    /// How the last measurement parted those it knew: who was far.
    last: BTreeMap<PeerId, bool>,
    splits: u32,
    united: u32,
}

impl Delays {
    /// Nobody is far.
    pub(super) const fn new() -> Self {
        Self {
            far: BTreeSet::new(),
            last: BTreeMap::new(),
            splits: 0,
            united: 0,
        }
    }

    /// Whether a peer is far, as far as delays say.
    pub(super) fn is_far(&self, peer: PeerId) -> bool {
        self.far.contains(&peer)
    }

    /// Forgets whoever is not known any more.
    pub(super) fn keep(&mut self, is_known: impl Fn(&PeerId) -> bool) {
        self.far.retain(is_known);
    }

    /// The least delays of the last while. Says whether anybody is taken for somewhere else since.
    pub(super) fn measured(&mut self, delays: &[(PeerId, Duration)]) -> bool {
        let Some(from) = far_from(delays) else {
            self.splits = 0;
            self.united += 1;
            let is_over = self.united >= UNITED_IN_A_ROW;
            return is_over && !std::mem::take(&mut self.far).is_empty();
        };
        self.united = 0;
        let parted: BTreeMap<PeerId, bool> = delays
            .iter()
            .map(|&(peer, delay)| (peer, delay >= from))
            .collect();
        let is_same = parted
            .iter()
            .all(|(peer, is_far)| self.last.get(peer).is_none_or(|last| last == is_far));
        self.splits = if is_same { self.splits + 1 } else { 1 };
        self.last = parted;
        if self.splits < SPLITS_IN_A_ROW {
            return false;
        }
        let mut changed = false;
        for (&peer, &is_far) in &self.last {
            changed |= if is_far {
                self.far.insert(peer)
            } else {
                self.far.remove(&peer)
            };
        }
        changed
    }
}

/// The least delay of the far group, if there are clearly two groups.
fn far_from(delays: &[(PeerId, Duration)]) -> Option<Duration> {
    let mut sorted: Vec<Duration> = delays.iter().map(|&(_, delay)| delay).collect();
    sorted.sort_unstable();
    let gap = |pair: &[Duration]| pair[1].saturating_sub(pair[0]);
    let gaps = sorted.windows(2).zip(1..);
    let (pair, at) = gaps.max_by_key(|(pair, _)| gap(pair))?;
    let is_gap = gap(pair) >= GAP_MIN && pair[1] >= pair[0] * GAP_FACTOR;
    let (near, far) = sorted.split_at_checked(at)?;
    let are_groups = near.len() >= GROUP_MIN && far.len() >= GROUP_MIN;
    let (least, most) = (*far.first()?, *far.last()?);
    (is_gap && are_groups && most < least * GAP_FACTOR).then_some(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(n: u8) -> PeerId {
        PeerId::from_bytes([n; 32])
    }

    /// Peers with these delays in microseconds.
    fn delays(us: &[u64]) -> Vec<(PeerId, Duration)> {
        let delay = |(n, &us)| (peer(n), Duration::from_micros(us));
        (0..).zip(us).map(delay).collect()
    }

    const NOBODY: [u8; 0] = [];

    /// Who is far after so many equal measurements.
    fn far_after(times: u32, us: &[u64]) -> Vec<u8> {
        let mut known = Delays::new();
        for _ in 0..times {
            known.measured(&delays(us));
        }
        far(&known, us.len())
    }

    fn far(known: &Delays, count: usize) -> Vec<u8> {
        let peers = 0..u8::try_from(count).unwrap();
        peers.filter(|&n| known.is_far(peer(n))).collect()
    }

    #[test]
    fn two_groups_are_told_apart_after_as_many_measurements_as_the_limit_and_not_before() {
        let two = [300, 900, 20_000, 500, 35_000];
        assert_eq!(far_after(SPLITS_IN_A_ROW - 1, &two), NOBODY);
        assert_eq!(far_after(SPLITS_IN_A_ROW, &two), [2, 4]);
    }

    #[test]
    fn groups_are_two_at_the_limits_and_one_below_them() {
        let far = |us: &[u64]| far_after(SPLITS_IN_A_ROW, us);
        // Slow enough by so much, and so many times as slow.
        assert_eq!(far(&[100, 150, 2_150, 2_200]), [2, 3]);
        assert_eq!(far(&[100, 150, 2_149, 2_200]), NOBODY);
        assert_eq!(far(&[900, 1_000, 4_000, 4_000]), [2, 3]);
        assert_eq!(far(&[900, 1_000, 3_999, 4_000]), NOBODY);
        // So many on each side.
        assert_eq!(far(&[100, 200, 300, 30_000]), NOBODY);
        assert_eq!(far(&[100, 30_000, 31_000, 32_000]), NOBODY);
        // Not too far from each other.
        let queue = |most| far(&[100, 150, 20_000, 35_000, 50_000, 65_000, most]);
        assert_eq!(queue(79_999), [2, 3, 4, 5, 6]);
        assert_eq!(queue(80_000), NOBODY);
        // The widest gap counts, however many times as slow others are.
        assert_eq!(far(&[80, 450, 500, 1_500, 6_000, 7_000]), [4, 5]);
    }

    #[test]
    fn one_who_is_slow_or_all_who_are_slow_split_nobody() {
        assert_eq!(far_after(50, &[300, 400, 250, 60_000]), NOBODY);
        assert_eq!(far_after(50, &[30_000, 41_000, 52_000, 38_000]), NOBODY);
        assert_eq!(far_after(50, &[]), NOBODY);
        assert_eq!(far_after(50, &[300]), NOBODY);
    }

    #[test]
    fn a_split_that_parts_others_each_time_is_not_believed() {
        let mut known = Delays::new();
        for n in 0..50 {
            let us = if n % 2 == 0 {
                [300, 20_000, 20_000, 300]
            } else {
                [20_000, 300, 20_000, 300]
            };
            assert!(!known.measured(&delays(&us)));
        }
        assert_eq!(far(&known, 4), NOBODY);
    }

    #[test]
    fn a_split_outlives_the_difference_that_showed_it_for_as_long_as_the_limit() {
        let mut known = Delays::new();
        for _ in 0..SPLITS_IN_A_ROW {
            known.measured(&delays(&[300, 350, 20_000, 20_000]));
        }
        for _ in 0..UNITED_IN_A_ROW - 1 {
            assert!(!known.measured(&delays(&[300, 400, 500, 450])));
        }
        assert_eq!(far(&known, 4), [2, 3]);
        assert!(known.measured(&delays(&[300, 400, 500, 450])));
        assert_eq!(far(&known, 4), NOBODY);
    }

    #[test]
    fn nothing_is_kept_of_a_peer_that_is_not_known_any_more() {
        let mut known = Delays::new();
        for _ in 0..SPLITS_IN_A_ROW {
            known.measured(&delays(&[300, 350, 20_000, 20_000]));
        }
        known.keep(|other| *other != peer(2));
        assert_eq!(far(&known, 4), [3]);
    }

    #[test]
    fn who_moves_to_the_own_table_is_near_after_as_many_measurements() {
        let mut known = Delays::new();
        let [before, after] = [20_000, 400].map(|last| [300, 310, 20_000, 20_000, last]);
        for us in [before, after] {
            for _ in 0..SPLITS_IN_A_ROW {
                known.measured(&delays(&us));
            }
        }
        assert_eq!(far(&known, 5), [2, 3]);
    }

    /// The least delay of a while on a busy machine or a bad wifi, somewhere in a whole decade, for each of
    /// up to sixteen peers and each measurement by lot.
    #[test]
    fn noise_splits_nobody_in_a_hundred_thousand_measurements() {
        let mut drawn = 0_u64;
        let mut lot = || {
            drawn += 1;
            let word = crate::ties::rank(drawn, b"delay");
            Duration::from_micros(500 * (1 + word % 10))
        };
        for count in [4, 5, 8, 16] {
            let mut known = Delays::new();
            for _ in 0..25_000 {
                let measured: Vec<_> = (0..count).map(|n| (peer(n), lot())).collect();
                assert!(!known.measured(&measured));
            }
        }
    }
}
