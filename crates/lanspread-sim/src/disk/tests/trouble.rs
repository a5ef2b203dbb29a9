//! Faults, room, time, and disks of other systems.

use std::{io, path::Path, sync::Arc, time::Duration};

use lanspread_disk::port::{Access, Folder};

use super::super::{
    faults::{Fault, Operation, at_change, below, full, read_only},
    *,
};

fn on(rules: Rules) -> (VirtualDisk, Arc<dyn Folder>) {
    let disk = VirtualDisk::new(rules);
    disk.make_folder("/top").unwrap();
    let folder = disk.mount().open(Path::new("/top")).unwrap();
    (disk, folder)
}

fn kind<T: std::fmt::Debug>(result: io::Result<T>) -> io::ErrorKind {
    result.unwrap_err().kind()
}

#[test]
fn the_change_that_was_chosen_fails_and_no_other() {
    let (disk, folder) = on(Rules::LINUX);
    disk.set_faults(Some(at_change(1, Fault::Denied)));
    folder.make_folder(Path::new("a")).unwrap();
    assert!(folder.list().is_ok(), "looking is no change");
    assert_eq!(
        kind(folder.make_folder(Path::new("b"))),
        io::ErrorKind::PermissionDenied
    );
    folder.make_folder(Path::new("b")).unwrap();
    assert_eq!(disk.change_operations(), 3);
}

#[test]
fn a_fault_below_a_path_leaves_the_rest_alone() {
    let (disk, folder) = on(Rules::LINUX);
    disk.put("/top/a/file", "x").unwrap();
    disk.put("/top/b/file", "x").unwrap();
    disk.set_faults(Some(below("/top/a", &[Operation::RemoveFile], Fault::Io)));
    assert_eq!(
        kind(folder.remove_file(Path::new("a/file"))),
        io::ErrorKind::Other
    );
    folder.stat(Path::new("a/file")).unwrap();
    folder.remove_file(Path::new("b/file")).unwrap();
}

#[test]
fn full_and_read_only_disks_say_so_and_still_read() {
    let (disk, folder) = on(Rules::LINUX);
    disk.put("/top/file", "x").unwrap();
    let file = folder.open_file(Path::new("file"), Access::Write).unwrap();
    disk.set_faults(Some(full()));
    assert_eq!(kind(file.write_at(b"y", 0)), io::ErrorKind::StorageFull);
    folder
        .rename(Path::new("file"), Path::new("other"))
        .unwrap();
    disk.set_faults(Some(read_only()));
    let refused = kind(folder.remove_file(Path::new("other")));
    assert_eq!(refused, io::ErrorKind::ReadOnlyFilesystem);
    assert_eq!(file.read_at(&mut [0], 0).unwrap(), 1);
}

#[test]
fn a_machine_that_stops_does_nothing_more_until_it_is_started_again() {
    let (disk, folder) = on(Rules::LINUX);
    let file = folder.open_file(Path::new("file"), Access::New).unwrap();
    disk.set_faults(Some(at_change(1, Fault::StopHalfway)));
    assert!(file.write_at(b"12345678", 0).is_err());
    assert!(disk.is_stopped());
    assert!(folder.list().is_err() && file.sync().is_err());
    assert!(disk.mount().open(Path::new("/top")).is_err());
    assert_eq!(
        disk.read("/top/file").unwrap(),
        b"1234",
        "the write is torn"
    );
    disk.set_faults(None);
    disk.kill();
    assert!(!disk.is_stopped());
    assert_eq!(disk.read("/top/file").unwrap(), b"1234");
}

#[test]
fn a_disk_at_its_capacity_takes_what_fits_and_one_byte_more_not() {
    let (disk, folder) = on(Rules::LINUX);
    let block = BLOCK_BYTES as u64;
    disk.set_capacity_bytes(block + 10);
    let file = folder.open_file(Path::new("file"), Access::New).unwrap();
    file.write_at(&vec![1; BLOCK_BYTES + 10], 0).unwrap();
    assert_eq!(disk.mount().available_bytes(Path::new("/")).unwrap(), 0);
    assert_eq!(
        kind(file.write_at(b"x", block + 10)),
        io::ErrorKind::StorageFull
    );
    file.write_at(b"x", 0).unwrap();
    folder.remove_file(Path::new("file")).unwrap();
    assert_eq!(disk.used_bytes(), block + 10, "it is still open");
    drop(file);
    assert_eq!(disk.used_bytes(), 0);
}

