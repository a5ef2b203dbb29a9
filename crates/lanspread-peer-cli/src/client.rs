//! The one way in which commands for people speak to a peer: the JSON interface, over the control
//! socket or a pipe within this process.
//!
//! Invariant: an event that comes while an answer is awaited is kept for [`Client::next_event`], and
//! both can be awaited and given up at any time without losing a line.

use std::collections::VecDeque;

use lanspread_control::read_line;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufRead, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    task::JoinSet,
};

/// Longest line that is read from a peer: a list of ten thousand games takes a few megabytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Lines that are read ahead.
const LINE_QUEUE_LEN: usize = 64;

/// Events kept while an answer is awaited; past that the oldest go.
const EVENTS_KEPT_MAX: usize = 4096;

/// Why a command has no data to answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The peer refused.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// The peer went away.
    #[error("the peer ended before it answered; `lanspread status` shows whether one runs")]
    Gone,
    /// The answer is not what the documentation says.
    #[error("the peer's answer was not understood ({0}); is it of another release of Lanspread?")]
    Malformed(String),
}

/// A peer's refusal, also of an operation that ended badly.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Refusal {
    /// The kind of error, as in `docs/JSONL.md`.
    pub(crate) kind: String,
    /// What was tried, why it failed, what to do.
    pub(crate) message: String,
}

/// A peer to talk to.
pub(crate) struct Client {
    output: Box<dyn AsyncWrite + Send + Unpin>,
    lines: mpsc::Receiver<Result<Value, CallError>>,
    events: VecDeque<Value>,
    next_seq: u64,
    /// Ends with the client.
    _reader: JoinSet<()>,
}

impl Client {
    /// Talks over these streams.
    pub(crate) fn new(
        input: impl AsyncBufRead + Send + Unpin + 'static,
        output: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        let (tx, lines) = mpsc::channel(LINE_QUEUE_LEN);
        let mut reader = JoinSet::new();
        reader.spawn(read_all(input, tx));
        Self {
            output: Box::new(output),
            lines,
            events: VecDeque::new(),
            next_seq: 1,
            _reader: reader,
        }
    }

