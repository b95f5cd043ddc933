//! The API as a control system meets it: who may do what, what is answered, and that its description and its page of
//! documentation are true.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request as HttpRequest, Response, StatusCode, header},
};
use futures_util::StreamExt as _;
use saal_api::{Access, Api, From, Scope, Token, description, router};
use saal_control::{
    Answer, Arrange, CallStatus, DayStatus, EngineProcess, EngineStatus, ErrorCode, LayoutName,
    MutedSources, PanelAction, PhaseName, Refused, Reply, Request, Status, Taps, TelevisionStatus,
};
use saal_media_protocol::{CameraAction, SourceKind};
use saal_meeting::{AccountState, BookingSpan, DayAction, MeetingId, MeetingState, Participant};
use serde_json::{Value, json};
use tokio::sync::watch;
use tower::ServiceExt as _;

const CHECKED_IN: &str = include_str!("../../../docs/openapi.json");
const PAGE: &str = include_str!("../../../docs/api.md");

const SCOPES: [Scope; 3] = [Scope::Read, Scope::Control, Scope::Panel];

/// A room that does what it is told, or refuses.
struct Bench {
    router: Router,
    asked: Arc<Mutex<Vec<Request>>>,
    changed: watch::Sender<()>,
    refuses: Arc<Mutex<Option<Refused>>>,
}

fn secret(scope: Scope) -> String {
    format!("a-token-for-{}", scope.as_str())
}

fn status() -> Status {
    let person = Participant {
        id: "anna".to_owned(),
        name: "Anna".to_owned(),
        microphone: true,
        speaking: true,
        ..Participant::default()
    };
    let television = TelevisionStatus {
        layout: LayoutName::Grid,
        self_view: false,
        page: 0,
        pages: 1,
    };
    Status {
        version: 1,
        room: "Raum Lahn".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        web: None,
        phase: PhaseName::Call,
        account: AccountState::Unused,
        ringing: Vec::new(),
        calendars: Vec::new(),
        day: DayStatus::default(),
        call: Some(CallStatus {
            title: "Weekly".to_owned(),
            meeting: MeetingId("matrix:!a:example.org".to_owned()),
            participants: vec![person],
            muted: MutedSources {
                microphone: false,
                camera: true,
            },
            obstacle: None,
            state: MeetingState::default(),
            television: Some(television),
            chat: Vec::new(),
            captions: Vec::new(),
        }),
        volume: 60,
        laptop: false,
        onlooker: None,
        prepared: None,
        engine: EngineStatus {
            pid: None,
            state: EngineProcess::Ready,
        },
        media: None,
        troubles: Vec::new(),
        pid: 1,
    }
}

fn reply(request: &Request) -> Reply {
    match request {
        Request::Status {} => Reply::Status(Box::new(status())),
        Request::Meetings {} => {
            let line = r#"{"version":1,"reply":{"meetings":[{"id":"matrix:!a:example.org","title":"Weekly",
                "start":"2026-11-26T09:00:00Z","end":"2026-11-26T10:00:00Z","in_call":1,"under_way":true,
                "can_join":true}]}}"#;
            Answer::parse(line).unwrap()
        }
        Request::CameraState {} => {
            let line = r#"{"version":1,"reply":{"camera":{"camera":null,"presets":[],
                "cameras":[{"id":"usb-1","name":"Ceiling","kind":"camera"}]}}}"#;
            Answer::parse(line).unwrap()
        }
        Request::SoundState {} => {
            let line = r#"{"version":1,"reply":{"sound":{"units":[{"microphone":"Jabra","loudspeaker":"Jabra"},
                {"microphone":null,"loudspeaker":"HDMI"}],"microphone":"Jabra","loudspeaker":"HDMI"}}}"#;
            Answer::parse(line).unwrap()
        }
        Request::Panel {
            action: PanelAction::Tree {},
        } => Reply::Panel(Box::new(json!({"elements": [
            {"id": "leave", "role": "button", "label": "Leave",
             "rect": {"x": 100, "y": 200, "width": 50, "height": 20}}
        ]}))),
        Request::Panel {
            action: PanelAction::Picture {},
        } => Reply::PanelPicture {
            png: "iVBORw==".to_owned(),
        },
        _ => Reply::Done {},
    }
}

impl Bench {
    fn new() -> Self {
        let tokens = SCOPES.map(|scope| Token {
            name: scope.as_str().to_owned(),
            secret: secret(scope),
            scopes: vec![scope],
        });
        Self::with(Access::Tokens(Arc::new(tokens)))
    }

