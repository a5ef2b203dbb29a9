//! How views and events look as JSON: the one place that names the keys of `docs/JSONL.md`.
//!
//! Invariant: what is written here is documented there; a test compares the two. It decides nothing.

use std::{collections::BTreeMap, time::Duration};

use lanspread_db::CatalogMode;
use lanspread_peer::{
    GameView, KeepAwayReason, KeptAwayView, Offer, OfferView, OperationError, OperationReport,
    OperationView, OutboundView, Outcome, PeerEvent, PeerId, PeerInfo, PeerName, PeerView, Playing,
    Progress, RateLimits, SourceShare,
};
use serde_json::{Value, json};

const MIB: f64 = 1_048_576.0;

/// The answer to `list-games`.
pub(crate) fn games(view: &PeerView) -> Value {
    let names: BTreeMap<PeerId, &PeerName> = view
        .peers
        .iter()
        .map(|peer| (peer.peer_id, &peer.name))
        .collect();
    let games: Vec<Value> = view
        .games
        .iter()
        .map(|game| self::game(game, &names))
        .collect();
    json!({ "games": games })
}

fn game(game: &GameView, names: &BTreeMap<PeerId, &PeerName>) -> Value {
    json!({
        "id": game.id,
        "title": game.title,
        "version": game.version,
        "expected_version": game.expected_version,
        "size": game.size_bytes,
        "downloaded": game.downloaded,
        "installed": game.installed,
        "peers": game.peers.len(),
        "holders": game.peers,
        "offers": game.offers.iter().map(|said| offered(said, names)).collect::<Vec<_>>(),
        "manifest": game.manifest,
        "pinned": game.pinned,
        "problem": game.problem.as_ref().map(ToString::to_string),
    })
}

fn offered(said: &OfferView, names: &BTreeMap<PeerId, &PeerName>) -> Value {
    let peer = |peer: &PeerId| json!({ "peer_id": peer, "name": names.get(peer) });
    json!({
        "version": said.version,
        "manifest": said.manifest,
        "size": said.size_bytes,
        "standing": said.standing.as_str(),
        "peers": said.peers.iter().map(peer).collect::<Vec<_>>(),
    })
}

/// The answer to `list-peers`.
pub(crate) fn peers(view: &PeerView) -> Value {
    json!({
        "peers": view.peers.iter().map(peer).collect::<Vec<_>>(),
        "kept_away": view.kept_away.iter().map(kept_away).collect::<Vec<_>>(),
    })
}

fn kept_away(kept: &KeptAwayView) -> Value {
    let reason =
        |reason: &KeepAwayReason| json!({ "kind": reason.as_str(), "message": reason.to_string() });
    json!({
        "peer_id": kept.peer_id,
        "name": kept.name,
        "reasons": kept.reasons.iter().map(reason).collect::<Vec<_>>(),
    })
}

fn peer(peer: &PeerInfo) -> Value {
    json!({
        "peer_id": peer.peer_id,
        "addr": peer.addr,
        "name": peer.name,
        "games": peer.games,
        "in_sync": peer.in_sync,
        "status": peer.status,
    })
}

/// The running operations.
pub(crate) fn operations(view: &PeerView) -> Value {
    view.operations.iter().map(operation).collect()
}

fn operation(operation: &OperationView) -> Value {
    json!({
        "id": operation.id,
        "kind": operation.kind.as_str(),
        "progress": operation.progress.as_ref().map(progress),
    })
}

/// The running uploads.
pub(crate) fn outbound(view: &PeerView) -> Value {
    view.outbound.iter().map(upload).collect()
}

fn upload(upload: &OutboundView) -> Value {
    json!({
        "peer_id": upload.peer_id,
        "id": upload.id,
        "requests": upload.requests,
        "rate_bytes_per_s": upload.rate_bytes_per_s,
    })
}

/// How fast transfers may be; `null` is no limit.
pub(crate) fn rate_limits(limits: RateLimits) -> Value {
    json!(lanspread_app::Limits::from(limits))
}

/// Whether the user plays.
pub(crate) const fn is_playing(playing: Playing) -> bool {
    match playing {
        Playing::Yes => true,
        Playing::No => false,
    }
}

