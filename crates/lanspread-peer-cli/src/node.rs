//! A peer that runs in this process, with everything the program adds to it: the catalog, the
//! session, the control socket.
//!
//! Invariant: a node ends politely and completely: its peer says goodbye, its last event is told, its
//! socket is gone.

use std::{path::PathBuf, sync::Arc};

use lanspread_db::{Catalog, CatalogError, RowRejection};
use lanspread_peer::{
    PeerCommand, PeerGameDB, PeerId, PeerOptions, RuntimeEnd, StartError, start_peer_with,
};
use lanspread_unpack::AnyUnpacker;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::{
    control::ControlSocket,
    session::{Events, Facts, Session},
    setup::{Chosen, Setup},
    words,
};

/// Events that wait for the session; past that the peer keeps them.
const EVENTS_PENDING_MAX: usize = 256;

/// Rows of a catalog that are complained about one by one; the rest is counted.
const REJECTIONS_TOLD_MAX: usize = 20;

/// Why a node could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NodeError {
    /// The folder of games cannot be made.
    #[error("the games folder {} cannot be made: {source}; name another one with --games-dir", dir.display())]
    GamesDir {
        /// The folder.
        dir: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The catalog cannot be used.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The peer cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl NodeError {
    /// Whether another peer runs on this state directory.
    pub(crate) const fn is_busy(&self) -> bool {
        matches!(self, Self::Start(StartError::StateDirBusy { .. }))
    }
}

/// A running peer.
pub(crate) struct Node {
    session: Arc<Session>,
    control: Option<JoinHandle<()>>,
}

impl Node {
    /// Starts a peer. The listener hears its events from the first on.
    ///
    /// # Errors
    /// See [`NodeError`].
    pub(crate) fn start(setup: &Setup) -> Result<(Self, Events), NodeError> {
        let mut notices = Vec::new();
        make_games_dir(setup, &mut notices)?;
        let catalog = open_catalog(setup, &mut notices)?;
        // What the user says goes before what the catalog says.
        let named = catalog.organiser();
        let organiser = setup
            .organiser
            .or_else(|| named.map(|key| PeerId::from_bytes(*key.as_bytes())));
        let options = PeerOptions {
            state_dir: setup.state_dir.clone(),
            listen: setup.listen,
            name: setup.name.clone(),
            party_code: setup.party_code.clone(),
            organiser,
            table: setup.table.clone(),
            bulk_lane: !setup.quic_only,
            unencrypted_lanes: setup.unencrypted_lanes,
            ..PeerOptions::default()
        };
        let (tx_events, rx_events) = mpsc::channel(EVENTS_PENDING_MAX);
        let handle = start_peer_with(
            options,
            setup.games_dir.value(),
            tx_events,
            PeerGameDB::new(),
            Arc::new(AnyUnpacker),
            catalog,
        )?;
        // The peer holds the lock of its state directory from here on, so the socket is ours to take.
        let socket = ControlSocket::bind(&setup.state_dir)
            .map_err(|error| {
                notices.push(format!("{error}; other commands cannot talk to this peer"));
            })
            .ok();
        let facts = Facts {
            name: setup.name.clone(),
            party_code: setup.party_code.is_some(),
            unencrypted_lanes: setup.unencrypted_lanes,
            organiser,
            games_dir: setup.games_dir.value().clone(),
            state_dir: setup.state_dir.clone(),
            catalog: setup
                .catalog
                .as_ref()
                .map(|catalog| catalog.value().clone()),
        };
        let (session, events) = Session::start(handle, rx_events, facts, &notices);
        let control = socket.map(|socket| tokio::spawn(socket.serve(Arc::clone(&session))));
        tokio::spawn(connect(Arc::clone(&session), setup.connect.clone()));
        Ok((Self { session, control }, events))
    }

    /// The peer as the JSON interface sees it.
    pub(crate) const fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Ends the peer, if it has not ended by itself, and waits for that.
    pub(crate) async fn finish(self) -> RuntimeEnd {
        self.session.leave().cancel();
        let end = self.session.handle().shutdown().await;
        self.session.ended().cancelled().await;
        if let Some(Err(error)) = match self.control {
            Some(control) => Some(control.await),
            None => None,
        } {
            tracing::error!(%error, "the control socket's task failed");
        }
        end
    }
}

fn make_games_dir(setup: &Setup, notices: &mut Vec<String>) -> Result<(), NodeError> {
    let dir = setup.games_dir.value();
    if dir.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(dir).map_err(|source| NodeError::GamesDir {
        dir: dir.clone(),
        source,
    })?;
    notices.push(format!(
        "the games folder {} was not there and has been made",
        dir.display()
    ));
    Ok(())
}

fn open_catalog(setup: &Setup, notices: &mut Vec<String>) -> Result<Catalog, NodeError> {
    let Some(chosen) = &setup.catalog else {
        return Ok(Catalog::open_party());
    };
    let path = chosen.value();
    let (catalog, rejections) = Catalog::open(path)?;
    if let Chosen::ByDefault(_) = chosen {
        notices.push(format!(
            "the catalog {} lies beside the games and decides which of them belong to this party",
            path.display()
        ));
    }
    notices.extend(complaints(&rejections));
    Ok(catalog)
}

fn complaints(rejections: &[RowRejection]) -> Vec<String> {
    let mut complaints: Vec<String> = rejections
        .iter()
        .take(REJECTIONS_TOLD_MAX)
        .map(|rejection| format!("the catalog has a row that is not used: {rejection}"))
        .collect();
    let more = rejections.len().saturating_sub(REJECTIONS_TOLD_MAX);
    if more > 0 {
        complaints.push(format!(
            "the catalog has {} more that are not used; `lanspread catalog show` lists them",
            words::count(more, "row")
        ));
    }
    complaints
}

/// Connects to the peers that the user named, once others can connect to this one.
async fn connect(session: Arc<Session>, addrs: Vec<lanspread_peer::ListenAddr>) {
    session.ready().cancelled().await;
    for addr in addrs {
        if let Err(error) = session
            .handle()
            .command(PeerCommand::Connect { addr })
            .await
        {
            tracing::warn!(%addr, %error, "a peer that was named cannot be connected to");
        }
    }
}

#[cfg(test)]
mod tests {
    use lanspread_db::{CatalogTable, RowRejectionReason};

    use super::*;

    fn rejections(count: usize) -> Vec<RowRejection> {
        let row = |row| RowRejection {
            table: CatalogTable::Games,
            row,
            game_id: "x".to_owned(),
            reason: RowRejectionReason::NoId,
        };
        (0..count)
            .map(|number| row(i64::try_from(number).expect("small")))
            .collect()
    }

    #[test]
    fn bad_rows_are_told_one_by_one_up_to_the_limit_and_counted_past_it() {
        assert_eq!(
            complaints(&rejections(REJECTIONS_TOLD_MAX)).len(),
            REJECTIONS_TOLD_MAX
        );
        let more = complaints(&rejections(REJECTIONS_TOLD_MAX + 1));
        assert_eq!(more.len(), REJECTIONS_TOLD_MAX + 1);
        assert!(more[REJECTIONS_TOLD_MAX].contains("1 row "), "{more:?}");
    }
}
