//! Decides where a symbolic link leads, without asking the disk.
//!
//! The one invariant: a link that [`resolve`] accepts leads, through however many other links, to
//! something inside the target at every step. It works on the finished [`Tree`], because what a
//! link passes through is only known when everything is in place.

use std::collections::VecDeque;

use crate::entry_path::{has_drive_prefix, is_separator};
use crate::error::EntryRefusal;
use crate::tree::{NodeKind, Tree};

/// Links that one link may lead through, as operating systems have it.
const LINK_HOPS_MAX: usize = 40;

/// What a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    Directory,
    File,
    Nothing,
}

/// Reads what a link holds, and gives it '/' as its separator.
pub(crate) fn parse_target(raw: &[u8]) -> Result<String, EntryRefusal> {
    let text = std::str::from_utf8(raw)
        .map_err(|_| EntryRefusal::LinkLeaves(String::from_utf8_lossy(raw).into_owned()))?;
    let leaves = text.is_empty()
        || text.starts_with(is_separator)
        || has_drive_prefix(text)
        || text.chars().any(char::is_control);
    if leaves {
        return Err(EntryRefusal::LinkLeaves(text.escape_debug().to_string()));
    }
    Ok(text.replace('\\', "/"))
}

/// Follows a link that lies at `path` and holds `points_to`.
pub(crate) fn resolve(
    tree: &Tree,
    path: &str,
    points_to: &str,
) -> Result<Destination, EntryRefusal> {
    let leaves = || EntryRefusal::LinkLeaves(points_to.to_owned());
    let mut here: Vec<String> = components(path);
    here.pop();
    let mut ahead: VecDeque<String> = components(points_to).into();
    let mut hops = 0;
    let mut found = Destination::Directory;
    while let Some(component) = ahead.pop_front() {
        if component == "." {
            continue;
        }
        if component == ".." {
            here.pop().ok_or_else(leaves)?;
            found = Destination::Directory;
            continue;
        }
        here.push(component);
        match tree.get(&here.join("/")).map(|node| &node.kind) {
            None => found = Destination::Nothing,
            Some(NodeKind::Directory) => found = Destination::Directory,
            Some(NodeKind::File { .. }) => found = Destination::File,
            Some(NodeKind::Link { points_to }) => {
                hops += 1;
                if hops > LINK_HOPS_MAX {
                    return Err(EntryRefusal::LinkLoop);
                }
                here.pop();
                for component in components(points_to).into_iter().rev() {
                    ahead.push_front(component);
                }
                found = Destination::Directory;
            }
        }
        // Beyond a file or a gap there is nothing, but the climb is still counted: what is no
        // directory today may be one tomorrow.
        if found != Destination::Directory && !ahead.is_empty() {
            check_climb(here.len(), &ahead)
                .then_some(())
                .ok_or_else(leaves)?;
            return Ok(Destination::Nothing);
        }
    }
    Ok(found)
}

fn check_climb(mut depth: usize, ahead: &VecDeque<String>) -> bool {
    for component in ahead {
        if component == ".." {
            let Some(above) = depth.checked_sub(1) else {
                return false;
            };
            depth = above;
        } else if component != "." {
            depth += 1;
        }
    }
    true
}

