//! A log of which the end is kept, in memory and on disk.
//!
//! Invariant: what is shown is in memory, so that a hung disk delays nobody; a thread of its own brings it
//! to disk, in two files of which the older goes when the newer is full. A line of such a file that cannot
//! be read is left out.

use std::{
    collections::VecDeque,
    fs,
    io::{self, BufRead, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, SyncSender},
    },
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};

use super::LogPage;

/// Most entries of a log that are kept in memory.
pub const LOG_ENTRIES_MAX: usize = 5_000;

/// Longest file of a log, in bytes; there are two of them.
pub const LOG_FILE_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// Most entries that are handed out at once.
pub const LOG_PAGE_ENTRIES_MAX: usize = 1_000;

/// Lines on their way to the disk; more are kept in memory only.
const WRITES_QUEUE_LEN: usize = 1_024;

/// How long the end of the program waits for the last lines.
const FLUSH_PATIENCE: Duration = Duration::from_millis(500);

/// An entry of a log. There are those of this crate, and no others.
pub trait Entry: Clone + Serialize + DeserializeOwned + Send + 'static {
    /// The file that such entries are kept in, in the folder of logs.
    const FILE: &str;

    /// Its number.
    fn number(&self) -> u64;

    /// Gives it a number.
    fn set_number(&mut self, number: u64);
}

/// A log of which the end is kept. Whoever has a clone of it has the same log.
#[derive(Debug)]
pub struct Log<E> {
    inner: Arc<Mutex<Inner<E>>>,
}

#[derive(Debug)]
struct Inner<E> {
    entries: VecDeque<E>,
    newest: u64,
    disk: Option<SyncSender<ToDisk>>,
}

#[derive(Debug)]
enum ToDisk {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

impl<E> Default for Log<E> {
    fn default() -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                entries: VecDeque::new(),
                newest: 0,
                disk: None,
            })),
        }
    }
}

impl<E> Clone for Log<E> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<E: Entry> Log<E> {
    /// Keeps it in a folder from here on, behind what was said in earlier runs. Where that cannot be done, it
    /// stays in memory.
    pub(crate) fn attach(&self, logs_dir: &Path) {
        let file = logs_dir.join(E::FILE);
        if let Err(error) = self.keep_in(&file) {
            tracing::warn!(file = %file.display(), %error, "a log is not kept on disk");
        }
    }

    /// Goes on where the file of an earlier run ended, and writes to it from here on. A log that is kept
    /// already, because a second peer is started in this run, goes on as it is.
    ///
    /// # Errors
    /// The files cannot be read or written; the log stays in memory.
    fn keep_in(&self, file: &Path) -> io::Result<()> {
        if self.lock().disk.is_some() {
            return Ok(());
        }
        if let Some(dir) = file.parent() {
            fs::create_dir_all(dir)?;
        }
        let mut before = VecDeque::new();
        for file in [&older(file), file] {
            read(file, &mut before)?;
        }
        let writer = Writer::open(file)?;
        let (tx, rx) = mpsc::sync_channel(WRITES_QUEUE_LEN);
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || writer.run(&rx))?;
        let mut inner = self.lock();
        let last = before.back().map_or(0, E::number);
        for mut entry in std::mem::take(&mut inner.entries) {
            entry.set_number(last + entry.number());
            write(&tx, &entry);
            push(&mut before, entry);
        }
        inner.newest += last;
        inner.entries = before;
        inner.disk = Some(tx);
        Ok(())
    }

    /// Adds an entry, and gives it its number.
    pub(crate) fn push(&self, mut entry: E) {
        let mut inner = self.lock();
        inner.newest += 1;
        entry.set_number(inner.newest);
        if let Some(disk) = &inner.disk {
            write(disk, &entry);
        }
        push(&mut inner.entries, entry);
    }

    /// The entries after a number, at most [`LOG_PAGE_ENTRIES_MAX`].
    pub(crate) fn page(&self, after: u64) -> LogPage<E> {
        let inner = self.lock();
        let first = inner
            .entries
            .partition_point(|entry| entry.number() <= after);
        LogPage {
            entries: inner
                .entries
                .range(first..)
                .take(LOG_PAGE_ENTRIES_MAX)
                .cloned()
                .collect(),
            newest: inner.newest,
        }
    }

    /// Waits until what was added is with the system, but not for long.
    pub(crate) fn flush(&self) {
        let disk = self.lock().disk.clone();
        let Some(disk) = disk else { return };
        let (tx, rx) = mpsc::sync_channel(1);
        if disk.try_send(ToDisk::Flush(tx)).is_ok() {
            // A disk that hangs does not hold up the end.
            let _ = rx.recv_timeout(FLUSH_PATIENCE);
        }
    }

    /// What the lock holds is whole between two calls, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, Inner<E>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn push<E>(entries: &mut VecDeque<E>, entry: E) {
    if entries.len() >= LOG_ENTRIES_MAX {
        entries.pop_front();
    }
    entries.push_back(entry);
}

