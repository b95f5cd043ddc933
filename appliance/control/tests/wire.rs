//! What stands on the wire: other programs read it, so it changes only with the version.

use saal_control::{
    Answer, AnswerError, Arrange, CallStatus, DayStatus, EngineProcess, EngineStatus, ErrorCode,
    LayoutName, LookedAt, MutedSources, OnlookerStatus, PanelAction, PhaseName, Prepared, Question,
    Refused, Reply, Request, Status, SystemRequest, Taps, TelevisionStatus, TroubleLine,
};
use saal_fleet_protocol::fleet::KeyProblem;
use saal_hal::{KeyName, Modifiers};
use saal_media_protocol::{CameraAction, CameraView, Control, SourceKind};
use saal_meeting::{
    AccountAction, AccountState, BookingSpan, DayAction, Destination, MeetingAction, MeetingId,
    MeetingLink, MeetingState, Participant, Ring, RingId, Secret, SignInWay,
};
use serde_json::{Value, json};

fn requests() -> Vec<(Request, Value)> {
    let id = MeetingId("!lahn:example.org/now".to_owned());
    vec![
        (Request::Status {}, json!({"status": {}})),
        (Request::Reload {}, json!({"reload": {}})),
        (
            Request::Enrolment { status: None },
            json!({"enrolment": {"status": null}}),
        ),
        (
            Request::DeviceKey {
                problem: Some(KeyProblem::Foreign),
            },
            json!({"device_key": {"problem": "foreign"}}),
        ),
        (Request::Meetings {}, json!({"meetings": {}})),
        (Request::Devices {}, json!({"devices": {}})),
        (
            Request::Join {
                meeting: id,
                place: None,
            },
            json!({"join": {"meeting": "!lahn:example.org/now"}}),
        ),
        (
            Request::JoinLink {
                link: MeetingLink::new("https://meet.example.org/lahn"),
            },
            json!({"join_link": {"link": "https://meet.example.org/lahn"}}),
        ),
        (
            Request::GivePassword {
                password: Secret::new("pw"),
            },
            json!({"give_password": {"password": "pw"}}),
        ),
        (
            Request::Act {
                action: MeetingAction::RaiseHand { raised: true },
            },
            json!({"act": {"action": {"action": "raise_hand", "raised": true}}}),
        ),
    ]
    .into_iter()
    .chain(later_requests())
    .chain(camera_requests())
    .chain(day_requests())
    .chain(panel_requests())
    .chain([(
        Request::System {
            request: SystemRequest::FactoryReset,
        },
        json!({"system": {"request": "factory_reset"}}),
    )])
    .chain([(
        Request::SetVolume { percent: 40 },
        json!({"set_volume": {"percent": 40}}),
    )])
    .collect()
}

fn later_requests() -> Vec<(Request, Value)> {
    let source = SourceKind::Microphone;
    vec![
        (
            Request::Account {
                action: AccountAction::Recover {
                    key: Secret::new("EsTc"),
                },
            },
            json!({"account": {"action": {"action": "recover", "key": "EsTc"}}}),
        ),
        (
            Request::Arrange {
                how: Arrange::Layout(LayoutName::Speaker),
            },
            json!({"arrange": {"how": {"layout": "speaker"}}}),
        ),
        (
            Request::Arrange {
                how: Arrange::SelfView(true),
            },
            json!({"arrange": {"how": {"self_view": true}}}),
        ),
        (
            Request::Arrange {
                how: Arrange::Page(2),
            },
            json!({"arrange": {"how": {"page": 2}}}),
        ),
        (
            Request::Account {
                action: AccountAction::SignIn {
                    way: SignInWay::Device,
                },
            },
            json!({"account": {"action": {"action": "sign_in", "way": "device"}}}),
        ),
        (
            Request::Account {
                action: AccountAction::SignInDigits { digits: 7 },
            },
            json!({"account": {"action": {"action": "sign_in_digits", "digits": 7}}}),
        ),
        (Request::RecoveryKey {}, json!({"recovery_key": {}})),
        (Request::Leave {}, json!({"leave": {}})),
        (
            Request::Answer { camera: true },
            json!({"answer": {"camera": true}}),
        ),
        (Request::Decline {}, json!({"decline": {}})),
        (
            Request::SetMuted {
                source,
                muted: true,
            },
            json!({"set_muted": {"source": "microphone", "muted": true}}),
        ),
    ]
}

fn panel_requests() -> [(Request, Value); 4] {
    let modifiers = Modifiers {
        shift: true,
        ..Modifiers::default()
    };
    let (x, y, taps, key) = (3, 4, Taps::Two, KeyName::Tab);
    [
        (PanelAction::Tree {}, json!({"tree": {}})),
        (PanelAction::Picture {}, json!({"picture": {}})),
        (
            PanelAction::Touch { x, y, taps },
            json!({"touch": {"x": 3, "y": 4, "taps": "two"}}),
        ),
        (
            PanelAction::Key { key, modifiers },
            json!({"key": {"key": "Tab", "modifiers": {"shift": true, "ctrl": false, "alt": false}}}),
        ),
    ]
    .map(|(action, wanted)| {
        let request = Request::Panel { action };
        (request, json!({"panel": {"action": wanted}}))
    })
}

