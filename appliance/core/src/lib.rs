//! The room as a pure state machine: events in, effects out, time as an argument.
//!
//! ```text
//! loop { room.handle(now, event); while let Some(effect) = room.poll_effect() { carry out } }
//! ```
//! [`Room::next_deadline`] says when [`Event::Deadline`] is due if nothing else happens.

mod agenda;
mod arrangement;
mod bookings;
mod day;
mod day_words;
mod engine;
mod event;
mod help;
mod laptop;
mod layout;
mod muting;
mod one_line;
mod phase;
mod phone;
mod presence;
mod presenting;
mod privacy;
mod readiness;
mod room;
mod said;
mod saved_call;
mod screen_text;
mod settings;
mod sound_choice;
mod stand_by;
mod time;
mod trouble;
mod viewer;

pub use agenda::{Agenda, JOIN_BEFORE};
pub use arrangement::{Arrangement, Seen};
pub use bookings::{Booking, Bookings, Changed, id_in_calendar, meeting_in_calendar};
pub use day::{CalendarChange, ChangeRefused, DayNotice, SpanChoice};
pub use engine::EngineState;
pub use event::{
    Arrange, CalendarProblem, CalendarState, Effect, EngineEvent, Enrolment, Event, Intent,
    SoundAction,
};
pub use help::{HelpAction, HelpEvent, HelpId, HelpStage, Helper};
pub use laptop::{
    Door, Invitation, LaptopAction, LaptopEnd, LaptopEvent, LaptopId, LaptopReply, Sharing,
};
pub use layout::{Displays, Stage, content_tiles, tiles};
pub use muting::{CallLights, Muted};
pub use phase::{InCall, Joining, Leaving, LobbyWord, Obstacle, Phase, Reconnecting};
pub use phone::{Offer, PhoneAction, PhoneDoor, PhoneTicket};
pub use presence::Presence;
pub use presenting::Presenting;
pub use privacy::{PrivacyEntry, PrivacyLog, Use, UseEnd};
pub use readiness::{Checkup, Finding, Part};
pub use room::{Elsewhere, KnownAuthority, OtherRoom, Preparation, Remedies, Room, TakenTime};
pub use said::{Notice, Reaction, Said};
pub use saved_call::{MAX_AGE, SavedCall};
pub use screen_text::pictures_size;
pub use settings::{
    Chosen, Component, Interface, LocalSettings, LockState, Server, Setting, SettingsAction,
    SlotState, SystemFacts, SystemRequest, SystemStage, Update,
};
pub use sound_choice::{ChosenDevices, SoundChoice};
pub use stand_by::{StandBy, TelevisionWish};
pub use time::Now;
pub use trouble::{Severity, Trouble, TroubleCode};
pub use viewer::{Onlooker, ViewAction, ViewerEnd, ViewerEvent, ViewerId, ViewerReply};
