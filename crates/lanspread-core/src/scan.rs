//! What the names and facts in a game root mean: whose a file is, which files are archives, what an
//! update may remove or replace, what becomes of the player's files, and what a scan reports.
//!
//! Invariant: a file is removed or replaced only if it was downloaded here, or if the game folder
//! contract says what it is. It deliberately reads no disk: everything comes in as names and facts.

use std::collections::BTreeSet;

use lanspread_db::{GameId, Manifest, ManifestHash, RelPath, RootEntry, SENTINEL, Script, Version};

use crate::{
    api::{AfterDownload, GameProblem, GameProblemKind, Gathered, RootReport, SentinelReport},
    root::{Blocked, BlockedKind, Entry, Goal, Next, RootObservation, Staged, next_step},
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
        || name.strip_suffix(".eti").is_some()
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

/// Says which files of the old version go when `new` replaces it. The sentinel is not among them, nor
/// is a file that some file system takes for one of the new version's because the names differ only by
/// case or normalisation.
#[must_use]
pub fn stale_files(old: OldFiles<'_>, new: &Manifest) -> Stale {
    let kept = fold_keys(new.files().iter().map(|file| &file.path));
    let gone = |path: &&RelPath| !kept.contains(&path.fold_key()) && role(path) == Role::GameFile;
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

/// The keys under which a file system may know these paths; see [`RelPath::fold_key`].
#[must_use]
pub fn fold_keys<'a>(paths: impl IntoIterator<Item = &'a RelPath>) -> BTreeSet<String> {
    paths.into_iter().map(RelPath::fold_key).collect()
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
    /// The scripts directly in it.
    pub scripts: BTreeSet<Script>,
    /// Bytes of the game's files.
    pub size_bytes: u64,
    /// The manifest, if every file is hashed and unchanged since.
    pub manifest: Option<ManifestHash>,
    /// What is wrong with the files.
    pub files_problem: Option<GameProblem>,
    /// What is to follow the download in the staging place.
    pub after_download: AfterDownload,
    /// How much of that download is there, if that is known.
    pub gathered: Option<Gathered>,
}

/// Says what follows from the facts.
#[must_use]
pub fn report(facts: RootFacts) -> RootReport {
    let RootFacts {
        id,
        observed,
        sentinel_problem,
        scripts,
        size_bytes,
        manifest,
        files_problem,
        after_download,
        gathered,
    } = facts;
    let (unsettled, blocked) = match next_step(&Goal::Settle, &observed) {
        Next::Take(_) => (true, None),
        Next::Done => (false, None),
        Next::Blocked(blocked) => (false, Some(in_the_way(blocked))),
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
        scripts,
        unsettled,
        pending_download,
        after_download,
        gathered: gathered.filter(|_| pending_download.is_some()),
        size_bytes,
        manifest,
        problem: blocked.or(files_problem),
    }
}

fn in_the_way(blocked: Blocked) -> GameProblem {
    let kind = match blocked.kind {
        BlockedKind::Newer => GameProblemKind::Newer,
        BlockedKind::NotDownloaded
        | BlockedKind::Installed
        | BlockedKind::Foreign
        | BlockedKind::DownloadGone => GameProblemKind::InTheWay,
    };
    GameProblem::new(kind, blocked.message)
}

/// How a root reports that one of its files is not what was downloaded.
#[must_use]
pub fn damaged(path: &RelPath, version: Version) -> GameProblem {
    GameProblem::of_file(
        GameProblemKind::Damaged,
        path.as_str(),
        format!(
            "`{path}` is not what was downloaded as version {version}: `verify` repairs it, deleting \
             the game and downloading it again does too"
        ),
    )
}

#[cfg(test)]
mod tests {
    use lanspread_db::{ContentHash, ManifestFile};

    use super::*;
    use crate::root::{Intent, IntentLog};

    fn path(text: &str) -> RelPath {
        RelPath::parse(text).unwrap()
    }

    fn paths(texts: &[&str]) -> Vec<RelPath> {
        texts.iter().map(|text| path(text)).collect()
    }

    fn manifest(files: &[&str]) -> Manifest {
        let mut files: Vec<&str> = files.to_vec();
        files.push(SENTINEL);
        files.sort_unstable();
        let files = files
            .into_iter()
            .map(|file| ManifestFile {
                path: path(file),
                size_bytes: 1,
                chunks: vec![ContentHash::of(file.as_bytes())],
            })
            .collect();
        let version = Version::parse("20200101").unwrap();
        Manifest::new(GameId::parse("quake").unwrap(), version, 1 << 18, files).unwrap()
    }

    #[test]
    fn every_path_has_one_role() {
        let table = [
            ("version.ini", Role::Sentinel),
            ("sub/version.ini", Role::GameFile),
            ("game.eti", Role::GameFile),
            ("local", Role::Local),
            ("local/save", Role::Local),
            ("sub/local/x", Role::GameFile),
            (".local.installing/x", Role::Transient),
            (".lanspread.json", Role::Transient),
            (".lanspread.download/files/version.ini", Role::Transient),
            (".sync/x", Role::Foreign),
            ("deep/part.!sync", Role::Foreign),
            ("deep/Thumbs.db", Role::Foreign),
            (".softlan_game_installed", Role::Foreign),
        ];
        for (text, expected) in table {
            assert_eq!(role(&path(text)), expected, "{text}");
        }
    }

    #[test]
    fn archives_are_taken_from_the_root_in_the_order_of_their_names() {
        let files = paths(&[
            "z.eti",
            "B.ZIP",
            "a.rar",
            "a.tar.zst",
            "a.tar.gz",
            "c.7z",
            "sub/x.eti",
            "readme.txt",
            "eti",
            "d.tar",
            "local/y.eti",
            ".sync/z.eti",
        ]);
        let found = archives(&files);
        assert_eq!(
            found.iter().map(RelPath::as_str).collect::<Vec<_>>(),
            ["B.ZIP", "a.rar", "a.tar.gz", "a.tar.zst", "c.7z", "z.eti"]
        );
    }

    #[test]
    fn the_contract_names_its_files_only_in_the_root() {
        for named in [
            "version.ini",
            "a.eti",
            "game_start.cmd",
            "game_x.sh",
            "SERVER_START.cmd",
        ] {
            assert!(is_contract_file(&path(named)), "{named}");
        }
        for other in [
            "game_start.bat",
            "start.cmd",
            "server_stop.sh",
            "sub/a.eti",
            "a.rar",
        ] {
            assert!(!is_contract_file(&path(other)), "{other}");
        }
    }

    #[test]
    fn an_update_removes_its_own_stale_files_and_of_others_only_what_the_contract_names() {
        let new = manifest(&["new.eti", "kept"]);
        let old = manifest(&["old.eti", "kept", "gone"]);
        let stale = stale_files(OldFiles::Downloaded(&old), &new);
        assert_eq!(
            stale,
            Stale {
                removed: paths(&["gone", "old.eti"]),
                left: vec![]
            }
        );
        let files = paths(&["gone", "kept", "old.eti", "version.ini"]);
        let stale = stale_files(OldFiles::HandPlaced(&files), &new);
        assert_eq!(
            stale,
            Stale {
                removed: paths(&["old.eti"]),
                left: paths(&["gone"])
            }
        );
        assert_eq!(
            stale_files(OldFiles::NoVersion(&files), &new),
            Stale::default()
        );
    }

    #[test]
    fn a_file_that_only_changes_the_case_of_its_name_is_not_stale() {
        let (old, new) = (manifest(&["Data/A.pak", "b"]), manifest(&["data/a.pak"]));
        let stale = stale_files(OldFiles::Downloaded(&old), &new);
        assert_eq!(stale.removed, paths(&["b"]));
    }

    #[test]
    fn what_nobody_knows_is_not_replaced() {
        let old = manifest(&["ours"]);
        let files = paths(&["theirs"]);
        let table = [
            (OldFiles::Downloaded(&old), "ours", true),
            (OldFiles::Downloaded(&old), "theirs", false),
            (OldFiles::HandPlaced(&files), "theirs", true),
            (OldFiles::NoVersion(&files), "theirs", false),
            (OldFiles::NoVersion(&files), "game.eti", true),
        ];
        for (old, file, expected) in table {
            assert_eq!(may_replace(old, &path(file)), expected, "{old:?} {file}");
        }
    }

    #[test]
    fn no_file_of_the_player_is_ever_dropped_unless_the_new_install_has_the_same() {
        let table = [
            (LocalOrigin::Unpacked, NewLocal::Absent, Carry::Drop),
            (LocalOrigin::Unpacked, NewLocal::Same, Carry::Drop),
            (LocalOrigin::Unpacked, NewLocal::Different, Carry::Drop),
            (LocalOrigin::Player, NewLocal::Absent, Carry::Add),
            (LocalOrigin::Player, NewLocal::Same, Carry::Drop),
            (LocalOrigin::Player, NewLocal::Different, Carry::KeepAside),
        ];
        for (origin, new, expected) in table {
            assert_eq!(carry(origin, new), expected);
        }
    }

    fn facts(observed: RootObservation) -> RootFacts {
        RootFacts {
            id: GameId::parse("quake").unwrap(),
            observed,
            scripts: BTreeSet::new(),
            sentinel_problem: None,
            size_bytes: 5,
            manifest: None,
            files_problem: None,
            after_download: AfterDownload::Keep,
            gathered: None,
        }
    }

    #[test]
    fn a_root_with_an_intent_is_unsettled_and_one_that_a_newer_program_changes_has_a_problem() {
        let at_rest = RootObservation {
            root: Entry::PlainDir,
            sentinel: Entry::File,
            version: Some(Version::parse("20200101").unwrap()),
            local: Entry::PlainDir,
            ..RootObservation::absent()
        };
        let rested = report(facts(at_rest.clone()));
        assert_eq!(
            (rested.unsettled, rested.installed, rested.problem),
            (false, true, None)
        );
        let intent = IntentLog::Known(Intent::Uninstalling);
        assert!(
            report(facts(RootObservation {
                intent,
                ..at_rest.clone()
            }))
            .unsettled
        );
        let intent = IntentLog::Newer { format: 2 };
        let newer = report(facts(RootObservation { intent, ..at_rest }));
        assert!(!newer.unsettled);
        assert_eq!(newer.problem.unwrap().kind, GameProblemKind::Newer);
    }

    #[test]
    fn a_download_that_waits_is_pending_and_not_unsettled() {
        let hash = ManifestHash(ContentHash::of(b"m"));
        let waiting = RootObservation {
            root: Entry::PlainDir,
            staging: Entry::MarkedDir,
            staged: Staged::Gathering(hash),
            ..RootObservation::absent()
        };
        let waiting = report(facts(waiting));
        assert_eq!(
            (waiting.pending_download, waiting.unsettled),
            (Some(hash), false)
        );
        assert_eq!(waiting.sentinel, SentinelReport::Absent);
    }
}
