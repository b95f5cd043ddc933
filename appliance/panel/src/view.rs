//! What the panel is to show, as plain data.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use saal_core::{
    DayNotice, Door, Elsewhere, InCall, JOIN_BEFORE, LobbyWord, Muted, Notice, Now, Obstacle,
    Onlooker, Phase, PhoneDoor, Presenting, Reaction, Remedies, Room, Said, Sharing, SpanChoice,
    Stage, SystemRequest, SystemStage, Trouble, TroubleCode,
};
use saal_fleet_protocol::config::{Language, Layout, Support};
use saal_media_protocol::{CameraState, PictureDevice, SoundUnit, SourceKind};
use saal_meeting::{
    AccountState, Caption, ChatLine, JoinStage, Meeting, MeetingState, PartOf, Participant, Ring,
    SignIn, Verification,
};

use crate::{Comfort, LanguageFile, Navigation, SettingsView, Sheet};

/// What the panel is to show.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The panel's width in pixels.
    pub width: u32,
    /// The panel's height in pixels.
    pub height: u32,
    /// The language of all words.
    pub language: Language,
    /// Words that take the place of that language's.
    pub file: Option<LanguageFile>,
    /// How it looks and works for whoever is there.
    pub comfort: Comfort,
    /// Where the room's clock is.
    pub time_zone: TimeZone,
    /// What the clock shows.
    pub now: Timestamp,
    /// The room's name.
    pub room: String,
    /// Whom people call when they can't help themselves.
    pub support: Option<Support>,
    /// What the room is doing.
    pub screen: Screen,
    /// Whether somebody looks from elsewhere; stands on every screen.
    pub onlooker: Onlooker,
    /// What people can do about the room's time, and have to know of it.
    pub day: DayView,
    /// Where people can go that is not in the room's day; `None` where nobody may.
    pub elsewhere: Option<Elsewhere>,
    /// What the settings and "About this room" show, where they are open.
    pub settings: Option<Box<SettingsView>>,
    /// What is wrong, worst first.
    pub troubles: Vec<Trouble>,
    /// What people opened, turned to and typed.
    pub navigation: Navigation,
}

/// What people can do about the room's time, and have to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayView {
    /// From how long before its start a meeting can be joined.
    pub join_before: Duration,
    /// For how long the room can be booked now.
    pub bookable: Vec<SpanChoice>,
    /// How much longer the meeting of [`Sheet::Time`] may have it.
    pub extensions: Vec<SpanChoice>,
    /// What they have to know, what matters most first.
    pub notices: Vec<DayNotice>,
    /// What they can do about devices that fail before a meeting.
    pub remedies: Remedies,
}

impl Default for DayView {
    /// A day on which nothing is to be done.
    fn default() -> Self {
        Self {
            join_before: JOIN_BEFORE,
            bookable: Vec::new(),
            extensions: Vec::new(),
            notices: Vec::new(),
            remedies: Remedies::default(),
        }
    }
}

impl DayView {
    fn of(room: &Room, now: Now, navigation: &Navigation) -> Self {
        let extensions = match navigation.sheet() {
            Some(Sheet::Time(meeting)) => room.extensions(meeting),
            _ => Vec::new(),
        };
        Self {
            join_before: room.join_before(),
            bookable: room.bookable(now),
            extensions,
            notices: room.day_notices(now),
            remedies: room.remedies(now),
        }
    }
}

