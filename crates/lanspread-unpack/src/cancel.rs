//! A one-way signal by which another thread ends a running job.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that starts unset and, once set, stays set. Clones share the flag.
#[derive(Clone, Debug, Default)]
pub struct CancelFlag(Arc<AtomicBool>);

impl CancelFlag {
    /// Makes an unset flag.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the flag for every clone.
    pub fn cancel(&self) {
        // The flag carries no data, so nothing needs to be ordered around it.
        self.0.store(true, Ordering::Relaxed);
    }

    /// Says whether any clone has been told to cancel.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
