//! What scenarios look back on: what users heard, what was asked, which chunks moved.
//!
//! Invariant: it is written down as it happens, and decides nothing. Walks keep no record.

use std::collections::BTreeMap;

use lanspread_core::{CommandId, CommandRefused, PeerEvent};
use lanspread_proto::Request;

/// A request that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) kind: &'static str,
}

/// What happened so far.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) events: BTreeMap<usize, Vec<PeerEvent>>,
    pub(crate) answers: BTreeMap<(usize, CommandId), Result<(), CommandRefused>>,
    pub(crate) sent: Vec<Sent>,
    /// How often each peer dialed.
    pub(crate) dials: BTreeMap<usize, usize>,
    /// Chunks that were stored: who got how many from whom.
    pub(crate) moved: BTreeMap<(usize, usize), usize>,
}

impl Record {
    pub(crate) fn event(&mut self, n: usize, event: &PeerEvent) {
        self.events.entry(n).or_default().push(event.clone());
    }

    pub(crate) fn request(&mut self, from: usize, to: usize, request: &Request) {
        let kind = match request {
            Request::Hello(_) => "Hello",
            Request::Ping => "Ping",
            Request::LibrarySummary { .. } => "LibrarySummary",
            Request::LibrarySnapshot => "LibrarySnapshot",
            Request::LibraryDelta { .. } => "LibraryDelta",
            Request::ListGames => "ListGames",
            Request::GetGame { .. } => "GetGame",
            Request::GetGameFileChunk(_) => "GetGameFileChunk",
            Request::TakeBack(_) => "TakeBack",
            Request::Holdings(_) => "Holdings",
            Request::Expulsions { .. } => "Expulsions",
            Request::Status(_) => "Status",
            Request::Message(_) => "Message",
            Request::LaneToken => "LaneToken",
            Request::Goodbye => "Goodbye",
        };
        self.sent.push(Sent { from, to, kind });
    }
}
