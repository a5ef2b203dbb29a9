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

/// Binds a UDP socket by `bind`, and a TCP listener on the same port. If the system may choose the port,
/// it is asked again when it chooses one whose TCP half is taken.
///
/// # Errors
/// What `bind` says. Without a TCP listener everything works, only not as fast.
pub(in crate::net) fn bind_beside(
    listen: SocketAddr,
    bind: impl Fn(SocketAddr) -> io::Result<UdpSocket>,
) -> io::Result<(UdpSocket, Option<TcpListener>)> {
    for _ in 1..LANE_PORTS_TRIED {
        let udp = bind(listen)?;
        match bind_tcp(udp.local_addr()?) {
            Ok(tcp) => return Ok((udp, Some(tcp))),
            Err(error) if listen.port() == 0 => {
                tracing::debug!(%error, "the chosen port is taken for TCP: another is tried");
            }
            Err(error) => {
                tracing::warn!(
                    port = listen.port(), %error,
                    "TCP cannot be listened on here: others fetch over QUIC alone, which costs this \
                     machine more"
                );
                return Ok((udp, None));
            }
        }
    }
    Ok((bind(listen)?, None))
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

    #[test]
    fn both_sockets_have_the_same_port() {
        let (udp, tcp) = bind_beside(ANY, UdpSocket::bind).unwrap();
        let tcp = tcp.expect("a free port");
        assert_eq!(udp.local_addr().unwrap(), tcp.local_addr().unwrap());
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
