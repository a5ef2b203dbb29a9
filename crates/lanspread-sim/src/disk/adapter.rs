//! The port over the virtual disk.
//!
//! Invariant: everything goes through [`State::ask`] first, and a handle of a run of the machine that
//! has ended reaches nothing any more.

use std::{
    io,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lanspread_disk::port::{
    Access, FileHandle, FileSystem, Folder, Kind, Listed, Stat, UnpackOrder,
};
use lanspread_unpack::{UnpackError, UnpackReport, Unpacker};

use super::{
    archive,
    faults::{Asked, Decider, Fault, Operation},
    image::{Body, Image, NodeId, TOP, link_not_followed},
    pace::Pace,
};

/// Most links that the path of a directory may lead through.
const LINKS_MAX: u32 = 40;

/// Everything about a disk.
#[derive(Debug)]
pub(super) struct State {
    pub(super) image: Image,
    /// Counts the runs of the machine.
    pub(super) run: u64,
    /// The machine stopped in the middle of this run.
    pub(super) stopped: bool,
    pub(super) operations: u64,
    pub(super) change_operations: u64,
    pub(super) decide: Option<Decider>,
    pub(super) capacity_bytes: u64,
    pub(super) pace: Pace,
    pub(super) spent: Duration,
}

/// How far an operation may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    Half,
}

impl State {
    /// Counts an operation, adds up its time, and lets it fail if that was decided.
    fn ask(&mut self, operation: Operation, folder: NodeId, path: &Path) -> io::Result<Extent> {
        if self.stopped {
            return Err(Fault::Stop.error());
        }
        let decided = match &mut self.decide {
            None => None,
            Some(Decider(decide)) => {
                let mut full = self.image.path_of(folder);
                full.extend(path);
                decide(&Asked {
                    operation,
                    path: &full,
                    number: self.operations,
                    change_number: self.change_operations,
                })
            }
        };
        self.operations += 1;
        self.change_operations += u64::from(operation.changes());
        self.spent += self.pace.operation;
        if matches!(operation, Operation::SyncFile | Operation::SyncFolder) {
            self.spent += self.pace.sync;
        }
        match decided {
            None => Ok(Extent::Whole),
            Some(Fault::StopHalfway) => {
                self.stopped = true;
                match operation {
                    Operation::Write => Ok(Extent::Half),
                    _ => Err(Fault::Stop.error()),
                }
            }
            Some(fault) => {
                self.stopped |= fault == Fault::Stop;
                Err(fault.error())
            }
        }
    }

    fn room_bytes(&self) -> u64 {
        self.capacity_bytes.saturating_sub(self.image.used_bytes)
    }

    /// Finds a directory by its full path, following links.
    pub(super) fn walk(&self, path: &Path) -> io::Result<NodeId> {
        let mut links_left = LINKS_MAX;
        self.walk_from(TOP, path, &mut links_left)
    }

    fn walk_from(&self, from: NodeId, path: &Path, links_left: &mut u32) -> io::Result<NodeId> {
        let mut trail = self.trail(from);
        for component in path.components() {
            match component {
                Component::Prefix(_) | Component::RootDir => trail.truncate(1),
                Component::CurDir => {}
                Component::ParentDir => {
                    if trail.len() > 1 {
                        trail.pop();
                    }
                }
                Component::Normal(name) => {
                    let here = trail.last().copied().unwrap_or(TOP);
                    let mut next = self.image.child(here, name)?;
                    if let Body::Symlink(says) = &self.image.node(next).body {
                        *links_left = links_left.checked_sub(1).ok_or_else(link_not_followed)?;
                        next = self.walk_from(here, says, links_left)?;
                        trail = self.trail(next);
                        continue;
                    }
                    trail.push(next);
                }
            }
        }
        Ok(trail.last().copied().unwrap_or(TOP))
    }

    /// The directories from the top down to this one.
    fn trail(&self, folder: NodeId) -> Vec<NodeId> {
        let mut trail = vec![TOP];
        let path = self.image.path_of(folder);
        for name in path.components().skip(1) {
            let here = trail.last().copied().unwrap_or(TOP);
            if let Ok(next) = self.image.child(here, name.as_os_str()) {
                trail.push(next);
            }
        }
        trail
    }
}

/// The disk as one run of the machine has it.
#[derive(Debug, Clone)]
pub(super) struct Mounted {
    pub(super) state: Arc<Mutex<State>>,
    pub(super) run: u64,
}

