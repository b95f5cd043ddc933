//! Views made by hand: what a room may have to show.

use jiff::{Timestamp, tz::TimeZone};
use saal_core::{
    CalendarProblem, Elsewhere, HelpId, Helper, Muted, Onlooker, OtherRoom, Part, Presenting,
    Sharing, Trouble,
};
use saal_fleet_protocol::{
    config::{Language, Support},
    fleet::KeyProblem,
};
use saal_media_protocol::{DeviceUse, MediaTrouble};
use saal_meeting::{
    Destination, EndReason, IdentityState, JoinStage, LinkTarget, Meeting, MeetingId, MeetingLink,
    MeetingState, NoWay, PartOf, Participant, Ring, RingId, SignInProblem,
};
use saal_panel::{
    Call, CameraPart, Comfort, DayView, Navigation, Screen, Sheet, SoundView, Step, TelevisionView,
    View,
};

/// Monday, 14:05 in Berlin.
pub(crate) const NOW: &str = "2026-11-23T13:05:00Z";

/// A moment of that day as the room's clock shows it.
pub(crate) fn at(clock: &str) -> Timestamp {
    format!("2026-11-23T{clock}:00+01:00").parse().unwrap()
}

pub(crate) fn view(language: Language, screen: Screen) -> View {
    View {
        width: 1280,
        height: 800,
        language,
        file: None,
        comfort: Comfort::default(),
        time_zone: TimeZone::get("Europe/Berlin").unwrap(),
        now: NOW.parse().unwrap(),
        room: "Raum Lahn".to_owned(),
        support: None,
        screen,
        onlooker: Onlooker::default(),
        day: DayView::default(),
        elsewhere: Some(elsewhere_lately()),
        settings: None,
        troubles: Vec::new(),
        navigation: Navigation::default(),
    }
}

fn helper(touch: bool) -> Helper {
    Helper {
        help: HelpId(1),
        name: "anna-lena.schmidtbauerin".to_owned(),
        touch,
    }
}

/// Somebody of the fleet asks whether they may see the panel, or work it too.
pub(crate) fn asks_to_help(touch: bool) -> Onlooker {
    Onlooker::AsksToHelp(helper(touch))
}

/// They do.
pub(crate) fn helps(touch: bool) -> Onlooker {
    Onlooker::Helps(helper(touch))
}

/// People are there, with what they chose.
pub(crate) fn stand(view: &mut View, navigation: &Navigation) {
    view.comfort = navigation.comfort().unwrap_or(view.comfort);
    view.navigation = navigation.clone();
}

/// Where people are after these touches.
pub(crate) fn after(steps: impl IntoIterator<Item = Step>) -> Navigation {
    let mut navigation = Navigation::default();
    steps.into_iter().for_each(|step| navigation.take(step));
    navigation
}

/// Where people are who opened this.
pub(crate) fn at_sheet(sheet: Sheet) -> Navigation {
    after([Step::Open(sheet)])
}

pub(crate) fn meeting(title: &str, start: Timestamp, end: Timestamp) -> Meeting {
    Meeting {
        id: MeetingId(format!("{title}@{start}")),
        title: title.to_owned(),
        start: Some(start),
        end: Some(end),
        destination: Destination::matrix("!weekly:example.org"),
        in_call: 0,
        private: false,
        part_of: None,
        others: Vec::new(),
        tentative: false,
    }
}

/// One under way with three people in its call, some later, one tomorrow.
pub(crate) fn home() -> Screen {
    let tomorrow = "2026-11-24T08:30:00Z".parse().unwrap();
    let end = "2026-11-24T09:30:00Z".parse().unwrap();
    Screen::Home {
        sharing: Sharing::Impossible,
        under_way: vec![Meeting {
            in_call: 3,
            ..meeting("Team Weekly Produktentwicklung", at("14:00"), at("15:00"))
        }],
        next: vec![
            meeting("Angebotsbesprechung Nordwind", at("14:10"), at("14:45")),
            meeting("Sprint Review", at("16:00"), at("17:00")),
            meeting("Frühstück mit den Neuen", tomorrow, end),
        ],
    }
}

