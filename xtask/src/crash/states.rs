//! The states that operations start from, and what an undisturbed operation makes of each.
//!
//! The invariant: what is taken for the outcome of an operation was compared, file by file, with the
//! games as they were built; and every round begins from a copy of the same state.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use eyre::{Result, WrapErr, ensure, eyre};
use lanspread_testbed::command;
use lanspread_testbed::fixture::{BuiltGame, corrupt_byte};
use lanspread_testbed::peer::PeerProcess;
use lanspread_testbed::tree::Tree;
use serde_json::Value;

use super::cast::{Cast, GAME, OLD, PATIENCE, Seat};
use super::operation::Operation;

/// What lies at the receiver before an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// A root with nothing but what other tools keep there.
    Nothing,
    /// The old version, downloaded, installed, and played.
    OldInstalled,
    /// The new version.
    NewDownloaded,
    /// The same without anything foreign, so that it may be removed.
    NewAlone,
    /// The new version, installed and played.
    NewInstalled,
    /// The new version with a byte that changed.
    NewDamaged,
}

/// What other tools and people keep in a game root.
const FOREIGN: [(&str, &str); 4] = [
    (".sync/id", "of a sync tool"),
    ("data/pak.!sync", "half of something"),
    (".softlan_game_installed", ""),
    ("my notes.txt", "not a part of the game"),
];

/// What a player keeps in an install.
const PLAYERS: [(&str, &str); 2] = [
    ("local/save/slot1.sav", "level 7"),
    ("local/config", "my settings"),
];

/// What an undisturbed operation does.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) before: Tree,
    pub(super) after: Tree,
    pub(super) took: Duration,
}

/// All states, and the outcomes of all operations.
pub(super) struct States {
    dir: PathBuf,
    outcomes: BTreeMap<Operation, Outcome>,
}

impl States {
    /// Makes every state and runs every operation once.
    pub(super) fn prepare(cast: &mut Cast) -> Result<Self> {
        let mut states = Self {
            dir: cast.dir().join("states"),
            outcomes: BTreeMap::new(),
        };
        let seat = cast.receiver.clone();
        states.make_old_installed(cast, &seat)?;
        cast.wake_sources()?;
        states.make_without_memories(&seat, State::Nothing, &FOREIGN)?;
        states.measure(cast, &seat, Operation::Download)?;
        states.keep(&seat, State::NewDownloaded)?;
        corrupt_byte(&seat.root().join("data/changed.bin"), 1 << 20)?;
        states.keep(&seat, State::NewDamaged)?;
        states.measure(cast, &seat, Operation::Install)?;
        put(&seat.root(), &PLAYERS)?;
        states.keep(&seat, State::NewInstalled)?;
        states.make_without_memories(&seat, State::NewAlone, &[])?;
        let receiver = cast.start_receiver(&seat, &cast.addresses())?;
        run_to_end(&receiver, Operation::Download)?;
        receiver.shutdown()?;
        states.keep(&seat, State::NewAlone)?;
        for operation in [
            Operation::DownloadAndInstall,
            Operation::Update,
            Operation::UpdateAndInstall,
            Operation::Uninstall,
            Operation::Remove,
            Operation::Verify,
        ] {
            states.measure(cast, &seat, operation)?;
        }
        states.check(cast)?;
        Ok(states)
    }

    /// What an operation does when nothing disturbs it.
    pub(super) fn outcome(&self, operation: Operation) -> Result<&Outcome> {
        let operation = match operation {
            Operation::Cancel => Operation::Download,
            other => other,
        };
        let outcome = self.outcomes.get(&operation);
        outcome.ok_or_else(|| eyre!("{} was not measured", operation.name()))
    }

    /// Brings the receiver to the state that an operation starts from.
    pub(super) fn restore(&self, seat: &Seat, operation: Operation) -> Result<()> {
        let from = self.place(operation.from());
        copy(&from.join("games"), &seat.games)?;
        copy(&from.join("state"), &seat.state)
    }

    fn place(&self, state: State) -> PathBuf {
        self.dir.join(format!("{state:?}"))
    }

    fn keep(&self, seat: &Seat, state: State) -> Result<()> {
        let place = self.place(state);
        std::fs::create_dir_all(&place)?;
        copy(&seat.games, &place.join("games"))?;
        copy(&seat.state, &place.join("state"))
    }

    /// The old version comes as every version does, so that the peer knows it as its own download.
    fn make_old_installed(&self, cast: &Cast, seat: &Seat) -> Result<()> {
        let (source, address) = cast.old_source()?;
        let receiver = cast.start_receiver(seat, &[address])?;
        run_to_end(&receiver, Operation::DownloadAndInstall)?;
        receiver.shutdown()?;
        source.shutdown()?;
        put(&seat.root(), &FOREIGN)?;
        put(&seat.root(), &PLAYERS)?;
        self.keep(seat, State::OldInstalled)
    }

    /// A root with these files, and a peer that is still itself and remembers no game.
    fn make_without_memories(
        &self,
        seat: &Seat,
        state: State,
        files: &[(&str, &str)],
    ) -> Result<()> {
        for gone in [
            seat.root(),
            seat.state.join("libraries"),
            seat.state.join("manifests"),
        ] {
            if gone.exists() {
                std::fs::remove_dir_all(gone)?;
            }
        }
        put(&seat.root(), files)?;
        self.keep(seat, state)
    }

