//! The real file system behind the port.
//!
//! Invariant: every name of a path is opened from the directory before it, without following links,
//! so that nobody can lead an operation elsewhere by swapping a directory for a link meanwhile.

use std::{
    ffi::OsString,
    fs, io,
    path::{Component, Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use cap_fs_ext::{DirExt, FollowSymlinks, MetadataExt, OpenOptionsFollowExt};
use cap_std::{
    ambient_authority,
    fs::{Dir, FileType, Metadata, OpenOptions},
};

use lanspread_unpack::{UnpackError, UnpackJob, UnpackReport, Unpacker};

use super::{
    beneath, hard_disk,
    port::{
        Access, FileHandle, FileSystem, Folder, HardDisk, Kind, Listed, Stamp, Stat, UnpackOrder,
    },
};

/// With more files than this, one call that syncs the whole file system is cheaper than one each.
#[cfg(target_os = "linux")]
const SYNC_ONE_BY_ONE_MAX: usize = 64;

/// The file system of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealFileSystem;

impl FileSystem for RealFileSystem {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn Folder>> {
        Ok(Arc::new(RealFolder(Dir::open_ambient_dir(
            path,
            ambient_authority(),
        )?)))
    }

    fn make(&self, path: &Path) -> io::Result<()> {
        let missing = path.ancestors().take_while(|above| !above.exists());
        let parents: Vec<&Path> = missing.filter_map(Path::parent).collect();
        fs::create_dir_all(path)?;
        for parent in parents {
            let here = if parent.as_os_str().is_empty() {
                Path::new(".")
            } else {
                parent
            };
            match Dir::open_ambient_dir(here, ambient_authority()) {
                Ok(dir) => sync_dir(&dir)?,
                // Whoever may write a directory and not read it cannot sync it.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn available_bytes(&self, path: &Path) -> io::Result<u64> {
        fs4::available_space(path)
    }

    fn hard_disk(&self, path: &Path) -> Option<HardDisk> {
        hard_disk::hard_disk(path)
    }
}

#[derive(Debug)]
struct RealFolder(Dir);

/// A directory that is either the one we have or one opened on the way.
enum Way<'a> {
    Here(&'a Dir),
    Below(Dir),
}

impl Way<'_> {
    fn dir(&self) -> &Dir {
        match self {
            Self::Here(dir) => dir,
            Self::Below(dir) => dir,
        }
    }
}

impl RealFolder {
    /// Opens the directory that `path` lies in, and says the last name.
    fn parent<'p>(&self, path: &'p Path) -> io::Result<(Way<'_>, &'p Path)> {
        let mut names = path.components();
        let Some(last) = names.next_back() else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the path is empty",
            ));
        };
        let way = self.way_to(names.as_path())?;
        Ok((way, plain(last)?))
    }

    /// Goes to a directory; an empty path means this one.
    fn way_to(&self, path: &Path) -> io::Result<Way<'_>> {
        let mut way = Way::Here(&self.0);
        if is_plain(path)
            && let Some(opened) = beneath::open_folder(&self.0, path)
        {
            return Ok(Way::Below(opened?));
        }
        for name in path.components() {
            let next = way.dir().open_dir_nofollow(plain(name)?)?;
            way = Way::Below(next);
        }
        Ok(way)
    }

    fn open_with(&self, path: &Path, mut options: OpenOptions) -> io::Result<fs::File> {
        let (way, name) = self.parent(path)?;
        options.follow(FollowSymlinks::No);
        Ok(way.dir().open_with(name, &options)?.into_std())
    }
}

/// Whether the path is made of plain names, and of at least one.
fn is_plain(path: &Path) -> bool {
    !path.as_os_str().is_empty() && path.components().all(|name| plain(name).is_ok())
}

fn plain(name: Component<'_>) -> io::Result<&Path> {
    match name {
        Component::Normal(name) => Ok(Path::new(name)),
        Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => {
            Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the path is not made of plain names",
            ))
        }
    }
}

impl Folder for RealFolder {
    fn open_folder(&self, path: &Path) -> io::Result<Arc<dyn Folder>> {
        let (way, name) = self.parent(path)?;
        Ok(Arc::new(Self(way.dir().open_dir_nofollow(name)?)))
    }

    fn stands_at(&self, path: &Path) -> io::Result<bool> {
        let identity = |dir: &Dir| {
            let metadata = dir.dir_metadata()?;
            Ok::<_, io::Error>((metadata.dev(), metadata.ino()))
        };
        let there = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(identity(&there)? == identity(&self.0)?)
    }

