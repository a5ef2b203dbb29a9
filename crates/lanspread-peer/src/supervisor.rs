//! Keeps the long-lived tasks alive.
//!
//! Invariant: a task that fails is started again after a pause until the peer ends; the server alone
//! is required, and its end is the peer's.

use std::{fmt::Display, future::Future, time::Duration};

use tokio_util::sync::CancellationToken;

/// Pause before a failed task is started again.
pub(crate) const RESTART_PAUSE: Duration = Duration::from_secs(3);

/// Runs `task` again and again until it ends well or `shutdown` comes. A panic is a failure like any
/// other.
pub(crate) async fn keep_running<F, E>(
    name: &'static str,
    shutdown: CancellationToken,
    mut task: impl FnMut() -> F,
) where
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Display + Send + 'static,
{
    loop {
        match tokio::spawn(task()).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => {
                tracing::warn!(task = name, %error, pause = ?RESTART_PAUSE, "a task failed and is started again");
            }
            Err(error) => {
                tracing::error!(task = name, %error, pause = ?RESTART_PAUSE, "a task panicked and is started again");
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
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_fails_or_panics_is_started_again_until_it_ends_well() {
        let runs = Arc::new(AtomicU32::new(0));
        keep_running("test", CancellationToken::new(), || {
            let run = runs.fetch_add(1, Ordering::SeqCst);
            async move {
                match run {
                    0 => Err("broken"),
                    1 => panic!("this panic is part of the test"),
                    _ => Ok(()),
                }
            }
        })
        .await;
        assert_eq!(runs.load(Ordering::SeqCst), 3);
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
