//! What the loop does for the room's calendars.

use saal_core::{CalendarChange, Checkup, Event, Finding};

use super::Daemon;
use crate::{
    calendar_changes,
    calendars::{CalendarNews, Calendars},
    checkup::{self, Places},
    input::Input,
};

impl Daemon {
    /// One of the configured calendars was asked.
    pub(super) async fn take_calendar(&mut self, news: CalendarNews) {
        let CalendarNews { state, file } = news;
        if let Some(file) = file {
            self.calendar.set_source(&state.name, file);
            self.tell_meetings().await;
        }
        self.tell(Event::Calendar(state)).await;
    }

    /// What became of it comes back as input.
    pub(super) fn change_calendar(&self, change: CalendarChange) {
        let writer = self.calendars.as_ref().map(Calendars::writer);
        let (writer, inputs) = (writer.unwrap_or_default(), self.inputs.clone());
        tokio::spawn(async move {
            let refused = calendar_changes::write(&writer, &change).await.err();
            if let Some(refused) = &refused {
                tracing::warn!(?change, ?refused, "the calendar is not changed");
            }
            inputs.send(Input::Room(Event::CalendarChanged { change, refused }));
        });
    }

    /// Tries what a meeting needs; the answer comes back as input.
    pub(super) fn check(&self, checkup: &Checkup) {
        let Some(config) = self.room.config() else {
            return;
        };
        let places = Places::of(checkup, config, &self.state);
        let (number, inputs) = (checkup.number, self.inputs.clone());
        tokio::spawn(async move {
            let found = checkup::run(places).await;
            for (part, finding) in &found {
                if let Finding::Bad { reason } = finding {
                    tracing::warn!(?part, reason, "the room is not ready");
                }
            }
            tracing::info!(?found, "the room was tried");
            inputs.send(Input::Room(Event::Checked { number, found }));
        });
    }

    /// An entry that can't be read is in the log once, until it is read or another.
    pub(super) async fn tell_meetings(&mut self) {
        let (meetings, problems) = self.calendar.meetings(self.clock.now().wall);
        let logged = std::mem::replace(&mut self.unread, problems.clone());
        for problem in problems.iter().filter(|p| !logged.contains(p)) {
            tracing::warn!(
                place = problem.place,
                reason = problem.reason,
                "calendar entry skipped"
            );
        }
        let put_off = self.calendar.put_off().to_vec();
        let news = Event::Meetings {
            meetings,
            problems,
            put_off,
        };
        self.tell(news).await;
    }

    /// Recurrences move into the window of days that is shown.
    pub(super) async fn follow_calendar(&mut self, before: jiff::Timestamp) {
        let now = self.clock.now().wall;
        if self
            .calendar
            .next_change(before)
            .is_some_and(|at| at <= now)
        {
            self.tell_meetings().await;
        }
    }

    /// What the calendar makes of them comes back as input: this runs while effects are carried out.
    pub(super) fn read_meetings(&mut self) {
        let Some(config) = self.room.config() else {
            return;
        };
        let standing = config.meetings.iter();
        self.calendar
            .set_standing(standing.map(|m| (m.title.as_str(), m.link.as_str())));
        let names: Vec<&str> = config.calendars.iter().map(|c| c.name.as_str()).collect();
        self.calendar.keep_sources(&names);
        self.calendars = Calendars::start(config, &self.file, &self.state, &self.inputs);
        let calendars = self.calendars.as_ref();
        let writable = calendars.is_some_and(|c| c.writer().writable().next().is_some());
        self.inputs
            .send(Input::Room(Event::CalendarWritable(writable)));
        self.inputs.send(Input::Calendar);
    }
}
