//! Prepares what Tauri takes into the program: the front end, the permissions, the icons.

use std::{fs, path::Path};

/// What the front end is built to.
const BUILT: &str = "../dist";

fn main() {
    // Tauri refuses a folder that is missing. A program without the front end says so.
    if !Path::new(BUILT).exists() {
        drop(fs::create_dir_all(BUILT));
    }
    println!("cargo::rerun-if-changed={BUILT}");
    tauri_build::build();
}
