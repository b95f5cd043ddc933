//! The UDP sockets of one transport: one for each address of this machine that others may reach.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    task::{Context, Poll},
};

use nix::{ifaddrs::getifaddrs, net::if_::InterfaceFlags};
use tokio::{io::ReadBuf, net::UdpSocket};

/// Sockets by the address that they are bound to.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    bound: Vec<(SocketAddr, UdpSocket)>,
}

/// One datagram and where it came from and to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Datagram {
    pub(super) length: usize,
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
}

impl Sockets {
    /// Binds a free port at this address.
    pub(super) fn bind(&mut self, address: IpAddr) -> io::Result<SocketAddr> {
        let socket = std::net::UdpSocket::bind((address, 0))?;
        socket.set_nonblocking(true)?;
        let local = socket.local_addr()?;
        self.bound.push((local, UdpSocket::from_std(socket)?));
        Ok(local)
    }

    pub(super) fn has_loopback(&self) -> bool {
        self.bound
            .iter()
            .any(|(address, _)| address.ip().is_loopback())
    }

    /// Sends or drops: a full or unreachable network is a loss, which the protocol repairs.
    pub(super) fn send(&self, source: SocketAddr, destination: SocketAddr, contents: &[u8]) {
        let Some((_, socket)) = self.bound.iter().find(|(address, _)| *address == source) else {
            return;
        };
        if let Err(error) = socket.try_send_to(contents, destination) {
            tracing::trace!(%source, %destination, %error, "datagram not sent");
        }
    }

    /// Waits for a datagram on any of the sockets.
    pub(super) fn poll_receive(
        &self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Datagram> {
        for (destination, socket) in &self.bound {
            let mut buf = ReadBuf::new(buffer);
            // An error is an ICMP message about something sent before: not about this socket.
            while let Poll::Ready(received) = socket.poll_recv_from(context, &mut buf) {
                if let Ok(source) = received {
                    let length = buf.filled().len();
                    return Poll::Ready(Datagram {
                        length,
                        source,
                        destination: *destination,
                    });
                }
            }
        }
        Poll::Pending
    }
}

/// Addresses of the interfaces that are up, without loopback and link-local ones; the loopback
/// address alone when there is nothing else.
pub(super) fn local_addresses() -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = getifaddrs()
        .into_iter()
        .flatten()
        .filter(|interface| interface.flags.contains(InterfaceFlags::IFF_UP))
        .filter_map(|interface| interface.address)
        .filter_map(|address| {
            let v4 = address.as_sockaddr_in().map(|a| IpAddr::V4(a.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|a| IpAddr::V6(a.ip())))
        })
        .filter(is_reachable)
        .collect();
    found.sort_unstable();
    found.dedup();
    if found.is_empty() {
        found.push(LOOPBACK);
    }
    found
}

/// Where servers on this very machine are reached.
pub(super) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn is_reachable(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local(),
    }
}
