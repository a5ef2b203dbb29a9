//! The reference model: what must be true of every game root, whatever Lanspread does to it.
//!
//! Invariant: it learns only from what people do by hand and from what is announced and prepared, and
//! knows nothing of how Lanspread changes a root. A file under a final name is one that somebody put
//! somewhere by hand; a root with a sentinel is whole; what is foreign or the player's is still there.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use lanspread_db::{GameId, INSTALL_DIR, Manifest, ManifestHash, RelPath, RootEntry, SENTINEL};

use crate::{
    books::Wrong,
    disk::{Content, Item, Tree, VirtualDisk},
    failure::Invariant,
    games::Edition,
};

/// A game root of one guest.
pub(crate) type RootKey = (usize, PathBuf, GameId);

/// What is known of one root.
#[derive(Debug, Default)]
pub(crate) struct RootModel {
    /// What it may be as a whole, as long as there is a sentinel.
    wholes: Vec<Whole>,
    /// Files that were changed by hand since; they may be anything that was put there.
    touched: BTreeSet<String>,
    /// Files that rotted, and what became of them.
    rotten: BTreeMap<String, Arc<Content>>,
    /// What is none of the game's.
    foreign: BTreeMap<String, Arc<Content>>,
    /// What the player wrote below `local/`.
    pub(crate) saves: BTreeMap<String, Arc<Content>>,
    /// Whether Lanspread put it there.
    pub(crate) downloaded: bool,
    /// Whether there is a game that nobody gave up: at rest its old or its new version is there.
    pub(crate) holds: bool,
}

/// All files of one version of one game.
#[derive(Debug, Clone)]
enum Whole {
    Edition(&'static Edition),
    /// What a download was prepared for, and what the catalog pinned then.
    Manifest(Arc<Manifest>, Option<ManifestHash>),
}

impl Whole {
    /// Whether the catalog pinned other files when this was fetched.
    fn is_beside_pin(&self) -> bool {
        match self {
            Self::Edition(_) => false,
            Self::Manifest(manifest, pinned) => pinned.is_some_and(|it| it != manifest.hash()),
        }
    }
}

/// What must be true of all disks.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// Everything that was ever put under a path of a game by hand, anywhere.
    known: BTreeMap<(GameId, String), Vec<Arc<Content>>>,
    roots: BTreeMap<RootKey, RootModel>,
    /// Foreign files beside the roots.
    beside: BTreeMap<(usize, PathBuf), Arc<Content>>,
}

/// What a name in a root is to the model.
fn entry(path: &str) -> Option<RootEntry> {
    RelPath::parse(path).ok().map(|path| RootEntry::of(&path))
}

impl Model {
    pub(crate) fn root(&mut self, key: &RootKey) -> &mut RootModel {
        self.roots.entry(key.clone()).or_default()
    }

    /// A content is a legitimate one for a path of a game.
    pub(crate) fn know(&mut self, id: &GameId, path: &str, content: &Arc<Content>) {
        let known = self.known.entry((id.clone(), path.to_owned())).or_default();
        if !known.contains(content) {
            known.push(Arc::clone(content));
        }
    }

    /// Somebody put a game there by hand, whatever was there before is gone.
    pub(crate) fn put(&mut self, key: &RootKey, edition: &'static Edition) {
        for (path, content) in &edition.files {
            self.know(&key.2, path, content);
        }
        let root = RootModel {
            wholes: vec![Whole::Edition(edition)],
            holds: true,
            ..RootModel::default()
        };
        self.roots.insert(key.clone(), root);
    }

    /// Somebody put another edition of a game over the one that is there, around `local/` and whatever
    /// else is not the game's.
    pub(crate) fn put_over(&mut self, key: &RootKey, edition: &'static Edition) {
        let (foreign, saves) = {
            let root = self.root(key);
            (
                std::mem::take(&mut root.foreign),
                std::mem::take(&mut root.saves),
            )
        };
        self.put(key, edition);
        let root = self.root(key);
        root.foreign = foreign;
        root.saves = saves;
    }

    /// Games that nobody gave up and that are not there.
    pub(crate) fn lost(&self, n: usize, disk: &VirtualDisk) -> Vec<String> {
        let held = self
            .roots
            .iter()
            .filter(|(key, root)| key.0 == n && root.holds);
        let places = held.map(|(key, _)| key.1.join(key.2.as_str()));
        places
            .filter(|root| !disk.exists(root.join(SENTINEL)))
            .map(|root| root.display().to_string())
            .collect()
    }

