//! The pictures that lie beside the catalog in one archive, unpacked into the state directory.
//!
//! Invariant: a folder of pictures is named after the archive that it was made from and gets its name last,
//! so under that name stands all that the archive holds, after a crash at any point, too. An archive that
//! changed is another one.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use cap_std::{ambient_authority, fs::Dir};
use lanspread_peer::state_file::sync_folder;
use lanspread_unpack::{AnyUnpacker, CancelFlag, UnpackJob, UnpackLimits, Unpacker};

use super::{COVER_BYTES_MAX, id_of, kind_of};

/// The archive of pictures, beside the catalog.
pub const ASSETS_FILE: &str = "assets.eti";

/// Where its pictures are kept, in the state directory.
const COVERS_DIR: &str = "covers";

/// The folder in which they are made ready.
const UNPACKING: &str = "unpacking";

/// The folder in there that holds everything that the archive holds.
const ALL: &str = "all";

/// Most entries of an archive of pictures.
pub const ASSETS_ENTRIES_MAX: u64 = 100_000;

/// Most bytes that an archive of pictures is unpacked to.
pub const ASSETS_BYTES_MAX: u64 = 2 << 30;

/// Makes the pictures ready that lie beside a catalog in an archive, unless that was done already, and says
/// in which folder they are. `None` if there is no archive.
///
/// # Errors
/// What went wrong with which archive, for people. Whatever was there before is as it was.
pub(crate) fn prepare(
    beside: &Path,
    state_dir: &Path,
    cancel: &CancelFlag,
) -> Result<Option<PathBuf>, String> {
    let archive = beside.join(ASSETS_FILE);
    let covers = state_dir.join(COVERS_DIR);
    let limits = UnpackLimits {
        entries_max: ASSETS_ENTRIES_MAX,
        total_bytes_max: ASSETS_BYTES_MAX,
        file_bytes_max: ASSETS_BYTES_MAX,
        ..UnpackLimits::default()
    };
    prepare_within(&archive, &covers, limits, cancel).map_err(|why| {
        format!(
            "the pictures of games in {} cannot be used: {why}; replace it, or put the pictures into a \
             folder `covers` beside it, and start again",
            archive.display()
        )
    })
}

fn prepare_within(
    archive: &Path,
    covers: &Path,
    limits: UnpackLimits,
    cancel: &CancelFlag,
) -> Result<Option<PathBuf>, String> {
    let Some(key) = key(archive).map_err(|error| error.to_string())? else {
        return sweep(covers, None)
            .map(|()| None)
            .map_err(|error| error.to_string());
    };
    let ready = covers.join(&key);
    if !ready.is_dir() {
        let unpacking = covers.join(UNPACKING);
        let made = make(archive, &unpacking, limits, cancel)
            .and_then(|()| name(&unpacking, &ready).map_err(|error| error.to_string()));
        if let Err(why) = made {
            // What went wrong first is what the user has to hear of.
            drop(remove(&unpacking));
            return Err(why);
        }
    }
    if let Err(error) = sweep(covers, Some(OsStr::new(&key))) {
        tracing::warn!(folder = %covers.display(), %error, "pictures of an earlier archive cannot be deleted");
    }
    Ok(Some(ready))
}

/// What tells an archive from others and from what it was before; `None` if there is none.
fn key(archive: &Path) -> io::Result<Option<String>> {
    let file = match fs::metadata(archive) {
        Ok(file) if file.is_file() => file,
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let modified = file.modified()?.duration_since(UNIX_EPOCH);
    let modified_ns = modified.map_or(0, |since| since.as_nanos());
    Ok(Some(format!("{}-{modified_ns}", file.len())))
}

/// Unpacks an archive and keeps its pictures, all of them in one folder.
fn make(
    archive: &Path,
    unpacking: &Path,
    limits: UnpackLimits,
    cancel: &CancelFlag,
) -> Result<(), String> {
    let all = unpacking.join(ALL);
    let opened = remove(unpacking)
        .and_then(|()| fs::create_dir_all(&all))
        .and_then(|()| Dir::open_ambient_dir(&all, ambient_authority()));
    let in_the_way =
        |error: io::Error| format!("nothing can be written to {}: {error}", all.display());
    let target = opened.map_err(in_the_way)?;
    let archives = [archive.to_owned()];
    let job = UnpackJob {
        limits,
        ..UnpackJob::new(&archives, &target, cancel)
    };
    AnyUnpacker.unpack(job).map_err(|error| error.to_string())?;
    drop(target);
    keep_pictures(&all, unpacking).map_err(in_the_way)
}

/// Moves every picture of a game up into the folder, and deletes the rest. Where there are several of one
/// game, the one that lies least deep is kept.
fn keep_pictures(all: &Path, unpacking: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    let mut folders = vec![(0, all.to_owned())];
    while let Some((depth, folder)) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push((depth + 1, entry.path()));
            } else if kind.is_file() {
                files.push((depth, entry.path()));
            }
        }
    }
    files.sort();
    let mut kept = BTreeSet::new();
    for (_, path) in files {
        let (Some(id), Some(name)) = (id_of(&path), path.file_name()) else {
            continue;
        };
        if is_picture(&path)? && kept.insert(id) {
            fs::rename(&path, unpacking.join(name))?;
        }
    }
    remove(all)?;
    sync_folder(unpacking)
}

