//! What drivers, and the elements of GStreamer that drive hardware, want to be told beyond the interface that they implement. Data,
//! one file for each kind of driver.
//!
//! Boards without an encoder have no entry: a Raspberry Pi 5 has none at all (Raspberry Pi Ltd, "Raspberry Pi 5: product brief":
//! it decodes HEVC alone), nor has an i.MX 8M Quad. There a program encodes.

mod bcm2835;
mod elements;
mod stateful;
mod vicodec;

pub use elements::{ELEMENTS, Element, Family, Profile, Rate, element};

/// A control of V4L2 by the name that GStreamer makes of the kernel's, and its value.
pub type Control = (&'static str, u32);

/// How a V4L2 driver that encodes is told what calls need.
#[derive(Clone, Copy, Debug)]
pub struct M2mEncoder {
    /// The level to negotiate (H.264, annex A.3), for drivers that take theirs from there.
    pub level: Option<&'static str>,
    /// All controls for so many bits a second. They are set together, before it begins and while it runs.
    pub controls: fn(bits_per_second: u32) -> Vec<Control>,
    /// Width and height in pixels that its pictures are made up to multiples of. A camera's memory ends where its picture
    /// does, so that it can be read where it is in these sizes only.
    pub whole: (u32, u32),
}

/// The driver of this name, as VIDIOC_QUERYCAP says it. One that is not known here does what the interface says.
#[must_use]
pub fn m2m_encoder(driver: &str) -> M2mEncoder {
    match driver {
        bcm2835::NAME => bcm2835::ENCODER,
        vicodec::NAME => vicodec::ENCODER,
        _ => stateful::ENCODER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(driver: &str, rate: u32, name: &str) -> Option<u32> {
        let controls = (m2m_encoder(driver).controls)(rate);
        controls
            .iter()
            .find(|(of, _)| *of == name)
            .map(|(_, value)| *value)
    }

    #[test]
    fn a_driver_that_is_not_known_is_told_the_rate() {
        assert_eq!(value("some-codec", 900_000, "video_bitrate"), Some(900_000));
        assert_eq!(value("some-codec", 900_000, "video_b_frames"), Some(0));
        assert_eq!(m2m_encoder("some-codec").level, Some("3.1"));
    }

    #[test]
    fn a_raspberry_pi_4_is_given_rates_that_it_knows_and_no_headers_that_make_it_stop() {
        let rate = |rate| value("bcm2835-codec", rate, "video_bitrate");
        assert_eq!(rate(900_000), Some(900_000));
        assert_eq!(rate(910_000), Some(900_000), "in steps");
        assert_eq!(
            (rate(1_000), rate(u32::MAX)),
            (Some(25_000), Some(25_000_000))
        );
        let headers = value("bcm2835-codec", 900_000, "repeat_sequence_header");
        assert_eq!(headers, Some(0));
    }

    #[test]
    fn vicodec_has_a_quality_in_place_of_a_rate() {
        let quality = |rate| value("vicodec", rate, "fwht_i_frame_qp_value");
        assert_eq!(value("vicodec", 900_000, "video_bitrate"), None);
        assert!(quality(4_000_000) < quality(1_000_000));
        assert_eq!((quality(1), quality(u32::MAX)), (Some(31), Some(1)));
    }

    #[test]
    fn what_vicodec_makes_up_is_known_and_what_others_do_is_tried() {
        assert_eq!(m2m_encoder("vicodec").whole, (16, 16));
        // Of pictures with half as many colours in each direction there are even sizes only.
        assert_eq!(m2m_encoder("some-codec").whole, (2, 2));
    }
}
