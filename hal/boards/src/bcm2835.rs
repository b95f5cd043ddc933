//! The encoder of Raspberry Pi 4 and its elders (bcm2835-codec, in the vendor's kernel).

use crate::{Control, M2mEncoder, stateful};

pub(crate) const NAME: &str = "bcm2835-codec";
pub(crate) const ENCODER: M2mEncoder = M2mEncoder {
    // Nothing below 3 begins for 640x480, and without a level nothing is agreed on (github.com/raspberrypi/linux, issues 3974
    // and 4906).
    level: Some("3.1"),
    controls,
    // Rows of its pictures begin at multiples of so many bytes (bcm2835-v4l2-codec.c, bytesperline_align); 720p is one.
    whole: (32, 2),
};

/// Bits a second that its control takes (`v4l2-ctl -L`, in issue 4917 there).
const RATES: std::ops::RangeInclusive<u32> = 25_000..=25_000_000;
const STEP: u32 = 25_000;

/// As other drivers. But when each key frame repeats its headers, the firmware has no room for one after some 20,000 pictures
/// and stops (issue 4520 there). They are put before key frames behind it.
fn controls(bits_per_second: u32) -> Vec<Control> {
    let rate = bits_per_second.clamp(*RATES.start(), *RATES.end()) / STEP * STEP;
    let mut controls = stateful::controls(rate);
    for (name, value) in &mut controls {
        if *name == "repeat_sequence_header" {
            *value = 0;
        }
    }
    controls
}
