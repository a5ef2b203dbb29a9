//! What a download in progress says of itself: which chunks it has stored, as runs of numbers.
//!
//! Invariant: runs are sorted, apart from each other, none is empty, and there are no more than
//! [`HOLDINGS_RUNS_MAX`]. Whether a manifest has such chunks is not known here.

use std::ops::Range;

use lanspread_db::{GameId, ManifestHash};
use serde::{Deserialize, Serialize};

use crate::limits::HOLDINGS_RUNS_MAX;

/// Names the log of one run of one download: positions are comparable only within the same log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HoldingsLog(pub u64);

impl HoldingsLog {
    /// No log: what whoever asks for the first time names. No download has it.
    pub const NONE: Self = Self(0);
}

/// "Which chunks of this manifest have you stored since this position of your log?"
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldingsRequest {
    /// The game.
    pub id: GameId,
    /// The manifest that is gathered.
    pub manifest: ManifestHash,
    /// The log that the position is one of. Another one than the receiver's begins at 0.
    pub log: HoldingsLog,
    /// How many chunks of that log the sender knows.
    pub since: u32,
}

/// What was stored between two positions of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holdings {
    /// The log of the sender.
    pub log: HoldingsLog,
    /// How many chunks of it the receiver knows with this answer.
    pub upto: u32,
    /// The chunks between the position asked from and `upto`, numbered in the manifest's order.
    pub chunks: ChunkRuns,
}

/// Sorted runs of chunk numbers that are apart from each other: `[first, count]` each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u32, u32)>", into = "Vec<(u32, u32)>")]
pub struct ChunkRuns(Vec<Range<u32>>);

/// Why runs were not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkRunsError {
    /// More than [`HOLDINGS_RUNS_MAX`].
    #[error("{0} runs of chunks: at most {HOLDINGS_RUNS_MAX} are allowed")]
    TooMany(usize),
    /// A run holds nothing.
    #[error("a run of chunks holds none")]
    Empty,
    /// A run ends past the largest number there is.
    #[error("a run of chunks ends past every number")]
    TooLong,
    /// A run begins before the end of the one before it, or at it.
    #[error("runs of chunks are not sorted, or touch")]
    NotSorted,
}

impl ChunkRuns {
    /// Takes runs that keep the rules.
    ///
    /// # Errors
    /// Says which rule is broken.
    pub fn new(runs: Vec<Range<u32>>) -> Result<Self, ChunkRunsError> {
        if runs.len() > HOLDINGS_RUNS_MAX {
            return Err(ChunkRunsError::TooMany(runs.len()));
        }
        if runs.iter().any(Range::is_empty) {
            return Err(ChunkRunsError::Empty);
        }
        if runs.windows(2).any(|pair| pair[0].end >= pair[1].start) {
            return Err(ChunkRunsError::NotSorted);
        }
        Ok(Self(runs))
    }

    /// The runs.
    pub fn iter(&self) -> impl Iterator<Item = Range<u32>> + '_ {
        self.0.iter().cloned()
    }

    /// Where the last run ends: no number is that large or larger.
    #[must_use]
    pub fn end(&self) -> u32 {
        self.0.last().map_or(0, |run| run.end)
    }

    /// How many numbers the runs hold together.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.0.iter().map(|run| run.end - run.start).sum()
    }
}

impl TryFrom<Vec<(u32, u32)>> for ChunkRuns {
    type Error = ChunkRunsError;

    fn try_from(runs: Vec<(u32, u32)>) -> Result<Self, Self::Error> {
        let run = |(first, count): (u32, u32)| {
            let end = first.checked_add(count).ok_or(ChunkRunsError::TooLong)?;
            Ok(first..end)
        };
        Self::new(runs.into_iter().map(run).collect::<Result<_, _>>()?)
    }
}

impl From<ChunkRuns> for Vec<(u32, u32)> {
    fn from(runs: ChunkRuns) -> Self {
        let run = |run: Range<u32>| (run.start, run.end - run.start);
        runs.0.into_iter().map(run).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_up_to_the_limit_are_read_and_one_more_is_refused() {
        let runs = |count: usize| -> Vec<(u32, u32)> {
            let firsts = (0_u32..).step_by(2);
            firsts.take(count).map(|first| (first, 1)).collect()
        };
        let read = ChunkRuns::try_from(runs(HOLDINGS_RUNS_MAX)).unwrap();
        assert_eq!(read.count() as usize, HOLDINGS_RUNS_MAX);
        assert_eq!(
            ChunkRuns::try_from(runs(HOLDINGS_RUNS_MAX + 1)),
            Err(ChunkRunsError::TooMany(HOLDINGS_RUNS_MAX + 1))
        );
    }

    #[test]
    fn runs_are_written_as_first_and_count_and_read_as_the_same() {
        let runs = ChunkRuns::new(vec![0..2, 3..4, 4_000_000_000..u32::MAX]).unwrap();
        let text = serde_json::to_string(&runs).unwrap();
        assert_eq!(text, "[[0,2],[3,1],[4000000000,294967295]]");
        assert_eq!(serde_json::from_str::<ChunkRuns>(&text).unwrap(), runs);
        assert_eq!((runs.end(), runs.count()), (u32::MAX, 294_967_298));
    }

    #[test]
    fn runs_that_are_unsorted_touching_empty_or_too_long_are_refused() {
        for (text, why) in [
            ("[[3,1],[0,1]]", ChunkRunsError::NotSorted),
            ("[[0,2],[1,2]]", ChunkRunsError::NotSorted),
            ("[[0,2],[2,2]]", ChunkRunsError::NotSorted),
            ("[[0,2],[0,2]]", ChunkRunsError::NotSorted),
            ("[[7,0]]", ChunkRunsError::Empty),
            ("[[4294967295,1]]", ChunkRunsError::TooLong),
        ] {
            let refused = serde_json::from_str::<ChunkRuns>(text).unwrap_err();
            assert!(refused.to_string().contains(&why.to_string()), "{refused}");
        }
        assert!(serde_json::from_str::<ChunkRuns>("[[1,2,3]]").is_err());
        assert_eq!(ChunkRuns::default().end(), 0);
    }
}