/// `catalog` or `open`.
pub(crate) const fn mode(mode: CatalogMode) -> &'static str {
    match mode {
        CatalogMode::Catalog => "catalog",
        CatalogMode::Open => "open",
    }
}

fn progress(progress: &Progress) -> Value {
    json!(lanspread_app::Progress::from(progress))
}

fn source(source: &SourceShare) -> Value {
    json!(lanspread_app::Source::from(source))
}

/// A time in whole milliseconds.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn mib_per_s(bytes: u64, elapsed: Duration) -> f64 {
    // Byte counts of games are far below 2^52, so nothing is lost here.
    #[expect(clippy::cast_precision_loss)]
    let mib = bytes as f64 / MIB;
    let seconds = elapsed.as_secs_f64();
    if seconds > 0.0 {
        (mib / seconds * 10.0).round() / 10.0
    } else {
        0.0
    }
}

/// An event as interfaces tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct EventLine {
    /// What it is called.
    pub name: String,
    /// Its fields: an object.
    pub fields: Value,
}

impl EventLine {
    /// The whole line.
    #[must_use]
    pub fn into_json(self) -> Value {
        with(json!({ "type": "event", "event": self.name }), self.fields)
    }
}

/// An event with its name and its fields.
#[must_use]
#[expect(
    clippy::too_many_lines,
    reason = "a table: one arm for each event, nothing else"
)]
pub fn event(event: &PeerEvent) -> EventLine {
    match event {
        PeerEvent::LocalPeerReady {
            peer_id,
            addrs,
            mode: party,
        } => line(
            "ready",
            json!({
                "peer_id": peer_id,
                "listen_addr": addrs.first(),
                "listen_addrs": addrs,
                "mode": mode(*party),
            }),
        ),
        PeerEvent::PeerConnected {
            peer_id,
            addr,
            name,
        } => line(
            "peer-connected",
            json!({ "peer_id": peer_id, "addr": addr, "name": name }),
        ),
        PeerEvent::PeerMoved { peer_id, addr } => {
            line("peer-moved", json!({ "peer_id": peer_id, "addr": addr }))
        }
        PeerEvent::PeerLost {
            peer_id,
            name,
            reason,
        } => line(
            "peer-lost",
            json!({ "peer_id": peer_id, "name": name, "message": reason.to_string() }),
        ),
        PeerEvent::PeerRefused {
            peer_id,
            who,
            kind,
            reason,
        } => line(
            "peer-refused",
            json!({ "peer_id": peer_id, "who": who, "kind": kind.as_str(), "message": reason }),
        ),
        PeerEvent::PeerKeptAway {
            peer_id,
            name,
            reason,
        } => line(
            "peer-kept-away",
            json!({
                "peer_id": peer_id,
                "name": name,
                "kind": reason.as_str(),
                "message": reason.to_string(),
            }),
        ),
        PeerEvent::PeerReadmitted { peer_id, name } => line(
            "peer-readmitted",
            json!({ "peer_id": peer_id, "name": name }),
        ),
        PeerEvent::Message(message) => line(
            "message",
            json!({
                "number": message.number,
                "peer_id": message.peer_id,
                "name": message.name,
                "text": message.text,
                "own": message.own,
                "age_ms": millis(message.age),
            }),
        ),
        PeerEvent::RatesChanged { limits, playing } => line(
            "rates-changed",
            json!({ "rate_limits": rate_limits(*limits), "playing": is_playing(*playing) }),
        ),
        PeerEvent::ConnectFinished {
            addr,
            result: Ok(peer_id),
        } => line(
            "connect-finished",
            json!({ "addr": addr, "peer_id": peer_id }),
        ),
        PeerEvent::ConnectFinished {
            addr,
            result: Err(failure),
        } => line(
            "connect-failed",
            with(error(failure), json!({ "addr": addr })),
        ),
        PeerEvent::GamesListUpdated => line("games-list-updated", json!({})),
        PeerEvent::ActiveOperationsChanged { active } => {
            let active: Vec<_> = active
                .iter()
                .map(|(id, kind)| json!({ "id": id, "kind": kind.as_str() }))
                .collect();
            line("active-operations-changed", json!({ "active": active }))
        }
        PeerEvent::GotGameFiles {
            id,
            version,
            manifest,
            files,
        } => line(
            "got-game-files",
            json!({
                "id": id,
                "version": version,
                "manifest": manifest,
                "files": files
                    .iter()
                    .map(|file| json!({ "path": file.path, "size": file.size_bytes, "chunks": file.chunks }))
                    .collect::<Vec<_>>(),
            }),
        ),
        PeerEvent::GetGameFailed { id, error: failure } => {
            line("get-game-failed", with(error(failure), json!({ "id": id })))
        }
        PeerEvent::ManifestConflict {
            id,
            version,
            offers,
            chosen,
            pinned,
        } => line(
            "manifest-conflict",
            json!({
                "id": id,
                "version": version,
                "offers": offers.iter().map(offer).collect::<Vec<_>>(),
                "chosen": chosen,
                "pinned": pinned,
            }),
        ),
        PeerEvent::OperationBegan { id, kind } => {
            line(&format!("{}-began", kind.as_str()), json!({ "id": id }))
        }
        PeerEvent::OperationProgress {
            id,
            kind,
            progress: at,
        } => line(
            &format!("{}-progress", kind.as_str()),
            with(progress(at), json!({ "id": id })),
        ),
        PeerEvent::SourceDropped {
            id,
            peer_id,
            name,
            reason,
        } => line(
            "source-dropped",
            json!({
                "id": id,
                "peer_id": peer_id,
                "name": name,
                "message": reason.to_string(),
            }),
        ),
        PeerEvent::OperationEnded { id, kind, outcome } => {
            let (how, fields) = ended(outcome);
            line(
                &format!("{}-{how}", kind.as_str()),
                with(fields, json!({ "id": id })),
            )
        }
        PeerEvent::UploadEnded {
            id,
            peer_id,
            name,
            bytes,
            elapsed,
        } => line(
            "upload-ended",
            json!({
                "id": id,
                "peer_id": peer_id,
                "name": name,
                "bytes": bytes,
                "elapsed_ms": millis(*elapsed),
            }),
        ),
        PeerEvent::HashingProgress {
            id,
            hashed_bytes,
            total_bytes,
        } => line(
            "hashing-progress",
            json!({ "id": id, "hashed_bytes": hashed_bytes, "total_bytes": total_bytes }),
        ),
        PeerEvent::Notice(notice) => line("notice", json!({ "message": notice.message })),
        PeerEvent::RuntimeFailed { reason } => runtime_failed(reason),
    }
}

