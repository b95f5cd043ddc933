//! What can be turned on a camera.

use serde::{Deserialize, Serialize};

/// Something that can be turned on a camera. Numbers are the camera's own, in V4L2's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// Focal length or crop; the least is the widest picture.
    Zoom,
    /// Seconds of arc, positive to the right as the camera looks (V4L2: clockwise from above).
    Pan,
    /// Seconds of arc, positive upwards.
    Tilt,
    /// 1: the camera focuses by itself.
    AutoFocus,
    /// Nearer with larger numbers.
    Focus,
    /// 1: the camera exposes by itself.
    AutoExposure,
    /// Tenths of a millisecond.
    Exposure,
    /// 1: the camera balances white by itself.
    AutoWhiteBalance,
    /// Kelvin.
    WhiteBalance,
    /// Lightness of the picture.
    Brightness,
    /// Frequency of the lamps, against flicker: 0 none, 1 50 Hz, 2 60 Hz, 3 the camera finds out.
    PowerLine,
    /// 1: the shutter is closed, or a key on the camera keeps the picture back. Only people at the camera open it.
    Privacy,
}

impl Control {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Zoom,
        Self::Pan,
        Self::Tilt,
        Self::AutoFocus,
        Self::Focus,
        Self::AutoExposure,
        Self::Exposure,
        Self::AutoWhiteBalance,
        Self::WhiteBalance,
        Self::Brightness,
        Self::PowerLine,
        Self::Privacy,
    ];

    /// What sets this by itself, and has to stop when somebody sets it.
    #[must_use]
    pub fn automatic(self) -> Option<Self> {
        match self {
            Self::Focus => Some(Self::AutoFocus),
            Self::Exposure => Some(Self::AutoExposure),
            Self::WhiteBalance => Some(Self::AutoWhiteBalance),
            _ => None,
        }
    }

    /// As on the wire and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zoom => "zoom",
            Self::Pan => "pan",
            Self::Tilt => "tilt",
            Self::AutoFocus => "auto_focus",
            Self::Focus => "focus",
            Self::AutoExposure => "auto_exposure",
            Self::Exposure => "exposure",
            Self::AutoWhiteBalance => "auto_white_balance",
            Self::WhiteBalance => "white_balance",
            Self::Brightness => "brightness",
            Self::PowerLine => "power_line",
            Self::Privacy => "privacy",
        }
    }

    /// By its name on the wire.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|control| control.as_str() == name)
    }
}

/// A control of a camera as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlState {
    /// Which.
    pub control: Control,
    /// The least value.
    pub least: i32,
    /// The greatest value.
    pub most: i32,
    /// From one value to the next, above zero.
    pub step: i32,
    /// What the camera begins with.
    pub normal: i32,
    /// What it is now.
    pub value: i32,
    /// False: it tells something, and nobody sets it from here.
    pub settable: bool,
}

impl ControlState {
    /// The value that the camera has nearest to this one.
    #[must_use]
    pub fn nearest(&self, value: i32) -> i32 {
        let (least, step) = (i64::from(self.least), i64::from(self.step.max(1)));
        let above = i64::from(value.clamp(self.least, self.most)) - least;
        // The greatest need not be a whole number of steps above the least.
        let most = (i64::from(self.most) - least) / step;
        let steps = ((above + step / 2) / step).min(most);
        i32::try_from(least + steps * step).unwrap_or(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(least: i32, most: i32, step: i32) -> ControlState {
        ControlState {
            control: Control::Pan,
            least,
            most,
            step,
            normal: 0,
            value: 0,
            settable: true,
        }
    }

    #[test]
    fn the_nearest_value_is_one_that_the_camera_has() {
        let pan = range(-36_000, 36_000, 3_600);
        for (asked, had) in [
            (0, 0),
            (1_700, 0),
            (1_900, 3_600),
            (-1_900, -3_600),
            (99_999, 36_000),
            (i32::MIN, -36_000),
            (i32::MAX, 36_000),
        ] {
            assert_eq!(pan.nearest(asked), had, "{asked}");
        }
        assert_eq!(range(0, 10, 4).nearest(10), 8);
        assert_eq!(range(i32::MIN, i32::MAX, 1).nearest(7), 7);
        assert_eq!(range(3, 3, 0).nearest(9), 3);
    }

    #[test]
    fn every_control_is_found_by_its_name() {
        for control in Control::ALL {
            assert_eq!(Control::named(control.as_str()), Some(control));
            let wire = serde_json::to_string(&control).unwrap();
            assert_eq!(wire, format!("\"{}\"", control.as_str()));
        }
        assert_eq!(Control::named("warp"), None);
    }
}
