//! Every named limit has a test that names it.
//!
//! The invariant: a constant of shipped code whose name ends with `_MAX` occurs in the code of some
//! test, or stands in [`TESTED_OTHERWISE`] with the test that holds it, or with the reason why there
//! is none. That the test tries the limit and one past it is for people to see: the name in the test
//! is where they look.

use std::collections::{BTreeMap, BTreeSet};

use super::{SourceFile, Violation};

/// Crates that are for tests and for developers only.
const NOT_SHIPPED: [&str; 3] = [
    "crates/lanspread-testbed/",
    "crates/lanspread-sim/",
    "crates/lanspread-fuzz/",
];

/// Limits that no test names.
const TESTED_OTHERWISE: [(&str, &str); 23] = [
    (
        "ANSWER_BYTES_MAX",
        "the same reader as for LINE_BYTES_MAX, which is tested",
    ),
    (
        "BUFFERS_KEPT_MAX",
        "buffers that are kept for the next fetch; past it they are dropped",
    ),
    (
        "BUSY_TRIES_MAX",
        "how often a command is sent again while a peer starts",
    ),
    (
        "CONTENTS_BURST_MAX",
        "held to by the same bucket as the bursts of other kinds, which are tested",
    ),
    ("DECODED_IN_MEMORY_BYTES_MAX", "an option of the RAR reader"),
    (
        "EVENTS_BEHIND_MAX",
        "the length of a channel, which tells what it drops",
    ),
    (
        "HEADERS_PER_ENTRY_MAX",
        "a factor of the number of entries, which is tested",
    ),
    ("INDEX_BYTES_MAX", READ_WHOLE),
    ("INPUTS_PENDING_MAX", CHANNEL),
    (
        "INPUTS_PER_TURN_MAX",
        "how many inputs are taken at once; the others wait",
    ),
    ("INSTALL_BYTES_MAX", READ_WHOLE),
    ("INTENT_BYTES_MAX", READ_WHOLE),
    ("LINES_AHEAD_MAX", CHANNEL),
    ("LINES_PENDING_MAX", CHANNEL),
    ("MARKER_BYTES_MAX", READ_WHOLE),
    ("MESSAGES_WAITING_MAX", CHANNEL),
    ("MTU_BYTES_MAX", "an option of QUIC"),
    (
        "PADDING_BYTES_MAX",
        "what is left of a stream after its end is read up to here to see it whole",
    ),
    ("REQUESTS_PENDING_MAX", CHANNEL),
    (
        "RETRY_PAUSE_MAX",
        "the transfer's own limit, tested as `retry_pause_max`",
    ),
    (
        "SERVED_GAMES_MAX",
        "games that are remembered; past it the oldest is read again",
    ),
    ("SUBSCRIPTIONS_MAX", "of this program's own making"),
    (
        "SYNC_EACH_FILES_MAX",
        "the border between two ways to sync the same files",
    ),
];

const CHANNEL: &str = "the length of a channel: whoever sends waits";
const READ_WHOLE: &str =
    "given to the one function that reads a file whole, which is tested at its limit and past it";

/// Checks that each limit is named by a test.
pub(super) fn check(sources: &[SourceFile]) -> Vec<Violation> {
    let tested = names_in_tests(sources);
    let limits = limits(sources);
    let unnamed = limits.iter().filter(|(name, _)| !tested.contains(*name));
    let excused = |name: &str| TESTED_OTHERWISE.iter().any(|(known, _)| *known == name);
    let mut violations: Vec<Violation> = unnamed
        .filter(|(name, _)| !excused(name))
        .map(|(name, place)| {
            Violation::new(
                *place,
                format!("no test names {name}: try it at the limit and one past it"),
            )
        })
        .collect();
    let stale = TESTED_OTHERWISE
        .iter()
        .filter(|(name, _)| !limits.contains_key(name) || tested.contains(name));
    violations.extend(stale.map(|(name, _)| {
        Violation::new(*name, "needs no excuse: take it out of the table of limits")
    }));
    violations
}

