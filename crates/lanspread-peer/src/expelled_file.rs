//! The list of expelled peers in the state directory: what keeps them out after a restart.
//!
//! Invariant: the file is whole, old or new, whatever happens while it is written. One that cannot be
//! read is put aside and said so, and the peer starts. It decides nothing: who is expelled, by whom and
//! for how long is said from outside; here a time that is left becomes a time of day and back.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lanspread_core::{
    DiskFailure, Expelled, ExpelledBy,
    limits::{EXPEL_TIME_MAX, EXPULSIONS_MAX},
};
use lanspread_proto::{PeerId, PeerName};
use serde::{Deserialize, Serialize};

use crate::state_file::{check_format, put_aside, read_json, write_json};

/// The file, in the state directory.
pub const EXPELLED_FILE: &str = "expelled.json";

/// What a file that cannot be read is renamed to.
const DAMAGED_FILE: &str = "expelled.json.damaged";

/// Longest file that is read: both lists with the longest names fit.
pub const EXPELLED_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The format of the file.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    format: u32,
    expelled: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    peer_id: PeerId,
    name: PeerName,
    /// Who said so; none: the user of this peer.
    organiser: Option<PeerId>,
    /// Seconds since 1970.
    until: u64,
}

/// What was read at the start.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// Who is still expelled.
    pub(crate) expelled: Vec<Expelled>,
    /// What the user should know of the file.
    pub(crate) trouble: Option<String>,
}

/// Where the list is kept.
#[derive(Debug, Clone)]
pub(crate) struct ExpelledFile {
    path: PathBuf,
    /// Whom this peer takes for the organiser: what another one said does not count.
    organiser: Option<PeerId>,
}

impl ExpelledFile {
    pub(crate) fn in_dir(state_dir: &Path, organiser: Option<PeerId>) -> Self {
        Self {
            path: state_dir.join(EXPELLED_FILE),
            organiser,
        }
    }

    /// Reads the list.
    pub(crate) fn load(&self, now: SystemTime) -> Loaded {
        let content = match self.read() {
            Ok(Some(content)) => content,
            Ok(None) => return Loaded::default(),
            Err(error) => {
                return Loaded {
                    expelled: Vec::new(),
                    trouble: Some(self.put_aside(&error)),
                };
            }
        };
        let counts = |entry: &Entry| entry.organiser.is_none() || entry.organiser == self.organiser;
        let expelled = content.expelled.into_iter().filter(counts);
        let expelled = expelled.filter_map(|entry| entry.expelled(now));
        Loaded {
            expelled: expelled.take(2 * EXPULSIONS_MAX).collect(),
            trouble: None,
        }
    }

    /// Writes the list, whole or not at all.
    ///
    /// # Errors
    /// What the system says, with the file.
    pub(crate) fn save(&self, expelled: &[Expelled], now: SystemTime) -> Result<(), DiskFailure> {
        let entries = expelled.iter().map(|expelled| Entry {
            peer_id: expelled.peer_id,
            name: expelled.name.clone(),
            organiser: match expelled.by {
                ExpelledBy::ThisPeer => None,
                ExpelledBy::Organiser => self.organiser,
            },
            until: seconds(now + expelled.left),
        });
        let content = Content {
            format: FORMAT,
            expelled: entries.collect(),
        };
        write_json(&self.path, &content)
    }

    fn read(&self) -> Result<Option<Content>, String> {
        let Some(content) = read_json::<Content>(&self.path, EXPELLED_FILE_BYTES_MAX)? else {
            return Ok(None);
        };
        check_format(content.format, FORMAT)?;
        Ok(Some(content))
    }

    fn put_aside(&self, why: &str) -> String {
        let kept = put_aside(&self.path, DAMAGED_FILE);
        format!(
            "the list of expelled peers {} cannot be read ({why}), so nobody is expelled from here until \
             you or the organiser say so again; {kept}",
            self.path.display()
        )
    }
}

impl Entry {
    /// The entry, if it is not over. A clock that was turned back prolongs nothing past the longest
    /// time.
    fn expelled(self, now: SystemTime) -> Option<Expelled> {
        let left = Duration::from_secs(self.until.checked_sub(seconds(now))?).min(EXPEL_TIME_MAX);
        (!left.is_zero()).then_some(Expelled {
            peer_id: self.peer_id,
            name: self.name,
            by: match self.organiser {
                None => ExpelledBy::ThisPeer,
                Some(_) => ExpelledBy::Organiser,
            },
            left,
        })
    }
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const ORGANISER: PeerId = PeerId::from_bytes([9; 32]);

    fn expelled(n: u8, by: ExpelledBy, hours: u64) -> Expelled {
        Expelled {
            peer_id: PeerId::from_bytes([n; 32]),
            name: PeerName::new("mallory"),
            by,
            left: Duration::from_hours(hours),
        }
    }

    fn at(hours: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_hours(500_000 + hours)
    }

