//! Each limit of a manifest at the limit and one past it.

use lanspread_db::{
    CHUNK_BYTES_MAX, ContentHash, GAME_BYTES_MAX, MANIFEST_BYTES_MAX, MANIFEST_CHUNKS_MAX,
    MANIFEST_FILES_MAX, Manifest, ManifestError, ManifestFile, SENTINEL,
};

use crate::fixtures::{CHUNK_BYTES, file, game_id, manifest_as_is, path, version};

#[test]
fn as_many_files_as_allowed_are_a_manifest_and_one_more_is_not() {
    let mut files: Vec<ManifestFile> = (1..MANIFEST_FILES_MAX)
        .map(|number| file(&format!("f{number:07}"), 0))
        .collect();
    files.push(file(SENTINEL, 10));
    let mut one_more = vec![file("a", 0)];
    one_more.extend_from_slice(&files);

    let manifest = manifest_as_is(files).unwrap();
    assert_eq!(manifest.files().len(), MANIFEST_FILES_MAX);
    let encoded = manifest.encode();
    assert_eq!(Manifest::decode(&encoded).unwrap(), manifest);

    let error = manifest_as_is(one_more).unwrap_err();
    assert_eq!(
        error,
        ManifestError::TooManyFiles {
            files: MANIFEST_FILES_MAX as u64 + 1
        }
    );
}

/// A file of `chunks` chunks that all have the same hash.
fn file_of_chunks(at: &str, chunks: usize) -> ManifestFile {
    ManifestFile {
        path: path(at),
        size_bytes: chunks as u64 * u64::from(CHUNK_BYTES),
        chunks: vec![ContentHash([7; 32]); chunks],
    }
}

#[test]
fn as_many_chunks_as_allowed_are_a_manifest_and_one_more_is_not() {
    let with = |chunks| manifest_as_is(vec![file_of_chunks("a.eti", chunks), file(SENTINEL, 10)]);
    let manifest = with(MANIFEST_CHUNKS_MAX - 1).unwrap();
    assert_eq!(manifest.chunk_count() as usize, MANIFEST_CHUNKS_MAX);
    assert_eq!(Manifest::decode(&manifest.encode()).unwrap(), manifest);

    let error = with(MANIFEST_CHUNKS_MAX).unwrap_err();
    assert_eq!(
        error,
        ManifestError::TooManyChunks {
            chunks: MANIFEST_CHUNKS_MAX as u64 + 1
        }
    );
}

#[test]
fn an_encoding_as_long_as_allowed_is_a_manifest_and_one_byte_more_is_not() {
    // Long paths and as many chunks as allowed, and a path whose length makes up the rest.
    let long = ["x".repeat(250), "y".repeat(250), "z".repeat(250)].join("/");
    let mut files = vec![file_of_chunks("a.eti", MANIFEST_CHUNKS_MAX - 1)];
    let mut encoded_bytes = 4 + 2 + "teeworlds".len() + 8 + 4 + 4;
    encoded_bytes += 2 + "a.eti".len() + 8 + 32 * (MANIFEST_CHUNKS_MAX - 1);
    encoded_bytes += 2 + SENTINEL.len() + 8 + 32;
    for number in 0.. {
        let next = file(&format!("b{number:06}/{long}"), 0);
        let next_bytes = 2 + next.path.as_str().len() + 8;
        if encoded_bytes + next_bytes + 20 > MANIFEST_BYTES_MAX {
            break;
        }
        encoded_bytes += next_bytes;
        files.push(next);
    }
    let mut missing = MANIFEST_BYTES_MAX - encoded_bytes;
    while missing > 250 {
        let name = format!("c{missing:06}");
        missing -= 2 + name.len() + 8;
        files.insert(
            files.partition_point(|file| file.path.as_str() < name.as_str()),
            file(&name, 0),
        );
    }
    files.push(file(&"d".repeat(missing - 2 - 8), 0));
    files.push(file(SENTINEL, 10));

    let mut one_more = files.clone();
    let manifest = manifest_as_is(files).unwrap();
    let encoded = manifest.encode();
    assert_eq!(encoded.len(), MANIFEST_BYTES_MAX);
    assert_eq!(Manifest::decode(&encoded).unwrap(), manifest);

    let at = one_more.len() - 2;
    one_more[at].path = path(&format!("{}d", one_more[at].path));
    let error = manifest_as_is(one_more).unwrap_err();
    assert_eq!(
        error,
        ManifestError::EncodingTooLong {
            bytes: MANIFEST_BYTES_MAX + 1
        }
    );

    let mut encoded = encoded;
    encoded.push(0);
    let error = Manifest::decode(&encoded).unwrap_err();
    assert_eq!(
        error,
        ManifestError::EncodingTooLong {
            bytes: MANIFEST_BYTES_MAX + 1
        }
    );
}

#[test]
fn a_game_past_the_size_limit_is_refused_for_its_size() {
    // At the limit the number of chunks is already too large, whatever the chunk size: the two
    // limits guard different sums, and the size is looked at first.
    let with = |size_bytes| {
        let huge = ManifestFile {
            path: path("a.eti"),
            size_bytes,
            chunks: vec![],
        };
        let files = vec![huge, file(SENTINEL, 10)];
        Manifest::new(game_id("a"), version("20160922"), CHUNK_BYTES_MAX, files).unwrap_err()
    };
    let chunks = GAME_BYTES_MAX / u64::from(CHUNK_BYTES_MAX);
    assert_eq!(
        with(GAME_BYTES_MAX),
        ManifestError::TooManyChunks { chunks }
    );
    for past in [GAME_BYTES_MAX + 1, u64::MAX] {
        assert_eq!(
            with(past),
            ManifestError::TooLarge {
                path: path("a.eti")
            }
        );
    }
}

#[test]
fn sizes_that_overflow_their_sum_are_refused() {
    let huge = |at| ManifestFile {
        path: path(at),
        size_bytes: u64::MAX,
        chunks: vec![],
    };
    let error = manifest_as_is(vec![file("a", 1), huge("b"), huge("c")]).unwrap_err();
    assert_eq!(error, ManifestError::TooLarge { path: path("b") });
}

#[test]
fn the_beginning_tells_of_too_many_files_before_the_rest_is_there() {
    let encoded = manifest_as_is(vec![file("a", 0), file(SENTINEL, 10)])
        .unwrap()
        .encode();
    let count_at = 4 + 2 + "teeworlds".len() + 8 + 4;
    let with_count = |count: usize| {
        let mut beginning = encoded[..count_at + 4].to_vec();
        beginning[count_at..].copy_from_slice(&u32::try_from(count).unwrap().to_le_bytes());
        Manifest::check_beginning(&beginning)
    };
    assert_eq!(with_count(MANIFEST_FILES_MAX), Ok(()));
    let files = MANIFEST_FILES_MAX as u64 + 1;
    assert_eq!(
        with_count(MANIFEST_FILES_MAX + 1),
        Err(ManifestError::TooManyFiles { files })
    );
    for short in 4..count_at + 4 {
        assert_eq!(Manifest::check_beginning(&encoded[..short]), Ok(()));
    }
}
