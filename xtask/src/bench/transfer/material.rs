//! What is moved: one large file, or many small ones.
//!
//! The invariant: every way moves the whole of [`PAYLOAD`], and it counts as arrived only with its
//! exact number of files and bytes.

use std::fmt;
use std::path::{Path, PathBuf};

use eyre::{Result, WrapErr, ensure};
use lanspread_testbed::fixture::{random_bytes, write_random_file};

use super::lanspread::GAME_ID;

/// The folder, below the game root, that everybody moves.
pub(super) const PAYLOAD: &str = "data";

/// The name of the one large file in it.
pub(super) const FILE_NAME: &str = "data.bin";

/// The sizes of small files, in bytes: from the least to the greatest, evenly.
const SMALL_FILE_BYTES_MIN: u32 = 4 * 1024;
const SMALL_FILE_BYTES_MAX: u32 = 64 * 1024;

/// Small files in one folder.
const FILES_PER_FOLDER: u32 = 100;

/// How much there is to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    OneFile { mib: u32 },
    SmallFiles { count: u32 },
}

impl Load {
    pub(super) const fn is_one_file(self) -> bool {
        matches!(self, Self::OneFile { .. })
    }

    /// The source's copy, those of the receiver, and room for state and logs.
    pub(super) fn needed_mib(self, receiver_copies: u32) -> u32 {
        let copy_mib = match self {
            Self::OneFile { mib } => mib,
            // Each takes its greatest size at most.
            Self::SmallFiles { count } => count.div_ceil(16),
        };
        let copies = receiver_copies.saturating_add(1);
        copy_mib.saturating_mul(copies).saturating_add(256)
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneFile { mib } => write!(f, "one file of {mib} MiB"),
            Self::SmallFiles { count } => write!(f, "{count} files of 4 to 64 KiB"),
        }
    }
}

/// What all ways share: the files and a directory for their own needs.
#[derive(Debug)]
pub(super) struct Material {
    /// A game directory with one game, whose [`PAYLOAD`] everybody moves.
    pub(super) games: PathBuf,
    /// The root of that game.
    pub(super) served: PathBuf,
    /// Where configurations, logs and received files go.
    pub(super) scratch: PathBuf,
    pub(super) load: Load,
    pub(super) size_bytes: u64,
    /// The path of each file below [`PAYLOAD`], with `/`.
    pub(super) files: Vec<String>,
}

impl Material {
    pub(super) fn write(directory: &Path, load: Load) -> Result<Self> {
        let games = directory.join("source");
        let served = games.join(GAME_ID);
        let payload = served.join(PAYLOAD);
        let scratch = directory.join("scratch");
        std::fs::create_dir_all(&payload)?;
        std::fs::create_dir_all(&scratch)?;
        std::fs::write(served.join("version.ini"), "20240101\n")?;
        let (size_bytes, files) = match load {
            Load::OneFile { mib } => {
                let size_bytes = u64::from(mib) << 20;
                write_random_file(&payload.join(FILE_NAME), "benchmark", size_bytes)?;
                (size_bytes, vec![FILE_NAME.to_owned()])
            }
            Load::SmallFiles { count } => write_small_files(&payload, count)?,
        };
        Ok(Self {
            games,
            served,
            scratch,
            load,
            size_bytes,
            files,
        })
    }

    /// Fails unless everything is in `payload`.
    pub(super) fn ensure_arrived(&self, payload: &Path) -> Result<()> {
        let (files, bytes) = contents_of(payload)
            .wrap_err_with(|| format!("{} did not arrive", payload.display()))?;
        ensure!(
            (files, bytes) == (self.files.len(), self.size_bytes),
            "{} has {bytes} of {} bytes in {files} of {} files",
            payload.display(),
            self.size_bytes,
            self.files.len()
        );
        Ok(())
    }
}

fn write_small_files(payload: &Path, count: u32) -> Result<(u64, Vec<String>)> {
    let span = SMALL_FILE_BYTES_MAX - SMALL_FILE_BYTES_MIN + 1;
    // Different everywhere, so that nothing is sent once for several files.
    let content = random_bytes("benchmark", "", SMALL_FILE_BYTES_MAX as usize);
    let mut size_bytes = 0;
    let mut files = Vec::new();
    for index in 0..count {
        let folder = format!("{:04}", index / FILES_PER_FOLDER);
        if index % FILES_PER_FOLDER == 0 {
            std::fs::create_dir(payload.join(&folder))?;
        }
        let path = format!("{folder}/{index:06}");
        // A prime step spreads the sizes evenly and gives the same ones in every run.
        let len = SMALL_FILE_BYTES_MIN + (index % span) * 7919 % span;
        let mut bytes = content[..len as usize].to_vec();
        bytes[..4].copy_from_slice(&index.to_le_bytes());
        std::fs::write(payload.join(&path), bytes)?;
        size_bytes += u64::from(len);
        files.push(path);
    }
    Ok((size_bytes, files))
}

/// How many files and bytes lie in a directory and below.
fn contents_of(directory: &Path) -> std::io::Result<(usize, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            let below = contents_of(&entry.path())?;
            files += below.0;
            bytes += below.1;
        } else {
            files += 1;
            bytes += entry.metadata()?.len();
        }
    }
    Ok((files, bytes))
}
