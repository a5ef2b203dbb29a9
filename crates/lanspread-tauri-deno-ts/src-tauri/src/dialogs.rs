//! Dialogs of the system.
//!
//! Invariant: what is told here is told because there is no other way: the program cannot start.

use std::path::PathBuf;

use rfd::{AsyncFileDialog, AsyncMessageDialog, MessageDialog, MessageLevel};
use tauri::WebviewWindow;

/// Lets the user choose a folder; `None` if he does not.
pub(crate) async fn choose_folder(window: &WebviewWindow, title: &str) -> Option<PathBuf> {
    let chosen = AsyncFileDialog::new()
        .set_title(title)
        .set_parent(window)
        .pick_folder()
        .await;
    chosen.map(|folder| folder.path().to_owned())
}

/// Tells something and waits until it is read.
pub(crate) async fn tell(title: &str, text: &str) {
    tracing::error!("{title}: {text}");
    AsyncMessageDialog::new()
        .set_level(MessageLevel::Error)
        .set_title(title)
        .set_description(text)
        .show()
        .await;
}

/// Tells why not even a window can be made.
pub(crate) fn tell_without_window(text: &str) {
    tracing::error!("the window cannot be made: {text}");
    MessageDialog::new()
        .set_level(MessageLevel::Error)
        .set_title("Lanspread")
        .set_description(text)
        .show();
}
