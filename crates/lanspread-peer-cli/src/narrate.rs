//! Events as lines for people, for `lanspread serve`.
//!
//! Invariant: everything that begins and ends is told once; what only goes on is told at a calm pace.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde::Deserialize;
use serde_json::Value;

use crate::{
    answers::{Outbound, Progress, RateLimits, Report},
    display::describe,
    follow::{conflict, dropped},
    get::origin,
    operate::verified,
    rates,
    words::{printable, short, size},
};

/// How often progress of one thing is told.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// How long a receiver may pause before its upload is told to be over.
const UPLOAD_PAUSE_MAX: Duration = Duration::from_secs(3);

/// What `rates-changed` tells.
#[derive(Debug, Deserialize)]
struct RatesInForce {
    rate_limits: RateLimits,
    playing: bool,
}

/// Turns events into lines.
#[derive(Debug, Default)]
pub(crate) struct Narrator {
    /// When progress of a thing was last told.
    told: BTreeMap<String, Instant>,
}

impl Narrator {
    /// The line for an event, if it deserves one.
    pub(crate) fn tell(&mut self, now: Instant, event: &Value) -> Option<String> {
        let text = |name: &str| printable(event[name].as_str().unwrap_or_default());
        let name = event["event"].as_str().unwrap_or_default();
        match name {
            "peer-connected" => Some(format!(
                "{} is here ({}, {})",
                text("name"),
                short(&text("peer_id")),
                text("addr")
            )),
            "peer-moved" => Some(format!(
                "{} is reached at {} from here on",
                short(&text("peer_id")),
                text("addr")
            )),
            "peer-lost" => Some(format!("{} is gone: {}", text("name"), text("message"))),
            "peer-refused" => Some(format!(
                "{} cannot take part: {}",
                text("who"),
                text("message")
            )),
            "peer-kept-away" => Some(format!("{}: {}", text("name"), text("message"))),
            "message" if event["own"] == true => Some(format!("you said: {}", text("text"))),
            "message" => Some(format!("{} says: {}", text("name"), text("text"))),
            "peer-readmitted" => Some(format!("{} may come again", text("name"))),
            "connect-failed" => Some(format!(
                "cannot connect to {}: {}",
                text("addr"),
                text("message")
            )),
            "source-dropped" => Some(dropped(event)),
            "manifest-conflict" => Some(conflict(event)),
            "get-game-failed" => Some(format!("{}: {}", text("id"), text("message"))),
            "hashing-progress" => self.hashing(now, event),
            "notice" => Some(text("message")),
            "runtime-failed" => Some(format!("this peer cannot go on: {}", text("message"))),
            "events-lost" => Some(format!(
                "{} events came too fast to be told",
                event["count"]
            )),
            "rates-changed" => {
                let in_force: RatesInForce = serde_json::from_value(event.clone()).ok()?;
                Some(rates::told(&in_force.rate_limits, in_force.playing))
            }
            "ready"
            | "connect-finished"
            | "games-list-updated"
            | "active-operations-changed"
            | "got-game-files" => None,
            operation => self.operation(now, operation, event),
        }
    }

    fn operation(&mut self, now: Instant, name: &str, event: &Value) -> Option<String> {
        let (kind, how) = name.rsplit_once('-')?;
        let id = printable(event["id"].as_str().unwrap_or_default());
        let message = printable(event["message"].as_str().unwrap_or_default());
        match how {
            "began" => Some(format!("{id}: {kind} began")),
            "progress" => {
                let progress: Progress = serde_json::from_value(event.clone()).ok()?;
                let due = self.is_due(now, &format!("{kind} {id}"));
                due.then(|| format!("{id}: {kind}: {}", describe(&progress)))
            }
            "finished" => {
                let report: Report = serde_json::from_value(event.clone()).ok()?;
                Some(format!("{id}: {kind} finished{}", outcome(kind, &report)))
            }
            "failed" => Some(format!("{id}: {kind} failed: {message}")),
            "cancelled" => Some(format!("{id}: {kind} cancelled")),
            _ => None,
        }
    }

    fn hashing(&mut self, now: Instant, event: &Value) -> Option<String> {
        let id = printable(event["id"].as_str().unwrap_or_default());
        let (done, total) = (
            event["hashed_bytes"].as_u64()?,
            event["total_bytes"].as_u64()?,
        );
        if done >= total {
            self.told.remove(&format!("hashing {id}"));
            return Some(format!("{id}: hashed, {} can be shared", size(total)));
        }
        let due = self.is_due(now, &format!("hashing {id}"));
        due.then(|| {
            format!(
                "{id}: hashing before it is shared: {} of {}",
                size(done),
                size(total)
            )
        })
    }

    fn is_due(&mut self, now: Instant, what: &str) -> bool {
        // What was told long ago is not of interest any more; this keeps the map small.
        self.told
            .retain(|_, at| now.duration_since(*at) < PROGRESS_EVERY);
        if self.told.contains_key(what) {
            return false;
        }
        self.told.insert(what.to_owned(), now);
        true
    }
}

