//! Finds the game roots in a folder and adds up what they share.
//!
//! Its one invariant: it follows no link, so that it ends and stays inside the folder. It
//! deliberately decides nothing about titles.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs, io,
    io::Read as _,
    path::{Path, PathBuf},
};

use super::{BuildError, BuildReport, BuiltGame, SkipReason, SkippedEntry};
use crate::{
    GAME_BYTES_MAX, GameId, MANIFEST_FILES_MAX, RelPath, RootEntry, SENTINEL,
    VERSION_INI_BYTES_MAX, Version, catalog::CATALOG_ROWS_MAX,
};

/// Scans the direct children of `games_dir` in the order of their names.
pub(super) fn scan(games_dir: &Path) -> Result<BuildReport, BuildError> {
    let unreadable = |source| BuildError::GamesDir {
        path: games_dir.to_owned(),
        source,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(games_dir).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry.file_type().map_err(unreadable)?.is_dir() {
            names.push(entry.file_name());
        }
    }
    names.sort_unstable();

    let mut report = BuildReport::default();
    let mut folded = BTreeMap::new();
    for name in names {
        match root_at(games_dir, &name, &mut folded) {
            Ok(_) if report.games.len() == CATALOG_ROWS_MAX => {
                return Err(BuildError::TooManyGames {
                    path: games_dir.to_owned(),
                });
            }
            Ok(game) => report.games.push(game),
            Err(reason) => {
                let name = name.to_string_lossy().into_owned();
                report.skipped.push(SkippedEntry { name, reason });
            }
        }
    }
    report.games.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(report)
}

/// Looks at one directory. `folded` holds the games found so far, by what a file system may
/// take them for.
fn root_at(
    games_dir: &Path,
    name: &OsString,
    folded: &mut BTreeMap<String, GameId>,
) -> Result<BuiltGame, SkipReason> {
    let invalid = |message| SkipReason::InvalidId { message };
    let text = name
        .to_str()
        .ok_or_else(|| invalid("its name is not Unicode".to_owned()))?;
    let id = GameId::parse(text).map_err(|error| invalid(error.to_string()))?;
    let root = games_dir.join(name);
    let version = version_at(&root)?;
    let size_bytes = shared_bytes(&root)?;
    if let Some(earlier) = folded.get(&id.fold_key()) {
        return Err(SkipReason::DuplicateId {
            earlier: earlier.to_string(),
        });
    }
    folded.insert(id.fold_key(), id.clone());
    Ok(BuiltGame {
        title: id.to_string(),
        id,
        version,
        size_bytes,
    })
}

fn version_at(root: &Path) -> Result<Version, SkipReason> {
    let path = root.join(SENTINEL);
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => {
            let message = format!("{SENTINEL} is not a file");
            return Err(SkipReason::InvalidSentinel { message });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(SkipReason::NoSentinel);
        }
        Err(error) => return Err(unreadable(&error)),
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|error| unreadable(&error))?;
    // One byte more than allowed, so that a file which is too large is seen to be.
    let bytes_max = VERSION_INI_BYTES_MAX as u64 + 1;
    file.take(bytes_max)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error))?;
    Version::from_version_ini(&bytes).map_err(|error| SkipReason::InvalidSentinel {
        message: error.to_string(),
    })
}

/// The size of all files that a manifest of this root lists.
fn shared_bytes(root: &Path) -> Result<u64, SkipReason> {
    let mut files: usize = 0;
    let mut bytes: u64 = 0;
    let mut directories: Vec<(PathBuf, Option<RelPath>)> = vec![(root.to_owned(), None)];
    while let Some((directory, below)) = directories.pop() {
        for entry in fs::read_dir(&directory).map_err(|error| unreadable(&error))? {
            let entry = entry.map_err(|error| unreadable(&error))?;
            let kind = entry.file_type().map_err(|error| unreadable(&error))?;
            let Some(path) = content_path(below.as_ref(), &entry.file_name()) else {
                continue;
            };
            if kind.is_dir() {
                directories.push((entry.path(), Some(path)));
            } else if kind.is_file() {
                files += 1;
                bytes = bytes
                    .saturating_add(entry.metadata().map_err(|error| unreadable(&error))?.len());
            }
            if files > MANIFEST_FILES_MAX {
                return Err(SkipReason::TooManyFiles);
            }
            if bytes > GAME_BYTES_MAX {
                return Err(SkipReason::TooLarge);
            }
        }
    }
    Ok(bytes)
}

/// The path of an entry, if it is content of the game and has a name that can travel.
fn content_path(below: Option<&RelPath>, name: &std::ffi::OsStr) -> Option<RelPath> {
    let name = name.to_str()?;
    let path = below
        .map_or_else(|| RelPath::parse(name), |below| below.join(name))
        .ok()?;
    match RootEntry::of(&path) {
        RootEntry::Content => Some(path),
        RootEntry::Install | RootEntry::Transient | RootEntry::Foreign => None,
    }
}

fn unreadable(error: &io::Error) -> SkipReason {
    SkipReason::Unreadable {
        message: error.to_string(),
    }
}
