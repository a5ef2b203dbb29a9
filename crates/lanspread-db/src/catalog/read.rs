//! Reads a catalog file row by row, believing nothing in it.
//!
//! Its one invariant: one bad row costs that row only, and what it costs is reported. Only
//! plain stored columns of plain tables are read (no views, virtual tables or computed columns,
//! which could run for ever), and what is kept in memory is bounded. It deliberately does not
//! know how the file is opened.

use std::{collections::BTreeMap, path::Path};

use rusqlite::{Connection, Row, types::ValueRef};

use super::{
    CATALOG_GENRES_MAX, CATALOG_ROWS_MAX, Catalog, CatalogError, CatalogTable, RowRejection,
    RowRejectionReason, file,
    organiser::read_organiser,
    read_pins,
    schema::{self, GAME_COLUMNS, GAMES, GENRE, GENRE_COLUMNS},
};
use crate::{
    CATALOG_LINE_BYTES_MAX, CATALOG_TEXT_BYTES_MAX, Game, GameDB, GameId, Localized, MaxPlayers,
    Version, clean_line, clean_text, excerpt::excerpt,
};

/// Reads all games and pins that can be used, and why the others cannot.
pub(super) fn read(path: &Path) -> Result<(Catalog, Vec<RowRejection>), CatalogError> {
    let connection = file::open(path)?;
    let sqlite = |source| CatalogError::Sqlite {
        path: path.to_owned(),
        source,
    };
    let Some(stored) = stored_columns(&connection, GAMES).map_err(sqlite)? else {
        return Err(CatalogError::NoGamesTable {
            path: path.to_owned(),
        });
    };
    if !stored.contains(&GAME_COLUMNS[0].to_owned()) {
        return Err(CatalogError::NoIdColumn {
            path: path.to_owned(),
        });
    }
    let genres = read_genres(&connection).map_err(sqlite)?;
    let (games, mut rejections) = read_games(&connection, &stored, &genres).map_err(sqlite)?;
    let (pins, bad_pins) = read_pins::read_pins(&connection, &games).map_err(sqlite)?;
    rejections.extend(bad_pins);
    let (organiser, bad_organiser) = read_organiser(&connection).map_err(sqlite)?;
    rejections.extend(bad_organiser);
    let catalog = Catalog::of_games(games)
        .with_pins(pins)
        .with_organiser(organiser);
    Ok((catalog, rejections))
}

/// The names, in lower case, of the columns that `table` really stores; `None` if there is no
/// such table. Views and virtual tables have no root page, computed columns are not listed.
pub(super) fn stored_columns(
    connection: &Connection,
    table: &str,
) -> Result<Option<Vec<String>>, rusqlite::Error> {
    let sql = "SELECT count(*) FROM sqlite_schema
               WHERE type = 'table' AND rootpage > 0 AND lower(name) = ?1";
    let tables: i64 = connection.query_row(sql, [table], |row| row.get(0))?;
    if tables == 0 {
        return Ok(None);
    }
    let mut columns = Vec::new();
    let mut statement = connection.prepare(&format!("PRAGMA table_info(\"{table}\")"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        columns.push(
            text_of(row.get_ref(1)?)
                .unwrap_or_default()
                .to_ascii_lowercase(),
        );
    }
    Ok(Some(columns))
}

/// A query for `wanted` columns in their order, NULL standing for those that are not stored,
/// preceded by the number of the row.
pub(super) fn select(
    table: &str,
    stored: &[String],
    wanted: &[&str],
    rows_max: usize,
    row: &str,
) -> String {
    let columns: Vec<String> = wanted
        .iter()
        .map(|name| {
            if stored.iter().any(|column| column == name) {
                format!("\"{name}\"")
            } else {
                "NULL".to_owned()
            }
        })
        .collect();
    format!(
        "SELECT {row}, {} FROM \"{table}\" LIMIT {rows_max}",
        columns.join(", ")
    )
}

fn read_genres(connection: &Connection) -> Result<BTreeMap<i64, Localized>, rusqlite::Error> {
    let mut genres = BTreeMap::new();
    let Some(stored) = stored_columns(connection, GENRE)? else {
        return Ok(genres);
    };
    let sql = select(GENRE, &stored, &GENRE_COLUMNS, CATALOG_GENRES_MAX, "NULL");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name = |at| row.get_ref(at).map(short_line);
        if let Some(id) = integer_of(row.get_ref(1)?) {
            genres.insert(
                id,
                Localized {
                    de: name(2)?,
                    en: name(3)?,
                    fr: name(4)?,
                },
            );
        }
    }
    Ok(genres)
}

/// A name that is only dropped when it is too long: a genre is no reason to reject a game.
fn short_line(value: ValueRef<'_>) -> Option<String> {
    text_of(value)
        .filter(|text| text.len() <= CATALOG_LINE_BYTES_MAX)
        .and_then(|t| clean_line(&t))
}

fn read_games(
    connection: &Connection,
    stored: &[String],
    genres: &BTreeMap<i64, Localized>,
) -> Result<(GameDB, Vec<RowRejection>), rusqlite::Error> {
    let query = |row| select(GAMES, stored, &GAME_COLUMNS, CATALOG_ROWS_MAX + 1, row);
    // A table made WITHOUT ROWID has no number to select.
    let mut statement = match connection.prepare(&query("rowid")) {
        Ok(statement) => statement,
        Err(_) => connection.prepare(&query("NULL"))?,
    };
    let mut reading = Reading::default();
    let mut rows = statement.query([])?;
    for position in 1.. {
        let Some(row) = rows.next()? else { break };
        let number = integer_of(row.get_ref(0)?).unwrap_or(position);
        let id = row.get_ref(1)?;
        let game = if reading.rows == CATALOG_ROWS_MAX {
            Err(RowRejectionReason::TooManyRows)
        } else {
            reading.rows += 1;
            read_game(row, genres)?.and_then(|game| reading.admit(game))
        };
        if let Err(reason) = game {
            let game_id = excerpt(&text_of(id).unwrap_or_default());
            reading.rejections.push(RowRejection {
                table: CatalogTable::Games,
                row: number,
                game_id,
                reason,
            });
        }
    }
    Ok((reading.games, reading.rejections))
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    rows: usize,
    games: GameDB,
    /// The ids by what a file system may take them for.
    folded: BTreeMap<String, GameId>,
    rejections: Vec<RowRejection>,
}