#[test]
fn time_adds_up_by_operation_and_by_byte() {
    let (disk, folder) = on(Rules::LINUX);
    disk.set_pace(Pace {
        operation: Duration::from_millis(1),
        sync: Duration::from_millis(10),
        read_bytes_per_second: 2_000_000,
        write_bytes_per_second: 1_000_000,
    });
    let file = folder.open_file(Path::new("file"), Access::New).unwrap();
    file.write_at(&vec![0; 100_000], 0).unwrap();
    assert_eq!(disk.take_spent(), Duration::from_millis(1 + 1 + 100));
    file.read_at(&mut vec![0; 100_000], 0).unwrap();
    file.sync().unwrap();
    assert_eq!(disk.take_spent(), Duration::from_millis(1 + 50 + 1 + 10));
    assert_eq!(disk.take_spent(), Duration::ZERO);
}

#[test]
fn changes_at_the_same_moment_have_different_stamps_and_rot_shows_in_none() {
    let (disk, folder) = on(Rules::LINUX);
    disk.set_now_ns(1_000);
    let file = folder.open_file(Path::new("file"), Access::New).unwrap();
    file.write_at(b"ab", 0).unwrap();
    let first = file.stat().unwrap().stamp;
    file.write_at(b"ab", 0).unwrap();
    let second = file.stat().unwrap().stamp;
    assert!(first.modified_ns >= 1_000 && second.modified_ns > first.modified_ns);
    let seen = disk.changes();
    disk.rot("/top/file", 1, 0x20).unwrap();
    assert_eq!(file.stat().unwrap().stamp, second);
    assert_eq!(disk.read("/top/file").unwrap(), b"aB");
    assert_ne!(disk.changes(), seen);
}

#[test]
fn where_case_does_not_count_a_name_is_found_in_any_and_keeps_its_own() {
    let (disk, folder) = on(Rules::MACOS);
    folder.make_folder(Path::new("Folder")).unwrap();
    assert_eq!(
        kind(folder.make_folder(Path::new("FOLDER"))),
        io::ErrorKind::AlreadyExists
    );
    folder
        .open_file(Path::new("folder/File"), Access::New)
        .unwrap();
    folder
        .rename(Path::new("folder/file"), Path::new("folder/FILE"))
        .unwrap();
    assert_eq!(disk.names("/top"), ["Folder"]);
    assert_eq!(disk.names("/top/FOLDER"), ["FILE"]);
}

#[test]
fn where_open_files_hold_their_names_they_cannot_be_moved_replaced_or_removed() {
    let (disk, folder) = on(Rules::WINDOWS);
    disk.put("/top/folder/file", "x").unwrap();
    disk.put("/top/other", "y").unwrap();
    let (inner, other) = (Path::new("folder/file"), Path::new("other"));
    let open = folder.open_file(inner, Access::Read).unwrap();
    let denied = io::ErrorKind::PermissionDenied;
    assert_eq!(kind(folder.remove_file(inner)), denied);
    assert_eq!(kind(folder.rename(inner, Path::new("new"))), denied);
    assert_eq!(kind(folder.rename(other, inner)), denied);
    assert_eq!(
        kind(folder.rename(Path::new("folder"), Path::new("moved"))),
        denied
    );
    drop(open);
    folder.rename(other, inner).unwrap();
    let held = folder.open_folder(Path::new("folder")).unwrap();
    assert_eq!(
        kind(folder.rename(Path::new("folder"), Path::new("moved"))),
        denied
    );
    drop(held);
    folder
        .rename(Path::new("folder"), Path::new("moved"))
        .unwrap();
}
