//! How often the disk is asked: what a file more costs, where there can be hundreds of thousands.

use std::collections::BTreeMap;

use lanspread_core::{HashTrust, root::DownloadIntent};
use lanspread_unpack::CancelFlag;

use super::{
    super::{
        faults::{Asked, Operation},
        *,
    },
    rig::{Files, ROOT, boot, download, id, machine, old},
};

/// A game with so many small files in one directory.
fn game_of(small_files: usize) -> Files {
    let mut files = old();
    for number in 0..small_files {
        let path = format!("data/small/{number:04}");
        files.insert(path, Arc::new(Content::noise(100 + number as u64, 50)));
    }
    files
}

/// What was asked about files and directories of games while this was done.
fn asked_during(disk: &VirtualDisk, work: impl FnOnce()) -> BTreeMap<Operation, u64> {
    let counts = Arc::new(Mutex::new(BTreeMap::new()));
    let count = Arc::clone(&counts);
    disk.set_faults(Some(Box::new(move |asked: &Asked<'_>| {
        if asked.path.starts_with("/games") {
            *count.lock().unwrap().entry(asked.operation).or_default() += 1;
        }
        None
    })));
    work();
    disk.set_faults(None);
    Arc::into_inner(counts)
        .expect("nobody counts any more")
        .into_inner()
        .unwrap()
}

/// What each file more costs, in a hundred of them.
fn for_each_file(measure: impl Fn(usize) -> BTreeMap<Operation, u64>) -> BTreeMap<Operation, u64> {
    let (few, many) = (measure(100), measure(200));
    let more = many
        .into_iter()
        .map(|(operation, count)| (operation, count - few.get(&operation).unwrap_or(&0)));
    more.map(|(operation, count)| (operation, count.div_ceil(100)))
        .filter(|(_, count)| *count > 0)
        .collect()
}

#[test]
fn a_small_file_is_downloaded_with_few_questions_to_the_disk() {
    let asked = for_each_file(|small_files| {
        let disk = machine();
        let side = boot(&disk, None).unwrap();
        let files = game_of(small_files);
        asked_during(&disk, || {
            download(&side, &files, DownloadIntent::New).unwrap();
        })
    });
    let expected = [
        // Its directory: here each is stored alone, and those that come together have it opened once.
        (Operation::OpenFolder, 1),
        // At its own place, once it is there; it got there with its directory.
        (Operation::Stat, 1),
        (Operation::MakeFile, 1),
        // Its content, and its bit in the journal.
        (Operation::Write, 2),
        (Operation::SyncFile, 1),
    ];
    assert_eq!(asked, BTreeMap::from(expected));
}

#[test]
fn a_start_reads_nothing_of_a_file_that_is_hashed_and_looks_at_it_once() {
    // A listing says of each file what it is; one that was downloaded is looked at by its name.
    for (by_hand, expected) in [(true, 0), (false, 1)] {
        let asked = for_each_file(|small_files| {
            let disk = machine();
            let files = game_of(small_files);
            let side = boot(&disk, None).unwrap();
            if by_hand {
                for (path, content) in &files {
                    let path = format!("{ROOT}/{path}");
                    disk.put_shared(path, Arc::clone(content)).unwrap();
                }
            } else {
                download(&side, &files, DownloadIntent::New).unwrap();
            }
            let (trust, abort) = (HashTrust::Unchanged, CancelFlag::new());
            side.hash_root(&id(), trust, &|_, _| {}, &abort).unwrap();
            let side = boot(&disk, None).unwrap();
            asked_during(&disk, || {
                let reports = side.scan_library().unwrap().roots;
                assert!(reports[0].manifest.is_some(), "known without reading");
            })
        });
        let looks = asked.values().sum::<u64>();
        assert_eq!(looks, expected, "{asked:?}");
    }
}