    /// Somebody deleted a root with everything in it.
    pub(crate) fn deleted(&mut self, key: &RootKey) {
        self.roots.remove(key);
    }

    /// A file of a game is something else, or nothing.
    pub(crate) fn changed(&mut self, key: &RootKey, path: &str, content: Option<Arc<Content>>) {
        if let Some(content) = content {
            self.know(&key.2, path, &content);
        }
        let root = self.root(key);
        root.rotten.remove(path);
        root.touched.insert(path.to_owned());
    }

    /// Somebody tried to delete a root, and a part of it would not go: what is left may be anything.
    pub(crate) fn half_deleted(&mut self, key: &RootKey, disk: &VirtualDisk) {
        let tree = disk.tree(key.1.join(key.2.as_str()));
        let known: Vec<String> = self
            .known
            .keys()
            .filter(|(id, _)| *id == key.2)
            .map(|(_, path)| path.clone())
            .collect();
        let root = self.root(key);
        root.holds = false;
        root.touched.extend(known);
        root.foreign.retain(|path, _| tree.contains_key(path));
        root.saves
            .retain(|path, content| is_kept(&tree, path, content));
    }

    pub(crate) fn rotted(&mut self, key: &RootKey, path: &str, content: Arc<Content>) {
        // One that is hashed for the first time afterwards is shared like this.
        self.know(&key.2, path, &content);
        let root = self.root(key);
        root.touched.insert(path.to_owned());
        root.rotten.insert(path.to_owned(), content);
    }

    pub(crate) fn foreign(&mut self, key: &RootKey, path: &str, content: Arc<Content>) {
        self.root(key).foreign.insert(path.to_owned(), content);
    }

    pub(crate) fn foreign_beside(&mut self, n: usize, path: PathBuf, content: Arc<Content>) {
        self.beside.insert((n, path), content);
    }

    /// A download of this manifest is prepared there, and the catalog pins this one, if any.
    pub(crate) fn prepared(
        &mut self,
        key: &RootKey,
        manifest: &Arc<Manifest>,
        pinned: Option<ManifestHash>,
    ) {
        let root = self.root(key);
        let is_other = |whole: &Whole| !matches!(whole, Whole::Manifest(it, _) if it == manifest);
        root.wholes.retain(is_other);
        let whole = Whole::Manifest(Arc::clone(manifest), pinned);
        root.wholes.push(whole);
    }

    /// The sentinel of a download stands.
    pub(crate) fn published(&mut self, key: &RootKey, manifest: ManifestHash) -> Result<(), Wrong> {
        let root = self.root(key);
        root.downloaded = true;
        root.holds = true;
        root.wholes
            .retain(|whole| matches!(whole, Whole::Manifest(it, _) if it.hash() == manifest));
        let rotten = &root.rotten;
        root.touched.retain(|path| rotten.contains_key(path));
        if root.wholes.is_empty() {
            let (n, _, id) = key;
            let message = format!("peer{n} publishes {id} as files that it never prepared");
            return Err((Invariant::CompleteGame, message));
        }
        Ok(())
    }

    /// An uninstall began: what the player wrote may go.
    pub(crate) fn uninstalling(&mut self, key: &RootKey) {
        self.root(key).saves.clear();
    }

    /// Everything of one guest that must be true.
    pub(crate) fn check_all(&self, n: usize, disk: &VirtualDisk) -> Result<(), Wrong> {
        for ((of, path), content) in &self.beside {
            if *of == n && disk.content(path).as_ref() != Some(content) {
                let message = format!("{} is gone or changed", path.display());
                return Err((Invariant::ForeignStays, message));
            }
        }
        let roots = self.roots.keys().filter(|key| key.0 == n);
        roots.into_iter().try_for_each(|key| self.check(key, disk))
    }

