//! How much an install holds: what its player loses with it.
//!
//! Invariant: it looks and changes nothing, links are not followed, and it ends: a game with more entries
//! than the limit holds more than it says, and says so.

use std::{fs, io, path::Path};

use serde::Serialize;
use ts_rs::TS;

/// Most entries of an install that are counted.
pub const INSTALL_ENTRIES_MAX: usize = 100_000;

/// What an install holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, TS)]
pub struct InstallSize {
    /// Bytes of its files, as far as they were counted.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Whether there is more than was counted.
    pub more: bool,
}

/// Counts what lies in a directory; nothing for one that is not there.
///
/// # Errors
/// The directory itself cannot be read. One inside of it that cannot be is told as more.
pub(crate) fn measure(local: &Path) -> io::Result<InstallSize> {
    let mut size = InstallSize::default();
    let mut waiting = match fs::read_dir(local) {
        Ok(entries) => vec![entries],
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(size),
        Err(error) => return Err(error),
    };
    let mut seen = 0;
    while let Some(entries) = waiting.last_mut() {
        let Some(entry) = entries.next() else {
            waiting.pop();
            continue;
        };
        if seen == INSTALL_ENTRIES_MAX {
            size.more = true;
            break;
        }
        seen += 1;
        // What a link leads to is not deleted with it, and of an entry of a directory this tells the link.
        let Some((entry, stat)) = entry.and_then(|it| Ok((it.path(), it.metadata()?))).ok() else {
            size.more = true;
            continue;
        };
        if stat.is_dir() {
            match fs::read_dir(entry) {
                Ok(entries) => waiting.push(entries),
                Err(_) => size.more = true,
            }
        } else if stat.is_file() {
            size.bytes += stat.len();
        }
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_counts_at_any_depth_and_nothing_that_a_link_leads_to() {
        let dir = tempfile::tempdir().expect("a directory");
        let local = dir.path().join("local");
        assert_eq!(measure(&local).expect("nothing"), InstallSize::default());
        fs::create_dir_all(local.join("a/b")).expect("writable");
        fs::write(local.join("a/b/pak0.bin"), [0; 1000]).expect("writable");
        fs::write(local.join("save.dat"), [0; 24]).expect("writable");
        fs::create_dir(dir.path().join("outside")).expect("writable");
        fs::write(dir.path().join("outside/film.mkv"), [0; 5000]).expect("writable");
        #[cfg(unix)]
        for (to, name) in [
            ("outside", "dir"),
            ("outside/film.mkv", "file"),
            ("..", "up"),
        ] {
            let (to, link) = (dir.path().join(to), local.join(name));
            std::os::unix::fs::symlink(to, link).expect("writable");
        }
        let size = measure(&local).expect("readable");
        assert_eq!((size.bytes, size.more), (1024, false));
    }

    #[test]
    fn as_many_entries_as_the_limit_are_counted_and_of_one_more_it_says_so() {
        let dir = tempfile::tempdir().expect("a directory");
        let first = dir.path().join("0");
        fs::write(&first, "x").expect("writable");
        for number in 1..INSTALL_ENTRIES_MAX {
            // A name more is cheaper than a file more.
            let name = dir.path().join(number.to_string());
            if fs::hard_link(&first, &name).is_err() {
                fs::write(name, "x").expect("writable");
            }
        }
        let size = measure(dir.path()).expect("readable");
        assert_eq!((size.bytes, size.more), (INSTALL_ENTRIES_MAX as u64, false));
        fs::write(dir.path().join("one-more"), "x").expect("writable");
        let size = measure(dir.path()).expect("readable");
        assert_eq!((size.bytes, size.more), (INSTALL_ENTRIES_MAX as u64, true));
    }
}
