//! Follows what a peer reports, and shows it.
//!
//! The invariant: everything shown comes from the peer's own events; nothing is guessed.

use std::time::Duration;

use eyre::{Result, bail};
use lanspread_testbed::peer::{Event, Mark, PeerProcess};
use serde_json::Value;

use super::show::{Show, bar, mebibytes};

/// How long the demonstration waits for the next sign of life. Hashing and unpacking on a slow
/// machine report progress, so this is between two signs, not for the whole.
const PATIENCE: Duration = Duration::from_mins(2);

/// Shows a download until it ends.
pub(super) fn download(show: Show, peer: &PeerProcess, from: Mark, game_id: &str) -> Result<Event> {
    let finished = follow(show, peer, from, game_id, "download", download_line)?;
    let size = mebibytes(finished.field("bytes").as_u64().unwrap_or_default());
    let rate = finished.field("mib_per_s").as_f64().unwrap_or_default();
    show.fact(
        "download",
        &format!("{game_id}: {size} fetched and verified, {rate:.1} MiB/s"),
    );
    Ok(finished)
}

/// Shows the installation that follows the download until it ends.
pub(super) fn installation(
    show: Show,
    peer: &PeerProcess,
    from: Mark,
    game_id: &str,
) -> Result<()> {
    follow(show, peer, from, game_id, "install", |progress| {
        let what = progress["what"].as_str().unwrap_or("working");
        match progress["done_bytes"].as_u64() {
            Some(done) if done > 0 => format!("{what}, {}", mebibytes(done)),
            Some(_) | None => what.to_owned(),
        }
    })?;
    show.fact(
        "installation",
        &format!("{game_id} is unpacked and in its place"),
    );
    Ok(())
}

/// Shows the progress of one operation and returns the event of its good end.
fn follow(
    show: Show,
    peer: &PeerProcess,
    mut from: Mark,
    game_id: &str,
    operation: &str,
    line_of: impl Fn(&Value) -> String,
) -> Result<Event> {
    let [progress, finished, failed, cancelled] =
        ["progress", "finished", "failed", "cancelled"].map(|end| format!("{operation}-{end}"));
    loop {
        let awaited = format!("go on with the {operation} of {game_id}");
        let event = peer.wait_event(from, PATIENCE, &awaited, |line| {
            line["id"] == game_id || line["event"] == "runtime-failed"
        })?;
        from = event.next;
        let name = event.field("event").as_str().unwrap_or_default();
        if name == progress {
            show.live(operation, &line_of(&event.value));
        } else if name == finished {
            show.settle();
            return Ok(event);
        } else if name == failed || name == cancelled || name == "runtime-failed" {
            show.settle();
            let message = event.field("message").as_str().unwrap_or("no reason given");
            bail!(
                "the {operation} of {game_id} ended with {name}: {message}\n{}",
                peer.tail()
            );
        }
    }
}

fn download_line(progress: &Value) -> String {
    let number = |field: &str| progress[field].as_u64().unwrap_or_default();
    let (done, total) = (number("verified_bytes"), number("total_bytes"));
    if total == 0 {
        return progress["what"]
            .as_str()
            .or(progress["phase"].as_str())
            .unwrap_or("")
            .to_owned();
    }
    let shares: Vec<String> = progress["sources"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|source| {
            let name = source["name"].as_str().unwrap_or("somebody");
            let rate = source["rate_bytes_per_s"].as_u64().unwrap_or_default();
            format!("{name} {}/s", mebibytes(rate))
        })
        .collect();
    format!(
        "{} {:>3} %  {} of {}  {}/s  {}",
        bar(done, total),
        done * 100 / total,
        mebibytes(done),
        mebibytes(total),
        mebibytes(number("rate_bytes_per_s")),
        shares.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_progress_line_names_every_source_with_its_rate() {
        let line = download_line(&json!({
            "verified_bytes": 512 * 1024, "total_bytes": 1024 * 1024, "rate_bytes_per_s": 3 << 20,
            "sources": [
                { "name": "alpha", "rate_bytes_per_s": 2 << 20 },
                { "name": "bravo", "rate_bytes_per_s": 1 << 20 },
            ],
        }));
        assert!(line.contains(" 50 %"), "{line}");
        assert!(line.contains("alpha 2.0 MiB/s, bravo 1.0 MiB/s"), "{line}");
    }

    #[test]
    fn a_progress_without_bytes_says_what_it_waits_for() {
        let line = download_line(&json!({ "phase": "waiting", "what": "for the manifest" }));
        assert_eq!(line, "for the manifest");
    }
}
