//! Archives that try to get out of the target, or to write what no archive should.

use lanspread_unpack::{CancelFlag, EntryRefusal, UnpackError, UnpackJob};
use rars::{ArchiveVersion, Builder};
use tar::EntryType;

use crate::pack::{
    Item, Pack, directory, file, find, rar, rar5_with_raw_names, raw_file, record, set_zip_mode,
    sevenz, sevenz_encrypted, tar_raw, zip,
};
use crate::scene::Scene;

/// Names that must not get through, whatever the format.
const CLIMBS: [(&str, EntryRefusal); 9] = [
    ("../escaped.txt", EntryRefusal::ParentComponent),
    ("a/../../escaped.txt", EntryRefusal::ParentComponent),
    ("..\\escaped.txt", EntryRefusal::ParentComponent),
    ("/tmp/lanspread-escaped.txt", EntryRefusal::AbsolutePath),
    ("\\escaped.txt", EntryRefusal::AbsolutePath),
    ("C:\\escaped.txt", EntryRefusal::DrivePath),
    ("c:escaped.txt", EntryRefusal::DrivePath),
    ("name/with. /space", EntryRefusal::TrailingDotOrSpace),
    ("file.txt:stream", EntryRefusal::ForbiddenCharacter(':')),
];

#[test]
fn no_format_lets_a_name_climb_out() {
    for (name, refusal) in CLIMBS {
        let archives = [
            (
                "tar",
                tar_raw(&[raw_file("fine", b"x"), raw_file(name, b"content")]),
            ),
            (
                "zip",
                zip(&[file(name, *b"content")], zip::CompressionMethod::Stored),
            ),
            ("7z", sevenz(&[file(name, *b"content")])),
            ("7z empty", sevenz(&[file(name, "")])),
            ("rar", rar5_with_raw_names(&["fine", name])),
        ];
        for (format, bytes) in archives {
            let scene = Scene::one("game.eti", bytes);
            let (entry, found) = scene.refusal();
            assert_eq!((entry.as_str(), &found), (name, &refusal), "{format}");
            assert!(scene.unpack().unwrap_err().blames_archive());
        }
    }
}

#[test]
fn directories_climb_no_better_than_files() {
    for (name, refusal) in CLIMBS {
        let scene = Scene::one("d.tar", tar_raw(&[record(EntryType::Directory, name, "")]));
        assert_eq!(scene.refusal().1, refusal, "{name}");
        let scene = Scene::one("d.7z", sevenz(&[directory(name)]));
        assert_eq!(scene.refusal().1, refusal, "{name}");
    }
}

#[test]
fn device_names_and_control_characters_are_refused() {
    for name in ["NUL", "data/con.cfg", "Aux.txt", "com1"] {
        let scene = Scene::one("d.zip", Pack::Zip.pack(&[file(name, "x")]));
        assert!(
            matches!(scene.refusal().1, EntryRefusal::DeviceName(_)),
            "{name}"
        );
    }
    let scene = Scene::one("d.zip", Pack::Zip.pack(&[file("a\u{1b}[2Jb", "x")]));
    let error = scene.unpack().unwrap_err();
    assert!(
        !error.to_string().contains('\u{1b}'),
        "messages must not redraw the terminal"
    );
    assert!(matches!(
        error,
        UnpackError::Refused {
            refusal: EntryRefusal::ControlCharacter,
            ..
        }
    ));
}

#[test]
fn names_that_are_one_name_to_some_file_system_collide() {
    for (first, second) in [
        ("Readme.txt", "README.TXT"),
        ("caf\u{e9}/menu", "cafe\u{301}/menu"),
        ("a/b", "A/b"),
        ("Straße", "STRASSE"),
    ] {
        for pack in [Pack::Rar5, Pack::Zip, Pack::SevenZ, Pack::Tar] {
            let scene = Scene::one("c.eti", pack.pack(&[file(first, "1"), file(second, "2")]));
            let (entry, refusal) = scene.refusal();
            assert_eq!(entry, second, "{pack:?}");
            assert_eq!(
                refusal,
                EntryRefusal::Collision(first.to_owned()),
                "{pack:?}"
            );
        }
    }
    let scene = Scene::one(
        "c.tar",
        tar_raw(&[raw_file("a", b"1"), raw_file("a", b"2")]),
    );
    assert_eq!(scene.refusal().1, EntryRefusal::Collision("a".to_owned()));
}

#[test]
fn a_file_and_a_directory_cannot_share_a_name() {
    let scene = Scene::one(
        "k.tar",
        tar_raw(&[raw_file("a", b"1"), raw_file("A/b", b"2")]),
    );
    assert_eq!(scene.refusal().1, EntryRefusal::KindConflict);
    let scene = Scene::one(
        "k.tar",
        tar_raw(&[raw_file("a/b", b"1"), raw_file("a", b"2")]),
    );
    assert_eq!(scene.refusal().1, EntryRefusal::KindConflict);
}

