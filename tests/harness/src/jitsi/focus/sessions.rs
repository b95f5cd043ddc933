//! Sessions with participants: offers, answers, sources that come and go, moves to another bridge.

use minidom::Element;

use super::super::bridge::{Remote, Wants};
use super::super::sources::{Medium, Sources, json_message};
use super::super::xmpp::{Stanza, bare, child, resource};
use super::offer::Offer;
use super::room::{Room, Session};
use super::{State, address};
use crate::jitsi::Channel;

impl State {
    /// Invites whoever should be and is not yet.
    pub(super) async fn invite_all(&mut self, jid: &str) {
        let Some(room) = self.rooms.get(jid) else {
            return;
        };
        let first = room
            .occupants
            .values()
            .all(|occupant| occupant.session.is_none());
        let uninvited = room.uninvited(self.options.least_participants);
        for nick in &uninvited {
            self.invite(jid, nick).await;
        }
        if first && !uninvited.is_empty() {
            self.announce(jid, "");
        }
    }

    async fn invite(&mut self, jid: &str, nick: &str) {
        let (sid, request) = (self.next_id("session"), self.next_id("initiate"));
        let sctp = self.options.channel == Channel::Sctp;
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        let Some(occupant) = room.occupants.get_mut(nick) else {
            return;
        };
        let features = occupant.features.clone().unwrap_or_default();
        let wants = Wants {
            rewriting: features.contains("http://jitsi.org/ssrc-rewriting-1"),
            mid_demux: features.contains("http://jitsi.org/rtp-mid-demux"),
            sctp,
        };
        let compact = features.contains("http://jitsi.org/json-encoded-sources") || wants.rewriting;
        let Some(allocation) = self.bridge.allocate(&room.id, nick, wants).await else {
            tracing::warn!(nick, "there is no bridge");
            return;
        };
        let session = Session {
            bridge_session: format!("bridge-{sid}"),
            sid,
            wants,
            accepted: false,
            compact,
        };
        occupant.session = Some(session.clone());
        let mut sources = match wants.rewriting {
            true => Vec::new(),
            false => room.sources_for(nick),
        };
        let of_bridge = Sources::of_bridge(allocation.ssrcs.0, allocation.ssrcs.1);
        sources.push(("jvb".to_owned(), of_bridge));
        let path = format!(
            "/colibri-ws/jvb1/{}/{nick}?pwd={}",
            room.id, allocation.password
        );
        let socket = format!("{}{path}", self.base);
        let offer = Offer {
            sid: &session.sid,
            initiator: &address(),
            allocation: &allocation,
            wants,
            web_socket: (!sctp).then_some(socket.as_str()),
            bridge_session: &session.bridge_session,
            compact,
            sources: &sources,
            room: jid,
            also_at: self.options.also_at,
        };
        self.tell(jid, nick, &request, &offer.xml());
    }

    /// A request to a participant.
    fn tell(&self, jid: &str, nick: &str, id: &str, content: &str) {
        let attributes = format!(" type='set' id='{id}'");
        let to = format!("{jid}/{nick}");
        self.out
            .send(Stanza::new("iq", &address(), &to, &attributes, content));
    }

    /// A Jingle request of a participant.
    pub(super) async fn jingle(&mut self, stanza: &Element, jingle: &Element) {
        let from = stanza.attr("from").unwrap_or_default();
        let (jid, nick) = (bare(from).to_owned(), resource(from).to_owned());
        let sid = jingle.attr("sid").unwrap_or_default();
        let Some(room) = self.rooms.get_mut(&jid) else {
            return self
                .out
                .send(Stanza::error(stanza, "cancel", "item-not-found", ""));
        };
        let session = room
            .occupants
            .get_mut(&nick)
            .and_then(|one| one.session.as_mut());
        let Some(session) = session.filter(|session| session.sid == sid) else {
            return self
                .out
                .send(Stanza::error(stanza, "cancel", "item-not-found", ""));
        };
        match jingle.attr("action").unwrap_or_default() {
            "session-accept" => {
                session.accepted = true;
                if let Some(remote) = remote(jingle) {
                    self.bridge.accept(&room.id, &nick, remote);
                }
                self.add_sources(&jid, &nick, Sources::parse(jingle, &nick));
            }
            "source-add" => self.add_sources(&jid, &nick, Sources::parse(jingle, &nick)),
            "source-remove" => self.remove_sources(&jid, &nick, &Sources::parse(jingle, &nick)),
            "session-terminate" => {
                let again = child(jingle, "bridge-session")
                    .is_some_and(|about| about.attr("restart") == Some("true"));
                self.out.send(Stanza::result(stanza, ""));
                return self.ended(&jid, &nick, again).await;
            }
            // Clients of the bridge have no candidates to tell, but may say so.
            "transport-info" | "session-info" => {}
            other => {
                tracing::warn!(other, "no Jingle action of a participant");
                return self.out.send(Stanza::error(
                    stanza,
                    "cancel",
                    "feature-not-implemented",
                    "",
                ));
            }
        }
        self.out.send(Stanza::result(stanza, ""));
    }

