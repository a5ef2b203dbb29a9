//! Says which files of a download are damaged.
//!
//! Invariant: a file is damaged if it is not what was downloaded, or not there; whatever else lies in
//! the root is none of the download.

use std::collections::BTreeMap;

use lanspread_db::{Manifest, ManifestFile, RelPath};

/// How many damaged files are named; the others are counted.
const FILES_NAMED_MAX: usize = 5;

/// What of `recorded` is not so in `found`, in words for people.
pub(super) fn describe(recorded: &Manifest, found: &Manifest) -> String {
    let there: BTreeMap<&RelPath, &ManifestFile> = found
        .files()
        .iter()
        .map(|file| (&file.path, file))
        .collect();
    let damaged: Vec<&str> = recorded
        .files()
        .iter()
        .filter(|file| there.get(&file.path) != Some(file))
        .map(|file| file.path.as_str())
        .collect();
    let shown = damaged.len().min(FILES_NAMED_MAX);
    let names = damaged[..shown].join("`, `");
    let more = match damaged.len() - shown {
        0 => String::new(),
        1 => " and one more file".to_owned(),
        more => format!(" and {more} more files"),
    };
    format!(
        "`{names}`{more} of {} {} not what was downloaded as version {}",
        recorded.game_id(),
        if damaged.len() == 1 { "is" } else { "are" },
        recorded.version()
    )
}

#[cfg(test)]
mod tests {
    use lanspread_db::{ContentHash, GameId, SENTINEL, Version};

    use super::*;

    /// A game of so many files, of which the first so many hold something else.
    fn manifest(files: usize, otherwise: usize) -> Manifest {
        let file = |path: &str, content: &[u8]| ManifestFile {
            path: RelPath::parse(path).unwrap(),
            size_bytes: 1,
            chunks: vec![ContentHash::of(content)],
        };
        let mut all: Vec<ManifestFile> = (0..files)
            .map(|n| file(&format!("file{n}"), &[u8::from(n < otherwise)]))
            .collect();
        all.push(file(SENTINEL, b"v"));
        let version = Version::parse("20200101").unwrap();
        Manifest::new(GameId::parse("quake").unwrap(), version, 1 << 18, all).unwrap()
    }

    #[test]
    fn damaged_files_are_named_up_to_the_limit_and_counted_past_it() {
        let said = |damaged| describe(&manifest(9, 0), &manifest(9, damaged));
        assert_eq!(
            said(1),
            "`file0` of quake is not what was downloaded as version 20200101"
        );
        let all = said(FILES_NAMED_MAX);
        assert!(all.starts_with("`file0`, `file1`, `file2`, `file3`, `file4` of quake are"));
        let one_more = said(FILES_NAMED_MAX + 1);
        assert!(
            one_more.contains("`file4` and one more file of quake are"),
            "{one_more}"
        );
        assert!(said(FILES_NAMED_MAX + 2).contains(" and 2 more files of quake are"));
    }

    #[test]
    fn a_file_that_is_not_there_is_damaged() {
        assert_eq!(
            describe(&manifest(2, 0), &manifest(1, 0)),
            "`file1` of quake is not what was downloaded as version 20200101"
        );
    }
}
