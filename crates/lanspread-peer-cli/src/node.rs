//! A peer that runs in this process, with everything the program adds to it: the control socket, and
//! peers that are connected to by their address.
//!
//! Invariant: a node ends politely and completely: its peer says goodbye, its last event is told, its
//! socket is gone.

use std::sync::Arc;

use lanspread_app::{App, AppOptions, Events, StartError, Stay};
use lanspread_peer::{PeerCommand, PeerOptions, RuntimeEnd};
use tokio::task::JoinHandle;

use crate::{control::ControlSocket, setup::Setup};

/// A running peer.
pub(crate) struct Node {
    app: Arc<App>,
    control: Option<JoinHandle<()>>,
}

impl Node {
    /// Starts a peer. The listener hears its events from the first on.
    ///
    /// # Errors
    /// See [`StartError`].
    pub(crate) fn start(setup: &Setup, stay: Stay) -> Result<(Self, Events), StartError> {
        let (app, events) = App::start(AppOptions {
            games_dir: setup.games_dir.value().clone(),
            catalog: setup.catalog.clone(),
            stay,
            settings: setup.settings.clone(),
            log: setup.log.clone(),
            peer: PeerOptions {
                state_dir: setup.state_dir.clone(),
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
            app.notice(trouble.clone());
        }
        // The peer holds the lock of its state directory from here on, so the socket is ours to take.
        let control = match ControlSocket::bind(&setup.state_dir) {
            Ok(socket) => Some(tokio::spawn(socket.serve(Arc::clone(&app)))),
            Err(error) => {
                app.notice(format!("{error}; other commands cannot talk to this peer"));
                None
            }
        };
        tokio::spawn(connect(Arc::clone(&app), setup.connect.clone()));
        Ok((Self { app, control }, events))
    }

    /// The peer as interfaces see it.
    pub(crate) const fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Ends the peer, if it has not ended by itself, and waits for that.
    pub(crate) async fn finish(self) -> RuntimeEnd {
        self.app.leave().cancel();
        let end = self.app.handle().shutdown().await;
        self.app.ended().cancelled().await;
        if let Some(Err(error)) = match self.control {
            Some(control) => Some(control.await),
            None => None,
        } {
            tracing::error!(%error, "the control socket's task failed");
        }
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
