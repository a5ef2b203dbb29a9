//! What both sides of the transfer have in common: a socket, a thread, and limits.
//!
//! The invariant: the numbers are those of `lanspread-peer/src/net/limits.rs`.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use eyre::Result;
use lanspread_packets::{Packets, packets};
use s2n_quic::provider::limits::Limits;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::runtime::Handle;

const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;
const STREAM_WINDOW_BYTES: u64 = 2 * 1024 * 1024;
const CONNECTION_WINDOW_BYTES: u64 = 16 * STREAM_WINDOW_BYTES;
const STREAM_SEND_BUFFER_BYTES: u32 = 1024 * 1024;

/// The largest packet. Lanspread looks for larger ones; where it measures, there are none.
const MTU_BYTES: u16 = 1500;

const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// A socket whose packets are handled by `thread`.
pub(super) fn io(thread: &Handle, address: SocketAddr) -> Result<Packets> {
    Ok(packets(thread.clone(), socket(address)?, MTU_BYTES)?)
}

/// How much is under way at once.
pub(super) fn limits() -> Result<Limits> {
    let limits = Limits::new()
        .with_max_idle_timeout(IDLE_TIMEOUT)?
        .with_data_window(CONNECTION_WINDOW_BYTES)?
        .with_bidirectional_local_data_window(STREAM_WINDOW_BYTES)?
        .with_max_send_buffer_size(STREAM_SEND_BUFFER_BYTES)?;
    Ok(limits)
}

fn socket(address: SocketAddr) -> Result<UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    socket.set_send_buffer_size(SOCKET_BUFFER_BYTES)?;
    socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES)?;
    socket.bind(&address.into())?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// A runtime on a thread that lives as long as the program.
pub(super) fn thread() -> Result<Handle> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("quic".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
}
