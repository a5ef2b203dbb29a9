//! When each game was first seen at this peer, for the order "recently added".
//!
//! Invariant: a time is noted once and never changed, and games that came together share it. It reads no
//! clock, and says nothing about whether a game is still there.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use lanspread_db::GameId;
use lanspread_peer::{
    DiskFailure,
    state_file::{check_format, read_json, write_json},
};
use serde::{Deserialize, Serialize};

/// The file that keeps it, in the state directory.
pub const FIRST_SEEN_FILE: &str = "first-seen.json";

/// Longest file that is read, in bytes.
pub const FIRST_SEEN_FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Most games whose time is kept; past that games that are gone are forgotten, and then no further one is
/// noted.
pub const FIRST_SEEN_MAX: usize = 20_000;

/// The format of the file.
const FORMAT: u32 = 1;

/// Games with the time at which each was first seen, in milliseconds since 1970 by this machine's clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FirstSeen {
    games: BTreeMap<GameId, u64>,
    /// Whether it holds what was not taken for the file.
    has_news: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    format: u32,
    first_seen_ms: BTreeMap<GameId, u64>,
}

impl FirstSeen {
    /// Notes the games that are new.
    pub(crate) fn note<'a>(
        &mut self,
        games: impl Iterator<Item = &'a GameId> + Clone,
        now_ms: u64,
    ) {
        let fresh: Vec<&GameId> = games
            .clone()
            .filter(|id| !self.games.contains_key(*id))
            .collect();
        if fresh.is_empty() {
            return;
        }
        if self.games.len() + fresh.len() > FIRST_SEEN_MAX {
            let present: BTreeSet<&GameId> = games.collect();
            self.games.retain(|id, _| present.contains(id));
        }
        let room = FIRST_SEEN_MAX.saturating_sub(self.games.len());
        let noted = fresh.into_iter().take(room);
        self.games.extend(noted.map(|id| (id.clone(), now_ms)));
        self.has_news = true;
    }

    /// What is to be kept, if it is not what was taken last.
    pub(crate) fn take_news(&mut self) -> Option<Self> {
        std::mem::take(&mut self.has_news).then(|| self.clone())
    }

    /// What was taken is not kept, and is to be taken again.
    pub(crate) const fn not_kept(&mut self) {
        self.has_news = true;
    }

    /// When a game was first seen, in milliseconds since 1970.
    pub(crate) fn of(&self, id: &GameId) -> Option<u64> {
        self.games.get(id).copied()
    }

    /// Reads what an earlier run noted. A file that cannot be used costs the order and nothing else, so it
    /// is a line of the log.
    pub(crate) fn load(state_dir: &Path) -> Self {
        let path = state_dir.join(FIRST_SEEN_FILE);
        let read = || {
            let Some(content) = read_json::<Content>(&path, FIRST_SEEN_FILE_BYTES_MAX)? else {
                return Ok(Self::default());
            };
            check_format(content.format, FORMAT)?;
            let games = content.first_seen_ms;
            if games.len() > FIRST_SEEN_MAX {
                return Err(format!("it holds more than {FIRST_SEEN_MAX} games"));
            }
            Ok::<_, String>(Self {
                games,
                has_news: false,
            })
        };
        read().unwrap_or_else(|why| {
            tracing::warn!(
                file = %path.display(),
                why,
                "when games were first seen cannot be read, and is noted anew"
            );
            Self::default()
        })
    }

    /// Keeps it for the next start.
    pub(crate) fn save(self, state_dir: &Path) -> Result<(), DiskFailure> {
        let content = Content {
            format: FORMAT,
            first_seen_ms: self.games,
        };
        write_json(&state_dir.join(FIRST_SEEN_FILE), &content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: std::ops::Range<usize>) -> Vec<GameId> {
        let id = |number: usize| GameId::parse(&format!("game{number:05}")).expect("a valid id");
        numbers.map(id).collect()
    }

    #[test]
    fn a_time_is_noted_once_and_games_that_came_together_share_it() {
        let mut seen = FirstSeen::default();
        let (first, all) = (ids(0..2), ids(0..3));
        seen.note(first.iter(), 10);
        seen.note(all.iter(), 20);
        assert!(seen.take_news().is_some());
        seen.note(all.iter(), 30);
        assert_eq!(seen.take_news(), None);
        let times: Vec<_> = all.iter().map(|id| seen.of(id)).collect();
        assert_eq!(times, [Some(10), Some(10), Some(20)]);
    }

    #[test]
    fn at_the_limit_all_are_kept_and_past_it_those_that_are_gone_make_room() {
        let mut seen = FirstSeen::default();
        let all = ids(0..FIRST_SEEN_MAX);
        seen.note(all.iter(), 10);
        assert_eq!(seen.games.len(), FIRST_SEEN_MAX);
        let more = ids(1..FIRST_SEEN_MAX + 1);
        seen.note(more.iter(), 20);
        assert_eq!(seen.games.len(), FIRST_SEEN_MAX);
        assert_eq!(seen.of(&all[0]), None, "it is gone");
        assert_eq!(seen.of(&more[FIRST_SEEN_MAX - 1]), Some(20));
        let too_many = ids(1..FIRST_SEEN_MAX + 2);
        seen.note(too_many.iter(), 30);
        assert_eq!(seen.of(&too_many[FIRST_SEEN_MAX]), None, "there is no room");
    }

    #[test]
    fn it_outlives_a_restart_and_a_file_that_cannot_be_used_begins_anew() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut seen = FirstSeen::default();
        seen.note(ids(0..FIRST_SEEN_MAX).iter(), 10);
        let news = seen.take_news().expect("all are new");
        news.save(dir.path()).expect("writable");
        assert_eq!(FirstSeen::load(dir.path()), seen, "a full one fits");
        let too_long = " ".repeat(usize::try_from(FIRST_SEEN_FILE_BYTES_MAX).expect("small") + 1);
        for broken in ["{", r#"{"format":2,"first_seen_ms":{}}"#, &too_long] {
            std::fs::write(dir.path().join(FIRST_SEEN_FILE), broken).expect("writable");
            assert_eq!(FirstSeen::load(dir.path()), FirstSeen::default());
        }
    }
}
