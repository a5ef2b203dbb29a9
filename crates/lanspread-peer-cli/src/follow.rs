//! Follows one operation from its acceptance to its one terminal event.
//!
//! Invariant: only events that came after the command was accepted count, so the end of an earlier
//! operation is never taken for that of this one.

use std::{fmt::Write, time::Duration};

use eyre::{Result, bail, eyre};
use lanspread_db::GameId;
use serde_json::{Value, json};

use crate::{
    answers::{Operation, Progress, Report, Status},
    client::{CallError, Client, Refusal},
    display::Display,
    settle,
    words::{doing, listed, other_files, printable, short},
};

/// How often a command is sent again because the game was busy and then was not.
const BUSY_TRIES_MAX: usize = 10;

/// How long something is waited for to happen in between.
const BUSY_PAUSE: Duration = Duration::from_millis(200);

/// How an operation ended.
#[derive(Debug, Clone)]
pub(crate) enum Ended {
    /// As wanted.
    Finished(Report),
    /// Not.
    Failed(Refusal),
    /// Somebody cancelled it.
    Cancelled,
}

impl Ended {
    /// The report of an operation that did what was asked.
    ///
    /// # Errors
    /// It did not.
    pub(crate) fn report(self, kind: &str, id: &GameId) -> Result<Report> {
        match self {
            Self::Finished(report) => Ok(report),
            Self::Failed(refusal) => Err(eyre!(refusal.message)),
            Self::Cancelled => Err(eyre!("{} {id} was cancelled from elsewhere", doing(kind))),
        }
    }
}

/// Sends a command that begins an operation of this kind, and follows that to its end. Where one of
/// the same kind runs already, that is followed.
///
/// # Errors
/// The command is refused or the peer goes away.
pub(crate) async fn run(
    client: &mut Client,
    display: &mut Display,
    command: &Value,
    kind: &str,
    id: &GameId,
) -> Result<Ended> {
    for _ in 0..BUSY_TRIES_MAX {
        let refusal = match client.call(command.clone()).await {
            Ok(_) => {
                client.forget_events();
                return to_end(client, display, kind, id).await;
            }
            Err(CallError::Refused(refusal)) if refusal.kind == "busy" => refusal,
            Err(error) => return Err(error.into()),
        };
        let status: Status = client.ask(json!({ "cmd": "status" })).await?;
        match status.operation(id.as_str()) {
            None if status.running.iter().any(|script| script.id == id.as_str()) => {
                bail!(refusal.message);
            }
            // It ended in between, or is about to begin.
            None => {
                drop(tokio::time::timeout(BUSY_PAUSE, client.next_event()).await);
            }
            Some(Operation { kind: running, .. }) if running == kind => {
                display.note(&format!("{} {id} already; this follows it", doing(kind)));
                client.forget_events();
                return to_end(client, display, kind, id).await;
            }
            Some(Operation { kind: running, .. }) if running == "recover" => {
                client.forget_events();
                to_end(client, display, "recover", id).await?;
            }
            Some(_) => bail!(refusal.message),
        }
    }
    bail!("{id} is busy with one thing after the other; try again in a moment")
}

/// Follows an operation that runs, or whose events are waiting to be read.
///
/// # Errors
/// The peer went away, or it told too much too fast to be followed.
pub(crate) async fn to_end(
    client: &mut Client,
    display: &mut Display,
    kind: &str,
    id: &GameId,
) -> Result<Ended> {
    loop {
        let event = client.next_event().await.ok_or(CallError::Gone)?;
        let name = event["event"].as_str().unwrap_or_default().to_owned();
        if name == "events-lost" {
            expect_running(client, kind, id).await?;
            continue;
        }
        if event["id"] != id.as_str() {
            settle::tell(display, &event);
            continue;
        }
        match name.strip_prefix(kind) {
            Some("-progress") => {
                if let Ok(progress) = serde_json::from_value::<Progress>(event) {
                    display.progress(&progress);
                }
            }
            Some("-finished") => return Ok(Ended::Finished(understood(event)?)),
            Some("-failed") => return Ok(Ended::Failed(understood(event)?)),
            Some("-cancelled") => return Ok(Ended::Cancelled),
            Some(_) | None => tell_about(display, &name, &event),
        }
    }
}

fn understood<T: serde::de::DeserializeOwned>(event: Value) -> Result<T, CallError> {
    serde_json::from_value(event).map_err(|error| CallError::Malformed(error.to_string()))
}

