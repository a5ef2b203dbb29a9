//! Serves the JSON interface on one pair of streams: standard input and output, or a local socket.
//!
//! Invariant: a line is written whole or not at all, and a reader that is slow or gone holds up nobody
//! but itself.

use std::{io, sync::Arc};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt},
    sync::{broadcast::error::RecvError, mpsc},
    task::JoinSet,
};

use crate::{
    protocol::{self, Command, LINE_BYTES_MAX, Line},
    session::Session,
};

/// Most lines that wait to be carried out; a client that sends more waits.
const LINES_PENDING_MAX: usize = 16;

/// Most `wait-peers` commands of one client that wait at the same time.
const WAITS_MAX: usize = 16;

/// Serves until the input ends, the output breaks or the session is left.
///
/// # Errors
/// The streams fail.
pub(crate) async fn serve<R, W>(session: Arc<Session>, input: R, mut output: W) -> io::Result<()>
where
    R: AsyncBufRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin,
{
    let mut events = session.events();
    let (tx, mut lines) = mpsc::channel(LINES_PENDING_MAX);
    let mut reader = JoinSet::new();
    reader.spawn(read_lines(input, tx));
    let mut waits = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            line = lines.recv() => match line {
                Some(line) => carry_out(&session, line, &mut waits, &mut output).await?,
                None => return Ok(()),
            },
            Some(answer) = waits.join_next() => {
                if let Ok(answer) = answer {
                    write_line(&mut output, &answer).await?;
                }
            }
            event = events.recv() => match event {
                Ok(event) => write_line(&mut output, &event).await?,
                Err(RecvError::Lagged(count)) => {
                    let lost = json!({ "type": "event", "event": "events-lost", "count": count });
                    write_line(&mut output, &lost).await?;
                }
                Err(RecvError::Closed) => return Ok(()),
            },
            () = session.leave().cancelled() => return Ok(()),
        }
    }
}

async fn carry_out<W: AsyncWrite + Unpin>(
    session: &Arc<Session>,
    line: Line,
    waits: &mut JoinSet<Value>,
    output: &mut W,
) -> io::Result<()> {
    let Line { seq, command } = line;
    let result = match command {
        Ok(command @ Command::WaitPeers { .. }) if waits.len() < WAITS_MAX => {
            let session = Arc::clone(session);
            waits.spawn(async move { answer(&seq, session.run(command).await) });
            return Ok(());
        }
        Ok(Command::WaitPeers { .. }) => Err(protocol::bad_input(format!(
            "{WAITS_MAX} wait-peers commands are waiting already; let one end first"
        ))),
        Ok(command) => session.run(command).await,
        Err(error) => Err(error),
    };
    write_line(output, &answer(&seq, result)).await
}

fn answer(seq: &Value, result: Result<Value, lanspread_peer::CommandRefused>) -> Value {
    match result {
        Ok(data) => protocol::ok(seq, &data),
        Err(error) => protocol::refused(seq, &error),
    }
}

pub(crate) async fn write_line<W: AsyncWrite + Unpin>(output: &mut W, line: &Value) -> io::Result<()> {
    let mut text = line.to_string();
    text.push('\n');
    output.write_all(text.as_bytes()).await?;
    output.flush().await
}

/// Reads lines until the input ends or nobody wants them; empty lines are passed over.
async fn read_lines<R: AsyncBufRead + Unpin>(mut input: R, tx: mpsc::Sender<Line>) {
    while let Ok(Some(line)) = read_line(&mut input).await {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if tx.send(protocol::parse(&line)).await.is_err() {
            return;
        }
    }
}

/// Reads one line without its end; of a line that is too long, one byte more than the limit.
pub(crate) async fn read_line<R: AsyncBufRead + Unpin>(input: &mut R) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    loop {
        let available = input.fill_buf().await?;
        if available.is_empty() {
            return Ok((!line.is_empty()).then_some(line));
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let part = &available[..end.unwrap_or(available.len())];
        let room = (LINE_BYTES_MAX + 1).saturating_sub(line.len());
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
        while let Some(line) = read_line(&mut input).await.expect("a slice can be read") {
            lines.push(line);
        }
        lines
    }

    #[tokio::test]
    async fn lines_end_at_line_feeds_and_at_the_end() {
        assert_eq!(lines_of(b"a\nbc\r\n\nd").await, [&b"a"[..], b"bc\r", b"", b"d"]);
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
