//! Finds the volumes of RAR archives that come in several files.
//!
//! The one invariant: a set has all its volumes in order, or there is no set but an error that
//! names the missing one. It opens files and reads headers; it decodes nothing.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};

use rars::{Archive, ArchiveReadOptions, ArchiveReader, rar15_40, rar50};

use super::rar::rar_failed;
use crate::error::UnpackError;
use crate::extractor::read_failed;
use crate::limits::UnpackLimits;
use crate::read_ahead::ReadAhead;
use crate::text::printable;

/// Headers beyond one per entry that an archive may have: comments, recovery records, permissions.
const HEADERS_PER_ENTRY_MAX: u64 = 4;

/// Headers that an archive may have however few entries it may.
const HEADERS_ALWAYS: u64 = 64;

/// The flag of a RAR 1.5 to 4 end record that says that another volume follows.
const RAR4_END_NEXT_VOLUME: u16 = 0x0001;
/// The flag of a RAR 1.5 to 4 file header that says that its content goes on in the next volume.
const RAR4_FILE_SPLIT_AFTER: u16 = 0x0002;
/// One file of a RAR archive, with its headers read.
pub(crate) struct Volume {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    pub(crate) archive: Archive,
    pub(crate) packed_bytes: u64,
}

/// Where a volume stands in its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The archive is one file.
    Alone,
    First,
    /// A later volume, with its number from zero where the format says it.
    Later(Option<u64>),
}

impl Volume {
    pub(crate) fn open(
        path: &Path,
        name: String,
        file: File,
        limits: &UnpackLimits,
    ) -> Result<Self, UnpackError> {
        let packed_bytes = file
            .metadata()
            .map_err(|error| read_failed(&name, error, None))?
            .len();
        let headers_max = limits.entries_max.saturating_mul(HEADERS_PER_ENTRY_MAX);
        let options =
            ArchiveReadOptions::new().with_max_header_count(headers_max.max(HEADERS_ALWAYS));
        let archive = ArchiveReader::read_reader_with_options(ReadAhead::new(file), options)
            .map_err(|error| rar_failed(&name, limits, &error))?;
        let volume = Self {
            path: path.to_owned(),
            name,
            archive,
            packed_bytes,
        };
        if volume.has_end() {
            Ok(volume)
        } else {
            Err(UnpackError::Damaged {
                archive: volume.name,
                detail: "its end is missing".to_owned(),
            })
        }
    }

    fn place(&self) -> Place {
        match &self.archive {
            Archive::Rar50Plus(archive) if archive.main.is_volume() => {
                match archive.main.volume_number {
                    None | Some(0) => Place::First,
                    number => Place::Later(number),
                }
            }
            Archive::Rar15To40(archive) if archive.main.is_volume() => {
                // The flag for the first volume is no help: RAR 2 sets it on none, RAR 3.00 on all.
                let continues = archive
                    .files()
                    .next()
                    .is_some_and(rar15_40::FileHeader::is_split_before);
                if continues || is_later_name(&self.name) {
                    Place::Later(None)
                } else {
                    Place::First
                }
            }
            _ => Place::Alone,
        }
    }

    /// Says whether another volume follows this one.
    fn has_next(&self) -> bool {
        match &self.archive {
            Archive::Rar50Plus(archive) => matches!(
                archive.blocks.last(),
                Some(rar50::Block::End(end)) if end.has_next_volume()
            ),
            Archive::Rar15To40(archive) => {
                let told = matches!(
                    archive.blocks.last(),
                    Some(rar15_40::Block::End(end)) if end.flags & RAR4_END_NEXT_VOLUME != 0
                );
                let goes_on = archive
                    .files()
                    .last()
                    .is_some_and(|file| file.block.flags & RAR4_FILE_SPLIT_AFTER != 0);
                archive.main.is_volume() && (told || goes_on)
            }
            _ => false,
        }
    }

    /// Says whether the archive is complete up to its end. Without this check, one that was cut
    /// between two entries would pass.
    ///
    /// Before RAR 5, not every packer wrote a record that marks the end. Without one, the last
    /// entry has to end where the file does; a cut exactly there cannot be told.
    fn has_end(&self) -> bool {
        match &self.archive {
            Archive::Rar50Plus(archive) => {
                matches!(archive.blocks.last(), Some(rar50::Block::End(_)))
            }
            Archive::Rar15To40(archive) => match archive.blocks.last() {
                Some(rar15_40::Block::File(file)) => ends_at(&file.packed_range, self.packed_bytes),
                Some(rar15_40::Block::NewSub(sub)) => {
                    ends_at(&sub.file.packed_range, self.packed_bytes)
                }
                _ => true,
            },
            _ => true,
        }
    }
}

