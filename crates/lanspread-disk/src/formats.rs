//! The files that this crate writes for itself, read and written again: the way in for whoever tests
//! that one which is damaged or made up does no harm.
//!
//! Invariant: each function reads as the crate itself does, and returns what it would write; `None` for
//! what it would not use.

use crate::{index::RootIndex, intent_log, store::InstallRecord};

/// The file in a staging place that says which chunks are stored, one bit for each.
pub use crate::download::JOURNAL;
/// The folder in a staging place in which the files gather.
pub use crate::observe::STAGED_FILES;

/// An intent log.
#[must_use]
pub fn reread_intent(bytes: &[u8]) -> Option<Vec<u8>> {
    let record = intent_log::parse(bytes).ok()?;
    // What the switch to a new version would write; a damaged one is none.
    let _ = record.version_ini();
    serde_json::to_vec(&record).ok()
}

/// The index of a game root.
#[must_use]
pub fn reread_index(encoded: &[u8]) -> Option<Vec<u8>> {
    let index = RootIndex::decode(encoded).ok()?;
    Some(index.encode())
}

/// The record of what an install put into `local/`.
#[must_use]
pub fn reread_install_record(bytes: &[u8]) -> Option<Vec<u8>> {
    let record = InstallRecord::parse(bytes).ok()?;
    serde_json::to_vec(&record).ok()
}
