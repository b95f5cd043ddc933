//! What the panel is to show, as plain data.

use jiff::{Timestamp, tz::TimeZone};
use saal_core::{Muted, Now, Phase, Room, Trouble};
use saal_fleet_protocol::config::{Language, Theme};
use saal_meeting::{JoinStage, Meeting, Participant};

/// What the panel is to show.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The panel's width in pixels.
    pub width: u32,
    /// The panel's height in pixels.
    pub height: u32,
    /// The language of all words.
    pub language: Language,
    /// The colours.
    pub theme: Theme,
    /// Where the room's clock is.
    pub time_zone: TimeZone,
    /// What the clock shows.
    pub now: Timestamp,
    /// The room's name.
    pub room: String,
    /// What the room is doing.
    pub screen: Screen,
    /// What is wrong, worst first.
    pub troubles: Vec<Trouble>,
}

/// What the room is doing.
#[derive(Clone, Debug, PartialEq)]
pub enum Screen {
    /// It does not know yet.
    Starting,
    /// Waiting for people.
    Home {
        /// Going on now.
        under_way: Vec<Meeting>,
        /// Later ones, the next first.
        next: Vec<Meeting>,
    },
    /// Entering a meeting.
    Joining {
        /// Of the meeting.
        title: String,
        /// How far it is.
        stage: JoinStage,
        /// Back into a call after a restart.
        returning: bool,
    },
    /// In a meeting.
    Call {
        /// Of the meeting.
        title: String,
        /// All others.
        participants: Vec<Participant>,
        /// When the room came in.
        since: Timestamp,
        /// What the room keeps to itself.
        muted: Muted,
        /// The connection is lost and comes back by itself.
        reconnecting: bool,
    },
    /// On the way out.
    Leaving {
        /// Of the meeting.
        title: String,
    },
}

/// The panel before the first configuration, in pixels.
const UNCONFIGURED: (u32, u32) = (1280, 800);

impl View {
    /// What the panel of this room shows at this moment.
    #[must_use]
    pub fn of(room: &Room, now: Now) -> Self {
        let config = room.config();
        let panel = config.map(|c| (c.panel.width.get(), c.panel.height.get()));
        let (width, height) = panel.unwrap_or(UNCONFIGURED);
        Self {
            width,
            height,
            language: config.map(|c| c.room.language).unwrap_or_default(),
            theme: config.map(|c| c.panel.theme).unwrap_or_default(),
            time_zone: config.map_or(TimeZone::UTC, |c| c.room.time_zone.zone()),
            now: now.wall,
            room: config.map_or_else(String::new, |c| c.room.name.as_str().to_owned()),
            screen: if config.is_some() {
                Screen::of(room, now)
            } else {
                Screen::Starting
            },
            troubles: room.troubles().into_iter().cloned().collect(),
        }
    }
}

impl Screen {
    fn of(room: &Room, now: Now) -> Self {
        match room.phase() {
            Phase::Home => {
                let agenda = room.agenda(now);
                Self::Home {
                    under_way: agenda.under_way.into_iter().cloned().collect(),
                    next: agenda.next.into_iter().cloned().collect(),
                }
            }
            Phase::Joining(state) => Self::Joining {
                title: state.meeting.title.clone(),
                stage: state.stage,
                returning: state.returning,
            },
            Phase::Call(state) => Self::call(state, room.muted(), false),
            Phase::Reconnecting(state) => Self::call(&state.in_call, room.muted(), true),
            Phase::Leaving(state) => Self::Leaving {
                title: state.meeting.title.clone(),
            },
        }
    }

    fn call(state: &saal_core::InCall, muted: Muted, reconnecting: bool) -> Self {
        Self::Call {
            title: state.meeting.title.clone(),
            participants: state.participants.clone(),
            since: state.since,
            muted,
            reconnecting,
        }
    }
}