fn outcome(kind: &str, report: &Report) -> String {
    if kind == "verify" {
        return format!(": {}", verified(report));
    }
    let origin = (kind == "download").then(|| format!(": {}", origin(report)));
    let notes = report
        .notes
        .iter()
        .map(|note| format!("; {}", printable(note)));
    origin.into_iter().chain(notes).collect()
}

/// Who fetches what from here.
///
/// Requests come and go many times a second; an upload begins with the first and is over when none
/// has come for a while.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    /// Running uploads, and since when they pause.
    running: BTreeMap<Outbound, Option<Instant>>,
}

/// A change that is worth a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UploadChange {
    /// Somebody began to fetch.
    Began(Outbound),
    /// It is over.
    Ended(Outbound),
}

impl Uploads {
    /// Takes in what is served at this moment.
    pub(crate) fn update(&mut self, now: Instant, served: &[Outbound]) -> Vec<UploadChange> {
        let mut changes = Vec::new();
        for upload in served {
            if self.running.insert(upload.clone(), None).is_none() {
                changes.push(UploadChange::Began(upload.clone()));
            }
        }
        self.running.retain(|upload, paused| {
            if served.contains(upload) {
                return true;
            }
            let since = *paused.get_or_insert(now);
            let over = now.duration_since(since) >= UPLOAD_PAUSE_MAX;
            if over {
                changes.push(UploadChange::Ended(upload.clone()));
            }
            !over
        });
        changes
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(event: &Value) -> Option<String> {
        Narrator::default().tell(Instant::now(), event)
    }

    #[test]
    fn what_happens_is_told_in_plain_words() {
        let report = json!({
            "event": "download-finished", "id": "chess", "version": "20240101", "bytes": 1 << 20,
            "elapsed_ms": 1000, "notes": ["a note"],
            "sources": [{ "name": "alpha", "chunks": 1, "bytes": 1 << 20, "rate_bytes_per_s": 0 }],
        });
        let table = [
            (
                json!({ "event": "peer-connected", "peer_id": "0123456789", "addr": "10.0.0.1:9", "name": "den" }),
                "den is here (01234567, 10.0.0.1:9)",
            ),
            (
                json!({ "event": "peer-lost", "peer_id": "01", "name": "den", "message": "it left" }),
                "den is gone: it left",
            ),
            (
                json!({ "event": "message", "name": "Anna", "text": "Pizza is here", "own": false }),
                "Anna says: Pizza is here",
            ),
            (
                json!({ "event": "message", "name": "den", "text": "On my way", "own": true }),
                "you said: On my way",
            ),
            (
                json!({ "event": "install-began", "id": "chess" }),
                "chess: install began",
            ),
            (
                json!({ "event": "verify-failed", "id": "chess", "kind": "io", "message": "no disk" }),
                "chess: verify failed: no disk",
            ),
            (
                report,
                "chess: download finished: 1.00 MiB came in 1 s, 1.00 MiB/s: 1.00 MiB (1 chunk) \
                 from alpha; a note",
            ),
        ];
        for (event, words) in table {
            assert_eq!(told(&event).as_deref(), Some(words));
        }
        assert_eq!(told(&json!({ "event": "games-list-updated" })), None);
        assert_eq!(told(&json!({ "event": "something new" })), None);
    }

    #[test]
    fn progress_keeps_a_calm_pace_for_each_game() {
        let mut narrator = Narrator::default();
        let start = Instant::now();
        let hashing = |id: &str, done: u64| json!({ "event": "hashing-progress", "id": id, "hashed_bytes": done, "total_bytes": 9 });
        assert!(narrator.tell(start, &hashing("chess", 1)).is_some());
        assert!(narrator.tell(start, &hashing("chess", 2)).is_none());
        assert!(narrator.tell(start, &hashing("go", 1)).is_some());
        assert!(
            narrator
                .tell(start + PROGRESS_EVERY, &hashing("chess", 3))
                .is_some()
        );
        assert!(
            narrator
                .tell(start + PROGRESS_EVERY, &hashing("chess", 9))
                .is_some(),
            "the end"
        );
    }

    #[test]
    fn an_upload_with_pauses_is_one_upload() {
        let mut uploads = Uploads::default();
        let start = Instant::now();
        let upload = Outbound {
            peer_id: "p".to_owned(),
            id: "chess".to_owned(),
        };
        let served = [upload.clone()];
        assert_eq!(
            uploads.update(start, &served),
            [UploadChange::Began(upload.clone())]
        );
        assert_eq!(uploads.update(start, &[]), []);
        assert_eq!(uploads.update(start + UPLOAD_PAUSE_MAX / 2, &served), []);
        let paused = start + UPLOAD_PAUSE_MAX;
        assert_eq!(uploads.update(paused, &[]), []);
        let over = paused + UPLOAD_PAUSE_MAX;
        assert_eq!(uploads.update(over, &[]), [UploadChange::Ended(upload)]);
        assert_eq!(uploads.update(over, &[]), []);
    }
}
