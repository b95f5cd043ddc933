//! What a calendar says, once it is understood; the same for every kind of calendar.

use jiff::{SignedDuration, Timestamp};

use crate::recurrence::Series;

/// From a moment, inclusive, to another, exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
}

impl Span {
    /// Begins at a moment and lasts so long; ends at the end of time where it would go beyond.
    pub(crate) fn of(start: Timestamp, length: SignedDuration) -> Self {
        let end = start.checked_add(length).unwrap_or(Timestamp::MAX);
        Self { start, end }
    }

    /// Whether they have a moment in common; a span without length has its start.
    pub(crate) fn meets(self, window: Self) -> bool {
        let after = self.end > window.start || self.start >= window.start;
        after && self.start < window.end
    }

    /// The whole hours around it.
    pub(crate) fn in_hours(self) -> Self {
        let hour = |second: i64| Timestamp::from_second(second.div_euclid(3600) * 3600);
        Self {
            start: hour(self.start.as_second()).unwrap_or(Timestamp::MIN),
            end: hour(self.end.as_second() + 3600).unwrap_or(Timestamp::MAX),
        }
    }

    /// How far away it is: zero while it goes on.
    pub(crate) fn distance(self, now: Timestamp) -> SignedDuration {
        if now < self.start {
            self.start.duration_since(now)
        } else if now >= self.end {
            now.duration_since(self.end)
        } else {
            SignedDuration::ZERO
        }
    }
}

/// One entry of a calendar.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// Takes place once.
    Single(Span),
    /// Takes place again and again.
    Series(Box<Series>),
    /// One meeting of a series at another time.
    Moved {
        /// The series.
        uid: String,
        /// When it would have been.
        from: Timestamp,
        /// When it is.
        to: Span,
    },
}

/// One meeting: when it is and when it was planned, which names it where the room has others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Occurrence {
    pub(crate) planned: Timestamp,
    /// The room's only one; moved, it is still the same.
    pub(crate) only: bool,
    pub(crate) span: Span,
}
