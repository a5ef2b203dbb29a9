//! Remembers what a job has put where, and decides where the next entry goes.
//!
//! The one invariant: no two nodes have paths that some file system takes for one, and the parent
//! of every node is a directory. It knows nothing of the disk; symbolic links exist only here until
//! all archives are read, which is why no entry can ever be written through one.

use std::collections::BTreeMap;

use crate::entry_path::{EntryPath, fold};
use crate::error::EntryRefusal;

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Directory,
    File { size_bytes: u64 },
    Link { points_to: String },
}

/// A path that the job has filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// The path as it is spelled on disk.
    pub(crate) path: String,
    pub(crate) kind: NodeKind,
    /// Index of the archive that filled it last.
    pub(crate) archive: usize,
}

/// Everything that the job has filled, keyed by folded path.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    nodes: BTreeMap<String, Node>,
    /// The parent of the entry placed last: the next one most often lies in it too.
    last_parent: Option<Parent>,
}

/// A directory in three spellings.
#[derive(Clone, Debug, Default)]
struct Parent {
    asked: String,
    on_disk: String,
    key: String,
}

impl Tree {
    /// Makes a directory at `path`, and those above it, unless they are there. Answers with its
    /// path on disk.
    pub(crate) fn place_directory(
        &mut self,
        path: &EntryPath,
        archive: usize,
    ) -> Result<String, EntryRefusal> {
        self.directory(path.as_str(), archive)
            .map(|parent| parent.on_disk)
    }

    /// Makes a file or link at `path`, replacing one of an earlier archive. Answers with its path
    /// on disk.
    pub(crate) fn place_leaf(
        &mut self,
        path: &EntryPath,
        kind: NodeKind,
        archive: usize,
    ) -> Result<String, EntryRefusal> {
        let (parent, name) = match path.as_str().rsplit_once('/') {
            Some((parent, name)) => (self.directory(parent, archive)?, name),
            None => (Parent::default(), path.as_str()),
        };
        let key = join(&parent.key, &fold(name));
        if let Some(node) = self.nodes.get_mut(&key) {
            if node.kind == NodeKind::Directory {
                return Err(EntryRefusal::KindConflict);
            }
            if node.archive == archive {
                return Err(EntryRefusal::Collision(node.path.clone()));
            }
            node.kind = kind;
            node.archive = archive;
            return Ok(node.path.clone());
        }
        let on_disk = join(&parent.on_disk, name);
        self.nodes.insert(
            key,
            Node {
                path: on_disk.clone(),
                kind,
                archive,
            },
        );
        Ok(on_disk)
    }

    /// Records the size of a file that has been written.
    pub(crate) fn set_size(&mut self, path: &str, size_bytes: u64) {
        if let Some(node) = self.nodes.get_mut(&fold(path)) {
            node.kind = NodeKind::File { size_bytes };
        }
    }

    /// What stands at a path, in whatever spelling.
    pub(crate) fn get(&self, path: &str) -> Option<&Node> {
        self.nodes.get(&fold(path))
    }

    /// All nodes, parents before children.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    fn directory(&mut self, path: &str, archive: usize) -> Result<Parent, EntryRefusal> {
        if let Some(parent) = self
            .last_parent
            .as_ref()
            .filter(|parent| parent.asked == path)
        {
            return Ok(parent.clone());
        }
        let mut parent = Parent {
            asked: path.to_owned(),
            ..Parent::default()
        };
        for name in path.split('/') {
            let key = join(&parent.key, &fold(name));
            let node = self.nodes.entry(key.clone()).or_insert_with(|| Node {
                path: join(&parent.on_disk, name),
                kind: NodeKind::Directory,
                archive,
            });
            match &node.kind {
                NodeKind::Directory => {}
                NodeKind::File { .. } => return Err(EntryRefusal::KindConflict),
                NodeKind::Link { .. } => {
                    return Err(EntryRefusal::ThroughLink(node.path.clone()));
                }
            }
            parent.on_disk.clone_from(&node.path);
            parent.key = key;
        }
        self.last_parent = Some(parent.clone());
        Ok(parent)
    }
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else {
        format!("{parent}/{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::UnpackLimits;

    const FILE: NodeKind = NodeKind::File { size_bytes: 0 };

    fn path(name: &str) -> EntryPath {
        EntryPath::parse(name.as_bytes(), &UnpackLimits::default())
            .unwrap()
            .unwrap()
    }

    fn link() -> NodeKind {
        NodeKind::Link {
            points_to: "elsewhere".to_owned(),
        }
    }

    #[test]
    fn one_archive_names_each_file_once_whatever_the_spelling() {
        for (first, second) in [
            ("a", "a"),
            ("a/b", "A/B"),
            ("caf\u{e9}", "cafe\u{301}"),
            ("DATA/x", "data/X"),
        ] {
            let mut tree = Tree::default();
            tree.place_leaf(&path(first), FILE, 0).unwrap();
            assert_eq!(
                tree.place_leaf(&path(second), FILE, 0),
                Err(EntryRefusal::Collision(first.to_owned())),
                "{second}"
            );
        }
    }

    #[test]
    fn a_later_archive_replaces_a_file_and_keeps_its_spelling() {
        let mut tree = Tree::default();
        tree.place_leaf(&path("Data/Map.pk3"), FILE, 0).unwrap();
        assert_eq!(
            tree.place_leaf(&path("data/map.PK3"), FILE, 1).as_deref(),
            Ok("Data/Map.pk3")
        );
        assert_eq!(
            tree.place_leaf(&path("DATA/new"), FILE, 1).as_deref(),
            Ok("Data/new")
        );
        assert_eq!(tree.nodes().count(), 3);
    }

    #[test]
    fn files_and_directories_never_take_each_others_place() {
        let mut tree = Tree::default();
        tree.place_leaf(&path("a/b"), FILE, 0).unwrap();
        assert_eq!(
            tree.place_leaf(&path("a"), FILE, 1),
            Err(EntryRefusal::KindConflict)
        );
        assert_eq!(
            tree.place_leaf(&path("A/B/c"), FILE, 1),
            Err(EntryRefusal::KindConflict)
        );
        assert_eq!(
            tree.place_directory(&path("a/b"), 1),
            Err(EntryRefusal::KindConflict)
        );
        assert_eq!(tree.place_directory(&path("a"), 0).as_deref(), Ok("a"));
    }

    #[test]
    fn nothing_is_placed_below_a_link() {
        let mut tree = Tree::default();
        tree.place_leaf(&path("exit"), link(), 0).unwrap();
        let refused = Err(EntryRefusal::ThroughLink("exit".to_owned()));
        assert_eq!(tree.place_leaf(&path("exit/x"), FILE, 0), refused);
        assert_eq!(tree.place_leaf(&path("EXIT/x"), FILE, 1), refused);
        assert_eq!(tree.place_directory(&path("exit"), 0), refused);
        assert_eq!(
            tree.place_leaf(&path("exit"), FILE, 1).as_deref(),
            Ok("exit")
        );
    }
}