    fn saved(list: &[Expelled]) -> (tempfile::TempDir, ExpelledFile) {
        let dir = tempfile::tempdir().unwrap();
        let file = ExpelledFile::in_dir(dir.path(), Some(ORGANISER));
        file.save(list, at(0)).unwrap();
        (dir, file)
    }

    #[test]
    fn time_goes_on_while_the_peer_does_not_run() {
        let (_dir, file) = saved(&[
            expelled(1, ExpelledBy::ThisPeer, 12),
            expelled(2, ExpelledBy::Organiser, 3),
        ]);
        let loaded = file.load(at(2));
        assert_eq!(
            loaded.expelled,
            [
                expelled(1, ExpelledBy::ThisPeer, 10),
                expelled(2, ExpelledBy::Organiser, 1)
            ]
        );
        assert!(loaded.trouble.is_none());
        let later = file.load(at(3)).expelled;
        assert_eq!(later, [expelled(1, ExpelledBy::ThisPeer, 9)]);
        assert!(file.load(at(12)).expelled.is_empty());
    }

    #[test]
    fn what_another_organiser_said_does_not_count() {
        let (dir, _file) = saved(&[
            expelled(1, ExpelledBy::ThisPeer, 12),
            expelled(2, ExpelledBy::Organiser, 12),
        ]);
        for organiser in [None, Some(PeerId::from_bytes([8; 32]))] {
            let file = ExpelledFile::in_dir(dir.path(), organiser);
            let loaded = file.load(at(0)).expelled;
            assert_eq!(loaded, [expelled(1, ExpelledBy::ThisPeer, 12)]);
        }
    }

    #[test]
    fn a_clock_that_was_turned_back_prolongs_nothing_past_the_longest_time() {
        let (_dir, file) = saved(&[expelled(1, ExpelledBy::ThisPeer, 12)]);
        let loaded = file.load(UNIX_EPOCH).expelled;
        assert_eq!(loaded[0].left, EXPEL_TIME_MAX);
    }

    #[test]
    fn no_file_is_an_empty_list() {
        let dir = tempfile::tempdir().unwrap();
        let loaded = ExpelledFile::in_dir(dir.path(), None).load(at(0));
        assert!(loaded.expelled.is_empty() && loaded.trouble.is_none());
    }

    #[test]
    fn a_file_that_is_cut_off_garbage_or_of_another_format_is_put_aside_and_said_so() {
        let (_dir, file) = saved(&[expelled(1, ExpelledBy::ThisPeer, 12)]);
        let good = fs::read(&file.path).unwrap();
        let other_format = String::from_utf8(good.clone())
            .unwrap()
            .replace("\"format\": 1", "\"format\": 2");
        let cut = (0..good.len()).map(|len| good[..len].to_vec());
        let damaged = [
            b"\xff\xfe garbage".to_vec(),
            b"[]".to_vec(),
            other_format.into_bytes(),
        ];
        for bytes in cut.chain(damaged) {
            fs::write(&file.path, &bytes).unwrap();
            let loaded = file.load(at(0));
            assert!(loaded.expelled.is_empty());
            let trouble = loaded.trouble.unwrap();
            assert!(trouble.contains("cannot be read"), "{trouble}");
            let aside = file.path.with_file_name(DAMAGED_FILE);
            assert_eq!(fs::read(aside).unwrap(), bytes);
            assert!(file.load(at(0)).trouble.is_none(), "and it goes on");
        }
    }

    #[test]
    fn a_file_at_its_longest_is_read_and_a_longer_one_is_not() {
        let (_dir, file) = saved(&[expelled(1, ExpelledBy::ThisPeer, 12)]);
        let mut bytes = fs::read(&file.path).unwrap();
        let longest = usize::try_from(EXPELLED_FILE_BYTES_MAX).unwrap();
        bytes.resize(longest, b' ');
        fs::write(&file.path, &bytes).unwrap();
        assert_eq!(file.load(at(0)).expelled.len(), 1);
        bytes.push(b' ');
        fs::write(&file.path, &bytes).unwrap();
        assert!(file.load(at(0)).trouble.unwrap().contains("longer"));
    }

    #[test]
    fn both_lists_at_their_longest_fit_the_file() {
        let name = PeerName::new(&"\u{1f3ae}".repeat(16));
        let list: Vec<Expelled> = (0..2 * EXPULSIONS_MAX)
            .map(|n| Expelled {
                peer_id: PeerId::from_bytes([u8::try_from(n % 256).unwrap(); 32]),
                name: name.clone(),
                by: ExpelledBy::Organiser,
                left: EXPEL_TIME_MAX,
            })
            .collect();
        let (_dir, file) = saved(&list);
        let len = fs::metadata(&file.path).unwrap().len();
        assert!(len <= EXPELLED_FILE_BYTES_MAX, "{len}");
        assert_eq!(file.load(at(0)).expelled.len(), list.len());
    }
}
