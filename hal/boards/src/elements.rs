//! Elements of GStreamer that encode H.264 by hardware: how each is told what calls need. Constrained baseline, constant
//! rate, key frames only when somebody asks, no picture that waits for a later one.
//!
//! None of them encodes several sizes at once for calls: H.264 goes out as one stream (docs/adr/0010). Properties differ between
//! versions of a plugin; whether an element does what it is told, its trial shows (docs/adr/0026).

/// Pictures between key frames that nobody asked for.
const KEY_FRAME_DISTANCE: &str = "1000";
/// Two 4:2:0 samples side by side and one above the other share their colour: there are even sizes only.
const EVEN: (u32, u32) = (2, 2);

/// Elements that are told the same things in the same words. The first is the one to try first: of Intel's two the low-power one
/// leaves the shaders to others, and a vendor's own knows its hardware better than what the kernel says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// VA-API's low-power entry point, Intel alone.
    VaLowPower,
    /// VA-API.
    Va,
    /// Intel's Quick Sync.
    QuickSync,
    /// NVIDIA's NVENC.
    Nvidia,
    /// Rockchip's Media Process Platform, where the vendor's kernel has no V4L2 driver.
    Rockchip,
    /// NXP's i.MX 8M Mini and Plus with the vendor's kernel.
    Imx,
    /// A driver of V4L2. What it is told beyond its settings says [`crate::m2m_encoder`].
    V4l2,
}

/// The property that takes the rate, and its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Of this name, in kbit/s.
    Kilobits(&'static str),
    /// Of this name, in bit/s.
    Bits(&'static str),
    /// Controls of the driver.
    Controls,
}

/// What an element says of the profile that it makes (H.264, annex A.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// It is asked for in these words at the element's own output.
    Asked(&'static str),
    /// It says nothing: what it made is read from the stream, and refused if it is more than baseline.
    Read,
}

/// What is known of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// Which one.
    pub family: Family,
    /// How its names begin and end; further devices of a machine have their number in between.
    names: &'static [(&'static str, &'static str)],
    /// Properties and their values, in GStreamer's words.
    pub settings: &'static [(&'static str, &'static str)],
    /// Where the rate goes.
    pub rate: Rate,
    /// How constrained baseline is had.
    pub profile: Profile,
    /// Width and height in pixels whose multiples it reads in the memory of others; `None`: it takes copies.
    pub reads: Option<(u32, u32)>,
    /// The largest pictures in pixels that all of its hardware takes.
    pub largest: (u32, u32),
    /// Its class says that it is hardware.
    pub says_hardware: bool,
}

