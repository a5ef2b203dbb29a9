//! Small files in the state directory, and whatever can go wrong while they are written.

use std::sync::Arc;

use super::{
    super::{ASIDE_MAX, RealFileSystem, StateDir},
    crash_fs::{Crash, Plan},
    world::World,
};

#[test]
fn a_file_is_whole_whatever_goes_wrong_while_it_is_replaced() {
    let replace = |world: &World, plan: &Arc<Plan>| {
        let state = StateDir::open(&world.file_system(plan), &world.state())?;
        state.replace_private("file", b"new content")
    };
    let read = |world: &World| {
        let state = StateDir::open(&RealFileSystem, &world.state()).unwrap();
        state.read("file", 100).unwrap()
    };
    let mut tried = 0;
    for old in [None, Some(b"old")] {
        for crash in Crash::ALL {
            let begin = || {
                let world = World::new();
                if let Some(old) = old {
                    let state = StateDir::open(&RealFileSystem, &world.state()).unwrap();
                    state.replace_private("file", old).unwrap();
                }
                world
            };
            let counting = Plan::endless(crash);
            replace(&begin(), &counting).unwrap();
            for cut_at in 0..counting.count() {
                let at = format!("{crash:?} at operation {cut_at}");
                let world = begin();
                let plan = Plan::new(crash, cut_at);
                let replaced = replace(&world, &plan);
                plan.lose_unsynced();
                let found = read(&world);
                let is_old = found.as_deref() == old.map(|old| &old[..]);
                let is_new = found.as_deref() == Some(b"new content");
                assert!(is_new || is_old && replaced.is_err(), "{at}: {found:?}");
                replace(&world, &Plan::endless(Crash::Kill)).unwrap();
                assert_eq!(read(&world).as_deref(), Some(&b"new content"[..]), "{at}");
                tried += 1;
            }
        }
    }
    println!("{tried} crash points: replacing a file in the state directory");
}

#[test]
fn as_many_files_as_the_limit_are_set_aside_and_one_more_stays() {
    let temp = tempfile::tempdir().unwrap();
    let state = StateDir::open(&RealFileSystem, temp.path()).unwrap();
    for number in 1..=ASIDE_MAX {
        state.replace_private("file", b"broken").unwrap();
        assert_eq!(
            state.set_aside("file").unwrap(),
            format!("file.aside-{number}")
        );
    }
    state.replace_private("file", b"broken").unwrap();
    let refused = state.set_aside("file").unwrap_err();
    assert!(refused.to_string().contains("look at them"), "{refused}");
    assert_eq!(
        state.read("file", 100).unwrap().as_deref(),
        Some(&b"broken"[..])
    );
}

#[cfg(unix)]
#[test]
fn nobody_but_the_owner_can_read_a_file_not_even_for_a_moment() {
    use std::os::unix::fs::PermissionsExt as _;
    let temp = tempfile::tempdir().unwrap();
    let state = StateDir::open(&RealFileSystem, temp.path()).unwrap();
    // What a crash left may have other rights; it is made again.
    std::fs::write(temp.path().join("file.tmp"), b"half").unwrap();
    state.replace_private("file", b"secret").unwrap();
    let metadata = std::fs::metadata(temp.path().join("file")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert!(!temp.path().join("file.tmp").exists());
}
