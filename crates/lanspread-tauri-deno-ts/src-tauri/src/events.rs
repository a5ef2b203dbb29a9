//! What a peer tells, as events of the window.
//!
//! Invariant: names and fields are those of `docs/JSONL.md`; what happens to a game has `game-` before it. The
//! state itself does not travel like this: it is followed, and these say only what moved.

use std::borrow::Cow;

use lanspread_app::Progress;
use lanspread_peer::{Outcome, PeerEvent, Playing};
use serde_json::{Value, json};

/// The name of an event and its fields.
#[expect(
    clippy::too_many_lines,
    reason = "a table: one arm for each event, nothing else"
)]
pub(crate) fn told(event: &PeerEvent) -> (Cow<'static, str>, Value) {
    let (name, fields) = match event {
        PeerEvent::LocalPeerReady { peer_id, addrs, .. } => (
            "ready",
            json!({ "peer_id": peer_id, "listen_addrs": addrs }),
        ),
        PeerEvent::PeerConnected {
            peer_id,
            addr,
            name,
        } => (
            "peer-connected",
            json!({ "peer_id": peer_id, "addr": addr, "name": name }),
        ),
        PeerEvent::PeerMoved { peer_id, addr } => {
            ("peer-moved", json!({ "peer_id": peer_id, "addr": addr }))
        }
        PeerEvent::PeerLost {
            peer_id,
            name,
            reason,
        } => (
            "peer-lost",
            json!({ "peer_id": peer_id, "name": name, "message": reason }),
        ),
        PeerEvent::PeerRefused {
            peer_id,
            who,
            kind,
            reason,
        } => (
            "peer-refused",
            json!({ "peer_id": peer_id, "who": who, "kind": kind.as_str(), "message": reason }),
        ),
        PeerEvent::PeerKeptAway {
            peer_id,
            name,
            reason,
        } => (
            "peer-kept-away",
            json!({ "peer_id": peer_id, "name": name, "kind": reason.as_str(), "message": reason.to_string() }),
        ),
        PeerEvent::PeerReadmitted { peer_id, name } => (
            "peer-readmitted",
            json!({ "peer_id": peer_id, "name": name }),
        ),
        PeerEvent::RatesChanged { playing, .. } => (
            "rates-changed",
            json!({ "playing": *playing == Playing::Yes }),
        ),
        PeerEvent::ConnectFinished {
            addr,
            result: Ok(peer_id),
        } => (
            "connect-finished",
            json!({ "addr": addr, "peer_id": peer_id }),
        ),
        PeerEvent::ConnectFinished {
            addr,
            result: Err(error),
        } => (
            "connect-failed",
            json!({ "addr": addr, "kind": error.kind.as_str(), "message": error.message }),
        ),
        PeerEvent::GamesListUpdated => ("games-list-updated", json!({})),
        PeerEvent::ActiveOperationsChanged { active } => (
            "active-operations-changed",
            json!({ "ids": active.iter().map(|(id, _)| id).collect::<Vec<_>>() }),
        ),
        PeerEvent::GotGameFiles { id, version, .. } => {
            ("got-game-files", json!({ "id": id, "version": version }))
        }
        PeerEvent::GetGameFailed { id, error } => (
            "get-game-failed",
            json!({ "id": id, "kind": error.kind.as_str(), "message": error.message }),
        ),
        PeerEvent::ManifestConflict { id, version, .. } => {
            ("manifest-conflict", json!({ "id": id, "version": version }))
        }
        PeerEvent::OperationBegan { id, kind } => {
            return (of_game(kind.as_str(), "began"), json!({ "id": id }));
        }
        PeerEvent::OperationProgress { id, kind, progress } => {
            return (
                of_game(kind.as_str(), "progress"),
                json!({ "id": id, "progress": Progress::from(progress) }),
            );
        }
        PeerEvent::OperationEnded { id, kind, outcome } => {
            let (how, fields) = match outcome {
                Outcome::Finished(report) => (
                    "finished",
                    json!({ "id": id, "bytes": report.moved_bytes, "notes": report.notes }),
                ),
                Outcome::Failed(error) => (
                    "failed",
                    json!({ "id": id, "kind": error.kind.as_str(), "message": error.message }),
                ),
                Outcome::Cancelled => ("cancelled", json!({ "id": id })),
            };
            return (of_game(kind.as_str(), how), fields);
        }
        PeerEvent::SourceDropped {
            id, name, reason, ..
        } => (
            "source-dropped",
            json!({ "id": id, "name": name, "message": reason }),
        ),
        PeerEvent::UploadEnded {
            id,
            peer_id,
            name,
            bytes,
            ..
        } => (
            "upload-ended",
            json!({ "id": id, "peer_id": peer_id, "name": name, "bytes": bytes }),
        ),
        PeerEvent::HashingProgress {
            id,
            hashed_bytes,
            total_bytes,
        } => (
            "hashing-progress",
            json!({ "id": id, "hashed_bytes": hashed_bytes, "total_bytes": total_bytes }),
        ),
        PeerEvent::Notice { message } => ("notice", json!({ "message": message })),
        PeerEvent::RuntimeFailed { reason } => ("runtime-failed", json!({ "message": reason })),
    };
    (name.into(), fields)
}

fn of_game(kind: &str, how: &str) -> Cow<'static, str> {
    format!("game-{kind}-{how}").into()
}

#[cfg(test)]
mod tests;
