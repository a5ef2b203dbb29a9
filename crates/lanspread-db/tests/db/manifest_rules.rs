//! The rules a manifest keeps, and how chunks are found in it.

use lanspread_db::{
    CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, ChunkRef, Manifest, ManifestError, RootEntry, SENTINEL,
    VERSION_INI_BYTES_MAX,
};

use crate::fixtures::{
    CHUNK_BYTES, file, game_id, manifest_as_is, manifest_at, manifest_of, path, version,
};

#[test]
fn paths_strictly_increase() {
    for at in [["b.eti", "a.eti"], ["a.eti", "a.eti"]] {
        let files = at
            .iter()
            .map(|at| file(at, 0))
            .chain([file(SENTINEL, 10)])
            .collect();
        let error = manifest_as_is(files).unwrap_err();
        assert_eq!(
            error,
            ManifestError::OutOfOrder {
                previous: path(at[0]),
                path: path(at[1])
            }
        );
    }
}

#[test]
fn paths_that_some_system_takes_for_one_are_refused() {
    let collisions = [
        &["a.eti", "A.eti"][..],
        &["data/map", "data/MAP"],
        &["\u{e9}", "e\u{301}"],
        &["stra\u{df}e", "STRASSE"],
        // A directory on the way is one path more.
        &["data/a", "DATA/b"],
        &["data/\u{e9}/a", "data/e\u{301}/b"],
        &["VERSION.INI"],
        // A file cannot be a directory.
        &["data", "data/a"],
        &["data", "DATA/a"],
        &["data", "data-a", "data.a", "data/a"],
        &["data", "data!", "data/a/b/c"],
        &["version.ini/x"],
        // Far apart in the order of the bytes.
        &["A", "B", "C", "Z", "a"],
        &["Data/x", "Eata/y", "data/x"],
    ];
    for paths in collisions {
        let error = manifest_at(paths).unwrap_err();
        assert!(
            matches!(error, ManifestError::Collision { .. }),
            "{paths:?}: {error}"
        );
    }
}

#[test]
fn paths_that_only_look_alike_are_no_collision() {
    let apart = [
        &["data/a", "data/b", "data.a", "data-a", "data!"][..],
        &["a/b", "b/a", "b/b"],
        &["a/b/c", "a/b.c", "a.b/c"],
        &["aa", "a/a", "ab/a"],
        &["data/version.ini"],
    ];
    for paths in apart {
        manifest_at(paths).unwrap_or_else(|error| panic!("{paths:?}: {error}"));
    }
}

#[test]
fn what_is_not_the_games_is_refused() {
    let table = [
        ("local/save.dat", RootEntry::Install),
        ("local", RootEntry::Install),
        (".lanspread.json", RootEntry::Transient),
        (".version.ini.tmp", RootEntry::Transient),
        (".local.backup/x", RootEntry::Transient),
        (".sync/x", RootEntry::Foreign),
        (".softlan_game_installed", RootEntry::Foreign),
    ];
    for (at, entry) in table {
        let error = manifest_at(&[at]).unwrap_err();
        assert_eq!(
            error,
            ManifestError::NotContent {
                path: path(at),
                entry
            }
        );
    }
}

#[test]
fn the_sentinel_is_there_and_small() {
    assert_eq!(manifest_as_is(vec![]), Err(ManifestError::NoSentinel));
    let nested = file("data/version.ini", 10);
    assert_eq!(manifest_as_is(vec![nested]), Err(ManifestError::NoSentinel));

    let at_limit = VERSION_INI_BYTES_MAX as u64;
    assert!(manifest_as_is(vec![file(SENTINEL, at_limit)]).is_ok());
    let error = manifest_as_is(vec![file(SENTINEL, at_limit + 1)]).unwrap_err();
    assert_eq!(
        error,
        ManifestError::SentinelTooLarge {
            bytes: at_limit + 1
        }
    );
}

#[test]
fn a_file_has_as_many_chunks_as_its_size_asks_for() {
    let chunk = u64::from(CHUNK_BYTES);
    for (size_bytes, chunks) in [
        (0, 0),
        (1, 1),
        (chunk - 1, 1),
        (chunk, 1),
        (chunk + 1, 2),
        (3 * chunk, 3),
    ] {
        let whole = file("a.eti", size_bytes);
        assert_eq!(whole.chunks.len(), chunks);
        assert!(manifest_of(vec![whole.clone()]).is_ok());

        let mut one_more = whole.clone();
        one_more.chunks.push(
            one_more
                .chunks
                .first()
                .copied()
                .unwrap_or(lanspread_db::ContentHash([0; 32])),
        );
        let error = manifest_of(vec![one_more]).unwrap_err();
        assert!(matches!(error, ManifestError::ChunkCount { .. }), "{error}");

        let mut one_less = whole;
        if one_less.chunks.pop().is_some() {
            let error = manifest_of(vec![one_less]).unwrap_err();
            assert!(matches!(error, ManifestError::ChunkCount { .. }), "{error}");
        }
    }
}

