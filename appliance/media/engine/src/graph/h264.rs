//! Encoders of H.264: which there are, and how each is told what calls need: constrained baseline,
//! constant bit rate, key frames only when somebody asks, no picture that waits for a later one.

use gstreamer::{self as gst, prelude::*};

use super::{GraphError, make};

/// Stands in for hardware in tests. Never chosen otherwise.
pub const SIMULATED_ENCODER: &str = "openh264enc";
/// Pictures between key frames that nobody asked for.
const KEY_FRAME_DISTANCE: &str = "1000";

/// An encoder that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct H264Encoder {
    factory: String,
    family: Family,
}

/// Encoders that are told the same things in the same words. The first is the one to try first: of
/// Intel's two the low-power one leaves the shaders to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    VaLowPower,
    Va,
    QuickSync,
    Nvidia,
    V4l2,
    Simulated,
}

/// What has to stand beside an encoder.
#[derive(Debug, Default)]
pub(super) struct Around {
    pub(super) before: Vec<gst::Element>,
    pub(super) after: Vec<gst::Element>,
}

impl H264Encoder {
    /// The one that this factory makes; `None` where it is not installed or not known.
    #[must_use]
    pub fn named(factory: &str) -> Option<Self> {
        gst::ElementFactory::find(factory)?;
        let family = Family::of(factory)?;
        let factory = factory.to_owned();
        Some(Self { factory, family })
    }

    /// The machine's own, the best first. That they are listed says little: they have to be tried.
    #[must_use]
    pub fn of_the_machine() -> Vec<Self> {
        let kind = gst::ElementFactoryType::ENCODER | gst::ElementFactoryType::MEDIA_VIDEO;
        let all = gst::ElementFactory::factories_with_type(kind, gst::Rank::NONE);
        let hardware = all.iter().filter(|factory| {
            let class = factory.metadata(gst::ELEMENT_METADATA_KLASS);
            class.is_some_and(|class| class.contains("Hardware"))
        });
        let mut found: Vec<Self> = hardware.filter_map(|f| Self::named(&f.name())).collect();
        found.sort_by(|a, b| (a.family, &a.factory).cmp(&(b.family, &b.factory)));
        found
    }

    /// Its name in GStreamer.
    #[must_use]
    pub fn factory(&self) -> &str {
        &self.factory
    }

    pub(super) fn element(&self, bits_per_second: u32) -> Result<gst::Element, GraphError> {
        let element = gst::ElementFactory::make(&self.factory).build();
        let element = element.map_err(|_| GraphError::NoEncoder(self.factory.clone()))?;
        for (name, value) in self.family.settings() {
            set(&element, name, value);
        }
        self.set_bitrate(&element, bits_per_second);
        Ok(element)
    }

    pub(super) fn set_bitrate(&self, element: &gst::Element, bits_per_second: u32) {
        match self.family {
            Family::V4l2 => set(element, "extra-controls", &v4l2_controls(bits_per_second)),
            Family::Simulated => set(element, "bitrate", &bits_per_second.to_string()),
            _ => {
                let kilobits = (bits_per_second / 1_000).max(1);
                set(element, "bitrate", &kilobits.to_string());
            }
        }
    }

    /// What comes out: the profile that is offered everywhere, whole pictures with start codes, and
    /// parameters before each key frame.
    pub(super) fn around(&self) -> Result<Around, GraphError> {
        let mut profile =
            gst::Caps::builder("video/x-h264").field("profile", "constrained-baseline");
        if self.family == Family::V4l2 {
            // Such drivers are told their level by what is negotiated; this one is for 720p.
            profile = profile.field("level", "3.1");
        }
        let stream = gst::Caps::builder("video/x-h264")
            .field("stream-format", "byte-stream")
            .field("alignment", "au");
        let parser = make("h264parse")?;
        parser.set_property("config-interval", -1_i32);
        Ok(Around {
            before: vec![make("videoconvert")?],
            after: vec![
                caps_filter(&profile.build())?,
                parser,
                caps_filter(&stream.build())?,
            ],
        })
    }
}

