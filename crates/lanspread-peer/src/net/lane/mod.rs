//! The bulk lane: chunks over TCP with TLS 1.3, beside the QUIC connection that carries all else; between
//! two peers whose users both want that, without TLS.
//!
//! Invariant: a lane exists only between two peers that have a connection, under the same two
//! identities, and carries nothing but requests for chunks and their answers, one at a time. Nobody
//! waits for a lane: as long as there is none, and whenever one is in trouble, the same request goes
//! over QUIC.

mod carrier;
mod clear;
mod client;
mod pool;
mod server;
mod socket;
mod tokens;

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use lanspread_proto::PeerId;
use tokio::{io::BufReader, net::TcpStream, runtime::Handle};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use self::{pool::Pool, tokens::Tokens};
use super::{
    endpoint::EndpointThread,
    limits::LANE_THREADS_MAX,
    tls::{self, TlsConfigs},
};

pub(super) use carrier::LaneStream;
pub(super) use pool::Place;
pub(super) use server::accept_lanes;
pub(super) use socket::bind_beside;

/// What an asker writes when it has all of an answer; ACK in ASCII. Until then the source reckons with
/// bytes under way, which a system may hold by the megabyte.
const LANE_ACKNOWLEDGEMENT: u8 = 0x06;

/// A lane that this peer opened, between two requests or carrying one.
#[derive(Debug)]
pub(super) struct Lane {
    /// Carries the bytes.
    pub(super) stream: LaneStream,
    /// The thread that moves them.
    pub(super) runtime: Handle,
    place: Place,
}

/// A lane that nobody uses.
#[derive(Debug)]
struct Idle {
    stream: LaneStream,
    runtime: Handle,
}

/// All lanes of a transport.
pub(super) struct Lanes {
    connector: TlsConnector,
    acceptor: TlsAcceptor,
    /// The threads that move their bytes: one after the other gets the next lane.
    runtimes: Vec<Handle>,
    next_runtime: AtomicUsize,
    /// Lanes that this peer opened.
    pool: Mutex<Pool<Idle>>,
    /// Ends the lanes that others opened, by peer.
    served: server::Served,
    /// Admits lanes without encryption, if the user wants them.
    tokens: Option<Mutex<Tokens>>,
}

impl Lane {
    /// When somebody began to open it.
    pub(super) const fn since(&self) -> Instant {
        self.place.since()
    }

    /// A lane that may be asked on.
    pub(super) const fn new(stream: LaneStream, runtime: Handle, place: Place) -> Self {
        Self {
            stream,
            runtime,
            place,
        }
    }
}

impl Lanes {
    /// Sealed lanes, moved by these threads.
    pub(super) fn new(configs: TlsConfigs, runtimes: impl Iterator<Item = Handle>) -> Self {
        Self {
            tokens: None,
            runtimes: runtimes.collect(),
            next_runtime: AtomicUsize::new(0),
            connector: TlsConnector::from(Arc::new(configs.client)),
            acceptor: TlsAcceptor::from(Arc::new(configs.server)),
            pool: Mutex::default(),
            served: server::Served::default(),
        }
    }

    /// The same, and lanes without encryption between this peer and others that want them as well.
    pub(super) fn with_clear(self) -> Self {
        let tokens = Some(Mutex::default());
        Self { tokens, ..self }
    }

    /// Whether lanes without encryption are wanted.
    const fn are_clear(&self) -> bool {
        self.tokens.is_some()
    }

    fn tokens(&self) -> Option<MutexGuard<'_, Tokens>> {
        let tokens = self.tokens.as_ref()?;
        Some(tokens.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The thread for one more lane.
    pub(super) fn thread(&self) -> Handle {
        let nth = self.next_runtime.fetch_add(1, Ordering::Relaxed);
        self.runtimes[nth % self.runtimes.len()].clone()
    }

    fn pool(&self) -> MutexGuard<'_, Pool<Idle>> {
        // A panic elsewhere leaves the pool as whole as it was.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no lane to a peer is used or opened at the moment.
    #[cfg(test)]
    pub(super) fn is_paused(&self, peer_id: PeerId) -> bool {
        self.pool().is_paused(peer_id, Instant::now())
    }

    /// How many lanes to a peer wait to be used.
    #[cfg(test)]
    pub(super) fn idle(&self, peer_id: PeerId) -> usize {
        self.pool().idle(peer_id)
    }

    /// How many lanes a peer has here.
    #[cfg(test)]
    pub(super) fn served(&self, peer_id: PeerId) -> usize {
        self.served.lanes(peer_id)
    }

    /// Ends all lanes with a peer, in both directions.
    pub(super) fn close_peer(&self, peer_id: PeerId) {
        self.pool().forget(peer_id);
        if let Some(mut tokens) = self.tokens() {
            tokens.forget(peer_id);
        }
        self.served.close_peer(peer_id);
    }

    /// How many requests were served on lanes so far.
    pub(super) fn requests_served(&self) -> u64 {
        self.served.requests()
    }
}

/// Starts the threads of lanes: with half of the cores, games and disks have the others.
///
/// # Errors
/// A system that refuses threads.
pub(super) fn start_threads() -> io::Result<Vec<EndpointThread>> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    (0..thread_count(cores))
        .map(|nth| EndpointThread::start(&format!("lane-{nth}")))
        .collect()
}

fn thread_count(cores: usize) -> usize {
    (cores / 2).clamp(1, LANE_THREADS_MAX)
}

/// Who is at the other end, as proved in the handshake.
fn proven(stream: &TlsStream<BufReader<TcpStream>>) -> Option<PeerId> {
    let (_, session) = stream.get_ref();
    let chain = session.peer_certificates()?;
    let chain: Vec<Vec<u8>> = chain.iter().map(|der| der.to_vec()).collect();
    tls::peer_id_of_chain(&chain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_have_half_of_the_cores_up_to_the_limit() {
        assert_eq!(thread_count(1), 1);
        assert_eq!(thread_count(2), 1);
        assert_eq!(thread_count(4), 2);
        assert_eq!(thread_count(2 * LANE_THREADS_MAX), LANE_THREADS_MAX);
        assert_eq!(thread_count(2 * LANE_THREADS_MAX + 2), LANE_THREADS_MAX);
    }
}
