//! Looks at many files of one root, one after the other.
//!
//! Invariant: it only looks. The directory of the last file stays open until that of another is looked
//! into, so whoever moves or removes directories lets go of it first: Windows keeps one that is open.

use std::{io, path::Path, sync::Arc};

use lanspread_db::RelPath;

use super::{
    files,
    port::{Folder, Stat},
};

/// Looks at files below a directory; in the order of their paths, which keeps most of those of one
/// directory together, each directory is opened about once.
pub(crate) struct Parents<'a> {
    root: &'a dyn Folder,
    last: Option<Last>,
}

/// The directory of the last file.
struct Last {
    path: String,
    opened: Opened,
}

enum Opened {
    There(Arc<dyn Folder>),
    /// There is none.
    Missing,
    /// Something on the way is no directory.
    InTheWay,
}

/// What stands under the name of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stands {
    /// This.
    There(Stat),
    /// Nothing.
    Nothing,
    /// Nothing, because something above is no directory.
    InTheWay,
}

impl Stands {
    /// What stands there, if anything does.
    pub(crate) fn stat(self) -> Option<Stat> {
        match self {
            Self::There(stat) => Some(stat),
            Self::Nothing | Self::InTheWay => None,
        }
    }
}

impl<'a> Parents<'a> {
    pub(crate) fn of(root: &'a dyn Folder) -> Self {
        Self { root, last: None }
    }

    /// What stands at `path`.
    pub(crate) fn look(&mut self, path: &RelPath) -> io::Result<Stands> {
        let Some((parent, name)) = path.as_str().rsplit_once('/') else {
            return look_at(self.root, path.as_str());
        };
        if self.last.as_ref().is_none_or(|last| last.path != parent) {
            // Let go of first: one open directory is enough.
            self.last = None;
            let opened = self.open(parent)?;
            self.last = Some(Last {
                path: parent.to_owned(),
                opened,
            });
        }
        match self.last.as_ref().map(|last| &last.opened) {
            Some(Opened::There(folder)) => look_at(&**folder, name),
            Some(Opened::InTheWay) => Ok(Stands::InTheWay),
            Some(Opened::Missing) | None => Ok(Stands::Nothing),
        }
    }

    fn open(&self, folder: &str) -> io::Result<Opened> {
        match self.root.open_folder(Path::new(folder)) {
            Ok(opened) => Ok(Opened::There(opened)),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound => Ok(Opened::Missing),
                io::ErrorKind::NotADirectory => Ok(Opened::InTheWay),
                _ => Err(error),
            },
        }
    }
}

fn look_at(folder: &dyn Folder, name: &str) -> io::Result<Stands> {
    let stat = files::stat(folder, Path::new(name))?;
    Ok(stat.map_or(Stands::Nothing, Stands::There))
}
