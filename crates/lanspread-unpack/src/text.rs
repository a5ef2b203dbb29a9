//! Makes text from archives fit to be shown.

/// Characters of foreign text that a message repeats at most.
const SHOWN_CHARS_MAX: usize = 300;

/// Escapes control characters, which could redraw a terminal, and cuts what is too long to read.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(SHOWN_CHARS_MAX));
    for (index, character) in text.chars().enumerate() {
        if index == SHOWN_CHARS_MAX {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_long_text_is_cut() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
        assert_eq!(
            printable(&"ä".repeat(SHOWN_CHARS_MAX)).chars().count(),
            SHOWN_CHARS_MAX
        );
        assert!(printable(&"ä".repeat(SHOWN_CHARS_MAX + 1)).ends_with('…'));
    }
}
