//! What the room is told and what it wants done.

use saal_fleet_protocol::{Config, config::Layout};
use saal_media_protocol::{
    CameraAction, EncoderTrial, MediaCommand, MediaEvent, Preset, SoundUnit, SourceKind,
};
use saal_meeting::{
    AccountAction, AccountState, CallEvent, CallId, IdentityState, Meeting, MeetingAction,
    MeetingCommand, MeetingId, MeetingLink, Ring, RingId, Secret, Verification,
};

use crate::{
    Invitation, LaptopAction, LaptopEvent, LaptopId, LaptopReply, SavedCall, SoundChoice,
    TroubleCode,
};

/// What somebody in the room, or IT for them, wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Enter this meeting.
    Join(MeetingId),
    /// Enter the meeting at this address, whether or not it is in the room's calendar.
    JoinLink(MeetingLink),
    /// The password that the meeting asked for.
    GivePassword(Secret),
    /// The chat was looked at.
    ReadChat,
    /// The television is to show the chat beside the pictures, or no more.
    ShowChat(bool),
    /// Show the others in this way.
    Arrange(Arrange),
    /// Do this with the room's sound.
    Sound(SoundAction),
    /// Do this about laptops that share their screen.
    Laptop(LaptopAction),
    /// Do this in the meeting.
    Act(MeetingAction),
    /// Leave, or stop joining.
    Leave,
    /// Take a call to the room; leave the one that the room is in.
    Answer {
        /// Which.
        ring: RingId,
        /// Be seen.
        camera: bool,
    },
    /// Do not take a call to the room.
    Decline(RingId),
    /// Turn the other way.
    Toggle(SourceKind),
    /// Set to muted or not.
    SetMuted(SourceKind, bool),
    /// Do this with the camera.
    Camera(CameraAction),
    /// Do this with the room's account.
    Account(AccountAction),
    /// "I have read it."
    Dismiss(TroubleCode),
}

/// Something about how the television shows the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrange {
    /// What is large.
    Layout(Layout),
    /// The room sees itself too.
    SelfView(bool),
    /// Which page of many people, from 0.
    Page(usize),
}

/// What people do with the room's sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SoundAction {
    /// The loudspeaker gets louder by a step.
    Louder,
    /// The loudspeaker gets quieter by a step.
    Quieter,
    /// Use this piece of hardware: what it has of microphone and loudspeaker.
    Use(SoundUnit),
    /// People look at how loud the microphone is, or no more.
    Meter(bool),
    /// The loudspeaker plays notes, or no more.
    Tone(bool),
}

/// An entry of a calendar that can't be understood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CalendarProblem {
    /// The Matrix room or calendar it is in, as people call it.
    pub place: String,
    /// For the log.
    pub reason: String,
}

/// What became of the engine's process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineEvent {
    /// It runs and speaks our protocol.
    Ready,
    /// It ended, or could not be started.
    Lost {
        /// For the log.
        reason: String,
    },
}

/// What the room is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A configuration that is valid; the first one starts everything.
    Config(Box<Config>),
    /// A new configuration was refused and the last good one stays: `problem` names the place.
    ConfigRefused {
        /// For the log.
        problem: String,
    },
    /// What an earlier daemon saved while it was in a call.
    SavedCall(Box<SavedCall>),
    /// What an earlier daemon saved of people's choice of sound.
    SavedSound(Box<SoundChoice>),
    /// The cameras' views that were saved earlier.
    Presets(Vec<Preset>),
    /// What an earlier daemon saved of trials of encoders.
    SavedTrials(Vec<EncoderTrial>),
    /// Saving the call failed; a restart would not find back.
    CallNotSaved {
        /// Where.
        path: String,
        /// For the log.
        reason: String,
    },
    /// Somebody wants something.
    Intent(Intent),
    /// The day's meetings, all of them.
    Meetings {
        /// Sorted by nothing in particular.
        meetings: Vec<Meeting>,
        /// Entries that could not be read.
        problems: Vec<CalendarProblem>,
    },
    /// The account of the meeting service.
    Account(AccountState),
    /// Somebody calls the room.
    Ringing(Ring),
    /// A call to the room rings no more.
    RingEnded(RingId),
    /// Whether others can know the room's device.
    Identity(IdentityState),
    /// Somebody verifies the room's device, or no longer.
    Verification(Option<Verification>),
    /// The home server's name leads to another address than the one in use, or to the first one.
    HomeserverFound,
    /// In a call.
    Call(CallId, CallEvent),
    /// The engine's process.
    Engine(EngineEvent),
    /// From the engine.
    Media(MediaEvent),
    /// From a laptop's page.
    Laptop(LaptopId, LaptopEvent),
    /// Answers [`Effect::OpenDoor`]; `None`: the room does not listen.
    Invitation(Option<Invitation>),
    /// How many people look at the television in a browser.
    TelevisionViewers(usize),
    /// The machine goes down or the daemon is stopped.
    Shutdown,
    /// [`crate::Room::next_deadline`] has come.
    Deadline,
}

/// What the room wants done. Executors decide nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Sign in with the current configuration; replaces an account that is in use.
    StartAccount,
    /// Take the meetings that the current configuration names into the calendar.
    ReadMeetings,
    /// Listen with the current configuration; replaces what listens.
    StartWeb,
    /// Listen to browsers of the room's network with the current configuration, or no more; replaces
    /// what listens.
    StartBrowsers,
    /// Think of another code for a laptop; [`Event::Invitation`] follows.
    OpenDoor,
    /// To a laptop's page.
    Laptop(LaptopId, LaptopReply),
    /// Start the engine's process, replacing one that runs.
    StartEngine,
    /// To the engine.
    Media(MediaCommand),
    /// To the meeting service.
    Meeting(MeetingCommand),
    /// Save what a restart needs; `None` forgets it.
    SaveCall(Option<Box<SavedCall>>),
    /// Save what people chose for the sound.
    SaveSound(Box<SoundChoice>),
    /// Save what trials of encoders showed.
    SaveTrials(Vec<EncoderTrial>),
    /// Have the lights of mute keys say whether the room's microphone is muted.
    ShowMuted(bool),
    /// Save the cameras' views, all of them.
    SavePresets(Vec<Preset>),
    /// The picture of the panel changed.
    Redraw,
    /// All is left; the process may end.
    Exit,
}