    fn add_sources(&mut self, jid: &str, nick: &str, new: Sources) {
        let Some(occupant) = self
            .rooms
            .get_mut(jid)
            .and_then(|room| room.occupants.get_mut(nick))
        else {
            return;
        };
        occupant.sources.add(new.clone());
        self.changed(jid, nick, "source-add", &new.without_simulcast());
    }

    fn remove_sources(&mut self, jid: &str, nick: &str, gone: &Sources) {
        let Some(occupant) = self
            .rooms
            .get_mut(jid)
            .and_then(|room| room.occupants.get_mut(nick))
        else {
            return;
        };
        let told = occupant.sources.without_simulcast();
        occupant.sources.remove(gone);
        let left = occupant.sources.without_simulcast();
        let mut removed = told;
        removed.remove(&left);
        self.changed(jid, nick, "source-remove", &removed);
    }

    /// Tells the bridge, and those participants who do not learn it from the bridge.
    fn changed(&mut self, jid: &str, nick: &str, action: &str, sources: &Sources) {
        let Some(room) = self.rooms.get(jid) else {
            return;
        };
        self.bridge
            .tracks(&room.id, nick, room.occupants[nick].sources.tracks());
        if sources.is_empty() {
            return;
        }
        for (other, session) in listeners(room, nick) {
            let content = match session.compact {
                true => json_message([(nick, sources)]),
                false => contents(sources, &format!("{jid}/{nick}")),
            };
            let jingle = format!(
                "<jingle xmlns='urn:xmpp:jingle:1' action='{action}' sid='{}'>{content}</jingle>",
                session.sid
            );
            let id = self.next_id("sources");
            self.tell(jid, &other, &id, &jingle);
        }
    }

    /// A session is over; a participant that asks for it gets a new one.
    async fn ended(&mut self, jid: &str, nick: &str, again: bool) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        let mut gone = Sources::default();
        if let Some(occupant) = room.occupants.get_mut(nick) {
            gone = std::mem::take(&mut occupant.sources).without_simulcast();
            occupant.session = None;
        }
        // The others would go on waiting for what the old session sent.
        self.changed(jid, nick, "source-remove", &gone);
        if let Some(room) = self.rooms.get(jid) {
            self.bridge.expire(&room.id, nick);
        }
        if again {
            self.invite_all(jid).await;
        }
    }

    /// Ends a participant's session and offers it another one, as when its bridge goes.
    pub(super) async fn move_away(&mut self, jid: &str, nick: &str) -> bool {
        let occupant = self
            .rooms
            .get(jid)
            .and_then(|room| room.occupants.get(nick));
        let Some(session) = occupant.and_then(|occupant| occupant.session.clone()) else {
            return false;
        };
        let id = self.next_id("terminate");
        let jingle = format!(
            "<jingle xmlns='urn:xmpp:jingle:1' action='session-terminate' initiator='{}' sid='{}'>\
             <reason><success/><text>moving</text></reason></jingle>",
            address(),
            session.sid
        );
        self.tell(jid, nick, &id, &jingle);
        self.ended(jid, nick, true).await;
        true
    }

    /// Moves everybody, as after a restart of the bridge.
    pub(super) async fn reinvite_all(&mut self) {
        let rooms = self.rooms.iter().flat_map(|(jid, room)| {
            room.occupants
                .keys()
                .map(|nick| (jid.clone(), nick.clone()))
        });
        for (jid, nick) in rooms.collect::<Vec<_>>() {
            self.move_away(&jid, &nick).await;
        }
    }
}

/// Those who are told of a participant's sources: others with a session, without maps from the bridge.
fn listeners(room: &Room, nick: &str) -> Vec<(String, Session)> {
    let others = room.occupants.iter().filter(|(other, _)| *other != nick);
    others
        .filter_map(|(other, occupant)| Some((other.clone(), occupant.session.clone()?)))
        .filter(|(_, session)| !session.wants.rewriting)
        .collect()
}

fn contents(sources: &Sources, owner: &str) -> String {
    let content = |medium: Medium| {
        let name = medium.name();
        let inner = sources.xml(medium, owner);
        (!inner.is_empty()).then(|| {
            format!(
                "<content creator='initiator' name='{name}'>\
                 <description xmlns='urn:xmpp:jingle:apps:rtp:1' media='{name}'>{inner}</description></content>"
            )
        })
    };
    Medium::BOTH.into_iter().filter_map(content).collect()
}

/// The other side's transport: BUNDLE makes the first one count.
fn remote(jingle: &Element) -> Option<Remote> {
    let mut contents = jingle.children().filter(|one| one.name() == "content");
    let transport = contents.find_map(|content| child(content, "transport"))?;
    let fingerprint = child(transport, "fingerprint")?;
    Some(Remote {
        ufrag: transport.attr("ufrag")?.to_owned(),
        pwd: transport.attr("pwd")?.to_owned(),
        fingerprint: format!(
            "{} {}",
            fingerprint.attr("hash")?,
            fingerprint.text().trim()
        ),
        active: fingerprint.attr("setup") != Some("passive"),
    })
}
