//! A small disk is full when it should be, and gone afterwards.

use lanspread_testbed::disk::SmallDisk;
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
