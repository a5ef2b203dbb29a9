//! Every target over its committed corpus and over seeded mutations of it.

use std::{fs, path::PathBuf};

use lanspread_fuzz::{Chance, TARGETS, find, mutated};

/// The largest corpus of one target, in bytes: enough to know a format by, small enough to commit.
const CORPUS_BYTES_MAX: usize = 64 * 1024;

fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    let mut inputs: Vec<(String, Vec<u8>)> = fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(&path).unwrap())
        })
        .collect();
    inputs.sort();
    inputs
}

/// Runs a target over its corpus and mutations of it; a failure names the input and the mutation.
fn replay(name: &str) {
    let target = find(name).unwrap();
    let inputs = corpus(name);
    assert!(!inputs.is_empty(), "the corpus of {name} is empty");
    let bytes: usize = inputs.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes <= CORPUS_BYTES_MAX, "{bytes} bytes are too many");
    for (number, (file, input)) in inputs.iter().enumerate() {
        eprintln!("{name}/{file}");
        (target.run)(input);
        let mut chance = Chance::new(number as u64);
        for mutation in 0..target.mutations {
            let bytes = mutated(input, target.bytes_max, &mut chance);
            let run = std::panic::catch_unwind(|| (target.run)(&bytes));
            assert!(
                run.is_ok(),
                "mutation {mutation} of {name}/{file} breaks the property: {bytes:?}"
            );
        }
    }
}

macro_rules! replayed {
    ($($test:ident => $name:literal,)*) => {
        const REPLAYED: &[&str] = &[$($name),*];
        $(
            #[test]
            fn $test() {
                replay($name);
            }
        )*
    };
}

replayed! {
    frames_hold => "frame",
    requests_hold => "request",
    responses_hold => "response",
    admissions_hold => "admission",
    the_version_exchange_holds => "version-exchange",
    manifests_hold => "manifest",
    paths_hold => "rel-path",
    names_hold => "names",
    catalogs_hold => "catalog",
    intent_logs_hold => "intent",
    indexes_hold => "index",
    install_records_hold => "install-record",
    interrupted_downloads_hold => "resume",
    advertisements_hold => "advertisement",
    json_commands_hold => "json-command",
    rars_hold => "rar",
    zips_hold => "zip",
    seven_zs_hold => "7z",
    tars_hold => "tar",
    gzipped_tars_hold => "tar-gz",
    zstandard_tars_hold => "tar-zst",
    parties_hold => "party",
}

#[test]
fn every_target_is_replayed() {
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names, REPLAYED);
}
