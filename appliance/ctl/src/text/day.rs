//! The room's meetings, and the calendars that they come from.

use jiff::{Timestamp, tz::TimeZone};
use saal_control::{CalendarLine, MeetingLine, Prepared};

use super::{plain, plain_id, sentence};

pub(super) fn meetings(meetings: &[MeetingLine], zone: &TimeZone) -> String {
    if meetings.is_empty() {
        return "No meetings today and tomorrow.\n".to_owned();
    }
    let rows: Vec<(String, String)> = meetings.iter().map(|m| (when(m, zone), state(m))).collect();
    let width = |of: fn(&(String, String)) -> &String| {
        rows.iter()
            .map(|r| of(r).chars().count())
            .max()
            .unwrap_or(0)
    };
    let (first, second) = (width(|r| &r.0), width(|r| &r.1));
    let mut text = String::new();
    for (meeting, (when, state)) in meetings.iter().zip(&rows) {
        let title = plain(&meeting.title);
        text += &format!("{when:<first$}  {state:<second$}  {title}\n");
        text += &format!("{:<first$}  id {}\n", "", plain_id(&meeting.id.0));
        for place in &meeting.other_places {
            text += &format!("{:<first$}  also at {}\n", "", plain_id(place));
        }
    }
    text
}

pub(super) fn of_calendar(calendar: &CalendarLine, zone: &TimeZone) -> String {
    let clock = |at: Timestamp| zone.to_datetime(at).strftime("%a %d %b %H:%M").to_string();
    let known = calendar.at.map_or_else(
        || "nothing is known".to_owned(),
        |at| format!("as of {}", clock(at)),
    );
    let failure = calendar.failure.as_deref().map(sentence);
    let failure = failure.map_or_else(String::new, |why| format!("; {why}"));
    format!("{}: {known}{failure}", plain(&calendar.name))
}

fn when(meeting: &MeetingLine, zone: &TimeZone) -> String {
    let clock = |at: Timestamp| zone.to_datetime(at).strftime("%H:%M").to_string();
    let Some(start) = meeting.start else {
        return "without appointment".to_owned();
    };
    let day = zone.to_datetime(start).strftime("%a %d %b").to_string();
    match meeting.end {
        Some(end) => format!("{day}  {}-{}", clock(start), clock(end)),
        None => format!("{day}  {}", clock(start)),
    }
}

fn state(meeting: &MeetingLine) -> String {
    let time = match (meeting.under_way, meeting.can_join) {
        (true, _) => "now",
        (false, true) => "can be joined",
        (false, false) => "later",
    };
    let time = if meeting.tentative {
        format!("{time}, tentative")
    } else {
        time.to_owned()
    };
    match meeting.in_call {
        0 => time,
        1 => format!("{time}, 1 device in the call"),
        n => format!("{time}, {n} devices in the call"),
    }
}

/// What people chose for the meeting that comes.
pub(super) fn prepared(prepared: &Prepared) -> String {
    let named = |part: &str, name: &Option<String>| {
        let name = name.as_ref()?;
        Some(format!("the {part} \"{}\"", plain(name)))
    };
    let camera = match prepared.camera_off {
        true => Some("no picture".to_owned()),
        false => named("camera", &prepared.camera),
    };
    let sound = [
        named("microphone", &prepared.microphone),
        named("loudspeaker", &prepared.loudspeaker),
    ];
    let all: Vec<String> = sound.into_iter().chain([camera]).flatten().collect();
    format!("the meeting that comes has {}", all.join(", "))
}
