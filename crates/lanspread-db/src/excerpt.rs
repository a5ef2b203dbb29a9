//! Shows hostile text in an error message: cut to a readable length, never raw.
//!
//! Its one invariant: the result is short. Escaping is left to `{:?}` in the message.

/// How many characters of a refused text a message shows.
const EXCERPT_CHARS_MAX: usize = 80;

/// Cuts `text` to what a message can show.
pub(crate) fn excerpt(text: &str) -> String {
    let mut chars = text.chars();
    let mut shown: String = chars.by_ref().take(EXCERPT_CHARS_MAX).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_at_the_limit_is_whole_and_one_past_is_cut() {
        let whole = "ä".repeat(EXCERPT_CHARS_MAX);
        assert_eq!(excerpt(&whole), whole);
        assert_eq!(excerpt(&format!("{whole}b")), format!("{whole}…"));
    }
}
