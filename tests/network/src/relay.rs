//! Two links between the sockets of two peers.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tokio::{io::ReadBuf, net::UdpSocket, sync::Notify, task::AbortHandle};

use crate::{Conditions, Link, Tally};

/// Larger than any datagram of a call.
const DATAGRAM: usize = 2_000;

/// Which way packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From those who were told the relay's address to the far end.
    There,
    /// From the far end.
    Back,
}

/// A running relay; dropping it cuts the line.
///
/// Everybody who sends to it speaks to the far end, which sees each of them at an address of its
/// own, as behind an address translation. All share one line.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    there: Link<(usize, Vec<u8>)>,
    back: Link<(usize, Vec<u8>)>,
    paths: Vec<Path>,
}

/// A socket that can be written to at once: tokio's own first waits to be told that it can.
#[derive(Debug)]
struct Socket {
    read: UdpSocket,
    write: std::net::UdpSocket,
}

impl Socket {
    fn bind(at: SocketAddr) -> io::Result<Self> {
        let write = std::net::UdpSocket::bind(at)?;
        write.set_nonblocking(true)?;
        let read = UdpSocket::from_std(write.try_clone()?)?;
        Ok(Self { read, write })
    }

    /// Another one at the same address.
    fn beside(&self) -> io::Result<Self> {
        let ip = self.write.local_addr()?.ip();
        Self::bind((ip, 0).into())
    }

    /// Sends; a full socket is a loss.
    fn send(&self, datagram: &[u8], to: SocketAddr) {
        let _ = self.write.send_to(datagram, to);
    }
}

/// Somebody's way to the far end.
#[derive(Debug)]
struct Path {
    near: SocketAddr,
    /// What the far end sees.
    back: Socket,
}

impl Relay {
    /// A relay at this address (port 0: any) to a far end.
    ///
    /// # Errors
    /// When the address can't be had.
    ///
    /// # Panics
    /// Outside of tokio.
    pub fn start(
        at: SocketAddr,
        far: SocketAddr,
        seed: u64,
        conditions: Conditions,
    ) -> io::Result<Self> {
        let front = Socket::bind(at)?;
        let address = front.write.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                there: Link::new(seed, conditions),
                back: Link::new(seed.wrapping_add(1), conditions),
                paths: Vec::new(),
            }),
            changed: Notify::new(),
        });
        let run = run(front, far, Arc::clone(&shared));
        let task = tokio::spawn(run).abort_handle();
        Ok(Self {
            address,
            shared,
            task,
        })
    }

    /// What peers are to send to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on the line is like this, both ways.
    pub fn set(&self, conditions: Conditions) {
        self.set_one(Direction::There, conditions);
        self.set_one(Direction::Back, conditions);
    }

    /// The same one way.
    pub fn set_one(&self, direction: Direction, conditions: Conditions) {
        self.shared
            .lock()
            .link(direction)
            .set(Instant::now(), conditions);
        self.shared.changed.notify_one();
    }

    /// How long a packet that came now would wait for the line.
    #[must_use]
    pub fn waiting(&self, direction: Direction) -> Duration {
        self.shared.lock().link(direction).waiting(Instant::now())
    }

    /// What became of packets so far.
    #[must_use]
    pub fn tally(&self, direction: Direction) -> Tally {
        self.shared.lock().link(direction).tally()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn link(&mut self, direction: Direction) -> &mut Link<(usize, Vec<u8>)> {
        match direction {
            Direction::There => &mut self.there,
            Direction::Back => &mut self.back,
        }
    }

    /// The path of who sent this; a new one for who is new.
    fn path(&mut self, near: SocketAddr, front: &Socket) -> io::Result<usize> {
        if let Some(index) = self.paths.iter().position(|path| path.near == near) {
            return Ok(index);
        }
        let back = front.beside()?;
        self.paths.push(Path { near, back });
        Ok(self.paths.len() - 1)
    }

    /// Delivers what has arrived; a full socket is a loss.
    fn deliver(&mut self, now: Instant, front: &Socket, far: SocketAddr) {
        while let Some((index, datagram)) = self.there.pop(now) {
            self.paths[index].back.send(&datagram, far);
        }
        while let Some((index, datagram)) = self.back.pop(now) {
            front.send(&datagram, self.paths[index].near);
        }
    }

    fn poll_far(&self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<(usize, usize)> {
        for (index, path) in self.paths.iter().enumerate() {
            let mut buf = ReadBuf::new(buffer);
            // An error is an ICMP message about something sent before.
            while let Poll::Ready(received) = path.back.read.poll_recv_from(context, &mut buf) {
                if received.is_ok() {
                    return Poll::Ready((index, buf.filled().len()));
                }
            }
        }
        Poll::Pending
    }
}

async fn run(front: Socket, far: SocketAddr, shared: Arc<Shared>) {
    let (mut near_buffer, mut far_buffer) = (vec![0; DATAGRAM], vec![0; DATAGRAM]);
    loop {
        let due = {
            let mut state = shared.lock();
            state.deliver(Instant::now(), &front, far);
            state.there.due().into_iter().chain(state.back.due()).min()
        };
        let later = async {
            match due {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        let from_far =
            std::future::poll_fn(|context| shared.lock().poll_far(context, &mut far_buffer));
        tokio::select! {
            received = front.read.recv_from(&mut near_buffer) => {
                let Ok((length, near)) = received else { continue };
                let datagram = &near_buffer[..length];
                let mut state = shared.lock();
                let Ok(index) = state.path(near, &front) else { return };
                state.there.push(Instant::now(), length, (index, datagram.to_vec()));
            }
            (index, length) = from_far => {
                let datagram = &far_buffer[..length];
                let mut state = shared.lock();
                state.back.push(Instant::now(), length, (index, datagram.to_vec()));
            }
            () = shared.changed.notified() => {}
            () = later => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn socket() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    async fn heard(socket: &UdpSocket) -> (String, SocketAddr) {
        let mut buffer = [0; 100];
        let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
        (
            String::from_utf8_lossy(&buffer[..length]).into_owned(),
            from,
        )
    }

    #[tokio::test]
    async fn each_who_sends_has_a_way_there_and_back() {
        let ((near, _), (other, _), (far, far_address)) =
            (socket().await, socket().await, socket().await);
        let any = "127.0.0.1:0".parse().unwrap();
        let relay = Relay::start(any, far_address, 1, Conditions::default()).unwrap();
        near.send_to(b"one", relay.address()).await.unwrap();
        let (text, first) = heard(&far).await;
        assert_eq!(text, "one");
        other.send_to(b"two", relay.address()).await.unwrap();
        let (text, second) = heard(&far).await;
        assert!(text == "two" && first != second);
        far.send_to(b"back", first).await.unwrap();
        assert_eq!(heard(&near).await, ("back".to_owned(), relay.address()));
    }
}
