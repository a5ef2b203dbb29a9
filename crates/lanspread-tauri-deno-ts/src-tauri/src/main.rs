//! Lanspread as a window on the desktop: a peer, the front end in the system's own browser engine, and what
//! a desktop has beyond a page.
//!
//! Invariant: it decides nothing about the peer and keeps no state of it. What the window shows comes from
//! `lanspread-app`, as it does on the page; each command is carried there. It does not draw anything.

#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod autostart;
mod begin;
mod commands;
mod covers;
mod desktop;
mod dialogs;
mod events;
mod first_run;
mod follow;
mod guests;
mod notify;
mod peer;
mod place;
mod refused;
mod said;
mod tray;
mod words;

use lanspread_app::ApplicationLog;
use tauri::{Manager, RunEvent, WindowEvent};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{desktop::Desktop, guests::GuestPage, peer::Peer, place::Place};

/// See `docs/decisions/0013-the-data-path.md`.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    let log = listen();
    let (place, complaint) = Place::of_environment();
    let hidden = std::env::args_os().any(|argument| argument == autostart::HIDDEN);
    let window_state = place.window_state();
    let mut context = tauri::generate_context!();
    if let Some(instance) = place.instance() {
        let identifier = &mut context.config_mut().identifier;
        *identifier = format!("{identifier}.s{instance}");
    }
    let built = tauri::Builder::default()
        // First, so that a second start on the same state directory goes no further than this.
        .plugin(tauri_plugin_single_instance::init(|app, arguments, _| {
            if !arguments
                .iter()
                .any(|argument| argument == autostart::HIDDEN)
            {
                desktop::show(app);
            }
        }))
        .plugin(desktop::window_state(&window_state))
        .register_asynchronous_uri_scheme_protocol(covers::SCHEME, covers::answer)
        .manage(Peer::new(place, log))
        .manage(Desktop::default())
        .manage(GuestPage::default())
        .invoke_handler(commands::handler())
        .on_window_event(|window, event| match event {
            WindowEvent::CloseRequested { api, .. } => {
                api.prevent_close();
                desktop::close(window.app_handle());
            }
            WindowEvent::Focused(focused) => window.state::<Desktop>().set_focused(*focused),
            WindowEvent::DragDrop(dragged) => desktop::dropped(window.app_handle(), dragged),
            _ => {}
        })
        .setup(move |app| {
            tray::show(app.handle());
            desktop::open(app.handle(), hidden)?;
            begin::begin(app.handle(), complaint);
            Ok(())
        })
        .build(context);
    match built {
        Ok(app) => app.run(|app, event| match event {
            // The window is hidden and never gone; whoever wants an end says so with a code.
            RunEvent::ExitRequested {
                code: None, api, ..
            } => api.prevent_exit(),
            RunEvent::Exit => {
                tauri::async_runtime::block_on(app.state::<Peer>().end());
            }
            _ => {}
        }),
        Err(error) => {
            dialogs::tell_without_window(&error.to_string());
            std::process::exit(1);
        }
    }
}

/// Listens to what the program says of itself: the log that the window shows, and standard error.
fn listen() -> ApplicationLog {
    let log = ApplicationLog::default();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let shown = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_filter(filter);
    tracing_subscriber::registry()
        .with(log.layer())
        .with(shown)
        .init();
    log
}
