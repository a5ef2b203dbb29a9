//! What the names and facts in a game root mean: whose a file is, which files are archives, what an
//! update may remove or replace, what becomes of the player's files, and what a scan reports.
//!
//! Invariant: a file is removed or replaced only if it was downloaded here, or if the game folder
//! contract says what it is. It deliberately reads no disk: everything comes in as names and facts.

use std::collections::BTreeSet;

use lanspread_db::{GameId, Manifest, ManifestHash, RelPath, RootEntry, SENTINEL, Version};

use crate::{
    api::{RootReport, SentinelReport},
    root::{Entry, Goal, Next, RootObservation, Staged, next_step},
};

/// Whose a path in a game root is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The root's own `version.ini`.
    Sentinel,
    /// Any other file of the game.
    GameFile,
    /// `local/` and what is in it: the player's.
    Local,
    /// Lanspread's own, there only while something is being done.
    Transient,
    /// Another tool's: never served, never touched.
    Foreign,
}

/// Says whose `path`, relative to the root, is.
#[must_use]
pub fn role(path: &RelPath) -> Role {
    match RootEntry::of(path) {
        RootEntry::Content if path.as_str() == SENTINEL => Role::Sentinel,
        RootEntry::Content => Role::GameFile,
        RootEntry::Install => Role::Local,
        RootEntry::Transient => Role::Transient,
        RootEntry::Foreign => Role::Foreign,
    }
}

/// Ends of file names that may be archives, in lower case. What a file really is, its first bytes
/// say when it is unpacked.
const ARCHIVE_SUFFIXES: [&str; 6] = [".eti", ".rar", ".zip", ".7z", ".tar.zst", ".tar.gz"];

/// The archives among the files of a game, in the order in which they are unpacked: those directly
/// in the root whose names look like one, by file name.
#[must_use]
pub fn archives<'a>(files: impl IntoIterator<Item = &'a RelPath>) -> Vec<RelPath> {
    let mut found: Vec<RelPath> = files
        .into_iter()
        .filter(|path| path.parent().is_none() && role(path) == Role::GameFile)
        .filter(|path| {
            let name = path.as_str().to_lowercase();
            ARCHIVE_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
        })
        .cloned()
        .collect();
    found.sort();
    found
}

/// Whether the game folder contract itself names this file: it belongs to the game whoever put it
/// there.
#[must_use]
pub fn is_contract_file(path: &RelPath) -> bool {
    if path.parent().is_some() {
        return false;
    }
    let name = path.as_str().to_lowercase();
    let script = name
        .strip_suffix(".cmd")
        .or_else(|| name.strip_suffix(".sh"));
    name == SENTINEL
        || name.ends_with(".eti")
        || script.is_some_and(|stem| stem.starts_with("game_") || stem == "server_start")
}

/// What is known of the files in a root before an operation changes them.
#[derive(Debug, Clone, Copy)]
pub enum OldFiles<'a> {
    /// The version there was downloaded by this peer: these files are its own, all others foreign.
    Downloaded(&'a Manifest),
    /// Somebody put a whole version there by hand: these are all its files.
    HandPlaced(&'a [RelPath]),
    /// There is no version; these files lie there.
    NoVersion(&'a [RelPath]),
}

/// What an update does with the files of the old version that the new one lacks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stale {
    /// These are removed.
    pub removed: Vec<RelPath>,
    /// These may be somebody's own and stay; the user is told.
    pub left: Vec<RelPath>,
}

/// Says which files of the old version go when `new` replaces it. The sentinel is not among them.
#[must_use]
pub fn stale_files(old: OldFiles<'_>, new: &Manifest) -> Stale {
    let kept: BTreeSet<&RelPath> = new.files().iter().map(|file| &file.path).collect();
    let gone = |path: &&RelPath| !kept.contains(*path) && role(path) == Role::GameFile;
    match old {
        OldFiles::Downloaded(manifest) => Stale {
            removed: manifest
                .files()
                .iter()
                .map(|f| &f.path)
                .filter(gone)
                .cloned()
                .collect(),
            left: Vec::new(),
        },
        OldFiles::HandPlaced(files) => {
            let (removed, left) = files
                .iter()
                .filter(gone)
                .cloned()
                .partition(is_contract_file);
            Stale { removed, left }
        }
        OldFiles::NoVersion(_) => Stale::default(),
    }
}

/// Says whether a download may replace the file at `path`, which differs from the new version's.
#[must_use]
pub fn may_replace(old: OldFiles<'_>, path: &RelPath) -> bool {
    is_contract_file(path)
        || match old {
            OldFiles::Downloaded(manifest) => manifest.file_index(path).is_some(),
            OldFiles::HandPlaced(_) => true,
            OldFiles::NoVersion(_) => false,
        }
}

/// Where a file in the old `local/` comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalOrigin {
    /// The install unpacked it, and it is as it was then.
    Unpacked,
    /// It came later or was changed since: the player's.
    Player,
}

