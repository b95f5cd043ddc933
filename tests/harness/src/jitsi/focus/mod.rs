//! The stand-in for Jicofo: answers conference requests, invites participants to the bridge, tells who sends what.
//!
//! One task owns all rooms; stanzas, HTTP requests and a test's orders come to it one after the other.

mod controls;
mod moderation;
mod offer;
mod requests;
mod room;
mod sessions;

use std::collections::{BTreeMap, BTreeSet};

use minidom::Element;
use tokio::sync::{mpsc, oneshot};

use crate::error::Result;
use crate::runtime;
use crate::web::Serving;

use super::bridge::Bridge;
use super::xmpp::{self, Incoming, Outgoing, Stanza, bare, escape, resource};
use super::{DOMAIN, JitsiOptions};
use room::{FOCUS, Occupant, Presence, Room};

pub(super) use controls::Control;

/// The focus's address.
fn address() -> String {
    format!("{FOCUS}@auth.{DOMAIN}/{FOCUS}")
}

/// What comes to the focus.
pub(super) enum Order {
    /// A conference request by HTTP for a room's bare address; the answer is whether the conference is ready.
    Request(String, oneshot::Sender<bool>),
    /// A test's wish; the answer is whether there was whom it concerns.
    Control(Control, oneshot::Sender<bool>),
    /// The bridge's name of a room.
    Conference(String, oneshot::Sender<Option<String>>),
    /// There is another bridge now.
    NewBridge(Bridge),
}

/// Gives orders to the focus.
#[derive(Debug, Clone)]
pub(super) struct Focus {
    orders: mpsc::UnboundedSender<Order>,
}

impl Focus {
    /// Connects to Prosody's component port and begins.
    pub(super) async fn start(
        port: u16,
        bridge: Bridge,
        base: String,
        options: JitsiOptions,
    ) -> Result<(Self, Vec<Serving>)> {
        let (out, stanzas, mut tasks) = xmpp::connect(port).await?;
        let (orders, inbox) = mpsc::unbounded_channel();
        let focus = State {
            out,
            bridge,
            base,
            options,
            rooms: BTreeMap::new(),
            features: BTreeMap::new(),
            asked: BTreeMap::new(),
            count: 0,
        };
        tasks.push(Serving::new(
            runtime::runtime().spawn(focus.run(stanzas, inbox)),
        ));
        Ok((Self { orders }, tasks))
    }

    /// Asks the focus something; its default when the focus has ended.
    pub(super) async fn ask<T: Default>(
        &self,
        order: impl FnOnce(oneshot::Sender<T>) -> Order,
    ) -> T {
        let (answer, answered) = oneshot::channel();
        // A focus that has ended drops the question, and the answer is the default.
        let _ = self.orders.send(order(answer));
        answered.await.unwrap_or_default()
    }

    pub(super) fn new_bridge(&self, bridge: Bridge) {
        let _ = self.orders.send(Order::NewBridge(bridge));
    }
}

/// All that the focus knows.
struct State {
    out: Outgoing,
    bridge: Bridge,
    /// Where WebSockets of the bridge channel are opened: `ws://127.0.0.1:PORT`.
    base: String,
    options: JitsiOptions,
    /// By bare address.
    rooms: BTreeMap<String, Room>,
    /// By node and hash (XEP-0115).
    features: BTreeMap<String, BTreeSet<String>>,
    /// Questions for features by the id of the request: room, participant, node and hash.
    asked: BTreeMap<String, (String, String, Option<String>)>,
    count: u64,
}

impl State {
    async fn run(
        mut self,
        mut incoming: mpsc::UnboundedReceiver<Incoming>,
        mut inbox: mpsc::UnboundedReceiver<Order>,
    ) {
        loop {
            tokio::select! {
                came = incoming.recv() => match came {
                    Some(Incoming::Stanza(stanza)) => self.stanza(&stanza).await,
                    Some(Incoming::Lost) => self.forget(),
                    None => return,
                },
                order = inbox.recv() => match order {
                    Some(order) => self.order(order).await,
                    None => return,
                },
            }
        }
    }

