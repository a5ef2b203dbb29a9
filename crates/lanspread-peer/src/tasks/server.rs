//! Binds the listener and hands what other peers ask to the core.
//!
//! Invariant: the core hears of the listener before it hears of any request. The listener is required:
//! without it the peer ends.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use lanspread_core::Input;
use lanspread_proto::ListenAddr;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    executor::{Executor, Transports},
    identity::Identity,
    net::{Adapter, BindError, NetEvent, Rates, Reach, Transport, TransportConfig},
    party_code::PartyCode,
};

/// How often the machine's addresses are looked at, for a cable that is plugged or pulled.
const ADDRESSES_CHECK: Duration = Duration::from_secs(5);

/// Most requests of other peers that wait to be looked at.
const REQUEST_QUEUE_LEN: usize = 512;

/// What the server needs.
pub(crate) struct ServerTask {
    pub(crate) listen: SocketAddr,
    pub(crate) party_code: Option<PartyCode>,
    pub(crate) rates: Arc<Rates>,
    pub(crate) bulk_lane: bool,
    pub(crate) unencrypted_lanes: bool,
    pub(crate) identity: Identity,
    pub(crate) transports: Transports,
    pub(crate) executor: Executor,
    pub(crate) bound: watch::Sender<Option<Vec<ListenAddr>>>,
    pub(crate) adapters: watch::Sender<Vec<Adapter>>,
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) shutdown: CancellationToken,
}

/// Why the server, and with it the peer, cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServerError {
    /// The listener could not be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The listener ended by itself.
    #[error("the listener ended by itself; start this peer again")]
    Ended,
}

/// Runs until `shutdown`.
///
/// # Errors
/// The listener cannot be bound, or it ended.
pub(crate) async fn run_server_component(task: ServerTask) -> Result<(), ServerError> {
    let (tx, mut events) = mpsc::channel(REQUEST_QUEUE_LEN);
    let mut config = TransportConfig::new(task.listen);
    config.party_code.clone_from(&task.party_code);
    config.rates = Arc::clone(&task.rates);
    config.bulk_lane = task.bulk_lane;
    config.unencrypted_lanes = task.unencrypted_lanes;
    let transport = Transport::bind(config, &task.identity, tx)?;
    task.transports.set(transport.clone());
    let Reach {
        mut addrs,
        adapters,
    } = transport.reach();
    task.adapters.send_replace(adapters);
    tell_bound(&task, &addrs).await;
    let mut check = tokio::time::interval(ADDRESSES_CHECK);
    loop {
        tokio::select! {
            () = task.shutdown.cancelled() => return Ok(()),
            event = events.recv() => match event {
                None | Some(NetEvent::ListenerFailed) => return Err(ServerError::Ended),
                Some(NetEvent::Incoming(stream)) => {
                    let reply = task.executor.register(stream.responder);
                    let input = Input::Requested { reply, from: stream.from, request: stream.request };
                    tell(&task, input).await;
                }
                Some(NetEvent::Disconnected(peer_id)) => {
                    tell(&task, Input::Disconnected { peer_id }).await;
                }
                Some(NetEvent::OtherVersion { peer_id, transport_addr, theirs }) => {
                    tell(&task, Input::OtherVersion { peer_id, transport_addr, theirs }).await;
                }
                Some(NetEvent::Misbehaved { peer_id, transport_addr, offence, times }) => {
                    let input = Input::Misbehaved { peer_id, transport_addr, offence, times };
                    tell(&task, input).await;
                }
                Some(NetEvent::Delays(delays)) => tell(&task, Input::Delays(delays)).await,
                Some(NetEvent::OtherParty { peer_id, transport_addr, mismatch }) => {
                    tell(&task, Input::OtherParty { peer_id, transport_addr, mismatch }).await;
                }
            },
            _ = check.tick() => {
                let found = transport.reach();
                task.adapters.send_if_modified(|adapters| {
                    let differs = *adapters != found.adapters;
                    *adapters = found.adapters;
                    differs
                });
                if found.addrs != addrs {
                    addrs = found.addrs;
                    tell_bound(&task, &addrs).await;
                }
            }
        }
    }
}

async fn tell_bound(task: &ServerTask, addrs: &[ListenAddr]) {
    task.bound.send_replace(Some(addrs.to_vec()));
    tell(
        task,
        Input::ListenerBound {
            addrs: addrs.to_vec(),
        },
    )
    .await;
}

async fn tell(task: &ServerTask, input: Input) {
    // The core is gone only when the peer ends.
    drop(task.inputs.send(input).await);
}
