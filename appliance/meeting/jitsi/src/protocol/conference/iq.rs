//! Questions and answers, and where each stanza belongs.

use std::time::Instant;

use super::{Conference, Pending, Phase};
use crate::protocol::{
    disco::{self, RoomInfo},
    focus::FocusAnswer,
    ids,
    jingle::{self, Action},
    ns, services,
    xml::Element,
};

impl Conference {
    pub(super) fn stanza(&mut self, now: Instant, stanza: &Element) {
        match stanza.name.as_str() {
            "presence" => self.presence(now, stanza),
            "message" => self.message(now, stanza),
            "iq" => self.iq(now, stanza),
            other => {
                let what = format!("a stanza {other}");
                self.not_understood(&what);
            }
        }
    }

    /// Sends a question and remembers what it was for.
    pub(super) fn ask(&mut self, to: &str, kind: &str, child: Element, what: Pending) {
        let id = self.ids.stanza();
        let iq = Element::new("iq", ns::CLIENT)
            .with("id", id.clone())
            .with("to", to)
            .with("type", kind)
            .child(child);
        self.pending.insert(id, what);
        self.send(&iq);
    }

    fn iq(&mut self, now: Instant, iq: &Element) {
        match iq.attr("type") {
            Some("result" | "error") => self.answer(now, iq),
            Some("get") => self.question(iq),
            Some("set") => self.order(now, iq),
            _ => self.not_understood("an IQ without a type"),
        }
    }

    fn answer(&mut self, now: Instant, iq: &Element) {
        let id = iq.attr("id").unwrap_or_default();
        let failed = iq.attr("type") == Some("error");
        let child = || iq.elements().next();
        match self.pending.remove(id) {
            Some(Pending::Focus) => self.focus_answer(now, FocusAnswer::from_iq(iq)),
            Some(Pending::Ping) => self.pinged(now),
            Some(Pending::Components) if !failed => {
                if let Some(query) = child() {
                    self.components.read(query);
                }
            }
            Some(Pending::RoomInfo) if !failed => {
                if let Some(query) = child() {
                    self.room_info = RoomInfo::read(query);
                    self.watch_lobby();
                }
            }
            Some(Pending::Services { older: false }) if failed => {
                let main = self.setup.hosts.main.clone();
                let question = services::question(ns::SERVICES_1);
                self.ask(&main, "get", question, Pending::Services { older: true });
            }
            Some(Pending::Services { .. }) if !failed => {
                if let Some(list) = child().filter(|list| services::is_list(list)) {
                    self.ice_servers = services::read(list);
                }
            }
            Some(Pending::SessionAccept { sid }) if failed => {
                let ours = self.bridge.as_ref().is_some_and(|b| b.offer.sid == sid);
                if ours {
                    self.rejoin(now, "the focus does not accept our answer");
                }
            }
            Some(Pending::Peer { sid }) if failed && self.has_peer(&sid) => {
                self.back_to_bridge();
            }
            Some(Pending::Restart) if failed => {
                self.rejoin(now, "the focus does not invite us again");
            }
            // An answer to what nobody asked any more changes nothing.
            _ => {}
        }
    }

    fn question(&mut self, iq: &Element) {
        let known = iq.elements().next().map(|child| child.ns.as_str());
        let answer = match known {
            Some(ns::DISCO_INFO) => Some(Some(disco::answer(iq))),
            Some(ns::PING) => Some(None),
            _ => None,
        };
        match answer {
            Some(child) => self.reply(iq, "result", child),
            None => self.reply(iq, "error", Some(unavailable())),
        }
    }

    fn order(&mut self, now: Instant, iq: &Element) {
        let from = iq.attr("from").unwrap_or_default().to_owned();
        if let Some(jingle) = iq.get("jingle", ns::JINGLE) {
            self.jingle(now, iq, &from, jingle);
            return;
        }
        if let Some(mute) = iq.find("mute") {
            self.reply(iq, "result", None);
            self.told_to_mute(&from, mute);
            return;
        }
        if let Some(visitors) = iq.get("visitors", ns::VISITORS) {
            self.reply(iq, "result", None);
            self.visitors_order(now, &from, visitors);
            return;
        }
        // Installations push their components this way after the login.
        if let Some(query) = iq.get("query", ns::DISCO_INFO) {
            self.components.read(query);
            self.reply(iq, "result", None);
            return;
        }
        self.reply(iq, "error", Some(unavailable()));
        self.not_understood("an IQ of type set");
    }

    pub(super) fn reply(&mut self, iq: &Element, kind: &str, child: Option<Element>) {
        let answer = Element::new("iq", ns::CLIENT)
            .with_some("id", iq.attr("id"))
            .with_some("to", iq.attr("from"))
            .with("type", kind)
            .children(child);
        self.send(&answer);
    }

    fn jingle(&mut self, now: Instant, iq: &Element, from: &str, jingle: &Element) {
        let sid = jingle.attr("sid").unwrap_or_default();
        let initiates = jingle.attr("action") == Some("session-initiate");
        if ids::bare(from) != self.room || self.phase != Phase::InRoom {
            self.reply(iq, "error", Some(jingle::unknown_session()));
            return;
        }
        if initiates == self.has_session(from, sid) {
            let error = if initiates {
                unavailable()
            } else {
                jingle::unknown_session()
            };
            self.reply(iq, "error", Some(error));
            return;
        }
        self.reply(iq, "result", None);
        let action = Action::read(jingle);
        self.session_action(now, from, action);
    }
}

fn unavailable() -> Element {
    Element::new("error", ns::CLIENT)
        .with("type", "cancel")
        .child(Element::new("service-unavailable", ns::STANZAS))
}
