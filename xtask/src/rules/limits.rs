//! Every named limit has a test that names it.
//!
//! The invariant: a constant of shipped code whose name ends with `_MAX` occurs in the code of some
//! test. That the test tries the limit and one past it is for people to see: the name in the test is
//! where they look. What is no limit (an option, a batch, the length of a queue) is not called one.

use std::collections::{BTreeMap, BTreeSet};

use super::{SourceFile, Violation};

/// Crates that are for tests and for developers only.
const NOT_SHIPPED: [&str; 3] = [
    "crates/lanspread-testbed/",
    "crates/lanspread-sim/",
    "crates/lanspread-fuzz/",
];

/// Checks that each limit is named by a test.
pub(super) fn check(sources: &[SourceFile]) -> Vec<Violation> {
    let tested = names_in_tests(sources);
    let limits = limits(sources).into_iter();
    let unnamed = limits.filter(|(name, _)| !tested.contains(name));
    unnamed
        .map(|(name, place)| {
            let told = format!("no test names {name}: try it at the limit and one past it");
            Violation::new(place, told)
        })
        .collect()
}

/// All limits, with the place of each and whether a test names it, as a table.
pub(crate) fn table(sources: &[SourceFile]) -> String {
    let tested = names_in_tests(sources);
    let mut lines = Vec::new();
    for (name, place) in limits(sources) {
        let how = if tested.contains(name) {
            "a test names it"
        } else {
            "no test"
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
        check(sources).iter().map(ToString::to_string).collect()
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
}