impl Mounted {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.run == self.run {
            Ok(state)
        } else {
            Err(Fault::Stop.error())
        }
    }

    fn handle(&self, state: &mut State, node: NodeId) -> Handle {
        state.image.opened(node);
        Handle {
            mounted: self.clone(),
            node,
        }
    }

    fn folder(&self, state: &mut State, node: NodeId) -> Arc<dyn Folder> {
        Arc::new(VirtualFolder(self.handle(state, node)))
    }
}

/// Something that is open.
#[derive(Debug)]
struct Handle {
    mounted: Mounted,
    node: NodeId,
}

impl Drop for Handle {
    fn drop(&mut self) {
        // A run that has ended has closed everything.
        if let Ok(mut state) = self.mounted.state() {
            state.image.closed(self.node);
        }
    }
}

impl FileSystem for Mounted {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn Folder>> {
        let mut state = self.state()?;
        state.ask(Operation::OpenFolder, TOP, path)?;
        let found = state.walk(path)?;
        state.image.folder(found)?;
        Ok(self.folder(&mut state, found))
    }

    fn make(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state()?;
        state.ask(Operation::MakeFolder, TOP, path)?;
        let mut made = PathBuf::new();
        let mut above = TOP;
        for component in path.components() {
            made.push(component);
            above = match state.walk(&made) {
                Ok(found) if state.image.kind(found) == Kind::Folder => found,
                Ok(_) if made == path => return Err(io::ErrorKind::AlreadyExists.into()),
                Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let new = state.image.make_folder(above, component.as_os_str())?;
                    state.image.sync_folder(above);
                    new
                }
                Err(error) => return Err(error),
            };
        }
        Ok(())
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        let mut state = self.state()?;
        state.ask(Operation::Stat, TOP, path)?;
        let found = state.walk(path)?;
        Ok(state.image.path_of(found))
    }

    fn available_bytes(&self, _path: &Path) -> io::Result<u64> {
        Ok(self.state()?.room_bytes())
    }

    fn looks_at_once(&self) -> usize {
        // In one order, so that what happens follows from what was asked.
        1
    }
}

#[derive(Debug)]
struct VirtualFolder(Handle);

impl VirtualFolder {
    fn begin(
        &self,
        operation: Operation,
        path: &Path,
    ) -> io::Result<(MutexGuard<'_, State>, NodeId)> {
        let mut state = self.0.mounted.state()?;
        state.ask(operation, self.0.node, path)?;
        Ok((state, self.0.node))
    }
}

impl Folder for VirtualFolder {
    fn open_folder(&self, path: &Path) -> io::Result<Arc<dyn Folder>> {
        let (mut state, here) = self.begin(Operation::OpenFolder, path)?;
        let (parent, name) = state.image.parent(here, path)?;
        let found = state.image.child(parent, name)?;
        state.image.folder(found)?;
        Ok(self.0.mounted.folder(&mut state, found))
    }

    fn list(&self) -> io::Result<Vec<Listed>> {
        let (state, here) = self.begin(Operation::List, Path::new(""))?;
        state.image.list(here)
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let (state, here) = self.begin(Operation::Stat, path)?;
        Ok(state.image.stat(state.image.find(here, path)?))
    }

