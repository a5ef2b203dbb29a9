//! The player's name and language in the files that games keep them in.
//!
//! Invariant: of each kind the first file is changed, depth first in alphabetical order, and no other; links
//! are not followed; every byte that does not say the name or the language is kept.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use lanspread_jsonl::Language;

use super::Player;

/// Most entries of a game that are looked through for such files.
pub const STAMP_ENTRIES_MAX: usize = 200_000;

/// Longest `SmartSteamEmu.ini` that is changed.
pub const INI_BYTES_MAX: u64 = 1024 * 1024;

/// What the line with the player's name begins with.
const PERSONA: &[u8] = b"PersonaName =";

/// The files that hold a player's name or language.
const NAMES: [&str; 3] = ["account_name.txt", "language.txt", "SmartSteamEmu.ini"];

/// Writes name and language below `local`; what was written where, for the log.
///
/// # Errors
/// What cannot be read or written, for people.
pub(crate) fn stamp(local: &Path, player: &Player) -> Result<Vec<String>, String> {
    let found = search(local).map_err(|error| {
        format!(
            "the files of the game in {} cannot be looked through: {error}",
            local.display()
        )
    })?;
    let [account, language, emulator] = found;
    let mut notes = Vec::new();
    let mut write = |path: PathBuf, bytes: &[u8]| {
        replace(&path, bytes)
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        notes.push(path.display().to_string());
        Ok::<(), String>(())
    };
    if let Some(path) = account {
        write(path, player.name.as_bytes())?;
    }
    if let Some(path) = language {
        write(path, in_words(player.language).as_bytes())?;
    }
    if let Some(path) = emulator
        && let Some(bytes) = read_ini(&path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?
            .and_then(|bytes| with_persona(&bytes, &player.name))
    {
        write(path, &bytes)?;
    }
    Ok(notes)
}

const fn in_words(language: Language) -> &'static str {
    match language {
        Language::De => "german",
        Language::En => "english",
        Language::Fr => "french",
    }
}

/// The first file of each name, depth first, in alphabetical order.
fn search(local: &Path) -> io::Result<[Option<PathBuf>; 3]> {
    let mut found = [const { None }; 3];
    let mut seen = 0;
    // The next to look at is the last: each directory's entries go on in reverse order.
    let mut waiting = vec![local.to_owned()];
    while let Some(path) = waiting.pop() {
        if found.iter().all(Option::is_some) {
            break;
        }
        let kind = fs::symlink_metadata(&path)?.file_type();
        if kind.is_file() {
            let is_it = |name: &str| path.file_name().is_some_and(|own| is(own, name));
            if let Some(at) = NAMES.iter().position(|name| is_it(name))
                && found[at].is_none()
            {
                found[at] = Some(path);
            }
        } else if kind.is_dir() {
            let mut entries = fs::read_dir(&path)?
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<io::Result<Vec<PathBuf>>>()?;
            seen += entries.len();
            check_seen(seen)?;
            entries.sort_by(|one, other| other.cmp(one));
            waiting.extend(entries);
        }
    }
    Ok(found)
}

/// A game that has more is none that keeps a player's name in a file of its own.
fn check_seen(entries: usize) -> io::Result<()> {
    if entries > STAMP_ENTRIES_MAX {
        let message = format!("there are more than {STAMP_ENTRIES_MAX} of them");
        return Err(io::Error::other(message));
    }
    Ok(())
}

fn is(own: &OsStr, name: &str) -> bool {
    own.to_str()
        .is_some_and(|own| own.eq_ignore_ascii_case(name))
}

/// `None` for a file that is too long to be what its name says.
fn read_ini(path: &Path) -> io::Result<Option<Vec<u8>>> {
    if fs::metadata(path)?.len() > INI_BYTES_MAX {
        return Ok(None);
    }
    fs::read(path).map(Some)
}

