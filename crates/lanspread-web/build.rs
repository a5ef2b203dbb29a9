//! Lets cargo see when the front end was built anew: its files become a part of this crate.

use std::{fs, path::Path};

/// What the front end is built to.
const BUILT: &str = "../lanspread-tauri-deno-ts/dist";

fn main() {
    // Cargo takes a folder that is missing for one that changes each time. Where it cannot be made, the
    // crate is compiled each time and is none the worse for it.
    if !Path::new(BUILT).exists() {
        drop(fs::create_dir_all(BUILT));
    }
    println!("cargo::rerun-if-changed={BUILT}");
}
