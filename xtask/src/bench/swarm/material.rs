//! What is distributed: one game with a few large files, and empty places to receive it.
//!
//! The invariant: every measurement starts with places that hold nothing, and ends with as many
//! bytes in each of them as the game has, or fails.

use std::path::{Path, PathBuf};

use eyre::{Result, WrapErr, ensure};
use lanspread_testbed::fixture::write_random_file;

/// The id of the game.
pub(super) const GAME_ID: &str = "benchmark";

/// The shares of the game's large files in its size, in sixteenths: some larger, some smaller, as
/// archives are.
const SHARES: [u64; 4] = [8, 5, 2, 1];

/// The sentinel.
const VERSION: (&str, &str) = ("version.ini", "20240101\n");

/// The game and where it goes.
#[derive(Debug)]
pub(in crate::bench) struct Material {
    games: PathBuf,
    scratch: PathBuf,
    size_bytes: u64,
}

impl Material {
    /// Writes the game below `directory`.
    pub(in crate::bench) fn write(directory: &Path, mib: u32) -> Result<Self> {
        let games = directory.join("games");
        let root = games.join(GAME_ID);
        std::fs::create_dir_all(&root)?;
        let unit = (u64::from(mib) << 20) / SHARES.iter().sum::<u64>();
        for (number, share) in SHARES.iter().enumerate() {
            let name = format!("part{}.eti", number + 1);
            write_random_file(&root.join(&name), &name, share * unit)?;
        }
        std::fs::write(root.join(VERSION.0), VERSION.1)?;
        let size_bytes = size_of_files(&root)?;
        Ok(Self {
            games,
            scratch: directory.join("scratch"),
            size_bytes,
        })
    }

    /// The seeder's game directory.
    pub(super) fn games(&self) -> &Path {
        &self.games
    }

    /// The game root.
    pub(super) fn root(&self) -> PathBuf {
        self.games.join(GAME_ID)
    }

    /// The size of the whole game.
    pub(in crate::bench) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// The names of the game's files.
    pub(super) fn file_names() -> Vec<String> {
        let parts = (1..=SHARES.len()).map(|number| format!("part{number}.eti"));
        parts.chain([VERSION.0.to_owned()]).collect()
    }

    /// Where configurations, logs, state and what is received go.
    pub(super) fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// The game directory of the receiver with this number.
    pub(super) fn receiver(&self, number: usize) -> PathBuf {
        self.scratch.join(format!("guest{number}"))
    }

    /// Empties the scratch directory and makes one place for each receiver.
    pub(in crate::bench) fn start_afresh(&self, receivers: usize) -> Result<()> {
        if self.scratch.exists() {
            std::fs::remove_dir_all(&self.scratch)
                .wrap_err_with(|| format!("could not empty {}", self.scratch.display()))?;
        }
        for number in 0..receivers {
            std::fs::create_dir_all(self.receiver(number))?;
        }
        Ok(())
    }

    /// Fails unless every receiver has the whole game.
    pub(super) fn ensure_arrived(&self, receivers: usize) -> Result<()> {
        for number in 0..receivers {
            let found = self.received_bytes(number)?;
            ensure!(
                found == self.size_bytes,
                "guest{number} has {found} of {} bytes",
                self.size_bytes
            );
        }
        Ok(())
    }

    /// How much a receiver has in the files of the game.
    pub(super) fn received_bytes(&self, number: usize) -> Result<u64> {
        size_of_files(&self.receiver(number).join(GAME_ID))
    }
}

/// The size of all files right in a directory together; none if there is no directory.
fn size_of_files(directory: &Path) -> Result<u64> {
    if !directory.exists() {
        return Ok(0);
    }
    let mut total = 0;
    for entry in std::fs::read_dir(directory)? {
        let metadata = entry?.metadata()?;
        if metadata.is_file() {
            total += metadata.len();
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_empty_at_first_and_complete_with_every_file() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let material = Material::write(directory.path(), 1).expect("writable");
        assert_eq!(material.size_bytes(), (1 << 20) + 9);
        material.start_afresh(1).expect("writable");
        assert!(material.ensure_arrived(1).is_err());
        let place = material.receiver(0).join(GAME_ID);
        std::fs::create_dir(&place).expect("writable");
        for name in Material::file_names() {
            std::fs::copy(material.root().join(&name), place.join(&name)).expect("it is there");
        }
        material.ensure_arrived(1).expect("all is there");
        material.start_afresh(1).expect("writable");
        assert!(material.ensure_arrived(1).is_err());
    }
}
