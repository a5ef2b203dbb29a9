//! `lanspread show`: one game, what is here of it and who says what of its files.
//!
//! Invariant: it shows what the peer answers, and nothing else.

use std::fmt::Write as _;

use eyre::{Result, bail};
use lanspread_db::GameId;
use serde_json::json;

use crate::{
    answers::{Game, Games, Offer, Status},
    display::Display,
    output,
    reach::Reached,
    settle,
    table::{Column, Table},
    words::{self, listed, printable, short, size},
};

/// Shows the game.
///
/// # Errors
/// The peer went away, or there is no such game.
pub(crate) async fn game(reached: &mut Reached, id: &GameId) -> Result<()> {
    if reached.is_own() {
        let mut display = Display::new(id.as_str());
        settle::discovery(&mut reached.client, &mut display).await?;
    }
    let status: Status = reached.client.ask(json!({ "cmd": "status" })).await?;
    let games: Games = reached.client.ask(json!({ "cmd": "list-games" })).await?;
    let Some(game) = games.get(id.as_str()) else {
        bail!(
            "{id} is unknown: it is neither here nor at any peer; `lanspread list` shows what is"
        );
    };
    let state = words::state(game, status.operation(id.as_str()));
    Ok(output::print(&describe(game, &state))?)
}

fn describe(game: &Game, state: &str) -> String {
    let files = |manifest: &Option<String>| {
        let manifest = manifest.as_deref().map(short);
        manifest.map_or_else(String::new, |hash| format!(" ({hash})"))
    };
    let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "-".to_owned());
    let pinned = if game.pinned.is_some() {
        ", pinned by the catalog"
    } else {
        ""
    };
    let here = if game.downloaded {
        format!("{}{}", version(&game.version), files(&game.manifest))
    } else {
        "nothing".to_owned()
    };
    let lines = [
        ("game", format!("{} ({})", printable(&game.title), game.id)),
        ("state", state.to_owned()),
        (
            "played",
            format!(
                "{}{pinned}{}",
                version(&game.expected_version),
                files(&game.pinned)
            ),
        ),
        ("here", here),
    ];
    let mut text = String::new();
    for (label, value) in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{label:<7} {value}");
    }
    if game.offers.is_empty() {
        text.push_str("no other peer here offers it\n");
    } else {
        text.push_str(&offers(&game.offers).render(output::columns()));
    }
    text
}

fn offers(offers: &[Offer]) -> Table<5> {
    let mut table = Table::new([
        Column::text("FILES"),
        Column::text("VERSION"),
        Column::number("SIZE"),
        Column::text("WHAT BECOMES OF THEM"),
        Column::elastic("WHO OFFERS THEM"),
    ]);
    for offer in offers {
        let manifest = offer.manifest.as_deref().map_or("…", short);
        let names: Vec<&str> = offer.names().collect();
        table.row([
            manifest.to_owned(),
            printable(&offer.version),
            size(offer.size),
            becomes(&offer.standing).to_owned(),
            listed(&names),
        ]);
    }
    table
}

/// What an offer counts for, in words.
fn becomes(standing: &str) -> &str {
    match standing {
        "source" => "they are fetched",
        "tied" => "nobody knows: as many offer others",
        "outvoted" => "not taken: more offer others",
        "not-pinned" => "not taken: the catalog pins others",
        "hashing" => "to be seen: still being hashed",
        "other-version" => "not taken: another version is played",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_game_is_shown_with_what_is_here_and_who_says_what() {
        let offer = |manifest: &str, standing: &str, names: &[&str]| {
            let peers: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
            json!({ "version": "20240101", "manifest": manifest, "size": 1 << 20,
                    "standing": standing, "peers": peers })
        };
        let game: Game = serde_json::from_value(json!({
            "id": "chess", "title": "Chess", "version": "20240101",
            "expected_version": "20240101", "size": 1, "downloaded": true, "installed": false,
            "peers": 1, "manifest": "0123456789", "pinned": "5555555555",
            "offers": [
                offer("5555555555", "source", &["alpha"]),
                offer("9999999999", "not-pinned", &["eve", "mallory\u{1b}"]),
            ],
        }))
        .expect("a game");
        assert_eq!(
            console::strip_ansi_codes(&describe(&game, "downloaded")),
            "game    Chess (chess)\n\
             state   downloaded\n\
             played  20240101, pinned by the catalog (55555555)\n\
             here    20240101 (01234567)\n\
             FILES     VERSION       SIZE  WHAT BECOMES OF THEM                WHO OFFERS THEM\n\
             55555555  20240101  1.00 MiB  they are fetched                    alpha\n\
             99999999  20240101  1.00 MiB  not taken: the catalog pins others  eve and mallory\u{fffd}\n"
        );
    }
}
