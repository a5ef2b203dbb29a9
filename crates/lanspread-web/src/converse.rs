//! One browser's conversation: updates to it, commands from it, answers to it.
//!
//! Invariant: every command gets exactly one answer, and a browser that is slow or gone costs one
//! connection and nothing else.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::{Message, WebSocket};
use lanspread_app::{App, Ran, Seat};
use lanspread_jsonl::{Command, Line};
use lanspread_peer::{CommandRefused, ErrorKind};
use serde_json::{Value, json};
use tokio::time::{Instant, interval_at, timeout};

/// Most browsers at the same time.
pub const CLIENTS_MAX: usize = 64;

/// Most guests among them: however many come, whoever controls the peer finds a place.
pub const GUESTS_MAX: usize = 48;

/// How often a browser is asked whether it is there, which keeps its connection open, too.
const ASK_EVERY: Duration = Duration::from_secs(10);

/// A browser that takes nothing for so long is gone.
const SEND_PATIENCE: Duration = Duration::from_secs(20);

/// Talks until one of both is gone.
pub(crate) async fn converse(mut socket: WebSocket, app: Arc<App>, seat: Seat) {
    let mut live = app.live(seat);
    let mut ask = interval_at(Instant::now() + ASK_EVERY, ASK_EVERY);
    loop {
        let message = tokio::select! {
            update = live.next() => match update {
                Some(update) => match serde_json::to_string(&update) {
                    Ok(text) => Message::Text(text.into()),
                    Err(error) => {
                        tracing::error!(%error, "an update cannot be written as JSON");
                        return;
                    }
                },
                None => return,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    let Line { seq, command } = lanspread_jsonl::parse(text.as_bytes());
                    let answer = answer(&seq, run(&app, command, seat).await);
                    Message::Text(answer.to_string().into())
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => continue,
            },
            _ = ask.tick() => Message::Ping(Vec::new().into()),
        };
        match timeout(SEND_PATIENCE, socket.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

async fn run(
    app: &Arc<App>,
    command: Result<Command, CommandRefused>,
    seat: Seat,
) -> Result<(), CommandRefused> {
    let command = command?;
    let refused = match seat {
        Seat::Elsewhere if is_for_who_sits_here(&command) => {
            Some("that is done on the machine itself, not from another one")
        }
        Seat::Here | Seat::Elsewhere => None,
        Seat::Guest => Some("guests look and fetch games; the link with the token does more"),
    };
    if let Some(why) = refused {
        return Err(CommandRefused {
            kind: ErrorKind::NotAllowed,
            message: why.to_owned(),
        });
    }
    match app.run(command).await? {
        Ran::Accepted => Ok(()),
        Ran::Asked(_) => Err(lanspread_jsonl::bad_input(
            "a page is sent the state unasked, and does not end the peer".to_owned(),
        )),
    }
}

/// Whether a command opens folders of this machine, or programs on its screen.
const fn is_for_who_sits_here(command: &Command) -> bool {
    matches!(
        command,
        Command::SetGameDir { .. }
            | Command::SetMoreGameDirs { .. }
            | Command::Play(_)
            | Command::StartServer(_)
    )
}

fn answer(seq: &Value, result: Result<(), CommandRefused>) -> Value {
    match result {
        Ok(()) => lanspread_jsonl::ok(seq, &json!({})),
        Err(error) => lanspread_jsonl::refused(seq, &error),
    }
}
