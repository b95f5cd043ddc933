//! The room presents: when it can, and when that ends by itself.

use saal_media_protocol::{DeviceUse, MediaTrouble};
use saal_meeting::{Destination, MeetingAction, MeetingCommand, Role};

use super::Room;
use crate::{Effect, InCall, Now, Presenting, Trouble, TroubleCode};

const CONTENT: TroubleCode = TroubleCode::Device(DeviceUse::Content);

/// Who called the room offers what is sent; there is no place for a second picture.
fn is_caller(call: &InCall) -> bool {
    matches!(call.meeting.destination, Destination::Caller { .. })
}

impl Room {
    /// Whether the room presents, or could.
    #[must_use]
    pub fn presenting(&self) -> Presenting {
        let Some(call) = self.phase.in_call() else {
            return Presenting::Impossible;
        };
        if call.state.presenting {
            Presenting::On
        } else if (self.laptops.is_showing() || self.has_content())
            && call.state.role != Role::Visitor
            && !is_caller(call)
        {
            Presenting::Possible
        } else {
            Presenting::Impossible
        }
    }

    /// A device is chosen and not missing. One that failed or was busy may work now.
    fn has_content(&self) -> bool {
        let chosen = self
            .config
            .as_ref()
            .is_some_and(|config| config.devices.content.as_str() != "none");
        let missing = matches!(
            self.troubles.get(CONTENT),
            Some(Trouble::Device(MediaTrouble::Missing { .. }))
        );
        chosen && !missing
    }

    /// Whether this can be done now; what is noted here the service confirms.
    pub(super) fn may_present(&mut self, on: bool) -> bool {
        let wanted = if on {
            Presenting::Possible
        } else {
            Presenting::On
        };
        if self.presenting() != wanted {
            return false;
        }
        if let Some(state) = self.phase.state_mut() {
            state.presenting = on;
        }
        if on {
            // Whatever was wrong before: the device is tried anew, and speaks for itself.
            self.troubles.clear(CONTENT);
        }
        self.send_tiles();
        true
    }

    /// The others hear what is presented, as long as it has sound of its own: a laptop's.
    pub(super) fn present_sound(&mut self) {
        let on = self.presenting() == Presenting::On && self.laptops.sounds();
        let Some(call) = self
            .phase
            .in_call_mut()
            .filter(|call| call.presents_sound != on)
        else {
            return;
        };
        call.presents_sound = on;
        let Some(call) = self.phase.call() else {
            return;
        };
        let action = MeetingAction::PresentSound { on };
        self.effect(Effect::Meeting(MeetingCommand::Act { call, action }));
    }

    /// Nobody is to look at a picture that stands still.
    pub(super) fn stop_presenting(&mut self, now: Now) {
        if self.presenting() == Presenting::On {
            self.act(now, MeetingAction::Present { on: false });
        }
    }

    /// The device gives nothing more; a laptop that is presented has nothing to do with it.
    pub(super) fn stop_presenting_device(&mut self, now: Now) {
        if !self.laptops.is_showing() {
            self.stop_presenting(now);
        }
    }

    /// The configuration took away what is being presented.
    pub(super) fn stop_presenting_nothing(&mut self, now: Now) {
        let none = self
            .config
            .as_ref()
            .is_some_and(|config| config.devices.content.as_str() == "none");
        if none {
            self.stop_presenting_device(now);
        }
    }
}
