//! `lanspread play`: starts a game that is unpacked, or its dedicated server.
//!
//! Invariant: where no peer runs, the one that was started for this command stays until the game has ended,
//! since what has to be done before a first start is its work.

use std::time::Duration;

use eyre::{Result, bail};
use lanspread_db::GameId;
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use crate::{answers::Status, args::PlayArgs, output, reach::Reached, words::printable};

/// How often it is looked whether the game runs.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// Starts it; without a peer that stays, it waits for the end.
///
/// # Errors
/// It is refused, or the script failed.
pub(crate) async fn play(reached: &mut Reached, id: &GameId, wanted: &PlayArgs) -> Result<()> {
    let mut command = Map::new();
    let cmd = if wanted.server {
        "start-server"
    } else {
        "play"
    };
    command.insert("cmd".to_owned(), json!(cmd));
    command.insert("id".to_owned(), json!(id));
    command.insert("player".to_owned(), json!(wanted.player));
    command.insert("language".to_owned(), json!(wanted.language));
    reached.client.call(Value::Object(command)).await?;
    let what = if wanted.server { "the server of " } else { "" };
    output::line(&format!("{what}{id} is started"))?;
    if reached.is_own() {
        until_ended(reached, id).await?;
    }
    Ok(())
}

async fn until_ended(reached: &mut Reached, id: &GameId) -> Result<()> {
    let mut runs = true;
    loop {
        // A failure is told before the end is seen.
        let event = timeout(LOOK_EVERY, reached.client.next_event()).await;
        match event {
            Ok(Some(event)) => tell_failure(id, &event)?,
            Ok(None) => return Ok(()),
            Err(_) if !runs => return Ok(()),
            Err(_) => {
                let status: Status = reached.client.ask(json!({ "cmd": "status" })).await?;
                runs = status.running.iter().any(|script| script.id == id.as_str());
            }
        }
    }
}

fn tell_failure(id: &GameId, event: &Value) -> Result<()> {
    match event["message"].as_str() {
        Some(message) if event["event"] == "notice" && message.starts_with(id.as_str()) => {
            bail!("{}", printable(message))
        }
        Some(_) | None => Ok(()),
    }
}
