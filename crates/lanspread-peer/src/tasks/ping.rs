//! Wakes the core when one of its deadlines is due: pings, retries, pauses, announcements.
//!
//! Invariant: the core hears the time no later than it asked, and an idle core is not woken at all.

use std::time::Instant;

use lanspread_core::Input;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Runs until `shutdown` or until the driver is gone.
pub(crate) async fn run_ping_service(
    mut deadline: watch::Receiver<Option<Instant>>,
    inputs: mpsc::Sender<Input>,
    shutdown: CancellationToken,
) {
    loop {
        let due = *deadline.borrow_and_update();
        let wait = async {
            match due {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            changed = deadline.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = wait => {
                if inputs.send(Input::Tick).await.is_err() {
                    return;
                }
                // The next deadline comes from handling this tick; until then there is none, or an
                // overdue one would be told again and again.
                if deadline.changed().await.is_err() {
                    return;
                }
            }
        }
    }
}
