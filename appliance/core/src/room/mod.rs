//! The room: what it knows, what it is doing, what it wants done.

mod another;
mod arranging;
mod authorities;
mod by_itself;
mod calendars;
mod call;
mod camera;
mod day;
mod devices;
mod elsewhere;
mod encoders;
mod helping;
mod laptop;
mod meeting;
mod moved;
mod phone;
mod preparing;
mod presenting;
mod privacy;
mod readiness;
mod ringing;
mod settings;
mod sound;
mod text;
mod upkeep;
mod viewing;

pub use another::{OtherRoom, TakenTime};
pub use authorities::KnownAuthority;
pub use elsewhere::Elsewhere;
pub use preparing::{Preparation, Remedies};

use std::{collections::VecDeque, time::Duration};

use jiff::Timestamp;
use saal_fleet_protocol::Config;
use saal_fleet_protocol::config::Device;
use saal_media_protocol::{CameraState, Codec, DeviceList, Label, MediaStats, Preset, Tile};
use saal_meeting::{
    AccountState, IdentityState, Meeting, MeetingCommand, MeetingId, Ring, RingId, SignIn,
    Verification, Watched,
};

use crate::{
    Agenda, CallLights, Displays, Effect, EngineState, Event, Intent, Muted, Now, Phase,
    SoundChoice, Trouble, TroubleCode, engine::Engine, help::Helpers, laptop::Laptops,
    phone::Phones, trouble::Troubles, viewer::Viewers,
};

/// The room's state. See the crate's documentation for how to drive it.
#[derive(Debug)]
pub struct Room {
    config: Option<Box<Config>>,
    phase: Phase,
    meetings: Vec<Meeting>,
    calendars: calendars::Calendars,
    /// Who calls the room now.
    rings: Vec<Ring>,
    /// Answered as soon as the call before is over; with the camera on?
    answer_next: Option<(RingId, bool)>,
    /// The engine was told to ring.
    rings_aloud: bool,
    account: AccountState,
    /// What the account knows of its rooms was so then.
    rooms_known: Option<Timestamp>,
    verification: Option<Verification>,
    /// A configuration with another account arrived during a call.
    account_waits: bool,
    authorities: authorities::Authorities,
    muted: Muted,
    /// What was muted before people were asked whether they agree to being recorded.
    before_consent: Option<Muted>,
    resume: Option<saal_meeting::ResumeToken>,
    /// What the service was told of the television, in this call.
    watched: Vec<Watched>,
    /// What the engine was told to show as text.
    labels: Vec<Label>,
    /// What the engine was told to show apart from people.
    content_tiles: Vec<Tile>,
    displays: Displays,
    next_call: u64,
    /// The meeting to enter once the room has left the one that it is in.
    then: Option<MeetingId>,
    troubles: Troubles,
    engine: Engine,
    devices: DeviceList,
    /// The camera as the engine last said.
    camera: Option<CameraState>,
    /// What people chose in this call instead of the configured one.
    chosen_camera: Option<String>,
    /// What they chose for a meeting before it.
    prepared: Option<preparing::Preparation>,
    /// What the engine was told to use.
    camera_told: Option<Device>,
    /// The same of microphone and loudspeaker.
    sound_told: Option<[String; 2]>,
    /// People who aim the camera see themselves until then (monotonic).
    aiming_until: Option<Duration>,
    /// Of all cameras that were ever here.
    all_presets: Vec<Preset>,
    encoders: encoders::Encoders,
    /// What pictures can be sent in, as the engine last said.
    encodes: Vec<Codec>,
    stats: Option<MediaStats>,
    viewers: usize,
    laptops: Laptops,
    phones: Phones,
    /// Who looks at the room from elsewhere.
    viewers_elsewhere: Viewers,
    /// Who helps from afar.
    helpers: Helpers,
    /// What people chose for the sound.
    sound: SoundChoice,
    trial: sound::Trial,
    /// Mute keys show that the microphone is muted.
    lit: CallLights,
    leaving_for_good: bool,
    day: day::Day,
    readiness: readiness::Readiness,
    settings: settings::Settings,
    privacy: privacy::Privacy,
    recent: elsewhere::Recent,
    minute: i64,
    effects: VecDeque<Effect>,
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

impl Room {
    /// A room that knows nothing yet; the first thing it is told is [`Event::Config`].
    #[must_use]
    pub fn new() -> Self {
        Self {
            config: None,
            phase: Phase::Home,
            meetings: Vec::new(),
            calendars: calendars::Calendars::default(),
            rings: Vec::new(),
            answer_next: None,
            rings_aloud: false,
            account: AccountState::Starting,
            rooms_known: None,
            verification: None,
            account_waits: false,
            authorities: authorities::Authorities::default(),
            muted: Muted::default(),
            before_consent: None,
            resume: None,
            watched: Vec::new(),
            labels: Vec::new(),
            content_tiles: Vec::new(),
            displays: Displays::default(),
            next_call: 1,
            then: None,
            troubles: Troubles::default(),
            engine: Engine::new(),
            devices: DeviceList::default(),
            camera: None,
            chosen_camera: None,
            prepared: None,
            camera_told: None,
            sound_told: None,
            aiming_until: None,
            all_presets: Vec::new(),
            encoders: encoders::Encoders::default(),
            encodes: vec![Codec::Vp8],
            stats: None,
            viewers: 0,
            laptops: Laptops::default(),
            phones: Phones::default(),
            viewers_elsewhere: Viewers::default(),
            helpers: Helpers::default(),
            sound: SoundChoice::default(),
            trial: sound::Trial::default(),
            lit: CallLights::default(),
            leaving_for_good: false,
            day: day::Day::default(),
            readiness: readiness::Readiness::default(),
            settings: settings::Settings::default(),
            privacy: privacy::Privacy::default(),
            recent: elsewhere::Recent::default(),
            minute: 0,
            effects: VecDeque::new(),
        }
    }

