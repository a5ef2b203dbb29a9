//! What a power cut takes and what it leaves.

use std::path::Path;

use lanspread_disk::port::{Access, Folder};

use super::super::*;

fn disk() -> (VirtualDisk, std::sync::Arc<dyn Folder>) {
    let disk = VirtualDisk::default();
    disk.make_folder("/top").unwrap();
    let folder = disk.mount().open(Path::new("/top")).unwrap();
    (disk, folder)
}

fn write(folder: &dyn Folder, path: &str, bytes: &[u8]) {
    let file = folder.open_file(Path::new(path), Access::Write).unwrap();
    file.write_at(bytes, 0).unwrap();
}

fn sync(folder: &dyn Folder, path: &str) {
    folder.sync_files(&[path.into()]).unwrap();
}

fn all_lost(_below: u32) -> u32 {
    0
}

fn all_kept(below: u32) -> u32 {
    below - 1
}

const ORDERS: [NameOrder; 3] = [NameOrder::Journal, NameOrder::PerFolder, NameOrder::Torn];

#[test]
fn a_kill_keeps_everything_and_ends_every_handle() {
    let (disk, folder) = disk();
    write(&*folder, "file", b"unsynced");
    let open = folder.open_file(Path::new("file"), Access::Write).unwrap();
    disk.kill();
    assert_eq!(disk.read("/top/file").unwrap(), b"unsynced");
    assert!(open.write_at(b"late", 0).is_err());
    assert!(folder.list().is_err());
    drop((open, folder));
    let again = disk.mount().open(Path::new("/top")).unwrap();
    assert_eq!(again.list().unwrap().len(), 1);
}

#[test]
fn a_synced_file_without_a_synced_name_is_lost_and_so_is_a_synced_name_without_content() {
    for order in ORDERS {
        let (disk, folder) = disk();
        write(&*folder, "nameless", b"content");
        sync(&*folder, "nameless");
        disk.power_cut(order, &mut all_lost);
        assert_eq!(disk.tree("/top").len(), 0, "{order:?}");
        let folder = disk.mount().open(Path::new("/top")).unwrap();
        write(&*folder, "empty", b"content");
        folder.sync_folder(Path::new("")).unwrap();
        disk.power_cut(order, &mut all_lost);
        assert_eq!(disk.read("/top/empty").unwrap(), b"", "{order:?}");
    }
}

#[test]
fn what_was_synced_survives_whatever_is_chosen() {
    for order in ORDERS {
        for choose in [all_lost, all_kept] {
            let (disk, folder) = disk();
            write(&*folder, "file", b"content");
            sync(&*folder, "file");
            folder.sync_folder(Path::new("")).unwrap();
            assert!(disk.is_all_durable());
            disk.power_cut(order, &mut { choose });
            assert_eq!(disk.read("/top/file").unwrap(), b"content");
        }
    }
}

#[test]
fn an_overwritten_file_is_old_new_torn_or_zero_in_its_unsynced_blocks() {
    let old = Content::noise(1, 3 * BLOCK_BYTES).to_bytes();
    let new = Content::noise(2, 3 * BLOCK_BYTES).to_bytes();
    let outcome = |choices: &[u32]| {
        let (disk, folder) = disk();
        write(&*folder, "file", &old);
        sync(&*folder, "file");
        folder.sync_folder(Path::new("")).unwrap();
        write(&*folder, "file", &new);
        let mut choices = choices.iter().copied();
        disk.power_cut(NameOrder::Journal, &mut |below| {
            if below == 1 {
                0
            } else {
                choices.next().unwrap()
            }
        });
        disk.read("/top/file").unwrap()
    };
    assert!(outcome(&[0]) == old);
    assert!(outcome(&[1]) == new);
    assert!(outcome(&[2]).iter().all(|&byte| byte == 0));
    let torn = outcome(&[3, 1]);
    assert!(torn[..BLOCK_BYTES] == new[..BLOCK_BYTES]);
    assert!(torn[BLOCK_BYTES..] == old[BLOCK_BYTES..]);
}

