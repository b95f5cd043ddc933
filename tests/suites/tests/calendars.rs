//! The room's time, changed at its panel, in a calendar on a real server: what the organiser sees of it, and what the panel
//! shows of what the organiser does.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use saal_harness::{
    CalendarProgram, CalendarServer, PanelTree, Room, RoomOptions, RunFolder, run, until,
};
use saal_suites::{PATIENCE, Result, shows};

/// A room with a calendar on a server.
struct Office {
    calendar: CalendarServer,
    room: Room,
    folder: RunFolder,
}

impl Office {
    /// The room looks at its calendar every so many seconds, and releases a meeting to which nobody comes.
    async fn open(program: CalendarProgram, every: u32) -> Result<Self> {
        let folder = RunFolder::new()?;
        let server = folder.path().join("server");
        std::fs::create_dir_all(&server).expect("the run's folder is writable");
        let calendar = CalendarServer::start(program, &server).await?;
        Self::with(calendar, folder, every, "never").await
    }

    /// It answers invitations so.
    async fn with(
        calendar: CalendarServer,
        folder: RunFolder,
        every: u32,
        answer: &str,
    ) -> Result<Self> {
        let password = folder.path().join("calendar-password");
        let written = std::fs::write(&password, CalendarServer::PASSWORD);
        written.expect("the run's folder is writable");
        let (base, user) = (calendar.base(), CalendarServer::USER);
        let none = || "none".to_owned();
        let options = RoomOptions {
            camera: none(),
            microphone: none(),
            loudspeaker: none(),
            more: format!(
                "[[calendars]]\nname = \"Room calendar\"\ncaldav = {base:?}\nuser = {user:?}\n\
                 password_file = {password:?}\naddresses = [\"room@example.org\"]\nevery_seconds = {every}\nanswer = {answer:?}\n\n\
                 [day]\ncheck_in_minutes = 30\n"
            ),
            ..RoomOptions::default()
        };
        let room = Room::standing(folder.path(), &options).await?;
        Ok(Self {
            calendar,
            room,
            folder,
        })
    }

    /// The organiser sees this in the calendar.
    async fn organiser_sees(&self, what: &str, done: impl Fn(&str) -> bool) -> Result<String> {
        let look = async || self.calendar.all().await;
        until(what, PATIENCE, look, |text: &String| done(text)).await
    }

    async fn panel_shows(&self, words: &str) -> Result<PanelTree> {
        let shown = |tree: &PanelTree| shows(tree, words);
        self.room.panel_shows(words, PATIENCE, shown).await
    }

    /// The panel asks the people of this meeting whether they are there.
    async fn panel_asks_for(&self, title: &str) -> Result<()> {
        let asks = |tree: &PanelTree| {
            let label = |e: &saal_harness::Element| e.label.clone();
            let notice = tree.elements.iter().find(|e| e.id == "day-check-in");
            notice.map(label).is_some_and(|label| label.contains(title))
        };
        self.room.panel_shows(title, PATIENCE, asks).await?;
        Ok(())
    }

    /// The organiser, whose program keeps nothing of what the room wrote, moves the meeting: those who are there are not
    /// asked again.
    async fn moved_while_people_are_there(&self) -> Result<()> {
        let start = Timestamp::now() - SignedDuration::from_mins(7);
        let moved = event_at(start, "weekly", "Weekly at another time", INVITED);
        self.calendar.put("weekly", &moved).await?;
        let tree = self.panel_shows("Weekly at another time").await?;
        let asks = tree.elements.iter().any(|e| e.id == "day-check-in");
        assert!(!asks, "{tree:?}");
        Ok(())
    }

    async fn close(self) {
        self.room.stop().await;
        drop((self.calendar, self.folder));
    }
}

fn utc(at: Timestamp) -> String {
    let civil = TimeZone::UTC.to_datetime(at);
    civil.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A meeting that began a minute ago, for an hour.
fn event(uid: &str, title: &str, more: &str) -> String {
    let start = Timestamp::now() - SignedDuration::from_mins(1);
    event_at(start, uid, title, more)
}

fn event_at(start: Timestamp, uid: &str, title: &str, more: &str) -> String {
    let (from, to) = (utc(start), utc(start + SignedDuration::from_hours(1)));
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n\
         DTSTAMP:20261101T000000Z\r\nDTSTART:{from}\r\nDTEND:{to}\r\nSUMMARY:{title}\r\n{more}END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

const INVITED: &str = "ORGANIZER:mailto:alice@example.org\r\n\
                       ATTENDEE;CUTYPE=ROOM;PARTSTAT=ACCEPTED:mailto:room@example.org\r\n";

/// The values of a property, in the order of the text.
fn values<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(name));
    lines.filter_map(|rest| rest.split(':').nth(1)).collect()
}

/// How long an event is, in minutes.
fn minutes(text: &str) -> i64 {
    let at = |name| {
        let value = values(text, name)[0].trim_end_matches('Z');
        let civil: jiff::civil::DateTime = value.parse().expect("a time");
        TimeZone::UTC.to_timestamp(civil).expect("a moment")
    };
    at("DTEND").duration_since(at("DTSTART")).as_secs() / 60
}