fn ends_at(range: &Range<usize>, file_bytes: u64) -> bool {
    range.end as u64 == file_bytes
}

/// Groups the RAR files of a job into sets, each in the order of its volumes, and fetches volumes
/// that lie beside them but were not listed. Sets come in the order of their first listed file.
pub(crate) fn group(
    listed: Vec<(usize, Volume)>,
    limits: &UnpackLimits,
) -> Result<Vec<(usize, Vec<Volume>)>, UnpackError> {
    let mut firsts = Vec::new();
    let mut later = VecDeque::new();
    for (index, volume) in listed {
        match volume.place() {
            Place::Alone | Place::First => firsts.push((index, volume)),
            Place::Later(_) => later.push_back((index, volume)),
        }
    }
    let mut sets = Vec::new();
    for (index, first) in firsts {
        let mut set_index = index;
        let mut set = vec![first];
        while let Some(last) = set.last().filter(|last| last.has_next()) {
            let (listed_index, next) = next_volume(last, set.len(), &mut later, limits)?;
            set_index = set_index.min(listed_index.unwrap_or(set_index));
            check_place(&next, set.len())?;
            set.push(next);
        }
        sets.push((set_index, set));
    }
    if let Some((_, orphan)) = later.pop_front() {
        return Err(UnpackError::MissingVolume {
            archive: orphan.name,
            volume: "1".to_owned(),
        });
    }
    Ok(sets)
}

/// Finds the volume after `last`: by its name among the listed ones, by its name beside them, and
/// at last by taking the next listed one, because players rename.
fn next_volume(
    last: &Volume,
    number: usize,
    later: &mut VecDeque<(usize, Volume)>,
    limits: &UnpackLimits,
) -> Result<(Option<usize>, Volume), UnpackError> {
    let names = next_names(&last.name);
    let by_name = later.iter().position(|(_, volume)| {
        volume.path.parent() == last.path.parent()
            && names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(&volume.name))
    });
    if let Some((index, volume)) = by_name.and_then(|at| later.remove(at)) {
        return Ok((Some(index), volume));
    }
    if let Some(path) = find_beside(&last.path, &names) {
        let name = file_name(&path);
        let file = File::open(&path).map_err(|error| read_failed(&name, error, None))?;
        return Volume::open(&path, name, file, limits).map(|volume| (None, volume));
    }
    let by_number = later.iter().position(|(_, volume)| match volume.place() {
        Place::Later(Some(found)) => found == number as u64,
        Place::Later(None) => true,
        Place::Alone | Place::First => false,
    });
    match by_number.and_then(|at| later.remove(at)) {
        Some((index, volume)) => Ok((Some(index), volume)),
        None => Err(UnpackError::MissingVolume {
            archive: last.name.clone(),
            volume: names
                .into_iter()
                .next()
                .unwrap_or_else(|| (number + 1).to_string()),
        }),
    }
}

fn check_place(volume: &Volume, number: usize) -> Result<(), UnpackError> {
    let fits = match volume.place() {
        Place::Later(None) => true,
        Place::Later(Some(found)) => found == number as u64,
        Place::Alone | Place::First => false,
    };
    if fits {
        return Ok(());
    }
    Err(UnpackError::Damaged {
        archive: volume.name.clone(),
        detail: format!("it is not volume {} of its set", number + 1),
    })
}

fn find_beside(path: &Path, names: &[String]) -> Option<PathBuf> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let entries = fs::read_dir(directory.unwrap_or(Path::new("."))).ok()?;
    let beside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    names.iter().find_map(|name| {
        beside
            .iter()
            .find(|path| file_name(path).eq_ignore_ascii_case(name))
            .cloned()
    })
}

pub(crate) fn file_name(path: &Path) -> String {
    printable(&path.file_name().unwrap_or(OsStr::new("")).to_string_lossy())
}

/// The names that the volume after `name` may have, the likeliest first.
fn next_names(name: &str) -> Vec<String> {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let mut names = Vec::new();
    // game.part01.rar → game.part02.rar
    if let Some((base, number)) = split_part_number(stem)
        && let Some(next) = increment(number)
    {
        names.push(format!("{base}{next}.{extension}"));
    }
    // game.rar → game.r00 → game.r01 … game.r99 → game.s00; game.eti → game.e00 or game.r00
    if is_old_continuation(name) {
        let (letter, number) = extension.split_at(1);
        names.push(match increment(number) {
            Some(next) if next.len() == number.len() => format!("{stem}.{letter}{next}"),
            _ => format!("{stem}.{}00", next_letter(letter)),
        });
    } else if !extension.is_empty() && extension.is_char_boundary(1) {
        names.push(format!("{stem}.r00"));
        names.push(format!("{stem}.{}00", &extension[..1]));
    }
    names
}

