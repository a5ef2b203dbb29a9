//! Archives that are cut short or changed never end in success with other content.

use lanspread_unpack::{CancelFlag, Durability, UnpackError, UnpackJob, UnpackReport};

use crate::pack::{Item, Pack, directory, file, find, noise};
use crate::scene::{Scene, Snapshot};

fn items() -> Vec<Item> {
    vec![
        file("a.txt", "some text, and some text, and some more text"),
        directory("maps"),
        file("maps/one.bsp", noise(6000, 1)),
        file("zeros", vec![0; 4096]),
        file("maps/two.bsp", noise(3000, 2)),
    ]
}

fn unpack(bytes: Vec<u8>) -> Result<(UnpackReport, Snapshot), UnpackError> {
    let scene = Scene::one("game.eti", bytes);
    let cancel = CancelFlag::new();
    let job = UnpackJob {
        durability: Durability::LeftToSystem,
        ..UnpackJob::new(&scene.archives, &scene.target, &cancel)
    };
    scene.unpack_job(job).map(|report| (report, scene.files()))
}

#[test]
fn a_truncated_archive_never_unpacks() {
    for pack in Pack::ALL {
        let bytes = pack.pack(&items());
        let step = (bytes.len() / 60).max(1);
        let tail = bytes.len().saturating_sub(64)..bytes.len();
        for length in (0..bytes.len()).step_by(step).chain(tail) {
            // These have no record that marks the end: a cut between two of their entries cannot
            // be told from an archive that ends there.
            let endless = [Pack::Rar2, Pack::Rar4, Pack::Rar4Solid, Pack::Rar4Stored];
            if endless.contains(&pack) && is_between_entries(&bytes, length) {
                continue;
            }
            let result = unpack(bytes[..length].to_vec());
            assert!(
                result.is_err(),
                "{pack:?} cut to {length} of {} unpacked",
                bytes.len()
            );
            let error = result.unwrap_err();
            assert!(error.blames_archive(), "{pack:?} cut to {length}: {error}");
            assert!(error.to_string().contains("game.eti"), "{error}");
        }
    }
}

/// Unpacks the rest to find out: what is cut between entries gives a prefix of the files, whole.
fn is_between_entries(bytes: &[u8], length: usize) -> bool {
    let whole = unpack(bytes.to_vec()).unwrap().1;
    unpack(bytes[..length].to_vec())
        .is_ok_and(|(_, files)| files.iter().all(|(path, content)| &whole[path] == content))
}

#[test]
fn a_tar_archive_cut_between_entries_is_incomplete() {
    let bytes = Pack::Tar.pack(&items());
    for length in (512..bytes.len()).step_by(512) {
        let error = unpack(bytes[..length].to_vec()).unwrap_err();
        assert!(
            matches!(error, UnpackError::Damaged { .. }),
            "{length}: {error}"
        );
    }
}

#[test]
fn a_tar_archive_with_something_after_its_end_is_not_taken_for_whole() {
    let mut bytes = Pack::Tar.pack(&items());
    bytes.extend(Pack::Tar.pack(&[file("second", "archive")]));
    let error = unpack(bytes).unwrap_err();
    assert!(error.to_string().contains("after its end"), "{error}");

    let mut padded = Pack::Tar.pack(&items());
    padded.resize(padded.len().next_multiple_of(10_240), 0);
    assert!(unpack(padded).is_ok(), "padding is what tar does");
}

#[test]
fn a_changed_byte_is_found_or_does_not_matter() {
    for pack in Pack::ALL {
        // Content in a plain tar archive has no checksum; headers do.
        let content_counts = pack != Pack::Tar;
        let bytes = pack.pack(&items());
        let (_, whole) = unpack(bytes.clone()).unwrap();
        let step = (bytes.len() / 100).max(1);
        for at in (0..bytes.len()).step_by(step) {
            if is_zip_attribute(pack, &bytes, at) {
                continue;
            }
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            if let Ok((_, files)) = unpack(changed) {
                assert_eq!(
                    files.keys().collect::<Vec<_>>(),
                    whole.keys().collect::<Vec<_>>(),
                    "{pack:?}: byte {at} changed a name unnoticed"
                );
                assert!(
                    !content_counts || files == whole,
                    "{pack:?}: byte {at} changed content unnoticed"
                );
            }
        }
    }
}

/// The attributes in the central directory of a zip archive say what is a file and what a link, and
/// nothing protects them.
fn is_zip_attribute(pack: Pack, bytes: &[u8], at: usize) -> bool {
    if !matches!(pack, Pack::Zip | Pack::ZipStored) {
        return false;
    }
    let mut start = 0;
    while let Some(found) = bytes[start..]
        .windows(4)
        .position(|window| window == b"PK\x01\x02")
    {
        let central = start + found;
        // The system that made it gives the attributes their meaning.
        if at == central + 5 || (central + 38..central + 42).contains(&at) {
            return true;
        }
        start = central + 4;
    }
    false
}

#[test]
fn every_single_byte_of_packed_content_is_covered_by_a_checksum() {
    for pack in Pack::ALL.into_iter().filter(|pack| *pack != Pack::Tar) {
        let content = noise(120, 9);
        let bytes = pack.pack(&[file("content.bin", content.clone())]);
        for at in 0..bytes.len() {
            if is_zip_attribute(pack, &bytes, at) {
                continue;
            }
            let mut changed = bytes.clone();
            changed[at] = !changed[at];
            if let Ok((_, files)) = unpack(changed) {
                assert_eq!(files.len(), 1, "{pack:?} byte {at}");
                assert_eq!(files["content.bin"], content, "{pack:?} byte {at}");
            }
        }
    }
}

#[test]
fn the_error_names_archive_and_entry() {
    let mut bytes = Pack::ZipStored.pack(&[file("maps/one.bsp", "content of the map")]);
    let at = find(&bytes, b"content of");
    bytes[at] = b'C';
    let message = unpack(bytes).unwrap_err().to_string();
    assert!(
        message.contains("game.eti") && message.contains("maps/one.bsp"),
        "{message}"
    );
}
