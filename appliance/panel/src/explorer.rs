//! Touch for people who do not see what they touch, as on phones: a finger hears what is under it, a double tap
//! anywhere does what was heard last, a flick to either side goes on to the next thing or back to the one before.

use std::time::Duration;

use saal_hal::{Touch, TouchPhase};

/// A finger that rests so long explores; a shorter touch is a tap or a flick.
const RESTS: Duration = Duration::from_millis(150);
/// The second tap of two comes within this time.
const DOUBLE: Duration = Duration::from_millis(500);
/// A flick is over by then.
const FLICK: Duration = Duration::from_millis(400);
/// And goes as far, in pixels.
const FLICK_FAR: i32 = 80;
/// Less than this is standing still, in pixels.
const STILL: i32 = 24;

/// What a finger meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gesture {
    /// It came down here: say what this is.
    At(i32, i32),
    /// It moved here: say what this is, if it is something else.
    Over(i32, i32),
    /// Do what was heard last.
    Do,
    /// On to the next thing.
    Next,
    /// Back to the one before.
    Previous,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Finger {
    since: Duration,
    from: (i32, i32),
    at: (i32, i32),
    explores: bool,
    /// The second of two taps, if it becomes a tap.
    again: bool,
}

/// Follows one finger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Explorer {
    finger: Option<Finger>,
    tapped: Option<Duration>,
}

impl Explorer {
    pub(crate) fn touch(&mut self, touch: Touch, now: Duration) -> Option<Gesture> {
        let at = (touch.x, touch.y);
        match touch.phase {
            TouchPhase::Down => {
                let again = self.tapped.take().is_some_and(|tap| now <= tap + DOUBLE);
                self.finger = Some(Finger {
                    since: now,
                    from: at,
                    at,
                    explores: false,
                    again,
                });
                None
            }
            TouchPhase::Move => {
                let finger = self.finger.as_mut()?;
                finger.at = at;
                finger.explores.then_some(Gesture::Over(at.0, at.1))
            }
            TouchPhase::Up => {
                let finger = self.finger.take()?;
                self.lifted(Finger { at, ..finger }, now)
            }
            TouchPhase::Cancel => {
                self.finger = None;
                None
            }
        }
    }

    fn lifted(&mut self, finger: Finger, now: Duration) -> Option<Gesture> {
        let (dx, dy) = (finger.at.0 - finger.from.0, finger.at.1 - finger.from.1);
        let quick = now <= finger.since + FLICK;
        if quick && dx.abs() >= FLICK_FAR && dx.abs() > 2 * dy.abs() {
            return Some(if dx > 0 {
                Gesture::Next
            } else {
                Gesture::Previous
            });
        }
        let still = dx.abs() < STILL && dy.abs() < STILL;
        if !quick || !still {
            return None;
        }
        if finger.again {
            return Some(Gesture::Do);
        }
        self.tapped = Some(now);
        // Whoever explored has heard it.
        (!finger.explores).then_some(Gesture::At(finger.at.0, finger.at.1))
    }

    /// Where a finger is that explores, in pixels.
    pub(crate) fn explores(&self) -> Option<(i32, i32)> {
        let finger = self.finger.filter(|finger| finger.explores)?;
        Some(finger.at)
    }

    /// When the finger has rested long enough.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let finger = self.finger.filter(|finger| !finger.explores)?;
        Some(finger.since + if finger.again { FLICK } else { RESTS })
    }

    pub(crate) fn tick(&mut self, now: Duration) -> Option<Gesture> {
        let due = self.deadline().is_some_and(|due| due <= now);
        let finger = self.finger.as_mut().filter(|_| due)?;
        finger.explores = true;
        Some(Gesture::At(finger.at.0, finger.at.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(steps: &[(u64, i32, TouchPhase)]) -> Vec<Gesture> {
        let mut explorer = Explorer::default();
        let mut found = Vec::new();
        for (millis, x, phase) in steps {
            let now = Duration::from_millis(*millis);
            found.extend(explorer.tick(now));
            let touch = Touch {
                x: *x,
                y: 10,
                phase: *phase,
            };
            found.extend(explorer.touch(touch, now));
        }
        found
    }

    use TouchPhase::{Cancel, Down, Move, Up};

    #[test]
    fn a_resting_finger_explores() {
        let steps = [
            (0, 10, Down),
            (200, 12, Move),
            (300, 90, Move),
            (900, 90, Up),
        ];
        let at = |x| Gesture::At(x, 10);
        let over = |x| Gesture::Over(x, 10);
        assert_eq!(run(&steps), [at(10), over(12), over(90)]);
    }

    #[test]
    fn two_taps_do_it_wherever_they_are() {
        let steps = [
            (0, 10, Down),
            (60, 10, Up),
            (200, 700, Down),
            (260, 700, Up),
        ];
        assert_eq!(run(&steps), [Gesture::At(10, 10), Gesture::Do]);
        let late = [(0, 10, Down), (60, 10, Up), (900, 10, Down), (960, 10, Up)];
        assert_eq!(
            run(&late),
            [Gesture::At(10, 10); 2],
            "too late for a double tap"
        );
    }

    #[test]
    fn flicks_go_on_and_back() {
        assert_eq!(
            run(&[(0, 10, Down), (40, 60, Move), (120, 200, Up)]),
            [Gesture::Next]
        );
        assert_eq!(run(&[(0, 300, Down), (120, 100, Up)]), [Gesture::Previous]);
    }

    #[test]
    fn a_touch_that_was_taken_back_means_nothing() {
        assert_eq!(run(&[(0, 10, Down), (60, 10, Cancel), (70, 10, Up)]), []);
    }
}