impl Family {
    /// Further devices of a machine have their number in the middle of the name.
    fn of(factory: &str) -> Option<Self> {
        let begins = |with: &str| factory.starts_with(with);
        let ends = |with: &str| factory.ends_with(with);
        match factory {
            SIMULATED_ENCODER => Some(Self::Simulated),
            _ if begins("va") && ends("h264lpenc") => Some(Self::VaLowPower),
            _ if begins("va") && ends("h264enc") => Some(Self::Va),
            _ if begins("qsvh264") && ends("enc") => Some(Self::QuickSync),
            _ if begins("nv") && factory.contains("h264") && ends("enc") => Some(Self::Nvidia),
            _ if begins("v4l2") && ends("h264enc") => Some(Self::V4l2),
            _ => None,
        }
    }

    fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::VaLowPower | Self::Va => &[
                ("rate-control", "cbr"),
                ("key-int-max", KEY_FRAME_DISTANCE),
                ("b-frames", "0"),
                ("ref-frames", "1"),
            ],
            Self::QuickSync => &[
                ("rate-control", "cbr"),
                ("gop-size", KEY_FRAME_DISTANCE),
                ("b-frames", "0"),
                ("ref-frames", "1"),
                ("low-latency", "true"),
            ],
            Self::Nvidia => &[
                ("rc-mode", "cbr"),
                ("gop-size", KEY_FRAME_DISTANCE),
                ("bframes", "0"),
                ("zerolatency", "true"),
                ("repeat-sequence-header", "true"),
            ],
            // All in its controls.
            Self::V4l2 => &[],
            Self::Simulated => &[
                ("rate-control", "bitrate"),
                ("gop-size", KEY_FRAME_DISTANCE),
                ("complexity", "low"),
                ("scene-change-detection", "false"),
                ("multi-thread", "1"),
            ],
        }
    }
}

/// All of them each time, since the element forgets those that are not said again.
fn v4l2_controls(bits_per_second: u32) -> String {
    format!(
        "controls,video_bitrate=(int){bits_per_second},video_bitrate_mode=(int)1,\
         video_gop_size=(int){KEY_FRAME_DISTANCE},h264_i_frame_period=(int){KEY_FRAME_DISTANCE},\
         video_b_frames=(int)0,repeat_sequence_header=(int)1"
    )
}

/// Properties differ between versions of a plugin; whether the encoder does what it should, its
/// trial tells.
fn set(element: &gst::Element, name: &str, value: &str) {
    let Some(property) = element.find_property(name) else {
        return;
    };
    match gst::glib::Value::deserialize(value, property.value_type()) {
        Ok(value) => element.set_property_from_value(name, &value),
        Err(error) => tracing::warn!(name, value, %error, "an encoder's setting is not taken"),
    }
}

pub(super) fn caps_filter(caps: &gst::Caps) -> Result<gst::Element, GraphError> {
    let filter = make("capsfilter")?;
    filter.set_property("caps", caps);
    Ok(filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoders_are_known_by_their_names_further_devices_too() {
        for (factory, family) in [
            ("vah264lpenc", Some(Family::VaLowPower)),
            ("varenderD129h264lpenc", Some(Family::VaLowPower)),
            ("vah264enc", Some(Family::Va)),
            ("qsvh264device1enc", Some(Family::QuickSync)),
            ("nvh264enc", Some(Family::Nvidia)),
            ("nvautogpuh264enc", Some(Family::Nvidia)),
            ("v4l2h264enc", Some(Family::V4l2)),
            ("v4l2video11h264enc", Some(Family::V4l2)),
            ("openh264enc", Some(Family::Simulated)),
            ("x264enc", None),
            ("vah265enc", None),
            ("vp8enc", None),
        ] {
            assert_eq!(Family::of(factory), family, "{factory}");
        }
    }

    #[test]
    fn the_simulated_encoder_is_never_the_machine_s() {
        gst::init().unwrap();
        let simulated = H264Encoder::named(SIMULATED_ENCODER).unwrap();
        assert!(!H264Encoder::of_the_machine().contains(&simulated));
        assert_eq!(H264Encoder::named("x264enc"), None);
    }

    #[test]
    fn the_controls_of_a_driver_can_be_read() {
        gst::init().unwrap();
        let controls: gst::Structure = v4l2_controls(500_000).parse().unwrap();
        assert_eq!(controls.get::<i32>("video_bitrate"), Ok(500_000));
        assert_eq!(controls.get::<i32>("repeat_sequence_header"), Ok(1));
    }
}
