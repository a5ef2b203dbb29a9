//! The canonical encoding: one manifest, one sequence of bytes, and no bytes that hurt.

use std::collections::BTreeMap;

use lanspread_db::{Manifest, ManifestError, ManifestFile, ManifestHash, SENTINEL};
use proptest::prelude::*;

use crate::fixtures::{CHUNK_BYTES, file, manifest_as_is, manifest_of};

/// The manifest that `docs/PROTOCOL.md` shows.
fn golden() -> Manifest {
    let mut sentinel = file(SENTINEL, 8);
    sentinel.chunks = vec![lanspread_db::ContentHash::of(b"20160922")];
    manifest_as_is(vec![file("data/empty", 0), sentinel]).unwrap()
}

#[test]
fn the_encoding_is_exactly_as_documented() {
    let mut expected = Vec::new();
    expected.extend_from_slice(b"LSM1");
    expected.extend_from_slice(b"\x09\x00teeworlds");
    expected.extend_from_slice(b"20160922");
    expected.extend_from_slice(b"\x00\x00\x04\x00");
    expected.extend_from_slice(b"\x02\x00\x00\x00");
    expected.extend_from_slice(b"\x0a\x00data/empty");
    expected.extend_from_slice(b"\x00\x00\x00\x00\x00\x00\x00\x00");
    expected.extend_from_slice(b"\x0b\x00version.ini");
    expected.extend_from_slice(b"\x08\x00\x00\x00\x00\x00\x00\x00");
    expected.extend_from_slice(blake3_of_the_stamp().as_bytes());
    assert_eq!(golden().encode(), expected);
}

fn blake3_of_the_stamp() -> lanspread_db::ContentHash {
    lanspread_db::ContentHash::of(b"20160922")
}

#[test]
fn the_name_of_a_manifest_is_the_hash_of_its_encoding() {
    let manifest = golden();
    assert_eq!(
        manifest.hash(),
        ManifestHash::of_encoding(&manifest.encode())
    );
    assert_eq!(manifest.hash().to_string(), GOLDEN_HASH);
}

/// Computed once by this code; a change of it is a change of the protocol.
const GOLDEN_HASH: &str = "9295620bf3ca0400bde2b038b755aa694e4aa44580972d2bb14c4aaa2a6bec79";

#[test]
fn an_encoding_cut_off_anywhere_is_refused() {
    let encoded = manifest_of(vec![file("a.eti", 3 * u64::from(CHUNK_BYTES))])
        .unwrap()
        .encode();
    for len in 0..encoded.len() {
        let error = Manifest::decode(&encoded[..len]).unwrap_err();
        let expected = matches!(error, ManifestError::CutOff { .. } | ManifestError::Magic);
        assert!(expected, "{len} bytes: {error}");
    }
}

#[test]
fn bytes_after_the_end_are_refused() {
    let mut encoded = golden().encode();
    encoded.push(0);
    assert_eq!(
        Manifest::decode(&encoded),
        Err(ManifestError::TrailingBytes { bytes: 1 })
    );
}

#[test]
fn another_magic_is_refused() {
    let mut encoded = golden().encode();
    encoded[3] = b'2';
    assert_eq!(Manifest::decode(&encoded), Err(ManifestError::Magic));
}

/// The encoding of the golden manifest up to the number of files.
fn head() -> Vec<u8> {
    golden().encode()[..4 + 2 + 9 + 8 + 4].to_vec()
}

