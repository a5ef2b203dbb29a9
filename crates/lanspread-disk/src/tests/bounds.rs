//! What a large library costs.

use std::{fs, time::Instant};

use lanspread_db::GameId;

use super::world::World;

const GAMES: usize = 2000;
const FILES_OF_A_GAME: usize = 100;

/// Bytes of memory that this process holds at most so far, where the system tells.
fn peak_memory_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// Takes a while to build its 200,000 files; run it alone: `cargo test -p lanspread-peer --release
/// large_library -- --ignored --nocapture`.
#[test]
#[ignore = "makes 200,000 files; part of the benchmarks"]
fn a_large_library_starts_from_its_index_within_two_seconds_and_a_hundred_mebibytes() {
    let world = World::new();
    for game in 0..GAMES {
        let root = world.games().join(format!("game{game:04}"));
        fs::create_dir_all(root.join("data/maps")).unwrap();
        fs::write(root.join("version.ini"), b"20200101").unwrap();
        for file in 1..FILES_OF_A_GAME {
            let folder = ["", "data/", "data/maps/"][file % 3];
            fs::write(root.join(format!("{folder}file{file:03}.pak")), [1; 10]).unwrap();
        }
    }
    let cold = Instant::now();
    let reports = world.steady().scan_library().unwrap().roots;
    assert_eq!(reports.len(), GAMES);
    println!("cold scan: {:?}", cold.elapsed());
    drop(reports);
    let warm = Instant::now();
    let disk = world.steady();
    let reports = disk.scan_library().unwrap().roots;
    let elapsed = warm.elapsed();
    assert_eq!(reports.len(), GAMES);
    println!("warm scan: {elapsed:?}");
    let one = Instant::now();
    let id = GameId::parse("game0007").unwrap();
    fs::write(world.games().join("game0007/new.pak"), b"x").unwrap();
    assert_eq!(
        disk.scan_root(&id).unwrap().unwrap().size_bytes,
        8 + 99 * 10 + 1
    );
    println!("one changed game: {:?}", one.elapsed());
    if let Some(peak) = peak_memory_bytes() {
        println!("peak memory: {} MiB", peak >> 20);
        assert!(peak < 100 << 20);
    }
    assert!(elapsed.as_secs_f64() < 2.0, "{elapsed:?}");
}
