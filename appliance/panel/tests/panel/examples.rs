//! Every screen that people may meet, with something in it. What is listed here is drawn for the golden pictures and for
//! docs/panel.md, held by the tests of the tree on every size, scale and theme, and measured by the benchmark.

use saal_core::{
    Elsewhere, Muted, Offer, Onlooker, Part, PhoneDoor, PhoneTicket, Remedies, Sharing, Trouble,
    ViewerId,
};
use saal_fleet_protocol::config::{Language, Support};
use saal_media_protocol::{
    DeviceUse, MediaTrouble, PictureDevice, PictureKind, RoomPicture, SoundUnit,
};
use saal_meeting::{EndReason, IdentityState, JoinStage, Secret, SignInProblem};
use saal_panel::{
    DayView, Key, Layout, Navigation, Renderer, Screen, SettingsView, Sheet, Step, View,
};

use crate::{
    day_scenes,
    meeting_scenes::{self, Scene},
    scenes, settings_scenes,
};

/// A screen is never turned further than this.
const MOST_PAGES: usize = 60;

/// A view of the room as an example.
pub(crate) struct Example {
    /// Its own among all; the first word says where people are.
    pub(crate) name: &'static str,
    screen: Screen,
    navigation: Navigation,
    troubles: Vec<Trouble>,
    onlooker: Onlooker,
    day: DayView,
    settings: Option<Box<SettingsView>>,
    elsewhere: Option<Elsewhere>,
    support: Option<Support>,
}

impl From<Scene> for Example {
    fn from((name, screen, navigation): Scene) -> Self {
        Self {
            name,
            screen,
            navigation,
            troubles: Vec::new(),
            onlooker: Onlooker::default(),
            day: DayView::default(),
            settings: None,
            elsewhere: None,
            support: None,
        }
    }
}

impl Example {
    pub(crate) fn plain(name: &'static str, screen: Screen) -> Self {
        (name, screen, Navigation::default()).into()
    }

    fn with(mut self, troubles: Vec<Trouble>) -> Self {
        self.troubles = troubles;
        self
    }

    fn seen(mut self, onlooker: Onlooker) -> Self {
        self.onlooker = onlooker;
        self
    }

    /// As a panel of 1280x800 shows it, at 100 % in the light theme.
    pub(crate) fn view(&self, language: Language) -> View {
        let mut view = scenes::view(language, self.screen.clone());
        scenes::stand(&mut view, &self.navigation);
        view.troubles.clone_from(&self.troubles);
        view.onlooker.clone_from(&self.onlooker);
        view.day.clone_from(&self.day);
        view.settings.clone_from(&self.settings);
        view.support.clone_from(&self.support);
        if self.elsewhere.is_some() {
            view.elsewhere.clone_from(&self.elsewhere);
        }
        if self.screen == Screen::Starting {
            view.room.clear();
        }
        meeting_scenes::said_in_its_language(&mut view);
        view
    }
}

/// All of them.
pub(crate) fn all() -> Vec<Example> {
    let mut all = alone();
    all.extend(troubled());
    all.extend(looked_at());
    all.extend(of_the_day());
    all.extend(of_the_room());
    all.extend(meeting_scenes::all().into_iter().map(Example::from));
    // What is new stands last: which looks an example gets follows from its number.
    all.extend(to_be_set_up());
    all.push(whom_to_call());
    all.extend(failing_camera());
    all.push(moved_away());
    all.extend(failing_sound());
    all.extend(other_sound());
    all.extend(helped());
    all.extend(meeting_scenes::large().map(Example::from));
    all
}

/// What the day wants of people.
fn of_the_day() -> impl Iterator<Item = Example> {
    day_scenes::all()
        .into_iter()
        .map(|(name, screen, navigation, day)| Example {
            day,
            ..(name, screen, navigation).into()
        })
}

/// What the room is, and what is changed at it.
fn of_the_room() -> impl Iterator<Item = Example> {
    settings_scenes::all()
        .into_iter()
        .map(|(name, screen, navigation, settings)| Example {
            settings,
            support: (name == "about").then(scenes::support),
            ..(name, screen, navigation).into()
        })
}

