//! Makes text from strangers fit to show: no control characters, bounded, real line breaks.
//!
//! Its one invariant: what comes out cannot move a terminal's cursor or run on for ever. It
//! deliberately does not know where the text came from.

use crate::game_id::is_invisible;

/// The longest text of one line (title, publisher, genre …), in bytes of UTF-8.
pub const CATALOG_LINE_BYTES_MAX: usize = 1024;
/// The longest text of several lines (a description), in bytes of UTF-8.
pub const CATALOG_TEXT_BYTES_MAX: usize = 64 * 1024;

/// Turns `text` into one line: line breaks become spaces, control and invisible characters go,
/// runs of spaces become one. `None` when nothing is left.
#[must_use]
pub fn clean_line(text: &str) -> Option<String> {
    let mut line = String::new();
    for word in breaks_unified(text).split_whitespace() {
        let word: String = word.chars().filter(|&c| is_shown(c)).collect();
        if !word.is_empty() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
    }
    (!line.is_empty()).then_some(line)
}

/// Turns `text` into lines: `<br>` in all its spellings becomes a line break, control and
/// invisible characters go, as do spaces at the ends of lines and empty lines at both ends.
/// `None` when nothing is left.
#[must_use]
pub fn clean_text(text: &str) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in breaks_unified(text).split('\n') {
        let line: String = line
            .chars()
            .map(|c| if c == '\t' { ' ' } else { c })
            .filter(|&c| is_shown(c))
            .collect();
        lines.push(line.trim_end().to_owned());
    }
    let text = lines.join("\n");
    let text = text.trim_matches('\n').trim_end();
    (!text.trim().is_empty()).then(|| text.to_owned())
}

fn is_shown(c: char) -> bool {
    !c.is_control() && !is_invisible(c)
}

/// Replaces `<br>`, `<br/>`, `<BR />` and the line ends of all platforms with `\n`.
fn breaks_unified(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '\r']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = after_break(rest) {
            out.push('\n');
            rest = after;
        } else {
            out.push('<');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

/// What follows the line break that `text` begins with, if it begins with one.
fn after_break(text: &str) -> Option<&str> {
    if let Some(after) = text.strip_prefix('\r') {
        return Some(after.strip_prefix('\n').unwrap_or(after));
    }
    let tag = text
        .get(..3)
        .filter(|tag| tag.eq_ignore_ascii_case("<br"))?;
    let rest = text[tag.len()..].trim_start_matches(' ');
    rest.strip_prefix('/').unwrap_or(rest).strip_prefix('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_breaks_no_controls_and_single_spaces() {
        let table = [
            ("Quake III", Some("Quake III")),
            ("  a \t b\n\nc ", Some("a b c")),
            ("a<br>b", Some("a b")),
            ("a\u{1b}[31mb\u{7}", Some("a[31mb")),
            ("a\u{202e}b\u{200b}", Some("ab")),
            ("\u{200b} \u{0}", None),
            ("", None),
            ("\r\n", None),
        ];
        for (text, expected) in table {
            assert_eq!(clean_line(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_text_has_real_line_breaks_and_no_controls() {
        let table = [
            ("a<br>b", Some("a\nb")),
            ("a<BR/>b<br />c<Br  >d", Some("a\nb\nc\nd")),
            ("a\r\nb\rc\nd", Some("a\nb\nc\nd")),
            ("a<br><br>b", Some("a\n\nb")),
            ("<br>a  <br>", Some("a")),
            ("  indented<br>\tb", Some("  indented\n b")),
            ("1 < 2 <b>bold</b> <br", Some("1 < 2 <b>bold</b> <br")),
            ("<breath><bä", Some("<breath><bä")),
            ("a\u{1b}b\u{9b}c", Some("abc")),
            ("<br> <br>", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(clean_text(text).as_deref(), expected, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_cleaned_is_clean(text: String) {
            if let Some(line) = clean_line(&text) {
                proptest::prop_assert!(!line.is_empty() && !line.contains(char::is_control));
                proptest::prop_assert!(line.len() <= text.len());
            }
            if let Some(lines) = clean_text(&text) {
                let shown = |c: char| c == '\n' || !c.is_control();
                proptest::prop_assert!(lines.chars().all(shown));
                proptest::prop_assert!(lines.len() <= text.len());
            }
        }
    }
}
