//! The game directories of one peer in their order, and which of them a game lies in.
//!
//! Invariant: the first directory in which a game's root exists has the game, for whatever is done with it;
//! that is decided here alone. With one directory nothing is looked at to find that out. A directory that
//! cannot be read keeps what was known to lie in it, and takes no other along. No lock is held while anything
//! is looked at.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use lanspread_core::{
    DiskFailure, DiskFailureKind, FoundTwice, GameDirReport, LibraryReport, RootReport,
    game_dirs::{check_apart, dir_with_room},
    limits::MORE_GAME_DIRS_MAX,
};
use lanspread_db::GameId;

use super::{
    failure::failure,
    files,
    library::{Library, Opener, lock},
    port::Kind,
    scan,
};

/// What becomes of a directory that cannot be opened when it is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// Nothing is changed, unless it was in use before.
    Refused,
    /// It is used as soon as it can be read.
    Awaited,
}

/// All game directories; the first is where new games go.
#[derive(Debug, Default)]
pub(crate) struct Folders(Mutex<Vec<Slot>>);

/// One of them.
#[derive(Debug, Clone)]
struct Slot {
    /// As the user named it.
    path: PathBuf,
    /// Its last state that could be opened.
    library: Option<Arc<Library>>,
    /// Why it could not be read when it was looked at last.
    problem: Option<DiskFailure>,
    /// Games that were found in it.
    known: Arc<BTreeSet<GameId>>,
}

impl Slot {
    /// A directory that is named anew.
    fn of(opener: &Opener, path: &Path, unreadable: Unreadable) -> Result<Self, DiskFailure> {
        match opener.open(path) {
            Ok(library) => Ok(Self::opened(path, library)),
            Err(error) => Self::away(opener, path, error, unreadable),
        }
    }

    /// One that cannot be opened.
    fn away(
        opener: &Opener,
        path: &Path,
        error: DiskFailure,
        unreadable: Unreadable,
    ) -> Result<Self, DiskFailure> {
        match unreadable {
            Unreadable::Refused => Err(error),
            Unreadable::Awaited => Ok(Self {
                path: path.to_owned(),
                library: None,
                problem: Some(error),
                known: Arc::new(opener.remembered(path)),
            }),
        }
    }

    fn opened(path: &Path, library: Library) -> Self {
        Self {
            path: path.to_owned(),
            library: Some(Arc::new(library)),
            problem: None,
            known: Arc::default(),
        }
    }

    /// The library, if it could be read when it was looked at last.
    fn readable(&self) -> Option<&Arc<Library>> {
        self.library.as_ref().filter(|_| self.problem.is_none())
    }

    /// The full path, as far as it is known.
    fn full_path(&self) -> &Path {
        self.library
            .as_ref()
            .map_or(&self.path, |library| &library.path)
    }

    fn no_new_games(&self) -> DiskFailure {
        let message = format!(
            "new games go to {}: connect that disk again, or choose another folder for them",
            self.cannot_be_read()
        );
        failure(DiskFailureKind::FolderAway, message)
    }

    fn cannot_be_read(&self) -> String {
        let why = self.problem.as_ref().map_or("", |why| why.message.as_str());
        format!("{}, which cannot be read ({why})", self.path.display())
    }
}

/// Where a game lies.
enum Found {
    /// In this directory.
    Here(Slot),
    /// In one that cannot be read, as far as is known.
    Away(Slot),
    /// In none.
    Nowhere,
}

impl Folders {
    fn slots(&self) -> Vec<Slot> {
        lock(&self.0).clone()
    }

