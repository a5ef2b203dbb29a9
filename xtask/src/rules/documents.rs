//! The documents that a repository of ours has, and that their links lead somewhere.
//!
//! The invariant: a link to a file of the repository that does not exist is found before a reader
//! finds it.

use std::path::{Component, Path, PathBuf};

use super::{SourceFile, Violation};

/// What must be there, from the root.
const NEEDED: [&str; 10] = [
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "docs/INSTALL.md",
    "docs/JSONL.md",
    "docs/PROTOCOL.md",
    "docs/decisions",
];

/// Checks that the documents are there and that the links in all of them lead somewhere.
pub(super) fn check(root: &Path, documents: &[SourceFile]) -> Vec<Violation> {
    let absent = NEEDED
        .iter()
        .filter(|path| !root.join(path).exists())
        .map(|path| Violation::new(*path, "is missing"));
    let dead = documents
        .iter()
        .flat_map(|document| dead_links(root, document));
    absent.chain(dead).collect()
}

fn dead_links(root: &Path, document: &SourceFile) -> Vec<Violation> {
    let directory = Path::new(&document.path).parent().unwrap_or(Path::new(""));
    let mut violations = Vec::new();
    for (index, line) in document.text.lines().enumerate() {
        for target in links_of(line) {
            let path = without_dots(&directory.join(target));
            if !root.join(path).exists() {
                let place = format!("{}:{}", document.path, index + 1);
                violations.push(Violation::new(
                    place,
                    format!("links to {target}, which is not there"),
                ));
            }
        }
    }
    violations
}

/// The targets of a line's links that are files of the repository, without their anchors.
fn links_of(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter_map(|target| target.split('#').next())
        .filter(|target| !target.is_empty() && !target.contains(':'))
}

fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                clean.pop();
            }
            Component::Normal(name) => clean.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_files_are_found_and_others_are_not() {
        let line = "See [a](docs/A.md#part), [b](https://example.org), [c](#here), [d](../B.md).";
        assert_eq!(links_of(line).collect::<Vec<_>>(), ["docs/A.md", "../B.md"]);
    }

    #[test]
    fn a_dead_link_is_named_with_its_line() {
        let root = tempfile::tempdir().expect("a temporary directory");
        std::fs::create_dir(root.path().join("docs")).expect("writable");
        std::fs::write(root.path().join("README.md"), "x").expect("writable");
        let document = SourceFile {
            path: "docs/A.md".to_owned(),
            text: "[up](../README.md)\n[gone](B.md)\n".to_owned(),
        };
        let found = dead_links(root.path(), &document);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].to_string(),
            "docs/A.md:2: links to B.md, which is not there"
        );
    }

    #[test]
    fn a_missing_document_is_found() {
        let root = tempfile::tempdir().expect("a temporary directory");
        assert_eq!(check(root.path(), &[]).len(), NEEDED.len());
    }
}
