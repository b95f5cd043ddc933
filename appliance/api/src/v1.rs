//! What goes over the wire, version 1: nothing is taken away or changed, fields may come.

use std::num::NonZeroU16;

use jiff::Timestamp;
use saal_control::{CallStatus, LayoutName, MeetingLine, Obstacle, PhaseName, TroubleLine};
use saal_meeting::Participant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The room at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// What people call the room.
    pub room: String,
    /// What it is doing.
    pub phase: Phase,
    /// The meeting that it is in, enters or leaves.
    pub call: Option<Call>,
    /// Who calls the room now, the first one first.
    pub ringing: Vec<Ring>,
    /// Of the loudspeaker, percent.
    pub volume: u8,
    /// A laptop shares its screen with the room.
    pub laptop: bool,
    /// Somebody looks at the room from elsewhere, with people's leave.
    pub looked_at: bool,
    /// What people chose for a meeting before it, until it is over.
    pub prepared: Option<Prepared>,
    /// What is wrong, worst first.
    pub troubles: Vec<Trouble>,
}

/// What people chose for a meeting before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Prepared {
    /// Which, as `/v1/meetings` lists it.
    pub meeting: String,
    /// With this camera, as `/v1/cameras` lists it; absent: the usual one.
    pub camera: Option<String>,
    /// Nobody is to see the room.
    pub camera_off: bool,
    /// With this microphone, as `/v1/sound-devices` lists it; absent: the usual one.
    pub microphone: Option<String>,
    /// With this loudspeaker; absent: the usual one.
    pub loudspeaker: Option<String>,
}

/// A piece of sound hardware that people may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SoundDevice {
    /// Its microphone's name; absent: it has none.
    pub microphone: Option<String>,
    /// Its loudspeaker's name; absent: it has none.
    pub loudspeaker: Option<String>,
    /// What it has is the room's now.
    pub in_use: bool,
}

/// Which microphone and loudspeaker to take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UseSoundDevice {
    /// Name of a microphone or loudspeaker of `/v1/sound-devices`, whose other half comes with it; absent: the usual ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// A camera that people may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Camera {
    /// Stable across reboots and replugs.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// It is the room's now.
    pub in_use: bool,
}

/// Which camera to take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UseCamera {
    /// Identity or name of one of `/v1/cameras`; absent: the one that the room has for this meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<String>,
}

/// What the room is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
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

/// A meeting that the room is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Call {
    /// Which, as `/v1/meetings` lists it.
    pub meeting: String,
    /// Of the meeting; any Unicode, any length.
    pub title: String,
    /// All others.
    pub people: Vec<Person>,
    /// Nobody hears the room.
    pub microphone_muted: bool,
    /// Nobody sees the room.
    pub camera_muted: bool,
    /// The room asks for the floor.
    pub hand_raised: bool,
    /// The room presents.
    pub presenting: bool,
    /// The meeting is recorded, broadcast or written down.
    pub recorded: bool,
    /// The room has to agree to that, at the panel, before it is heard and seen.
    pub consent_asked: bool,
    /// What has to happen before the room is in.
    pub waits_for: Option<WaitsFor>,
    /// How the television shows the others; absent before the room is in.
    pub television: Option<Television>,
}

/// What has to happen before the room is in a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitsFor {
    /// Somebody with a login has to open the meeting.
    Host,
    /// A moderator has to let the room in.
    Admission,
    /// The meeting's servers have to come up.
    Server,
    /// The password is needed (`/v1/password`).
    Password,
    /// The password is needed; one was wrong.
    PasswordAgain,
}

/// Somebody in the meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// What people call them; any Unicode, any length.
    pub name: String,
    /// Their microphone is on.
    pub microphone: bool,
    /// Their camera is on.
    pub camera: bool,
    /// They speak now.
    pub speaking: bool,
    /// They present something.
    pub presenting: bool,
    /// They ask for the floor.
    pub hand_raised: bool,
}

/// Somebody who calls the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ring {
    /// What people call them.
    pub from: String,
    /// The meeting to which they call it; absent: to them alone.
    pub meeting: Option<String>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trouble {
    /// For programs, as in docs/troubles.md.
    pub code: String,
    /// For people, in the room's language.
    pub text: String,
}

/// A meeting of the room's day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Meeting {
    /// Which occurrence, for `/v1/join`.
    pub id: String,
    /// As people wrote it; any Unicode, any length.
    pub title: String,
    /// RFC 3339; absent: a call without an appointment.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub start: Option<Timestamp>,
    /// RFC 3339; absent: open end.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub end: Option<Timestamp>,
    /// Going on now, by appointment or because somebody is in the call.
    pub under_way: bool,
    /// Whether it can be entered now.
    pub can_join: bool,
    /// Its organiser is not sure yet that it takes place.
    pub tentative: bool,
    /// Other places that its invitation names, the likeliest first, for `/v1/join`; without tokens and passwords.
    pub other_places: Vec<String>,
}

/// How long the room is taken, from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// So long; absent: until the next meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u16>, minimum = 1)]
    pub minutes: Option<NonZeroU16>,
}

/// How much longer a meeting keeps the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Extend {
    /// Which, as `/v1/meetings` lists it.
    pub meeting: String,
    /// So much, from its end; absent: until the next meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u16>, minimum = 1)]
    pub minutes: Option<NonZeroU16>,
}

/// A meeting of the day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// As `/v1/meetings` lists it.
    pub meeting: String,
}

