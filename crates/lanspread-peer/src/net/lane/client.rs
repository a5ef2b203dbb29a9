//! Lanes that this peer opens.
//!
//! Invariant: a lane is given out only after its other end proved to be the peer it is for; whatever
//! else comes of an attempt is told to the log alone.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use lanspread_core::{Inbound, RequestFailure, Route};
use lanspread_proto::{FrameKind, PeerId, Request, Response, Token, TransportAddr, encode_frame};
use rustls::pki_types::ServerName;
use tokio::{
    net::{TcpSocket, TcpStream},
    runtime::Handle,
    time,
};

use super::{
    Idle, LANE_ACKNOWLEDGEMENT, Lane, LaneStream,
    carrier::to_be_sealed,
    clear,
    pool::{Place, Taken},
    proven,
};
use crate::net::{
    limits::{LANE_KEPT, LANE_OPEN_TIMEOUT},
    outbound::Answer,
    stream::Reader,
    tls::SERVER_NAME,
    trace,
    transport::Shared,
};

/// Why a lane could not be opened.
#[derive(Debug, thiserror::Error)]
enum NoLane {
    /// The system or the other end does not let it.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Nothing came in time.
    #[error("it was not open within {LANE_OPEN_TIMEOUT:?}")]
    Silence,
    /// Somebody else is there.
    #[error("another peer is at its port")]
    OtherPeer,
}

impl Shared {
    /// A lane to a peer, if one is at hand; else one is opened for later, unless there are enough or
    /// there was trouble.
    pub(in crate::net) fn take_lane(self: &Arc<Self>, to: Route) -> Option<Lane> {
        let lanes = self.lanes.as_ref()?;
        // The other side takes lanes only of peers it has a connection with.
        if self.links().with_peer(to.peer_id).is_empty() {
            return None;
        }
        let party = self.links().peers();
        let taken = lanes.pool().take(to.peer_id, party, Instant::now());
        match taken {
            Taken::Lane(Idle { stream, runtime }, place) => Some(Lane::new(stream, runtime, place)),
            Taken::Open(places) => {
                for place in places {
                    self.open_beside(to, &lanes.thread(), place);
                }
                None
            }
            Taken::Nothing => None,
        }
    }

    /// Opens lanes to a peer that will be asked for chunks soon, if there are none yet.
    pub(in crate::net) fn prepare_lanes(self: &Arc<Self>, to: Route) {
        let Some(lanes) = &self.lanes else { return };
        if self.links().with_peer(to.peer_id).is_empty() {
            return;
        }
        let party = self.links().peers();
        let places = lanes.pool().prepare(to.peer_id, party, Instant::now());
        for place in places {
            self.open_beside(to, &lanes.thread(), place);
        }
    }

    /// Opens a lane while whoever asks goes on.
    fn open_beside(self: &Arc<Self>, to: Route, thread: &Handle, place: Place) {
        let (shared, runtime) = (Arc::clone(self), thread.clone());
        let opening = async move {
            tokio::select! {
                () = shared.open_lane(to, runtime, place) => {}
                () = shared.stop.cancelled() => {}
            }
        };
        self.tasks.spawn_on(opening, thread);
    }

    /// Takes a lane that was opened, or that carried an answer to its end.
    pub(in crate::net) fn keep_lane(self: &Arc<Self>, peer_id: PeerId, lane: Lane) {
        let Some(lanes) = &self.lanes else { return };
        let now = Instant::now();
        let Lane {
            stream,
            runtime,
            place,
        } = lane;
        let idle = Idle { stream, runtime };
        if lanes.pool().give_back(peer_id, idle, place, now) {
            let shared = Arc::clone(self);
            self.tasks.spawn(async move {
                tokio::select! {
                    () = shared.sweep_lanes() => {}
                    () = shared.stop.cancelled() => {}
                }
            });
        }
    }

    /// Sends a request on a lane; the answer is still to come.
    pub(in crate::net) async fn ask_on(
        &self,
        lane: Lane,
        to: Route,
        request: &Request,
    ) -> Result<(Answer, Place), RequestFailure> {
        let Lane {
            mut stream,
            runtime,
            place,
            ..
        } = lane;
        let lost = |error: &dyn std::fmt::Display| RequestFailure::Connection(error.to_string());
        let frame = encode_frame(FrameKind::Request, request).map_err(|error| lost(&error))?;
        trace::sent(to.peer_id, request);
        let sent = async {
            stream.write_all(&frame).await?;
            stream.flush().await
        };
        sent.await.map_err(|error| lost(&error))?;
        let from = Inbound {
            peer_id: to.peer_id,
            transport_addr: TransportAddr::new(to.listen_addr.socket_addr()),
            local_listen_addr: None,
        };
        let answer = Answer::new(Reader::lane(stream), from, self.beside_lane(runtime));
        Ok((answer, place))
    }

