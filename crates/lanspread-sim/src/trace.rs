//! What happened, line by line: time, peer, what came in (`<`), what went out (`>`), and what befell
//! the party (`*`).
//!
//! Invariant: a trace follows from the input alone, byte for byte. Its hash is that of its lines,
//! whether they are kept or not.

use lanspread_core::{Effect, Input, Now, PeerCommand, PeerEvent};
use lanspread_db::ContentHash;
use lanspread_proto::{Request, Response};

/// How much is kept of what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Nothing: for many runs.
    None,
    /// One short line for each happening.
    Lines,
    /// The same with everything that inputs and effects hold.
    Full,
}

/// The trace of a run.
#[derive(Debug)]
pub(crate) struct Trace {
    detail: Detail,
    text: String,
}

impl Trace {
    pub(crate) const fn new(detail: Detail) -> Self {
        Self {
            detail,
            text: String::new(),
        }
    }

    pub(crate) fn input(&mut self, now: Now, peer: usize, input: &Input) {
        match self.detail {
            Detail::None => {}
            Detail::Lines => self.line(now, &format!("peer{peer} < {}", input_line(input))),
            Detail::Full => self.line(now, &format!("peer{peer} < {input:?}")),
        }
    }

    pub(crate) fn effect(&mut self, now: Now, peer: usize, effect: &Effect) {
        match self.detail {
            Detail::None => {}
            Detail::Lines => self.line(now, &format!("peer{peer} > {}", effect_line(effect))),
            Detail::Full => self.line(now, &format!("peer{peer} > {effect:?}")),
        }
    }

    pub(crate) fn note(&mut self, now: Now, peer: usize, what: impl FnOnce() -> String) {
        if self.detail != Detail::None {
            let what = what();
            self.line(now, &format!("peer{peer} * {what}"));
        }
    }

    fn line(&mut self, now: Now, line: &str) {
        use std::fmt::Write;
        let us = now.0.as_micros();
        let (seconds, us) = (us / 1_000_000, us % 1_000_000);
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{seconds:>5}.{us:06} {line}");
    }

