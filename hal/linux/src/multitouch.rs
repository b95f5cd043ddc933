//! From the kernel's events of a touch screen to fingers (Documentation/input/multi-touch-protocol.rst, type B): a device has
//! slots, each with the finger that is in it; events change a slot, `SYN_REPORT` ends a change of all of them.

use evdev::{AbsoluteAxisCode as Axis, EventType, KeyCode, SynchronizationCode as Sync};
use saal_hal::{Contact, TouchPhase};

/// A hand that lies down (`MT_TOOL_PALM` of input-event-codes.h).
const PALM: i32 = 2;
/// What a slot without a finger has as tracking id.
const NOBODY: i32 = -1;
/// More slots than any hands need; a device that has more is one of another kind.
const MOST_SLOTS: usize = 64;

/// The least and the most that an axis reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) least: i32,
    pub(crate) most: i32,
}

impl Range {
    /// From 0 to 65535.
    fn part(self, value: i32) -> u16 {
        let (least, most) = (i64::from(self.least), i64::from(self.most));
        let at = i64::from(value).clamp(least, most.max(least)) - least;
        let part = at * i64::from(u16::MAX) / (most - least).max(1);
        u16::try_from(part).unwrap_or(u16::MAX)
    }
}

/// How a device tells of fingers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In slots.
    Slots,
    /// One, by `BTN_TOUCH` and the plain axes.
    One,
}

/// The fingers on one device.
#[derive(Debug)]
pub(crate) struct Fingers {
    kind: Kind,
    across: Range,
    down: Range,
    slots: Vec<Slot>,
    current: usize,
    /// The kernel lost events; nothing counts until the next report.
    lost: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Who is in it since it was told last.
    told: Option<i32>,
    /// Who is in it now.
    now: Option<i32>,
    x: i32,
    y: i32,
    moved: bool,
    palm: bool,
    /// It was told as taken back; nothing more comes of this finger.
    ignored: bool,
}

impl Fingers {
    /// Without any finger: one that touches already is nobody's until it is lifted.
    pub(crate) fn new(kind: Kind, across: Range, down: Range, current: i32) -> Self {
        let mut fingers = Self {
            kind,
            across,
            down,
            slots: vec![Slot::default()],
            current: 0,
            lost: false,
        };
        fingers.choose(current);
        fingers
    }

