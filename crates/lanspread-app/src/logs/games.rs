//! Each script of a game that ran, with how long it took, what came of it and what it said last.
//!
//! Invariant: it runs nothing itself; whoever ran a script tells it.

use std::{path::Path, sync::Arc};

use super::{
    GAME_OUTPUT_LINES_MAX, GameRun, LINE_TEXT_BYTES_MAX, LogPage, cut,
    kept::{Entry, Kept},
};

/// The file, in the folder of logs.
const FILE: &str = "games.jsonl";

/// The scripts that ran.
#[derive(Debug, Clone, Default)]
pub(crate) struct GameLog {
    kept: Arc<Kept<GameRun>>,
}

impl GameLog {
    /// Keeps it in a folder from here on, behind what ran before.
    pub(crate) fn attach(&self, logs_dir: &Path) {
        if let Err(error) = self.kept.attach(&logs_dir.join(FILE)) {
            tracing::warn!(dir = %logs_dir.display(), %error, "the log of games is not kept on disk");
        }
    }

    pub(crate) fn page(&self, after: u64) -> LogPage<GameRun> {
        self.kept.page(after)
    }

    pub(crate) fn flush(&self) {
        self.kept.flush();
    }

    /// Adds a run. Of what it said the last lines are kept.
    pub(crate) fn push(&self, run: GameRun) {
        self.kept.push(bounded(run));
    }
}

fn bounded(mut run: GameRun) -> GameRun {
    let too_many = run.output.len().saturating_sub(GAME_OUTPUT_LINES_MAX);
    run.output.drain(..too_many);
    for line in &mut run.output {
        cut(line, LINE_TEXT_BYTES_MAX);
    }
    run
}

impl Entry for GameRun {
    fn number(&self) -> u64 {
        self.number
    }

    fn set_number(&mut self, number: u64) {
        self.number = number;
    }
}

#[cfg(test)]
mod tests {
    use lanspread_db::{GameId, Script};

    use super::*;
    use crate::logs::GameResult;

    #[test]
    fn so_many_lines_are_kept_of_a_run_the_last_and_none_is_longer_than_the_limit() {
        for (lines, first) in [
            (GAME_OUTPUT_LINES_MAX, "0"),
            (GAME_OUTPUT_LINES_MAX + 1, "1"),
        ] {
            let mut output: Vec<String> = (0..lines).map(|line| line.to_string()).collect();
            output[lines - 1] = "x".repeat(LINE_TEXT_BYTES_MAX + 1);
            let log = GameLog::default();
            log.push(GameRun {
                number: 0,
                at_ms: 0,
                id: GameId::parse("chess").expect("a valid id"),
                script: Script::Start,
                file: Script::Start.file_name().to_owned(),
                elapsed_ms: 1,
                result: GameResult::Ended,
                output,
            });
            let kept = &log.page(0).entries[0];
            assert_eq!(kept.output.len(), GAME_OUTPUT_LINES_MAX);
            assert_eq!(kept.output[0], first);
            let last = kept.output.last().expect("lines");
            assert_eq!(last.len(), LINE_TEXT_BYTES_MAX);
        }
    }
}
