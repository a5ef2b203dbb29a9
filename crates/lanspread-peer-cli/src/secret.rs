//! A party code on its way from the command line, the environment, a file or standard input.
//!
//! Invariant: the text is in no debug output, and no message repeats it.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    str::FromStr,
};

use lanspread_peer::{CODE_TEXT_BYTES_MAX, PartyCode, PartyCodeError};

/// A text that is shown to nobody.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Why there is no party code although one was named.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// The code is no good.
    #[error(transparent)]
    Code(#[from] PartyCodeError),
    /// The file cannot be read.
    #[error("the party code cannot be read from {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The party code that was given, if any; a file wins over a text.
///
/// # Errors
/// See [`SecretError`].
pub(crate) fn party_code(
    text: Option<&Secret>,
    file: Option<&Path>,
) -> Result<Option<PartyCode>, SecretError> {
    let Some(path) = file else {
        let code = text
            .map(|Secret(text)| PartyCode::parse(text))
            .transpose()?;
        return Ok(code);
    };
    let failed = |source| SecretError::File {
        path: path.to_owned(),
        source,
    };
    // What follows the first line of standard input is left for whoever reads on.
    let line = if path == Path::new("-") {
        first_line(&mut io::stdin().lock())
    } else {
        File::open(path).and_then(|file| first_line(&mut BufReader::new(file)))
    };
    Ok(Some(PartyCode::parse(&line.map_err(failed)?)?))
}

fn first_line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    // One byte more than a code may have, so that a longer one is seen to be too long.
    input
        .take(CODE_TEXT_BYTES_MAX as u64 + 1)
        .read_line(&mut line)?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret(text.to_owned())
    }

    #[test]
    fn no_code_is_an_open_party_and_an_empty_one_is_a_mistake() {
        assert_eq!(party_code(None, None).expect("none"), None);
        assert!(party_code(Some(&secret("")), None).is_err());
    }

    #[test]
    fn the_first_line_of_a_file_wins() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = dir.path().join("code");
        std::fs::write(&file, "7D3K-9WQZ\r\nsomething else\n").expect("writable");
        let code = party_code(Some(&secret("5x8r-tn2c")), Some(&file)).expect("a code");
        assert_eq!(code, PartyCode::parse("7d3k9wqz").ok());
        let missing = party_code(None, Some(&dir.path().join("nothing"))).expect_err("no file");
        assert!(missing.to_string().contains("nothing"));
    }

    #[test]
    fn what_follows_the_first_line_is_left_for_others() {
        let mut input = io::Cursor::new(b"7d3k-9wqz\n{\"cmd\":\"status\"}\n");
        assert_eq!(first_line(&mut input).expect("a line"), "7d3k-9wqz\n");
        let mut rest = String::new();
        input.read_to_string(&mut rest).expect("the rest");
        assert!(rest.starts_with('{'));
    }

    #[test]
    fn a_line_is_read_one_byte_past_the_longest_code() {
        let text = "x".repeat(CODE_TEXT_BYTES_MAX + 100);
        let mut input = io::Cursor::new(text.as_bytes());
        let line = first_line(&mut input).expect("a line");
        assert_eq!(line.len(), CODE_TEXT_BYTES_MAX + 1);
        assert_eq!(PartyCode::parse(&line), Err(PartyCodeError::TooLong));
    }

    #[test]
    fn the_text_is_in_no_debug_output() {
        assert_eq!(format!("{:?}", secret("7d3k9wqz")), "Secret(..)");
    }
}
