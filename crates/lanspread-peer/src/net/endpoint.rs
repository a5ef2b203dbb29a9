//! The two QUIC endpoints of a peer: one that listens, one that dials.
//!
//! Invariant: each endpoint runs alone on a thread of its own, so that neither the application nor
//! the other endpoint can hold up its packets, and its sockets have the buffers it asked for or the
//! log says that they do not.

use std::{
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use lanspread_packets::{Packets, packets};
use lanspread_proto::PeerId;
use s2n_quic::{
    Client, Server,
    provider::{
        endpoint_limits::{self, ConnectionAttempt, Outcome},
        event::{
            self, ConnectionInfo, ConnectionMeta,
            events::{RecoveryMetrics, SocketAddress, TlsExporterReady},
        },
        limits::Limits,
        tls::rustls as quic_tls,
    },
};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    runtime::Handle,
    sync::{oneshot, watch},
};

use super::{
    BindError, TransportConfig,
    census::{Census, Seat},
    delays::{Delay, Delays},
    lane, limits,
    rates::Rates,
    tls::{self, TlsConfigs},
};
use crate::identity::Identity;

/// The label of the secret that ties an admission to its TLS session (RFC 8446, section 7.5).
const EXPORTER_LABEL: &[u8] = b"EXPORTER-lanspread-admission";

/// Both endpoints, running.
pub(super) struct Endpoints {
    /// Accepts connections.
    pub(super) server: Server,
    /// Makes connections.
    pub(super) client: Client,
    /// Where connections are accepted, with the port that was chosen.
    pub(super) listen: SocketAddr,
    /// Whether the dialing socket reaches addresses of this kind.
    pub(super) dials: DialFamilies,
    /// Tells when no connection is left.
    pub(super) open: OpenConnections,
    /// The threads they run on.
    pub(super) threads: Vec<EndpointThread>,
    /// Takes bulk lanes at the same port, if that is wanted and possible.
    pub(super) lane_listener: Option<std::net::TcpListener>,
    /// How long packets take to each peer and back.
    pub(super) delays: Delays,
}

/// The kinds of address that the dialing socket reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DialFamilies {
    /// Only IPv4.
    V4,
    /// Only IPv6.
    V6,
    /// Both.
    Both,
}

impl DialFamilies {
    /// Whether an address can be dialed at all.
    pub(super) const fn reach(self, ip: IpAddr) -> bool {
        match self {
            Self::Both => true,
            Self::V4 => ip.is_ipv4(),
            Self::V6 => ip.is_ipv6(),
        }
    }
}

/// Binds both endpoints.
///
/// # Errors
/// An address that cannot be listened on; a system that refuses sockets or threads.
pub(super) fn start(config: &TransportConfig, identity: &Identity) -> Result<Endpoints, BindError> {
    let TlsConfigs {
        server: server_tls,
        client: client_tls,
    } = tls::configs(identity, config.protocol()).map_err(BindError::Tls)?;
    let bound = if config.bulk_lane {
        lane::bind_beside(config.listen, bind_socket)
    } else {
        bind_socket(config.listen).map(|socket| (socket, None))
    };
    let (listen_socket, lane_listener) =
        bound.map_err(|source| BindError::listen(config.listen, source))?;
    let listen = listen_socket
        .local_addr()
        .map_err(|source| BindError::listen(config.listen, source))?;
    let (dial_socket, dials) =
        bind_dial_socket(config.listen.ip()).map_err(BindError::DialSocket)?;

    let open = OpenConnections::new();
    let (census, delays) = (Census::default(), Delays::default());
    let server_thread = EndpointThread::start("quic-server").map_err(BindError::Thread)?;
    let client_thread = EndpointThread::start("quic-client").map_err(BindError::Thread)?;
    let server = Server::builder()
        .with_tls(quic_tls::Server::from(server_tls))
        .map_err(BindError::endpoint)?
        .with_io(quic_io(&server_thread.handle, listen_socket)?)
        .map_err(BindError::endpoint)?
        .with_limits(connection_limits(config.idle_timeout)?)
        .map_err(BindError::endpoint)?
        .with_endpoint_limits(Doorkeeper {
            census: census.clone(),
        })
        .map_err(BindError::endpoint)?
        .with_event(Witness {
            runtime: server_thread.handle.clone(),
            open: open.clone(),
            census: Some(census),
            rates: Arc::clone(&config.rates),
            delays: delays.clone(),
        })
        .map_err(BindError::endpoint)?
        .start()
        .map_err(BindError::endpoint)?;
    let client = Client::builder()
        .with_tls(quic_tls::Client::from(client_tls))
        .map_err(BindError::endpoint)?
        .with_io(quic_io(&client_thread.handle, dial_socket)?)
        .map_err(BindError::endpoint)?
        .with_limits(connection_limits(config.idle_timeout)?)
        .map_err(BindError::endpoint)?
        .with_event(Witness {
            runtime: client_thread.handle.clone(),
            open: open.clone(),
            census: None,
            rates: Arc::clone(&config.rates),
            delays: delays.clone(),
        })
        .map_err(BindError::endpoint)?
        .start()
        .map_err(BindError::endpoint)?;
    let threads = vec![server_thread, client_thread];
    Ok(Endpoints {
        server,
        client,
        listen,
        dials,
        open,
        threads,
        lane_listener,
        delays,
    })
}

