//! The tree of a virtual disk: directories, files and links, as they are and as they are durable.
//!
//! Invariant: every change of a name is in the live directory and, until that directory is synced, in
//! its list of changes that are not durable, in order; a file's durable content is what it held when
//! it was last synced. It answers as Linux does, with the same kinds of errors.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use lanspread_disk::port::{Kind, Listed, Stamp, Stat};

use super::{Case, Rules, content::Content};

/// What names a directory, file or link apart from its name.
pub(super) type NodeId = u64;

/// The directory above all others.
pub(super) const TOP: NodeId = 0;
/// The longest name.
pub(super) const NAME_BYTES_MAX: usize = 255;
/// The size that a directory says it has.
const FOLDER_BYTES: u64 = 4096;

/// A tree.
#[derive(Debug, Clone)]
pub(super) struct Image {
    pub(super) nodes: BTreeMap<NodeId, Node>,
    pub(super) rules: Rules,
    next: NodeId,
    /// Numbers the changes of names.
    pub(super) changes: u64,
    /// The last change of names that was synced.
    pub(super) committed: u64,
    /// Bytes that live contents take.
    pub(super) used_bytes: u64,
    clock: Clock,
    /// How many nodes there were after the last sweep.
    swept: usize,
}

/// The time that changes are stamped with; no two at the same moment get the same stamp.
#[derive(Debug, Clone, Default)]
struct Clock {
    now_ns: i64,
    ticks: i64,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) body: Body,
    modified_ns: i64,
    changed_ns: i64,
    /// How many live names it has.
    pub(super) links: u32,
    /// How many handles are open.
    pub(super) open: u32,
}

#[derive(Debug, Clone)]
pub(super) enum Body {
    Folder(Folder),
    File(File),
    Symlink(PathBuf),
}

/// Names by their key: the name itself, or folded where case does not count.
pub(super) type Names = BTreeMap<OsString, Entry>;

#[derive(Debug, Clone, Default)]
pub(super) struct Folder {
    pub(super) live: Names,
    pub(super) durable: Names,
    pub(super) pending: Vec<Pending>,
    parent: NodeId,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: OsString,
    pub(super) node: NodeId,
}

/// A change of names that is not durable yet.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    /// Its place among all changes of the disk; the two halves of a move have the same.
    pub(super) number: u64,
    pub(super) removed: Option<OsString>,
    pub(super) set: Option<(OsString, Entry)>,
    /// The directory that has the other half of a move.
    pub(super) moved_to: Option<NodeId>,
}

