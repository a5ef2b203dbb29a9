//! Lanes that others open here.
//!
//! Invariant: no request is read from a lane before its other end has proved to be a peer that has a
//! connection with this one, or shown a token that was given to it there; from then on it costs no more
//! than a stream of that connection, and it ends with the last of them. For what comes in the clear
//! nobody is blamed.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use lanspread_core::{Inbound, Offence};
use lanspread_proto::{
    FrameKind, PeerId, Refusal, RefusalKind, Request, Response, Token, decode_payload,
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Handle,
    sync::{Semaphore, oneshot},
    time,
};
use tokio_util::sync::CancellationToken;

use super::{LANE_ACKNOWLEDGEMENT, LaneStream, carrier::to_be_sealed, clear, proven};
use crate::net::{
    census::{Census, Seat},
    inbound::{IncomingStream, Responder},
    limits::{
        HANDSHAKE_TIMEOUT, LANE_HANDSHAKES_MAX, LANE_IDLE_TIMEOUT, LANES_SERVED_MAX,
        LANES_SERVED_PER_PEER_MAX, SERVE_STALL_TIMEOUT,
    },
    stream::{LentLane, ReadError, Reader, Writer},
    trace,
    transport::{NetEvent, Shared},
};

/// How long the listener rests after the system gave it no socket, for example because the program has
/// too many files open.
const REST: Duration = Duration::from_millis(100);

/// The lanes that others opened, by peer.
#[derive(Debug, Default)]
pub(super) struct Served {
    peers: Mutex<BTreeMap<PeerId, Peer>>,
    requests: AtomicU64,
}

#[derive(Debug, Default)]
struct Peer {
    lanes: usize,
    stop: CancellationToken,
}

/// One lane of a peer, counted until this is dropped, also by a panic.
#[derive(Debug)]
struct Counted<'a> {
    served: &'a Served,
    peer_id: PeerId,
    /// Ends the lane.
    stop: CancellationToken,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.served.leave(self.peer_id);
    }
}

impl Served {
    fn peers(&self) -> MutexGuard<'_, BTreeMap<PeerId, Peer>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one lane of a peer, unless there are enough.
    fn enter(&self, peer_id: PeerId) -> Option<Counted<'_>> {
        let mut peers = self.peers();
        let lanes: usize = peers.values().map(|peer| peer.lanes).sum();
        let peer = peers.entry(peer_id).or_default();
        let has_room = lanes < LANES_SERVED_MAX && peer.lanes < LANES_SERVED_PER_PEER_MAX;
        peer.lanes += usize::from(has_room);
        has_room.then(|| Counted {
            served: self,
            peer_id,
            stop: peer.stop.clone(),
        })
    }

    fn leave(&self, peer_id: PeerId) {
        let mut peers = self.peers();
        if let Some(peer) = peers.get_mut(&peer_id) {
            peer.lanes = peer.lanes.saturating_sub(1);
            if peer.lanes == 0 {
                peers.remove(&peer_id);
            }
        }
    }

    /// Ends the lanes of a peer. They are counted until they have ended.
    pub(super) fn close_peer(&self, peer_id: PeerId) {
        if let Some(peer) = self.peers().get_mut(&peer_id) {
            std::mem::take(&mut peer.stop).cancel();
        }
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

/// Accepts lanes until the transport closes.
pub(in crate::net) async fn accept_lanes(shared: Arc<Shared>, listener: std::net::TcpListener) {
    let Some(lanes) = &shared.lanes else { return };
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(%error, "bulk lanes cannot be taken: others fetch over QUIC");
            return;
        }
    };
    let census = Census::default();
    let handshakes = Arc::new(Semaphore::new(LANE_HANDSHAKES_MAX));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stop.cancelled() => return,
        };
        let (tcp, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "a lane could not be accepted");
                time::sleep(REST).await;
                continue;
            }
        };
        // Whoever is turned away finds its socket closed, and uses QUIC.
        if !census.admit(from.ip(), Instant::now()) {
            continue;
        }
        let seat = census.enter();
        let Ok(handshake) = Arc::clone(&handshakes).try_acquire_owned() else {
            continue;
        };
        let shared_by_lane = Arc::clone(&shared);
        let serving = async move {
            let lane = async {
                let opened = time::timeout(HANDSHAKE_TIMEOUT, open(&shared_by_lane, tcp)).await;
                drop(handshake);
                let Ok(Ok((stream, peer_id))) = opened else {
                    tracing::debug!(%from, "a lane was not opened");
                    return;
                };
                serve_peer(&shared_by_lane, stream, peer_id, from, seat).await;
            };
            tokio::select! {
                () = lane => {}
                () = shared_by_lane.stop.cancelled() => {}
            }
        };
        shared.tasks.spawn_on(serving, &lanes.thread());
    }
}

