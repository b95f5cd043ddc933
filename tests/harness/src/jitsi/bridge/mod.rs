//! The stand-in for Jitsi Videobridge: one peer for each participant, forwarding what each wants to see and hear.
//!
//! It speaks what the traces show: host candidate, ICE-controlling, DTLS actpass, the bridge channel over SCTP or
//! WebSocket, simulcast by key frames, SSRC rewriting with source maps where a client understands them.

mod core;
mod double;
mod endpoint;
mod lane;
mod messages;
mod packet;
mod peer;
mod speaker;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use serde_json::Value;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};

use crate::error::{Error, Result};
use crate::runtime;
use crate::web::Serving;

use super::sources::{Medium, Track};
use core::{Core, Key};
use endpoint::Endpoint;

pub(super) use endpoint::Wants;
pub(super) use peer::Remote;

/// What the focus needs for an offer.
#[derive(Debug, Clone)]
pub(super) struct Allocation {
    pub(super) ufrag: String,
    pub(super) pwd: String,
    /// SHA-256 as pairs of digits with colons.
    pub(super) fingerprint: String,
    pub(super) port: u16,
    /// Of jvb-a0 and jvb-v0.
    pub(super) ssrcs: (u32, u32),
    /// What the client has to name at the WebSocket.
    pub(super) password: String,
}

/// What a test can see of the bridge.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BridgeView {
    /// By endpoint.
    pub endpoints: BTreeMap<String, EndpointView>,
}

/// A participant as the bridge sees it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EndpointView {
    /// ICE and DTLS are done.
    pub connected: bool,
    /// The bridge channel is open.
    pub channel: bool,
    /// Names of the video sources that it is sent.
    pub forwarded: Vec<String>,
    /// Packets sent to it, by source.
    pub packets: BTreeMap<String, u64>,
    /// The telephone keys whose tones it sent.
    pub tones: String,
    /// What it was last told about the height of its own sources, pixels.
    pub told: BTreeMap<String, u32>,
    /// All messages that the bridge said to it on the present channel.
    pub said: Vec<Value>,
}

enum Order {
    Allocate(Key, Wants, oneshot::Sender<Allocation>),
    Accept(Key, Remote),
    Tracks(Key, Vec<Track>),
    Muted(Key, BTreeSet<String>),
    /// The focus has muted the participant, or it speaks again.
    Hold(Key, Medium, bool),
    Expire(Key),
    /// The second sends what the first, of the same conference, is to be seen with.
    Double(Key, String),
    /// A WebSocket with its password; the answer says whether it may come in.
    Connect(
        Key,
        String,
        mpsc::UnboundedSender<String>,
        oneshot::Sender<bool>,
    ),
    Message(Key, String),
    Disconnect(Key),
    View(String, oneshot::Sender<BridgeView>),
}

/// Gives orders to the bridge.
#[derive(Debug, Clone)]
pub(super) struct Bridge {
    orders: mpsc::UnboundedSender<Order>,
}