    fn list(&self) -> io::Result<Vec<Listed>> {
        let mut listed = Vec::new();
        for entry in self.0.entries()? {
            let entry = entry?;
            match entry.metadata() {
                Ok(metadata) => {
                    listed.push(Listed {
                        name: entry.file_name(),
                        stat: stat_of(&metadata),
                    });
                }
                // It went between the listing and the look.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(listed)
    }

    fn names(&self) -> io::Result<Vec<(OsString, Kind)>> {
        let mut names = Vec::new();
        for entry in self.0.entries()? {
            let entry = entry?;
            let kind = match kind_of(entry.file_type()?) {
                // Some file systems do not say it in the directory.
                Kind::Other => match entry.metadata() {
                    Ok(metadata) => kind_of(metadata.file_type()),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                },
                kind @ (Kind::File | Kind::Folder | Kind::Symlink) => kind,
            };
            names.push((entry.file_name(), kind));
        }
        Ok(names)
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let (way, name) = self.parent(path)?;
        Ok(stat_of(&way.dir().symlink_metadata(name)?))
    }

    fn open_file(&self, path: &Path, access: Access) -> io::Result<Arc<dyn FileHandle>> {
        let mut options = OpenOptions::new();
        match access {
            Access::Read => options.read(true),
            Access::Write => options.read(true).write(true).create(true),
            Access::New | Access::NewPrivate => options.read(true).write(true).create_new(true),
        };
        #[cfg(unix)]
        if access == Access::NewPrivate {
            cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let at_once = is_plain(path).then(|| beneath::open_file(&self.0, path, access));
        let file = match at_once.flatten() {
            Some(opened) => opened?,
            None => self.open_with(path, options)?,
        };
        Ok(Arc::new(RealFile(file)))
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        let (way, name) = self.parent(path)?;
        way.dir().create_dir(name)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from_way, from_name) = self.parent(from)?;
        let (to_way, to_name) = self.parent(to)?;
        let moved = from_way.dir().rename(from_name, to_way.dir(), to_name);
        moved.map_err(held)
    }

    fn link_file(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from_way, from_name) = self.parent(from)?;
        let (to_way, to_name) = self.parent(to)?;
        from_way.dir().hard_link(from_name, to_way.dir(), to_name)
    }

    #[cfg(unix)]
    fn copy_symlink(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from_way, from_name) = self.parent(from)?;
        let (to_way, to_name) = self.parent(to)?;
        let says = from_way.dir().read_link_contents(from_name)?;
        to_way.dir().symlink_contents(says, to_name)
    }

    #[cfg(not(unix))]
    fn copy_symlink(&self, _from: &Path, _to: &Path) -> io::Result<()> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "symbolic links are not copied on this system",
        ))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let (way, name) = self.parent(path)?;
        way.dir().remove_file_or_symlink(name)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        let (way, name) = self.parent(path)?;
        way.dir().remove_dir(name)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        if path.as_os_str().is_empty() {
            return sync_dir(&self.0);
        }
        let (way, name) = self.parent(path)?;
        sync_dir(&way.dir().open_dir_nofollow(name)?)
    }

    fn sync_files(&self, paths: &[PathBuf]) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if paths.len() > SYNC_ONE_BY_ONE_MAX {
            return Ok(rustix::fs::syncfs(self.0.open(".")?)?);
        }
        for path in paths {
            let mut options = OpenOptions::new();
            // Windows syncs only what is open for writing.
            options.read(true).write(true);
            self.open_with(path, options)?.sync_all()?;
        }
        Ok(())
    }

    fn unpack(
        &self,
        unpacker: &dyn Unpacker,
        order: UnpackOrder<'_>,
    ) -> Result<UnpackReport, UnpackError> {
        unpacker.unpack(UnpackJob {
            reserved_names: order.reserved_names,
            progress: order.progress,
            ..UnpackJob::new(order.archives, &self.0, order.cancel)
        })
    }
}

#[cfg(unix)]
fn sync_dir(dir: &Dir) -> io::Result<()> {
    dir.open(".")?.sync_all()
}

/// Windows has no such call: NTFS logs changes of names itself.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
fn sync_dir(_dir: &Dir) -> io::Result<()> {
    Ok(())
}

#[derive(Debug)]
struct RealFile(fs::File);

impl FileHandle for RealFile {
    fn stat(&self) -> io::Result<Stat> {
        let metadata = self.0.metadata()?;
        Ok(Stat {
            kind: if metadata.is_file() {
                Kind::File
            } else {
                Kind::Other
            },
            stamp: Stamp {
                size_bytes: metadata.len(),
                modified_ns: metadata.modified().map_or(0, ns_since_1970),
                changed_ns: changed_ns_of_open(&metadata),
            },
        })
    }

