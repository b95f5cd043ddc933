//! A keyboard that is software, as the kernel's uinput makes one.

use evdev::{AttributeSet, EventType, InputEvent, KeyCode, uinput::VirtualDevice};

/// It is pulled when it is dropped.
pub(crate) struct Typewriter(VirtualDevice);

impl Typewriter {
    pub(crate) fn plug(name: &str) -> Self {
        // The keys of a keyboard with 104 keys have these numbers.
        let keys: AttributeSet<KeyCode> = (1..=111).map(KeyCode::new).collect();
        let device = VirtualDevice::builder().unwrap().name(name);
        Self(device.with_keys(&keys).unwrap().build().unwrap())
    }

    /// Presses a key and lets it go.
    pub(crate) fn press(&mut self, key: KeyCode) {
        for value in [1, 0] {
            // The report's end is added.
            let event = InputEvent::new(EventType::KEY.0, key.0, value);
            self.0.emit(&[event]).unwrap();
        }
    }
}
