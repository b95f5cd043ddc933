//! Jingle sessions: writing.

use saal_media_protocol::{Candidate, DtlsSetup, HeaderExtension, LocalTransport, StreamSsrc};

use super::{Content, Media, Offer, Payload, candidate};
use crate::protocol::{ns, sending::OwnSource, xml::Element};

/// Who accepts whose session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AcceptedBy<'a> {
    /// The other side's JID in the room.
    pub(crate) initiator: &'a str,
    /// Our JID.
    pub(crate) responder: &'a str,
}

/// Who added a content to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Creator {
    Initiator,
    Responder,
}

impl Creator {
    fn as_str(self) -> &'static str {
        match self {
            Self::Initiator => "initiator",
            Self::Responder => "responder",
        }
    }
}

fn jingle(action: &str, initiator: &str, sid: &str) -> Element {
    Element::new("jingle", ns::JINGLE)
        .with("action", action)
        .with("initiator", initiator)
        .with("sid", sid)
}

/// `session-accept`, with what the room sends.
pub(crate) fn accept(
    offer: &Offer,
    by: AcceptedBy<'_>,
    local: &LocalTransport,
    sources: &[OwnSource],
) -> Element {
    jingle("session-accept", by.initiator, &offer.sid)
        .with("responder", by.responder)
        .child(bundle(offer))
        .children(contents(offer, Creator::Responder, local, sources))
}

/// `session-initiate`, of the room at a peer.
pub(crate) fn initiate(
    offer: &Offer,
    initiator: &str,
    local: &LocalTransport,
    sources: &[OwnSource],
) -> Element {
    jingle("session-initiate", initiator, &offer.sid)
        .child(bundle(offer))
        .children(contents(offer, Creator::Initiator, local, sources))
}

/// All contents go over one transport (RFC 9143, XEP-0338).
fn bundle(offer: &Offer) -> Element {
    let names = offer
        .contents
        .iter()
        .map(|content| Element::new("content", ns::GROUPING).with("name", content.name.clone()));
    Element::new("group", ns::GROUPING)
        .with("semantics", "BUNDLE")
        .children(names)
}

fn contents(
    offer: &Offer,
    creator: Creator,
    local: &LocalTransport,
    sources: &[OwnSource],
) -> Vec<Element> {
    let sctp = offer.transport.sctp.unwrap_or(5000);
    let contents = offer.contents.iter();
    contents
        .map(|content| {
            let element = Element::new("content", ns::JINGLE)
                .with("creator", creator.as_str())
                .with("name", content.name.clone());
            filled(element, content, local, sources, sctp)
        })
        .collect()
}

/// A content with what the room knows of it and sends in it.
fn filled(
    element: Element,
    content: &Content,
    local: &LocalTransport,
    sources: &[OwnSource],
    sctp: u16,
) -> Element {
    let mut transport = transport(local);
    if content.media == Media::Data {
        let sctpmap = Element::new("sctpmap", ns::DTLS_SCTP)
            .with("number", sctp.to_string())
            .with("protocol", "webrtc-datachannel")
            .with("streams", "1024");
        transport.push(sctpmap);
        return element.child(transport);
    }
    let picture = content.media == Media::Video;
    let own = sources.iter().filter(|source| source.picture == picture);
    let description = description(content.media)
        .children(content.accepted().into_iter().map(payload_type))
        .children(own.flat_map(source_elements))
        .child(Element::new("rtcp-mux", ns::RTP))
        .children(content.extensions.iter().map(header_extension))
        .child(Element::new("extmap-allow-mixed", ns::RTP_HDREXT));
    element
        .with("senders", "both")
        .child(description)
        .child(transport)
}

fn description(media: Media) -> Element {
    let name = match media {
        Media::Audio => "audio",
        Media::Video => "video",
        Media::Data => "application",
    };
    Element::new("description", ns::RTP).with("media", name)
}

fn payload_type(payload: &Payload) -> Element {
    let parameters = payload.parameters.iter().map(|(name, value)| {
        Element::new("parameter", ns::RTP)
            .with("name", name.clone())
            .with("value", value.clone())
    });
    let feedback = payload.feedback.iter().map(|(kind, subtype)| {
        let subtype = (!subtype.is_empty()).then(|| subtype.clone());
        Element::new("rtcp-fb", ns::RTCP_FB)
            .with("type", kind.clone())
            .with_some("subtype", subtype)
    });
    Element::new("payload-type", ns::RTP)
        .with("id", payload.id.to_string())
        .with("name", payload.name.clone())
        .with("clockrate", payload.clock_rate.to_string())
        .with("channels", payload.channels.to_string())
        .children(parameters)
        .children(feedback)
}

fn header_extension(extension: &HeaderExtension) -> Element {
    Element::new("rtp-hdrext", ns::RTP_HDREXT)
        .with("id", extension.id.to_string())
        .with("uri", extension.uri.clone())
}

