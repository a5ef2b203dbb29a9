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
