//! Each script of a game that ran, with how long it took, what came of it and what it said last.
//!
//! Invariant: it runs nothing itself; whoever ran a script tells it.

use super::{
    GAME_OUTPUT_LINES_MAX, GameRun, LINE_TEXT_BYTES_MAX, cut,
    kept::{Entry, Log},
};

/// The scripts that ran.
pub(crate) type GameLog = Log<GameRun>;

impl GameLog {
    /// Adds a run. Of what it said the last lines are kept.
    pub(crate) fn add(&self, run: GameRun) {
        self.push(bounded(run));
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
    const FILE: &str = "games.jsonl";

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
            log.add(GameRun {
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
