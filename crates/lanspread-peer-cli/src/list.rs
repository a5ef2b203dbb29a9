//! The commands that only look: `list`, `peers`, `status`.
//!
//! Invariant: the tables show what the peer answers, and nothing else.

use std::{path::Path, time::Duration};

use eyre::Result;
use lanspread_control::RunBy;
use serde_json::json;

use crate::{
    answers::{Discovery, FolderCheck, Games, KeptAway, Peers, Status},
    display::Display,
    output, rates,
    reach::Reached,
    settle,
    table::{Column, Table},
    words::{self, at_work, count, printable, short, size, time},
};

/// Shows all games, here and at the others.
///
/// # Errors
/// The peer went away.
pub(crate) async fn games(reached: &mut Reached) -> Result<()> {
    look_around(reached).await?;
    let status: Status = reached.client.ask(json!({ "cmd": "status" })).await?;
    let games: Games = reached.client.ask(json!({ "cmd": "list-games" })).await?;
    if games.games.is_empty() {
        output::line(&no_games(&status))?;
        return Ok(());
    }
    output::print(&games_table(&games, &status).render(output::columns()))?;
    let here = games.games.iter().filter(|game| game.downloaded).count();
    output::line(&format!(
        "{}, {here} here, {} connected ({})",
        count(games.games.len(), "game"),
        count(status.peers, "peer"),
        party(&status)
    ))?;
    Ok(())
}

fn no_games(status: &Status) -> String {
    format!(
        "No games: {} is empty and {} connected. Put game folders there, or start Lanspread on a \
         machine that has some.",
        status.games_dir.display(),
        count(status.peers, "peer")
    )
}

fn games_table(games: &Games, status: &Status) -> Table<5> {
    let mut table = Table::new([
        Column::text("ID"),
        Column::elastic("TITLE"),
        Column::text("VERSION"),
        Column::number("SIZE"),
        Column::text("STATE"),
    ]);
    for game in &games.games {
        let version = game.version.as_ref().or(game.expected_version.as_ref());
        table.row([
            printable(&game.id),
            printable(&game.title),
            version.cloned().unwrap_or_else(|| "-".to_owned()),
            if game.size > 0 {
                size(game.size)
            } else {
                "-".to_owned()
            },
            words::state(game, status.operation(&game.id)),
        ]);
    }
    table
}

/// Shows the other peers.
///
/// # Errors
/// The peer went away.
pub(crate) async fn peers(reached: &mut Reached) -> Result<()> {
    look_around(reached).await?;
    let peers: Peers = reached.client.ask(json!({ "cmd": "list-peers" })).await?;
    if !peers.peers.is_empty() {
        output::print(&peer_table(&peers).render(output::columns()))?;
    } else if peers.kept_away.is_empty() {
        output::line(
            "No other peer was found. Are the others running, on the same network, and does it \
             carry multicast? --connect ADDR reaches a peer by its address.",
        )?;
    }
    for line in kept_away(&peers) {
        output::line(&line)?;
    }
    Ok(())
}

fn peer_table(peers: &Peers) -> Table<4> {
    let mut table = Table::new([
        Column::elastic("NAME"),
        Column::text("PEER"),
        Column::text("ADDRESS"),
        Column::number("GAMES"),
    ]);
    for peer in &peers.peers {
        let games = if peer.in_sync {
            peer.games.to_string()
        } else {
            "…".to_owned()
        };
        let id = short(&peer.id).to_owned();
        table.row([printable(&peer.name), id, peer.addr.clone(), games]);
    }
    table
}

/// One line for each reason why a peer is not let in.
fn kept_away(peers: &Peers) -> Vec<String> {
    let of_peer = |kept: &KeptAway| {
        let who = format!("{} ({})", printable(&kept.name), short(&kept.id));
        let lines = kept.reasons.iter();
        let lines = lines.map(move |reason| format!("{who} is not let in: {}", reason.message));
        lines.collect::<Vec<_>>()
    };
    peers.kept_away.iter().flat_map(of_peer).collect()
}

/// Shows what the peer is and does.
///
/// # Errors
/// The peer went away.
pub(crate) async fn status(reached: &mut Reached) -> Result<()> {
    let own = reached.is_own();
    let status: Status = reached.client.ask(json!({ "cmd": "status" })).await?;
    output::print(&describe(&status, own))?;
    Ok(())
}

