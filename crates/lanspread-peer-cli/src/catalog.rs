//! `lanspread catalog`: makes a catalog from a folder of games, and shows one.
//!
//! Invariant: whatever is not used is listed with the reason; it fails only if there is no catalog in
//! the end.

use std::path::Path;

use eyre::Result;
use lanspread_db::{
    Catalog, RowRejection,
    catalog::{BuildReport, build},
};

use crate::{
    args::CatalogCommand,
    display::Display,
    output,
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
        CatalogCommand::Show { catalog } => {
            let (games, rejections) = Catalog::open(catalog)?;
            output::print(&shown(&games, &rejections, catalog))?;
        }
    }
    Ok(())
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

fn shown(catalog: &Catalog, rejections: &[RowRejection], path: &Path) -> String {
    let mut table = Table::new([
        Column::text("ID"),
        Column::elastic("TITLE"),
        Column::text("VERSION"),
        Column::number("SIZE"),
        Column::text("PLAYERS"),
        Column::text("GENRE"),
        Column::text("PUBLISHER"),
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
        ]);
    }
    let games = count(catalog.games().len(), "game");
    let path = path.display();
    let mut lines = vec![
        table.render(output::columns()),
        format!("{path} lists {games}: a party with it shares these and no others\n"),
    ];
    if !rejections.is_empty() {
        lines.push(format!("{} not used:\n", count(rejections.len(), "row")));
    }
    for rejection in rejections {
        lines.push(format!("  {}\n", printable(&rejection.to_string())));
    }
    lines.concat()
}