/// What the new install has at the same path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewLocal {
    /// Nothing.
    Absent,
    /// A file with the same content.
    Same,
    /// Something else.
    Different,
}

/// What becomes of a file in the old `local/` when a new install replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carry {
    /// It goes with the old install.
    Drop,
    /// It is added to the new one.
    Add,
    /// It is kept beside the new one, in `local/.lanspread-kept/<old version>/`.
    KeepAside,
}

/// Decides what becomes of a file in the old `local/`.
#[must_use]
pub const fn carry(origin: LocalOrigin, new: NewLocal) -> Carry {
    match (origin, new) {
        (LocalOrigin::Unpacked, NewLocal::Absent | NewLocal::Same | NewLocal::Different)
        | (LocalOrigin::Player, NewLocal::Same) => Carry::Drop,
        (LocalOrigin::Player, NewLocal::Absent) => Carry::Add,
        (LocalOrigin::Player, NewLocal::Different) => Carry::KeepAside,
    }
}

/// What is known of one root.
#[derive(Debug, Clone)]
pub struct RootFacts {
    /// The game.
    pub id: GameId,
    /// What stands in the root.
    pub observed: RootObservation,
    /// Why the sentinel holds no version, if it is a file that does not.
    pub sentinel_problem: Option<String>,
    /// Bytes of the game's files.
    pub size_bytes: u64,
    /// The manifest, if every file is hashed and unchanged since.
    pub manifest: Option<ManifestHash>,
    /// What is wrong with the files, in words for people.
    pub files_problem: Option<String>,
}

/// Says what follows from the facts.
#[must_use]
pub fn report(facts: RootFacts) -> RootReport {
    let RootFacts {
        id,
        observed,
        sentinel_problem,
        size_bytes,
        manifest,
        files_problem,
    } = facts;
    let (unsettled, blocked) = match next_step(&Goal::Settle, &observed) {
        Next::Take(_) => (true, None),
        Next::Done => (false, None),
        Next::Blocked(blocked) => (false, Some(blocked.message)),
    };
    let sentinel = match (observed.sentinel, observed.version, sentinel_problem) {
        (Entry::File, Some(version), _) => SentinelReport::Version(version),
        (Entry::File, None, Some(problem)) => SentinelReport::Unreadable(problem),
        (Entry::File, None, None) => {
            SentinelReport::Unreadable(format!("{SENTINEL} holds no version"))
        }
        (
            Entry::Absent | Entry::MarkedDir | Entry::EmptyDir | Entry::PlainDir | Entry::Other,
            _,
            _,
        ) => SentinelReport::Absent,
    };
    let pending_download = match observed.staged {
        Staged::Nothing => None,
        Staged::Gathering(manifest) | Staged::Promoted(manifest) => Some(manifest),
    };
    RootReport {
        id,
        sentinel,
        installed: observed.local.is_dir(),
        unsettled,
        pending_download,
        size_bytes,
        manifest,
        problem: blocked.or(files_problem),
    }
}

/// The text with which a root reports that one of its files is not what was downloaded.
#[must_use]
pub fn damaged(path: &RelPath, version: Version) -> String {
    format!(
        "`{path}` is not what was downloaded as version {version}: `verify` repairs it, deleting \
         the game and downloading it again does too"
    )
}
