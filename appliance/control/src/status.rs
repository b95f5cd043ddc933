//! How the room is doing, as `saalctl status --json` and the web view's `/api/status` show it.

use jiff::Timestamp;
use saal_media_protocol::{
    CameraState, CodecReport, DeviceList, MediaStats, PictureDevice, Preset, RoomPicture, SoundUnit,
};
use saal_meeting::{AccountState, Caption, ChatLine, MeetingId, MeetingState, Participant, Ring};
use serde::{Deserialize, Serialize};

/// Everything about the room at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Version of this document: [`crate::VERSION`].
    pub version: u32,
    /// The room's name.
    pub room: String,
    /// Where its clock is, `Europe/Berlin`.
    pub time_zone: String,
    /// Address of the web view; `None` while it can't listen.
    pub web: Option<String>,
    /// What the room is doing.
    pub phase: PhaseName,
    /// How its account is doing.
    pub account: AccountState,
    /// Who calls the room now, the first one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ringing: Vec<Ring>,
    /// The call that the room is in, enters or leaves.
    pub call: Option<CallStatus>,
    /// Of the loudspeaker, percent.
    #[serde(default)]
    pub volume: u8,
    /// A laptop shares its screen, or is about to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub laptop: bool,
    /// Somebody looks at the room from elsewhere, or asks to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onlooker: Option<OnlookerStatus>,
    /// What people chose for a meeting before it, until it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepared: Option<Prepared>,
    /// The media engine's process.
    pub engine: EngineStatus,
    /// The engine's last figures; `None` while it does not run.
    pub media: Option<MediaStats>,
    /// How the configured calendars are doing, by their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<CalendarLine>,
    /// What of the room's day a fleet may know.
    #[serde(default, skip_serializing_if = "DayStatus::is_empty")]
    pub day: DayStatus,
    /// What is wrong, worst first.
    pub troubles: Vec<TroubleLine>,
    /// The daemon's process id.
    pub pid: u32,
}

/// What of the room's day a fleet may know: nothing of what the meetings are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayStatus {
    /// Nothing is known to be wrong that a meeting here would suffer from.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ready: bool,
    /// When meetings have the room within the next twelve hours, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<TakenTime>,
    /// When the next meeting needs another room, because this one can't do what it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeks: Option<TakenTime>,
}

impl DayStatus {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// From then until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenTime {
    /// The first moment.
    pub from: Timestamp,
    /// The moment after the last one.
    pub until: Timestamp,
}

/// What people chose for a meeting before it, as where a device failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prepared {
    /// Which.
    pub meeting: MeetingId,
    /// This camera, by identity or name; `None`: the usual one.
    pub camera: Option<String>,
    /// Nobody is to see the room.
    pub camera_off: bool,
    /// This microphone, by name; `None`: the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub microphone: Option<String>,
    /// This loudspeaker, by name; `None`: the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loudspeaker: Option<String>,
}

/// Somebody elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnlookerStatus {
    /// What they see, or ask to see.
    pub of: LookedAt,
    /// People in the room allowed it; else they are being asked.
    pub allowed: bool,
}

/// What somebody elsewhere sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookedAt {
    /// What the television shows.
    Television,
    /// What the camera sees.
    Camera,
    /// The panel.
    Panel,
}

impl From<RoomPicture> for LookedAt {
    fn from(of: RoomPicture) -> Self {
        match of {
            RoomPicture::Television => Self::Television,
            RoomPicture::Camera => Self::Camera,
        }
    }
}

/// What the room is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseName {
    /// Waiting for people.
    Home,
    /// Entering a meeting.
    Joining,
    /// In a meeting.
    Call,
    /// In a meeting whose connection was lost.
    Reconnecting,
    /// On the way out.
    Leaving,
}

impl PhaseName {
    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Joining => "joining",
            Self::Call => "call",
            Self::Reconnecting => "reconnecting",
            Self::Leaving => "leaving",
        }
    }
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallStatus {
    /// The meeting's title.
    pub title: String,
    /// Which meeting.
    pub meeting: MeetingId,
    /// All others.
    pub participants: Vec<Participant>,
    /// What the room keeps to itself.
    pub muted: MutedSources,
    /// What has to happen before the room is in.
    pub obstacle: Option<Obstacle>,
    /// What the room may do and has to know.
    pub state: MeetingState,
    /// How the television shows the others; `None` before the room is in.
    pub television: Option<TelevisionStatus>,
    /// The chat's last lines, oldest first.
    pub chat: Vec<ChatLine>,
    /// What is being said, oldest first.
    pub captions: Vec<Caption>,
}

/// How the television shows the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelevisionStatus {
    /// What is large.
    pub layout: LayoutName,
    /// The room sees itself too.
    pub self_view: bool,
    /// Which page of many people, from 0.
    pub page: usize,
    /// How many there are.
    pub pages: usize,
}