/// Home, on the way and in a call, with nothing special.
fn alone() -> Vec<Example> {
    let muted = Muted {
        microphone: true,
        camera: false,
    };
    let covered = vec![scenes::camera_covered()];
    vec![
        Example::plain("starting", Screen::Starting),
        Example::plain("home", scenes::home()),
        Example::plain("home-free", scenes::free()),
        Example::plain("home-upcoming", scenes::upcoming()),
        Example::plain("home-full", scenes::full()),
        Example::plain("home-breakout", scenes::breakout()),
        Example::plain("home-elsewhere", scenes::elsewhere()),
        Example::plain("home-ways", scenes::several_ways()),
        ways(),
        another_meeting(),
        type_link(),
        by_phone("link-by-phone", None),
        by_phone(
            "link-by-phone-offer",
            Some("https://meet.example.org/Jour%20fixe"),
        ),
        Example::plain("home-scripts", all_scripts()),
        Example::plain("joining", scenes::joining(JoinStage::Contacting)),
        Example::plain("call", scenes::call(Muted::default())),
        Example::plain("call-muted", scenes::call(muted)),
        Example::plain("call-alone", scenes::alone()),
        Example::plain("call-reconnecting", scenes::reconnecting()),
        Example::plain("call-covered", scenes::call(Muted::default())).with(covered),
        Example::plain("call-keys", scenes::call_with(meeting_scenes::keys)),
        Example::plain("leaving", scenes::leaving()),
    ]
}

/// All links of a meeting.
fn ways() -> Example {
    let screen = scenes::several_ways();
    let Screen::Home { under_way, .. } = &screen else {
        panic!("people are at home")
    };
    let sheet = Sheet::Ways(under_way[0].id.clone());
    ("ways", screen, scenes::at_sheet(sheet)).into()
}

/// Meetings that are not in the room's day.
fn another_meeting() -> Example {
    let sheet = scenes::at_sheet(Sheet::Elsewhere);
    ("another-meeting", scenes::free(), sheet).into()
}

/// Somebody types the name of one.
fn type_link() -> Example {
    let mut typing = scenes::at_sheet(Sheet::TypeLink);
    for letter in "Jour fixe".chars() {
        typing.take(Step::Key(Key::Type(letter)));
    }
    ("type-link", scenes::free(), typing).into()
}

/// A code for a phone that says where to go, and what one said.
fn by_phone(name: &'static str, offer: Option<&str>) -> Example {
    let sheet = scenes::at_sheet(Sheet::LinkByPhone);
    let secret = |text: &str| Secret::new(text);
    let ticket = PhoneTicket {
        address: secret("https://192.168.178.123:8443/phone/4pLq0wq8Yt7o0mJ1Qp5mVA"),
        token: secret("4pLq0wq8Yt7o0mJ1Qp5mVA"),
        fingerprint: Some("3A:91:0C:5F:7E:22:D8:14".to_owned()),
    };
    let offer = offer.map(|place| Offer {
        typed: secret(place),
        place: place.to_owned(),
    });
    let elsewhere = Elsewhere {
        phones: true,
        phone: Some(PhoneDoor::Open(ticket)),
        offer,
        ..Elsewhere::default()
    };
    Example {
        elsewhere: Some(elsewhere),
        ..(name, scenes::free(), sheet).into()
    }
}