/// One whose invitation names several places, and one that is not sure yet.
pub(crate) fn several_ways() -> Screen {
    let link = |name: &str| {
        Destination::jitsi(MeetingLink::new(format!("https://meet.example.org/{name}")))
    };
    Screen::Home {
        sharing: Sharing::Impossible,
        under_way: vec![Meeting {
            destination: link("Produktentwicklung"),
            others: vec![
                Destination::matrix("!weekly:example.org"),
                link("Ausweichraum"),
            ],
            ..meeting("Team Weekly Produktentwicklung", at("14:00"), at("15:00"))
        }],
        next: vec![
            Meeting {
                tentative: true,
                ..meeting("Angebotsbesprechung Nordwind", at("14:10"), at("14:45"))
            },
            meeting("Sprint Review", at("16:00"), at("17:00")),
        ],
    }
}

/// Appointments that the room can't go to, each for another reason.
pub(crate) fn elsewhere() -> Screen {
    let at_none = |title, start: &str, end: &str, why| Meeting {
        destination: Destination::Nowhere { why },
        ..meeting(title, at(start), at(end))
    };
    let teams = NoWay::OtherService {
        name: "Microsoft Teams".to_owned(),
    };
    let gateway = NoWay::Rewritten {
        gateway: "Mimecast".to_owned(),
        host: None,
    };
    Screen::Home {
        sharing: Sharing::Impossible,
        under_way: vec![at_none("Vertragsverhandlung", "14:00", "15:00", teams)],
        next: vec![
            Meeting {
                private: true,
                ..at_none("", "15:00", "15:30", NoWay::NoLink)
            },
            at_none("Angebotsbesprechung Nordwind", "16:00", "16:45", gateway),
        ],
    }
}

/// A breakout session under its meeting.
pub(crate) fn breakout() -> Screen {
    let weekly = meeting("Team Weekly Produktentwicklung", at("14:00"), at("15:00"));
    let part_of = PartOf {
        id: weekly.id.clone(),
        title: weekly.title.clone(),
    };
    Screen::Home {
        sharing: Sharing::Impossible,
        under_way: vec![
            weekly,
            Meeting {
                private: false,
                part_of: Some(part_of),
                ..meeting("Gruppe Nord", at("14:00"), at("14:20"))
            },
        ],
        next: vec![meeting("Sprint Review", at("16:00"), at("17:00"))],
    }
}

pub(crate) fn upcoming() -> Screen {
    Screen::Home {
        sharing: Sharing::Impossible,
        under_way: Vec::new(),
        next: vec![
            meeting("Angebotsbesprechung Nordwind", at("14:10"), at("14:45")),
            meeting("Sprint Review", at("16:00"), at("17:00")),
        ],
    }
}

pub(crate) fn free() -> Screen {
    Screen::Home {
        sharing: Sharing::Impossible,
        under_way: Vec::new(),
        next: Vec::new(),
    }
}

/// More meetings than any panel shows.
pub(crate) fn full() -> Screen {
    let row = |hour: u32| {
        let (start, end) = (format!("{hour}:00"), format!("{hour}:45"));
        meeting(&format!("Besprechung um {hour} Uhr"), at(&start), at(&end))
    };
    Screen::Home {
        sharing: Sharing::Impossible,
        under_way: vec![Meeting {
            start: None,
            end: None,
            in_call: 1,
            ..meeting("Kaffeeküche", at("14:00"), at("15:00"))
        }],
        next: (15..24).map(row).collect(),
    }
}

pub(crate) fn joining(stage: JoinStage) -> Screen {
    Screen::Joining {
        title: "Team Weekly Produktentwicklung".to_owned(),
        stage,
        returning: false,
        obstacle: None,
        heard: Vec::new(),
        word: None,
    }
}

pub(crate) fn person(name: &str) -> Participant {
    Participant {
        id: format!("@{}:example.org:DEVICE", name.to_lowercase()),
        name: name.to_owned(),
        microphone: true,
        camera: true,
        content: false,
        speaking: false,
        ..Participant::default()
    }
}

pub(crate) fn people() -> Vec<Participant> {
    let mut people = vec![
        person("Ayşe Yılmaz"),
        person("Jonas Weber"),
        person("Лена Ковальчук"),
        person("Marie-Luise von Hohenfels-Brandenstein"),
    ];
    people[0].speaking = true;
    people[1].content = true;
    people[3].microphone = false;
    people
}

