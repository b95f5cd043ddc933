//! One matrix for all pictures that are composed.

use gstreamer::{self as gst, prelude::*};
use gstreamer_video as gst_video;

/// Where nothing says which matrix a picture has, GStreamer guesses by its size: BT.601 for a small
/// one or a text, BT.709 for a large one. The compositor would convert each picture that differs
/// from the last input, which costs more than composing; web clients send the same for all sizes.
pub(super) fn call_all_one(pad: &gst::Pad) {
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, |_, info| {
        let caps = match info.event().map(|event| event.view()) {
            Some(gst::EventView::Caps(event)) => event.caps_owned(),
            _ => return gst::PadProbeReturn::Ok,
        };
        if let Some(caps) = one_colorimetry(caps) {
            info.data = Some(gst::PadProbeData::Event(gst::event::Caps::new(&caps)));
        }
        gst::PadProbeReturn::Ok
    });
}

/// `None` for full range and what else is not guessed.
fn one_colorimetry(mut caps: gst::Caps) -> Option<gst::Caps> {
    let info = gst_video::VideoInfo::from_caps(&caps).ok()?;
    let colorimetry = info.colorimetry().to_string();
    if info.format() != gst_video::VideoFormat::I420
        || !["bt601", "bt709"].contains(&colorimetry.as_str())
    {
        return None;
    }
    let structure = caps.make_mut().structure_mut(0)?;
    structure.set("colorimetry", "bt709");
    structure.set("chroma-site", "mpeg2");
    Some(caps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(format: gst_video::VideoFormat, height: u32) -> gst::Caps {
        let info = gst_video::VideoInfo::builder(format, 640, height).build();
        info.unwrap().to_caps().unwrap()
    }

    fn colours(caps: &gst::Caps) -> (String, gst_video::VideoChromaSite) {
        let info = gst_video::VideoInfo::from_caps(caps).unwrap();
        (info.colorimetry().to_string(), info.chroma_site())
    }

    #[test]
    fn guesses_become_one_and_the_rest_stays() {
        gst::init().unwrap();
        let guessed = |height| caps(gst_video::VideoFormat::I420, height);
        assert_ne!(colours(&guessed(360)), colours(&guessed(720)));
        let [small, large] = [360, 720].map(|height| one_colorimetry(guessed(height)).unwrap());
        assert_eq!(colours(&small), colours(&large));
        let mut full_range = guessed(720);
        full_range.make_mut().set("colorimetry", "1:4:0:0");
        assert_eq!(one_colorimetry(full_range), None);
        assert_eq!(
            one_colorimetry(caps(gst_video::VideoFormat::Bgrx, 720)),
            None
        );
    }
}
