//! The vocabulary of Lanspread: the nouns that every other crate speaks in.
//!
//! A value of one of these types is valid by construction: a [`RelPath`] never escapes the
//! directory it is joined to, a [`Manifest`] never contradicts itself, a [`GameId`] is always a
//! usable directory name. The only input and output here is the catalog, a database file. This
//! crate deliberately does not know that a network exists.

mod excerpt;
mod game;
mod game_id;
mod hash;
mod manifest;
mod rel_path;
mod root_entry;
mod script;
mod string_serde;
mod text;
mod version;

pub mod catalog;

pub use catalog::{
    Catalog, CatalogError, CatalogMode, CatalogTable, Pins, RowRejection, RowRejectionReason,
};
pub use game::{Game, GameDB, GameFileDescription, Localized, MaxPlayers};
pub use game_id::{GAME_ID_BYTES_MAX, GameId, GameIdError, is_invisible};
pub use hash::{ChunkHash, ContentHash, HashParseError, ManifestHash};
pub use manifest::{
    CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, CHUNKS_AIMED_AT, ChunkInfo, ChunkRef, GAME_BYTES_MAX,
    MANIFEST_BEGINNING_BYTES, MANIFEST_BYTES_MAX, MANIFEST_CHUNKS_MAX, MANIFEST_FILES_MAX,
    MANIFEST_MAGIC, Manifest, ManifestError, ManifestFile,
};
pub use rel_path::{
    PATH_COMPONENT_BYTES_MAX, REL_PATH_BYTES_MAX, REL_PATH_DEPTH_MAX, RelPath, RelPathError,
};
pub use root_entry::{
    BACKUP_DIR, DISCARDED_SENTINEL, DOWNLOAD_DIR, INSTALL_DIR, INSTALLING_DIR, INTENT_FILE,
    OWNER_MARKER, RootEntry, SENTINEL, SENTINEL_TMP,
};
pub use script::Script;
pub use text::{CATALOG_LINE_BYTES_MAX, CATALOG_TEXT_BYTES_MAX, clean_line, clean_text};
pub use version::{VERSION_BYTES, VERSION_INI_BYTES_MAX, Version, VersionError};
