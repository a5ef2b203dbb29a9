//! Work that runs on the thread of an endpoint or of a bulk lane: moving the bytes of a stream to memory and back.
//!
//! Invariant: such work never blocks. What it does with the bytes it does while they are in the core's cache: copying
//! them, hashing them as they come, reading from files what is in memory. All else belongs on blocking threads. A stream that is read on another thread than its endpoint's wakes that
//! thread for every few packets, and the two wait for each other's locks: that costs more than
//! decrypting the bytes.

use tokio::runtime::Handle;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

/// The thread that moves the bytes of a connection or of a lane.
#[derive(Debug, Clone)]
pub(super) struct Beside {
    runtime: Handle,
    tasks: TaskTracker,
}

impl Beside {
    pub(super) const fn new(runtime: Handle, tasks: TaskTracker) -> Self {
        Self { runtime, tasks }
    }

    /// Runs `work` there and waits for it. `None` when the endpoint is gone, or the work panicked.
    /// Dropping the wait ends the work.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let task = self.tasks.spawn_on(work, &self.runtime);
        match AbortOnDropHandle::new(task).await {
            Ok(result) => Some(result),
            Err(error) => {
                if error.is_panic() {
                    tracing::error!(%error, "work beside an endpoint failed");
                }
                None
            }
        }
    }
}
