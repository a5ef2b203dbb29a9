//! The real disk side on a virtual disk, with one game in two versions.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use lanspread_core::{
    AfterDownload, DiskFailure, DiskFailureKind, HashTrust,
    root::{DownloadIntent, Goal, Next, Step, next_step},
};
use lanspread_db::{GameId, Manifest, ManifestFile, RelPath, Version};
use lanspread_disk::{Disk, Unreadable};
use lanspread_unpack::CancelFlag;

use super::super::{planted::PlantedFault, *};

pub(super) const ROOT: &str = "/games/quake";

/// A version of the game, by path in its root.
pub(super) type Files = BTreeMap<String, Arc<Content>>;

pub(super) fn id() -> GameId {
    GameId::parse("quake").unwrap()
}

fn files<const N: usize>(all: [(&str, Content); N]) -> Files {
    all.into_iter()
        .map(|(path, content)| (path.to_owned(), Arc::new(content)))
        .collect()
}

pub(super) fn old() -> Files {
    let packed = pack([("bin/game", &b"v1"[..]), ("config", b"default")]);
    files([
        ("version.ini", "20200101".into()),
        ("game.eti", packed.as_slice().into()),
        ("data/shared.pak", Content::noise(3, 300_000)),
        ("data/gone.pak", Content::noise(4, 5_000)),
    ])
}

pub(super) fn new() -> Files {
    let packed = pack([("bin/game", &b"v2"[..]), ("config", b"new"), ("more", b"x")]);
    files([
        ("version.ini", "20210101".into()),
        ("game.eti", packed.as_slice().into()),
        ("data/shared.pak", Content::noise(3, 300_000)),
        ("data/new/deep.pak", Content::noise(6, 600_000)),
        ("data/empty", "".into()),
    ])
}

pub(super) fn manifest(files: &Files) -> Arc<Manifest> {
    let total = files.values().map(|content| content.len_bytes()).sum();
    let chunk_bytes = Manifest::chunk_bytes_for(total);
    let version = Version::from_version_ini(&files["version.ini"].to_bytes()).unwrap();
    let listed = files
        .iter()
        .map(|(path, content)| ManifestFile {
            path: RelPath::parse(path).unwrap(),
            size_bytes: content.len_bytes(),
            chunks: content.chunk_hashes(chunk_bytes).to_vec(),
        })
        .collect();
    Arc::new(Manifest::new(id(), version, chunk_bytes, listed).unwrap())
}

/// A disk with an empty game directory.
pub(super) fn machine() -> VirtualDisk {
    let disk = VirtualDisk::default();
    disk.make_folder("/games").unwrap();
    disk
}

/// Starts the disk side, perhaps with a fault planted.
pub(super) fn boot(disk: &VirtualDisk, fault: Option<PlantedFault>) -> Result<Disk, DiskFailure> {
    let mounted = match fault {
        Some(fault) => fault.wrap(disk.mount()),
        None => disk.mount(),
    };
    let side = Disk::with_file_system(mounted, Path::new("/state"), Arc::new(UnpacksItself))?;
    side.open_game_dir(Path::new("/games"), Unreadable::Refused)?;
    Ok(side)
}

/// Takes steps until the goal is reached; says which.
pub(super) fn reach(side: &Disk, goal: &Goal) -> Result<Vec<Step>, DiskFailure> {
    let mut steps = Vec::new();
    loop {
        match next_step(goal, &side.observe_root(&id())?) {
            Next::Take(step) => {
                side.run_step(&id(), &step, &|_| {}, &CancelFlag::new())?;
                steps.push(step);
            }
            Next::Done => return Ok(steps),
            Next::Blocked(blocked) => {
                return Err(DiskFailure {
                    kind: DiskFailureKind::Foreign,
                    message: blocked.message,
                });
            }
        }
        assert!(steps.len() < 50, "does not end: {steps:?}");
    }
}

pub(super) fn prepare(
    side: &Disk,
    files: &Files,
    intent: DownloadIntent,
) -> Result<(), DiskFailure> {
    let manifest = manifest(files);
    let prepared = side.prepare_download(
        &manifest,
        intent,
        AfterDownload::Keep,
        &|_, _| {},
        &CancelFlag::new(),
    )?;
    let download = side.download(&id())?;
    for chunk in manifest.chunk_refs() {
        if prepared.stored.contains(&chunk) {
            continue;
        }
        let info = manifest.chunk(chunk).unwrap();
        let from = usize::try_from(info.offset_bytes).unwrap();
        let bytes = files[info.path.as_str()].to_bytes();
        download.store_chunk(chunk, &bytes[from..from + info.len_bytes as usize])?;
    }
    Ok(())
}

pub(super) fn download(
    side: &Disk,
    files: &Files,
    intent: DownloadIntent,
) -> Result<(), DiskFailure> {
    prepare(side, files, intent)?;
    let manifest = manifest(files).hash();
    reach(side, &Goal::Switch { manifest }).map(drop)
}

/// The manifest of what lies there, read anew.
pub(super) fn hash(side: &Disk) -> Result<Arc<Manifest>, DiskFailure> {
    side.hash_root(&id(), HashTrust::Nothing, &|_, _| {}, &CancelFlag::new())
}
