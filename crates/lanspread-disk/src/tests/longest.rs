//! Every small file that is read whole, at the longest that is read and one byte past it.
//!
//! Nobody writes half a gigabyte for that: the disk says that a short file is so long.

use std::path::Path;

use lanspread_core::root::{Intent, IntentLog};
use lanspread_db::Version;

use super::{
    super::{
        index::{INDEX_BYTES_MAX, RootIndex},
        intent_log::{self, INTENT_BYTES_MAX, IntentRecord},
        marker::{MARKER_BYTES_MAX, Marker},
        port::FileSystem as _,
        store::{INSTALL_BYTES_MAX, InstallRecord, Store},
    },
    crash_fs::{Crash, CrashFileSystem, Flaw, Plan},
    world::{World, id},
};

/// One byte past the limit, and whether that is read.
const AT_AND_PAST: [(u64, bool); 2] = [(0, true), (1, false)];

fn honest(world: &World) -> CrashFileSystem {
    world.file_system(&Plan::endless(Crash::Kill))
}

/// Says that every file has so many bytes.
fn claiming(world: &World, bytes: u64) -> CrashFileSystem {
    let flaw = Flaw::SaysBytes(bytes);
    world.file_system(&Plan::flawed(Crash::Kill, u64::MAX, flaw))
}

fn version() -> Version {
    Version::parse("20200101").unwrap()
}

#[test]
fn what_is_remembered_of_a_game_is_read_up_to_the_limit_and_not_past_it() {
    let world = World::new();
    let store = |fs: &CrashFileSystem| Store::open(fs, &world.state(), &world.games()).unwrap();
    let index = RootIndex {
        chunk_bytes: 4,
        ..RootIndex::default()
    };
    let written = store(&honest(&world));
    written.save_index(&id(), &index).unwrap();
    let record = InstallRecord::new();
    written.save_install(&id(), version(), &record).unwrap();
    for (past, is_read) in AT_AND_PAST {
        let indexes = store(&claiming(&world, INDEX_BYTES_MAX + past));
        assert_eq!(indexes.index(&id()) == index, is_read);
        let installs = store(&claiming(&world, INSTALL_BYTES_MAX + past));
        let read = installs.install(&id(), version()).unwrap();
        assert_eq!(read == Some(record.clone()), is_read);
    }
}

#[test]
fn an_intent_log_is_read_up_to_the_limit_and_a_longer_one_counts_as_damaged() {
    let world = World::new();
    world.put("version.ini", "20200101");
    let root = honest(&world).open(&world.root()).unwrap();
    let record = IntentRecord::new(Intent::Uninstalling);
    intent_log::write(&*root, &record).unwrap();
    for (past, is_read) in AT_AND_PAST {
        let root = claiming(&world, INTENT_BYTES_MAX + past);
        let read = intent_log::read(&*root.open(&world.root()).unwrap()).unwrap();
        match read {
            Ok(read) => assert!(is_read && read.as_ref() == Some(&record)),
            Err(IntentLog::Damaged { reason }) => assert!(!is_read, "{reason}"),
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_marker_is_read_up_to_the_limit_and_a_longer_one_says_nothing() {
    let world = World::new();
    let place = Path::new("place");
    let marker = Marker {
        version: Some(version()),
        made_root: true,
    };
    let games = honest(&world).open(&world.games()).unwrap();
    marker.make(&*games, place).unwrap();
    for (past, is_read) in AT_AND_PAST {
        let games = claiming(&world, MARKER_BYTES_MAX + past);
        let read = Marker::read(&*games.open(&world.games()).unwrap(), place).unwrap();
        assert_eq!(read, if is_read { marker } else { Marker::default() });
    }
}
