//! A room on a bench: time is turned by hand, effects are kept for the test to look at.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test that can not go on says where"
)]
#![allow(unreachable_pub, reason = "a module of each test file")]

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use saal_core::{Effect, EngineEvent, Event, Intent, Now, Phase, PrivacyLog, Room};
use saal_fleet_protocol::{Config, config};
use saal_media_protocol::{MediaEvent, MediaStats};
use saal_meeting::{
    AccountState, CallEvent, CallId, Destination, MediaWay, Meeting, MeetingCommand, MeetingId,
    Participant,
};

/// A Monday morning, in the middle of a minute.
pub const START: &str = "2026-11-23T08:58:30Z";

pub fn config_text() -> String {
    r#"
        version = 1
        [room]
        name = "Raum Lahn"
        time_zone = "Europe/Berlin"
        [matrix]
        homeserver = "https://matrix.example.org"
        access_token_file = "token"
        allowed_servers = ["example.org"]
    "#
    .to_owned()
}

pub fn config(text: &str) -> Box<Config> {
    Box::new(config::parse(text).unwrap())
}

pub fn plain_config() -> Box<Config> {
    config(&config_text())
}

/// The same room with another account.
pub fn other_account() -> Box<Config> {
    config(&config_text().replace("matrix.example.org", "chat.example.org"))
}

/// The same room with something to present from.
pub fn with_content() -> Box<Config> {
    config(&(config_text() + "\n[devices]\ncontent = \"USB Video\"\n"))
}

/// The same room, to which browsers come.
pub fn with_browsers() -> Box<Config> {
    let browsers = "\n[browsers]\nlisten = \"0.0.0.0:8443\"\nview_token_file = \"view\"\n";
    config(&(config_text() + browsers))
}

/// The same room, where phones become a second panel.
pub fn with_phones() -> Box<Config> {
    let browsers = "\n[browsers]\nlisten = \"0.0.0.0:8443\"\nphone = true\n";
    config(&(config_text() + browsers))
}

/// The same room with another camera.
pub fn other_camera() -> Box<Config> {
    config(&(config_text() + "\n[devices]\ncamera = \"none\"\n"))
}

pub fn meeting(id: &str, start: Option<&str>, end: Option<&str>, in_call: u32) -> Meeting {
    Meeting {
        id: MeetingId(id.to_owned()),
        title: format!("Title of {id}"),
        start: start.map(|t| t.parse().unwrap()),
        end: end.map(|t| t.parse().unwrap()),
        destination: Destination::matrix(format!("!{id}:example.org")),
        in_call,
        private: false,
        part_of: None,
        others: Vec::new(),
        tentative: false,
    }
}

/// Starts in a minute and a half.
pub fn weekly() -> Meeting {
    let (start, end) = ("2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z");
    meeting("weekly", Some(start), Some(end), 0)
}

pub fn participant(id: &str) -> Participant {
    Participant {
        id: id.to_owned(),
        name: id.to_uppercase(),
        microphone: true,
        camera: true,
        ..Participant::default()
    }
}

/// A room and the time on its bench.
pub struct Bench {
    pub room: Room,
    pub now: Now,
    /// What is written down beside whatever else happens: the last that was saved of what is in use.
    pub privacy: Option<PrivacyLog>,
    /// The test itself says what became of trials of a meeting's way; else each is found good at once.
    pub answers_trials: bool,
}

impl Bench {
    /// A room that was told nothing.
    pub fn bare() -> Self {
        Self {
            room: Room::new(),
            now: Now {
                wall: START.parse().unwrap(),
                mono: Duration::from_secs(1),
            },
            privacy: None,
            answers_trials: false,
        }
    }

    /// A room at home with the weekly in its calendar and an engine that runs.
    pub fn at_home() -> Self {
        let mut bench = Self::bare();
        bench.tell(Event::Config(plain_config()));
        bench.tell(Event::Engine(EngineEvent::Ready));
        let user = "@lahn:example.org".to_owned();
        bench.tell(Event::Account(AccountState::Online { user }));
        bench.tell_meetings(vec![weekly()]);
        bench
    }

    /// A room in the weekly with Ada.
    pub fn in_call() -> Self {
        let mut bench = Self::at_home();
        bench.enter_call();
        bench
    }

    /// Joins the weekly meeting, in which Ada is.
    pub fn enter_call(&mut self) -> Vec<Effect> {
        let mut effects = self.touch_join("weekly");
        let call = self.call();
        let people = CallEvent::Participants(vec![participant("ada")]);
        effects.extend(self.tell(Event::Call(call, people)));
        effects.extend(self.tell(Event::Call(call, CallEvent::Joined)));
        effects
    }

    pub fn tell(&mut self, event: Event) -> Vec<Effect> {
        self.room.handle(self.now, event);
        let mut effects = Vec::new();
        while let Some(effect) = self.room.poll_effect() {
            match effect {
                Effect::SavePrivacy(log) => self.privacy = Some(*log),
                Effect::Meeting(MeetingCommand::Try { call, .. }) if !self.answers_trials => {
                    let good = CallEvent::Tried(MediaWay::Datagrams);
                    self.room.handle(self.now, Event::Call(call, good));
                }
                effect => effects.push(effect),
            }
        }
        effects
    }

    pub fn tell_meetings(&mut self, meetings: Vec<Meeting>) -> Vec<Effect> {
        self.tell(Event::Meetings {
            meetings,
            problems: Vec::new(),
            put_off: Vec::new(),
        })
    }

