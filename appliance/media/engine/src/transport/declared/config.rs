//! The other side's declaration in str0m's words.

use std::time::{Duration, Instant};

use saal_media_protocol::{Declared, DtlsSetup, Fingerprint, HeaderExtension, PayloadType};
use str0m::{
    Rtc, RtcConfig,
    config::{DtlsVersion, Fingerprint as RtcFingerprint},
    format::{Codec as RtpCodec, CodecConfig, CodecSpec, FormatParams, PayloadParams},
    media::Frequency,
    rtp::{Extension, ExtensionMap},
};

use crate::transport::{
    budget::LOOK_EVERY,
    peer::{FIRST_ESTIMATE, PeerError, SOUND_REORDERING, VIDEO_REORDERING_PACKETS, rtp_codec},
    pulse::check_often,
};

/// Receivers can bring sound and picture together once both have been reported.
const SOUND_REPORTS: Duration = Duration::from_secs(1);
/// The hash that everybody speaks (RFC 8122 section 5).
const HASH: &str = "sha-256";
/// Its length in bytes.
const HASH_BYTES: usize = 32;

/// A connection that knows what was declared and has not begun yet.
pub(super) fn rtc(declared: &Declared, setup: DtlsSetup, now: Instant) -> Result<Rtc, PeerError> {
    let extensions = extensions(&declared.extensions);
    let feedback = extensions
        .id_of(Extension::TransportSequenceNumber)
        .is_some();
    let mut config = RtcConfig::new()
        .clear_codecs()
        .set_extension_map(extensions)
        .enable_bwe(feedback.then_some(FIRST_ESTIMATE))
        .set_reordering_size_video(VIDEO_REORDERING_PACKETS)
        .set_reordering_timeout_audio(Some(SOUND_REORDERING))
        .set_rtcp_report_interval_audio(SOUND_REPORTS)
        .set_stats_interval(Some(LOOK_EVERY));
    check_often(&mut config);
    if setup != DtlsSetup::Passive {
        // The hello of this version is the one that Jitsi's bridge takes.
        config = config.set_dtls_version(DtlsVersion::Auto);
    }
    *config.codec_config() = codecs(&declared.payload_types, declared.telephone_event)?;
    let mut rtc = config.build(now);
    if feedback {
        rtc.direct_api().enable_twcc_feedback();
    }
    Ok(rtc)
}

/// All payload types, the ones that nobody here decodes too: packets of a type that str0m does
/// not know are dropped before they count in the feedback.
fn codecs(types: &[PayloadType], telephone_event: Option<u8>) -> Result<CodecConfig, PeerError> {
    let mut used = Vec::new();
    let mut all = Vec::new();
    for payload in types {
        for id in std::iter::once(payload.id).chain(payload.rtx) {
            if id > 127 || used.contains(&id) {
                return Err(PeerError::PayloadType(id));
            }
            used.push(id);
        }
        all.push(params(payload));
    }
    if let Some(id) = telephone_event {
        if id > 127 || used.contains(&id) {
            return Err(PeerError::PayloadType(id));
        }
        all.push(tones(id));
    }
    Ok(CodecConfig::new_from_payload_params(all))
}

/// Telephone tones share the stream of a voice, and str0m reports on a stream by the clock of the
/// last payload type that was sent on it: the voice's clock it has to be.
fn tones(id: u8) -> PayloadParams {
    let spec = CodecSpec {
        codec: RtpCodec::Tele,
        clock_rate: Frequency::FORTY_EIGHT_KHZ,
        channels: None,
        format: FormatParams::default(),
    };
    PayloadParams::new(id.into(), None, spec)
}

fn params(payload: &PayloadType) -> PayloadParams {
    let spec = CodecSpec {
        codec: rtp_codec(payload.codec),
        clock_rate: Frequency::new(payload.clock_rate).unwrap_or(Frequency::NINETY_KHZ),
        channels: payload.channels,
        format: format(&payload.parameters),
    };
    let rtx = payload.rtx.map(Into::into);
    let mut params = PayloadParams::new(payload.id.into(), rtx, spec);
    let has = |name: &str| payload.feedback.iter().any(|f| f == name);
    params.set_fb_transport_cc(has("transport-cc"));
    params.set_fb_nack(has("nack"));
    params.set_fb_pli(has("nack pli"));
    params.set_fb_fir(has("ccm fir"));
    params.set_fb_remb(has("goog-remb"));
    params
}