fn connection_limits(idle_timeout: Duration) -> Result<Limits, BindError> {
    let streams = limits::STREAMS_PER_CONNECTION_MAX;
    Limits::new()
        .with_max_idle_timeout(idle_timeout)
        .and_then(|l| l.with_max_handshake_duration(limits::HANDSHAKE_TIMEOUT))
        .and_then(|l| l.with_data_window(limits::CONNECTION_WINDOW_BYTES))
        .and_then(|l| l.with_bidirectional_local_data_window(limits::STREAM_WINDOW_BYTES))
        .and_then(|l| l.with_bidirectional_remote_data_window(limits::REQUEST_WINDOW_BYTES))
        .and_then(|l| l.with_max_send_buffer_size(limits::STREAM_SEND_BUFFER_BYTES))
        .and_then(|l| l.with_max_open_local_bidirectional_streams(streams))
        .and_then(|l| l.with_max_open_remote_bidirectional_streams(streams))
        .and_then(|l| l.with_max_open_local_unidirectional_streams(0))
        .and_then(|l| l.with_max_open_remote_unidirectional_streams(0))
        .map_err(BindError::endpoint)
}

fn quic_io(runtime: &Handle, socket: UdpSocket) -> Result<Packets, BindError> {
    packets(runtime.clone(), socket, limits::MTU_TRIED_BYTES).map_err(BindError::endpoint)
}

/// Binds the socket that dials: to the listener's own address if it has one, so that a peer which
/// listens on one network also speaks only there; else to every address of the listener's kind.
fn bind_dial_socket(listen: IpAddr) -> io::Result<(UdpSocket, DialFamilies)> {
    match listen {
        IpAddr::V4(ip) => Ok((bind_socket((ip, 0).into())?, DialFamilies::V4)),
        IpAddr::V6(ip) if ip.is_unspecified() => {
            Ok((bind_socket((ip, 0).into())?, DialFamilies::Both))
        }
        IpAddr::V6(ip) => Ok((bind_socket((ip, 0).into())?, DialFamilies::V6)),
    }
}

/// Binds a UDP socket with large buffers; `[::]` takes IPv4 as well.
fn bind_socket(addr: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(!addr.ip().is_unspecified())?;
    }
    grow_buffers(&socket, addr);
    socket.bind(&addr.into())?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Asks for large buffers and says so in the log when the system gives less.
fn grow_buffers(socket: &Socket, addr: SocketAddr) {
    let wanted = limits::SOCKET_BUFFER_BYTES;
    // What the system grants is read back: some cap silently. Linux reports twice the size that
    // counts for data.
    let scale = if cfg!(target_os = "linux") { 2 } else { 1 };
    let send = socket
        .set_send_buffer_size(wanted)
        .and_then(|()| socket.send_buffer_size());
    let recv = socket
        .set_recv_buffer_size(wanted)
        .and_then(|()| socket.recv_buffer_size());
    let granted = |size: &io::Result<usize>| size.as_ref().map_or(0, |bytes| bytes / scale);
    let (send_bytes, recv_bytes) = (granted(&send), granted(&recv));
    if send_bytes < wanted || recv_bytes < wanted {
        tracing::warn!(
            %addr, wanted_bytes = wanted, send_bytes, recv_bytes,
            "the system grants smaller UDP buffers than asked for: transfers will be slower \
             (on Linux raise net.core.rmem_max and net.core.wmem_max)"
        );
    }
}

/// One thread with one runtime that moves bytes and does nothing else.
pub(super) struct EndpointThread {
    pub(super) handle: Handle,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl EndpointThread {
    pub(super) fn start(name: &str) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                // Also ends when the sender is dropped. Dropping the runtime then ends the endpoint.
                let _ = runtime.block_on(stopped);
            })?;
        Ok(Self {
            handle,
            stop,
            thread,
        })
    }

    /// Ends the endpoint and waits for its thread; takes no longer than one turn of its loop.
    pub(super) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("an endpoint thread had panicked");
        }
    }
}

/// Counts the connections that an endpoint still has anything to do for.
#[derive(Debug, Clone)]
pub(super) struct OpenConnections(Arc<watch::Sender<usize>>);

impl OpenConnections {
    fn new() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    fn enter(&self) -> OpenConnection {
        self.0.send_modify(|open| *open += 1);
        OpenConnection(self.clone())
    }

    /// Waits until every connection is closed on both sides, or timed out.
    pub(super) async fn none_left(&self) {
        // The sender lives in self, so the wait cannot fail.
        let _ = self.0.subscribe().wait_for(|open| *open == 0).await;
    }
}