/// Waits until a peer that was started for this has found the others.
///
/// # Errors
/// The peer went away.
pub(crate) async fn look_around(reached: &mut Reached) -> Result<()> {
    if reached.is_own() {
        let mut display = Display::new("");
        settle::discovery(&mut reached.client, &mut display).await?;
    }
    Ok(())
}

/// Which party this is.
pub(crate) fn party(status: &Status) -> String {
    let with_code = if status.party_code {
        " with a party code"
    } else {
        ""
    };
    match &status.catalog {
        Some(catalog) if status.mode == "catalog" => {
            format!("the party of the catalog {}{with_code}", catalog.display())
        }
        Some(_) | None => format!("an open party{with_code}: every game is shared"),
    }
}

/// What a peer is and does, line by line.
fn describe(status: &Status, own: bool) -> String {
    let running = if own {
        "not running; one was started to answer this".to_owned()
    } else {
        let what = if status.run_by.as_deref() == Some(RunBy::Window.as_str()) {
            ", in the window"
        } else {
            ""
        };
        format!(
            "running for {}{what}",
            time(Duration::from_millis(status.uptime_ms))
        )
    };
    let path = |path: &Path| path.display().to_string();
    let mut lines = vec![
        (
            "peer",
            format!("{} ({})", printable(&status.name), status.peer_id),
        ),
        ("state", running),
        (
            "version",
            format!(
                "{}, wire version {}",
                status.version, status.protocol_version
            ),
        ),
        ("address", status.listen_addrs.join(", ")),
        ("party", party(status)),
        ("games in", path(&status.games_dir)),
    ];
    for dir in &status.more_games_dirs {
        lines.push(("and in", path(&dir.path)));
    }
    lines.push(("state in", path(&status.state_dir)));
    if let Some(problem) = &status.games_dir_problem {
        let told = format!("the games folder cannot be read: {}", printable(problem));
        lines.push(("problem", told));
    }
    for dir in &status.more_games_dirs {
        if let Some(problem) = &dir.problem {
            let dir = path(&dir.path);
            let told = format!("{dir} cannot be read: {}", printable(&problem.message));
            lines.push(("problem", told));
        }
    }
    if let FolderCheck::ReadOnly { message } = &status.health.folder {
        lines.push(("problem", printable(message)));
    }
    match &status.discovery {
        Discovery::Trouble { message } => lines.push(("problem", printable(message))),
        Discovery::Off => {
            let told = "off: peers are reached by their addresses only";
            lines.push(("finding", told.to_owned()));
        }
        Discovery::Fine => {}
    }
    if status.unencrypted_lanes {
        let told = "game files move without encryption where the other peer was told so, too";
        lines.push(("lanes", told.to_owned()));
    }
    if !own {
        let sees = format!(
            "{}, {}",
            count(status.games, "game"),
            count(status.peers, "peer")
        );
        lines.push(("sees", sees));
    }
    for limit in rates::in_force(status) {
        lines.push(("limited", limit));
    }
    for operation in &status.operations {
        lines.push((
            "works on",
            format!("{}: {}", operation.id, at_work(operation)),
        ));
    }
    for upload in &status.outbound {
        lines.push((
            "serves",
            format!("{} to {}", upload.id, short(&upload.peer_id)),
        ));
    }
    let lines: Vec<String> = lines
        .into_iter()
        .map(|(label, value)| format!("{label:<9} {value}\n"))
        .collect();
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::Health;

    fn status() -> Status {
        serde_json::from_value(json!({
            "peer_id": "0123456789abcdef", "name": "den\u{1b}", "listen_addr": "127.0.0.1:4000",
            "listen_addrs": ["127.0.0.1:4000"], "version": "0.1.0", "protocol_version": 1,
            "mode": "open", "catalog": null, "games_dir": "/games", "state_dir": "/state",
            "games": 2, "peers": 1,
            "operations": [{ "id": "chess", "kind": "install", "progress": null }],
            "outbound": [{ "peer_id": "fedcba9876543210", "id": "go", "requests": 2 }],
            "rate_limits": { "upload_bytes_per_s": 5 << 20, "upload_per_peer_bytes_per_s": null,
                "download_bytes_per_s": null, "download_per_peer_bytes_per_s": 1 << 20 },
            "playing": true,
            "uptime_ms": 61_000,
        }))
        .expect("a status")
    }

    #[test]
    fn a_status_says_what_runs_and_where_things_are() {
        assert_eq!(
            describe(&status(), false),
            "peer      den\u{fffd} (0123456789abcdef)\n\
             state     running for 1 min 1 s\n\
             version   0.1.0, wire version 1\n\
             address   127.0.0.1:4000\n\
             party     an open party: every game is shared\n\
             games in  /games\n\
             state in  /state\n\
             sees      2 games, 1 peer\n\
             limited   uploads to 5.00 MiB/s\n\
             limited   downloads from one peer to 1.00 MiB/s\n\
             limited   uploads yield to your game\n\
             works on  chess: installing\n\
             serves    go to fedcba98\n"
        );
        assert!(describe(&status(), true).contains("not running"));
        let in_the_window = Status {
            run_by: Some("window".to_owned()),
            ..status()
        };
        assert!(describe(&in_the_window, false).contains("running for 1 min 1 s, in the window\n"));
        let unplugged = Status {
            games_dir_problem: Some("/games is gone".to_owned()),
            ..status()
        };
        let told = "problem   the games folder cannot be read: /games is gone\n";
        assert!(describe(&unplugged, false).contains(told));
        let blocked: Discovery =
            serde_json::from_value(json!({ "state": "trouble", "message": "no port" }))
                .expect("a state");
        let blocked = Status {
            discovery: blocked,
            ..status()
        };
        assert!(describe(&blocked, false).contains("problem   no port\n"));
        let works: Discovery =
            serde_json::from_value(json!({ "state": "works" })).expect("a state");
        assert!(matches!(works, Discovery::Fine));
        let message = "/games cannot be written to".to_owned();
        let read_only = Status {
            health: Health {
                folder: FolderCheck::ReadOnly { message },
            },
            ..status()
        };
        let told = "problem   /games cannot be written to\n";
        assert!(describe(&read_only, false).contains(told));
        let unencrypted_lanes = true;
        let unencrypted = Status {
            unencrypted_lanes,
            ..status()
        };
        assert!(
            describe(&unencrypted, false).contains("lanes     game files move without encryption")
        );
    }

    #[test]
    fn a_catalog_is_named() {
        let mut status = status();
        status.mode = "catalog".to_owned();
        status.catalog = Some("/party/game.db".into());
        assert_eq!(party(&status), "the party of the catalog /party/game.db");
        status.party_code = true;
        assert!(party(&status).ends_with("game.db with a party code"));
    }

    #[test]
    fn the_games_stand_in_aligned_columns() {
        let games: Games = serde_json::from_value(json!({ "games": [
            { "id": "chess", "title": "Chess", "version": null, "expected_version": "20240101",
              "size": 0, "downloaded": false, "installed": false, "peers": 0 },
            { "id": "go", "title": "The game of Go", "version": "20200202",
              "expected_version": "20200202", "size": 1 << 20, "downloaded": true,
              "installed": true, "peers": 0 },
        ]}))
        .expect("games");
        let table = games_table(&games, &status()).render(None);
        assert_eq!(
            console::strip_ansi_codes(&table),
            "ID     TITLE           VERSION       SIZE  STATE\n\
             chess  Chess           20240101         -  installing\n\
             go     The game of Go  20200202  1.00 MiB  ready to play\n"
        );
    }

    #[test]
    fn whoever_is_not_let_in_is_shown_with_the_reason() {
        let peers: Peers = serde_json::from_value(json!({
            "peers": [],
            "kept_away": [{
                "peer_id": "fedcba9876543210", "name": "mal\u{1b}lory",
                "reasons": [{ "kind": "expelled", "message": "it is expelled here for 12 h" }],
            }],
        }))
        .expect("an answer");
        assert_eq!(
            kept_away(&peers),
            ["mal\u{fffd}lory (fedcba98) is not let in: it is expelled here for 12 h"]
        );
    }
}
