//! The XMPP stream (RFC 6120) in WebSocket frames (RFC 7395): opening, SASL, binding, resuming.
//!
//! Over BOSH (XEP-0206) the transport turns the first `<open/>` into the session's creation, the
//! second one into a restart, and `<close/>` into the session's end; the rest is the same.

use std::collections::VecDeque;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use saal_meeting::Secret;

use super::{ids, management::Management, ns, predecessor::Predecessor, xml::Element};

/// How the room proves who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// As a guest, or by the token in the link's address.
    Anonymous,
    /// With an account of the server.
    Plain {
        /// Local part of the JID.
        user: String,
        /// Its password.
        password: Secret,
    },
}

/// What came of a frame.
#[derive(Debug, PartialEq)]
pub(crate) enum StreamEvent {
    /// Stanzas can be sent.
    Online {
        /// Nothing was lost; otherwise this is a new client for the server.
        resumed: bool,
    },
    /// A stanza for the conference.
    Stanza(Element),
    /// The server refuses the credentials.
    Refused {
        /// As RFC 6120 names it, such as `not-authorized`.
        condition: String,
        /// In the server's words.
        text: String,
    },
    /// The server ended the stream.
    Closed {
        /// For the log.
        reason: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    /// `<open/>` was sent, the mechanisms follow.
    Opening,
    Authenticating,
    /// `<open/>` was sent again, as somebody.
    Reopening,
    Binding,
    StartingSession,
    Resuming,
    Online,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Stream {
    domain: String,
    credentials: Credentials,
    state: State,
    management: Management,
    /// Full JID, once bound.
    jid: String,
    /// Whose place is taken; nobody's once bound.
    predecessor: Option<Predecessor>,
    session_needed: bool,
    managed: bool,
    outputs: VecDeque<String>,
}

impl Stream {
    pub(crate) fn new(domain: String, credentials: Credentials) -> Self {
        Self {
            domain,
            credentials,
            state: State::Closed,
            management: Management::default(),
            jid: String::new(),
            predecessor: None,
            session_needed: false,
            managed: false,
            outputs: VecDeque::new(),
        }
    }

    /// Takes the place of a stream that an earlier process had.
    pub(crate) fn after(mut self, predecessor: Option<Predecessor>) -> Self {
        self.predecessor = predecessor;
        self
    }

    /// The name of the stream that is gone on with or whose place is taken, for the link's address.
    pub(crate) fn previous(&self) -> Option<&str> {
        let former = self.predecessor.as_ref().and_then(|p| p.stream.as_ref());
        self.resumable().or(former.map(Secret::reveal))
    }

    /// Our full JID; empty before the first binding.
    pub(crate) fn jid(&self) -> &str {
        &self.jid
    }

    /// The server's name for this stream, where it can be resumed.
    pub(crate) fn resumable(&self) -> Option<&str> {
        self.management.resumable()
    }

    pub(crate) fn is_online(&self) -> bool {
        self.state == State::Online
    }

    /// Frames to send.
    pub(crate) fn poll(&mut self) -> Option<String> {
        self.outputs.pop_front()
    }

    /// The link is open.
    pub(crate) fn opened(&mut self) {
        self.outputs.clear();
        self.state = State::Opening;
        self.open();
    }

    /// The link is gone.
    pub(crate) fn lost(&mut self) {
        self.outputs.clear();
        self.state = State::Closed;
    }

    /// Nothing is resumed any more: the next link is a new client.
    pub(crate) fn forget(&mut self) {
        self.management.forget();
    }

    /// Says goodbye to the server.
    pub(crate) fn close(&mut self) {
        if self.state != State::Closed {
            self.put(&Element::new("close", ns::FRAMING));
            self.state = State::Closed;
        }
        self.management.forget();
    }

    /// Sends a stanza; without a link it waits for the stream to be resumed.
    pub(crate) fn send(&mut self, stanza: &Element) {
        let text = stanza.to_xml();
        let question = self.management.sent(&text);
        if self.state == State::Online {
            self.outputs.push_back(text);
            if let Some(question) = question {
                self.put(&question);
            }
        }
    }

    /// Sends a stanza and asks whether it arrives; `None`: the server counts nothing.
    pub(crate) fn send_asking(&mut self, stanza: &Element) -> Option<u32> {
        self.send(stanza);
        let (question, number) = self.management.ask()?;
        if self.state == State::Online {
            self.put(&question);
        }
        Some(number)
    }

    /// What [`Self::send_asking`] sent has arrived.
    pub(crate) fn has_arrived(&self, number: u32) -> bool {
        self.management.has_confirmed(number)
    }

    fn put(&mut self, element: &Element) {
        self.outputs.push_back(element.to_xml());
    }

    fn open(&mut self) {
        let open = Element::new("open", ns::FRAMING)
            .with("to", self.domain.clone())
            .with("version", "1.0");
        self.put(&open);
    }

    /// A frame from the server.
    pub(crate) fn handle(&mut self, frame: Element) -> Option<StreamEvent> {
        match frame.ns.as_str() {
            ns::FRAMING if frame.name == "close" => {
                Some(self.closed("the server closed the stream"))
            }
            ns::FRAMING => None,
            ns::STREAMS if frame.name == "features" => self.features(&frame),
            ns::STREAMS => Some(self.failed(&frame)),
            ns::SASL => self.authenticated(&frame),
            ns::SM => self.managed(&frame),
            _ => self.stanza(frame),
        }
    }

    fn closed(&mut self, reason: &str) -> StreamEvent {
        self.lost();
        StreamEvent::Closed {
            reason: reason.to_owned(),
        }
    }

    fn failed(&mut self, error: &Element) -> StreamEvent {
        let condition = error.elements().next().map_or("", |c| c.name.as_str());
        // After an error the server resumes nothing (RFC 6120 section 4.9.1.1).
        self.forget();
        self.closed(&format!("stream error {condition}"))
    }

    fn features(&mut self, features: &Element) -> Option<StreamEvent> {
        match self.state {
            State::Opening => self.authenticate(features),
            State::Reopening => {
                self.managed = features.get("sm", ns::SM).is_some();
                let session = features.get("session", ns::SESSION);
                self.session_needed = session.is_some_and(|s| s.find("optional").is_none());
                match self.management.resume().filter(|_| self.managed) {
                    Some(resume) => {
                        self.state = State::Resuming;
                        self.put(&resume);
                    }
                    None => self.bind(),
                }
                None
            }
            _ => None,
        }
    }

    fn authenticate(&mut self, features: &Element) -> Option<StreamEvent> {
        let (mechanism, response) = match &self.credentials {
            Credentials::Anonymous => ("ANONYMOUS", None),
            Credentials::Plain { user, password } => {
                let message = format!("\0{user}\0{}", password.reveal());
                ("PLAIN", Some(BASE64_STANDARD.encode(message)))
            }
        };
        let offered = features.get("mechanisms", ns::SASL);
        let known = offered
            .into_iter()
            .flat_map(|list| list.all("mechanism"))
            .any(|offer| offer.text() == mechanism);
        if !known {
            return Some(StreamEvent::Refused {
                condition: "invalid-mechanism".to_owned(),
                text: format!("the server does not offer {mechanism}"),
            });
        }
        self.state = State::Authenticating;
        let auth = Element::new("auth", ns::SASL).with("mechanism", mechanism);
        let auth = match response {
            Some(response) => auth.text_node(response),
            None => auth,
        };
        self.put(&auth);
        None
    }

    fn authenticated(&mut self, answer: &Element) -> Option<StreamEvent> {
        if self.state != State::Authenticating {
            return None;
        }
        match answer.name.as_str() {
            "success" => {
                self.state = State::Reopening;
                self.open();
                None
            }
            "failure" => {
                self.state = State::Closed;
                let condition = answer.elements().find(|c| c.name != "text");
                Some(StreamEvent::Refused {
                    condition: condition.map_or_else(String::new, |c| c.name.clone()),
                    text: answer.text_of("text").unwrap_or_default(),
                })
            }
            // ANONYMOUS and PLAIN need no challenge; an empty answer is the polite one.
            _ => {
                self.put(&Element::new("response", ns::SASL));
                None
            }
        }
    }

    /// Who binds the resource of another session of the same JID ends that session.
    fn bind(&mut self) {
        self.state = State::Binding;
        let former = self.predecessor.as_ref().map(|p| ids::resource(&p.jid));
        let resource = former.map(|name| Element::new("resource", ns::BIND).text_node(name));
        let iq = Element::new("iq", ns::CLIENT)
            .with("id", "bind")
            .with("type", "set")
            .child(Element::new("bind", ns::BIND).children(resource));
        self.put(&iq);
    }

    fn start_session(&mut self) {
        self.state = State::StartingSession;
        let iq = Element::new("iq", ns::CLIENT)
            .with("id", "session")
            .with("type", "set")
            .child(Element::new("session", ns::SESSION));
        self.put(&iq);
    }

    fn online(&mut self) -> StreamEvent {
        self.state = State::Online;
        // Not waited for: what is sent from here on counts either way.
        if self.managed {
            let enable = self.management.enable();
            self.put(&enable);
        } else {
            self.management.forget();
        }
        StreamEvent::Online { resumed: false }
    }

    fn managed(&mut self, frame: &Element) -> Option<StreamEvent> {
        match (frame.name.as_str(), self.state) {
            ("enabled", State::Online) => self.management.enabled(frame),
            ("failed", State::Online) => self.management.forget(),
            ("r", State::Online) => {
                let answer = self.management.acknowledge();
                self.put(&answer);
            }
            ("a", State::Online) => self.management.confirm(frame),
            ("resumed", State::Resuming) => {
                self.state = State::Online;
                let again = self.management.resumed(frame);
                self.outputs.extend(again);
                return Some(StreamEvent::Online { resumed: true });
            }
            ("failed", State::Resuming) => {
                self.management.forget();
                self.bind();
            }
            _ => {}
        }
        None
    }

    fn stanza(&mut self, stanza: Element) -> Option<StreamEvent> {
        match self.state {
            State::Online => {
                self.management.received();
                Some(StreamEvent::Stanza(stanza))
            }
            // The server leaves the place to who has it: as somebody else, then.
            State::Binding
                if stanza.attr("type") == Some("error") && self.predecessor.take().is_some() =>
            {
                self.bind();
                None
            }
            State::Binding if stanza.attr("type") == Some("error") => Some(StreamEvent::Refused {
                condition: "bind".to_owned(),
                text: "the server gives no resource".to_owned(),
            }),
            State::Binding => {
                let jid = stanza.get("bind", ns::BIND)?.text_of("jid")?;
                if ids::resource(&jid).is_empty() {
                    return None;
                }
                self.jid = jid;
                self.predecessor = None;
                if self.session_needed {
                    self.start_session();
                    return None;
                }
                Some(self.online())
            }
            State::StartingSession if stanza.attr("id") == Some("session") => Some(self.online()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
