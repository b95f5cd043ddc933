//! Service discovery (XEP-0030) and entity capabilities (XEP-0115): what we can, and where the
//! server's components are.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha1::{Digest as _, Sha1};

use super::{ns, xml::Element};

/// Identifies the software in capabilities, as web clients do.
const NODE: &str = "https://jitsi.org/jitsi-meet";

/// What Jicofo asks about before it invites: it offers audio, video and SCTP by these, SSRC
/// rewriting, transport-wide feedback, REMB and retransmission. In the order of XEP-0115.
const FEATURES: &[&str] = &[
    "http://jabber.org/protocol/caps",
    "http://jitsi.org/json-encoded-sources",
    "http://jitsi.org/receive-multiple-video-streams",
    "http://jitsi.org/remb",
    "http://jitsi.org/source-name",
    "http://jitsi.org/ssrc-rewriting-1",
    "http://jitsi.org/start-muted-room-metadata",
    "http://jitsi.org/tcc",
    "http://jitsi.org/visitors-1",
    "urn:ietf:rfc:4588",
    "urn:xmpp:jingle:1",
    "urn:xmpp:jingle:apps:dtls:0",
    "urn:xmpp:jingle:apps:rtp:1",
    "urn:xmpp:jingle:apps:rtp:audio",
    "urn:xmpp:jingle:apps:rtp:video",
    "urn:xmpp:jingle:transports:dtls-sctp:1",
    "urn:xmpp:jingle:transports:ice-udp:1",
];

/// Hash of our features.
pub(crate) fn version() -> String {
    let text: String = FEATURES.iter().flat_map(|f| [*f, "<"]).collect();
    BASE64_STANDARD.encode(Sha1::digest(text.as_bytes()))
}

/// For our presence.
pub(crate) fn caps() -> Element {
    Element::new("c", ns::CAPS)
        .with("hash", "sha-1")
        .with("node", NODE)
        .with("ver", version())
}

/// Answer to somebody's question about us.
pub(crate) fn answer(question: &Element) -> Element {
    let node = question
        .get("query", ns::DISCO_INFO)
        .and_then(|query| query.attr("node"));
    let features = FEATURES
        .iter()
        .map(|f| Element::new("feature", ns::DISCO_INFO).with("var", *f));
    Element::new("query", ns::DISCO_INFO)
        .with_some("node", node)
        .children(features)
}

/// The server's components; `None` where it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Components {
    pub(crate) av_moderation: Option<String>,
    pub(crate) breakout_rooms: Option<String>,
    pub(crate) end_conference: Option<String>,
    pub(crate) lobby: Option<String>,
    pub(crate) metadata: Option<String>,
    pub(crate) polls: Option<String>,
    pub(crate) speaker_stats: Option<String>,
    pub(crate) visitors: Option<String>,
    /// Names of the installation, for the log.
    pub(crate) shard: Option<String>,
    pub(crate) region: Option<String>,
}

impl Components {
    /// Reads the identities of the server, or of what it pushes by itself after the login.
    pub(crate) fn read(&mut self, query: &Element) {
        for identity in query.all("identity") {
            let name = identity.attr("name").filter(|n| !n.is_empty());
            let slot = match identity.attr("type").unwrap_or_default() {
                "av_moderation" => &mut self.av_moderation,
                "breakout_rooms" => &mut self.breakout_rooms,
                "end_conference" => &mut self.end_conference,
                "lobbyrooms" => &mut self.lobby,
                "room_metadata" => &mut self.metadata,
                "polls" => &mut self.polls,
                "speakerstats" => &mut self.speaker_stats,
                "visitors" => &mut self.visitors,
                "shard" => &mut self.shard,
                "region" => &mut self.region,
                _ => continue,
            };
            *slot = name.map(str::to_owned);
        }
    }

    /// Messages from these are the server's, whoever writes in the room.
    pub(crate) fn has(&self, jid: &str) -> bool {
        let all = [
            &self.av_moderation,
            &self.breakout_rooms,
            &self.end_conference,
            &self.lobby,
            &self.metadata,
            &self.polls,
            &self.speaker_stats,
            &self.visitors,
        ];
        all.into_iter().flatten().any(|name| name == jid)
    }
}

/// What the room says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoomInfo {
    /// Members only: there is a lobby.
    pub(crate) members_only: bool,
    /// The lobby's MUC.
    pub(crate) lobby: Option<String>,
    /// This is a breakout room of that room.
    pub(crate) main_room: Option<String>,
}

impl RoomInfo {
    pub(crate) fn read(query: &Element) -> Self {
        let form = query.find("x");
        let field = |name: &str| {
            let fields = form.into_iter().flat_map(|form| form.all("field"));
            fields
                .filter(|field| field.attr("var") == Some(name))
                .find_map(|field| field.text_of("value"))
                .filter(|value| !value.is_empty())
        };
        let breakout = field("muc#roominfo_isbreakout").is_some_and(|v| v == "true" || v == "1");
        Self {
            members_only: query
                .all("feature")
                .any(|f| f.attr("var") == Some("muc_membersonly")),
            lobby: field("muc#roominfo_lobbyroom"),
            main_room: field("muc#roominfo_breakout_main_room").filter(|_| breakout),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_in_the_order_that_the_hash_needs() {
        let mut sorted = FEATURES.to_vec();
        sorted.sort_unstable();
        assert_eq!(FEATURES, sorted);
    }

    #[test]
    fn the_hash_is_computed_as_web_clients_do() {
        // The web client of the traces has one feature more.
        let theirs = FEATURES.iter().chain([&"urn:xmpp:rayo:client:1"]);
        let text: String = theirs.flat_map(|f| [*f, "<"]).collect();
        let hash = BASE64_STANDARD.encode(Sha1::digest(text.as_bytes()));
        assert_eq!(hash, "+mpajJhafj8jFogLBKsPbQfMgzU=");
    }
}