    /// Says that an answer has come whole, and keeps the lane for the next request.
    pub(in crate::net) async fn acknowledge(self: &Arc<Self>, peer_id: PeerId, mut lane: Lane) {
        let said = async {
            lane.stream.write_all(&[LANE_ACKNOWLEDGEMENT]).await?;
            lane.stream.flush().await
        };
        match said.await {
            Ok(()) => {
                if let Some(lanes) = &self.lanes {
                    lanes.pool().carried(peer_id);
                }
                self.keep_lane(peer_id, lane);
            }
            Err(error) => tracing::debug!(%error, "a lane was closed behind an answer"),
        }
    }

    /// A lane broke, or could not be opened: the peer's chunks come over QUIC for a while.
    pub(in crate::net) fn lane_broke(&self, peer_id: PeerId, why: &dyn std::fmt::Display) {
        if let Some(lanes) = &self.lanes {
            tracing::debug!(peer_id = %peer_id.short(), %why, "no bulk lane: chunks come over QUIC");
            lanes.pool().trouble(peer_id, Instant::now());
        }
    }

    /// A lane, opened at `since`, was closed before a chunk came on it: nobody's fault where lanes have worked
    /// before, unless it is so again and again.
    pub(in crate::net) fn lane_was_closed(&self, peer_id: PeerId, since: Instant) {
        if let Some(lanes) = &self.lanes {
            tracing::debug!(peer_id = %peer_id.short(), "a bulk lane was closed before a chunk came");
            lanes.pool().closed(peer_id, since, Instant::now());
        }
    }

    async fn open_lane(self: &Arc<Self>, to: Route, runtime: Handle, place: Place) {
        let opened = match time::timeout(LANE_OPEN_TIMEOUT, self.try_lane(to)).await {
            Ok(opened) => opened,
            Err(_) => Err(NoLane::Silence),
        };
        match opened {
            Ok(stream) => {
                let is_encrypted = stream.is_sealed();
                tracing::debug!(peer_id = %to.peer_id.short(), is_encrypted, "a bulk lane is open");
                self.keep_lane(to.peer_id, Lane::new(stream, runtime, place));
            }
            Err(error) => self.lane_broke(to.peer_id, &error),
        }
    }

    async fn try_lane(self: &Arc<Self>, to: Route) -> Result<LaneStream, NoLane> {
        let Some(lanes) = &self.lanes else {
            return Err(NoLane::Silence);
        };
        let token = self.lane_token(to).await;
        let mut tcp = connect(self.listen.ip(), to.listen_addr.socket_addr()).await?;
        if let Some(token) = token {
            clear::enter(&mut tcp, self.own_id, token).await?;
            return Ok(LaneStream::clear(tcp)?);
        }
        let name = ServerName::try_from(SERVER_NAME).map_err(io::Error::other)?;
        let stream = lanes.connector.connect(name, to_be_sealed(tcp)?).await?;
        let stream = Box::new(stream.into());
        if proven(&stream) == Some(to.peer_id) {
            Ok(LaneStream::Sealed(stream))
        } else {
            Err(NoLane::OtherPeer)
        }
    }

    /// What admits a lane without encryption, if both sides want such lanes.
    async fn lane_token(self: &Arc<Self>, to: Route) -> Option<Token> {
        if !self.lanes.as_ref()?.are_clear() {
            return None;
        }
        let answer = self
            .request(to, &Request::LaneToken, LANE_OPEN_TIMEOUT)
            .await;
        match answer {
            Ok(Response::LaneToken { token }) => Some(token),
            Ok(_) => None,
            Err(error) => {
                tracing::debug!(peer_id = %to.peer_id.short(), %error, "no answer about lanes");
                None
            }
        }
    }

    async fn sweep_lanes(&self) {
        let Some(lanes) = &self.lanes else { return };
        loop {
            time::sleep(LANE_KEPT).await;
            if !lanes.pool().sweep(Instant::now()) {
                return;
            }
        }
    }
}

/// Connects from the address that this peer listens on, if it listens on one only.
async fn connect(own: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = if to.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    if !own.is_unspecified() && own.is_ipv4() == to.is_ipv4() {
        socket.bind(SocketAddr::new(own, 0))?;
    }
    socket.connect(to).await
}