impl Pending {
    pub(super) fn apply(&self, names: &mut Names) {
        if let Some(key) = &self.removed {
            names.remove(key);
        }
        if let Some((key, entry)) = &self.set {
            names.insert(key.clone(), entry.clone());
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct File {
    pub(super) live: Arc<Content>,
    pub(super) durable: Arc<Content>,
}

impl Image {
    pub(super) fn new(rules: Rules) -> Self {
        let mut image = Self {
            nodes: BTreeMap::new(),
            rules,
            next: TOP,
            changes: 0,
            committed: 0,
            used_bytes: 0,
            clock: Clock::default(),
            swept: 0,
        };
        let top = image.add(Body::Folder(Folder::default()));
        image.node_mut(top).links = 1;
        image
    }

    pub(super) fn set_now_ns(&mut self, now_ns: i64) {
        if self.clock.now_ns != now_ns {
            self.clock = Clock { now_ns, ticks: 0 };
        }
    }

    fn stamp(&mut self) -> i64 {
        self.clock.ticks += 1;
        self.clock.now_ns.saturating_add(self.clock.ticks)
    }

    fn add(&mut self, body: Body) -> NodeId {
        let id = self.next;
        self.next += 1;
        let now = self.stamp();
        let node = Node {
            body,
            modified_ns: now,
            changed_ns: now,
            links: 0,
            open: 0,
        };
        self.nodes.insert(id, node);
        id
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.nodes
            .get(&id)
            .expect("nodes that are named or open are kept")
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        self.nodes
            .get_mut(&id)
            .expect("nodes that are named or open are kept")
    }

    pub(super) fn folder(&self, id: NodeId) -> io::Result<&Folder> {
        match &self.node(id).body {
            Body::Folder(folder) => Ok(folder),
            Body::File(_) | Body::Symlink(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn folder_mut(&mut self, id: NodeId) -> io::Result<&mut Folder> {
        match &mut self.node_mut(id).body {
            Body::Folder(folder) => Ok(folder),
            Body::File(_) | Body::Symlink(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn file(&self, id: NodeId) -> io::Result<&File> {
        match &self.node(id).body {
            Body::File(file) => Ok(file),
            Body::Folder(_) => Err(io::ErrorKind::IsADirectory.into()),
            Body::Symlink(_) => Err(link_not_followed()),
        }
    }

    pub(super) fn key(&self, name: &OsStr) -> OsString {
        match self.rules.case {
            Case::Sensitive => name.to_owned(),
            Case::Insensitive => name.to_string_lossy().to_lowercase().into(),
        }
    }

    /// What a name in a directory stands for.
    pub(super) fn child(&self, folder: NodeId, name: &OsStr) -> io::Result<NodeId> {
        let names = &self.folder(folder)?.live;
        match names.get(&self.key(name)) {
            Some(entry) => Ok(entry.node),
            // In a directory that is gone a system looks for no name, so none is too long.
            None if name.len() > NAME_BYTES_MAX && self.node(folder).links > 0 => {
                Err(io::ErrorKind::InvalidFilename.into())
            }
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// The directory that `path` lies in, and its last name. No link is followed.
    pub(super) fn parent<'p>(
        &self,
        from: NodeId,
        path: &'p Path,
    ) -> io::Result<(NodeId, &'p OsStr)> {
        let mut names = path.components();
        let last = names.next_back();
        let mut folder = from;
        for name in names {
            folder = self.child(folder, plain(name)?)?;
            self.folder(folder)?;
        }
        let invalid = || io::Error::new(io::ErrorKind::InvalidInput, "the path is empty");
        Ok((folder, plain(last.ok_or_else(invalid)?)?))
    }

    /// What stands at `path`.
    pub(super) fn find(&self, from: NodeId, path: &Path) -> io::Result<NodeId> {
        let (folder, name) = self.parent(from, path)?;
        self.child(folder, name)
    }

    /// The directory at `path`; the empty path is the directory itself.
    pub(super) fn find_folder(&self, from: NodeId, path: &Path) -> io::Result<NodeId> {
        if path.as_os_str().is_empty() {
            return Ok(from);
        }
        let found = self.find(from, path)?;
        self.folder(found)?;
        Ok(found)
    }

    pub(super) fn kind(&self, id: NodeId) -> Kind {
        match &self.node(id).body {
            Body::Folder(_) => Kind::Folder,
            Body::File(_) => Kind::File,
            Body::Symlink(_) => Kind::Symlink,
        }
    }

    pub(super) fn stat(&self, id: NodeId) -> Stat {
        let node = self.node(id);
        let size_bytes = match &node.body {
            Body::Folder(_) => FOLDER_BYTES,
            Body::File(file) => file.live.len_bytes(),
            Body::Symlink(says) => says.as_os_str().len() as u64,
        };
        Stat {
            kind: self.kind(id),
            stamp: Stamp {
                size_bytes,
                modified_ns: node.modified_ns,
                changed_ns: node.changed_ns,
            },
        }
    }

    pub(super) fn list(&self, id: NodeId) -> io::Result<Vec<Listed>> {
        let names = self.folder(id)?.live.values();
        Ok(names
            .map(|entry| Listed {
                name: entry.name.clone(),
                stat: self.stat(entry.node),
            })
            .collect())
    }

    /// Whether a new name may be made in a directory.
    fn may_add(&self, folder: NodeId, name: &OsStr) -> io::Result<()> {
        match self.child(folder, name) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            // A directory that was removed while it was open takes no new names.
            Err(error) if self.node(folder).links == 0 => Err(error),
            Err(_) => Ok(()),
        }
    }

    fn touch_folder(&mut self, id: NodeId) {
        let now = self.stamp();
        let node = self.node_mut(id);
        node.modified_ns = now;
        node.changed_ns = now;
    }

    fn touch_links(&mut self, id: NodeId) {
        let now = self.stamp();
        self.node_mut(id).changed_ns = now;
    }

    /// Takes a change of names into the live directory and into those that are not durable.
    fn record(&mut self, folder: NodeId, pending: Pending) {
        self.touch_folder(folder);
        if let Ok(folder) = self.folder_mut(folder) {
            pending.apply(&mut folder.live);
            folder.pending.push(pending);
        }
    }

    fn next_change(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }

    fn set_name(&mut self, folder: NodeId, name: &OsStr, node: NodeId) {
        let pending = Pending {
            number: self.next_change(),
            removed: None,
            set: Some((self.key(name), entry(name, node))),
            moved_to: None,
        };
        self.node_mut(node).links += 1;
        self.record(folder, pending);
    }

    fn make(&mut self, folder: NodeId, name: &OsStr, body: Body) -> io::Result<NodeId> {
        self.may_add(folder, name)?;
        let id = self.add(body);
        self.set_name(folder, name, id);
        Ok(id)
    }

    pub(super) fn make_file(&mut self, folder: NodeId, name: &OsStr) -> io::Result<NodeId> {
        self.make(folder, name, Body::File(File::default()))
    }

    pub(super) fn make_symlink(
        &mut self,
        folder: NodeId,
        name: &OsStr,
        says: PathBuf,
    ) -> io::Result<NodeId> {
        self.make(folder, name, Body::Symlink(says))
    }

    pub(super) fn make_folder(&mut self, folder: NodeId, name: &OsStr) -> io::Result<NodeId> {
        let body = Folder {
            parent: folder,
            ..Folder::default()
        };
        self.make(folder, name, Body::Folder(body))
    }

    pub(super) fn link(&mut self, node: NodeId, folder: NodeId, name: &OsStr) -> io::Result<()> {
        self.may_add(folder, name)?;
        if self.kind(node) == Kind::Folder {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.set_name(folder, name, node);
        self.touch_links(node);
        Ok(())
    }

    pub(super) fn symlink_says(&self, node: NodeId) -> io::Result<PathBuf> {
        match &self.node(node).body {
            Body::Symlink(says) => Ok(says.clone()),
            Body::Folder(_) | Body::File(_) => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    pub(super) fn rename(
        &mut self,
        (from, from_name): (NodeId, &OsStr),
        (to, to_name): (NodeId, &OsStr),
    ) -> io::Result<()> {
        let moved = self.child(from, from_name)?;
        let replaced = match self.child(to, to_name) {
            Ok(node) => Some(node),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if self.is_above(moved, to) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if let Some(replaced) = replaced {
            let respelled = (from, self.key(from_name)) == (to, self.key(to_name));
            if replaced == moved && !(respelled && from_name != to_name) {
                return Ok(());
            }
            if replaced != moved {
                self.may_replace(moved, replaced, from)?;
                self.may_go(replaced)?;
            }
        } else if self.node(to).links == 0 {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.may_move(moved)?;
        let number = self.next_change();
        let (removed, set) = (self.key(from_name), self.key(to_name));
        let change = |removed, set, moved_to| Pending {
            number,
            removed,
            set,
            moved_to,
        };
        let set = Some((set, entry(to_name, moved)));
        if from == to {
            self.record(from, change(Some(removed), set, None));
        } else {
            self.record(from, change(Some(removed), None, Some(to)));
            self.record(to, change(None, set, None));
            if let Ok(folder) = self.folder_mut(moved) {
                folder.parent = to;
            }
        }
        self.touch_links(moved);
        if let Some(replaced) = replaced.filter(|&replaced| replaced != moved) {
            self.unlinked(replaced);
        }
        Ok(())
    }

    fn may_replace(&self, moved: NodeId, replaced: NodeId, from: NodeId) -> io::Result<()> {
        let kind = match (&self.node(moved).body, &self.node(replaced).body) {
            (Body::Folder(_), Body::Folder(folder)) => {
                if folder.live.is_empty() && !self.is_above(replaced, from) {
                    return Ok(());
                }
                io::ErrorKind::DirectoryNotEmpty
            }
            (Body::Folder(_), Body::File(_) | Body::Symlink(_)) => io::ErrorKind::NotADirectory,
            (Body::File(_) | Body::Symlink(_), Body::Folder(folder)) => {
                // A directory that holds what moves is in use whatever moves.
                if !folder.live.is_empty() && self.is_above(replaced, from) {
                    io::ErrorKind::DirectoryNotEmpty
                } else {
                    io::ErrorKind::IsADirectory
                }
            }
            (Body::File(_) | Body::Symlink(_), Body::File(_) | Body::Symlink(_)) => return Ok(()),
        };
        Err(kind.into())
    }

    /// Whether `above` is `below` or a directory on the way to it.
    fn is_above(&self, above: NodeId, below: NodeId) -> bool {
        let mut at = below;
        loop {
            if at == above {
                return true;
            }
            match &self.node(at).body {
                Body::Folder(folder) if at != TOP => at = folder.parent,
                Body::Folder(_) | Body::File(_) | Body::Symlink(_) => return false,
            }
        }
    }

    pub(super) fn remove_file(&mut self, folder: NodeId, name: &OsStr) -> io::Result<()> {
        let node = self.child(folder, name)?;
        if self.kind(node) == Kind::Folder {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        self.remove_name(folder, name, node)
    }

    pub(super) fn remove_folder(&mut self, folder: NodeId, name: &OsStr) -> io::Result<()> {
        let node = self.child(folder, name)?;
        if !self.folder(node)?.live.is_empty() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        self.remove_name(folder, name, node)
    }

    fn remove_name(&mut self, folder: NodeId, name: &OsStr, node: NodeId) -> io::Result<()> {
        self.may_go(node)?;
        let pending = Pending {
            number: self.next_change(),
            removed: Some(self.key(name)),
            set: None,
            moved_to: None,
        };
        self.record(folder, pending);
        self.touch_links(node);
        self.unlinked(node);
        Ok(())
    }

    /// Where open files hold their names, they cannot be removed or replaced.
    fn may_go(&self, node: NodeId) -> io::Result<()> {
        if self.rules.open_files_hold_names && self.node(node).open > 0 {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(())
    }

    /// Nor can they be moved, nor the directories above them.
    fn may_move(&self, node: NodeId) -> io::Result<()> {
        if !self.rules.open_files_hold_names {
            return Ok(());
        }
        self.may_go(node)?;
        match &self.node(node).body {
            Body::Folder(folder) => folder
                .live
                .values()
                .try_for_each(|entry| self.may_move(entry.node)),
            Body::File(_) | Body::Symlink(_) => Ok(()),
        }
    }

    fn unlinked(&mut self, id: NodeId) {
        self.node_mut(id).links -= 1;
        self.let_go(id);
        if self.nodes.len() > 2 * self.swept + 1024 {
            self.sweep();
        }
    }

    /// Frees the room of a file that has no name and is not open. What of it is durable stays until
    /// the loss of its name is.
    fn let_go(&mut self, id: NodeId) {
        let node = self.node_mut(id);
        if node.links > 0 || node.open > 0 {
            return;
        }
        if let Body::File(file) = &mut node.body {
            let freed = file.live.stored_bytes();
            file.live = Arc::clone(&file.durable);
            self.used_bytes = self.used_bytes.saturating_sub(freed);
        }
    }

    pub(super) fn opened(&mut self, id: NodeId) {
        self.node_mut(id).open += 1;
    }

    pub(super) fn closed(&mut self, id: NodeId) {
        let node = self.node_mut(id);
        node.open -= 1;
        self.let_go(id);
    }

    /// Writes what there is room for.
    pub(super) fn write(
        &mut self,
        id: NodeId,
        bytes: &[u8],
        offset_bytes: u64,
        room_bytes: u64,
    ) -> io::Result<()> {
        let now = self.stamp();
        let node = self.node_mut(id);
        let Body::File(file) = &mut node.body else {
            return Err(io::ErrorKind::IsADirectory.into());
        };
        let (written, grown) =
            Arc::make_mut(&mut file.live).write_at(bytes, offset_bytes, room_bytes);
        if written > 0 {
            node.modified_ns = now;
            node.changed_ns = now;
        }
        self.used_bytes += grown;
        self.changes += 1;
        if written == bytes.len() {
            Ok(())
        } else {
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    /// Gives a file this content, which the disk shares with whoever has it.
    pub(super) fn replace_content(&mut self, id: NodeId, content: Arc<Content>) -> io::Result<()> {
        let now = self.stamp();
        let node = self.node_mut(id);
        let Body::File(file) = &mut node.body else {
            return Err(io::ErrorKind::IsADirectory.into());
        };
        node.modified_ns = now;
        node.changed_ns = now;
        let (freed, grown) = (file.live.stored_bytes(), content.stored_bytes());
        file.live = content;
        self.used_bytes = (self.used_bytes + grown).saturating_sub(freed);
        self.changes += 1;
        Ok(())
    }

    /// The full path of a directory; that of one which is gone is cut short.
    pub(super) fn path_of(&self, id: NodeId) -> PathBuf {
        let mut names = Vec::new();
        let mut at = id;
        while at != TOP
            && let Some(Body::Folder(folder)) = self.nodes.get(&at).map(|node| &node.body)
        {
            let parent = folder.parent;
            let own = self.folder(parent).ok().and_then(|above| {
                let mut entries = above.live.values();
                entries.find(|entry| entry.node == at)
            });
            names.extend(own.map(|entry| entry.name.clone()));
            at = parent;
        }
        let mut path = PathBuf::from("/");
        path.extend(names.iter().rev());
        path
    }

    /// Forgets what no name, handle or loss can bring back.
    pub(super) fn sweep(&mut self) {
        let mut kept = std::collections::BTreeSet::new();
        let mut waiting = vec![TOP];
        waiting.extend(
            self.nodes
                .iter()
                .filter(|(_, node)| node.open > 0)
                .map(|(&id, _)| id),
        );
        while let Some(id) = waiting.pop() {
            if !kept.insert(id) {
                continue;
            }
            if let Body::Folder(folder) = &self.node(id).body {
                waiting.push(folder.parent);
                waiting.extend(
                    folder
                        .live
                        .values()
                        .chain(folder.durable.values())
                        .map(|e| e.node),
                );
                waiting.extend(
                    folder
                        .pending
                        .iter()
                        .filter_map(|p| Some(p.set.as_ref()?.1.node)),
                );
            }
        }
        self.nodes.retain(|id, _| kept.contains(id));
        self.swept = self.nodes.len();
    }

    /// Puts the tree together anew from what is live in its directories.
    pub(super) fn recount(&mut self) {
        for node in self.nodes.values_mut() {
            node.links = 0;
            node.open = 0;
        }
        self.node_mut(TOP).links = 1;
        let mut waiting = vec![TOP];
        while let Some(id) = waiting.pop() {
            let Ok(folder) = self.folder(id) else {
                continue;
            };
            let entries: Vec<(OsString, NodeId)> = folder
                .live
                .iter()
                .map(|(key, entry)| (key.clone(), entry.node))
                .collect();
            for (key, child) in entries {
                let node = self.node_mut(child);
                node.links += 1;
                let again = node.links > 1;
                if let Body::Folder(below) = &mut node.body {
                    if again {
                        // A directory has one name; checking a file system keeps the first.
                        node.links = 1;
                        if let Ok(folder) = self.folder_mut(id) {
                            folder.live.remove(&key);
                            folder.durable.remove(&key);
                        }
                        continue;
                    }
                    below.parent = id;
                    waiting.push(child);
                }
            }
        }
        self.sweep();
        let live = self.nodes.values().map(|node| match &node.body {
            Body::File(file) => file.live.stored_bytes(),
            Body::Folder(_) | Body::Symlink(_) => 0,
        });
        self.used_bytes = live.sum();
    }
}

fn entry(name: &OsStr, node: NodeId) -> Entry {
    Entry {
        name: name.to_owned(),
        node,
    }
}

fn plain(name: Component<'_>) -> io::Result<&OsStr> {
    match name {
        Component::Normal(name) => Ok(name),
        Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => {
            Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the path is not made of plain names",
            ))
        }
    }
}

pub(super) fn link_not_followed() -> io::Error {
    io::Error::other("a symbolic link stands there, and none is followed")
}
