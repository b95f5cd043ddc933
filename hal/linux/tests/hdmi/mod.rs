//! A grabber's HDMI input, of the kernel's test driver vivid.

use saal_hal::Camera;

/// Has the input see a signal, or none.
pub(crate) fn plug_into(input: &Camera, there: bool) {
    let device = v4l::Device::with_path(&input.node).unwrap();
    let controls = device.query_controls().unwrap();
    let mode = controls.iter().find(|c| c.name == "DV Timings Signal Mode");
    let value = v4l::control::Value::Integer(i64::from(!there));
    let id = mode.expect("vivid has it").id;
    device.set_control(v4l::Control { id, value }).unwrap();
}
