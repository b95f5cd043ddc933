//! The room as a pure state machine: events in, effects out, time as an argument.
//!
//! ```text
//! loop { room.handle(now, event); while let Some(effect) = room.poll_effect() { carry out } }
//! ```
//! [`Room::next_deadline`] says when [`Event::Deadline`] is due if nothing else happens.

mod agenda;
mod arrangement;
mod engine;
mod event;
mod laptop;
mod layout;
mod muting;
mod one_line;
mod phase;
mod presenting;
mod room;
mod said;
mod saved_call;
mod screen_text;
mod sound_choice;
mod time;
mod trouble;

pub use agenda::{Agenda, JOIN_BEFORE};
pub use arrangement::{Arrangement, Seen};
pub use engine::EngineState;
pub use event::{Arrange, CalendarProblem, Effect, EngineEvent, Event, Intent, SoundAction};
pub use laptop::{
    Door, Invitation, LaptopAction, LaptopEnd, LaptopEvent, LaptopId, LaptopReply, Sharing,
};
pub use layout::{Displays, Stage, content_tiles, tiles};
pub use muting::Muted;
pub use phase::{InCall, Joining, Leaving, LobbyWord, Obstacle, Phase, Reconnecting};
pub use presenting::Presenting;
pub use room::Room;
pub use said::{Notice, Reaction, Said};
pub use saved_call::{MAX_AGE, SavedCall};
pub use screen_text::pictures_size;
pub use sound_choice::{ChosenDevices, SoundChoice};
pub use time::Now;
pub use trouble::{Severity, Trouble, TroubleCode};
