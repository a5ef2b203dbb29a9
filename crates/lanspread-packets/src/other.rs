//! The library's own loop, for systems on which packets go one by one.
//!
//! The invariant: it differs from what the library does by itself in the sizes of its queues only.

use std::{io, net::UdpSocket};

use s2n_quic::provider::io::tokio::Builder;
use tokio::runtime::Handle;

use crate::{RECEIVE_QUEUE_BYTES, SEND_QUEUE_BYTES};

/// Packets for an endpoint.
pub type Packets = s2n_quic::provider::io::tokio::Provider;

/// Packets of `socket` for an endpoint, moved on `runtime`. No IP packet is larger than `mtu_max_bytes`;
/// what the path carries is found out.
///
/// # Errors
/// A size that is no packet's.
pub fn packets(runtime: Handle, socket: UdpSocket, mtu_max_bytes: u16) -> io::Result<Packets> {
    Builder::default()
        .with_handle(runtime)
        .with_max_mtu(mtu_max_bytes)?
        .with_internal_send_buffer_size(SEND_QUEUE_BYTES)?
        .with_internal_recv_buffer_size(RECEIVE_QUEUE_BYTES)?
        .with_rx_socket(socket)?
        .build()
}
