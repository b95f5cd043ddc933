//! What the world does to a room, drawn from the examples.

use saal_core::{
    EngineEvent, Enrolment, Event, HelpEvent, HelpId, Invitation, PhoneTicket, ViewerEvent,
    ViewerId,
};
use saal_fleet_protocol::config::parse;
use saal_media_protocol::{
    DeviceUse, MediaEvent, MediaTrouble, PictureDevice, PictureKind, RoomPicture, SoundUnit,
    SourceKind,
};
use saal_meeting::{
    AccountState, CallEvent, EndReason, IdentityState, Meeting, RingId, Secret, SignIn, SignInCode,
    Verification, Waiting,
};
use saal_panel::{Call, Screen};

use crate::{meeting_scenes, scenes, settings_scenes};

/// Choices that follow from a number (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % limit as u64).unwrap_or(0)
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 1
    }

    /// What people call themselves and write.
    fn words(&mut self) -> String {
        let marks = "a\u{301}\u{302}".repeat(500);
        let all = [
            "Jonas Weber",
            "Marie-Luise von Hohenfels-Brandenstein",
            "Лена Ковальчук",
            "\u{202e}gnitteem פגישה",
            "👩\u{200d}👩\u{200d}👧\u{200d}👦 🏳\u{fe0f}\u{200d}🌈",
            "",
            "https://example.org/a/very/long/way/to/nothing/at/all/and/further/still",
            &marks,
        ];
        self.of(&all).to_owned()
    }
}

/// A configuration of a room whose panel is one of many.
pub(crate) fn config(dice: &mut Dice) -> Event {
    let sizes = [
        (1280, 800),
        (800, 480),
        (1024, 600),
        (480, 800),
        (800, 1280),
        (1920, 1080),
    ];
    let (width, height) = dice.of(&sizes);
    let language = dice.of(&["de", "en"]);
    let theme = dice.of(&["light", "dark", "contrast"]);
    let percent = dice.of(&[100, 100, 125, 150, 200]);
    let typed = dice.below(4) > 0;
    let (left, spoken) = (dice.coin(), dice.below(8) == 0);
    let scan = if dice.below(8) == 0 { 3 } else { 0 };
    let text = format!(
        r#"
version = 1
[room]
name = "Raum Lahn"
language = "{language}"
time_zone = "Europe/Berlin"
[matrix]
homeserver = "http://127.0.0.1:8008"
oauth = true
user = "@lahn:example.org"
allowed_servers = ["example.org"]
[links]
typed = {typed}
[devices]
content = "simulated"
[browsers]
listen = "0.0.0.0:8443"
view_token_file = "view"
phone = true
[panel]
width = {width}
height = {height}
theme = "{theme}"
scale_percent = {percent}
left_handed = {left}
spoken = {spoken}
scan_seconds = {scan}
"#
    );
    Event::Config(Box::new(parse(&text).unwrap()))
}

/// The meetings of a day: none, a few, many.
pub(crate) fn meetings(dice: &mut Dice) -> Event {
    let days = [
        scenes::home(),
        scenes::home(),
        scenes::free(),
        scenes::full(),
        scenes::breakout(),
        scenes::elsewhere(),
        scenes::several_ways(),
    ];
    let Screen::Home {
        under_way, next, ..
    } = dice.of(&days)
    else {
        unreachable!("those are days");
    };
    let mut meetings: Vec<Meeting> = under_way.into_iter().chain(next).collect();
    if let (true, Some(first)) = (dice.coin(), meetings.first_mut()) {
        first.title = dice.words();
    }
    Event::Meetings {
        meetings,
        problems: Vec::new(),
        put_off: Vec::new(),
    }
}

