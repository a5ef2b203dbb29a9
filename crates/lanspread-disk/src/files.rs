//! What is done with files and directories again and again: read small ones, replace one atomically,
//! walk a tree, delete a tree.
//!
//! Invariant: a file that is replaced holds, after any crash, all of the old or all of the new
//! content. Nothing here knows what the files mean.

use std::{
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
};

use lanspread_db::OWNER_MARKER;

use super::port::{Access, Folder, Kind, Listed, Stat};

/// What an atomic replacement adds to the name while it is being written.
pub(crate) const TMP_SUFFIX: &str = ".tmp";

/// Reads a whole file of at most `bytes_max` bytes.
pub(crate) fn read(folder: &dyn Folder, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let file = folder.open_file(path, Access::Read)?;
    let stat = file.stat()?;
    if stat.kind != Kind::File {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is not a regular file",
        ));
    }
    if stat.stamp.size_bytes > bytes_max {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!(
                "it has {} bytes, {bytes_max} are allowed",
                stat.stamp.size_bytes
            ),
        ));
    }
    let len = usize::try_from(stat.stamp.size_bytes)
        .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    let mut bytes = vec![0; len];
    let read = file.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Reads a whole file as [`read`] does; `None` when there is none.
pub(crate) fn read_if_there(
    folder: &dyn Folder,
    path: &Path,
    bytes_max: u64,
) -> io::Result<Option<Vec<u8>>> {
    some_if_there(read(folder, path, bytes_max))
}

/// What stands at `path`; `None` when nothing does.
pub(crate) fn stat(folder: &dyn Folder, path: &Path) -> io::Result<Option<Stat>> {
    some_if_there(folder.stat(path))
}

fn some_if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes a file if there is one.
pub(crate) fn remove_if_there(folder: &dyn Folder, path: &Path) -> io::Result<()> {
    some_if_there(folder.remove_file(path)).map(|_| ())
}

/// Writes a new file and syncs its content; one that is there is replaced, not atomically.
pub(crate) fn write_new(folder: &dyn Folder, path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_new_as(folder, path, bytes, Access::New)
}

/// The same, saying who may read it.
pub(crate) fn write_new_as(
    folder: &dyn Folder,
    path: &Path,
    bytes: &[u8],
    access: Access,
) -> io::Result<()> {
    remove_if_there(folder, path)?;
    let file = folder.open_file(path, access)?;
    let written = file.write_at(bytes, 0).and_then(|()| file.sync());
    if written.is_err() {
        // Open files cannot be deleted everywhere. On a full disk half a file takes what room there is.
        drop(file);
        drop(remove_if_there(folder, path));
    }
    written
}

/// Replaces a file atomically and durably, by way of a neighbour whose name ends in `.tmp`.
pub(crate) fn replace(folder: &dyn Folder, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut tmp = path.as_os_str().to_owned();
    tmp.push(TMP_SUFFIX);
    replace_by_way_of(folder, Path::new(&tmp), path, bytes)
}

/// Replaces a file atomically and durably, by way of `tmp`.
pub(crate) fn replace_by_way_of(
    folder: &dyn Folder,
    tmp: &Path,
    path: &Path,
    bytes: &[u8],
) -> io::Result<()> {
    write_new(folder, tmp, bytes)?;
    folder.rename(tmp, path)?;
    folder.sync_folder(path.parent().unwrap_or(Path::new("")))
}