/// A call with nothing special in it.
pub(crate) fn plain_call() -> Call {
    Call {
        title: "Team Weekly Produktentwicklung".to_owned(),
        participants: people(),
        since: at("13:53"),
        muted: Muted::default(),
        reconnecting: false,
        meeting: MeetingState {
            chat: true,
            ..MeetingState::default()
        },
        presenting: Presenting::Impossible,
        sharing: Sharing::Impossible,
        door: None,
        phones: false,
        phone: None,
        sound: SoundView {
            volume: 60,
            ..SoundView::default()
        },
        television: TelevisionView {
            pages: 1,
            shown: 4,
            count: 4,
            ..TelevisionView::default()
        },
        chat: Vec::new(),
        unread: 0,
        chat_shown: false,
        captions: Vec::new(),
        reactions: Vec::new(),
        notice: None,
        part_of: None,
        ringing: None,
        camera: CameraPart::default(),
    }
}

/// A call that is changed a little.
pub(crate) fn call_with(change: impl FnOnce(&mut Call)) -> Screen {
    let mut call = plain_call();
    change(&mut call);
    Screen::Call(Box::new(call))
}

pub(crate) fn call(muted: Muted) -> Screen {
    call_with(|call| call.muted = muted)
}

pub(crate) fn alone() -> Screen {
    call_with(|call| {
        call.participants.clear();
        call.since = at("14:05");
    })
}

pub(crate) fn reconnecting() -> Screen {
    call_with(|call| {
        call.since = at("12:40");
        call.muted = Muted {
            microphone: true,
            camera: true,
        };
        call.reconnecting = true;
    })
}

/// Somebody who calls the room, to a meeting or alone.
pub(crate) fn ring(meeting: Option<&str>, pictures: bool) -> Ring {
    Ring {
        id: RingId("ring".to_owned()),
        from: "Marie-Luise von Hohenfels-Brandenstein".to_owned(),
        meeting: meeting.map(ToOwned::to_owned),
        pictures,
        destination: Destination::Caller {
            room_id: "!chat:example.org".to_owned(),
            call_id: "ring".to_owned(),
        },
    }
}

pub(crate) fn leaving() -> Screen {
    Screen::Leaving {
        title: "Team Weekly Produktentwicklung".to_owned(),
    }
}

pub(crate) fn unreachable() -> Trouble {
    Trouble::Unreachable {
        server: "matrix.example.org".to_owned(),
        known: None,
    }
}

pub(crate) fn untrusted() -> Trouble {
    Trouble::Untrusted {
        server: "matrix.example.org".to_owned(),
        known: None,
    }
}

/// One of each kind.
/// As ten minutes before a meeting.
pub(crate) fn not_ready(part: Part) -> Trouble {
    let reason = "Udp relay turn.example.org:3478: no answer".to_owned();
    Trouble::NotReady { part, reason }
}

/// A network that lets web pages through and no WebSocket.
pub(crate) fn socket_blocked(needed: bool) -> Trouble {
    let server = "rtc.example.org".to_owned();
    Trouble::SocketBlocked { server, needed }
}

/// Where that meeting could go.
pub(crate) fn other_rooms() -> Trouble {
    let room = |name: &str, until| OtherRoom {
        name: name.to_owned(),
        until,
    };
    Trouble::OtherRoom {
        rooms: vec![room("Raum 2.14", Some(at("16:00"))), room("Werra", None)],
    }
}

pub(crate) fn all_troubles() -> Vec<Trouble> {
    let name = "Logitech BRIO".to_owned();
    let mut troubles = vec![
        Trouble::SignedOut {
            server: "matrix.example.org".to_owned(),
        },
        Trouble::Removed {
            server: "matrix.example.org".to_owned(),
        },
        unreachable(),
        Trouble::EngineFailing,
        Trouble::Store {
            path: "/var/lib/saal/matrix".to_owned(),
            full: true,
        },
        Trouble::Store {
            path: "/var/lib/saal/matrix".to_owned(),
            full: false,
        },
        Trouble::Identity(IdentityState::RecoveryKeyNeeded { wrong: false }),
        Trouble::Identity(IdentityState::RecoveryKeyNeeded { wrong: true }),
        Trouble::Identity(IdentityState::ResetNeeded),
        Trouble::Identity(IdentityState::KeysLost),
        join_failed(EndReason::Removed {
            message: String::new(),
        }),
        join_failed(EndReason::NotAllowed {
            reason: "403".to_owned(),
        }),
        join_failed(EndReason::Failed {
            reason: "502".to_owned(),
        }),
        join_failed(EndReason::Untrusted {
            server: "meet.example.org".to_owned(),
            reason: "UnknownIssuer".to_owned(),
        }),
        Trouble::Device(MediaTrouble::Missing {
            source: DeviceUse::Microphone,
            wanted: "Jabra Speak 750".to_owned(),
            present: Vec::new(),
        }),
        camera_busy(),
        Trouble::Device(MediaTrouble::Failed {
            source: DeviceUse::Loudspeaker,
            device: name,
            reason: "EIO".to_owned(),
        }),
    ];
    troubles.extend(more_troubles());
    troubles
}

