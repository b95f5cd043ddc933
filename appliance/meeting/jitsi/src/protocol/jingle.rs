//! Jingle sessions (XEP-0166) as Jicofo and peers offer them: reading.

mod build;
mod candidate;
mod offer;

use saal_media_protocol::{
    Candidate, Codec, DtlsSetup, Fingerprint, HeaderExtension, IceCredentials, PayloadType,
    RemoteTransport,
};

pub(crate) use build::{
    AcceptedBy, Creator, accept, decline, initiate, modify, restart, source_add, terminate,
    transport_info, transport_reject,
};

use super::{
    ns,
    sources::{self, Source},
    xml::Element,
};

/// What a stranger may list of anything.
const MAX_LISTED: usize = 256;

/// Header extensions that the engine may use (RFC 8285); others are not accepted.
const EXTENSIONS: &[&str] = &[
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
    "urn:3gpp:video-orientation",
];

/// What a `<jingle/>` asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    Initiate(Box<Offer>),
    /// Of a peer whom we called; never of the bridge.
    Accept(Box<Offer>),
    TransportInfo(Box<Transport>),
    TransportReplace(Box<Offer>),
    SourceAdd(Vec<Source>),
    SourceRemove(Vec<Source>),
    /// Heights that a peer wants of our sources.
    Modify(Vec<(String, u32)>),
    Terminate(Termination),
    /// Of no consequence, such as ringing.
    Info,
    /// Not known.
    Other(String),
}

/// Why a session ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Termination {
    /// As XEP-0166 names it, such as `success`.
    pub(crate) condition: String,
    pub(crate) text: String,
}

/// An offer, or an answer to ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) sid: String,
    pub(crate) contents: Vec<Content>,
    pub(crate) transport: Transport,
    pub(crate) sources: Vec<Source>,
    /// Names the session on the bridge, for a restart.
    pub(crate) bridge_session: Option<String>,
    /// Enter with the microphone, or the camera, off.
    pub(crate) start_muted: (bool, bool),
}

/// What a content carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    Audio,
    Video,
    /// A data channel.
    Data,
}

/// One media section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) name: String,
    pub(crate) media: Media,
    pub(crate) payloads: Vec<Payload>,
    pub(crate) extensions: Vec<HeaderExtension>,
}

/// A payload type as offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    pub(crate) id: u8,
    pub(crate) name: String,
    pub(crate) clock_rate: u32,
    pub(crate) channels: u8,
    pub(crate) parameters: Vec<(String, String)>,
    /// Type and subtype of feedback messages.
    pub(crate) feedback: Vec<(String, String)>,
}

/// Where the other side is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transport {
    pub(crate) ice: Option<IceCredentials>,
    pub(crate) fingerprints: Vec<Fingerprint>,
    pub(crate) setup: Option<DtlsSetup>,
    pub(crate) candidates: Vec<Candidate>,
    /// Address of the bridge's WebSocket.
    pub(crate) web_socket: Option<String>,
    /// SCTP port of the bridge's data channel.
    pub(crate) sctp: Option<u16>,
}

impl Action {
    pub(crate) fn read(jingle: &Element) -> Self {
        let offer = || Box::new(Offer::read(jingle));
        match jingle.attr("action").unwrap_or_default() {
            "session-initiate" => Self::Initiate(offer()),
            "session-accept" => Self::Accept(offer()),
            "transport-replace" => Self::TransportReplace(offer()),
            "transport-info" => Self::TransportInfo(Box::new(Transport::merged(jingle))),
            "source-add" | "addsource" => Self::SourceAdd(sources::read(jingle)),
            "source-remove" | "removesource" => Self::SourceRemove(sources::read(jingle)),
            "content-modify" => Self::Modify(heights(jingle)),
            "session-terminate" => Self::Terminate(Termination::read(jingle)),
            "session-info" => Self::Info,
            other => Self::Other(other.to_owned()),
        }
    }
}

fn heights(jingle: &Element) -> Vec<(String, u32)> {
    let contents = jingle.all("content");
    let wishes = contents.flat_map(|content| content.all("source-frame-height"));
    let read = wishes.filter_map(|wish| {
        let source = wish.attr("sourceName")?.to_owned();
        Some((source, wish.attr("maxHeight")?.parse().ok()?))
    });
    read.take(MAX_LISTED).collect()
}

impl Termination {
    fn read(jingle: &Element) -> Self {
        let Some(reason) = jingle.find("reason") else {
            return Self::default();
        };
        let condition = reason.elements().find(|e| e.name != "text");
        Self {
            condition: condition.map_or_else(String::new, |c| c.name.clone()),
            text: reason.text_of("text").unwrap_or_default(),
        }
    }
}

