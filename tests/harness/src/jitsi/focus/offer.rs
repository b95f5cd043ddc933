//! The focus's offer (session-initiate) as the traces show it: payload types, header extensions, transport, sources.

use std::net::{IpAddr, Ipv4Addr};

use super::super::bridge::{Allocation, Wants};
use super::super::sources::{Medium, Sources, json_message};
use super::super::xmpp::escape;

const RTP: &str = "urn:xmpp:jingle:apps:rtp:1";
const EXTENSION: &str = "urn:xmpp:jingle:apps:rtp:rtp-hdrext:0";
const FEEDBACK: &str = "urn:xmpp:jingle:apps:rtp:rtcp-fb:0";

/// Payload type, name and its retransmissions' payload type.
const VIDEO: [(u8, &str, u8); 4] = [
    (41, "AV1", 42),
    (100, "VP8", 96),
    (107, "H264", 99),
    (101, "VP9", 97),
];

/// What an offer is made of.
pub(super) struct Offer<'a> {
    pub(super) sid: &'a str,
    pub(super) initiator: &'a str,
    pub(super) allocation: &'a Allocation,
    pub(super) wants: Wants,
    /// The address of the WebSocket, for clients that do not get a data channel.
    pub(super) web_socket: Option<&'a str>,
    pub(super) bridge_session: &'a str,
    /// Compact JSON instead of Jingle's own sources.
    pub(super) compact: bool,
    /// By owner; the bridge's own among them.
    pub(super) sources: &'a [(String, Sources)],
    /// Address of the room, for owners in Jingle's own form.
    pub(super) room: &'a str,
    /// Where the bridge is reached besides loopback.
    pub(super) also_at: Option<IpAddr>,
}

impl Offer<'_> {
    /// The `<jingle/>`.
    pub(super) fn xml(&self) -> String {
        let transport = self.transport(false);
        let contents = Medium::BOTH.map(|medium| {
            let name = medium.name();
            format!(
                "<content creator='initiator' name='{name}' senders='both'>{}{transport}</content>",
                self.description(medium)
            )
        });
        let (data, data_name) = match self.wants.sctp {
            true => (self.data(), "<content name='data'/>"),
            false => (String::new(), ""),
        };
        let compact = self.compact.then(|| {
            json_message(
                self.sources
                    .iter()
                    .map(|(owner, sources)| (owner.as_str(), sources)),
            )
        });
        format!(
            "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' initiator='{}' sid='{}'>{}{data}\
             <group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'><content name='audio'/><content name='video'/>{data_name}</group>\
             <bridge-session xmlns='http://jitsi.org/protocol/focus' id='{}'/>{}</jingle>",
            escape(self.initiator),
            self.sid,
            contents.concat(),
            self.bridge_session,
            compact.unwrap_or_default(),
        )
    }

    fn description(&self, medium: Medium) -> String {
        let (attributes, payloads, extensions) = match medium {
            Medium::Audio => (" maxptime='60'", audio_payloads(), AUDIO_EXTENSIONS),
            Medium::Video => ("", video_payloads(), VIDEO_EXTENSIONS),
        };
        let extensions = extensions
            .iter()
            .map(|(id, uri)| format!("<rtp-hdrext xmlns='{EXTENSION}' uri='{uri}' id='{id}'/>"));
        let sources = self
            .sources
            .iter()
            .filter(|_| !self.compact)
            .map(|(owner, sources)| {
                let owner = match owner.as_str() {
                    "jvb" => "jvb".to_owned(),
                    endpoint => format!("{}/{endpoint}", self.room),
                };
                sources.xml(medium, &owner)
            });
        format!(
            "<description xmlns='{RTP}' media='{}'{attributes}>{payloads}{}\
             <extmap-allow-mixed xmlns='{EXTENSION}'/>{}<rtcp-mux/></description>",
            medium.name(),
            extensions.collect::<String>(),
            sources.collect::<String>(),
        )
    }

    fn data(&self) -> String {
        format!(
            "<content creator='initiator' name='data' senders='both'>\
             <description xmlns='{RTP}' media='application'><rtcp-mux/></description>{}</content>",
            self.transport(true)
        )
    }

    fn transport(&self, data: bool) -> String {
        let Allocation {
            ufrag,
            pwd,
            fingerprint,
            port,
            ..
        } = self.allocation;
        let socket = self.web_socket.map(|url| {
            let url = escape(url);
            format!("<web-socket xmlns='http://jitsi.org/protocol/colibri' url='{url}'/>")
        });
        let map = match data {
            true => {
                "<sctpmap xmlns='urn:xmpp:jingle:transports:dtls-sctp:1' protocol='webrtc-datachannel' number='5000' streams='1024'/>"
            }
            false => "",
        };
        let here = [Some(Ipv4Addr::LOCALHOST.into()), self.also_at];
        let candidates: String = (1..)
            .zip(here.into_iter().flatten())
            .map(|(number, ip)| {
                format!(
                    "<candidate foundation='{number}' component='1' protocol='udp' priority='2130706431' ip='{ip}' port='{port}' type='host' generation='0' network='0' id='{ufrag}{number}'/>"
                )
            })
            .collect();
        format!(
            "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='{ufrag}' pwd='{pwd}'>{}<rtcp-mux/>\
             <fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='actpass' required='false' cryptex='false'>{fingerprint}</fingerprint>{map}\
             {candidates}</transport>",
            socket.unwrap_or_default(),
        )
    }
}