    /// Takes an event; a report says what fingers did.
    pub(crate) fn take(&mut self, kind: EventType, code: u16, value: i32) -> Vec<Contact> {
        match kind {
            EventType::SYNCHRONIZATION if code == Sync::SYN_REPORT.0 => {
                if std::mem::take(&mut self.lost) {
                    return Vec::new();
                }
                self.report()
            }
            EventType::SYNCHRONIZATION if code == Sync::SYN_DROPPED.0 => {
                self.lost = true;
                self.all_gone()
            }
            _ if self.lost => Vec::new(),
            EventType::ABSOLUTE => {
                self.axis(Axis(code), value);
                Vec::new()
            }
            EventType::KEY if code == KeyCode::BTN_TOUCH.0 && self.kind == Kind::One => {
                self.slots[0].now = (value != 0).then_some(0);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// The kernel says which slot its events are about now.
    pub(crate) fn choose(&mut self, slot: i32) {
        let slot = usize::try_from(slot).unwrap_or(0).min(MOST_SLOTS - 1);
        if slot >= self.slots.len() {
            self.slots.resize_with(slot + 1, Slot::default);
        }
        self.current = slot;
    }

    /// The device left, or what it said is lost: every finger is taken back.
    pub(crate) fn all_gone(&mut self) -> Vec<Contact> {
        for slot in &mut self.slots {
            slot.now = None;
            slot.palm = true;
        }
        let gone = self.report();
        self.slots.fill(Slot::default());
        gone
    }

    fn axis(&mut self, axis: Axis, value: i32) {
        let slot = &mut self.slots[self.current];
        match (self.kind, axis) {
            (Kind::Slots, Axis::ABS_MT_SLOT) => self.choose(value),
            (Kind::Slots, Axis::ABS_MT_TRACKING_ID) => {
                slot.now = (value != NOBODY).then_some(value);
                if slot.now.is_some() {
                    slot.palm = false;
                }
            }
            (Kind::Slots, Axis::ABS_MT_TOOL_TYPE) => slot.palm = value == PALM,
            (Kind::Slots, Axis::ABS_MT_POSITION_X) | (Kind::One, Axis::ABS_X) => {
                (slot.x, slot.moved) = (value, true);
            }
            (Kind::Slots, Axis::ABS_MT_POSITION_Y) | (Kind::One, Axis::ABS_Y) => {
                (slot.y, slot.moved) = (value, true);
            }
            _ => {}
        }
    }

    fn report(&mut self) -> Vec<Contact> {
        let (across, down) = (self.across, self.down);
        let mut said = Vec::new();
        for (finger, slot) in self.slots.iter_mut().enumerate() {
            let (x, y) = (across.part(slot.x), down.part(slot.y));
            let finger = u32::try_from(finger).unwrap_or(u32::MAX);
            said.extend(slot.changes().into_iter().flatten().map(|phase| Contact {
                finger,
                x,
                y,
                phase,
            }));
        }
        said
    }
}

impl Slot {
    /// What became of its finger since the last report; another finger in its place is the end of the one before.
    fn changes(&mut self) -> [Option<TouchPhase>; 2] {
        let before = std::mem::replace(&mut self.told, self.now);
        let moved = std::mem::take(&mut self.moved);
        let same = before == self.now;
        let ended = before.is_some() && (!same || self.palm) && !self.ignored;
        let end = if self.palm {
            TouchPhase::Cancel
        } else {
            TouchPhase::Up
        };
        if !same {
            self.ignored = false;
        }
        if self.palm {
            self.ignored = true;
        }
        let goes_on = self.now.is_some() && !self.ignored;
        let next = match (same, moved) {
            (false, _) => Some(TouchPhase::Down),
            (true, true) => Some(TouchPhase::Move),
            (true, false) => None,
        };
        [ended.then_some(end), next.filter(|_| goes_on)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TouchPhase::{Cancel, Down, Move, Up};

    const ACROSS: Range = Range {
        least: 0,
        most: 4095,
    };
    const DOWN: Range = Range {
        least: -100,
        most: 100,
    };

    fn screen() -> Fingers {
        Fingers::new(Kind::Slots, ACROSS, DOWN, 0)
    }

    /// Sends these axes and the report's end.
    fn send(fingers: &mut Fingers, events: &[(Axis, i32)]) -> Vec<(u32, TouchPhase)> {
        for (axis, value) in events {
            assert!(fingers.take(EventType::ABSOLUTE, axis.0, *value).is_empty());
        }
        let said = fingers.take(EventType::SYNCHRONIZATION, Sync::SYN_REPORT.0, 0);
        said.into_iter().map(|c| (c.finger, c.phase)).collect()
    }

    const SLOT: Axis = Axis::ABS_MT_SLOT;
    const ID: Axis = Axis::ABS_MT_TRACKING_ID;
    const X: Axis = Axis::ABS_MT_POSITION_X;
    const Y: Axis = Axis::ABS_MT_POSITION_Y;

    #[test]
    fn two_fingers_come_move_and_go_as_the_kernels_documentation_has_it() {
        let mut screen = screen();
        let down = [
            (SLOT, 0),
            (ID, 45),
            (X, 0),
            (Y, -100),
            (SLOT, 1),
            (ID, 46),
            (X, 9),
            (Y, 9),
        ];
        assert_eq!(send(&mut screen, &down), [(0, Down), (1, Down)]);
        assert_eq!(send(&mut screen, &[(SLOT, 0), (X, 200)]), [(0, Move)]);
        assert_eq!(send(&mut screen, &[(ID, -1)]), [(0, Up)]);
        assert_eq!(send(&mut screen, &[(SLOT, 1), (ID, -1)]), [(1, Up)]);
        assert_eq!(send(&mut screen, &[]), []);
    }

    #[test]
    fn places_are_parts_of_the_axes_whatever_their_ranges() {
        let mut screen = screen();
        let place = |screen: &mut Fingers, x, y| {
            for (axis, value) in [(ID, 1), (X, x), (Y, y)] {
                screen.take(EventType::ABSOLUTE, axis.0, value);
            }
            let said = screen.take(EventType::SYNCHRONIZATION, Sync::SYN_REPORT.0, 0);
            (said[0].x, said[0].y)
        };
        assert_eq!(place(&mut screen, 0, -100), (0, 0));
        assert_eq!(place(&mut screen, 4095, 100), (65535, 65535));
        assert_eq!(
            place(&mut screen, 9999, 0),
            (65535, 32767),
            "beyond its range"
        );
        let flat = Range { least: 5, most: 5 };
        assert_eq!(flat.part(7), 0, "a range without width");
    }

    #[test]
    fn a_palm_takes_the_touch_back_and_nothing_more_comes_of_it() {
        let mut screen = screen();
        assert_eq!(send(&mut screen, &[(ID, 1), (X, 5), (Y, 5)]), [(0, Down)]);
        let palm = [(Axis::ABS_MT_TOOL_TYPE, PALM)];
        assert_eq!(send(&mut screen, &palm), [(0, Cancel)]);
        assert_eq!(send(&mut screen, &[(X, 6)]), []);
        assert_eq!(send(&mut screen, &[(ID, -1)]), []);
        assert_eq!(send(&mut screen, &[(ID, 2), (X, 5)]), [(0, Down)]);
    }

    #[test]
    fn another_finger_in_a_slot_ends_the_one_before() {
        let mut screen = screen();
        assert_eq!(send(&mut screen, &[(ID, 1), (X, 5)]), [(0, Down)]);
        assert_eq!(send(&mut screen, &[(ID, 2)]), [(0, Up), (0, Down)]);
    }

    #[test]
    fn fingers_are_taken_back_when_the_device_leaves_or_events_are_lost() {
        let mut screen = screen();
        assert_eq!(send(&mut screen, &[(ID, 1), (X, 5)]), [(0, Down)]);
        let lost = screen.take(EventType::SYNCHRONIZATION, Sync::SYN_DROPPED.0, 0);
        assert_eq!(lost[0].phase, Cancel);
        assert_eq!(send(&mut screen, &[(X, 7)]), [], "what was being told");
        assert_eq!(send(&mut screen, &[(X, 8)]), [], "whoever is still there");
        assert_eq!(send(&mut screen, &[(ID, -1)]), []);
        assert_eq!(send(&mut screen, &[(ID, 3), (X, 8)]), [(0, Down)]);
        assert_eq!(screen.all_gone()[0].phase, Cancel);
        assert!(screen.all_gone().is_empty());
    }

    #[test]
    fn a_screen_that_knows_one_finger_tells_of_it() {
        let mut screen = Fingers::new(Kind::One, ACROSS, DOWN, 0);
        screen.take(EventType::KEY, KeyCode::BTN_TOUCH.0, 1);
        assert_eq!(send(&mut screen, &[(Axis::ABS_X, 5)]), [(0, Down)]);
        assert_eq!(send(&mut screen, &[(Axis::ABS_X, 6)]), [(0, Move)]);
        screen.take(EventType::KEY, KeyCode::BTN_TOUCH.0, 0);
        assert_eq!(send(&mut screen, &[]), [(0, Up)]);
    }

    #[test]
    fn slots_beyond_all_hands_are_no_memory() {
        let mut screen = screen();
        for slot in [i32::MAX, i32::MIN, 9] {
            send(&mut screen, &[(SLOT, slot), (ID, 1)]);
        }
        assert!(screen.slots.len() <= MOST_SLOTS);
    }
}