/// Home and a call with something wrong.
fn troubled() -> Vec<Example> {
    let failed = scenes::join_failed(EndReason::Failed {
        reason: "502".to_owned(),
    });
    let beside = vec![
        failed,
        scenes::camera_busy(),
        scenes::all_troubles().remove(14),
    ];
    let yesterday = "2026-11-22T16:40:00Z".parse().unwrap();
    let old = scenes::calendar_silent(Some(yesterday));
    let unknown = scenes::calendar_silent(None);
    let untrusted = scenes::join_failed(EndReason::Untrusted {
        server: "meet.example.org".to_owned(),
        reason: "UnknownIssuer".to_owned(),
    });
    let wrong = scenes::join_failed(EndReason::WrongCall {
        server: "rtc.example.org".to_owned(),
        reason: "a token of another room".to_owned(),
    });
    let key = Trouble::Identity(IdentityState::RecoveryKeyNeeded { wrong: false });
    let ended = scenes::sign_in(Some(SignInProblem::Ended), false);
    let first = scenes::sign_in(None, false);
    let home = |name, screen, troubles| Example::plain(name, screen).with(troubles);
    let blocking = vec![scenes::unreachable(), scenes::camera_busy()];
    let servers = vec![scenes::untrusted(), wrong];
    let elsewhere = vec![
        scenes::not_ready(Part::Media),
        scenes::other_rooms(),
        scenes::not_ready(Part::Microphone),
    ];
    let notices = ("notices", scenes::home(), scenes::at_sheet(Sheet::Troubles));
    vec![
        home("home-trouble", scenes::upcoming(), beside),
        home("home-calendar-old", scenes::upcoming(), vec![old]),
        home("home-calendar-unknown", scenes::free(), vec![unknown]),
        home("home-blocking", scenes::free(), blocking),
        home("home-certificate", scenes::free(), vec![untrusted]),
        home("home-servers", scenes::free(), servers),
        home("home-another-room", scenes::upcoming(), elsewhere),
        home(
            "home-sockets",
            scenes::upcoming(),
            vec![scenes::not_ready(Part::Sockets)],
        ),
        home(
            "joining-sockets",
            scenes::joining(JoinStage::Connecting),
            vec![scenes::socket_blocked(true)],
        ),
        home(
            "call-sockets",
            scenes::call(Muted::default()),
            vec![scenes::socket_blocked(false)],
        ),
        home("home-recovery-key", scenes::home(), vec![key]),
        home("home-sign-in", scenes::home(), vec![ended]),
        home("home-free-sign-in", scenes::free(), vec![first]),
        Example::from(notices).with(scenes::all_troubles()),
    ]
}

/// Who stands before the panel for a meeting that was moved meanwhile.
fn moved_away() -> Example {
    Example {
        day: day_scenes::moved_away(),
        ..Example::plain("home-moved", scenes::upcoming())
    }
}

/// A camera that fails before a meeting: what people can do, and what they chose.
fn failing_camera() -> [Example; 3] {
    let other = PictureDevice {
        id: "usb-2".to_owned(),
        name: "Deckenkamera".to_owned(),
        kind: PictureKind::Camera,
    };
    let remedies = Remedies {
        camera: Some(other),
        without_picture: true,
        ..Remedies::default()
    };
    let failing = DayView {
        remedies,
        ..DayView::default()
    };
    let camera = || scenes::not_ready(Part::Camera);
    let example = |name, day, troubles| Example {
        day,
        ..Example::plain(name, scenes::upcoming()).with(troubles)
    };
    [
        example("home-camera-fails", failing, vec![camera()]),
        example(
            "home-without-picture",
            day_scenes::without_picture(),
            vec![camera()],
        ),
        example("home-other-camera", day_scenes::other_camera(), Vec::new()),
    ]
}

/// A microphone or loudspeaker that fails before a meeting, and the one that there is instead.
fn failing_sound() -> [Example; 3] {
    let named = |name: &str| Some(name.to_owned());
    let speakerphone = SoundUnit {
        microphone: named("Jabra SPEAK 750"),
        loudspeaker: named("Jabra SPEAK 750"),
    };
    let lectern = SoundUnit {
        microphone: named("Rednerpult"),
        loudspeaker: None,
    };
    let television = SoundUnit {
        microphone: None,
        loudspeaker: named("HDA Intel PCH: HDMI 0"),
    };
    let silent = Trouble::Device(MediaTrouble::Missing {
        source: DeviceUse::Loudspeaker,
        wanted: "Jabra SPEAK 750".to_owned(),
        present: Vec::new(),
    });
    let example = |name, remedies, trouble| Example {
        day: DayView {
            remedies,
            ..DayView::default()
        },
        ..Example::plain(name, scenes::upcoming()).with(vec![trouble])
    };
    let deaf = |unit| Remedies {
        microphone: Some(unit),
        ..Remedies::default()
    };
    let microphone = || scenes::not_ready(Part::Microphone);
    [
        example("home-sound-fails", deaf(speakerphone), microphone()),
        example("home-microphone-fails", deaf(lectern), microphone()),
        example(
            "home-loudspeaker-fails",
            Remedies {
                loudspeaker: Some(television),
                ..Remedies::default()
            },
            silent,
        ),
    ]
}