impl Offer {
    fn read(jingle: &Element) -> Self {
        let contents = jingle.all("content").take(MAX_LISTED);
        let start_muted = jingle.find("startmuted");
        let muted = |media| start_muted.and_then(|s| s.attr(media)) == Some("true");
        let session = jingle.find("bridge-session");
        Self {
            sid: jingle.attr("sid").unwrap_or_default().to_owned(),
            contents: contents.filter_map(Content::read).collect(),
            transport: Transport::merged(jingle),
            sources: sources::read(jingle),
            bridge_session: session.and_then(|s| s.attr("id")).map(str::to_owned),
            start_muted: (muted("audio"), muted("video")),
        }
    }

    /// Payload types for the engine.
    pub(crate) fn payload_types(&self) -> Vec<PayloadType> {
        self.contents
            .iter()
            .flat_map(Content::payload_types)
            .collect()
    }

    /// Payload type of telephone tones for the engine.
    pub(crate) fn telephone_event(&self) -> Option<u8> {
        let payloads = self.contents.iter().flat_map(|c| &c.payloads);
        let mut tones = payloads.filter(|payload| payload.is_tones());
        tones.next().map(|payload| payload.id)
    }

    /// Header extensions for the engine, each number once.
    pub(crate) fn extensions(&self) -> Vec<HeaderExtension> {
        let mut extensions: Vec<HeaderExtension> = Vec::new();
        for extension in self.contents.iter().flat_map(|c| &c.extensions) {
            if !extensions.iter().any(|known| known.id == extension.id) {
                extensions.push(extension.clone());
            }
        }
        extensions
    }
}

impl Content {
    fn read(content: &Element) -> Option<Self> {
        let description = content.find("description");
        let media = match description.and_then(|d| d.attr("media")) {
            Some("audio") => Media::Audio,
            Some("video") => Media::Video,
            Some("application") => Media::Data,
            _ if content.attr("name") == Some("data") => Media::Data,
            _ => return None,
        };
        let listed = description.into_iter();
        let payloads = listed.clone().flat_map(|d| d.all("payload-type"));
        let extensions = listed.flat_map(|d| d.all("rtp-hdrext"));
        Some(Self {
            name: content.attr("name")?.to_owned(),
            media,
            payloads: payloads
                .filter_map(Payload::read)
                .take(MAX_LISTED)
                .collect(),
            extensions: extensions.filter_map(extension).take(MAX_LISTED).collect(),
        })
    }

    /// Those that the engine has words for, with their retransmissions.
    fn payload_types(&self) -> Vec<PayloadType> {
        let known = self.payloads.iter().filter(|p| p.is_usable());
        let types = known.filter_map(|payload| {
            Some(PayloadType {
                id: payload.id,
                codec: payload.codec()?,
                clock_rate: payload.clock_rate,
                channels: (self.media == Media::Audio).then_some(payload.channels),
                parameters: payload.parameters.clone(),
                feedback: payload.feedback.iter().map(feedback_text).collect(),
                rtx: self.retransmission_of(payload.id),
            })
        });
        types.collect()
    }

    fn retransmission_of(&self, id: u8) -> Option<u8> {
        let rtx = self.payloads.iter().find(|p| p.apt() == Some(id))?;
        Some(rtx.id)
    }

    /// What the room accepts of it, in the order offered.
    pub(crate) fn accepted(&self) -> Vec<&Payload> {
        let usable = |id: u8| self.payloads.iter().any(|p| p.id == id && p.is_usable());
        let accepted = self.payloads.iter().filter(|payload| {
            payload.is_usable() || payload.apt().is_some_and(usable) || payload.is_tones()
        });
        accepted.collect()
    }
}

fn extension(element: &Element) -> Option<HeaderExtension> {
    let uri = element.attr("uri").filter(|uri| EXTENSIONS.contains(uri))?;
    let id: u8 = element.attr("id")?.parse().ok()?;
    (1..=14).contains(&id).then(|| HeaderExtension {
        id,
        uri: uri.to_owned(),
    })
}

fn feedback_text((kind, subtype): &(String, String)) -> String {
    format!("{kind} {subtype}").trim_end().to_owned()
}

