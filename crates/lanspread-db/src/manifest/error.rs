//! Why something is not a manifest. One sentence per rule; each names the file that breaks it.

use super::{
    CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, GAME_BYTES_MAX, MANIFEST_BYTES_MAX, MANIFEST_CHUNKS_MAX,
    MANIFEST_FILES_MAX,
};
use crate::{
    GameIdError, RelPath, RelPathError, RootEntry, SENTINEL, VERSION_INI_BYTES_MAX, VersionError,
};

/// Why files or bytes are not a [`Manifest`](super::Manifest).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The chunk size is no power of two or out of range.
    #[error(
        "chunk size {chunk_bytes} is not a power of two between {CHUNK_BYTES_MIN} and {CHUNK_BYTES_MAX} bytes"
    )]
    ChunkSize {
        /// The chunk size.
        chunk_bytes: u32,
    },
    /// There are more than [`MANIFEST_FILES_MAX`] files.
    #[error("the game has {files} files: at most {MANIFEST_FILES_MAX} are allowed")]
    TooManyFiles {
        /// How many.
        files: u64,
    },
    /// There are more than [`MANIFEST_CHUNKS_MAX`] chunks.
    #[error("the game has {chunks} chunks: at most {MANIFEST_CHUNKS_MAX} are allowed")]
    TooManyChunks {
        /// How many up to the first file that is too much.
        chunks: u64,
    },
    /// The files are larger than [`GAME_BYTES_MAX`] together.
    #[error("the game is larger than {GAME_BYTES_MAX} bytes, up to and with {path:?}")]
    TooLarge {
        /// The first file that is too much.
        path: RelPath,
    },
    /// The encoding is longer than [`MANIFEST_BYTES_MAX`].
    #[error("the manifest has {bytes} bytes: at most {MANIFEST_BYTES_MAX} are allowed")]
    EncodingTooLong {
        /// How long it is.
        bytes: usize,
    },
    /// The paths do not strictly increase.
    #[error("{path:?} stands after {previous:?}: paths must strictly increase by their bytes")]
    OutOfOrder {
        /// The path before.
        previous: RelPath,
        /// The path that should stand earlier or is a repetition.
        path: RelPath,
    },
    /// Two paths, or directories within them, are one and the same for some file system.
    #[error(
        "{one:?} and {other:?} collide on systems that ignore case or Unicode normalisation, or one is a file where the other needs a directory: rename one of them"
    )]
    Collision {
        /// One path.
        one: RelPath,
        /// The other.
        other: RelPath,
    },
    /// A path belongs to the player, to Lanspread itself or to another tool.
    #[error("{path:?} is not content of a game ({entry:?}): a manifest must not list it")]
    NotContent {
        /// The path.
        path: RelPath,
        /// Whose it is.
        entry: RootEntry,
    },
    /// A file has another number of chunks than its size asks for.
    #[error("{path:?} has {chunks} chunks: its size asks for {expected}")]
    ChunkCount {
        /// The file.
        path: RelPath,
        /// How many it has.
        chunks: u64,
        /// How many it must have.
        expected: u64,
    },
    /// There is no sentinel.
    #[error("there is no {SENTINEL} at the root: this is not a downloaded game")]
    NoSentinel,
    /// The sentinel is too large to be one.
    #[error("{SENTINEL} has {bytes} bytes: at most {VERSION_INI_BYTES_MAX} are allowed")]
    SentinelTooLarge {
        /// Its size.
        bytes: u64,
    },
    /// The bytes do not begin as a manifest does.
    #[error("these bytes are not a manifest: they do not begin with LSM1")]
    Magic,
    /// The bytes end in the middle.
    #[error("the manifest is cut off: {needed} more bytes are needed at byte {at}")]
    CutOff {
        /// Where in the encoding.
        at: usize,
        /// How many bytes are needed there at least and are not all there.
        needed: u64,
    },
    /// There are bytes after the end.
    #[error("{bytes} bytes follow the end of the manifest")]
    TrailingBytes {
        /// How many.
        bytes: usize,
    },
    /// A text is not UTF-8.
    #[error("the text at byte {at} of the manifest is not UTF-8")]
    NotUtf8 {
        /// Where in the encoding.
        at: usize,
    },
    /// The game id in the encoding is not one.
    #[error("the manifest names no valid game: {0}")]
    GameId(#[from] GameIdError),
    /// The version in the encoding is not one.
    #[error("the manifest names no valid version: {0}")]
    Version(#[from] VersionError),
    /// A path in the encoding is not one.
    #[error("the manifest lists an invalid path: {0}")]
    Path(#[from] RelPathError),
}
