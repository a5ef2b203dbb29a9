//! Making connections: all candidate addresses race, the first that proves the right peer wins.
//!
//! Invariant: a connection that did not prove the expected identity is never used, and the losers
//! of a race are dropped before its result is known to anybody.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lanspread_core::{CANDIDATES_MAX, DialFailure, Dialed, Inbound, PartyMismatch};
use lanspread_proto::{FrameKind, ListenAddr, PeerId, VersionProbe, WrongVersion};
use s2n_quic::{Connection, client::Connect};
use tokio::{task::JoinSet, time};

use super::{
    admission::NotAdmitted,
    error::{ConnectError, connect_error},
    limits::DIAL_STAGGER,
    link::{CloseReason, Link},
    stream::{Reader, Writer},
    tls,
    transport::{Shared, Transport},
};

/// One lock per peer that is being dialed, so that many requests make one connection.
#[derive(Debug, Default)]
pub(super) struct DialGates(Mutex<BTreeMap<PeerId, Arc<Gate>>>);

/// Held while a peer is dialed for a request.
type Gate = tokio::sync::Mutex<()>;

impl DialGates {
    fn gate(&self, peer_id: PeerId) -> Arc<Gate> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry(peer_id).or_default())
    }

    /// Forgets a gate that nobody waits at.
    fn leave(&self, peer_id: PeerId, gate: Arc<Gate>) {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(gate);
        if gates
            .get(&peer_id)
            .is_some_and(|gate| Arc::strong_count(gate) == 1)
        {
            gates.remove(&peer_id);
        }
    }
}

/// An attempt that came through.
struct Arrived {
    connection: Connection,
    ends: Inbound,
    addr: ListenAddr,
}

impl Transport {
    /// Makes a new connection: tries the candidates one shortly after the other, keeps the first
    /// that proves `expect` (or anybody but this peer, if that is `None`).
    ///
    /// At most [`CANDIDATES_MAX`] candidates are tried.
    ///
    /// # Errors
    /// What the most telling of the candidates came to.
    pub async fn dial(
        &self,
        candidates: &[ListenAddr],
        expect: Option<PeerId>,
        timeout: Duration,
    ) -> Result<Dialed, DialFailure> {
        self.shared
            .dial(candidates, expect, timeout)
            .await
            .map(|(_, dialed)| dialed)
    }
}

impl Shared {
    /// A live link with a peer: one there is, or one made for the purpose.
    pub(super) async fn link_to(
        self: &Arc<Self>,
        peer_id: PeerId,
        listen_addr: ListenAddr,
        timeout: Duration,
    ) -> Result<Link, DialFailure> {
        let gate = self.dial_gates.gate(peer_id);
        let held = gate.lock().await;
        let there = self.links().with_peer(peer_id).into_iter().next();
        let result = match there {
            Some(link) => Ok(link),
            None => self
                .dial(&[listen_addr], Some(peer_id), timeout)
                .await
                .map(|(link, _)| link),
        };
        drop(held);
        self.dial_gates.leave(peer_id, gate);
        result
    }

    async fn dial(
        self: &Arc<Self>,
        candidates: &[ListenAddr],
        expect: Option<PeerId>,
        timeout: Duration,
    ) -> Result<(Link, Dialed), DialFailure> {
        let candidates = &candidates[..candidates.len().min(CANDIDATES_MAX)];
        let mut failures = Vec::new();
        let reach = self.reach(candidates, expect, &mut failures);
        let arrived = tokio::select! {
            arrived = time::timeout(timeout, reach) => arrived.ok().flatten(),
            () = self.stop.cancelled() => None,
        };
        let Some(Arrived {
            connection,
            ends,
            addr,
        }) = arrived
        else {
            return Err(most_telling(failures, candidates));
        };
        let peer_id = ends.peer_id;
        let unreachable = || most_telling(Vec::new(), candidates);
        let local_listen_addr = ends.local_listen_addr.ok_or_else(unreachable)?;
        let link = self.adopt(connection, ends, None).ok_or_else(unreachable)?;
        tracing::debug!(peer_id = %peer_id.short(), %addr, "connected");
        Ok((
            link,
            Dialed {
                peer_id,
                remote: addr,
                local_listen_addr,
            },
        ))
    }

    /// Connects, and proves the party code if there is one to whoever won the race. Only then: each
    /// proof that fails is a guess, and the candidates are one peer.
    async fn reach(
        self: &Arc<Self>,
        candidates: &[ListenAddr],
        expect: Option<PeerId>,
        failures: &mut Vec<DialFailure>,
    ) -> Option<Arrived> {
        let arrived = self.race(candidates, expect, failures).await?;
        let handle = arrived.connection.handle();
        let error = match self.prove_to(handle.clone(), arrived.ends).await {
            Ok(()) => return Some(arrived),
            Err(error) => error,
        };
        let addr = arrived.addr.socket_addr();
        tracing::warn!(peer_id = %arrived.ends.peer_id.short(), %addr, %error, "not connected");
        handle.close(CloseReason::NotAdmitted.code());
        failures.push(match error {
            NotAdmitted::OtherCode => DialFailure::OtherParty {
                addr,
                mismatch: PartyMismatch::OtherCode,
            },
            error => DialFailure::Handshake {
                addr,
                reason: error.to_string(),
            },
        });
        None
    }

