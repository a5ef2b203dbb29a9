//! Writes a catalog file: what an earlier build left to keep, and the tables.
//!
//! Its one invariant: a file that Lanspread did not build is never replaced. It deliberately does
//! not decide which games are in it.

use std::{collections::BTreeMap, io, path::Path};

use rusqlite::{Connection, OpenFlags, params};

use super::BuildError;
use crate::{
    Catalog, Game, GameDB, Localized,
    catalog::{
        file, organiser::insert_organiser, read, replace::Building, schema, write_pins::insert_pins,
    },
};

/// The catalog that stands at `out`; one without games if nothing stands there.
pub(super) fn earlier(out: &Path) -> Result<Catalog, BuildError> {
    match out.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Catalog::of_games(GameDB::new()));
        }
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
    let (catalog, _rejections) = read::read(out).map_err(|_| taken())?;
    let connection = file::open(out).map_err(|_| taken())?;
    let id = connection.query_row("PRAGMA application_id", [], |row| row.get(0));
    if id.is_ok_and(|id: i32| id == schema::APPLICATION_ID) {
        Ok(catalog)
    } else {
        Err(taken())
    }
}

/// Writes the catalog.
pub(super) fn write(catalog: &Catalog, out: &Path) -> Result<(), BuildError> {
    let failed = |source| BuildError::Write {
        path: out.to_owned(),
        source,
    };
    let building = Building::create(out).map_err(failed)?;
    fill(building.path(), catalog).map_err(|source| BuildError::Sqlite {
        path: out.to_owned(),
        source,
    })?;
    building.finish(out).map_err(failed)
}

fn fill(path: &Path, catalog: &Catalog) -> Result<(), rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    // The file is synced and renamed as a whole: a journal beside it would only be litter.
    connection.execute_batch("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;")?;
    let transaction = connection.transaction()?;
    transaction.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
    transaction.execute_batch(schema::CREATE)?;
    let games = catalog.games();
    let genres = insert_genres(&transaction, games)?;
    for (db_id, game) in (1_i64..).zip(games) {
        insert_game(&transaction, db_id, game, genres.get(&game.genre).copied())?;
    }
    insert_pins(&transaction, catalog.pins())?;
    insert_organiser(&transaction, catalog.organiser())?;
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
