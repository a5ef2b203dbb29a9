//! The transport as its user holds it, and the tasks behind it.
//!
//! Invariant: every task is tracked and ends when the transport closes; nothing waits on a channel
//! without also watching for that.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use lanspread_core::{Inbound, Offence, PartyMismatch, admission::Doorkeeper};
use lanspread_proto::{ListenAddr, PROTOCOL_VERSION, PeerId, TransportAddr, alpn, alpn_with_code};
use s2n_quic::{Client, Connection, Server, connection};
use tokio::{runtime::Handle, sync::mpsc, time::timeout};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use super::{
    BindError, IncomingStream,
    addrs::{self, Reach},
    admission,
    beside::Beside,
    delays::{self, Delays},
    dial::DialGates,
    endpoint::{self, ConnectionFacts, DialFamilies, EndpointThread, Endpoints, OpenConnections},
    fetch::Buffers,
    inbound, lane,
    lane::Lanes,
    limits::{CLOSE_FLUSH_TIMEOUT, FIRST_REQUEST_TIMEOUT, IDLE_TIMEOUT, REQUEST_READ_TIMEOUT},
    link::{CloseReason, Link, Links},
    misconduct::{self, Misconduct},
    rates::{self, Rates},
    room::Room,
    tls,
};
use crate::{identity::Identity, party_code::PartyCode};

/// How a transport is set up.
#[derive(Debug, Clone)]
pub struct TransportConfig {
    /// Where to accept connections; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The wire version to speak; another than [`PROTOCOL_VERSION`] only in tests.
    pub protocol_version: u32,
    /// The code of the party: whoever does not prove it is nobody here. `None` in an open party.
    pub party_code: Option<PartyCode>,
    /// How fast contents may leave and come; can be changed at any time.
    pub rates: Arc<Rates>,
    /// Whether chunks go over TCP where both sides can, and others may open such lanes here.
    pub bulk_lane: bool,
    /// Whether they go without encryption there, where both sides want that.
    pub unencrypted_lanes: bool,
    /// A connection on which nothing arrived for this long is closed.
    pub idle_timeout: Duration,
    /// A request must be there in full this long after its stream was opened.
    pub request_read_timeout: Duration,
    /// A connection that somebody else made and on which nothing is asked for this long is closed.
    pub first_request_timeout: Duration,
}

impl TransportConfig {
    /// The normal set-up, listening on `listen`.
    #[must_use]
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            protocol_version: PROTOCOL_VERSION,
            party_code: None,
            rates: Arc::default(),
            bulk_lane: true,
            unencrypted_lanes: false,
            idle_timeout: IDLE_TIMEOUT,
            request_read_timeout: REQUEST_READ_TIMEOUT,
            first_request_timeout: FIRST_REQUEST_TIMEOUT,
        }
    }

    /// The application protocol that peers of the same party and version speak.
    pub(super) fn protocol(&self) -> Vec<u8> {
        match self.party_code {
            None => alpn(self.protocol_version),
            Some(_) => alpn_with_code(self.protocol_version),
        }
    }

    /// The application protocol of a bulk lane between such peers.
    fn lane_protocol(&self) -> Vec<u8> {
        [self.protocol().as_slice(), b"+lane"].concat()
    }
}

/// What a transport reports by itself.
#[derive(Debug)]
pub enum NetEvent {
    /// Another peer asks.
    Incoming(Box<IncomingStream>),
    /// The last connection with a peer closed.
    Disconnected(PeerId),
    /// A peer of another wire version came here and was told so.
    OtherVersion {
        /// Who it is, as proved.
        peer_id: PeerId,
        /// From where it came, for logs.
        transport_addr: TransportAddr,
        /// Its wire version.
        theirs: u32,
    },
    /// A peer misbehaved, so many times since this was last told of it.
    Misbehaved {
        /// Who, as proved.
        peer_id: PeerId,
        /// From where, for logs.
        transport_addr: TransportAddr,
        /// What it did.
        offence: Offence,
        /// How often.
        times: u32,
    },
    /// The least time that packets took to peers and back lately.
    Delays(Vec<(PeerId, Duration)>),
    /// A peer that is not of this party came here and was turned away.
    OtherParty {
        /// Who it is, as proved.
        peer_id: PeerId,
        /// From where it came, for logs.
        transport_addr: TransportAddr,
        /// What does not fit.
        mismatch: PartyMismatch,
    },
    /// The listening endpoint ended by itself: nobody can connect any more.
    ListenerFailed,
}

