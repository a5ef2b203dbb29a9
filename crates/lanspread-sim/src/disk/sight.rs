//! What a test or the model sees of a disk.
//!
//! Invariant: looking changes nothing, takes no time and is never counted; contents are shared, not
//! copied.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use lanspread_db::ContentHash;

use super::{
    VirtualDisk,
    content::Content,
    image::{Body, Image, NodeId},
};

/// What stands under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A directory.
    Folder,
    /// A file.
    File(Arc<Content>),
    /// A symbolic link, and what it says.
    Symlink(PathBuf),
}

/// Everything below a directory, by path with `/` between names.
pub type Tree = BTreeMap<String, Item>;

/// Which image is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Live,
    Durable,
}

impl VirtualDisk {
    /// Everything below a directory; empty if there is none.
    #[must_use]
    pub fn tree(&self, path: impl AsRef<Path>) -> Tree {
        self.tree_as(path.as_ref(), View::Live)
    }

    /// What of it would be there if all that was not synced were lost.
    #[must_use]
    pub fn durable_tree(&self, path: impl AsRef<Path>) -> Tree {
        self.tree_as(path.as_ref(), View::Durable)
    }

    fn tree_as(&self, path: &Path, view: View) -> Tree {
        let state = self.state();
        let mut tree = Tree::new();
        if let Some(folder) = find(&state.image, path, view) {
            gather(&state.image, folder, "", view, &mut tree);
        }
        tree
    }

    /// What stands at a path; links are not followed.
    #[must_use]
    pub fn item(&self, path: impl AsRef<Path>) -> Option<Item> {
        let state = self.state();
        find(&state.image, path.as_ref(), View::Live).map(|id| item(&state.image, id, View::Live))
    }

    /// What would stand at a path if all that was not synced were lost.
    #[must_use]
    pub fn durable_item(&self, path: impl AsRef<Path>) -> Option<Item> {
        let state = self.state();
        let found = find(&state.image, path.as_ref(), View::Durable);
        found.map(|id| item(&state.image, id, View::Durable))
    }

    /// Whether anything stands at a path.
    #[must_use]
    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        find(&self.state().image, path.as_ref(), View::Live).is_some()
    }

    /// The names in a directory; none if there is no such directory.
    #[must_use]
    pub fn names(&self, path: impl AsRef<Path>) -> Vec<String> {
        let state = self.state();
        let folder = find(&state.image, path.as_ref(), View::Live);
        let names = folder.and_then(|id| Some(&state.image.folder(id).ok()?.live));
        let entries = names.into_iter().flat_map(BTreeMap::values);
        entries
            .map(|entry| entry.name.to_string_lossy().into_owned())
            .collect()
    }

    /// The content of a file.
    #[must_use]
    pub fn content(&self, path: impl AsRef<Path>) -> Option<Arc<Content>> {
        match self.item(path)? {
            Item::File(content) => Some(content),
            Item::Folder | Item::Symlink(_) => None,
        }
    }

    /// The bytes of a file.
    #[must_use]
    pub fn read(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        Some(self.content(path)?.to_bytes())
    }

    /// The hashes of a file's chunks, as manifests have them.
    #[must_use]
    pub fn chunk_hashes(
        &self,
        path: impl AsRef<Path>,
        chunk_bytes: u32,
    ) -> Option<Arc<[ContentHash]>> {
        Some(self.content(path)?.chunk_hashes(chunk_bytes))
    }
}

fn find(image: &Image, path: &Path, view: View) -> Option<NodeId> {
    let mut at = super::image::TOP;
    for component in path.components() {
        let std::path::Component::Normal(name) = component else {
            continue;
        };
        let names = match view {
            View::Live => &image.folder(at).ok()?.live,
            View::Durable => image.durable_names(at)?,
        };
        at = names.get(&image.key(name))?.node;
    }
    Some(at)
}

fn item(image: &Image, id: NodeId, view: View) -> Item {
    match &image.node(id).body {
        Body::Folder(_) => Item::Folder,
        Body::File(file) => Item::File(Arc::clone(match view {
            View::Live => &file.live,
            View::Durable => &file.durable,
        })),
        Body::Symlink(says) => Item::Symlink(says.clone()),
    }
}

fn gather(image: &Image, folder: NodeId, prefix: &str, view: View, tree: &mut Tree) {
    let names = match view {
        View::Live => image.folder(folder).ok().map(|folder| &folder.live),
        View::Durable => image.durable_names(folder),
    };
    for entry in names.into_iter().flat_map(BTreeMap::values) {
        let path = format!("{prefix}{}", entry.name.to_string_lossy());
        let found = item(image, entry.node, view);
        if found == Item::Folder {
            gather(image, entry.node, &format!("{path}/"), view, tree);
        }
        tree.insert(path, found);
    }
}
