//! Runs an operation, has something go wrong at every single thing it asks of the disk, and recovers.
//!
//! Invariant under test: after recovery the root holds the old game or the new one, whole; the
//! player's and foreign files are there; a second recovery finds nothing to do; and the operation,
//! started again, reaches its end. Where the process went on, its failure says what was tried.

use std::sync::Arc;

use lanspread_core::{
    DiskFailure, DiskFailureKind,
    root::{Goal, Staged, Step},
};
use lanspread_testbed::dice::Dice;

use super::{
    super::Disk,
    crash_fs::{Crash, Fault, Flaw, Plan},
    crash_image::Loss,
    world::*,
};

/// How many operations a recovery has at most here before it is cut itself.
const RECOVERY_CUT_MAX: u64 = 24;

/// One operation on one root.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) build: fn(&World),
    pub(super) operate: fn(&Disk) -> Result<(), DiskFailure>,
    /// Whether the game is nowhere between the old version and the new one, as its user asked.
    pub(super) gives_up_old: bool,
}

/// A way to recover.
pub(super) type Recover = fn(&World) -> Result<Vec<Step>, DiskFailure>;

/// What was before the operation, what is after it, and how many of its operations on the disk count.
pub(super) struct Whole {
    old: Tree,
    new: Tree,
    pub(super) points: u64,
}

/// What must not differ: the marker in `local/` only says that Lanspread knows the directory.
fn comparable(world: &World) -> Tree {
    let mut tree = world.tree_without_staging();
    tree.remove("local/.lanspread_owned");
    tree
}

/// Whether only an unfinished operation leaves a file of this name.
fn is_unfinished(path: &str) -> bool {
    path.starts_with(".lanspread.json")
        || path.starts_with(".version.ini")
        || path.starts_with(".local.")
}

/// Has the operation go wrong in every way at every point.
pub(super) fn crash_everywhere(scenario: &Scenario) {
    let tried = Crash::ALL.map(|crash| crash_at_every_point(scenario, crash));
    let tried: u64 = tried.iter().sum();
    println!("{tried} crash points: {}", scenario.name);
}

/// Has the operation go wrong in one way at every point; says how many there are.
pub(super) fn crash_at_every_point(scenario: &Scenario, crash: Crash) -> u64 {
    let whole = run_whole(scenario, crash);
    for cut_at in 0..whole.points {
        if let Err(wrong) = crash_and_recover(scenario, &Plan::new(crash, cut_at), settle, &whole) {
            panic!(
                "{}, {crash:?} at operation {cut_at}: {wrong}",
                scenario.name
            );
        }
    }
    whole.points
}

/// Has the operation go wrong at one point, recovers, and says what is wrong then.
pub(super) fn crash_and_recover(
    scenario: &Scenario,
    plan: &Arc<Plan>,
    recover: Recover,
    whole: &Whole,
) -> Result<(), String> {
    let world = crashed(scenario, plan, whole)?;
    check_recovery(scenario, &world, recover, whole)
}

/// Runs the operation without a crash.
pub(super) fn run_whole(scenario: &Scenario, crash: Crash) -> Whole {
    let world = World::new();
    (scenario.build)(&world);
    let old = comparable(&world);
    let plan = Plan::endless(crash);
    let disk = world.disk(&plan).unwrap();
    (scenario.operate)(&disk).unwrap();
    Whole {
        old,
        new: comparable(&world),
        points: plan.count(),
    }
}

/// Recovers as a peer does when it starts.
pub(super) fn settle(world: &World) -> Result<Vec<Step>, DiskFailure> {
    reach(&world.steady(), &Goal::Settle)
}