    /// Everything of one root that must be true.
    pub(crate) fn check(&self, key: &RootKey, disk: &VirtualDisk) -> Result<(), Wrong> {
        let Some(root) = self.roots.get(key) else {
            return Ok(());
        };
        let (n, dir, id) = key;
        let tree = disk.tree(dir.join(id.as_str()));
        let at = |path: &str| format!("peer{n}: {}/{id}/{path}", dir.display());
        for (path, content) in &root.foreign {
            if tree.get(path) != Some(&Item::File(Arc::clone(content))) {
                let message = format!("{} is gone or changed", at(path));
                return Err((Invariant::ForeignStays, message));
            }
        }
        for (path, content) in &root.saves {
            if !is_kept(&tree, path, content) {
                let message = format!("{} was saved and is nowhere", at(path));
                return Err((Invariant::SavesStay, message));
            }
        }
        for (path, item) in &tree {
            let Item::File(content) = item else { continue };
            let ours = entry(path) == Some(RootEntry::Content)
                && !root.foreign.contains_key(path)
                && root.rotten.get(path) != Some(content);
            if ours && !self.is_known(id, path, content) {
                let message = format!("{} holds what nobody ever put there", at(path));
                return Err((Invariant::VerifiedBytes, message));
            }
        }
        if !matches!(tree.get(SENTINEL), Some(Item::File(_))) {
            return Ok(());
        }
        let missing: Vec<String> = root
            .wholes
            .iter()
            .map(|whole| self.missing(id, root, whole, &tree))
            .collect();
        let there = root.wholes.iter().zip(&missing);
        let mut fits = there.filter(|(_, missing)| missing.is_empty());
        if let Some((first, _)) = fits.next()
            && first.is_beside_pin()
            && fits.all(|(whole, _)| whole.is_beside_pin())
        {
            let sentinel = at(SENTINEL);
            let message = format!("{sentinel} stands above other files than the catalog pinned");
            return Err((Invariant::PinsHold, message));
        }
        if missing.iter().all(|missing| !missing.is_empty()) && !root.wholes.is_empty() {
            let message = format!(
                "{} stands and the game is not complete: {}",
                at(SENTINEL),
                missing.join("; or ")
            );
            return Err((Invariant::CompleteGame, message));
        }
        Ok(())
    }

    fn is_known(&self, id: &GameId, path: &str, content: &Content) -> bool {
        let known = self.known.get(&(id.clone(), path.to_owned()));
        known.is_some_and(|all| all.iter().any(|known| **known == *content))
    }

    /// What a root lacks of a whole game; empty for nothing.
    fn missing(&self, id: &GameId, root: &RootModel, whole: &Whole, tree: &Tree) -> String {
        let is_there = |path: &str| match tree.get(path) {
            Some(Item::File(content)) => Some(Arc::clone(content)),
            _ => None,
        };
        match whole {
            Whole::Edition(edition) => edition
                .files
                .iter()
                .filter(|(path, _)| !root.touched.contains(*path))
                .find(|(path, content)| is_there(path).as_ref() != Some(*content))
                .map(|(path, _)| format!("{path} is not as it was put there")),
            Whole::Manifest(manifest, _) => manifest
                .files()
                .iter()
                .filter(|file| !root.touched.contains(file.path.as_str()))
                .find(|file| {
                    let path = file.path.as_str();
                    let content = is_there(path).and_then(|content| self.same(id, path, &content));
                    content.is_none_or(|content| {
                        content.chunk_hashes(manifest.chunk_bytes())[..] != file.chunks[..]
                    })
                })
                .map(|file| {
                    format!(
                        "{} is not as version {} has it",
                        file.path,
                        manifest.version()
                    )
                }),
        }
        .unwrap_or_default()
    }

    /// The known content that is equal to this: its hashes are known as well.
    fn same(&self, id: &GameId, path: &str, content: &Content) -> Option<Arc<Content>> {
        let known = self.known.get(&(id.clone(), path.to_owned()))?;
        known.iter().find(|known| ***known == *content).cloned()
    }
}

/// Whether what the player wrote is still somewhere in the root.
fn is_kept(tree: &Tree, path: &str, content: &Arc<Content>) -> bool {
    let is_it = |item: &Item| matches!(item, Item::File(there) if there == content);
    let places = [INSTALL_DIR, ".local.backup", ".local.installing"];
    places.iter().any(|place| {
        tree.get(&format!("{place}/{path}")).is_some_and(is_it)
            || tree
                .range(format!("{place}/.lanspread-kept/")..)
                .take_while(|(name, _)| name.starts_with(&format!("{place}/.lanspread-kept/")))
                .any(|(name, item)| name.ends_with(&format!("/{path}")) && is_it(item))
    })
}

/// Where a root lies.
pub(crate) fn key(n: usize, dir: &Path, id: &GameId) -> RootKey {
    (n, dir.to_owned(), id.clone())
}
