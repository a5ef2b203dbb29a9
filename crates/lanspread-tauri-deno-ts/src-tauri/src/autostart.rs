//! Starting with the system.
//!
//! Invariant: a start with the system shows no window. The wish in the settings decides, at each start anew, so
//! that a program that was moved is found.

use auto_launch::{AutoLaunch, AutoLaunchBuilder, WindowsEnableMode};

/// What a start with the system is told.
pub(crate) const HIDDEN: &str = "--hidden";

/// Starts with the system from here on, or not.
pub(crate) fn set(wanted: bool) {
    if let Err(error) = entry().and_then(|entry| change(&entry, wanted)) {
        tracing::warn!(%error, wanted, "whether Lanspread starts with the system cannot be changed");
    }
}

fn change(entry: &AutoLaunch, wanted: bool) -> auto_launch::Result<()> {
    match (wanted, entry.is_enabled()?) {
        (true, _) => entry.enable(),
        (false, true) => entry.disable(),
        (false, false) => Ok(()),
    }
}

fn entry() -> auto_launch::Result<AutoLaunch> {
    let program = std::env::current_exe()?;
    AutoLaunchBuilder::new()
        .set_app_name("Lanspread")
        .set_app_path(&program.to_string_lossy())
        .set_args(&[HIDDEN])
        .set_windows_enable_mode(WindowsEnableMode::CurrentUser)
        .build()
}
