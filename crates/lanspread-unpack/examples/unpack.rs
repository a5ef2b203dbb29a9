//! Unpacks archives into an existing directory: `unpack <target> <archive>…`.
//!
//! Shows the whole interface in use: progress on the terminal, the report at the end, errors as a
//! player would see them.

use std::path::PathBuf;
use std::process::ExitCode;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use lanspread_unpack::{AnyUnpacker, CancelFlag, UnpackJob, UnpackProgress, Unpacker};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(target) = arguments.next() else {
        eprintln!("usage: unpack <target directory> <archive>…");
        return ExitCode::FAILURE;
    };
    let archives: Vec<PathBuf> = arguments.collect();
    let target = match Dir::open_ambient_dir(&target, ambient_authority()) {
        Ok(target) => target,
        Err(error) => {
            eprintln!("cannot open the directory {}: {error}", target.display());
            return ExitCode::FAILURE;
        }
    };
    let cancel = CancelFlag::new();
    let progress = |progress: UnpackProgress<'_>| {
        let mib = progress.bytes_unpacked >> 20;
        let name = progress.archive_name;
        match progress.bytes_total {
            Some(total) => eprint!("\r{name}: {mib} of {} MiB", total >> 20),
            None => eprint!("\r{name}: {mib} MiB"),
        }
    };
    let job = UnpackJob {
        progress: &progress,
        ..UnpackJob::new(&archives, &target, &cancel)
    };
    let result = AnyUnpacker.unpack(job);
    eprintln!();
    match result {
        Ok(report) => {
            println!(
                "{} files, {} bytes",
                report.files.len(),
                report.total_bytes()
            );
            for skipped in &report.skipped {
                println!("left out {}: {}", skipped.entry, skipped.reason);
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
