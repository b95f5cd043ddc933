//! Calendars of the room, and the links in them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::values::{LookSeconds, RoomName, ServerName, WebAddress};

/// One of the room's calendars: exactly one of `caldav`, `feed`, `feed_file` and `folder`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarSource {
    /// What IT calls it; each has another one.
    pub name: RoomName,
    /// A CalDAV server (RFC 4791): a calendar, or an address behind which calendars are found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caldav: Option<WebAddress>,
    /// An address that gives iCalendar (RFC 5545).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<WebAddress>,
    /// File with such an address that is a secret: whoever knows it reads the calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed_file: Option<PathBuf>,
    /// A folder with `.ics` files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// Who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// File with the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// The room's addresses among attendees: what it has declined is not shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// What the room answers to invitations in it; with `caldav`.
    #[serde(default, skip_serializing_if = "CalendarAnswer::is_never")]
    pub answer: CalendarAnswer,
    /// Between two looks.
    #[serde(default)]
    pub every_seconds: LookSeconds,
}

/// What the room answers to invitations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CalendarAnswer {
    /// Nothing: the server does, or people.
    #[default]
    Never,
    /// It comes where it is free, and declines where it is taken.
    WhenFree,
}

impl CalendarAnswer {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes a reference"
    )]
    fn is_never(&self) -> bool {
        *self == Self::Never
    }
}

impl CalendarSource {
    fn check(&self) -> Result<(), (&'static str, String)> {
        let given = [
            self.caldav.is_some(),
            self.feed.is_some(),
            self.feed_file.is_some(),
            self.folder.is_some(),
        ];
        if given.iter().filter(|is| **is).count() != 1 {
            let name = self.name.as_str();
            let problem =
                format!("{name:?} needs exactly one of caldav, feed, feed_file and folder");
            return Err(("calendars", problem));
        }
        if self.answer != CalendarAnswer::Never && self.caldav.is_none() {
            let problem =
                "only invitations in a caldav calendar can be answered; leave answer away";
            return Err(("calendars.answer", problem.to_owned()));
        }
        if self.user.is_some() != self.password_file.is_some() {
            let problem = "user and password_file belong together; give both, or none";
            return Err(("calendars.user", problem.to_owned()));
        }
        Ok(())
    }
}

/// Links in calendars, and those that people type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Links {
    /// Jitsi installations that the room goes to, `meet.example.org` or `*.example.org`; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jitsi_hosts: Vec<String>,
    /// People may type a link or a name on the panel.
    #[serde(default = "yes")]
    pub typed: bool,
    /// The Jitsi installation at which a name alone is a meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names_at: Option<ServerName>,
}

impl Default for Links {
    fn default() -> Self {
        Self {
            jitsi_hosts: Vec::new(),
            typed: true,
            names_at: None,
        }
    }
}

const fn yes() -> bool {
    true
}

/// Each says where it is, and has a name of its own.
pub(super) fn check(calendars: &[CalendarSource]) -> Result<(), (&'static str, String)> {
    calendars.iter().try_for_each(CalendarSource::check)?;
    let mut names: Vec<&str> = calendars.iter().map(|c| c.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        let problem = format!("there are two calendars named {:?}", twice[0]);
        return Err(("calendars.name", problem));
    }
    Ok(())
}