    fn with(access: Access) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let refuses: Arc<Mutex<Option<Refused>>> = Arc::default();
        let (changed, watched) = watch::channel(());
        let (log, refused) = (Arc::clone(&asked), Arc::clone(&refuses));
        let ask = move |request: Request| -> std::pin::Pin<
            Box<dyn std::future::Future<Output = Option<Reply>> + Send>,
        > {
            let answer = match refused.lock().unwrap().clone() {
                Some(refused) => Reply::Error(refused),
                None => reply(&request),
            };
            log.lock().unwrap().push(request);
            Box::pin(std::future::ready(Some(answer)))
        };
        let router = router(Api {
            ask: Arc::new(ask),
            changed: watched,
            access,
        });
        Self {
            router,
            asked,
            changed,
            refuses,
        }
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: &str,
    ) -> Response<Body> {
        let mut request = HttpRequest::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let from: IpAddr = [192, 0, 2, 9].into();
        let request = request
            .extension(From(from))
            .body(Body::from(body.to_owned()));
        self.router.clone().oneshot(request.unwrap()).await.unwrap()
    }

    /// By somebody who may.
    async fn do_it(&self, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
        let scope = scope_of(method, path).unwrap();
        let token = format!("a-token-for-{scope}");
        read(self.send(method, path, Some(&token), body).await).await
    }

    fn asked(&self) -> Vec<Request> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

async fn read(response: Response<Body>) -> (StatusCode, Value) {
    let status = response.status();
    let body = to_bytes(response.into_body(), 100_000).await.unwrap();
    let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    (status, value)
}

/// Method, path and scope of all endpoints, as the description has them.
fn endpoints() -> Vec<(String, String, String)> {
    let description: Value = serde_json::from_str(&description()).unwrap();
    let paths = description["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, of)| {
            let scope = of["security"][0]["token"][0].as_str().unwrap().to_owned();
            (method.to_uppercase(), path.clone(), scope)
        })
    });
    all.collect()
}

fn scope_of(method: &str, path: &str) -> Option<String> {
    let all = endpoints().into_iter();
    let mut found = all.filter(|(m, p, _)| m == method && p == path);
    found.next().map(|(.., scope)| scope)
}

#[tokio::test]
async fn a_token_opens_the_endpoints_of_its_scopes_and_no_other() {
    let all = endpoints();
    assert!(all.len() >= 24, "{all:?}");
    for (method, path, scope) in &all {
        // Each has a room of its own, whose patience is whole.
        let bench = Bench::new();
        for token in SCOPES {
            let token_scope = token.as_str();
            let response = bench.send(method, path, Some(&secret(token)), "{").await;
            let status = response.status();
            let opened = status != StatusCode::FORBIDDEN;
            assert_eq!(
                opened,
                token_scope == scope,
                "{method} {path} with {token_scope}: {status}"
            );
        }
        for (token, code) in [(None, "no_token"), (Some("a-wrong-one"), "wrong_token")] {
            let (status, problem) = read(bench.send(method, path, token, "{}").await).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(problem["code"], code);
        }
    }
}

#[tokio::test]
async fn the_description_is_served_to_all_and_is_the_one_in_the_documentation() {
    if std::env::var_os("SAAL_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
        std::fs::write(path, description()).unwrap();
        return;
    }
    let hint = "SAAL_BLESS=1 cargo test -p saal-api accepts the new one";
    assert_eq!(description(), CHECKED_IN, "{hint}");
    let bench = Bench::new();
    let (status, served) = read(bench.send("GET", "/v1/openapi.json", None, "").await).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(served, serde_json::from_str::<Value>(CHECKED_IN).unwrap());
}

