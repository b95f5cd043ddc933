//! What the room is told and what it wants done.

use jiff::Timestamp;
use std::collections::BTreeMap;

use saal_fleet_protocol::{Config, config::Layout, fleet::KeyProblem};
use saal_media_protocol::{
    CameraAction, EncoderTrial, MediaCommand, MediaEvent, Preset, SoundUnit, SourceKind,
};
use saal_meeting::{
    AccountAction, AccountState, CallEvent, CallId, DayAction, IdentityState, Meeting,
    MeetingAction, MeetingCommand, MeetingId, MeetingLink, Ring, RingId, Secret, Verification,
};

use crate::{
    Bookings, CalendarChange, CallLights, ChangeRefused, Checkup, Finding, HelpAction, HelpEvent,
    HelpId, Invitation, KnownAuthority, LaptopAction, LaptopEvent, LaptopId, LaptopReply,
    LocalSettings, OtherRoom, Part, PhoneAction, PhoneTicket, PrivacyLog, SavedCall,
    SettingsAction, SoundChoice, SystemFacts, SystemRequest, TroubleCode, ViewAction, ViewerEvent,
    ViewerId, ViewerReply,
};

/// What somebody in the room, or IT for them, wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Enter this meeting.
    Join(MeetingId),
    /// Enter this meeting at another of the places that its invitation names.
    JoinAt {
        /// Which meeting.
        meeting: MeetingId,
        /// Which place ([`saal_meeting::Destination::place`]).
        place: String,
    },
    /// Enter the meeting at this address, whether or not it is in the room's calendar.
    JoinLink(MeetingLink),
    /// Enter the meeting that somebody typed: a link, an alias, or a name (`LinkTarget::typed`).
    JoinTyped(Secret),
    /// Enter this one of those that people typed lately.
    JoinAgain(MeetingId),
    /// Forget what people typed lately.
    ForgetRecent,
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
    /// Do this about the room's time.
    Day(DayAction),
    /// Do this about laptops that share their screen.
    Laptop(LaptopAction),
    /// Do this about phones as a second panel.
    Phone(PhoneAction),
    /// Do this about somebody who wants to look at the room from elsewhere.
    View(ViewAction),
    /// Do this about somebody of the fleet who wants to help.
    Help(HelpAction),
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
    /// Do this in the settings.
    Settings(SettingsAction),
    /// "I have read it."
    Dismiss(TroubleCode),
}

impl Intent {
    /// Only somebody who is in the room may want it, not whoever touches the panel from elsewhere.
    #[must_use]
    pub fn is_for_those_present(&self) -> bool {
        matches!(
            self,
            Self::View(ViewAction::Allow(_)) | Self::Help(HelpAction::Allow(_))
        )
    }

    /// People in the corridor may want it at the door: what is about who has the room, and that they have read what
    /// became of it.
    #[must_use]
    pub fn is_for_the_door(&self) -> bool {
        match self {
            Self::Day(action) => !matches!(action, DayAction::Stay {} | DayAction::Read {}),
            Self::Dismiss(code) => *code == TroubleCode::NotInCalendar,
            _ => false,
        }
    }

