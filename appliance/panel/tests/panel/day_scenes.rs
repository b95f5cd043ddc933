//! The room's time on the panel: what the day wants of people, and how they take, keep and give back the room.

use saal_core::{DayNotice, Muted, SpanChoice};
use saal_media_protocol::SoundUnit;
use saal_meeting::{BookingSpan, MeetingId};
use saal_panel::{DayView, Navigation, Screen, Sheet};

use crate::scenes::{self, at, at_sheet};

/// Name, what the room does, what people opened, its time.
pub(crate) type DayScene = (&'static str, Screen, Navigation, DayView);

pub(crate) fn id() -> MeetingId {
    MeetingId("calendar/weekly/2026-11-23T13:00:00Z".to_owned())
}

pub(crate) fn choice(minutes: Option<u16>, until: &str) -> SpanChoice {
    let fixed = |minutes: u16| BookingSpan::Minutes(minutes.try_into().unwrap());
    SpanChoice {
        span: minutes.map_or(BookingSpan::UntilNext, fixed),
        until: at(until),
    }
}

fn title() -> String {
    "Team Weekly Produktentwicklung".to_owned()
}

fn taken() -> DayNotice {
    DayNotice::Taken {
        meeting: id(),
        title: title(),
        end: at("15:00"),
    }
}

fn check_in() -> DayNotice {
    DayNotice::CheckIn {
        meeting: id(),
        title: title(),
        until: at("14:10"),
    }
}

fn next(start: &str, joinable: bool) -> DayNotice {
    DayNotice::Next {
        meeting: id(),
        title: "Angebotsbesprechung Nordwind".to_owned(),
        start: at(start),
        joinable,
    }
}

fn notices(notices: impl Into<Vec<DayNotice>>) -> DayView {
    DayView {
        notices: notices.into(),
        ..DayView::default()
    }
}

fn bookable() -> DayView {
    let bookable = vec![
        choice(Some(15), "14:20"),
        choice(Some(30), "14:35"),
        choice(None, "15:00"),
    ];
    DayView {
        bookable,
        ..DayView::default()
    }
}

fn extendable() -> DayView {
    let extensions = vec![
        choice(Some(15), "15:15"),
        choice(Some(30), "15:30"),
        choice(Some(60), "16:00"),
    ];
    DayView {
        extensions,
        ..notices([taken()])
    }
}

/// People chose for the meeting that comes not to be seen in it.
pub(crate) fn without_picture() -> DayView {
    notices([DayNotice::WithoutPicture {
        meeting: id(),
        title: title(),
    }])
}

/// What people came for is at another time now.
pub(crate) fn moved_away() -> DayView {
    notices([DayNotice::MovedAway {
        title: title(),
        start: "2026-11-24T09:30:00Z".parse().unwrap(),
    }])
}

/// People chose another camera for it.
pub(crate) fn other_camera() -> DayView {
    notices([DayNotice::OtherCamera {
        meeting: id(),
        title: title(),
        camera: "Deckenkamera".to_owned(),
    }])
}

/// People chose another microphone and loudspeaker for it, of one piece of hardware or of two.
pub(crate) fn other_sound(microphone: Option<&str>, loudspeaker: Option<&str>) -> DayView {
    notices([DayNotice::OtherSound {
        meeting: id(),
        title: title(),
        unit: SoundUnit {
            microphone: microphone.map(str::to_owned),
            loudspeaker: loudspeaker.map(str::to_owned),
        },
    }])
}

#[allow(clippy::too_many_lines, reason = "a table: an entry for each scene")]
pub(crate) fn all() -> Vec<DayScene> {
    let nowhere = Navigation::default;
    let call = || scenes::call(Muted::default());
    let alone = notices([DayNotice::Alone]);
    let moved = notices([DayNotice::Moved {
        start: "2026-11-24T09:30:00Z".parse().unwrap(),
    }]);
    vec![
        ("home-day-book", scenes::upcoming(), nowhere(), bookable()),
        ("home-day-book-free", scenes::free(), nowhere(), bookable()),
        (
            "home-day-book-how-long",
            scenes::upcoming(),
            at_sheet(Sheet::Book),
            bookable(),
        ),
        (
            "home-day-taken",
            scenes::home(),
            nowhere(),
            notices([taken()]),
        ),
        (
            "home-day-change",
            scenes::home(),
            at_sheet(Sheet::Time(id())),
            extendable(),
        ),
        (
            "time-in-call",
            call(),
            at_sheet(Sheet::Time(id())),
            extendable(),
        ),
        (
            "home-day-check-in",
            scenes::home(),
            nowhere(),
            notices([check_in(), taken()]),
        ),
        ("call-day-alone", scenes::alone(), nowhere(), alone),
        (
            "call-day-next",
            call(),
            nowhere(),
            notices([next("14:10", true)]),
        ),
        (
            "call-day-running-over",
            call(),
            nowhere(),
            notices([next("14:00", true)]),
        ),
        (
            "call-day-next-elsewhere",
            call(),
            nowhere(),
            notices([next("14:10", false)]),
        ),
        ("call-day-moved", call(), nowhere(), moved),
        (
            "call-day-cancelled",
            call(),
            nowhere(),
            notices([DayNotice::Cancelled]),
        ),
        ("call-day-ends", call(), nowhere(), notices([taken()])),
    ]
}
