//! Opens what lies several names below a directory in one call, where the system can.
//!
//! Invariant: what it opens is what opening name by name would open, following no link; whatever it
//! cannot tell it leaves to that. It knows no games.

use std::{fs::File, io, path::Path};

use cap_std::fs::Dir;

use super::port::Access;

/// Opens the directory at `path`, which is made of plain names. `None` when the system does not say:
/// it has no such call, or a link or something else stands in the way.
#[cfg(target_os = "linux")]
pub(crate) fn open_folder(from: &Dir, path: &Path) -> Option<io::Result<Dir>> {
    use rustix::fs::{Mode, OFlags};

    let only_to_go_through = OFlags::PATH | OFlags::DIRECTORY;
    let opened = open(from, path, only_to_go_through, Mode::empty())?;
    Some(opened.map(Dir::from_std_file))
}

/// The same for a file.
#[cfg(target_os = "linux")]
pub(crate) fn open_file(from: &Dir, path: &Path, access: Access) -> Option<io::Result<File>> {
    use rustix::fs::{Mode, OFlags};

    let new = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
    let (flags, mode) = match access {
        Access::Read => (OFlags::RDONLY, Mode::empty()),
        Access::Write => (OFlags::RDWR | OFlags::CREATE, Mode::from(0o666)),
        Access::New => (new, Mode::from(0o666)),
        Access::NewPrivate => (new, Mode::from(0o600)),
    };
    open(from, path, flags, mode)
}

#[cfg(target_os = "linux")]
fn open(
    from: &Dir,
    path: &Path,
    flags: rustix::fs::OFlags,
    mode: rustix::fs::Mode,
) -> Option<io::Result<File>> {
    use rustix::{
        fs::{OFlags, ResolveFlags, openat2},
        io::Errno,
    };

    let by_names_alone =
        ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match openat2(from, path, flags | OFlags::CLOEXEC, mode, by_names_alone) {
        Ok(opened) => Some(Ok(opened.into())),
        // Names are looked at from first to last here too, so the first failure is the same.
        Err(Errno::NOENT) => Some(Err(Errno::NOENT.into())),
        Err(_) => None,
    }
}

/// Other systems have no such call.
#[cfg(not(target_os = "linux"))]
pub(crate) fn open_folder(_from: &Dir, _path: &Path) -> Option<io::Result<Dir>> {
    None
}

/// Nor one for files.
#[cfg(not(target_os = "linux"))]
pub(crate) fn open_file(_from: &Dir, _path: &Path, _access: Access) -> Option<io::Result<File>> {
    None
}
