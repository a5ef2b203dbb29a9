//! The machine of one guest: a virtual disk with two game directories, and a clock on the wall.
//!
//! Invariant: the real disk side runs over it and cannot tell it from a real one.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use lanspread_core::{DiskFailure, Now};
use lanspread_db::GameId;
use lanspread_disk::{Disk, Unreadable};

use crate::disk::{
    NameOrder, Pace, Rules, UnpacksItself, VirtualDisk, faults::Decide, planted::PlantedFault,
};

/// Where the peer keeps what it remembers.
const STATE_DIR: &str = "/state";
/// Where games may lie.
pub(crate) const GAME_DIRS: [&str; 2] = ["/games", "/elsewhere"];
/// The evening of the party, in nanoseconds since 1970.
const EVENING_NS: i64 = 1_764_090_000_000_000_000;

/// One guest's machine.
pub(crate) struct Machine {
    pub(crate) disk: VirtualDisk,
    pub(crate) game_dir: PathBuf,
    /// How far the clock on the wall is off.
    pub(crate) off_ns: i64,
    /// What a power cut may do to names.
    name_order: NameOrder,
    /// Decides what of the unsynced survives.
    luck: crate::choices::Luck,
    planted: Option<PlantedFault>,
}

impl Machine {
    pub(crate) fn new(
        rules: Rules,
        pace: Pace,
        name_order: NameOrder,
        luck: crate::choices::Luck,
        planted: Option<PlantedFault>,
    ) -> Self {
        let disk = VirtualDisk::new(rules);
        disk.set_pace(pace);
        let machine = Self {
            disk,
            game_dir: GAME_DIRS[0].into(),
            off_ns: 0,
            name_order,
            luck,
            planted,
        };
        machine.set_time(Now::default());
        for dir in GAME_DIRS {
            machine.by_hand(|disk| disk.make_folder(dir));
        }
        machine
    }

    /// Does something by hand. What cannot be done is left alone, as a person would.
    pub(crate) fn by_hand(&self, act: impl FnOnce(&VirtualDisk) -> std::io::Result<()>) -> bool {
        act(&self.disk).is_ok()
    }

    /// What time it is on the wall.
    pub(crate) fn set_time(&self, now: Now) {
        let since = i64::try_from(now.0.as_nanos()).unwrap_or(i64::MAX / 4);
        self.disk.set_now_ns(EVENING_NS + self.off_ns + since);
    }

    /// Starts the disk side of a peer.
    pub(crate) fn boot(&self) -> Result<Disk, DiskFailure> {
        let mounted = self.disk.mount();
        let mounted = match self.planted {
            Some(fault) => fault.wrap(mounted),
            None => mounted,
        };
        let disk = Disk::with_file_system(mounted, Path::new(STATE_DIR), Arc::new(UnpacksItself))?;
        disk.open_game_dir(&self.game_dir, Unreadable::Refused)?;
        Ok(disk)
    }

    /// How long the disk was busy since this was asked last.
    pub(crate) fn take_cost(&self) -> Duration {
        self.disk.take_spent()
    }

    /// Whether the power failed in the middle of something.
    pub(crate) fn is_cut(&self) -> bool {
        self.disk.is_stopped()
    }

    pub(crate) fn process_died(&mut self) {
        self.disk.set_faults(None);
        self.disk.kill();
    }

    pub(crate) fn power_cut(&mut self) {
        self.disk.set_faults(None);
        let luck = &mut self.luck;
        let mut choose = |end: u32| u32::try_from(luck.below(u64::from(end))).unwrap_or(0);
        self.disk.power_cut(self.name_order, &mut choose);
    }

    pub(crate) fn set_faults(&self, decide: Option<Decide>) {
        self.disk.set_faults(decide);
    }

    /// Where a game lies.
    pub(crate) fn root(&self, id: &GameId) -> PathBuf {
        self.game_dir.join(id.as_str())
    }
}