/// What happened so far, in counts since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TransportStats {
    /// Requests that were not valid messages within their limits.
    pub malformed_requests: u64,
    /// Streams that were opened and on which no whole request came in time.
    pub silent_streams: u64,
    /// Connections whose other end proved no identity.
    pub unproven_connections: u64,
    /// Requests that came on bulk lanes.
    pub lane_requests: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) malformed_requests: AtomicU64,
    pub(super) silent_streams: AtomicU64,
    pub(super) unproven_connections: AtomicU64,
}

/// A running transport. Clones are the same transport; it closes when the last one is dropped, or
/// at [`Transport::close`].
#[derive(Clone)]
pub struct Transport {
    pub(super) shared: Arc<Shared>,
    _stop_when_dropped: Arc<DropGuard>,
}

/// What the handles and the tasks of one transport share.
pub(super) struct Shared {
    pub(super) config: TransportConfig,
    pub(super) own_id: PeerId,
    pub(super) listen: SocketAddr,
    pub(super) dials: DialFamilies,
    pub(super) client: Client,
    pub(super) dial_gates: DialGates,
    /// The bulk lanes, if they are wanted.
    pub(super) lanes: Option<Lanes>,
    pub(super) buffers: Buffers,
    pub(super) counters: Counters,
    pub(super) misconduct: Misconduct,
    pub(super) delays: Delays,
    pub(super) doorkeeper: Mutex<Doorkeeper>,
    /// The beginning of the doorkeeper's clock.
    pub(super) began: Instant,
    pub(super) room: Room,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
    links: Mutex<Links>,
    events: mpsc::Sender<NetEvent>,
    open: OpenConnections,
    threads: Mutex<Vec<EndpointThread>>,
}

