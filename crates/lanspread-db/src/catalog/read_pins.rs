//! Reads the pins of a catalog file, believing nothing in them.
//!
//! Its one invariant: one bad row costs that row only, and what it costs is reported; a version
//! that is pinned twice keeps the first pin. It deliberately does not know whether anybody has
//! what is pinned.

use rusqlite::{Connection, Row};

use super::{
    CATALOG_PINS_MAX, CatalogTable, Pins, RowRejection, RowRejectionReason,
    read::{id_of, integer_of, select, stored_columns, text_of, version_of},
    schema::{PIN_COLUMNS, PINS},
};
use crate::{GameDB, GameId, ManifestHash, Version, excerpt::excerpt};

/// Reads all pins that can be used, and why the others cannot. A file without them is as good.
pub(super) fn read_pins(
    connection: &Connection,
    games: &GameDB,
) -> Result<(Pins, Vec<RowRejection>), rusqlite::Error> {
    let (mut pins, mut rejections) = (Pins::new(), Vec::new());
    let Some(stored) = stored_columns(connection, PINS)? else {
        return Ok((pins, rejections));
    };
    let query = |row| select(PINS, &stored, &PIN_COLUMNS, CATALOG_PINS_MAX + 1, row);
    // A table made WITHOUT ROWID has no number to select.
    let mut statement = match connection.prepare(&query("rowid")) {
        Ok(statement) => statement,
        Err(_) => connection.prepare(&query("NULL"))?,
    };
    let mut rows = statement.query([])?;
    for position in 1.. {
        let Some(row) = rows.next()? else { break };
        let number = integer_of(row.get_ref(0)?).unwrap_or(position);
        let read = if pins.len() == CATALOG_PINS_MAX {
            Err(RowRejectionReason::TooManyPins)
        } else {
            read_pin(row, games)?.and_then(|pin| admit(&mut pins, pin))
        };
        if let Err(reason) = read {
            rejections.push(RowRejection {
                table: CatalogTable::Pins,
                row: number,
                game_id: excerpt(&text_of(row.get_ref(1)?).unwrap_or_default()),
                reason,
            });
        }
    }
    Ok((pins, rejections))
}

/// One pin.
type Pin = (GameId, Version, ManifestHash);

/// Reads one row. The outer error is the database's, the inner one the row's.
fn read_pin(
    row: &Row<'_>,
    games: &GameDB,
) -> Result<Result<Pin, RowRejectionReason>, rusqlite::Error> {
    let [id, version, manifest] = [row.get_ref(1)?, row.get_ref(2)?, row.get_ref(3)?];
    let pin = || {
        let id = id_of(id)?;
        if !games.contains(&id) {
            return Err(RowRejectionReason::PinOfUnlistedGame);
        }
        let version = version_of(version)?.ok_or(RowRejectionReason::PinWithoutVersion)?;
        let manifest = text_of(manifest).unwrap_or_default();
        let manifest = manifest.parse().map_err(|error: crate::HashParseError| {
            RowRejectionReason::InvalidPin {
                message: error.to_string(),
            }
        })?;
        Ok((id, version, manifest))
    };
    Ok(pin())
}

fn admit(pins: &mut Pins, (id, version, manifest): Pin) -> Result<(), RowRejectionReason> {
    if let Some(earlier) = pins.get(&id, version) {
        let earlier = earlier.short();
        return Err(RowRejectionReason::DuplicatePin { earlier });
    }
    pins.insert(id, version, manifest);
    Ok(())
}
