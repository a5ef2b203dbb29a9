//! A socket that gives and takes whole batches of packets.
//!
//! The invariant: when the system has nothing, or no room, the task that asked is woken as soon as that
//! changes. Each half of an endpoint has a handle of its own, because a handle remembers one waiting task.

use std::{io, net::UdpSocket, os::fd::AsRawFd, task::Context};

use s2n_quic_platform::{
    socket::{
        stats,
        task::{rx, tx},
    },
    syscall::{SocketType, UnixMessage},
};
use tokio::io::Interest;

/// One of the handles of a socket.
pub(super) struct Batches(tokio::net::UdpSocket);

impl Batches {
    /// In a runtime, with a socket that does not block.
    ///
    /// # Errors
    /// A system that does not let it be waited for.
    pub(super) fn new(socket: UdpSocket) -> io::Result<Self> {
        tokio::net::UdpSocket::from_std(socket).map(Self)
    }
}

/// What is to be said of a call that got nothing done.
const BLOCKED: io::ErrorKind = io::ErrorKind::WouldBlock;

impl<M: UnixMessage> tx::Socket<M> for Batches {
    type Error = io::Error;

    fn send(
        &mut self,
        cx: &mut Context<'_>,
        entries: &mut [M],
        events: &mut tx::Events,
        stats: &stats::Sender,
    ) -> io::Result<()> {
        let sent = self.0.try_io(Interest::WRITABLE, || {
            M::send(self.0.as_raw_fd(), entries, events, stats);
            if events.is_blocked() {
                return Err(BLOCKED.into());
            }
            Ok(())
        });
        let Err(error) = sent else { return Ok(()) };
        if error.kind() != BLOCKED {
            return Err(error);
        }
        events.blocked();
        if self.0.poll_send_ready(cx)?.is_ready() {
            events.take_blocked();
        }
        Ok(())
    }
}

impl<M: UnixMessage> rx::Socket<M> for Batches {
    type Error = io::Error;

    fn recv(
        &mut self,
        cx: &mut Context<'_>,
        entries: &mut [M],
        events: &mut rx::Events,
        stats: &stats::Sender,
    ) -> io::Result<()> {
        let received = self.0.try_io(Interest::READABLE, || {
            let fd = self.0.as_raw_fd();
            M::recv(fd, SocketType::NonBlocking, entries, events, stats);
            if events.is_blocked() {
                return Err(BLOCKED.into());
            }
            Ok(())
        });
        let Err(error) = received else { return Ok(()) };
        if error.kind() != BLOCKED {
            return Err(error);
        }
        events.blocked();
        if self.0.poll_recv_ready(cx)?.is_ready() {
            events.take_blocked();
        }
        Ok(())
    }
}