    fn measure(&mut self, cast: &Cast, seat: &Seat, operation: Operation) -> Result<()> {
        self.restore(seat, operation)?;
        let before = read(seat)?;
        let receiver = cast.start_receiver(seat, &cast.addresses())?;
        let took = run_to_end(&receiver, operation)?;
        receiver.shutdown()?;
        let after = read(seat)?;
        let outcome = Outcome {
            before,
            after,
            took,
        };
        self.outcomes.insert(operation, outcome);
        Ok(())
    }

    /// Compares the outcomes with what was built.
    fn check(&self, cast: &Cast) -> Result<()> {
        let (old, new) = (Some(&cast.old), Some(&cast.new));
        let kept = format!("local/.lanspread-kept/{OLD}/config");
        let players_after_update = [PLAYERS[0], (kept.as_str(), PLAYERS[1].1)];
        let none: &[(&str, &str)] = &[];
        for (operation, game, install, players) in [
            (Operation::Download, new, None, none),
            (Operation::DownloadAndInstall, new, new, none),
            (Operation::Install, new, new, none),
            (Operation::UpdateAndInstall, new, new, &players_after_update),
            (Operation::Uninstall, new, None, none),
            (Operation::Verify, new, None, none),
        ] {
            let tree = &self.outcome(operation)?.after;
            is_whole(tree, game, install, players).wrap_err_with(|| operation.name())?;
        }
        let update = self.outcome(Operation::Update)?;
        is_whole(&update.before, old, old, &PLAYERS).wrap_err("the old version")?;
        let installed = update.after.below("local");
        ensure!(
            installed == update.before.below("local"),
            "an update touched the install"
        );
        let remove = self.outcome(Operation::Remove)?;
        ensure!(remove.after.is_empty(), "a removed game is still there");
        Ok(())
    }
}

/// Runs an operation to its end and says how long that took.
pub(super) fn run_to_end(peer: &PeerProcess, operation: Operation) -> Result<Duration> {
    ready_for(peer, operation)?;
    let from = peer.mark();
    let began = Instant::now();
    peer.call(operation.command())?;
    for part in operation.parts() {
        let ended = peer.wait_event(from, PATIENCE, &format!("end the {part}"), |line| {
            is_end(line, part)
        })?;
        let name = ended.field("event").as_str().unwrap_or_default();
        ensure!(
            name.ends_with("-finished"),
            "it did not finish: {}",
            ended.value
        );
    }
    Ok(began.elapsed())
}

/// Waits until an operation can begin.
pub(super) fn ready_for(peer: &PeerProcess, operation: Operation) -> Result<()> {
    let needs_here = operation.from() != State::Nothing;
    peer.wait_for_game(GAME, "be ready for an operation on", |game| {
        let here = game["downloaded"] == true && game["manifest"].is_string();
        let is_here = here || operation == Operation::Verify && game["downloaded"] == true;
        let has_sources = game["peers"].as_u64() > Some(0);
        (is_here || !needs_here) && (has_sources || !operation.needs_sources())
    })?;
    Ok(())
}

/// Whether an event ends a part of an operation on the game.
pub(super) fn is_end(line: &Value, part: &str) -> bool {
    let ends = ["finished", "failed", "cancelled"];
    let event = line["event"].as_str().unwrap_or_default();
    line["id"] == GAME
        && event
            .strip_prefix(part)
            .and_then(|rest| rest.strip_prefix('-'))
            .is_some_and(|how| ends.contains(&how))
}

/// What the root holds, apart from the marker in an install, which says nothing of the game.
pub(super) fn read(seat: &Seat) -> Result<Tree> {
    if !seat.root().exists() {
        return Ok(Tree::default());
    }
    Ok(Tree::read(&seat.root())?.without("local/.lanspread_owned"))
}

/// Whether a root holds exactly this game, this install, these files of the player, and what is
/// foreign.
fn is_whole(
    tree: &Tree,
    game: Option<&BuiltGame>,
    install: Option<&BuiltGame>,
    players: &[(&str, &str)],
) -> Result<()> {
    let players_changed = |path: &str| players.iter().any(|(changed, _)| *changed == path);
    let mut expected = 0;
    for path in game.iter().flat_map(|game| game.tree.paths()) {
        ensure!(
            tree.get(path) == game.and_then(|game| game.tree.get(path)),
            "{path}"
        );
        expected += 1;
    }
    for path in install.iter().flat_map(|game| game.installed.paths()) {
        let below = format!("local/{path}");
        let should = install.and_then(|game| game.installed.get(path));
        ensure!(
            players_changed(&below) || tree.get(&below) == should,
            "{below}"
        );
        expected += usize::from(!players_changed(&below));
    }
    for (path, content) in FOREIGN.iter().chain(players) {
        let should = Tree::of([(*path, content.as_bytes())]);
        ensure!(tree.get(path) == should.get(path), "{path}");
        expected += 1;
    }
    ensure!(
        tree.len() == expected,
        "it has {} files and not {expected}",
        tree.len()
    );
    Ok(())
}

fn put(root: &Path, files: &[(&str, &str)]) -> Result<()> {
    for (path, content) in files {
        let path = root.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, content)?;
    }
    Ok(())
}

/// Makes `to` a copy of `from` with the same times, which say whether a player changed a file.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    command::run(Command::new("cp").arg("--archive").arg(from).arg(to))?;
    Ok(())
}
