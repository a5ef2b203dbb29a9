//! Changes a catalog file that exists, whoever built it: writes pins into it.
//!
//! Its one invariant: under the catalog's name stands either what stood there before or the same
//! with exactly the change, read back and synced; every other table is as it was. It deliberately
//! does not decide what is pinned.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig, params};

use super::{
    CATALOG_FILE_BYTES_MAX, Catalog, CatalogError, Pins, file, read, replace::Building, schema,
};

/// Why a catalog was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The catalog cannot be used.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// What was written is not what is read again: the database is damaged where it matters.
    #[error(
        "cannot change the catalog {}: it is damaged, and would not be whole afterwards. Copy it again, or build one with `lanspread catalog build`",
        path.display()
    )]
    Spoiled {
        /// The catalog.
        path: PathBuf,
    },
    /// Another program has the catalog open, or left it unfinished.
    #[error(
        "cannot change the catalog {}: another program is changing it, or was interrupted while it did. Close that program, or open and close the catalog with it once",
        path.display()
    )]
    InUse {
        /// The catalog.
        path: PathBuf,
    },
    /// With the change the catalog would be too large to be opened.
    #[error(
        "cannot change the catalog {}: it would have {bytes} bytes, and at most {CATALOG_FILE_BYTES_MAX} are allowed",
        path.display()
    )]
    TooLarge {
        /// The catalog.
        path: PathBuf,
        /// The size it would have.
        bytes: u64,
    },
    /// The catalog cannot be written.
    #[error("cannot change the catalog {}: {source}", path.display())]
    Write {
        /// The catalog.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database cannot be written.
    #[error("cannot change the catalog {}: SQLite says {source}", path.display())]
    Sqlite {
        /// The catalog.
        path: PathBuf,
        /// What `SQLite` said.
        source: rusqlite::Error,
    },
}

/// Replaces all pins of the catalog `path` by `pins`. Other tools take no notice of them.
///
/// # Errors
///
/// When the catalog cannot be opened, is in use, or cannot be written. It is then as it was.
pub fn write_pins(path: &Path, pins: &Pins) -> Result<(), ChangeError> {
    let meant = |catalog: Catalog| catalog.with_pins(pins.clone());
    rewrite(path, meant, |connection| {
        let drop_table = format!("DROP TABLE IF EXISTS \"{}\"", schema::PINS);
        connection.execute_batch(&drop_table)?;
        insert_pins(connection, pins)
    })
}

/// Makes a change to a copy of the catalog `path`, and puts that in its place if it reads as `meant`.
pub(super) fn rewrite(
    path: &Path,
    meant: impl FnOnce(Catalog) -> Catalog,
    change: impl FnOnce(&Connection) -> Result<(), rusqlite::Error>,
) -> Result<(), ChangeError> {
    let failed = |source| ChangeError::Write {
        path: path.to_owned(),
        source,
    };
    // What cannot be opened is not made worse.
    let (before, _rejections) = read::read(path)?;
    if file::has_log(path) {
        return Err(ChangeError::InUse {
            path: path.to_owned(),
        });
    }
    // A link to the catalog stays a link to it.
    let place = path.canonicalize().map_err(failed)?;
    let building = Building::create(&place).map_err(failed)?;
    fs::copy(&place, building.path()).map_err(failed)?;
    fill(building.path(), change).map_err(|source| ChangeError::Sqlite {
        path: path.to_owned(),
        source,
    })?;
    let bytes = building.path().metadata().map_err(failed)?.len();
    if bytes > CATALOG_FILE_BYTES_MAX {
        return Err(ChangeError::TooLarge {
            path: path.to_owned(),
            bytes,
        });
    }
    match read::read(building.path()) {
        Ok((after, _rejections)) if after == meant(before) => {}
        Ok(_) | Err(_) => {
            return Err(ChangeError::Spoiled {
                path: path.to_owned(),
            });
        }
    }
    building.finish(&place).map_err(failed)
}

fn fill(
    path: &Path,
    change: impl FnOnce(&Connection) -> Result<(), rusqlite::Error>,
) -> Result<(), rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    // The schema came with the file: nothing in it is run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // The file is synced and renamed as a whole: a journal beside it would only be litter.
    connection.execute_batch(
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;
         PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;",
    )?;
    let transaction = connection.transaction()?;
    change(&transaction)?;
    transaction.commit()
}

/// Makes the table of pins, unless there is none to keep.
pub(super) fn insert_pins(connection: &Connection, pins: &Pins) -> Result<(), rusqlite::Error> {
    if pins.is_empty() {
        return Ok(());
    }
    connection.execute_batch(schema::CREATE_PINS)?;
    let mut statement =
        connection.prepare(&format!("INSERT INTO {} VALUES (?1, ?2, ?3)", schema::PINS))?;
    for (id, version, manifest) in pins.iter() {
        statement.execute(params![id.as_str(), version.as_str(), manifest.to_string()])?;
    }
    Ok(())
}
