//! Encoders in hardware: which there are, and how each is told what calls need: constrained baseline,
//! constant bit rate, key frames only when somebody asks, no picture that waits for a later one.

use gstreamer::{self as gst, prelude::*};

use saal_hal::PictureEncoding;

use super::{GraphError, driver, make};
use crate::handing::Intake;

/// Stands in for hardware in tests. Never chosen otherwise.
pub const SIMULATED_ENCODER: &str = "openh264enc";
/// Pictures between key frames that nobody asked for.
const KEY_FRAME_DISTANCE: &str = "1000";

/// An encoder that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HardwareEncoder {
    factory: String,
    family: Family,
    bitstream: Bitstream,
    /// Where the kernel tells it.
    driver: Option<String>,
    intake: Intake,
}

/// What an encoder makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bitstream {
    /// What meetings take.
    H264,
    /// The kernel's own, of its test driver: it shows how an encoder behaves, and no meeting takes it.
    Fwht,
}

/// Encoders that are told the same things in the same words. The first is the one to try first: of
/// Intel's two the low-power one leaves the shaders to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    VaLowPower,
    Va,
    QuickSync,
    Nvidia,
    /// Rockchip's, by its Media Process Platform, where the vendor's kernel has no V4L2 driver.
    Rockchip,
    V4l2,
    Simulated,
}

/// What has to stand beside an encoder.
#[derive(Debug)]
pub(super) struct Around {
    pub(super) before: Vec<gst::Element>,
    pub(super) after: Vec<gst::Element>,
}

impl Around {
    /// Programs take I420, whatever comes.
    pub(super) fn of_a_program() -> Result<Self, GraphError> {
        Ok(Self {
            before: vec![make("videoconvert")?],
            after: Vec::new(),
        })
    }
}

impl HardwareEncoder {
    /// The one that this factory makes; `None` where it is not installed or not known.
    #[must_use]
    pub fn named(factory: &str) -> Option<Self> {
        gst::ElementFactory::find(factory)?;
        let (family, bitstream) = Family::of(factory)?;
        let m2m = (family == Family::V4l2).then(|| driver::m2m(factory));
        let intake = match (family, m2m.flatten()) {
            (Family::V4l2, Some(codec)) => of_m2m(&codec),
            // They look themselves whether memory can be imported, and copy what can't be
            // (gst_va_base_enc_import_input_buffer, as read in 1.22).
            (Family::Va | Family::VaLowPower, _) => Intake {
                imports: true,
                layouts: vec![PictureEncoding::Nv12],
                whole: (2, 2),
            },
            _ => Intake::default(),
        };
        Some(Self {
            factory: factory.to_owned(),
            family,
            bitstream,
            driver: driver::of(factory),
            intake,
        })
    }

    /// The machine's own for meetings, the best first. That they are listed says little: they have to
    /// be tried.
    #[must_use]
    pub fn of_the_machine() -> Vec<Self> {
        let kind = gst::ElementFactoryType::ENCODER | gst::ElementFactoryType::MEDIA_VIDEO;
        let all = gst::ElementFactory::factories_with_type(kind, gst::Rank::NONE);
        let hardware = all.iter().filter(|factory| is_hardware(factory));
        let known = hardware.filter_map(|factory| Self::named(&factory.name()));
        let mut found: Vec<Self> = known.filter(|e| e.bitstream == Bitstream::H264).collect();
        found.sort_by(|a, b| (a.family, &a.factory).cmp(&(b.family, &b.factory)));
        found
    }

    /// What a trial of it holds for: driver, kernel and GStreamer.
    #[must_use]
    pub fn circumstances(&self) -> String {
        driver::circumstances(&self.factory, self.driver.as_deref())
    }

    /// What it makes.
    #[must_use]
    pub fn bitstream(&self) -> Bitstream {
        self.bitstream
    }

    /// Its driver, where the kernel tells it.
    #[must_use]
    pub fn driver(&self) -> Option<&str> {
        self.driver.as_deref()
    }

