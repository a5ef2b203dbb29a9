//! The TCP socket that takes lanes: it has the number of the UDP port.
//!
//! Invariant: there is a listener only on the very address and port number where connections are
//! accepted, so that whoever knows how to connect knows where to open a lane, and people open one
//! number in a firewall.

use std::{
    io,
    net::{SocketAddr, TcpListener, UdpSocket},
};

use socket2::{Domain, Protocol, Socket, Type};

use crate::net::limits::LANE_PORTS_TRIED;

/// Lanes that wait to be accepted.
const BACKLOG: i32 = 128;

/// Binds a UDP socket by `bind`, and a TCP listener on the same port. If the system may choose the port, it
/// chooses one that is free for TCP, whose connections keep theirs for a minute after they are closed, and is
/// asked again when that is taken for UDP.
///
/// # Errors
/// What `bind` says. Without a TCP listener everything works, only not as fast.
pub(in crate::net) fn bind_beside(
    listen: SocketAddr,
    bind: impl Fn(SocketAddr) -> io::Result<UdpSocket>,
) -> io::Result<(UdpSocket, Option<TcpListener>)> {
    if listen.port() != 0 {
        let udp = bind(listen)?;
        return Ok((udp, or_without(bind_tcp(listen), listen)));
    }
    for _ in 1..LANE_PORTS_TRIED {
        let Some(tcp) = or_without(bind_tcp(listen), listen) else {
            break;
        };
        let chosen = SocketAddr::new(listen.ip(), tcp.local_addr()?.port());
        match bind(chosen) {
            Ok(udp) => return Ok((udp, Some(tcp))),
            Err(error) => {
                tracing::debug!(%error, "the chosen port is taken for UDP: another is tried");
            }
        }
    }
    Ok((bind(listen)?, None))
}

/// The listener, or without it a warning of what that costs.
fn or_without(tcp: io::Result<TcpListener>, listen: SocketAddr) -> Option<TcpListener> {
    tcp.inspect_err(|error| {
        tracing::warn!(
            port = listen.port(), %error,
            "TCP cannot be listened on here: others fetch over QUIC alone, which costs this machine more"
        );
    })
    .ok()
}

fn bind_tcp(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(!addr.ip().is_unspecified())?;
    }
    // Elsewhere than on Unix it would let two programs have the same port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

    fn assert_same_port(bind: impl Fn(SocketAddr) -> io::Result<UdpSocket>) {
        let (udp, tcp) = bind_beside(ANY, bind).unwrap();
        let tcp = tcp.expect("a free port");
        assert_eq!(udp.local_addr().unwrap(), tcp.local_addr().unwrap());
    }

    #[test]
    fn both_sockets_have_the_same_port() {
        assert_same_port(UdpSocket::bind);
    }

    #[test]
    fn another_port_is_tried_when_the_udp_half_of_the_chosen_one_is_taken() {
        let taken = std::cell::Cell::new(2);
        let bind = |addr: SocketAddr| {
            if taken.get() > 0 {
                taken.set(taken.get() - 1);
                return Err(io::ErrorKind::AddrInUse.into());
            }
            UdpSocket::bind(addr)
        };
        assert_same_port(bind);
    }

    #[test]
    fn after_as_many_ports_as_the_limit_there_is_no_listener() {
        let tried = std::cell::Cell::new(0);
        let bind = |addr: SocketAddr| {
            tried.set(tried.get() + 1);
            if tried.get() < LANE_PORTS_TRIED {
                return Err(io::ErrorKind::AddrInUse.into());
            }
            UdpSocket::bind(addr)
        };
        let (_, tcp) = bind_beside(ANY, bind).unwrap();
        assert!(tcp.is_none());
        assert_eq!(tried.get(), LANE_PORTS_TRIED);
    }

    #[test]
    fn a_port_that_people_chose_is_kept_even_when_its_tcp_half_is_taken() {
        let taken = TcpListener::bind(ANY).unwrap();
        let chosen = taken.local_addr().unwrap();
        let (udp, tcp) = bind_beside(chosen, UdpSocket::bind).unwrap();
        assert_eq!(udp.local_addr().unwrap(), chosen);
        assert!(tcp.is_none());
    }
}
