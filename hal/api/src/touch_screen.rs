//! Touch screens: fingers on the glass, before anybody knows what is shown there.

use std::time::Duration;

use crate::{Touch, TouchPhase, Turn};

/// A touch screen that is connected now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TouchScreen {
    /// Stable across reboots and replugs at the same place, as of cameras: `usb-0000:00:14.0-5#0eef:0001`.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// One change of one finger on the glass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Contact {
    /// Tells fingers apart while they touch.
    pub finger: u32,
    /// From the display's left edge, 0, to its right, 65535, as the display is made.
    pub x: u16,
    /// From its top edge to its bottom.
    pub y: u16,
    /// What happened. Every finger ends with [`TouchPhase::Up`] or [`TouchPhase::Cancel`], also when its device leaves.
    pub phase: TouchPhase,
}

impl Contact {
    /// The pixel of the picture that is touched, on a display with pictures of this size.
    #[must_use]
    pub fn on(self, turn: Turn, size: (u32, u32)) -> (i32, i32) {
        let display = turn.size(size);
        let pixel = |at: u16, pixels: u32| {
            let at = u64::from(at) * u64::from(pixels) / (u64::from(u16::MAX) + 1);
            u32::try_from(at).unwrap_or(0)
        };
        let point = (pixel(self.x, display.0), pixel(self.y, display.1));
        let (x, y) = turn.seen(point, display);
        let whole = |pixels: u32| i32::try_from(pixels).unwrap_or(i32::MAX);
        (whole(x), whole(y))
    }
}

/// Makes of all fingers the one that the panel follows: the first. A hand that lies down beside it changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstFinger {
    followed: Option<u32>,
    touching: u32,
}

impl FirstFinger {
    /// Takes the next contact and says what it is to the panel.
    pub fn follow(&mut self, contact: Contact, turn: Turn, size: (u32, u32)) -> Option<Touch> {
        match contact.phase {
            TouchPhase::Down => {
                self.touching += 1;
                // A second one that stays when the first is lifted is no touch of its own.
                if self.touching == 1 {
                    self.followed = Some(contact.finger);
                }
            }
            TouchPhase::Up | TouchPhase::Cancel => self.touching = self.touching.saturating_sub(1),
            TouchPhase::Move => {}
        }
        if self.followed != Some(contact.finger) {
            return None;
        }
        if matches!(contact.phase, TouchPhase::Up | TouchPhase::Cancel) {
            self.followed = None;
        }
        let (x, y) = contact.on(turn, size);
        let phase = contact.phase;
        Some(Touch { x, y, phase })
    }
}

/// Why touch screens can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("touch screens: {operation} failed: {reason}")]
pub struct TouchScreenError {
    /// What was tried.
    pub operation: String,
    /// What the kernel said.
    pub reason: String,
}

/// The touch screens of a machine.
pub trait TouchScreens: Send {
    /// Those that are connected now, by id.
    fn list(&mut self) -> Vec<TouchScreen>;

    /// Waits until a finger does something or a device comes or goes, at most this long. What fingers did, in order, each
    /// with the id of its screen.
    ///
    /// # Errors
    /// When there is nothing to wait on.
    fn wait(&mut self, at_most: Duration) -> Result<Vec<(String, Contact)>, TouchScreenError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(finger: u32, phase: TouchPhase) -> Contact {
        Contact {
            finger,
            x: 0,
            y: u16::MAX,
            phase,
        }
    }

    #[test]
    fn a_corner_of_the_glass_is_a_corner_of_the_picture_however_it_hangs() {
        let size = (1280, 800);
        let bottom_left = contact(0, TouchPhase::Down);
        let at = |turn: Turn| bottom_left.on(turn, turn.size(size));
        assert_eq!(at(Turn::Upright), (0, 799));
        assert_eq!(at(Turn::Quarter), (799, 1279));
        assert_eq!(at(Turn::Half), (1279, 0));
        assert_eq!(at(Turn::ThreeQuarters), (0, 0));
    }

    #[test]
    fn the_first_finger_is_followed_and_others_are_no_touches_until_all_are_gone() {
        let mut fingers = FirstFinger::default();
        let mut phase = |finger, phase| {
            let touch = fingers.follow(contact(finger, phase), Turn::Upright, (100, 100));
            touch.map(|touch| touch.phase)
        };
        use TouchPhase::{Cancel, Down, Move, Up};
        assert_eq!(phase(7, Down), Some(Down));
        assert_eq!(phase(8, Down), None);
        assert_eq!(phase(8, Move), None);
        assert_eq!(phase(7, Up), Some(Up));
        assert_eq!(phase(9, Down), None, "the second one is still there");
        assert_eq!(phase(8, Up), None);
        assert_eq!(phase(9, Cancel), None);
        assert_eq!(phase(8, Down), Some(Down));
        assert_eq!(phase(8, Cancel), Some(Cancel));
    }
}
