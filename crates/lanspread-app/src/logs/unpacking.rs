//! Each archive that is unpacked, with how long it took and what came of it.
//!
//! Invariant: it unpacks nothing itself and changes nothing: it listens to what does.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use lanspread_db::GameId;
use lanspread_unpack::{
    AnyUnpacker, UnpackError, UnpackJob, UnpackProgress, UnpackReport, Unpacker,
};

use super::{
    LINE_TEXT_BYTES_MAX, UNPACK_OUTPUT_LINES_MAX, UnpackResult, UnpackRun, cut,
    kept::{Entry, Log},
};
use crate::{app::unix_ms, compose::millis};

/// The archives that were unpacked.
pub(crate) type UnpackLog = Log<UnpackRun>;

/// Unpacks archives, and tells the log of each.
pub(crate) struct LoggingUnpacker {
    log: UnpackLog,
}

impl LoggingUnpacker {
    pub(crate) const fn new(log: UnpackLog) -> Self {
        Self { log }
    }
}

impl Unpacker for LoggingUnpacker {
    fn unpack(&self, job: UnpackJob<'_>) -> Result<UnpackReport, UnpackError> {
        let Some(id) = game_of(job.archives) else {
            return AnyUnpacker.unpack(job);
        };
        let watch = Mutex::new(Watch::default());
        let lock = || watch.lock().unwrap_or_else(PoisonError::into_inner);
        let progress = |progress: UnpackProgress<'_>| {
            lock().hear(progress, Instant::now());
            (job.progress)(progress);
        };
        let unpacked = AnyUnpacker.unpack(UnpackJob {
            progress: &progress,
            ..job
        });
        let mut watch = watch.into_inner().unwrap_or_else(PoisonError::into_inner);
        for run in watch.end(&unpacked, job.archives, Instant::now()) {
            self.log.push(UnpackRun {
                at_ms: unix_ms(),
                id: id.clone(),
                ..run.said(&id)
            });
        }
        unpacked
    }
}

/// The game whose archives these are: the folder they lie in is named after it.
fn game_of(archives: &[std::path::PathBuf]) -> Option<GameId> {
    let root = archives.first()?.parent()?;
    GameId::parse(root.file_name()?.to_str()?).ok()
}

/// What was heard of one job.
#[derive(Debug, Default)]
struct Watch {
    done: Vec<Run>,
    current: Option<Current>,
}

#[derive(Debug)]
struct Current {
    index: usize,
    archive: String,
    since: Instant,
    bytes_before: u64,
    bytes: u64,
}

/// What came of one archive.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    archive: String,
    elapsed_ms: u64,
    bytes: u64,
    result: UnpackResult,
    output: Vec<String>,
}

impl Watch {
    fn hear(&mut self, progress: UnpackProgress<'_>, now: Instant) {
        let bytes = progress.bytes_unpacked;
        match &mut self.current {
            Some(current) if current.index == progress.archive_index => current.bytes = bytes,
            Some(_) | None => {
                self.close(UnpackResult::Unpacked, now);
                self.current = Some(Current {
                    index: progress.archive_index,
                    archive: progress.archive_name.to_owned(),
                    since: now,
                    bytes_before: bytes,
                    bytes,
                });
            }
        }
    }

    fn close(&mut self, result: UnpackResult, now: Instant) {
        if let Some(current) = self.current.take() {
            self.done.push(Run {
                archive: current.archive,
                elapsed_ms: millis(now.saturating_duration_since(current.since)),
                bytes: current.bytes - current.bytes_before,
                result,
                output: Vec::new(),
            });
        }
    }

    /// All archives of a job that ended.
    fn end(
        &mut self,
        unpacked: &Result<UnpackReport, UnpackError>,
        archives: &[std::path::PathBuf],
        now: Instant,
    ) -> Vec<Run> {
        let result = match unpacked {
            Ok(_) => UnpackResult::Unpacked,
            Err(UnpackError::Cancelled) => UnpackResult::Cancelled,
            Err(_) => UnpackResult::Failed,
        };
        self.close(result, now);
        let mut done = std::mem::take(&mut self.done);
        match unpacked {
            Ok(report) => {
                for run in &mut done {
                    run.output = notes(report, &run.archive);
                }
            }
            Err(error) => {
                if done.last().is_none_or(|last| last.result != result) {
                    // It ended before it began with any of them.
                    done.push(Run {
                        archive: first_name(archives),
                        elapsed_ms: 0,
                        bytes: 0,
                        result,
                        output: Vec::new(),
                    });
                }
                if let Some(last) = done.last_mut() {
                    last.output.push(error.to_string());
                }
            }
        }
        done
    }
}

fn first_name(archives: &[std::path::PathBuf]) -> String {
    let name = archives.first().and_then(|path| path.file_name());
    name.unwrap_or_default().to_string_lossy().into_owned()
}

