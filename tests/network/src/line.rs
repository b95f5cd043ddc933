//! Two links between a namespace and the network of who makes it.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{net::TcpListener, sync::Notify, task::AbortHandle};
use tokio_tun::Tun;

use crate::{
    Conditions, Direction, Forwarding, Link, Namespace, Tally,
    namespace::ip,
    packet::{Port, is_datagram, move_port},
};

/// The devices at both ends, and where they are.
const DEVICE: &str = "saal0";
const NETWORK: [u8; 3] = [10, 20, 0];
const MASK: Ipv4Addr = Ipv4Addr::new(255, 255, 255, 0);
/// The near end's addresses begin with this one.
const FIRST: u8 = 2;
/// Larger than the devices' packets of 1,500 bytes.
const PACKET: usize = 2_000;
/// What [`Link`] adds to each packet, and is in these already.
const HEADERS: usize = 28;
/// How far ports move with each new address translation: from those that the kernel hands out (32,768 to 60,999) to
/// others for a few times.
const REBOUND: u16 = 997;

/// What feels the line's conditions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Felt {
    /// All packets, as on a real line.
    #[default]
    ByAll,
    /// Those of UDP, so those of media; the rest has a perfect line.
    ByDatagrams,
}

/// The only way out of a namespace: IPv4 between two TUN devices, of which one is in the network of who made the line.
/// Dropping it cuts it.
#[derive(Debug)]
pub struct Line {
    near: Namespace,
    address: AtomicU8,
    shared: Arc<Shared>,
    task: AbortHandle,
    forwarded: Mutex<Vec<Forwarding>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    there: Way,
    back: Way,
    felt: Felt,
    /// How far the far end sees the namespace's UDP ports moved.
    rebound: u16,
}

/// One direction.
#[derive(Debug)]
struct Way {
    link: Link<Vec<u8>>,
    datagrams: u64,
}

impl Way {
    fn new(seed: u64, conditions: Conditions) -> Self {
        Self {
            link: Link::new(seed, conditions),
            datagrams: 0,
        }
    }

    fn take(&mut self, now: Instant) -> Option<Vec<u8>> {
        let packet = self.link.pop(now)?;
        self.datagrams += u64::from(is_datagram(&packet));
        Some(packet)
    }
}

/// `saal0` at this end of a line.
const fn at(host: u8) -> Ipv4Addr {
    let [a, b, c] = NETWORK;
    Ipv4Addr::new(a, b, c, host)
}

impl Line {
    /// Where programs of the namespace reach the network of who made the line.
    pub const HERE: Ipv4Addr = at(1);
    /// The name of the device with that address.
    pub const DEVICE: &str = DEVICE;

