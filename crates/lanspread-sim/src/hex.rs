//! Inputs as text, so that a failing one can be replayed from a command line.
//!
//! Invariant: every input has one text, and text that is none is refused. Zeros at the end are left
//! out: past its end an input is zero.

use std::fmt::Write;

use crate::choices::HEADER_BYTES;

/// An input as text.
#[must_use]
pub fn to_hex(input: &[u8]) -> String {
    let len = input.len();
    let zeros = input.iter().rev().take_while(|&&byte| byte == 0).count();
    let last = if len - zeros < HEADER_BYTES {
        len - zeros
    } else {
        len
    };
    let mut text = String::with_capacity(2 * last);
    for byte in &input[..last] {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The input of a text; `None` if it is none.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .trim()
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16)?).ok())
        .collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    pairs
        .remainder()
        .is_empty()
        .then(|| pairs.map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_survives_its_text_and_other_text_is_refused() {
        let input = [vec![7; HEADER_BYTES], vec![0, 1, 255]].concat();
        assert_eq!(from_hex(&to_hex(&input)), Some(input));
        assert_eq!(to_hex(&[1, 0, 0]), "01");
        assert_eq!(from_hex("0"), None);
        assert_eq!(from_hex("0x"), None);
    }
}
