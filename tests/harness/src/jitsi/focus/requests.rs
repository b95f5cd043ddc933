//! Requests to the focus and to the services beside it.

use minidom::Element;

use super::super::sources::Medium;
use super::super::xmpp::{Stanza, bare, child, escape, resource};
use super::{State, address};

const DISCO: &str = "http://jabber.org/protocol/disco#info";

impl State {
    /// A request (`get` or `set`) to one of our addresses.
    pub(super) async fn request(&mut self, stanza: &Element, service: &str) {
        let payload = stanza.children().next();
        let name = payload.map(Element::name).unwrap_or_default();
        match (service, name, payload) {
            ("focus", "conference", Some(conference)) => self.conference(stanza, conference),
            (_, "jingle", Some(jingle)) => self.jingle(stanza, jingle).await,
            (_, "mute", Some(mute)) => self.mute_request(stanza, mute),
            (_, "ping", _) => self.out.send(Stanza::result(stanza, "")),
            ("breakout", "query", Some(query)) if query.ns() == DISCO => {
                let node = query.attr("node").unwrap_or_default();
                let rename = "<feature var='http://jitsi.org/protocol/breakout_rooms#rename'/>";
                let answer = format!(
                    "<query xmlns='{DISCO}' node='{}'>{rename}</query>",
                    escape(node)
                );
                self.out.send(Stanza::result(stanza, &answer));
            }
            _ => self
                .out
                .send(Stanza::error(stanza, "cancel", "service-unavailable", "")),
        }
    }

    /// Somebody wants a conference in a room.
    fn conference(&mut self, stanza: &Element, conference: &Element) {
        let Some(jid) = conference.attr("room").map(|jid| bare(jid).to_owned()) else {
            return self
                .out
                .send(Stanza::error(stanza, "modify", "bad-request", ""));
        };
        if let Some((condition, more)) = self.options.refusal() {
            return self
                .out
                .send(Stanza::error(stanza, "auth", condition, more));
        }
        let room = self.enter(&jid);
        if room.joined {
            self.ready(stanza, &jid);
        } else {
            room.waiting.push(stanza.clone());
        }
    }

    /// The answer to a conference request once the focus is in the room.
    pub(super) fn ready(&self, request: &Element, jid: &str) {
        let focus = address();
        let answer = format!(
            "<conference xmlns='http://jitsi.org/protocol/focus' ready='true' focusjid='{}' room='{}'>\
             <property name='authentication' value='false'/><property name='visitors-supported' value='false'/></conference>",
            bare(&focus),
            escape(jid)
        );
        self.out.send(Stanza::result(request, &answer));
    }

    /// A participant mutes another one, which only moderators may, or says that it is to be heard again itself.
    fn mute_request(&mut self, stanza: &Element, mute: &Element) {
        let from = stanza.attr("from").unwrap_or_default();
        let (jid, actor) = (bare(from).to_owned(), resource(from).to_owned());
        let target = mute.attr("jid").map(resource).unwrap_or_default();
        let room = self
            .rooms
            .get(&jid)
            .filter(|room| room.real(target).is_some());
        let allowed = room.is_some_and(|room| match mute.text().as_str() {
            "true" => room.is_owner(&actor),
            _ => actor == target && room.may_open(&actor, medium(&mute.ns())),
        });
        if !allowed {
            return self
                .out
                .send(Stanza::error(stanza, "cancel", "not-allowed", ""));
        }
        self.out.send(Stanza::result(stanza, ""));
        if mute.text() == "true" {
            self.mute(&jid, target, &mute.ns(), Some(&actor));
        } else {
            self.hold(&jid, target, &mute.ns(), false);
        }
    }

    /// The bridge lets nothing through of what the focus has muted.
    fn hold(&self, jid: &str, nick: &str, namespace: &str, held: bool) {
        let medium = match medium(namespace) {
            "audio" => Medium::Audio,
            _ => Medium::Video,
        };
        if let Some(room) = self.rooms.get(jid) {
            self.bridge.hold(&room.id, nick, medium, held);
        }
    }

    /// Tells a participant to mute, in the name of a moderator if there is one.
    pub(super) fn mute(&mut self, jid: &str, target: &str, namespace: &str, actor: Option<&str>) {
        let actor = actor.map_or_else(String::new, |actor| {
            format!(" actor='{}'", escape(&format!("{jid}/{actor}")))
        });
        let content = format!("<mute xmlns='{}'{actor}>true</mute>", escape(namespace));
        let attributes = format!(" type='set' id='{}'", self.next_id("mute"));
        let to = format!("{jid}/{target}");
        self.out
            .send(Stanza::new("iq", &address(), &to, &attributes, &content));
        self.hold(jid, target, namespace, true);
    }

    /// Asks the room to end for everybody.
    pub(super) fn destroy(&mut self, jid: &str, reason: &str) {
        let content = format!(
            "<query xmlns='http://jabber.org/protocol/muc#owner'><destroy><reason>{}</reason></destroy></query>",
            escape(reason)
        );
        let attributes = format!(" type='set' id='{}'", self.next_id("destroy"));
        self.out
            .send(Stanza::new("iq", &address(), jid, &attributes, &content));
    }

    /// The room that a real address is in, and its name there.
    pub(super) fn whereabouts(&self, real: &str) -> Option<(String, String)> {
        let mut rooms = self.rooms.iter();
        rooms.find_map(|(jid, room)| Some((jid.clone(), room.nick_of(real)?.to_owned())))
    }

    /// What a message holds for one of our services.
    pub(super) fn message(&mut self, stanza: &Element, service: &str) {
        let from = stanza.attr("from").unwrap_or_default();
        let in_room = stanza.attr("type") == Some("groupchat");
        if let Some(json) = child(stanza, "json-message").filter(|_| in_room) {
            return self.overheard(bare(from), &json.text());
        }
        let Some((jid, nick)) = self.whereabouts(from) else {
            return;
        };
        match service {
            "avmoderation" => {
                if let Some(wish) = child(stanza, "av_moderation") {
                    self.moderate(&jid, &nick, wish);
                }
            }
            "endconference" if self.rooms[&jid].is_owner(&nick) => {
                self.destroy(&jid, "The meeting has been terminated");
            }
            // Statistics and polls are not kept.
            _ => {}
        }
    }
}

/// What `http://jitsi.org/jitmeet/audio` is about.
fn medium(namespace: &str) -> &str {
    namespace.rsplit('/').next().unwrap_or_default()
}
