//! All encoders and decoders that are installed, for people who ask why one is used and another is not.

use gstreamer::{self as gst, prelude::*};
use saal_hal_linux::{M2mRole, m2m_codecs};
use saal_media_protocol::{Codec, CodecElement, Verdict};

use super::{
    VP8_ENCODER, decoder, driver,
    hardware::{Bitstream, HardwareEncoder, is_hardware},
};

/// An encoder that could be used, as far as its name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its name in GStreamer; the node of a device that GStreamer has no element for.
    pub name: String,
    /// As people call it: `H.264`.
    pub codec: String,
    /// Whether it says that it is hardware.
    pub hardware: bool,
    /// What drives it.
    pub driver: Option<String>,
    /// Why it is not even tried.
    pub not_tried: Option<&'static str>,
}

/// What is installed. To list it asks drivers, which may take long or hang.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Installed {
    /// That could encode.
    pub encoders: Vec<Candidate>,
    /// That decode, or could.
    pub decoders: Vec<CodecElement>,
}

impl Installed {
    /// Lists it.
    #[must_use]
    pub fn list() -> Self {
        Self {
            encoders: encoders(),
            decoders: decoders(),
        }
    }
}

/// Codecs that meetings know: in GStreamer's words and in people's.
const KNOWN: [(&str, &str); 4] = [
    ("video/x-h264", "H.264"),
    ("video/x-vp8", "VP8"),
    ("video/x-vp9", "VP9"),
    ("video/x-av1", "AV1"),
];

/// Encoders: all in hardware, and those in software of codecs that meetings know.
fn encoders() -> Vec<Candidate> {
    let kind = gst::ElementFactoryType::ENCODER | gst::ElementFactoryType::MEDIA_VIDEO;
    let all = gst::ElementFactory::factories_with_type(kind, gst::Rank::NONE);
    let mut found: Vec<Candidate> = all.iter().filter_map(candidate).collect();
    found.extend(without_element(&found));
    // VP8 first, which is always used; then what hardware has.
    found.sort_by_key(|c| (c.name != VP8_ENCODER, !c.hardware, c.name.clone()));
    found
}

fn candidate(factory: &gst::ElementFactory) -> Option<Candidate> {
    let (name, hardware) = (factory.name().to_string(), is_hardware(factory));
    let codec = made(factory, gst::PadDirection::Src)?;
    let known = KNOWN.iter().find(|(media, _)| *media == codec);
    if known.is_none() && !hardware {
        return None;
    }
    let of_meetings =
        HardwareEncoder::named(&name).is_some_and(|e| e.bitstream() == Bitstream::H264);
    let not_tried = match known.map(|(_, people)| *people) {
        Some("H.264") if !hardware => Some("H.264 by a program costs what VP8 costs"),
        Some("H.264") if !of_meetings => Some("how to tell it what calls need is not known"),
        Some("H.264") => None,
        Some("VP8") if name == VP8_ENCODER => None,
        _ => Some("the room sends VP8 and H.264 only"),
    };
    Some(Candidate {
        codec: known.map_or_else(|| named(&codec), |(_, people)| (*people).to_owned()),
        driver: hardware.then(|| driver::of(&name)).flatten(),
        name,
        hardware,
        not_tried,
    })
}

/// Encoding devices of V4L2 that GStreamer has no element for.
fn without_element(found: &[Candidate]) -> Vec<Candidate> {
    let codecs = m2m_codecs().into_iter();
    let encoders = codecs.filter(|codec| codec.role == M2mRole::Encoder);
    let known = |driver: &String| found.iter().any(|c| c.driver.as_ref() == Some(driver));
    let unknown = encoders.filter(|codec| !known(&codec.driver));
    let candidate = |codec: saal_hal_linux::M2mCodec| Candidate {
        name: codec.node,
        codec: codec.formats.join(", "),
        hardware: true,
        driver: Some(codec.driver),
        not_tried: Some("GStreamer has no element for it"),
    };
    unknown.map(candidate).collect()
}

