//! What people do to a disk by hand, past every run of the machine.
//!
//! Invariant: it takes no time, it is never counted or made to fail, and it is durable at once. Paths
//! are full paths; links in them are followed.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use lanspread_disk::port::Kind;

use super::{
    VirtualDisk,
    adapter::State,
    content::Content,
    image::{Body, NodeId, TOP},
};

impl VirtualDisk {
    /// Puts a file there, with the directories above it. One that is there gets the new content.
    ///
    /// # Errors
    ///
    /// When a directory stands there, or a file where a directory should.
    pub fn put(&self, path: impl AsRef<Path>, content: impl Into<Content>) -> io::Result<()> {
        self.put_shared(path, Arc::new(content.into()))
    }

    /// The same with a content that several disks share.
    ///
    /// # Errors
    ///
    /// As [`Self::put`].
    pub fn put_shared(&self, path: impl AsRef<Path>, content: Arc<Content>) -> io::Result<()> {
        let path = path.as_ref();
        let mut state = self.state();
        let (folder, name) = state.make_above(path)?;
        let node = match state.image.child(folder, name.as_os_str()) {
            Ok(node) => node,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                state.image.make_file(folder, name.as_os_str())?
            }
            Err(error) => return Err(error),
        };
        state.image.replace_content(node, content)?;
        state.image.sync_file(node);
        state.image.sync_folder(folder);
        Ok(())
    }

    /// Makes a directory and those above it.
    ///
    /// # Errors
    ///
    /// When a file stands where a directory should.
    pub fn make_folder(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let mut state = self.state();
        let (folder, name) = state.make_above(path.as_ref())?;
        match state.image.make_folder(folder, name.as_os_str()) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let there = state.image.child(folder, name.as_os_str())?;
                state.image.folder(there)?;
            }
            made => {
                made?;
            }
        }
        state.image.sync_folder(folder);
        Ok(())
    }

    /// Makes a symbolic link.
    ///
    /// # Errors
    ///
    /// When something stands there.
    pub fn put_symlink(&self, path: impl AsRef<Path>, says: impl Into<PathBuf>) -> io::Result<()> {
        let mut state = self.state();
        let (folder, name) = state.make_above(path.as_ref())?;
        state
            .image
            .make_symlink(folder, name.as_os_str(), says.into())?;
        state.image.sync_folder(folder);
        Ok(())
    }

    /// Takes away whatever stands there, with all that is in it.
    ///
    /// # Errors
    ///
    /// When nothing does, or when something in it is open and open files hold their names.
    pub fn take(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let mut state = self.state();
        let (folder, name) = state.above(path.as_ref())?;
        state.remove(folder, &name)?;
        state.image.sync_folder(folder);
        Ok(())
    }

    /// Moves something.
    ///
    /// # Errors
    ///
    /// As renaming on the port.
    pub fn move_to(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
        let mut state = self.state();
        let (from, from_name) = state.above(from.as_ref())?;
        let (to, to_name) = state.make_above(to.as_ref())?;
        let ends = ((from, from_name.as_os_str()), (to, to_name.as_os_str()));
        state.image.rename(ends.0, ends.1)?;
        state.image.sync_folder(from);
        state.image.sync_folder(to);
        Ok(())
    }

    /// Flips bits of one byte of a file, and nothing shows it: not its size, not its times.
    ///
    /// # Errors
    ///
    /// When there is no such file.
    pub fn rot(&self, path: impl AsRef<Path>, offset_bytes: u64, mask: u8) -> io::Result<()> {
        let mut state = self.state();
        let node = state.walk(path.as_ref())?;
        if let Body::File(file) = &mut state.image.node_mut(node).body {
            let clean = Arc::ptr_eq(&file.live, &file.durable);
            Arc::make_mut(&mut file.live).rot(offset_bytes, mask);
            if clean {
                file.durable = Arc::clone(&file.live);
            } else {
                Arc::make_mut(&mut file.durable).rot(offset_bytes, mask);
            }
            state.image.changes += 1;
            return Ok(());
        }
        Err(io::ErrorKind::IsADirectory.into())
    }
}

impl State {
    /// The directory above a full path, and the last name.
    fn above(&self, path: &Path) -> io::Result<(NodeId, PathBuf)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let folder = self.walk(path.parent().unwrap_or(Path::new("/")))?;
        self.image.folder(folder)?;
        Ok((folder, name.into()))
    }

    /// The same; directories that are missing are made.
    fn make_above(&mut self, path: &Path) -> io::Result<(NodeId, PathBuf)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let mut made = PathBuf::new();
        let mut folder = TOP;
        for component in path.parent().unwrap_or(Path::new("/")).components() {
            made.push(component);
            folder = match self.walk(&made) {
                Ok(found) => found,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let new = self.image.make_folder(folder, component.as_os_str())?;
                    self.image.sync_folder(folder);
                    new
                }
                Err(error) => return Err(error),
            };
            self.image.folder(folder)?;
        }
        Ok((folder, name.into()))
    }

    fn remove(&mut self, folder: NodeId, name: &Path) -> io::Result<()> {
        let node = self.image.child(folder, name.as_os_str())?;
        if self.image.kind(node) != Kind::Folder {
            return self.image.remove_file(folder, name.as_os_str());
        }
        for listed in self.image.list(node)? {
            self.remove(node, Path::new(&listed.name))?;
        }
        self.image.remove_folder(folder, name.as_os_str())
    }
}