/// After lost events the end may be among them.
async fn expect_running(client: &mut Client, kind: &str, id: &GameId) -> Result<()> {
    let status: Status = client.ask(json!({ "cmd": "status" })).await?;
    if status
        .operation(id.as_str())
        .is_none_or(|running| running.kind != kind)
    {
        bail!(
            "the end of {} {id} was missed because events came too fast; `lanspread list` shows \
             how things stand",
            doing(kind)
        );
    }
    Ok(())
}

/// What happens on the way and users should know.
fn tell_about(display: &Display, name: &str, event: &Value) {
    match name {
        "source-dropped" => display.note(&dropped(event)),
        "manifest-conflict" => display.note(&conflict(event)),
        _ => {}
    }
}

/// Names a source that is not asked any more.
pub(crate) fn dropped(event: &Value) -> String {
    let text = |name: &str| printable(event[name].as_str().unwrap_or_default());
    format!(
        "{} is not asked for {} any more: {}",
        text("name"),
        text("id"),
        text("message")
    )
}

/// Says who announces which files.
pub(crate) fn conflict(event: &Value) -> String {
    let text = |name: &str| printable(event[name].as_str().unwrap_or_default());
    let (id, version) = (text("id"), text("version"));
    if let Some(pinned) = event["pinned"].as_str() {
        return beside_the_pin(event, &format!("{id} {version}"), pinned);
    }
    let mut said = format!("peers hold different files as {id} {version}:");
    for offer in event["offers"].as_array().into_iter().flatten() {
        let manifest = short(offer["manifest"].as_str().unwrap_or_default());
        let mark = if offer["manifest"] == event["chosen"] {
            ", which are taken"
        } else {
            ""
        };
        // Writing to a string cannot fail.
        let _ = write!(said, " {manifest} at {}{mark};", names(offer).join(", "));
    }
    said.trim_end_matches(';').to_owned()
}

/// Says who offers other files than those that the catalog pins.
fn beside_the_pin(event: &Value, game: &str, pinned: &str) -> String {
    let offers = event["offers"].as_array();
    let (right, wrong): (Vec<&Value>, Vec<&Value>) = offers
        .into_iter()
        .flatten()
        .partition(|offer| offer["manifest"] == event["pinned"]);
    let holders: Vec<&str> = right.into_iter().flat_map(names).collect();
    let others: Vec<&str> = wrong.into_iter().flat_map(names).collect();
    let who = if holders.is_empty() {
        "nobody here has them".to_owned()
    } else {
        format!("at {}", listed(&holders))
    };
    format!(
        "the files of {game} are pinned by the catalog ({}, {who}); {}, which are not taken",
        short(pinned),
        other_files(&others)
    )
}

