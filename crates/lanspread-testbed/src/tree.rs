//! A directory tree as paths and hashes, to say whether two trees hold the same, and where not.
//!
//! The invariant: two trees are equal exactly if they have the same regular files with the same
//! bytes and the same symbolic links. Empty directories, times and permissions do not count, since
//! they do not travel.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;

/// What is at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A regular file.
    File {
        /// Its length in bytes.
        size_bytes: u64,
        /// The BLAKE3 hash of its content.
        hash: blake3::Hash,
    },
    /// A symbolic link, not followed.
    Link {
        /// Where it points.
        target: String,
    },
}

/// The files of a directory by their `/`-separated path in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    nodes: BTreeMap<String, Node>,
}

/// One path at which two trees differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Only the first tree has it.
    Missing(String),
    /// Only the second tree has it.
    Unexpected(String),
    /// Both have it, with another content.
    Changed(String),
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(formatter, "{path} is missing"),
            Self::Unexpected(path) => write!(formatter, "{path} should not be there"),
            Self::Changed(path) => write!(formatter, "{path} has another content"),
        }
    }
}

impl Tree {
    /// Reads and hashes everything below `directory`.
    ///
    /// # Errors
    ///
    /// When something in it cannot be read.
    pub fn read(directory: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        tree.read_into(directory, "")?;
        Ok(tree)
    }

    /// A tree out of contents in memory.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let nodes = files
            .into_iter()
            .map(|(path, content)| (path.to_owned(), file_node(content)))
            .collect();
        Self { nodes }
    }

    /// The same tree without `path` and all below it.
    #[must_use]
    pub fn without(mut self, path: &str) -> Self {
        let below = format!("{path}/");
        self.nodes
            .retain(|key, _| key != path && !key.starts_with(&below));
        self
    }

    /// What is below `path`, with paths from there.
    #[must_use]
    pub fn below(&self, path: &str) -> Self {
        let prefix = format!("{path}/");
        let nodes = self
            .nodes
            .iter()
            .filter_map(|(key, node)| Some((key.strip_prefix(&prefix)?.to_owned(), node.clone())))
            .collect();
        Self { nodes }
    }

    /// All paths in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str)
    }

    /// What is at this path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// How many files and links there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The sum of the lengths of all files, in bytes.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.nodes
            .values()
            .map(|node| match node {
                Node::File { size_bytes, .. } => *size_bytes,
                Node::Link { .. } => 0,
            })
            .sum()
    }

    /// Every path at which `other` is not like this tree, which is the expected one.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Vec<Difference> {
        let lost = self
            .nodes
            .iter()
            .filter_map(|(path, node)| match other.nodes.get(path) {
                None => Some(Difference::Missing(path.clone())),
                Some(there) if there != node => Some(Difference::Changed(path.clone())),
                Some(_) => None,
            });
        let added = other
            .nodes
            .keys()
            .filter(|path| !self.nodes.contains_key(*path));
        lost.chain(added.cloned().map(Difference::Unexpected))
            .collect()
    }

    /// Panics with all differences if `other` is not like this tree, which is the expected one.
    ///
    /// # Panics
    ///
    /// When the trees differ: this is an assertion for tests.
    pub fn assert_same(&self, other: &Self) {
        let differences = self.difference(other);
        let text: Vec<String> = differences.iter().map(ToString::to_string).collect();
        assert!(
            differences.is_empty(),
            "the trees differ:\n{}",
            text.join("\n")
        );
    }

    fn read_into(&mut self, directory: &Path, prefix: &str) -> io::Result<()> {
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.read_into(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_symlink() {
                let target = std::fs::read_link(entry.path())?
                    .to_string_lossy()
                    .into_owned();
                self.nodes.insert(path, Node::Link { target });
            } else {
                self.nodes.insert(path, hash_file(&entry.path())?);
            }
        }
        Ok(())
    }
}

fn hash_file(path: &Path) -> io::Result<Node> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(Node::File {
        size_bytes: hasher.count(),
        hash: hasher.finalize(),
    })
}

fn file_node(content: &[u8]) -> Node {
    Node::File {
        size_bytes: content.len() as u64,
        hash: blake3::hash(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_difference_is_named() {
        let expected = Tree::of([("a", &b"1"[..]), ("b/c", b"2"), ("d", b"3")]);
        let found = Tree::of([("a", &b"1"[..]), ("b/c", b"X"), ("e", b"3")]);
        assert_eq!(
            expected.difference(&found),
            [
                Difference::Changed("b/c".to_owned()),
                Difference::Missing("d".to_owned()),
                Difference::Unexpected("e".to_owned()),
            ]
        );
        assert!(expected.difference(&expected).is_empty());
    }

    #[test]
    fn a_tree_read_from_disk_equals_the_one_it_was_written_from() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        std::fs::create_dir(directory.path().join("b")).expect("writable");
        std::fs::write(directory.path().join("a"), b"1").expect("writable");
        std::fs::write(directory.path().join("b/c"), b"22").expect("writable");
        let read = Tree::read(directory.path()).expect("readable");
        Tree::of([("a", &b"1"[..]), ("b/c", b"22")]).assert_same(&read);
        assert_eq!(read.total_bytes(), 3);
        assert_eq!(read.below("b").paths().collect::<Vec<_>>(), ["c"]);
        assert_eq!(read.without("b").paths().collect::<Vec<_>>(), ["a"]);
    }
}
