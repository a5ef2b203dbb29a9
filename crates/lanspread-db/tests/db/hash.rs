//! Hashes as text.

use lanspread_db::{ContentHash, ManifestHash};

/// BLAKE3 of no bytes, as its specification's test vectors give it.
const OF_NOTHING: &str = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

#[test]
fn a_hash_is_blake3_in_lower_case_hexadecimal() {
    let hash = ContentHash::of(b"");
    assert_eq!(hash.to_string(), OF_NOTHING);
    assert_eq!(hash.short(), "af1349b9");
    assert_eq!(OF_NOTHING.parse(), Ok(hash));
    assert_eq!(OF_NOTHING.parse(), Ok(ManifestHash(hash)));
    assert_eq!(ManifestHash::of_encoding(b""), ManifestHash(hash));
}

#[test]
fn a_hash_has_one_spelling() {
    let long = format!("{OF_NOTHING}0");
    let upper = OF_NOTHING.to_uppercase();
    let foreign = OF_NOTHING.replace('f', "g");
    let multi_byte = "é".repeat(32);
    for text in [
        "",
        "af",
        &OF_NOTHING[1..],
        &long,
        &upper,
        &foreign,
        &multi_byte,
    ] {
        assert!(text.parse::<ContentHash>().is_err(), "{text:?}");
    }
}

#[test]
fn a_hash_travels_as_a_string_and_is_checked_on_arrival() {
    let hash = ManifestHash(ContentHash::of(b""));
    let json = format!("\"{OF_NOTHING}\"");
    assert_eq!(serde_json::to_string(&hash).unwrap(), json);
    assert_eq!(serde_json::from_str::<ManifestHash>(&json).unwrap(), hash);
    assert!(serde_json::from_str::<ManifestHash>("\"af13\"").is_err());
    assert!(serde_json::from_str::<ContentHash>("[1,2,3]").is_err());
}