/// Something in the call that is open, or on the way into it.
pub(crate) fn in_call(dice: &mut Dice) -> CallEvent {
    let mut call = call(dice);
    let source = dice.of(&[SourceKind::Microphone, SourceKind::Camera]);
    match dice.below(19) {
        0 | 1 => CallEvent::Joined,
        2 | 18 => {
            CallEvent::Waiting(dice.of(&[Waiting::Host, Waiting::Admission, Waiting::Server]))
        }
        3 => CallEvent::PasswordNeeded {
            refused: dice.coin(),
        },
        4 | 5 => {
            for person in &mut call.participants {
                if dice.below(4) == 0 {
                    person.name = dice.words();
                }
            }
            CallEvent::Participants(call.participants)
        }
        6 | 7 => {
            call.meeting.subject = dice.coin().then(|| dice.words());
            CallEvent::State(Box::new(call.meeting))
        }
        8 => CallEvent::MutedByOther {
            source,
            by: dice.coin().then(|| dice.words()),
        },
        9 => CallEvent::UnmuteAllowed { source },
        10 => CallEvent::ChatBefore(call.chat),
        11 => {
            meeting_scenes::chatting(&mut call);
            let mut line = dice.of(&call.chat);
            line.text = dice.words();
            CallEvent::Chat(line)
        }
        12 => {
            meeting_scenes::talking(&mut call);
            CallEvent::Caption(dice.of(&call.captions))
        }
        13 => CallEvent::Reaction {
            from: dice.words(),
            emoji: dice.of(&["👏", "🦗", "x"]).to_owned(),
        },
        14 => CallEvent::Reconnecting {
            reason: "socket closed".to_owned(),
        },
        // Meetings last: most of what people can touch is in them.
        _ if dice.below(4) > 0 => CallEvent::Joined,
        _ => CallEvent::Ended(end(dice)),
    }
}

/// A call of one of many kinds.
fn call(dice: &mut Dice) -> Call {
    let kinds: [fn(&mut Call); 13] = [
        |_| (),
        meeting_scenes::voting,
        meeting_scenes::voting,
        meeting_scenes::moderated,
        meeting_scenes::moderated,
        meeting_scenes::moderated,
        meeting_scenes::one_knocks,
        meeting_scenes::two_knock,
        meeting_scenes::keys,
        meeting_scenes::voting,
        meeting_scenes::everything_on,
        meeting_scenes::all_tiles,
        |call| {
            call.meeting.recording = true;
            call.meeting.consent_asked = true;
        },
    ];
    let mut call = scenes::plain_call();
    dice.of(&kinds)(&mut call);
    call.meeting.dial_in = dice.coin();
    call
}

fn end(dice: &mut Dice) -> EndReason {
    let reason = || "because".to_owned();
    let all = [
        EndReason::Left,
        EndReason::EndedForAll,
        EndReason::Removed {
            message: dice.words(),
        },
        EndReason::NotAllowed { reason: reason() },
        EndReason::Failed { reason: reason() },
    ];
    dice.of(&all)
}

/// Something that has nothing to do with the call.
pub(crate) fn around(dice: &mut Dice) -> Event {
    match dice.below(19) {
        0 => meetings(dice),
        1 => config(dice),
        2 => Event::Account(account(dice)),
        3 | 4 => {
            let meeting = dice.coin().then_some("Team Weekly");
            let mut ring = scenes::ring(meeting, dice.coin());
            ring.from = dice.words();
            Event::Ringing(ring)
        }
        5 => Event::RingEnded(RingId("ring".to_owned())),
        6 => Event::Verification(verification(dice)),
        7 => Event::Identity(dice.of(&[
            IdentityState::Verified,
            IdentityState::RecoveryKeyNeeded { wrong: false },
            IdentityState::RecoveryKeyNeeded { wrong: true },
            IdentityState::ResetNeeded,
        ])),
        8 => Event::Viewer(
            ViewerId(dice.roll()),
            ViewerEvent::Asks {
                of: dice.of(&[RoomPicture::Camera, RoomPicture::Television]),
                address: [127, 0, 0, 1].into(),
            },
        ),
        9 => Event::Engine(EngineEvent::Lost {
            reason: "killed".to_owned(),
        }),
        10 => Event::Voice { works: dice.coin() },
        // One digit, so that a finger that knows nothing finds it.
        11 => Event::SettingsPin((dice.below(4) > 0).then(|| Secret::new("1"))),
        12 => Event::Enrolment(dice.coin().then(|| Enrolment {
            server: "fleet.example.org".to_owned(),
            code: dice.coin().then(|| "BCDF-GHJK".to_owned()),
        })),
        13 => Event::Viewer(
            ViewerId(1),
            ViewerEvent::Asks {
                of: dice.of(&[RoomPicture::Camera, RoomPicture::Television]),
                address: [127, 0, 0, 1].into(),
            },
        ),
        14 => Event::CalendarWritable(dice.below(4) > 0),
        15 => {
            let (name, touch) = (dice.words(), dice.coin());
            Event::Help(HelpId(dice.roll()), HelpEvent::Asks { name, touch })
        }
        16 => {
            let (name, touch) = (dice.words(), dice.coin());
            Event::Help(HelpId(1), HelpEvent::Asks { name, touch })
        }
        _ => Event::Media(media(dice)),
    }
}