    /// The pictures that it takes.
    #[must_use]
    pub fn intake(&self) -> &Intake {
        &self.intake
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

    /// Has an element read pictures where they are; it takes no others then.
    pub(super) fn import(&self, element: &gst::Element) {
        if self.family == Family::V4l2 {
            set(element, "output-io-mode", "dmabuf-import");
        }
    }

    pub(super) fn set_bitrate(&self, element: &gst::Element, bits_per_second: u32) {
        match self.family {
            Family::V4l2 => {
                let controls = (self.quirks().controls)(bits_per_second);
                set(element, "extra-controls", &v4l2_controls(&controls));
            }
            Family::Simulated => set(element, "bitrate", &bits_per_second.to_string()),
            Family::Rockchip => set(element, "bps", &bits_per_second.to_string()),
            _ => {
                let kilobits = (bits_per_second / 1_000).max(1);
                set(element, "bitrate", &kilobits.to_string());
            }
        }
    }

    fn quirks(&self) -> saal_hal_boards::M2mEncoder {
        saal_hal_boards::m2m_encoder(self.driver.as_deref().unwrap_or_default())
    }

    /// What comes out: of H.264 the profile that is offered everywhere, whole pictures with start codes,
    /// and parameters before each key frame.
    pub(super) fn around(&self) -> Result<Around, GraphError> {
        let before = vec![make("videoconvert")?];
        if self.bitstream == Bitstream::Fwht {
            let after = Vec::new();
            return Ok(Around { before, after });
        }
        let mut profile = gst::Caps::builder("video/x-h264");
        profile = match self.family {
            // It knows one name for both; what it makes is the constrained one.
            Family::Rockchip => profile.field("profile", "baseline"),
            _ => profile.field("profile", "constrained-baseline"),
        };
        if self.family == Family::V4l2
            && let Some(level) = self.quirks().level
        {
            profile = profile.field("level", level);
        }
        let stream = gst::Caps::builder("video/x-h264")
            .field("stream-format", "byte-stream")
            .field("alignment", "au");
        let parser = make("h264parse")?;
        parser.set_property("config-interval", -1_i32);
        Ok(Around {
            before,
            after: vec![
                caps_filter(&profile.build())?,
                parser,
                caps_filter(&stream.build())?,
            ],
        })
    }
}

/// Whether a factory says that it drives hardware, or is known to although it does not say so.
pub(super) fn is_hardware(factory: &gst::ElementFactory) -> bool {
    let class = factory.metadata(gst::ELEMENT_METADATA_KLASS);
    let known = Family::of(&factory.name()).is_some_and(|(family, _)| family == Family::Rockchip);
    known || class.is_some_and(|class| class.contains("Hardware"))
}

impl Family {
    /// Further devices of a machine have their number in the middle of the name.
    fn of(factory: &str) -> Option<(Self, Bitstream)> {
        let begins = |with: &str| factory.starts_with(with);
        let ends = |with: &str| factory.ends_with(with);
        let family = match factory {
            SIMULATED_ENCODER => Self::Simulated,
            _ if begins("va") && ends("h264lpenc") => Self::VaLowPower,
            _ if begins("va") && ends("h264enc") => Self::Va,
            _ if begins("qsvh264") && ends("enc") => Self::QuickSync,
            _ if begins("nv") && factory.contains("h264") && ends("enc") => Self::Nvidia,
            "mpph264enc" => Self::Rockchip,
            _ if begins("v4l2") && ends("h264enc") => Self::V4l2,
            _ if begins("v4l2") && ends("fwhtenc") => return Some((Self::V4l2, Bitstream::Fwht)),
            _ => return None,
        };
        Some((family, Bitstream::H264))
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
            Self::Rockchip => &[
                ("rc-mode", "cbr"),
                ("gop", KEY_FRAME_DISTANCE),
                ("profile", "baseline"),
                ("header-mode", "each-idr"),
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

/// What a device of V4L2 says of its side of pictures.
fn of_m2m(codec: &saal_hal_linux::M2mCodec) -> Intake {
    let layouts = codec
        .pictures
        .iter()
        .filter_map(|name| match name.as_str() {
            "YU12" => Some(PictureEncoding::I420),
            "NV12" => Some(PictureEncoding::Nv12),
            "YUYV" => Some(PictureEncoding::Yuy2),
            _ => None,
        });
    Intake {
        imports: codec.imports,
        layouts: layouts.collect(),
        whole: saal_hal_boards::m2m_encoder(&codec.driver).whole,
    }
}

/// All of them each time, since the element forgets those that are not said again.
fn v4l2_controls(controls: &[saal_hal_boards::Control]) -> String {
    let said = controls
        .iter()
        .map(|(name, value)| format!(",{name}=(int){value}"));
    format!("controls{}", said.collect::<String>())
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
            ("mpph264enc", Some(Family::Rockchip)),
            ("mpph265enc", None),
            ("v4l2h264enc", Some(Family::V4l2)),
            ("v4l2video11h264enc", Some(Family::V4l2)),
            ("openh264enc", Some(Family::Simulated)),
            ("x264enc", None),
            ("vah265enc", None),
            ("vp8enc", None),
        ] {
            let bitstream = Bitstream::H264;
            let expected = family.map(|family| (family, bitstream));
            assert_eq!(Family::of(factory), expected, "{factory}");
        }
        let test_driver = Some((Family::V4l2, Bitstream::Fwht));
        assert_eq!(Family::of("v4l2fwhtenc"), test_driver);
    }

    #[test]
    fn a_board_with_rockchip_s_own_and_the_kernel_s_tries_rockchip_s_first() {
        let mut families = [
            Family::Simulated,
            Family::V4l2,
            Family::Rockchip,
            Family::Va,
        ];
        families.sort();
        let order = [
            Family::Va,
            Family::Rockchip,
            Family::V4l2,
            Family::Simulated,
        ];
        assert_eq!(families, order);
    }

    #[test]
    fn the_simulated_encoder_is_never_the_machine_s() {
        gst::init().unwrap();
        let simulated = HardwareEncoder::named(SIMULATED_ENCODER).unwrap();
        assert!(!HardwareEncoder::of_the_machine().contains(&simulated));
        assert_eq!(HardwareEncoder::named("x264enc"), None);
    }

    #[test]
    fn a_device_of_v4l2_says_which_pictures_it_reads_where_they_are() {
        let codec = saal_hal_linux::M2mCodec {
            node: "/dev/video11".to_owned(),
            driver: "vicodec".to_owned(),
            role: saal_hal_linux::M2mRole::Encoder,
            formats: vec!["H264".to_owned()],
            // NM12 has its colours in a memory of their own, as no camera has.
            pictures: ["NM12", "NV12", "YU12"].map(str::to_owned).to_vec(),
            imports: true,
        };
        let expected = Intake {
            imports: true,
            layouts: vec![PictureEncoding::Nv12, PictureEncoding::I420],
            whole: (16, 16),
        };
        assert_eq!(of_m2m(&codec), expected);
    }

    #[test]
    fn the_controls_of_a_driver_can_be_read() {
        gst::init().unwrap();
        let quirks = saal_hal_boards::m2m_encoder("bcm2835-codec");
        let said = v4l2_controls(&(quirks.controls)(500_000));
        let controls: gst::Structure = said.parse().unwrap();
        assert_eq!(controls.get::<i32>("video_bitrate"), Ok(500_000));
        assert_eq!(controls.get::<i32>("repeat_sequence_header"), Ok(1));
    }
}
