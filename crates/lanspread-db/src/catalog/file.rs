//! Opens a catalog file so that nothing in it or beside it changes.
//!
//! Its one invariant: no connection handed out can write. It deliberately does not know the
//! tables.
//!
//! The file is read into memory and opened there, because a database that is opened in place
//! may leave files beside itself even for a reader (those of its write-ahead log), and cannot
//! be opened at all where such files cannot be made, as on a share that is read-only.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read},
    path::Path,
};

use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::{CATALOG_FILE_BYTES_MAX, CatalogError};

/// What beside a database holds changes that are not in it yet.
const LOG_SUFFIXES: [&str; 2] = ["-wal", "-journal"];

/// The header up to and with the two bytes that say whether there is a write-ahead log (see
/// the database header in <https://www.sqlite.org/fileformat2.html>).
const HEADER_BYTES: usize = 20;
const WRITE_VERSION_AT: usize = 18;
const READ_VERSION_AT: usize = 19;
const WITH_LOG: u8 = 2;
const WITHOUT_LOG: u8 = 1;

/// Opens the file for reading.
pub(super) fn open(path: &Path) -> Result<Connection, CatalogError> {
    let io = |source| CatalogError::Io {
        path: path.to_owned(),
        source,
    };
    let sqlite = |source| CatalogError::Sqlite {
        path: path.to_owned(),
        source,
    };
    let metadata = path.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(CatalogError::NotAFile {
            path: path.to_owned(),
        });
    }
    if metadata.len() > CATALOG_FILE_BYTES_MAX {
        return Err(CatalogError::TooLarge {
            path: path.to_owned(),
            bytes: metadata.len(),
        });
    }
    let connection = if has_log(path) {
        open_in_place(path).map_err(sqlite)?
    } else {
        let file = File::open(path).map_err(io)?;
        // Never larger than the limit, which every platform can address.
        let len = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        let (header, rest) = header_without_log(file, len).map_err(io)?;
        open_in_memory(header.chain(rest), len).map_err(sqlite)?
    };
    connection
        .execute_batch(
            "PRAGMA trusted_schema = OFF; PRAGMA query_only = ON; PRAGMA cell_size_check = ON;",
        )
        .map_err(sqlite)?;
    Ok(connection)
}

/// Whether another program has left or is making changes beside the file. Then only the
/// database itself knows how to read them.
pub(super) fn has_log(path: &Path) -> bool {
    LOG_SUFFIXES.iter().any(|suffix| {
        let mut log = OsString::from(path);
        log.push(suffix);
        Path::new(&log)
            .metadata()
            .is_ok_and(|metadata| metadata.len() > 0)
    })
}

fn open_in_place(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
}

/// Reads the header and says in it that there is no write-ahead log: in memory there is none,
/// and the database would refuse to open.
fn header_without_log(mut file: File, len: usize) -> io::Result<(io::Cursor<Vec<u8>>, File)> {
    let mut header = vec![0; len.min(HEADER_BYTES)];
    file.read_exact(&mut header)?;
    for at in [WRITE_VERSION_AT, READ_VERSION_AT] {
        if let Some(version) = header.get_mut(at).filter(|version| **version == WITH_LOG) {
            *version = WITHOUT_LOG;
        }
    }
    Ok((io::Cursor::new(header), file))
}

fn open_in_memory(bytes: impl Read, len: usize) -> Result<Connection, rusqlite::Error> {
    let mut connection = Connection::open_in_memory()?;
    // An empty file is an empty database, which is what is open already.
    if len > 0 {
        connection.deserialize_read_exact(MAIN_DB, bytes, len, true)?;
    }
    Ok(connection)
}