fn more_troubles() -> Vec<Trouble> {
    vec![
        Trouble::Voice,
        Trouble::CallNotSaved {
            path: "/var/lib/saal/call.json".to_owned(),
        },
        Trouble::DeviceKey(KeyProblem::Missing),
        Trouble::DeviceKey(KeyProblem::Foreign),
        Trouble::DeviceKey(KeyProblem::Failed),
        Trouble::ConfigRefused {
            problem: "saal.toml:3: room.language: \"fr\" is not allowed; allowed are de, en"
                .to_owned(),
        },
        Trouble::AuthorityOver {
            names: vec!["Kreis Kassel Root".to_owned()],
        },
        Trouble::Signage {
            problems: vec!["sommerfest.jpg: it has more than 20 MB".to_owned()],
        },
        Trouble::Calendar {
            problems: vec![CalendarProblem {
                place: "Projektraum Nordwind".to_owned(),
                reason: "no start".to_owned(),
            }],
        },
        sign_in(None, false),
        sign_in(None, true),
        sign_in(Some(SignInProblem::Ended), false),
        sign_in(Some(SignInProblem::Expired), false),
        untrusted(),
        join_failed(EndReason::WrongCall {
            server: "rtc.example.org".to_owned(),
            reason: "a token of another room".to_owned(),
        }),
        camera_covered(),
        calendar_silent(Some(at("13:20"))),
        Trouble::Encoder {
            name: "vah264enc".to_owned(),
        },
        not_ready(Part::Sockets),
        join_failed(EndReason::Blocked {
            server: "rtc.example.org".to_owned(),
            reason: "403 Forbidden".to_owned(),
        }),
        socket_blocked(true),
        socket_blocked(false),
    ]
}

pub(crate) fn sign_in(problem: Option<SignInProblem>, under_way: bool) -> Trouble {
    Trouble::SignInNeeded {
        server: "matrix.example.org".to_owned(),
        problem,
        under_way,
    }
}

pub(crate) fn join_failed(reason: EndReason) -> Trouble {
    Trouble::JoinFailed {
        title: "Sprint Review".to_owned(),
        reason,
    }
}

pub(crate) fn camera_busy() -> Trouble {
    Trouble::Device(MediaTrouble::Busy {
        source: DeviceUse::Camera,
        device: "Logitech BRIO".to_owned(),
    })
}

/// A device that nobody has claimed for its fleet, with a code or before the server gave one.
pub(crate) fn unclaimed(server: &str, code: Option<&str>) -> Trouble {
    Trouble::Enrolment {
        server: server.to_owned(),
        code: code.map(str::to_owned),
    }
}

/// Whom people of this room call.
pub(crate) fn support() -> Support {
    Support {
        name: "IT-Servicezentrum".to_owned().try_into().unwrap(),
        telephone: Some("+49 641 309-1234".to_owned().try_into().unwrap()),
        mail: Some("it@example.org".to_owned().try_into().unwrap()),
    }
}

/// Calendars that do not answer, with the time of what is known.
pub(crate) fn calendar_silent(at: Option<Timestamp>) -> Trouble {
    let names = vec!["Lahn".to_owned(), "Vertrieb Nord".to_owned()];
    Trouble::CalendarUnreachable { names, at }
}

pub(crate) fn camera_covered() -> Trouble {
    Trouble::Device(MediaTrouble::Covered {
        source: DeviceUse::Camera,
        device: "Logitech BRIO".to_owned(),
    })
}

/// Where people were who typed a link here.
fn elsewhere_lately() -> Elsewhere {
    let lately = |link: &str, title: &str| {
        let destination = LinkTarget::of(&MeetingLink::new(link)).unwrap().destination;
        Meeting {
            id: MeetingId(format!("link/{}", destination.place())),
            title: title.to_owned(),
            destination,
            start: None,
            end: None,
            ..meeting("", at("09:00"), at("10:00"))
        }
    };
    Elsewhere {
        names_at: Some("meet.example.org".to_owned()),
        recent: vec![
            lately("https://meet.example.org/Haushalt", "Haushalt"),
            lately("#bauamt:example.org", "bauamt"),
        ],
        phones: true,
        phone: None,
        offer: None,
    }
}
