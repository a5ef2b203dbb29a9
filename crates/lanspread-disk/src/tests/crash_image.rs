//! What a disk would hold after a power cut: which names and which contents had become durable, and
//! what of the rest a file system may keep or lose.
//!
//! Invariant: whatever it puts back is something that an orderly file system may show after a cut.
//! A name that was not synced is there or is not, but never without the changes of the same name
//! before it; a rename happens whole or not at all; what lies below a directory whose own name is
//! lost, is lost.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use lanspread_testbed::dice::Dice;

/// What of the things that were not synced is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// All of them.
    Everything,
    /// Every content; names are as they were last.
    Contents,
    /// Some names and some contents, by lot; others are as they were last, or half of each.
    Torn,
}

/// A name in a directory.
type Key = (usize, OsString);
type Names = BTreeMap<Key, usize>;

/// The directory that everything lies in.
const BASE: usize = 0;
/// Where files are put for a moment while names change places; no test's file has this name.
const ASIDE: &str = "aside-of-the-crash-image";

/// What stands, what would be durable, and what lies between.
#[derive(Debug)]
pub(super) struct Image {
    base: PathBuf,
    nodes: Vec<Node>,
    live: Names,
    durable: Names,
    /// Changes of names that are not durable yet, oldest first.
    pending: Vec<Change>,
}

#[derive(Debug)]
enum Node {
    Folder,
    File(Content),
    Link(PathBuf),
}

/// What is known of a file's bytes beside those that stand on the real disk.
#[derive(Debug, Default)]
struct Content {
    /// What it held when it was last synced, if it was written since.
    synced: Option<Vec<u8>>,
    /// What it held when its last name went.
    gone: Option<Vec<u8>>,
}

/// One change of names, which happens whole or not at all.
#[derive(Debug)]
struct Change {
    /// The directory whose sync makes it durable.
    home: usize,
    removed: Option<Key>,
    added: Option<(Key, usize)>,
}

impl Change {
    fn keys(&self) -> impl Iterator<Item = &Key> {
        let added = self.added.as_ref().map(|(key, _)| key);
        self.removed.iter().chain(added)
    }

    fn apply(&self, names: &mut Names) {
        if let Some(key) = &self.removed {
            names.remove(key);
        }
        if let Some((key, node)) = &self.added {
            names.insert(key.clone(), *node);
        }
    }
}

impl Image {
    /// Takes everything below `base` for durable.
    pub(super) fn of(base: &Path) -> Self {
        let mut image = Self {
            base: base.to_owned(),
            nodes: vec![Node::Folder],
            live: Names::new(),
            durable: Names::new(),
            pending: Vec::new(),
        };
        image.discover(BASE, base);
        image.sync_everything();
        image
    }

    /// Takes note of everything below a directory that somebody else wrote into. It is not durable.
    pub(super) fn discovered(&mut self, folder: &Path) {
        if let Some(node) = self.node(folder) {
            self.discover(node, folder);
        }
    }

