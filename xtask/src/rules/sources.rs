//! What the text of a source file must and must not hold.
//!
//! The invariant: only code counts. Comments are cut off before a forbidden word is looked for, and
//! string literals are emptied, so a rule can be explained where it matters.

use super::{SourceFile, Violation};

/// The most lines of one file: it should fit in the head.
const FILE_LINES_MAX: usize = 800;

/// What must not be left anywhere, comments included, put together so that this file may say it.
const LEFTOVERS: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// What must not be in any code.
const FORBIDDEN: [(&str, &str); 2] = [
    (concat!("dbg", "!("), "a leftover of debugging"),
    (
        concat!("un", "safe "),
        "memory safety is never ours to argue about",
    ),
];

/// Where the pure code lies.
const PURE_PATH: &str = "crates/lanspread-core/src/";

/// What must not be in pure code, and what to use instead.
const IMPURE: [(&str, &str); 13] = [
    ("async fn", "an effect that the shell carries out"),
    ("async move", "an effect that the shell carries out"),
    (".await", "an effect that the shell carries out"),
    ("tokio", "an effect that the shell carries out"),
    ("std::fs", "an effect that the shell carries out"),
    ("std::thread", "an effect that the shell carries out"),
    ("UdpSocket", "an effect that the shell carries out"),
    ("TcpStream", "an effect that the shell carries out"),
    ("Instant", "the `now` that comes with every input"),
    ("SystemTime", "the `now` that comes with every input"),
    ("rand::", "the seed that is an argument"),
    ("HashMap", "a BTreeMap, whose order does not depend on luck"),
    ("HashSet", "a BTreeSet, whose order does not depend on luck"),
];

/// What puts a test to sleep instead of letting it wait for a fact.
const SLEEPS: [&str; 2] = ["thread::sleep(", "time::sleep("];

/// Checks one file.
pub(super) fn check(source: &SourceFile) -> Vec<Violation> {
    let mut violations = Vec::new();
    if !source.text.starts_with("//!") {
        let complaint = "does not open with `//!`: say what the file decides or does";
        violations.push(Violation::new(&source.path, complaint));
    }
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX {
        let complaint = format!("has {lines} lines, more than {FILE_LINES_MAX}: it was two files");
        violations.push(Violation::new(&source.path, complaint));
    }
    let mut in_tests = source.path.contains("/tests/");
    for (index, line) in source.text.lines().enumerate() {
        in_tests |= line.trim_start().starts_with("#[cfg(test)]");
        let complaints = check_line(&source.path, line, in_tests);
        let place = format!("{}:{}", source.path, index + 1);
        violations.extend(
            complaints
                .into_iter()
                .map(|text| Violation::new(&place, text)),
        );
    }
    violations
}

fn check_line(path: &str, line: &str, in_tests: bool) -> Vec<String> {
    let code = code_of(line);
    let mut complaints = Vec::new();
    for word in LEFTOVERS.iter().filter(|word| line.contains(**word)) {
        complaints.push(format!(
            "holds {word}: nothing is kept for later in the tree"
        ));
    }
    for (word, why) in FORBIDDEN.iter().filter(|(word, _)| holds_word(&code, word)) {
        complaints.push(format!("holds `{}`: {why}", word.trim()));
    }
    if path.starts_with(PURE_PATH) {
        for (word, instead) in IMPURE.iter().filter(|(word, _)| holds_word(&code, word)) {
            complaints.push(format!(
                "the core must stay pure, use {instead} and not `{word}`"
            ));
        }
    }
    if in_tests && SLEEPS.iter().any(|sleep| code.contains(sleep)) {
        complaints.push("a test sleeps: await a fact, or drive the clock".to_owned());
    }
    complaints
}

/// Whether `word` stands in `code` and does not begin within another word.
fn holds_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    })
}

/// A line without its comment and without what is in its string literals.
fn code_of(line: &str) -> String {
    let mut code = String::with_capacity(line.len());
    let mut letters = line.chars().peekable();
    let mut in_string = false;
    while let Some(letter) = letters.next() {
        match (in_string, letter) {
            (true, '\\') => {
                letters.next();
            }
            (_, '"') => {
                in_string = !in_string;
                code.push('"');
            }
            (true, _) => {}
            (false, '/') if letters.peek() == Some(&'/') => break,
            (false, '\'') if letters.peek() == Some(&'"') => {
                letters.next();
            }
            (false, _) => code.push(letter),
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        let source = SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        check(&source).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_at_the_limit_passes_and_one_line_more_does_not() {
        let lines = |count: usize| format!("//! Long.\n{}", "// x\n".repeat(count - 1));
        assert!(complaints("a.rs", &lines(FILE_LINES_MAX)).is_empty());
        assert_eq!(complaints("a.rs", &lines(FILE_LINES_MAX + 1)).len(), 1);
    }

    #[test]
    fn a_file_without_a_headline_is_found() {
        assert_eq!(complaints("a.rs", "fn main() {}\n").len(), 1);
    }

    #[test]
    fn leftovers_are_found_also_in_comments() {
        let text = format!("//! A file.\n// {}: later\n", LEFTOVERS[0]);
        let found = complaints("a.rs", &text);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("a.rs:2:"), "{found:?}");
    }

    #[test]
    fn code_is_searched_and_prose_is_not() {
        let danger = FORBIDDEN[1].0;
        assert_eq!(
            complaints("a.rs", &format!("//! A file.\n{danger}{{}}\n")).len(),
            1
        );
        assert!(complaints("a.rs", &format!("//! A file.\n// {danger}code\n")).is_empty());
        assert!(
            complaints("a.rs", &format!("//! A file.\nlet a = \"{danger}{{}}\";\n")).is_empty()
        );
    }

    #[test]
    fn the_core_may_not_read_a_clock_and_the_shell_may() {
        let text = "//! A file.\nlet now = std::time::Instant::now();\n";
        assert_eq!(complaints("crates/lanspread-core/src/a.rs", text).len(), 1);
        assert!(complaints("crates/lanspread-peer/src/a.rs", text).is_empty());
    }

    #[test]
    fn a_word_within_another_is_not_that_word() {
        assert!(holds_word("let a: HashMap<A, B>;", "HashMap"));
        assert!(!holds_word("let a: MyHashMap<A, B>;", "HashMap"));
        assert!(!holds_word("let operand::x;", "rand::"));
    }

    #[test]
    fn a_sleep_in_a_test_is_found_and_in_a_program_is_not() {
        let sleep = "//! A file.\nstd::thread::sleep(pause);\n";
        assert_eq!(complaints("crates/a/tests/b.rs", sleep).len(), 1);
        assert!(complaints("crates/a/src/b.rs", sleep).is_empty());
        let tested = "//! A file.\n#[cfg(test)]\nmod tests { fn a() { std::thread::sleep(b); } }\n";
        assert_eq!(complaints("crates/a/src/b.rs", tested).len(), 1);
    }
}