const AUDIO_EXTENSIONS: &[(u8, &str)] = &[
    (1, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
    (10, "urn:ietf:params:rtp-hdrext:sdes:mid"),
    (
        5,
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    ),
];
const VIDEO_EXTENSIONS: &[(u8, &str)] = &[
    (
        11,
        "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
    ),
    (10, "urn:ietf:params:rtp-hdrext:sdes:mid"),
    (
        3,
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    ),
    (
        5,
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    ),
];

fn feedback(kinds: &[(&str, &str)]) -> String {
    let one = |(kind, subtype): &(&str, &str)| match *subtype {
        "" => format!("<rtcp-fb xmlns='{FEEDBACK}' type='{kind}'/>"),
        subtype => format!("<rtcp-fb xmlns='{FEEDBACK}' type='{kind}' subtype='{subtype}'/>"),
    };
    kinds.iter().map(one).collect()
}

fn audio_payloads() -> String {
    let feedback = feedback(&[("transport-cc", "")]);
    format!(
        "<payload-type id='111' name='opus' clockrate='48000' channels='2'><parameter name='minptime' value='10'/>\
         <parameter name='useinbandfec' value='1'/>{feedback}</payload-type>\
         <payload-type id='126' name='telephone-event' clockrate='8000'/>"
    )
}

fn video_payloads() -> String {
    let repairable = [("ccm", "fir"), ("nack", ""), ("nack", "pli")];
    let all = feedback(&[repairable.as_slice(), &[("transport-cc", "")]].concat());
    let codecs = VIDEO.iter().map(|(id, name, _)| {
        let parameters = match *name {
            "H264" => {
                "<parameter name='profile-level-id' value='42e01f;level-asymmetry-allowed=1;packetization-mode=1;'/>"
            }
            _ => "",
        };
        format!("<payload-type id='{id}' name='{name}' clockrate='90000'>{all}{parameters}</payload-type>")
    });
    let repairs = VIDEO.iter().map(|(id, name, repair)| {
        let feedback = if *name == "H264" { String::new() } else { feedback(&repairable) };
        format!(
            "<payload-type id='{repair}' name='rtx' clockrate='90000'><parameter name='apt' value='{id}'/>{feedback}</payload-type>"
        )
    });
    codecs.chain(repairs).collect()
}