    fn discover(&mut self, folder: usize, path: &Path) {
        for entry in fs::read_dir(path).into_iter().flatten() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            let key = (folder, entry.file_name());
            let node = self.live.get(&key).copied().unwrap_or_else(|| {
                let node = if kind.is_dir() {
                    Node::Folder
                } else if kind.is_symlink() {
                    Node::Link(fs::read_link(entry.path()).unwrap())
                } else {
                    Node::File(Content {
                        synced: Some(Vec::new()),
                        gone: None,
                    })
                };
                self.add(key.clone(), node)
            });
            if kind.is_dir() {
                self.discover(node, &entry.path());
            }
        }
    }

    /// A new file or directory has this name.
    pub(super) fn made(&mut self, path: &Path, is_folder: bool) {
        let node = if is_folder {
            Node::Folder
        } else {
            Node::File(Content {
                synced: Some(Vec::new()),
                gone: None,
            })
        };
        let key = self.key(path);
        self.add(key, node);
    }

    /// A symbolic link has this name.
    pub(super) fn made_link(&mut self, path: &Path) {
        let key = self.key(path);
        let target = fs::read_link(path).unwrap();
        self.add(key, Node::Link(target));
    }

    /// A file has a second name.
    pub(super) fn linked(&mut self, from: &Path, to: &Path) {
        let (node, key) = (self.node(from).expect("it stands"), self.key(to));
        self.change(None, Some((key, node)));
    }

    /// What stands under a name is about to be replaced or removed.
    pub(super) fn going(&mut self, path: &Path) {
        let Some(node) = self.node(path) else { return };
        if let Node::File(content) = &mut self.nodes[node] {
            content.gone = fs::read(path).ok();
        }
    }

    /// Something has another name.
    pub(super) fn renamed(&mut self, from: &Path, to: &Path) {
        let node = self.node(from).expect("it stood");
        let (from, to) = (self.key(from), self.key(to));
        self.change(Some(from), Some((to, node)));
    }

    /// A name is gone.
    pub(super) fn removed(&mut self, path: &Path) {
        let key = self.key(path);
        self.change(Some(key), None);
    }

    /// A file is about to be written.
    pub(super) fn writing(&mut self, path: &Path) {
        let Some(node) = self.node(path) else { return };
        if let Node::File(content) = &mut self.nodes[node] {
            content
                .synced
                .get_or_insert_with(|| fs::read(path).unwrap_or_default());
        }
    }

    /// The bytes of a file are durable.
    pub(super) fn synced_file(&mut self, path: &Path) {
        let Some(node) = self.node(path) else { return };
        if let Node::File(content) = &mut self.nodes[node] {
            content.synced = None;
        }
    }

    /// The names directly in a directory are durable.
    pub(super) fn synced_folder(&mut self, path: &Path) {
        if let Some(node) = self.node(path) {
            self.persist(|change| change.home == node);
        }
    }

    /// Everything below a directory is durable.
    pub(super) fn synced_tree(&mut self, path: &Path) {
        self.synced_folder(path);
        for entry in fs::read_dir(path).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                self.synced_tree(&path);
            } else {
                self.synced_file(&path);
            }
        }
    }

    fn sync_everything(&mut self) {
        self.persist(|_| true);
        for node in &mut self.nodes {
            if let Node::File(content) = node {
                content.synced = None;
            }
        }
    }

    fn node(&self, path: &Path) -> Option<usize> {
        let names = path.strip_prefix(&self.base).expect("below the base");
        names.iter().try_fold(BASE, |folder, name| {
            self.live.get(&(folder, name.to_owned())).copied()
        })
    }

    fn key(&self, path: &Path) -> Key {
        let folder = self.node(path.parent().expect("below the base"));
        let name = path.file_name().expect("below the base").to_owned();
        (folder.expect("its directory stands"), name)
    }

    fn add(&mut self, key: Key, node: Node) -> usize {
        let number = self.nodes.len();
        self.nodes.push(node);
        self.change(None, Some((key, number)));
        number
    }

    fn change(&mut self, removed: Option<Key>, added: Option<(Key, usize)>) {
        let home = added.as_ref().map(|(key, _)| key).or(removed.as_ref());
        let change = Change {
            home: home.expect("a change changes something").0,
            removed,
            added,
        };
        change.apply(&mut self.live);
        self.pending.push(change);
    }

    /// Makes changes durable, and those of the same names before them.
    fn persist(&mut self, is_synced: impl Fn(&Change) -> bool) {
        let mut keys = BTreeSet::new();
        let mut durable = vec![false; self.pending.len()];
        for (index, change) in self.pending.iter().enumerate().rev() {
            if is_synced(change) || change.keys().any(|key| keys.contains(key)) {
                keys.extend(change.keys().cloned());
                durable[index] = true;
            }
        }
        let mut is_durable = durable.into_iter();
        let (synced, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|_| is_durable.next() == Some(true));
        for change in synced {
            change.apply(&mut self.durable);
        }
        self.pending = left;
    }

    /// Brings the real directory to what the disk holds after the power went.
    pub(super) fn cut(mut self, loss: Loss, dice: &mut Dice) {
        let mut names_lost = BTreeSet::new();
        for change in std::mem::take(&mut self.pending) {
            let is_lost = match loss {
                Loss::Everything => true,
                Loss::Contents => false,
                Loss::Torn => {
                    dice.below(2) == 0 || change.keys().any(|key| names_lost.contains(key))
                }
            };
            if is_lost {
                names_lost.extend(change.keys().cloned());
            } else {
                change.apply(&mut self.durable);
            }
        }
        let stands = self.paths(&self.live);
        let wanted = self.paths(&self.durable);
        let contents = self.contents_after(&stands, &wanted, loss, dice);
        self.rearrange(&stands, &wanted);
        for (path, bytes) in contents {
            fs::write(path, bytes).unwrap();
        }
    }

    /// Every path that can be reached by these names.
    fn paths(&self, names: &Names) -> BTreeMap<PathBuf, usize> {
        let mut paths = BTreeMap::new();
        let mut folders = vec![(BASE, self.base.clone())];
        while let Some((folder, path)) = folders.pop() {
            let from = (folder, OsString::new());
            let below = names.range(from..).take_while(|((of, _), _)| *of == folder);
            for ((_, name), node) in below {
                let path = path.join(name);
                if matches!(self.nodes[*node], Node::Folder) {
                    folders.push((*node, path.clone()));
                }
                paths.insert(path, *node);
            }
        }
        paths
    }

    /// The files whose bytes are others than those on the real disk.
    fn contents_after(
        &self,
        stands: &BTreeMap<PathBuf, usize>,
        wanted: &BTreeMap<PathBuf, usize>,
        loss: Loss,
        dice: &mut Dice,
    ) -> Vec<(PathBuf, Vec<u8>)> {
        let live: BTreeMap<usize, &PathBuf> =
            stands.iter().map(|(path, node)| (*node, path)).collect();
        let mut contents = Vec::new();
        for (path, node) in wanted {
            let Node::File(content) = &self.nodes[*node] else {
                continue;
            };
            let last = || match live.get(node) {
                Some(path) => fs::read(path).unwrap(),
                None => content.gone.clone().unwrap_or_default(),
            };
            match &content.synced {
                Some(synced) if loss == Loss::Torn => {
                    contents.push((path.clone(), torn(synced, last(), dice)));
                }
                Some(synced) => contents.push((path.clone(), synced.clone())),
                None if !live.contains_key(node) => contents.push((path.clone(), last())),
                None => {}
            }
        }
        contents
    }

    /// Gives files and directories the names that they have after the cut. What keeps its name is
    /// not touched: not even its times tell of the cut.
    fn rearrange(&self, stands: &BTreeMap<PathBuf, usize>, wanted: &BTreeMap<PathBuf, usize>) {
        let is_folder = |node: usize| matches!(self.nodes[node], Node::Folder);
        let aside = self.base.join(ASIDE);
        fs::create_dir(&aside).unwrap();
        let kept = |path: &PathBuf, node: usize| wanted.get(path) == Some(&node);
        for (path, node) in stands {
            if !is_folder(*node) && !kept(path, *node) {
                fs::rename(path, aside.join(node.to_string())).unwrap();
            }
        }
        for (path, node) in stands.iter().rev() {
            let still = wanted.get(path).is_some_and(|node| is_folder(*node));
            if is_folder(*node) && !still {
                fs::remove_dir(path).unwrap();
            }
        }
        let mut placed: BTreeMap<usize, &PathBuf> = BTreeMap::new();
        for (path, node) in wanted {
            if stands.get(path) == Some(node) {
                placed.insert(*node, path);
            }
        }
        for (path, node) in wanted {
            let put_aside = aside.join(node.to_string());
            match &self.nodes[*node] {
                Node::Folder => fs::create_dir_all(path).unwrap(),
                _ if stands.get(path) == Some(node) => {}
                _ if put_aside.symlink_metadata().is_ok() => fs::rename(put_aside, path).unwrap(),
                Node::Link(target) => link(target, path),
                Node::File(_) => match placed.get(node) {
                    Some(first) => fs::hard_link(first, path).unwrap(),
                    None => fs::write(path, b"").unwrap(),
                },
            }
            placed.entry(*node).or_insert(path);
        }
        fs::remove_dir_all(aside).unwrap();
    }
}

