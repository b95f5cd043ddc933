//! The kernel's test driver of a codec, which runs in the virtual machine of the hardware tests
//! (drivers/media/test-drivers/vicodec). Its codec is FWHT, which no meeting takes.

use crate::{Control, M2mEncoder};

pub(crate) const NAME: &str = "vicodec";
pub(crate) const ENCODER: M2mEncoder = M2mEncoder {
    level: None,
    controls,
    whole: (16, 16),
};

/// Its quantizers' range.
const QUANTIZERS: std::ops::RangeInclusive<u32> = 1..=31;

/// It can't be asked for a key frame, so all are; and it has no rate, so that the quantizers stand in for it: the coarsest
/// for 1 Mbit/s, the finest for 4.
fn controls(bits_per_second: u32) -> Vec<Control> {
    let quantizer = 41_u32.saturating_sub(bits_per_second / 100_000);
    let quantizer = quantizer.clamp(*QUANTIZERS.start(), *QUANTIZERS.end());
    vec![
        ("video_gop_size", 1),
        ("fwht_i_frame_qp_value", quantizer),
        ("fwht_p_frame_qp_value", quantizer),
    ]
}