/// The names of those who make an offer.
fn names(offer: &Value) -> Vec<&str> {
    let peers = offer["peers"].as_array().into_iter().flatten();
    peers.filter_map(|peer| peer["name"].as_str()).collect()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex, split};

    use super::*;

    fn chess() -> GameId {
        GameId::parse("chess").expect("a valid id")
    }

    fn peer() -> (Client, BufReader<DuplexStream>) {
        let (own, other) = duplex(4096);
        let (input, output) = split(own);
        (
            Client::new(BufReader::new(input), output),
            BufReader::new(other),
        )
    }

    async fn answer(peer: &mut BufReader<DuplexStream>, ok: bool, content: Value, then: &[Value]) {
        let mut line = String::new();
        peer.read_line(&mut line).await.expect("a command");
        let command: Value = serde_json::from_str(&line).expect("JSON");
        let mut answer = json!({ "type": "result", "seq": command["seq"], "ok": ok });
        answer[if ok { "data" } else { "error" }] = content;
        for line in [&[answer], then].concat() {
            peer.write_all(format!("{line}\n").as_bytes())
                .await
                .expect("writable");
        }
    }

    fn event(name: &str, mut fields: Value) -> Value {
        fields["type"] = json!("event");
        fields["event"] = json!(name);
        fields["id"] = json!("chess");
        fields
    }

    fn status(operations: Value) -> Value {
        let mut status = json!({
            "peer_id": "", "name": "", "version": "", "protocol_version": 1, "mode": "open",
            "catalog": null, "games_dir": "", "state_dir": "", "games": 0, "peers": 0,
            "outbound": [], "uptime_ms": 0,
        });
        status["operations"] = operations;
        status
    }

    #[tokio::test]
    async fn the_end_of_an_earlier_operation_is_not_taken_for_this_one() {
        let (mut client, mut peer) = peer();
        let mut display = Display::new("test");
        let old = event(
            "download-failed",
            json!({ "kind": "io", "message": "an old story" }),
        );
        let report = json!({ "version": "20240101", "bytes": 7, "sources": [], "elapsed_ms": 1 });
        peer.write_all(format!("{old}\n").as_bytes())
            .await
            .expect("writable");
        let command = json!({ "cmd": "download", "id": "chess" });
        let id = chess();
        let events = [event("download-finished", report)];
        let (ended, ()) = tokio::join!(
            run(&mut client, &mut display, &command, "download", &id),
            answer(&mut peer, true, json!({}), &events),
        );
        assert_eq!(
            ended
                .expect("followed")
                .report("download", &id)
                .expect("finished")
                .bytes,
            7
        );
    }

    #[tokio::test]
    async fn an_operation_of_the_same_kind_that_runs_already_is_followed() {
        let (mut client, mut peer) = peer();
        let mut display = Display::new("test");
        let verifying = json!([{ "id": "chess", "kind": "verify", "progress": null }]);
        let script = async {
            let busy = json!({ "kind": "busy", "message": "it is being verified" });
            answer(&mut peer, false, busy, &[]).await;
            answer(
                &mut peer,
                true,
                status(verifying),
                &[event("verify-cancelled", json!({}))],
            )
            .await;
        };
        let command = json!({ "cmd": "verify", "id": "chess" });
        let id = chess();
        let (ended, ()) = tokio::join!(
            run(&mut client, &mut display, &command, "verify", &id),
            script
        );
        assert!(matches!(ended.expect("followed"), Ended::Cancelled));
    }

    #[tokio::test]
    async fn a_game_that_is_busy_again_and_again_is_asked_for_up_to_the_limit() {
        for (refusals, is_followed) in [(BUSY_TRIES_MAX - 1, true), (BUSY_TRIES_MAX, false)] {
            let (mut client, mut peer) = peer();
            let mut display = Display::new("test");
            let script = async {
                for _ in 0..refusals {
                    let busy = json!({ "kind": "busy", "message": "it is being scanned" });
                    answer(&mut peer, false, busy, &[]).await;
                    let news = event("games-changed", json!({}));
                    answer(&mut peer, true, status(json!([])), &[news]).await;
                }
                if is_followed {
                    let end = event("verify-cancelled", json!({}));
                    answer(&mut peer, true, json!({}), &[end]).await;
                }
            };
            let command = json!({ "cmd": "verify", "id": "chess" });
            let id = chess();
            let (ended, ()) = tokio::join!(
                run(&mut client, &mut display, &command, "verify", &id),
                script
            );
            assert_eq!(ended.is_ok(), is_followed, "{ended:?}");
        }
    }

    #[test]
    fn a_conflict_is_told_with_what_the_catalog_says() {
        let offer = |manifest: &str, names: &[&str]| {
            let peers: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
            json!({ "manifest": manifest, "size": 1, "peers": peers })
        };
        let mut event = json!({
            "id": "chess", "version": "20240101", "chosen": "5555555555", "pinned": "5555555555",
            "offers": [offer("5555555555", &["alpha"]), offer("99", &["eve", "mallory"])],
        });
        assert_eq!(
            conflict(&event),
            "the files of chess 20240101 are pinned by the catalog (55555555, at alpha); eve and \
             mallory offer other files, which are not taken"
        );
        event["chosen"] = Value::Null;
        event["offers"] = json!([offer("99", &["eve"])]);
        assert_eq!(
            conflict(&event),
            "the files of chess 20240101 are pinned by the catalog (55555555, nobody here has them); \
             eve offers other files, which are not taken"
        );
        event["pinned"] = Value::Null;
        event["chosen"] = json!("99");
        assert_eq!(
            conflict(&event),
            "peers hold different files as chess 20240101: 99 at eve, which are taken"
        );
    }

    #[test]
    fn a_conflict_says_who_holds_what() {
        let event = json!({
            "id": "chess", "version": "20240101", "chosen": "aaaaaaaaaa",
            "offers": [
                { "manifest": "aaaaaaaaaa", "peers": [{ "name": "alpha" }, { "name": "bravo" }] },
                { "manifest": "bbbbbbbbbb", "peers": [{ "name": "charlie" }] },
            ],
        });
        assert_eq!(
            conflict(&event),
            "peers hold different files as chess 20240101: aaaaaaaa at alpha, bravo, which are \
             taken; bbbbbbbb at charlie"
        );
    }
}
