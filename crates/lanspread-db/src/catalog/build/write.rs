//! Writes a catalog file in one piece: beside its final place first, then renamed.
//!
//! Its one invariant: under the final name stands either what stood there before or the whole
//! new catalog, synced. It deliberately does not decide which games are in it.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, params};

use super::BuildError;
use crate::{
    Game, GameDB, Localized,
    catalog::{file, read, schema},
};

/// How many names are tried for the file that is being written.
const BUILDING_NAMES_MAX: u32 = 16;

/// The games of the catalog that stands at `out`; none if nothing stands there.
pub(super) fn earlier_games(out: &Path) -> Result<GameDB, BuildError> {
    match out.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(GameDB::new()),
        Err(source) => {
            return Err(BuildError::Write {
                path: out.to_owned(),
                source,
            });
        }
        Ok(_) => {}
    }
    let taken = || BuildError::OutputTaken {
        path: out.to_owned(),
    };
    let (games, _rejections) = read::read(out).map_err(|_| taken())?;
    let connection = file::open(out).map_err(|_| taken())?;
    let id = connection.query_row("PRAGMA application_id", [], |row| row.get(0));
    if id.is_ok_and(|id: i32| id == schema::APPLICATION_ID) {
        Ok(games)
    } else {
        Err(taken())
    }
}

/// Writes the catalog.
pub(super) fn write(games: &GameDB, out: &Path) -> Result<(), BuildError> {
    let failed = |source| BuildError::Write {
        path: out.to_owned(),
        source,
    };
    let building = Building::create(out).map_err(failed)?;
    fill(&building.path, games).map_err(|source| BuildError::Sqlite {
        path: out.to_owned(),
        source,
    })?;
    building.finish(out).map_err(failed)
}

/// The file that is being written; removed when it is dropped before it is finished.
struct Building {
    path: PathBuf,
}

impl Building {
    fn create(out: &Path) -> io::Result<Self> {
        let Some(name) = out.file_name() else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it names no file",
            ));
        };
        let mut tried = 0;
        loop {
            let building = format!(".{}.building-{tried}", name.to_string_lossy());
            let path = out.with_file_name(building);
            match fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&path)
            {
                Ok(_) => return Ok(Self { path }),
                Err(error)
                    if error.kind() == io::ErrorKind::AlreadyExists
                        && tried < BUILDING_NAMES_MAX =>
                {
                    tried += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn finish(self, out: &Path) -> io::Result<()> {
        fs::OpenOptions::new()
            .write(true)
            .open(&self.path)?
            .sync_all()?;
        fs::rename(&self.path, out)?;
        sync_directory_of(out)
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        // After the rename there is nothing under this name; before it, a leftover is harmless.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes the rename durable. Windows has no such call and orders renames by itself.
#[cfg(unix)]
fn sync_directory_of(path: &Path) -> io::Result<()> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    fs::File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory_of(_path: &Path) -> io::Result<()> {
    Ok(())
}

fn fill(path: &Path, games: &GameDB) -> Result<(), rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    // The file is synced and renamed as a whole: a journal beside it would only be litter.
    connection.execute_batch("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;")?;
    let transaction = connection.transaction()?;
    transaction.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
    transaction.execute_batch(schema::CREATE)?;
    let genres = insert_genres(&transaction, games)?;
    for (db_id, game) in (1_i64..).zip(games) {
        insert_game(&transaction, db_id, game, genres.get(&game.genre).copied())?;
    }
    transaction.commit()
}

fn insert_genres<'a>(
    connection: &Connection,
    games: &'a GameDB,
) -> Result<BTreeMap<&'a Localized, i64>, rusqlite::Error> {
    let named = games
        .iter()
        .map(|game| &game.genre)
        .filter(|genre| !genre.is_empty());
    let mut genres: BTreeMap<&Localized, i64> = named.map(|genre| (genre, 0)).collect();
    let mut statement = connection.prepare("INSERT INTO genre VALUES (?1, ?2, ?3, ?4)")?;
    for (id, (genre, genre_id)) in (1_i64..).zip(&mut genres) {
        statement.execute(params![id, genre.de, genre.en, genre.fr])?;
        *genre_id = id;
    }
    Ok(genres)
}

fn insert_game(
    connection: &Connection,
    db_id: i64,
    game: &Game,
    genre_id: Option<i64>,
) -> Result<(), rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO games(db_id, game_id, game_title, game_release, game_publisher, game_size,
             game_readme_de, game_readme_en, game_readme_fr, game_maxplayers, genre_id,
             game_version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    statement.execute(params![
        db_id,
        game.id.as_str(),
        game.title,
        game.release,
        game.publisher,
        game.size_bytes.map(schema::gigabytes_of),
        game.descriptions.de,
        game.descriptions.en,
        game.descriptions.fr,
        game.max_players.as_ref().map(|players| &players.text),
        genre_id,
        game.version.as_ref().map(crate::Version::as_str),
    ])?;
    Ok(())
}
