//! RAR archives that come in several files.

use lanspread_unpack::UnpackError;
use rars::{ArchiveVersion, Builder};

use crate::pack::{Item, file, noise, rar_builder};
use crate::scene::Scene;

fn items(version: ArchiveVersion) -> Vec<Item> {
    let all = vec![
        file("second.bin", noise(90_000, 2)),
        file("first.bin", noise(40_000, 1)),
        file("third.txt", "the end"),
    ];
    // The packer makes RAR 4 volumes of one file only.
    let count = if version == ArchiveVersion::Rar40 {
        1
    } else {
        all.len()
    };
    all.into_iter().take(count).collect()
}

fn volumes(version: ArchiveVersion) -> Vec<Vec<u8>> {
    let builder = Builder::new(version).volume_size(Some(14_000));
    let volumes = rar_builder(builder, &items(version))
        .build_volumes(None)
        .unwrap();
    assert!(volumes.len() >= 3, "{version}: {}", volumes.len());
    volumes
}

const VERSIONS: [ArchiveVersion; 3] = [
    ArchiveVersion::Rar50,
    ArchiveVersion::Rar70,
    ArchiveVersion::Rar40,
];

fn new_style(volumes: Vec<Vec<u8>>) -> Vec<(String, Vec<u8>)> {
    let name = |index: usize| format!("game.part{}.eti", index + 1);
    volumes
        .into_iter()
        .enumerate()
        .map(|(index, bytes)| (name(index), bytes))
        .collect()
}

/// `game.rar`, `game.r00`, …: in sorted order the first volume comes last.
fn old_style(volumes: Vec<Vec<u8>>) -> Vec<(String, Vec<u8>)> {
    let name = |index: usize| match index {
        0 => "game.rar".to_owned(),
        index => format!("game.r{:02}", index - 1),
    };
    let mut files: Vec<_> = volumes
        .into_iter()
        .enumerate()
        .map(|(index, bytes)| (name(index), bytes))
        .collect();
    files.sort();
    files
}

fn check(scene: &Scene, version: ArchiveVersion) {
    scene
        .unpack()
        .unwrap_or_else(|error| panic!("{version}: {error}"));
    let files = scene.files();
    assert_eq!(files["second.bin"], noise(90_000, 2), "{version}");
    if version != ArchiveVersion::Rar40 {
        assert_eq!(files["first.bin"], noise(40_000, 1), "{version}");
        assert_eq!(files["third.txt"], b"the end", "{version}");
    }
}

#[test]
fn listed_volumes_are_one_archive_in_both_naming_styles() {
    for version in VERSIONS {
        check(&Scene::new(&new_style(volumes(version))), version);
        check(&Scene::new(&old_style(volumes(version))), version);
    }
}

#[test]
fn volumes_beside_the_first_are_found_without_being_listed() {
    for version in VERSIONS {
        for files in [new_style(volumes(version)), old_style(volumes(version))] {
            let mut scene = Scene::new(&files);
            scene.archives.retain(|path| {
                let name = path.file_name().unwrap().to_str().unwrap();
                name == "game.rar" || name.contains("part1.")
            });
            assert_eq!(scene.archives.len(), 1);
            check(&scene, version);
        }
    }
}

#[test]
fn renamed_volumes_are_taken_in_the_listed_order() {
    for version in VERSIONS {
        let files: Vec<_> = volumes(version)
            .into_iter()
            .enumerate()
            .map(|(index, bytes)| {
                (
                    format!(
                        "disc-{}.eti",
                        char::from(b'a' + u8::try_from(index).unwrap())
                    ),
                    bytes,
                )
            })
            .collect();
        check(&Scene::new(&files), version);
    }
}

#[test]
fn a_missing_volume_is_named() {
    for version in VERSIONS {
        let mut files = new_style(volumes(version));
        files.remove(1);
        match Scene::new(&files).unpack() {
            Err(UnpackError::MissingVolume { volume, .. }) => {
                assert_eq!(volume, "game.part2.eti", "{version}");
            }
            // RAR 4 volumes carry no numbers: the next one present is tried and does not fit.
            Err(UnpackError::Damaged { .. }) if version == ArchiveVersion::Rar40 => {}
            other => panic!("{version}: {other:?}"),
        }
        let mut files = new_style(volumes(version));
        files.pop();
        let error = Scene::new(&files).unpack().unwrap_err();
        assert!(
            matches!(error, UnpackError::MissingVolume { .. }),
            "{version}: {error}"
        );
        let mut files = new_style(volumes(version));
        files.remove(0);
        let error = Scene::new(&files).unpack().unwrap_err();
        assert!(
            matches!(error, UnpackError::MissingVolume { .. }),
            "{version}: {error}"
        );
    }
}

#[test]
fn a_set_unpacks_where_its_first_listed_volume_stands() {
    let mut files = vec![(
        "a-base.eti".to_owned(),
        crate::pack::Pack::Zip.pack(&[file("third.txt", "base")]),
    )];
    files.extend(new_style(volumes(ArchiveVersion::Rar50)));
    files.push((
        "z-patch.eti".to_owned(),
        crate::pack::Pack::Zip.pack(&[file("first.bin", "patch")]),
    ));
    let scene = Scene::new(&files);
    scene.unpack().unwrap();
    assert_eq!(scene.files()["third.txt"], b"the end");
    assert_eq!(scene.files()["first.bin"], b"patch");
}

#[test]
fn a_volume_that_is_cut_short_fails_the_set() {
    for version in VERSIONS {
        for cut in 0..3 {
            let mut files = new_style(volumes(version));
            let length = files[cut].1.len();
            files[cut].1.truncate(length * 2 / 3);
            let error = Scene::new(&files).unpack().unwrap_err();
            assert!(error.blames_archive(), "{version} {cut}: {error}");
        }
    }
}

/// RAR 3.00 marked every volume as the first of its set, and a reader that believed it took each for
/// a set of its own. Where the content starts in the middle of a file, or the name says so, a volume
/// is a later one whatever its flags say.
#[test]
fn volumes_that_all_claim_to_be_the_first_are_put_in_order() {
    /// Where the main header of a RAR 4 archive starts, how long it is, and its flag.
    const MAIN_HEADER: usize = 7;
    const MAIN_HEADER_BYTES: usize = 13;
    const FIRST_VOLUME: u8 = 0x01;
    let mut files = new_style(volumes(ArchiveVersion::Rar40));
    for (_, bytes) in &mut files {
        let header = &mut bytes[MAIN_HEADER..MAIN_HEADER + MAIN_HEADER_BYTES];
        header[4] |= FIRST_VOLUME;
        let mut crc = flate2::Crc::new();
        crc.update(&header[2..]);
        let [low, high, ..] = crc.sum().to_le_bytes();
        header[..2].copy_from_slice(&[low, high]);
    }
    check(&Scene::new(&files), ArchiveVersion::Rar40);
}
