//! `lanspread jsonl`: a peer that is driven by lines on standard input and output.
//!
//! Invariant: it ends politely, however it ends: by `shutdown`, by the end of its input, by an output
//! nobody reads, by a signal. Nothing but JSON lines goes to standard output.

use std::{sync::Arc, time::Duration};

use eyre::{Result, eyre};
use lanspread_app::Events;
use lanspread_control::{AtEnd, RunBy, Served, runtime_failed};
use lanspread_peer::RuntimeEnd;
use tokio::io::{AsyncWriteExt, BufReader, stdin, stdout};

use crate::{node::Node, refused, setup::Setup, signals::EndSignal};

/// How long a reader has for the last lines once the peer has ended.
const LAST_LINES: Duration = Duration::from_millis(500);

/// Runs until the peer ends.
///
/// # Errors
/// The peer cannot be started, or could not go on.
pub(crate) async fn run(setup: &Setup) -> Result<()> {
    let mut signal = EndSignal::listen()?;
    let (node, events) = match Node::start(setup, RunBy::Jsonl) {
        Ok(started) => started,
        Err(error) => {
            let why = refused::explain(error, setup).await;
            say_why(&why.to_string()).await;
            return Err(why);
        }
    };
    let app = Arc::clone(node.app());
    let mut lines = tokio::spawn(speak(node.served().clone(), events));
    tokio::select! {
        () = signal.wait() => {}
        () = app.leave().cancelled() => {}
        // Standard output is gone; there is nobody left to work for.
        _ = &mut lines => {}
    }
    let end = node.finish().await;
    if !lines.is_finished() && tokio::time::timeout(LAST_LINES, lines).await.is_err() {
        tracing::warn!("nobody reads the last lines");
    }
    match end {
        RuntimeEnd::Stopped => Ok(()),
        RuntimeEnd::Failed(reason) => Err(eyre!(reason)),
    }
}

async fn speak(served: Served, events: Events) {
    let input = BufReader::new(stdin());
    let spoken = lanspread_control::serve(served, events, input, stdout(), AtEnd::EndPeer);
    if let Err(error) = spoken.await {
        tracing::info!(%error, "standard output is closed");
    }
}

/// A script reads standard output; it learns there why no peer runs.
async fn say_why(message: &str) {
    let line = format!("{}\n", runtime_failed(message).into_json());
    let mut output = stdout();
    if output.write_all(line.as_bytes()).await.is_ok() {
        // Whoever closed the output does not want to know.
        drop(output.flush().await);
    }
}
