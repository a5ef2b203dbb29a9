//! The same operations on a virtual disk and on the real file system give the same results, the same
//! kinds of errors and the same trees.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use lanspread_disk::{
    RealFileSystem,
    port::{Access, FileHandle, FileSystem, Folder, Kind},
};
use proptest::prelude::*;

use super::super::VirtualDisk;

/// Open directories and files that operations go through.
const SLOTS: usize = 3;
const TOP: &str = "/top";

#[derive(Debug, Clone)]
enum Act {
    OpenFolder(usize, usize, String),
    OpenFile(usize, usize, String, Access),
    CloseFile(usize),
    List(usize),
    Stat(usize, String),
    MakeFolder(usize, String),
    Rename(usize, String, String),
    Link(usize, String, String),
    CopySymlink(usize, String, String),
    RemoveFile(usize, String),
    RemoveFolder(usize, String),
    SyncFolder(usize, String),
    SyncFiles(usize, Vec<String>),
    StatFile(usize),
    Read(usize, u64, usize),
    Write(usize, u64, Vec<u8>),
    PutSymlink(String, String),
}

/// What an operation came to, as far as it has to be the same.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    Done,
    Nothing,
    Seen(Vec<(String, Kind, Option<u64>)>),
    Bytes(Vec<u8>),
    Failed(Option<io::ErrorKind>),
}

struct Machine {
    folders: Vec<Arc<dyn Folder>>,
    files: Vec<Option<(Arc<dyn FileHandle>, Access)>>,
}

impl Machine {
    fn new(fs: &dyn FileSystem, top: &Path) -> Self {
        fs.make(top).unwrap();
        let top = fs.open(&fs.canonical(top).unwrap()).unwrap();
        Self {
            folders: vec![top; SLOTS],
            files: vec![None; SLOTS],
        }
    }

    fn act(&mut self, act: &Act, put_symlink: &dyn Fn(&str, &str) -> io::Result<()>) -> Came {
        let path = Path::new;
        let done = |result: io::Result<()>| result.map(|()| Came::Done);
        let result = match act {
            // The first slot stays at the top.
            Act::OpenFolder(slot, at, to) => {
                self.folders[*at].open_folder(path(to)).map(|opened| {
                    if *slot > 0 {
                        self.folders[*slot] = opened;
                    }
                    Came::Done
                })
            }
            Act::OpenFile(slot, at, to, access) => self.folders[*at]
                .open_file(path(to), *access)
                .map(|opened| {
                    self.files[*slot] = Some((opened, *access));
                    Came::Done
                }),
            Act::CloseFile(slot) => {
                self.files[*slot] = None;
                Ok(Came::Done)
            }
            Act::List(at) => self.folders[*at].list().map(|listed| {
                let mut seen: Vec<_> = listed
                    .into_iter()
                    .map(|entry| {
                        let size = size(entry.stat);
                        (entry.name.into_string().unwrap(), entry.stat.kind, size)
                    })
                    .collect();
                seen.sort_by(|a: &(String, Kind, Option<u64>), b| a.0.cmp(&b.0));
                Came::Seen(seen)
            }),
            Act::Stat(at, to) => self.folders[*at]
                .stat(path(to))
                .map(|stat| Came::Seen(vec![(String::new(), stat.kind, size(stat))])),
            Act::MakeFolder(at, to) => done(self.folders[*at].make_folder(path(to))),
            Act::Rename(at, from, to) => done(self.folders[*at].rename(path(from), path(to))),
            Act::Link(at, from, to) => done(self.folders[*at].link_file(path(from), path(to))),
            Act::CopySymlink(at, from, to) => {
                done(self.folders[*at].copy_symlink(path(from), path(to)))
            }
            Act::RemoveFile(at, to) => done(self.folders[*at].remove_file(path(to))),
            Act::RemoveFolder(at, to) => done(self.folders[*at].remove_folder(path(to))),
            Act::SyncFolder(at, to) => done(self.folders[*at].sync_folder(path(to))),
            Act::SyncFiles(at, to) => {
                let paths: Vec<PathBuf> = to.iter().map(PathBuf::from).collect();
                done(self.folders[*at].sync_files(&paths))
            }
            Act::StatFile(slot) => match &self.files[*slot] {
                None => Ok(Came::Nothing),
                Some((file, _)) => file
                    .stat()
                    .map(|stat| Came::Seen(vec![(String::new(), stat.kind, size(stat))])),
            },
            Act::Read(slot, offset, len) => match &self.files[*slot] {
                None => Ok(Came::Nothing),
                Some((file, _)) => {
                    let mut bytes = vec![0; *len];
                    file.read_at(&mut bytes, *offset).map(|read| {
                        bytes.truncate(read);
                        Came::Bytes(bytes)
                    })
                }
            },
            Act::Write(slot, offset, bytes) => match &self.files[*slot] {
                // Nobody writes to what was opened for reading.
                None | Some((_, Access::Read)) => Ok(Came::Nothing),
                Some((file, Access::Write | Access::New | Access::NewPrivate)) => {
                    done(file.write_at(bytes, *offset))
                }
            },
            Act::PutSymlink(at, says) => done(put_symlink(at, says)),
        };
        result.unwrap_or_else(|error| Came::Failed(class(error.kind())))
    }

    /// The whole tree, contents included.
    fn tree(&self) -> BTreeMap<String, (Kind, Vec<u8>)> {
        let mut tree = BTreeMap::new();
        gather(&*self.folders[0], "", &mut tree);
        tree
    }
}

