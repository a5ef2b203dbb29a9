//! A tiny model of a root with content, crashed before, within and after every step; for tests.
//!
//! Invariant under test: from a root at rest, whatever operation runs and wherever it is cut off,
//! settling leads to the old game or the new one, whole, and with the player's files.

use lanspread_db::Version;

use super::{
    Entry, Goal, Intent, IntentLog, Next, RootObservation, Staged, Step, next_step,
    space::{after, manifest, version},
};

/// What the files of the game are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Game {
    None,
    Old,
    New,
    /// Some of both, or only a part.
    Mixed,
}

/// What an install directory holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Install {
    None,
    /// The old version with the player's files.
    Old,
    /// The new version with the player's files.
    New,
    /// The new version without the player's files.
    Unpacked,
    Part,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Model {
    root: RootObservation,
    game: Game,
    local: Install,
    installing: Install,
    backup: Install,
}

fn old_version() -> Version {
    Version::parse("20200101").unwrap()
}

impl Model {
    /// A root at rest.
    fn at_rest(game: Game, local: Install) -> Self {
        let present = |is: bool, entry| if is { entry } else { Entry::Absent };
        let downloaded = game != Game::None;
        Self {
            root: RootObservation {
                root: Entry::PlainDir,
                sentinel: present(downloaded, Entry::File),
                version: match game {
                    Game::Old => Some(old_version()),
                    Game::New => Some(version()),
                    Game::None | Game::Mixed => None,
                },
                local: present(local != Install::None, Entry::MarkedDir),
                installed: (local == Install::Old).then(old_version),
                ..RootObservation::absent()
            },
            game,
            local,
            installing: Install::None,
            backup: Install::None,
        }
    }

    fn gathering(mut self) -> Self {
        self.root.staging = Entry::MarkedDir;
        self.root.staged = Staged::Gathering(manifest());
        self
    }

    /// The roots that a crash within the step can leave.
    fn within(&self, step: &Step) -> Vec<Self> {
        let with = |change: &dyn Fn(&mut Self)| {
            let mut model = self.clone();
            change(&mut model);
            model
        };
        match step {
            Step::CreateStaging { .. } => vec![
                with(&|m| m.root.staging = Entry::EmptyDir),
                with(&|m| {
                    m.root.staging = Entry::MarkedDir;
                    m.root.staged = Staged::Nothing;
                }),
            ],
            Step::DropStaging => vec![
                with(&|m| m.root.staged = Staged::Nothing),
                with(&|m| {
                    m.root.staging = Entry::EmptyDir;
                    m.root.staged = Staged::Nothing;
                }),
            ],
            Step::RemoveListed => vec![with(&|m| m.game = Game::Mixed)],
            Step::PromoteStaged { .. } => {
                vec![
                    with(&|m| m.game = Game::Mixed),
                    with(&|m| m.game = Game::New),
                ]
            }
            Step::PublishSentinel { .. } => vec![with(&|m| m.root.temporaries = Entry::File)],
            Step::Unpack { .. } => vec![
                with(&|m| m.root.installing = Entry::EmptyDir),
                with(&|m| {
                    m.root.installing = Entry::MarkedDir;
                    m.installing = Install::Part;
                }),
                with(&|m| {
                    m.root.installing = Entry::MarkedDir;
                    m.installing = Install::Unpacked;
                    m.root.temporaries = Entry::File;
                }),
            ],
            Step::CarryOver { .. } => vec![with(&|m| m.installing = Install::New)],
            Step::DropInstalling => vec![
                with(&|m| m.installing = Install::Part),
                with(&|m| {
                    m.root.installing = Entry::EmptyDir;
                    m.installing = Install::Part;
                }),
            ],
            Step::DropBackup => vec![
                with(&|m| m.backup = Install::Part),
                with(&|m| {
                    m.root.backup = Entry::EmptyDir;
                    m.backup = Install::Part;
                }),
            ],
            Step::BeginGivingUp { .. }
            | Step::BeginSwitch { .. }
            | Step::BeginInstall { .. }
            | Step::BeginUninstall
            | Step::BeginRemove => vec![with(&|m| m.root.temporaries = Entry::File)],
            Step::ParkSentinel
            | Step::BackupLocal
            | Step::PromoteInstalling
            | Step::RestoreBackup
            | Step::DropParked
            | Step::SweepTemporaries
            | Step::ClearIntent
            | Step::RemoveRoot => Vec::new(),
        }
    }

    fn take(mut self, step: &Step) -> Self {
        match step {
            Step::RemoveListed => self.game = Game::None,
            Step::PromoteStaged { .. } => self.game = Game::New,
            Step::Unpack { .. } => self.installing = Install::Unpacked,
            Step::CarryOver { .. } => self.installing = Install::New,
            Step::BackupLocal => self.backup = std::mem::replace(&mut self.local, Install::None),
            Step::PromoteInstalling => {
                self.local = std::mem::replace(&mut self.installing, Install::None);
            }
            Step::RestoreBackup => {
                self.local = std::mem::replace(&mut self.backup, Install::None);
            }
            Step::DropInstalling => self.installing = Install::None,
            Step::DropBackup => self.backup = Install::None,
            Step::PublishSentinel { .. } => {
                assert_eq!(self.game, Game::New, "the sentinel comes last");
            }
            Step::CreateStaging { .. }
            | Step::BeginGivingUp { .. }
            | Step::BeginSwitch { .. }
            | Step::BeginInstall { .. }
            | Step::BeginUninstall
            | Step::BeginRemove
            | Step::ParkSentinel
            | Step::DropParked
            | Step::DropStaging
            | Step::SweepTemporaries
            | Step::ClearIntent
            | Step::RemoveRoot => {}
        }
        self.root = after(step, self.root);
        let empty = self.game == Game::None
            && self.root
                == RootObservation {
                    root: Entry::PlainDir,
                    recorded: self.root.recorded,
                    ..RootObservation::absent()
                };
        if empty {
            self.root.root = Entry::EmptyDir;
        }
        self
    }

