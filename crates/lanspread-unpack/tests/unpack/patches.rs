//! Several archives of one game: later ones patch earlier ones.

use crate::pack::{Pack, file};
use crate::scene::Scene;

#[test]
fn later_archives_replace_files_of_earlier_ones_across_formats() {
    let scene = Scene::new(&[
        (
            "1-base.eti",
            Pack::Rar5.pack(&[file("a", "base a"), file("dir/b", "base b, longer")]),
        ),
        ("2-patch.eti", Pack::Zip.pack(&[file("dir/b", "patch b")])),
        (
            "3-extra.eti",
            Pack::TarZst.pack(&[file("dir/c", "extra c"), file("a", "extra a")]),
        ),
    ]);
    let report = scene.unpack().unwrap();
    let files = scene.files();
    assert_eq!(files["a"], b"extra a");
    assert_eq!(files["dir/b"], b"patch b");
    assert_eq!(files["dir/c"], b"extra c");
    assert_eq!(report.files.len(), 3);
    assert!(report.respelled.is_empty());
}

#[test]
fn the_given_order_decides_and_not_the_names() {
    let mut scene = Scene::new(&[
        ("a.eti", Pack::Zip.pack(&[file("x", "from a")])),
        ("b.eti", Pack::Zip.pack(&[file("x", "from b")])),
    ]);
    scene.archives.reverse();
    scene.unpack().unwrap();
    assert_eq!(scene.files()["x"], b"from a");
}

/// Players run these games on Windows, where a patch with other upper and lower case replaces the
/// file. On Linux the same archives must not give two files, of which the game opens the old one.
#[test]
fn a_patch_in_other_case_replaces_the_file_as_on_windows() {
    let scene = Scene::new(&[
        (
            "1.eti",
            Pack::Rar5.pack(&[file("Data/Maps/One.pk3", "old")]),
        ),
        (
            "2.eti",
            Pack::Rar5.pack(&[file("data/maps/one.PK3", "new"), file("DATA/two", "2")]),
        ),
    ]);
    let report = scene.unpack().unwrap();
    let files: Vec<(String, Vec<u8>)> = scene.files().into_iter().collect();
    assert_eq!(
        files,
        [
            ("Data/Maps/One.pk3".into(), b"new".to_vec()),
            ("Data/two".into(), b"2".to_vec())
        ]
    );
    assert_eq!(report.respelled.len(), 2);
    assert_eq!(report.respelled[0].entry, "data/maps/one.PK3");
    assert_eq!(report.respelled[0].written_as, "Data/Maps/One.pk3");
}

#[test]
fn files_that_stood_in_the_target_are_replaced() {
    let scene = Scene::one("game.eti", Pack::SevenZ.pack(&[file("a", "new")]));
    scene
        .target
        .write("a", "an older and longer content")
        .unwrap();
    scene.unpack().unwrap();
    assert_eq!(scene.files()["a"], b"new");
}
