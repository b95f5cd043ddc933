//! What calendars send: iCalendar, the answers of CalDAV servers, and the text in which a link is looked for.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use saal_calendar::{
    CalendarFile, Reading,
    caldav::{CalDav, Response, Step},
    edit::{self, Context, Edit, Edited},
    link::{self, Field, JitsiHosts},
};
use url::Url;

use crate::{Target, text};

const ICS: &str = include_str!("seeds/calendar.ics");
const ANSWERS: &str = include_str!("seeds/caldav.xml");
/// The moment of everything here, seconds since 1970: in the days of the seeds.
const NOW: i64 = 1_795_680_000;
const ROOM: &str = "room@example.org";
/// A look that asks more of one and the same answer goes round in circles.
const MOST_QUESTIONS: usize = 200;

pub(crate) const FILE: Target = Target {
    name: "calendar_file",
    read: file,
    seeds: || vec![ICS.as_bytes().to_vec()],
};

pub(crate) const CALDAV: Target = Target {
    name: "caldav",
    read: |data| caldav(&text(data)),
    seeds: || {
        ANSWERS
            .split("\n\n")
            .map(|a| a.as_bytes().to_vec())
            .collect()
    },
};

pub(crate) const INVITATION: Target = Target {
    name: "invitation_text",
    read: |data| invitation(&text(data)),
    seeds: || crate::lines(include_str!("seeds/invitations.txt")),
};

fn now() -> Timestamp {
    Timestamp::from_second(NOW).expect("in the days of the seeds")
}

/// What can be read can be changed, and what was changed can be read.
fn file(data: &[u8]) {
    let (zone, room) = (TimeZone::UTC, [ROOM.to_owned()]);
    let reading = Reading {
        now: now(),
        zone: &zone,
        room: &room,
        jitsi: &JitsiHosts::Any,
        ahead: Reading::WEEKS,
    };
    let file = CalendarFile::read(data, reading);
    let (from, to) = (
        now() - SignedDuration::from_hours(24),
        now() + Reading::WEEKS,
    );
    let (found, _) = file.appointments(from, to);
    for appointment in &found {
        assert!(appointment.start <= appointment.end && appointment.start < to);
    }
    let _ = saal_calendar::answer::answers(&file, &[], now(), "taken");
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let context = Context {
        now: now(),
        zone: &zone,
        room: &room,
    };
    for appointment in found.iter().take(3) {
        let reason = "Nobody came; nobody, will\n".to_owned();
        let edits = [
            Edit::CheckIn { at: now() },
            Edit::Release { reason },
            Edit::End {
                at: appointment.end,
            },
        ];
        for edit in edits {
            let uid = appointment.uid;
            let planned = appointment.in_series.then_some(appointment.planned);
            if let Ok(Edited::Text(changed)) = edit::apply(text, uid, planned, &edit, context) {
                let again = CalendarFile::read(changed.as_bytes(), reading);
                let _ = again.appointments(from, to);
                // A file of which the writer can't tell whose it is stays one.
                let goes = matches!(edit, Edit::Release { .. }) || !edit::is_of(text, uid);
                assert!(goes || edit::is_of(&changed, uid), "{changed}");
            }
        }
    }
}

/// A server that always gives this answer ends each look.
fn caldav(body: &str) {
    let base = Url::parse("https://dav.example.org/cal/").expect("an address");
    let mut dav = CalDav::new(base, Reading::WEEKS);
    for turn in 0..3_i64 {
        let at = now() + SignedDuration::from_mins(31 * turn);
        let mut step = dav.look(at);
        for _ in 0..MOST_QUESTIONS {
            let Step::Ask(request) = step else { break };
            assert_eq!(request.url.host_str(), Some("dav.example.org"));
            let response = Response {
                status: 207,
                location: None,
                etag: None,
                retry_after: None,
                body: body.to_owned(),
            };
            step = dav.answer(at, &response);
        }
        assert!(!matches!(step, Step::Ask(_)), "a look without an end");
    }
    let _ = dav.find("uid");
}

/// Wherever the text stands, what is found leads somewhere.
fn invitation(text: &str) {
    for field in [Field::Location, Field::Description, Field::Html, Field::Url] {
        let found = link::find([(field, text)], &JitsiHosts::Any);
        for destination in &found.destinations {
            assert!(!destination.place().is_empty());
        }
    }
}