#[test]
fn names_are_lost_from_the_last_change_backwards() {
    let (disk, folder) = disk();
    for name in ["a", "b", "c"] {
        folder.make_folder(Path::new(name)).unwrap();
    }
    folder.rename(Path::new("a"), Path::new("d")).unwrap();
    let mut choices = [3].into_iter();
    disk.power_cut(NameOrder::Journal, &mut |_| choices.next().unwrap());
    assert_eq!(disk.names("/top"), ["a", "b", "c"]);
}

/// A file is moved between two directories; `choose` says how many changes of the one it left and of
/// the one it came to survive.
fn after_move(order: NameOrder, left: u32, came: u32) -> (bool, bool) {
    let (disk, folder) = disk();
    disk.make_folder("/top/from").unwrap();
    disk.make_folder("/top/to").unwrap();
    disk.put("/top/from/file", "content").unwrap();
    folder
        .rename(Path::new("from/file"), Path::new("to/file"))
        .unwrap();
    let mut choices = [left, came].into_iter();
    disk.power_cut(order, &mut |_| choices.next().unwrap());
    let read = |path: &str| {
        disk.read(path)
            .map(|bytes| assert_eq!(bytes, b"content"))
            .is_some()
    };
    (read("/top/from/file"), read("/top/to/file"))
}

#[test]
fn a_move_between_directories_tears_only_as_the_order_allows() {
    assert_eq!(after_move(NameOrder::Journal, 0, 0), (true, false));
    assert_eq!(after_move(NameOrder::Journal, 1, 0), (false, true));
    assert_eq!(after_move(NameOrder::PerFolder, 0, 1), (true, true));
    assert_eq!(after_move(NameOrder::PerFolder, 1, 1), (false, true));
    assert_eq!(
        after_move(NameOrder::PerFolder, 1, 0),
        (true, false),
        "never in neither"
    );
    assert_eq!(after_move(NameOrder::Torn, 1, 0), (false, false));
}

#[test]
fn a_replaced_file_comes_back_when_the_replacement_is_lost() {
    for order in ORDERS {
        let (disk, folder) = disk();
        disk.put("/top/file", "old").unwrap();
        write(&*folder, "file.tmp", b"new");
        sync(&*folder, "file.tmp");
        folder
            .rename(Path::new("file.tmp"), Path::new("file"))
            .unwrap();
        assert_eq!(disk.read("/top/file").unwrap(), b"new");
        assert!(matches!(disk.durable_item("/top/file"),
            Some(Item::File(content)) if content.to_bytes() == b"old"));
        disk.power_cut(order, &mut all_lost);
        assert_eq!(disk.read("/top/file").unwrap(), b"old", "{order:?}");
        assert_eq!(disk.names("/top"), ["file"]);
    }
}

#[test]
fn a_removed_tree_comes_back_as_far_as_its_removal_was_not_durable() {
    let (disk, folder) = disk();
    disk.put("/top/tree/a/file", "content").unwrap();
    folder.remove_file(Path::new("tree/a/file")).unwrap();
    folder.remove_folder(Path::new("tree/a")).unwrap();
    folder.sync_folder(Path::new("tree")).unwrap();
    folder.remove_folder(Path::new("tree")).unwrap();
    assert!(disk.durable_tree("/top").contains_key("tree"));
    disk.power_cut(NameOrder::PerFolder, &mut all_lost);
    assert_eq!(disk.tree("/top").into_keys().collect::<Vec<_>>(), ["tree"]);
}

#[test]
fn the_system_writes_everything_back_in_the_end() {
    let (disk, folder) = disk();
    folder.make_folder(Path::new("folder")).unwrap();
    write(&*folder, "folder/file", b"content");
    assert!(!disk.is_all_durable());
    disk.write_back();
    disk.power_cut(NameOrder::Torn, &mut all_lost);
    assert_eq!(disk.read("/top/folder/file").unwrap(), b"content");
}
