//! The rules for keys for calls and their lights.

use std::time::Duration;

use crate::{KeyName, PhoneKeys, PhoneKeysOn, PhoneLights};

/// Waits of this length, so many at most: what is told of a device at once may take a busy machine half a minute.
const TURN: Duration = Duration::from_millis(20);
const TURNS: u32 = 1_500;

/// A device with keys for calls in people's hands. It does what its lights say, as real ones do: its hook follows the light.
pub trait PhoneDevice {
    /// What it is listed as.
    fn is(&self) -> PhoneKeysOn;

    /// Keys that it has.
    fn keys(&self) -> Vec<KeyName>;

    /// Puts its cable in.
    fn plug(&mut self);

    /// Pulls it out.
    fn unplug(&mut self);

    /// Presses one of its keys, and lets go.
    fn press(&mut self, key: KeyName);

    /// Which of its lights are on now; of those that it does not have none is.
    fn lit(&mut self) -> PhoneLights;
}

/// Runs the rules for keys for calls; returns how many devices have some.
///
/// # Panics
/// When a rule is broken.
pub fn phone_keys(under_test: &dyn PhoneKeys) -> usize {
    let all = under_test
        .list()
        .expect("listing works even when there is none");
    assert!(all.iter().all(|key| !key.name.is_empty()), "{all:?}");
    let pressed = under_test.wait(Duration::ZERO);
    assert_eq!(pressed, Ok(Vec::new()), "nobody pressed anything");
    let all_on = PhoneLights {
        muted: true,
        in_call: true,
        ringing: true,
    };
    under_test.show(all_on);
    under_test.show(PhoneLights::default());
    let again = under_test.list().expect("listing twice works");
    assert_eq!(all, again, "the list is stable while nothing is plugged");
    all.len()
}

/// Runs the rules for one device that is not plugged in yet, and is not in the end: it is heard, and shows what is; pulled out it is
/// gone without a word, and put back it is as before.
///
/// # Panics
/// When a rule is broken.
pub fn phone_keys_of(under_test: &dyn PhoneKeys, device: &mut dyn PhoneDevice) {
    let before = list(under_test);
    let muted = PhoneLights {
        muted: true,
        in_call: true,
        ringing: false,
    };
    under_test.show(muted);
    for time in ["plugged in", "put back"] {
        device.plug();
        is_listed(under_test, device, true);
        shows(under_test, device, muted, time);
        is_heard(under_test, device);
        shows(under_test, device, muted, "a press alone turns no light");
        each_light_is_its_own(under_test, device);
        under_test.show(muted);
        shows(under_test, device, muted, "before it is pulled");
        device.unplug();
        is_listed(under_test, device, false);
        let said = under_test.wait(Duration::ZERO);
        assert_eq!(said, Ok(Vec::new()), "one that left presses nothing");
        assert_eq!(list(under_test), before, "nothing else came or went");
    }
    under_test.show(PhoneLights::default());
}

fn list(under_test: &dyn PhoneKeys) -> Vec<PhoneKeysOn> {
    under_test.list().expect("listing works at any time")
}

/// Waits, as whoever uses them does; nobody presses anything meanwhile.
fn pass(under_test: &dyn PhoneKeys) {
    let pressed = under_test.wait(TURN);
    assert_eq!(pressed, Ok(Vec::new()), "nobody pressed anything");
}

fn until(what: &str, mut so: impl FnMut() -> bool) {
    let in_time = (0..TURNS).any(|_| so());
    assert!(in_time, "not in time: {what}");
}

fn is_listed(under_test: &dyn PhoneKeys, device: &dyn PhoneDevice, there: bool) {
    let wanted = device.is();
    let what = format!("{wanted:?} is listed: {there}");
    until(&what, || {
        pass(under_test);
        list(under_test).contains(&wanted) == there
    });
}

fn shows(
    under_test: &dyn PhoneKeys,
    device: &mut dyn PhoneDevice,
    lights: PhoneLights,
    when: &str,
) {
    let has = device.is().lights;
    let wanted = PhoneLights {
        muted: lights.muted && has.muted,
        in_call: lights.in_call && has.in_call,
        ringing: lights.ringing && has.ringing,
    };
    until(&format!("{when}: it shows {wanted:?}"), || {
        pass(under_test);
        device.lit() == wanted
    });
}

fn is_heard(under_test: &dyn PhoneKeys, device: &mut dyn PhoneDevice) {
    for key in device.keys() {
        device.press(key);
        let mut heard = Vec::new();
        until(&format!("{key:?} is heard"), || {
            heard.extend(
                under_test
                    .wait(TURN)
                    .expect("there is something to wait on"),
            );
            !heard.is_empty()
        });
        assert_eq!(heard, [key], "once");
        pass(under_test);
    }
}

fn each_light_is_its_own(under_test: &dyn PhoneKeys, device: &mut dyn PhoneDevice) {
    for number in 0..8 {
        let on = |bit: u8| number >> bit & 1 == 1;
        let lights = PhoneLights {
            muted: on(0),
            in_call: on(1),
            ringing: on(2),
        };
        under_test.show(lights);
        shows(under_test, device, lights, "told to");
    }
}
