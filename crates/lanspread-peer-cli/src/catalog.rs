//! `lanspread catalog`: makes a catalog from a folder of games, and shows one; [`crate::pin`] pins.
//!
//! Invariant: whatever is not used is listed with the reason; it fails only if there is no catalog in
//! the end.

use std::path::Path;

use eyre::Result;
use lanspread_db::{
    Catalog, ContentHash, GameId, RowRejection,
    catalog::{BuildReport, build, write_organiser},
};
use lanspread_peer::PeerId;

use crate::{
    args::CatalogCommand,
    display::Display,
    output, pin,
    table::{Column, Table},
    words::{count, printable, size},
};

/// Carries out the subcommand.
///
/// # Errors
/// The folder or the catalog cannot be used.
pub(crate) fn run(command: &CatalogCommand) -> Result<()> {
    match command {
        CatalogCommand::Build { games_dir, output } => {
            let mut display = Display::new("catalog");
            display.waiting("scan", "adding up the games");
            let report = build(games_dir, output)?;
            drop(display);
            output::print(&built(&report, output))?;
        }
        CatalogCommand::Pin {
            catalog,
            ids,
            games_dir,
            remove,
        } => {
            if *remove {
                pin::remove(catalog, ids)?;
            } else {
                pin::pin(catalog, ids, games_dir.as_deref())?;
            }
        }
        CatalogCommand::Organiser {
            catalog, organiser, ..
        } => {
            write_organiser(catalog, organiser.map(|peer| ContentHash(*peer.as_bytes())))?;
            output::line(&organised(*organiser, catalog))?;
        }
        CatalogCommand::Show { catalog } => {
            let (games, rejections) = Catalog::open(catalog)?;
            output::print(&shown(&games, &rejections, catalog))?;
        }
    }
    Ok(())
}

fn organised(organiser: Option<PeerId>, catalog: &Path) -> String {
    let catalog = catalog.display();
    organiser.map_or_else(
        || format!("{catalog} names no organiser: nobody expels from the whole party"),
        |peer| format!("{catalog} names {peer} as the organiser: whom it expels is out everywhere"),
    )
}

fn built(report: &BuildReport, output: &Path) -> String {
    let mut table = Table::new([
        Column::text("ID"),
        Column::elastic("TITLE"),
        Column::text("VERSION"),
        Column::number("SIZE"),
    ]);
    for game in &report.games {
        let version = game.version.to_string();
        table.row([
            game.id.to_string(),
            printable(&game.title),
            version,
            size(game.size_bytes),
        ]);
    }
    let mut lines = vec![table.render(output::columns())];
    for skipped in &report.skipped {
        lines.push(format!(
            "left out: {}: {}\n",
            printable(&skipped.name),
            skipped.reason
        ));
    }
    let games = count(report.games.len(), "game");
    lines.push(format!(
        "{} lists {games}; hand it to the others with --catalog\n",
        output.display()
    ));
    lines.concat()
}

/// Whether the version that is played is pinned, and to what.
fn pins_of(catalog: &Catalog, id: &GameId) -> String {
    let expected = catalog.expected_version(id);
    let pinned = expected.and_then(|version| catalog.pin(id, version));
    if let Some(manifest) = pinned {
        return manifest.short();
    }
    match catalog.pins().iter().filter(|(of, ..)| *of == id).count() {
        0 => "-".to_owned(),
        others => count(others, "other version"),
    }
}

fn shown(catalog: &Catalog, rejections: &[RowRejection], path: &Path) -> String {
    let mut table = Table::new([
        Column::text("ID"),
        Column::elastic("TITLE"),
        Column::text("VERSION"),
        Column::number("SIZE"),
        Column::text("PLAYERS"),
        Column::text("GENRE"),
        Column::text("PUBLISHER"),
        Column::text("PINNED"),
    ]);
    let or_dash = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), printable);
    for game in catalog.games() {
        table.row([
            game.id.to_string(),
            printable(&game.title),
            game.version
                .map_or_else(|| "any".to_owned(), |version| version.to_string()),
            game.size_bytes.map_or_else(|| "-".to_owned(), size),
            or_dash(
                game.max_players
                    .as_ref()
                    .map(|players| players.text.as_str()),
            ),
            or_dash(game.genre.any()),
            or_dash(game.publisher.as_deref()),
            pins_of(catalog, &game.id),
        ]);
    }
    let games = count(catalog.games().len(), "game");
    let path = path.display();
    let mut lines = vec![
        table.render(output::columns()),
        format!("{path} lists {games}: a party with it shares these and no others\n"),
    ];
    if let Some(organiser) = catalog.organiser() {
        lines.push(format!("the organiser is the peer {organiser}\n"));
    }
    if !rejections.is_empty() {
        lines.push(not_used(rejections));
    }
    lines.concat()
}

/// The rows that are not used, and why.
pub(crate) fn not_used(rejections: &[RowRejection]) -> String {
    let mut lines = vec![format!("{} not used:\n", count(rejections.len(), "row"))];
    for rejection in rejections {
        lines.push(format!("  {}\n", printable(&rejection.to_string())));
    }
    lines.concat()
}