async fn open(shared: &Shared, tcp: TcpStream) -> io::Result<(LaneStream, PeerId)> {
    let lanes = shared.lanes.as_ref().ok_or(io::ErrorKind::NotConnected)?;
    // From here on this thread is the one that hears of its bytes.
    let mut tcp = TcpStream::from_std(tcp.into_std()?)?;
    if lanes.are_clear() && clear::is_begun(&tcp).await? {
        let fits = |peer_id, token| {
            let tokens = lanes.tokens();
            tokens.is_some_and(|mut tokens| tokens.take(peer_id, token, Instant::now()))
        };
        let peer_id = clear::admit(&mut tcp, fits).await?;
        return Ok((LaneStream::clear(tcp)?, peer_id));
    }
    let stream = lanes.acceptor.accept(to_be_sealed(tcp)?).await?;
    let stream = Box::new(stream.into());
    let peer_id = proven(&stream).ok_or(io::ErrorKind::PermissionDenied)?;
    Ok((LaneStream::Sealed(stream), peer_id))
}

impl Shared {
    /// The answer to a peer that wants to open a lane without encryption, if it may; whoever may not is
    /// answered as if there were no such lanes.
    pub(in crate::net) fn lane_token_for(
        &self,
        peer_id: PeerId,
        request: &Request,
    ) -> Option<Response> {
        if *request != Request::LaneToken {
            return None;
        }
        let mut tokens = self.lanes.as_ref()?.tokens()?;
        let mut token = Token([0; 32]);
        getrandom::fill(&mut token.0).ok()?;
        let is_given = tokens.give(peer_id, token, Instant::now());
        is_given.then_some(Response::LaneToken { token })
    }
}

/// Serves a lane of a peer that has a connection here: only there it has proved that it is of this
/// party.
async fn serve_peer(
    shared: &Shared,
    stream: LaneStream,
    peer_id: PeerId,
    from: SocketAddr,
    _seat: Seat,
) {
    let Some(lanes) = &shared.lanes else { return };
    let Some(counted) = lanes.served.enter(peer_id) else {
        tracing::debug!(peer_id = %peer_id.short(), %from, "too many lanes");
        return;
    };
    // Looked at after the lane is counted: whoever closes the last connection in between ends it.
    if !shared.links().with_peer(peer_id).is_empty() {
        let from = shared.ends_with(peer_id, from);
        tokio::select! {
            () = serve(shared, stream, from, &counted.stop) => {}
            () = counted.stop.cancelled() => {}
        }
    }
}