/// What the room is doing.
#[derive(Clone, Debug, PartialEq)]
pub enum Screen {
    /// It does not know yet.
    Starting,
    /// The computer was asked to go down, and does so any moment.
    GoingDown(SystemRequest),
    /// Waiting for people.
    Home {
        /// Going on now.
        under_way: Vec<Meeting>,
        /// Later ones, the next first.
        next: Vec<Meeting>,
        /// Whether a laptop shares its screen, or could.
        sharing: Sharing,
    },
    /// How to share a laptop's screen, while the room is in no meeting.
    Laptop(Door),
    /// Somebody calls the room.
    Ringing(Ring),
    /// Somebody types the account's recovery key.
    RecoveryKey {
        /// The last one did not fit.
        wrong: bool,
    },
    /// Somebody signs the room in to its account.
    SignIn {
        /// Which server.
        server: String,
        /// As whom, as the configuration has it.
        user: String,
        /// How far it is.
        of: SignIn,
    },
    /// Somebody verifies the room from another device of its account.
    Verification(Verification),
    /// Entering a meeting.
    Joining {
        /// Of the meeting.
        title: String,
        /// How far it is.
        stage: JoinStage,
        /// Back into a call after a restart.
        returning: bool,
        /// What has to happen before the room is in.
        obstacle: Option<Obstacle>,
        /// What moderators wrote in the lobby, the last lines, oldest first.
        heard: Vec<ChatLine>,
        /// What people said there last.
        word: Option<LobbyWord>,
    },
    /// In a meeting.
    Call(Box<Call>),
    /// On the way out.
    Leaving {
        /// Of the meeting.
        title: String,
    },
}

/// A meeting that the room is in.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Of the meeting.
    pub title: String,
    /// All others.
    pub participants: Vec<Participant>,
    /// When the room came in.
    pub since: Timestamp,
    /// What the room keeps to itself.
    pub muted: Muted,
    /// The connection is lost and comes back by itself.
    pub reconnecting: bool,
    /// What the room may do and has to know.
    pub meeting: MeetingState,
    /// Whether the room presents, or could.
    pub presenting: Presenting,
    /// Whether a laptop shares its screen, or could.
    pub sharing: Sharing,
    /// How a laptop's screen is shared, while people want to know.
    pub door: Option<Door>,
    /// Phones may become a second panel.
    pub phones: bool,
    /// How they do, once people wanted to know.
    pub phone: Option<PhoneDoor>,
    /// How the television shows the others.
    pub television: TelevisionView,
    /// The room's sound.
    pub sound: SoundView,
    /// The chat, oldest line first; filled while people look at it.
    pub chat: Vec<ChatLine>,
    /// Lines of the chat that nobody has looked at.
    pub unread: usize,
    /// The television shows the chat.
    pub chat_shown: bool,
    /// What is being said, oldest first.
    pub captions: Vec<Caption>,
    /// Signs of the last seconds, oldest first.
    pub reactions: Vec<Reaction>,
    /// What people should know now.
    pub notice: Option<Notice>,
    /// The meeting that this is a breakout session of.
    pub part_of: Option<PartOf>,
    /// Somebody else calls the room.
    pub ringing: Option<Ring>,
    /// What people can do with the camera.
    pub camera: CameraPart,
}

/// What people can do with the camera.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CameraPart {
    /// The one in use, as far as it can be asked.
    pub state: Option<CameraState>,
    /// Names of its saved views.
    pub presets: Vec<String>,
    /// One more can be saved.
    pub takes_preset: bool,
    /// All that people may choose from.
    pub cameras: Vec<PictureDevice>,
}

impl CameraPart {
    fn of(room: &Room) -> Self {
        Self {
            state: room.camera().cloned(),
            presets: room.presets().map(|preset| preset.name.clone()).collect(),
            takes_preset: room.takes_preset(),
            cameras: room.cameras().cloned().collect(),
        }
    }

    /// It can be turned.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.moves.any())
    }
}

/// How the television shows the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TelevisionView {
    /// What is large.
    pub layout: Layout,
    /// The room sees itself too.
    pub self_view: bool,
    /// Which page of many people, from 0.
    pub page: usize,
    /// How many there are.
    pub pages: usize,
    /// People on pages before this one.
    pub from: usize,
    /// People on this one.
    pub shown: usize,
    /// People on all pages.
    pub count: usize,
}

