//! Keys for calls on devices: a press is a key at the panel, and their lights show what the room says.

use std::{sync::Arc, thread, time::Duration};

use saal_core::CallLights;
use saal_hal::{Key, PhoneKeys, PhoneLights};
use saal_hal_linux::LinuxPhoneKeys;

use crate::input::{Input, Inputs};

/// Devices that come and presses are told at once; this only bounds how long a thread sleeps.
const AT_MOST: Duration = Duration::from_secs(3_600);

/// Reads the keys in a thread of its own, for as long as the process lives.
pub(crate) struct PhoneKeyReader {
    keys: Option<Arc<dyn PhoneKeys>>,
}

impl PhoneKeyReader {
    pub(crate) fn start(inputs: &Inputs) -> Self {
        let keys = LinuxPhoneKeys::open()
            .inspect_err(|error| tracing::warn!(%error, "no keys for calls"))
            .ok()
            .map(|keys| Arc::new(keys) as Arc<dyn PhoneKeys>);
        if let Some(keys) = &keys {
            Self::read(Arc::clone(keys), inputs.clone());
        }
        Self { keys }
    }

    fn read(keys: Arc<dyn PhoneKeys>, inputs: Inputs) {
        let reader = thread::Builder::new().name("phone-keys".to_owned());
        let started = reader.spawn(move || {
            loop {
                let pressed = match keys.wait(AT_MOST) {
                    Ok(pressed) => pressed,
                    Err(error) => {
                        tracing::error!(%error, "keys for calls are not read any more");
                        return;
                    }
                };
                for key in pressed {
                    let key = Key::down(key);
                    inputs.send(Input::Key(key));
                    inputs.send(Input::Key(key.up()));
                }
            }
        });
        if let Err(error) = started {
            tracing::error!(%error, "keys for calls are not read");
        }
    }

    /// Has all lights say how it is.
    pub(crate) fn show(&self, lights: CallLights) {
        if let Some(keys) = &self.keys {
            keys.show(PhoneLights {
                muted: lights.muted,
                in_call: lights.in_call,
                ringing: lights.ringing,
            });
        }
    }
}
