//! What an installation names for ways through firewalls, asked without entering any conference: a stream is
//! opened, the server is asked (XEP-0215), the stream is closed. Nobody in a conference sees that.

use saal_media_protocol::IceServer;

use super::{
    conference::{Credentials, Hosts},
    ns, services,
    stream::{Stream, StreamEvent},
    xml::Element,
};

/// The question in the newer and the older namespace, by its number.
const NEWER: &str = "services-2";
const OLDER: &str = "services-1";

/// Why nothing is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TrialError {
    /// Who comes without another login is not let in, not even to ask.
    #[error("the server does not let the room in: {0}")]
    Refused(String),
    /// The server ended the stream.
    #[error("the server closed the stream: {0}")]
    Closed(String),
}

/// One question.
#[derive(Debug)]
pub(crate) struct Trial {
    stream: Stream,
    /// Whom to ask.
    main: String,
}

impl Trial {
    pub(crate) fn new(hosts: &Hosts) -> Self {
        Self {
            stream: Stream::new(hosts.domain.clone(), Credentials::Anonymous),
            main: hosts.main.clone(),
        }
    }

    /// Frames to send.
    pub(crate) fn poll(&mut self) -> Option<String> {
        self.stream.poll()
    }

    /// The link is open.
    pub(crate) fn opened(&mut self) {
        self.stream.opened();
    }

    /// A frame from the server; the answer, once it is there. A server that knows no such question names none.
    pub(crate) fn handle(&mut self, text: &str) -> Option<Result<Vec<IceServer>, TrialError>> {
        let frame = Element::parse(text).ok()?;
        match self.stream.handle(frame)? {
            StreamEvent::Online { .. } => {
                self.ask(NEWER, ns::SERVICES_2);
                None
            }
            StreamEvent::Stanza(iq) => {
                let answer = self.answer(&iq)?;
                self.stream.close();
                Some(Ok(answer))
            }
            StreamEvent::Refused { condition, text } => {
                let reason = format!("{condition} {text}").trim().to_owned();
                Some(Err(TrialError::Refused(reason)))
            }
            StreamEvent::Closed { reason } => Some(Err(TrialError::Closed(reason))),
        }
    }

    fn ask(&mut self, id: &str, namespace: &str) {
        let iq = Element::new("iq", ns::CLIENT)
            .with("id", id)
            .with("to", self.main.clone())
            .with("type", "get")
            .child(services::question(namespace));
        self.stream.send(&iq);
    }

    fn answer(&mut self, iq: &Element) -> Option<Vec<IceServer>> {
        match (iq.attr("id")?, iq.attr("type")?) {
            (NEWER, "error") => {
                self.ask(OLDER, ns::SERVICES_1);
                None
            }
            (OLDER, "error") => Some(Vec::new()),
            (NEWER | OLDER, "result") => {
                let list = iq.elements().find(|list| services::is_list(list));
                Some(list.map(services::read).unwrap_or_default())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0'/>";
    const MECHANISMS: &str = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>\
         <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism></mechanisms>\
         </stream:features>";
    const SUCCESS: &str = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
    const BINDING: &str = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>\
         <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>";
    const BOUND: &str = "<iq xmlns='jabber:client' id='bind' type='result'>\
         <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>a@guest.example.org/b</jid></bind></iq>";

    /// A trial whose stream is open, and what it said until then.
    fn online() -> (Trial, Vec<String>) {
        let hosts = Hosts {
            domain: "guest.example.org".to_owned(),
            main: "example.org".to_owned(),
            ..Hosts::default()
        };
        let mut trial = Trial::new(&hosts);
        trial.opened();
        for frame in [OPEN, MECHANISMS, SUCCESS, OPEN, BINDING, BOUND] {
            assert_eq!(trial.handle(frame), None, "{frame}");
        }
        let said = said(&mut trial);
        (trial, said)
    }

    fn said(trial: &mut Trial) -> Vec<String> {
        std::iter::from_fn(|| trial.poll()).collect()
    }

    #[test]
    fn the_server_is_asked_and_no_conference_is_entered() {
        let (mut trial, before) = online();
        let asked = before.concat();
        assert!(asked.contains("urn:xmpp:extdisco:2"), "{asked}");
        assert!(!asked.contains("presence"), "{asked}");
        let unknown = "<iq xmlns='jabber:client' id='services-2' type='error'/>";
        assert_eq!(trial.handle(unknown), None);
        let list = "<iq xmlns='jabber:client' id='services-1' type='result'>\
             <services xmlns='urn:xmpp:extdisco:1'>\
             <service type='stun' host='turn.example.org' port='3478'/></services></iq>";
        let servers = trial.handle(list).unwrap().unwrap();
        assert_eq!(servers[0].urls, ["stun:turn.example.org:3478"]);
        let after = said(&mut trial).concat();
        assert!(after.contains("urn:xmpp:extdisco:1"), "{after}");
        assert!(after.contains("<close"), "{after}");
    }

    #[test]
    fn a_server_that_lets_nobody_in_is_told() {
        let hosts = Hosts::default();
        let mut trial = Trial::new(&hosts);
        trial.opened();
        trial.handle(OPEN);
        trial.handle(MECHANISMS);
        let failure =
            "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>";
        let told = trial.handle(failure).unwrap();
        assert_eq!(told, Err(TrialError::Refused("not-authorized".to_owned())));
    }
}
