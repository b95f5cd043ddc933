//! The lobby: waiting in it, and as a moderator letting people in.

use std::time::Instant;

use saal_meeting::{CallEvent, ChatLine, EndReason, Knocker, Role, Secret, Waiting};
use serde_json::{Value, json};

use super::{Conference, Phase, Timer};
use crate::protocol::{
    disco, ids, ns,
    presence::{Departure, Occupant, Presence, Refusal},
    xml::Element,
};

/// The MUC where people wait, seen from either side.
#[derive(Clone, Debug)]
pub(super) struct Lobby {
    /// Bare JID.
    jid: String,
    nick: String,
    /// We wait; otherwise we watch.
    waiting: bool,
    /// Who waits, by nickname, with their JID.
    people: Vec<(Knocker, String)>,
    /// The server has let us in to wait; moderators see us.
    inside: bool,
}

/// Something that people in the room say to the moderators.
#[derive(Clone, Debug)]
pub(super) struct Word {
    text: String,
    said: Saying,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Saying {
    /// Once we are in the lobby.
    Later,
    /// The server is asked whether it came.
    Underway(u32),
    Done,
}

impl Conference {
    pub(super) fn is_lobby(&self, bare: &str) -> bool {
        self.lobby.as_ref().is_some_and(|lobby| lobby.jid == bare)
    }

    pub(super) fn lobby_jid(&self) -> Option<String> {
        Some(self.lobby.as_ref()?.jid.clone())
    }

    /// Members only: wait where moderators see us.
    pub(super) fn sent_to_lobby(
        &mut self,
        now: Instant,
        lobby: Option<String>,
        waiting_for_host: bool,
    ) {
        match lobby {
            _ if waiting_for_host => self.wait_for_host(now),
            Some(jid) => {
                self.go_to_lobby(jid, true);
                self.phase = Phase::Lobby;
            }
            None => self.end(EndReason::NotAllowed {
                reason: "the room is for members only".to_owned(),
            }),
        }
    }

    fn go_to_lobby(&mut self, jid: String, waiting: bool) {
        if self.is_lobby(&jid) {
            return;
        }
        let nick = self.ids.endpoint();
        let name = waiting.then(|| Element::new("nick", ns::NICK).text_node(self.own.name.clone()));
        let presence = Element::new("presence", ns::CLIENT)
            .with("to", format!("{jid}/{nick}"))
            .child(Element::new("x", ns::MUC))
            .child(disco::caps())
            .children(name);
        self.lobby = Some(Lobby {
            jid,
            nick,
            waiting,
            people: Vec::new(),
            inside: false,
        });
        self.send(&presence);
    }

    pub(super) fn leave_lobby(&mut self) {
        let Some(lobby) = self.lobby.take() else {
            return;
        };
        self.state.knocking.clear();
        let presence = Element::new("presence", ns::CLIENT)
            .with("to", format!("{}/{}", lobby.jid, lobby.nick))
            .with("type", "unavailable");
        self.send(&presence);
    }

    /// A moderator sees who knocks.
    pub(super) fn watch_lobby(&mut self) {
        let moderates = self.phase == Phase::InRoom && self.state.role == Role::Moderator;
        match self.room_info.lobby.clone() {
            Some(jid) if moderates && self.room_info.members_only => self.go_to_lobby(jid, false),
            _ if self.phase == Phase::InRoom => self.leave_lobby(),
            _ => {}
        }
    }

    pub(super) fn lobby_presence(&mut self, now: Instant, stanza: &Element) {
        let Some(lobby) = &self.lobby else { return };
        let (nick, waiting) = (lobby.nick.clone(), lobby.waiting);
        match Presence::read(stanza) {
            Presence::Here(occupant) if occupant.endpoint == nick || occupant.is_self() => {
                self.in_lobby();
            }
            Presence::Here(occupant) if !waiting => self.knocks(*occupant),
            Presence::Gone(departure) if departure.endpoint == nick => {
                self.out_of_lobby(now, waiting, &departure);
            }
            Presence::Gone(departure) => {
                if let Some(lobby) = &mut self.lobby {
                    lobby.people.retain(|(k, _)| k.id != departure.endpoint);
                }
                self.tell_knocking();
            }
            Presence::Refused(refusal) if waiting => self.lobby_refuses(now, refusal),
            Presence::Here(_) | Presence::Refused(_) => {}
        }
    }

    /// The server has taken the knock: only now somebody can hear it.
    fn in_lobby(&mut self) {
        let Some(lobby) = self.lobby.as_mut().filter(|lobby| lobby.waiting) else {
            return;
        };
        lobby.inside = true;
        self.wait_for(Waiting::Admission);
        self.say_words();
    }

    /// A line in the lobby, where moderators can read it.
    pub(super) fn say_in_lobby(&mut self, text: String) {
        let said = Saying::Later;
        self.words.push(Word { text, said });
        self.say_words();
    }

