//! The pictures of games that lie beside the catalog.
//!
//! Invariant: a picture is a regular file with a game's id as its name, a picture by its first bytes, and no
//! longer than its limit; anything else is as if it were not there. One that lies in a folder goes before
//! one of the archive.

mod archive;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use lanspread_db::GameId;

pub(crate) use archive::prepare;
pub use archive::{ASSETS_BYTES_MAX, ASSETS_ENTRIES_MAX, ASSETS_FILE};

/// Longest picture that is shown, in bytes.
pub const COVER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Folders beside the catalog in which pictures lie; they may lie beside it themselves, too.
const FOLDERS: [&str; 3] = ["", "covers", "assets"];

/// What pictures are called behind the id, what they begin with, and which kind of file that is.
const KINDS: [(&str, &[u8], &str); 3] = [
    ("jpg", &[0xff, 0xd8, 0xff], "image/jpeg"),
    ("jpeg", &[0xff, 0xd8, 0xff], "image/jpeg"),
    ("png", b"\x89PNG\r\n\x1a\n", "image/png"),
];

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its kind, such as `image/png`.
    pub kind: &'static str,
}

/// Where the pictures lie.
#[derive(Debug, Default)]
pub(crate) struct Covers(BTreeMap<GameId, PathBuf>);

impl Covers {
    /// Looks for pictures beside a catalog.
    pub(crate) fn beside(catalog: &Path) -> Self {
        let dir = catalog.parent().unwrap_or(Path::new(""));
        let mut found = Self::default();
        for folder in FOLDERS {
            found.0.extend(list_if_there(&dir.join(folder)));
        }
        found
    }

    /// Adds the pictures in a folder of games that have none.
    pub(crate) fn add_folder(&mut self, folder: &Path) {
        for (id, path) in list_if_there(folder) {
            self.0.entry(id).or_insert(path);
        }
    }

    /// Whether there is one of this game.
    pub(crate) fn has(&self, id: &GameId) -> bool {
        self.0.contains_key(id)
    }

    /// Where the one of this game lies.
    pub(crate) fn path(&self, id: &GameId) -> Option<PathBuf> {
        self.0.get(id).cloned()
    }
}

fn list_if_there(folder: &Path) -> Vec<(GameId, PathBuf)> {
    match list(folder) {
        Ok(covers) => covers,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "pictures cannot be looked for");
            Vec::new()
        }
    }
}

fn list(folder: &Path) -> io::Result<Vec<(GameId, PathBuf)>> {
    let mut covers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let id = id_of(&path).filter(|_| entry.file_type().is_ok_and(|kind| kind.is_file()));
        covers.extend(id.map(|id| (id, path)));
    }
    Ok(covers)
}

/// The game that a file shows, by its name.
fn id_of(path: &Path) -> Option<GameId> {
    kind_of(path)?;
    GameId::parse(path.file_stem()?.to_str()?).ok()
}

fn kind_of(path: &Path) -> Option<(&'static [u8], &'static str)> {
    let extension = path.extension()?.to_str()?;
    let known = KINDS
        .into_iter()
        .find(|(known, _, _)| extension.eq_ignore_ascii_case(known));
    known.map(|(_, begins, kind)| (begins, kind))
}

/// Reads a picture; `None` if it is none.
pub(crate) fn read(path: &Path) -> Option<Cover> {
    let (begins, kind) = kind_of(path)?;
    let length = fs::symlink_metadata(path)
        .ok()
        .filter(fs::Metadata::is_file)?
        .len();
    let bytes = (length <= COVER_BYTES_MAX).then(|| fs::read(path).ok())??;
    bytes.starts_with(begins).then_some(Cover { bytes, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

    fn id(text: &str) -> GameId {
        GameId::parse(text).expect("a valid id")
    }

    #[test]
    fn pictures_lie_beside_the_catalog_or_in_folders_there() {
        let dir = tempfile::tempdir().expect("a directory");
        let covers = dir.path().join("covers");
        fs::create_dir(&covers).expect("writable");
        fs::write(covers.join("chess.PNG"), PNG).expect("writable");
        fs::write(dir.path().join("go.jpg"), [0xff, 0xd8, 0xff, 0]).expect("writable");
        fs::write(dir.path().join("readme.txt"), "x").expect("writable");
        let found = Covers::beside(&dir.path().join("game.db"));
        assert!(found.has(&id("chess")) && found.has(&id("go")) && !found.has(&id("readme")));
        let cover = read(&found.path(&id("chess")).expect("there")).expect("a picture");
        assert_eq!(
            cover,
            Cover {
                bytes: PNG.to_vec(),
                kind: "image/png"
            }
        );
        assert!(!Covers::beside(Path::new("/nowhere/game.db")).has(&id("chess")));
    }

    #[test]
    fn what_is_no_picture_is_not_shown() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("chess.png");
        fs::write(&path, "<svg onload=alert(1)>").expect("writable");
        assert_eq!(read(&path), None);
        let most = usize::try_from(COVER_BYTES_MAX).expect("small");
        for (bytes, shown) in [(most, true), (most + 1, false)] {
            let mut picture = PNG.to_vec();
            picture.resize(bytes, 0);
            fs::write(&path, picture).expect("writable");
            assert_eq!(read(&path).is_some(), shown);
        }
    }
}