/// Makes a directory and those above it as far as they are missing; each that was made is durable.
pub(crate) fn make_folders(folder: &dyn Folder, path: &Path) -> io::Result<()> {
    match folder.stat(path) {
        Ok(stat) if stat.kind == Kind::Folder => return Ok(()),
        Ok(_) => {
            return Err(io::Error::new(
                io::ErrorKind::NotADirectory,
                "something that is no directory stands there",
            ));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let parent = path.parent().unwrap_or(Path::new(""));
    if !parent.as_os_str().is_empty() {
        make_folders(folder, parent)?;
    }
    match folder.make_folder(path) {
        // Another thread was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        result => result?,
    }
    folder.sync_folder(parent)
}

/// Deletes a directory and everything in it, the marker last, so that what is left after a crash is
/// still known as ours. Missing is fine.
pub(crate) fn remove_tree(folder: &dyn Folder, path: &Path) -> io::Result<()> {
    match some_if_there(folder.open_folder(path))? {
        None => return Ok(()),
        Some(opened) => {
            let mut marked = false;
            for Listed { name, stat } in opened.list()? {
                if name == OWNER_MARKER && stat.kind == Kind::File {
                    marked = true;
                } else {
                    remove_listed(&*opened, &name, stat.kind)?;
                }
            }
            if marked {
                opened.sync_folder(Path::new(""))?;
                remove_if_there(&*opened, Path::new(OWNER_MARKER))?;
            }
        }
    }
    folder.remove_folder(path)?;
    folder.sync_folder(path.parent().unwrap_or(Path::new("")))
}

fn remove_listed(folder: &dyn Folder, name: &OsStr, kind: Kind) -> io::Result<()> {
    let name = Path::new(name);
    match kind {
        Kind::Folder => {
            let below = folder.open_folder(name)?;
            for Listed { name, stat } in below.list()? {
                remove_listed(&*below, &name, stat.kind)?;
            }
            // Windows removes no directory that is open.
            drop(below);
            folder.remove_folder(name)
        }
        Kind::File | Kind::Symlink | Kind::Other => remove_if_there(folder, name),
    }
}

/// What a walk says of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walk {
    /// Go into the directory.
    Enter,
    /// Do not.
    Skip,
}

/// Calls `visit` for everything below a directory, a directory before what is in it, each directory
/// sorted by name. Links are visited, not followed.
pub(crate) fn walk<E: From<io::Error>>(
    folder: &dyn Folder,
    prefix: &Path,
    visit: &mut dyn FnMut(&Path, &Stat) -> Result<Walk, E>,
) -> Result<(), E> {
    let mut listed = folder.list()?;
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    for Listed { name, stat } in listed {
        let path = prefix.join(&name);
        if visit(&path, &stat)? == Walk::Enter && stat.kind == Kind::Folder {
            let below = folder.open_folder(Path::new(&name))?;
            walk(&*below, &path, visit)?;
        }
    }
    Ok(())
}

/// Syncs every file and directory below a directory, and the directory itself.
pub(crate) fn sync_tree(folder: &dyn Folder) -> io::Result<()> {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders: Vec<PathBuf> = Vec::new();
    collect_tree(folder, Path::new(""), &mut files, &mut folders)?;
    folder.sync_files(&files)?;
    for path in folders.iter().rev() {
        folder.sync_folder(path)?;
    }
    folder.sync_folder(Path::new(""))
}

/// The files and directories below a directory, a directory before those in it.
fn collect_tree(
    folder: &dyn Folder,
    prefix: &Path,
    files: &mut Vec<PathBuf>,
    folders: &mut Vec<PathBuf>,
) -> io::Result<()> {
    for (name, kind) in sorted_names(folder)? {
        let path = prefix.join(&name);
        match kind {
            Kind::File => files.push(path),
            Kind::Folder => {
                let below = folder.open_folder(Path::new(&name))?;
                folders.push(path.clone());
                collect_tree(&*below, &path, files, folders)?;
            }
            Kind::Symlink | Kind::Other => {}
        }
    }
    Ok(())
}

/// Everything directly in a directory, sorted by name.
pub(crate) fn sorted_names(folder: &dyn Folder) -> io::Result<Vec<(OsString, Kind)>> {
    let mut names = folder.names()?;
    names.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{
        super::{port::FileSystem, real::RealFileSystem},
        *,
    };

    fn folder() -> (tempfile::TempDir, Arc<dyn Folder>) {
        let temp = tempfile::tempdir().unwrap();
        let folder = RealFileSystem.open(temp.path()).unwrap();
        (temp, folder)
    }

    #[test]
    fn a_file_at_the_limit_is_read_and_one_byte_more_is_refused() {
        let (_temp, folder) = folder();
        let path = Path::new("file");
        write_new(&*folder, path, b"12345").unwrap();
        assert_eq!(read(&*folder, path, 5).unwrap(), b"12345");
        let refused = read(&*folder, path, 4).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
        assert_eq!(read_if_there(&*folder, Path::new("none"), 1).unwrap(), None);
    }

    #[test]
    fn a_replaced_file_leaves_nothing_beside_it() {
        let (_temp, folder) = folder();
        write_new(&*folder, Path::new("file.tmp"), b"left by a crash").unwrap();
        for content in [&b"one"[..], b"longer than before", b""] {
            replace(&*folder, Path::new("file"), content).unwrap();
            assert_eq!(read(&*folder, Path::new("file"), 99).unwrap(), content);
        }
        assert_eq!(folder.list().unwrap().len(), 1);
    }

    #[test]
    fn a_tree_is_removed_with_everything_in_it_and_a_missing_one_is_fine() {
        let (temp, folder) = folder();
        make_folders(&*folder, Path::new("tree/a/b/c")).unwrap();
        write_new(&*folder, &Path::new("tree").join(OWNER_MARKER), b"").unwrap();
        write_new(&*folder, Path::new("tree/a/b/file"), b"x").unwrap();
        remove_tree(&*folder, Path::new("tree")).unwrap();
        assert!(!temp.path().join("tree").exists());
        remove_tree(&*folder, Path::new("tree")).unwrap();
        write_new(&*folder, Path::new("file"), b"x").unwrap();
        assert!(
            remove_tree(&*folder, Path::new("file")).is_err(),
            "a file is no tree"
        );
    }
}
