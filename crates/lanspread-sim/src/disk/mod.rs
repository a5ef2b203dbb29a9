//! The virtual disk of one machine, behind the port of the real one.
//!
//! Invariant: the disk side of a peer cannot tell it from this machine's, except that everything on it
//! follows from what was asked of it, that it can lose what was not synced, and that it fails when
//! told to. It has no clock and no chance of its own.
//!
//! A [`VirtualDisk`] is a handle; clones are the same disk. A run of the machine gets the disk by
//! [`VirtualDisk::mount`], and [`VirtualDisk::kill`] or [`VirtualDisk::power_cut`] ends the run: its
//! open files reach nothing any more. What people do to a disk by hand, and what a test wants to see
//! of it, goes past the runs and never fails, takes no time and is durable.

mod adapter;
mod archive;
mod content;
mod durable;
pub mod faults;
mod hands;
mod image;
mod pace;
pub mod planted;
mod sight;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lanspread_disk::port::FileSystem;

use adapter::{Mounted, State};
pub use archive::{UnpacksItself, pack};
pub use content::{BLOCK_BYTES, Content};
pub use durable::{Choose, NameOrder};
use faults::{Decide, Decider};
use image::Image;
pub use pace::Pace;
pub use sight::{Item, Tree};

/// The disk of one machine. Clones are the same disk.
#[derive(Debug, Clone)]
pub struct VirtualDisk(Arc<Mutex<State>>);

/// How the file system of a disk behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Whether names that differ by case alone are different names.
    pub case: Case,
    /// Whether what is open can be neither moved nor removed nor replaced, as on Windows.
    pub open_files_hold_names: bool,
    /// Whether a file can have several names.
    pub second_names: bool,
}

/// Whether case counts in names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// As on Linux.
    Sensitive,
    /// As on Windows and macOS; a name keeps the case it was made with.
    Insensitive,
}

impl Rules {
    /// As on Linux.
    pub const LINUX: Self = Self {
        case: Case::Sensitive,
        open_files_hold_names: false,
        second_names: true,
    };
    /// As on Windows, at its strictest: every program opens files so that nobody may move them.
    pub const WINDOWS: Self = Self {
        case: Case::Insensitive,
        open_files_hold_names: true,
        second_names: true,
    };
    /// As on macOS.
    pub const MACOS: Self = Self {
        case: Case::Insensitive,
        open_files_hold_names: false,
        second_names: true,
    };
}

impl Default for VirtualDisk {
    fn default() -> Self {
        Self::new(Rules::LINUX)
    }
}

impl VirtualDisk {
    /// An empty disk without end, on which nothing takes time.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self(Arc::new(Mutex::new(State {
            image: Image::new(rules),
            run: 0,
            stopped: false,
            operations: 0,
            change_operations: 0,
            decide: None,
            capacity_bytes: u64::MAX,
            pace: Pace::INSTANT,
            spent: Duration::ZERO,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The disk as this run of the machine has it.
    #[must_use]
    pub fn mount(&self) -> Arc<dyn FileSystem> {
        Arc::new(Mounted {
            state: Arc::clone(&self.0),
            run: self.state().run,
        })
    }

    /// Another disk that holds the same, durable and not; its machine does not run, and nothing goes
    /// wrong on it.
    #[must_use]
    pub fn copy(&self) -> Self {
        let state = self.state();
        let mut image = state.image.clone();
        image.recount();
        Self(Arc::new(Mutex::new(State {
            image,
            run: 0,
            stopped: false,
            operations: 0,
            change_operations: 0,
            decide: None,
            capacity_bytes: state.capacity_bytes,
            pace: state.pace,
            spent: Duration::ZERO,
        })))
    }

    /// The process was killed: its handles are gone, and the system still writes everything.
    pub fn kill(&self) {
        let mut state = self.state();
        state.run += 1;
        state.stopped = false;
        state.image.recount();
    }

    /// The power went: the handles are gone, and what was not synced is lost as far as `choose` says.
    pub fn power_cut(&self, order: NameOrder, choose: Choose<'_>) {
        let mut state = self.state();
        state.run += 1;
        state.stopped = false;
        state.image.lose_unsynced(order, choose);
    }

    /// The system wrote everything, as it does after a while without being asked.
    pub fn write_back(&self) {
        self.state().image.sync_all();
    }

    /// Whether a power cut would lose nothing.
    #[must_use]
    pub fn is_all_durable(&self) -> bool {
        self.state().image.is_all_durable()
    }

    /// Whether a fault stopped the machine: every operation fails until it is said how the run ended.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    /// What goes wrong from here on; `None` for nothing.
    pub fn set_faults(&self, decide: Option<Decide>) {
        self.state().decide = decide.map(Decider);
    }

    /// How much fits.
    pub fn set_capacity_bytes(&self, capacity_bytes: u64) {
        self.state().capacity_bytes = capacity_bytes;
    }

    /// How much is taken by the contents of files.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.state().image.used_bytes
    }

    /// How fast it is.
    pub fn set_pace(&self, pace: Pace) {
        self.state().pace = pace;
    }

    /// How long operations took since this was asked last.
    #[must_use]
    pub fn take_spent(&self) -> Duration {
        std::mem::take(&mut self.state().spent)
    }

    /// What time it is, for the stamps of files: nanoseconds since 1970.
    pub fn set_now_ns(&self, now_ns: i64) {
        self.state().image.set_now_ns(now_ns);
    }

    /// How many operations were asked for.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// How many of them change something.
    #[must_use]
    pub fn change_operations(&self) -> u64 {
        self.state().change_operations
    }

    /// A number that is another after every change of names or contents: who has looked at a disk
    /// need not look again while it is the same.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.state().image.changes
    }
}