    /// Prosody forgets its rooms when it ends, and so does the focus: who comes back asks for them again.
    fn forget(&mut self) {
        let rooms: Vec<String> = self.rooms.keys().cloned().collect();
        for room in rooms {
            self.thrown_out(&room);
        }
        self.asked.clear();
    }

    async fn order(&mut self, order: Order) {
        match order {
            Order::Request(room, answer) => {
                let room = self.enter(&room);
                if room.joined {
                    let _ = answer.send(true);
                } else {
                    room.waiting_http.push(answer);
                }
            }
            Order::Control(control, answer) => {
                let _ = answer.send(self.control(control).await);
            }
            Order::Conference(room, answer) => {
                let id = self.rooms.get(&room).map(|room| room.id.clone());
                let _ = answer.send(id);
            }
            Order::NewBridge(bridge) => {
                self.bridge = bridge;
                self.reinvite_all().await;
            }
        }
    }

    async fn stanza(&mut self, stanza: &Element) {
        let to = stanza.attr("to").unwrap_or_default();
        let service = bare(to).split('.').next().unwrap_or_default();
        match (stanza.name(), stanza.attr("type")) {
            ("presence", Some("error")) => tracing::warn!(stanza = String::from(stanza), "refused"),
            ("presence", kind) => self.presence(stanza, kind == Some("unavailable")).await,
            ("message", _) => self.message(stanza, service),
            ("iq", Some("result")) => self.answered(stanza).await,
            ("iq", Some("error")) => self.failed(stanza).await,
            ("iq", _) => self.request(stanza, service).await,
            _ => {}
        }
    }

    fn next_id(&mut self, what: &str) -> String {
        self.count += 1;
        format!("{what}-{}", self.count)
    }

    /// The room of this address; the focus goes there if it is not inside.
    fn enter(&mut self, jid: &str) -> &mut Room {
        if !self.rooms.contains_key(jid) {
            let room = Room {
                id: format!("{:016x}", super::bridge::random()),
                ..Room::default()
            };
            self.rooms.insert(jid.to_owned(), room);
            self.announce(jid, "<x xmlns='http://jabber.org/protocol/muc'/>");
        }
        self.rooms.get_mut(jid).expect("inserted above")
    }

    /// Sends the focus's presence to a room.
    fn announce(&self, jid: &str, more: &str) {
        let Some(room) = self.rooms.get(jid) else {
            return;
        };
        let name = jid.split('@').next().unwrap_or_default();
        let content = format!("{more}{}", room.presence(name));
        let to = format!("{jid}/{FOCUS}");
        self.out
            .send(Stanza::new("presence", &address(), &to, "", &content));
    }

    async fn presence(&mut self, stanza: &Element, leaving: bool) {
        let from = stanza.attr("from").unwrap_or_default().to_owned();
        let (jid, nick) = (bare(&from).to_owned(), resource(&from).to_owned());
        let said = Presence::read(stanza);
        match (said.own || nick == FOCUS, leaving) {
            (true, true) => self.thrown_out(&jid),
            (true, false) => self.inside(&jid).await,
            (false, true) => self.left(&jid, &nick),
            (false, false) => self.seen(&jid, &nick, said).await,
        }
    }

