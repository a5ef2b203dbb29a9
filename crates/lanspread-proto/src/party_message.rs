//! What somebody says to the whole party: one line of text, for people only.
//!
//! Invariant: a text that exists can be shown anywhere as it is: it is one line, says something, is no
//! longer than allowed, and cannot reach outside of the place where it stands.

use std::fmt;

use lanspread_db::is_invisible;
use serde::{Deserialize, Serialize};

use crate::{
    LibraryEpoch,
    limits::{MESSAGE_AGE_MS_MAX, MESSAGE_TEXT_BYTES_MAX},
};

/// Something that the sender's user said to everybody.
///
/// The sender, its run and the number together name it: whoever is told it twice knows that it is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartyMessage {
    /// The run of the sender in which it was said.
    pub run: LibraryEpoch,
    /// Counts up from 1 within the run. A peer is told them in this order.
    pub number: u64,
    /// How long ago it was said, in milliseconds; at most [`MESSAGE_AGE_MS_MAX`]. No clock at a party
    /// need be right.
    pub age_ms: u64,
    /// What was said.
    pub text: MessageText,
}

impl PartyMessage {
    /// Looks at what its types cannot rule out.
    ///
    /// # Errors
    /// It has no number, or is too old; the error says which.
    pub fn check(&self) -> Result<(), PartyMessageError> {
        if self.number == 0 {
            return Err(PartyMessageError::NoNumber);
        }
        if self.age_ms > MESSAGE_AGE_MS_MAX {
            return Err(PartyMessageError::TooOld);
        }
        Ok(())
    }
}

/// Why a message is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartyMessageError {
    /// Numbers begin with 1.
    #[error("messages are numbered from 1, and this one is number 0")]
    NoNumber,
    /// It was said too long ago.
    #[error("it was said more than {} min ago", MESSAGE_AGE_MS_MAX / 60_000)]
    TooOld,
}

/// One line of text that people wrote: at most [`MESSAGE_TEXT_BYTES_MAX`] bytes, with something to see in
/// it, without control characters and without characters that change the direction of what follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageText(String);

/// Why a text is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageTextError {
    /// There is nothing to see in it.
    #[error("there is no text in it")]
    Empty,
    /// It is longer than allowed.
    #[error(
        "it has {bytes} bytes, and {MESSAGE_TEXT_BYTES_MAX} are allowed: say it in several messages"
    )]
    TooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// It came from another peer and is not as a peer makes it.
    #[error("it is not one line of plain text without spaces around it")]
    NotPlain,
}

impl MessageText {
    /// Makes a message of what people type: line breaks and runs of spaces become one space, those around
    /// it go, and so do control characters and those that turn the direction. Made of a message, it is the
    /// same message.
    ///
    /// # Errors
    /// Nothing is left to see, or more than [`MESSAGE_TEXT_BYTES_MAX`] bytes are left: it is not cut, so
    /// that whoever writes it knows.
    pub fn new(text: &str) -> Result<Self, MessageTextError> {
        let mut line = String::new();
        for word in text.split_whitespace() {
            let word: String = word.chars().filter(|&c| is_plain(c)).collect();
            if !word.is_empty() {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(&word);
            }
        }
        if line.chars().all(|c| c == ' ' || is_invisible(c)) {
            return Err(MessageTextError::Empty);
        }
        if line.len() > MESSAGE_TEXT_BYTES_MAX {
            return Err(MessageTextError::TooLong { bytes: line.len() });
        }
        Ok(Self(line))
    }

    /// The message as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character stays in its place: what joins letters or emoji does.
fn is_plain(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !c.is_control() && !turns
}

impl TryFrom<String> for MessageText {
    type Error = MessageTextError;

    fn try_from(text: String) -> Result<Self, MessageTextError> {
        let made = Self::new(&text)?;
        if made.0 == text {
            Ok(made)
        } else {
            Err(MessageTextError::NotPlain)
        }
    }
}

impl From<MessageText> for String {
    fn from(text: MessageText) -> Self {
        text.0
    }
}

impl fmt::Display for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<MessageText, serde_json::Error> {
        serde_json::from_value(serde_json::Value::from(text))
    }

    #[test]
    fn what_people_type_becomes_one_plain_line() {
        for (typed, said) in [
            ("Pizza is here", "Pizza is here"),
            ("  two\r\n lines\t\n", "two lines"),
            ("a\u{1b}[31mb\u{7}", "a[31mb"),
            ("\u{202e}drow", "drow"),
            ("\u{2066}a\u{2069} \u{1} b", "a b"),
            ("<br>", "<br>"),
            (
                "❤\u{fe0f} 👨\u{200d}👩\u{200d}👧",
                "❤\u{fe0f} 👨\u{200d}👩\u{200d}👧",
            ),
            ("البيتزا هنا", "البيتزا هنا"),
        ] {
            let made = MessageText::new(typed).unwrap();
            assert_eq!(made.as_str(), said, "{typed:?}");
            assert_eq!(MessageText::new(made.as_str()), Ok(made));
        }
        for nothing in ["", " \n\t", "\u{1}", "\u{200b} \u{feff}", "\u{202e}"] {
            assert_eq!(MessageText::new(nothing), Err(MessageTextError::Empty));
        }
    }

    #[test]
    fn a_text_at_the_limit_stays_and_a_longer_one_is_refused_and_not_cut() {
        let at_limit = "x".repeat(MESSAGE_TEXT_BYTES_MAX);
        assert_eq!(MessageText::new(&at_limit).unwrap().as_str(), at_limit);
        assert!(read(&at_limit).is_ok());
        let bytes = MESSAGE_TEXT_BYTES_MAX + 1;
        let longer = format!("{}é", &at_limit[1..]);
        assert_eq!(longer.len(), bytes);
        assert_eq!(
            MessageText::new(&longer),
            Err(MessageTextError::TooLong { bytes })
        );
        let error = read(&longer).unwrap_err().to_string();
        assert!(error.contains("501 bytes"), "{error}");
    }

    #[test]
    fn a_text_from_the_wire_is_taken_as_it_is_or_not_at_all() {
        assert_eq!(read("Pizza").unwrap().as_str(), "Pizza");
        for bad in [
            "",
            " ",
            " Pizza",
            "Pizza\n",
            "a\u{7}b",
            "a  b",
            "\u{202e}drow",
            "a\u{2028}b",
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_message_has_a_number_and_was_said_within_the_hour() {
        let message = |number, age_ms| PartyMessage {
            run: LibraryEpoch(1),
            number,
            age_ms,
            text: MessageText::new("Pizza").unwrap(),
        };
        assert_eq!(message(1, MESSAGE_AGE_MS_MAX).check(), Ok(()));
        assert_eq!(
            message(1, MESSAGE_AGE_MS_MAX + 1).check(),
            Err(PartyMessageError::TooOld)
        );
        assert_eq!(message(0, 0).check(), Err(PartyMessageError::NoNumber));
    }
}
