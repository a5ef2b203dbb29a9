//! Where the scripts of a game root lie.
//!
//! Invariant: a script is a regular file directly in the root; a link is none, since it could lead
//! anywhere.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use lanspread_db::Script;

/// Where the script lies; of several that differ in capitals the first in the order of their names is taken.
pub(crate) fn find(root: &Path, script: Script) -> io::Result<Option<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_it = name.to_str().and_then(Script::of_file) == Some(script);
        if is_it && entry.file_type()?.is_file() {
            found.push(entry.path());
        }
    }
    Ok(found.into_iter().min())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_a_file_of_the_root_in_whatever_capitals() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(find(dir.path(), Script::Start).expect("readable"), None);
        let name = Script::Start.file_name().to_uppercase();
        fs::create_dir(dir.path().join("local")).expect("writable");
        fs::write(dir.path().join("local").join(Script::Start.file_name()), "").expect("writable");
        assert_eq!(find(dir.path(), Script::Start).expect("readable"), None);
        fs::write(dir.path().join(&name), "").expect("writable");
        let found = find(dir.path(), Script::Start).expect("readable");
        assert_eq!(found, Some(dir.path().join(name)));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_no_script() {
        let dir = tempfile::tempdir().expect("a directory");
        let link = dir.path().join(Script::Start.file_name());
        std::os::unix::fs::symlink("/bin/true", link).expect("writable");
        assert_eq!(find(dir.path(), Script::Start).expect("readable"), None);
    }
}
