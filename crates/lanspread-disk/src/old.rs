//! What files stood in a root before an operation changes them, and whose they are.
//!
//! Invariant: a game counts as downloaded by this peer only while its sentinel names the version that
//! was recorded, or while it has none.

use std::sync::Arc;

use lanspread_core::{DiskFailure, root::Entry, scan::OldFiles};
use lanspread_db::{GameId, Manifest, RelPath};

use super::{failure::Doing, library::Library, observe::observe, scan::find_all};

/// The files of a root before an operation.
#[derive(Debug)]
pub(crate) enum Old {
    /// This peer downloaded them.
    Downloaded(Arc<Manifest>),
    /// Somebody put a whole version there.
    HandPlaced(Vec<RelPath>),
    /// There is no version.
    NoVersion(Vec<RelPath>),
}

impl Old {
    /// Finds out what stands in a root that exists.
    pub(crate) fn of(library: &Library, id: &GameId) -> Result<Self, DiskFailure> {
        let observed = observe(library, id)?.root;
        let downloaded = observed.sentinel == Entry::File;
        if let Some((_, manifest)) = library.recorded_manifest(id)?
            && (!downloaded || observed.version == Some(manifest.version()))
        {
            return Ok(Self::Downloaded(manifest));
        }
        let root = library.root(id)?;
        let found = find_all(&*root.folder).doing("look into", id.as_str())?;
        let paths = found.files.into_iter().map(|(path, _)| path).collect();
        Ok(if downloaded {
            Self::HandPlaced(paths)
        } else {
            Self::NoVersion(paths)
        })
    }

    pub(crate) fn files(&self) -> OldFiles<'_> {
        match self {
            Self::Downloaded(manifest) => OldFiles::Downloaded(manifest),
            Self::HandPlaced(paths) => OldFiles::HandPlaced(paths),
            Self::NoVersion(paths) => OldFiles::NoVersion(paths),
        }
    }

    /// The game's own files.
    pub(crate) fn paths(&self) -> Vec<&RelPath> {
        match self {
            Self::Downloaded(manifest) => manifest.files().iter().map(|file| &file.path).collect(),
            Self::HandPlaced(paths) => paths.iter().collect(),
            Self::NoVersion(_) => Vec::new(),
        }
    }
}
