//! Temporal layers of the VP8 encoder: frames in the pattern 0, 2, 1, 2, so that a server can give
//! a receiver a half or a quarter of them. Nothing builds on layer 2, only layer 2 on layer 1.

use gstreamer::{self as gst, prelude::*};

use crate::transport::Temporal;

/// Layer of each frame of the pattern.
const PATTERN: [i32; 4] = [0, 2, 1, 2];
/// Which references each frame of the pattern leaves alone: layer 0 lives in "last", layer 1 in
/// "golden". Entropy is carried on by layer 0 alone, so that the others can go missing.
const REFERENCES: &str = "<\
    no-ref-golden+no-ref-alt+no-upd-golden+no-upd-alt, \
    no-ref-golden+no-ref-alt+no-upd-last+no-upd-golden+no-upd-alt+no-upd-entropy, \
    no-ref-golden+no-ref-alt+no-upd-last+no-upd-alt+no-upd-entropy, \
    no-ref-alt+no-upd-last+no-upd-golden+no-upd-alt+no-upd-entropy>";
/// Frames that need layer 0 only.
const SYNC: &str = "<false, true, true, false>";
/// Frames of the pattern divided by those up to each layer.
const DECIMATORS: [i32; 3] = [4, 2, 1];
/// Hundredths of the bit rate up to each layer; what browsers share out too.
const SHARES: [u32; 3] = [40, 60, 100];

/// Sets an encoder up for the pattern.
pub(super) fn set_layers(encoder: &gst::Element, bits_per_second: u32) {
    encoder.set_property("temporal-scalability-number-layers", 3_i32);
    encoder.set_property("temporal-scalability-periodicity", 4_i32);
    encoder.set_property("temporal-scalability-layer-id", array(PATTERN));
    encoder.set_property("temporal-scalability-rate-decimator", array(DECIMATORS));
    encoder.set_property_from_str("temporal-scalability-layer-flags", REFERENCES);
    encoder.set_property_from_str("temporal-scalability-layer-sync-flags", SYNC);
    set_bitrate(encoder, bits_per_second);
}

/// Shares a bit rate out among the layers.
pub(super) fn set_bitrate(encoder: &gst::Element, bits_per_second: u32) {
    let up_to = SHARES.map(|share| {
        let rate = u64::from(bits_per_second) * u64::from(share) / 100;
        i32::try_from(rate).unwrap_or(i32::MAX)
    });
    encoder.set_property("temporal-scalability-target-bitrate", array(up_to));
}

fn array<const N: usize>(values: [i32; N]) -> gst::glib::ValueArray {
    gst::glib::ValueArray::new(values)
}

/// Where in the pattern an encoded frame is; `None` without layers.
pub(super) fn place(buffer: &gst::BufferRef) -> Option<Temporal> {
    let meta = gst::meta::CustomMeta::from_buffer(buffer, "GstVP8Meta").ok()?;
    let said = meta.structure();
    if !said.get::<bool>("use-temporal-scaling").ok()? {
        return None;
    }
    Some(Temporal {
        id: u8::try_from(said.get::<u32>("layer-id").ok()?).ok()?,
        sync: said.get::<bool>("layer-sync").ok()?,
    })
}
