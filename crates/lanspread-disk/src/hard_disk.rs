//! Which disk a path lies on, if it is one that turns, as far as this system says.
//!
//! Invariant: where the system does not say, nothing turns: several readers at a time cost a hard disk
//! some time, and one at a time would cost every other disk more. It reads names of devices and no game.

use std::path::Path;

use super::port::HardDisk;

/// The hard disk that `path` lies on.
#[cfg(target_os = "linux")]
pub(super) fn hard_disk(path: &Path) -> Option<HardDisk> {
    use std::os::unix::fs::MetadataExt as _;

    let device = std::fs::metadata(path).ok()?.dev();
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    turning(Path::new("/sys/dev/block"), major, minor)
}

/// Windows and macOS are not asked: what Windows answers to a seek penalty query needs a handle of the volume,
/// which only administrators get.
#[cfg(not(target_os = "linux"))]
pub(super) fn hard_disk(_path: &Path) -> Option<HardDisk> {
    None
}

/// The disk of a device, as Linux lists them below `devices`, if it turns. Partitions lie in the directory
/// of their disk.
#[cfg(target_os = "linux")]
fn turning(devices: &Path, major: u32, minor: u32) -> Option<HardDisk> {
    let device = devices.join(format!("{major}:{minor}"));
    let of = |disk: &Path| {
        let turns = std::fs::read_to_string(disk.join("queue/rotational")).ok()?;
        let number = std::fs::read_to_string(disk.join("dev")).ok()?;
        Some((turns.trim() == "1", number))
    };
    let (turns, number) = of(&device).or_else(|| of(device.canonicalize().ok()?.parent()?))?;
    let (major, minor) = number.trim().split_once(':')?;
    let (major, minor): (u32, u32) = (major.parse().ok()?, minor.parse().ok()?);
    turns.then_some(HardDisk((u64::from(major) << 32) | u64::from(minor)))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    /// A listing with a disk `sda` that turns and one that does not, each with a partition.
    fn listing() -> tempfile::TempDir {
        let sys = tempfile::tempdir().unwrap();
        let listed = sys.path().join("dev/block");
        fs::create_dir_all(&listed).unwrap();
        for (disk, number, turns) in [("sda", 0, "1\n"), ("sdb", 16, "0\n")] {
            let of_disk = sys.path().join("devices").join(disk);
            let partition = of_disk.join(format!("{disk}1"));
            fs::create_dir_all(of_disk.join("queue")).unwrap();
            fs::create_dir_all(&partition).unwrap();
            fs::write(of_disk.join("queue/rotational"), turns).unwrap();
            for (at, number) in [(&of_disk, number), (&partition, number + 1)] {
                fs::write(at.join("dev"), format!("8:{number}\n")).unwrap();
                symlink(at, listed.join(format!("8:{number}"))).unwrap();
            }
        }
        sys
    }

    #[test]
    fn partitions_of_a_disk_that_turns_are_that_disk_and_others_are_none() {
        let sys = listing();
        let listed = sys.path().join("dev/block");
        let disk = turning(&listed, 8, 0);
        assert!(disk.is_some());
        assert_eq!(turning(&listed, 8, 1), disk);
        for minor in [16, 17, 99] {
            assert_eq!(turning(&listed, 8, minor), None, "{minor}");
        }
    }

    #[test]
    fn what_lies_in_memory_or_nowhere_turns_nowhere() {
        assert_eq!(hard_disk(Path::new("/proc/self")), None);
        assert_eq!(hard_disk(Path::new("/nowhere/at/all")), None);
    }
}
