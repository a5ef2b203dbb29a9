//! A small disk is full when it should be, a rotting one rots in secret, and both are gone afterwards.

#![cfg(target_os = "linux")]

use std::os::linux::fs::MetadataExt as _;

use lanspread_testbed::disk::{RottingDisk, SmallDisk};
use lanspread_testbed::fixture::{MIB, random_bytes};

#[test]
fn a_small_disk_is_full_after_its_size_and_unmounted_in_the_end() {
    let disk = SmallDisk::mount(4).expect("root may mount");
    let path = disk.path().to_owned();
    std::fs::write(path.join("fits"), random_bytes("", "", 3 * MIB)).expect("3 of 4 MiB fit");
    let error = std::fs::write(path.join("does-not"), random_bytes("", "", 2 * MIB))
        .expect_err("2 MiB more do not");
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    drop(disk);
    assert!(!path.exists());
}

#[test]
fn a_rotten_byte_is_seen_in_the_content_and_nowhere_else() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let content = random_bytes("seed", "file", 3 * MIB);
    std::fs::write(directory.path().join("file"), &content).expect("writable");
    let disk = RottingDisk::holding(directory.path()).expect("root may mount");
    let file = disk.path().join("file");
    assert!(std::fs::read(&file).expect("readable") == content);
    let before = std::fs::metadata(&file).expect("there");

    disk.rot("file", &[100, 2 * MIB as u64 + 7])
        .expect("found and changed");
    let after = std::fs::metadata(&file).expect("there");
    let times =
        |stat: &std::fs::Metadata| (stat.st_mtime_nsec(), stat.st_ctime_nsec(), stat.st_ctime());
    assert_eq!(times(&before), times(&after));
    assert_eq!(
        (before.len(), before.st_ino()),
        (after.len(), after.st_ino())
    );
    let rotten = std::fs::read(&file).expect("readable");
    let changed: Vec<usize> = (0..content.len())
        .filter(|&at| content[at] != rotten[at])
        .collect();
    assert_eq!(changed, [100, 2 * MIB + 7]);
    assert!(disk.rot("file", &[3 * MIB as u64]).is_err(), "past the end");
    let path = disk.path().to_owned();
    drop(disk);
    assert!(!path.exists());
}