/// Whether a file is a picture by its name, its length and its first bytes.
fn is_picture(path: &Path) -> io::Result<bool> {
    let Some((begins, _)) = kind_of(path) else {
        return Ok(false);
    };
    let file = fs::File::open(path)?;
    if file.metadata()?.len() > COVER_BYTES_MAX {
        return Ok(false);
    }
    let mut first = Vec::new();
    file.take(begins.len() as u64).read_to_end(&mut first)?;
    Ok(first == begins)
}

/// Gives a folder that is whole its name.
fn name(unpacking: &Path, ready: &Path) -> io::Result<()> {
    fs::rename(unpacking, ready)?;
    ready.parent().map_or(Ok(()), sync_folder)
}

/// Deletes what was made from other archives, and what was not made ready.
fn sweep(covers: &Path, keep: Option<&OsStr>) -> io::Result<()> {
    if keep.is_none() {
        return remove(covers);
    }
    for entry in fs::read_dir(covers)? {
        let entry = entry?;
        if Some(entry.file_name().as_os_str()) != keep {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use lanspread_testbed::fixture::{ArchiveFormat, Contents, write_archive};
    use tempfile::TempDir;

    use super::*;
    use crate::covers::{Covers, read};

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";
    const JPG: &[u8] = &[0xff, 0xd8, 0xff, 0xe0];

    /// A folder with a catalog, and a state directory.
    struct Scene(TempDir);

    impl Scene {
        fn new() -> Self {
            let dir = tempfile::tempdir().expect("a directory");
            fs::create_dir(dir.path().join("beside")).expect("writable");
            Self(dir)
        }

        fn beside(&self) -> PathBuf {
            self.0.path().join("beside")
        }

        fn covers(&self) -> PathBuf {
            self.0.path().join("state").join(COVERS_DIR)
        }

        fn write(&self, format: ArchiveFormat, contents: &Contents) {
            write_archive(format, &self.beside().join(ASSETS_FILE), contents).expect("writable");
        }

        fn prepare(&self) -> Result<Option<PathBuf>, String> {
            let state = self.0.path().join("state");
            prepare(&self.beside(), &state, &CancelFlag::new())
        }

        fn prepare_within(&self, limits: UnpackLimits) -> Result<Option<PathBuf>, String> {
            let archive = self.beside().join(ASSETS_FILE);
            prepare_within(&archive, &self.covers(), limits, &CancelFlag::new())
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("it is there");
        let name = |entry: io::Result<fs::DirEntry>| entry.expect("readable").file_name();
        let mut names: Vec<_> = entries
            .map(|entry| name(entry).to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn pictures_of_an_archive_are_kept_whatever_its_format_and_wherever_they_lie_in_it() {
        let contents = Contents::new()
            .file("deep/down/go.jpg", JPG)
            .file("chess.png", PNG)
            .file("deep/chess.png", "not the one that is kept")
            .file(".hidden.png", PNG)
            .file("svg.png", "<svg onload=alert(1)>")
            .file("readme.txt", "hello");
        for format in ArchiveFormat::ALL {
            let scene = Scene::new();
            scene.write(format, &contents);
            let ready = scene.prepare().expect("usable").expect("an archive");
            assert_eq!(names(&ready), ["chess.png", "go.jpg"], "{format:?}");
            let chess = read(&ready.join("chess.png")).expect("a picture");
            assert_eq!(chess.bytes, PNG);
            assert_eq!(names(&scene.covers()).len(), 1);
        }
    }

    #[test]
    fn an_archive_is_unpacked_once_and_one_that_changed_takes_its_place_whole() {
        let scene = Scene::new();
        assert_eq!(scene.prepare(), Ok(None), "there is none");
        scene.write(ArchiveFormat::Zip, &Contents::new().file("chess.png", PNG));
        let first = scene.prepare().expect("usable").expect("an archive");
        fs::write(first.join("go.png"), PNG).expect("writable");
        let again = scene.prepare().expect("usable").expect("an archive");
        assert_eq!(names(&again), ["chess.png", "go.png"], "as it was left");
        scene.write(ArchiveFormat::Rar, &Contents::new().file("go.jpg", JPG));
        let other = scene.prepare().expect("usable").expect("an archive");
        assert_eq!(names(&other), ["go.jpg"]);
        assert!(!first.exists());
        fs::remove_file(scene.beside().join(ASSETS_FILE)).expect("it is there");
        assert_eq!(scene.prepare(), Ok(None));
        assert!(!scene.covers().exists());
    }

    #[test]
    fn what_a_crash_left_is_not_taken_for_whole() {
        let scene = Scene::new();
        scene.write(ArchiveFormat::Zip, &Contents::new().file("chess.png", PNG));
        let left = scene.covers().join(UNPACKING).join(ALL);
        fs::create_dir_all(&left).expect("writable");
        fs::write(left.join("half.png"), PNG).expect("writable");
        let ready = scene.prepare().expect("usable").expect("an archive");
        assert_eq!(names(&ready), ["chess.png"]);
        assert!(!scene.covers().join(UNPACKING).exists());
    }

    #[test]
    fn an_archive_that_is_none_is_named_and_leaves_what_was_there() {
        let scene = Scene::new();
        scene.write(ArchiveFormat::Zip, &Contents::new().file("chess.png", PNG));
        let before = scene.prepare().expect("usable").expect("an archive");
        fs::write(scene.beside().join(ASSETS_FILE), "no archive").expect("writable");
        let why = scene.prepare().expect_err("it is none");
        assert!(
            why.contains(ASSETS_FILE) && why.contains("start again"),
            "{why}"
        );
        assert!(before.is_dir() && !scene.covers().join(UNPACKING).exists());
        let cut = Contents::new().random_file("seed", "chess.png", 100_000);
        scene.write(ArchiveFormat::Rar, &cut);
        let archive = scene.beside().join(ASSETS_FILE);
        let bytes = fs::read(&archive).expect("just written");
        fs::write(&archive, &bytes[..bytes.len() / 2]).expect("writable");
        assert!(scene.prepare().is_err());
    }

    #[test]
    fn an_archive_is_unpacked_up_to_the_limits_and_not_past_them() {
        assert_eq!((ASSETS_ENTRIES_MAX, ASSETS_BYTES_MAX), (100_000, 2 << 30));
        let scene = Scene::new();
        let contents = Contents::new().file("a.png", PNG).file("b.png", PNG);
        scene.write(ArchiveFormat::Zip, &contents);
        let bytes = 2 * PNG.len() as u64;
        for (entries_max, total_bytes_max) in [(1, bytes), (2, bytes - 1)] {
            let limits = UnpackLimits {
                entries_max,
                total_bytes_max,
                ..UnpackLimits::default()
            };
            assert!(scene.prepare_within(limits).is_err());
        }
        let limits = UnpackLimits {
            entries_max: 2,
            total_bytes_max: bytes,
            ..UnpackLimits::default()
        };
        assert!(scene.prepare_within(limits).is_ok());
    }

    #[test]
    fn a_picture_that_is_too_long_is_not_kept() {
        let scene = Scene::new();
        let most = usize::try_from(COVER_BYTES_MAX).expect("small");
        let picture = |bytes: usize| {
            let mut picture = PNG.to_vec();
            picture.resize(bytes, 0);
            picture
        };
        let contents = Contents::new()
            .file("fits.png", picture(most))
            .file("not.png", picture(most + 1));
        scene.write(ArchiveFormat::Zip, &contents);
        let ready = scene.prepare().expect("usable").expect("an archive");
        assert_eq!(names(&ready), ["fits.png"]);
    }

    #[test]
    fn a_picture_in_a_folder_goes_before_one_of_the_archive() {
        let scene = Scene::new();
        let contents = Contents::new().file("chess.jpg", JPG).file("go.jpg", JPG);
        scene.write(ArchiveFormat::Zip, &contents);
        fs::write(scene.beside().join("chess.png"), PNG).expect("writable");
        let mut covers = Covers::beside(&scene.beside().join("game.db"));
        let ready = scene.prepare().expect("usable").expect("an archive");
        covers.add_folder(&ready);
        let path = |id: &str| covers.path(&lanspread_db::GameId::parse(id).expect("an id"));
        let chess = path("chess").expect("a picture");
        assert_eq!(read(&chess).expect("it is one").kind, "image/png");
        assert_eq!(path("go"), Some(ready.join("go.jpg")));
    }
}
