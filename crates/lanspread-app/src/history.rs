//! What ended and what was told, for those who look later.
//!
//! Invariant: bounded, oldest out first; numbers only grow, so that whoever joins two pieces shows nothing
//! twice. It reads no clock.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use lanspread_db::GameId;
use lanspread_peer::{
    MessageView, OperationKind, OperationReport, Outcome as PeerOutcome, PeerEvent,
};

use crate::{
    compose,
    snapshot::{Finished, Notice, Outcome, Source, UploadEnded},
    told::{Note, NoticeAbout},
};

/// Most operations that are remembered after their end.
pub const FINISHED_MAX: usize = 100;
/// Most notices that are remembered.
pub const NOTICES_MAX: usize = 100;

/// Most uploads that are remembered after their end.
pub const UPLOADS_ENDED_MAX: usize = 100;

/// What ended and what was told.
#[derive(Debug, Default)]
pub(crate) struct History {
    finished: VecDeque<Finished>,
    uploads: VecDeque<UploadEnded>,
    notices: VecDeque<Notice>,
    /// When each message to the party was said, by its number.
    said: BTreeMap<u64, u64>,
    ended: u64,
    uploaded: u64,
    told: u64,
}

impl History {
    /// The operations that ended, the newest last.
    pub(crate) fn finished(&self) -> Vec<Finished> {
        self.finished.iter().cloned().collect()
    }

    /// The uploads that ended, the newest last.
    pub(crate) fn uploads(&self) -> Vec<UploadEnded> {
        self.uploads.iter().cloned().collect()
    }

    /// The notices, the newest last.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.notices.iter().cloned().collect()
    }

    /// When a message to the party was said, in milliseconds since 1970, if it was told.
    pub(crate) fn said_at_ms(&self, number: u64) -> Option<u64> {
        self.said.get(&number).copied()
    }

    /// Forgets when those were said that the peer shows no more. What it does not show yet is newer than
    /// all that it shows.
    pub(crate) fn keep_shown(&mut self, shown: &[Arc<MessageView>]) {
        let newest = shown.last().map_or(0, |message| message.number);
        let shown: BTreeSet<u64> = shown.iter().map(|message| message.number).collect();
        self.said
            .retain(|number, _| *number > newest || shown.contains(number));
    }

    /// Remembers what is worth it; whether anything that is shown changed by this event.
    pub(crate) fn note(&mut self, at_ms: u64, event: &PeerEvent) -> bool {
        match event {
            PeerEvent::OperationEnded { id, kind, outcome } => {
                self.finish(at_ms, id, *kind, outcome);
                return true;
            }
            PeerEvent::UploadEnded {
                id,
                peer_id,
                name,
                bytes,
                elapsed,
            } => {
                self.uploaded += 1;
                let ended = UploadEnded {
                    number: self.uploaded,
                    at_ms,
                    id: id.clone(),
                    peer_id: *peer_id,
                    name: name.clone(),
                    bytes: *bytes,
                    elapsed_ms: compose::millis(*elapsed),
                };
                push(&mut self.uploads, UPLOADS_ENDED_MAX, ended);
                return true;
            }
            PeerEvent::Message(message) => {
                let said_at_ms = at_ms.saturating_sub(compose::millis(message.age));
                self.said.insert(message.number, said_at_ms);
                return true;
            }
            // The addresses and the party are known from here on.
            PeerEvent::LocalPeerReady { .. } => return true,
            PeerEvent::PeerRefused { .. }
            | PeerEvent::PeerKeptAway { .. }
            | PeerEvent::PeerLost { .. }
            | PeerEvent::ConnectFinished { .. }
            | PeerEvent::GetGameFailed { .. }
            | PeerEvent::ManifestConflict { .. }
            | PeerEvent::SourceDropped { .. }
            | PeerEvent::Notice(_)
            | PeerEvent::RuntimeFailed { .. }
            | PeerEvent::PeerConnected { .. }
            | PeerEvent::PeerMoved { .. }
            | PeerEvent::PeerReadmitted { .. }
            | PeerEvent::RatesChanged { .. }
            | PeerEvent::GamesListUpdated
            | PeerEvent::ActiveOperationsChanged { .. }
            | PeerEvent::GotGameFiles { .. }
            | PeerEvent::OperationBegan { .. }
            | PeerEvent::OperationProgress { .. }
            | PeerEvent::HashingProgress { .. } => {}
        }
        let Some((about, message)) = NoticeAbout::event(event) else {
            return false;
        };
        self.tell(at_ms, about, message);
        true
    }

    fn finish(&mut self, at_ms: u64, id: &GameId, kind: OperationKind, outcome: &PeerOutcome) {
        self.ended += 1;
        let finished = Finished {
            number: self.ended,
            at_ms,
            id: id.clone(),
            kind: compose::operation_kind(kind),
            outcome: ended(outcome),
        };
        push(&mut self.finished, FINISHED_MAX, finished);
    }

    /// Remembers something that the user should know.
    pub(crate) fn tell(&mut self, at_ms: u64, about: NoticeAbout, message: String) {
        self.told += 1;
        push(
            &mut self.notices,
            NOTICES_MAX,
            Notice {
                number: self.told,
                at_ms,
                about,
                message,
            },
        );
    }
}

fn push<T>(queue: &mut VecDeque<T>, most: usize, item: T) {
    if queue.len() >= most {
        queue.pop_front();
    }
    queue.push_back(item);
}

fn ended(outcome: &PeerOutcome) -> Outcome {
    match outcome {
        PeerOutcome::Finished(report) => {
            let OperationReport {
                moved_bytes,
                elapsed,
                sources,
                notes,
                ..
            } = report;
            Outcome::Finished {
                bytes: *moved_bytes,
                elapsed_ms: compose::millis(*elapsed),
                sources: sources.iter().map(Source::from).collect(),
                notes: notes.iter().map(Note::from).collect(),
            }
        }
        PeerOutcome::Failed(error) => Outcome::Failed {
            kind: error.kind.as_str(),
            message: error.message.clone(),
        },
        PeerOutcome::Cancelled => Outcome::Cancelled,
    }
}
