//! The UDP sockets of one transport: one for each address of this machine that others may reach.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    task::{Context, Poll},
};

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

    /// Those of these addresses that have no socket yet.
    pub(super) fn without(&self, addresses: &[IpAddr]) -> Vec<IpAddr> {
        let bound = |address: &IpAddr| self.bound.iter().any(|(at, _)| at.ip() == *address);
        addresses.iter().copied().filter(|a| !bound(a)).collect()
    }

    /// Closes those at other addresses than these and loopback; says which.
    pub(super) fn close_others(&mut self, addresses: &[IpAddr]) -> Vec<SocketAddr> {
        let stays = |at: &SocketAddr| at.ip().is_loopback() || addresses.contains(&at.ip());
        let gone = self
            .bound
            .iter()
            .map(|(at, _)| *at)
            .filter(|at| !stays(at))
            .collect();
        self.bound.retain(|(at, _)| stays(at));
        gone
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