/// The room's sound.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SoundView {
    /// Percent.
    pub volume: u8,
    /// How loud the microphone is, dB below full scale.
    pub level: Option<f64>,
    /// The test tone plays.
    pub tone: bool,
    /// What there is to choose, and whether it is in use.
    pub units: Vec<(SoundUnit, bool)>,
}

impl SoundView {
    fn of(room: &Room) -> Self {
        let used = room.sound_devices().unwrap_or_default();
        let units = &room.devices().sound_units;
        Self {
            volume: room.sound().volume,
            level: room.microphone_level(),
            tone: room.plays_tone(),
            units: units
                .iter()
                .map(|unit| (unit.clone(), unit.is_used_as(used)))
                .collect(),
        }
    }
}

impl TelevisionView {
    fn of(stage: &Stage<'_>) -> Self {
        let seen = stage.seen();
        Self {
            layout: stage.arrangement.layout,
            self_view: stage.arrangement.self_view,
            page: seen.page,
            pages: seen.pages,
            from: seen.from,
            shown: seen.people.len(),
            count: seen.count,
        }
    }
}

/// The panel before the first configuration, in pixels.
const UNCONFIGURED: (u32, u32) = (1280, 800);

impl View {
    /// What the panel of this room shows at this moment to people who are there. They have followed
    /// the room ([`Navigation::follow`]).
    #[must_use]
    pub fn of(room: &Room, now: Now, navigation: &Navigation) -> Self {
        let config = room.config();
        let panel = config.map(|c| (c.panel.width.get(), c.panel.height.get()));
        let (width, height) = panel.unwrap_or(UNCONFIGURED);
        let screen = match config {
            Some(_) => Screen::of(room, now, navigation),
            None => Screen::Starting,
        };
        let comfort = navigation.comfort().unwrap_or_else(|| rooms_own(room));
        Self {
            width,
            height,
            language: config.map(|c| c.room.language).unwrap_or_default(),
            file: navigation.file().cloned(),
            comfort,
            time_zone: config.map_or(TimeZone::UTC, |c| c.room.time_zone.zone()),
            now: now.wall,
            room: config.map_or_else(String::new, |c| c.room.name.as_str().to_owned()),
            support: config.and_then(|c| c.support.clone()),
            onlooker: room.onlooker(),
            day: DayView::of(room, now, navigation),
            elsewhere: room.elsewhere(now),
            settings: SettingsView::of(room, now, navigation),
            troubles: troubles(room, &screen, comfort),
            screen,
            navigation: navigation.clone(),
        }
    }
}

/// How the panel is when nobody chose otherwise.
pub(crate) fn rooms_own(room: &Room) -> Comfort {
    room.config()
        .map(|c| Comfort::of(&c.panel))
        .unwrap_or_default()
}

/// What is wrong, without what the screen itself is about, and what nobody asks for here.
fn troubles(room: &Room, screen: &Screen, comfort: Comfort) -> Vec<Trouble> {
    let about = |trouble: &Trouble| match trouble.code() {
        TroubleCode::SignInNeeded => matches!(screen, Screen::SignIn { .. }),
        TroubleCode::Voice => !comfort.spoken,
        _ => false,
    };
    let all = room.troubles().into_iter();
    all.filter(|trouble| !about(trouble)).cloned().collect()
}

