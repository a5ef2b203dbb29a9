//! The way of events to the embedder: in order, bounded, and never in the way of the driver.
//!
//! Invariant: an embedder that stops reading cannot block the peer. Progress is coalesced first; only
//! past [`EVENTS_PENDING_MAX`] are the oldest events lost, and that is logged.

use std::collections::VecDeque;

use lanspread_core::PeerEvent;
use tokio::sync::mpsc;

/// Most events that wait for an embedder that does not read.
pub const EVENTS_PENDING_MAX: usize = 4096;

/// Events that are waiting for room in the embedder's channel.
#[derive(Debug)]
pub(crate) struct EventOutbox {
    tx: Option<mpsc::Sender<PeerEvent>>,
    pending: VecDeque<PeerEvent>,
    lost: u64,
}

impl EventOutbox {
    pub(crate) fn new(tx: mpsc::Sender<PeerEvent>) -> Self {
        Self {
            tx: Some(tx),
            pending: VecDeque::new(),
            lost: 0,
        }
    }

    /// Queues an event, after those that wait already.
    pub(crate) fn push(&mut self, event: PeerEvent) {
        if self.tx.is_none() {
            return;
        }
        if is_progress(&event) {
            self.pending.retain(|waiting| !supersedes(&event, waiting));
        }
        if self.pending.len() >= EVENTS_PENDING_MAX {
            self.pending.pop_front();
            self.lost += 1;
            if self.lost.is_power_of_two() {
                tracing::warn!(
                    lost = self.lost,
                    "nobody reads the peer's events; the oldest are dropped"
                );
            }
        }
        self.pending.push_back(event);
    }

    /// Hands over as many waiting events as the channel takes at once.
    pub(crate) fn flush(&mut self) {
        let Some(tx) = &self.tx else { return };
        while let Some(event) = self.pending.pop_front() {
            match tx.try_send(event) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(event)) => {
                    self.pending.push_front(event);
                    return;
                }
                Err(mpsc::error::TrySendError::Closed(_)) => {
                    self.pending.clear();
                    self.tx = None;
                    return;
                }
            }
        }
    }

    /// Waits until the channel has room for a waiting event; for ever if none waits.
    pub(crate) async fn room(&self) {
        match &self.tx {
            Some(tx) if !self.pending.is_empty() => drop(tx.reserve().await),
            Some(_) | None => std::future::pending().await,
        }
    }
}

const fn is_progress(event: &PeerEvent) -> bool {
    matches!(
        event,
        PeerEvent::OperationProgress { .. }
            | PeerEvent::HashingProgress { .. }
            | PeerEvent::GamesListUpdated
    )
}

/// Whether `newer` says all that `waiting` says.
fn supersedes(newer: &PeerEvent, waiting: &PeerEvent) -> bool {
    match (newer, waiting) {
        (
            PeerEvent::OperationProgress { id, kind, .. },
            PeerEvent::OperationProgress {
                id: old_id,
                kind: old_kind,
                ..
            },
        ) => id == old_id && kind == old_kind,
        (PeerEvent::HashingProgress { id, .. }, PeerEvent::HashingProgress { id: old_id, .. }) => {
            id == old_id
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use lanspread_core::{Notice, NoticeAbout};

    use super::*;

    fn notice(number: usize) -> PeerEvent {
        PeerEvent::Notice(Notice {
            about: NoticeAbout::Embedder,
            message: number.to_string(),
        })
    }

    fn hashing(hashed_bytes: u64) -> PeerEvent {
        PeerEvent::HashingProgress {
            id: lanspread_db::GameId::parse("chess").expect("a valid id"),
            hashed_bytes,
            total_bytes: 100,
        }
    }

    #[test]
    fn an_embedder_that_never_reads_costs_a_bounded_queue() {
        let (tx, mut rx) = mpsc::channel(1);
        let mut outbox = EventOutbox::new(tx);
        for number in 0..=EVENTS_PENDING_MAX {
            outbox.push(notice(number));
        }
        assert_eq!(outbox.pending.len(), EVENTS_PENDING_MAX);
        assert_eq!(outbox.lost, 1);
        outbox.flush();
        assert_eq!(
            rx.try_recv().expect("an event"),
            notice(1),
            "the oldest is lost, order is kept"
        );
    }

    #[test]
    fn at_the_limit_nothing_is_lost() {
        let (tx, _rx) = mpsc::channel(1);
        let mut outbox = EventOutbox::new(tx);
        for number in 0..EVENTS_PENDING_MAX {
            outbox.push(notice(number));
        }
        assert_eq!(outbox.lost, 0);
    }

    #[test]
    fn newer_progress_replaces_older_progress_of_the_same_game() {
        let (tx, mut rx) = mpsc::channel(8);
        let mut outbox = EventOutbox::new(tx);
        outbox.push(hashing(10));
        outbox.push(notice(0));
        outbox.push(hashing(20));
        outbox.flush();
        assert_eq!(rx.try_recv().expect("an event"), notice(0));
        assert_eq!(rx.try_recv().expect("an event"), hashing(20));
        assert!(rx.try_recv().is_err());
    }

    #[test]
    fn a_closed_channel_is_forgotten() {
        let (tx, rx) = mpsc::channel(1);
        let mut outbox = EventOutbox::new(tx);
        drop(rx);
        outbox.push(notice(0));
        outbox.flush();
        outbox.push(notice(1));
        assert!(outbox.pending.is_empty());
    }
}
