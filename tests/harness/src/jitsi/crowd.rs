//! Many participants for the price of one: each is in the room by itself and sends the picture of a real one.

use crate::error::Result;

use super::bridge::Bridge;
use super::script::JitsiScript;
use super::xmpp::child;

const FEATURES: [&str; 3] = [
    "urn:xmpp:jingle:1",
    "http://jitsi.org/json-encoded-sources",
    "http://jitsi.org/ssrc-rewriting-1",
];
const SSMA: &str = "urn:xmpp:jingle:apps:rtp:ssma:0";
/// Layers of a camera.
const LAYERS: u32 = 3;

/// Participants without media of their own. Dropping them breaks their connections.
#[derive(Debug)]
pub struct JitsiCrowd {
    people: Vec<JitsiScript>,
}

impl JitsiCrowd {
    /// Brings `count` people into a room: Person 1, Person 2, ...
    pub(super) async fn join(base: &str, room: &str, count: u32) -> Result<Self> {
        let mut people = Vec::new();
        for number in 1..=count {
            let mut person = JitsiScript::connect(base, room, None, &FEATURES).await?;
            person.join(&format!("Person {number}"), "").await?;
            let (id, to) = (person.id().to_owned(), person.occupant());
            let sources = format!(
                "{{\"{id}-a0\":{{\"muted\":true}},\"{id}-v0\":{{\"muted\":false,\"videoType\":\"camera\"}}}}"
            );
            person
                .send(&format!(
                    "<presence xmlns='jabber:client' to='{to}'><SourceInfo>{sources}</SourceInfo>\
                     <nick xmlns='http://jabber.org/protocol/nick'>Person {number}</nick></presence>"
                ))
                .await?;
            people.push(person);
        }
        for (number, person) in (0..).zip(&mut people) {
            accept(person, number * LAYERS + 1).await?;
        }
        Ok(Self { people })
    }

    /// Has the camera of `endpoint` seen in everybody's name.
    pub(super) fn play(&self, bridge: &Bridge, conference: &str, endpoint: &str) {
        for person in &self.people {
            bridge.double(conference, person.id(), endpoint);
        }
    }
}

/// Takes the bridge's offer with a camera whose layers have these SSRCs, without a transport: nothing is ever sent.
async fn accept(person: &mut JitsiScript, first: u32) -> Result<()> {
    let is_offer = |stanza: &minidom::Element| {
        child(stanza, "jingle").and_then(|jingle| jingle.attr("action")) == Some("session-initiate")
    };
    let offer = person.expect(is_offer).await?;
    let sid = child(&offer, "jingle").and_then(|jingle| jingle.attr("sid"));
    let (sid, id) = (sid.unwrap_or_default().to_owned(), person.id().to_owned());
    let to = offer.attr("from").unwrap_or_default().to_owned();
    let layers = first..first + LAYERS;
    let sources: String = layers
        .clone()
        .map(|ssrc| {
            format!(
                "<source xmlns='{SSMA}' ssrc='{ssrc}' name='{id}-v0'><parameter name='msid' value='{id} {id}-v0'/></source>"
            )
        })
        .collect();
    let members: String = layers
        .map(|ssrc| format!("<source ssrc='{ssrc}'/>"))
        .collect();
    person
        .send(&format!(
            "<iq xmlns='jabber:client' type='set' id='accept' to='{to}'>\
             <jingle xmlns='urn:xmpp:jingle:1' action='session-accept' sid='{sid}'>\
             <content creator='initiator' name='video'>\
             <description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'>{sources}\
             <ssrc-group xmlns='{SSMA}' semantics='SIM'>{members}</ssrc-group></description>\
             </content></jingle></iq>"
        ))
        .await?;
    person
        .expect(|stanza| stanza.attr("id") == Some("accept"))
        .await
        .map(drop)
}