impl Bridge {
    /// Starts a bridge on a free port of loopback.
    pub(super) async fn start() -> Result<(Self, Serving)> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(Error::Port)?;
        let local = socket.local_addr().map_err(Error::Port)?;
        let (orders, inbox) = mpsc::unbounded_channel();
        let task = runtime::runtime().spawn(drive(Core::new(local), socket, inbox));
        Ok((Self { orders }, Serving::new(task)))
    }

    fn order(&self, order: Order) {
        // A bridge that has ended answers nobody, which is what a test of that wants.
        let _ = self.orders.send(order);
    }

    /// Makes room for a participant; nothing when the bridge has ended.
    pub(super) async fn allocate(
        &self,
        conference: &str,
        endpoint: &str,
        wants: Wants,
    ) -> Option<Allocation> {
        let (answer, allocated) = oneshot::channel();
        self.order(Order::Allocate(key(conference, endpoint), wants, answer));
        allocated.await.ok()
    }

    pub(super) fn accept(&self, conference: &str, endpoint: &str, remote: Remote) {
        self.order(Order::Accept(key(conference, endpoint), remote));
    }

    pub(super) fn tracks(&self, conference: &str, endpoint: &str, tracks: Vec<Track>) {
        self.order(Order::Tracks(key(conference, endpoint), tracks));
    }

    /// The names of the sources that are muted.
    pub(super) fn muted(&self, conference: &str, endpoint: &str, sources: BTreeSet<String>) {
        self.order(Order::Muted(key(conference, endpoint), sources));
    }

    /// Lets nothing through of one medium of a participant, or lets it through again.
    pub(super) fn hold(&self, conference: &str, endpoint: &str, medium: Medium, held: bool) {
        self.order(Order::Hold(key(conference, endpoint), medium, held));
    }

    pub(super) fn expire(&self, conference: &str, endpoint: &str) {
        self.order(Order::Expire(key(conference, endpoint)));
    }

    /// Has the camera of `of` seen in the name of `endpoint` as well.
    pub(super) fn double(&self, conference: &str, endpoint: &str, of: &str) {
        self.order(Order::Double(key(conference, endpoint), of.to_owned()));
    }

    /// A client's WebSocket; its texts come out of the receiver unless the password is wrong.
    pub(super) async fn connect(
        &self,
        conference: &str,
        endpoint: &str,
        password: &str,
    ) -> Option<mpsc::UnboundedReceiver<String>> {
        let (texts, outgoing) = mpsc::unbounded_channel();
        let (answer, allowed) = oneshot::channel();
        let key = key(conference, endpoint);
        self.order(Order::Connect(key, password.to_owned(), texts, answer));
        allowed.await.ok()?.then_some(outgoing)
    }

    pub(super) fn message(&self, conference: &str, endpoint: &str, text: String) {
        self.order(Order::Message(key(conference, endpoint), text));
    }

    pub(super) fn disconnect(&self, conference: &str, endpoint: &str) {
        self.order(Order::Disconnect(key(conference, endpoint)));
    }

    pub(super) async fn view(&self, conference: &str) -> BridgeView {
        let (answer, view) = oneshot::channel();
        self.order(Order::View(conference.to_owned(), answer));
        view.await.unwrap_or_default()
    }
}

fn key(conference: &str, endpoint: &str) -> Key {
    (conference.to_owned(), endpoint.to_owned())
}

/// Numbers that nobody can guess and that do not repeat; the hasher's seeds are random.
pub(super) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn random_ssrc() -> u32 {
    // 0 is for probes.
    (random() as u32).max(1)
}

async fn drive(mut core: Core, socket: UdpSocket, mut inbox: mpsc::UnboundedReceiver<Order>) {
    let mut buffer = vec![0; 2000];
    let mut deadline = Instant::now();
    loop {
        tokio::select! {
            received = socket.recv_from(&mut buffer) => {
                if let Ok((length, from)) = received {
                    core.receive(Instant::now(), from, &buffer[..length]);
                }
            }
            order = inbox.recv() => match order {
                Some(order) => obey(&mut core, Instant::now(), order),
                None => return,
            },
            () = tokio::time::sleep_until(deadline.into()) => {}
        }
        deadline = core.settle(Instant::now());
        for (to, datagram) in core.outgoing.drain(..) {
            // A receiver that has just gone refuses; the next order says so.
            let _ = socket.send_to(&datagram, to).await;
        }
    }
}

