//! Fingers: a touch counts when it comes down and goes up on the same thing.

use saal_core::Intent;
use saal_hal::{Touch, TouchPhase};

use crate::{Layout, Step};

/// What a touch led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// What the person wants of the room.
    pub intent: Option<Intent>,
    /// What the person wants of the panel; for [`crate::Navigation::take`].
    pub step: Option<Step>,
    /// Something is highlighted that was not, or the other way round: draw again.
    pub redraw: bool,
}

/// Follows one finger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TouchTracker {
    held: Option<Held>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    id: String,
    intent: Option<Intent>,
    step: Option<Step>,
    /// The finger is still on it.
    inside: bool,
}

impl TouchTracker {
    /// The element to highlight.
    #[must_use]
    pub fn pressed(&self) -> Option<&str> {
        self.held
            .as_ref()
            .filter(|held| held.inside)
            .map(|held| held.id.as_str())
    }

    /// Takes the next change of the finger, on what the panel shows now. Moving off or
    /// [`TouchPhase::Cancel`] means nothing; neither does an element that came to mean something
    /// else under the finger.
    pub fn touch(&mut self, layout: &Layout, touch: Touch) -> Touched {
        let before = self.pressed().map(str::to_owned);
        let done = match touch.phase {
            TouchPhase::Down => self.down(layout, touch),
            TouchPhase::Move => self.moved(layout, touch),
            TouchPhase::Up => self.up(layout, touch),
            TouchPhase::Cancel => self.release(),
        };
        let (intent, step) = done.map_or((None, None), |held| (held.intent, held.step));
        Touched {
            redraw: step.is_some() || before.as_deref() != self.pressed(),
            intent,
            step,
        }
    }

    fn down(&mut self, layout: &Layout, touch: Touch) -> Option<Held> {
        self.held = layout.hit(touch.x, touch.y).map(|element| Held {
            id: element.id.clone(),
            intent: element.intent.clone(),
            step: element.step.clone(),
            inside: true,
        });
        None
    }

    fn moved(&mut self, layout: &Layout, touch: Touch) -> Option<Held> {
        if let Some(held) = &mut self.held {
            held.inside = held.is_at(layout, touch);
        }
        None
    }

    fn up(&mut self, layout: &Layout, touch: Touch) -> Option<Held> {
        let held = self.held.take()?;
        held.is_at(layout, touch).then_some(held)
    }

    fn release(&mut self) -> Option<Held> {
        self.held = None;
        None
    }
}

impl Held {
    fn is_at(&self, layout: &Layout, touch: Touch) -> bool {
        layout.hit(touch.x, touch.y).is_some_and(|element| {
            element.id == self.id && element.intent == self.intent && element.step == self.step
        })
    }
}