#[test]
fn devices_pipes_and_sockets_are_refused() {
    for kind in [EntryType::Char, EntryType::Block, EntryType::Fifo] {
        let scene = Scene::one("dev.tar", tar_raw(&[record(kind, "sda", "")]));
        assert_eq!(
            scene.refusal(),
            ("sda".to_owned(), EntryRefusal::SpecialFile)
        );
    }
    for kind in [0o020_000, 0o060_000, 0o010_000, 0o140_000] {
        let mode = kind | 0o644;
        let item = Item::Mode("sda".into(), b"x".to_vec(), mode);
        let mut zip = Pack::ZipStored.pack(&[file("sda", "x")]);
        set_zip_mode(&mut zip, mode);
        let rar4 = Pack::Rar4.pack(std::slice::from_ref(&item));
        let rar5 = Pack::Rar5.pack(std::slice::from_ref(&item));
        for bytes in [zip, sevenz(std::slice::from_ref(&item)), rar4, rar5] {
            let scene = Scene::one("dev.eti", bytes);
            assert_eq!(scene.refusal().1, EntryRefusal::SpecialFile, "{mode:o}");
            assert!(scene.files().is_empty());
        }
    }
}

#[test]
fn reserved_names_are_refused_at_the_top_and_nowhere_else() {
    let unpack = |name: &str| {
        let scene = Scene::one("r.eti", Pack::Rar5.pack(&[file(name, "x")]));
        let cancel = CancelFlag::new();
        let job = UnpackJob {
            reserved_names: &[".marker"],
            ..UnpackJob::new(&scene.archives, &scene.target, &cancel)
        };
        scene.unpack_job(job)
    };
    for name in [".marker", ".MARKER", ".marker/x", "./.marker"] {
        assert!(
            matches!(
                unpack(name),
                Err(UnpackError::Refused {
                    refusal: EntryRefusal::Reserved,
                    ..
                })
            ),
            "{name}"
        );
    }
    assert!(unpack("sub/.marker").is_ok());
    assert!(unpack(".marker2").is_ok());
}

#[test]
fn encrypted_archives_say_so_before_anything_is_written() {
    let items = [file("secret.txt", "secret")];
    let rar = |version, headers| {
        let builder = Builder::new(version)
            .password(Some(b"secret".to_vec()))
            .header_encryption(headers);
        rar(builder, &items)
    };
    let mut zip = Pack::ZipStored.pack(&items);
    // The lowest bit of the flags, in the local header and in the central directory.
    zip[6] |= 1;
    let central = find(&zip, b"PK\x01\x02");
    zip[central + 8] |= 1;
    for (format, bytes) in [
        ("rar5", rar(ArchiveVersion::Rar50, false)),
        ("rar5 headers", rar(ArchiveVersion::Rar50, true)),
        ("rar4", rar(ArchiveVersion::Rar40, false)),
        ("rar4 headers", rar(ArchiveVersion::Rar40, true)),
        ("7z", sevenz_encrypted(&items)),
        ("zip", zip),
    ] {
        let scene = Scene::one("locked.eti", bytes);
        let error = scene.unpack().unwrap_err();
        assert!(
            matches!(error, UnpackError::Encrypted { .. }),
            "{format}: {error}"
        );
        assert!(error.to_string().contains("locked.eti"), "{format}");
        assert!(scene.content().is_empty(), "{format}");
    }
}

#[test]
fn zip_entries_that_share_content_or_contradict_themselves_are_refused() {
    let mut bytes = Pack::ZipStored.pack(&[file("first.txt", "aaaa"), file("other.txt", "aaaa")]);
    let central = find(&bytes, b"PK\x01\x02");
    let second = central + 46 + "first.txt".len();
    let second = second + find(&bytes[second..], b"PK\x01\x02");
    // The second entry points to the local header of the first.
    bytes[second + 42..second + 46].copy_from_slice(&[0; 4]);
    let error = Scene::one("overlap.zip", bytes).unpack().unwrap_err();
    assert!(error.to_string().contains("share their content"), "{error}");

    let mut bytes = Pack::ZipStored.pack(&[file("first.txt", "aaaa")]);
    let name = find(&bytes, b"first.txt");
    bytes[name] = b'F';
    let error = Scene::one("two-faced.zip", bytes).unpack().unwrap_err();
    assert!(error.to_string().contains("headers disagree"), "{error}");
}

#[test]
fn records_that_we_cannot_read_are_named_instead_of_dropped() {
    let scene = Scene::one(
        "m.tar",
        tar_raw(&[record(EntryType::new(b'M'), "rest", "")]),
    );
    assert!(matches!(
        scene.unpack(),
        Err(UnpackError::Unsupported { .. })
    ));
    let scene = Scene::one(
        "v.tar",
        tar_raw(&[record(EntryType::new(b'V'), "label", "")]),
    );
    assert_eq!(scene.unpack().unwrap().skipped[0].entry, "label");
}
