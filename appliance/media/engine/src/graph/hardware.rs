//! Encoders in hardware: which there are, and how each is told what calls need: constrained baseline,
//! constant bit rate, key frames only when somebody asks, no picture that waits for a later one.

use gstreamer::{self as gst, prelude::*};

use saal_hal::PictureEncoding;
use saal_hal_boards::{Element, Profile, element};

use super::{GraphError, driver, make};
use crate::handing::Intake;

/// Stands in for hardware in tests. Never chosen otherwise.
pub const SIMULATED_ENCODER: &str = "openh264enc";
/// How that one is told what calls need.
const SIMULATED_SETTINGS: &[(&str, &str)] = &[
    ("rate-control", "bitrate"),
    ("gop-size", "1000"),
    ("complexity", "low"),
    ("scene-change-detection", "false"),
    ("multi-thread", "1"),
];
/// Profiles that are offered everywhere.
const BASELINE: [&str; 2] = ["constrained-baseline", "baseline"];

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

/// What an encoder is. Those of hardware are tried in the order of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Hardware(&'static Element),
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
        let m2m = family.is_m2m().then(|| driver::m2m(factory)).flatten();
        let reads = family.element().and_then(|element| element.reads);
        let intake = match (m2m, reads) {
            (Some(codec), _) => of_m2m(&codec),
            (None, Some(whole)) => Intake {
                imports: true,
                layouts: vec![PictureEncoding::Nv12],
                whole,
            },
            (None, None) => Intake::default(),
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
        let order = |of: &Self| (of.family.element().is_none(), of.family.order());
        found.sort_by(|a, b| (order(a), &a.factory).cmp(&(order(b), &b.factory)));
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

    /// The size to encode pictures of this size in: it may not take them as large.
    pub(super) fn within(&self, size: (u32, u32)) -> (u32, u32) {
        self.family.element().map_or(size, |it| it.within(size))
    }

    /// Has an element read pictures where they are; it takes no others then.
    pub(super) fn import(&self, element: &gst::Element) {
        if self.family.is_m2m() {
            set(element, "output-io-mode", "dmabuf-import");
        }
    }

    pub(super) fn set_bitrate(&self, element: &gst::Element, bits_per_second: u32) {
        let rate = match self.family {
            Family::Hardware(it) => it.rate_of(bits_per_second),
            Family::Simulated => Some(("bitrate", bits_per_second)),
        };
        match rate {
            Some((name, value)) => set(element, name, &value.to_string()),
            None => {
                let controls = (self.quirks().controls)(bits_per_second);
                set(element, "extra-controls", &v4l2_controls(&controls));
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
        let mut asked = gst::Caps::builder("video/x-h264");
        let mut stream = gst::Caps::builder("video/x-h264")
            .field("stream-format", "byte-stream")
            .field("alignment", "au");
        match self.family.element().map(|it| it.profile) {
            Some(Profile::Read) => stream = stream.field("profile", gst::List::new(BASELINE)),
            Some(Profile::Asked(profile)) => asked = asked.field("profile", profile),
            None => asked = asked.field("profile", BASELINE[0]),
        }
        if self.family.is_m2m()
            && let Some(level) = self.quirks().level
        {
            asked = asked.field("level", level);
        }
        let parser = make("h264parse")?;
        parser.set_property("config-interval", -1_i32);
        Ok(Around {
            before,
            after: vec![
                caps_filter(&asked.build())?,
                parser,
                caps_filter(&stream.build())?,
            ],
        })
    }
}

/// Whether a factory says that it drives hardware, or is known to although it does not say so.
pub(super) fn is_hardware(factory: &gst::ElementFactory) -> bool {
    let class = factory.metadata(gst::ELEMENT_METADATA_KLASS);
    let known = element(&factory.name()).is_some_and(|it| !it.says_hardware);
    known || class.is_some_and(|class| class.contains("Hardware"))
}

impl Family {
    fn of(factory: &str) -> Option<(Self, Bitstream)> {
        if factory == SIMULATED_ENCODER {
            return Some((Self::Simulated, Bitstream::H264));
        }
        // The test driver's differs in what it makes alone.
        let (called, bitstream) = match factory.strip_suffix("fwhtenc") {
            Some(device) if device.starts_with("v4l2") => ("v4l2h264enc", Bitstream::Fwht),
            _ => (factory, Bitstream::H264),
        };
        element(called).map(|it| (Self::Hardware(it), bitstream))
    }

    fn element(self) -> Option<&'static Element> {
        match self {
            Self::Hardware(element) => Some(element),
            Self::Simulated => None,
        }
    }

    /// The smallest is tried first; what only stands in for hardware has none.
    fn order(self) -> Option<saal_hal_boards::Family> {
        self.element().map(|element| element.family)
    }

    fn is_m2m(self) -> bool {
        self.order() == Some(saal_hal_boards::Family::V4l2)
    }

    fn settings(self) -> &'static [(&'static str, &'static str)] {
        self.element()
            .map_or(SIMULATED_SETTINGS, |element| element.settings)
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
    fn the_test_driver_s_encoder_is_told_what_those_of_v4l2_are() {
        let told = |factory| Family::of(factory).and_then(|(family, _)| family.order());
        assert_eq!(told("v4l2fwhtenc"), told("v4l2h264enc"));
        let makes = |factory| Family::of(factory).map(|(_, bitstream)| bitstream);
        assert_eq!(makes("v4l2video2fwhtenc"), Some(Bitstream::Fwht));
        assert_eq!(makes("v4l2video11h264enc"), Some(Bitstream::H264));
        assert_eq!(makes("vafwhtenc"), None);
        assert_eq!(
            Family::of(SIMULATED_ENCODER).map(|(f, _)| f.order()),
            Some(None)
        );
    }

    /// As text of a pipeline, with what stands beside it. Settings that this version does not have are left out, as [`set`] does.
    fn launch(family: Family, factory: &gst::ElementFactory) -> String {
        let made = factory.create().build().unwrap();
        let rate = match family {
            Family::Hardware(it) => it.rate_of(1_000_000),
            Family::Simulated => Some(("bitrate", 1_000_000)),
        };
        let rate = rate.map(|(name, value)| (name, value.to_string()));
        let settings = family.settings().iter().copied();
        let settings = settings.map(|(name, value)| (name, value.to_owned()));
        let said = settings
            .chain(rate)
            .filter(|(name, _)| made.find_property(name).is_some())
            .map(|(name, value)| format!(" {name}={value}"));
        let profile = match family.element().map(|it| it.profile) {
            Some(Profile::Asked(profile)) => format!(",profile={profile}"),
            _ => String::new(),
        };
        format!(
            "videoconvert ! {}{} ! video/x-h264{profile} ! h264parse config-interval=-1",
            factory.name(),
            said.collect::<String>()
        )
    }

    /// What is said of encoders that this machine has can be said to them: the one that stands in for hardware is always there.
    #[test]
    fn what_is_known_of_the_encoders_that_are_installed_can_be_said_to_them() {
        gst::init().unwrap();
        let kind = gst::ElementFactoryType::ENCODER | gst::ElementFactoryType::MEDIA_VIDEO;
        let all = gst::ElementFactory::factories_with_type(kind, gst::Rank::NONE);
        let mut said = Vec::new();
        for factory in all.iter() {
            let Some((family, Bitstream::H264)) = Family::of(&factory.name()) else {
                continue;
            };
            let text = launch(family, factory);
            if let Err(error) = gst::parse::launch(&text) {
                panic!("{text}: {error}");
            }
            let says = family.element().is_some_and(|it| it.says_hardware);
            assert_eq!(says, is_hardware_by_class(factory), "{text}");
            said.push(text);
        }
        let settings = said.iter().any(|text| text.contains("complexity=low"));
        assert!(settings, "{said:?}");
    }

    fn is_hardware_by_class(factory: &gst::ElementFactory) -> bool {
        let class = factory.metadata(gst::ELEMENT_METADATA_KLASS);
        class.is_some_and(|class| class.contains("Hardware"))
    }

    #[test]
    fn pictures_around_an_encoder_are_of_the_profile_that_is_offered_everywhere() {
        gst::init().unwrap();
        for it in &saal_hal_boards::ELEMENTS {
            let encoder = HardwareEncoder {
                factory: String::new(),
                family: Family::Hardware(it),
                bitstream: Bitstream::H264,
                driver: None,
                intake: Intake::default(),
            };
            let around = encoder.around().unwrap();
            let caps: Vec<_> = around
                .after
                .iter()
                .filter(|element| element.find_property("caps").is_some())
                .map(|element| element.property::<gst::Caps>("caps").to_string())
                .collect();
            assert!(
                caps.iter().any(|caps| caps.contains("baseline")),
                "{caps:?}"
            );
        }
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
        assert_eq!(controls.get::<i32>("repeat_sequence_header"), Ok(0));
    }
}
