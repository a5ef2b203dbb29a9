//! A peer that runs in this process, with everything the program adds to it: the control socket, and
//! peers that are connected to by their address.
//!
//! Invariant: a node ends politely and completely: its peer says goodbye, its last event is told, its
//! socket is gone.

use std::sync::Arc;

use lanspread_app::{
    App, AppOptions, Events, IfAway, NoticeAbout, Scripts, StartError, StateFile, Stay,
};
use lanspread_control::{Control, RunBy, Served};
use lanspread_peer::{PeerCommand, PeerOptions, RuntimeEnd};

use crate::setup::Setup;

/// A running peer.
pub(crate) struct Node {
    served: Served,
    control: Control,
}

impl Node {
    /// Starts a peer. The listener hears its events from the first on.
    ///
    /// # Errors
    /// See [`StartError`].
    pub(crate) fn start(setup: &Setup, run_by: RunBy) -> Result<(Self, Events), StartError> {
        let (stay, if_chosen_earlier) = match run_by {
            RunBy::Command => (Stay::ForOneCommand, IfAway::Refused),
            RunBy::Serve | RunBy::Jsonl | RunBy::Window => (Stay::On, IfAway::Awaited),
        };
        let (app, events) = App::start(AppOptions {
            games_dir: setup.games_dir.clone(),
            if_away: if setup.is_chosen_earlier {
                if_chosen_earlier
            } else {
                IfAway::Made
            },
            catalog: setup.catalog.clone(),
            stay,
            settings: setup.settings.clone(),
            log: setup.log.clone(),
            scripts: Scripts::default(),
            peer: PeerOptions {
                state_dir: setup.state_dir.clone(),
                more_game_dirs: setup.more_games_dirs.clone(),
                listen: setup.listen,
                name: setup.name.clone(),
                party_code: setup.party_code.clone(),
                organiser: setup.organiser,
                table: setup.table.clone(),
                bulk_lane: !setup.quic_only,
                unencrypted_lanes: setup.unencrypted_lanes,
                ..PeerOptions::default()
            },
        })?;
        if let Some(trouble) = &setup.trouble {
            let file = StateFile::Settings;
            app.notice(NoticeAbout::StateFile { file }, trouble.clone());
        }
        let served = Served { app, run_by };
        let control = Control::open(served.clone());
        tokio::spawn(connect(Arc::clone(&served.app), setup.connect.clone()));
        Ok((Self { served, control }, events))
    }

    /// The peer as interfaces see it.
    pub(crate) const fn app(&self) -> &Arc<App> {
        &self.served.app
    }

    /// The peer as it is served to those who talk to it.
    pub(crate) const fn served(&self) -> &Served {
        &self.served
    }

    /// Ends the peer, if it has not ended by itself, and waits for that.
    pub(crate) async fn finish(self) -> RuntimeEnd {
        let Self { served, control } = self;
        served.app.leave().cancel();
        let end = served.app.handle().shutdown().await;
        served.app.ended().cancelled().await;
        control.closed().await;
        end
    }
}

/// Connects to the peers that the user named, once others can connect to this one.
async fn connect(app: Arc<App>, addrs: Vec<lanspread_peer::ListenAddr>) {
    app.ready().cancelled().await;
    for addr in addrs {
        if let Err(error) = app.handle().command(PeerCommand::Connect { addr }).await {
            tracing::warn!(%addr, %error, "a peer that was named cannot be connected to");
        }
    }
}