/// What is to be known of an archive that was unpacked.
fn notes(report: &UnpackReport, archive: &str) -> Vec<String> {
    let skipped = report
        .skipped
        .iter()
        .filter(|entry| entry.archive == archive)
        .map(|entry| format!("{} was left out: {}", entry.entry, entry.reason));
    skipped.take(UNPACK_OUTPUT_LINES_MAX).collect()
}

impl Run {
    fn said(mut self, id: &GameId) -> UnpackRun {
        for line in &mut self.output {
            cut(line, LINE_TEXT_BYTES_MAX);
        }
        UnpackRun {
            number: 0,
            at_ms: 0,
            id: id.clone(),
            archive: self.archive,
            elapsed_ms: self.elapsed_ms,
            bytes: self.bytes,
            result: self.result,
            output: self.output,
        }
    }
}

impl Entry for UnpackRun {
    const FILE: &str = "unpack.jsonl";

    fn number(&self) -> u64 {
        self.number
    }

    fn set_number(&mut self, number: u64) {
        self.number = number;
    }
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, time::Duration};

    use lanspread_unpack::{SkipReason, SkippedEntry, UnpackPhase};

    use super::*;

    fn progress(index: usize, name: &str, bytes: u64) -> UnpackProgress<'_> {
        UnpackProgress {
            phase: UnpackPhase::Unpacking,
            archive_index: index,
            archive_count: 2,
            archive_name: name,
            bytes_unpacked: bytes,
            bytes_total: None,
        }
    }

    fn archives() -> [PathBuf; 2] {
        ["/games/chess/a.eti", "/games/chess/b.eti"].map(PathBuf::from)
    }

    /// What is heard of a job that reads one archive for a second and the next for two.
    fn watched(unpacked: &Result<UnpackReport, UnpackError>) -> Vec<Run> {
        let began = Instant::now();
        let at = |seconds| began + Duration::from_secs(seconds);
        let mut watch = Watch::default();
        watch.hear(progress(0, "a.eti", 0), at(0));
        watch.hear(progress(0, "a.eti", 10), at(1));
        watch.hear(progress(1, "b.eti", 10), at(1));
        watch.hear(progress(1, "b.eti", 35), at(2));
        watch.end(unpacked, &archives(), at(3))
    }

    fn skipped(count: usize) -> UnpackReport {
        let entry = |number| SkippedEntry {
            archive: "b.eti".to_owned(),
            entry: format!("link{number}"),
            reason: SkipReason::DanglingLink,
        };
        UnpackReport {
            skipped: (0..count).map(entry).collect(),
            ..UnpackReport::default()
        }
    }

    #[test]
    fn each_archive_has_its_time_its_bytes_and_what_was_left_out_of_it() {
        let runs = watched(&Ok(skipped(1)));
        let told: Vec<_> = runs
            .iter()
            .map(|run| (run.archive.as_str(), run.elapsed_ms, run.bytes, run.result))
            .collect();
        let unpacked = UnpackResult::Unpacked;
        assert_eq!(
            told,
            [("a.eti", 1000, 10, unpacked), ("b.eti", 2000, 25, unpacked)]
        );
        assert!(runs[0].output.is_empty());
        assert!(runs[1].output[0].starts_with("link0 was left out"));
    }

    #[test]
    fn so_many_lines_are_kept_of_an_archive_and_no_more() {
        for (entries, lines) in [
            (UNPACK_OUTPUT_LINES_MAX, UNPACK_OUTPUT_LINES_MAX),
            (UNPACK_OUTPUT_LINES_MAX + 1, UNPACK_OUTPUT_LINES_MAX),
        ] {
            assert_eq!(watched(&Ok(skipped(entries)))[1].output.len(), lines);
        }
    }

    #[test]
    fn the_archive_that_failed_says_why_and_so_does_one_that_was_never_begun() {
        let failed = Err(UnpackError::Damaged {
            archive: "b.eti".to_owned(),
            detail: "cut short".to_owned(),
        });
        let runs = watched(&failed);
        assert_eq!(runs[0].result, UnpackResult::Unpacked);
        assert_eq!(runs[1].result, UnpackResult::Failed);
        assert!(runs[1].output[0].contains("cut short"), "{runs:?}");
        let cancelled = Err(UnpackError::Cancelled);
        assert_eq!(watched(&cancelled)[1].result, UnpackResult::Cancelled);

        let early = Watch::default().end(&failed, &archives(), Instant::now());
        assert_eq!(early.len(), 1);
        assert_eq!(early[0].archive, "a.eti");
        assert_eq!(early[0].result, UnpackResult::Failed);
    }

    #[test]
    fn the_game_is_that_of_the_folder() {
        let id = game_of(&archives()).expect("a game");
        assert_eq!(id.as_str(), "chess");
        assert_eq!(game_of(&[]), None);
    }
}