    /// Takes steps to the end; calls `see` for every root on the way and every one a crash leaves.
    fn run(mut self, goal: &Goal, see: &mut dyn FnMut(&Self)) -> Self {
        see(&self);
        for _ in 0..30 {
            match next_step(goal, &self.root) {
                Next::Take(step) => {
                    for crashed in self.within(&step) {
                        see(&crashed);
                    }
                    self = self.take(&step);
                    see(&self);
                }
                Next::Done => return self,
                Next::Blocked(blocked) => panic!("{goal:?} is blocked: {blocked} at {self:?}"),
            }
        }
        panic!("{goal:?} does not end: {self:?}");
    }

    /// What users have: the game, if there is a sentinel, and the install.
    fn result(&self) -> (Game, Install) {
        let game = if self.root.sentinel == Entry::File {
            self.game
        } else {
            Game::None
        };
        (game, self.local)
    }
}

/// Runs a goal from a root, crashes it everywhere, crashes the recovery everywhere, and demands one
/// of the allowed results. Says how many crashes there were.
fn crash_everywhere(from: &Model, goal: &Goal, allowed: &[(Game, Install)]) -> usize {
    let mut crashes = 0;
    let mut images = Vec::new();
    let end = from
        .clone()
        .run(goal, &mut |model| images.push(model.clone()));
    assert!(
        allowed.contains(&end.result()),
        "{goal:?} ends with {end:?}"
    );
    let mut recovered_again = Vec::new();
    for model in images {
        crashes += 1;
        let settled = model
            .clone()
            .run(&Goal::Settle, &mut |m| recovered_again.push(m.clone()));
        check(goal, &model, &settled, allowed);
    }
    for model in recovered_again {
        crashes += 1;
        let settled = model.clone().run(&Goal::Settle, &mut |_| {});
        check(goal, &model, &settled, allowed);
    }
    crashes
}

fn check(goal: &Goal, crashed: &Model, settled: &Model, allowed: &[(Game, Install)]) {
    let result = settled.result();
    assert!(
        allowed.contains(&result),
        "{goal:?}: {crashed:?} settles to {settled:?}"
    );
    assert_eq!(settled.root.intent, IntentLog::Absent);
    assert_eq!(
        (settled.installing, settled.backup),
        (Install::None, Install::None)
    );
}

#[test]
fn a_crash_within_any_step_of_any_operation_settles_to_the_old_or_the_new_game() {
    use Game::{New, Old};
    use Install::Old as OldInstall;
    let manifest = manifest();
    let none = Install::None;
    let mut crashes = 0;
    for local in [none, OldInstall] {
        let old = Model::at_rest(Old, local);
        let switch = Goal::Switch { manifest };
        crashes += crash_everywhere(
            &old.clone().gathering(),
            &switch,
            &[(Old, local), (New, local)],
        );
        crashes += crash_everywhere(&old, &Goal::Stage { manifest }, &[(Old, local)]);
        crashes += crash_everywhere(
            &old.clone().gathering(),
            &Goal::DropDownload,
            &[(Old, local)],
        );
        let give_up = Goal::GiveUpOld { manifest };
        crashes += crash_everywhere(
            &old.clone().gathering(),
            &give_up,
            &[(Old, local), (Game::None, local)],
        );
        let new = Model::at_rest(New, local);
        crashes += crash_everywhere(&new, &Goal::Install, &[(New, local), (New, Install::New)]);
        crashes += crash_everywhere(
            &new.clone().gathering(),
            &Goal::Install,
            &[(New, local), (New, Install::New)],
        );
        crashes += crash_everywhere(&old, &Goal::Uninstall, &[(Old, local), (Old, none)]);
    }
    let nothing = Model::at_rest(Game::None, none);
    let switch = Goal::Switch { manifest };
    crashes += crash_everywhere(
        &nothing.clone().gathering(),
        &switch,
        &[(Game::None, none), (New, none)],
    );
    for old in [
        Model::at_rest(Old, none),
        Model::at_rest(Old, none).gathering(),
    ] {
        crashes += crash_everywhere(&old, &Goal::Remove, &[(Old, none), (Game::None, none)]);
    }
    println!("{crashes} crashes of the model settled");
    assert!(crashes > 200);
}

#[test]
fn a_removal_that_was_cut_off_spares_a_game_that_somebody_put_there_since() {
    let mut model = Model::at_rest(Game::New, Install::None);
    model.root.intent = IntentLog::Known(Intent::Removing);
    model.root.parked = Entry::File;
    let settled = model.run(&Goal::Settle, &mut |_| {});
    assert_eq!(settled.result(), (Game::New, Install::None));
}

#[test]
fn an_uninstall_that_was_cut_off_spares_an_install_that_was_made_since() {
    let mut model = Model::at_rest(Game::Old, Install::Old);
    model.root.intent = IntentLog::Known(Intent::Uninstalling);
    let settled = model.run(&Goal::Settle, &mut |_| {});
    assert_eq!(settled.result(), (Game::Old, Install::Old));
}