/// Sources and their groups (XEP-0339).
fn source_elements(source: &OwnSource) -> Vec<Element> {
    let numbers = source.streams.iter().flat_map(|s| [Some(s.ssrc), s.rtx]);
    let mut elements: Vec<Element> = numbers
        .flatten()
        .map(|ssrc| {
            let msid = Element::new("parameter", ns::SSMA)
                .with("name", "msid")
                .with("value", source.msid());
            Element::new("source", ns::SSMA)
                .with("name", source.name.clone())
                .with("ssrc", ssrc.to_string())
                .with_some("videoType", source.video_type())
                .child(msid)
        })
        .collect();
    if source.streams.len() > 1 {
        elements.push(ssrc_group("SIM", source.streams.iter().map(|s| s.ssrc)));
    }
    let retransmitted = source.streams.iter().filter_map(fid);
    elements.extend(retransmitted);
    elements
}

fn fid(stream: &StreamSsrc) -> Option<Element> {
    Some(ssrc_group("FID", [stream.ssrc, stream.rtx?].into_iter()))
}

fn ssrc_group(semantics: &str, ssrcs: impl Iterator<Item = u32>) -> Element {
    let members = ssrcs.map(|ssrc| Element::new("source", ns::SSMA).with("ssrc", ssrc.to_string()));
    Element::new("ssrc-group", ns::SSMA)
        .with("semantics", semantics)
        .children(members)
}

fn transport(local: &LocalTransport) -> Element {
    let setup = match local.setup {
        DtlsSetup::Actpass => "actpass",
        DtlsSetup::Active => "active",
        DtlsSetup::Passive => "passive",
    };
    let fingerprint = Element::new("fingerprint", ns::DTLS)
        .with("hash", local.fingerprint.hash.clone())
        .with("setup", setup)
        .text_node(local.fingerprint.value.clone());
    ice_transport(local).child(fingerprint)
}

fn ice_transport(local: &LocalTransport) -> Element {
    Element::new("transport", ns::ICE_UDP)
        .with("ufrag", local.ice.ufrag.clone())
        .with("pwd", local.ice.pwd.clone())
}

/// `transport-info` with candidates of ours; only peers want it, the bridge finds us by itself.
pub(crate) fn transport_info(
    offer: &Offer,
    initiator: &str,
    creator: Creator,
    local: &LocalTransport,
    candidates: &[Candidate],
) -> Element {
    let written = candidates.iter().enumerate();
    let written = written.filter_map(|(index, one)| candidate::write(one, &format!("c{index}")));
    let name = offer.contents.first().map_or("0", |c| c.name.as_str());
    let content = Element::new("content", ns::JINGLE)
        .with("creator", creator.as_str())
        .with("name", name)
        .child(ice_transport(local).children(written));
    jingle("transport-info", initiator, &offer.sid).child(content)
}

/// `source-add` of a source that joins the session later.
pub(crate) fn source_add(offer: &Offer, initiator: &str, source: &OwnSource) -> Element {
    let media = if source.picture {
        Media::Video
    } else {
        Media::Audio
    };
    let named = offer.contents.iter().find(|c| c.media == media);
    let content = Element::new("content", ns::JINGLE)
        .with("name", named.map_or("video", |c| c.name.as_str()))
        .child(description(media).children(source_elements(source)));
    jingle("source-add", initiator, &offer.sid).child(content)
}

/// `session-terminate`.
pub(crate) fn terminate(sid: &str, initiator: &str, condition: &str, text: &str) -> Element {
    let mut reason = Element::new("reason", ns::JINGLE).child(Element::new(condition, ns::JINGLE));
    if !text.is_empty() {
        reason.push(Element::new("text", ns::JINGLE).text_node(text));
    }
    jingle("session-terminate", initiator, sid).child(reason)
}

/// `session-terminate` with the wish to be invited again, perhaps on another bridge.
pub(crate) fn restart(offer: &Offer, initiator: &str, text: &str) -> Element {
    let session = Element::new("bridge-session", ns::FOCUS)
        .with_some("id", offer.bridge_session.clone())
        .with("restart", "true");
    terminate(&offer.sid, initiator, "connectivity-error", text).child(session)
}

/// `session-terminate` of a session that the room does not want.
pub(crate) fn decline(sid: &str, initiator: &str) -> Element {
    terminate(sid, initiator, "decline", "")
}

/// `transport-reject`: the room takes a new invitation instead.
pub(crate) fn transport_reject(offer: &Offer, initiator: &str) -> Element {
    let contents = offer.contents.iter().map(|content| {
        Element::new("content", ns::JINGLE)
            .with("creator", "initiator")
            .with("name", content.name.clone())
            .child(Element::new("transport", ns::ICE_UDP))
    });
    jingle("transport-reject", initiator, &offer.sid).children(contents)
}

/// `content-modify` with the heights that we want of a peer's pictures, in pixels.
pub(crate) fn modify(offer: &Offer, initiator: &str, heights: &[(String, u32)]) -> Element {
    let wishes = heights.iter().map(|(source, height)| {
        Element::new("source-frame-height", ns::MUTE_VIDEO)
            .with("sourceName", source.clone())
            .with("maxHeight", height.to_string())
    });
    let content = Element::new("content", ns::JINGLE)
        .with("name", "video")
        .with("senders", "both")
        .children(wishes);
    jingle("content-modify", initiator, &offer.sid).child(content)
}