    /// Makes a namespace, and a line from it to the network of this thread.
    ///
    /// # Errors
    /// For who may not make namespaces and devices, as in [`Namespace::new`]; when the network has a line already.
    pub async fn lay(seed: u64, conditions: Conditions) -> io::Result<Self> {
        let near = Namespace::new()?;
        let near_end = near.inside(|| device(FIRST)).await??;
        near.ip(format!("route add default dev {DEVICE}")).await?;
        let far_end = device(Self::HERE.octets()[3])?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(seed, conditions)),
            changed: Notify::new(),
        });
        let run = run(near_end, far_end, Arc::clone(&shared));
        Ok(Self {
            near,
            address: AtomicU8::new(FIRST),
            task: tokio::spawn(run).abort_handle(),
            shared,
            forwarded: Mutex::default(),
        })
    }

    /// The namespace at its near end.
    #[must_use]
    pub fn near(&self) -> &Namespace {
        &self.near
    }

    /// From now on the line is like this, both ways.
    pub fn set(&self, conditions: Conditions) {
        self.set_one(Direction::There, conditions);
        self.set_one(Direction::Back, conditions);
    }

    /// The same one way; [`Direction::There`] is out of the namespace.
    pub fn set_one(&self, direction: Direction, conditions: Conditions) {
        let mut state = self.shared.lock();
        state.way(direction).link.set(Instant::now(), conditions);
        drop(state);
        self.shared.changed.notify_one();
    }

    /// Who feels how it is.
    pub fn is_felt(&self, felt: Felt) {
        self.shared.lock().felt = felt;
    }

    /// Rolls the same dice as a new line with this seed; what is on its way is lost, and the tally begins anew.
    pub fn begin_anew(&self, seed: u64, conditions: Conditions) {
        let mut state = self.shared.lock();
        *state = State {
            felt: state.felt,
            rebound: state.rebound,
            ..State::new(seed, conditions)
        };
    }

    /// How long a packet that came now would wait for the line.
    #[must_use]
    pub fn waiting(&self, direction: Direction) -> Duration {
        let mut state = self.shared.lock();
        state.way(direction).link.waiting(Instant::now())
    }

    /// What became so far of packets that felt the line.
    #[must_use]
    pub fn tally(&self, direction: Direction) -> Tally {
        self.shared.lock().way(direction).link.tally()
    }

    /// Datagrams among those that came out.
    #[must_use]
    pub fn datagrams(&self, direction: Direction) -> u64 {
        self.shared.lock().way(direction).datagrams
    }

    /// Gives the namespace another address, as when a cable is put into another socket: the old one goes, and packets
    /// to it are lost.
    ///
    /// # Errors
    /// When iproute2 is missing.
    pub async fn change_address(&self) -> io::Result<()> {
        let old = self.address.fetch_add(1, Ordering::Relaxed);
        let (old, new) = (at(old), at(old + 1));
        for command in [
            format!("addr del {old}/24 dev {DEVICE}"),
            format!("addr add {new}/24 dev {DEVICE}"),
            format!("route add default dev {DEVICE}"),
        ] {
            self.near.ip(command).await?;
        }
        Ok(())
    }

    /// The far end sees the namespace's UDP sockets at other ports from now on, as when an address translation forgot
    /// them or was started anew: what comes to the old ones is lost. The namespace isn't told.
    pub fn rebind(&self) {
        let mut state = self.shared.lock();
        state.rebound = state.rebound.wrapping_add(REBOUND);
    }

    /// Brings the namespace's 127.0.0.1 a TCP port of this network's, over the line: servers on loopback have the same
    /// address in both.
    ///
    /// # Errors
    /// When the port is taken in the namespace.
    pub async fn bring(&self, port: u16) -> io::Result<()> {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let front = SocketAddr::from((Self::HERE, port));
        let listener = TcpListener::bind(front).await?;
        let here = Forwarding::start(listener, None, loopback);
        let listener = self.near.listen(loopback).await?;
        let near = Forwarding::start(listener, Some(self.near.clone()), front);
        let mut forwarded = self
            .forwarded
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        forwarded.extend([here, near]);
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A TUN device in the network of this thread. Without link-local addresses: who asks for addresses finds one.
fn device(host: u8) -> io::Result<Tun> {
    let failed = |why: &str| io::Error::other(format!("no TUN device (/dev/net/tun): {why}"));
    let tun = Tun::builder().name(DEVICE).address(at(host)).netmask(MASK);
    let mut tuns = tun.build().map_err(|error| failed(&error.to_string()))?;
    ip(&format!("link set dev {DEVICE} addrgenmode none"))?;
    ip(&format!("link set dev {DEVICE} up"))?;
    tuns.pop().ok_or_else(|| failed("none was made"))
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(seed: u64, conditions: Conditions) -> Self {
        Self {
            there: Way::new(seed, conditions),
            back: Way::new(seed.wrapping_add(1), conditions),
            felt: Felt::default(),
            rebound: 0,
        }
    }

    fn way(&mut self, direction: Direction) -> &mut Way {
        match direction {
            Direction::There => &mut self.there,
            Direction::Back => &mut self.back,
        }
    }

    fn came(&mut self, now: Instant, direction: Direction, packet: &[u8], out: &Tun) {
        if self.felt == Felt::ByDatagrams && !is_datagram(packet) {
            put(out, packet);
        } else {
            let bytes = packet.len().saturating_sub(HEADERS);
            let link = &mut self.way(direction).link;
            link.push(now, bytes, packet.to_vec());
        }
    }

    fn deliver(&mut self, now: Instant, near: &Tun, far: &Tun) {
        while let Some(mut packet) = self.there.take(now) {
            if self.rebound != 0 {
                move_port(&mut packet, Port::Source, self.rebound);
            }
            put(far, &packet);
        }
        while let Some(mut packet) = self.back.take(now) {
            if self.rebound != 0 {
                move_port(&mut packet, Port::Destination, self.rebound.wrapping_neg());
            }
            put(near, &packet);
        }
    }

    fn due(&self) -> Option<Instant> {
        let links = [&self.there.link, &self.back.link];
        links.into_iter().filter_map(Link::due).min()
    }
}

/// A device that does not take a packet has lost it.
fn put(device: &Tun, packet: &[u8]) {
    let _ = device.try_send(packet);
}

async fn run(near: Tun, far: Tun, shared: Arc<Shared>) {
    let (mut from_near, mut from_far) = ([0; PACKET], [0; PACKET]);
    loop {
        let due = {
            let mut state = shared.lock();
            state.deliver(Instant::now(), &near, &far);
            state.due()
        };
        let later = async {
            match due {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            length = near.recv(&mut from_near) => {
                let Ok(length) = length else { return };
                shared.lock().came(Instant::now(), Direction::There, &from_near[..length], &far);
            }
            length = far.recv(&mut from_far) => {
                let Ok(length) = length else { return };
                shared.lock().came(Instant::now(), Direction::Back, &from_far[..length], &near);
            }
            () = shared.changed.notified() => {}
            () = later => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpSocket, TcpStream, UdpSocket},
    };

    use super::*;

    /// A socket in the namespace that sends to one here.
    async fn sockets(line: &Line) -> (UdpSocket, UdpSocket) {
        let far = UdpSocket::bind((Line::HERE, 0)).await.unwrap();
        let make = || {
            let socket = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
            socket.set_nonblocking(true)?;
            UdpSocket::from_std(socket)
        };
        let near = line.near().inside(make).await.unwrap().unwrap();
        near.connect(far.local_addr().unwrap()).await.unwrap();
        (near, far)
    }

    async fn heard(socket: &UdpSocket) -> (String, SocketAddr) {
        let mut buffer = [0; 100];
        let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        (text, from)
    }

    async fn packets_take_the_line_and_are_counted(line: &Line) {
        let (near, far) = sockets(line).await;
        near.send(b"one").await.unwrap();
        let (text, from) = heard(&far).await;
        assert!(text == "one" && from.ip() == at(FIRST), "{text} {from}");
        far.send_to(b"two", from).await.unwrap();
        assert_eq!(heard(&near).await.0, "two");
        let counted = [Direction::There, Direction::Back].map(|way| line.datagrams(way));
        assert_eq!(counted, [1, 1]);

        line.set(Conditions {
            outage: true,
            ..Conditions::default()
        });
        near.send(b"lost").await.unwrap();
        let lost = async || {
            while line.tally(Direction::There).lost == 0 {
                tokio::task::yield_now().await;
            }
        };
        lost().await;
        line.set(Conditions::default());
        near.send(b"three").await.unwrap();
        assert_eq!(heard(&far).await.0, "three");
    }

    async fn another_address_takes_the_place_of_the_first(line: &Line) {
        let (_, far) = sockets(line).await;
        line.change_address().await.unwrap();
        let (near, other) = sockets(line).await;
        near.send(b"here").await.unwrap();
        let (text, from) = heard(&other).await;
        assert!(
            text == "here" && from.ip() == at(FIRST + 1),
            "{text} {from}"
        );
        drop(far);
    }

    async fn an_address_translation_forgets_and_finds_again(line: &Line) {
        let (near, far) = sockets(line).await;
        near.send(b"one").await.unwrap();
        let (_, first) = heard(&far).await;
        line.rebind();
        near.send(b"two").await.unwrap();
        let (_, second) = heard(&far).await;
        assert_eq!(
            (second.ip(), second.port()),
            (first.ip(), first.port() + REBOUND)
        );
        far.send_to(b"lost", first).await.unwrap();
        far.send_to(b"back", second).await.unwrap();
        assert_eq!(heard(&near).await.0, "back");
    }

    async fn ports_of_loopback_are_brought_over_the_line_and_reached_beside_it(line: &Line) {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = server.local_addr().unwrap().port();
        line.bring(port).await.unwrap();
        let make = TcpSocket::new_v4;
        let client = line.near().inside(make).await.unwrap().unwrap();
        let (client, server) = tokio::join!(
            client.connect((Ipv4Addr::LOCALHOST, port).into()),
            server.accept(),
        );
        let (mut client, (mut server, _)) = (client.unwrap(), server.unwrap());
        client.write_all(b"hello").await.unwrap();
        let mut text = [0; 5];
        server.read_exact(&mut text).await.unwrap();
        assert_eq!(&text, b"hello");
        assert!(line.tally(Direction::There).passed > 0 && line.datagrams(Direction::There) == 0);

        let inside = line
            .near()
            .listen((Ipv4Addr::LOCALHOST, 0).into())
            .await
            .unwrap();
        let port = inside.local_addr().unwrap().port();
        let _reached = line.near().reach(port).await.unwrap();
        let before = line.tally(Direction::There).packets;
        let (client, inside) = tokio::join!(
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)),
            inside.accept(),
        );
        client.unwrap().write_all(b"panel").await.unwrap();
        inside.unwrap().0.read_exact(&mut text).await.unwrap();
        assert_eq!(&text, b"panel");
        assert_eq!(line.tally(Direction::There).packets, before);
    }

    async fn streams_can_be_spared(line: &Line) {
        line.is_felt(Felt::ByDatagrams);
        line.set(Conditions {
            outage: true,
            ..Conditions::default()
        });
        let server = TcpListener::bind((Line::HERE, 0)).await.unwrap();
        let at = server.local_addr().unwrap();
        let client = line
            .near()
            .inside(TcpSocket::new_v4)
            .await
            .unwrap()
            .unwrap();
        let (client, _) = tokio::join!(client.connect(at), server.accept());
        client.unwrap();
        let (near, _far) = sockets(line).await;
        near.send(b"lost").await.unwrap();
        while line.tally(Direction::There).lost == 0 {
            tokio::task::yield_now().await;
        }
    }

    /// One after the other: a network has one line.
    #[test]
    fn a_namespace_is_reached_by_its_line_alone() {
        crate::apart().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let line = Line::lay(1, Conditions::default()).await.unwrap();
            packets_take_the_line_and_are_counted(&line).await;
            line.begin_anew(1, Conditions::default());
            an_address_translation_forgets_and_finds_again(&line).await;
            line.begin_anew(1, Conditions::default());
            another_address_takes_the_place_of_the_first(&line).await;
            line.begin_anew(1, Conditions::default());
            ports_of_loopback_are_brought_over_the_line_and_reached_beside_it(&line).await;
            line.begin_anew(1, Conditions::default());
            streams_can_be_spared(&line).await;
            line.begin_anew(1, Conditions::default());
        });
    }
}