impl Reading {
    fn admit(&mut self, game: Game) -> Result<(), RowRejectionReason> {
        let key = game.id.fold_key();
        if let Some(earlier) = self.folded.get(&key) {
            return Err(RowRejectionReason::DuplicateId {
                earlier: earlier.to_string(),
            });
        }
        self.folded.insert(key, game.id.clone());
        self.games.insert(game);
        Ok(())
    }
}

/// Reads one row. The outer error is the database's, the inner one the row's.
fn read_game(
    row: &Row<'_>,
    genres: &BTreeMap<i64, Localized>,
) -> Result<Result<Game, RowRejectionReason>, rusqlite::Error> {
    let mut cells = [ValueRef::Null; GAME_COLUMNS.len()];
    for (at, cell) in cells.iter_mut().enumerate() {
        *cell = row.get_ref(at + 1)?;
    }
    Ok(game_of(&cells, genres))
}

fn game_of(
    cells: &[ValueRef<'_>; GAME_COLUMNS.len()],
    genres: &BTreeMap<i64, Localized>,
) -> Result<Game, RowRejectionReason> {
    let [
        id,
        title,
        version,
        size,
        publisher,
        release,
        genre,
        max_players,
        de,
        en,
        fr,
    ] = *cells;
    let mut game = Game::new(id_of(id)?);
    if let Some(title) = line_of(title, "game_title")? {
        game.title = title;
    }
    game.version = version_of(version)?;
    game.size_bytes = size_of(size);
    game.publisher = line_of(publisher, "game_publisher")?;
    game.release = line_of(release, "game_release")?;
    game.genre = integer_of(genre)
        .and_then(|id| genres.get(&id))
        .cloned()
        .unwrap_or_default();
    game.max_players =
        line_of(max_players, "game_maxplayers")?.and_then(|text| MaxPlayers::parse(&text));
    game.descriptions = Localized {
        de: lines_of(de, "game_readme_de")?,
        en: lines_of(en, "game_readme_en")?,
        fr: lines_of(fr, "game_readme_fr")?,
    };
    Ok(game)
}

pub(super) fn id_of(value: ValueRef<'_>) -> Result<GameId, RowRejectionReason> {
    let invalid = |error: String| RowRejectionReason::InvalidId { message: error };
    match value {
        ValueRef::Null => Err(RowRejectionReason::NoId),
        // A column without the TEXT affinity holds an id of digits, such as 1942, as a number.
        ValueRef::Integer(number) => {
            GameId::parse(&number.to_string()).map_err(|error| invalid(error.to_string()))
        }
        ValueRef::Real(_) => Err(RowRejectionReason::IdType {
            found: "REAL".to_owned(),
        }),
        ValueRef::Blob(_) => Err(RowRejectionReason::IdType {
            found: "BLOB".to_owned(),
        }),
        ValueRef::Text(bytes) => {
            let text = std::str::from_utf8(bytes)
                .map_err(|_| invalid("its game id is not UTF-8".to_owned()))?;
            GameId::parse(text).map_err(|error| invalid(error.to_string()))
        }
    }
}

/// The version; `None` when the row says nothing about it.
pub(super) fn version_of(value: ValueRef<'_>) -> Result<Option<Version>, RowRejectionReason> {
    let Some(text) = line_of(value, "game_version")? else {
        return Ok(None);
    };
    let invalid = |error: crate::VersionError| RowRejectionReason::InvalidVersion {
        message: error.to_string(),
    };
    Version::parse(&text).map(Some).map_err(invalid)
}

/// The size in bytes; `None` when the cell holds no size that a game can have.
fn size_of(value: ValueRef<'_>) -> Option<u64> {
    let gigabytes = text_of(value)?.trim().replace(',', ".").parse().ok()?;
    schema::bytes_of(gigabytes)
}

fn line_of(value: ValueRef<'_>, column: &str) -> Result<Option<String>, RowRejectionReason> {
    Ok(bounded(value, column, CATALOG_LINE_BYTES_MAX)?.and_then(|text| clean_line(&text)))
}

fn lines_of(value: ValueRef<'_>, column: &str) -> Result<Option<String>, RowRejectionReason> {
    Ok(bounded(value, column, CATALOG_TEXT_BYTES_MAX)?.and_then(|text| clean_text(&text)))
}

fn bounded(
    value: ValueRef<'_>,
    column: &str,
    bytes_max: usize,
) -> Result<Option<String>, RowRejectionReason> {
    let bytes = match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => 0,
    };
    if bytes > bytes_max {
        let column = column.to_owned();
        return Err(RowRejectionReason::TextTooLong {
            column,
            bytes,
            bytes_max,
        });
    }
    Ok(text_of(value))
}

/// A cell of any type as text; what is not UTF-8 in it is replaced.
pub(super) fn text_of(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

pub(super) fn integer_of(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Integer(number) => Some(number),
        ValueRef::Text(text) => std::str::from_utf8(text).ok()?.trim().parse().ok(),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => None,
    }
}
