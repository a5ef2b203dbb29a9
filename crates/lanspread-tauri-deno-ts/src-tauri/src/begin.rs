//! The start of the peer behind the window, and what follows it while it runs.
//!
//! Invariant: a peer that cannot start is told in a dialog that says what to do; nothing ends in silence.

use std::sync::Arc;

use lanspread_app::{App, Events, IfAway, NoticeAbout, Settings, StartError, StateFile};
use lanspread_control::EventLine;
use lanspread_peer::{ErrorKind, PeerEvent};
use tauri::{AppHandle, Emitter, Manager};
use tokio::sync::broadcast::error::RecvError;

use crate::{
    desktop::{self, Desktop, WINDOW},
    dialogs, events,
    guests::GuestPage,
    notify::Notifier,
    peer::Peer,
    refused::Refused,
    tray,
    words::fill,
};

/// What is told by a program that was built without the front end, to whoever built it.
const MISSING: &str = "This program was built without what it shows. `cargo xtask page` builds that; then build \
                       the program again.";

/// Starts the peer if the user has said all that it needs; else the front end asks for it.
pub(crate) fn begin(app: &AppHandle, complaint: Option<String>) {
    end_on_signals(app);
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let begun = match complaint {
            Some(complaint) => Err(complaint),
            None if !has_front_end(&app) => Err(MISSING.to_owned()),
            None => begin_with_settings(&app).await,
        };
        if let Err(text) = begun {
            // What the window asks or shows leads nowhere.
            desktop::hide(&app);
            let title = app.state::<Desktop>().words().cannot_start;
            dialogs::tell(title, &text).await;
            desktop::quit(&app);
        }
    });
}

/// Whether this program was built with what it shows.
fn has_front_end(app: &AppHandle) -> bool {
    app.asset_resolver().get("index.html".to_owned()).is_some()
}

async fn begin_with_settings(app: &AppHandle) -> Result<(), String> {
    let loaded = Settings::load(app.state::<Peer>().place().state_dir());
    app.state::<Desktop>().keep_trouble(loaded.trouble);
    if loaded.first_run {
        // Also where we started with the system: nobody would see the questions otherwise.
        desktop::show(app);
        return Ok(());
    }
    // Before the start, so that a failure is told in the user's language.
    desktop::wish(app, loaded.settings.clone());
    // A folder on a disk that is unplugged is awaited: the window shows that it is, and lets another be chosen.
    start(app, loaded.settings, IfAway::Awaited)
        .await
        .map_err(|error| explain(app, &error))
}

/// Why no peer could be started, and what to do.
pub(crate) fn explain(app: &AppHandle, error: &StartError) -> String {
    let reason = error.to_string();
    if error.is_busy() {
        fill(app.state::<Desktop>().words().busy, &[("reason", &reason)])
    } else {
        reason
    }
}

/// Starts a peer as the user wishes it, after one that runs has ended.
///
/// # Errors
/// See [`StartError`].
pub(crate) async fn start(
    app: &AppHandle,
    settings: Settings,
    if_away: IfAway,
) -> Result<(), StartError> {
    let (running, events) = app.state::<Peer>().start(settings, if_away).await?;
    tray::show_playing(app, running.snapshot().playing);
    if let Some(trouble) = app.state::<Desktop>().take_trouble() {
        let file = StateFile::Settings;
        running.notice(NoticeAbout::StateFile { file }, trouble);
    }
    tauri::async_runtime::spawn(watch(app.clone(), running, events));
    Ok(())
}

/// Starts the peer anew, with the wishes that hold from a start on.
///
/// # Errors
/// Name and folder were not said yet, or no peer can be started with the wishes.
pub(crate) async fn restart(app: &AppHandle) -> Result<(), Refused> {
    let peer = app.state::<Peer>();
    let settings = match peer.app() {
        Ok(running) => running.settings(),
        // Where the last start failed, another one may do.
        Err(no_peer) => {
            let loaded = Settings::load(peer.place().state_dir());
            if loaded.first_run {
                return Err(no_peer);
            }
            loaded.settings
        }
    };
    start(app, settings, IfAway::Awaited)
        .await
        .map_err(|error| Refused::new(ErrorKind::Io, explain(app, &error)))
}

/// Carries what a peer tells to the window, the tray and the system until that peer has ended, and follows the
/// wishes that were changed from elsewhere.
async fn watch(app: AppHandle, running: Arc<App>, mut events: Events) {
    let mut notifier = Notifier::default();
    let mut settings = running.settings_changes();
    settings.mark_changed();
    let mut failed = false;
    let mut leaves = false;
    loop {
        // What was told before the end is carried, too.
        let event = tokio::select! {
            biased;
            event = events.recv() => event,
            () = running.ended().cancelled() => return,
            () = running.leave().cancelled(), if !leaves => {
                leaves = true;
                // Somebody asked it to end who did not ask the window.
                if !failed && app.state::<Peer>().is_current(&running) {
                    desktop::quit(&app);
                }
                continue;
            }
            Ok(()) = settings.changed() => {
                let changed = settings.borrow_and_update().clone();
                desktop::wish(&app, changed);
                if let Err(refused) = app.state::<GuestPage>().follow(&running).await {
                    tracing::warn!(%refused, "guests find no page");
                }
                continue;
            }
        };
        let event = match event {
            Ok(event) => event,
            Err(RecvError::Lagged(count)) => {
                tracing::warn!(count, "the window missed events");
                continue;
            }
            Err(RecvError::Closed) => return,
        };
        let EventLine { name, fields } = events::told(&event);
        if let Err(error) = app.emit_to(WINDOW, &name, fields) {
            tracing::warn!(%error, %name, "the window was not told");
        }
        tray::follow(&app, &event);
        notifier.follow(&app.state::<Desktop>(), &running, &event);
        if matches!(*event, PeerEvent::RuntimeFailed { .. }) {
            failed = true;
            desktop::show(&app);
        }
    }
}

/// A signal to end is as good as the tray's menu.
#[cfg(unix)]
fn end_on_signals(app: &AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};

    for kind in [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::hangup(),
    ] {
        let app = app.clone();
        tauri::async_runtime::spawn(async move {
            match signal(kind) {
                Ok(mut asked) => {
                    asked.recv().await;
                    desktop::quit(&app);
                }
                Err(error) => tracing::warn!(%error, "a signal cannot be heard"),
            }
        });
    }
}

#[cfg(not(unix))]
fn end_on_signals(_: &AppHandle) {}