    fn say_words(&mut self) {
        let inside = self.lobby.as_ref().filter(|lobby| lobby.inside);
        let Some(to) = inside.map(|lobby| lobby.jid.clone()) else {
            return;
        };
        for word in self
            .words
            .iter_mut()
            .filter(|word| word.said == Saying::Later)
        {
            let json = json!({ "type": "LOBBY_CHAT_MESSAGE", "message": word.text });
            let json = Element::new("json-message", ns::JITMEET).text_node(json.to_string());
            let message = Element::new("message", ns::CLIENT)
                .with("id", self.ids.stanza())
                .with("to", to.clone())
                .with("type", "groupchat")
                .child(json);
            let number = self.stream.send_asking(&message);
            word.said = number.map_or(Saying::Done, Saying::Underway);
        }
        self.flush();
    }

    /// The stream is a new one: what did not arrive on the old one is said again.
    pub(super) fn say_words_again(&mut self) {
        for word in &mut self.words {
            word.said = Saying::Later;
        }
    }

    /// The lobby's MUC does not send those who wait their own words back: that the server counts them
    /// is all there is to know.
    pub(super) fn tell_words(&mut self) {
        let stream = &self.stream;
        let arrived = |word: &mut Word| match word.said {
            Saying::Later => false,
            Saying::Underway(number) => stream.has_arrived(number),
            Saying::Done => true,
        };
        let words: Vec<Word> = self.words.extract_if(.., arrived).collect();
        for Word { text, .. } in words {
            self.emit(CallEvent::LobbyMessageTaken { text });
        }
    }

    fn lobby_refuses(&mut self, now: Instant, refusal: Refusal) {
        self.lobby = None;
        match refusal {
            // The lobby went with its last moderator.
            Refusal::RoomGone | Refusal::Conflict => self.ask_focus(now),
            other => self.end(EndReason::NotAllowed {
                reason: format!("the lobby refuses: {other:?}"),
            }),
        }
    }

    fn knocks(&mut self, occupant: Occupant) {
        let inside = self.occupants.values().any(|o| o.jid == occupant.jid);
        let Some(lobby) = self
            .lobby
            .as_mut()
            .filter(|_| !inside && !occupant.moderator)
        else {
            return;
        };
        let knocker = Knocker {
            id: occupant.endpoint.clone(),
            name: occupant.name,
        };
        lobby.people.retain(|(k, _)| k.id != knocker.id);
        lobby.people.push((knocker, occupant.jid));
        self.tell_knocking();
    }

    fn tell_knocking(&mut self) {
        let people = self.lobby.iter().flat_map(|lobby| &lobby.people);
        self.state.knocking = people.map(|(knocker, _)| knocker.clone()).collect();
    }

    /// Our presence in the lobby is over: let in, sent away, or the meeting ended.
    fn out_of_lobby(&mut self, now: Instant, waiting: bool, departure: &Departure) {
        self.lobby = None;
        self.tell_knocking();
        if !waiting || self.phase != Phase::Lobby {
            return;
        }
        match &departure.destroyed {
            // The lobby was switched off: everybody may come in.
            Some(Some(_)) => self.ask_focus(now),
            Some(None) => self.end(EndReason::EndedForAll),
            None if departure.status.contains(&307) => self.end(EndReason::Rejected),
            None => self.ask_focus(now),
        }
    }

    /// A moderator lets us in.
    pub(super) fn admitted(&mut self, now: Instant, password: Option<String>) {
        if self.phase != Phase::Lobby {
            return;
        }
        if let Some(password) = password.filter(|p| !p.is_empty()) {
            self.password = Some(Secret::new(password));
        }
        self.timers.cancel(Timer::Focus);
        self.ask_focus(now);
    }

    /// Lets somebody in: an invitation to the room, by a mediated invite (XEP-0045 section 7.8.2).
    pub(super) fn admit(&mut self, knocker: &str) {
        let Some(jid) = self.jid_of_knocker(knocker) else {
            return;
        };
        let invite = Element::new("invite", ns::MUC_USER).with("to", jid);
        let message = Element::new("message", ns::CLIENT)
            .with("id", self.ids.stanza())
            .with("to", self.main_room())
            .child(Element::new("x", ns::MUC_USER).child(invite));
        self.send(&message);
    }

    /// Sends somebody away.
    pub(super) fn reject(&mut self, knocker: &str) {
        if let Some(lobby) = self.lobby_jid() {
            self.kick(&lobby, knocker);
        }
    }

    fn jid_of_knocker(&self, knocker: &str) -> Option<String> {
        let people = &self.lobby.as_ref()?.people;
        let (_, jid) = people.iter().find(|(k, _)| k.id == knocker)?;
        Some(jid.clone())
    }

    /// What is said in the lobby, for whoever waits in it or watches it.
    pub(super) fn lobby_message(&mut self, message: &Element) {
        let from = ids::resource(message.attr("from").unwrap_or_default()).to_owned();
        let json = message.text_of("json-message");
        let json = json.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let Some(text) = json.as_ref().and_then(|json| json["message"].as_str()) else {
            return;
        };
        let Some(lobby) = self.lobby.as_ref().filter(|lobby| lobby.nick != from) else {
            return;
        };
        let named = lobby.people.iter().find(|(k, _)| k.id == from);
        let author = named.map(|(knocker, _)| knocker.name.clone());
        let line = ChatLine {
            id: self.ids.stanza(),
            author: author.unwrap_or_default(),
            text: text.to_owned(),
            private: true,
        };
        self.emit(CallEvent::Chat(line));
    }
}
