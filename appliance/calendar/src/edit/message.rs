//! Messages about meetings (iTIP, RFC 5546), as a server that schedules lays them into an inbox: whether the calendar has
//! what they say, and the room's answer to it.

use super::{
    has_uid, is_room,
    object::{self, Component, Property},
};

/// What an organiser asked for, or called off.
#[derive(Clone, Debug)]
pub struct Message {
    calendar: Component,
    uid: String,
    cancels: bool,
}

impl Message {
    /// A `REQUEST` or `CANCEL` about one UID; `None` for all else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let calendar = object::read(text).ok()?;
        let method = calendar.property("METHOD")?.value();
        let cancels = match method.trim().to_ascii_uppercase().as_str() {
            "REQUEST" => false,
            "CANCEL" => true,
            _ => return None,
        };
        let first = calendar.components("VEVENT").next()?;
        let uid = first.property("UID")?.value().trim().to_owned();
        let same = calendar.components("VEVENT").all(|e| has_uid(e, &uid));
        same.then_some(Self {
            calendar,
            uid,
            cancels,
        })
    }

    /// Which meeting or series it is about.
    #[must_use]
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// It calls off.
    #[must_use]
    pub fn cancels(&self) -> bool {
        self.cancels
    }

    /// Whether this object of the calendar has everything that it says, and the room's answer where it asks for one.
    #[must_use]
    pub fn is_handled_in(&self, object: &str, room: &[String]) -> bool {
        let Ok(object) = object::read(object) else {
            return false;
        };
        let events = || {
            object
                .components("VEVENT")
                .filter(|e| has_uid(e, &self.uid))
        };
        let whole = events().find(|event| planned(event).is_none());
        self.calendar.components("VEVENT").all(|told| {
            let one = planned(told);
            let known = events().find(|event| planned(event) == one);
            match (self.cancels, known) {
                (true, Some(known)) => is_cancelled(known) || version(known) > version(told),
                // Of a series it may have been left out.
                (true, None) => one.is_some_and(|one| {
                    whole.is_some_and(|w| is_left_out(w, &one) || version(w) > version(told))
                }),
                (false, Some(known)) => {
                    let done = is_cancelled(known) || is_answered(known, room);
                    done && version(known) >= version(told)
                }
                (false, None) => false,
            }
        })
    }
}

fn planned(event: &Component) -> Option<String> {
    let planned = event.property("RECURRENCE-ID")?;
    Some(planned.value().trim().to_owned())
}

fn version(event: &Component) -> u32 {
    let sequence = event.property("SEQUENCE").map(Property::value);
    let sequence = sequence.and_then(|number| number.trim().parse().ok());
    sequence.unwrap_or(0)
}

fn is_cancelled(event: &Component) -> bool {
    let status = event.property("STATUS").map(Property::value);
    status.is_some_and(|status| status.trim().eq_ignore_ascii_case("CANCELLED"))
}

fn is_left_out(series: &Component, planned: &str) -> bool {
    let mut left_out = series.properties().filter(|p| p.is("EXDATE"));
    left_out.any(|p| p.value().split(',').any(|one| one.trim() == planned))
}

/// The room is invited and has said whether it comes (RFC 5545 section 3.2.12: without a word it has not).
fn is_answered(event: &Component, room: &[String]) -> bool {
    let mut invited = event.properties().filter(|p| p.is("ATTENDEE"));
    invited.any(|attendee| {
        let said = attendee.parameter("PARTSTAT");
        let said = said.is_some_and(|said| !said.eq_ignore_ascii_case("NEEDS-ACTION"));
        said && is_room(attendee, room)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: &str = "hall@example.org";

    fn calendar(method: &str, events: &[&str]) -> String {
        let event = |lines: &&str| {
            let lines = lines.replace(' ', "\r\n");
            format!(
                "BEGIN:VEVENT\r\nUID:weekly\r\nDTSTART:20261123T130000Z\r\n{lines}\r\nEND:VEVENT\r\n"
            )
        };
        let events: String = events.iter().map(event).collect();
        let method = match method {
            "" => String::new(),
            method => format!("METHOD:{method}\r\n"),
        };
        format!("BEGIN:VCALENDAR\r\n{method}{events}END:VCALENDAR\r\n")
    }

    fn handled(method: &str, told: &[&str], known: &[&str]) -> bool {
        let message = Message::read(&calendar(method, told)).unwrap();
        assert_eq!(message.uid(), "weekly");
        message.is_handled_in(&calendar("", known), &[ROOM.to_owned()])
    }

    #[test]
    fn a_request_is_handled_when_the_calendar_has_its_version_with_the_room_s_answer() {
        let comes = "SEQUENCE:2 ATTENDEE;PARTSTAT=ACCEPTED:mailto:hall@example.org";
        assert!(handled("REQUEST", &["SEQUENCE:2"], &[comes]));
        assert!(handled("REQUEST", &["SEQUENCE:1"], &[comes]));
        assert!(!handled("REQUEST", &["SEQUENCE:3"], &[comes]), "is newer");
        for open in [
            "SEQUENCE:2 ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:hall@example.org",
            "SEQUENCE:2 ATTENDEE:mailto:hall@example.org",
            "SEQUENCE:2 ATTENDEE;PARTSTAT=ACCEPTED:mailto:other@example.org",
        ] {
            assert!(!handled("REQUEST", &["SEQUENCE:2"], &[open]), "{open}");
        }
        let one = "SEQUENCE:2 RECURRENCE-ID:20261130T130000Z";
        assert!(!handled("REQUEST", &[one], &[comes]), "one of the series");
        let changed = format!("{comes} RECURRENCE-ID:20261130T130000Z");
        assert!(handled("REQUEST", &[one], &[comes, &changed]));
    }

    #[test]
    fn a_cancellation_is_handled_when_it_is_cancelled_in_the_calendar() {
        let comes = "SEQUENCE:2 ATTENDEE;PARTSTAT=ACCEPTED:mailto:hall@example.org";
        assert!(!handled("CANCEL", &["SEQUENCE:2"], &[comes]));
        assert!(handled("CANCEL", &["SEQUENCE:1"], &[comes]), "invited anew");
        let off = format!("{comes} STATUS:CANCELLED");
        assert!(handled("CANCEL", &["SEQUENCE:3"], &[&off]));
        let one = "SEQUENCE:3 RECURRENCE-ID:20261130T130000Z";
        assert!(!handled("CANCEL", &[one], &[comes]));
        let without = format!("{comes} EXDATE:20261123T130000Z,20261130T130000Z");
        assert!(handled("CANCEL", &[one], &[&without]));
    }

    #[test]
    fn what_is_no_request_or_speaks_of_several_meetings_is_left_alone() {
        for method in ["", "REPLY", "COUNTER", "REFRESH", "PUBLISH"] {
            assert!(Message::read(&calendar(method, &["SEQUENCE:1"])).is_none());
        }
        let two = calendar("REQUEST", &["SEQUENCE:1", "SEQUENCE:1"]);
        let two = two.replacen("UID:weekly", "UID:daily", 1);
        assert!(Message::read(&two).is_none());
        assert!(Message::read("").is_none());
    }
}