/// The peer cannot go on, or could not even start.
#[must_use]
pub fn runtime_failed(message: &str) -> EventLine {
    line("runtime-failed", json!({ "message": message }))
}

/// A reader was too slow and missed this many events.
pub(crate) fn events_lost(count: u64) -> EventLine {
    line("events-lost", json!({ "count": count }))
}

fn line(name: &str, fields: Value) -> EventLine {
    EventLine {
        name: name.to_owned(),
        fields,
    }
}

/// One object with the fields of both.
fn with(mut object: Value, more: Value) -> Value {
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}

fn ended(outcome: &Outcome) -> (&'static str, Value) {
    match outcome {
        Outcome::Finished(finished) => ("finished", report(finished)),
        Outcome::Failed(failure) => ("failed", error(failure)),
        Outcome::Cancelled => ("cancelled", json!({})),
    }
}

fn report(report: &OperationReport) -> Value {
    json!({
        "version": report.version,
        "bytes": report.moved_bytes,
        "chunks": report.chunks,
        "sources": report.sources.iter().map(source).collect::<Vec<_>>(),
        "elapsed_ms": millis(report.elapsed),
        "mib_per_s": mib_per_s(report.moved_bytes, report.elapsed),
        "notes": report.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn error(error: &OperationError) -> Value {
    json!({ "kind": error.kind.as_str(), "message": error.message })
}

fn offer(offer: &Offer) -> Value {
    json!({
        "manifest": offer.manifest,
        "size": offer.size_bytes,
        "peers": offer
            .peers
            .iter()
            .map(|(peer_id, name)| json!({ "peer_id": peer_id, "name": name }))
            .collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests;
