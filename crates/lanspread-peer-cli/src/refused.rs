//! Why no peer could be started, as people at a terminal are told, with what they can type.
//!
//! Invariant: where another peer is in the way, it is asked what it is, so that people know what to end.

use eyre::{Report, eyre};
use lanspread_app::StartError;
use lanspread_control::RunBy;
use lanspread_peer::StartError as PeerStartError;

use crate::{
    reach::{client_of_running, status_of},
    setup::Setup,
};

/// The whole story.
pub(crate) async fn explain(error: StartError, setup: &Setup) -> Report {
    match &error {
        StartError::GamesDir { .. }
        | StartError::GamesDirAway { .. }
        | StartError::Peer(PeerStartError::GameDir { .. }) => {
            eyre!("{error}; --games-dir names another one")
        }
        StartError::Peer(PeerStartError::MoreGameDirs(_)) => {
            eyre!("{error}; --games-dir, once for each folder, names all that are to be used")
        }
        StartError::Peer(PeerStartError::StateDirBusy { .. }) => {
            let run_by = run_by(setup).await;
            eyre!("{error}. {}", who(run_by.as_deref()))
        }
        StartError::NoHome | StartError::Catalog(_) | StartError::Peer(_) => error.into(),
    }
}

/// What the peer that is in the way runs in, if it says so.
async fn run_by(setup: &Setup) -> Option<String> {
    let mut client = client_of_running(setup).await?;
    status_of(&mut client, setup).await.ok()?.run_by
}

/// Who is in the way, and what can be done.
fn who(run_by: Option<&str>) -> &'static str {
    let is = |known: RunBy| run_by == Some(known.as_str());
    if is(RunBy::Window) {
        "It is the window of Lanspread: all other commands talk to it, such as `lanspread status`, and \"Quit\" \
         in its tray ends it"
    } else if is(RunBy::Serve) {
        "It is `lanspread serve`: all other commands talk to it, such as `lanspread status`, and Ctrl-C in its \
         terminal ends it"
    } else if is(RunBy::Command) {
        "It was started for another command of `lanspread`, and ends with that"
    } else if is(RunBy::Jsonl) {
        "Another program drives it (`lanspread jsonl`); `lanspread status` shows what it does"
    } else {
        "`lanspread status` shows what it does"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_in_the_way_is_told_by_what_ends_it() {
        assert!(who(Some("window")).contains("\"Quit\" in its tray"));
        assert!(who(Some("serve")).contains("Ctrl-C"));
        assert!(who(Some("command")).contains("ends with that"));
        for unclear in [Some("jsonl"), Some("something newer"), None] {
            assert!(who(unclear).contains("`lanspread status`"));
        }
    }
}