fn day_requests() -> Vec<(Request, Value)> {
    let meeting = MeetingId("calendar/u/1".to_owned());
    let minutes = BookingSpan::Minutes(30.try_into().expect("30 is not 0"));
    let actions = [
        (
            DayAction::Book { span: minutes },
            json!({"book": {"span": {"minutes": 30}}}),
        ),
        (
            DayAction::Extend {
                meeting: meeting.clone(),
                span: BookingSpan::UntilNext,
            },
            json!({"extend": {"meeting": "calendar/u/1", "span": "until_next"}}),
        ),
        (
            DayAction::CheckIn { meeting },
            json!({"check_in": {"meeting": "calendar/u/1"}}),
        ),
        (DayAction::Stay {}, json!({"stay": {}})),
    ];
    let line = |(action, written)| (Request::Day { action }, json!({"day": {"action": written}}));
    actions.map(line).into()
}

fn camera_requests() -> Vec<(Request, Value)> {
    let view = CameraView {
        zoom: 300,
        pan: -20,
        tilt: 0,
    };
    let control = Control::AutoFocus;
    let preset = "Tafel".to_owned();
    let actions = [
        (
            CameraAction::Look { view },
            json!({"look": {"view": {"zoom": 300, "pan": -20, "tilt": 0}}}),
        ),
        (
            CameraAction::Set { control, value: 1 },
            json!({"set": {"control": "auto_focus", "value": 1}}),
        ),
        (
            CameraAction::Save { preset },
            json!({"save": {"preset": "Tafel"}}),
        ),
    ];
    let asked = (Request::CameraState {}, json!({"camera_state": {}}));
    let done = actions.map(|(action, written)| {
        let request = Request::Camera { action };
        (request, json!({"camera": {"action": written}}))
    });
    std::iter::once(asked).chain(done).collect()
}

fn call() -> CallStatus {
    CallStatus {
        title: "Weekly".to_owned(),
        meeting: MeetingId("!lahn:example.org/now".to_owned()),
        participants: vec![Participant {
            id: "@ada:example.org:A".to_owned(),
            name: "Ada".to_owned(),
            microphone: true,
            camera: true,
            content: false,
            speaking: false,
            ..Participant::default()
        }],
        obstacle: None,
        television: Some(TelevisionStatus {
            layout: LayoutName::Grid,
            self_view: false,
            page: 0,
            pages: 1,
        }),
        state: MeetingState::default(),
        chat: Vec::new(),
        captions: Vec::new(),
        muted: MutedSources {
            microphone: false,
            camera: true,
        },
    }
}

fn status() -> Status {
    Status {
        version: 1,
        room: "Raum Lahn".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        web: Some("http://127.0.0.1:8480".to_owned()),
        phase: PhaseName::Call,
        day: DayStatus::default(),
        account: AccountState::Online {
            user: "@lahn:example.org".to_owned(),
        },
        ringing: vec![Ring {
            id: RingId("!dm:example.org/c1".to_owned()),
            from: "Anna".to_owned(),
            meeting: None,
            pictures: true,
            destination: Destination::Caller {
                room_id: "!dm:example.org".to_owned(),
                call_id: "c1".to_owned(),
            },
        }],
        call: Some(call()),
        volume: 60,
        laptop: true,
        onlooker: Some(OnlookerStatus {
            of: LookedAt::Camera,
            allowed: true,
        }),
        prepared: Some(Prepared {
            meeting: MeetingId("calendar/next/once".to_owned()),
            camera: Some("Ceiling".to_owned()),
            camera_off: false,
            microphone: Some("Lectern".to_owned()),
            loudspeaker: None,
        }),
        engine: EngineStatus {
            pid: Some(123),
            state: EngineProcess::Ready,
        },
        media: None,
        calendars: Vec::new(),
        troubles: vec![TroubleLine {
            code: "homeserver_unreachable".to_owned(),
            text: "…".to_owned(),
        }],
        pid: 99,
    }
}