impl Screen {
    fn of(room: &Room, now: Now, navigation: &Navigation) -> Self {
        let call = |state: &InCall, reconnecting| {
            let call = Call::of(room, state, reconnecting, navigation);
            Self::Call(Box::new(call))
        };
        let ring = room.rings().first().cloned();
        let asked = room.system_asked();
        let asked = asked.filter(|(_, stage)| **stage == SystemStage::Asked);
        let down = asked.map(|(request, _)| request);
        match room.phase() {
            Phase::Home if down.is_some() => down.map_or(Self::Starting, Self::GoingDown),
            Phase::Home if ring.is_some() => ring.map_or(Self::Starting, Self::Ringing),
            Phase::Home => {
                let wanted = room.wants_recovery_key();
                if let (Some(Sheet::RecoveryKey), Some(wrong)) = (navigation.sheet(), wanted) {
                    return Self::RecoveryKey { wrong };
                }
                if let (Some(Sheet::SignIn), AccountState::SigningIn { server, sign_in }) =
                    (navigation.sheet(), room.account())
                {
                    let (server, of) = (server.clone(), sign_in.clone());
                    let user = account_name(room);
                    return Self::SignIn { server, user, of };
                }
                if let Some(verification) = room.verification() {
                    return Self::Verification(verification.clone());
                }
                if let Some(door) = room.door() {
                    return Self::Laptop(door.clone());
                }
                Self::day(room, now)
            }
            Phase::Joining(state) => Self::Joining {
                title: state.meeting.title.clone(),
                stage: state.stage,
                returning: state.returning,
                obstacle: state.obstacle,
                heard: newest(&state.said),
                word: state.word.clone(),
            },
            Phase::Call(state) => call(state, false),
            Phase::Reconnecting(state) => call(&state.in_call, true),
            Phase::Leaving(state) => Self::Leaving {
                title: state.meeting.title.clone(),
            },
        }
    }
}

impl Screen {
    /// The room's meetings, whatever it is doing.
    pub(crate) fn day(room: &Room, now: Now) -> Self {
        let agenda = room.agenda(now);
        Self::Home {
            under_way: agenda.under_way.into_iter().cloned().collect(),
            next: agenda.next.into_iter().cloned().collect(),
            sharing: room.sharing(),
        }
    }
}

fn account_name(room: &Room) -> String {
    let matrix = room.config().and_then(|c| c.matrix.as_ref());
    let user = matrix.and_then(|matrix| matrix.user.as_ref());
    user.map_or_else(String::new, |user| user.as_str().to_owned())
}

/// As many lines as fit beside what people may say.
const MOST_HEARD: usize = 2;

fn newest(said: &Said) -> Vec<ChatLine> {
    let older = said.chat().len().saturating_sub(MOST_HEARD);
    said.chat().skip(older).cloned().collect()
}

impl Call {
    fn of(room: &Room, state: &InCall, reconnecting: bool, navigation: &Navigation) -> Self {
        let muted = room.muted();
        // Others write as much as they like; it is copied only where it is read.
        let reading = navigation.sheet() == Some(&Sheet::Chat);
        let chat = state.said.chat().filter(|_| reading);
        Self {
            title: state.meeting.title.clone(),
            participants: state.participants.clone(),
            since: state.since,
            muted,
            reconnecting,
            meeting: state.state.clone(),
            presenting: room.presenting(),
            sharing: room.sharing(),
            door: room.door().cloned(),
            phones: room.takes_phones(),
            phone: room.phone_door().cloned(),
            sound: SoundView::of(room),
            television: TelevisionView::of(&state.stage(muted.camera, room.displays())),
            chat: chat.cloned().collect(),
            unread: state.said.unread(),
            chat_shown: state.said.is_chat_shown(),
            captions: state.said.captions().cloned().collect(),
            reactions: state.said.reactions().cloned().collect(),
            notice: state
                .said
                .notice()
                .filter(|n| holds(n, state, muted))
                .cloned(),
            part_of: state.meeting.part_of.clone(),
            ringing: room.rings().first().cloned(),
            camera: CameraPart::of(room),
        }
    }
}

/// Whether a notice still tells something: what was turned on again or asked for is old.
fn holds(notice: &Notice, state: &InCall, muted: Muted) -> bool {
    match notice {
        Notice::MutedBy(SourceKind::Content | SourceKind::ContentAudio, _) => true,
        Notice::MutedBy(source, _) | Notice::UnmuteAllowed(source) => muted.get(*source),
        Notice::UnmuteRefused(source) => state.keeps_muted(*source),
    }
}
