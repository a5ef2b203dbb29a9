//! The files that a peer writes for itself, after a disk or another program had its way with them.
//!
//! Property: they are read or refused; what is accepted is written again as the same. An interrupted
//! download goes on only from chunks whose bytes are what the manifest says.

use std::{fs, path::Path, sync::Arc};

use lanspread_core::{AfterDownload, root::DownloadIntent};
use lanspread_db::{
    ContentHash, DOWNLOAD_DIR, GameId, Manifest, ManifestFile, OWNER_MARKER, RelPath, Version,
};
use lanspread_disk::{
    Disk, Unreadable,
    formats::{JOURNAL, STAGED_FILES, reread_index, reread_install_record, reread_intent},
};
use lanspread_unpack::{AnyUnpacker, CancelFlag};

/// An intent log.
pub(crate) fn intent(bytes: &[u8]) {
    if let Some(written) = reread_intent(bytes) {
        assert_eq!(reread_intent(&written), Some(written));
    }
}

/// An index: as it is, and with a checksum that fits, which no mutation finds.
pub(crate) fn index(bytes: &[u8]) {
    let mut summed = bytes.to_vec();
    summed.extend_from_slice(ContentHash::of(bytes).as_bytes());
    for encoded in [bytes, &summed] {
        if let Some(written) = reread_index(encoded) {
            assert_eq!(written, encoded, "one index, one encoding");
        }
    }
}

/// What an install put into `local/`.
pub(crate) fn install_record(bytes: &[u8]) {
    if let Some(written) = reread_install_record(bytes) {
        assert_eq!(reread_install_record(&written), Some(written));
    }
}

const GAME: &str = "game";
const STAMP: &str = "20240101";

/// The files of the game that was being downloaded, each of one chunk.
const FILES: [(&str, &[u8]); 4] = [
    ("a.bin", b"aaaaaaaa"),
    ("b/c.bin", b"cccc"),
    ("b/d.bin", b"d"),
    ("version.ini", STAMP.as_bytes()),
];

fn manifest() -> Arc<Manifest> {
    let files = FILES
        .iter()
        .map(|(path, bytes)| ManifestFile {
            path: RelPath::parse(path).expect("a path"),
            size_bytes: bytes.len() as u64,
            chunks: vec![ContentHash::of(bytes)],
        })
        .collect();
    let id = GameId::parse(GAME).expect("an id");
    let version = Version::parse(STAMP).expect("a version");
    let manifest = Manifest::new(id, version, Manifest::chunk_bytes_for(0), files);
    Arc::new(manifest.expect("a manifest"))
}

/// A staging place: its marker, its journal, and what lies in it, each after one byte of length.
pub(crate) fn resume(bytes: &[u8]) {
    let mut rest = bytes;
    let mut part = || {
        let (&len, after) = rest.split_first().unwrap_or((&0, rest));
        let (part, left) = after.split_at(usize::from(len).min(after.len()));
        rest = left;
        part.to_vec()
    };
    let directory = tempfile::tempdir().expect("a temporary directory");
    let games = directory.path().join("games");
    let staging = games.join(GAME).join(DOWNLOAD_DIR);
    let gathered = staging.join(STAGED_FILES);
    fs::create_dir_all(gathered.join("b")).expect("writable");
    fs::write(staging.join(OWNER_MARKER), part()).expect("writable");
    fs::write(staging.join(JOURNAL), part()).expect("writable");
    for (path, _) in FILES {
        fs::write(gathered.join(path), part()).expect("writable");
    }
    let disk = Disk::new(&directory.path().join("state"), Arc::new(AnyUnpacker));
    let disk = disk.expect("a state directory");
    disk.open_game_dir(&games, Unreadable::Refused)
        .expect("a game directory");
    let manifest = manifest();
    let prepared = disk.prepare_download(
        &manifest,
        DownloadIntent::New,
        AfterDownload::Keep,
        &|_, _| (),
        &CancelFlag::new(),
    );
    let Ok(prepared) = prepared else {
        return;
    };
    for chunk in &prepared.stored {
        let (path, right) = FILES[chunk.file as usize];
        assert_eq!(chunk.chunk, 0, "each file has one chunk");
        let there = fs::read(gathered.join(path)).expect("it counts as stored");
        assert_eq!(there, right, "{path} counts as stored and is not");
    }
    assert!(!games.join(GAME).join("version.ini").exists());
    only(directory.path(), &["games", "state"]);
    only(&games, &[GAME]);
}

/// Asserts that nothing else lies in a directory.
fn only(directory: &Path, names: &[&str]) {
    for entry in fs::read_dir(directory).expect("readable") {
        let name = entry.expect("readable").file_name();
        assert!(
            names.iter().any(|expected| name == *expected),
            "{} appeared in {}",
            name.display(),
            directory.display()
        );
    }
}
