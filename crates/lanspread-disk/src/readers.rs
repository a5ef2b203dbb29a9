//! Reading games on disks that turn, and on disks that do not answer.
//!
//! Invariant: whoever reads a game on a hard disk has a turn there ([`super::turns`]); and a game with
//! [`STUCK_READS_MAX`] readings that do not come to an end is not read for others any more, so that a disk
//! that hangs holds no more threads than that. No lock is held while anything is read.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use lanspread_core::{DiskFailure, DiskFailureKind};
use lanspread_db::GameId;

use super::{
    failure::failure,
    library::lock,
    port::{FileSystem, HardDisk},
    turns::{Call, Spot, Turns},
};

/// A reading that takes longer does not come to an end: a hard disk that slept is awake by then.
pub(crate) const STUCK_AFTER: Duration = Duration::from_secs(10);

/// Readings of one game that do not come to an end, before nothing more of it is read for others.
pub(crate) const STUCK_READS_MAX: usize = 4;

/// Games of which it is remembered where they lie.
pub(crate) const PLACES_MAX: usize = 4096;

/// Everybody who reads games.
#[derive(Debug)]
pub(crate) struct Readers {
    fs: Arc<dyn FileSystem>,
    /// The game directory.
    games: PathBuf,
    known: Mutex<BTreeMap<GameId, Option<HardDisk>>>,
    queues: Arc<Queues>,
    under_way: Mutex<UnderWay>,
}

/// Who waits for which hard disk: one for all game directories, since two of them may lie on one disk.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    turns: Mutex<BTreeMap<HardDisk, Turns>>,
    ended: Condvar,
}

/// Readings for others that have begun.
#[derive(Debug, Default)]
struct UnderWay {
    begun: BTreeMap<(GameId, u64), Instant>,
    next: u64,
}

/// One reading, under way until this is dropped, also by a panic.
struct Begun<'a> {
    under_way: &'a Mutex<UnderWay>,
    key: (GameId, u64),
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        lock(self.under_way).begun.remove(&self.key);
    }
}

impl UnderWay {
    /// One more reading of a game, unless too many of it are stuck.
    fn begin(&mut self, id: &GameId, now: Instant) -> Option<u64> {
        let of_game = self.begun.range((id.clone(), 0)..=(id.clone(), u64::MAX));
        let stuck = of_game.filter(|&(_, &since)| now >= since + STUCK_AFTER);
        if stuck.count() >= STUCK_READS_MAX {
            return None;
        }
        let nth = self.next;
        self.next += 1;
        self.begun.insert((id.clone(), nth), now);
        Some(nth)
    }
}

impl Readers {
    pub(crate) fn new(fs: Arc<dyn FileSystem>, games: PathBuf, queues: Arc<Queues>) -> Self {
        Self {
            fs,
            games,
            known: Mutex::default(),
            queues,
            under_way: Mutex::default(),
        }
    }

    /// Whether a game lies on a hard disk, where much should be read at once.
    pub(crate) fn is_on_hard_disk(&self, id: &GameId) -> bool {
        self.hard_disk(id).is_some()
    }

    /// Reads something of a game for others.
    ///
    /// # Errors
    /// Those of `read`, or that the disk does not answer.
    pub(crate) fn read_for_others<T>(
        &self,
        id: &GameId,
        read: impl FnOnce() -> Result<T, DiskFailure>,
    ) -> Result<T, DiskFailure> {
        let begun = lock(&self.under_way).begin(id, Instant::now());
        let Some(nth) = begun else {
            return Err(failure(
                DiskFailureKind::Io,
                format!(
                    "{STUCK_READS_MAX} readings of {id} take longer than {STUCK_AFTER:?}: the disk it lies \
                     on does not answer. Look whether it still works"
                ),
            ));
        };
        let _begun = Begun {
            under_way: &self.under_way,
            key: (id.clone(), nth),
        };
        read()
    }

    /// Reads when it is the caller's turn to read from one place in one file to another in the same or a
    /// later one.
    pub(crate) fn in_turn<T>(
        &self,
        id: &GameId,
        (from, upto): ((&str, u64), (&str, u64)),
        read: impl FnOnce() -> T,
    ) -> T {
        let Some(disk) = self.hard_disk(id) else {
            return read();
        };
        let spot = |(file, offset_bytes): (&str, u64)| Spot {
            game: id.as_str().to_owned(),
            file: file.to_owned(),
            offset_bytes,
        };
        let mut all = lock(&self.queues.turns);
        let ticket = all.entry(disk).or_default().join(spot(from));
        loop {
            let now = Instant::now();
            match all.entry(disk).or_default().call(ticket, now) {
                Call::Read => break,
                Call::Wait(until) => {
                    let rest = until.saturating_duration_since(now);
                    let woken = self.queues.ended.wait_timeout(all, rest);
                    all = woken.map_or_else(|poisoned| poisoned.into_inner().0, |(all, _)| all);
                }
            }
        }
        drop(all);
        let result = read();
        let mut all = lock(&self.queues.turns);
        let turns = all.entry(disk).or_default();
        turns.end(ticket, spot(upto));
        if turns.is_idle() {
            all.remove(&disk);
        }
        drop(all);
        self.queues.ended.notify_all();
        result
    }

