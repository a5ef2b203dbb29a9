//! Archives of every format, unpacked into a directory of their own.
//!
//! Property: nothing outside the target is created, changed or followed, whatever the archive says;
//! what is unpacked is within the limits; and a reader that trips takes nothing else with it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use cap_std::{ambient_authority, fs::Dir};
use lanspread_unpack::{
    AnyUnpacker, CancelFlag, Durability, UnpackJob, UnpackLimits, Unpacker as _,
};

/// Bounds that keep one try small.
const LIMITS: UnpackLimits = UnpackLimits {
    entries_max: 64,
    total_bytes_max: 1 << 20,
    file_bytes_max: 1 << 19,
    ratio_max: 200,
    ratio_free_bytes: 1 << 18,
    path_bytes_max: 256,
    path_depth_max: 8,
};

/// A name that no archive may touch.
const RESERVED: &str = "reserved";

const TAR_MAGIC_AT: usize = 257;

pub(crate) fn rar(bytes: &[u8]) {
    // Both kinds of RAR, whatever became of the beginning.
    let magic: &[u8] = match bytes.get(6) {
        Some(0) => b"Rar!\x1a\x07\x00",
        Some(_) | None => b"Rar!\x1a\x07\x01\x00",
    };
    unpack(&with_magic(bytes, 0, magic));
}

pub(crate) fn zip(bytes: &[u8]) {
    unpack(&with_magic(bytes, 0, b"PK\x03\x04"));
}

pub(crate) fn seven_z(bytes: &[u8]) {
    unpack(&with_magic(bytes, 0, b"7z\xbc\xaf\x27\x1c"));
}

pub(crate) fn tar(bytes: &[u8]) {
    unpack(&with_magic(bytes, TAR_MAGIC_AT, b"ustar"));
}

pub(crate) fn tar_gz(bytes: &[u8]) {
    unpack(&with_magic(bytes, 0, b"\x1f\x8b"));
}

pub(crate) fn tar_zst(bytes: &[u8]) {
    unpack(&with_magic(bytes, 0, b"\x28\xb5\x2f\xfd"));
}

/// The bytes with the magic number of a format, so that it is that format's reader that gets them.
fn with_magic(bytes: &[u8], at: usize, magic: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().max(at + magic.len()), 0);
    bytes[at..at + magic.len()].copy_from_slice(magic);
    bytes
}

fn unpack(archive: &[u8]) {
    let outside = tempfile::tempdir().expect("a temporary directory");
    let target = outside.path().join("target");
    let path = outside.path().join("archive.eti");
    let witness = outside.path().join("witness");
    fs::create_dir(&target).expect("writable");
    fs::write(target.join(RESERVED), "mine").expect("writable");
    fs::write(&path, archive).expect("writable");
    fs::write(&witness, "untouched").expect("writable");
    let opened = Dir::open_ambient_dir(&target, ambient_authority()).expect("it is there");
    let cancel = CancelFlag::new();
    let archives: [PathBuf; 1] = [path.clone()];
    let mut job = UnpackJob::new(&archives, &opened, &cancel);
    job.limits = LIMITS;
    job.reserved_names = &[RESERVED];
    job.durability = Durability::LeftToSystem;
    let unpacked = AnyUnpacker.unpack(job);

    let text = |path: &Path| fs::read_to_string(path).expect("it is still there");
    assert_eq!(text(&witness), "untouched", "a file outside was changed");
    assert_eq!(text(&target.join(RESERVED)), "mine", "a reserved name");
    assert_eq!(fs::read(&path).expect("readable"), archive);
    let beside = fs::read_dir(outside.path()).expect("readable").count();
    assert_eq!(beside, 3, "something appeared outside the target");
    let mut found = Found::default();
    look(&target, &target, &mut found);
    if let Ok(report) = unpacked {
        let bytes: u64 = report.files.iter().map(|file| file.size_bytes).sum();
        assert!(bytes <= LIMITS.total_bytes_max);
    }
    assert!(found.bytes <= LIMITS.total_bytes_max + 4, "past the limit");
    assert!(found.entries <= LIMITS.entries_max * 8, "past the limit");
}

/// What lies in the target.
#[derive(Default)]
struct Found {
    bytes: u64,
    entries: u64,
}

/// Looks at everything below a directory. A link must lead to a place within the target.
fn look(directory: &Path, target: &Path, found: &mut Found) {
    for entry in fs::read_dir(directory).expect("readable") {
        let path = entry.expect("readable").path();
        let metadata = path.symlink_metadata().expect("it is there");
        found.entries += 1;
        if metadata.is_dir() {
            look(&path, target, found);
        } else if metadata.is_file() {
            found.bytes += metadata.len();
        } else {
            assert!(
                metadata.is_symlink(),
                "{} is a special file",
                path.display()
            );
            if let Ok(leads_to) = path.canonicalize() {
                let target = target.canonicalize().expect("it is there");
                assert!(
                    leads_to.starts_with(&target),
                    "{} leads out of the target",
                    path.display()
                );
            }
        }
    }
}
