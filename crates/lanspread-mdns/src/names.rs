//! Names: what may stand in a DNS label, and which text may be shown to people.
//!
//! Invariant: text that leaves or enters through here holds no character that could garble a
//! terminal or pretend to be other text.

use crate::limits::{
    DNS_LABEL_BYTES_MAX, INSTANCE_LABEL_CHARS, LIBRARY_REVISION_BYTES_MAX, PEER_ID_CHARS,
};

/// Characters of the peer id at the end of a host label, so that two peers on one machine, or on two
/// machines of one name, have different host records.
const HOST_LABEL_ID_CHARS: usize = 12;

/// Whether `text` is a peer id.
pub(crate) fn is_peer_id(text: &str) -> bool {
    text.len() == PEER_ID_CHARS && text.bytes().all(is_lower_hex)
}

/// Whether `text` is the instance label of some peer.
pub(crate) fn is_instance_label(text: &str) -> bool {
    text.len() == INSTANCE_LABEL_CHARS && text.bytes().all(is_lower_hex)
}

/// The instance label of a peer id that passed [`is_peer_id`].
pub(crate) fn instance_label(peer_id: &str) -> &str {
    &peer_id[..INSTANCE_LABEL_CHARS]
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// Whether `text` is a library revision.
pub(crate) fn is_library_revision(text: &str) -> bool {
    text.len() <= LIBRARY_REVISION_BYTES_MAX
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-_:".contains(&b))
}

/// The DNS label of this peer's host records: what is left of the machine's name, and a part of the
/// peer id that passed [`is_peer_id`].
pub(crate) fn host_label(host_name: &str, peer_id: &str) -> String {
    let suffix = &peer_id[..HOST_LABEL_ID_CHARS];
    let room = DNS_LABEL_BYTES_MAX - HOST_LABEL_ID_CHARS - 1;
    // The part after the first dot is the machine's domain and means nothing under `.local`.
    let machine = host_name.split('.').next().unwrap_or_default();
    let mut label = String::new();
    for c in machine.chars().take(room) {
        match c {
            'a'..='z' | '0'..='9' => label.push(c),
            'A'..='Z' => label.push(c.to_ascii_lowercase()),
            _ if label.is_empty() || label.ends_with('-') => {}
            _ => label.push('-'),
        }
    }
    let machine = label.trim_matches('-');
    if machine.is_empty() {
        format!("lanspread-{suffix}")
    } else {
        format!("{machine}-{suffix}")
    }
}

/// Text for people made of `text`: without hidden or control characters, at most `bytes_max` bytes.
pub(crate) fn clean_text(text: &str, bytes_max: usize) -> String {
    let mut clean = String::new();
    for c in text.trim().chars().filter(|c| !is_garbling(*c)) {
        if clean.len() + c.len_utf8() > bytes_max {
            break;
        }
        clean.push(c);
    }
    clean
}

/// Whether `text` may be shown as it is.
pub(crate) fn is_clean_text(text: &str) -> bool {
    !text.chars().any(is_garbling)
}

/// Control characters move cursors; invisible and direction-changing ones (Unicode Technical
/// Report 36, section 2) make one name look like another.
fn is_garbling(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    #[test]
    fn a_peer_id_is_64_lower_case_hex_characters() {
        assert!(is_peer_id(ID));
        assert!(!is_peer_id(&ID[..PEER_ID_CHARS - 1]));
        assert!(!is_peer_id(&format!("{ID}0")));
        assert!(!is_peer_id(&ID.to_uppercase()));
        assert!(!is_peer_id(&ID.replace('0', "g")));
        assert!(!is_peer_id(&"é".repeat(PEER_ID_CHARS / 2)));
    }

    #[test]
    fn an_instance_label_is_the_first_half_of_the_id() {
        assert!(is_instance_label(instance_label(ID)));
        assert!(!is_instance_label(ID));
        assert!(!is_instance_label(&ID[..INSTANCE_LABEL_CHARS - 1]));
    }

    #[test]
    fn a_host_label_is_a_dns_label_unique_to_the_peer() {
        let long = "x".repeat(200);
        let cases = [
            ("Gaming-PC", "gaming-pc-001122334455"),
            ("gaming-pc.lan.example", "gaming-pc-001122334455"),
            ("Jürgens  Rechner", "j-rgens-rechner-001122334455"),
            ("--a--", "a-001122334455"),
            ("", "lanspread-001122334455"),
            ("日本", "lanspread-001122334455"),
            ("..", "lanspread-001122334455"),
        ];
        for (host, expected) in cases {
            assert_eq!(host_label(host, ID), expected, "{host:?}");
        }
        assert_eq!(host_label(&long, ID).len(), DNS_LABEL_BYTES_MAX);
        assert_ne!(
            host_label("pc", ID),
            host_label("pc", &ID.replace("00", "01"))
        );
    }

    #[test]
    fn text_for_people_is_cleaned_and_cut_at_a_character() {
        let cases = [
            ("Ada", 64, "Ada"),
            ("  Ada Lovelace \n", 64, "Ada Lovelace"),
            ("A\u{1b}[31mda\u{7}", 64, "A[31mda"),
            ("abc\u{202e}cba", 64, "abccba"),
            ("äöü", 4, "äö"),
            ("äöü", 5, "äö"),
            ("äöü", 6, "äöü"),
            ("", 64, ""),
        ];
        for (text, bytes_max, expected) in cases {
            let clean = clean_text(text, bytes_max);
            assert_eq!(clean, expected, "{text:?}");
            assert!(is_clean_text(&clean));
        }
        assert!(!is_clean_text("a\u{0}"));
        assert!(!is_clean_text("a\u{200b}b"));
    }

    #[test]
    fn a_library_revision_is_short_and_plain() {
        assert!(is_library_revision(""));
        assert!(is_library_revision("1f:42-a_b.c"));
        assert!(is_library_revision(&"9".repeat(LIBRARY_REVISION_BYTES_MAX)));
        assert!(!is_library_revision(
            &"9".repeat(LIBRARY_REVISION_BYTES_MAX + 1)
        ));
        assert!(!is_library_revision("1 2"));
        assert!(!is_library_revision("é"));
    }
}