fn format(parameters: &[(String, String)]) -> FormatParams {
    let pairs: Vec<_> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    FormatParams::parse_line(&pairs.join(";"))
}

/// The extensions that we read or write. Not the media section's id: streams are known by their
/// SSRC, and browsers drop packets whose section they don't know.
fn extensions(offered: &[HeaderExtension]) -> ExtensionMap {
    let known = [
        Extension::AudioLevel,
        Extension::AbsoluteSendTime,
        Extension::TransportSequenceNumber,
    ];
    let mut map = ExtensionMap::empty();
    for extension in offered {
        if let Some(known) = known.iter().find(|k| k.as_uri() == extension.uri) {
            map.set(extension.id, known.clone());
        }
    }
    map
}

/// The certificate that the other side has to show.
pub(super) fn fingerprint(offered: &[Fingerprint]) -> Result<RtcFingerprint, PeerError> {
    offered
        .iter()
        .filter(|f| f.hash.eq_ignore_ascii_case(HASH))
        .find_map(|f| bytes(&f.value))
        .map(|bytes| RtcFingerprint {
            hash_func: HASH.to_owned(),
            bytes,
        })
        .ok_or(PeerError::Fingerprint)
}

/// Our own certificate's hash as an answer says it.
pub(super) fn fingerprint_text(fingerprint: &RtcFingerprint) -> Fingerprint {
    let bytes: Vec<_> = fingerprint
        .bytes
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    Fingerprint {
        hash: fingerprint.hash_func.clone(),
        value: bytes.join(":"),
    }
}

fn bytes(value: &str) -> Option<Vec<u8>> {
    let bytes: Vec<u8> = value
        .split(':')
        .map(|pair| {
            let hexadecimal = pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit());
            hexadecimal.then(|| u8::from_str_radix(pair, 16).ok())?
        })
        .collect::<Option<_>>()?;
    (bytes.len() == HASH_BYTES).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use saal_media_protocol::Codec;

    use super::*;

    fn said(hash: &str, value: String) -> Fingerprint {
        let hash = hash.to_owned();
        Fingerprint { hash, value }
    }

    #[test]
    fn only_whole_sha_256_fingerprints_count() {
        let whole = vec!["0A"; 32].join(":");
        let sha1 = said("sha-1", vec!["0a"; 20].join(":"));
        let found = fingerprint(&[sha1.clone(), said("SHA-256", whole.clone())]);
        let found = found.expect("one of them is usable");
        assert_eq!(found.bytes, [10; 32]);
        assert_eq!(fingerprint_text(&found).value, whole);
        for bad in [
            vec![],
            vec![sha1],
            vec![said(HASH, vec!["0A"; 31].join(":"))],
            vec![said(HASH, whole.replace(':', ""))],
            vec![said(HASH, whole.replacen("0A", "+A", 1))],
        ] {
            assert!(fingerprint(&bad).is_err(), "{bad:?}");
        }
    }

    fn payload(id: u8, codec: Codec, rtx: Option<u8>) -> PayloadType {
        PayloadType {
            id,
            codec,
            clock_rate: 90_000,
            channels: None,
            parameters: vec![("profile-id".to_owned(), "0".to_owned())],
            feedback: vec!["nack pli".to_owned(), "transport-cc".to_owned()],
            rtx,
        }
    }

    #[test]
    fn every_payload_type_is_known_and_none_twice() {
        let types = [
            payload(100, Codec::Vp8, Some(96)),
            payload(41, Codec::Av1, Some(42)),
        ];
        let known = codecs(&types, Some(126)).expect("distinct types");
        let params = known.params();
        assert_eq!(params.last().map(|p| *p.pt()), Some(126));
        let ids: Vec<_> = params[..2]
            .iter()
            .map(|p| {
                (
                    *p.pt(),
                    p.resend().map(|r| *r),
                    p.fb_transport_cc(),
                    p.fb_nack(),
                )
            })
            .collect();
        assert_eq!(
            ids,
            [(100, Some(96), true, false), (41, Some(42), true, false)]
        );
        let twice = [
            payload(100, Codec::Vp8, None),
            payload(41, Codec::Av1, Some(100)),
        ];
        assert!(codecs(&twice, None).is_err());
        assert!(codecs(&types, Some(42)).is_err());
        assert!(codecs(&[payload(128, Codec::Vp8, None)], None).is_err());
    }
}