/// All that are known, the first to try first.
pub const ELEMENTS: [Element; 7] = [
    // gstreamer.freedesktop.org/documentation/va/vah264lpenc.html, vah264enc.html, as of 1.22 to 1.28: rank none; rates
    // "cbr", "vbr", "cqp" of which a driver leaves some out; the rate in kbit/s; NV12 alone. They look themselves whether memory can
    // be imported, and copy what can't be (gst_va_base_enc_import_input_buffer, as read in 1.22). Intel's and AMD's oldest
    // chips in use take 4096 pixels (`vainfo -a`). Known to refuse: AMD's without "cbr" at 1.22; Intel's low-power one where the
    // firmware HuC is not loaded, which "cbr" needs there (docs.kernel.org/gpu/i915.html, HuC).
    Element {
        family: Family::VaLowPower,
        names: &[("va", "h264lpenc")],
        settings: VA,
        rate: Rate::Kilobits("bitrate"),
        profile: Profile::Asked("constrained-baseline"),
        reads: Some(EVEN),
        largest: (4_096, 4_096),
        says_hardware: true,
    },
    Element {
        family: Family::Va,
        names: &[("va", "h264enc")],
        settings: VA,
        rate: Rate::Kilobits("bitrate"),
        profile: Profile::Asked("constrained-baseline"),
        reads: Some(EVEN),
        largest: (4_096, 4_096),
        says_hardware: true,
    },
    // gstreamer.freedesktop.org/documentation/qsv/qsvh264enc.html: rank none; 16 to 8192 pixels are offered, of which the chips up
    // to the eleventh generation take 4096 (Intel's media capabilities); "low-latency" sets one picture at a time (AsyncDepth 1).
    // Known to refuse: a machine without libmfx or oneVPL, where the plugin has no element.
    Element {
        family: Family::QuickSync,
        names: &[("qsvh264", "enc")],
        settings: &[
            ("rate-control", "cbr"),
            ("gop-size", KEY_FRAME_DISTANCE),
            ("b-frames", "0"),
            ("ref-frames", "1"),
            ("low-latency", "true"),
        ],
        rate: Rate::Kilobits("bitrate"),
        profile: Profile::Asked("constrained-baseline"),
        reads: None,
        largest: (4_096, 4_096),
        says_hardware: true,
    },
    // gstreamer.freedesktop.org/documentation/nvcodec/nvh264enc.html, nvautogpuh264enc.html: 160x64 to 4096x4096; the rate in
    // kbit/s; "bframes" without a hyphen in the older element, "b-frames" in the newer. Known to refuse: consumer cards beyond
    // their number of sessions (NVENC application note), chips without NVENC such as GeForce MX.
    Element {
        family: Family::Nvidia,
        names: &[
            ("nvh264", "enc"),
            ("nvautogpuh264", "enc"),
            ("nvcudah264", "enc"),
        ],
        settings: &[
            ("rc-mode", "cbr"),
            ("rate-control", "cbr"),
            ("gop-size", KEY_FRAME_DISTANCE),
            ("bframes", "0"),
            ("b-frames", "0"),
            ("zerolatency", "true"),
            ("zero-reorder-delay", "true"),
            ("repeat-sequence-header", "true"),
        ],
        rate: Rate::Kilobits("bitrate"),
        profile: Profile::Asked("constrained-baseline"),
        reads: None,
        largest: (4_096, 4_096),
        says_hardware: true,
    },
    // github.com/JeffyCN/rockchip_mirrors, branch gstreamer (gstmppenc.c, gstmpph264enc.c): its class is "Codec/Encoder/Video"; 96x64 and
    // more; the rate in bit/s; "baseline" is its one name for both, and what it makes is the constrained one (no CABAC, no
    // 8x8 transform). The smallest chip that it drives encodes 1080p (RK3566: datasheet, 1080p60). Known to refuse: a kernel
    // without /dev/mpp_service.
    Element {
        family: Family::Rockchip,
        names: &[("mpph264enc", "")],
        settings: &[
            ("rc-mode", "cbr"),
            ("gop", KEY_FRAME_DISTANCE),
            ("profile", "baseline"),
            ("header-mode", "each-idr"),
        ],
        rate: Rate::Bits("bps"),
        profile: Profile::Asked("baseline"),
        reads: None,
        largest: (1_920, 1_088),
        says_hardware: false,
    },
    // NXP, i.MX Linux User's Guide, "Video encoding" (imx-gst1.0-plugin): the rate in kbit/s, constant as soon as it is not 0; no
    // pictures that wait for later ones; its output says no profile. i.MX 8M Plus reference manual: H.264 up to 1080p60.
    // Known to refuse: i.MX 8M (Quad) has no encoder, and a mainline kernel has no driver for that of the Plus.
    Element {
        family: Family::Imx,
        names: &[("vpuenc_h264", "")],
        settings: &[("gop-size", KEY_FRAME_DISTANCE)],
        rate: Rate::Kilobits("bitrate"),
        profile: Profile::Read,
        reads: None,
        largest: (1_920, 1_088),
        says_hardware: false,
    },
    // gstreamer.freedesktop.org/documentation/video4linux2, and the driver's own facts beside it.
    Element {
        family: Family::V4l2,
        names: &[("v4l2", "h264enc")],
        settings: &[],
        rate: Rate::Controls,
        profile: Profile::Asked("constrained-baseline"),
        reads: None,
        largest: (1_920, 1_088),
        says_hardware: true,
    },
];

const VA: &[(&str, &str)] = &[
    ("rate-control", "cbr"),
    ("key-int-max", KEY_FRAME_DISTANCE),
    ("b-frames", "0"),
    ("ref-frames", "1"),
];

/// The element of this name in GStreamer; `None`: how to tell it what calls need is not known.
#[must_use]
pub fn element(factory: &str) -> Option<&'static Element> {
    ELEMENTS.iter().find(|element| element.is_called(factory))
}

impl Element {
    fn is_called(&self, factory: &str) -> bool {
        self.names.iter().any(|(begins, ends)| match *ends {
            "" => factory == *begins,
            ends => {
                let rest = factory.strip_prefix(begins);
                rest.is_some_and(|rest| rest.ends_with(ends))
            }
        })
    }