#[tokio::test]
async fn devices_are_listed_with_those_in_use() {
    let bench = Bench::new();
    let token = secret(Scope::Read);
    for (path, expected) in [
        (
            "/v1/cameras",
            json!([{"id": "usb-1", "name": "Ceiling", "in_use": false}]),
        ),
        (
            "/v1/sound-devices",
            json!([{"microphone": "Jabra", "loudspeaker": "Jabra", "in_use": false},
                {"microphone": null, "loudspeaker": "HDMI", "in_use": true}]),
        ),
    ] {
        let answer = bench.send("GET", path, Some(&token), "").await;
        let (status, listed) = read(answer).await;
        assert_eq!((status, listed), (StatusCode::OK, expected), "{path}");
    }
}

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "a table: an entry for each endpoint")]
async fn what_is_asked_for_is_what_the_room_is_told() {
    let bench = Bench::new();
    let muted = |source| Request::SetMuted {
        source,
        muted: true,
    };
    let arranged = |how| Request::Arrange { how };
    let touched = Request::Panel {
        action: PanelAction::Touch {
            x: 125,
            y: 210,
            taps: Taps::One,
        },
    };
    let tree = Request::Panel {
        action: PanelAction::Tree {},
    };
    for (method, path, body, told) in [
        ("POST", "/v1/leave", "", vec![Request::Leave {}]),
        (
            "PUT",
            "/v1/microphone",
            r#"{"muted": true}"#,
            vec![muted(SourceKind::Microphone)],
        ),
        (
            "PUT",
            "/v1/camera",
            r#"{"muted": true}"#,
            vec![muted(SourceKind::Camera)],
        ),
        (
            "POST",
            "/v1/use-camera",
            r#"{"camera": "Ceiling"}"#,
            vec![Request::Camera {
                action: CameraAction::Use {
                    camera: "Ceiling".to_owned(),
                },
            }],
        ),
        (
            "POST",
            "/v1/use-camera",
            "{}",
            vec![Request::Camera {
                action: CameraAction::Usual {},
            }],
        ),
        (
            "POST",
            "/v1/use-sound-device",
            r#"{"device": "Jabra"}"#,
            vec![Request::Sound {
                device: Some("Jabra".to_owned()),
            }],
        ),
        (
            "POST",
            "/v1/use-sound-device",
            "{}",
            vec![Request::Sound { device: None }],
        ),
        (
            "PUT",
            "/v1/volume",
            r#"{"percent": 35}"#,
            vec![Request::SetVolume { percent: 35 }],
        ),
        (
            "PUT",
            "/v1/television",
            r#"{"layout": "speaker", "page": 1}"#,
            vec![
                arranged(Arrange::Layout(LayoutName::Speaker)),
                arranged(Arrange::Page(1)),
            ],
        ),
        (
            "POST",
            "/v1/panel/press",
            r#"{"id": "leave"}"#,
            vec![tree, touched],
        ),
    ] {
        let (status, answer) = bench.do_it(method, path, body).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{method} {path}: {answer}");
        assert_eq!(bench.asked(), told, "{method} {path}");
    }
}

#[tokio::test]
async fn what_is_asked_for_of_the_rooms_time_is_what_the_room_is_told() {
    let bench = Bench::new();
    let of = || MeetingId("calendar/a".to_owned());
    let half_an_hour = BookingSpan::Minutes(30.try_into().unwrap());
    let until_next = BookingSpan::UntilNext;
    for (path, body, told) in [
        (
            "/v1/book",
            r#"{"minutes": 30}"#,
            DayAction::Book { span: half_an_hour },
        ),
        ("/v1/book", "{}", DayAction::Book { span: until_next }),
        (
            "/v1/check-in",
            r#"{"meeting": "calendar/a"}"#,
            DayAction::CheckIn { meeting: of() },
        ),
        (
            "/v1/release",
            r#"{"meeting": "calendar/a"}"#,
            DayAction::Release { meeting: of() },
        ),
        (
            "/v1/extend",
            r#"{"meeting": "calendar/a", "minutes": 30}"#,
            DayAction::Extend {
                meeting: of(),
                span: half_an_hour,
            },
        ),
        (
            "/v1/end",
            r#"{"meeting": "calendar/a"}"#,
            DayAction::End { meeting: of() },
        ),
    ] {
        let (status, answer) = bench.do_it("POST", path, body).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{path}: {answer}");
        assert_eq!(bench.asked(), [Request::Day { action: told }], "{path}");
    }
    let taken = "the room can't be booked now";
    *bench.refuses.lock().unwrap() = Some(Refused {
        code: ErrorCode::NotNow,
        message: taken.to_owned(),
    });
    let (status, problem) = bench.do_it("POST", "/v1/book", "{}").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(problem, json!({"code": "not_now", "message": taken}));
}