/// Splits a path. What is empty counts as `.`: like that, it means "and this is a directory".
fn components(path: &str) -> Vec<String> {
    path.split('/')
        .map(|component| if component.is_empty() { "." } else { component })
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry_path::EntryPath;
    use crate::limits::UnpackLimits;

    fn tree(files: &[&str], links: &[(&str, &str)]) -> Tree {
        let path = |name: &str| {
            EntryPath::parse(name.as_bytes(), &UnpackLimits::default())
                .unwrap()
                .unwrap()
        };
        let mut tree = Tree::default();
        for file in files {
            tree.place_leaf(&path(file), NodeKind::File { size_bytes: 0 }, 0)
                .unwrap();
        }
        for (link, points_to) in links {
            let kind = NodeKind::Link {
                points_to: (*points_to).to_owned(),
            };
            tree.place_leaf(&path(link), kind, 0).unwrap();
        }
        tree
    }

    #[test]
    fn links_that_stay_inside_lead_to_what_is_there() {
        let tree = tree(
            &["lib/real.so", "data/maps/one"],
            &[("hop", "data"), ("deep/up", "..")],
        );
        for (path, points_to, destination) in [
            ("lib/link", "real.so", Destination::File),
            ("link", "lib/./real.so", Destination::File),
            ("link", "lib", Destination::Directory),
            ("lib/link", "../data/maps", Destination::Directory),
            ("link", "hop/maps/one", Destination::File),
            ("link", "deep/up/lib/real.so", Destination::File),
            ("lib/link", "..", Destination::Directory),
            ("link", "missing/thing", Destination::Nothing),
            ("link", "lib/real.so/beyond", Destination::Nothing),
            ("link", "lib/real.so/.", Destination::Nothing),
            ("link", "lib/real.so/", Destination::Nothing),
            ("link", "lib//", Destination::Directory),
        ] {
            assert_eq!(
                resolve(&tree, path, points_to),
                Ok(destination),
                "{path} -> {points_to}"
            );
        }
    }

    #[test]
    fn links_that_leave_are_found_out_through_detours() {
        let tree = tree(
            &["a/b/file"],
            &[("a/top", "../.."), ("root", "a/.."), ("a/b/out", "../..")],
        );
        for (path, points_to) in [
            ("link", ".."),
            ("a/link", "../../x"),
            ("a/top", "../.."),
            ("link", "root/../x"),
            ("link", "a/b/out/../x"),
            ("link", "missing/../../x"),
            ("link", "a/b/file/../../../../x"),
        ] {
            assert!(
                matches!(
                    resolve(&tree, path, points_to),
                    Err(EntryRefusal::LinkLeaves(_))
                ),
                "{path} -> {points_to}"
            );
        }
    }

    #[test]
    fn links_that_lead_back_to_themselves_are_refused() {
        let tree = tree(&[], &[("a", "b"), ("b", "a")]);
        assert_eq!(resolve(&tree, "a", "b"), Err(EntryRefusal::LinkLoop));
    }

    #[test]
    fn as_many_hops_as_the_limit_are_followed_and_one_more_is_not() {
        let names: Vec<String> = (0..=LINK_HOPS_MAX)
            .map(|index| format!("l{index}"))
            .collect();
        let mut links: Vec<(&str, &str)> = names
            .windows(2)
            .map(|pair| (pair[0].as_str(), pair[1].as_str()))
            .collect();
        let last = names.last().unwrap().as_str();
        links.push((last, "end"));
        let tree = tree(&["end"], &links);
        assert_eq!(resolve(&tree, "start", "l1"), Ok(Destination::File));
        assert_eq!(resolve(&tree, "start", "l0"), Err(EntryRefusal::LinkLoop));
    }

    #[test]
    fn absolute_and_unreadable_targets_leave() {
        for target in [
            &b"/etc/passwd"[..],
            b"C:\\x",
            b"\\\\server\\x",
            b"\\??\\C:\\x",
            b"",
            b"a\0b",
            b"\xff",
        ] {
            assert!(
                matches!(parse_target(target), Err(EntryRefusal::LinkLeaves(_))),
                "{target:?}"
            );
        }
        assert_eq!(parse_target(b"..\\a\\b").as_deref(), Ok("../a/b"));
    }

    /// Names are few so that random links meet random directories often.
    #[cfg(unix)]
    fn random_path() -> impl proptest::strategy::Strategy<Value = String> {
        use proptest::prelude::*;
        let name = prop::sample::select(vec!["a", "b", "c", "..", "..", "."]);
        prop::collection::vec(name, 1..6).prop_map(|names| names.join("/"))
    }

    #[cfg(unix)]
    proptest::proptest! {
        /// The kernel is the judge: whatever it follows to a place outside of the target must have
        /// been found to leave, and whatever was found to stay must be where the kernel goes.
        #[test]
        fn the_kernel_agrees_about_where_links_lead(
            files in proptest::collection::vec(random_path(), 0..6),
            links in proptest::collection::vec((random_path(), random_path()), 1..6),
        ) {
            use std::fs;
            let directory = tempfile::tempdir().unwrap();
            let outside = directory.path().canonicalize().unwrap();
            let root = outside.join("target");
            fs::create_dir(&root).unwrap();
            // Something to find for those that get out.
            for name in ["a", "b", "c"] {
                fs::create_dir(outside.join(name)).unwrap();
            }
            let mut tree = Tree::default();
            let mut place = |name: &str, kind: NodeKind| {
                let path = EntryPath::parse(name.as_bytes(), &UnpackLimits::default()).ok()??;
                let placed = tree.place_leaf(&path, kind, 0);
                // The tree keeps the directories above a refused leaf.
                for parent in path.as_str().match_indices('/').map(|(at, _)| &path.as_str()[..at]) {
                    if matches!(tree.get(parent).map(|node| &node.kind), Some(NodeKind::Directory)) {
                        fs::create_dir_all(root.join(parent)).unwrap();
                    }
                }
                placed.ok()
            };
            for file in &files {
                if let Some(path) = place(file, NodeKind::File { size_bytes: 0 }) {
                    fs::write(root.join(path), "").unwrap();
                }
            }
            let mut made = Vec::new();
            for (link, points_to) in &links {
                let kind = NodeKind::Link { points_to: points_to.clone() };
                if let Some(path) = place(link, kind) {
                    std::os::unix::fs::symlink(points_to, root.join(&path)).unwrap();
                    made.push((path, points_to));
                }
            }
            for (path, points_to) in made {
                let resolved = resolve(&tree, &path, points_to);
                let real = root.join(&path).canonicalize();
                match (&resolved, real) {
                    (Ok(Destination::File), Ok(real)) => {
                        assert!(real.starts_with(&root) && real.is_file());
                    }
                    (Ok(Destination::Directory), Ok(real)) => {
                        assert!(real.starts_with(&root) && real.is_dir());
                    }
                    (Ok(Destination::Nothing), Err(_)) | (Err(_), _) => {}
                    (resolved, real) => panic!("{path} -> {points_to}: {resolved:?}, {real:?}"),
                }
            }
        }
    }
}