    /// A visitor's phone may want it: what is about this meeting and over with it. Not what speaks for all who are
    /// there (consent), what lasts (devices, saved views, the account), and what leads into another meeting.
    #[must_use]
    pub fn is_for_visitors(&self) -> bool {
        match self {
            Self::Act(action) => *action != MeetingAction::Consent,
            Self::Camera(action) => !matches!(
                action,
                CameraAction::Save { .. } | CameraAction::Forget { .. }
            ),
            Self::Sound(action) => matches!(
                action,
                SoundAction::Louder | SoundAction::Quieter | SoundAction::Volume(_)
            ),
            Self::Laptop(action) => *action == LaptopAction::Stop,
            Self::Phone(action) => matches!(action, PhoneAction::Offer(_)),
            Self::Day(action) => matches!(action, DayAction::Stay {} | DayAction::Read {}),
            Self::ReadChat
            | Self::ShowChat(_)
            | Self::Arrange(_)
            | Self::Leave
            | Self::Toggle(_)
            | Self::SetMuted(..) => true,
            Self::Join(_)
            | Self::JoinAt { .. }
            | Self::JoinLink(_)
            | Self::JoinTyped(_)
            | Self::JoinAgain(_)
            | Self::ForgetRecent
            | Self::GivePassword(_)
            | Self::View(_)
            | Self::Help(_)
            | Self::Answer { .. }
            | Self::Decline(_)
            | Self::Account(_)
            | Self::Settings(_)
            | Self::Dismiss(_) => false,
        }
    }
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
    /// The loudspeaker is so loud, percent; more than 100 is 100.
    Volume(u8),
    /// Use this piece of hardware, what it has of microphone and loudspeaker; before a meeting for that one.
    Use(SoundUnit),
    /// In a call: use what is configured. Before a meeting: take back what was chosen for it.
    Usual,
    /// People look at how loud the microphone is, or no more.
    Meter(bool),
    /// The loudspeaker plays notes, or no more.
    Tone(bool),
}

/// A device that no fleet has claimed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The fleet's server, as people know it.
    pub server: String,
    /// What somebody types there; `None` while the server is not reached.
    pub code: Option<String>,
}

/// An entry of a calendar that can't be understood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CalendarProblem {
    /// The Matrix room or calendar it is in, as people call it.
    pub place: String,
    /// For the log.
    pub reason: String,
}

