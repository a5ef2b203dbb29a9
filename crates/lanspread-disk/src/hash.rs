//! Reads the files of a game root and names their content.
//!
//! Invariant: a hash is remembered together with what the file looked like before and after it was
//! read, and only if that is the same; so a file that did not change is not read again, and one that
//! changes meanwhile is never named wrongly.

use std::{path::Path, sync::Arc};

use lanspread_core::{DiskFailure, DiskFailureKind, HashTrust, root::Entry, scan::damaged};
use lanspread_db::{ContentHash, GameId, Manifest};
use lanspread_unpack::CancelFlag;

use super::{
    HARD_DISK_BATCH_BYTES,
    failure::{Doing, aborted, failure},
    index::RootIndex,
    library::{Library, Root},
    observe::observe,
    port::{Access, Kind, Stamp},
    scan::{FilesState, Looked, first_difference, look, not_downloaded},
};

/// What was hashed is written to the index after this many bytes …
const SAVE_AFTER_BYTES: u64 = 1 << 30;
/// … or this many files, whichever comes first.
const SAVE_AFTER_FILES: u32 = 1000;

/// Hashes what of a root is not hashed yet and returns the manifest of all.
pub(crate) fn hash_root(
    library: &Library,
    id: &GameId,
    trust: HashTrust,
    progress: &dyn Fn(u64, u64),
    abort: &CancelFlag,
) -> Result<Arc<Manifest>, DiskFailure> {
    let observed = observe(library, id)?.root;
    let (Entry::File, Some(version)) = (observed.sentinel, observed.version) else {
        return Err(not_downloaded(id));
    };
    let Looked {
        mut index,
        state,
        recorded,
    } = look(library, id, Some(version))?;
    // What is wrong with a downloaded game is what its manifest will show.
    if let (FilesState::Unusable(problem), None) = (state, &recorded) {
        return Err(failure(
            DiskFailureKind::Foreign,
            format!("{id}: {problem}"),
        ));
    }
    if trust == HashTrust::Nothing {
        index.manifest = None;
        for file in &mut index.files {
            file.chunks = None;
        }
    }
    let root = library.root(id)?;
    let result = hash_files(&root, &mut index, progress, abort);
    let manifest = result.and_then(|()| {
        let files = index.manifest_files().unwrap_or_default();
        Manifest::new(id.clone(), version, index.chunk_bytes, files).map_err(|error| {
            failure(
                DiskFailureKind::Foreign,
                format!("{id} cannot be shared: {error}"),
            )
        })
    });
    if let Ok(manifest) = &manifest {
        index.manifest = Some(manifest.hash());
    }
    library.store.save_index(id, &index)?;
    library.served.forget(id);
    let manifest = manifest?;
    match recorded {
        // Whoever wants every byte read wants to know what is there; others would share it.
        Some((expected, recorded))
            if trust == HashTrust::Unchanged && expected != manifest.hash() =>
        {
            let path = first_difference(&index, &recorded);
            let problem = damaged(path, recorded.version());
            Err(failure(DiskFailureKind::Foreign, problem.message))
        }
        Some(_) | None => Ok(Arc::new(manifest)),
    }
}

fn hash_files(
    root: &Root<'_>,
    index: &mut RootIndex,
    progress: &dyn Fn(u64, u64),
    abort: &CancelFlag,
) -> Result<(), DiskFailure> {
    let total_bytes = index.total_bytes();
    let known = |file: &&super::index::IndexedFile| file.chunks.is_some();
    let mut done_bytes: u64 = index
        .files
        .iter()
        .filter(known)
        .map(|file| file.stamp.size_bytes)
        .sum();
    let (mut unsaved_bytes, mut unsaved_files) = (0, 0);
    progress(done_bytes, total_bytes);
    for at in 0..index.files.len() {
        if index.files[at].chunks.is_some() {
            continue;
        }
        let (path, stamp) = (index.files[at].path.clone(), index.files[at].stamp);
        let chunks = hash_file(
            root,
            path.as_str(),
            stamp,
            index.chunk_bytes,
            abort,
            &mut |bytes| {
                done_bytes += bytes;
                progress(done_bytes, total_bytes);
            },
        )?;
        index.files[at].chunks = Some(chunks);
        unsaved_bytes += stamp.size_bytes;
        unsaved_files += 1;
        if unsaved_bytes >= SAVE_AFTER_BYTES || unsaved_files >= SAVE_AFTER_FILES {
            root.library.store.save_index(root.id, index)?;
            (unsaved_bytes, unsaved_files) = (0, 0);
        }
    }
    Ok(())
}

/// Hashes one file that looks like `stamp`, chunk by chunk.
pub(crate) fn hash_file(
    root: &Root<'_>,
    path: &str,
    stamp: Stamp,
    chunk_bytes: u32,
    abort: &CancelFlag,
    read: &mut dyn FnMut(u64),
) -> Result<Vec<ContentHash>, DiskFailure> {
    let shown = || format!("{}/{path}", root.id);
    let file = root
        .folder
        .open_file(Path::new(path), Access::Read)
        .doing("open", shown())?;
    let unchanged = || -> Result<bool, DiskFailure> {
        let stat = file.stat().doing("look at", shown())?;
        Ok(stat.kind == Kind::File && stat.stamp == stamp)
    };
    let changed = || {
        failure(
            DiskFailureKind::NotFound,
            format!(
                "`{}` changed while it was being hashed: it is tried again once nobody writes it",
                shown()
            ),
        )
    };
    if !unchanged()? {
        return Err(changed());
    }
    let readers = &root.library.readers;
    // Whole chunks, on a hard disk several of them.
    let mut piece_bytes = u64::from(chunk_bytes);
    if readers.is_on_hard_disk(root.id) {
        piece_bytes *= (HARD_DISK_BATCH_BYTES as u64 / piece_bytes.max(1)).max(1);
    }
    let piece_len = usize::try_from(piece_bytes.min(stamp.size_bytes)).unwrap_or(usize::MAX);
    let mut buffer = vec![0; piece_len];
    let mut chunks = Vec::new();
    let mut offset_bytes = 0;
    while offset_bytes < stamp.size_bytes {
        if abort.is_cancelled() {
            return Err(aborted());
        }
        let want_bytes = (stamp.size_bytes - offset_bytes).min(piece_bytes);
        let want = &mut buffer[..usize::try_from(want_bytes).unwrap_or(piece_len)];
        let way = ((path, offset_bytes), (path, offset_bytes + want_bytes));
        let came = readers.in_turn(root.id, way, || file.read_at(want, offset_bytes));
        if came.doing("read", shown())? < want.len() {
            return Err(changed());
        }
        chunks.extend(
            want.chunks((chunk_bytes as usize).max(1))
                .map(ContentHash::of),
        );
        offset_bytes += want_bytes;
        read(want_bytes);
    }
    if unchanged()? {
        Ok(chunks)
    } else {
        Err(changed())
    }
}
