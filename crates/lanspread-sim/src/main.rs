//! The command line of the simulator: many seeds, one seed with its trace, one input.
//!
//! Invariant: it prints how each failure is replayed, and ends with an error if there was one.

use std::{
    collections::BTreeMap,
    num::NonZero,
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use clap::Parser;
use lanspread_sim::{
    Detail, Failure, Planted, Seeds, Summary, expand, from_hex, run_seeds, run_with, shrink, swarm,
    teeth, to_hex,
};

/// How often a long run says how far it is.
const PROGRESS: Duration = Duration::from_secs(10);
/// Failures that are shrunk; more are only named.
const SHRUNK_MAX: usize = 3;

/// Runs whole parties of real peers on virtual machines.
#[derive(Debug, Parser)]
#[command(name = "lanspread-sim")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
struct Options {
    /// Run this many seeds.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// Begin with this seed.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Run this seed alone; of swarms, what the peers' ids are drawn from (1 if nothing is said).
    #[arg(long, conflicts_with = "input")]
    seed: Option<u64>,
    /// Run this input alone, in hexadecimal.
    #[arg(long)]
    input: Option<String>,
    /// Steps of each walk that a seed stands for.
    #[arg(long, default_value_t = lanspread_sim::STEPS)]
    steps: usize,
    /// Print what happened, line by line.
    #[arg(long)]
    trace: bool,
    /// Print it with everything that inputs and effects hold.
    #[arg(long)]
    full_trace: bool,
    /// Runs at once; all cores by default.
    #[arg(long)]
    threads: Option<NonZero<usize>>,
    /// Plant this deliberate fault.
    #[arg(long)]
    fault: Option<String>,
    /// Plant every deliberate fault in turn, and say how many seeds it takes until it is caught.
    #[arg(long)]
    teeth: bool,
    /// Play swarms with these many receivers on links as a fluid, and print how close they come to
    /// the bound.
    #[arg(long, value_delimiter = ',', value_name = "RECEIVERS")]
    swarm: Vec<usize>,
    /// Of the swarms, play those alone whose name begins like this, such as `equal` or `2 tables`.
    #[arg(long, default_value = "", requires = "swarm")]
    party: String,
    /// Chunks of the game in these swarms.
    #[arg(
        long,
        default_value_t = swarm::CHUNKS,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        requires = "swarm"
    )]
    chunks: u32,
    /// Megabits per second of an equal link in these swarms; all others are so much slower or faster too.
    #[arg(
        long,
        default_value_t = swarm::EQUAL_MBIT,
        value_parser = clap::value_parser!(u32).range(1..=100_000),
        requires = "swarm"
    )]
    mbit: u32,
    /// Milliseconds that a message takes in these swarms.
    #[arg(
        long,
        default_value_t = swarm::DELAY_MS,
        value_parser = clap::value_parser!(u64).range(..=10_000),
        requires = "swarm"
    )]
    delay_ms: u64,
    /// Do not shrink what fails.
    #[arg(long)]
    no_shrink: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    // A panic of the code under test is a failure of its run, and told as such.
    std::panic::set_hook(Box::new(|_| {}));
    match planted(&options).and_then(|planted| run(&options, planted)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("lanspread-sim: {message}");
            ExitCode::FAILURE
        }
    }
}

fn planted(options: &Options) -> Result<Planted, String> {
    let Some(name) = &options.fault else {
        return Ok(Planted::Nothing);
    };
    let mut all = Planted::all();
    all.find(|planted| planted.as_str() == name).ok_or_else(|| {
        let names: Vec<_> = Planted::all().map(Planted::as_str).collect();
        format!("there is no fault `{name}`; there are {}", names.join(", "))
    })
}

fn run(options: &Options, planted: Planted) -> Result<bool, String> {
    if !options.swarm.is_empty() {
        show_swarms(options);
        return Ok(true);
    }
    if options.teeth {
        return Ok(show_teeth(options));
    }
    let input = match (&options.input, options.seed) {
        (Some(text), _) => {
            Some(from_hex(text).ok_or("the input is not an even number of hexadecimal digits")?)
        }
        (None, Some(seed)) => Some(expand(seed, options.steps)),
        (None, None) => None,
    };
    Ok(match input {
        Some(input) => run_one(options, &input, planted),
        None => run_many(options, planted),
    })
}