    /// The rate as its property takes it; `None` where it goes another way.
    #[must_use]
    pub fn rate_of(&self, bits_per_second: u32) -> Option<(&'static str, u32)> {
        match self.rate {
            Rate::Kilobits(name) => Some((name, (bits_per_second / 1_000).max(1))),
            Rate::Bits(name) => Some((name, bits_per_second)),
            Rate::Controls => None,
        }
    }

    /// The size to encode pictures of this size in: the same, or as large as it takes, as wide for their height.
    #[must_use]
    pub fn within(&self, (width, height): (u32, u32)) -> (u32, u32) {
        let (most_wide, most_high) = self.largest;
        if width <= most_wide && height <= most_high {
            return (width, height);
        }
        let scaled = |of: u32, by: u32, from: u32| {
            let scaled = u64::from(of) * u64::from(by) / u64::from(from.max(1));
            u32::try_from(scaled).unwrap_or(u32::MAX) & !1
        };
        let by_width = (most_wide, scaled(height, most_wide, width));
        if by_width.1 <= most_high {
            return by_width;
        }
        (scaled(width, most_high, height), most_high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(factory: &str) -> Option<Family> {
        element(factory).map(|element| element.family)
    }

    #[test]
    fn elements_are_known_by_their_names_further_devices_too() {
        for (factory, expected) in [
            ("vah264lpenc", Some(Family::VaLowPower)),
            ("varenderD129h264lpenc", Some(Family::VaLowPower)),
            ("vah264enc", Some(Family::Va)),
            ("varenderD129h264enc", Some(Family::Va)),
            ("qsvh264enc", Some(Family::QuickSync)),
            ("qsvh264device1enc", Some(Family::QuickSync)),
            ("nvh264enc", Some(Family::Nvidia)),
            ("nvh264device1enc", Some(Family::Nvidia)),
            ("nvautogpuh264enc", Some(Family::Nvidia)),
            ("mpph264enc", Some(Family::Rockchip)),
            ("mpph265enc", None),
            ("vpuenc_h264", Some(Family::Imx)),
            ("vpuenc_hevc", None),
            ("v4l2h264enc", Some(Family::V4l2)),
            ("v4l2video11h264enc", Some(Family::V4l2)),
            ("x264enc", None),
            ("openh264enc", None),
            ("vah265enc", None),
            ("vp8enc", None),
        ] {
            assert_eq!(family(factory), expected, "{factory}");
        }
    }

    #[test]
    fn the_first_is_tried_first_and_each_is_there_once() {
        let families: Vec<_> = ELEMENTS.iter().map(|element| element.family).collect();
        assert!(
            families.is_sorted_by(|one, next| one < next),
            "{families:?}"
        );
    }

    #[test]
    fn a_rate_is_in_the_unit_of_its_property_and_never_none_at_all() {
        let rate = |factory| element(factory).and_then(|element| element.rate_of(900_500));
        assert_eq!(rate("vah264enc"), Some(("bitrate", 900)));
        assert_eq!(rate("mpph264enc"), Some(("bps", 900_500)));
        assert_eq!(rate("v4l2h264enc"), None);
        let least = element("vpuenc_h264").and_then(|element| element.rate_of(10));
        assert_eq!(least, Some(("bitrate", 1)), "0 is no constant rate there");
    }

    #[test]
    fn pictures_that_are_too_large_keep_their_shape() {
        let pi = element("v4l2h264enc").unwrap();
        assert_eq!(pi.within((1_280, 720)), (1_280, 720));
        assert_eq!(pi.within((1_920, 1_080)), (1_920, 1_080));
        assert_eq!(pi.within((3_840, 2_160)), (1_920, 1_080));
        assert_eq!(pi.within((1_920, 1_440)), (1_450, 1_088));
        assert_eq!(pi.within((1_080, 1_920)), (612, 1_088));
    }

    #[test]
    fn every_element_is_told_to_be_even_and_quick() {
        for element in &ELEMENTS {
            let says = |name: &str| element.settings.iter().any(|(of, _)| *of == name);
            let distance = element
                .settings
                .iter()
                .any(|(_, value)| *value == KEY_FRAME_DISTANCE);
            assert!(distance || element.rate == Rate::Controls, "{element:?}");
            // Those that could let pictures wait are told not to.
            let reorders = !matches!(
                element.family,
                Family::Rockchip | Family::Imx | Family::V4l2
            );
            assert_eq!(says("b-frames") || says("bframes"), reorders, "{element:?}");
        }
    }
}
