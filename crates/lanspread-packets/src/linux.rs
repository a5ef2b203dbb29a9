//! The loop with batches as large as the system takes.
//!
//! The invariant: nothing is sent that the library's own loop would not send; only more of it in one piece.
//! A batch ends where a connection does, so pacing and the congestion window decide as ever.

mod clock;
mod socket;

use std::{
    io,
    net::{SocketAddr, UdpSocket},
};

use s2n_quic::provider::io::Provider;
use s2n_quic_core::{
    endpoint::Endpoint,
    inet::SocketAddress,
    io::event_loop::EventLoop,
    path::{MaxMtu, mtu},
    task::cooldown::Cooldown,
};
use s2n_quic_platform::{
    features::{Gso, gso::MaxSegments},
    io::tokio::PathHandle,
    message::default::Message,
    socket::{io as queue, ring, stats, task},
    syscall,
};
use socket2::Socket;
use tokio::runtime::Handle;

use crate::{RECEIVE_QUEUE_BYTES, SEND_QUEUE_BYTES};
use clock::Clock;
use socket::Batches;

/// Packets in one batch. An IP packet holds 64 KiB, and so may a batch: 44 packets of 1,500 bytes. The
/// system takes 64.
const BATCH_PACKETS: usize = 44;

/// Bytes in one batch, at most.
const BATCH_BYTES: u16 = u16::MAX;

/// Packets for an endpoint.
#[derive(Debug)]
pub struct Packets {
    runtime: Handle,
    socket: Socket,
    mtu: mtu::Config,
}

/// Packets of `socket` for an endpoint, moved on `runtime`. No IP packet is larger than `mtu_max_bytes`;
/// what the path carries is found out.
///
/// # Errors
/// A size that is no packet's.
pub fn packets(runtime: Handle, socket: UdpSocket, mtu_max_bytes: u16) -> io::Result<Packets> {
    let mtu = mtu::Config::builder()
        .with_max_mtu(mtu_max_bytes)
        .and_then(mtu::Builder::build)
        .map_err(|error| invalid(&error))?;
    socket.set_nonblocking(true)?;
    let socket = Socket::from(socket);
    Ok(Packets {
        runtime,
        socket,
        mtu,
    })
}

impl Provider for Packets {
    type PathHandle = PathHandle;
    type Error = io::Error;

    fn start<E: Endpoint<PathHandle = PathHandle>>(
        self,
        mut endpoint: E,
    ) -> io::Result<SocketAddress> {
        let Self {
            runtime,
            socket,
            mut mtu,
        } = self;
        let _entered = runtime.enter();
        let addr = listening_addr(&socket)?;
        if !syscall::configure_mtu_disc(&socket) {
            // Larger packets could be cut on their way, and nobody would hear of it.
            mtu = mtu::Config::MIN;
        }
        let batched = syscall::configure_gro(&socket);
        syscall::configure_pktinfo(&socket);
        syscall::configure_tos(&socket);
        let (heard, stats) = stats::channel();
        let no_rest = || Cooldown::new(0);

        let rx_bytes = if batched {
            BATCH_BYTES
        } else {
            mtu.max_mtu().into()
        };
        let (producer, consumer) =
            ring::pair::<Message>(entries(RECEIVE_QUEUE_BYTES, rx_bytes), rx_bytes.into());
        let receiving = Batches::new(UdpSocket::from(socket.try_clone()?))?;
        runtime.spawn(task::Receiver::new(
            producer,
            receiving,
            None,
            no_rest(),
            heard.clone(),
        ));
        let rx_mtu = MaxMtu::try_from(rx_bytes).map_err(|error| invalid(&error))?;
        let rx = queue::rx::Rx::new(vec![consumer], rx_mtu, addr.into());

        let gso = Gso::from(MaxSegments::try_from(BATCH_PACKETS).map_err(|error| invalid(&error))?);
        let (producer, consumer) =
            ring::pair::<Message>(entries(SEND_QUEUE_BYTES, BATCH_BYTES), BATCH_BYTES.into());
        let sending = Batches::new(UdpSocket::from(socket))?;
        runtime.spawn(task::Sender::new(
            consumer,
            sending,
            gso.clone(),
            no_rest(),
            heard,
        ));
        let tx = queue::tx::Tx::new(vec![producer], gso, mtu.max_mtu());

        endpoint.set_mtu_config(mtu);
        let event_loop = EventLoop {
            endpoint,
            clock: Clock::new(),
            rx,
            tx,
            cooldown: no_rest(),
            stats,
        };
        runtime.spawn(event_loop.start(addr));
        Ok(addr)
    }
}

fn listening_addr(socket: &Socket) -> io::Result<SocketAddress> {
    let addr: Option<SocketAddr> = socket.local_addr()?.as_socket();
    let addr = addr.ok_or_else(|| invalid(&"the socket has no IP address"))?;
    Ok(addr.into())
}

/// Batches in a queue of so many bytes: the library wants a power of two.
fn entries(queue_bytes: usize, batch_bytes: u16) -> u32 {
    let batches = queue_bytes.div_ceil(usize::from(batch_bytes).max(1));
    u32::try_from(batches).map_or(1 << 16, u32::next_power_of_two)
}

fn invalid(error: &impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error.to_string())
}