/// The first media type on one side of a factory's elements: `video/x-h264`.
fn made(factory: &gst::ElementFactory, side: gst::PadDirection) -> Option<String> {
    let templates = factory.static_pad_templates();
    let template = templates.iter().find(|t| t.direction() == side)?;
    let caps = template.caps();
    Some(caps.structure(0)?.name().to_string())
}

/// `video/x-fwht` -> `FWHT`.
fn named(media: &str) -> String {
    let (_, name) = media.rsplit_once('/').unwrap_or(("", media));
    name.trim_start_matches("x-").to_uppercase()
}

/// Decoders: those that are used for each codec, and what else hardware has.
fn decoders() -> Vec<CodecElement> {
    let codecs = [Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1];
    let mut found: Vec<CodecElement> = codecs
        .iter()
        .zip(["VP8", "H.264", "VP9", "AV1"])
        .flat_map(|(codec, people)| of_codec(*codec, people))
        .collect();
    let kind = gst::ElementFactoryType::DECODER | gst::ElementFactoryType::MEDIA_VIDEO;
    let all = gst::ElementFactory::factories_with_type(kind, gst::Rank::NONE);
    let others = all.iter().filter(|factory| is_hardware(factory));
    for factory in others {
        let name = factory.name().to_string();
        if found.iter().all(|element| element.name != name)
            && let Some(media) = made(factory, gst::PadDirection::Sink)
        {
            let known = KNOWN.iter().find(|(of, _)| *of == media);
            let reason = match known {
                Some(_) => "it is not among those that the room knows",
                None => "no meeting sends it",
            };
            let codec = known.map_or_else(|| named(&media), |(_, people)| (*people).to_owned());
            found.push(element(factory, codec, unused(reason)));
        }
    }
    found
}

fn of_codec(codec: Codec, people: &str) -> Vec<CodecElement> {
    let factories = decoder::factories(codec).iter();
    let installed = factories.filter_map(|name| gst::ElementFactory::find(name));
    let with_verdict = installed.enumerate().map(|(index, factory)| {
        let verdict = match index {
            0 => Verdict::Chosen,
            _ => Verdict::Spare,
        };
        element(&factory, people.to_owned(), verdict)
    });
    with_verdict.collect()
}

fn element(factory: &gst::ElementFactory, codec: String, verdict: Verdict) -> CodecElement {
    let (name, hardware) = (factory.name().to_string(), is_hardware(factory));
    CodecElement {
        driver: hardware.then(|| driver::of(&name)).flatten(),
        name,
        codec,
        hardware,
        verdict,
    }
}

fn unused(reason: &str) -> Verdict {
    let reason = reason.to_owned();
    Verdict::Unused { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_listed_with_why_they_are_not_tried() {
        gst::init().unwrap();
        let all = encoders();
        assert_eq!(all[0].name, VP8_ENCODER);
        assert_eq!(all[0].not_tried, None);
        let openh264 = all.iter().find(|c| c.name == "openh264enc").unwrap();
        assert_eq!(
            (openh264.codec.as_str(), openh264.hardware),
            ("H.264", false)
        );
        assert!(openh264.not_tried.unwrap().contains("costs what VP8 costs"));
        let vp9 = all.iter().find(|c| c.name == "vp9enc").unwrap();
        assert!(vp9.not_tried.unwrap().contains("VP8 and H.264 only"));
        assert_eq!(named("video/x-fwht"), "FWHT");
    }

    #[test]
    fn each_codec_of_meetings_has_one_decoder_that_is_chosen() {
        gst::init().unwrap();
        let all = decoders();
        for codec in ["VP8", "VP9", "H.264"] {
            let chosen = |e: &&CodecElement| e.codec == codec && e.verdict == Verdict::Chosen;
            assert_eq!(all.iter().filter(chosen).count(), 1, "{codec}: {all:?}");
        }
    }
}