    /// All of them, as the user named them.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let slots = lock(&self.0);
        slots.iter().map(|slot| slot.path.clone()).collect()
    }

    /// The directory where new games go.
    pub(crate) fn first(&self) -> Result<Arc<Library>, DiskFailure> {
        let first = lock(&self.0).first().cloned();
        readable_first(first.as_ref())
    }

    /// Every directory that could be opened.
    pub(crate) fn libraries(&self) -> Vec<Arc<Library>> {
        let slots = lock(&self.0);
        slots
            .iter()
            .filter_map(|slot| slot.library.clone())
            .collect()
    }

    /// Uses another directory for new games. One of the others changes places with the present first.
    pub(crate) fn open_first(
        &self,
        opener: &Opener,
        path: &Path,
        unreadable: Unreadable,
    ) -> Result<(), DiskFailure> {
        let slot_of_it = Slot::of(opener, path, unreadable)?;
        let mut slots = self.slots();
        // Alone it clashes with no other, and at a start the disk is asked no more than it has to be: the command
        // line and the first run look by themselves where the state directory lies.
        let is_alone = slots.is_empty();
        let is_it = |slot: &Slot| slot.full_path() == slot_of_it.full_path();
        match slots.iter().position(is_it) {
            Some(nth) => {
                slots.swap(0, nth);
                slots[0] = slot_of_it;
            }
            None if slots.is_empty() => slots.push(slot_of_it),
            None => slots[0] = slot_of_it,
        }
        if !is_alone {
            check(opener, &slots)?;
        }
        *lock(&self.0) = slots;
        Ok(())
    }

    /// Uses these directories beside the first, and no others. One that was used before may be away.
    pub(crate) fn open_more(
        &self,
        opener: &Opener,
        paths: &[PathBuf],
        unreadable: Unreadable,
    ) -> Result<(), DiskFailure> {
        if paths.len() > MORE_GAME_DIRS_MAX {
            let message = format!(
                "{} further folders of games are named, and at most {MORE_GAME_DIRS_MAX} can be used",
                paths.len()
            );
            return Err(failure(DiskFailureKind::FoldersClash, message));
        }
        let before = self.slots();
        let mut slots: Vec<Slot> = before.first().cloned().into_iter().collect();
        for path in paths {
            let earlier = before.iter().find(|slot| slot.path == *path);
            let slot = match (earlier, opener.open(path)) {
                (_, Ok(library)) => Slot::opened(path, library),
                (Some(earlier), Err(error)) => Slot {
                    problem: Some(error),
                    ..earlier.clone()
                },
                (None, Err(error)) => Slot::away(opener, path, error, unreadable)?,
            };
            slots.push(slot);
        }
        check(opener, &slots)?;
        *lock(&self.0) = slots;
        Ok(())
    }

    /// The directory a game lies in; where it lies in none, that where new games go.
    ///
    /// # Errors
    ///
    /// It is known to lie where it cannot be read, or it lies nowhere and new games have no place.
    pub(crate) fn library_of(&self, id: &GameId) -> Result<Arc<Library>, DiskFailure> {
        self.library_for(id, first_for_new)
    }

    /// The same for a game of which so many bytes are to come: where it lies in none, the first with room.
    pub(crate) fn library_for_download(
        &self,
        id: &GameId,
        needed_bytes: u64,
    ) -> Result<Arc<Library>, DiskFailure> {
        let library = self.library_for(id, |slots| {
            let first = first_for_new(slots)?;
            let readable: Vec<_> = slots.iter().filter_map(Slot::readable).collect();
            let free: Vec<Option<u64>> = readable
                .iter()
                .map(|library| library.fs.available_bytes(&library.path).ok())
                .collect();
            let taken = readable.get(dir_with_room(needed_bytes, &free));
            Ok(taken.map_or(first, |library| Arc::clone(library)))
        })?;
        self.note(id, &library);
        Ok(library)
    }

    fn library_for(
        &self,
        id: &GameId,
        for_new: impl FnOnce(&[Slot]) -> Result<Arc<Library>, DiskFailure>,
    ) -> Result<Arc<Library>, DiskFailure> {
        let slots = self.slots();
        if let [only] = &slots[..] {
            return readable_first(Some(only));
        }
        match find(&slots, id) {
            Found::Here(slot) => {
                let library = readable_first(Some(&slot))?;
                self.note(id, &library);
                Ok(library)
            }
            Found::Away(slot) => Err(failure(
                DiskFailureKind::FolderAway,
                format!(
                    "{id} lies in {}: connect that disk again, or take the folder from the list",
                    slot.cannot_be_read()
                ),
            )),
            Found::Nowhere => for_new(&slots),
        }
    }

    /// The directory a game was found in, without a look at any of them: what is read for others must not wait
    /// for a disk that it does not lie on.
    pub(crate) fn library_to_read(&self, id: &GameId) -> Result<Arc<Library>, DiskFailure> {
        self.known_library(id)
            .map_or_else(|| self.library_of(id), Ok)
    }

    /// The only library, or the one that a game was found in before, if it can be read: no disk is asked.
    pub(crate) fn known_library(&self, id: &GameId) -> Option<Arc<Library>> {
        let slots = lock(&self.0);
        if let [only] = &slots[..] {
            return only.readable().cloned();
        }
        let mut has_it = slots.iter().filter(|slot| slot.known.contains(id));
        has_it.find_map(|slot| slot.readable().cloned())
    }

    /// The full path of a game's root, or where it would be.
    pub(crate) fn root_path(&self, id: &GameId) -> PathBuf {
        let slots = self.slots();
        let dir = match &slots[..] {
            [] => PathBuf::new(),
            [only] => only.path.clone(),
            [first, ..] => match find(&slots, id) {
                Found::Here(slot) | Found::Away(slot) => slot.path,
                Found::Nowhere => first.path.clone(),
            },
        };
        dir.join(id.as_str())
    }

    /// The games that were found in another directory than the first, and in which, without a look at any.
    pub(crate) fn found_beyond_first(&self) -> BTreeMap<GameId, PathBuf> {
        let slots = self.slots();
        let Some((first, further)) = slots.split_first() else {
            return BTreeMap::new();
        };
        let mut found = BTreeMap::new();
        for slot in further {
            for id in slot.known.iter().filter(|id| !first.known.contains(*id)) {
                found.entry(id.clone()).or_insert_with(|| slot.path.clone());
            }
        }
        found
    }

    /// Remembers that a game was found in a directory, and not in another that can be read.
    fn note(&self, id: &GameId, library: &Arc<Library>) {
        for slot in lock(&self.0).iter_mut() {
            let is_here = slot
                .library
                .as_ref()
                .is_some_and(|it| Arc::ptr_eq(it, library));
            if is_here != slot.known.contains(id) && slot.problem.is_none() {
                let known = Arc::make_mut(&mut slot.known);
                if is_here {
                    known.insert(id.clone());
                } else {
                    known.remove(id);
                }
            }
        }
    }

    /// Looks at every game root of every directory.
    ///
    /// # Errors
    ///
    /// There is one directory, and it cannot be read.
    pub(crate) fn scan(&self, opener: &Opener) -> Result<LibraryReport, DiskFailure> {
        let slots = self.slots();
        if slots.is_empty() {
            return readable_first(None).map(|_| LibraryReport::default());
        }
        let mut looked = Vec::with_capacity(slots.len());
        for slot in slots {
            let found = opener.open_anew_if_replaced(slot.library.as_ref(), &slot.path);
            let (library, found) = match found {
                Ok(library) => {
                    let found = scan::scan_local_library(&library);
                    (Some(library), found)
                }
                Err(error) => (slot.library.clone(), Err(error)),
            };
            let slot = self.looked(slot, library, found.as_ref());
            looked.push((slot, found));
        }
        if let [(_, found)] = &mut looked[..] {
            return std::mem::replace(found, Ok(Vec::new())).map(LibraryReport::from);
        }
        Ok(union(looked))
    }

    /// Keeps what a look at one directory found, unless other ones were chosen meanwhile.
    fn looked(
        &self,
        before: Slot,
        library: Option<Arc<Library>>,
        found: Result<&Vec<RootReport>, &DiskFailure>,
    ) -> Slot {
        let slot = Slot {
            path: before.path,
            library,
            problem: found.err().cloned(),
            known: match found {
                Ok(roots) => Arc::new(roots.iter().map(|root| root.id.clone()).collect()),
                Err(_) => before.known,
            },
        };
        let is_same = |it: &&mut Slot| match (&it.library, &before.library) {
            (Some(it), Some(before)) => Arc::ptr_eq(it, before),
            (None, None) => it.path == slot.path,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if let Some(current) = lock(&self.0).iter_mut().find(is_same) {
            *current = slot.clone();
        }
        slot
    }
}

