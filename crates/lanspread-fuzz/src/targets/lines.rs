//! The lines that scripts write to a peer.
//!
//! Property: every line has exactly one answer, which is one line, carries the number of the command
//! as it is read back, and says that it was understood if and only if it was.

use lanspread_core::ErrorKind;
use lanspread_jsonl::{Command, LINE_BYTES_MAX, Line, WAIT_MS_MAX, ok, parse, refused};
use serde_json::{Value, json};

/// A line without its end.
pub(crate) fn json_command(line: &[u8]) {
    let Line { seq, command } = parse(line);
    let answer = match &command {
        Ok(_) => ok(&seq, &json!({})),
        Err(error) => refused(&seq, error),
    };
    let text = answer.to_string();
    assert!(!text.contains('\n'), "an answer of several lines: {text}");
    let read: Value = serde_json::from_str(&text).expect("just written");
    assert_eq!(read, answer, "an answer changes when it is read");
    assert_eq!(answer["ok"], command.is_ok());
    let number = match serde_json::from_slice(line) {
        Ok(Value::Object(fields)) if line.len() <= LINE_BYTES_MAX => fields.get("seq").cloned(),
        _ => None,
    };
    assert_eq!(answer["seq"], number.unwrap_or_default());
    match command {
        Ok(Command::WaitPeers { timeout_ms, .. }) => assert!(timeout_ms <= WAIT_MS_MAX),
        Ok(_) => assert!(line.len() <= LINE_BYTES_MAX),
        Err(error) => assert_eq!(error.kind, ErrorKind::BadInput),
    }
}