#[cfg(unix)]
fn link(target: &Path, path: &Path) {
    std::os::unix::fs::symlink(target, path).unwrap();
}

#[cfg(not(unix))]
fn link(_target: &Path, _path: &Path) {
    panic!("no link was made here");
}

/// What a file may hold of what was written to it since it was last synced.
fn torn(synced: &[u8], last: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    match dice.below(4) {
        0 => synced.to_vec(),
        1 => last,
        // Its new length is there, and the bytes are not.
        2 => {
            let mut bytes = synced.to_vec();
            bytes.resize(last.len(), 0);
            bytes
        }
        // The first bytes are there.
        _ => {
            let whole = dice.below(last.len() as u64 + 1);
            let whole = usize::try_from(whole).expect("a length");
            let mut bytes = last[..whole].to_vec();
            bytes.extend(synced.iter().skip(whole));
            bytes
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dice() -> Dice {
        Dice::new(7)
    }

    #[test]
    fn nothing_that_was_not_synced_survives_a_strict_cut() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        fs::write(at("old"), b"old").unwrap();
        let mut image = Image::of(temp.path());
        fs::create_dir(at("folder")).unwrap();
        image.made(&at("folder"), true);
        fs::rename(at("old"), at("folder/old")).unwrap();
        image.renamed(&at("old"), &at("folder/old"));
        image.writing(&at("folder/old"));
        fs::write(at("folder/old"), b"new").unwrap();
        image.cut(Loss::Everything, &mut dice());
        assert_eq!(fs::read(at("old")).unwrap(), b"old");
        assert!(!at("folder").exists());
    }

    #[test]
    fn what_was_synced_survives_every_cut() {
        for loss in [Loss::Everything, Loss::Contents, Loss::Torn] {
            let temp = tempfile::tempdir().unwrap();
            let at = |name: &str| temp.path().join(name);
            fs::write(at("gone"), b"gone").unwrap();
            let mut image = Image::of(temp.path());
            fs::create_dir(at("folder")).unwrap();
            image.made(&at("folder"), true);
            fs::write(at("folder/new"), b"new").unwrap();
            image.made(&at("folder/new"), false);
            image.synced_file(&at("folder/new"));
            image.synced_folder(&at("folder"));
            image.going(&at("gone"));
            fs::remove_file(at("gone")).unwrap();
            image.removed(&at("gone"));
            image.synced_folder(temp.path());
            image.cut(loss, &mut dice());
            assert_eq!(fs::read(at("folder/new")).unwrap(), b"new");
            assert!(!at("gone").exists());
        }
    }

    #[test]
    fn a_file_synced_below_a_directory_without_a_durable_name_is_lost_with_it() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        let mut image = Image::of(temp.path());
        fs::create_dir(at("folder")).unwrap();
        image.made(&at("folder"), true);
        fs::write(at("folder/new"), b"new").unwrap();
        image.made(&at("folder/new"), false);
        image.synced_file(&at("folder/new"));
        image.synced_folder(&at("folder"));
        image.cut(Loss::Everything, &mut dice());
        assert!(!at("folder").exists());
    }

    #[test]
    fn a_removed_file_whose_removal_was_not_synced_comes_back_with_its_bytes() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        fs::write(&file, b"bytes").unwrap();
        let mut image = Image::of(temp.path());
        image.going(&file);
        fs::remove_file(&file).unwrap();
        image.removed(&file);
        image.cut(Loss::Everything, &mut dice());
        assert_eq!(fs::read(&file).unwrap(), b"bytes");
    }
}
