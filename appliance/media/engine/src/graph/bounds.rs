//! How large received pictures may be: their size is a stranger's claim, their memory is ours.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use gstreamer::{self as gst, prelude::*};

use super::KEPT_BACK;

/// Pixels of a side, and of a picture: more than any camera of a meeting or screen of 4K has (H.264, level 5.2), and no more
/// memory than a decoder should get because a stranger says so.
const MOST_SIDE: u32 = 4096;
const MOST_PIXELS: u32 = 4096 * 2304;

/// Whether a picture of this many pixels is not decoded.
#[must_use]
pub fn too_large(width: u32, height: u32) -> bool {
    width > MOST_SIDE || height > MOST_SIDE || width * height > MOST_PIXELS
}

/// Lets nothing of pictures that are too large go on from a parser, which knows their size before anything decodes them. `is`
/// says how they are now; `changed` is called when that is another than before.
pub(super) fn bound(
    parser: &gst::Element,
    is: Arc<AtomicBool>,
    changed: impl Fn() + Send + Sync + 'static,
) {
    let pad = parser.static_pad("src").expect("every parser has one");
    let of_both = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
    pad.add_probe(of_both, move |_, info| {
        if let Some(gst::EventView::Caps(caps)) = info.event().map(|event| event.view()) {
            let large = size(caps.caps()).is_some_and(|(width, height)| too_large(width, height));
            if is.swap(large, Ordering::Relaxed) != large {
                changed();
            }
            return if large {
                KEPT_BACK
            } else {
                gst::PadProbeReturn::Ok
            };
        }
        if info.buffer().is_some() && is.load(Ordering::Relaxed) {
            return KEPT_BACK;
        }
        gst::PadProbeReturn::Ok
    });
}

fn size(caps: &gst::CapsRef) -> Option<(u32, u32)> {
    let structure = caps.structure(0)?;
    let pixels = |name| u32::try_from(structure.get::<i32>(name).ok()?).ok();
    Some((pixels("width")?, pixels("height")?))
}

#[cfg(test)]
mod tests {
    use super::too_large;

    #[test]
    fn whatever_a_camera_or_a_screen_has_is_decoded_and_nothing_beyond() {
        for (width, height) in [
            (1, 1),
            (1920, 1080),
            (3840, 2160),
            (4096, 2304),
            (2304, 4096),
        ] {
            assert!(!too_large(width, height), "{width}x{height}");
        }
        for (width, height) in [
            (4097, 16),
            (16, 4097),
            (4096, 4096),
            (16_383, 16_383),
            (65_536, 65_536),
        ] {
            assert!(too_large(width, height), "{width}x{height}");
        }
    }
}
