//! The display of this machine that shows the television's picture: found, taken, gone, back.

use saal_hal::{Display, DisplayError, Displays};
use saal_hal_linux::{DrmDisplays, LeasedDisplay};
use saal_media_protocol::{DeviceUse, DisplayChoice, MediaEvent, MediaTrouble, Television};

use super::discovery::failed;

/// What is known of the display.
#[derive(Debug, Default)]
pub(super) struct DisplayUse {
    displays: DrmDisplays,
    wanted: DisplayChoice,
    /// The one that is wanted, where it is connected.
    present: Option<Display>,
    /// What was said last.
    trouble: Option<MediaTrouble>,
}

impl DisplayUse {
    /// Another one is wanted from now on, or the same as before.
    pub(super) fn configure(&mut self, wanted: &DisplayChoice) {
        self.wanted.clone_from(wanted);
        self.trouble = None;
    }

    /// Looks whether it was plugged or pulled: true when what is shown has to be built anew.
    pub(super) fn watch(&mut self) -> bool {
        let found = match &self.wanted {
            DisplayChoice::None => None,
            DisplayChoice::First => self
                .displays
                .list()
                .ok()
                .and_then(|all| all.into_iter().next()),
            DisplayChoice::Device(name) => self.displays.find(name).ok(),
        };
        let changed = found != self.present;
        self.present = found;
        changed
    }

    /// Takes the display, if there is one; and what is to be said of it. Nobody misses a display that was not named.
    pub(super) fn take(&mut self, for_: Television) -> (Option<LeasedDisplay>, Option<MediaEvent>) {
        let taken = match &self.present {
            Some(display) => self
                .displays
                .lease(display, for_.width, for_.height)
                .map(Some),
            None => self.missing().map_or(Ok(None), Err),
        };
        match taken {
            Ok(lease) => (lease, self.works()),
            Err(error) => (None, self.complain(error)),
        }
    }

    fn missing(&self) -> Option<DisplayError> {
        match &self.wanted {
            DisplayChoice::Device(name) => self.displays.find(name).err(),
            DisplayChoice::None | DisplayChoice::First => None,
        }
    }

    fn works(&mut self) -> Option<MediaEvent> {
        let source = DeviceUse::Display;
        self.trouble
            .take()
            .map(|_| MediaEvent::Recovered { source })
    }

    fn complain(&mut self, error: DisplayError) -> Option<MediaEvent> {
        tracing::warn!(%error, "the television's picture is on no display");
        let trouble = trouble(error);
        let new = self.trouble.as_ref() != Some(&trouble);
        self.trouble = Some(trouble.clone());
        new.then_some(MediaEvent::Trouble(trouble))
    }
}

fn trouble(error: DisplayError) -> MediaTrouble {
    let source = DeviceUse::Display;
    match error {
        DisplayError::NotFound { wanted, present } => MediaTrouble::Missing {
            source,
            wanted,
            present,
        },
        DisplayError::Busy { display } => MediaTrouble::Busy {
            source,
            device: display,
        },
        DisplayError::Device { ref display, .. } => {
            failed(source, display.clone(), &error.to_string())
        }
    }
}