    fn hard_disk(&self, id: &GameId) -> Option<HardDisk> {
        if let Some(known) = lock(&self.known).get(id) {
            return *known;
        }
        let found = self.fs.hard_disk(&self.games.join(id.as_str()));
        let mut known = lock(&self.known);
        if known.len() >= PLACES_MAX {
            known.clear();
        }
        known.insert(id.clone(), found);
        found
    }
}

#[cfg(test)]
mod tests {
    use std::{io, path::Path, sync::mpsc, thread};

    use super::{super::port::Folder, *};

    /// A machine on which everything lies on one hard disk, or nothing does.
    #[derive(Debug)]
    struct Machine(Option<HardDisk>);

    impl FileSystem for Machine {
        fn open(&self, _path: &Path) -> io::Result<Arc<dyn Folder>> {
            Err(io::ErrorKind::Unsupported.into())
        }

        fn make(&self, _path: &Path) -> io::Result<()> {
            Ok(())
        }

        fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
            Ok(path.to_owned())
        }

        fn available_bytes(&self, _path: &Path) -> io::Result<u64> {
            Ok(0)
        }

        fn hard_disk(&self, _path: &Path) -> Option<HardDisk> {
            self.0
        }
    }

    fn readers(on: Option<HardDisk>) -> Arc<Readers> {
        let games = PathBuf::from("/games");
        Arc::new(Readers::new(Arc::new(Machine(on)), games, Arc::default()))
    }

    const PLACE: ((&str, u64), (&str, u64)) = (("a", 0), ("a", 1));

    fn id(name: &str) -> GameId {
        GameId::parse(name).unwrap()
    }

    /// Begins a reading that lasts until the sender is dropped; returns when it reads.
    fn begin(
        readers: &Arc<Readers>,
        name: &'static str,
    ) -> (mpsc::Sender<()>, thread::JoinHandle<()>) {
        let (end, ends) = mpsc::channel::<()>();
        let (reads, is_reading) = mpsc::channel();
        let readers = Arc::clone(readers);
        let thread = thread::spawn(move || {
            readers.in_turn(&id(name), PLACE, || {
                reads.send(()).unwrap();
                let _ = ends.recv();
            });
        });
        is_reading.recv().unwrap();
        (end, thread)
    }

    #[test]
    fn where_nothing_turns_several_read_at_a_time() {
        let readers = readers(None);
        let first = begin(&readers, "quake");
        let second = begin(&readers, "quake");
        for (end, thread) in [first, second] {
            drop(end);
            thread.join().unwrap();
        }
    }

    #[test]
    fn on_a_hard_disk_the_second_reads_when_the_first_has_ended() {
        let readers = readers(Some(HardDisk(8)));
        let (end, first) = begin(&readers, "quake");
        let order = Arc::new(Mutex::new(Vec::new()));
        let second = {
            let (readers, order) = (Arc::clone(&readers), Arc::clone(&order));
            thread::spawn(move || readers.in_turn(&id("doom"), PLACE, || lock(&order).push(2)))
        };
        lock(&order).push(1);
        drop(end);
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!(*lock(&order), [1, 2]);
        assert!(
            lock(&readers.queues.turns).is_empty(),
            "nothing is left behind"
        );
    }

    #[test]
    fn a_reader_that_is_stuck_does_not_hold_up_another_game_on_its_disk() {
        let readers = readers(Some(HardDisk(8)));
        let (end, stuck) = begin(&readers, "quake");
        assert_eq!(readers.in_turn(&id("doom"), PLACE, || "read"), "read");
        drop(end);
        stuck.join().unwrap();
    }

    #[test]
    fn a_game_is_read_until_as_many_readings_as_the_limit_are_stuck_and_others_go_on() {
        let (mut under_way, now) = (UnderWay::default(), Instant::now());
        let begun: Vec<_> = (0..STUCK_READS_MAX)
            .map(|_| under_way.begin(&id("quake"), now).unwrap())
            .collect();
        let almost = now + STUCK_AFTER.saturating_sub(Duration::from_nanos(1));
        let last = under_way.begin(&id("quake"), almost).unwrap();
        let stuck = now + STUCK_AFTER;
        assert_eq!(under_way.begin(&id("quake"), stuck), None);
        assert!(under_way.begin(&id("doom"), stuck).is_some());
        // The disk answers after all.
        under_way.begun.remove(&(id("quake"), begun[0]));
        assert!(under_way.begin(&id("quake"), stuck).is_some());
        assert!(last > begun[0]);
    }

    #[test]
    fn a_reading_that_panics_is_not_under_way_any_more() {
        let readers = readers(None);
        let read = std::panic::AssertUnwindSafe(|| {
            readers.read_for_others::<()>(&id("quake"), || {
                std::panic::resume_unwind(Box::new("while it reads"))
            })
        });
        assert!(std::panic::catch_unwind(read).is_err());
        assert!(lock(&readers.under_way).begun.is_empty());
    }

    #[test]
    fn as_many_places_as_the_limit_are_remembered_and_one_more_begins_anew() {
        let readers = readers(None);
        for n in 0..PLACES_MAX {
            assert!(!readers.is_on_hard_disk(&id(&format!("game{n}"))));
        }
        assert_eq!(lock(&readers.known).len(), PLACES_MAX);
        readers.is_on_hard_disk(&id("quake"));
        assert_eq!(lock(&readers.known).len(), 1);
    }
}