    fn open_file(&self, path: &Path, access: Access) -> io::Result<Arc<dyn FileHandle>> {
        let mut state = self.0.mounted.state()?;
        let here = self.0.node;
        let there = state.image.find(here, path);
        state.ask(Operation::of_open(access, there.is_ok()), here, path)?;
        let node = match there {
            Ok(_) if matches!(access, Access::New | Access::NewPrivate) => {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            Ok(node) => match (state.image.kind(node), access) {
                (Kind::Symlink, _) => return Err(link_not_followed()),
                (Kind::Folder, Access::Write) => return Err(io::ErrorKind::IsADirectory.into()),
                (Kind::File | Kind::Folder | Kind::Other, _) => node,
            },
            Err(error) if access == Access::Read || error.kind() != io::ErrorKind::NotFound => {
                return Err(error);
            }
            Err(_) => {
                let (parent, name) = state.image.parent(here, path)?;
                state.image.make_file(parent, name)?
            }
        };
        Ok(Arc::new(VirtualFile {
            handle: self.0.mounted.handle(&mut state, node),
            access,
            opened_in: here,
            path: path.to_owned(),
        }))
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        let (mut state, here) = self.begin(Operation::MakeFolder, path)?;
        let (parent, name) = state.image.parent(here, path)?;
        state.image.make_folder(parent, name).map(drop)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (mut state, here) = self.begin(Operation::Rename, from)?;
        let from = state.image.parent(here, from)?;
        let to = state.image.parent(here, to)?;
        state.image.rename(from, to)
    }

    fn link_file(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (mut state, here) = self.begin(Operation::Link, to)?;
        if !state.image.rules.second_names {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let (from_parent, from_name) = state.image.parent(here, from)?;
        let (to_parent, to_name) = state.image.parent(here, to)?;
        let node = state.image.child(from_parent, from_name)?;
        state.image.link(node, to_parent, to_name)
    }

    fn copy_symlink(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (mut state, here) = self.begin(Operation::Link, to)?;
        let (from_parent, from_name) = state.image.parent(here, from)?;
        let (to_parent, to_name) = state.image.parent(here, to)?;
        let node = state.image.child(from_parent, from_name)?;
        let says = state.image.symlink_says(node)?;
        state.image.make_symlink(to_parent, to_name, says).map(drop)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let (mut state, here) = self.begin(Operation::RemoveFile, path)?;
        let (parent, name) = state.image.parent(here, path)?;
        state.image.remove_file(parent, name)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        let (mut state, here) = self.begin(Operation::RemoveFolder, path)?;
        let (parent, name) = state.image.parent(here, path)?;
        state.image.remove_folder(parent, name)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let (mut state, here) = self.begin(Operation::SyncFolder, path)?;
        let found = state.image.find_folder(here, path)?;
        state.image.sync_folder(found);
        Ok(())
    }

    fn sync_files(&self, paths: &[PathBuf]) -> io::Result<()> {
        for path in paths {
            let (mut state, here) = self.begin(Operation::SyncFile, path)?;
            let node = state.image.find(here, path)?;
            state.image.file(node)?;
            state.image.sync_file(node);
        }
        Ok(())
    }

    fn unpack(
        &self,
        _unpacker: &dyn Unpacker,
        order: UnpackOrder<'_>,
    ) -> Result<UnpackReport, UnpackError> {
        archive::unpack(&self.0.mounted, self, order)
    }
}

#[derive(Debug)]
struct VirtualFile {
    handle: Handle,
    access: Access,
    /// Where it was when it was opened.
    opened_in: NodeId,
    path: PathBuf,
}

impl VirtualFile {
    fn begin(&self, operation: Operation) -> io::Result<(MutexGuard<'_, State>, Extent)> {
        let mut state = self.handle.mounted.state()?;
        let extent = state.ask(operation, self.opened_in, &self.path)?;
        Ok((state, extent))
    }
}

impl FileHandle for VirtualFile {
    fn stat(&self) -> io::Result<Stat> {
        let (state, _) = self.begin(Operation::Stat)?;
        let mut stat = state.image.stat(self.handle.node);
        if stat.kind == Kind::Folder {
            stat.kind = Kind::Other;
        }
        Ok(stat)
    }

    fn read_at(&self, into: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        let (mut state, _) = self.begin(Operation::Read)?;
        if into.is_empty() {
            return Ok(0);
        }
        let content = Arc::clone(&state.image.file(self.handle.node)?.live);
        let read = content.read_at(into, offset_bytes);
        let speed = state.pace.read_bytes_per_second;
        state.spent += Pace::transfer(read, speed);
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], offset_bytes: u64) -> io::Result<()> {
        let (mut state, extent) = self.begin(Operation::Write)?;
        if self.access == Access::Read {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let (room, speed) = (state.room_bytes(), state.pace.write_bytes_per_second);
        state.spent += Pace::transfer(bytes.len(), speed);
        let node = self.handle.node;
        match extent {
            Extent::Whole => state.image.write(node, bytes, offset_bytes, room),
            Extent::Half => {
                let half = &bytes[..bytes.len() / 2];
                state.image.write(node, half, offset_bytes, room)?;
                Err(Fault::Stop.error())
            }
        }
    }

    fn sync(&self) -> io::Result<()> {
        let (mut state, _) = self.begin(Operation::SyncFile)?;
        state.image.sync_file(self.handle.node);
        Ok(())
    }
}