impl Transport {
    /// Binds the listener and starts. From here on others can connect, and what they ask arrives
    /// in `events`, whose capacity bounds how many requests wait for their user.
    ///
    /// # Errors
    /// An address that cannot be listened on; a system that refuses sockets or threads.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn bind(
        config: TransportConfig,
        identity: &Identity,
        events: mpsc::Sender<NetEvent>,
    ) -> Result<Self, BindError> {
        let Endpoints {
            server,
            client,
            listen,
            dials,
            open,
            mut threads,
            lane_listener,
            delays,
        } = endpoint::start(&config, identity)?;
        let lanes = if config.bulk_lane {
            let protocols = vec![config.lane_protocol()];
            let configs = tls::configs_for(identity, protocols).map_err(BindError::Tls)?;
            let lane_threads = lane::start_threads().map_err(BindError::Thread)?;
            let lanes = Lanes::new(configs, lane_threads.iter().map(|t| t.handle.clone()));
            threads.extend(lane_threads);
            Some(if config.unencrypted_lanes {
                lanes.with_clear()
            } else {
                lanes
            })
        } else {
            None
        };
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            config,
            own_id: identity.peer_id(),
            listen,
            dials,
            client,
            dial_gates: DialGates::default(),
            lanes,
            buffers: Buffers::default(),
            counters: Counters::default(),
            misconduct: Misconduct::default(),
            delays,
            doorkeeper: Mutex::default(),
            began: Instant::now(),
            room: Room::default(),
            stop: stop.clone(),
            tasks: TaskTracker::new(),
            links: Mutex::new(Links::default()),
            events,
            open,
            threads: Mutex::new(threads),
        });
        shared
            .tasks
            .spawn(accept_connections(Arc::clone(&shared), server));
        if let (Some(listener), Some(lanes)) = (lane_listener, &shared.lanes) {
            let accepting = lane::accept_lanes(Arc::clone(&shared), listener);
            shared.tasks.spawn_on(accepting, &lanes.thread());
        }
        shared
            .tasks
            .spawn(misconduct::tell_misconduct(Arc::clone(&shared)));
        shared.tasks.spawn(delays::tell_delays(Arc::clone(&shared)));
        shared
            .tasks
            .spawn(rates::keep(Arc::clone(&shared.config.rates), stop.clone()));
        Ok(Self {
            shared,
            _stop_when_dropped: Arc::new(stop.drop_guard()),
        })
    }

    /// Who this transport proves to be.
    #[must_use]
    pub fn peer_id(&self) -> PeerId {
        self.shared.own_id
    }

    /// Every address at which others can connect at this moment, most promising first; never empty.
    #[must_use]
    pub fn listen_addrs(&self) -> Vec<ListenAddr> {
        self.reach().addrs
    }

    /// Where others can connect at this moment, and over which adapters.
    #[must_use]
    pub fn reach(&self) -> Reach {
        addrs::reach(self.shared.listen)
    }

    /// Whether a connection with this peer is live.
    #[must_use]
    pub fn is_connected(&self, peer_id: PeerId) -> bool {
        !self.shared.links().with_peer(peer_id).is_empty()
    }

    /// How many connections are live.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.shared.links().len()
    }

    /// Closes all connections with a peer. Its [`NetEvent::Disconnected`] follows.
    pub fn disconnect(&self, peer_id: PeerId) {
        self.shared.links().close_peer(peer_id);
        self.shared.close_lanes(peer_id);
    }

    /// Closes all connections with a peer, and every new one as soon as it proves to be that peer.
    pub fn keep_away(&self, peer_id: PeerId) {
        self.shared.links().keep_away(peer_id);
        self.shared.close_lanes(peer_id);
    }

    /// Takes connections of a peer again.
    pub fn readmit(&self, peer_id: PeerId) {
        self.shared.links().readmit(peer_id);
    }

    /// What happened so far.
    #[must_use]
    pub fn stats(&self) -> TransportStats {
        let counters = &self.shared.counters;
        TransportStats {
            malformed_requests: counters.malformed_requests.load(Ordering::Relaxed),
            silent_streams: counters.silent_streams.load(Ordering::Relaxed),
            unproven_connections: counters.unproven_connections.load(Ordering::Relaxed),
            lane_requests: self.shared.lanes.as_ref().map_or(0, Lanes::requests_served),
        }
    }

    /// Closes all connections, tells the other sides, and ends every task and thread. Returns when
    /// nothing is left, within about [`CLOSE_FLUSH_TIMEOUT`].
    pub async fn close(&self) {
        self.shared.stop.cancel();
        self.shared.links().close();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
        let threads = std::mem::take(&mut *self.shared.threads());
        if threads.is_empty() {
            return;
        }
        if timeout(CLOSE_FLUSH_TIMEOUT, self.shared.open.none_left())
            .await
            .is_err()
        {
            tracing::debug!("some connections were not closed cleanly in time");
        }
        let joined = tokio::task::spawn_blocking(|| {
            threads.into_iter().for_each(EndpointThread::stop);
        })
        .await;
        if let Err(error) = joined {
            tracing::error!(%error, "the endpoint threads could not be joined");
        }
    }
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transport")
            .field("peer_id", &self.shared.own_id)
            .field("listen", &self.shared.listen)
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn links(&self) -> MutexGuard<'_, Links> {
        // A panic elsewhere leaves the list as whole as it was.
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn threads(&self) -> MutexGuard<'_, Vec<EndpointThread>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports to the user; gives up when the transport closes or the user is gone.
    pub(super) async fn report(&self, event: NetEvent) {
        tokio::select! {
            // A closed channel means that nobody listens any more, which is no error here.
            _ = self.events.send(event) => {}
            () = self.stop.cancelled() => {}
        }
    }

    /// Both ends of a connection, if its other end has proved who it is.
    pub(super) fn ends(&self, handle: &connection::Handle) -> Option<Inbound> {
        let mut peer_id = None;
        handle
            .query_event_context(|facts: &ConnectionFacts| peer_id = facts.peer_id)
            .ok()?;
        Some(self.ends_with(peer_id?, handle.remote_addr().ok()?))
    }

    /// Both ends of what a proven peer opened from an address.
    pub(super) fn ends_with(&self, peer_id: PeerId, remote: SocketAddr) -> Inbound {
        let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
        Inbound {
            peer_id,
            transport_addr: TransportAddr::new(remote),
            local_listen_addr: addrs::listen_addr_towards(self.listen, remote.ip()),
        }
    }

    /// Ends the bulk lanes with a peer.
    pub(super) fn close_lanes(&self, peer_id: PeerId) {
        if let Some(lanes) = &self.lanes {
            lanes.close_peer(peer_id);
        }
    }

    /// Counts a request that was not a valid message within its limits.
    pub(super) fn malformed(&self, from: Inbound) {
        self.counters
            .malformed_requests
            .fetch_add(1, Ordering::Relaxed);
        self.misconduct.count(from, Offence::MalformedRequest);
    }

    /// Runs work on a thread of lanes.
    pub(super) fn beside_lane(&self, runtime: Handle) -> Beside {
        Beside::new(runtime, self.tasks.clone())
    }

    /// The thread that moves the bytes of a connection. One that has ended moves none.
    pub(super) fn beside(&self, handle: &connection::Handle) -> Beside {
        let mut runtime = None;
        let known = handle.query_event_context(|facts: &ConnectionFacts| {
            runtime = Some(facts.runtime.clone());
        });
        if let Err(error) = known {
            tracing::debug!(%error, "a connection was gone");
        }
        Beside::new(runtime.unwrap_or_else(Handle::current), self.tasks.clone())
    }

    /// Whether both ends of a connection speak the same wire version, and both with a party code or
    /// both without.
    pub(super) fn same_protocol(&self, handle: &connection::Handle) -> bool {
        let ours = self.config.protocol();
        handle
            .application_protocol()
            .is_ok_and(|protocol| protocol == ours)
    }

    /// What it means that another peer of the same wire version shares no protocol with this one.
    pub(super) const fn other_door(&self) -> PartyMismatch {
        match self.config.party_code {
            None => PartyMismatch::CodeNeeded,
            Some(_) => PartyMismatch::CodeMissing,
        }
    }

    /// Takes a proven connection of the same version and party into use. `patience` is how long its other end
    /// may take to ask something, if it was the one who made it.
    pub(super) fn adopt(
        self: &Arc<Self>,
        connection: Connection,
        ends: Inbound,
        patience: Option<Duration>,
    ) -> Option<Link> {
        let (handle, acceptor) = connection.split();
        let beside = self.beside(&handle);
        let link = self.links().add(handle, ends, beside)?;
        let shared = Arc::clone(self);
        self.tasks.spawn(inbound::serve_link(
            shared,
            link.clone(),
            acceptor,
            patience,
        ));
        Some(link)
    }
}