/// Runs the operation into what goes wrong.
fn crashed(scenario: &Scenario, plan: &Arc<Plan>, whole: &Whole) -> Result<World, String> {
    let world = World::new();
    (scenario.build)(&world);
    let ended = world.disk(plan).and_then(|disk| {
        (scenario.operate)(&disk).inspect_err(|_| {
            // Like a peer whose operation failed. With a disk that takes nothing it need not get to
            // an end.
            let _ = reach(&disk, &Goal::Settle);
        })
    });
    plan.lose_unsynced();
    match (plan.crash(), ended) {
        (Crash::Kill | Crash::PowerCut(_), _) => {}
        (_, Ok(())) => hold(comparable(&world) == whole.new, || {
            "the operation says that it is done, and it is not".to_owned()
        })?,
        (crash, Err(failure)) => check_failure(crash, &failure)?,
    }
    if plan.crash() == Crash::PowerCut(Loss::Torn) {
        cut_recovery(&world, plan);
    }
    Ok(world)
}

/// Expects something, or says what is wrong.
fn hold(is_so: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(wrong()) }
}

/// The failure says what was tried and why it failed.
fn check_failure(crash: Crash, failure: &DiskFailure) -> Result<(), String> {
    let kind = match crash {
        Crash::Kill | Crash::PowerCut(_) => return Ok(()),
        Crash::DiskFull => DiskFailureKind::NoSpace,
        Crash::ReadOnly | Crash::Once(Fault::Denied) => DiskFailureKind::NotAllowed,
        Crash::Once(Fault::Io | Fault::IoAtEveryLook) => DiskFailureKind::Io,
    };
    let message = &failure.message;
    let names_what = message.contains("cannot ") || message.contains(".eti");
    let is_told = failure.kind == kind && names_what && message.contains(": ");
    hold(is_told, || format!("the failure says little: {failure:?}"))
}

/// The power goes again while the first recovery runs.
fn cut_recovery(world: &World, first: &Plan) {
    let cut_at = Dice::new(first.count()).below(RECOVERY_CUT_MAX);
    let plan = Plan::flawed(first.crash(), cut_at, Flaw::None);
    if let Ok(disk) = world.disk(&plan) {
        let _ = reach(&disk, &Goal::Settle);
    }
    plan.lose_unsynced();
}

/// Recovers and checks all that must be true then.
fn check_recovery(
    scenario: &Scenario,
    world: &World,
    recover: Recover,
    whole: &Whole,
) -> Result<(), String> {
    let Whole { old, new, .. } = whole;
    recover(world).map_err(|error| format!("no recovery: {error}"))?;
    let recovered = comparable(world);
    let is_whole = recovered == *old || recovered == *new;
    hold(is_whole || is_given_up(scenario, world, &recovered), || {
        let [is, old, new] = [&recovered, old, new].map(names);
        format!("neither old nor new.\nis:  {is:?}\nold: {old:?}\nnew: {new:?}")
    })?;
    let mut added = recovered.keys().filter(|path| !old.contains_key(*path));
    let left = added.find(|path| is_unfinished(path));
    hold(left.is_none(), || format!("{left:?} is left over"))?;

    let before = world.tree();
    let steps = settle(world).map_err(|error| format!("no second recovery: {error}"))?;
    hold(steps.is_empty() && world.tree() == before, || {
        format!("a second recovery has something to do: {steps:?}")
    })?;

    let disk = world.steady();
    disk.scan_library()
        .and_then(|_| (scenario.operate)(&disk))
        .map_err(|error| format!("started again: {error}"))?;
    let again = comparable(world);
    hold(again == *new, || {
        let (is, new) = (names(&again), names(new));
        format!("started again, it is not as it should be.\nis:  {is:?}\nnew: {new:?}")
    })?;
    let staging = world.root().join(".lanspread.download");
    hold(!staging.exists(), || "staging is left over".to_owned())
}

fn names(tree: &Tree) -> Vec<&String> {
    tree.keys().collect()
}

/// Games whose download went half way have no version until it is complete: that is what giving up
/// the old version means.
fn is_given_up(scenario: &Scenario, world: &World, tree: &Tree) -> bool {
    let disk = world.steady();
    scenario.gives_up_old
        && !tree.contains_key("version.ini")
        && matches!(
            disk.observe_root(&id()).unwrap().staged,
            Staged::Gathering(_)
        )
}