#[tokio::test]
async fn what_is_not_understood_or_not_done_says_why() {
    let bench = Bench::new();
    for (method, path, body, words) in [
        (
            "PUT",
            "/v1/microphone",
            r#"{"mutd": true}"#,
            "unknown field `mutd`",
        ),
        ("PUT", "/v1/volume", r#"{"percent": 300}"#, "expected u8"),
        ("POST", "/v1/join", r"{}", "either \"meeting\" or \"link\""),
        ("POST", "/v1/dial", r#"{"tones": "12x"}"#, "0 to 9"),
        ("POST", "/v1/book", r#"{"minutes": 0}"#, "nonzero"),
        ("POST", "/v1/end", r"{}", "missing field `meeting`"),
    ] {
        let (status, problem) = bench.do_it(method, path, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(problem["code"], "malformed", "{path}");
        let message = problem["message"].as_str().unwrap();
        assert!(message.contains(words), "{path}: {message}");
    }
    assert_eq!(bench.asked(), [], "nothing of it reached the room");
    let (status, problem) = bench
        .do_it("POST", "/v1/panel/press", r#"{"id": "x"}"#)
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::NOT_FOUND, &json!("not_found"))
    );
    *bench.refuses.lock().unwrap() = Some(Refused {
        code: ErrorCode::NotInCall,
        message: "the room is in no call".to_owned(),
    });
    let (status, problem) = bench.do_it("POST", "/v1/leave", "").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(
        problem,
        json!({"code": "not_in_call", "message": "the room is in no call"})
    );
    let (status, problem) = read(bench.send("GET", "/v1/nothing", None, "").await).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::NOT_FOUND, &json!("no_endpoint"))
    );
    let (status, problem) = read(bench.send("DELETE", "/v1/status", None, "").await).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::METHOD_NOT_ALLOWED, &json!("no_method"))
    );
}

#[tokio::test]
async fn who_asks_too_often_or_guesses_waits() {
    let bench = Bench::new();
    let read_token = secret(Scope::Read);
    let mut answers = Vec::new();
    for _ in 0..100 {
        answers.push(bench.send("GET", "/v1/status", Some(&read_token), "").await);
    }
    let late = answers.last().unwrap();
    assert_eq!(answers[0].status(), StatusCode::OK);
    assert_eq!(late.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(late.headers().contains_key(header::RETRY_AFTER));
    // Others are not kept waiting.
    let control = bench
        .send("POST", "/v1/leave", Some(&secret(Scope::Control)), "")
        .await;
    assert_eq!(control.status(), StatusCode::NO_CONTENT);
    let mut guesses = Vec::new();
    for _ in 0..10 {
        let guess = bench.send("GET", "/v1/status", Some("a-guess"), "").await;
        guesses.push(guess.status());
    }
    assert_eq!(guesses[0], StatusCode::UNAUTHORIZED);
    assert_eq!(guesses[9], StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn events_tell_the_room_as_it_is_and_what_changes() {
    let bench = Bench::new();
    let response = bench
        .send("GET", "/v1/events", Some(&secret(Scope::Read)), "")
        .await;
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "text/event-stream"
    );
    let mut parts = response.into_body().into_data_stream();
    let first = parts.next().await.unwrap().unwrap();
    let text = String::from_utf8(first.to_vec()).unwrap();
    let data = text.strip_prefix("event: status\ndata: ").unwrap();
    let status: Value = serde_json::from_str(data.trim()).unwrap();
    assert_eq!(status["call"]["title"], "Weekly");
    bench.changed.send_replace(());
    drop(parts);
}

/// Blocks of the page between ```` ```http ```` and its end: request, blank line, answer.
fn examples() -> Vec<(String, String)> {
    let blocks = PAGE.split("```http\n").skip(1);
    let blocks = blocks.filter_map(|rest| rest.split("```").next());
    blocks
        .map(|block| {
            let (request, answer) = block.split_once("\n\n").unwrap();
            (request.to_owned(), answer.to_owned())
        })
        .collect()
}

#[tokio::test]
async fn the_documentations_examples_are_true() {
    let examples = examples();
    assert!(examples.len() >= 8, "{}", examples.len());
    for (request, answer) in examples {
        let (line, body) = request.split_once('\n').unwrap_or((&request, ""));
        let (method, path) = line.split_once(' ').unwrap();
        let bench = Bench::new();
        let (status, given) = bench.do_it(method, path, body).await;
        let (code, wanted) = answer.split_once('\n').unwrap_or((&answer, ""));
        assert_eq!(status.as_str(), code.trim(), "{line}: {given}");
        if !wanted.trim().is_empty() {
            let wanted: Value = serde_json::from_str(wanted).unwrap();
            assert_eq!(given, wanted, "{line}");
        }
    }
    for (method, path, _) in endpoints() {
        let line = format!("| `{method} {path}` |");
        assert!(PAGE.contains(&line), "docs/api.md has no row {line}");
    }
}

/// Over a socket that only its owner may open.
#[tokio::test]
async fn the_owner_needs_no_token_for_anything() {
    let bench = Bench::with(Access::Owner);
    for (method, path, _) in endpoints() {
        let answer = bench.send(&method, &path, None, "{}").await.status();
        assert!(
            !matches!(answer.as_u16(), 401 | 403 | 404),
            "{method} {path}: {answer}"
        );
    }
}