    /// Tells the room something. Changes memory only; what follows is in [`Self::poll_effect`].
    pub fn handle(&mut self, now: Now, event: Event) {
        match event {
            Event::Config(config) => self.on_config(now, config),
            Event::ConfigRefused { problem } => self.raise(Trouble::ConfigRefused { problem }),
            Event::Authorities { known, others } => self.on_authorities(now, known, others),
            Event::Signage(problems) => self.on_signage(problems),
            Event::Enrolment(enrolment) => self.on_enrolment(enrolment),
            Event::DeviceKey(problem) => self.on_device_key(problem),
            Event::OtherRooms(rooms) => self.on_other_rooms(now, rooms),
            Event::SavedCall(saved) => self.on_saved_call(now, *saved),
            Event::SavedSound(saved) => self.on_saved_sound(*saved),
            Event::SavedSettings(saved) => self.on_saved_settings(now, *saved),
            Event::SavedPrivacy(saved) => self.on_saved_privacy(*saved),
            Event::SettingsPin(pin) => self.on_settings_pin(pin),
            Event::SystemFacts(facts) => self.on_system_facts(*facts),
            Event::AskSystem(request) => self.ask_system(now, request),
            Event::SystemRefused { request, reason } => self.on_system_refused(request, reason),
            Event::RemoteTouch => self.on_remote_touch(now),
            Event::RemoteLook => self.on_remote_look(now),
            Event::SavedTrials(trials) => self.on_saved_trials(trials),
            Event::CallNotSaved { path, .. } => self.raise(Trouble::CallNotSaved { path }),
            Event::Voice { works } => self.on_voice(works),
            Event::Presets(presets) => self.all_presets = presets,
            Event::Intent(intent) => self.on_intent(now, intent),
            Event::Meetings {
                meetings,
                problems,
                put_off,
            } => {
                self.on_problems(problems);
                self.on_calendars(now, meetings, put_off);
            }
            Event::Checked { number, found } => self.on_checked(now, number, found),
            Event::SavedBookings(saved) => self.on_saved_bookings(*saved),
            Event::CalendarWritable(writable) => self.on_calendar_writable(writable),
            Event::CalendarChanged { change, refused } => {
                self.on_calendar_changed(now, &change, refused);
            }
            Event::Calendar(state) => self.on_calendar(now, state),
            Event::Identity(state) => self.on_identity(state),
            Event::Verification(verification) => self.on_verification(verification),
            Event::Account(account) => self.on_account(account),
            Event::RoomsKnown(at) => self.on_rooms_known(at),
            Event::Ringing(ring) => self.on_ringing(ring),
            Event::RingEnded(ring) => self.on_ring_ended(&ring),
            Event::HomeserverFound => self.on_homeserver_found(),
            Event::Call(call, event) => self.on_call(now, call, event),
            Event::Engine(event) => self.on_engine(now, event),
            Event::Media(event) => self.on_media(now, event),
            Event::Laptop(laptop, event) => self.on_laptop(now, laptop, event),
            Event::Viewer(viewer, event) => self.on_viewer(now, viewer, event),
            Event::Help(help, event) => self.on_help(now, help, event),
            Event::Invitation(invitation) => self.on_invitation(invitation),
            Event::PhoneTicket(ticket) => self.on_phone_ticket(now, ticket),
            Event::TelevisionViewers(count) => self.on_viewers(count),
            Event::Shutdown => self.on_shutdown(now),
            Event::Deadline => self.on_deadline(now),
        }
        self.follow(now);
    }

