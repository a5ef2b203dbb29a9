//! Small makers of the things under test.

use lanspread_db::{
    CHUNK_BYTES_MIN, Catalog, ContentHash, GameId, Manifest, ManifestError, ManifestFile, RelPath,
    RowRejection, SENTINEL, Version,
};

/// The chunk size of the fixtures, in bytes.
pub(crate) const CHUNK_BYTES: u32 = CHUNK_BYTES_MIN;

pub(crate) fn game_id(text: &str) -> GameId {
    GameId::parse(text).unwrap()
}

pub(crate) fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

pub(crate) fn path(text: &str) -> RelPath {
    RelPath::parse(text).unwrap()
}

/// A file with as many chunks as its size asks for, each with another hash.
pub(crate) fn file(at: &str, size_bytes: u64) -> ManifestFile {
    let chunks = 0..Manifest::chunks_in(size_bytes, CHUNK_BYTES);
    let chunks = chunks
        .map(|chunk| ContentHash::of(format!("{at} {chunk}").as_bytes()))
        .collect();
    ManifestFile {
        path: path(at),
        size_bytes,
        chunks,
    }
}

/// A manifest of these files and a sentinel, in the right order.
pub(crate) fn manifest_of(files: Vec<ManifestFile>) -> Result<Manifest, ManifestError> {
    let mut files = files;
    files.push(file(SENTINEL, 10));
    files.sort_by(|one, other| one.path.cmp(&other.path));
    manifest_as_is(files)
}

/// A manifest of these files and nothing else, in this order.
pub(crate) fn manifest_as_is(files: Vec<ManifestFile>) -> Result<Manifest, ManifestError> {
    Manifest::new(
        game_id("teeworlds"),
        version("20160922"),
        CHUNK_BYTES,
        files,
    )
}

/// A manifest of empty files at these paths and a sentinel.
pub(crate) fn manifest_at(paths: &[&str]) -> Result<Manifest, ManifestError> {
    manifest_of(paths.iter().map(|at| file(at, 0)).collect())
}

/// The tables of real catalogs, as far as they are read.
pub(crate) const CATALOG_SCHEMA: &str = "
    CREATE TABLE games(game_id TEXT, db_id INTEGER PRIMARY KEY, game_title TEXT, game_key TEXT,
        game_release TEXT, game_publisher TEXT, game_size NUMERIC, game_readme_de TEXT,
        game_readme_en TEXT, game_readme_fr TEXT, game_maxplayers INTEGER,
        game_master_req INTEGER, genre_id INTEGER, game_version TEXT);
    CREATE TABLE genre(genre_id INTEGER PRIMARY KEY, genre_de TEXT, genre_en TEXT, genre_fr TEXT);";

/// A catalog file that is removed with the directory it stands in.
pub(crate) struct CatalogFile {
    directory: tempfile::TempDir,
}

impl CatalogFile {
    /// Makes the file by running `sql` on an empty database.
    pub(crate) fn of_sql(sql: &str) -> Self {
        let file = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        file.connection().execute_batch(sql).unwrap();
        file
    }

    /// Makes a file of the real tables and `sql`.
    pub(crate) fn with(sql: &str) -> Self {
        Self::of_sql(&format!("{CATALOG_SCHEMA}{sql}"))
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.directory.path().join("game.db")
    }

    pub(crate) fn connection(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }

    /// Opens the catalog, which must work.
    pub(crate) fn open(&self) -> (Catalog, Vec<RowRejection>) {
        Catalog::open(&self.path()).unwrap()
    }
}
