//! Serves the JSON interface on one pair of streams: standard input and output, a local socket, or a
//! pipe within this process.
//!
//! Invariant: a line is written whole or not at all, every line that is read is answered, and a reader
//! that is slow or gone holds up nobody but itself.

use std::{io, pin::Pin};

use lanspread_app::Events;
use lanspread_jsonl::{Command, LINE_BYTES_MAX, Line};
use serde_json::Value;
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt},
    sync::{broadcast::error::RecvError, mpsc},
    task::JoinSet,
};

use crate::{
    json,
    session::{self, Served},
};

/// Lines that wait to be carried out; a client that sends more waits.
const LINE_QUEUE_LEN: usize = 16;

/// Most `wait-peers` commands of one client that wait at the same time.
const WAITS_MAX: usize = 16;

/// What the end of the input means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtEnd {
    /// Whoever started the peer wants it to end.
    EndPeer,
    /// One of several clients has gone.
    EndClient,
}

/// Serves until the peer has ended, or with [`AtEnd::EndClient`] the input.
///
/// Commands are carried out from the moment the peer's listener is bound.
///
/// # Errors
/// The output cannot be written to.
pub async fn serve<R, W>(
    served: Served,
    mut events: Events,
    input: R,
    mut output: W,
    at_end: AtEnd,
) -> io::Result<()>
where
    R: AsyncBufRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin,
{
    let app = &served.app;
    let (tx, mut lines) = mpsc::channel(LINE_QUEUE_LEN);
    let mut reader = JoinSet::new();
    reader.spawn(read_lines(input, tx));
    let mut waits = JoinSet::new();
    let mut current = None;
    let mut more = true;
    loop {
        let idle = current.is_none() && waits.is_empty();
        if !more && at_end == AtEnd::EndClient && idle {
            return Ok(());
        }
        let ready = app.ready().is_cancelled();
        tokio::select! {
            biased;
            // Before the events, so that an answer precedes what follows from its command.
            answer = finish(&mut current) => {
                current = None;
                write_line(&mut output, &answer).await?;
            }
            event = events.recv() => match event {
                Ok(event) => write_line(&mut output, &json::event(&event).into_json()).await?,
                Err(RecvError::Lagged(count)) => {
                    write_line(&mut output, &json::events_lost(count).into_json()).await?;
                }
                Err(RecvError::Closed) => return Ok(()),
            },
            Some(answer) = waits.join_next() => {
                if let Ok(answer) = answer {
                    write_line(&mut output, &answer).await?;
                }
            }
            line = lines.recv(), if more && ready && current.is_none() => {
                more = line.is_some();
                current = line.and_then(|line| begin(&served, line, &mut waits));
                if !more && at_end == AtEnd::EndPeer {
                    app.leave().cancel();
                }
            }
            () = app.ready().cancelled(), if !ready => {}
            () = app.ended().cancelled(), if idle => return Ok(()),
        }
    }
}

/// A command on its way to its answer.
type Running = Pin<Box<dyn Future<Output = Value> + Send>>;

/// The answer of the running command; none ever comes while none runs.
async fn finish(current: &mut Option<Running>) -> Value {
    match current {
        Some(running) => running.await,
        None => std::future::pending().await,
    }
}

/// Begins to carry out a line. Commands that wait do so beside the others.
fn begin(served: &Served, line: Line, waits: &mut JoinSet<Value>) -> Option<Running> {
    let Line { seq, command } = line;
    let served = served.clone();
    let refused = match command {
        Ok(command @ Command::WaitPeers { .. }) if waits.len() < WAITS_MAX => {
            waits.spawn(async move { answer(&seq, session::run(&served, command).await) });
            return None;
        }
        Ok(Command::WaitPeers { .. }) => lanspread_jsonl::bad_input(format!(
            "{WAITS_MAX} wait-peers commands are waiting already; let one end first"
        )),
        Ok(command) => {
            return Some(Box::pin(async move {
                answer(&seq, session::run(&served, command).await)
            }));
        }
        Err(error) => error,
    };
    Some(Box::pin(std::future::ready(answer(&seq, Err(refused)))))
}

fn answer(seq: &Value, result: Result<Value, lanspread_peer::CommandRefused>) -> Value {
    match result {
        Ok(data) => lanspread_jsonl::ok(seq, &data),
        Err(error) => lanspread_jsonl::refused(seq, &error),
    }
}

async fn write_line<W: AsyncWrite + Unpin>(output: &mut W, line: &Value) -> io::Result<()> {
    let mut text = line.to_string();
    text.push('\n');
    output.write_all(text.as_bytes()).await?;
    output.flush().await
}

/// Reads lines until the input ends or nobody wants them; empty lines are passed over.
async fn read_lines<R: AsyncBufRead + Unpin>(mut input: R, tx: mpsc::Sender<Line>) {
    while let Ok(Some(line)) = read_line(&mut input, LINE_BYTES_MAX + 1).await {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if tx.send(lanspread_jsonl::parse(&line)).await.is_err() {
            return;
        }
    }
}

/// Reads one line without its end; of a longer one, its first `bytes_max` bytes. `None` at the end.
///
/// # Errors
/// The input cannot be read.
pub async fn read_line<R: AsyncBufRead + Unpin>(
    input: &mut R,
    bytes_max: usize,
) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    loop {
        let available = input.fill_buf().await?;
        if available.is_empty() {
            return Ok((!line.is_empty()).then_some(line));
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let part = &available[..end.unwrap_or(available.len())];
        let room = bytes_max.saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = end.map_or(available.len(), |at| at + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(Some(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines_of(mut input: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        while let Some(line) = read_line(&mut input, LINE_BYTES_MAX + 1)
            .await
            .expect("a slice can be read")
        {
            lines.push(line);
        }
        lines
    }

    #[tokio::test]
    async fn lines_end_at_line_feeds_and_at_the_end() {
        assert_eq!(
            lines_of(b"a\nbc\r\n\nd").await,
            [&b"a"[..], b"bc\r", b"", b"d"]
        );
        assert!(lines_of(b"").await.is_empty());
    }

    #[tokio::test]
    async fn a_line_without_end_costs_bounded_memory_and_the_next_is_read() {
        let mut input = vec![b'x'; LINE_BYTES_MAX * 3];
        input.extend_from_slice(b"\nnext\n");
        let lines = lines_of(&input).await;
        assert_eq!(lines[0].len(), LINE_BYTES_MAX + 1);
        assert_eq!(lines[1], b"next");
    }
}
