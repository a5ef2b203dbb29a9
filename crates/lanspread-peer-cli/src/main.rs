//! `lanspread`: the program for people and for scripts.
//!
//! It turns a command line into commands for a peer, and what the peer says into text. Invariant: it
//! holds no logic of the party; whatever is decided is decided by the peer. Exit codes: 0 done, 1
//! failed, 2 not understood.

mod answers;
mod args;
mod catalog;
mod client;
mod display;
mod expel;
mod follow;
mod get;
mod jsonl;
mod list;
mod narrate;
mod node;
mod operate;
mod output;
mod page;
mod party;
mod pin;
mod play;
mod rates;
mod reach;
mod refused;
mod say;
mod secret;
mod serve;
mod settle;
mod setup;
mod show;
mod signals;
mod table;
mod words;

use std::{io, process::ExitCode, time::Duration};

use clap::{CommandFactory, Parser};
use eyre::{Result, WrapErr, eyre};
use lanspread_app::ApplicationLog;
use lanspread_db::GameId;
use tracing_subscriber::{
    EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::{
    args::{Cli, GameArgs, PeerArgs, Subcommands},
    get::Wanted,
    reach::Reached,
    setup::Setup,
    signals::EndSignal,
};

/// See `docs/decisions/0013-the-data-path.md`.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&explain(&error));
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &eyre::Report) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// The whole story of an error, from what happened to what caused it.
fn explain(error: &eyre::Report) -> String {
    let mut story: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        // Many messages name their cause already.
        if !story.iter().any(|told| told.contains(&cause)) {
            story.push(cause);
        }
    }
    story.join("\n  ")
}

fn run(command: Subcommands) -> Result<()> {
    match command {
        Subcommands::Serve { rates, web, peer } => {
            on_runtime(&peer, Log::Warnings, async |setup| {
                serve::run(&setup, &rates, web).await
            })
        }
        Subcommands::Jsonl(args) => {
            on_runtime(&args, Log::Warnings, async |setup| jsonl::run(&setup).await)
        }
        Subcommands::List(args) => with_peer(&args, None, list::games),
        Subcommands::Peers(args) => with_peer(&args, None, list::peers),
        Subcommands::Status(args) => with_peer(&args, None, list::status),
        Subcommands::Get {
            game,
            no_install,
            give_up_old,
            wait,
        } => {
            let GameArgs { id, peer } = game;
            let wanted = Wanted {
                id: id.clone(),
                install: !no_install,
                give_up_old,
                wait: Duration::from_secs(wait),
            };
            with_peer(&peer, Some(&id), async |reached| {
                get::get(reached, &wanted).await
            })
        }
        Subcommands::Show(game) => with_game(game, show::game),
        Subcommands::Install(game) => with_game(game, operate::install),
        Subcommands::Uninstall(game) => with_game(game, operate::uninstall),
        Subcommands::Remove(game) => with_game(game, operate::remove),
        Subcommands::Play { game, wanted } => {
            let GameArgs { id, peer } = game;
            with_peer(&peer, Some(&id), async |reached| {
                play::play(reached, &id, &wanted).await
            })
        }
        Subcommands::Verify(game) => with_game(game, operate::verify),
        Subcommands::Cancel(game) => with_game(game, operate::cancel),
        Subcommands::Expel { who, time, peer } => with_peer(&peer, None, async |reached| {
            expel::expel(reached, &who, time).await
        }),
        Subcommands::Readmit { who, peer } => with_peer(&peer, None, async |reached| {
            expel::readmit(reached, &who).await
        }),
        Subcommands::Say { text, peer } => with_peer(&peer, None, async |reached| {
            say::say(reached, &text.join(" ")).await
        }),
        Subcommands::Limit { limits, peer } => with_peer(&peer, None, async |reached| {
            rates::limit(reached, &limits).await
        }),
        Subcommands::Playing { switch, peer } => with_peer(&peer, None, async |reached| {
            rates::play(reached, switch).await
        }),
        Subcommands::Catalog(command) => catalog::run(&command),
        Subcommands::Party(command) => party::run(&command),
        Subcommands::Completions { shell } => completions(shell),
    }
}