/// Prints how close swarms of every kind come to the bound.
fn show_swarms(options: &Options) {
    let swarms: Vec<(swarm::Kind, usize)> = swarm::Kind::ALL
        .into_iter()
        .filter(|kind| kind.to_string().starts_with(&options.party))
        .flat_map(|kind| {
            options
                .swarm
                .iter()
                .map(move |&receivers| (kind, receivers))
        })
        .collect();
    let cores = std::thread::available_parallelism();
    let threads = options.threads.or(cores.ok()).map_or(1, NonZero::get);
    let next = AtomicUsize::new(0);
    let (tell, told) = mpsc::channel();
    println!("{}", swarm::HEAD);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let tell = tell.clone();
            let (next, swarms) = (&next, &swarms);
            scope.spawn(move || {
                while let Some((at, &(kind, receivers))) = claim(next, swarms) {
                    let mut party = kind.party(receivers, options.seed.unwrap_or(1));
                    party.game_bytes = u64::from(options.chunks) * u64::from(party.chunk_bytes);
                    party.delay = Duration::from_millis(options.delay_ms);
                    party.scale_links(f64::from(options.mbit) / f64::from(swarm::EQUAL_MBIT));
                    let outcome = party.run();
                    let row = swarm::row(kind, receivers, &outcome);
                    if tell.send((at, row)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(tell);
        let mut rows = BTreeMap::new();
        let mut shown = 0;
        for (at, row) in told {
            rows.insert(at, row);
            while let Some(row) = rows.remove(&shown) {
                println!("{row}");
                shown += 1;
            }
        }
    });
}

/// The next thing to do, for one of several threads.
fn claim<'a, T>(next: &AtomicUsize, of: &'a [T]) -> Option<(usize, &'a T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    Some((at, of.get(at)?))
}

/// Prints the table of deliberate faults, and whether each is caught within the seeds that it may take.
fn show_teeth(options: &Options) -> bool {
    println!("| planted fault | caught by seed | by |");
    println!("|---|---|---|");
    let mut all_caught = true;
    for planted in Planted::all() {
        let caught = teeth::seeds_until_caught(planted, options.seeds, options.steps);
        all_caught &= caught.is_some();
        match caught {
            Some((seeds, by)) => println!("| `{}` | {seeds} | {} |", planted.as_str(), by.as_str()),
            None => println!(
                "| `{}` | not within {} | |",
                planted.as_str(),
                options.seeds
            ),
        }
    }
    all_caught
}

fn run_one(options: &Options, input: &[u8], planted: Planted) -> bool {
    let detail = match (options.full_trace, options.trace) {
        (true, _) => Detail::Full,
        (false, true) => Detail::Lines,
        (false, false) => Detail::None,
    };
    let ran = run_with(input, planted, detail);
    print!("{}", ran.trace);
    for (what, times) in ran.counts.iter() {
        println!("{times:>12} {what}");
    }
    println!(
        "{:?} of virtual time; trace {}",
        ran.passed.0, ran.trace_hash
    );
    if let Some(failure) = &ran.failure {
        tell(options, input, failure, planted);
    }
    ran.failure.is_none()
}

fn run_many(options: &Options, planted: Planted) -> bool {
    let cores = std::thread::available_parallelism();
    let threads = options.threads.or(cores.ok()).map_or(1, NonZero::get);
    let seeds = Seeds {
        first: options.first,
        count: options.seeds,
        steps: options.steps,
        threads,
        until_failure: false,
        planted,
    };
    let began = Instant::now();
    let told = Mutex::new(began);
    let summary = run_seeds(&seeds, &|summary| {
        let Ok(mut told) = told.lock() else { return };
        if told.elapsed() >= PROGRESS {
            *told = Instant::now();
            let failed = summary.failures.len();
            let (runs, count) = (summary.runs, seeds.count);
            eprintln!(
                "{runs} of {count} seeds, {failed} failed, {:?}",
                began.elapsed()
            );
        }
    });
    print_summary(&summary, began.elapsed());
    for (seed, failure) in summary.failures.iter().take(SHRUNK_MAX) {
        println!("seed {seed}:");
        tell(options, &expand(*seed, options.steps), failure, planted);
    }
    for (seed, failure) in summary.failures.iter().skip(SHRUNK_MAX) {
        println!("seed {seed}: {failure}");
    }
    summary.failures.is_empty()
}

fn print_summary(summary: &Summary, took: Duration) {
    for (what, times) in summary.counts.iter() {
        println!("{times:>12} {what}");
    }
    println!(
        "{} seeds in {took:.1?}, {:.0} hours of virtual time: {} failed",
        summary.runs,
        summary.passed.as_secs_f64() / 3600.0,
        summary.failures.len()
    );
}

/// Says what is wrong, and how it is replayed.
fn tell(options: &Options, input: &[u8], failure: &Failure, planted: Planted) {
    println!("  {failure}");
    let smallest = if options.no_shrink {
        input.to_vec()
    } else {
        shrink(input, planted, failure.invariant)
    };
    let again = run_with(&smallest, planted, Detail::None).failure;
    if let Some(again) = again.filter(|_| !options.no_shrink) {
        println!("  shrunk to {} bytes: {again}", smallest.len());
    }
    let fault = match planted {
        Planted::Nothing => String::new(),
        Planted::Shell(_) | Planted::Disk(_) => format!(" --fault {}", planted.as_str()),
    };
    println!(
        "  replay: cargo xtask sim{fault} --trace --input {}",
        to_hex(&smallest)
    );
}
