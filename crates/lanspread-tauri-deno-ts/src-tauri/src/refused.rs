//! Why something that the front end asked for is not done, as the front end is told.
//!
//! Invariant: the kinds are those of `docs/JSONL.md`.

use std::fmt;

use lanspread_peer::{CommandRefused, ErrorKind};
use serde::Serialize;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Refused {
    kind: &'static str,
    message: String,
}

impl Refused {
    /// A refusal of this kind; the message says what was tried, why it failed and what to do.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind: kind.as_str(),
            message: message.into(),
        }
    }

    /// No peer runs.
    pub(crate) fn no_peer() -> Self {
        Self::new(
            ErrorKind::ShuttingDown,
            "no peer runs: it is being started, or waits for a name and a folder",
        )
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<CommandRefused> for Refused {
    fn from(refused: CommandRefused) -> Self {
        Self::new(refused.kind, refused.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_as_kind_and_message() {
        let refused = Refused::new(ErrorKind::BadInput, "no");
        let told = serde_json::to_value(refused).expect("it can be written");
        assert_eq!(
            told,
            serde_json::json!({ "kind": "bad-input", "message": "no" })
        );
    }
}