/// Splits `game.part01` into `game.part` and `01`.
fn split_part_number(stem: &str) -> Option<(&str, &str)> {
    let base = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = &stem[base.len()..];
    let is_part = base.to_ascii_lowercase().ends_with("part") && !number.is_empty();
    is_part.then_some((base, number))
}

/// Says whether a name is that of a volume after the first, in either style.
fn is_later_name(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let part = split_part_number(stem).and_then(|(_, number)| number.parse::<u32>().ok());
    is_old_continuation(name) || part.is_some_and(|part| part > 1)
}

/// Says whether a name ends like that of a later volume of the old kind: a letter and two digits.
fn is_old_continuation(name: &str) -> bool {
    let extension = name
        .rsplit_once('.')
        .map_or("", |(_, extension)| extension)
        .as_bytes();
    matches!(extension, [letter, number @ ..]
        if letter.is_ascii_alphabetic() && number.len() == 2 && number.iter().all(u8::is_ascii_digit))
}

/// Adds one to a decimal number, keeping leading zeros.
fn increment(number: &str) -> Option<String> {
    let next = number.parse::<u32>().ok()?.checked_add(1)?;
    Some(format!("{next:0width$}", width = number.len()))
}

fn next_letter(letter: &str) -> char {
    letter
        .bytes()
        .next()
        .map_or('s', |letter| char::from(letter.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::*;
    use crate::error::LimitKind;

    /// What comes of opening an archive of so many empty files.
    fn opened(files: u64, entries_max: u64) -> Result<Volume, UnpackError> {
        let mut builder = rars::Builder::new(rars::ArchiveVersion::Rar50).store(true);
        for n in 0..files {
            let name = format!("file{n}").into_bytes();
            builder.add_bytes(name, Vec::new(), None, None).unwrap();
        }
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&builder.to_bytes().unwrap()).unwrap();
        file.rewind().unwrap();
        let limits = UnpackLimits {
            entries_max,
            ..UnpackLimits::default()
        };
        Volume::open(Path::new("game.eti"), "game.eti".to_owned(), file, &limits)
    }

    /// The most files that are read.
    fn files_read(entries_max: u64) -> u64 {
        let is_past = |files: &u64| opened(files + 1, entries_max).is_err();
        let most = (1..1_000).find(is_past).unwrap();
        let past = opened(most + 1, entries_max).err();
        assert!(
            matches!(
                past,
                Some(UnpackError::LimitExceeded {
                    limit: LimitKind::Entries,
                    ..
                })
            ),
            "{past:?}"
        );
        most
    }

    #[test]
    fn headers_are_read_up_to_the_limit_and_not_past_it() {
        let others = HEADERS_ALWAYS - files_read(1);
        assert!((2..5).contains(&others), "those that begin and end it");
        let few = HEADERS_ALWAYS / HEADERS_PER_ENTRY_MAX;
        assert_eq!(files_read(few) + others, HEADERS_ALWAYS);
        for entries_max in [few + 1, 2 * few] {
            let limit = entries_max * HEADERS_PER_ENTRY_MAX;
            assert_eq!(files_read(entries_max) + others, limit);
        }
    }

    #[test]
    fn volume_names_count_on_in_both_styles() {
        for (name, next) in [
            ("game.part1.rar", "game.part2.rar"),
            ("game.part09.eti", "game.part10.eti"),
            ("game.Part99.rar", "game.Part100.rar"),
            ("game.rar", "game.r00"),
            ("game.r00", "game.r01"),
            ("game.r99", "game.s00"),
            ("my.game.v2.R41", "my.game.v2.R42"),
        ] {
            assert_eq!(
                next_names(name).first().map(String::as_str),
                Some(next),
                "{name}"
            );
        }
        for (name, later) in [
            ("game.part1.rar", false),
            ("game.part01.eti", false),
            ("game.part2.eti", true),
            ("game.rar", false),
            ("game.r00", true),
            ("game.eti", false),
            ("apart.rar", false),
        ] {
            assert_eq!(is_later_name(name), later, "{name}");
        }
        assert!(next_names("game.eti").contains(&"game.e00".to_owned()));
        assert!(next_names("game").is_empty());
        assert!(next_names("spiel.ä").is_empty());
    }
}
