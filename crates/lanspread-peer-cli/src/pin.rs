//! `lanspread catalog pin`: says in a catalog which files are the right ones.
//!
//! Invariant: the catalog is written once, at the end, and only if something changes in it; what is
//! named and cannot be pinned ends the work before. It shows what became of each pin.

use std::path::Path;

use eyre::{Result, WrapErr, bail};
use lanspread_db::{
    Catalog, CatalogTable, GameId, Manifest, ManifestHash, Pins, RowRejection, Version,
    catalog::write_pins,
};
use lanspread_peer::GameHasher;

use crate::{
    answers::Progress,
    catalog::not_used,
    display::Display,
    output,
    table::{Column, Table},
    words::{count, printable},
};

/// Pins the files of these games, or of all in the catalog, as they lie in `games_dir`.
///
/// # Errors
/// The catalog or the games cannot be used, or a game that is named is not there.
pub(crate) fn pin(catalog: &Path, ids: &[GameId], games_dir: Option<&Path>) -> Result<()> {
    let (listed, rejections) = open(catalog)?;
    for id in ids {
        expect_listed(&listed, id, catalog)?;
    }
    let beside = catalog.parent().filter(|dir| !dir.as_os_str().is_empty());
    let games_dir = games_dir.or(beside).unwrap_or(Path::new("."));
    let hasher = GameHasher::open(games_dir)?;
    let wanted: Vec<&GameId> = if ids.is_empty() {
        listed.games().ids().collect()
    } else {
        ids.iter().collect()
    };
    let mut pins = listed.pins().clone();
    let mut changes = Vec::new();
    let mut absent = 0;
    for id in wanted {
        let Some(manifest) = hash(&hasher, id)? else {
            if !ids.is_empty() {
                bail!(
                    "cannot pin {id}: it is not downloaded in {}; name the folder of the games with \
                     --games-dir",
                    games_dir.display()
                );
            }
            absent += 1;
            continue;
        };
        changes.push(enter(&mut pins, &manifest));
    }
    if changes.is_empty() {
        bail!(
            "no game of {} lies in {}: name the folder of the games with --games-dir",
            catalog.display(),
            games_dir.display()
        );
    }
    let mut said = write(catalog, &listed, &pins, &rejections, &changes)?;
    said.extend(changes.iter().map(|change| other_version(&listed, change)));
    if absent > 0 {
        let absent = count(absent, "game");
        said.push(format!(
            "{absent} of the catalog not in {}\n",
            games_dir.display()
        ));
    }
    Ok(output::print(&said.concat())?)
}

/// Forgets the pins of these games, or all.
///
/// # Errors
/// The catalog cannot be used, or a game that is named is not in it.
pub(crate) fn remove(catalog: &Path, ids: &[GameId]) -> Result<()> {
    let (listed, rejections) = open(catalog)?;
    for id in ids {
        expect_listed(&listed, id, catalog)?;
    }
    let mut pins = listed.pins().clone();
    let wanted: Vec<&GameId> = if ids.is_empty() {
        listed.games().ids().collect()
    } else {
        ids.iter().collect()
    };
    let mut changes = Vec::new();
    for id in wanted {
        let removed = pins.remove(id).into_iter();
        changes.extend(removed.map(|(version, manifest)| Change {
            id: id.clone(),
            version,
            was: Some(manifest),
            is: None,
        }));
    }
    let said = write(catalog, &listed, &pins, &rejections, &changes)?;
    Ok(output::print(&said.concat())?)
}

fn open(catalog: &Path) -> Result<(Catalog, Vec<RowRejection>)> {
    let (listed, mut rejections) = Catalog::open(catalog)?;
    rejections.retain(|rejection| rejection.table == CatalogTable::Pins);
    Ok((listed, rejections))
}

