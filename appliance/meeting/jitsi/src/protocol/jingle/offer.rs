//! What the room offers to a peer: the payload types and header extensions that web clients offer,
//! as far as the engine knows them.

use saal_media_protocol::{Codec, HeaderExtension};

use super::{Content, Media, Offer, Payload};

/// In RFC 6184's words: constrained baseline, level 3.1, in fragments.
const H264: &[(&str, &str)] = &[
    ("level-asymmetry-allowed", "1"),
    ("packetization-mode", "1"),
    ("profile-level-id", "42e01f"),
];
/// Main profile, level 3.1.
const AV1: &[(&str, &str)] = &[("level-idx", "5"), ("profile", "0"), ("tier", "0")];

/// Type and subtype of what a receiver of pictures may send back (RFC 4585, RFC 5104).
const PICTURE_FEEDBACK: &[(&str, &str)] = &[
    ("goog-remb", ""),
    ("transport-cc", ""),
    ("ccm", "fir"),
    ("nack", ""),
    ("nack", "pli"),
];

/// One number for each extension in all contents, since they share a transport (RFC 9143).
const ALL_EXTENSIONS: &[(u8, &str)] = &[
    (
        2,
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    ),
    (
        3,
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    ),
    (4, "urn:ietf:params:rtp-hdrext:sdes:mid"),
];
const AUDIO_LEVEL: (u8, &str) = (1, "urn:ietf:params:rtp-hdrext:ssrc-audio-level");

impl Offer {
    /// To a peer: sound, and pictures in these codecs, in the order of preference. Peers take
    /// contents only by the names that browsers give them, 0 and 1.
    pub(crate) fn to_peer(sid: String, codecs: &[Codec]) -> Self {
        let sound = Content {
            name: "0".to_owned(),
            media: Media::Audio,
            payloads: vec![opus(), tones()],
            extensions: extensions(&[AUDIO_LEVEL]),
        };
        let pictures = Content {
            name: "1".to_owned(),
            media: Media::Video,
            payloads: codecs.iter().flat_map(|codec| picture(*codec)).collect(),
            extensions: extensions(&[]),
        };
        Self {
            sid,
            contents: vec![sound, pictures],
            ..Self::default()
        }
    }

    /// Whether an answer to this offer takes sound and this codec by the numbers offered.
    pub(crate) fn is_taken_by(&self, answer: &Self, codec: Codec) -> bool {
        let offered = self.payload_types();
        let taken = answer.payload_types();
        [Codec::Opus, codec].iter().all(|codec| {
            let mut ours = offered.iter().filter(|payload| payload.codec == *codec);
            ours.any(|ours| {
                let mut theirs = taken.iter();
                theirs.any(|theirs| theirs.id == ours.id && theirs.codec == *codec)
            })
        })
    }
}

fn extensions(more: &[(u8, &str)]) -> Vec<HeaderExtension> {
    let all = more.iter().chain(ALL_EXTENSIONS);
    let all = all.map(|(id, uri)| HeaderExtension {
        id: *id,
        uri: (*uri).to_owned(),
    });
    all.collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn opus() -> Payload {
    Payload {
        id: 111,
        name: "opus".to_owned(),
        clock_rate: 48_000,
        channels: 2,
        parameters: owned(&[("minptime", "10"), ("useinbandfec", "1")]),
        feedback: owned(&[("transport-cc", "")]),
    }
}

fn tones() -> Payload {
    Payload {
        id: 126,
        name: "telephone-event".to_owned(),
        clock_rate: 8000,
        channels: 1,
        parameters: Vec::new(),
        feedback: Vec::new(),
    }
}

/// A codec with its retransmissions (RFC 4588), by the numbers that browsers give them.
fn picture(codec: Codec) -> Vec<Payload> {
    let (id, name, parameters): (u8, &str, &[(&str, &str)]) = match codec {
        Codec::Opus => return Vec::new(),
        Codec::Vp8 => (96, "VP8", &[]),
        Codec::Vp9 => (98, "VP9", &[("profile-id", "0")]),
        Codec::H264 => (108, "H264", H264),
        Codec::Av1 => (45, "AV1", AV1),
    };
    let payload = |id, name: &str, parameters, feedback| Payload {
        id,
        name: name.to_owned(),
        clock_rate: 90_000,
        channels: 1,
        parameters,
        feedback: owned(feedback),
    };
    let apt = vec![("apt".to_owned(), id.to_string())];
    vec![
        payload(id, name, owned(parameters), PICTURE_FEEDBACK),
        payload(id + 1, "rtx", apt, &[]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Codec; 4] = [Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1];

    #[test]
    fn the_engine_knows_everything_that_is_offered() {
        let offer = Offer::to_peer("s".to_owned(), &ALL);
        let offered: usize = offer.contents.iter().map(|c| c.payloads.len()).sum();
        let accepted: usize = offer.contents.iter().map(|c| c.accepted().len()).sum();
        assert_eq!(offered, accepted);
        let types = offer.payload_types();
        let codecs: Vec<Codec> = types.iter().map(|t| t.codec).collect();
        assert_eq!(codecs[0], Codec::Opus);
        assert_eq!(codecs[1..], ALL);
        assert!(types[1..].iter().all(|t| t.rtx == Some(t.id + 1)));
        assert_eq!(offer.telephone_event(), Some(126));
        assert_eq!(offer.extensions().len(), 4);
    }

    #[test]
    fn an_answer_without_what_the_room_sends_is_of_no_use() {
        let offer = Offer::to_peer("s".to_owned(), &ALL);
        let answer = Offer::to_peer("s".to_owned(), &[Codec::Vp8]);
        assert!(offer.is_taken_by(&answer, Codec::Vp8));
        let answer = Offer::to_peer("s".to_owned(), &[Codec::H264]);
        assert!(!offer.is_taken_by(&answer, Codec::Vp8));
        assert!(!offer.is_taken_by(&Offer::default(), Codec::Vp8));
        let mut renumbered = offer.clone();
        renumbered.contents[1].payloads[0].id = 100;
        assert!(!offer.is_taken_by(&renumbered, Codec::Vp8));
    }
}