    /// What follows from whatever happened.
    fn follow(&mut self, now: Now) {
        self.follow_preparation(now);
        self.follow_day(now);
        self.follow_readiness(now);
        self.follow_other_rooms(now);
        self.send_text(now);
        self.send_ringing();
        self.follow_sound();
        self.follow_phones(now);
        self.follow_settings(now);
        self.follow_privacy(now);
        // Last: who is about to enter a meeting stays.
        self.follow_authorities(now);
    }

    /// What the room wants done next, in order.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to send [`Event::Deadline`] if nothing else happens (monotonic).
    #[must_use]
    pub fn next_deadline(&self, now: Now) -> Duration {
        let leaving = match &self.phase {
            Phase::Leaving(state) => Some(state.until),
            _ => None,
        };
        let said = self
            .phase
            .in_call()
            .and_then(|call| call.said.next_deadline());
        let laptops = self.laptops.next_deadline();
        let views = self.viewers_elsewhere.next_deadline();
        let help = self.helpers.next_deadline();
        let aiming = self.aiming_until;
        [
            self.engine.deadline(),
            self.authorities.deadline(),
            leaving,
            said,
            aiming,
            laptops,
            views,
            help,
            self.day_deadline(now),
            self.readiness_deadline(now),
            self.settings_deadline(now),
            self.privacy_deadline(),
            self.phones_deadline(),
        ]
        .into_iter()
        .flatten()
        .fold(now.next_minute(), Ord::min)
    }

    fn on_intent(&mut self, now: Now, intent: Intent) {
        match intent {
            Intent::Join(id) => self.join(now, &id),
            Intent::JoinAt { meeting, place } => self.join_at(now, &meeting, &place),
            Intent::JoinLink(link) => self.join_link(now, link),
            Intent::JoinTyped(text) => self.join_typed(now, text.reveal()),
            Intent::JoinAgain(id) => self.join_again(now, &id),
            Intent::ForgetRecent => self.forget_recent(),
            Intent::GivePassword(password) => self.give_password(password),
            Intent::Act(action) => self.act(now, action),
            Intent::ReadChat => self.read_chat(),
            Intent::ShowChat(shown) => self.show_chat(shown),
            Intent::Arrange(how) => self.arrange(how),
            Intent::Sound(action) => self.on_sound(now, action),
            Intent::Settings(action) => self.on_settings(now, action),
            Intent::View(action) => self.on_view_action(now, action),
            Intent::Help(action) => self.on_help_action(now, action),
            Intent::Day(action) => self.on_day(now, action),
            Intent::Laptop(action) => self.on_laptop_action(now, action),
            Intent::Phone(action) => self.on_phone_action(now, action),
            Intent::Account(action) => {
                self.effect(Effect::Meeting(MeetingCommand::Account(action)));
            }
            Intent::Leave => self.leave(now),
            Intent::Answer { ring, camera } => self.answer(now, ring, camera),
            Intent::Decline(ring) => self.decline(&ring),
            Intent::Toggle(source) => self.toggle(now, source),
            Intent::SetMuted(source, muted) => self.set_muted(now, source, muted),
            Intent::Camera(action) => self.on_camera(now, action),
            Intent::Dismiss(code) => {
                if self.troubles.dismiss(code) {
                    self.effect(Effect::Redraw);
                }
            }
        }
    }

