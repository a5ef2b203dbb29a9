//! The state on its way into the window.
//!
//! Invariant: one window follows once: asking again ends what went before. Whoever follows is sent the whole
//! state at first, and again when another peer takes over, after a start or a restart.

use std::sync::Arc;

use lanspread_app::{App, Seat, Update};
use tauri::ipc::Channel;
use tokio::sync::watch;

/// Sends updates until nobody takes them.
pub(crate) async fn follow(
    mut current: watch::Receiver<Option<Arc<App>>>,
    on_update: Channel<Update>,
) {
    loop {
        let app = match current.wait_for(Option::is_some).await {
            Ok(app) => app.clone(),
            Err(_) => return,
        };
        let Some(app) = app else { return };
        let mut live = app.live(Seat::Here);
        drop(app);
        while let Some(update) = live.next().await {
            if let Err(error) = on_update.send(update) {
                tracing::debug!(%error, "the window does not follow any more");
                return;
            }
        }
        drop(live);
        if current.changed().await.is_err() {
            return;
        }
    }
}
