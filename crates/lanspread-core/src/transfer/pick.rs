//! Which missing chunks a source is asked for next.
//!
//! Each source works its way forward from a place of its own, so that the files of one source are
//! read and written in order and different sources do not meet. Invariant: what is picked is
//! missing, ascending, never empty while anything is missing, and within the budget unless a single
//! chunk exceeds it. It knows nothing of throughput: the budget is the caller's.

use super::chunk_set::ChunkSet;

/// A source that runs into chunks that are taken skips up to this many before it looks for another
/// place altogether.
const SKIP_MAX: u32 = 1024;

/// How much to pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    /// Most bytes; one chunk is picked in any case.
    pub(super) bytes: u64,
    /// Most chunks, at least 1.
    pub(super) chunks: usize,
}

/// Where the sources work.
#[derive(Debug)]
pub(super) struct Places {
    /// Where the source that asks would go on.
    pub(super) own: Option<u32>,
    /// Where the others would, sorted.
    pub(super) others: Vec<u32>,
}

/// Picks the next chunks; empty only if nothing is missing.
pub(super) fn pick(
    missing: &ChunkSet,
    places: &Places,
    budget: Budget,
    len_bytes: impl Fn(u32) -> u64,
) -> Vec<u32> {
    start(missing, places).map_or_else(Vec::new, |first| {
        fill(first, budget, len_bytes, |at| {
            nearby(missing, at + 1, places)
        })
    })
}

/// Goes on from the first chunk as long as there is a next one and the budget holds.
pub(super) fn fill(
    first: u32,
    budget: Budget,
    len_bytes: impl Fn(u32) -> u64,
    next: impl Fn(u32) -> Option<u32>,
) -> Vec<u32> {
    let mut picked = vec![first];
    let mut bytes = len_bytes(first);
    let mut at = first;
    while picked.len() < budget.chunks
        && let Some(index) = next(at)
    {
        bytes += len_bytes(index);
        if bytes > budget.bytes {
            break;
        }
        picked.push(index);
        at = index;
    }
    picked
}

/// Where to begin: where the source left off, else in the best gap.
fn start(missing: &ChunkSet, places: &Places) -> Option<u32> {
    places
        .own
        .and_then(|own| nearby(missing, own, places))
        .or_else(|| best_gap(missing, places))
}

/// The next missing chunk, unless it is far away or another source's place.
fn nearby(missing: &ChunkSet, from: u32, places: &Places) -> Option<u32> {
    let next = missing.next_in(from)?;
    let taken = places.others.binary_search(&next).is_ok();
    (next - from <= SKIP_MAX && !taken).then_some(next)
}