fn expect_listed(listed: &Catalog, id: &GameId, catalog: &Path) -> Result<()> {
    if listed.contains(id) {
        return Ok(());
    }
    bail!(
        "cannot pin {id}: {} does not list it; `lanspread catalog show` shows what it lists",
        catalog.display()
    )
}

/// Reads a game, with its progress shown.
fn hash(hasher: &GameHasher, id: &GameId) -> Result<Option<std::sync::Arc<Manifest>>> {
    let display = std::cell::RefCell::new(Display::new(id.as_str()));
    let progress = |done_bytes, total_bytes| {
        display.borrow_mut().progress(&Progress::Checking {
            done_bytes,
            total_bytes,
        });
    };
    let manifest = hasher.hash(id, &progress);
    manifest.wrap_err_with(|| format!("cannot pin {id}"))
}

/// What becomes of the pin of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    id: GameId,
    version: Version,
    was: Option<ManifestHash>,
    is: Option<ManifestHash>,
}

fn enter(pins: &mut Pins, manifest: &Manifest) -> Change {
    let (id, version, is) = (
        manifest.game_id().clone(),
        manifest.version(),
        manifest.hash(),
    );
    let was = pins.insert(id.clone(), version, is);
    Change {
        id,
        version,
        was,
        is: Some(is),
    }
}

/// Writes the pins if they changed, and says what became of each.
fn write(
    catalog: &Path,
    listed: &Catalog,
    pins: &Pins,
    rejections: &[RowRejection],
    changes: &[Change],
) -> Result<Vec<String>> {
    let mut said = Vec::new();
    if !changes.is_empty() {
        said.push(table(changes).render(output::columns()));
    }
    let (path, all) = (catalog.display(), count(pins.len(), "version"));
    if pins == listed.pins() {
        said.push(format!(
            "nothing changed: {path} pins {all}
"
        ));
    } else {
        write_pins(catalog, pins)?;
        said.push(format!(
            "{path} pins {all}; hand it to the others again
"
        ));
    }
    if !rejections.is_empty() {
        said.push(not_used(rejections));
    }
    Ok(said)
}

fn table(changes: &[Change]) -> Table<4> {
    let mut table = Table::new([
        Column::text("ID"),
        Column::text("VERSION"),
        Column::text("PINNED"),
        Column::text("CHANGE"),
    ]);
    for change in changes {
        let pinned = change.is.map_or_else(|| "-".to_owned(), |is| is.short());
        table.row([
            printable(change.id.as_str()),
            change.version.to_string(),
            pinned,
            in_words(change),
        ]);
    }
    table
}

fn in_words(change: &Change) -> String {
    match (change.was, change.is) {
        (None, _) => "new".to_owned(),
        (Some(was), None) => format!("removed, was {}", was.short()),
        (Some(was), Some(is)) if was == is => "as before".to_owned(),
        (Some(was), Some(_)) => format!("other files, was {}", was.short()),
    }
}

/// A word of warning where the files that were pinned are not those that are played.
fn other_version(listed: &Catalog, change: &Change) -> String {
    match listed.expected_version(&change.id) {
        Some(expected) if expected != change.version => format!(
            "{}: the catalog asks for version {expected}, and version {} lies there and was pinned\n",
            change.id, change.version
        ),
        Some(_) | None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use lanspread_db::ContentHash;

    use super::*;

    #[test]
    fn every_change_of_a_pin_has_its_words() {
        let [one, two] = [1, 2].map(|n| ManifestHash(ContentHash([n; 32])));
        let change = |was, is| Change {
            id: GameId::parse("chess").expect("an id"),
            version: Version::parse("20240101").expect("a version"),
            was,
            is,
        };
        let table = [
            (change(None, Some(one)), "new"),
            (change(Some(one), Some(one)), "as before"),
            (change(Some(one), Some(two)), "other files, was 01010101"),
            (change(Some(one), None), "removed, was 01010101"),
        ];
        for (change, words) in table {
            assert_eq!(in_words(&change), words);
        }
    }
}
