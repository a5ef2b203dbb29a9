//! Every root that can be observed, and what each step makes of it; for tests.
//!
//! Invariant: the space holds one value for each group of values that the machine cannot tell apart,
//! and a test of this module shows that it really cannot.

use lanspread_db::{ContentHash, ManifestHash, Version};

use super::{Entry, Goal, Intent, IntentLog, Next, RootObservation, Staged, Step, next_step};

/// A property of a root, with its values in words.
pub(super) struct Dimension {
    pub(super) name: &'static str,
    pub(super) values: &'static [&'static str],
}

/// What is observed, most telling first.
pub(super) const DIMENSIONS: [Dimension; 9] = [
    Dimension {
        name: "intent",
        values: &[
            "none",
            "installing",
            "unpacked",
            "swapping",
            "uninstalling",
            "removing",
            "giving up",
            "giving up for another",
            "switching",
            "switching to another",
            "damaged",
            "newer",
        ],
    },
    Dimension {
        name: "temporaries",
        values: &["none", "some"],
    },
    Dimension {
        name: "`version.ini`",
        values: &[
            "none",
            "the version",
            "another version",
            "unreadable",
            "no file",
        ],
    },
    Dimension {
        name: "parked",
        values: &["none", "file", "no file"],
    },
    Dimension {
        name: "`.local.installing/`",
        values: &["none", "ours", "empty", "not ours"],
    },
    Dimension {
        name: "`.local.backup/`",
        values: &["none", "ours", "empty", "not ours"],
    },
    Dimension {
        name: "`local/`",
        values: &["none", "the version's", "another", "no directory"],
    },
    Dimension {
        name: "`.lanspread.download/`",
        values: &[
            "none",
            "empty",
            "not ours",
            "ours, incomplete",
            "gathering",
            "gathering another",
            "promoted",
            "promoted another",
        ],
    },
    Dimension {
        name: "recorded",
        values: &["no", "yes"],
    },
];

/// One value of each dimension.
pub(super) type Point = [u8; DIMENSIONS.len()];

pub(super) fn manifest() -> ManifestHash {
    ManifestHash(ContentHash::of(b"the manifest"))
}

fn other_manifest() -> ManifestHash {
    ManifestHash(ContentHash::of(b"another manifest"))
}

pub(super) fn version() -> Version {
    Version::parse("20210101").unwrap()
}

fn other_version() -> Version {
    Version::parse("20200101").unwrap()
}

