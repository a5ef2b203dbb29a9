//! What can be made to go wrong with an operation, and how an operation looks to whoever decides.
//!
//! Invariant: a decision sees every operation before it does anything; one that fails changes
//! nothing, except a write that is torn.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use lanspread_disk::port::Access;

/// The kinds of operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Opening a directory.
    OpenFolder,
    /// Listing one.
    List,
    /// Looking at a name or an open file.
    Stat,
    /// Opening a file that need not be made.
    OpenFile,
    /// Making a file.
    MakeFile,
    /// Making a directory.
    MakeFolder,
    /// Giving something another name.
    Rename,
    /// Giving a file a second name, or making a symbolic link.
    Link,
    /// Removing a file or a link.
    RemoveFile,
    /// Removing a directory.
    RemoveFolder,
    /// Syncing names.
    SyncFolder,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Syncing the content of one file.
    SyncFile,
}

impl Operation {
    /// Whether it changes the disk, or what of it is durable.
    #[must_use]
    pub fn changes(self) -> bool {
        match self {
            Self::OpenFolder | Self::List | Self::Stat | Self::OpenFile | Self::Read => false,
            Self::MakeFile
            | Self::MakeFolder
            | Self::Rename
            | Self::Link
            | Self::RemoveFile
            | Self::RemoveFolder
            | Self::SyncFolder
            | Self::Write
            | Self::SyncFile => true,
        }
    }

    /// Whether it needs room for something new.
    #[must_use]
    pub fn grows(self) -> bool {
        matches!(
            self,
            Self::MakeFile | Self::MakeFolder | Self::Link | Self::Write
        )
    }

    pub(super) fn of_open(access: Access, exists: bool) -> Self {
        match access {
            Access::Read => Self::OpenFile,
            Access::Write if exists => Self::OpenFile,
            Access::Write | Access::New | Access::NewPrivate => Self::MakeFile,
        }
    }
}

/// One operation that is about to happen.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What it is.
    pub operation: Operation,
    /// On what, by its full path.
    pub path: &'a Path,
    /// How many operations came before it on this disk.
    pub number: u64,
    /// How many of them change something.
    pub change_number: u64,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full.
    NoSpace,
    /// The user may not.
    Denied,
    /// The device fails.
    Io,
    /// The file system can only be read.
    ReadOnly,
    /// The machine stops before the operation: it and all that follow fail, until the disk is told
    /// how the machine ended.
    Stop,
    /// The machine stops in the middle of it: half of a write reaches the disk. Others are stopped
    /// before they begin.
    StopHalfway,
}

impl Fault {
    pub(super) fn error(self) -> io::Error {
        match self {
            Self::NoSpace => io::ErrorKind::StorageFull.into(),
            Self::Denied => io::ErrorKind::PermissionDenied.into(),
            Self::Io => io::Error::other("the device fails"),
            Self::ReadOnly => io::ErrorKind::ReadOnlyFilesystem.into(),
            Self::Stop | Self::StopHalfway => io::Error::other("the machine has stopped"),
        }
    }
}

/// Decides what goes wrong. It is asked while the disk waits and must not ask the disk anything.
pub type Decide = Box<dyn FnMut(&Asked<'_>) -> Option<Fault> + Send>;

pub(super) struct Decider(pub(super) Decide);

impl fmt::Debug for Decider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decider")
    }
}

/// Lets one change fail, counted from the first on this disk.
#[must_use]
pub fn at_change(number: u64, fault: Fault) -> Decide {
    Box::new(move |asked| {
        (asked.operation.changes() && asked.change_number == number).then_some(fault)
    })
}

/// Lets every operation of the given kinds fail on and below a path; no kinds are all kinds.
#[must_use]
pub fn below(path: impl Into<PathBuf>, operations: &[Operation], fault: Fault) -> Decide {
    let (path, operations) = (path.into(), operations.to_vec());
    Box::new(move |asked| {
        let meant = operations.is_empty() || operations.contains(&asked.operation);
        (meant && asked.path.starts_with(&path)).then_some(fault)
    })
}

/// Lets everything fail that needs room.
#[must_use]
pub fn full() -> Decide {
    Box::new(|asked| asked.operation.grows().then_some(Fault::NoSpace))
}

/// Lets everything fail that changes something.
#[must_use]
pub fn read_only() -> Decide {
    Box::new(|asked| asked.operation.changes().then_some(Fault::ReadOnly))
}
