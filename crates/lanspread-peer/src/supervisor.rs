//! Keeps the long-lived tasks alive.
//!
//! Invariant: a task that fails is started again after a pause until the peer ends; the server alone
//! is required, and its end is the peer's.

use std::{fmt::Display, future::Future, time::Duration};

use tokio_util::sync::CancellationToken;

/// Pause before a failed task is started again.
pub(crate) const RESTART_PAUSE: Duration = Duration::from_secs(3);

/// Runs `task` again and again until it ends well or `shutdown` comes.
pub(crate) async fn keep_running<F, E>(
    name: &'static str,
    shutdown: CancellationToken,
    mut task: impl FnMut() -> F,
) where
    F: Future<Output = Result<(), E>>,
    E: Display,
{
    loop {
        match task().await {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(task = name, %error, pause = ?RESTART_PAUSE, "a task failed and is started again");
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(RESTART_PAUSE) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_fails_is_started_again_until_it_ends_well() {
        let runs = Cell::new(0);
        keep_running("test", CancellationToken::new(), || {
            runs.set(runs.get() + 1);
            let result = if runs.get() < 3 {
                Err("broken")
            } else {
                Ok(())
            };
            async move { result }
        })
        .await;
        assert_eq!(runs.get(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_ends_the_pause_at_once() {
        let shutdown = CancellationToken::new();
        shutdown.cancel();
        let before = tokio::time::Instant::now();
        keep_running("test", shutdown, || async { Err::<(), _>("broken") }).await;
        assert!(before.elapsed() < RESTART_PAUSE);
    }
}
