//! Mute keys on devices: a press is a touch on the panel's button, and their lights show what the room says.

use std::{sync::Arc, thread, time::Duration};

use saal_core::{Event, Intent};
use saal_hal::MuteKeys;
use saal_hal_linux::EvdevMuteKeys;
use saal_media_protocol::SourceKind;

use crate::input::{Input, Inputs};

/// Devices that come and presses are told at once; this only bounds how long a thread sleeps.
const AT_MOST: Duration = Duration::from_secs(3_600);

/// Reads the keys in a thread of its own, for as long as the process lives.
pub(crate) struct MuteKeyReader {
    keys: Option<Arc<dyn MuteKeys>>,
}

impl MuteKeyReader {
    pub(crate) fn start(inputs: &Inputs) -> Self {
        let keys = EvdevMuteKeys::open()
            .inspect_err(|error| tracing::warn!(%error, "no mute keys"))
            .ok()
            .map(|keys| Arc::new(keys) as Arc<dyn MuteKeys>);
        if let Some(keys) = &keys {
            Self::read(Arc::clone(keys), inputs.clone());
        }
        Self { keys }
    }

    fn read(keys: Arc<dyn MuteKeys>, inputs: Inputs) {
        let reader = thread::Builder::new().name("mute-keys".to_owned());
        let started = reader.spawn(move || {
            loop {
                let pressed = match keys.wait(AT_MOST) {
                    Ok(pressed) => pressed,
                    Err(error) => {
                        tracing::error!(%error, "mute keys are not read any more");
                        return;
                    }
                };
                for _ in 0..pressed {
                    let toggle = Intent::Toggle(SourceKind::Microphone);
                    inputs.send(Input::Room(Event::Intent(toggle)));
                }
            }
        });
        if let Err(error) = started {
            tracing::error!(%error, "mute keys are not read");
        }
    }

    /// Has all lights say whether the microphone is muted.
    pub(crate) fn show(&self, muted: bool) {
        if let Some(keys) = &self.keys {
            keys.show(muted);
        }
    }
}