/// What people chose instead.
fn other_sound() -> [Example; 3] {
    let (speakerphone, lectern) = (Some("Jabra SPEAK 750"), Some("Rednerpult"));
    let example = |name, day| Example {
        day,
        ..Example::plain(name, scenes::upcoming())
    };
    [
        example(
            "home-other-sound",
            day_scenes::other_sound(lectern, speakerphone),
        ),
        example(
            "home-other-microphone",
            day_scenes::other_sound(lectern, None),
        ),
        example(
            "home-other-loudspeaker",
            day_scenes::other_sound(None, speakerphone),
        ),
    ]
}

/// A device that nobody has claimed for its fleet: with its code, where the server does not answer, where there is none.
fn to_be_set_up() -> [Example; 3] {
    let code = scenes::unclaimed("fleet.example.org", Some("BCDF-GHJK"));
    let unreachable = scenes::unclaimed("fleet.example.org", None);
    let nowhere = scenes::unclaimed("", None);
    [
        ("set-up", code),
        ("set-up-unreachable", unreachable),
        ("set-up-no-server", nowhere),
    ]
    .map(|(name, trouble)| Example::plain(name, scenes::free()).with(vec![trouble]))
}

/// Nothing that people in the room can mend.
fn whom_to_call() -> Example {
    let troubles = vec![scenes::unreachable(), scenes::camera_busy()];
    Example {
        support: Some(scenes::support()),
        ..Example::plain("whom-to-call", scenes::free()).with(troubles)
    }
}

/// Somebody looks from elsewhere: above everything that is wrong.
fn looked_at() -> Vec<Example> {
    let asks = |of| Onlooker::Asks {
        viewer: ViewerId(1),
        of,
    };
    let call = || scenes::call(Muted::default());
    let looks = Onlooker::Looks;
    let (camera, television) = (RoomPicture::Camera, RoomPicture::Television);
    let busy = vec![scenes::camera_busy()];
    vec![
        Example::plain("home-view-asks", scenes::home()).seen(asks(television)),
        Example::plain("home-seen", scenes::home()).seen(looks(camera)),
        Example::plain("call-view-asks", call()).seen(asks(camera)),
        Example::plain("call-seen", call())
            .seen(looks(television))
            .with(busy),
    ]
}

/// Somebody of the fleet helps from afar, or asks to.
fn helped() -> [Example; 4] {
    let call = || scenes::call(Muted::default());
    [
        Example::plain("home-help-asks", scenes::home()).seen(scenes::asks_to_help(true)),
        Example::plain("home-helped", scenes::upcoming()).seen(scenes::helps(false)),
        Example::plain("call-help-asks", call()).seen(scenes::asks_to_help(false)),
        Example::plain("call-helped", call()).seen(scenes::helps(true)),
    ]
}

/// Words of all scripts that the compiled-in fonts have, and some that nobody writes.
fn all_scripts() -> Screen {
    let title = |title: &str, from: &str, to: &str| {
        scenes::meeting(title, scenes::at(from), scenes::at(to))
    };
    let marks = "a\u{301}\u{302}\u{303}\u{304}\u{305}".repeat(99);
    Screen::Home {
        sharing: Sharing::Impossible,
        under_way: vec![title("פגישת צוות 🎉 (שבועית)", "14:00", "15:00")],
        next: vec![
            title("اجتماع Team 2026 \u{202e}gnitteem", "14:10", "15:00"),
            title("Αθήνα · Київ · Łódź 👩\u{200d}💻 ☎ → ½", "16:00", "17:00"),
            title(&marks, "17:00", "18:00"),
        ],
    }
}

/// All pages of a view, as people turn them.
pub(crate) fn pages(renderer: &mut Renderer, view: &View) -> Vec<Layout> {
    let mut view = view.clone();
    view.navigation.take(Step::Turn(0));
    let mut pages = Vec::new();
    for _ in 0..MOST_PAGES {
        let layout = renderer.lay_out(&view, None);
        let next = Step::Turn(view.navigation.page() + 1);
        let mut elements = layout.elements().iter();
        let on = elements.any(|e| e.step.as_ref() == Some(&next));
        pages.push(layout);
        if !on {
            return pages;
        }
        view.navigation.take(next);
    }
    panic!("more than {MOST_PAGES} pages");
}
