//! A game directory with very many games of few bytes.
//!
//! The invariant: the games are the same in every run, and each has a file of its own content, so that
//! each has a manifest of its own.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use eyre::Result;

/// What each file but the sentinel has; nothing but its number is written, so that it takes one page of
/// memory or none.
const FILE_BYTES: u64 = 4096;

/// Games and the number of files they have together.
#[derive(Debug)]
pub(super) struct Material {
    /// The game directory.
    pub(super) games: PathBuf,
    /// Where state goes, and an empty game directory for a guest.
    pub(super) scratch: PathBuf,
    pub(super) game_count: u32,
    pub(super) file_count: u32,
}

/// The page of each file, and room for state and logs.
pub(super) fn needed_mib(files: u32) -> u32 {
    files.div_ceil(256) * 2 + 512
}

impl Material {
    pub(super) fn write(directory: &Path, game_count: u32, file_count: u32) -> Result<Self> {
        let games = directory.join("games");
        let scratch = directory.join("scratch");
        std::fs::create_dir_all(&games)?;
        std::fs::create_dir_all(scratch.join("guest"))?;
        let mut written = 0;
        for game in 0..game_count {
            // The sentinel is one of its files.
            let share = (file_count / game_count).max(2) - 1;
            write_game(&games.join(format!("game{game:05}")), game, share)?;
            written += share + 1;
        }
        Ok(Self {
            games,
            scratch,
            game_count,
            file_count: written,
        })
    }
}

/// Writes a game with so many files beside its sentinel.
pub(super) fn write_game(root: &Path, game: u32, files: u32) -> Result<()> {
    let data = root.join("data");
    std::fs::create_dir_all(&data)?;
    std::fs::write(root.join("version.ini"), "20240101\n")?;
    for number in 0..files {
        let path = data.join(format!("{number:06}.pak"));
        std::fs::write(&path, format!("{game} {number}"))?;
        File::options()
            .write(true)
            .open(path)?
            .set_len(FILE_BYTES)?;
    }
    Ok(())
}

impl fmt::Display for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (games, files) = (self.game_count, self.file_count);
        write!(f, "{games} games with {files} files of {FILE_BYTES} bytes")
    }
}