/// What was found in all directories together: each game from the first in which it lies.
fn union(looked: Vec<(Slot, Result<Vec<RootReport>, DiskFailure>)>) -> LibraryReport {
    let mut report = LibraryReport {
        first_problem: looked
            .first()
            .and_then(|(_, found)| found.as_ref().err().cloned()),
        ..LibraryReport::default()
    };
    let mut taken: BTreeMap<GameId, (RootReport, PathBuf)> = BTreeMap::new();
    let mut missing = Vec::new();
    for (nth, (slot, found)) in looked.into_iter().enumerate() {
        if nth > 0 {
            let readable = slot.readable();
            report.more_dirs.push(GameDirReport {
                path: slot.path.clone(),
                problem: slot.problem.clone(),
                free_bytes: readable
                    .and_then(|library| library.fs.available_bytes(&library.path).ok()),
            });
        }
        let Ok(roots) = found else {
            missing.push(slot);
            continue;
        };
        for root in roots {
            if let Some((_, used)) = taken.get(&root.id) {
                report.twice.push(FoundTwice {
                    id: root.id,
                    used: used.clone(),
                    passed_over: slot.path.clone(),
                });
            } else {
                taken.insert(root.id.clone(), (root, slot.path.clone()));
            }
        }
    }
    for slot in missing {
        for id in slot.known.iter().filter(|id| !taken.contains_key(*id)) {
            report
                .away
                .entry(id.clone())
                .or_insert_with(|| slot.path.clone());
        }
    }
    report.roots = taken.into_values().map(|(root, _)| root).collect();
    report.twice.sort();
    report
}

