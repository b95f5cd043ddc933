//! A panel at rest: dimmed while nobody is there, and moved by a pixel or two so that nothing burns in.

use std::time::Duration;

use saal_core::{Now, Onlooker, Presence, Room};
use saal_hal::{Look, Touch, TouchPhase};

/// Percent of its light that a panel has while nobody is there: enough to see from the door that it works.
const DIMMED: u8 = 30;
/// The picture stands at one place for so long.
const SHIFT_EVERY: Duration = Duration::from_secs(300);
/// It is not moved under anybody's eyes: only when nobody was there for so long.
const SHIFT_UNSEEN: Duration = Duration::from_secs(60);
/// Where it stands, one after the other: no further than an edge is thick.
const SHIFTS: [(i32, i32); 8] = [
    (0, 0),
    (1, 1),
    (2, 0),
    (1, -1),
    (0, -2),
    (-1, -1),
    (-2, 0),
    (-1, 1),
];

/// How the panel's display rests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rest {
    dimmed: bool,
    /// The finger that woke the panel is still on it.
    waking: bool,
    step: usize,
    stepped: Duration,
}

impl Rest {
    /// How the display looks from now on.
    pub fn look(&mut self, presence: &Presence, room: &Room, now: Now) -> Look {
        let dim = |config: &saal_fleet_protocol::Config| {
            presence.rests(config.panel.dim_after_minutes, now)
        };
        // Nobody reads a question, or a mark, on a dark panel.
        let alone = room.onlooker() == Onlooker::Nobody;
        self.dimmed = alone && room.config().is_some_and(dim);
        let bright = room.config().map(|c| c.panel.brightness_percent);
        let bright = bright.unwrap_or_default().get();
        let stood = now.mono.saturating_sub(self.stepped);
        if stood >= SHIFT_EVERY && presence.idle(now) >= SHIFT_UNSEEN {
            self.step = (self.step + 1) % SHIFTS.len();
            self.stepped = now.mono;
        }
        Look {
            brightness: if self.dimmed {
                DIMMED.min(bright)
            } else {
                bright
            },
            shift: SHIFTS[self.step],
        }
    }

    /// When it may look otherwise if nobody comes (monotonic).
    #[must_use]
    pub fn next_deadline(&self, presence: &Presence, now: Now) -> Duration {
        let unseen = now.mono.saturating_sub(presence.idle(now)) + SHIFT_UNSEEN;
        (self.stepped + SHIFT_EVERY).max(unseen)
    }

    /// What a touch on the glass is to the panel: the one that wakes it means nothing else, for nobody reads a dark panel.
    pub fn touch(&mut self, touch: Touch) -> Option<Touch> {
        match touch.phase {
            TouchPhase::Down => self.waking = self.dimmed,
            TouchPhase::Move => {}
            TouchPhase::Up | TouchPhase::Cancel => {
                return (!std::mem::take(&mut self.waking)).then_some(touch);
            }
        }
        (!self.waking).then_some(touch)
    }
}