/// What a room's computer says of itself.
pub(crate) fn system() -> Event {
    Event::SystemFacts(Box::new(settings_scenes::settings().facts))
}

fn verification(dice: &mut Dice) -> Option<Verification> {
    let all = meeting_scenes::verifying();
    dice.coin().then(|| dice.of(&all).1)
}

fn account(dice: &mut Dice) -> AccountState {
    let (server, reason) = ("matrix.example.org".to_owned(), "refused".to_owned());
    let user = "@lahn:example.org".to_owned();
    let sign_in = dice.of(&[
        SignIn::Needed { problem: None },
        SignIn::Starting,
        SignIn::Code(SignInCode {
            address: "https://account.example.org/link".to_owned(),
            link: "https://account.example.org/link?code=ABCD".to_owned(),
            code: "ABCD-EFGH".to_owned(),
            expires: scenes::at("14:25"),
            by_device: true,
        }),
        SignIn::Scan {
            qr: b"MATRIX".to_vec(),
        },
        SignIn::Allow {
            code: "74".to_owned(),
        },
        SignIn::Digits,
        SignIn::Finishing,
    ]);
    match dice.below(6) {
        0 | 1 => AccountState::Online { user },
        2 | 3 => AccountState::SigningIn { server, sign_in },
        4 => AccountState::Unreachable { server, reason },
        _ => AccountState::SignedOut { server, reason },
    }
}

fn media(dice: &mut Dice) -> MediaEvent {
    let source = dice.of(&[
        DeviceUse::Camera,
        DeviceUse::Microphone,
        DeviceUse::Loudspeaker,
    ]);
    let device = "Logitech BRIO".to_owned();
    match dice.below(6) {
        0 => MediaEvent::Trouble(MediaTrouble::Busy { source, device }),
        1 => MediaEvent::Trouble(MediaTrouble::Covered {
            source: DeviceUse::Camera,
            device,
        }),
        2 => MediaEvent::Recovered { source },
        3 => MediaEvent::ContentDisplay { shows: dice.coin() },
        4 => camera_that_moves(),
        _ => MediaEvent::Devices(devices()),
    }
}

/// People can turn it.
pub(crate) fn camera_that_moves() -> MediaEvent {
    let mut call = scenes::plain_call();
    meeting_scenes::movable_camera(&mut call);
    MediaEvent::Camera {
        state: call.camera.state.map(Box::new),
    }
}

/// Two cameras and two pieces of sound hardware.
pub(crate) fn devices() -> saal_media_protocol::DeviceList {
    let camera = |id: &str, name: &str| PictureDevice {
        id: id.to_owned(),
        name: name.to_owned(),
        kind: PictureKind::Camera,
    };
    let unit = |name: &str| SoundUnit {
        microphone: Some(name.to_owned()),
        loudspeaker: Some(name.to_owned()),
    };
    saal_media_protocol::DeviceList {
        cameras: vec![
            camera("usb-1", "Logitech Rally"),
            camera("usb-2", "Dokumentenkamera über dem Tisch"),
        ],
        sound_units: vec![unit("Jabra SPEAK 750"), unit("HDA Intel PCH: HDMI 0")],
        ..saal_media_protocol::DeviceList::default()
    }
}

/// What phones are told.
pub(crate) fn phone_ticket() -> Event {
    let secret = |text: &str| Secret::new(text);
    Event::PhoneTicket(Some(PhoneTicket {
        address: secret("https://192.168.178.123:8443/phone/4pLq0wq8Yt7o0mJ1Qp5mVA"),
        token: secret("4pLq0wq8Yt7o0mJ1Qp5mVA"),
        fingerprint: None,
    }))
}

/// What browsers are told.
pub(crate) fn invitation() -> Event {
    Event::Invitation(Some(Invitation {
        address: "https://192.168.178.123:8443".to_owned(),
        code: "274061".to_owned(),
        fingerprint: None,
    }))
}
