//! What lets a browser of another machine in.
//!
//! Invariant: a token is drawn anew for each start, has 128 bits, and is compared in constant time. It is
//! in links that people pass on, so it never reaches a log.

use std::fmt;

/// Random bytes of a token.
const TOKEN_BYTES: usize = 16;

/// A secret that is part of the link to the page.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Draws one.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn draw() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes)?;
        let hex = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        Ok(Self(
            hex.filter_map(|digit| char::from_digit(u32::from(digit), 16))
                .collect(),
        ))
    }

    /// The token as it stands in a link.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether this is it. How long that takes says nothing: hashes are compared, in constant time.
    #[must_use]
    pub fn is(&self, said: &str) -> bool {
        blake3::hash(self.0.as_bytes()) == blake3::hash(said.as_bytes())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_itself_and_no_other() {
        let (one, other) = (
            Token::draw().expect("random"),
            Token::draw().expect("random"),
        );
        assert_eq!(one.reveal().len(), 2 * TOKEN_BYTES);
        assert!(one.is(one.reveal()));
        assert!(!one.is(other.reveal()));
        assert!(!one.is(""));
        assert_eq!(format!("{one:?}"), "Token(…)");
    }
}