/// Where a game lies, by a look at one directory after the other.
fn find(slots: &[Slot], id: &GameId) -> Found {
    let mut away = None;
    for slot in slots {
        let stands = slot.readable().map(|library| {
            let stat = files::stat(&*library.games, Path::new(id.as_str()));
            stat.map(|stat| stat.is_some_and(|stat| stat.kind == Kind::Folder))
        });
        let is_known = slot.known.contains(id);
        match stands {
            Some(Ok(true)) => return Found::Here(slot.clone()),
            Some(Err(_)) | None if is_known => {
                away.get_or_insert_with(|| slot.clone());
            }
            Some(Ok(false) | Err(_)) | None => {}
        }
    }
    away.map_or(Found::Nowhere, Found::Away)
}

/// The directory where new games go, where there are several.
fn first_for_new(slots: &[Slot]) -> Result<Arc<Library>, DiskFailure> {
    match slots.first() {
        Some(first) if first.problem.is_some() => Err(first.no_new_games()),
        first => readable_first(first),
    }
}

/// The directory where new games go, if it could ever be read. An only one says by itself what is wrong with it.
fn readable_first(first: Option<&Slot>) -> Result<Arc<Library>, DiskFailure> {
    let Some(first) = first else {
        return Err(failure(
            DiskFailureKind::NotFound,
            "no game directory is open: choose one first",
        ));
    };
    first.library.clone().ok_or_else(|| first.no_new_games())
}

/// Whether these directories can be used together, and none is around the state directory, which would be taken
/// for a game.
fn check(opener: &Opener, slots: &[Slot]) -> Result<(), DiskFailure> {
    let clash = |message| failure(DiskFailureKind::FoldersClash, message);
    let paths: Vec<&Path> = slots.iter().map(Slot::full_path).collect();
    if let Some(around) = paths.iter().find(|path| opener.state_dir_lies_in(path)) {
        let dir = around.display();
        let message = format!("{dir} holds this program's own files: choose another folder");
        return Err(clash(message));
    }
    check_apart(&paths).map_err(|apart| clash(apart.to_string()))
}
