//! Controls of cameras by their numbers in the kernel (linux/v4l2-controls.h).

use std::io;

use saal_hal::{Control, ControlState};
use v4l::{Device, v4l_sys::v4l2_queryctrl};

use crate::v4l2_calls::{get_control, query_control, set_control};

const USER: u32 = 0x0098_0900;
const CAMERA: u32 = 0x009a_0900;

/// V4L2_CTRL_FLAG_DISABLED
const DISABLED: u32 = 0x0001;
/// V4L2_CTRL_FLAG_READ_ONLY
const READ_ONLY: u32 = 0x0004;
/// V4L2_EXPOSURE_AUTO, _MANUAL and _APERTURE_PRIORITY: how cameras name that they expose by themselves differs.
const EXPOSES_ALL: i32 = 0;
const EXPOSES_BY_HAND: i32 = 1;
const EXPOSES_TIME: i32 = 3;

fn number(control: Control) -> u32 {
    match control {
        Control::Brightness => USER,
        Control::AutoWhiteBalance => USER + 12,
        Control::PowerLine => USER + 24,
        Control::WhiteBalance => USER + 26,
        Control::AutoExposure => CAMERA + 1,
        Control::Exposure => CAMERA + 2,
        Control::Pan => CAMERA + 8,
        Control::Tilt => CAMERA + 9,
        Control::Focus => CAMERA + 10,
        Control::AutoFocus => CAMERA + 12,
        Control::Zoom => CAMERA + 13,
        Control::Privacy => CAMERA + 16,
    }
}

/// All controls that the device has.
pub(crate) fn controls(device: &Device) -> Vec<ControlState> {
    let all = Control::ALL.into_iter();
    all.filter_map(|control| state(device, control)).collect()
}

/// Whether the shutter is closed; `None` without one that tells.
pub(crate) fn covered(device: &Device) -> Option<bool> {
    state(device, Control::Privacy).map(|state| state.value != 0)
}

/// One that the device has and can be asked for.
fn state(device: &Device, control: Control) -> Option<ControlState> {
    let query = query_control(device, number(control)).ok()?;
    if query.flags & DISABLED != 0 {
        return None;
    }
    let value = get_control(device, number(control)).ok()?;
    Some(told(control, &query, value))
}

fn told(control: Control, query: &v4l2_queryctrl, value: i32) -> ControlState {
    let settable = query.flags & READ_ONLY == 0 && control != Control::Privacy;
    if control == Control::AutoExposure {
        let by_itself = |value: i32| i32::from(value != EXPOSES_BY_HAND);
        return ControlState {
            control,
            least: 0,
            most: 1,
            step: 1,
            normal: by_itself(query.default_value),
            value: by_itself(value),
            settable,
        };
    }
    let (least, most) = (query.minimum, query.maximum.max(query.minimum));
    let within = |value: i32| value.clamp(least, most);
    ControlState {
        control,
        least,
        most,
        step: query.step.max(1),
        normal: within(query.default_value),
        value: within(value),
        settable,
    }
}

/// Sets what can be set; `None`: the device lacks it, or only people at the device set it.
pub(crate) fn set(device: &Device, control: Control, value: i32) -> Option<io::Result<i32>> {
    let state = state(device, control).filter(|state| state.settable)?;
    if let Some(automatic) = control.automatic()
        && state_is_on(device, automatic)
        && let Some(Err(error)) = set(device, automatic, 0)
    {
        return Some(Err(error));
    }
    let value = state.nearest(value);
    if control == Control::AutoExposure {
        return Some(set_exposure(device, value).map(|()| value));
    }
    Some(set_control(device, number(control), value))
}

fn state_is_on(device: &Device, automatic: Control) -> bool {
    state(device, automatic).is_some_and(|state| state.value != 0)
}

fn set_exposure(device: &Device, by_itself: i32) -> io::Result<()> {
    let number = number(Control::AutoExposure);
    if by_itself == 0 {
        return set_control(device, number, EXPOSES_BY_HAND).map(drop);
    }
    // Most webcams have no iris to move, and know only the second.
    set_control(device, number, EXPOSES_ALL)
        .or_else(|_| set_control(device, number, EXPOSES_TIME))
        .map(drop)
}
