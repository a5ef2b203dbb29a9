//! The party code: a short secret that all peers of one party know.
//!
//! Invariant: a code exists only if it is long and varied enough to stand against guessing at the
//! rate that [`lanspread_core::admission`] allows; it is in no debug output, and this copy of it is wiped when it goes.
//! What people type is normalised, so that a code read aloud or off a whiteboard still fits.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// Fewest letters and digits of a code.
pub const CODE_SYMBOLS_MIN: usize = 8;

/// Most letters and digits of a code.
pub const CODE_SYMBOLS_MAX: usize = 64;

/// Fewest different letters and digits of a code.
pub const CODE_DISTINCT_MIN: usize = 5;

/// Longest text that is looked at, in bytes.
pub const CODE_TEXT_BYTES_MAX: usize = 1024;

/// The letters and digits of codes that are made here: 32, without those that are taken for others
/// (Crockford's Base 32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// How many of them a code that is made here has: 40 bits.
const MADE_SYMBOLS: usize = 8;

/// How a code that is made here is grouped for the eye.
const GROUP_SYMBOLS: usize = 4;

/// What people think of first; also with digits behind.
const WELL_KNOWN: [&str; 12] = [
    "abcdefgh",
    "counterstrike",
    "lanparty",
    "lanspread",
    "letmein",
    "passcode",
    "passwort",
    "password",
    "qwertyui",
    "qwertzui",
    "partycode",
    "unrealtournament",
];

/// A party code, normalised.
#[derive(Clone, PartialEq, Eq)]
pub struct PartyCode(Zeroizing<String>);

/// Why a text is no party code. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartyCodeError {
    /// Too few letters and digits.
    #[error(
        "this party code has only {found} letters and digits and could be guessed: use at least \
         {CODE_SYMBOLS_MIN}, or let `lanspread party new-code` make one"
    )]
    TooShort {
        /// How many it has.
        found: usize,
    },
    /// Too many letters and digits.
    #[error("this party code is too long: use at most {CODE_SYMBOLS_MAX} letters and digits")]
    TooLong,
    /// Too few different ones, a row of neighbours, or what everybody would try first.
    #[error(
        "this party code could be guessed: use one that is less regular and less known, or let \
         `lanspread party new-code` make one"
    )]
    TooWeak,
}

impl PartyCode {
    /// Reads a code as people type it. Case, spaces, dashes and all other characters that are
    /// neither letters nor digits do not count; `o` is read as `0`, and `i` and `l` as `1`.
    ///
    /// # Errors
    /// A code that is too short, too long or too easy to guess.
    pub fn parse(text: &str) -> Result<Self, PartyCodeError> {
        if text.len() > CODE_TEXT_BYTES_MAX {
            return Err(PartyCodeError::TooLong);
        }
        let code = normalised(text);
        let found = code.chars().count();
        if found < CODE_SYMBOLS_MIN {
            Err(PartyCodeError::TooShort { found })
        } else if found > CODE_SYMBOLS_MAX {
            Err(PartyCodeError::TooLong)
        } else if is_weak(&code) {
            Err(PartyCodeError::TooWeak)
        } else {
            Ok(Self(code))
        }
    }

    /// Makes a good code: 40 bits by lot.
    ///
    /// # Errors
    /// A system that gives no random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        loop {
            let mut lot = Zeroizing::new([0_u8; MADE_SYMBOLS]);
            getrandom::fill(&mut lot[..])?;
            // 256 is a multiple of 32: every symbol is equally likely.
            let symbols = lot
                .iter()
                .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
            let code: Zeroizing<String> = Zeroizing::new(symbols.collect());
            // Very few lots are as regular as what people may not choose.
            if let Ok(code) = Self::parse(&code) {
                return Ok(code);
            }
        }
    }

    /// The code as it is told to people, in groups. The one way to get at it: do not log it.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(2 * self.0.len()));
        for (nth, symbol) in self.0.chars().enumerate() {
            if nth > 0 && nth % GROUP_SYMBOLS == 0 {
                text.push('-');
            }
            text.push(symbol);
        }
        text
    }

    /// What both sides of an admission put in.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for PartyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The code stays out of every log.
        f.write_str("PartyCode(..)")
    }
}

/// The letters and digits that count.
fn normalised(text: &str) -> Zeroizing<String> {
    // Room for all of it from the start: a string that grows leaves copies behind.
    let mut code = Zeroizing::new(String::with_capacity(4 * CODE_TEXT_BYTES_MAX));
    for symbol in text.nfkc().flat_map(char::to_lowercase) {
        match symbol {
            'o' => code.push('0'),
            'i' | 'l' => code.push('1'),
            symbol if symbol.is_alphanumeric() && code.len() < 4 * CODE_TEXT_BYTES_MAX - 4 => {
                code.push(symbol);
            }
            _ => {}
        }
    }
    code
}