fn write<E: Serialize>(disk: &SyncSender<ToDisk>, entry: &E) {
    if let Ok(mut line) = serde_json::to_vec(entry) {
        line.push(b'\n');
        // More than the disk can take is lost to the file, and to nobody else.
        let _ = disk.try_send(ToDisk::Line(line));
    }
}

/// Where a full file goes.
fn older(file: &Path) -> PathBuf {
    file.with_extension("old.jsonl")
}

fn read<E: Entry>(file: &Path, entries: &mut VecDeque<E>) -> io::Result<()> {
    let opened = match fs::File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    // A file that grew past its limit was not written by us, and its end does not matter.
    let mut bytes = io::BufReader::new(io::Read::take(opened, 2 * LOG_FILE_BYTES_MAX));
    let mut line = Vec::new();
    loop {
        line.clear();
        if bytes.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let last = entries.back().map_or(0, E::number);
        match serde_json::from_slice::<E>(&line) {
            Ok(entry) if entry.number() > last => push(entries, entry),
            // Cut short by a crash, or from a log that began anew.
            Ok(_) | Err(_) => {}
        }
    }
}

/// What brings lines to the disk.
struct Writer {
    path: PathBuf,
    file: fs::File,
    length: u64,
}

impl Writer {
    fn open(path: &Path) -> io::Result<Self> {
        let file = fs::File::options().create(true).append(true).open(path)?;
        let length = file.metadata()?.len();
        let mut writer = Self {
            path: path.to_owned(),
            file,
            length,
        };
        if length > 0 && !ends_a_line(path)? {
            writer.append(b"\n")?;
        }
        Ok(writer)
    }

    fn run(mut self, rx: &Receiver<ToDisk>) {
        while let Ok(next) = rx.recv() {
            match next {
                // A full disk is told where something matters that was to be written to it.
                ToDisk::Line(line) => drop(self.append(&line)),
                ToDisk::Flush(done) => drop(done.try_send(())),
            }
        }
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let bytes = line.len() as u64;
        if self.length + bytes > LOG_FILE_BYTES_MAX {
            self.begin_anew()?;
        }
        self.file.write_all(line)?;
        self.length += bytes;
        Ok(())
    }

    fn begin_anew(&mut self) -> io::Result<()> {
        // Copied, since an open file cannot be renamed everywhere.
        fs::copy(&self.path, older(&self.path))?;
        self.file.set_len(0)?;
        self.length = 0;
        Ok(())
    }
}

