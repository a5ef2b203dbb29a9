//! Finds what a download would have to replace although it is not the game's.
//!
//! Invariant: it only looks. It is asked before the first byte is fetched, and again before the switch
//! begins.

use std::{collections::BTreeSet, fmt::Write as _, path::Path};

use lanspread_core::{
    DiskFailure, DiskFailureKind,
    scan::{Stale, may_replace, stale_files},
};
use lanspread_db::{Manifest, RelPath};

use super::{
    failure::{Doing, failure},
    files,
    library::Root,
    old::Old,
    parents::{Parents, Stands},
    port::Kind,
};

/// Most names that a message lists.
pub(crate) const NAMES_SHOWN_MAX: usize = 10;

/// What would have to be overwritten or moved although it is not the game's. `is_staged` says which
/// files of the manifest replace what stands under their names.
pub(crate) fn obstacles(
    root: &Root<'_>,
    manifest: &Manifest,
    old: &Old,
    is_staged: impl Fn(u32) -> bool,
) -> Result<Vec<String>, DiskFailure> {
    let Stale { removed, left: _ } = stale_files(old.files(), manifest);
    let removed: BTreeSet<&str> = removed.iter().map(RelPath::as_str).collect();
    let mut obstacles = BTreeSet::new();
    let mut folders = BTreeSet::new();
    let mut parents = Parents::of(&*root.folder);
    for (number, file) in (0..).zip(manifest.files()) {
        let stands = parents.look(&file.path);
        let is_fine = match stands.doing("look at", file.path.as_str())? {
            Stands::There(stat) if stat.kind == Kind::File => {
                !is_staged(number) || may_replace(old.files(), &file.path)
            }
            Stands::There(stat) => {
                stat.kind == Kind::Folder && goes_empty(root, &file.path, &removed)
            }
            // A directory above that is none is found below.
            Stands::Nothing | Stands::InTheWay => true,
        };
        if !is_fine {
            obstacles.insert(file.path.as_str().to_owned());
        }
        let mut above = file.path.parent();
        // Where one is known, those above it are.
        while let Some(folder) = above.filter(|folder| !folders.contains(folder)) {
            above = folder.parent();
            folders.insert(folder);
        }
    }
    drop(parents);
    for folder in folders {
        let path = folder.as_str();
        match files::stat(&*root.folder, Path::new(path)) {
            Ok(None) => {}
            Ok(Some(stat)) if stat.kind == Kind::Folder => {}
            Ok(Some(_)) if removed.contains(path) => {}
            Ok(Some(_)) => {
                obstacles.insert(path.to_owned());
            }
            Err(error) if is_in_the_way(&error) => {}
            Err(error) => return Err(error).doing("look at", path),
        }
    }
    Ok(obstacles.into_iter().collect())
}

/// Whether the path cannot exist because something on the way is no directory.
pub(crate) fn is_in_the_way(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotADirectory
}

/// Whether a directory holds nothing but files that go.
fn goes_empty(root: &Root<'_>, folder: &RelPath, removed: &BTreeSet<&str>) -> bool {
    let Ok(opened) = root.folder.open_folder(Path::new(folder.as_str())) else {
        return false;
    };
    let mut only_removed = true;
    let walked = files::walk(&*opened, Path::new(folder.as_str()), &mut |path, stat| {
        let goes = path.to_str().is_some_and(|path| {
            removed.contains(path.replace(std::path::MAIN_SEPARATOR, "/").as_str())
        });
        if stat.kind != Kind::Folder && !goes {
            only_removed = false;
        }
        Ok::<_, std::io::Error>(files::Walk::Enter)
    });
    walked.is_ok() && only_removed
}

/// Fails if there are obstacles, and names them.
pub(crate) fn refuse(id: &str, obstacles: &[String]) -> Result<(), DiskFailure> {
    if obstacles.is_empty() {
        return Ok(());
    }
    Err(failure(
        DiskFailureKind::Foreign,
        format!(
            "in {id} stands what Lanspread did not put there and the download would replace: {}; \
             move it away or delete it",
            listed(obstacles)
        ),
    ))
}

/// Names for a message, not more than it can show.
pub(crate) fn listed(names: &[String]) -> String {
    let mut text = names
        .iter()
        .take(NAMES_SHOWN_MAX)
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > NAMES_SHOWN_MAX {
        // Writing to a String does not fail.
        let _ = write!(text, " and {} more", names.len() - NAMES_SHOWN_MAX);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_names_as_the_limit_are_shown_and_one_more_is_counted() {
        let names = |count: usize| vec!["x".to_owned(); count];
        assert!(!listed(&names(NAMES_SHOWN_MAX)).contains("more"));
        assert!(listed(&names(NAMES_SHOWN_MAX + 1)).ends_with("`x` and 1 more"));
    }
}
