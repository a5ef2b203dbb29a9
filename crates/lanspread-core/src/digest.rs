//! The digest of an announced library: the name that two peers compare instead of the listing.
//!
//! Invariant: it depends on nothing but the listed games, in the order of their ids, so every peer
//! that holds the same listing computes the same digest. `docs/PROTOCOL.md` describes the bytes.

use lanspread_db::ContentHash;
use lanspread_proto::GameSummary;

/// Names a listing of games, which must be sorted by id.
///
/// BLAKE3 over, for each game: the id (`u16` length in little-endian order, then UTF-8), the title
/// (likewise), the eight digits of the version, the size in bytes (`u64`, little-endian), then
/// either a byte 0, or a byte 1 and the 32 bytes of the manifest's hash.
#[must_use]
pub fn library_digest<'a>(games: impl IntoIterator<Item = &'a GameSummary>) -> ContentHash {
    let mut listing = Vec::new();
    for game in games {
        push_text(&mut listing, game.id.as_str());
        push_text(&mut listing, &game.title);
        listing.extend_from_slice(game.version.as_bytes());
        listing.extend_from_slice(&game.size_bytes.to_le_bytes());
        match &game.manifest {
            None => listing.push(0),
            Some(manifest) => {
                listing.push(1);
                listing.extend_from_slice(manifest.as_bytes());
            }
        }
    }
    ContentHash::of(&listing)
}

/// Ids and titles are far shorter than 64 KiB; a longer text would be cut in the digest only.
fn push_text(listing: &mut Vec<u8>, text: &str) {
    let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
    listing.extend_from_slice(&len.to_le_bytes());
    listing.extend_from_slice(&text.as_bytes()[..usize::from(len)]);
}