fn obey(core: &mut Core, now: Instant, order: Order) {
    match order {
        Order::Allocate(key, wants, answer) => {
            core.expire(&key);
            let _ = answer.send(allocate(core, now, key, wants));
        }
        Order::Accept(key, remote) => with(core, &key, |endpoint| endpoint.peer.accept(&remote)),
        Order::Tracks(key, tracks) => {
            with(core, &key, |endpoint| endpoint.set_tracks(tracks));
            core.review(now);
        }
        Order::Muted(key, sources) => {
            with(core, &key, |endpoint| endpoint.muted = sources);
            core.review(now);
        }
        Order::Hold(key, medium, held) => {
            with(core, &key, |endpoint| endpoint.hold(medium, held));
        }
        Order::Expire(key) => core.expire(&key),
        Order::Double(key, of) => {
            with(core, &key, |endpoint| endpoint.double_of = Some(of));
            core.review(now);
        }
        Order::Connect(key, password, texts, answer) => {
            let endpoint = core.endpoints.get_mut(&key);
            let Some(endpoint) = endpoint.filter(|endpoint| endpoint.password == password) else {
                let _ = answer.send(false);
                return;
            };
            endpoint.socket = Some(texts);
            let _ = answer.send(true);
            core.greet(&key);
        }
        Order::Message(key, text) => core.hear(now, &key, &text),
        Order::Disconnect(key) => with(core, &key, Endpoint::disconnect),
        Order::View(conference, answer) => drop(answer.send(view(core, &conference))),
    }
}

fn with(core: &mut Core, key: &Key, change: impl FnOnce(&mut Endpoint)) {
    match core.endpoints.get_mut(key) {
        Some(endpoint) => change(endpoint),
        None => tracing::debug!(?key, "no such endpoint"),
    }
}

fn allocate(core: &mut Core, now: Instant, key: Key, wants: Wants) -> Allocation {
    let local: SocketAddr = core.local;
    let ssrcs = (random_ssrc(), random_ssrc());
    let password = format!("{:016x}", random());
    let mut endpoint = Endpoint::new(now, local, wants, password.clone(), ssrcs);
    let (ufrag, pwd, fingerprint) = endpoint.peer.credentials();
    core.endpoints.insert(key, endpoint);
    Allocation {
        ufrag,
        pwd,
        fingerprint,
        port: local.port(),
        ssrcs,
        password,
    }
}

fn view(core: &Core, conference: &str) -> BridgeView {
    let ours = core.endpoints.iter().filter(|(key, _)| key.0 == conference);
    let seen = ours.map(|(key, endpoint)| {
        let packets = endpoint
            .streams
            .iter()
            .map(|(name, stream)| (name.clone(), stream.packets));
        let view = EndpointView {
            connected: endpoint.peer.is_connected(),
            channel: endpoint.open,
            forwarded: endpoint.forwarded.clone(),
            packets: packets.collect(),
            tones: endpoint.telephone.keys.clone(),
            told: endpoint.told.clone(),
            said: endpoint.said.clone(),
        };
        (key.1.clone(), view)
    });
    BridgeView {
        endpoints: seen.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(core: &mut Core, key: &Key, password: &str) -> mpsc::UnboundedReceiver<String> {
        let (texts, outgoing) = mpsc::unbounded_channel();
        let (answer, mut allowed) = oneshot::channel();
        let order = Order::Connect(key.clone(), password.to_owned(), texts, answer);
        obey(core, Instant::now(), order);
        assert!(allowed.try_recv().unwrap(), "the password is right");
        outgoing
    }

    #[test]
    fn the_end_of_an_old_socket_leaves_the_next_one_open() {
        let mut core = Core::new((Ipv4Addr::LOCALHOST, 9).into());
        let key = key("weekly", "ab");
        let wants = Wants::default();
        let mut session = || {
            let told = allocate(&mut core, Instant::now(), key.clone(), wants);
            allowed(&mut core, &key, &told.password)
        };
        drop(session());
        let mut texts = session();
        obey(&mut core, Instant::now(), Order::Disconnect(key.clone()));
        assert!(core.endpoints[&key].open);
        assert!(texts.try_recv().unwrap().contains("ServerHello"));
        drop(texts);
        obey(&mut core, Instant::now(), Order::Disconnect(key.clone()));
        assert!(!core.endpoints[&key].open);
    }
}