    fn read_at(&self, into: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        let mut read = 0;
        while read < into.len() {
            match read_some(&self.0, &mut into[read..], offset_bytes + read as u64) {
                Ok(0) => break,
                Ok(bytes) => read += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    #[cfg(target_os = "linux")]
    fn read_from_memory(&self, into: &mut [u8], offset_bytes: u64) -> bool {
        let mut read = 0;
        while read < into.len() {
            match read_at_once(&self.0, &mut into[read..], offset_bytes + read as u64) {
                Ok(0) => return false,
                Ok(bytes) => read += bytes,
                Err(rustix::io::Errno::OPNOTSUPP) if is_memory(&self.0) => {
                    let whole = self.read_at(into, offset_bytes);
                    return whole.is_ok_and(|bytes| bytes == into.len());
                }
                Err(_) => return false,
            }
        }
        true
    }

    fn write_at(&self, bytes: &[u8], offset_bytes: u64) -> io::Result<()> {
        let mut written = 0;
        while written < bytes.len() {
            match write_some(&self.0, &bytes[written..], offset_bytes + written as u64) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(bytes) => written += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

#[cfg(unix)]
fn read_some(file: &fs::File, into: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, offset_bytes)
}

#[cfg(windows)]
fn read_some(file: &fs::File, into: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, offset_bytes)
}

/// Reads what the page cache has; an error where that is nothing, or the file system does not say.
#[cfg(target_os = "linux")]
fn read_at_once(file: &fs::File, into: &mut [u8], offset_bytes: u64) -> rustix::io::Result<usize> {
    use rustix::io::{ReadWriteFlags, preadv2};

    let mut into = [io::IoSliceMut::new(into)];
    preadv2(file, &mut into, offset_bytes, ReadWriteFlags::NOWAIT)
}

/// Whether a file lies on a file system in memory, which does not say so of its parts (tmpfs, as of Linux 6.18).
#[cfg(target_os = "linux")]
fn is_memory(file: &fs::File) -> bool {
    /// `TMPFS_MAGIC` of `statfs(2)`.
    const TMPFS: rustix::fs::FsWord = 0x0102_1994;

    rustix::fs::fstatfs(file).is_ok_and(|found| found.f_type == TMPFS)
}

#[cfg(unix)]
fn write_some(file: &fs::File, bytes: &[u8], offset_bytes: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, offset_bytes)
}

#[cfg(windows)]
fn write_some(file: &fs::File, bytes: &[u8], offset_bytes: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, offset_bytes)
}

fn stat_of(metadata: &Metadata) -> Stat {
    Stat {
        kind: kind_of(metadata.file_type()),
        stamp: Stamp {
            size_bytes: metadata.len(),
            modified_ns: metadata
                .modified()
                .map_or(0, |time| ns_since_1970(time.into_std())),
            changed_ns: changed_ns(metadata),
        },
    }
}

fn kind_of(kind: FileType) -> Kind {
    if kind.is_symlink() {
        Kind::Symlink
    } else if kind.is_dir() {
        Kind::Folder
    } else if kind.is_file() {
        Kind::File
    } else {
        Kind::Other
    }
}

fn ns_since_1970(time: SystemTime) -> i64 {
    let ns = |duration: std::time::Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => ns(after),
        Err(before) => -ns(before.duration()),
    }
}

#[cfg(unix)]
fn changed_ns(metadata: &Metadata) -> i64 {
    use cap_std::fs::MetadataExt;
    metadata
        .ctime()
        .saturating_mul(1_000_000_000)
        .saturating_add(metadata.ctime_nsec())
}

#[cfg(unix)]
fn changed_ns_of_open(metadata: &fs::Metadata) -> i64 {
    use std::os::unix::fs::MetadataExt;
    metadata
        .ctime()
        .saturating_mul(1_000_000_000)
        .saturating_add(metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn changed_ns_of_open(_metadata: &fs::Metadata) -> i64 {
    0
}

#[cfg(not(unix))]
fn changed_ns(_metadata: &Metadata) -> i64 {
    0
}

/// What Windows says of a file that somebody else has open, for which the standard library has no kind.
fn held(error: io::Error) -> io::Error {
    const ERROR_SHARING_VIOLATION: i32 = 32;
    if cfg!(windows) && error.raw_os_error() == Some(ERROR_SHARING_VIOLATION) {
        return io::Error::new(io::ErrorKind::PermissionDenied, error);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> Arc<dyn Folder> {
        RealFileSystem.open(path).unwrap()
    }

    #[test]
    fn a_path_that_climbs_or_is_absolute_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("outside"), b"x").unwrap();
        fs::create_dir(temp.path().join("inside")).unwrap();
        let inside = open(&temp.path().join("inside"));
        for path in ["../outside", "a/../../outside", "/etc/hostname", ""] {
            assert!(
                inside.open_file(Path::new(path), Access::Read).is_err(),
                "{path}"
            );
            assert!(inside.remove_file(Path::new(path)).is_err(), "{path}");
        }
        assert!(temp.path().join("outside").exists());
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed_at_the_end_of_a_path_or_on_the_way() {
        let temp = tempfile::tempdir().unwrap();
        let link = |to: &str, at: &str| {
            std::os::unix::fs::symlink(to, temp.path().join(at)).unwrap();
        };
        fs::create_dir(temp.path().join("folder")).unwrap();
        fs::write(temp.path().join("folder/file"), b"x").unwrap();
        link("folder", "to_folder");
        link("folder/file", "to_file");
        let here = open(temp.path());
        for access in [Access::Read, Access::Write, Access::New] {
            assert!(here.open_file(Path::new("to_file"), access).is_err());
            assert!(here.open_file(Path::new("to_folder/file"), access).is_err());
        }
        assert!(here.open_folder(Path::new("to_folder")).is_err());
        assert!(here.stat(Path::new("to_folder/file")).is_err());
        assert!(here.remove_file(Path::new("to_folder/file")).is_err());
        assert_eq!(here.stat(Path::new("to_file")).unwrap().kind, Kind::Symlink);
        here.copy_symlink(Path::new("to_file"), Path::new("copy"))
            .unwrap();
        assert_eq!(
            fs::read_link(temp.path().join("copy")).unwrap(),
            Path::new("folder/file")
        );
        here.remove_file(Path::new("to_folder")).unwrap();
        assert!(
            temp.path().join("folder/file").exists(),
            "only the link went"
        );
    }

    #[test]
    fn a_directory_says_of_its_names_what_a_look_at_each_says() {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir(temp.path().join("folder")).unwrap();
        fs::write(temp.path().join("file"), b"").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("folder", temp.path().join("link")).unwrap();
        let here = open(temp.path());
        let listed = here.list().unwrap().into_iter();
        let mut listed: Vec<_> = listed.map(|entry| (entry.name, entry.stat.kind)).collect();
        let mut names = here.names().unwrap();
        listed.sort_by(|a, b| a.0.cmp(&b.0));
        names.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(names, listed);
    }

    #[test]
    fn an_open_file_looks_the_same_as_in_its_directory() {
        let temp = tempfile::tempdir().unwrap();
        let here = open(temp.path());
        let file = here.open_file(Path::new("file"), Access::New).unwrap();
        file.write_at(b"end", 5).unwrap();
        file.write_at(b"begin", 0).unwrap();
        file.sync().unwrap();
        here.sync_folder(Path::new("")).unwrap();
        assert_eq!(file.stat().unwrap(), here.stat(Path::new("file")).unwrap());
        assert_eq!(here.list().unwrap()[0].stat, file.stat().unwrap());
        let mut read = [0; 10];
        assert_eq!(file.read_at(&mut read, 1).unwrap(), 7);
        assert_eq!(&read[..7], b"eginend");
        assert!(
            here.open_file(Path::new("file"), Access::New).is_err(),
            "it exists"
        );
        let again = here.open_file(Path::new("file"), Access::Write).unwrap();
        assert_eq!(
            again.stat().unwrap().stamp.size_bytes,
            8,
            "opening does not cut"
        );
    }

    #[test]
    fn a_directory_stands_where_it_was_opened_until_another_takes_its_place() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("games");
        fs::create_dir(&path).unwrap();
        let games = open(&path);
        assert!(games.stands_at(&path).unwrap());
        assert!(games.open_folder(Path::new("x")).is_err());
        fs::rename(&path, temp.path().join("away")).unwrap();
        assert!(games.stands_at(&path).is_err(), "nothing stands there");
        fs::create_dir(&path).unwrap();
        assert!(!games.stands_at(&path).unwrap());
        assert!(games.stands_at(&temp.path().join("away")).unwrap());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn few_files_are_synced_one_by_one_and_one_more_all_at_once() {
        let temp = tempfile::tempdir().unwrap();
        let here = open(temp.path());
        // Files that are missing show which way was taken: only one by one are they opened.
        let missing = |count: usize| vec![PathBuf::from("missing"); count];
        assert!(here.sync_files(&missing(SYNC_ONE_BY_ONE_MAX)).is_err());
        assert!(here.sync_files(&missing(SYNC_ONE_BY_ONE_MAX + 1)).is_ok());
        assert!(here.sync_files(&[]).is_ok());
    }
}
