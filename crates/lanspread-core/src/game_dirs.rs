//! Several game directories: whether they can be used together, and into which a new game goes.
//!
//! Invariant: pure. The first directory is where new games go; the order of all of them decides which copy of
//! a game counts. Which of them exist, and what lies in them, is not known here.

use std::path::{Path, PathBuf};

/// Why directories cannot be used together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GameDirsClash {
    /// One is named twice.
    #[error("{} is used for games already: name each folder once", dir.display())]
    Twice {
        /// The directory.
        dir: PathBuf,
    },
    /// One lies in another: its games would count as files of a game there.
    #[error(
        "{} lies inside {}, which holds games, too: choose one of them, or folders beside each other",
        inner.display(),
        outer.display()
    )]
    Inside {
        /// The one inside.
        inner: PathBuf,
        /// The one around it.
        outer: PathBuf,
    },
}

/// Whether directories can be used together, by their full paths.
///
/// # Errors
///
/// The first clash: a directory that is named twice, or that lies in another.
pub fn check_apart(dirs: &[impl AsRef<Path>]) -> Result<(), GameDirsClash> {
    for (nth, dir) in dirs.iter().enumerate() {
        let dir = dir.as_ref();
        for other in dirs[..nth].iter().map(AsRef::as_ref) {
            let (inner, outer) = match (dir.starts_with(other), other.starts_with(dir)) {
                (true, true) => {
                    let dir = dir.to_owned();
                    return Err(GameDirsClash::Twice { dir });
                }
                (true, false) => (dir, other),
                (false, true) => (other, dir),
                (false, false) => continue,
            };
            let (inner, outer) = (inner.to_owned(), outer.to_owned());
            return Err(GameDirsClash::Inside { inner, outer });
        }
    }
    Ok(())
}

/// Which of the directories takes a new game of so many bytes, by the bytes that are free in each: the first
/// unless it lacks the room and another has it. One of which the system says nothing counts as having room.
/// Where there is room nowhere it is the first, which then says how much is missing.
#[must_use]
pub fn dir_with_room(needed_bytes: u64, free_bytes: &[Option<u64>]) -> usize {
    let has_room = |free: &Option<u64>| free.is_none_or(|free| free >= needed_bytes);
    free_bytes.iter().position(has_room).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_beside_each_other_can_be_used_together_and_no_others() {
        assert_eq!(check_apart(&["/games", "/games2", "/mnt/games"]), Ok(()));
        assert_eq!(check_apart(&[""; 0]), Ok(()));
        let twice = check_apart(&["/games", "/mnt", "/games/"]).unwrap_err();
        assert!(
            matches!(twice, GameDirsClash::Twice { .. }),
            "a slash makes no other directory: {twice}"
        );
        for dirs in [["/games", "/games/old"], ["/games/old", "/games"]] {
            let clash = check_apart(&dirs).unwrap_err();
            let (inner, outer) = ("/games/old".into(), "/games".into());
            assert_eq!(clash, GameDirsClash::Inside { inner, outer });
        }
    }

    #[test]
    fn a_new_game_goes_to_the_first_directory_unless_only_another_has_the_room() {
        for (free_bytes, taken) in [
            (&[Some(100)][..], 0),
            (&[Some(99)], 0),
            (&[Some(100), Some(900)], 0),
            (&[Some(99), Some(900)], 1),
            (&[Some(99), Some(99), Some(100)], 2),
            (&[Some(99), Some(99)], 0),
            (&[None, Some(900)], 0),
            (&[Some(0), None], 1),
            (&[], 0),
        ] {
            assert_eq!(dir_with_room(100, free_bytes), taken, "{free_bytes:?}");
        }
    }
}
