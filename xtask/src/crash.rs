//! Real peers on a real disk, killed at random moments, and disks that turn full or read-only while
//! they work: what a power user does to Lanspread in a year, in a few minutes.
//!
//! The invariant: it ends with success only if after every round the game was an old or a new one,
//! whole and byte for byte, the player's and foreign files were there, no reserved name was left, and
//! what had been verified was not fetched again. The seed decides which operation is disturbed when;
//! how far a real process comes until then is its own business.

mod cast;
mod dice;
mod disks;
mod operation;
mod round;
mod states;
mod tally;

use eyre::{Result, WrapErr};

use crate::workspace;
use cast::Cast;
use dice::Dice;
use operation::Operation;
use states::States;
use tally::Tally;

/// How many rounds there are unless another number is asked for.
const ROUNDS: u32 = 200;

/// How many rounds the tests take: a minute.
pub(crate) const ROUNDS_OF_TESTS: u32 = 20;

/// One round in so many is about a disk that takes no more, the others about a kill.
const DISK_ROUND_EVERY: u32 = 5;

/// What `cargo xtask crash` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct CrashOptions {
    /// How many rounds.
    #[arg(long, default_value_t = ROUNDS)]
    rounds: u32,
    /// What is disturbed when follows from this number; by default another one each time.
    #[arg(long)]
    seed: Option<u64>,
    /// Only this round of the seed, counted from 1.
    #[arg(long)]
    round: Option<u32>,
}

/// Runs the rounds that were asked for.
pub(crate) fn run(options: &CrashOptions) -> Result<()> {
    let seed = options.seed.unwrap_or_else(dice::new_seed);
    let rounds = match options.round {
        Some(round) => round..=round,
        None => 1..=options.rounds,
    };
    run_rounds(seed, rounds)
}

/// Runs the rounds of the tests, with another seed each time.
pub(crate) fn run_for_tests() -> Result<()> {
    run_rounds(dice::new_seed(), 1..=ROUNDS_OF_TESTS)
}

fn run_rounds(seed: u64, rounds: std::ops::RangeInclusive<u32>) -> Result<()> {
    // Before anything can fail: whoever looks into a failure needs it.
    println!("seed {seed}");
    workspace::build_everything()?;
    let binary = workspace::debug_program()?;
    let mut cast = Cast::gather(&binary)?;
    let prepared = States::prepare(&mut cast);
    if prepared.is_err() {
        cast.keep();
    }
    let states = prepared.wrap_err("nothing was disturbed yet")?;
    let mut tally = Tally::new(seed);
    for round in rounds {
        let mut dice = Dice::of_round(seed, round);
        let played = if round.is_multiple_of(DISK_ROUND_EVERY) {
            disks::play(&mut cast, &states, &mut dice, &mut tally)
        } else {
            let operation = *dice.pick(&Operation::ALL);
            round::play(&mut cast, &states, operation, &mut dice, &mut tally)
        };
        let replay = || {
            format!(
                "round {round} failed: `cargo xtask crash --seed {seed} --round {round}` plays it again"
            )
        };
        if played.is_err() {
            cast.keep();
        }
        played.wrap_err_with(replay)?;
    }
    tally.print();
    Ok(())
}