fn is_weak(code: &str) -> bool {
    let mut distinct: Vec<char> = code.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let word = code.trim_end_matches(|symbol: char| symbol.is_ascii_digit());
    let known = |known: &str| {
        let known = normalised(known);
        *known == *code || known.trim_end_matches(|symbol: char| symbol.is_ascii_digit()) == word
    };
    distinct.len() < CODE_DISTINCT_MIN || is_row(code) || WELL_KNOWN.iter().any(|k| known(k))
}

/// Whether each symbol is the neighbour of the one before, up or down, in the order of the alphabet.
fn is_row(code: &str) -> bool {
    let steps = |by: u32| {
        let mut pairs = code.chars().zip(code.chars().skip(1));
        pairs.all(|(a, b)| u32::from(a).wrapping_add(by) == u32::from(b))
    };
    steps(1) || steps(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> PartyCode {
        PartyCode::parse(text).unwrap()
    }

    #[test]
    fn case_spaces_dashes_and_letters_that_look_alike_do_not_count() {
        let expected = code("k7m0-21xw");
        for typed in [
            "K7MO 2IXW",
            " k7mo2lxw\n",
            "k7m0_21xw",
            "k-7-m-o-2-L-x-w",
            "Ｋ7m0 21xw",
        ] {
            assert_eq!(code(typed), expected, "{typed:?}");
        }
        assert_ne!(code("k7m0-21xv"), expected);
    }

    #[test]
    fn a_code_at_the_shortest_length_is_taken_and_a_shorter_one_is_not() {
        let text = "7d3k9wqz5x";
        assert!(PartyCode::parse(&text[..CODE_SYMBOLS_MIN]).is_ok());
        let found = CODE_SYMBOLS_MIN - 1;
        let error = PartyCode::parse(&text[..found]).unwrap_err();
        assert_eq!(error, PartyCodeError::TooShort { found });
        assert!(error.to_string().contains("new-code"));
        assert!(PartyCode::parse("").is_err());
    }

    #[test]
    fn a_code_at_the_longest_length_is_taken_and_a_longer_one_is_not() {
        let text = "7d3k9wqz".repeat(8);
        assert_eq!(text.len(), CODE_SYMBOLS_MAX);
        assert!(PartyCode::parse(&text).is_ok());
        assert_eq!(
            PartyCode::parse(&format!("{text}x")),
            Err(PartyCodeError::TooLong)
        );
        let padded = format!("{text}{}", "-".repeat(CODE_TEXT_BYTES_MAX - text.len()));
        assert!(PartyCode::parse(&padded).is_ok());
        assert_eq!(
            PartyCode::parse(&format!("{padded}-")),
            Err(PartyCodeError::TooLong)
        );
    }

    #[test]
    fn a_code_with_the_fewest_different_symbols_is_taken_and_one_with_fewer_is_not() {
        assert!(PartyCode::parse("aabbccdde").is_ok());
        assert_eq!(PartyCode::parse("aabbccdd"), Err(PartyCodeError::TooWeak));
    }

    #[test]
    fn what_everybody_would_try_first_is_refused() {
        for weak in [
            "aaaaaaaa",
            "12345678",
            "987654321",
            "abcdefgh",
            "Lan-Party",
            "lanparty2026",
            "PASSWORD",
            "password1",
            "lanspread",
            "qwertzui",
        ] {
            assert_eq!(
                PartyCode::parse(weak),
                Err(PartyCodeError::TooWeak),
                "{weak}"
            );
        }
    }

    #[test]
    fn codes_that_are_made_here_are_good_and_read_back_as_they_are_told() {
        let made: Vec<PartyCode> = (0..200).map(|_| PartyCode::random().unwrap()).collect();
        for made in &made {
            let told = made.reveal();
            assert_eq!(told.len(), MADE_SYMBOLS + MADE_SYMBOLS / GROUP_SYMBOLS - 1);
            assert_eq!(code(&told), *made);
            assert_eq!(code(&told.to_uppercase()), *made);
        }
        let mut distinct: Vec<String> = made.iter().map(|code| code.reveal().to_string()).collect();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), made.len());
    }

    #[test]
    fn the_code_is_in_no_debug_output_and_in_no_error() {
        assert_eq!(format!("{:?}", code("7d3k9wqz")), "PartyCode(..)");
        let error = PartyCode::parse("xyzzy").unwrap_err();
        assert!(!error.to_string().contains("xyzzy"));
    }
}
