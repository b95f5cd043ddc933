//! Keyboards and switches that are plugged into the machine: their keys work the panel.

use std::{sync::Arc, time::Duration};

use saal_hal::{KeyboardLayout, Keyboards};
use saal_hal_linux::EvdevKeyboards;

use crate::{
    input::{Input, Inputs},
    output::in_a_thread,
};

/// Keyboards that come and keys are told at once; this only bounds how long a thread sleeps.
const AT_MOST: Duration = Duration::from_secs(3_600);

/// Reads keyboards in a thread of its own, for as long as the process lives.
pub(crate) struct KeyboardReader {
    keyboards: Option<Arc<dyn Keyboards>>,
    layout: Option<KeyboardLayout>,
}

impl KeyboardReader {
    pub(crate) fn start(inputs: &Inputs) -> Self {
        let keyboards = EvdevKeyboards::open()
            .inspect_err(|error| tracing::warn!(%error, "no keyboards"))
            .ok()
            .map(|keyboards| Arc::new(keyboards) as Arc<dyn Keyboards>);
        Self::with(keyboards, inputs)
    }

    fn with(keyboards: Option<Arc<dyn Keyboards>>, inputs: &Inputs) -> Self {
        if let Some(keyboards) = keyboards.clone() {
            let inputs = inputs.clone();
            in_a_thread("keyboards", move || read(&*keyboards, &inputs));
        }
        Self {
            keyboards,
            layout: None,
        }
    }

    /// Uses all keyboards with this printed on their keys, or none.
    pub(crate) fn use_all(&mut self, layout: Option<KeyboardLayout>) {
        let other = std::mem::replace(&mut self.layout, layout) != layout;
        if let (true, Some(keyboards)) = (other, &self.keyboards) {
            keyboards.use_all(layout);
        }
    }
}

fn read(keyboards: &dyn Keyboards, inputs: &Inputs) {
    loop {
        match keyboards.wait(AT_MOST) {
            // What was typed is not for the log.
            Ok(keys) => keys
                .into_iter()
                .for_each(|key| inputs.send(Input::Key(key))),
            Err(error) => {
                tracing::error!(%error, "keyboards are not read any more");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use saal_hal::{Key, KeyName};
    use saal_hal_sim::SimulatedKeyboards;

    use super::*;

    #[tokio::test]
    async fn keys_reach_the_loop_while_keyboards_are_used() {
        let keyboards = SimulatedKeyboards::default();
        let (inputs, mut told) = Inputs::channel();
        let mut reader = KeyboardReader::with(Some(Arc::new(keyboards.clone())), &inputs);
        keyboards.plug("usb", "Keyboard");
        let tab = Key::down(KeyName::Tab);
        keyboards.press("usb", tab);
        reader.use_all(Some(KeyboardLayout::German));
        assert_eq!(keyboards.layout(), Some(KeyboardLayout::German));
        let enter = Key::down(KeyName::Enter);
        keyboards.press("usb", enter);
        reader.use_all(None);
        for wanted in [enter, enter.up()] {
            let said = told.recv().await;
            assert!(
                matches!(said, Some(Input::Key(key)) if key == wanted),
                "{said:?}"
            );
        }
    }
}