/// The start of the longest gap nobody works in, or the middle of one that another source works
/// in, if half of that is longer.
fn best_gap(missing: &ChunkSet, places: &Places) -> Option<u32> {
    let mut best: Option<(u32, u32)> = None;
    for gap in missing.runs() {
        let gap_len = gap.end - gap.start;
        let first_other = places.others.partition_point(|&place| place < gap.start);
        let occupied = places
            .others
            .get(first_other)
            .is_some_and(|&place| place < gap.end);
        let (worth, place) = if occupied {
            (gap_len / 2, gap.start + gap_len / 2)
        } else {
            (gap_len, gap.start)
        };
        if best.is_none_or(|(most, _)| worth > most) {
            best = Some((worth, place));
        }
    }
    best.map(|(_, place)| place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: Budget = Budget {
        bytes: u64::MAX,
        chunks: usize::MAX,
    };

    fn missing(len: u32, gaps: &[(u32, u32)]) -> ChunkSet {
        let mut set = ChunkSet::empty(len);
        for index in gaps.iter().flat_map(|&(start, end)| start..end) {
            set.insert(index);
        }
        set
    }

    fn run(set: &ChunkSet, own: Option<u32>, others: &[u32], budget: Budget) -> Vec<u32> {
        pick(
            set,
            &Places {
                own,
                others: others.to_vec(),
            },
            budget,
            |_| 10,
        )
    }

    #[test]
    fn where_a_source_goes_on() {
        let three = Budget {
            bytes: 39,
            chunks: 100,
        };
        let full = missing(100, &[(0, 100)]);
        assert_eq!(
            run(&full, None, &[], three),
            [0, 1, 2],
            "the first starts at the start"
        );
        assert_eq!(
            run(&full, Some(7), &[], three),
            [7, 8, 9],
            "it goes on where it was"
        );
        assert_eq!(
            run(&full, None, &[0], three),
            [50, 51, 52],
            "the second takes the other half"
        );
        assert_eq!(
            run(&missing(100, &[(3, 50), (53, 100)]), None, &[3, 53], three),
            [26, 27, 28],
            "the third halves a half"
        );
        assert_eq!(
            run(&missing(100, &[(0, 10), (20, 80)]), None, &[20], three),
            [50, 51, 52],
            "half of a long gap beats a short one"
        );
        assert_eq!(
            run(&missing(100, &[(0, 10), (20, 24)]), None, &[20], three),
            [0, 1, 2],
            "an empty gap beats half of a short one"
        );
        assert_eq!(
            run(
                &missing(100, &[(0, 2), (4, 6), (90, 100)]),
                Some(0),
                &[90],
                ALL
            ),
            [0, 1, 4, 5],
            "holes are skipped, another source's place is not entered"
        );
        assert_eq!(
            run(&missing(100, &[]), Some(3), &[], ALL),
            [0; 0],
            "nothing is missing"
        );
        assert_eq!(
            run(&missing(100, &[(9, 10)]), Some(9), &[9], ALL),
            [9],
            "the last one is shared"
        );
    }

    #[test]
    fn a_far_hole_is_another_place() {
        let at_limit = SKIP_MAX + 1;
        let near = missing(3000, &[(0, 1), (at_limit, at_limit + 1)]);
        assert_eq!(run(&near, Some(0), &[], ALL), [0, at_limit]);
        let far = missing(3000, &[(0, 1), (at_limit + 1, at_limit + 2)]);
        assert_eq!(run(&far, Some(0), &[], ALL), [0]);
    }

    #[test]
    fn the_budget_holds_but_one_chunk_is_always_picked() {
        let full = missing(100, &[(0, 100)]);
        assert_eq!(
            run(
                &full,
                None,
                &[],
                Budget {
                    bytes: 9,
                    chunks: 9
                }
            )
            .len(),
            1
        );
        assert_eq!(
            run(
                &full,
                None,
                &[],
                Budget {
                    bytes: 20,
                    chunks: 9
                }
            )
            .len(),
            2
        );
        assert_eq!(
            run(
                &full,
                None,
                &[],
                Budget {
                    bytes: 29,
                    chunks: 9
                }
            )
            .len(),
            2
        );
        assert_eq!(
            run(
                &full,
                None,
                &[],
                Budget {
                    bytes: 900,
                    chunks: 9
                }
            )
            .len(),
            9
        );
    }

    proptest! {
        #[test]
        fn every_pick_is_missing_ascending_and_not_empty(
            members in prop::collection::btree_set(0_u32..3000, 1..200),
            own in prop::option::of(0_u32..3001),
            others in prop::collection::btree_set(0_u32..3001, 0..5),
            chunks in 1_usize..50,
        ) {
            let mut set = ChunkSet::empty(3000);
            for &index in &members {
                set.insert(index);
            }
            let places = Places { own, others: others.into_iter().collect() };
            let picked = pick(&set, &places, Budget { bytes: 200, chunks }, |_| 10);
            prop_assert!(!picked.is_empty() && picked.len() <= chunks.min(20));
            prop_assert!(picked.is_sorted_by(|a, b| a < b));
            prop_assert!(picked.iter().all(|index| members.contains(index)));
        }
    }
}
