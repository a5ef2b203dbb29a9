//! Links: those that stay inside are made, those that leave fail the archive, none is followed.

use lanspread_unpack::{EntryRefusal, SkipReason, UnpackError};
use rars::{ArchiveVersion, Builder};
use tar::EntryType;

use crate::pack::{Item, Pack, file, rar_builder, raw_file, record, sevenz, tar_raw, zip_symlink};
use crate::scene::Scene;

fn symlinks(points_to: &str) -> Vec<(&'static str, Vec<u8>)> {
    let items = [file("data/real.txt", "real")];
    let link = |builder: Builder| {
        let mut builder = rar_builder(builder, &items);
        builder
            .add_unix_symlink(
                b"link".to_vec(),
                points_to.as_bytes().to_vec(),
                false,
                None,
                None,
            )
            .unwrap();
        builder.to_bytes().unwrap()
    };
    let sevenz_link = Item::Mode("link".into(), points_to.as_bytes().to_vec(), 0o120_777);
    let leaked: &'static str = Box::leak(points_to.to_owned().into_boxed_str());
    vec![
        ("rar5", link(Builder::new(ArchiveVersion::Rar50))),
        ("rar4", link(Builder::new(ArchiveVersion::Rar40))),
        ("zip", zip_symlink(&items, "link", points_to)),
        ("7z", sevenz(&[items[0].clone(), sevenz_link])),
        (
            "tar",
            tar_raw(&[
                record(EntryType::Symlink, "link", leaked),
                raw_file("data/real.txt", b"real"),
            ]),
        ),
    ]
}

#[cfg(unix)]
#[test]
fn links_that_stay_inside_are_made_in_every_format() {
    for (format, bytes) in symlinks("data/real.txt") {
        let scene = Scene::one("l.eti", bytes);
        let report = scene
            .unpack()
            .unwrap_or_else(|error| panic!("{format}: {error}"));
        assert_eq!(report.links.len(), 1, "{format}");
        assert!(
            scene.content().contains_key("link -> data/real.txt"),
            "{format}"
        );
        assert_eq!(
            std::fs::read(scene.target_path().join("link")).unwrap(),
            b"real"
        );
    }
}

#[test]
fn links_that_leave_fail_the_archive_in_every_format() {
    for points_to in [
        "../precious/save.dat",
        "/etc/passwd",
        "data/../../precious",
        "C:\\Windows",
    ] {
        for (format, bytes) in symlinks(points_to) {
            let scene = Scene::one("l.eti", bytes);
            let (entry, refusal) = scene.refusal();
            assert_eq!(entry, "link", "{format}");
            assert!(
                matches!(refusal, EntryRefusal::LinkLeaves(_)),
                "{format}: {refusal:?}"
            );
            assert!(
                !scene.content().keys().any(|path| path.contains("->")),
                "{format}"
            );
        }
    }
}

#[test]
fn links_that_lead_nowhere_are_left_out_and_reported() {
    for (format, bytes) in symlinks("data/missing.txt") {
        let scene = Scene::one("l.eti", bytes);
        let report = scene.unpack().unwrap();
        assert_eq!(report.skipped[0].entry, "link", "{format}");
        assert_eq!(
            report.skipped[0].reason,
            SkipReason::DanglingLink,
            "{format}"
        );
        assert!(report.links.is_empty(), "{format}");
    }
}

/// A symbolic link in an archive has redirected a later write out of the target: the link was made
/// when it was met, and the file after it was written through it. Links are made last here, and
/// nothing is placed below one.
#[test]
fn nothing_is_ever_written_through_a_link() {
    let outside = "../precious";
    for target in [outside, "inside"] {
        let records = [
            raw_file("inside/keep", b"keep"),
            record(EntryType::Symlink, "door", target),
            raw_file("door/save.dat", b"overwritten"),
        ];
        let scene = Scene::one("through.tar", tar_raw(&records));
        let (entry, refusal) = scene.refusal();
        assert_eq!(entry, "door/save.dat");
        assert_eq!(refusal, EntryRefusal::ThroughLink("door".to_owned()));
    }
    // Two steps, each of which looks harmless: a link to a directory that is itself a link.
    let records = [
        raw_file("a/b/keep", b"keep"),
        record(EntryType::Symlink, "a/b/up", ".."),
        record(EntryType::Symlink, "door", "a/b/up/../.."),
    ];
    let scene = Scene::one("steps.tar", tar_raw(&records));
    assert!(matches!(scene.refusal().1, EntryRefusal::LinkLeaves(_)));
}

