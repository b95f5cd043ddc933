//! Connections without session descriptions: every stream is declared by its SSRC (Jitsi).
//!
//! The service reads the other side's offer in its own format and declares what is in it; the
//! engine answers with what an answer needs. Receive streams come and go, and a stream that the
//! server moves to another SSRC is declared again under the same track.

use serde::{Deserialize, Serialize};

use crate::{Codec, IceServer};

/// ICE credentials (RFC 8445 section 5.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceCredentials {
    /// User name fragment.
    pub ufrag: String,
    /// Password.
    pub pwd: String,
}

/// Hash of a DTLS certificate (RFC 8122).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// `sha-256`; others are refused.
    pub hash: String,
    /// Upper case hexadecimal bytes with colons.
    pub value: String,
}

/// Who begins the DTLS handshake (RFC 4145, RFC 8842).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DtlsSetup {
    /// Either; only in offers.
    Actpass,
    /// This side.
    Active,
    /// The other side.
    Passive,
}

/// What a payload type number means on one connection, in both directions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayloadType {
    /// 0 to 127.
    pub id: u8,
    /// The codec; codecs that the engine can't decode are declared too, since servers probe the
    /// way with any number they offered.
    pub codec: Codec,
    /// Ticks a second.
    pub clock_rate: u32,
    /// 1 or 2 for sound, `None` for pictures.
    pub channels: Option<u8>,
    /// Format parameters in the order offered (`a=fmtp`).
    pub parameters: Vec<(String, String)>,
    /// Feedback messages, such as `nack pli` or `transport-cc` (RFC 4585).
    pub feedback: Vec<String>,
    /// Payload type of its retransmissions (RFC 4588).
    pub rtx: Option<u8>,
}

impl PayloadType {
    /// The highest level of H.264's baseline profile that the other side takes, in fragments where
    /// need be (RFC 6184 section 8.1): 31 is level 3.1, 720p at 30 frames a second. `None` for
    /// everything else. All who decode this profile decode its constrained form.
    #[must_use]
    pub fn baseline_level(&self) -> Option<u8> {
        let value = |name: &str| {
            let found = self.parameters.iter().find(|(key, _)| key == name)?;
            Some(found.1.as_str())
        };
        if self.codec != Codec::H264 || value("packetization-mode") != Some("1") {
            return None;
        }
        let id = u32::from_str_radix(value("profile-level-id")?, 16).ok()?;
        let [0, 0x42, _constraints, level] = id.to_be_bytes() else {
            return None;
        };
        Some(level)
    }
}

/// An RTP header extension (RFC 8285).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderExtension {
    /// 1 to 14.
    pub id: u8,
    /// What it means.
    pub uri: String,
}

/// The other side of a connection as it declares itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// Servers for connectivity.
    pub ice_servers: Vec<IceServer>,
    /// This side decides on the candidate pair; the one that offered does (RFC 8445).
    pub controlling: bool,
    /// The other side's credentials; `None` while it has not answered yet.
    pub remote: Option<RemoteTransport>,
    /// All payload types of the offer.
    pub payload_types: Vec<PayloadType>,
    /// Payload type of telephone tones at 8,000 ticks a second, where it is offered (RFC 4733).
    pub telephone_event: Option<u8>,
    /// Extensions that both sides know.
    pub extensions: Vec<HeaderExtension>,
    /// The other side offers a data channel over SCTP; the engine waits for the channel that the
    /// other side opens, or opens the one named here.
    pub channel: Option<ChannelOffer>,
}

/// Where the other side is and how it is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteTransport {
    /// Its ICE credentials.
    pub ice: IceCredentials,
    /// Its certificate; media from any other is refused.
    pub fingerprints: Vec<Fingerprint>,
    /// Its part in the DTLS handshake.
    pub setup: DtlsSetup,
}

/// A data channel (RFC 8831, RFC 8832).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelOffer {
    /// Name of the channel.
    pub label: String,
    /// Its subprotocol.
    pub protocol: String,
    /// True: this side opens it, in band.
    pub open: bool,
}

/// One stream's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StreamSsrc {
    /// RTP (RFC 3550).
    pub ssrc: u32,
    /// Its retransmissions (RFC 4588).
    pub rtx: Option<u32>,
}

/// This side of a connection, for the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalTransport {
    /// Our ICE credentials.
    pub ice: IceCredentials,
    /// Our certificate.
    pub fingerprint: Fingerprint,
    /// Our part in the DTLS handshake.
    pub setup: DtlsSetup,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn h264(mode: &str, profile: &str) -> PayloadType {
        let parameter = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        PayloadType {
            id: 107,
            codec: Codec::H264,
            clock_rate: 90_000,
            channels: None,
            parameters: vec![
                parameter("profile-level-id", profile),
                parameter("level-asymmetry-allowed", "1"),
                parameter("packetization-mode", mode),
            ],
            feedback: Vec::new(),
            rtx: None,
        }
    }

    #[test]
    fn only_baseline_in_fragments_has_a_level() {
        for (mode, profile, level) in [
            ("1", "42e01f", Some(31)),
            ("1", "42E028", Some(40)),
            ("1", "42001f", Some(31)),
            ("0", "42e01f", None),
            ("1", "640c1f", None),
            ("1", "4d001f", None),
            ("1", "1f", None),
            ("1", "no", None),
        ] {
            assert_eq!(h264(mode, profile).baseline_level(), level, "{profile}");
        }
        let vp8 = PayloadType {
            codec: Codec::Vp8,
            ..h264("1", "42e01f")
        };
        assert_eq!(vp8.baseline_level(), None);
    }
}
