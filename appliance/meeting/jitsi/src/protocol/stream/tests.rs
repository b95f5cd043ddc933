use super::*;

const MECHANISMS: &str = "<stream:features xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'>\
    <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism>\
    <mechanism>PLAIN</mechanism></mechanisms></stream:features>";
const FEATURES: &str = "<stream:features xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'>\
    <sm xmlns='urn:xmpp:sm:3'/><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>\
    <session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></stream:features>";

struct Client(Stream);

impl Client {
    fn new(credentials: Credentials) -> Self {
        let mut stream = Stream::new("meet.example.org".into(), credentials);
        stream.opened();
        Self(stream)
    }

    fn online() -> Self {
        let mut client = Self::new(Credentials::Anonymous);
        client.hears(MECHANISMS);
        client.hears("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        client.hears(FEATURES);
        client.hears(
            "<iq xmlns='jabber:client' id='bind' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
             <jid>abc@meet.example.org/r</jid></bind></iq>",
        );
        let online = client.hears("<iq xmlns='jabber:client' id='session' type='result'/>");
        assert_eq!(online, Some(StreamEvent::Online { resumed: false }));
        client.hears("<enabled xmlns='urn:xmpp:sm:3' id='sm1' resume='true'/>");
        client.says();
        client
    }

    fn hears(&mut self, xml: &str) -> Option<StreamEvent> {
        self.0.handle(Element::parse(xml).unwrap())
    }

    fn says(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.0.poll()).collect()
    }

    fn reopens(&mut self) {
        self.0.opened();
        self.hears(MECHANISMS);
        self.hears("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        self.hears(FEATURES);
    }
}

fn message(body: &str) -> Element {
    let body = Element::new("body", ns::CLIENT).text_node(body);
    Element::new("message", ns::CLIENT).child(body)
}

#[test]
fn a_login_sends_user_and_password() {
    let mut client = Client::new(Credentials::Plain {
        user: "room".into(),
        password: Secret::new("pass"),
    });
    client.hears(MECHANISMS);
    let auth = Element::parse(&client.says()[1]).unwrap();
    assert_eq!(auth.attr("mechanism"), Some("PLAIN"));
    assert_eq!(auth.text(), "AHJvb20AcGFzcw==");
    let refused = client.hears(
        "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><text>no</text><not-authorized/></failure>",
    );
    let expected = StreamEvent::Refused {
        condition: "not-authorized".into(),
        text: "no".into(),
    };
    assert_eq!(refused, Some(expected));
}

#[test]
fn a_server_without_guests_says_so() {
    let mut client = Client::new(Credentials::Anonymous);
    let only_plain = MECHANISMS.replace("<mechanism>ANONYMOUS</mechanism>", "");
    let refused = client.hears(&only_plain);
    assert!(matches!(refused, Some(StreamEvent::Refused { .. })));
}

#[test]
fn a_lost_link_loses_no_stanza() {
    let mut client = Client::online();
    client.0.send(&message("one"));
    client.0.send(&message("two"));
    client.hears("<message xmlns='jabber:client'/>");
    client.0.lost();
    client.0.send(&message("three"));
    client.says();
    client.reopens();
    let resume = Element::parse(client.says().last().unwrap()).unwrap();
    assert_eq!(resume.attr("previd"), Some("sm1"));
    assert_eq!(resume.attr("h"), Some("1"));
    let online = client.hears("<resumed xmlns='urn:xmpp:sm:3' previd='sm1' h='1'/>");
    assert_eq!(online, Some(StreamEvent::Online { resumed: true }));
    let again = client.says();
    assert_eq!(again.len(), 2);
    assert!(again[0].contains("two") && again[1].contains("three"));
}

#[test]
fn a_stream_that_the_server_forgot_starts_anew() {
    let mut client = Client::online();
    client.0.send(&message("lost"));
    client.0.lost();
    client.reopens();
    client.says();
    client.hears("<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>");
    assert!(client.says()[0].contains("urn:ietf:params:xml:ns:xmpp-bind"));
    client.hears(
        "<iq xmlns='jabber:client' id='bind' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
         <jid>def@meet.example.org/r</jid></bind></iq>",
    );
    let online = client.hears("<iq xmlns='jabber:client' id='session' type='result'/>");
    assert_eq!(online, Some(StreamEvent::Online { resumed: false }));
    assert_eq!(client.0.jid(), "def@meet.example.org/r");
    assert!(!client.says().iter().any(|frame| frame.contains("lost")));
}

#[test]
fn the_server_s_questions_are_answered_with_what_was_handled() {
    let mut client = Client::online();
    client.hears("<message xmlns='jabber:client'/>");
    client.hears("<presence xmlns='jabber:client'/>");
    client.hears("<r xmlns='urn:xmpp:sm:3'/>");
    assert!(client.says()[0].contains("h=\"2\""));
    let error = "<stream:error xmlns:stream='http://etherx.jabber.org/streams'>\
        <conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
    let closed = client.hears(error);
    assert!(matches!(closed, Some(StreamEvent::Closed { reason }) if reason.contains("conflict")));
    assert_eq!(client.0.resumable(), None);
}
