//! What is done by holding: never the only way to it.

use std::time::Duration;

use saal_core::Intent;
use saal_hal::{Touch, TouchPhase};

use super::{Console, Worked};
use crate::{Comfort, Layout, Role, Step, TouchTracker};

/// So long a finger stays for what is done by holding; on the clock, as with Ctrl+Alt+S, that turns the spoken panel on and
/// off.
pub const HOLD: Duration = Duration::from_secs(3);

/// What is being held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hold {
    pub(super) since: Duration,
    pub(super) by_key: bool,
    /// What it means to the room; `None`: it turns speech on and off.
    intent: Option<Intent>,
}

impl Console {
    pub(super) fn hold_by_touch(&mut self, layout: &Layout, touch: Touch, now: Duration) {
        let under = layout.under(touch.x, touch.y);
        let on_clock = under.is_some_and(|e| e.role == Role::Timer && e.id == "clock");
        // A finger that explores rests on things to hear them.
        let held = under.and_then(|e| e.held.clone());
        let held = held.filter(|_| !self.comfort.spoken);
        let before = self.hold.take();
        self.hold = match touch.phase {
            TouchPhase::Down if on_clock || held.is_some() => Some(Hold {
                since: now,
                by_key: false,
                intent: held,
            }),
            TouchPhase::Move if on_clock || held.is_some() => {
                before.filter(|hold| hold.intent == held)
            }
            _ => None,
        };
    }

    pub(super) fn hold_by_key(&mut self, now: Duration) {
        let since = self.hold.as_ref().map_or(now, |hold| hold.since);
        self.hold = Some(Hold {
            since,
            by_key: true,
            intent: None,
        });
    }

    /// What comes of it once it was held long enough.
    pub(super) fn held_long(&mut self, now: Duration) -> Option<Worked> {
        let done = self.hold.take_if(|hold| now >= hold.since + HOLD)?;
        // Letting go means nothing more.
        self.touches = TouchTracker::default();
        if done.intent.is_none() {
            let comfort = Comfort {
                spoken: !self.comfort.spoken,
                ..self.comfort
            };
            self.step(Step::Prefer(Some(comfort)), now);
        }
        Some(Worked {
            intent: done.intent,
            redraw: true,
        })
    }
}
