//! Takes the player's files from the old install to the new one.
//!
//! Invariant: the old install stays exactly as it is, and no file of the new one is replaced. What
//! becomes of a file is decided by [`lanspread_core::scan::carry`].

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use lanspread_core::{
    DiskFailure, OperationNote, StepProgress, StepWork,
    root::{Intent, StepReport},
    scan::{Carry, LocalOrigin, NewLocal, carry},
};
use lanspread_db::{INSTALL_DIR, INSTALLING_DIR, OWNER_MARKER, Version};

use super::{
    super::{
        failure::{Doing, aborted},
        files::{self, Walk},
        intent_log::IntentRecord,
        library::Root,
        marker::Marker,
        port::{Access, Folder, Kind, Stat},
        store::InstallRecord,
    },
    Watch,
    switch::nothing_there,
    write_intent,
};

/// Where files of the player go that the new version has otherwise.
const KEPT_DIR: &str = ".lanspread-kept";
/// Bytes that are compared or copied at a time.
const BLOCK_BYTES: usize = 1 << 20;
/// How many files of the same name are kept side by side before one is left behind.
const KEPT_SAME_NAME_MAX: u32 = 100;

pub(super) fn carry_over(
    root: &Root<'_>,
    version: Version,
    watch: Watch<'_>,
) -> Result<StepReport, DiskFailure> {
    let local = Path::new(INSTALL_DIR);
    let mut report = StepReport::default();
    let stat = files::stat(&*root.folder, local).doing("look at", local)?;
    if stat.is_some_and(|stat| stat.kind == Kind::Folder) {
        let marker = Marker::read(&*root.folder, local).doing("read the marker in", local)?;
        let record = match marker.version {
            Some(old) => root.library.store.install(root.id, old)?,
            None => None,
        };
        let kept =
            Path::new(KEPT_DIR).join(marker.version.as_ref().map_or("unknown", Version::as_str));
        let mut carrier = Carrier {
            folder: &*root.folder,
            record: record.unwrap_or_else(InstallRecord::new),
            kept,
            watch,
            touched: BTreeSet::new(),
            copied: Vec::new(),
            added: 0,
            kept_aside: 0,
            left: 0,
        };
        carrier.run()?;
        report.notes = carrier.notes();
    }
    write_intent(root, &IntentRecord::new(Intent::Swapping { version }))?;
    Ok(report)
}

struct Carrier<'a> {
    folder: &'a dyn Folder,
    record: InstallRecord,
    /// Where files go that the new version has otherwise, below the install.
    kept: PathBuf,
    watch: Watch<'a>,
    /// Directories of the new install in which names were made.
    touched: BTreeSet<PathBuf>,
    /// Files that could not be linked.
    copied: Vec<PathBuf>,
    added: u32,
    kept_aside: u32,
    left: u32,
}