#[test]
fn a_number_of_files_is_not_believed_before_their_bytes_are_there() {
    for (count, claims_too_many) in [(1_000_000_u32, false), (1_000_001, true), (u32::MAX, true)] {
        let mut encoded = head();
        encoded.extend_from_slice(&count.to_le_bytes());
        encoded.extend_from_slice(&[0; 64]);
        let error = Manifest::decode(&encoded).unwrap_err();
        match error {
            ManifestError::TooManyFiles { .. } => assert!(claims_too_many),
            ManifestError::CutOff { needed, .. } => {
                assert!(!claims_too_many);
                assert_eq!(needed, 11_000_000);
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_number_of_chunks_is_not_believed_before_their_hashes_are_there() {
    let encoding_with = |size_bytes: u64| {
        let mut encoded = head();
        encoded.extend_from_slice(&1_u32.to_le_bytes());
        encoded.extend_from_slice(b"\x05\x00a.eti");
        encoded.extend_from_slice(&size_bytes.to_le_bytes());
        encoded
    };
    let most = 2_000_000 * u64::from(CHUNK_BYTES);
    let error = Manifest::decode(&encoding_with(most)).unwrap_err();
    assert!(
        matches!(
            error,
            ManifestError::CutOff {
                needed: 64_000_000,
                ..
            }
        ),
        "{error}"
    );
    let error = Manifest::decode(&encoding_with(most + 1)).unwrap_err();
    assert!(
        matches!(error, ManifestError::TooManyChunks { .. }),
        "{error}"
    );
    let error = Manifest::decode(&encoding_with(u64::MAX)).unwrap_err();
    assert!(matches!(error, ManifestError::TooLarge { .. }), "{error}");
}

#[test]
fn a_hostile_path_in_an_encoding_is_refused() {
    for hostile in ["../../etc/passwd", "/etc/passwd", "CON", "a\\b", "x:y", ""] {
        let mut encoded = head();
        encoded.extend_from_slice(&1_u32.to_le_bytes());
        encoded.extend_from_slice(&u16::try_from(hostile.len()).unwrap().to_le_bytes());
        encoded.extend_from_slice(hostile.as_bytes());
        // Enough for the shortest file, so that the path is looked at whatever its length.
        encoded.extend_from_slice(&[0; 11]);
        let error = Manifest::decode(&encoded).unwrap_err();
        assert!(
            matches!(error, ManifestError::Path(_)),
            "{hostile:?}: {error}"
        );
    }
}

#[test]
fn a_path_in_an_encoding_that_is_not_utf8_is_refused() {
    let mut encoded = head();
    encoded.extend_from_slice(&1_u32.to_le_bytes());
    encoded.extend_from_slice(b"\x03\x00a\xffb\x00\x00\x00\x00\x00\x00\x00\x00");
    let error = Manifest::decode(&encoded).unwrap_err();
    assert!(matches!(error, ManifestError::NotUtf8 { .. }), "{error}");
}

/// Any valid manifest: directories and files have names that cannot collide.
fn any_manifest() -> impl Strategy<Value = Manifest> {
    let directories = prop::collection::vec("d[a-z0-9ä]{0,8}", 0..4);
    let path = (directories, "f[a-z0-9ö .]{0,12}x").prop_map(|(mut parts, name)| {
        parts.push(name);
        parts.join("/")
    });
    let size_bytes = prop_oneof![
        Just(0),
        1..u64::from(CHUNK_BYTES),
        Just(u64::from(CHUNK_BYTES)),
        u64::from(CHUNK_BYTES)..5 * u64::from(CHUNK_BYTES),
    ];
    prop::collection::btree_map(path, size_bytes, 0..20).prop_map(|files: BTreeMap<String, u64>| {
        let files = files
            .iter()
            .map(|(at, size_bytes)| file(at, *size_bytes))
            .collect();
        manifest_of(files).unwrap()
    })
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_to_itself(manifest in any_manifest()) {
        let encoded = manifest.encode();
        prop_assert_eq!(&Manifest::decode(&encoded).unwrap(), &manifest);
        prop_assert_eq!(manifest.hash(), ManifestHash::of_encoding(&encoded));
    }

    #[test]
    fn the_order_of_the_scan_does_not_change_the_name(manifest in any_manifest(), seed: u64) {
        let mut files: Vec<ManifestFile> = manifest.files().to_vec();
        let turn = usize::try_from(seed % 1_000).unwrap() % files.len();
        files.rotate_left(turn);
        files.sort_by(|one, other| one.path.cmp(&other.path));
        prop_assert_eq!(manifest_as_is(files).unwrap().hash(), manifest.hash());
    }

    #[test]
    fn bytes_at_random_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        prop_assert!(Manifest::decode(&bytes).is_err());
    }

    #[test]
    fn bytes_at_random_after_a_good_beginning_never_panic(
        count in 0_u32..4,
        bytes in prop::collection::vec(any::<u8>(), 0..512),
    ) {
        let mut encoded = head();
        encoded.extend_from_slice(&count.to_le_bytes());
        encoded.extend_from_slice(&bytes);
        if let Ok(manifest) = Manifest::decode(&encoded) {
            prop_assert_eq!(manifest.encode(), encoded);
        }
    }

    #[test]
    fn an_encoding_with_a_changed_byte_is_refused_or_means_what_it_says(
        manifest in any_manifest(),
        at: prop::sample::Index,
        byte: u8,
    ) {
        let mut encoded = manifest.encode();
        let at = at.index(encoded.len());
        encoded[at] = byte;
        if let Ok(decoded) = Manifest::decode(&encoded) {
            prop_assert_eq!(decoded.encode(), encoded);
        }
    }

    #[test]
    fn a_cut_off_encoding_is_refused(manifest in any_manifest(), at: prop::sample::Index) {
        let encoded = manifest.encode();
        let len = at.index(encoded.len());
        prop_assert!(Manifest::decode(&encoded[..len]).is_err());
    }

    #[test]
    fn the_chunks_cover_every_byte_once_and_in_order(manifest in any_manifest()) {
        let mut covered = 0;
        for (index, at) in (0..).zip(manifest.chunk_refs()) {
            let chunk = manifest.chunk(at).unwrap();
            prop_assert!(chunk.len_bytes > 0 && chunk.len_bytes <= manifest.chunk_bytes());
            covered += u64::from(chunk.len_bytes);
            prop_assert_eq!(manifest.chunk_at(index), Some(at));
            prop_assert_eq!(manifest.chunk_index(at), Some(index));
        }
        prop_assert_eq!(covered, manifest.total_bytes());
    }
}
