//! The two questions of the first start: a name, and a folder.
//!
//! Invariant: nothing is made before both are answered; an answer that does not do leaves the questions open.

use std::path::{Path, PathBuf};

use lanspread_app::{IfAway, Proposal, Settings, default_games_dir};
use lanspread_peer::{ErrorKind, PeerName, host_name};
use tauri::{AppHandle, Manager};

use crate::{begin, peer::Peer, refused::Refused};

/// What to propose; `None` where the questions are answered.
pub(crate) fn proposal(peer: &Peer) -> Option<Proposal> {
    let place = peer.place();
    let games_dir = || {
        place
            .games_dir()
            .map(Path::to_owned)
            .or_else(default_games_dir)
    };
    let is_open = peer.app().is_err() && Settings::load(place.state_dir()).first_run;
    is_open.then(|| Proposal {
        name: host_name(),
        games_dir: games_dir()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    })
}

/// Takes the answers, keeps them and starts the peer.
///
/// # Errors
/// An answer does not do, or no peer can be started with them.
pub(crate) async fn finish(app: &AppHandle, name: &str, games_dir: PathBuf) -> Result<(), Refused> {
    let bad = |message: String| Refused::new(ErrorKind::BadInput, message);
    if !games_dir.is_absolute() {
        let told = format!("{} is no whole path of a folder", games_dir.display());
        return Err(bad(told));
    }
    let peer = app.state::<Peer>();
    if proposal(&peer).is_none() {
        return Err(bad("name and folder are known already".to_owned()));
    }
    let state_dir = peer.place().state_dir();
    if state_dir.starts_with(&games_dir) {
        return Err(bad(format!(
            "{} holds what Lanspread keeps for itself ({}), which would be taken for a game; choose another \
             folder",
            games_dir.display(),
            state_dir.display()
        )));
    }
    let name = name.trim();
    let settings = Settings {
        name: (!name.is_empty()).then(|| PeerName::new(name)),
        games_dir: Some(games_dir),
        ..Settings::default()
    };
    begin::start(app, settings.clone(), IfAway::Made)
        .await
        .map_err(|error| Refused::new(ErrorKind::Io, begin::explain(app, &error)))?;
    settings
        .save(state_dir)
        .map_err(|why| Refused::new(why.kind.error_kind(), why.message))
}