/// Serves request after request until the other side closes the lane.
async fn serve(shared: &Shared, mut stream: LaneStream, from: Inbound, stop: &CancellationToken) {
    let Some(lanes) = &shared.lanes else { return };
    let peer = from.peer_id.short();
    let is_sealed = stream.is_sealed();
    loop {
        let mut reader = Reader::lane(stream);
        let begun = time::timeout(LANE_IDLE_TIMEOUT, reader.fill()).await;
        let Ok(Ok(true)) = begun else { return };
        if shared.config.rates.is_playing() {
            // How long packets wait is known of QUIC alone, so the chunks go over it beside a game.
            return;
        }
        let limit = shared.config.request_read_timeout;
        let read = time::timeout(limit, read_request(&mut reader)).await;
        let Some(same_stream) = reader.into_lane() else {
            return;
        };
        let (back, returned) = oneshot::channel();
        let (acknowledge, acknowledged) = oneshot::channel();
        let writer = Writer::lane(LentLane {
            stream: same_stream,
            back,
            acknowledged,
            stop: stop.clone(),
        });
        let beside = shared.beside_lane(Handle::current());
        let toll = shared.config.rates.uploads_to(from.peer_id);
        let responder = Responder::new(writer, beside, toll);
        match read {
            Ok(Ok(request)) => {
                trace::received(from.peer_id, &request);
                lanes.served.requests.fetch_add(1, Ordering::Relaxed);
                let incoming = IncomingStream {
                    from,
                    request,
                    responder,
                };
                shared.report(NetEvent::Incoming(Box::new(incoming))).await;
            }
            Ok(Err(ReadError::Connection(_) | ReadError::Lane(_))) => return,
            Ok(Err(error)) => {
                tracing::debug!(%peer, %error, "refused a malformed request on a lane");
                if is_sealed {
                    shared.malformed(from);
                }
                let refusal = Refusal::new(RefusalKind::BadRequest, error.to_string());
                // A sender of nonsense need not stay to hear about it.
                let _ = responder.reply(&Response::Refused(refusal)).await;
                return;
            }
            Err(_) => {
                if is_sealed {
                    shared.misconduct.count(from, Offence::SilentStream);
                }
                tracing::debug!(%peer, "closed a lane without a whole request");
                return;
            }
        }
        // Dropped unanswered, the lane is closed, which says so.
        let Ok(mut same_stream) = returned.await else {
            return;
        };
        let confirmed = time::timeout(SERVE_STALL_TIMEOUT, same_stream.read_u8()).await;
        let Ok(Ok(LANE_ACKNOWLEDGEMENT)) = confirmed else {
            return;
        };
        // Whoever answered may not care.
        let _ = acknowledge.send(());
        stream = same_stream;
    }
}

/// Reads one request; on a lane it is one for chunks.
async fn read_request(reader: &mut Reader) -> Result<Request, ReadError> {
    let payload = reader.frame(FrameKind::Request).await?;
    let request: Request = decode_payload(FrameKind::Request, &payload)?;
    match request {
        Request::GetGameFileChunk(_) => Ok(request),
        other => Err(ReadError::NotForALane(other.kind())),
    }
}

#[cfg(test)]
impl Served {
    /// How many lanes a peer has.
    pub(super) fn lanes(&self, peer_id: PeerId) -> usize {
        self.peers().get(&peer_id).map_or(0, |peer| peer.lanes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(n: u32) -> PeerId {
        PeerId::from_public_key_der(&n.to_be_bytes())
    }

    #[test]
    fn a_peer_has_as_many_lanes_as_the_limit_and_not_one_more() {
        let served = Served::default();
        let enter = |n| served.enter(peer(n));
        let mut lanes: Vec<_> = (0..LANES_SERVED_PER_PEER_MAX).map(|_| enter(1)).collect();
        assert!(lanes.iter().all(Option::is_some));
        assert!(enter(1).is_none());
        assert!(enter(2).is_some());
        lanes.pop();
        assert!(enter(1).is_some());
    }

    #[test]
    fn all_peers_together_have_as_many_lanes_as_the_limit_and_not_one_more() {
        let served = Served::default();
        let peers = 0..u32::try_from(LANES_SERVED_MAX).unwrap();
        let enter = |n| served.enter(peer(n));
        let mut lanes: Vec<_> = peers.clone().map(enter).collect();
        assert!(lanes.iter().all(Option::is_some));
        assert!(enter(peers.end).is_none());
        lanes.pop();
        assert!(enter(peers.end).is_some());
    }

    #[test]
    fn a_lane_whose_task_panics_is_not_counted_any_more() {
        let served = Served::default();
        let task = std::panic::AssertUnwindSafe(|| {
            let _counted = served.enter(peer(1)).unwrap();
            std::panic::resume_unwind(Box::new("while it serves"));
        });
        assert!(std::panic::catch_unwind(task).is_err());
        assert!(served.peers().is_empty());
    }

    #[test]
    fn closing_a_peer_ends_its_lanes_and_those_that_come_later_live() {
        let served = Served::default();
        let before = served.enter(peer(1)).unwrap();
        served.close_peer(peer(1));
        assert!(before.stop.is_cancelled());
        assert!(!served.enter(peer(1)).unwrap().stop.is_cancelled());
    }
}
