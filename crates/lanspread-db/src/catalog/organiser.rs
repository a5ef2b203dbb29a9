//! Who organises the party: read from a catalog file, and written into one.
//!
//! Its one invariant: a bad entry costs that entry only, and is reported. It deliberately does not
//! know what an organiser may do, or how a peer proves to be the one.

use std::path::Path;

use rusqlite::{Connection, params};

use super::{
    Catalog, CatalogTable, ChangeError, RowRejection, RowRejectionReason,
    read::{select, stored_columns, text_of},
    schema::{CREATE_FACTS, FACT_COLUMNS, FACTS},
    write_pins::rewrite,
};
use crate::{ContentHash, HashParseError, excerpt::excerpt};

/// The key of the organiser's entry.
const ORGANISER: &str = "organiser";

/// The most entries that are looked at.
pub const CATALOG_FACTS_MAX: usize = 16;

/// Reads the organiser, and why an entry for it cannot be used.
pub(super) fn read_organiser(
    connection: &Connection,
) -> Result<(Option<ContentHash>, Vec<RowRejection>), rusqlite::Error> {
    let Some(stored) = stored_columns(connection, FACTS)? else {
        return Ok((None, Vec::new()));
    };
    let query = select(FACTS, &stored, &FACT_COLUMNS, CATALOG_FACTS_MAX, "NULL");
    let mut statement = connection.prepare(&query)?;
    let mut rows = statement.query([])?;
    for position in 1.. {
        let Some(row) = rows.next()? else { break };
        if text_of(row.get_ref(1)?).unwrap_or_default() != ORGANISER {
            continue;
        }
        let organiser = text_of(row.get_ref(2)?).unwrap_or_default();
        return Ok(match organiser.parse() {
            Ok(organiser) => (Some(organiser), Vec::new()),
            Err(error) => (None, vec![rejection(position, &error)]),
        });
    }
    Ok((None, Vec::new()))
}

fn rejection(row: i64, error: &HashParseError) -> RowRejection {
    RowRejection {
        table: CatalogTable::Facts,
        row,
        game_id: excerpt(ORGANISER),
        reason: RowRejectionReason::InvalidOrganiser {
            message: error.to_string(),
        },
    }
}

/// Makes the entry, if there is an organiser.
pub(super) fn insert_organiser(
    connection: &Connection,
    organiser: Option<ContentHash>,
) -> Result<(), rusqlite::Error> {
    let Some(organiser) = organiser else {
        return Ok(());
    };
    connection.execute_batch(CREATE_FACTS)?;
    let insert = format!("INSERT INTO {FACTS} VALUES (?1, ?2)");
    connection.execute(&insert, params![ORGANISER, organiser.to_string()])?;
    Ok(())
}

/// Writes who organises the party into the catalog `path`: the peer whose public key has this
/// fingerprint, or nobody. Other tools take no notice of it.
///
/// # Errors
///
/// When the catalog cannot be opened, is in use, or cannot be written. It is then as it was.
pub fn write_organiser(path: &Path, organiser: Option<ContentHash>) -> Result<(), ChangeError> {
    let meant = |catalog: Catalog| catalog.with_organiser(organiser);
    rewrite(path, meant, |connection| {
        connection.execute_batch(&format!("DROP TABLE IF EXISTS \"{FACTS}\""))?;
        insert_organiser(connection, organiser)
    })
}
