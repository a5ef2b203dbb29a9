//! The window on the desktop: opened, shown, hidden, ended.
//!
//! Invariant: there is one window, and it is hidden rather than gone, so a second start always has one to
//! show. Closing it ends nothing while games are to be shared on.

use std::{
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use lanspread_app::Settings;
use serde_json::json;
use tauri::{
    AppHandle, DragDropEvent, Emitter, Manager, Url, WebviewWindowBuilder, Wry, plugin::TauriPlugin,
};
use tauri_plugin_window_state::StateFlags;

use crate::{
    autostart,
    peer::Peer,
    tray,
    words::{Words, system_language, words},
};

/// The label of the one window.
pub(crate) const WINDOW: &str = "main";

/// A folder was dragged onto the window; the front end asks whether it is meant.
const FOLDER_DROPPED: &str = "folder-dropped";

/// What the desktop needs to know between two events.
#[derive(Debug, Default)]
pub(crate) struct Desktop {
    focused: AtomicBool,
    ending: AtomicBool,
    /// What the user wishes; `None` until he said it.
    wishes: Mutex<Option<Settings>>,
    /// What he should know once there is something to tell it with.
    trouble: Mutex<Option<String>>,
}

impl Desktop {
    pub(crate) fn set_focused(&self, focused: bool) {
        self.focused.store(focused, Ordering::Relaxed);
    }

    /// Whether the user looks at the window.
    pub(crate) fn is_focused(&self) -> bool {
        self.focused.load(Ordering::Relaxed)
    }

    fn wishes(&self) -> MutexGuard<'_, Option<Settings>> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what the user should know until a peer runs.
    pub(crate) fn keep_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// What the user should know, once.
    pub(crate) fn take_trouble(&self) -> Option<String> {
        self.trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// The words of the user's language, or of the system's until he chose one.
    pub(crate) fn words(&self) -> &'static Words {
        let chosen = self.wishes().as_ref().and_then(|wishes| wishes.language);
        words(chosen.unwrap_or_else(system_language))
    }
}

/// Follows the user's wishes: the tray's language, and whether we start with the system.
pub(crate) fn wish(app: &AppHandle, settings: Settings) {
    let desktop = app.state::<Desktop>();
    let start_with_system = settings.start_with_system;
    let before = desktop.wishes().replace(settings);
    if before.is_none_or(|before| before.start_with_system != start_with_system) {
        autostart::set(start_with_system);
    }
    tray::translate(app, desktop.words());
}

/// Remembers where the window stood and how large it was, in this file.
pub(crate) fn window_state(file: &Path) -> TauriPlugin<Wry> {
    tauri_plugin_window_state::Builder::new()
        // A path from the root goes before the folder that the plugin has for this.
        .with_filename(file.to_string_lossy())
        .with_state_flags(
            StateFlags::SIZE
                | StateFlags::POSITION
                | StateFlags::MAXIMIZED
                | StateFlags::FULLSCREEN,
        )
        .build()
}

/// Makes the window.
///
/// # Errors
/// The system gives none.
pub(crate) fn open(app: &AppHandle, hidden: bool) -> tauri::Result<()> {
    let config = app
        .config()
        .app
        .windows
        .iter()
        .find(|window| window.label == WINDOW)
        .ok_or(tauri::Error::WindowNotFound)?;
    WebviewWindowBuilder::from_config(app, config)?
        .visible(!hidden)
        .on_navigation(is_own)
        .build()?;
    Ok(())
}

/// Whether an address is one of the front end: a link or a folder dropped beside its place leads nowhere else.
fn is_own(address: &Url) -> bool {
    match address.scheme() {
        "tauri" => address.host_str() == Some("localhost"),
        "http" | "https" => address.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

/// Shows the window before all others.
pub(crate) fn show(app: &AppHandle) {
    let Some(window) = app.get_webview_window(WINDOW) else {
        return;
    };
    for shown in [window.unminimize(), window.show(), window.set_focus()] {
        if let Err(error) = shown {
            tracing::warn!(%error, "the window cannot be shown");
        }
    }
}

/// What closing the window does: it goes to the tray, or everything ends.
pub(crate) fn close(app: &AppHandle) {
    let stays = app
        .state::<Desktop>()
        .wishes()
        .as_ref()
        .is_some_and(|wishes| wishes.keep_in_tray);
    hide(app);
    if !stays {
        quit(app);
    }
}

/// Hides the window.
pub(crate) fn hide(app: &AppHandle) {
    app.state::<Desktop>().set_focused(false);
    if let Some(window) = app.get_webview_window(WINDOW)
        && let Err(error) = window.hide()
    {
        tracing::warn!(%error, "the window cannot be hidden");
    }
}

/// Ends the peer politely, and then the program.
pub(crate) fn quit(app: &AppHandle) {
    if app.state::<Desktop>().ending.swap(true, Ordering::Relaxed) {
        return;
    }
    hide(app);
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        app.state::<Peer>().end().await;
        app.exit(0);
    });
}

/// Tells the front end that a folder was dragged onto the window.
pub(crate) fn dropped(app: &AppHandle, event: &DragDropEvent) {
    let DragDropEvent::Drop { paths, .. } = event else {
        return;
    };
    let Some(folder) = paths.iter().find(|path| path.is_dir()) else {
        return;
    };
    let told = app.emit_to(
        WINDOW,
        FOLDER_DROPPED,
        json!({ "path": folder.to_string_lossy() }),
    );
    if let Err(error) = told {
        tracing::warn!(%error, "the window was not told of a folder");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_stays_with_its_own_page() {
        let is_own = |address| is_own(&Url::parse(address).expect("an address"));
        assert!(is_own("tauri://localhost/index.html#/party"));
        assert!(is_own("http://tauri.localhost/"));
        for elsewhere in [
            "https://example.org/",
            "http://tauri.localhost.example.org/",
            "tauri://elsewhere/",
            "file:///etc/passwd",
            "data:text/html,x",
            "about:blank",
            "cover://localhost/chess",
        ] {
            assert!(!is_own(elsewhere), "{elsewhere}");
        }
    }
}