/// The file with the player's name in its first line for that; `None` if it has no such line.
fn with_persona(bytes: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(PERSONA) {
            let end = line
                .iter()
                .rposition(|byte| !matches!(byte, b'\r' | b'\n'))
                .map_or(0, |last| last + 1);
            let mut changed = bytes[..at].to_vec();
            changed.extend_from_slice(PERSONA);
            changed.push(b' ');
            changed.extend_from_slice(name.as_bytes());
            changed.extend_from_slice(&bytes[at + end..]);
            return Some(changed);
        }
        at += line.len();
    }
    None
}

/// Writes beside the file first: a disk that is full in the middle leaves the old one.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("lanspread-tmp");
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        drop(fs::remove_file(&beside));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anna() -> Player {
        Player {
            name: "Änna".to_owned(),
            language: Language::De,
        }
    }

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a directory");
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("writable");
            fs::write(path, text).expect("writable");
        }
        dir
    }

    fn text(dir: &tempfile::TempDir, path: &str) -> String {
        fs::read_to_string(dir.path().join(path)).expect("readable")
    }

    #[test]
    fn the_first_file_of_each_kind_is_told_and_no_other() {
        let dir = tree(&[
            ("b/account_name.txt", "x"),
            ("a/deep/account_name.txt", "x"),
            ("a/Language.TXT", "x"),
            ("z.txt", "x"),
        ]);
        let notes = stamp(dir.path(), &anna()).expect("stamped");
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert_eq!(text(&dir, "a/deep/account_name.txt"), "Änna");
        assert_eq!(text(&dir, "b/account_name.txt"), "x");
        assert_eq!(text(&dir, "a/Language.TXT"), "german");
        assert_eq!(text(&dir, "z.txt"), "x");
    }

    #[test]
    fn a_game_without_such_files_is_left_alone() {
        let dir = tree(&[("readme.txt", "x")]);
        assert_eq!(stamp(dir.path(), &anna()), Ok(Vec::new()));
    }

    #[test]
    fn of_an_ini_only_the_name_changes() {
        let before =
            b"[a]\r\n# PersonaName = no\r\nPersonaName = old\r\nPersonaName = kept\r\n\xff";
        let after = with_persona(before, "Anna").expect("it has the line");
        assert_eq!(
            after,
            b"[a]\r\n# PersonaName = no\r\nPersonaName = Anna\r\nPersonaName = kept\r\n\xff"
        );
        assert_eq!(
            with_persona(b"PersonaName =", "A").as_deref(),
            Some(&b"PersonaName = A"[..])
        );
        assert_eq!(with_persona(b"PersonaName=x", "A"), None);
        assert_eq!(with_persona(b"", "A"), None);
    }

    #[test]
    fn an_ini_at_the_limit_is_changed_and_one_past_it_is_not() {
        let line = "PersonaName = old\n";
        let most = usize::try_from(INI_BYTES_MAX).expect("small");
        for (extra, changed) in [(0, true), (1, false)] {
            let ini = format!("{line}{}", "x".repeat(most - line.len() + extra));
            let dir = tree(&[("SmartSteamEmu.ini", &ini)]);
            let notes = stamp(dir.path(), &anna()).expect("looked at");
            assert_eq!(notes.len(), usize::from(changed));
        }
    }

    #[test]
    fn as_many_entries_as_the_limit_are_looked_through_and_no_more() {
        assert!(check_seen(STAMP_ENTRIES_MAX).is_ok());
        assert!(check_seen(STAMP_ENTRIES_MAX + 1).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let outside = tree(&[("account_name.txt", "x"), ("in/account_name.txt", "x")]);
        let dir = tree(&[("c.txt", "x")]);
        let link = |to: &str, name: &str| {
            std::os::unix::fs::symlink(outside.path().join(to), dir.path().join(name))
        };
        link("account_name.txt", "account_name.txt").expect("writable");
        link("in", "a").expect("writable");
        assert_eq!(stamp(dir.path(), &anna()), Ok(Vec::new()));
        assert_eq!(text(&outside, "account_name.txt"), "x");
    }
}