fn gather(folder: &dyn Folder, prefix: &str, tree: &mut BTreeMap<String, (Kind, Vec<u8>)>) {
    for entry in folder.list().unwrap() {
        let name = entry.name.into_string().unwrap();
        let path = format!("{prefix}{name}");
        let mut bytes = Vec::new();
        match entry.stat.kind {
            Kind::Folder => {
                let below = folder.open_folder(Path::new(&name)).unwrap();
                gather(&*below, &format!("{path}/"), tree);
            }
            Kind::File => {
                let file = folder.open_file(Path::new(&name), Access::Read).unwrap();
                bytes.resize(usize::try_from(entry.stat.stamp.size_bytes).unwrap(), 0);
                assert_eq!(file.read_at(&mut bytes, 0).unwrap(), bytes.len());
            }
            Kind::Symlink | Kind::Other => {}
        }
        tree.insert(path, (entry.stat.kind, bytes));
    }
}

/// Sizes of directories are the file system's own affair.
fn size(stat: lanspread_disk::port::Stat) -> Option<u64> {
    matches!(stat.kind, Kind::File | Kind::Symlink).then_some(stat.stamp.size_bytes)
}

/// Kinds that the disk side can tell apart; the others are one to it.
fn class(kind: io::ErrorKind) -> Option<io::ErrorKind> {
    let told = [
        io::ErrorKind::NotFound,
        io::ErrorKind::PermissionDenied,
        io::ErrorKind::AlreadyExists,
        io::ErrorKind::NotADirectory,
        io::ErrorKind::IsADirectory,
        io::ErrorKind::DirectoryNotEmpty,
        io::ErrorKind::InvalidInput,
        io::ErrorKind::InvalidFilename,
    ];
    told.contains(&kind).then_some(kind)
}

fn a_path() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "c", "D"]);
    prop_oneof![
        40 => prop::collection::vec(name, 1..4).prop_map(|names| names.join("/")),
        1 => prop::sample::select(vec!["", "..", "a/../b", "/a", "."]).prop_map(str::to_owned),
        1 => Just("x".repeat(255)),
        1 => Just("x".repeat(256)),
    ]
}

fn an_access() -> impl Strategy<Value = Access> {
    prop::sample::select(vec![
        Access::Read,
        Access::Write,
        Access::New,
        Access::NewPrivate,
    ])
}

fn an_act() -> impl Strategy<Value = Act> {
    let slot = 0..SLOTS;
    let offset = prop::sample::select(vec![0_u64, 1, 7, 65_530, 65_536, 131_071]);
    let bytes = (
        prop::sample::select(vec![0_usize, 1, 5, 9, 65_536]),
        any::<u8>(),
    )
        .prop_map(|(len, byte)| vec![byte; len]);
    let two = || (a_path(), a_path());
    prop_oneof![
        3 => (slot.clone(), slot.clone(), a_path()).prop_map(|(s, at, p)| Act::OpenFolder(s, at, p)),
        9 => (slot.clone(), slot.clone(), a_path(), an_access())
            .prop_map(|(s, at, p, access)| Act::OpenFile(s, at, p, access)),
        1 => slot.clone().prop_map(Act::CloseFile),
        3 => slot.clone().prop_map(Act::List),
        3 => (slot.clone(), a_path()).prop_map(|(at, p)| Act::Stat(at, p)),
        9 => (slot.clone(), a_path()).prop_map(|(at, p)| Act::MakeFolder(at, p)),
        9 => (slot.clone(), two()).prop_map(|(at, (p, q))| Act::Rename(at, p, q)),
        3 => (slot.clone(), two()).prop_map(|(at, (p, q))| Act::Link(at, p, q)),
        2 => (slot.clone(), two()).prop_map(|(at, (p, q))| Act::CopySymlink(at, p, q)),
        3 => (slot.clone(), a_path()).prop_map(|(at, p)| Act::RemoveFile(at, p)),
        3 => (slot.clone(), a_path()).prop_map(|(at, p)| Act::RemoveFolder(at, p)),
        1 => (slot.clone(), a_path()).prop_map(|(at, p)| Act::SyncFolder(at, p)),
        1 => (slot.clone(), prop::collection::vec(a_path(), 0..3))
            .prop_map(|(at, all)| Act::SyncFiles(at, all)),
        2 => slot.clone().prop_map(Act::StatFile),
        4 => (slot.clone(), offset.clone(), prop::sample::select(vec![0_usize, 3, 100_000]))
            .prop_map(|(s, offset, len)| Act::Read(s, offset, len)),
        6 => (slot, offset, bytes).prop_map(|(s, offset, bytes)| Act::Write(s, offset, bytes)),
        2 => (prop::sample::select(vec!["a", "b", "c"]), prop::sample::select(vec!["a", "b/c", "z"]))
            .prop_map(|(at, says)| Act::PutSymlink(at.to_owned(), says.to_owned())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn the_virtual_disk_answers_as_the_real_one(
        acts in prop::collection::vec(an_act(), 1..60)
    ) {
        let temp = tempfile::tempdir().unwrap();
        let mut real = Machine::new(&RealFileSystem, temp.path());
        let disk = VirtualDisk::default();
        let mut machine = Machine::new(&*disk.mount(), Path::new(TOP));
        for (number, act) in acts.iter().enumerate() {
            let expected = real.act(act, &|at, says| {
                std::os::unix::fs::symlink(says, temp.path().join(at))
            });
            let came = machine.act(act, &|at, says| {
                disk.put_symlink(Path::new(TOP).join(at), says)
            });
            prop_assert_eq!(came, expected, "act {} of {:?}", number, act);
        }
        prop_assert_eq!(machine.tree(), real.tree());
    }
}