/// All limits, with the place of each and who tests it, as a table.
pub(crate) fn table(sources: &[SourceFile]) -> String {
    let tested = names_in_tests(sources);
    let mut lines = Vec::new();
    for (name, place) in limits(sources) {
        let excuse = TESTED_OTHERWISE.iter().find(|(known, _)| *known == name);
        let how = match excuse {
            Some((_, why)) => why,
            None if tested.contains(name) => "a test names it",
            None => "no test",
        };
        lines.push(format!("{name:<32} {place:<56} {how}\n"));
    }
    lines.concat()
}

/// The limits of shipped code, and where each is defined first.
fn limits(sources: &[SourceFile]) -> BTreeMap<&str, &str> {
    let mut limits = BTreeMap::new();
    for source in sources {
        let shipped = source.path.starts_with("crates/")
            && !is_test_file(&source.path)
            && !NOT_SHIPPED.iter().any(|path| source.path.starts_with(path));
        if !shipped {
            continue;
        }
        for line in source.text.lines().take_while(|line| !begins_tests(line)) {
            if let Some(name) = limit_in(line) {
                limits.entry(name).or_insert(source.path.as_str());
            }
        }
    }
    limits
}

/// The name of the limit that a line defines.
fn limit_in(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let mut word = words.next()?;
    if word.starts_with("pub") {
        word = words.next()?;
    }
    let name = words
        .next()
        .filter(|_| word == "const")?
        .strip_suffix(':')?;
    name.ends_with("_MAX").then_some(name)
}

fn is_test_file(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// Whether the tests of a file begin here; a module in a file of its own ends nothing.
fn begins_tests(line: &str) -> bool {
    line.starts_with("mod tests {") || line.starts_with("#[cfg(all(test,")
}

/// Every word in capitals that the code of a test holds.
fn names_in_tests(sources: &[SourceFile]) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for source in sources {
        let mut in_tests = is_test_file(&source.path);
        for line in source.text.lines() {
            in_tests |= begins_tests(line);
            if in_tests {
                let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                names.extend(words.filter(|word| word.ends_with("_MAX")));
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> SourceFile {
        SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    fn complaints(sources: &[SourceFile]) -> Vec<String> {
        let ours = |text: &String| !text.contains("needs no excuse");
        check(sources)
            .iter()
            .map(ToString::to_string)
            .filter(ours)
            .collect()
    }

    #[test]
    fn a_limit_is_named_by_a_test_beside_it_or_in_a_file_of_tests() {
        let code = "pub(crate) const FISH_MAX: usize = 3;\npub const BIRDS_MAX: u8 = 4;\n";
        let alone = source("crates/a/src/lib.rs", code);
        let found = complaints(std::slice::from_ref(&alone));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("BIRDS_MAX") && found[0].contains("crates/a/src/lib.rs"));
        let within = format!("{code}mod tests {{\n    use super::FISH_MAX;\n}}\n");
        let beside = source("crates/b/tests/all.rs", "assert_eq!(BIRDS_MAX + 1, 5);");
        let within = source("crates/a/src/lib.rs", &within);
        assert_eq!(complaints(&[within, beside]), [""; 0]);
    }

    #[test]
    fn what_is_not_shipped_or_no_limit_is_passed_over() {
        let text = "const FISH_MAX: usize = 3;";
        let sources = [
            source("crates/lanspread-testbed/src/lib.rs", text),
            source("xtask/src/main.rs", text),
            source("crates/a/tests/all.rs", text),
            source(
                "crates/a/src/lib.rs",
                "const FISH_MIN: u8 = 1;\nlet x = FISH_MAX;",
            ),
        ];
        assert_eq!(complaints(&sources), [""; 0]);
    }

    #[test]
    fn an_excuse_that_nothing_needs_is_a_violation() {
        assert_eq!(check(&[]).len(), TESTED_OTHERWISE.len());
    }
}
