//! The talk by which two peers prove to each other that they know the same party code.
//!
//! Invariant: no message here holds anything from which the code could be guessed without asking a
//! peer once for each guess. What the values mean is the business of whoever computes them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A message of the admission, all of them on the first stream of a connection: the dialer's share,
/// the listener's share, the dialer's proof, the listener's proof. Either side may refuse instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Admission {
    /// The sender's half of the key exchange.
    AdmissionShare {
        /// A point of the curve, blinded by the code.
        share: Token,
    },
    /// "I have the key, so I know the code."
    AdmissionProof {
        /// A hash under the key; the two sides' differ.
        proof: Token,
    },
    /// "You are not let in."
    AdmissionRefused {
        /// Why.
        reason: AdmissionRefusal,
    },
}

/// Why a peer is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdmissionRefusal {
    /// The proof is not that of this party's code.
    WrongCode,
    /// Too many attempts failed lately, or too many are under way: come again later.
    TooManyAttempts,
}

/// 32 bytes that mean nothing to who does not know where they come from, as 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Token(pub [u8; 32]);

/// Why a text is no [`Token`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a share, proof or token is 64 lower-case hexadecimal digits")]
pub struct TokenError;

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
            return Err(TokenError);
        };
        if pairs.len() != 32 {
            return Err(TokenError);
        }
        let mut bytes = [0_u8; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

const fn digit(digit: u8) -> Result<u8, TokenError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(TokenError),
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl TryFrom<String> for Token {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, TokenError> {
        text.parse()
    }
}

impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FrameKind, encode_frame};

    #[test]
    fn a_token_is_64_lower_case_digits_and_nothing_else() {
        let token = Token([0xa5; 32]);
        let text = token.to_string();
        assert_eq!(text.parse(), Ok(token));
        for bad in [
            text[1..].to_owned(),
            text[2..].to_owned(),
            format!("{text}a5"),
            text.to_uppercase(),
            text.replace('5', "g"),
            String::new(),
        ] {
            assert_eq!(bad.parse::<Token>(), Err(TokenError), "{bad}");
        }
    }

    #[test]
    fn every_message_fits_its_frame() {
        let token = Token([0xff; 32]);
        for message in [
            Admission::AdmissionShare { share: token },
            Admission::AdmissionProof { proof: token },
            Admission::AdmissionRefused {
                reason: AdmissionRefusal::TooManyAttempts,
            },
        ] {
            encode_frame(FrameKind::Admission, &message).unwrap();
        }
    }
}