/// The secret that both ends of a connection share by its TLS session.
pub(super) fn exported(handle: &connection::Handle) -> Option<[u8; 32]> {
    let mut exported = None;
    handle
        .query_event_context(|facts: &ConnectionFacts| exported = facts.exported)
        .ok()?;
    exported
}

/// Accepts connections until the transport closes.
async fn accept_connections(shared: Arc<Shared>, mut server: Server) {
    loop {
        let connection = tokio::select! {
            connection = server.accept() => connection,
            () = shared.stop.cancelled() => return,
        };
        let Some(connection) = connection else {
            tracing::error!("the listening endpoint ended by itself");
            shared.report(NetEvent::ListenerFailed).await;
            return;
        };
        accept_connection(&shared, connection);
    }
}

fn accept_connection(shared: &Arc<Shared>, connection: Connection) {
    let handle = connection.handle();
    let Some(ends) = shared.ends(&handle) else {
        let before = shared
            .counters
            .unproven_connections
            .fetch_add(1, Ordering::Relaxed);
        let so_far = before + 1;
        if so_far.is_power_of_two() {
            tracing::warn!(
                so_far,
                "closed a connection whose other end proved no identity"
            );
        }
        handle.close(CloseReason::NotProven.code());
        return;
    };
    if shared.links().is_kept_away(ends.peer_id) {
        tracing::debug!(peer_id = %ends.peer_id.short(), from = %ends.transport_addr, "kept away");
        handle.close(CloseReason::KeptAway.code());
        return;
    }
    if shared.same_protocol(&handle) {
        tracing::debug!(peer_id = %ends.peer_id.short(), from = %ends.transport_addr, "accepted");
        match shared.config.party_code.clone() {
            None => {
                let patience = Some(shared.config.first_request_timeout);
                shared.adopt(connection, ends, patience);
            }
            Some(code) => {
                let admitting = admission::admit(Arc::clone(shared), connection, ends, code);
                shared.tasks.spawn(admitting);
            }
        }
    } else {
        shared
            .tasks
            .spawn(inbound::tell_version(Arc::clone(shared), connection, ends));
    }
}
