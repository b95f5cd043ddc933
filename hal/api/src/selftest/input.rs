//! What people touch and press: the panel's glass, and keys for calls.

use std::time::Duration;

use super::{Finding, REPLUG, Section, Trial, not_listed};
use crate::{PhoneKeyError, PhoneKeys, PhoneKeysOn, TouchScreenError, TouchScreens};

/// Reads every touch screen; nobody needs to touch one.
///
/// `of`: the screens, or why they can't be read.
#[must_use]
pub fn touch_screens<T: TouchScreens>(of: Result<&mut T, &TouchScreenError>) -> Section {
    let findings = match of {
        Ok(screens) => {
            let read = screens.wait(Duration::ZERO).map(drop);
            let all = screens.list().into_iter();
            all.map(|screen| Finding {
                device: screen.name,
                id: screen.id,
                trials: vec![match &read {
                    Ok(()) => Trial::works("touches", "they can be read"),
                    Err(error) => Trial::failed("touches", error.to_string(), REPLUG),
                }],
            })
            .collect()
        }
        Err(error) => vec![not_listed("touch screens", &error.to_string())],
    };
    Section {
        title: "Touch screens".to_owned(),
        findings,
        rules: None,
        if_none: "plug the panel's USB cable in; `cat /proc/bus/input/devices` should list it, and this user may need \
                  the group input"
            .to_owned(),
    }
}

/// Reads every device with keys for calls and tells its lights; they may blink.
///
/// `of`: the keys, or why they can't be read.
#[must_use]
pub fn phone_keys(of: Result<&dyn PhoneKeys, &PhoneKeyError>) -> Section {
    let listed = of.map_err(Clone::clone).and_then(|keys| {
        let all = keys.list()?;
        Ok((all, keys.wait(Duration::ZERO).map(drop)))
    });
    let findings = match listed {
        Ok((all, read)) => all.iter().map(|device| keys_of(device, &read)).collect(),
        Err(error) => vec![not_listed("keys for calls", &error.to_string())],
    };
    Section {
        title: "Keys for calls".to_owned(),
        findings,
        rules: None,
        if_none:
            "this is no fault: people mute and leave on the panel; this user may need the group \
                  input to read those of speakerphones"
                .to_owned(),
    }
}

fn keys_of(device: &PhoneKeysOn, read: &Result<(), PhoneKeyError>) -> Finding {
    let pressed = match read {
        Ok(()) => Trial::works("keys", "they can be read"),
        Err(error) => Trial::failed("keys", error.to_string(), REPLUG),
    };
    let lights = [
        (device.lights.muted, "muted"),
        (device.lights.in_call, "in a call"),
        (device.lights.ringing, "ringing"),
    ];
    let lights: Vec<&str> = lights
        .iter()
        .filter_map(|(has, name)| has.then_some(*name))
        .collect();
    let lights = match lights.as_slice() {
        [] => "it has none".to_owned(),
        some => some.join(", "),
    };
    Finding {
        device: device.name.clone(),
        id: "-".to_owned(),
        trials: vec![pressed, Trial::works("lights", lights)],
    }
}