fn status_json() -> Value {
    json!({
        "version": 1,
        "room": "Raum Lahn",
        "time_zone": "Europe/Berlin",
        "web": "http://127.0.0.1:8480",
        "phase": "call",
        "account": {"account": "online", "user": "@lahn:example.org"},
        "ringing": [{
            "id": "!dm:example.org/c1", "from": "Anna", "meeting": null, "pictures": true,
            "destination": {"service": "caller", "room_id": "!dm:example.org", "call_id": "c1"},
        }],
        "call": {
            "title": "Weekly",
            "meeting": "!lahn:example.org/now",
            "participants": [{"id": "@ada:example.org:A", "name": "Ada", "microphone": true,
                "camera": true, "content": false, "speaking": false,
                "hand_raised": false, "role": "participant"}],
            "muted": {"microphone": false, "camera": true},
            "obstacle": null,
            "television": {"layout": "grid", "self_view": false, "page": 0, "pages": 1},
            "state": {
                "role": "participant", "subject": null, "recording": false, "live_stream": false,
                "transcription": false, "consent_asked": false, "microphone_moderated": false,
                "camera_moderated": false, "hand_raised": false, "knocking": [], "breakout": null,
                "polls": [], "dial_in": false, "presenting": false, "chat": false,
            },
            "chat": [],
            "captions": [],
        },
        "volume": 60,
        "laptop": true,
        "onlooker": {"of": "camera", "allowed": true},
        "prepared": {"meeting": "calendar/next/once", "camera": "Ceiling", "camera_off": false,
            "microphone": "Lectern"},
        "engine": {"pid": 123, "state": "ready"},
        "media": null,
        "troubles": [{"code": "homeserver_unreachable", "text": "…"}],
        "pid": 99,
    })
}

#[test]
fn requests_are_written_and_read_as_documented() {
    for (request, wanted) in requests() {
        let line = Question::new(request.clone()).to_line();
        assert!(line.ends_with('\n') && line.matches('\n').count() == 1);
        let json: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(json, json!({"version": 1, "request": wanted}));
        assert_eq!(Question::parse(&line).unwrap(), request);
    }
}

#[test]
fn status_has_the_documented_shape() {
    assert_eq!(serde_json::to_value(status()).unwrap(), status_json());
    let line = Answer::new(Reply::Status(Box::new(status()))).to_line();
    let json: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(json["reply"]["status"], status_json());
    assert_eq!(
        Answer::parse(&line).unwrap(),
        Reply::Status(Box::new(status()))
    );
}

#[test]
fn what_is_refused_stands_beside_the_version() {
    let refused = Refused {
        code: ErrorCode::NotFound,
        message: "there is no such meeting".to_owned(),
    };
    let line = Answer::new(Reply::Error(refused.clone())).to_line();
    let json: Value = serde_json::from_str(&line).unwrap();
    let error = json!({"code": "not_found", "message": "there is no such meeting"});
    assert_eq!(json, json!({"version": 1, "error": error}));
    assert_eq!(Answer::parse(&line).unwrap(), Reply::Error(refused));
}

#[test]
fn codes_are_the_same_in_text_and_on_the_wire() {
    for code in [
        ErrorCode::Malformed,
        ErrorCode::UnsupportedVersion,
        ErrorCode::NotFound,
        ErrorCode::NotNow,
        ErrorCode::InCall,
        ErrorCode::NotInCall,
        ErrorCode::NotRinging,
        ErrorCode::NotMutable,
    ] {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
    }
    for phase in [PhaseName::Home, PhaseName::Joining, PhaseName::Reconnecting] {
        assert_eq!(serde_json::to_value(phase).unwrap(), phase.as_str());
    }
    for state in [EngineProcess::Off, EngineProcess::Waiting] {
        assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
    }
}

#[test]
fn a_request_of_another_version_is_refused_for_that_reason() {
    let line = r#"{"version":2,"request":{"make_coffee":{}}}"#;
    let refused = Question::parse(line).unwrap_err();
    assert_eq!(refused.code, ErrorCode::UnsupportedVersion);
    assert!(refused.message.contains("version 1, not 2"), "{refused}");
}

#[test]
fn what_is_no_request_is_malformed() {
    for line in [
        "",
        "hello",
        "{}",
        r#"{"version":1}"#,
        r#"{"version":1,"request":{"make_coffee":{}}}"#,
        r#"{"version":1,"request":{"status":{}},"more":1}"#,
        r#"{"version":1,"request":{"status":{"more":1}}}"#,
        r#"{"version":1,"request":{"leave":{},"status":{}}}"#,
    ] {
        let refused = Question::parse(line).unwrap_err();
        assert_eq!(refused.code, ErrorCode::Malformed, "{line}");
    }
}

#[test]
fn an_answer_that_is_no_answer_is_told_apart() {
    let both = r#"{"version":1,"reply":{"done":{}},"error":{"code":"not_now","message":"-"}}"#;
    for line in [r#"{"version":1}"#, both] {
        let error = Answer::parse(line).unwrap_err();
        assert!(matches!(error, AnswerError::Ambiguous), "{line}: {error}");
    }
    let error = Answer::parse(r#"{"version":7,"reply":"tea"}"#).unwrap_err();
    assert!(matches!(error, AnswerError::Version { version: 7 }));
    let error = Answer::parse("tea").unwrap_err();
    assert!(matches!(error, AnswerError::Malformed(_)));
}