    /// Runs the attempts until one comes through or all have failed.
    async fn race(
        self: &Arc<Self>,
        candidates: &[ListenAddr],
        expect: Option<PeerId>,
        failures: &mut Vec<DialFailure>,
    ) -> Option<Arrived> {
        // Dropping the set ends the attempts that lost.
        let mut attempts = JoinSet::new();
        let mut waiting = candidates.iter().copied();
        loop {
            let next = waiting.next();
            if let Some(addr) = next {
                let shared = Arc::clone(self);
                attempts.spawn(async move { shared.attempt(addr, expect).await });
            }
            // A failed attempt makes room for the next one at once.
            let ended = if waiting.len() > 0 {
                match time::timeout(DIAL_STAGGER, attempts.join_next()).await {
                    Ok(ended) => ended,
                    Err(_) => continue,
                }
            } else {
                attempts.join_next().await
            };
            match ended {
                Some(Ok(Ok(arrived))) => return Some(arrived),
                Some(Ok(Err(failure))) => failures.push(failure),
                Some(Err(error)) => tracing::error!(%error, "an attempt to connect broke down"),
                None if waiting.len() == 0 => return None,
                None => {}
            }
        }
    }

    /// Connects to one address and checks who is there.
    async fn attempt(
        &self,
        addr: ListenAddr,
        expect: Option<PeerId>,
    ) -> Result<Arrived, DialFailure> {
        let to = addr.socket_addr();
        if !self.dials.reach(to.ip()) {
            return Err(DialFailure::Unreachable {
                tried: addr.to_string(),
            });
        }
        let connect = Connect::new(to).with_server_name(tls::SERVER_NAME);
        let connection = match self.client.connect(connect).await.map_err(connect_error) {
            Ok(connection) => connection,
            Err(ConnectError::Silence) => {
                return Err(DialFailure::Unreachable {
                    tried: addr.to_string(),
                });
            }
            Err(ConnectError::Refused(reason)) => {
                return Err(DialFailure::Handshake { addr: to, reason });
            }
        };
        match self.check(&connection, to, expect).await {
            Ok(ends) => Ok(Arrived {
                connection,
                ends,
                addr,
            }),
            Err((failure, reason)) => {
                connection.handle().close(reason.code());
                Err(failure)
            }
        }
    }

    /// Checks who is at the other end of a connection and which version it speaks.
    async fn check(
        &self,
        connection: &Connection,
        addr: SocketAddr,
        expect: Option<PeerId>,
    ) -> Result<Inbound, (DialFailure, CloseReason)> {
        let handle = connection.handle();
        let Some(ends) = self.ends(&handle) else {
            let reason = "it showed no certificate that proves who it is".to_owned();
            return Err((
                DialFailure::Handshake { addr, reason },
                CloseReason::NotProven,
            ));
        };
        let found = ends.peer_id;
        if found == self.own_id {
            return Err((DialFailure::Myself { addr }, CloseReason::Done));
        }
        if let Some(expected) = expect.filter(|expected| *expected != found) {
            return Err((
                DialFailure::OtherPeer {
                    addr,
                    found,
                    expected,
                },
                CloseReason::Done,
            ));
        }
        if self.links().is_kept_away(found) {
            return Err((DialFailure::KeptAway { addr }, CloseReason::KeptAway));
        }
        if self.same_protocol(&handle) {
            return Ok(ends);
        }
        let failure = match self.ask_version(handle).await {
            Ok(WrongVersion { ours: theirs, .. }) if theirs == self.config.protocol_version => {
                DialFailure::OtherParty {
                    addr,
                    mismatch: self.other_door(),
                }
            }
            Ok(WrongVersion { ours: theirs, .. }) => DialFailure::OtherVersion {
                addr,
                theirs,
                ours: self.config.protocol_version,
            },
            Err(reason) => DialFailure::Handshake { addr, reason },
        };
        Err((failure, CloseReason::OtherVersion))
    }

    /// Asks a peer of another version which one it speaks.
    async fn ask_version(
        &self,
        mut handle: s2n_quic::connection::Handle,
    ) -> Result<WrongVersion, String> {
        let lost = |error: &dyn std::fmt::Display| {
            format!("it speaks another version of Lanspread and did not say which: {error}")
        };
        let stream = handle
            .open_bidirectional_stream()
            .await
            .map_err(|error| lost(&error))?;
        let (receive, send) = stream.split();
        let probe = VersionProbe {
            protocol_version: self.config.protocol_version,
        };
        let frame = probe.encode().map_err(|error| lost(&error))?;
        let mut writer = Writer::new(send);
        writer
            .send(frame.into())
            .await
            .map_err(|error| lost(&error))?;
        writer.finish().await.map_err(|error| lost(&error))?;
        let payload = Reader::new(receive).frame(FrameKind::Response).await;
        let payload = payload.map_err(|error| lost(&error))?;
        WrongVersion::decode(&payload).map_err(|error| lost(&error))
    }
}

/// The failure that tells people most about why none of the candidates worked.
fn most_telling(failures: Vec<DialFailure>, candidates: &[ListenAddr]) -> DialFailure {
    let telling = |failure: &DialFailure| match failure {
        DialFailure::OtherVersion { .. } => 6,
        DialFailure::OtherParty { .. } => 5,
        DialFailure::OtherPeer { .. } | DialFailure::KeptAway { .. } => 4,
        DialFailure::Myself { .. } => 3,
        DialFailure::Handshake { .. } => 2,
        DialFailure::ListenerNotReady | DialFailure::Aborted => 1,
        DialFailure::Unreachable { .. } => 0,
    };
    match failures.into_iter().max_by_key(telling) {
        None | Some(DialFailure::Unreachable { .. }) => {
            let tried: Vec<String> = candidates.iter().map(ToString::to_string).collect();
            DialFailure::Unreachable {
                tried: tried.join(", "),
            }
        }
        Some(failure) => failure,
    }
}