async fn booked_kept_and_given_back(program: CalendarProgram) -> Result<()> {
    let office = Office::open(program, 5).await?;
    office.panel_shows("Available").await?;
    office.room.touch_element("Book this room").await?;
    office.room.touch_element("30 minutes").await?;
    let booked = |text: &str| text.contains("SUMMARY:Booked on the spot");
    let text = office.organiser_sees("the booking", booked).await?;
    assert_eq!(minutes(&text), 30, "{text}");
    office.panel_shows("has this room until").await?;
    office.room.touch_element("Extend or end").await?;
    office.room.touch_element("15 minutes longer").await?;
    let longer = |text: &str| minutes(text) == 45;
    office
        .organiser_sees("fifteen minutes more", longer)
        .await?;
    office.room.touch_element("Extend or end").await?;
    office.room.touch_element("End now").await?;
    let over = |text: &str| minutes(text) < 30;
    office.organiser_sees("the end", over).await?;
    office.panel_shows("Book this room").await?;
    office.close().await;
    Ok(())
}

#[test]
fn a_room_is_booked_kept_and_given_back_at_its_panel_in_radicale() -> Result<()> {
    run(booked_kept_and_given_back(CalendarProgram::Radicale))
}

#[test]
fn a_room_is_booked_kept_and_given_back_at_its_panel_in_xandikos() -> Result<()> {
    run(booked_kept_and_given_back(CalendarProgram::Xandikos))
}

async fn here_or_not(program: CalendarProgram) -> Result<()> {
    let office = Office::open(program, 5).await?;
    let calendar = &office.calendar;
    calendar
        .put("weekly", &event("weekly", "Weekly", INVITED))
        .await?;
    office.panel_asks_for("Weekly").await?;
    office.room.touch_element("We are here").await?;
    let came = |text: &str| text.contains("X-SAAL-CHECKED-IN:");
    office.organiser_sees("that people came", came).await?;
    office.moved_while_people_are_there().await?;
    calendar.delete("weekly").await?;

    calendar
        .put("other", &event("other", "Jour fixe", INVITED))
        .await?;
    office.panel_asks_for("Jour fixe").await?;
    office.room.touch_element("Release the room").await?;
    let declined = |text: &str| text.contains("PARTSTAT=DECLINED");
    let text = office
        .organiser_sees("that the room declines", declined)
        .await?;
    assert!(
        text.contains("SUMMARY:Jour fixe"),
        "it is the organiser's: {text}"
    );
    assert!(text.contains("COMMENT:The room was released"), "{text}");
    office.panel_shows("Book this room").await?;
    office.close().await;
    Ok(())
}

#[test]
fn people_say_at_the_panel_that_they_are_there_or_not_in_radicale() -> Result<()> {
    run(here_or_not(CalendarProgram::Radicale))
}

#[test]
fn people_say_at_the_panel_that_they_are_there_or_not_in_xandikos() -> Result<()> {
    run(here_or_not(CalendarProgram::Xandikos))
}

/// The organiser changes the meeting, and the room, which has not looked since, its part of it (412).
async fn two_at_a_time(program: CalendarProgram) -> Result<()> {
    let folder = RunFolder::new()?;
    let server = folder.path().join("server");
    std::fs::create_dir_all(&server).expect("the run's folder is writable");
    let calendar = CalendarServer::start(program, &server).await?;
    calendar
        .put("weekly", &event("weekly", "Weekly", INVITED))
        .await?;
    // It does not look again while this goes on.
    let office = Office::with(calendar, folder, 3600, "never").await?;
    office.panel_asks_for("Weekly").await?;
    let agenda = format!("{INVITED}DESCRIPTION:Agenda follows\r\n");
    let changed = event("weekly", "Weekly with guests", &agenda);
    office.calendar.put("weekly", &changed).await?;
    office.room.touch_element("Release the room").await?;
    let declined = |text: &str| text.contains("PARTSTAT=DECLINED");
    let text = office
        .organiser_sees("that the room declines", declined)
        .await?;
    assert!(text.contains("SUMMARY:Weekly with guests"), "{text}");
    assert!(text.contains("DESCRIPTION:Agenda follows"), "{text}");
    office.panel_shows("Book this room").await?;
    office.close().await;
    Ok(())
}

#[test]
fn what_the_organiser_changes_meanwhile_stays_in_radicale() -> Result<()> {
    run(two_at_a_time(CalendarProgram::Radicale))
}

#[test]
fn what_the_organiser_changes_meanwhile_stays_in_xandikos() -> Result<()> {
    run(two_at_a_time(CalendarProgram::Xandikos))
}

