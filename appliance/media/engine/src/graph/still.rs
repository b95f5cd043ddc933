//! Pictures that are drawn once: placeholders and text.

use gstreamer as gst;
use saal_media_protocol::StillPicture;

use super::source_video::raw_caps;
use crate::lettering::Lettered;

/// The grey picture in tiles whose own is not there yet; 16:9 as most tiles are.
const PLACEHOLDER_WIDTH: u32 = 64;
const PLACEHOLDER_HEIGHT: u32 = 36;
const PLACEHOLDER_LUMA: u8 = 40;

/// Where a picture is not there yet, or not any more.
pub(super) fn placeholder() -> gst::Sample {
    let (width, height) = (PLACEHOLDER_WIDTH, PLACEHOLDER_HEIGHT);
    let luma = vec![PLACEHOLDER_LUMA; (width * height) as usize];
    let grey = vec![128; luma.len() / 4];
    let caps = raw_caps(width, height);
    picture(width, [&luma, &grey, &grey], &caps)
}

/// What the daemon drew, as it is composed.
#[must_use]
pub fn still_sample(still: &StillPicture) -> gst::Sample {
    let (width, height) = (still.width(), still.height());
    let luma = width as usize * height as usize;
    let (luma, differences) = still.planes().split_at(luma);
    let (blue, red) = differences.split_at(luma.len() / 4);
    picture(width, [luma, blue, red], &raw_caps(width, height))
}

/// Text that was drawn.
pub(super) fn lettered_picture(lettered: &Lettered) -> gst::Sample {
    let caps = raw_caps(lettered.width, lettered.height);
    let [blue, red] = &lettered.chroma;
    picture(lettered.width, [&lettered.luma, blue, red], &caps)
}

/// I420 of an even size; rows are as long as GStreamer expects, a multiple of four bytes.
pub(super) fn picture(width: u32, [luma, blue, red]: [&[u8]; 3], caps: &gst::Caps) -> gst::Sample {
    let mut picture = Vec::new();
    for (plane, width) in [(luma, width), (blue, width / 2), (red, width / 2)] {
        for row in plane.chunks(width.max(1) as usize) {
            picture.extend_from_slice(row);
            picture.resize(picture.len().next_multiple_of(4), 0);
        }
    }
    gst::Sample::builder()
        .buffer(&gst::Buffer::from_slice(picture))
        .caps(caps)
        .build()
}