/// Whether the last line of a file is whole.
fn ends_a_line(path: &Path) -> io::Result<bool> {
    use io::{Read, Seek, SeekFrom};
    let mut file = fs::File::open(path)?;
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    struct Said {
        number: u64,
        text: String,
    }

    impl Entry for Said {
        const FILE: &str = "x.jsonl";

        fn number(&self) -> u64 {
            self.number
        }

        fn set_number(&mut self, number: u64) {
            self.number = number;
        }
    }

    fn said(text: &str) -> Said {
        Said {
            number: 0,
            text: text.to_owned(),
        }
    }

    fn texts(log: &Log<Said>, after: u64) -> Vec<(u64, String)> {
        let page = log.page(after);
        page.entries
            .into_iter()
            .map(|entry| (entry.number, entry.text))
            .collect()
    }

    fn numbered(numbers: std::ops::RangeInclusive<u64>) -> Vec<(u64, String)> {
        numbers.map(|number| (number, number.to_string())).collect()
    }

    #[test]
    fn what_is_said_before_the_disk_is_known_follows_what_was_said_in_an_earlier_run() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = dir.path().join("logs/x.jsonl");
        let first = Log::default();
        first.push(said("1"));
        first.keep_in(&file).expect("writable");
        first.push(said("2"));
        first.flush();
        let second = Log::default();
        second.push(said("3"));
        second.keep_in(&file).expect("writable");
        second.push(said("4"));
        second.flush();
        assert_eq!(texts(&second, 0), numbered(1..=4));
        assert_eq!(texts(&second, 2), numbered(3..=4));
        assert_eq!(second.page(4).newest, 4);
        let third = Log::<Said>::default();
        third.keep_in(&file).expect("writable");
        assert_eq!(texts(&third, 0), numbered(1..=4));
    }

    #[test]
    fn a_second_peer_of_the_same_run_says_nothing_twice() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = dir.path().join("x.jsonl");
        let log = Log::default();
        for text in ["1", "2"] {
            log.keep_in(&file).expect("writable");
            log.push(said(text));
            log.flush();
        }
        assert_eq!(texts(&log, 0), numbered(1..=2));
        let next = Log::<Said>::default();
        next.keep_in(&file).expect("writable");
        assert_eq!(texts(&next, 0), numbered(1..=2));
    }

    #[test]
    fn a_line_cut_short_by_a_crash_costs_itself_alone() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = dir.path().join("x.jsonl");
        fs::write(&file, "{\"number\":7,\"text\":\"7\"}\n{\"numb").expect("writable");
        let log = Log::default();
        log.keep_in(&file).expect("writable");
        log.push(said("8"));
        log.flush();
        let next = Log::<Said>::default();
        next.keep_in(&file).expect("writable");
        assert_eq!(texts(&next, 0), numbered(7..=8));
    }

    #[test]
    fn memory_and_pages_hold_so_many_entries_and_no_more() {
        let log = Log::default();
        for number in 1..=LOG_ENTRIES_MAX as u64 + 1 {
            log.push(said(&number.to_string()));
        }
        let page = log.page(0);
        assert_eq!(page.entries.len(), LOG_PAGE_ENTRIES_MAX);
        assert_eq!(page.entries[0].number, 2, "the oldest is gone");
        assert_eq!(page.newest, LOG_ENTRIES_MAX as u64 + 1);
        assert_eq!(log.lock().entries.len(), LOG_ENTRIES_MAX);
    }

    #[test]
    fn files_stay_within_their_limit_and_the_newest_lines_stay() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = dir.path().join("x.jsonl");
        let log = Log::default();
        log.keep_in(&file).expect("writable");
        let text = "x".repeat(1024);
        let count = 3 * LOG_FILE_BYTES_MAX / 1024;
        for number in 0..count {
            log.push(said(&text));
            // No more than the queue to the disk holds, so that none is lost to it.
            if number % 500 == 0 {
                log.flush();
            }
        }
        log.flush();
        for file in [&file, &older(&file)] {
            let length = fs::metadata(file).expect("it is there").len();
            assert!(length <= LOG_FILE_BYTES_MAX, "{length} bytes");
        }
        let next = Log::<Said>::default();
        next.keep_in(&file).expect("writable");
        assert_eq!(next.page(0).newest, count);
    }
}