impl Carrier<'_> {
    fn run(&mut self) -> Result<(), DiskFailure> {
        let local = Path::new(INSTALL_DIR);
        let opened = self.folder.open_folder(local).doing("open", local)?;
        let mut found = Vec::new();
        files::walk(&*opened, Path::new(""), &mut |path, stat| {
            if stat.kind != Kind::Folder && path != Path::new(OWNER_MARKER) {
                found.push((path.to_owned(), *stat));
            }
            Ok::<_, io::Error>(Walk::Enter)
        })
        .doing("look into", local)?;
        let count = u32::try_from(found.len()).unwrap_or(u32::MAX);
        for (index, (path, stat)) in (1..).zip(&found) {
            if self.watch.abort.is_cancelled() {
                return Err(aborted());
            }
            (self.watch.progress)(StepProgress {
                work: StepWork::Keeping,
                index,
                count,
                done_bytes: 0,
                total_bytes: None,
            });
            self.one(path, *stat).doing("keep", local.join(path))?;
        }
        self.sync().doing("sync", INSTALLING_DIR)
    }

    fn one(&mut self, path: &Path, stat: Stat) -> io::Result<()> {
        match stat.kind {
            Kind::File => {
                let new = self.new_local(path)?;
                match carry(self.origin(path, stat), new) {
                    Carry::Drop => Ok(()),
                    Carry::Add => {
                        self.added += 1;
                        self.take(path, path)
                    }
                    Carry::KeepAside => self.keep_aside(path),
                }
            }
            Kind::Symlink => self.take_symlink(path),
            Kind::Folder => Ok(()),
            Kind::Other => {
                self.left += 1;
                Ok(())
            }
        }
    }

    fn origin(&self, path: &Path, stat: Stat) -> LocalOrigin {
        let unpacked = spelled(path).and_then(|path| self.record.files.get(&path).copied());
        if unpacked == Some((stat.stamp.size_bytes, stat.stamp.modified_ns)) {
            LocalOrigin::Unpacked
        } else {
            LocalOrigin::Player
        }
    }

    /// What the new install has at `path`.
    fn new_local(&self, path: &Path) -> io::Result<NewLocal> {
        let new = Path::new(INSTALLING_DIR).join(path);
        match self.folder.stat(&new) {
            Ok(stat) if stat.kind == Kind::File => {
                let same = self.same_content(&Path::new(INSTALL_DIR).join(path), &new)?;
                Ok(if same {
                    NewLocal::Same
                } else {
                    NewLocal::Different
                })
            }
            Ok(_) => Ok(NewLocal::Different),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(NewLocal::Absent),
            // A file stands where a directory of this path was.
            Err(error) if nothing_there(&error) => Ok(NewLocal::Different),
            Err(error) => Err(error),
        }
    }

    fn same_content(&self, a: &Path, b: &Path) -> io::Result<bool> {
        let (a, b) = (
            self.folder.open_file(a, Access::Read)?,
            self.folder.open_file(b, Access::Read)?,
        );
        if a.stat()?.stamp.size_bytes != b.stat()?.stamp.size_bytes {
            return Ok(false);
        }
        let (mut from_a, mut from_b) = (vec![0; BLOCK_BYTES], vec![0; BLOCK_BYTES]);
        let mut offset_bytes = 0;
        loop {
            let read = a.read_at(&mut from_a, offset_bytes)?;
            if b.read_at(&mut from_b, offset_bytes)? != read || from_a[..read] != from_b[..read] {
                return Ok(false);
            }
            if read == 0 {
                return Ok(true);
            }
            offset_bytes += read as u64;
        }
    }

    fn keep_aside(&mut self, path: &Path) -> io::Result<()> {
        for number in 1..=KEPT_SAME_NAME_MAX {
            let mut name = self.kept.join(path).into_os_string();
            if number > 1 {
                name.push(format!(".{number}"));
            }
            let aside = PathBuf::from(name);
            let new = Path::new(INSTALLING_DIR).join(&aside);
            match self.folder.stat(&new) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.kept_aside += 1;
                    return self.take(path, &aside);
                }
                Ok(stat)
                    if stat.kind == Kind::File
                        && self.same_content(&Path::new(INSTALL_DIR).join(path), &new)? =>
                {
                    return Ok(());
                }
                Ok(_) => {}
                Err(error) if nothing_there(&error) => {}
                Err(error) => return Err(error),
            }
        }
        self.left += 1;
        Ok(())
    }

    /// Gives a file of the old install a second name in the new one.
    fn take(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = self.ends(from, to)?;
        match self.folder.link_file(&from, &to) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error),
            // Not every file system has second names, and some allow only so many.
            Err(_) => self.copy(&from, to),
        }
    }

    fn take_symlink(&mut self, path: &Path) -> io::Result<()> {
        if spelled(path).is_some_and(|path| self.record.links.contains_key(&path)) {
            return Ok(());
        }
        match self.folder.stat(&Path::new(INSTALLING_DIR).join(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(_) | Err(_) => {
                self.left += 1;
                return Ok(());
            }
        }
        let (from, to) = self.ends(path, path)?;
        match self.folder.copy_symlink(&from, &to) {
            Ok(()) => self.added += 1,
            Err(_) => self.left += 1,
        }
        Ok(())
    }

    fn ends(&mut self, from: &Path, to: &Path) -> io::Result<(PathBuf, PathBuf)> {
        let installing = Path::new(INSTALLING_DIR);
        let to = installing.join(to);
        let mut above = to.parent();
        if let Some(parent) = above {
            files::make_folders(self.folder, parent)?;
        }
        while let Some(folder) = above.filter(|folder| folder.starts_with(installing)) {
            self.touched.insert(folder.to_owned());
            above = folder.parent();
        }
        Ok((Path::new(INSTALL_DIR).join(from), to))
    }

    fn copy(&mut self, from: &Path, to: PathBuf) -> io::Result<()> {
        files::remove_if_there(self.folder, &to)?;
        let source = self.folder.open_file(from, Access::Read)?;
        let target = self.folder.open_file(&to, Access::New)?;
        let mut block = vec![0; BLOCK_BYTES];
        let mut offset_bytes = 0;
        loop {
            let read = source.read_at(&mut block, offset_bytes)?;
            if read == 0 {
                break;
            }
            target.write_at(&block[..read], offset_bytes)?;
            offset_bytes += read as u64;
        }
        self.copied.push(to);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.folder.sync_files(&self.copied)?;
        self.touched
            .iter()
            .rev()
            .try_for_each(|folder| self.folder.sync_folder(folder))
    }

    fn notes(&self) -> Vec<OperationNote> {
        let (taken, kept_aside, left) = (self.added, self.kept_aside, self.left);
        let taken = (taken > 0).then_some(OperationNote::Taken { files: taken });
        let kept_aside = (kept_aside > 0).then(|| OperationNote::KeptAside {
            files: kept_aside,
            folder: format!("{INSTALL_DIR}/{}", self.kept.display()),
        });
        let left = (left > 0).then_some(OperationNote::NotTaken { entries: left });
        [taken, kept_aside, left].into_iter().flatten().collect()
    }
}

/// A path as install records spell it.
fn spelled(path: &Path) -> Option<String> {
    Some(path.to_str()?.replace(std::path::MAIN_SEPARATOR, "/"))
}