    pub fn touch(&mut self, intent: Intent) -> Vec<Effect> {
        self.tell(Event::Intent(intent))
    }

    pub fn touch_join(&mut self, id: &str) -> Vec<Effect> {
        self.touch(Intent::Join(MeetingId(id.to_owned())))
    }

    /// The call that the room is in, enters or leaves.
    pub fn call(&self) -> CallId {
        self.room.phase().call().expect("the room is not at home")
    }

    /// Turns the clocks, without telling the room.
    pub fn turn(&mut self, by: Duration) {
        self.now.mono += by;
        let by = SignedDuration::try_from(by).unwrap();
        self.now.wall = self.now.wall.checked_add(by).unwrap();
    }

    /// Lets time pass as the daemon does: each deadline is told when it comes. The engine
    /// reports each second if it is said to be `alive`.
    pub fn wait(&mut self, span: Duration, alive: bool) -> Vec<Effect> {
        let end = self.now.mono + span;
        let mut effects = Vec::new();
        while self.now.mono < end {
            let second = self.now.mono + Duration::from_secs(1);
            let due = self.room.next_deadline(self.now);
            let next = if alive { due.min(second) } else { due };
            let next = next.min(end);
            self.turn(next.saturating_sub(self.now.mono));
            if next >= due {
                effects.extend(self.tell(Event::Deadline));
            }
            if alive && next == second {
                effects.extend(self.tell(Event::Media(MediaEvent::Stats(MediaStats::default()))));
            }
        }
        effects
    }

    pub fn phase(&self) -> &'static str {
        self.room.phase().as_str()
    }

    pub fn is_home(&self) -> bool {
        *self.room.phase() == Phase::Home
    }

    pub fn trouble_codes(&self) -> Vec<&'static str> {
        let troubles = self.room.troubles();
        troubles.iter().map(|t| t.code().as_str()).collect()
    }
}

/// What the meeting service is told.
pub fn to_service(effects: &[Effect]) -> Vec<&MeetingCommand> {
    let mut commands = Vec::new();
    for effect in effects {
        if let Effect::Meeting(command) = effect {
            commands.push(command);
        }
    }
    commands
}

/// Effects by name, for tests of their order.
pub fn names(effects: &[Effect]) -> Vec<&'static str> {
    use saal_media_protocol::MediaCommand as M;
    let name = |effect: &Effect| match effect {
        Effect::StartAccount => "StartAccount",
        Effect::ReadMeetings => "ReadMeetings",
        Effect::StartWeb => "StartWeb",
        Effect::StartEngine => "StartEngine",
        Effect::Media(M::RememberTrials { .. }) => "RememberTrials",
        Effect::Media(M::Configure { .. }) => "Configure",
        Effect::Media(M::SetMuted { .. }) => "SetMuted",
        Effect::Media(M::SetTiles { .. }) => "SetTiles",
        Effect::Media(M::SetContentTiles { .. }) => "SetContentTiles",
        Effect::Media(M::SetVolume { .. }) => "SetVolume",
        Effect::Media(M::SetPreview { .. }) => "SetPreview",
        Effect::Media(M::SetText { .. }) => "SetText",
        Effect::Media(_) => "Media",
        Effect::Meeting(MeetingCommand::Join { .. }) => "Join",
        Effect::Meeting(MeetingCommand::Encodes { .. }) => "Encodes",
        Effect::Meeting(MeetingCommand::Try { .. }) => "Try",
        Effect::Meeting(MeetingCommand::Leave { .. }) => "Leave",
        Effect::Meeting(MeetingCommand::SetMuted { .. }) => "TellMuted",
        Effect::Meeting(MeetingCommand::MediaRestarted { .. }) => "MediaRestarted",
        Effect::Meeting(MeetingCommand::Transport { .. }) => "Transport",
        Effect::Meeting(MeetingCommand::Watch { .. }) => "Watch",
        Effect::Meeting(MeetingCommand::Act { .. }) => "Act",
        Effect::Meeting(MeetingCommand::GivePassword { .. }) => "GivePassword",
        Effect::Meeting(MeetingCommand::Account(_)) => "Account",
        Effect::SaveCall(Some(_)) => "SaveCall",
        Effect::SaveCall(None) => "ForgetCall",
        Effect::Check(_) => "Check",
        Effect::Calendar(_) => "Calendar",
        Effect::SaveBookings(_) => "SaveBookings",
        Effect::SaveSound(_) => "SaveSound",
        Effect::SaveTrials(_) => "SaveTrials",
        Effect::ShowLights(_) => "ShowLights",
        Effect::SavePresets(_) => "SavePresets",
        Effect::SaveSettings(_) => "SaveSettings",
        Effect::SavePrivacy(_) => "SavePrivacy",
        Effect::LookAtSystem => "LookAtSystem",
        Effect::AskSystem(_) => "AskSystem",
        Effect::Redraw => "Redraw",
        Effect::Meeting(MeetingCommand::Decline { .. }) => "Decline",
        Effect::StartBrowsers => "StartBrowsers",
        Effect::OpenDoor => "OpenDoor",
        Effect::InvitePhones => "InvitePhones",
        Effect::Laptop(..) => "Laptop",
        Effect::Viewer(..) => "Viewer",
        Effect::StartAnew => "StartAnew",
        Effect::Exit => "Exit",
    };
    effects.iter().map(name).collect()
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