    /// Sends a command and reads its answer as `T`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub(crate) async fn ask<T: DeserializeOwned>(
        &mut self,
        command: Value,
    ) -> Result<T, CallError> {
        let data = self.call(command).await?;
        serde_json::from_value(data).map_err(|error| CallError::Malformed(error.to_string()))
    }

    /// Sends a command and returns the data of its answer.
    ///
    /// # Errors
    /// See [`CallError`].
    pub(crate) async fn call(&mut self, mut command: Value) -> Result<Value, CallError> {
        let seq = self.next_seq;
        self.next_seq += 1;
        command["seq"] = json!(seq);
        let line = format!("{command}\n");
        self.output
            .write_all(line.as_bytes())
            .await
            .map_err(|_| CallError::Gone)?;
        self.output.flush().await.map_err(|_| CallError::Gone)?;
        loop {
            let line = self.lines.recv().await.ok_or(CallError::Gone)??;
            if line["type"] == "event" {
                self.keep(line);
            } else if line["seq"] == seq {
                return data_of(line);
            }
        }
    }

    /// The next event; `None` when the peer is gone, or not understood any more.
    pub(crate) async fn next_event(&mut self) -> Option<Value> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        loop {
            let line = self.lines.recv().await?.ok()?;
            if line["type"] == "event" {
                return Some(line);
            }
        }
    }

    /// Drops the events that came before the last answer and were not looked at.
    pub(crate) fn forget_events(&mut self) {
        self.events.clear();
    }

    /// Whether such an event has come and was not looked at.
    pub(crate) fn has_event(&self, is_it: impl Fn(&Value) -> bool) -> bool {
        self.events.iter().any(is_it)
    }

    fn keep(&mut self, event: Value) {
        if self.events.len() >= EVENTS_KEPT_MAX {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}

fn data_of(mut answer: Value) -> Result<Value, CallError> {
    if answer["ok"] == true {
        return Ok(answer["data"].take());
    }
    match serde_json::from_value(answer["error"].take()) {
        Ok(refusal) => Err(CallError::Refused(refusal)),
        Err(error) => Err(CallError::Malformed(error.to_string())),
    }
}

/// Reads lines until the input ends or nobody wants them. One that is no JSON is told: it may be the
/// answer that somebody waits for.
async fn read_all(
    mut input: impl AsyncBufRead + Unpin,
    tx: mpsc::Sender<Result<Value, CallError>>,
) {
    while let Ok(Some(line)) = read_line(&mut input, ANSWER_BYTES_MAX).await {
        let line =
            serde_json::from_slice(&line).map_err(|error| CallError::Malformed(error.to_string()));
        if tx.send(line).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, BufReader, DuplexStream, duplex, split};

    use super::*;

    struct Scripted {
        stream: BufReader<DuplexStream>,
    }

    impl Scripted {
        fn pair() -> (Client, Self) {
            let (own, other) = duplex(1024);
            let (input, output) = split(own);
            (
                Client::new(BufReader::new(input), output),
                Self {
                    stream: BufReader::new(other),
                },
            )
        }

        async fn read(&mut self) -> Value {
            let mut line = String::new();
            self.stream.read_line(&mut line).await.expect("a line");
            serde_json::from_str(&line).expect("JSON")
        }

        async fn write(&mut self, line: Value) {
            self.stream
                .write_all(format!("{line}\n").as_bytes())
                .await
                .expect("writable");
        }
    }

    #[tokio::test]
    async fn events_before_the_answer_are_kept_in_order() {
        let (mut client, mut peer) = Scripted::pair();
        let script = async {
            let command = peer.read().await;
            peer.write(json!({ "type": "event", "event": "one" })).await;
            peer.write(json!({ "type": "result", "seq": 99, "ok": true, "data": {} }))
                .await;
            peer.write(json!({ "type": "event", "event": "two" })).await;
            let answer = json!({ "type": "result", "seq": command["seq"], "ok": true, "data": 5 });
            peer.write(answer).await;
        };
        let (data, ()) = tokio::join!(client.call(json!({ "cmd": "status" })), script);
        assert_eq!(data.expect("answered"), 5);
        assert!(client.has_event(|event| event["event"] == "two"));
        assert_eq!(client.next_event().await.expect("kept")["event"], "one");
        assert_eq!(client.next_event().await.expect("kept")["event"], "two");
        drop(peer);
        assert!(client.next_event().await.is_none());
    }

    #[tokio::test]
    async fn a_refusal_is_told_in_the_words_of_the_peer() {
        let (mut client, mut peer) = Scripted::pair();
        let script = async {
            let seq = peer.read().await["seq"].clone();
            let error = json!({ "kind": "busy", "message": "it is being installed" });
            peer.write(json!({ "type": "result", "seq": seq, "ok": false, "error": error }))
                .await;
        };
        let (answer, ()) = tokio::join!(client.call(json!({ "cmd": "remove", "id": "x" })), script);
        let error = answer.expect_err("refused");
        assert_eq!(error.to_string(), "it is being installed");
        assert!(matches!(error, CallError::Refused(refusal) if refusal.kind == "busy"));
    }

    #[tokio::test]
    async fn a_peer_that_ends_leaves_no_caller_waiting() {
        let (mut client, mut peer) = Scripted::pair();
        let script = async {
            peer.read().await;
            drop(peer);
        };
        let (answer, ()) = tokio::join!(client.call(json!({ "cmd": "status" })), script);
        assert!(matches!(answer, Err(CallError::Gone)));
    }

    #[tokio::test]
    async fn an_answer_is_read_up_to_the_limit_and_a_longer_one_is_told_as_not_understood() {
        for (past, is_read) in [(0, true), (1, false)] {
            let text = "x".repeat(ANSWER_BYTES_MAX - 2 + past);
            let line = format!("\"{text}\"\n");
            let (tx, mut lines) = mpsc::channel(1);
            read_all(line.as_bytes(), tx).await;
            match lines.recv().await {
                Some(Ok(read)) => assert!(is_read && read.as_str() == Some(&text)),
                Some(Err(error)) => assert!(!is_read, "{error}"),
                None => panic!("nothing is told"),
            }
        }
    }

    #[test]
    fn events_are_kept_up_to_the_limit_and_the_oldest_go_past_it() {
        let (_tx, lines) = mpsc::channel(1);
        let mut client = Client {
            output: Box::new(tokio::io::sink()),
            lines,
            events: VecDeque::new(),
            next_seq: 1,
            _reader: JoinSet::new(),
        };
        for number in 0..EVENTS_KEPT_MAX {
            client.keep(json!({ "number": number }));
        }
        assert_eq!(client.events[0]["number"], 0);
        client.keep(json!({ "number": "last" }));
        assert_eq!(
            (client.events.len(), &client.events[0]["number"]),
            (EVENTS_KEPT_MAX, &json!(1))
        );
    }
}