#[test]
fn a_link_of_one_archive_does_not_redirect_the_next() {
    let first = tar_raw(&[
        raw_file("real", b"real"),
        record(EntryType::Symlink, "name", "real"),
    ]);
    let second = tar_raw(&[raw_file("name", b"patched")]);
    let scene = Scene::new(&[("1.eti", first), ("2.eti", second)]);
    let report = scene.unpack().unwrap();
    assert!(report.links.is_empty());
    assert_eq!(scene.files()["real"], b"real");
    assert_eq!(scene.files()["name"], b"patched");

    let first = tar_raw(&[
        record(EntryType::Symlink, "door", "inside"),
        raw_file("inside/x", b""),
    ]);
    let second = tar_raw(&[raw_file("door/y", b"")]);
    let scene = Scene::new(&[("1.eti", first), ("2.eti", second)]);
    assert_eq!(
        scene.refusal().1,
        EntryRefusal::ThroughLink("door".to_owned())
    );
}

#[cfg(unix)]
#[test]
fn links_that_stand_in_the_target_already_are_not_followed() {
    let scene = Scene::one(
        "game.eti",
        Pack::Rar5.pack(&[file("door/save.dat", "overwritten")]),
    );
    std::os::unix::fs::symlink(scene.outside_path(), scene.target_path().join("door")).unwrap();
    assert!(matches!(scene.unpack(), Err(UnpackError::Write { .. })));

    let scene = Scene::one("game.eti", Pack::Rar5.pack(&[file("save.dat", "replaced")]));
    let save = scene.outside_path().join("save.dat");
    std::os::unix::fs::symlink(save, scene.target_path().join("save.dat")).unwrap();
    scene.unpack().unwrap();
    assert_eq!(scene.files()["save.dat"], b"replaced");
}

#[test]
fn hard_links_reach_files_of_the_archive_and_nothing_else() {
    let scene = Scene::one(
        "hard.tar",
        tar_raw(&[
            raw_file("a/first", b"same"),
            record(EntryType::Link, "b/second", "a/first"),
        ]),
    );
    scene.unpack().unwrap();
    assert_eq!(scene.files()["b/second"], b"same");

    for points_to in [
        "../precious/save.dat",
        "/etc/passwd",
        "a/../../precious/save.dat",
    ] {
        let leaked: &'static str = Box::leak(points_to.to_owned().into_boxed_str());
        let scene = Scene::one("hard.tar", tar_raw(&[record(EntryType::Link, "b", leaked)]));
        assert!(
            matches!(scene.refusal().1, EntryRefusal::LinkLeaves(_)),
            "{points_to}"
        );
    }
    let records = [
        raw_file("real", b""),
        record(EntryType::Symlink, "sym", "real"),
        record(EntryType::Link, "hard", "sym"),
    ];
    let scene = Scene::one("hard.tar", tar_raw(&records));
    assert_eq!(
        scene.refusal().1,
        EntryRefusal::HardLinkTarget("sym".to_owned())
    );
    let scene = Scene::one(
        "hard.tar",
        tar_raw(&[record(EntryType::Link, "b", "missing")]),
    );
    assert_eq!(
        scene.refusal().1,
        EntryRefusal::HardLinkTarget("missing".to_owned())
    );
}

#[test]
fn a_patch_of_one_name_of_a_hard_link_leaves_the_other_alone() {
    let first = tar_raw(&[raw_file("a", b"old"), record(EntryType::Link, "b", "a")]);
    let second = tar_raw(&[raw_file("b", b"new")]);
    let scene = Scene::new(&[("1.eti", first), ("2.eti", second)]);
    scene.unpack().unwrap();
    assert_eq!(scene.files()["a"], b"old");
    assert_eq!(scene.files()["b"], b"new");
}

#[test]
fn links_in_a_circle_are_refused() {
    let records = [
        record(EntryType::Symlink, "a", "b"),
        record(EntryType::Symlink, "b", "a"),
    ];
    let scene = Scene::one("circle.tar", tar_raw(&records));
    assert_eq!(scene.refusal().1, EntryRefusal::LinkLoop);
}
