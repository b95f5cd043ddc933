//! What meetings may ask people and offer them, made by hand.

use saal_core::{
    Door, Invitation, LobbyWord, Muted, Notice, Obstacle, PhoneDoor, PhoneTicket, Presenting,
    Reaction, Sharing,
};
use saal_fleet_protocol::config::{Language, Layout, ScanSeconds};
use saal_media_protocol::{
    CameraMoves, CameraState, CameraView, PictureDevice, PictureKind, SoundUnit, SourceKind,
};
use saal_meeting::{
    Caption, ChatLine, JoinStage, Knocker, MeetingId, PartOf, Participant, Poll,
    Role as MeetingRole, Secret, SignIn, SignInCode, SignInProblem, Verification, Waiting,
};
use saal_panel::{
    Call, CameraPart, Comfort, Key, Navigation, Screen, Sheet, SoundView, Step, TelevisionView,
    View,
};

use crate::scenes::{after, at, at_sheet, call_with, full, home, joining, person, ring};

/// A screen and where people are on it.
pub(crate) type Scene = (&'static str, Screen, Navigation);

fn obstacle(obstacle: Obstacle) -> Screen {
    let mut screen = joining(JoinStage::Connecting);
    if let Screen::Joining {
        obstacle: place, ..
    } = &mut screen
    {
        *place = Some(obstacle);
    }
    screen
}

pub(crate) fn host() -> Screen {
    obstacle(Obstacle::Waiting(Waiting::Host))
}

pub(crate) fn server() -> Screen {
    obstacle(Obstacle::Waiting(Waiting::Server))
}

pub(crate) fn lobby() -> Screen {
    obstacle(Obstacle::Waiting(Waiting::Admission))
}

/// In the lobby with a word that the server has or has not, and answers.
pub(crate) fn lobby_talk(taken: bool, answers: &[(&str, &str)]) -> Screen {
    let mut screen = lobby();
    if let Screen::Joining { heard, word, .. } = &mut screen {
        let text = "Bitte lassen Sie uns ein.".to_owned();
        *word = Some(LobbyWord { text, taken });
        let answers = answers.iter().enumerate();
        *heard = answers
            .map(|(n, (author, text))| line(n, author, text, true))
            .collect();
    }
    screen
}

/// People say what stands on the panel.
pub(crate) fn said_in_its_language(view: &mut View) {
    let Screen::Joining {
        word: Some(word), ..
    } = &mut view.screen
    else {
        return;
    };
    if view.language == Language::En {
        "Please let us in.".clone_into(&mut word.text);
    }
}

pub(crate) fn password(refused: bool) -> Screen {
    obstacle(Obstacle::Password { refused })
}

/// Where people are who typed this.
pub(crate) fn typed(text: &str) -> Vec<Step> {
    let keys = text.chars().map(Key::Type);
    keys.map(Step::Key).collect()
}

/// What only moderators see.
pub(crate) fn moderated(call: &mut Call) {
    call.meeting.role = MeetingRole::Moderator;
    call.meeting.microphone_moderated = true;
    call.meeting.camera_moderated = true;
    call.participants = crowd();
}

/// Thirty people of all kinds.
pub(crate) fn crowd() -> Vec<Participant> {
    let names = [
        "Ayşe Yılmaz",
        "Jonas Weber",
        "Лена Ковальчук",
        "Marie-Luise von Hohenfels-Brandenstein",
        "Kofi Mensah",
        "נועה לוי",
        "Søren Ødegård",
        "Zoë",
        "Priya Raman",
        "Tomasz Wiśniewski",
    ];
    let mut people: Vec<Participant> = (0..30)
        .map(|n| Participant {
            id: format!("p{n}"),
            ..person(names[n % names.len()])
        })
        .collect();
    people[0].speaking = true;
    people[0].role = MeetingRole::Moderator;
    people[0].spoken_minutes = Some(12);
    people[1].spoken_minutes = Some(3);
    people[2].spoken_minutes = Some(0);
    people[4].spoken_minutes = Some(1);
    people[1].content = true;
    people[3].microphone = false;
    people[4].hand_raised = true;
    people[4].microphone = false;
    people[4].camera = false;
    people[5].camera = false;
    people[6].role = MeetingRole::Visitor;
    people
}

/// Forty-nine people whose names are as long as organisations make them.
fn long_names(call: &mut Call) {
    let names = [
        "Dr. Alexandra-Katharina Schmidt-Wallenberger",
        "Sachgebietsleitung Öffentlichkeitsarbeit (Konferenzraum Nord)",
        "Wolfeschlegelsteinhausenbergerdorff",
        "Marie-Luise Freifrau von Hohenfels-Brandenstein-Altenmühl",
        "Nguyễn Thị Minh Khai Hoàng Phương Anh",
        "محمد عبد الرحمن بن عبد العزيز الحسيني",
        "Александра Константинопольская-Преображенская",
    ];
    let people = (0..49).map(|n| Participant {
        id: format!("p{n}"),
        ..person(names[n % names.len()])
    });
    call.participants = people.collect();
    call.participants[0].speaking = true;
    call.participants[1].hand_raised = true;
    call.participants[2].microphone = false;
    call.participants[3].content = true;
}

/// A large meeting of long names: in the call, and all of them.
pub(crate) fn large() -> [Scene; 3] {
    let large = || call_with(long_names);
    let person = Sheet::Person("p1".to_owned());
    [
        ("call-long-names", large(), Navigation::default()),
        ("people-long-names", large(), at_sheet(Sheet::People)),
        ("person-long-name", large(), at_sheet(person)),
    ]
}

fn knocker(n: usize, name: &str) -> Knocker {
    Knocker {
        id: format!("k{n}"),
        name: name.to_owned(),
    }
}

/// Whose keys have not come.
pub(crate) fn keys(call: &mut Call) {
    call.participants[1].key_missing = true;
    call.participants[3].key_missing = true;
}

pub(crate) fn one_knocks(call: &mut Call) {
    moderated(call);
    call.meeting.knocking = vec![knocker(0, "Dr. Hannelore Vogt")];
}

pub(crate) fn in_breakout(call: &mut Call) {
    call.title = "Gruppe Nord".to_owned();
    call.part_of = Some(PartOf {
        id: MeetingId("weekly".to_owned()),
        title: "Team Weekly Produktentwicklung".to_owned(),
    });
}

pub(crate) fn two_knock(call: &mut Call) {
    one_knocks(call);
    call.meeting.knocking.push(knocker(1, "Mehmet"));
}

fn line(n: usize, author: &str, text: &str, private: bool) -> ChatLine {
    ChatLine {
        id: format!("l{n}"),
        author: author.to_owned(),
        text: text.to_owned(),
        private,
    }
}

pub(crate) fn chatting(call: &mut Call) {
    let long = "Für die Auswertung vom Dienstag fehlen noch die Zahlen der drei Standorte im \
                Norden. Könnt ihr die bis morgen Mittag nachreichen? Dann nehme ich sie in die \
                Vorlage für den Ausschuss auf, der am Donnerstag um neun Uhr tagt.";
    let mut lines: Vec<ChatLine> = (0..12)
        .map(|n| line(n, "Jonas Weber", "👍", false))
        .collect();
    lines.push(line(20, "Ayşe Yılmaz", "Guten Morgen zusammen!", false));
    lines.push(line(21, "Jonas Weber", long, false));
    let link = "https://example.org/protokolle/2026-11-23";
    lines.push(line(22, "Лена Ковальчук", link, false));
    let private = "Könnten Sie im Raum etwas näher ans Mikrofon?";
    lines.push(line(
        23,
        "Marie-Luise von Hohenfels-Brandenstein",
        private,
        true,
    ));
    call.chat = lines;
}

pub(crate) fn voting(call: &mut Call) {
    let poll = |id: &str, question: &str, answers: &[(&str, u32)]| Poll {
        id: id.to_owned(),
        question: question.to_owned(),
        answers: answers.iter().map(|(a, n)| ((*a).to_owned(), *n)).collect(),
    };
    let days = [("Dienstag", 1), ("Mittwoch", 7), ("Donnerstag", 0)];
    call.meeting.polls = vec![
        poll("a", "Pause?", &[("Ja", 9), ("Nein", 3)]),
        poll("b", "Wann treffen wir uns wieder?", &days),
    ];
}

/// All that can be on at once.
pub(crate) fn everything_on(call: &mut Call) {
    let meeting = &mut call.meeting;
    meeting.recording = true;
    meeting.live_stream = true;
    meeting.transcription = true;
    meeting.subject = Some("Haushalt 2027, zweite Lesung".to_owned());
    meeting.breakout = Some("Gruppe Nord".to_owned());
    meeting.hand_raised = true;
}

pub(crate) fn talking(call: &mut Call) {
    let caption = |id: &str, speaker: &str, text: &str| Caption {
        id: id.to_owned(),
        speaker: speaker.to_owned(),
        text: text.to_owned(),
        is_final: false,
    };
    let words = "und deshalb schlage ich vor, dass wir den Punkt noch einmal vertagen";
    call.captions = vec![
        caption("1", "Jonas Weber", "Das sehe ich genauso."),
        caption("2", "Ayşe Yılmaz", words),
    ];
    let sign = |from: &str, emoji: &str| Reaction {
        from: from.to_owned(),
        emoji: emoji.to_owned(),
    };
    call.reactions = vec![
        sign("Лена Ковальчук", "👏"),
        sign("Marie-Luise von Hohenfels-Brandenstein", "\u{1f641}"),
        sign("Jonas Weber", "\u{1f997}"),
    ];
}

pub(crate) fn notice(notice: Notice) -> impl FnOnce(&mut Call) {
    move |call| {
        call.muted = Muted {
            microphone: true,
            camera: false,
        };
        call.notice = Some(notice);
    }
}

/// The sheet of everything, for a moderator of a meeting that has everything.
pub(crate) fn all_tiles(call: &mut Call) {
    moderated(call);
    voting(call);
    call.unread = 3;
    call.chat_shown = true;
    call.meeting.dial_in = true;
    call.presenting = Presenting::Possible;
    movable_camera(call);
    call.meeting.hand_raised = true;
}

/// More people than the television shows at once.
fn many(call: &mut Call) {
    call.television = TelevisionView {
        layout: Layout::Speaker,
        self_view: true,
        page: 1,
        pages: 4,
        from: 16,
        shown: 16,
        count: 49,
    };
}

/// A camera that moves, with some views saved, beside another one.
pub(crate) fn movable_camera(call: &mut Call) {
    let device = |id: &str, name: &str| PictureDevice {
        id: id.to_owned(),
        name: name.to_owned(),
        kind: PictureKind::Camera,
    };
    call.camera = CameraPart {
        state: Some(CameraState {
            id: "usb-1".to_owned(),
            name: "Logitech Rally".to_owned(),
            view: CameraView {
                zoom: 350,
                pan: -80,
                tilt: 0,
            },
            moves: CameraMoves {
                zoom: true,
                pan: true,
                tilt: true,
            },
            digital: false,
            controls: Vec::new(),
        }),
        presets: ["Position 1", "Tafel", "Stehpult am Fenster", "Tisch", "Tür"]
            .map(str::to_owned)
            .to_vec(),
        takes_preset: true,
        cameras: vec![
            device("usb-1", "Logitech Rally"),
            device("usb-2", "Dokumentenkamera über dem Tisch"),
        ],
    };
}

/// A webcam that zooms and does nothing else, and nothing saved.
pub(crate) fn zooming_camera(call: &mut Call) {
    movable_camera(call);
    call.camera.presets.clear();
    if let Some(state) = &mut call.camera.state {
        state.moves = CameraMoves {
            zoom: true,
            ..CameraMoves::default()
        };
        state.view = CameraView::default();
    }
}

/// Nothing leaves the room.
fn quiet() -> Muted {
    Muted {
        microphone: true,
        camera: true,
    }
}

/// What moderators write to those who wait.
const ANSWERS: &[(&str, &str)] = &[
    ("", "Einen Moment noch, wir sind gleich so weit."),
    ("Dr. Hannelore Vogt", "Sind Sie die Delegation aus Gießen?"),
];

/// Those on the way in.
fn ways_in() -> Vec<Scene> {
    let nowhere = Navigation::default;
    let mut revealed = vec![Step::Reveal(true)];
    revealed.extend(typed("Klee-7"));
    let mut symbols = typed("Klee-7");
    symbols.push(Step::Key(Key::Symbols));
    vec![
        ("waiting-host", host(), nowhere()),
        ("waiting-server", server(), nowhere()),
        ("lobby", lobby(), nowhere()),
        ("lobby-sending", lobby_talk(false, &[]), nowhere()),
        ("lobby-sent", lobby_talk(true, &[]), nowhere()),
        ("lobby-answered", lobby_talk(true, ANSWERS), nowhere()),
        ("password", password(false), after(typed("Klee-7"))),
        ("password-shown", password(false), after(revealed)),
        ("password-symbols", password(false), after(symbols)),
        ("password-refused", password(true), nowhere()),
    ]
}

/// Every screen of meetings beyond joining and the plain call.
pub(crate) fn all() -> Vec<Scene> {
    let mic = SourceKind::Microphone;
    let nowhere = Navigation::default;
    let muted_by = Notice::MutedBy(mic, Some("Ayşe Yılmaz".to_owned()));
    let dialled = ['4', '2', '#'].map(Step::Dialled);
    let keypad = [Step::Open(Sheet::Keypad)].into_iter().chain(dialled);
    let page_2 = after([Step::Open(Sheet::People), Step::Turn(1)]);
    let dial_in = |call: &mut Call| call.meeting.dial_in = true;
    let consent = |call: &mut Call| {
        call.meeting.recording = true;
        call.meeting.consent_asked = true;
        call.muted = quiet();
    };
    let consent_to_stream = |call: &mut Call| {
        call.meeting.live_stream = true;
        call.meeting.consent_asked = true;
        call.muted = quiet();
    };
    let mut scenes = ways_in();
    scenes.extend(of_the_account());
    scenes.extend(calls().map(|(name, screen)| (name, screen, nowhere())));
    scenes.extend(arrangements());
    scenes.extend(sounds());
    scenes.extend(cameras());
    scenes.extend(laptops());
    scenes.extend(phones());
    scenes.extend(more().map(|(name, screen)| (name, screen, at_sheet(Sheet::More))));
    scenes.extend([
        ("call-muted-by", call_with(notice(muted_by)), nowhere()),
        ("consent", call_with(consent), nowhere()),
        ("consent-stream", call_with(consent_to_stream), nowhere()),
        ("people", call_with(|_| ()), at_sheet(Sheet::People)),
        ("people-keys", call_with(keys), at_sheet(Sheet::People)),
        (
            "people-moderator",
            call_with(two_knock),
            at_sheet(Sheet::People),
        ),
        ("people-page", call_with(moderated), page_2),
        (
            "person",
            call_with(moderated),
            at_sheet(Sheet::Person("p4".to_owned())),
        ),
        (
            "remove",
            call_with(moderated),
            at_sheet(Sheet::Remove("p3".to_owned())),
        ),
        (
            "end-for-all",
            call_with(moderated),
            at_sheet(Sheet::EndForAll),
        ),
        ("chat", call_with(chatting), at_sheet(Sheet::Chat)),
        ("chat-empty", call_with(|_| ()), at_sheet(Sheet::Chat)),
        ("polls", call_with(voting), at_sheet(Sheet::Polls)),
        ("keypad", call_with(dial_in), after(keypad)),
    ]);
    scenes.extend(for_everybody());
    scenes
}

/// How the panel looks and works, and what there is no room for on the home screen.
fn for_everybody() -> [Scene; 3] {
    [
        ("access", home(), at_sheet(Sheet::Access)),
        ("access-call", call_with(|_| ()), chosen()),
        ("day", full(), at_sheet(Sheet::Day)),
    ]
}

/// Somebody needs contrast and works the panel with one switch.
fn chosen() -> Navigation {
    let comfort = Comfort {
        scan: ScanSeconds::try_from(3).unwrap(),
        ..Comfort::default()
    };
    after([Step::Open(Sheet::Access), Step::Prefer(Some(comfort))])
}

/// Aiming the camera, and choosing another one.
fn cameras() -> [Scene; 4] {
    let scene = |name, camera: fn(&mut Call), sheet| (name, call_with(camera), at_sheet(sheet));
    [
        scene("camera", movable_camera, Sheet::Camera),
        scene("camera-zoom", zooming_camera, Sheet::Camera),
        scene("camera-save", movable_camera, Sheet::SavePosition),
        scene("cameras", movable_camera, Sheet::Cameras),
    ]
}

/// How the television shows the others.
fn arrangements() -> [Scene; 2] {
    let sheet = || at_sheet(Sheet::Arrangement);
    [
        ("arrangement", call_with(|_| ()), sheet()),
        ("arrangement-many", call_with(many), sheet()),
    ]
}

/// The room's sound: a speakerphone beside the television, tried; and muted in a room with nothing to choose.
fn sounds() -> [Scene; 2] {
    let sheet = || at_sheet(Sheet::Sound);
    let unit = |microphone: Option<&str>, loudspeaker: Option<&str>| SoundUnit {
        microphone: microphone.map(str::to_owned),
        loudspeaker: loudspeaker.map(str::to_owned),
    };
    let tried = move |call: &mut Call| {
        call.sound = SoundView {
            volume: 60,
            level: Some(-32.0),
            tone: true,
            units: vec![
                (unit(Some("Jabra SPEAK 750"), Some("Jabra SPEAK 750")), true),
                (unit(None, Some("HDA Intel PCH: HDMI 0")), false),
                (unit(Some("Table microphone"), None), false),
            ],
        };
    };
    let muted = |call: &mut Call| {
        call.muted.microphone = true;
        call.sound.volume = 0;
    };
    [
        ("sound", call_with(tried), sheet()),
        ("sound-muted", call_with(muted), sheet()),
    ]
}

/// How a laptop shares its screen.
fn open_door() -> Door {
    Door::Open(Invitation {
        address: "https://192.168.178.123:8443".to_owned(),
        code: "274061".to_owned(),
        fingerprint: Some("4F:2A:91:0C:D3:7E:55:B8:16:A0".to_owned()),
    })
}

/// A phone that could become a second panel; people look at its code.
fn phones() -> Vec<Scene> {
    let ticket = PhoneTicket {
        address: Secret::new("https://192.168.178.123:8443/phone/3qGpVn0ZxW1dU7mYtKc9Qw"),
        token: Secret::new("3qGpVn0ZxW1dU7mYtKc9Qw"),
        fingerprint: Some("4F:2A:91:0C:D3:7E:55:B8:16:A0".to_owned()),
    };
    let at =
        |door: PhoneDoor| move |call: &mut Call| (call.phones, call.phone) = (true, Some(door));
    let phone = || at_sheet(Sheet::Phone);
    vec![
        (
            "phone-more",
            call_with(|call| call.phones = true),
            at_sheet(Sheet::More),
        ),
        (
            "phone-code",
            call_with(at(PhoneDoor::Open(ticket))),
            phone(),
        ),
        ("phone-broken", call_with(at(PhoneDoor::Broken)), phone()),
    ]
}

/// A laptop that could share its screen, is asked for the code, and is shown; at home and in a call.
fn laptops() -> Vec<Scene> {
    let nowhere = Navigation::default;
    let at_home = |of| match home() {
        Screen::Home {
            under_way, next, ..
        } => Screen::Home {
            under_way,
            next,
            sharing: of,
        },
        other => other,
    };
    let sharing = |of| move |call: &mut Call| call.sharing = of;
    let asked = |call: &mut Call| {
        call.sharing = Sharing::Possible;
        call.door = Some(open_door());
    };
    let more = || at_sheet(Sheet::More);
    vec![
        ("laptop-home", at_home(Sharing::Possible), nowhere()),
        ("laptop-home-shown", at_home(Sharing::On), nowhere()),
        ("laptop-code", Screen::Laptop(open_door()), nowhere()),
        ("laptop-broken", Screen::Laptop(Door::Broken), nowhere()),
        ("laptop-call", call_with(asked), at_sheet(Sheet::Laptop)),
        ("laptop-more", call_with(sharing(Sharing::Possible)), more()),
        ("laptop-more-shown", call_with(sharing(Sharing::On)), more()),
    ]
}

/// The sheet of everything.
fn more() -> impl Iterator<Item = (&'static str, Screen)> {
    [
        ("more", call_with(|_| ())),
        ("more-all", call_with(all_tiles)),
        ("more-no-chat", call_with(|call| call.meeting.chat = false)),
    ]
    .into_iter()
}

/// Those without a sheet.
fn calls() -> impl Iterator<Item = (&'static str, Screen)> {
    let mic = SourceKind::Microphone;
    [
        ("call-everything", call_with(everything_on)),
        ("call-talking", call_with(talking)),
        (
            "call-allowed",
            call_with(notice(Notice::UnmuteAllowed(mic))),
        ),
        (
            "call-refused",
            call_with(notice(Notice::UnmuteRefused(mic))),
        ),
        ("call-knock", call_with(one_knocks)),
        ("call-breakout", call_with(in_breakout)),
        ("call-knocks", call_with(two_knock)),
        (
            "call-ringing",
            call_with(|call| call.ringing = Some(ring(None, true))),
        ),
        ("ringing", Screen::Ringing(ring(None, true))),
        ("ringing-sound", Screen::Ringing(ring(None, false))),
        (
            "ringing-meeting",
            Screen::Ringing(ring(Some("Team Weekly Produktentwicklung"), true)),
        ),
        (
            "call-visitor",
            call_with(|call| {
                call.meeting.role = MeetingRole::Visitor;
                call.muted = quiet();
            }),
        ),
    ]
    .into_iter()
}

/// What concerns the room's account.
fn of_the_account() -> Vec<Scene> {
    let verifying = verifying().map(|(name, of)| (name, Screen::Verification(of)));
    let mut scenes: Vec<Scene> = verifying
        .map(|(name, screen)| (name, screen, Navigation::default()))
        .into();
    for (name, wrong) in [("recovery-key", false), ("recovery-key-wrong", true)] {
        let steps = [Step::Open(Sheet::RecoveryKey)].into_iter();
        let typed = after(steps.chain(typed("EsTc 5hSn")));
        scenes.push((name, Screen::RecoveryKey { wrong }, typed));
    }
    for (name, of) in signing_in() {
        let server = "https://matrix.example.org/".to_owned();
        let steps = [Step::Open(Sheet::SignIn)].into_iter();
        let typed = after(steps.chain(typed("4")));
        let user = "raum-lahn".to_owned();
        scenes.push((name, Screen::SignIn { server, user, of }, typed));
    }
    scenes
}

/// Steps of signing the room in.
fn signing_in() -> [(&'static str, SignIn); 5] {
    let address = "https://account.example.org/link".to_owned();
    let code = SignInCode {
        link: format!("{address}?code=WDJB-MJHT"),
        address,
        code: "WDJB-MJHT".to_owned(),
        expires: at("14:25"),
        by_device: true,
    };
    let qr: Vec<u8> = b"MATRIX".iter().copied().chain(0..=120).collect();
    let allow = SignIn::Allow {
        code: "WDJB-MJHT".to_owned(),
    };
    let problem = Some(SignInProblem::OtherAccount {
        user: "@anna:example.org".to_owned(),
    });
    [
        ("sign-in-code", SignIn::Code(code)),
        ("sign-in-scan", SignIn::Scan { qr }),
        ("sign-in-digits", SignIn::Digits),
        ("sign-in-allow", allow),
        ("sign-in-problem", SignIn::Needed { problem }),
    ]
}

/// Each step of verifying the room.
pub(crate) fn verifying() -> [(&'static str, Verification); 8] {
    let device = "Element Web on Firefox".to_owned();
    let user = Some("@it-helpdesk:example.org".to_owned());
    // As long as those of Matrix are.
    let keys = (0..=u8::MAX).map(|at| at.wrapping_mul(167)).take(124);
    let code: Vec<u8> = b"MATRIX\x02\x02".iter().copied().chain(keys).collect();
    let emoji = [0, 2, 34, 11, 35, 41, 14];
    [
        (
            "verify-question",
            Verification::Requested {
                device: device.clone(),
                user: None,
            },
        ),
        (
            "verify-question-user",
            Verification::Requested { device, user },
        ),
        ("verify-scan", Verification::Scan { code, emoji: true }),
        ("verify-scanned", Verification::Scanned),
        ("verify-waiting", Verification::Waiting),
        ("verify-compare", Verification::Compare { emoji }),
        ("verified", Verification::Over { verified: true }),
        ("not-verified", Verification::Over { verified: false }),
    ]
}