    pub(crate) fn hash(&self) -> ContentHash {
        ContentHash::of(self.text.as_bytes())
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

/// The name of a kind, as `Debug` begins with it.
fn kind(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    text.split([' ', '(', '{'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn outcome<T, E: std::fmt::Debug>(result: &Result<T, E>) -> String {
    result
        .as_ref()
        .map_or_else(|error| format!("failed: {error:?}"), |_| "done".to_owned())
}

fn input_line(input: &Input) -> String {
    let about = input.effect().map(|effect| format!(" #{}", effect.0));
    let about = about.unwrap_or_default();
    let what = match input {
        Input::ListenerBound { addrs } => format!("at {addrs:?}"),
        Input::Discovered(seen) => format!("{} at {:?}", short(&seen.peer_id), seen.candidates),
        Input::Command { command, .. } => command_line(command),
        Input::Requested { from, request, .. } => {
            format!("by {}: {}", short(&from.peer_id), request_line(request))
        }
        Input::Disconnected { peer_id } => short(peer_id),
        Input::GameDirChanged { id } => id.as_ref().map(ToString::to_string).unwrap_or_default(),
        Input::Dialed { result, .. } => match result {
            Ok(dialed) => format!("{} at {}", short(&dialed.peer_id), dialed.remote),
            Err(error) => error.to_string(),
        },
        Input::Responded { result, .. } => match result {
            Ok(response) => response_line(response),
            Err(error) => error.to_string(),
        },
        Input::ManifestFetched { result, .. } => outcome(result),
        Input::Served {
            sent_bytes, result, ..
        } => format!("{sent_bytes} bytes, {}", outcome(result)),
        Input::ChunksFetched { stored, result, .. } => {
            format!("{} stored, {}", stored.len(), outcome(result))
        }
        Input::ManifestRecalled { result, .. } => outcome(result),
        Input::LibraryScanned { result, .. } => outcome(result),
        Input::RootScanned { result, .. } => outcome(result),
        Input::RootHashed { result, .. } => outcome(result),
        Input::RootObserved { result, .. } => outcome(result),
        Input::StepDone { result, .. } => outcome(result),
        Input::DownloadPrepared { result, .. } => match result {
            Ok(prepared) => format!("{} chunks are there", prepared.stored.len()),
            Err(error) => format!("failed: {error:?}"),
        },
        Input::GameDirOpened { result, .. } => outcome(result),
        _ => String::new(),
    };
    format!("{}{about} {what}", kind(input))
        .trim_end()
        .to_owned()
}

fn effect_line(effect: &Effect) -> String {
    let about = effect.id().map(|effect| format!(" #{}", effect.0));
    let about = about.unwrap_or_default();
    let what = match effect {
        Effect::Emit(event) => event_line(event),
        Effect::Answer { result, .. } => result.as_ref().map_or_else(
            |error| format!("refused ({})", error.kind),
            |()| "yes".to_owned(),
        ),
        Effect::Reply { response, .. } => response_line(response),
        Effect::Advertise { revision } => format!("revision {}", revision.0),
        Effect::Disconnect { peer_id } => short(peer_id),
        Effect::Abort { effect } => format!("#{}", effect.0),
        Effect::Dial { candidates, .. } => format!("{candidates:?}"),
        Effect::Request { to, request, .. } => {
            format!("of {}: {}", short(&to.peer_id), request_line(request))
        }
        Effect::FetchManifest { from, id, .. } => format!("{id} of {}", short(&from.peer_id)),
        Effect::ServeChunks { id, chunks, .. } => format!("{id}, {} chunks", chunks.len()),
        Effect::FetchChunks {
            from, id, chunks, ..
        } => format!("{id}, {} chunks of {}", chunks.len(), short(&from.peer_id)),
        Effect::ServeManifest { id, .. }
        | Effect::RecallManifest { id, .. }
        | Effect::ScanRoot { id, .. }
        | Effect::HashRoot { id, .. }
        | Effect::ObserveRoot { id, .. } => id.to_string(),
        Effect::RunStep { id, step, .. } => format!("{id}: {}", kind(step)),
        Effect::PrepareDownload { manifest, .. } => {
            format!("{} {}", manifest.game_id(), manifest.version().as_str())
        }
        _ => String::new(),
    };
    format!("{}{about} {what}", kind(effect))
        .trim_end()
        .to_owned()
}

fn event_line(event: &PeerEvent) -> String {
    match event {
        PeerEvent::PeerConnected { peer_id, addr, .. } | PeerEvent::PeerMoved { peer_id, addr } => {
            format!("{} {} at {addr}", kind(event), short(peer_id))
        }
        PeerEvent::PeerLost {
            peer_id, reason, ..
        } => format!("PeerLost {}: {reason}", short(peer_id)),
        PeerEvent::OperationBegan { id, kind } => format!("{} of {id} began", kind.as_str()),
        PeerEvent::OperationEnded { id, kind, outcome } => {
            format!("{} of {id} ended: {outcome:?}", kind.as_str())
        }
        PeerEvent::OperationProgress { id, kind, .. } => {
            format!("{} of {id} goes on", kind.as_str())
        }
        PeerEvent::Notice(notice) => format!("Notice: {}", notice.message),
        _ => kind(event),
    }
}

fn command_line(command: &PeerCommand) -> String {
    format!("{command:?}")
}

fn request_line(request: &Request) -> String {
    match request {
        Request::Hello(hello) => format!("hello from {}", hello.listen_addr),
        Request::LibrarySummary { state } => format!("library-summary {}", state.revision.0),
        Request::LibraryDelta { since, .. } => format!("library-delta since {}", since.0),
        Request::GetGame { id } => format!("get-game {id}"),
        Request::GetGameFileChunk(wanted) => {
            format!("get-game-file-chunk {}, {}", wanted.id, wanted.chunks.len())
        }
        Request::TakeBack(back) => format!("take-back {}, {}", back.id, back.chunks.len()),
        Request::Holdings(question) => {
            format!("holdings {} since {}", question.id, question.since)
        }
        Request::Message(message) => format!("message {}", message.number),
        _ => request.kind().to_owned(),
    }
}

fn response_line(response: &Response) -> String {
    match response {
        Response::HelloAck(hello) => format!("hello-ack from {}", hello.listen_addr),
        Response::LibrarySnapshot(snapshot) => format!(
            "library-snapshot {}, {} games",
            snapshot.state.revision.0,
            snapshot.games.len()
        ),
        Response::LibraryDelta(delta) => format!(
            "library-delta {}, {} changed, {} removed",
            delta.state.revision.0,
            delta.changed.len(),
            delta.removed.len()
        ),
        Response::Holdings(holdings) => {
            let new = holdings.chunks.count();
            format!("holdings up to {}, {new} new", holdings.upto)
        }
        Response::Refused(refusal) => format!("refused: {}", refusal.message),
        _ => response.kind().to_owned(),
    }
}

/// The peer's number: ids of simulated peers are one byte repeated.
fn short(peer: &lanspread_proto::PeerId) -> String {
    let number = usize::from(peer.as_bytes()[0]);
    format!("peer{}", number.wrapping_sub(1))
}
