//! A key that is down, whoever reads its keyboard.

use evdev::KeyCode;

/// Whether Ctrl is down on any keyboard that is plugged in (`EVIOCGKEY`). One that can't be asked has none down.
///
/// A modifier: firmware and boot loader take a letter that is held for a wish of their own, and none alone of these.
#[must_use]
pub fn is_control_down() -> bool {
    evdev::enumerate().any(|(_, keyboard)| {
        let down = keyboard.get_key_state();
        down.is_ok_and(|keys| {
            keys.contains(KeyCode::KEY_LEFTCTRL) || keys.contains(KeyCode::KEY_RIGHTCTRL)
        })
    })
}