fn completions(shell: clap_complete::Shell) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "lanspread", &mut script);
    Ok(output::print(&String::from_utf8_lossy(&script))?)
}

/// Runs a command on one game.
fn with_game(
    game: GameArgs,
    work: impl AsyncFnOnce(&mut Reached, &GameId) -> Result<()>,
) -> Result<()> {
    let GameArgs { id, peer } = game;
    with_peer(&peer, Some(&id), async |reached| work(reached, &id).await)
}

/// Runs a command that talks to a peer: the one that runs here, else one for as long as it takes.
fn with_peer(
    args: &PeerArgs,
    id: Option<&GameId>,
    work: impl AsyncFnOnce(&mut Reached) -> Result<()>,
) -> Result<()> {
    on_runtime(args, Log::Nothing, async |setup| {
        let mut signal = EndSignal::listen()?;
        let mut reached = Reached::new(&setup).await?;
        let done = tokio::select! {
            done = work(&mut reached) => done,
            () = signal.wait() => Err(eyre!(interrupted(&reached, id))),
        };
        let left = reached.leave().await;
        done.and(left)
    })
}

/// What becomes of the work when the user does not want to wait for it.
fn interrupted(reached: &Reached, id: Option<&GameId>) -> String {
    match (id, reached.is_own()) {
        (Some(id), true) => format!(
            "interrupted; of a download, what has come is kept, and `lanspread get {id}` goes on \
             from there"
        ),
        (Some(id), false) => format!(
            "not waiting any longer; the peer that runs here goes on with it, and \
             `lanspread cancel {id}` ends it"
        ),
        (None, _) => "interrupted".to_owned(),
    }
}

fn on_runtime(
    args: &PeerArgs,
    log: Log,
    work: impl AsyncFnOnce(Setup) -> Result<()>,
) -> Result<()> {
    let log = start_log(log, args.verbose);
    let setup = Setup::resolve(args, log)?;
    // One worker is enough for what only decides and waits: bytes, files and hashes have threads of their
    // own, and several workers wake each other for every small task.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .wrap_err("the program's threads cannot be started")?;
    let result = runtime.block_on(work(setup));
    // A read of standard input cannot be interrupted; the process does not wait for it.
    runtime.shutdown_background();
    result
}

/// How much of the log is shown when the user does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Log {
    /// The command itself says all that matters.
    Nothing,
    /// What is odd or broken.
    Warnings,
}

/// The log goes to standard error, where `RUST_LOG` decides what is in it, else `--verbose`; and to where it
/// can be read later.
fn start_log(log: Log, verbose: u8) -> ApplicationLog {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        EnvFilter::new(match (verbose, log) {
            (0, Log::Nothing) => "off",
            (0, Log::Warnings) => "error,lanspread=warn",
            (1, _) => "warn,lanspread=info",
            (2, _) => "info,lanspread=debug",
            (3.., _) => "debug,lanspread=trace",
        })
    });
    let kept = ApplicationLog::default();
    let shown = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(console::colors_enabled_stderr())
        .with_filter(filter);
    tracing_subscriber::registry()
        .with(kept.layer())
        .with(shown)
        .init();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_each_cause_once() {
        let error = eyre::Report::new(io::Error::other("the disk is full"))
            .wrap_err("cannot write: the disk is full")
            .wrap_err("cannot save the index");
        assert_eq!(
            explain(&error),
            "cannot save the index\n  cannot write: the disk is full"
        );
    }

    #[test]
    fn a_closed_pipe_is_found_under_any_story() {
        let broken = eyre::Report::new(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(is_broken_pipe(&broken.wrap_err("printing")));
        assert!(!is_broken_pipe(&eyre::Report::new(io::Error::other("x"))));
    }
}
