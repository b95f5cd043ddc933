//! Fingers: a touch counts when it comes down and goes up on the same thing.

use saal_core::Intent;
use saal_hal::{Touch, TouchPhase};

use crate::Layout;

/// What a touch led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// What the person wants.
    pub intent: Option<Intent>,
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
    intent: Intent,
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
        let intent = match touch.phase {
            TouchPhase::Down => self.down(layout, touch),
            TouchPhase::Move => self.moved(layout, touch),
            TouchPhase::Up => self.up(layout, touch),
            TouchPhase::Cancel => self.release(),
        };
        Touched {
            intent,
            redraw: before.as_deref() != self.pressed(),
        }
    }

    fn down(&mut self, layout: &Layout, touch: Touch) -> Option<Intent> {
        let hit = layout.hit(touch.x, touch.y);
        self.held = hit.and_then(|element| {
            Some(Held {
                id: element.id.clone(),
                intent: element.intent.clone()?,
                inside: true,
            })
        });
        None
    }

    fn moved(&mut self, layout: &Layout, touch: Touch) -> Option<Intent> {
        if let Some(held) = &mut self.held {
            held.inside = held.is_at(layout, touch);
        }
        None
    }

    fn up(&mut self, layout: &Layout, touch: Touch) -> Option<Intent> {
        let held = self.held.take()?;
        held.is_at(layout, touch).then_some(held.intent)
    }

    fn release(&mut self) -> Option<Intent> {
        self.held = None;
        None
    }
}

impl Held {
    fn is_at(&self, layout: &Layout, touch: Touch) -> bool {
        layout.hit(touch.x, touch.y).is_some_and(|element| {
            element.id == self.id && element.intent.as_ref() == Some(&self.intent)
        })
    }
}
