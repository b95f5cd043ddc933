//! What the day wants of people, and what the calendars are told.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use saal_media_protocol::SoundUnit;
use saal_meeting::{BookingSpan, Meeting, MeetingId};

use crate::Booking;

/// A meeting that needs the room is told so long before it begins.
pub(crate) const NEXT_BEFORE: SignedDuration = SignedDuration::from_mins(5);
/// The same for the end of the one that has the room.
pub(crate) const END_BEFORE: SignedDuration = SignedDuration::from_mins(5);
/// People are warned so long before the room leaves a meeting in which nobody else is.
pub(crate) const ALONE_WARNING: Duration = Duration::from_secs(60);
/// What people choose from, in minutes.
pub(crate) const SPANS: [u16; 3] = [15, 30, 60];
/// A shorter gap is not worth booking.
pub(crate) const SHORTEST: SignedDuration = SignedDuration::from_mins(5);
/// "Until the next meeting" is offered up to here; nobody books an afternoon by accident.
pub(crate) const LONGEST: SignedDuration = SignedDuration::from_hours(2);

/// Something about the room's time that people should know now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayNotice {
    /// Nobody else is in the meeting: within a minute the room leaves it.
    Alone,
    /// Another meeting needs the room, soon or already.
    Next {
        /// Which.
        meeting: MeetingId,
        /// Empty where it may not be read.
        title: String,
        /// When it begins, or began.
        start: Timestamp,
        /// The room can go there.
        joinable: bool,
    },
    /// The meeting that the room is in is no longer in its calendar.
    Cancelled,
    /// The meeting that the room is in takes place at another time now.
    Moved {
        /// Then.
        start: Timestamp,
    },
    /// A meeting that people were about to enter here takes place at another time now.
    MovedAway {
        /// Empty where it may not be read.
        title: String,
        /// Then.
        start: Timestamp,
    },
    /// The room is released unless somebody says that they are there.
    CheckIn {
        /// For which meeting.
        meeting: MeetingId,
        /// Empty where it may not be read.
        title: String,
        /// Until then.
        until: Timestamp,
    },
    /// People chose to take part in a meeting without being seen.
    WithoutPicture {
        /// In which.
        meeting: MeetingId,
        /// Empty where it may not be read.
        title: String,
    },
    /// People chose another camera for a meeting.
    OtherCamera {
        /// For which.
        meeting: MeetingId,
        /// Empty where it may not be read.
        title: String,
        /// As people call it.
        camera: String,
    },
    /// People chose another microphone or loudspeaker for a meeting.
    OtherSound {
        /// For which.
        meeting: MeetingId,
        /// Empty where it may not be read.
        title: String,
        /// What is another one, by name.
        unit: SoundUnit,
    },
    /// A meeting has the room, and people may change that.
    Taken {
        /// Which.
        meeting: MeetingId,
        /// Empty where it may not be read.
        title: String,
        /// Until then.
        end: Timestamp,
    },
}

/// How long people may take the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanChoice {
    /// To be asked for.
    pub span: BookingSpan,
    /// Then it would end.
    pub until: Timestamp,
}

/// What a calendar is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CalendarChange {
    /// A new appointment of the room's own.
    Book(Booking),
    /// People are there.
    CheckIn {
        /// For which meeting.
        meeting: MeetingId,
        /// Since when.
        at: Timestamp,
    },
    /// The room is free of a meeting: its own one goes, an invitation is declined.
    Release {
        /// Which.
        meeting: MeetingId,
        /// Why, for its organiser, in the room's language.
        reason: String,
    },
    /// A meeting of the room's own ends at another time.
    End {
        /// Which.
        meeting: MeetingId,
        /// When.
        at: Timestamp,
    },
}

/// Why a calendar did not take a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeRefused {
    /// It is somebody else's meeting.
    NotOurs,
    /// The calendar can't be written to, or did not do it.
    Failed {
        /// For the log.
        reason: String,
    },
}

/// What may be chosen from `from` on, where the room is needed again at `limit`.
pub(crate) fn choices(from: Timestamp, limit: Option<Timestamp>) -> Vec<SpanChoice> {
    let fits = |until: &Timestamp| limit.is_none_or(|limit| *until <= limit);
    let fixed = SPANS.into_iter().filter_map(|minutes| {
        let span = BookingSpan::Minutes(minutes.try_into().ok()?);
        let until = until(from, limit, span)?;
        Some(SpanChoice { span, until })
    });
    let mut all: Vec<SpanChoice> = fixed.filter(|choice| fits(&choice.until)).collect();
    if let Some(until) = until(from, limit, BookingSpan::UntilNext)
        && all.iter().all(|choice| choice.until != until)
    {
        let span = BookingSpan::UntilNext;
        all.push(SpanChoice { span, until });
    }
    all
}

/// When a span ends; `None`: there is no room for it.
pub(crate) fn until(
    from: Timestamp,
    limit: Option<Timestamp>,
    span: BookingSpan,
) -> Option<Timestamp> {
    match span {
        BookingSpan::Minutes(minutes) => {
            let length = SignedDuration::from_mins(minutes.get().into());
            let until = from.checked_add(length).ok()?;
            let fits = limit.is_none_or(|limit| until <= limit);
            (fits && length <= LONGEST).then_some(until)
        }
        BookingSpan::UntilNext => {
            let gap = limit?.duration_since(from);
            let fits = (SHORTEST..=LONGEST).contains(&gap);
            fits.then_some(limit?)
        }
    }
}

/// What may be read of a meeting.
pub(crate) fn title(meeting: &Meeting) -> String {
    if meeting.private {
        String::new()
    } else {
        meeting.title.clone()
    }
}