    /// The focus is in the room: those who waited for it may come.
    async fn inside(&mut self, jid: &str) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        room.joined = true;
        let (waiting, http) = (
            std::mem::take(&mut room.waiting),
            std::mem::take(&mut room.waiting_http),
        );
        for request in waiting {
            self.ready(&request, jid);
        }
        for answer in http {
            let _ = answer.send(true);
        }
    }

    /// The room is gone, or the focus was thrown out of it.
    fn thrown_out(&mut self, jid: &str) {
        if let Some(room) = self.rooms.remove(jid) {
            for nick in room.occupants.keys() {
                self.bridge.expire(&room.id, nick);
            }
        }
    }

    fn left(&mut self, jid: &str, nick: &str) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        room.occupants.remove(nick);
        self.bridge.expire(&room.id, nick);
        let heir = room.occupants.keys().next().cloned();
        if let Some(heir) = heir.and_then(|first| room.heir(&first)) {
            self.make_owner(jid, &heir);
        }
    }

    /// A participant has come, or says something new.
    async fn seen(&mut self, jid: &str, nick: &str, said: Presence) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        let is_new = !room.occupants.contains_key(nick);
        let known = said
            .caps
            .as_ref()
            .and_then(|caps| self.features.get(caps))
            .cloned();
        let occupant = room
            .occupants
            .entry(nick.to_owned())
            .or_insert_with(|| Occupant {
                features: known,
                ..Occupant::default()
            });
        let unknown = is_new && occupant.features.is_none();
        (occupant.real, occupant.owner) = (said.real, said.owner);
        self.bridge.muted(&room.id, nick, said.muted);
        if !is_new {
            return;
        }
        if let Some(heir) = room.heir(nick) {
            self.make_owner(jid, &heir);
        }
        self.welcome(jid, nick);
        if unknown {
            self.ask_features(jid, nick, said.caps);
        } else {
            self.invite_all(jid).await;
        }
    }

    fn make_owner(&mut self, jid: &str, real: &str) {
        let item = format!("<item affiliation='owner' jid='{}'/>", escape(real));
        self.administer(jid, &item);
    }

    /// A change of somebody's role or affiliation.
    fn administer(&mut self, jid: &str, item: &str) {
        let content = format!("<query xmlns='http://jabber.org/protocol/muc#admin'>{item}</query>");
        let attributes = format!(" type='set' id='{}'", self.next_id("admin"));
        self.out
            .send(Stanza::new("iq", &address(), jid, &attributes, &content));
    }

    /// Asks a participant for its features (XEP-0030).
    fn ask_features(&mut self, jid: &str, nick: &str, caps: Option<String>) {
        let id = self.next_id("features");
        let node = caps
            .as_deref()
            .map_or_else(String::new, |caps| format!(" node='{}'", escape(caps)));
        let content = format!("<query xmlns='http://jabber.org/protocol/disco#info'{node}/>");
        let to = format!("{jid}/{nick}");
        let attributes = format!(" type='get' id='{id}'");
        self.out
            .send(Stanza::new("iq", &address(), &to, &attributes, &content));
        self.asked
            .insert(id, (jid.to_owned(), nick.to_owned(), caps));
    }

    async fn answered(&mut self, stanza: &Element) {
        let id = stanza.attr("id").unwrap_or_default();
        let Some((jid, nick, caps)) = self.asked.remove(id) else {
            return;
        };
        let query = xmpp::child(stanza, "query");
        let features = query.into_iter().flat_map(Element::children);
        let features = features.filter(|one| one.name() == "feature");
        let features: BTreeSet<String> = features
            .filter_map(|one| one.attr("var"))
            .map(str::to_owned)
            .collect();
        if let Some(caps) = caps {
            self.features.insert(caps, features.clone());
        }
        self.learn(&jid, &nick, features).await;
    }

    /// Who does not answer counts as somebody with sound, picture and data channel.
    async fn failed(&mut self, stanza: &Element) {
        let id = stanza.attr("id").unwrap_or_default();
        match self.asked.remove(id) {
            Some((jid, nick, _)) => self.learn(&jid, &nick, BTreeSet::new()).await,
            None => tracing::warn!(stanza = String::from(stanza), "refused"),
        }
    }

    async fn learn(&mut self, jid: &str, nick: &str, features: BTreeSet<String>) {
        let occupant = self
            .rooms
            .get_mut(jid)
            .and_then(|room| room.occupants.get_mut(nick));
        if let Some(occupant) = occupant {
            occupant.features = Some(features);
            self.invite_all(jid).await;
        }
    }
}
