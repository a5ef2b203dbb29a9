//! The unpacker for archives of whatever format: looks, opens, and unpacks one after the other.
//!
//! The one invariant: every archive is opened, and what it says about itself checked, before the
//! first byte of any is written. A set that cannot be unpacked fails within moments rather than
//! after its first fifty gigabytes.

use std::fs::File;
use std::io::Seek;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::detect::{Format, describe, detect, read_head};
use crate::error::UnpackError;
use crate::extractor::{Extractor, read_failed};
use crate::format::OpenArchive;
use crate::format::rar::Rar;
use crate::format::rar_volumes::{self, Volume, file_name};
use crate::format::sevenz::SevenZ;
use crate::format::tar::{TarArchive, Wrapping};
use crate::format::zip::Zip;
use crate::report::UnpackReport;
use crate::{UnpackJob, Unpacker};

/// Unpacks RAR, zip, 7z, tar, tar.gz and tar.zst, told apart by their content.
///
/// A RAR archive in several volumes is unpacked once, in the place of its first listed volume;
/// volumes that are not listed are looked for beside those that are. Archives must not change while
/// they are unpacked.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnyUnpacker;

impl Unpacker for AnyUnpacker {
    fn unpack(&self, job: UnpackJob<'_>) -> Result<UnpackReport, UnpackError> {
        let archives = open_all(&job)?;
        let bytes_total = archives
            .iter()
            .map(|archive| archive.facts().declared_bytes)
            .try_fold(0_u64, |sum, bytes| {
                bytes.map(|bytes| sum.saturating_add(bytes))
            });
        let mut out = Extractor::new(job, archives.len(), bytes_total);
        for archive in archives {
            tracing::debug!(archive = archive.facts().name, "unpacking");
            out.begin_archive(archive.facts().clone())?;
            guarded(archive, &mut out)?;
        }
        out.finish()
    }
}

/// Unpacks one archive. Readers of formats are large, and one that trips over an archive made to
/// trip it must not take the program with it.
fn guarded(archive: Box<dyn OpenArchive>, out: &mut Extractor<'_>) -> Result<(), UnpackError> {
    // After a panic `out` is only asked for an error and dropped.
    match catch_unwind(AssertUnwindSafe(|| archive.unpack_into(out))) {
        Ok(unpacked) => unpacked,
        Err(_) => Err(out.damaged("its reader gave up on it")),
    }
}

fn open_all(job: &UnpackJob<'_>) -> Result<Vec<Box<dyn OpenArchive>>, UnpackError> {
    let mut opened: Vec<(usize, Box<dyn OpenArchive>)> = Vec::new();
    let mut volumes = Vec::new();
    for (index, path) in job.archives.iter().enumerate() {
        if job.cancel.is_cancelled() {
            return Err(UnpackError::Cancelled);
        }
        match open(path, job)? {
            Opened::Archive(archive) => opened.push((index, archive)),
            Opened::RarVolume(volume) => volumes.push((index, *volume)),
        }
    }
    for (index, set) in rar_volumes::group(volumes, &job.limits)? {
        opened.push((index, Box::new(Rar::new(set, &job.limits)?)));
    }
    opened.sort_by_key(|(index, _)| *index);
    Ok(opened.into_iter().map(|(_, archive)| archive).collect())
}

enum Opened {
    Archive(Box<dyn OpenArchive>),
    RarVolume(Box<Volume>),
}

fn open(path: &Path, job: &UnpackJob<'_>) -> Result<Opened, UnpackError> {
    let name = file_name(path);
    let guard = name.clone();
    catch_unwind(AssertUnwindSafe(|| open_as_detected(path, name, job))).unwrap_or_else(|_| {
        Err(UnpackError::Damaged {
            archive: guard,
            detail: "its reader gave up on it".to_owned(),
        })
    })
}

fn open_as_detected(path: &Path, name: String, job: &UnpackJob<'_>) -> Result<Opened, UnpackError> {
    let failed = |source| UnpackError::Read {
        archive: name.clone(),
        source,
    };
    let mut file = File::open(path).map_err(failed)?;
    let head = read_head(&mut file).map_err(failed)?;
    file.rewind()
        .map_err(|error| read_failed(&name, error, None))?;
    let Some(format) = detect(&head) else {
        return Err(UnpackError::UnknownFormat {
            archive: name,
            found: describe(&head),
        });
    };
    Ok(match format {
        Format::Rar => Opened::RarVolume(Box::new(Volume::open(path, name, file, &job.limits)?)),
        Format::Zip => Opened::Archive(Box::new(Zip::open(name, file)?)),
        Format::SevenZ => Opened::Archive(Box::new(SevenZ::open(name, file)?)),
        Format::Tar => Opened::Archive(Box::new(TarArchive::open(name, file, Wrapping::Plain)?)),
        Format::Gzip => Opened::Archive(Box::new(TarArchive::open(name, file, Wrapping::Gzip)?)),
        Format::Zstd => Opened::Archive(Box::new(TarArchive::open(name, file, Wrapping::Zstd)?)),
    })
}
