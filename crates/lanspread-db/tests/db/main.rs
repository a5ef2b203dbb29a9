//! The vocabulary seen from outside, as the crates that stand on it see it: tables of rules,
//! properties of the codecs, and catalogs as hostile as they come. One binary, because linking
//! the database once is slow enough.

mod catalog_build;
mod catalog_open;
mod catalog_organiser;
mod catalog_pins;
mod catalog_rows;
mod fixtures;
mod game_id;
mod hash;
mod manifest_codec;
mod manifest_limits;
mod manifest_rules;
mod rel_path;
mod root_entry;
mod version;
