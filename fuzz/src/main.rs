//! One program for all fuzz targets: libFuzzer around the function that `LANSPREAD_FUZZ_TARGET` names.
//!
//! Invariant: it ends with an artifact if and only if the target panics, does not come back, or takes
//! too much memory. A reader of archives may panic: the unpacker holds that within its bounds, so a
//! panic that is caught is none here. `cargo xtask fuzz` builds and runs this; one program instead of
//! one for each target, because each would be linked with everything.

#![no_main]

use std::sync::LazyLock;

use lanspread_fuzz::{TARGETS, Target, find};

static TARGET: LazyLock<&'static Target> = LazyLock::new(|| {
    let name = std::env::var("LANSPREAD_FUZZ_TARGET").unwrap_or_default();
    find(&name).unwrap_or_else(|| {
        let known: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!(
            "LANSPREAD_FUZZ_TARGET names no target; there are {}",
            known.join(", ")
        );
        std::process::exit(2)
    })
});

libfuzzer_sys::fuzz_target!(
    init: {
        // libFuzzer's own hook ends the process at once, before anybody can catch a panic.
        std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    },
    |bytes: &[u8]| (TARGET.run)(&bytes[..bytes.len().min(TARGET.bytes_max)])
);
