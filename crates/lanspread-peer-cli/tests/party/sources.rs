//! Downloads from one, two and three sources: who served which chunk, and that a slow one holds up
//! nobody.

use std::collections::{BTreeMap, BTreeSet};

use lanspread_testbed::{
    fixture::{BuiltGame, GameFixture, MIB},
    net::{Link, Party, Rate},
};

use crate::{
    guest::{Ended, Guest},
    scene::{CHUNK_BYTES, Scene},
    trace::Trace,
};

const GAME: &str = "quake";

/// Fast enough for a short test, slow enough that the cables and not the processors decide.
const FAST: Rate = Rate::mbit(100);

/// A tenth of it.
const SLOW: Rate = Rate::mbit(10);

fn game(size_bytes: usize) -> GameFixture {
    GameFixture::new(GAME)
        .random_file("data/pak0.bin", size_bytes / 4 * 3)
        .random_file("data/pak1.bin", size_bytes / 4 - 1234)
        .file("readme.txt", "Play fair.\n")
}

/// Every chunk of the game: its files in the order of their paths, each in whole chunks.
fn all_chunks(built: &BuiltGame) -> BTreeSet<(u32, u32)> {
    let sizes = built.tree.paths().map(|path| {
        std::fs::metadata(built.root.join(path))
            .expect("it was just built")
            .len()
    });
    (0..)
        .zip(sizes)
        .flat_map(|(file, size)| {
            let chunks = u32::try_from(size.div_ceil(CHUNK_BYTES)).expect("a small game");
            (0..chunks).map(move |chunk| (file, chunk))
        })
        .collect()
}

struct Downloaded {
    ended: Ended,
    /// What each source was asked for, by its name.
    asked: BTreeMap<String, Trace>,
    all: BTreeSet<(u32, u32)>,
}

impl Downloaded {
    /// The part of all chunks that this source is reported with.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred chunks")]
    fn part(&self, source: &str) -> f64 {
        let chunks = self
            .ended
            .shares()
            .get(source)
            .map_or(0, |(chunks, _)| *chunks);
        chunks as f64 / self.all.len() as f64
    }

    /// How often a chunk was asked for that somebody else was asked for, too.
    fn asked_again(&self) -> usize {
        let asked: usize = self
            .asked
            .values()
            .map(|trace| trace.asked_chunks(GAME).len())
            .sum();
        asked - self.all.len()
    }

    /// How many chunks this source was asked for that somebody else was asked for, too.
    fn taken_over_from(&self, source: &str) -> usize {
        let asked = self.asked[source].asked_chunk_set(GAME);
        let others = self.asked.iter().filter(|(name, _)| *name != source);
        let by_others: BTreeSet<_> = others
            .flat_map(|(_, trace)| trace.asked_chunks(GAME))
            .collect();
        asked.intersection(&by_others).count()
    }
}

/// Has one guest download the game from sources with these cables, and proves that what came is what
/// they have and that the report agrees with what each source was asked for.
fn download_from(sources: &[(&str, Rate)], size_bytes: usize) -> Downloaded {
    let receiver = "receiver";
    let builder = sources
        .iter()
        .fold(Party::builder().host(receiver), |builder, (name, rate)| {
            builder.host_with(name, Link::new().upload(*rate))
        });
    let scene = Scene::build(builder);
    let mut built = None;
    let guests: Vec<Guest> = sources
        .iter()
        .map(|(name, _)| {
            let seat = scene.seat(name);
            built = Some(seat.place(&game(size_bytes)));
            seat.hash_alone(&[GAME]);
            seat.start()
        })
        .collect();
    let built = built.expect("there is a source");
    let seat = scene.seat(receiver);
    let guest = seat.start();
    guest.wait_sources(GAME, sources.len());

    let ended = guest.download(GAME).finished();
    built.tree.assert_same(&seat.tree(GAME));
    let all = all_chunks(&built);
    assert_eq!(
        ended.number("bytes"),
        built.tree.total_bytes(),
        "{}",
        ended.event
    );
    assert_eq!(ended.number("chunks"), all.len() as u64, "{}", ended.event);

    let asked: BTreeMap<String, Trace> = guests
        .iter()
        .map(|source| (source.name().to_owned(), Trace::read(source.log_path())))
        .collect();
    let mut served = BTreeSet::new();
    for (name, (chunks, bytes)) in ended.shares() {
        let asked_of_it = asked[&name].asked_chunk_set(GAME);
        assert!(
            asked_of_it.len() as u64 >= chunks,
            "{name} is reported with {chunks} chunks and was asked for {}",
            asked_of_it.len()
        );
        assert!(
            bytes <= chunks * CHUNK_BYTES,
            "{name}: {bytes} bytes in {chunks} chunks"
        );
        served.extend(asked_of_it);
    }
    assert_eq!(served, all, "every chunk was asked for");
    let reported: u64 = ended.shares().values().map(|(chunks, _)| chunks).sum();
    assert_eq!(reported, all.len() as u64, "every chunk has one source");
    Downloaded { ended, asked, all }
}

#[test]
fn one_source_serves_every_chunk_once() {
    let downloaded = download_from(&[("alpha", FAST)], 24 * MIB);
    assert_eq!(downloaded.ended.shares().len(), 1);
    assert_eq!(downloaded.asked_again(), 0, "there is nobody to race");
}

#[test]
fn two_equal_sources_each_serve_a_fair_part() {
    let downloaded = download_from(&[("alpha", FAST), ("bravo", FAST)], 32 * MIB);
    for source in ["alpha", "bravo"] {
        let part = downloaded.part(source);
        assert!(
            part > 0.3,
            "{source} served only {part:.2}: {}",
            downloaded.ended.event
        );
    }
}

#[test]
fn three_equal_sources_each_serve_a_fair_part() {
    let sources = [("alpha", FAST), ("bravo", FAST), ("charlie", FAST)];
    let downloaded = download_from(&sources, 48 * MIB);
    for (source, _) in sources {
        let part = downloaded.part(source);
        assert!(
            part > 0.18,
            "{source} served only {part:.2}: {}",
            downloaded.ended.event
        );
    }
}

#[test]
fn a_source_ten_times_slower_costs_at_most_its_own_last_chunks() {
    let sources = [("alpha", FAST), ("bravo", FAST), ("snail", SLOW)];
    let downloaded = download_from(&sources, 64 * MIB);
    // By its speed it would serve one of 21 chunks.
    let part = downloaded.part("snail");
    assert!(
        part > 0.0,
        "it is slow, not useless: {}",
        downloaded.ended.event
    );
    assert!(
        part < 0.1,
        "it held {part:.2} of the game: {}",
        downloaded.ended.event
    );
    for source in ["alpha", "bravo"] {
        let part = downloaded.part(source);
        assert!(
            part > 0.33,
            "{source} served only {part:.2}: {}",
            downloaded.ended.event
        );
    }
    // What it was late with was asked of others: a handful of chunks, not a share of the game. Beside other tests
    // the fast ones are late now and then as well, and race each other.
    let late = downloaded.taken_over_from("snail");
    let again = downloaded.asked_again();
    let chunks = downloaded.all.len();
    println!(
        "chunks and bytes by source: {:?}, {again} chunks asked for twice, {late} of them of the slow one",
        downloaded.ended.shares()
    );
    assert!(late <= chunks / 16, "{late} chunks of {chunks} were late");
    assert!(
        again <= chunks / 8,
        "{again} chunks of {chunks} were asked for twice"
    );
}
