//! The icon in the tray and its menu.
//!
//! Invariant: everything in it can be done elsewhere, too: where there is no tray, nothing is missing.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::OnceLock,
};

use lanspread_jsonl::Command;
use lanspread_peer::{PeerEvent, Playing};
use tauri::{
    AppHandle, Manager, Wry,
    menu::{CheckMenuItem, Menu, MenuEvent, MenuItem, PredefinedMenuItem},
    tray::{MouseButton, MouseButtonState, TrayIconBuilder, TrayIconEvent},
};

use crate::{
    desktop::{self, Desktop},
    peer::Peer,
    said::Said,
    words::Words,
};

const SHOW: &str = "show";
const PLAYING: &str = "playing";
const QUIT: &str = "quit";

/// What of the menu changes.
struct Items {
    show: MenuItem<Wry>,
    playing: CheckMenuItem<Wry>,
    quit: MenuItem<Wry>,
}

/// The menu, once there is one.
#[derive(Default)]
struct Tray(OnceLock<Items>);

/// Shows the icon. Where that cannot be done, it is told in the log and nowhere else.
pub(crate) fn show(app: &AppHandle) {
    app.manage(Tray::default());
    // On Linux the library of the tray is looked for here, and panics where it is not.
    match catch_unwind(AssertUnwindSafe(|| build(app))) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "there is no icon in the tray"),
        Err(_) => tracing::warn!("there is no icon in the tray: its library is not there"),
    }
}

fn build(app: &AppHandle) -> tauri::Result<()> {
    let words = app.state::<Desktop>().words();
    let items = Items {
        show: MenuItem::with_id(app, SHOW, words.show, true, None::<&str>)?,
        playing: CheckMenuItem::with_id(app, PLAYING, words.playing, true, false, None::<&str>)?,
        quit: MenuItem::with_id(app, QUIT, words.quit, true, None::<&str>)?,
    };
    let line = PredefinedMenuItem::separator(app)?;
    let menu = Menu::with_items(app, &[&items.show, &items.playing, &line, &items.quit])?;
    let mut tray = TrayIconBuilder::with_id("lanspread")
        .tooltip("Lanspread")
        .menu(&menu)
        .show_menu_on_left_click(false)
        .on_menu_event(chosen)
        .on_tray_icon_event(|tray, event| {
            if let TrayIconEvent::Click {
                button: MouseButton::Left,
                button_state: MouseButtonState::Up,
                ..
            } = event
            {
                desktop::show(tray.app_handle());
            }
        });
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(app)?;
    // It is built once.
    let _ = app.state::<Tray>().0.set(items);
    Ok(())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the menu hands its events over"
)]
fn chosen(app: &AppHandle, event: MenuEvent) {
    match event.id().as_ref() {
        SHOW => desktop::show(app),
        PLAYING => play(app),
        QUIT => desktop::quit(app),
        other => tracing::warn!(other, "the tray has no such item"),
    }
}

/// Lets uploads yield to a game, or not, as the menu's check says; a refusal takes the check back.
fn play(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let tray = app.state::<Tray>();
        let Some(items) = tray.0.get() else { return };
        let playing = items.playing.is_checked().unwrap_or_default();
        let peer = app.state::<Peer>();
        if let Err(refused) = peer.run(Said(Command::SetPlaying { playing })).await {
            tracing::warn!(?refused, "the tray's wish was refused");
            check(items, !playing);
        }
    });
}

/// Shows what the peer tells.
pub(crate) fn follow(app: &AppHandle, event: &PeerEvent) {
    if let PeerEvent::RatesChanged { playing, .. } = event {
        show_playing(app, *playing == Playing::Yes);
    }
}

/// Shows whether uploads yield to a game.
pub(crate) fn show_playing(app: &AppHandle, playing: bool) {
    if let Some(items) = app.state::<Tray>().0.get() {
        check(items, playing);
    }
}

fn check(items: &Items, playing: bool) {
    if let Err(error) = items.playing.set_checked(playing) {
        tracing::warn!(%error, "the tray's check stands wrong");
    }
}

/// Puts the menu into the user's language.
pub(crate) fn translate(app: &AppHandle, words: &Words) {
    let tray = app.state::<Tray>();
    let Some(Items {
        show,
        playing,
        quit,
    }) = tray.0.get()
    else {
        return;
    };
    for set in [
        show.set_text(words.show),
        playing.set_text(words.playing),
        quit.set_text(words.quit),
    ] {
        if let Err(error) = set {
            tracing::warn!(%error, "the tray's menu keeps its language");
        }
    }
}
