//! Waits, in a peer that has just been started, until it knows its surroundings.
//!
//! Invariant: the wait is bounded, and ends early as soon as there is nothing more to expect. The own
//! games need no wait: a peer is ready when it has looked at them.

use std::time::Duration;

use eyre::Result;
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    client::{CallError, Client},
    display::Display,
};

/// The longest wait for other peers: answers by multicast take about a second.
const DISCOVERY_MAX: Duration = Duration::from_secs(3);

/// After this much silence, once somebody was found, nobody else is expected.
const QUIET: Duration = Duration::from_secs(1);

/// Waits until no more peers turn up.
///
/// # Errors
/// The peer went away.
pub(crate) async fn discovery(client: &mut Client, display: &mut Display) -> Result<()> {
    display.waiting("discovery", "looking for other peers");
    let mut calm = Calm::new(Instant::now());
    loop {
        tokio::select! {
            event = client.next_event() => {
                let event = event.ok_or(CallError::Gone)?;
                calm.heard(Instant::now(), &event);
                tell(display, &event);
            }
            () = tokio::time::sleep_until(calm.until()) => return Ok(()),
        }
    }
}

/// Passes on what users should know at any time.
pub(crate) fn tell(display: &Display, event: &Value) {
    let message = event["message"].as_str().unwrap_or_default();
    match event["event"].as_str().unwrap_or_default() {
        "notice" | "runtime-failed" | "connect-failed" => display.note(message),
        "peer-refused" => {
            display.note(&format!(
                "{}: {message}",
                event["who"].as_str().unwrap_or("a peer")
            ));
        }
        _ => {}
    }
}

/// When discovery has gone quiet.
#[derive(Debug)]
struct Calm {
    began: Instant,
    last: Option<Instant>,
}

impl Calm {
    const fn new(began: Instant) -> Self {
        Self { began, last: None }
    }

    fn heard(&mut self, now: Instant, event: &Value) {
        let name = event["event"].as_str().unwrap_or_default();
        let found = matches!(name, "peer-connected" | "peer-moved" | "peer-refused");
        // The own games cause updates as well, before anybody was found.
        if found || (name == "games-list-updated" && self.last.is_some()) {
            self.last = Some(now);
        }
    }

    fn until(&self) -> Instant {
        let longest = self.began + DISCOVERY_MAX;
        self.last.map_or(longest, |last| longest.min(last + QUIET))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(name: &str) -> Value {
        json!({ "type": "event", "event": name })
    }

    #[test]
    fn alone_it_waits_its_whole_time() {
        let start = Instant::now();
        let mut calm = Calm::new(start);
        calm.heard(start, &named("games-list-updated"));
        assert_eq!(calm.until(), start + DISCOVERY_MAX);
    }

    #[test]
    fn in_company_it_waits_for_silence_and_never_too_long() {
        let start = Instant::now();
        let mut calm = Calm::new(start);
        calm.heard(start, &named("peer-connected"));
        assert_eq!(calm.until(), start + QUIET);
        let later = start + QUIET / 2;
        calm.heard(later, &named("games-list-updated"));
        assert_eq!(calm.until(), later + QUIET);
        calm.heard(start + DISCOVERY_MAX, &named("peer-connected"));
        assert_eq!(calm.until(), start + DISCOVERY_MAX);
    }
}
