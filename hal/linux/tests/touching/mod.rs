//! A touch screen that is software, as the kernel's uinput makes one.

use evdev::{
    AbsInfo, AbsoluteAxisCode as Axis, AttributeSet, EventType, InputEvent, PropType,
    UinputAbsSetup, uinput::VirtualDevice,
};

/// The most that its axes report; they are not the same, as with most.
pub(crate) const MOST: (i32, i32) = (4095, 2047);
/// Fingers.
const SLOTS: i32 = 10;

/// It is pulled when it is dropped.
pub(crate) struct TouchScreen(VirtualDevice);

impl TouchScreen {
    pub(crate) fn plug(name: &str) -> Self {
        let axis = |axis, most| UinputAbsSetup::new(axis, AbsInfo::new(0, 0, most, 0, 0, 0));
        let direct = AttributeSet::from_iter([PropType::DIRECT]);
        let axes = [
            (Axis::ABS_MT_SLOT, SLOTS - 1),
            (Axis::ABS_MT_TRACKING_ID, i32::from(u16::MAX)),
            (Axis::ABS_MT_POSITION_X, MOST.0),
            (Axis::ABS_MT_POSITION_Y, MOST.1),
        ];
        let mut device = VirtualDevice::builder().unwrap().name(name);
        device = device.with_properties(&direct).unwrap();
        for (code, most) in axes {
            device = device.with_absolute_axis(&axis(code, most)).unwrap();
        }
        Self(device.build().unwrap())
    }

    /// A finger comes, or moves, to this place.
    pub(crate) fn finger(&mut self, slot: i32, (x, y): (i32, i32)) {
        self.send(&[
            (Axis::ABS_MT_SLOT, slot),
            (Axis::ABS_MT_TRACKING_ID, slot),
            (Axis::ABS_MT_POSITION_X, x),
            (Axis::ABS_MT_POSITION_Y, y),
        ]);
    }

    pub(crate) fn lift(&mut self, slot: i32) {
        self.send(&[(Axis::ABS_MT_SLOT, slot), (Axis::ABS_MT_TRACKING_ID, -1)]);
    }

    /// The report's end is added.
    fn send(&mut self, axes: &[(Axis, i32)]) {
        let event =
            |(axis, value): &(Axis, i32)| InputEvent::new(EventType::ABSOLUTE.0, axis.0, *value);
        self.0
            .emit(&axes.iter().map(event).collect::<Vec<_>>())
            .unwrap();
    }
}
