//! What drivers want to be told beyond the interface that they implement. Data, one file for each kind of driver.

mod stateful;
mod vicodec;

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