#[test]
fn the_chunk_size_is_a_power_of_two_within_its_limits() {
    let with = |chunk_bytes| {
        Manifest::new(
            game_id("a"),
            version("20160922"),
            chunk_bytes,
            vec![file(SENTINEL, 10)],
        )
    };
    for chunk_bytes in [CHUNK_BYTES_MIN, 2 * CHUNK_BYTES_MIN, CHUNK_BYTES_MAX] {
        assert!(with(chunk_bytes).is_ok(), "{chunk_bytes}");
    }
    let refused = [
        0,
        1,
        CHUNK_BYTES_MIN / 2,
        CHUNK_BYTES_MIN - 1,
        CHUNK_BYTES_MIN + 1,
        CHUNK_BYTES_MAX - 1,
        CHUNK_BYTES_MAX + 1,
        CHUNK_BYTES_MAX * 2,
        u32::MAX,
    ];
    for chunk_bytes in refused {
        assert_eq!(
            with(chunk_bytes),
            Err(ManifestError::ChunkSize { chunk_bytes })
        );
    }
}

#[test]
fn the_chunk_size_follows_from_the_size_of_the_game_alone() {
    let mib = 1 << 20;
    let table = [
        (0, CHUNK_BYTES_MIN),
        (1, CHUNK_BYTES_MIN),
        (1024 * mib, CHUNK_BYTES_MIN),
        (1024 * mib + 4095, CHUNK_BYTES_MIN),
        (1024 * mib + 4096, 2 * CHUNK_BYTES_MIN),
        (2048 * mib, 2 * CHUNK_BYTES_MIN),
        (3 * 1024 * mib, 4 * CHUNK_BYTES_MIN),
        (16 * 1024 * mib, CHUNK_BYTES_MAX),
        (50 * 1024 * mib, CHUNK_BYTES_MAX),
        (u64::MAX, CHUNK_BYTES_MAX),
    ];
    for (total_bytes, chunk_bytes) in table {
        assert_eq!(
            Manifest::chunk_bytes_for(total_bytes),
            chunk_bytes,
            "{total_bytes}"
        );
    }
}

#[test]
fn a_chunk_is_found_by_its_name_and_by_its_position() {
    let chunk = u64::from(CHUNK_BYTES);
    let manifest = manifest_of(vec![
        file("a.eti", 2 * chunk + 7),
        file("b.empty", 0),
        file("c.empty", 0),
        file("d.eti", chunk),
        file("z.empty", 0),
    ])
    .unwrap();
    assert_eq!(manifest.chunk_count(), 5);
    assert_eq!(manifest.total_bytes(), 3 * chunk + 7 + 10);

    let last = manifest.chunk(ChunkRef { file: 0, chunk: 2 }).unwrap();
    assert_eq!(last.path, &path("a.eti"));
    assert_eq!((last.offset_bytes, last.len_bytes), (2 * chunk, 7));
    assert_eq!(last.hash, manifest.files()[0].chunks[2]);
    let whole = manifest.chunk(ChunkRef { file: 3, chunk: 0 }).unwrap();
    assert_eq!((whole.offset_bytes, whole.len_bytes), (0, CHUNK_BYTES));

    let names: Vec<ChunkRef> = manifest.chunk_refs().collect();
    assert_eq!(names.len(), 5);
    assert!(names.is_sorted());
    for (index, at) in (0..).zip(names) {
        assert_eq!(manifest.chunk_index(at), Some(index));
        assert_eq!(manifest.chunk_at(index), Some(at));
    }
    assert_eq!(manifest.chunk_at(5), None);
    let beyond = [
        (0, 3),
        (1, 0),
        (5, 0),
        (6, 0),
        (u32::MAX, u32::MAX),
        (0, u32::MAX),
    ];
    for (file, chunk) in beyond {
        assert_eq!(
            manifest.chunk(ChunkRef { file, chunk }),
            None,
            "{file}/{chunk}"
        );
        assert_eq!(
            manifest.chunk_index(ChunkRef { file, chunk }),
            None,
            "{file}/{chunk}"
        );
    }
}

#[test]
fn a_file_is_found_by_its_path() {
    let manifest = manifest_at(&["a.eti", "data/b"]).unwrap();
    assert_eq!(manifest.file_index(&path("a.eti")), Some(0));
    assert_eq!(manifest.file_index(&path("data/b")), Some(1));
    assert_eq!(manifest.file_index(&path(SENTINEL)), Some(2));
    assert_eq!(manifest.file_index(&path("A.eti")), None);
}

#[test]
fn the_files_are_described_without_their_hashes() {
    let manifest = manifest_of(vec![file("a.eti", u64::from(CHUNK_BYTES) + 1)]).unwrap();
    let shown: Vec<_> = manifest.descriptions().collect();
    assert_eq!(shown.len(), 2);
    let json = serde_json::to_value(&shown[0]).unwrap();
    let expected = serde_json::json!({
        "game_id": "teeworlds", "path": "a.eti", "size_bytes": 262_145, "chunks": 2,
    });
    assert_eq!(json, expected);
}

#[test]
fn a_chunk_name_travels_as_two_numbers() {
    let at = ChunkRef { file: 3, chunk: 7 };
    assert_eq!(
        serde_json::to_string(&at).unwrap(),
        r#"{"file":3,"chunk":7}"#
    );
    assert_eq!(
        serde_json::from_str::<ChunkRef>(r#"{"file":3,"chunk":7}"#).unwrap(),
        at
    );
    assert!(serde_json::from_str::<ChunkRef>(r#"{"file":-1,"chunk":7}"#).is_err());
}