    fn effect(&mut self, effect: Effect) {
        if effect != Effect::Redraw || self.effects.back() != Some(&Effect::Redraw) {
            self.effects.push_back(effect);
        }
    }

    fn raise(&mut self, trouble: Trouble) {
        if self.troubles.raise(trouble) {
            self.effect(Effect::Redraw);
        }
    }
}

/// What others may know: the panel, the status output, tests.
impl Room {
    /// What people call the room; empty before the first configuration.
    pub(crate) fn name(&self) -> String {
        let config = self.config.as_ref();
        config.map_or_else(String::new, |c| c.room.name.as_str().to_owned())
    }

    /// The configuration in use; `None` before the first one.
    #[must_use]
    pub fn config(&self) -> Option<&Config> {
        self.config.as_deref()
    }

    /// What the room is doing.
    #[must_use]
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The meetings that are not over.
    #[must_use]
    pub fn agenda(&self, now: Now) -> Agenda<'_> {
        Agenda::at(now.wall, &self.meetings)
    }

    /// A meeting of the day, over or not.
    #[must_use]
    pub fn meeting(&self, id: &MeetingId) -> Option<&Meeting> {
        self.meetings.iter().find(|meeting| meeting.id == *id)
    }

    /// How the account is doing.
    #[must_use]
    pub fn account(&self) -> &AccountState {
        &self.account
    }

    /// When what the account knows of its rooms was so; `None`: it knows nothing of them.
    #[must_use]
    pub fn rooms_known(&self) -> Option<Timestamp> {
        self.rooms_known
    }

    /// What is muted.
    #[must_use]
    pub fn muted(&self) -> Muted {
        self.muted
    }

    /// All that is wrong, worst first.
    #[must_use]
    pub fn troubles(&self) -> Vec<&Trouble> {
        self.troubles.sorted()
    }

    /// Whether the account's recovery key would help; inside, whether the last one was wrong.
    #[must_use]
    pub fn wants_recovery_key(&self) -> Option<bool> {
        match self.troubles.get(TroubleCode::Identity) {
            Some(Trouble::Identity(IdentityState::RecoveryKeyNeeded { wrong })) => Some(*wrong),
            _ => None,
        }
    }

    /// How far somebody has come who signs the room in; `None`: nobody has to.
    #[must_use]
    pub fn sign_in(&self) -> Option<&SignIn> {
        match &self.account {
            AccountState::SigningIn { sign_in, .. } => Some(sign_in),
            _ => None,
        }
    }

    /// How far somebody has come who verifies the room.
    #[must_use]
    pub fn verification(&self) -> Option<&Verification> {
        self.verification.as_ref()
    }

    /// What the engine's process is doing.
    #[must_use]
    pub fn engine(&self) -> EngineState {
        self.engine.state()
    }

    /// What is connected, as the engine last said.
    #[must_use]
    pub fn devices(&self) -> &DeviceList {
        &self.devices
    }

    /// How many displays show a meeting now.
    #[must_use]
    pub fn displays(&self) -> Displays {
        self.displays
    }

    /// The engine's last figures; `None` while it does not run.
    #[must_use]
    pub fn stats(&self) -> Option<&MediaStats> {
        self.stats.as_ref()
    }
}
