//! Drivers that keep to the kernel's interface of stateful encoders (userspace-api/media/v4l/dev-encoder.rst).

use crate::{Control, M2mEncoder};

/// Pictures between key frames that nobody asked for.
const KEY_FRAME_DISTANCE: u32 = 1_000;

pub(crate) const ENCODER: M2mEncoder = M2mEncoder {
    // Enough for 720p30.
    level: Some("3.1"),
    controls,
    // One that needs more refuses the first picture, and gets copies.
    whole: (2, 2),
};

/// Constant rate, no picture that waits for a later one, parameters before each key frame. A driver that lacks a control
/// leaves it out; whether it does what it should, its trial tells.
pub(crate) fn controls(bits_per_second: u32) -> Vec<Control> {
    vec![
        ("video_bitrate", bits_per_second),
        ("video_bitrate_mode", 1),
        ("video_gop_size", KEY_FRAME_DISTANCE),
        ("h264_i_frame_period", KEY_FRAME_DISTANCE),
        ("video_b_frames", 0),
        ("repeat_sequence_header", 1),
    ]
}