/// What is large on the television.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayoutName {
    /// All the same, beside what is presented.
    Grid,
    /// Who speaks.
    Speaker,
    /// What is presented, alone.
    Content,
}

impl LayoutName {
    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Speaker => "speaker",
            Self::Content => "content",
        }
    }
}

/// What has to happen before the room is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// Somebody with a login has to open the meeting.
    Host,
    /// A moderator has to let the room in.
    Admission,
    /// The meeting's servers have to come up.
    Server,
    /// The meeting's password is needed.
    Password,
    /// The meeting's password is needed; one was wrong.
    PasswordAgain,
}

impl Obstacle {
    /// For people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Host => "waiting for the host",
            Self::Admission => "waiting to be admitted",
            Self::Server => "waiting for the meeting's server",
            Self::Password => "needs the password",
            Self::PasswordAgain => "needs the password; the last one was wrong",
        }
    }
}

/// What the room keeps to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MutedSources {
    /// Nobody hears the room.
    pub microphone: bool,
    /// Nobody sees the room.
    pub camera: bool,
}

/// The media engine's process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineStatus {
    /// Its process id; `None` while there is none.
    pub pid: Option<u32>,
    /// What it is doing.
    pub state: EngineProcess,
}

/// What the engine's process is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineProcess {
    /// Not wanted yet.
    Off,
    /// Started, has not answered yet.
    Starting,
    /// Runs.
    Ready,
    /// Died too often; started again in a moment.
    Waiting,
}

impl EngineProcess {
    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Waiting => "waiting",
        }
    }
}

/// How a calendar is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarLine {
    /// As the configuration has it.
    pub name: String,
    /// When what is shown of it was so; `None`: nothing of it is known.
    pub at: Option<Timestamp>,
    /// Why it can't be asked; `None`: it can.
    pub failure: Option<String>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TroubleLine {
    /// For programs, as in docs/troubles.md.
    pub code: String,
    /// For people, in the room's language.
    pub text: String,
}

/// A meeting of the room's day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeetingLine {
    /// Which occurrence.
    pub id: MeetingId,
    /// As people wrote it; any Unicode, any length.
    pub title: String,
    /// `None`: a call without an appointment.
    pub start: Option<Timestamp>,
    /// `None`: open end.
    pub end: Option<Timestamp>,
    /// How many devices are in its call now.
    pub in_call: u32,
    /// Going on now, by appointment or because somebody is in the call.
    pub under_way: bool,
    /// Whether it can be entered now.
    pub can_join: bool,
    /// Its organiser is not sure yet that it takes place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tentative: bool,
    /// Other places that its invitation names, the likeliest first, without tokens and passwords; a private meeting
    /// does not tell them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_places: Vec<String>,
}

/// What is connected and what is chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Devices {
    /// As the engine last said.
    pub present: DeviceList,
    /// What encodes and decodes, and why, as the engine last said.
    #[serde(default)]
    pub codecs: CodecReport,
    /// As the configuration says.
    pub chosen: ChosenDevices,
    /// Televisions that are told over their cables.
    #[serde(default)]
    pub cec: CecReport,
}

/// Televisions that are woken and put to stand-by over HDMI (CEC).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CecReport {
    /// They follow the room; `None`: no display of this machine is a television.
    pub follow: Option<bool>,
    /// Names of the adapters that there are.
    pub adapters: Vec<String>,
}

/// The room's camera and its saved views.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraReport {
    /// `None`: there is none that can be asked.
    pub camera: Option<CameraState>,
    /// Of this camera, the oldest first.
    pub presets: Vec<Preset>,
    /// Those that people may choose from in a call.
    #[serde(default)]
    pub cameras: Vec<PictureDevice>,
}

/// The room's sound devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoundReport {
    /// Those that people may choose from; what belongs together is one.
    pub units: Vec<SoundUnit>,
    /// The microphone that is to be used, by name.
    pub microphone: String,
    /// The loudspeaker that is to be used, by name.
    pub loudspeaker: String,
}

impl SoundReport {
    /// What this one has is in use.
    #[must_use]
    pub fn is_in_use(&self, unit: &SoundUnit) -> bool {
        unit.is_used_as([&self.microphone, &self.loudspeaker])
    }
}

/// The configuration's devices: a name, `simulated` or `none`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChosenDevices {
    /// Picture of the room.
    pub camera: String,
    /// Sound of the room.
    pub microphone: String,
    /// Sound of the others.
    pub loudspeaker: String,
    /// What the room can present.
    pub content: String,
    /// What shows the television's picture; `auto` is the first that is connected.
    pub display: String,
    /// What shows what is presented, apart from people; `auto` is the first that is not the television.
    pub content_display: String,
}