/// Where to go: a meeting, if need be at another of its places, or a link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// A meeting of `/v1/meetings`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting: Option<String>,
    /// One of its `other_places`; absent: the likeliest place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The address of a meeting, in the room's calendar or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// What the meeting asked for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Password {
    /// As people know it.
    pub password: String,
}

/// How to take a call to the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Be seen.
    pub camera: bool,
}

/// Whether something leaves the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Muted {
    /// Nothing does.
    pub muted: bool,
}

/// How loud the others are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// 0 to 100.
    #[schema(maximum = 100)]
    pub percent: u8,
}

/// How the television shows the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Television {
    /// What is large.
    pub layout: Layout,
    /// The room sees itself too.
    pub self_view: bool,
    /// Which page of many people, from 0.
    pub page: usize,
    /// How many there are.
    pub pages: usize,
}

/// What is to be another about the television; what is absent stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Arrange {
    /// What is large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
    /// The room sees itself too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_view: Option<bool>,
    /// Which page of many people, from 0; behind the last it is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<usize>,
}

/// What is large on the television.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// All the same, beside what is presented.
    Grid,
    /// Who speaks.
    Speaker,
    /// What is presented, alone.
    Content,
}

/// Something goes on or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct On {
    /// It goes on.
    pub on: bool,
}

/// A sign that all see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    /// One that the panel offers: 👍 👏 ❤️ 😂 😮 😢, as the meeting's service takes it.
    pub emoji: String,
}

/// Telephone tones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tones {
    /// `0` to `9`, `*`, `#`, `A` to `D`; 32 at most.
    #[schema(max_length = 32)]
    pub tones: String,
}

/// What is pressed on the panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Press {
    /// The element's identity, as `/v1/panel` lists it.
    pub id: String,
}

impl From<saal_control::Status> for Status {
    fn from(status: saal_control::Status) -> Self {
        let rings = status.ringing.into_iter();
        Self {
            room: status.room,
            phase: status.phase.into(),
            call: status.call.map(Call::from),
            ringing: rings
                .map(|ring| Ring {
                    from: ring.from,
                    meeting: ring.meeting,
                })
                .collect(),
            volume: status.volume,
            laptop: status.laptop,
            prepared: status.prepared.map(|prepared| Prepared {
                meeting: prepared.meeting.0,
                camera: prepared.camera,
                camera_off: prepared.camera_off,
                microphone: prepared.microphone,
                loudspeaker: prepared.loudspeaker,
            }),
            looked_at: status.onlooker.is_some_and(|onlooker| onlooker.allowed),
            troubles: status.troubles.into_iter().map(Trouble::from).collect(),
        }
    }
}

impl From<PhaseName> for Phase {
    fn from(phase: PhaseName) -> Self {
        match phase {
            PhaseName::Home => Self::Home,
            PhaseName::Joining => Self::Joining,
            PhaseName::Call => Self::Call,
            PhaseName::Reconnecting => Self::Reconnecting,
            PhaseName::Leaving => Self::Leaving,
        }
    }
}

impl From<CallStatus> for Call {
    fn from(call: CallStatus) -> Self {
        let state = call.state;
        Self {
            meeting: call.meeting.0,
            title: call.title,
            people: call.participants.into_iter().map(Person::from).collect(),
            microphone_muted: call.muted.microphone,
            camera_muted: call.muted.camera,
            hand_raised: state.hand_raised,
            presenting: state.presenting,
            recorded: state.recording || state.live_stream || state.transcription,
            consent_asked: state.consent_asked,
            waits_for: call.obstacle.map(WaitsFor::from),
            television: call.television.map(|television| Television {
                layout: television.layout.into(),
                self_view: television.self_view,
                page: television.page,
                pages: television.pages,
            }),
        }
    }
}

impl From<Participant> for Person {
    fn from(participant: Participant) -> Self {
        Self {
            name: participant.name,
            microphone: participant.microphone,
            camera: participant.camera,
            speaking: participant.speaking,
            presenting: participant.content,
            hand_raised: participant.hand_raised,
        }
    }
}

impl From<Obstacle> for WaitsFor {
    fn from(obstacle: Obstacle) -> Self {
        match obstacle {
            Obstacle::Host => Self::Host,
            Obstacle::Admission => Self::Admission,
            Obstacle::Server => Self::Server,
            Obstacle::Password => Self::Password,
            Obstacle::PasswordAgain => Self::PasswordAgain,
        }
    }
}

impl From<LayoutName> for Layout {
    fn from(layout: LayoutName) -> Self {
        match layout {
            LayoutName::Grid => Self::Grid,
            LayoutName::Speaker => Self::Speaker,
            LayoutName::Content => Self::Content,
        }
    }
}

impl From<Layout> for LayoutName {
    fn from(layout: Layout) -> Self {
        match layout {
            Layout::Grid => Self::Grid,
            Layout::Speaker => Self::Speaker,
            Layout::Content => Self::Content,
        }
    }
}

impl From<TroubleLine> for Trouble {
    fn from(trouble: TroubleLine) -> Self {
        Self {
            code: trouble.code,
            text: trouble.text,
        }
    }
}

impl From<MeetingLine> for Meeting {
    fn from(meeting: MeetingLine) -> Self {
        Self {
            id: meeting.id.0,
            title: meeting.title,
            start: meeting.start,
            end: meeting.end,
            under_way: meeting.under_way,
            can_join: meeting.can_join,
            tentative: meeting.tentative,
            other_places: meeting.other_places,
        }
    }
}