/// Every goal, with its name in the documentation.
pub(super) fn goals() -> [(&'static str, Goal); 8] {
    let manifest = manifest();
    [
        ("Settle", Goal::Settle),
        ("Stage", Goal::Stage { manifest }),
        ("GiveUpOld", Goal::GiveUpOld { manifest }),
        ("Switch", Goal::Switch { manifest }),
        ("DropDownload", Goal::DropDownload),
        ("Install", Goal::Install),
        ("Uninstall", Goal::Uninstall),
        ("Remove", Goal::Remove),
    ]
}

/// Calls `visit` for every point.
pub(super) fn for_each_point(mut visit: impl FnMut(Point)) {
    let mut point = [0; DIMENSIONS.len()];
    loop {
        visit(point);
        let mut at = DIMENSIONS.len();
        loop {
            if at == 0 {
                return;
            }
            at -= 1;
            point[at] += 1;
            if usize::from(point[at]) < DIMENSIONS[at].values.len() {
                break;
            }
            point[at] = 0;
        }
    }
}

/// The root that a point stands for.
pub(super) fn observation(point: Point) -> RootObservation {
    let [
        intent,
        temporaries,
        sentinel,
        parked,
        installing,
        backup,
        local,
        staging,
        recorded,
    ] = point;
    let (staging, staged) = match staging {
        0 => (Entry::Absent, Staged::Nothing),
        1 => (Entry::EmptyDir, Staged::Nothing),
        2 => (Entry::PlainDir, Staged::Nothing),
        3 => (Entry::MarkedDir, Staged::Nothing),
        4 => (Entry::MarkedDir, Staged::Gathering(manifest())),
        5 => (Entry::MarkedDir, Staged::Gathering(other_manifest())),
        6 => (Entry::MarkedDir, Staged::Promoted(manifest())),
        _ => (Entry::MarkedDir, Staged::Promoted(other_manifest())),
    };
    RootObservation {
        root: Entry::PlainDir,
        intent: intent_log(intent),
        sentinel: [
            Entry::Absent,
            Entry::File,
            Entry::File,
            Entry::File,
            Entry::Other,
        ][usize::from(sentinel)],
        version: [None, Some(version()), Some(other_version()), None, None][usize::from(sentinel)],
        temporaries: [Entry::Absent, Entry::File][usize::from(temporaries)],
        parked: [Entry::Absent, Entry::File, Entry::Other][usize::from(parked)],
        local: [
            Entry::Absent,
            Entry::MarkedDir,
            Entry::PlainDir,
            Entry::File,
        ][usize::from(local)],
        installing: reserved(installing),
        backup: reserved(backup),
        staging,
        staged,
        recorded: [None, Some(manifest())][usize::from(recorded)],
        installed: [None, Some(version()), None, None][usize::from(local)],
    }
}

fn reserved(value: u8) -> Entry {
    [
        Entry::Absent,
        Entry::MarkedDir,
        Entry::EmptyDir,
        Entry::PlainDir,
    ][usize::from(value)]
}

fn intent_log(value: u8) -> IntentLog {
    let (manifest, version) = (manifest(), version());
    IntentLog::Known(match value {
        0 => return IntentLog::Absent,
        1 => Intent::Installing { version },
        2 => Intent::Unpacked { version },
        3 => Intent::Swapping { version },
        4 => Intent::Uninstalling,
        5 => Intent::Removing,
        6 => Intent::GivingUp { manifest },
        7 => Intent::GivingUp {
            manifest: other_manifest(),
        },
        8 => Intent::Switching { manifest },
        9 => Intent::Switching {
            manifest: other_manifest(),
        },
        10 => {
            return IntentLog::Damaged {
                reason: "cut short".to_owned(),
            };
        }
        _ => return IntentLog::Newer { format: 2 },
    })
}

/// What is observed after a step, as the disk side carries it out.
pub(super) fn after(step: &Step, mut root: RootObservation) -> RootObservation {
    match *step {
        Step::CreateStaging { manifest } => {
            root.root = Entry::PlainDir;
            root.staging = Entry::MarkedDir;
            root.staged = Staged::Gathering(manifest);
        }
        Step::BeginGivingUp { manifest } => {
            root.intent = IntentLog::Known(Intent::GivingUp { manifest });
        }
        Step::BeginSwitch { manifest } => {
            root.intent = IntentLog::Known(Intent::Switching { manifest });
            root.staged = Staged::Gathering(manifest);
        }
        Step::BeginInstall { version } => {
            root.intent = IntentLog::Known(Intent::Installing { version });
        }
        Step::BeginUninstall => root.intent = IntentLog::Known(Intent::Uninstalling),
        Step::BeginRemove => root.intent = IntentLog::Known(Intent::Removing),
        Step::ParkSentinel => {
            root.sentinel = Entry::Absent;
            root.version = None;
            root.parked = Entry::File;
        }
        Step::RemoveListed | Step::DropParked => root.parked = Entry::Absent,
        Step::PromoteStaged { manifest } => root.staged = Staged::Promoted(manifest),
        Step::PublishSentinel { manifest } => {
            root.sentinel = Entry::File;
            root.version = Some(version());
            root.recorded = Some(manifest);
            root.temporaries = Entry::Absent;
        }
        Step::Unpack { version } => {
            root.installing = Entry::MarkedDir;
            root.intent = IntentLog::Known(Intent::Unpacked { version });
        }
        Step::CarryOver { version } => {
            root.intent = IntentLog::Known(Intent::Swapping { version });
        }
        Step::BackupLocal => {
            if root.local.is_dir() {
                root.local = Entry::Absent;
                root.installed = None;
                root.backup = Entry::MarkedDir;
            }
        }
        Step::PromoteInstalling => {
            if root.installing == Entry::MarkedDir {
                root.installing = Entry::Absent;
                root.local = Entry::MarkedDir;
                root.installed = match root.intent {
                    IntentLog::Known(Intent::Swapping { version }) => Some(version),
                    _ => None,
                };
            }
        }
        Step::RestoreBackup => {
            if root.backup == Entry::MarkedDir {
                root.backup = Entry::Absent;
                root.local = Entry::PlainDir;
                root.installed = None;
            }
        }
        Step::DropInstalling => root.installing = Entry::Absent,
        Step::DropBackup => root.backup = Entry::Absent,
        Step::DropStaging => {
            root.staging = Entry::Absent;
            root.staged = Staged::Nothing;
        }
        Step::SweepTemporaries => root.temporaries = Entry::Absent,
        Step::ClearIntent => root.intent = IntentLog::Absent,
        Step::RemoveRoot => {
            root = RootObservation {
                recorded: root.recorded,
                ..RootObservation::absent()
            }
        }
    }
    root
}

/// Whether what a step deletes, moves or overwrites is proved to be ours or the game's.
fn is_proved(step: &Step, root: &RootObservation) -> bool {
    let known = |wanted: &dyn Fn(&Intent) -> bool| match &root.intent {
        IntentLog::Known(intent) => wanted(intent),
        IntentLog::Absent | IntentLog::Damaged { .. } | IntentLog::Newer { .. } => false,
    };
    match step {
        Step::DropInstalling => root.installing.is_ours(),
        Step::DropBackup => root.backup.is_ours(),
        Step::DropStaging => root.staging.is_ours(),
        Step::DropParked => root.parked == Entry::File,
        Step::SweepTemporaries => root.temporaries == Entry::File,
        Step::ClearIntent => !matches!(root.intent, IntentLog::Absent | IntentLog::Newer { .. }),
        Step::CreateStaging { .. } => root.staging == Entry::Absent || root.staging.is_ours(),
        Step::Unpack { .. } => root.installing == Entry::Absent || root.installing.is_ours(),
        Step::CarryOver { .. } => root.installing == Entry::MarkedDir,
        Step::ParkSentinel => {
            root.sentinel == Entry::File
                && matches!(root.parked, Entry::Absent | Entry::File)
                && known(&|intent| {
                    matches!(
                        intent,
                        Intent::Removing | Intent::GivingUp { .. } | Intent::Switching { .. }
                    )
                })
        }
        Step::RemoveListed => {
            root.sentinel != Entry::File
                && root.parked == Entry::File
                && known(&|i| matches!(i, Intent::Removing | Intent::GivingUp { .. }))
        }
        Step::PromoteStaged { manifest } => {
            root.sentinel == Entry::Absent
                && root.staged == Staged::Gathering(*manifest)
                && known(&|i| {
                    *i == Intent::Switching {
                        manifest: *manifest,
                    }
                })
        }
        Step::PublishSentinel { manifest } => {
            root.sentinel == Entry::Absent
                && root.staged == Staged::Promoted(*manifest)
                && known(&|i| {
                    *i == Intent::Switching {
                        manifest: *manifest,
                    }
                })
        }
        Step::BackupLocal => {
            root.local.is_dir()
                && matches!(root.backup, Entry::Absent | Entry::EmptyDir)
                && known(&|i| matches!(i, Intent::Uninstalling | Intent::Swapping { .. }))
        }
        Step::PromoteInstalling => {
            root.installing == Entry::MarkedDir && root.local == Entry::Absent
        }
        Step::RestoreBackup => root.backup == Entry::MarkedDir && root.local == Entry::Absent,
        Step::RemoveRoot => root.root == Entry::EmptyDir,
        Step::BeginInstall { .. } => {
            root.installing == Entry::Absent && root.backup == Entry::Absent
        }
        Step::BeginUninstall => root.backup == Entry::Absent && root.local.is_dir(),
        Step::BeginRemove => root.sentinel == Entry::File && !root.local.is_dir(),
        Step::BeginGivingUp { .. } => root.sentinel == Entry::File && root.parked == Entry::Absent,
        Step::BeginSwitch { .. } => root.parked == Entry::Absent,
    }
}

/// More steps than any goal needs from anywhere.
const STEPS_MAX: usize = 24;

/// Follows the machine from a root to its end.
fn follow(goal: &Goal, from: &RootObservation) -> (RootObservation, Next) {
    let mut root = from.clone();
    for _ in 0..STEPS_MAX {
        match next_step(goal, &root) {
            Next::Take(step) => root = after(&step, root),
            end @ (Next::Done | Next::Blocked(_)) => return (root, end),
        }
    }
    panic!("{goal:?} does not end from {from:?}");
}

#[test]
fn from_every_root_every_goal_ends_and_no_step_touches_what_is_not_proved() {
    let (mut points, mut longest) = (0_u32, 0);
    for_each_point(|point| {
        points += 1;
        let root = observation(point);
        for (_, goal) in goals() {
            if let Next::Take(step) = next_step(&goal, &root) {
                assert!(
                    is_proved(&step, &root),
                    "{goal:?} takes {step:?} at {root:?}"
                );
                let once = after(&step, root.clone());
                assert_eq!(after(&step, once.clone()), once, "{step:?} is idempotent");
            }
        }
        for (_, goal) in goals() {
            let mut at = root.clone();
            let mut steps = 0;
            while let Next::Take(step) = next_step(&goal, &at) {
                at = after(&step, at);
                steps += 1;
                assert!(steps <= STEPS_MAX, "{goal:?} does not end from {root:?}");
            }
            longest = longest.max(steps);
        }
    });
    println!(
        "{points} roots, {} goals, the longest way has {longest} steps",
        goals().len()
    );
}

#[test]
fn settling_leaves_nothing_unfinished_and_a_second_settling_does_nothing() {
    for_each_point(|point| {
        let (root, end) = follow(&Goal::Settle, &observation(point));
        match end {
            Next::Done => {
                assert_eq!(root.intent, IntentLog::Absent);
                assert!(!root.installing.is_ours(), "{root:?}");
                assert!(root.parked != Entry::File, "{root:?}");
                assert!(root.temporaries == Entry::Absent, "{root:?}");
                assert!(root.backup != Entry::EmptyDir, "{root:?}");
                assert!(
                    root.backup != Entry::MarkedDir || root.local == Entry::File,
                    "{root:?}"
                );
                assert!(
                    !root.staging.is_ours() || root.staged != Staged::Nothing,
                    "{root:?}"
                );
            }
            Next::Blocked(blocked) => {
                assert_eq!(next_step(&Goal::Settle, &root), Next::Blocked(blocked));
            }
            Next::Take(_) => unreachable!("follow ends"),
        }
    });
}

#[test]
fn the_machine_cannot_tell_apart_what_the_space_counts_as_one() {
    for_each_point(|point| {
        let root = observation(point);
        let mut same: Vec<RootObservation> = Vec::new();
        for other in [Entry::File, Entry::Other] {
            if root.installing == Entry::PlainDir {
                same.push(RootObservation {
                    installing: other,
                    ..root.clone()
                });
            }
            if root.backup == Entry::PlainDir {
                same.push(RootObservation {
                    backup: other,
                    ..root.clone()
                });
            }
            if root.staging == Entry::PlainDir {
                same.push(RootObservation {
                    staging: other,
                    ..root.clone()
                });
            }
        }
        for other in [Entry::MarkedDir, Entry::EmptyDir, Entry::PlainDir] {
            if root.sentinel == Entry::Other {
                same.push(RootObservation {
                    sentinel: other,
                    ..root.clone()
                });
            }
            if root.parked == Entry::Other {
                same.push(RootObservation {
                    parked: other,
                    ..root.clone()
                });
            }
        }
        if root.local == Entry::PlainDir {
            same.push(RootObservation {
                local: Entry::EmptyDir,
                ..root.clone()
            });
            same.push(RootObservation {
                local: Entry::MarkedDir,
                ..root.clone()
            });
        }
        if root.local == Entry::File {
            same.push(RootObservation {
                local: Entry::Other,
                ..root.clone()
            });
        }
        for (_, goal) in goals() {
            let next = next_step(&goal, &root);
            for other in &same {
                assert_eq!(
                    next_step(&goal, other),
                    next,
                    "{goal:?}: {root:?} and {other:?}"
                );
            }
        }
    });
}

#[test]
fn a_root_that_is_missing_or_no_directory_is_never_changed_but_to_begin_a_download() {
    for entry in [Entry::Absent, Entry::File, Entry::Other] {
        let root = RootObservation {
            root: entry,
            ..RootObservation::absent()
        };
        for (name, goal) in goals() {
            match next_step(&goal, &root) {
                Next::Take(step) => {
                    assert_eq!((name, entry), ("Stage", Entry::Absent), "{step:?}");
                }
                Next::Done | Next::Blocked(_) => {}
            }
        }
    }
}