impl Payload {
    fn read(element: &Element) -> Option<Self> {
        let number = |name| element.attr(name)?.parse::<u32>().ok();
        let id = u8::try_from(number("id")?).ok().filter(|id| *id < 128)?;
        let text = |e: &Element, name: &str| e.attr(name).unwrap_or_default().to_owned();
        let feedback = element.all("rtcp-fb");
        Some(Self {
            id,
            name: text(element, "name"),
            clock_rate: number("clockrate").unwrap_or(8000),
            channels: number("channels")
                .and_then(|c| u8::try_from(c).ok())
                .unwrap_or(1),
            parameters: element.all("parameter").flat_map(parameters).collect(),
            feedback: feedback
                .map(|fb| (text(fb, "type"), text(fb, "subtype")))
                .collect(),
        })
    }

    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Telephone tones in the clock that every gateway to telephones has.
    fn is_tones(&self) -> bool {
        self.is("telephone-event") && self.clock_rate == 8000
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(key, _)| key == name)?;
        Some(&found.1)
    }

    fn apt(&self) -> Option<u8> {
        if !self.is("rtx") {
            return None;
        }
        self.parameter("apt")?.parse().ok()
    }

    fn codec(&self) -> Option<Codec> {
        let codecs = [
            ("opus", Codec::Opus),
            ("VP8", Codec::Vp8),
            ("VP9", Codec::Vp9),
            ("AV1", Codec::Av1),
            ("H264", Codec::H264),
        ];
        let found = codecs.into_iter().find(|(name, _)| self.is(name));
        found.map(|(_, codec)| codec)
    }

    /// The engine knows the codec and this form of it.
    fn is_usable(&self) -> bool {
        match self.codec() {
            // RFC 6184: fragments are needed for pictures of any size.
            Some(Codec::H264) => self.parameter("packetization-mode") == Some("1"),
            // Profile 2 has ten bits.
            Some(Codec::Vp9) => matches!(self.parameter("profile-id"), None | Some("0")),
            Some(_) => true,
            None => false,
        }
    }
}

/// Jicofo writes several of H.264's into one value, with semicolons.
fn parameters(element: &Element) -> Vec<(String, String)> {
    let name = element.attr("name").unwrap_or_default();
    let value = element.attr("value").unwrap_or_default();
    let mut parts = value.split(';');
    let first = (name.to_owned(), parts.next().unwrap_or_default().to_owned());
    let rest = parts
        .filter_map(|part| part.split_once('='))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()));
    std::iter::once(first).chain(rest).collect()
}

impl Transport {
    /// All contents go over one transport (RFC 9143), so the first that says something is it.
    fn merged(jingle: &Element) -> Self {
        let mut merged = Self::default();
        for content in jingle.all("content").take(MAX_LISTED) {
            if let Some(transport) = content.find("transport") {
                merged.merge(Self::read(transport));
            }
        }
        merged
    }

    fn merge(&mut self, other: Self) {
        self.ice = self.ice.take().or(other.ice);
        self.setup = self.setup.or(other.setup);
        self.web_socket = self.web_socket.take().or(other.web_socket);
        self.sctp = self.sctp.or(other.sctp);
        if self.fingerprints.is_empty() {
            self.fingerprints = other.fingerprints;
        }
        for candidate in other.candidates {
            if !self.candidates.contains(&candidate) && self.candidates.len() < MAX_LISTED {
                self.candidates.push(candidate);
            }
        }
    }

    fn read(transport: &Element) -> Self {
        let text = |name| transport.attr(name).map(str::to_owned);
        let ice = text("ufrag").zip(text("pwd"));
        let prints = || transport.all("fingerprint");
        let fingerprints = prints().filter_map(|print| {
            Some(Fingerprint {
                hash: print.attr("hash")?.to_ascii_lowercase(),
                value: print.text().trim().to_ascii_uppercase(),
            })
        });
        let sctp = transport.find("sctpmap");
        let socket = transport.find("web-socket");
        Self {
            ice: ice.map(|(ufrag, pwd)| IceCredentials { ufrag, pwd }),
            fingerprints: fingerprints.take(MAX_LISTED).collect(),
            setup: prints().find_map(|print| setup(print.attr("setup")?)),
            candidates: transport
                .all("candidate")
                .filter_map(candidate::read)
                .collect(),
            web_socket: socket.and_then(|s| s.attr("url")).map(str::to_owned),
            sctp: sctp.and_then(|s| s.attr("number")?.parse().ok()),
        }
    }

    /// For the engine, where it is complete.
    pub(crate) fn remote(&self) -> Option<RemoteTransport> {
        let ice = self.ice.clone()?;
        (!self.fingerprints.is_empty()).then(|| RemoteTransport {
            ice,
            fingerprints: self.fingerprints.clone(),
            setup: self.setup.unwrap_or(DtlsSetup::Actpass),
        })
    }
}

fn setup(text: &str) -> Option<DtlsSetup> {
    match text {
        "actpass" => Some(DtlsSetup::Actpass),
        "active" => Some(DtlsSetup::Active),
        "passive" => Some(DtlsSetup::Passive),
        _ => None,
    }
}

/// For an IQ of type `set` that is not understood or not wanted.
pub(crate) fn unknown_session() -> Element {
    Element::new("error", ns::CLIENT)
        .with("type", "cancel")
        .child(Element::new("item-not-found", ns::STANZAS))
        .child(Element::new("unknown-session", ns::JINGLE_ERRORS))
}

#[cfg(test)]
mod tests;