/// One connection, counted until its endpoint forgets it.
struct OpenConnection(OpenConnections);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.0.send_modify(|open| *open -= 1);
    }
}

/// What is known about a connection besides its bytes.
pub(super) struct ConnectionFacts {
    /// Whose key signed the handshake.
    pub(super) peer_id: Option<PeerId>,
    /// How long packets on it take there and back.
    delay: Option<Arc<Delay>>,
    /// A secret of the TLS session that both ends can compute and nobody else.
    pub(super) exported: Option<[u8; 32]>,
    /// The runtime of its endpoint.
    pub(super) runtime: Handle,
    _open: OpenConnection,
    _seat: Option<Seat>,
}

/// Notes who proved what when a handshake is complete.
struct Witness {
    /// The runtime of the endpoint.
    runtime: Handle,
    open: OpenConnections,
    /// Of the endpoint that listens.
    census: Option<Census>,
    /// Hears how long packets wait in queues.
    rates: Arc<Rates>,
    /// Hears how long they take to each peer and back.
    delays: Delays,
}

impl event::Subscriber for Witness {
    type ConnectionContext = ConnectionFacts;

    fn create_connection_context(
        &mut self,
        _meta: &ConnectionMeta,
        _info: &ConnectionInfo,
    ) -> ConnectionFacts {
        ConnectionFacts {
            peer_id: None,
            delay: None,
            exported: None,
            runtime: self.runtime.clone(),
            _open: self.open.enter(),
            _seat: self.census.as_ref().map(Census::enter),
        }
    }

    fn on_tls_exporter_ready(
        &mut self,
        context: &mut ConnectionFacts,
        _meta: &ConnectionMeta,
        event: &TlsExporterReady<'_>,
    ) {
        let chain = event.session.peer_cert_chain_der().ok();
        context.peer_id = chain.and_then(|chain| tls::peer_id_of_chain(&chain));
        context.delay = context.peer_id.map(|peer_id| self.delays.enter(peer_id));
        let mut secret = [0; 32];
        let exported = event.session.tls_exporter(EXPORTER_LABEL, &[], &mut secret);
        context.exported = exported.is_ok().then_some(secret);
    }

    fn on_recovery_metrics(
        &mut self,
        context: &mut ConnectionFacts,
        _meta: &ConnectionMeta,
        event: &RecoveryMetrics<'_>,
    ) {
        if let Some(delay) = &context.delay {
            delay.heard(event.latest_rtt);
        }
        let waited = event.latest_rtt.saturating_sub(event.min_rtt);
        self.rates.heard(waited);
    }
}

/// Turns away who comes when the house is full, or whose own seats are taken.
struct Doorkeeper {
    census: Census,
}

impl endpoint_limits::Limiter for Doorkeeper {
    fn on_connection_attempt(&mut self, info: &ConnectionAttempt) -> Outcome {
        let outcome = admit(info.connection_count, info.inflight_handshakes);
        if outcome != Outcome::allow() {
            return outcome;
        }
        if self
            .census
            .admit(ip_of(&info.remote_address), Instant::now())
        {
            Outcome::allow()
        } else {
            // An answer would only be more work for us, and go to an address that nothing proves.
            Outcome::drop()
        }
    }
}

/// The address that a packet claims to come from. One that cannot be read is counted with the others
/// of its kind.
fn ip_of(addr: &SocketAddress<'_>) -> IpAddr {
    match addr {
        SocketAddress::IpV4 { ip, .. } => IpAddr::from(**ip),
        SocketAddress::IpV6 { ip, .. } => IpAddr::from(**ip),
        _ => IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED),
    }
}

/// What to do with one more handshake, given how many connections and handshakes there are.
fn admit(connections: usize, handshakes: usize) -> Outcome {
    if connections >= limits::CONNECTIONS_MAX {
        Outcome::close()
    } else if handshakes >= limits::HANDSHAKES_MAX {
        // The other side tries again by itself when its packet is lost.
        Outcome::drop()
    } else {
        Outcome::allow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_free_place_is_given_and_the_next_comer_is_turned_away() {
        let (connections, handshakes) = (limits::CONNECTIONS_MAX, limits::HANDSHAKES_MAX);
        assert_eq!(admit(connections - 1, handshakes - 1), Outcome::allow());
        assert_eq!(admit(connections, 0), Outcome::close());
        assert_eq!(admit(0, handshakes), Outcome::drop());
    }

    #[test]
    fn the_socket_that_dials_stays_on_the_network_that_is_listened_on() {
        let (socket, dials) = bind_dial_socket("127.0.0.1".parse().unwrap()).unwrap();
        assert!(socket.local_addr().unwrap().ip().is_loopback());
        assert_eq!(dials, DialFamilies::V4);
        assert!(dials.reach("10.0.0.1".parse().unwrap()));
        assert!(!dials.reach("fd00::1".parse().unwrap()));
    }
}