/// How one of the room's calendars is doing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CalendarState {
    /// What IT calls it.
    pub name: String,
    /// When what is shown of it was so; `None`: nothing of it is known.
    pub at: Option<Timestamp>,
    /// Why it can't be asked, for IT; `None`: it can.
    pub failure: Option<String>,
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
    /// The authorities that the configuration names beside the computer's own, as they are read with it.
    Authorities {
        /// All of them.
        known: Vec<KnownAuthority>,
        /// They are not those that count since the daemon started: it has to start anew for them.
        others: bool,
    },
    /// Pictures for the television that can't be shown, each with its file and the reason; none: all can.
    Signage(Vec<String>),
    /// The device waits to be claimed for its fleet; `None`: it belongs to one.
    Enrolment(Option<Enrolment>),
    /// The device can't prove to its fleet who it is; `None`: it can.
    DeviceKey(Option<KeyProblem>),
    /// The fleet knows these rooms to be free for the next meeting, the nearest first; said again while it is so.
    OtherRooms(Vec<OtherRoom>),
    /// What an earlier daemon saved while it was in a call.
    SavedCall(Box<SavedCall>),
    /// What an earlier daemon saved of people's choice of sound.
    SavedSound(Box<SoundChoice>),
    /// What an earlier daemon saved of what people changed of the day.
    SavedBookings(Box<Bookings>),
    /// The cameras' views that were saved earlier.
    Presets(Vec<Preset>),
    /// What an earlier daemon saved of trials of encoders.
    SavedTrials(Vec<EncoderTrial>),
    /// What an earlier daemon saved of what was set in the room; comes before the first configuration.
    SavedSettings(Box<LocalSettings>),
    /// What an earlier daemon saved of what was in use; comes before anything of this one's is.
    SavedPrivacy(Box<PrivacyLog>),
    /// The PIN that the configuration names; `None`: it names none.
    SettingsPin(Option<Secret>),
    /// Answers [`Effect::LookAtSystem`], as often as more is known.
    SystemFacts(Box<SystemFacts>),
    /// Whoever has the right to work this computer asks its system for this.
    AskSystem(SystemRequest),
    /// The system did not take [`Effect::AskSystem`].
    SystemRefused {
        /// What was asked for.
        request: SystemRequest,
        /// For the log.
        reason: String,
    },
    /// Somebody worked the panel from elsewhere.
    RemoteTouch,
    /// Somebody fetched a picture of the panel or the television from elsewhere; who watches is [`Event::TelevisionViewers`].
    RemoteLook,
    /// Saving the call failed; a restart would not find back.
    CallNotSaved {
        /// Where.
        path: String,
        /// For the log.
        reason: String,
    },
    /// Whether words of the spoken panel became sound when it last wanted to say some.
    Voice {
        /// They did.
        works: bool,
    },
    /// Somebody wants something.
    Intent(Intent),
    /// The day's meetings, all of them.
    Meetings {
        /// Sorted by nothing in particular.
        meetings: Vec<Meeting>,
        /// Entries that could not be read.
        problems: Vec<CalendarProblem>,
        /// What was among the day's meetings before and begins after all of these now.
        put_off: Vec<Meeting>,
    },
    /// One of the configured calendars was asked; what fails keeps the time of what was known.
    Calendar(CalendarState),
    /// What the account knows of its rooms was so then.
    RoomsKnown(Timestamp),
    /// Whether one of the room's calendars can be written to.
    CalendarWritable(bool),
    /// A calendar has taken [`Effect::Calendar`], or has not.
    CalendarChanged {
        /// What it was told.
        change: CalendarChange,
        /// Why it did not take it.
        refused: Option<ChangeRefused>,
    },
    /// Answers [`Effect::Check`].
    Checked {
        /// Of the trial.
        number: u64,
        /// By part; what could not be tried is left out.
        found: BTreeMap<Part, Finding>,
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
    /// From the page of somebody with the right to look at the room.
    Viewer(ViewerId, ViewerEvent),
    /// From somebody of the fleet who helps.
    Help(HelpId, HelpEvent),
    /// Answers [`Effect::OpenDoor`]; `None`: the room does not listen.
    Invitation(Option<Invitation>),
    /// Answers [`Effect::InvitePhones`]; `None`: the room does not listen.
    PhoneTicket(Option<PhoneTicket>),
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
    /// Think of a token for phones; [`Event::PhoneTicket`] follows.
    InvitePhones,
    /// To a laptop's page.
    Laptop(LaptopId, LaptopReply),
    /// To the page of somebody who looks at the room.
    Viewer(ViewerId, ViewerReply),
    /// Start the engine's process, replacing one that runs.
    StartEngine,
    /// To the engine.
    Media(MediaCommand),
    /// To the meeting service.
    Meeting(MeetingCommand),
    /// Save what a restart needs; `None` forgets it.
    SaveCall(Option<Box<SavedCall>>),
    /// Try what a meeting needs beside its devices; [`Event::Checked`] follows.
    Check(Checkup),
    /// To the room's calendar; [`Event::CalendarChanged`] follows.
    Calendar(CalendarChange),
    /// Save what people changed of the day.
    SaveBookings(Box<Bookings>),
    /// Save what people chose for the sound.
    SaveSound(Box<SoundChoice>),
    /// Save what was set in the room.
    SaveSettings(Box<LocalSettings>),
    /// Save what was in use.
    SavePrivacy(Box<PrivacyLog>),
    /// Look how the room's computer is; [`Event::SystemFacts`] follows.
    LookAtSystem,
    /// Ask the system for this; [`Event::SystemRefused`] follows if it is not taken.
    AskSystem(SystemRequest),
    /// Save what trials of encoders showed.
    SaveTrials(Vec<EncoderTrial>),
    /// Have the lights of devices for calls say this.
    ShowLights(CallLights),
    /// Save the cameras' views, all of them.
    SavePresets(Vec<Preset>),
    /// The picture of the panel changed.
    Redraw,
    /// Begin anew with all that the process does, for what counts only from its start: whom it trusts.
    StartAnew,
    /// All is left; the process may end.
    Exit,
}