/// A request and its cancellation, once the calendar has them and the room's answer; a message about something else stays.
#[test]
fn messages_that_the_room_has_handled_are_deleted_from_its_inbox_in_xandikos() -> Result<()> {
    run(async {
        let folder = RunFolder::new()?;
        let server = folder.path().join("server");
        std::fs::create_dir_all(&server).expect("the run's folder is writable");
        let calendar = CalendarServer::start(CalendarProgram::Xandikos, &server).await?;
        let office = Office::with(calendar, folder, 5, "when-free").await?;
        let start = Timestamp::now() + SignedDuration::from_mins(30);
        let message = |method: &str, uid: &str, sequence: u32| {
            let open = INVITED.replace("PARTSTAT=ACCEPTED", "PARTSTAT=NEEDS-ACTION");
            let text = event_at(
                start,
                uid,
                "Weekly",
                &format!("{open}SEQUENCE:{sequence}\r\n"),
            );
            text.replace("BEGIN:VEVENT", &format!("METHOD:{method}\r\nBEGIN:VEVENT"))
        };
        let calendar = &office.calendar;
        calendar.lay("other", &message("REPLY", "other", 0)).await?;
        calendar
            .lay("asked", &message("REQUEST", "weekly", 0))
            .await?;
        office.panel_shows("Weekly").await?;
        let accepted = |text: &str| text.contains("PARTSTAT=ACCEPTED");
        office
            .organiser_sees("that the room accepts", accepted)
            .await?;
        let look = async || calendar.messages().await;
        let lacks = |name: &'static str| move |text: &String| !text.contains(name);
        until("the request is cleared", PATIENCE, look, lacks("asked")).await?;
        calendar.lay("off", &message("CANCEL", "weekly", 1)).await?;
        until("the cancellation too", PATIENCE, look, lacks("off.ics")).await?;
        let left = calendar.messages().await?;
        assert!(left.contains("other.ics"), "{left}");
        office.close().await;
        Ok(())
    })
}

/// A booking that nobody else sees is taken back, and said.
#[test]
fn a_calendar_that_is_gone_takes_no_booking() -> Result<()> {
    run(async {
        let mut office = Office::open(CalendarProgram::Radicale, 5).await?;
        office.panel_shows("Book this room").await?;
        office.calendar.stop().await;
        office.room.touch_element("Book this room").await?;
        office.room.touch_element("15 minutes").await?;
        office.panel_shows("The calendar did not take this").await?;
        office.panel_shows("Book this room").await?;
        office.calendar.begin().await?;
        office.room.touch_element("Book this room").await?;
        office.room.touch_element("15 minutes").await?;
        let booked = |text: &str| text.contains("SUMMARY:Booked on the spot");
        office.organiser_sees("the booking", booked).await?;
        office.close().await;
        Ok(())
    })
}

/// Neither the password nor an address that is a secret itself is in the log, however much of it is wanted, or in the status.
#[test]
fn what_opens_a_calendar_is_told_to_nobody() -> Result<()> {
    run(async {
        let folder = RunFolder::new()?;
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("the run's folder is writable");
            path
        };
        let server = folder.path().join("server");
        std::fs::create_dir_all(&server).expect("the run's folder is writable");
        let calendar = CalendarServer::start(CalendarProgram::Radicale, &server).await?;
        calendar
            .put("weekly", &event("weekly", "Weekly", INVITED))
            .await?;
        let base = calendar.base();
        let password = write("calendar-password", CalendarServer::PASSWORD);
        // There is nothing at one of them, and an error of each kind is told.
        let refused = write(
            "refused",
            &format!("{base}private-5ecretpath/basic.ics?key=5ecretkey"),
        );
        let no_address = write("no-address", "ldap://127.0.0.1/5ecretpath");
        let user = CalendarServer::USER;
        let options = RoomOptions {
            more: format!(
                "[[calendars]]\nname = \"Room calendar\"\ncaldav = {base:?}\nuser = {user:?}\n\
                 password_file = {password:?}\nevery_seconds = 5\n\
                 [[calendars]]\nname = \"Refused\"\nfeed_file = {refused:?}\nevery_seconds = 5\n\
                 [[calendars]]\nname = \"Mistyped\"\nfeed_file = {no_address:?}\nevery_seconds = 5\n"
            ),
            environment: vec![("RUST_LOG".to_owned(), "debug".to_owned())],
            ..RoomOptions::default()
        };
        let room = Room::standing(folder.path(), &options).await?;
        let shown = |tree: &PanelTree| shows(tree, "Weekly");
        room.panel_shows("Weekly", PATIENCE, shown).await?;
        let both_fail = |status: &saal_control::Status| {
            let failing = status.calendars.iter().filter(|c| c.failure.is_some());
            failing.count() == 2
        };
        let status = room
            .status_is("two calendars that fail", PATIENCE, both_fail)
            .await?;
        let (log, told) = (room.log(), format!("{status:?}"));
        assert!(log.contains("Refused") && log.contains("Mistyped"), "{log}");
        for secret in [CalendarServer::PASSWORD, "5ecretpath", "5ecretkey"] {
            for text in [&log, &told] {
                let at = text.lines().find(|line| line.contains(secret));
                assert_eq!(at, None, "{secret}");
            }
        }
        room.stop().await;
        Ok(())
    })
}
