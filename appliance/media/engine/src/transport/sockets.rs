//! The UDP sockets of one transport: one for each address of this machine that others may reach.

use std::{
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    task::{Context, Poll, ready},
};

use str0m::net::Protocol;
use tokio::io::unix::AsyncFd;

/// Sockets by the address that they are bound to. They send without asking first: tokio's own socket refuses to until
/// it was told once that it can, which loses what a new address sends first, its connectivity checks.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    bound: Vec<(SocketAddr, AsyncFd<UdpSocket>)>,
}

/// One datagram and where it came from and to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Datagram {
    pub(super) length: usize,
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
    /// UDP, also from a relay; or the stream's.
    pub(super) protocol: Protocol,
}

impl Sockets {
    /// Binds a free port at this address.
    #[expect(
        deprecated,
        reason = "its successor is unsafe to call; what that asks for, a socket that owns its descriptor keeps"
    )]
    pub(super) fn bind(&mut self, address: IpAddr) -> io::Result<SocketAddr> {
        let socket = UdpSocket::bind((address, 0))?;
        socket.set_nonblocking(true)?;
        let local = socket.local_addr()?;
        self.bound.push((local, AsyncFd::new(socket)?));
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
        if let Err(error) = socket.get_ref().send_to(contents, destination) {
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
            if let Poll::Ready((length, source)) = poll_one(socket, context, buffer) {
                return Poll::Ready(Datagram {
                    length,
                    source,
                    destination: *destination,
                    protocol: Protocol::Udp,
                });
            }
        }
        Poll::Pending
    }
}

fn poll_one(
    socket: &AsyncFd<UdpSocket>,
    context: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<(usize, SocketAddr)> {
    loop {
        // It fails when the runtime ends.
        let Ok(mut readable) = ready!(socket.poll_read_ready(context)) else {
            return Poll::Pending;
        };
        // An error is an ICMP message about something sent before: not about this socket.
        if let Ok(Ok(received)) = readable.try_io(|socket| socket.get_ref().recv_from(buffer)) {
            return Poll::Ready(received);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_datagram_leaves_and_the_answer_comes() {
        let far = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut sockets = Sockets::default();
        let local = sockets.bind([127, 0, 0, 1].into()).unwrap();
        sockets.send(local, far.local_addr().unwrap(), b"first");
        let mut buffer = [0; 10];
        let (length, from) = far.recv_from(&mut buffer).await.unwrap();
        assert_eq!((&buffer[..length], from), (&b"first"[..], local));
        far.send_to(b"answer", local).await.unwrap();
        let came = std::future::poll_fn(|c| sockets.poll_receive(c, &mut buffer)).await;
        assert_eq!(
            (&buffer[..came.length], came.destination),
            (&b"answer"[..], local)
        );
    }
}
