//! What people read, at a daemon that is played here.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    process::{Command, Output, Stdio},
    sync::mpsc,
    thread,
};

use saal_control::{
    Answer, CallStatus, CameraReport, CecReport, ChosenDevices, DayStatus, Devices, EngineProcess,
    EngineStatus, ErrorCode, LayoutName, LookedAt, MeetingLine, MutedSources, OnlookerStatus,
    PanelAction, PhaseName, Prepared, Question, Refused, Reply, Request, SoundReport, Status,
    SystemRequest, Taps, TelevisionStatus, TroubleLine,
};
use saal_hal::{KeyName, Modifiers};
use saal_media_protocol::{
    CameraAction, CameraMoves, CameraState, CameraView, CandidateProtocol, CodecElement,
    CodecReport, ConnectionStats, Control, ControlState, DeviceList, MediaStats, PictureDevice,
    PictureKind, PictureWay, Preset, ReceivedVideo, RelayProtocol, SoundPriority, SoundUnit,
    SourceKind, StreamStats, TrackStats, TransportId, Verdict,
};
use saal_meeting::{
    AccountAction, AccountState, BookingSpan, DayAction, Destination, MeetingId, MeetingState,
    Participant, Ring, RingId, SignIn, SignInCode, SignInWay,
};

/// A daemon that answers from a script and tells what it was asked.
struct Daemon {
    state: tempfile::TempDir,
    asked: mpsc::Receiver<Request>,
}

impl Daemon {
    fn play(answers: impl Fn(&Request) -> Reply + Send + 'static) -> Self {
        let state = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(state.path().join("control.sock")).unwrap();
        let (tell, asked) = mpsc::channel();
        thread::spawn(move || {
            for socket in listener.incoming() {
                serve(&socket.unwrap(), &answers, &tell);
            }
        });
        Self { state, asked }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        saalctl(self.state.path(), arguments)
    }
}

fn serve(socket: &UnixStream, answers: &impl Fn(&Request) -> Reply, tell: &mpsc::Sender<Request>) {
    for line in BufReader::new(socket).lines() {
        let request = Question::parse(&line.unwrap()).unwrap();
        let answer = Answer::new(answers(&request)).to_line();
        tell.send(request).unwrap();
        (&mut &*socket).write_all(answer.as_bytes()).unwrap();
    }
}

fn saalctl(state: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_saalctl"))
        .env("SAAL_STATE", state)
        .args(arguments)
        .output()
        .unwrap()
}

#[track_caller]
fn printed(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), error.as_ref()), (Some(0), ""));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn complained(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn status() -> Status {
    Status {
        version: 1,
        room: "Raum Lahn".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        web: Some("http://127.0.0.1:8480".to_owned()),
        phase: PhaseName::Home,
        account: AccountState::Online {
            user: "@lahn:example.org".to_owned(),
        },
        ringing: Vec::new(),
        call: None,
        volume: 60,
        laptop: false,
        onlooker: None,
        prepared: None,
        engine: EngineStatus {
            pid: Some(123),
            state: EngineProcess::Ready,
        },
        media: None,
        calendars: Vec::new(),
        day: DayStatus::default(),
        troubles: Vec::new(),
        pid: 99,
    }
}

fn busy() -> Status {
    let ada = Participant {
        id: "ada".to_owned(),
        name: "Ada".to_owned(),
        microphone: true,
        camera: true,
        content: false,
        speaking: true,
        ..Participant::default()
    };
    let nasty = "Eve\u{1b}[2J\u{202e}".to_owned();
    let eve = Participant {
        name: nasty,
        microphone: false,
        speaking: false,
        key_missing: true,
        ..ada.clone()
    };
    Status {
        phase: PhaseName::Call,
        laptop: true,
        onlooker: Some(OnlookerStatus {
            of: LookedAt::Camera,
            allowed: false,
        }),
        call: Some(CallStatus {
            title: "Weekly".to_owned(),
            meeting: MeetingId("!weekly:example.org/now".to_owned()),
            participants: vec![ada, eve],
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
                microphone: true,
                camera: false,
            },
        }),
        media: Some(figures()),
        calendars: Vec::new(),
        troubles: vec![TroubleLine {
            code: "loudspeaker".to_owned(),
            text: "Der Lautsprecher fehlt.".to_owned(),
        }],
        ..status()
    }
}

fn figures() -> MediaStats {
    MediaStats {
        received_video: vec![ReceivedVideo {
            participant: "ada".to_owned(),
            source: SourceKind::Camera,
            frames_decoded: 300,
            width: 1280,
            height: 720,
            too_large: false,
            freeze_count: 2,
            total_freezes_duration_ms: 1_500,
            jitter_buffer_delay_ms: 3_650,
            jitter_buffer_target_delay_ms: 3_000,
            jitter_buffer_emitted_count: 300,
            estimated_playout_timestamp_ms: None,
        }],
        received_audio: vec![TrackStats {
            participant: "ada".to_owned(),
            packets: 600,
            level_dbfs: -31.4,
            jitter_buffer_delay_ms: 0,
            jitter_buffer_target_delay_ms: 0,
            jitter_buffer_emitted_count: 0,
            estimated_playout_timestamp_ms: None,
        }],
        connections: vec![ConnectionStats {
            transport: TransportId(7),
            current_round_trip_time_ms: Some(12.34),
            protocol: Some(CandidateProtocol::Udp),
            relay_protocol: Some(RelayProtocol::Tls),
            available_outgoing_bitrate: Some(1_234_567),
            streams: vec![
                stream(false, Some(0.012)),
                stream(false, None),
                stream(true, Some(0.005)),
            ],
            ..ConnectionStats::default()
        }],
        undecryptable: 50,
        ..MediaStats::default()
    }
}

fn stream(outbound: bool, fraction_lost: Option<f64>) -> StreamStats {
    StreamStats {
        outbound,
        fraction_lost,
        ..StreamStats::default()
    }
}

fn meeting(id: &str, title: &str, start: Option<&str>, can_join: bool) -> MeetingLine {
    MeetingLine {
        id: MeetingId(format!("!{id}:example.org/1")),
        title: title.to_owned(),
        start: start.map(|s| s.parse().unwrap()),
        end: start.map(|_| "2026-11-23T10:00:00Z".parse().unwrap()),
        in_call: u32::from(start.is_none()),
        under_way: can_join,
        can_join,
        tentative: false,
        other_places: Vec::new(),
    }
}

fn day() -> Vec<MeetingLine> {
    vec![
        meeting("a", "Weekly", Some("2026-11-23T09:00:00Z"), true),
        meeting("b", "Lunch\ntalk", None, true),
        meeting("c", "Weekly review", Some("2026-11-23T09:30:00Z"), false),
        meeting("d", "Weekly", Some("2026-11-24T09:00:00Z"), false),
    ]
}

fn answers(request: &Request) -> Reply {
    match request {
        Request::Status {} => Reply::Status(Box::new(status())),
        Request::Meetings {} => Reply::Meetings(day()),
        _ => Reply::Done {},
    }
}

#[test]
fn status_at_home() {
    let daemon = Daemon::play(answers);
    assert_eq!(
        printed(&daemon.run(&["status"])),
        "\
Room        Raum Lahn
State       waiting for people
Account     @lahn:example.org, online
Engine      runs, process 123
Web view    http://127.0.0.1:8480
Daemon      process 99
Troubles    none
"
    );
}

#[test]
fn who_calls_the_room_is_shown_and_answered() {
    let ringing = |request: &Request| match request {
        Request::Status {} => Reply::Status(Box::new(Status {
            ringing: vec![Ring {
                id: RingId("!dm:example.org/c1".to_owned()),
                from: "Anna\u{1b}[2J".to_owned(),
                meeting: None,
                pictures: true,
                destination: Destination::Caller {
                    room_id: "!dm:example.org".to_owned(),
                    call_id: "c1".to_owned(),
                },
            }],
            ..status()
        })),
        _ => Reply::Done {},
    };
    let daemon = Daemon::play(ringing);
    let shown = printed(&daemon.run(&["status"]));
    assert!(
        shown.contains("Calling     Anna\u{fffd}[2J (picture and sound)\n"),
        "{shown}"
    );
    daemon.asked.recv().unwrap();
    for (arguments, request) in [
        (&["answer"][..], Request::Answer { camera: true }),
        (&["answer", "--unseen"], Request::Answer { camera: false }),
        (&["decline"], Request::Decline {}),
    ] {
        printed(&daemon.run(arguments));
        assert_eq!(daemon.asked.recv().unwrap(), request);
    }
}

#[test]
fn the_room_is_signed_in_from_a_terminal() {
    let daemon = Daemon::play(|request| match request {
        Request::Status {} => Reply::Status(Box::new(Status {
            account: AccountState::SigningIn {
                server: "https://hs/".to_owned(),
                sign_in: SignIn::Code(SignInCode {
                    address: "https://account.hs/link".to_owned(),
                    link: "https://account.hs/link?code=WDJB".to_owned(),
                    code: "WDJB\u{1b}[2J".to_owned(),
                    expires: "2026-11-23T13:25:00Z".parse().unwrap(),
                    by_device: true,
                }),
            },
            ..status()
        })),
        _ => Reply::Done {},
    });
    let shown = printed(&daemon.run(&["account", "show"]));
    assert_eq!(
        shown,
        "\
Account     is being signed in to https://hs/
Address     https://account.hs/link
Code        WDJB\u{fffd}[2J, good until 14:25
Link        https://account.hs/link?code=WDJB
"
    );
    daemon.asked.recv().unwrap();
    let (code, device) = (SignInWay::Code, SignInWay::Device);
    for (arguments, action) in [
        (&["sign-in"][..], AccountAction::SignIn { way: code }),
        (
            &["sign-in", "--by-device"],
            AccountAction::SignIn { way: device },
        ),
        (
            &["sign-in-digits", "07"],
            AccountAction::SignInDigits { digits: 7 },
        ),
        (&["cancel-sign-in"], AccountAction::CancelSignIn),
    ] {
        printed(&daemon.run(&[&["account"], arguments].concat()));
        assert_eq!(daemon.asked.recv().unwrap(), Request::Account { action });
    }
    let wrong = daemon.run(&["account", "sign-in-digits", "100"]);
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn status_in_a_call_keeps_the_terminal_in_order() {
    let daemon = Daemon::play(|_| Reply::Status(Box::new(busy())));
    assert_eq!(
        printed(&daemon.run(&["status"])),
        "\
Room        Raum Lahn
State       in a meeting
Meeting     Weekly
Microphone  muted
Camera      on
Television  grid
People      Ada (speaking)
            Eve\u{fffd}[2J\u{fffd} (waiting for the key, muted)
Laptop      shares its screen
Onlooker    asks people to let it see through the camera
Account     @lahn:example.org, online
Engine      runs, process 123
Receives    1280x720, 300 pictures of ada, held for 12 ms each, stood still 2 times, 1.5 s
Hears       -31 dBFS of ada
Connection  by a relay over TLS, 12 ms there and back, carries 1.2 Mbit/s, 0.5 % of what is sent is lost, 1.2 % of what comes is lost
Dropped     50 frames that can't be decrypted
Web view    http://127.0.0.1:8480
Daemon      process 99
Trouble     loudspeaker: Der Lautsprecher fehlt.
"
    );
}

#[test]
fn sentences_are_whole_and_titles_are_cut() {
    let daemon = Daemon::play(|_| {
        let mut status = busy();
        status.call.as_mut().unwrap().title = "t".repeat(10_000);
        status.troubles[0].text = format!("{}: allowed are de, en", "x".repeat(200));
        Reply::Status(Box::new(status))
    });
    let text = printed(&daemon.run(&["status"]));
    assert!(text.contains("xxx: allowed are de, en\n"), "{text}");
    assert!(
        text.contains(&format!("Meeting     {}…\n", "t".repeat(80))),
        "{text}"
    );
}

#[test]
fn status_for_programs_is_the_whole_document() {
    let daemon = Daemon::play(|_| Reply::Status(Box::new(busy())));
    let json = printed(&daemon.run(&["status", "--json"]));
    assert_eq!(serde_json::from_str::<Status>(&json).unwrap(), busy());
}

#[test]
fn meetings_are_listed_in_the_rooms_time() {
    let daemon = Daemon::play(answers);
    assert_eq!(
        printed(&daemon.run(&["meetings"])),
        "\
Mon 23 Nov  10:00-11:00  now                        Weekly
                         id !a:example.org/1
without appointment      now, 1 device in the call  Lunch\u{fffd}talk
                         id !b:example.org/1
Mon 23 Nov  10:30-11:00  later                      Weekly review
                         id !c:example.org/1
Tue 24 Nov  10:00-11:00  later                      Weekly
                         id !d:example.org/1
"
    );
}

#[test]
fn an_empty_day_is_said() {
    let daemon = Daemon::play(|request| match request {
        Request::Status {} => Reply::Status(Box::new(status())),
        _ => Reply::Meetings(Vec::new()),
    });
    let text = printed(&daemon.run(&["meetings"]));
    assert_eq!(text, "No meetings today and tomorrow.\n");
    let json = printed(&daemon.run(&["--json", "meetings"]));
    assert_eq!(serde_json::from_str::<Vec<MeetingLine>>(&json).unwrap(), []);
}

/// What the daemon is told to join.
fn joins(wanted: &str) -> Option<String> {
    joins_by(&["join", wanted]).map(|(meeting, _)| meeting)
}

/// The same, and at which of its places.
fn joins_by(arguments: &[&str]) -> Option<(String, Option<String>)> {
    let daemon = Daemon::play(answers);
    let output = daemon.run(arguments);
    daemon.asked.try_iter().find_map(|request| match request {
        Request::Join { meeting, place } => {
            let text = printed(&output);
            assert_eq!(text, "Joining; `saalctl status` tells how it goes on.\n");
            Some((meeting.0, place))
        }
        _ => None,
    })
}

#[test]
fn another_place_of_a_meeting_is_listed_and_joined() {
    let daemon = Daemon::play(|request| match request {
        Request::Status {} => Reply::Status(Box::new(status())),
        _ => Reply::Meetings(vec![MeetingLine {
            tentative: true,
            other_places: vec!["https://meet.example.org/Spare".to_owned()],
            ..meeting("a", "Weekly", Some("2026-11-23T09:00:00Z"), true)
        }]),
    });
    let text = printed(&daemon.run(&["meetings"]));
    assert!(text.contains("now, tentative  Weekly"), "{text}");
    assert!(
        text.contains("also at https://meet.example.org/Spare\n"),
        "{text}"
    );
    let place = "https://meet.example.org/Spare";
    let (meeting, at) = joins_by(&["join", "lunch", "--at", place]).unwrap();
    assert_eq!(meeting, "!b:example.org/1");
    assert_eq!(at.as_deref(), Some(place));
}

#[test]
fn a_meeting_is_joined_by_id_or_by_what_it_is_called() {
    assert_eq!(joins("!d:example.org/1").unwrap(), "!d:example.org/1");
    assert_eq!(joins("lunch").unwrap(), "!b:example.org/1");
    assert_eq!(joins("weekly rev").unwrap(), "!c:example.org/1");
    assert_eq!(
        joins("weekly").unwrap(),
        "!a:example.org/1",
        "the one that is open"
    );
    assert_eq!(joins("Monthly"), None);
    assert_eq!(joins(" "), None);
}

#[test]
fn a_meeting_that_is_not_there_or_there_twice_is_explained() {
    let daemon = Daemon::play(answers);
    assert_eq!(
        complained(&daemon.run(&["join", "Monthly"])),
        "saalctl: no meeting is called \"Monthly\"; there are: Weekly, Lunch\u{fffd}talk, \
         Weekly review, Weekly\n"
    );
    let daemon = Daemon::play(|_| {
        let later = |id| meeting(id, "Weekly", Some("2026-11-23T09:00:00Z"), false);
        Reply::Meetings(vec![later("a"), later("b")])
    });
    assert_eq!(
        complained(&daemon.run(&["join", "week"])),
        "saalctl: several meetings begin with \"week\"; name one by its id:\n  \
         !a:example.org/1  Weekly\n  !b:example.org/1  Weekly\n"
    );
}

#[test]
fn the_room_is_booked_kept_and_given_back_from_a_terminal() {
    let daemon = Daemon::play(answers);
    let minutes = |count: u16| BookingSpan::Minutes(count.try_into().unwrap());
    let asked = |arguments: &[&str]| {
        printed(&daemon.run(arguments));
        let mut asked: Vec<Request> = daemon.asked.try_iter().collect();
        asked.pop().unwrap()
    };
    let day = |action| Request::Day { action };
    let span = minutes(30);
    assert_eq!(asked(&["book", "30"]), day(DayAction::Book { span }));
    let span = BookingSpan::UntilNext;
    assert_eq!(
        asked(&["book", "--until-next"]),
        day(DayAction::Book { span })
    );
    let under_way = MeetingId("!a:example.org/1".to_owned());
    let extend = DayAction::Extend {
        meeting: under_way.clone(),
        span: minutes(15),
    };
    assert_eq!(asked(&["extend", "15"]), day(extend));
    let end = DayAction::End { meeting: under_way };
    assert_eq!(asked(&["end"]), day(end));
    let meeting = MeetingId("!c:example.org/1".to_owned());
    let named = ["release", "weekly rev"];
    assert_eq!(asked(&named), day(DayAction::Release { meeting }));
    assert_eq!(daemon.run(&["book"]).status.code(), Some(2));
    let none = Daemon::play(|_| Reply::Meetings(Vec::new()));
    assert_eq!(
        complained(&none.run(&["check-in"])),
        "saalctl: no meeting is planned today and tomorrow\n"
    );
}

#[test]
fn switches_say_what_they_did() {
    let daemon = Daemon::play(answers);
    for (arguments, source, muted, text) in [
        (
            ["mute", "on"],
            SourceKind::Microphone,
            true,
            "The microphone is muted.\n",
        ),
        (
            ["mute", "off"],
            SourceKind::Microphone,
            false,
            "The microphone is on.\n",
        ),
        (
            ["camera", "on"],
            SourceKind::Camera,
            false,
            "The camera is on.\n",
        ),
        (
            ["camera", "off"],
            SourceKind::Camera,
            true,
            "The camera is off.\n",
        ),
    ] {
        assert_eq!(printed(&daemon.run(&arguments)), text);
        assert_eq!(
            daemon.asked.recv().unwrap(),
            Request::SetMuted { source, muted }
        );
    }
    assert_eq!(printed(&daemon.run(&["leave"])), "Leaving.\n");
    assert_eq!(daemon.asked.recv().unwrap(), Request::Leave {});
    assert_eq!(printed(&daemon.run(&["leave", "--json"])), "{}\n");
}

#[test]
fn what_the_daemon_refuses_is_passed_on() {
    let daemon = Daemon::play(|_| {
        Reply::Error(Refused {
            code: ErrorCode::NotInCall,
            message: "the room is in no call".to_owned(),
        })
    });
    assert_eq!(
        complained(&daemon.run(&["leave"])),
        "saalctl: the room is in no call\n"
    );
    let output = daemon.run(&["leave", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let line = String::from_utf8(output.stdout).unwrap();
    assert!(
        matches!(Answer::parse(&line).unwrap(), Reply::Error(r) if r.code == ErrorCode::NotInCall)
    );
}

#[test]
fn a_factory_reset_asks_before_anything_is_lost() {
    let asked = |daemon: &Daemon, answer: &str, arguments: &[&str]| {
        let mut saalctl = Command::new(env!("CARGO_BIN_EXE_saalctl"))
            .env("SAAL_STATE", daemon.state.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = saalctl.stdin.take().unwrap();
        // Whoever is not asked reads nothing.
        let _ = input.write_all(answer.as_bytes());
        drop(input);
        saalctl.wait_with_output().unwrap()
    };
    let daemon = Daemon::play(|_| Reply::Done {});
    for answer in ["", "y\n", "Forget it\n"] {
        let output = asked(&daemon, answer, &["factory-reset"]);
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains("encryption keys") && said.ends_with("saalctl: nothing is forgotten\n"),
            "{said}"
        );
    }
    let output = asked(&daemon, "forget\n", &["factory-reset"]);
    assert!(output.status.success());
    let output = asked(&daemon, "", &["factory-reset", "--yes"]);
    assert_eq!(
        printed(&output),
        "The computer restarts and forgets everything.\n"
    );
    let request = SystemRequest::FactoryReset;
    let asked: Vec<Request> = daemon.asked.try_iter().collect();
    assert_eq!(asked, vec![Request::System { request }; 2]);
    assert_eq!(
        printed(&daemon.run(&["restart"])),
        "The computer restarts.\n"
    );
}

#[test]
fn devices_are_listed_with_the_chosen_one_marked() {
    let daemon = Daemon::play(|_| {
        Reply::Devices(Box::new(Devices {
            present: DeviceList {
                displays: vec!["QEMU Monitor".to_owned()],
                cameras: vec![
                    camera("usb-2#1", "HD Webcam", PictureKind::Camera),
                    camera("usb-1#1", "Rally", PictureKind::Camera),
                    camera("usb-3#1", "Cam Link", PictureKind::Input),
                ],
                microphones: vec!["Jabra".to_owned()],
                loudspeakers: Vec::new(),
                sound_units: Vec::new(),
                sound_priority: Some(SoundPriority::RealTime),
            },
            codecs: codecs(),
            chosen: ChosenDevices {
                camera: "Rally".to_owned(),
                microphone: "hw:CARD=Jabra,DEV=0".to_owned(),
                loudspeaker: "none".to_owned(),
                content: "none".to_owned(),
                display: "auto".to_owned(),
                content_display: "HDMI-A-2".to_owned(),
            },
            cec: CecReport {
                follow: Some(true),
                adapters: vec!["HDMI-A-1".to_owned()],
            },
        }))
    });
    assert_eq!(
        printed(&daemon.run(&["devices"])),
        "\
Cameras         HD Webcam
              * Rally
Microphones     Jabra
              * hw:CARD=Jabra,DEV=0 (as configured)
Loudspeakers  * none
Sound           comes before pictures, in real time
Content         Cam Link
              * none
Displays        QEMU Monitor
              * auto (the first)
Presented on  * HDMI-A-2
Televisions     follow the room (CEC); HDMI-A-1
Ids             HD Webcam: usb-2#1
                Rally: usb-1#1
                Cam Link: usb-3#1
Encoders      * vp8enc          VP8, program; in use
                vah264enc       H.264, hardware (i915); refused: no key frame where there has to be one
                x264enc         H.264, program; not used: H.264 by a program costs what VP8 costs
Camera to it    copied: the camera sends this size as JPEG
Decoders      * vp8dec          VP8, program; in use
                avdec_h264      H.264, program; takes over if it has to
"
    );
}

fn camera(id: &str, name: &str, kind: PictureKind) -> PictureDevice {
    let (id, name) = (id.to_owned(), name.to_owned());
    PictureDevice { id, name, kind }
}

fn movable() -> CameraReport {
    let view = CameraView {
        zoom: 200,
        pan: -50,
        tilt: 0,
    };
    let control = |control, least, most, value, settable| ControlState {
        control,
        least,
        most,
        step: 1,
        normal: 0,
        value,
        settable,
    };
    CameraReport {
        camera: Some(CameraState {
            id: "usb-1#046d:0866:A1".to_owned(),
            name: "Rally".to_owned(),
            view,
            moves: CameraMoves {
                zoom: true,
                pan: true,
                tilt: true,
            },
            digital: false,
            controls: vec![
                control(Control::Zoom, 100, 500, 180, true),
                control(Control::Privacy, 0, 1, 1, false),
            ],
        }),
        presets: vec![Preset {
            camera: "usb-1#046d:0866:A1".to_owned(),
            name: "Tafel".to_owned(),
            view,
        }],
        cameras: vec![
            camera("usb-2#046d:085e:B7", "HD Webcam", PictureKind::Camera),
            camera("usb-1#046d:0866:A1", "Rally", PictureKind::Camera),
        ],
    }
}

#[test]
fn the_cameras_are_listed_with_the_one_in_use() {
    let daemon = Daemon::play(|_| Reply::Camera(Box::new(movable())));
    assert_eq!(
        printed(&daemon.run(&["camera", "list"])),
        "  HD Webcam: usb-2#046d:085e:B7\n* Rally: usb-1#046d:0866:A1\n"
    );
    assert_eq!(daemon.asked.recv(), Ok(Request::CameraState {}));
    let none = CameraReport {
        camera: None,
        presets: Vec::new(),
        cameras: Vec::new(),
    };
    let daemon = Daemon::play(move |_| Reply::Camera(Box::new(none.clone())));
    let said = printed(&daemon.run(&["camera", "list"]));
    assert_eq!(said, "The room has no camera.\n");
}

#[test]
fn sound_devices_are_listed_chosen_and_given_back() {
    let daemon = Daemon::play(|request| match request {
        Request::SoundState {} => Reply::Sound(SoundReport {
            units: vec![
                SoundUnit {
                    microphone: Some("Jabra".to_owned()),
                    loudspeaker: Some("Jabra".to_owned()),
                },
                SoundUnit {
                    microphone: None,
                    loudspeaker: Some("HDMI 0".to_owned()),
                },
                SoundUnit {
                    microphone: Some("Lectern".to_owned()),
                    loudspeaker: None,
                },
            ],
            microphone: "Lectern".to_owned(),
            loudspeaker: "Jabra".to_owned(),
        }),
        _ => Reply::Done {},
    });
    assert_eq!(
        printed(&daemon.run(&["sound", "list"])),
        "  Jabra: microphone and loudspeaker\n  HDMI 0: loudspeaker\n* Lectern: microphone\n"
    );
    assert_eq!(daemon.asked.recv(), Ok(Request::SoundState {}));
    for (words, device) in [
        (&["sound", "use", "HDMI 0"][..], Some("HDMI 0".to_owned())),
        (&["sound", "usual"], None),
    ] {
        printed(&daemon.run(words));
        assert_eq!(daemon.asked.recv(), Ok(Request::Sound { device }));
    }
}

#[test]
fn what_people_chose_for_the_meeting_that_comes_is_shown() {
    let chosen = |camera: Option<&str>, camera_off, microphone: Option<&str>| {
        let (camera, microphone) = (camera.map(str::to_owned), microphone.map(str::to_owned));
        let prepared = Some(Prepared {
            meeting: MeetingId("calendar/next/once".to_owned()),
            camera,
            camera_off,
            microphone,
            loudspeaker: None,
        });
        let status = Status {
            prepared,
            ..status()
        };
        let daemon = Daemon::play(move |_| Reply::Status(Box::new(status.clone())));
        let text = printed(&daemon.run(&["status"]));
        let line = text.lines().find(|line| line.starts_with("Prepared"));
        line.unwrap_or_default().to_owned()
    };
    let has = "Prepared    the meeting that comes has";
    assert_eq!(
        chosen(Some("Ceiling"), false, Some("Lectern")),
        format!("{has} the microphone \"Lectern\", the camera \"Ceiling\"")
    );
    assert_eq!(
        chosen(Some("Ceiling"), true, None),
        format!("{has} no picture")
    );
}

#[test]
fn the_camera_is_shown_turned_and_its_views_are_kept() {
    let daemon = Daemon::play(|request| match request {
        Request::CameraState {} => Reply::Camera(Box::new(movable())),
        _ => Reply::Done {},
    });
    assert_eq!(
        printed(&daemon.run(&["camera", "show"])),
        "\
Camera      Rally
Id          usb-1#046d:0866:A1
Looks       zoom 200, pan -50, tilt 0
Views       Tafel
Controls    zoom 180 (100 to 500)
            privacy 1 (0 to 1, only at the camera)
"
    );
    let mut asked = daemon.asked.iter();
    assert_eq!(asked.next(), Some(Request::CameraState {}));
    let action = |action| Request::Camera { action };
    let tafel = || "Tafel".to_owned();
    let view = CameraView {
        zoom: 200,
        pan: 300,
        tilt: -10,
    };
    let control = Control::Focus;
    for (words, expected) in [
        (
            &["camera", "look", "--pan", "300", "--tilt", "-10"][..],
            action(CameraAction::Look { view }),
        ),
        (
            &["camera", "set", "focus", "40"],
            action(CameraAction::Set { control, value: 40 }),
        ),
        (
            &["camera", "go", "Tafel"],
            action(CameraAction::Go { preset: tafel() }),
        ),
        (
            &["camera", "save", "Tafel"],
            action(CameraAction::Save { preset: tafel() }),
        ),
        (
            &["camera", "use", "usb-2#1"],
            action(CameraAction::Use {
                camera: "usb-2#1".to_owned(),
            }),
        ),
        (&["camera", "usual"], action(CameraAction::Usual {})),
    ] {
        printed(&daemon.run(words));
        let request = asked.find(|request| *request != Request::CameraState {});
        assert_eq!(request, Some(expected), "{words:?}");
    }
    let wrong = daemon.run(&["camera", "set", "warp", "9"]);
    assert_eq!(wrong.status.code(), Some(2));
    let text = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(text.contains("auto_focus"), "{text}");
}

fn codecs() -> CodecReport {
    let element = |name: &str, codec: &str, driver: Option<&str>, verdict| CodecElement {
        name: name.to_owned(),
        codec: codec.to_owned(),
        hardware: driver.is_some(),
        driver: driver.map(str::to_owned),
        verdict,
    };
    let reason = |text: &str| text.to_owned();
    let key_frame = Verdict::Refused {
        reason: reason("no key frame where there has to be one"),
    };
    let costs = Verdict::Unused {
        reason: reason("H.264 by a program costs what VP8 costs"),
    };
    CodecReport {
        encoders: vec![
            element("vp8enc", "VP8", None, Verdict::Chosen),
            element("vah264enc", "H.264", Some("i915"), key_frame),
            element("x264enc", "H.264", None, costs),
        ],
        decoders: vec![
            element("vp8dec", "VP8", None, Verdict::Chosen),
            element("avdec_h264", "H.264", None, Verdict::Spare),
        ],
        camera: Some(PictureWay::Copied {
            reason: reason("the camera sends this size as JPEG"),
        }),
    }
}

#[test]
fn a_daemon_that_does_not_run_is_named_with_what_to_do() {
    let state = tempfile::tempdir().unwrap();
    let text = complained(&saalctl(state.path(), &["status"]));
    assert!(
        text.contains("does not run") && text.contains("Start saald"),
        "{text}"
    );
    assert!(text.contains("control.sock"), "{text}");
    // What a killed daemon leaves behind.
    drop(UnixListener::bind(state.path().join("control.sock")).unwrap());
    let text = complained(&saalctl(state.path(), &["status"]));
    assert!(text.contains("does not run"), "{text}");
    // The option is stronger than the environment.
    let other = state.path().join("other");
    let text = complained(&saalctl(
        state.path(),
        &["--state", other.to_str().unwrap(), "status"],
    ));
    assert!(text.contains("other/control.sock"), "{text}");
}

#[test]
fn a_daemon_of_another_release_or_one_that_hangs_up_is_told_apart() {
    let state = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(state.path().join("control.sock")).unwrap();
    thread::spawn(move || {
        for answer in ["", "{\"version\":2,\"reply\":{}}\n", "tea\n"] {
            let (mut socket, _) = listener.accept().unwrap();
            let mut line = String::new();
            BufReader::new(&socket).read_line(&mut line).unwrap();
            socket.write_all(answer.as_bytes()).unwrap();
        }
    });
    let text = complained(&saalctl(state.path(), &["status"]));
    assert!(text.contains("does not answer"), "{text}");
    let text = complained(&saalctl(state.path(), &["status"]));
    assert!(
        text.contains("version 2") && text.contains("different releases"),
        "{text}"
    );
    let text = complained(&saalctl(state.path(), &["status"]));
    assert!(text.contains("not understood"), "{text}");
}

#[test]
fn wrong_usage_is_status_2() {
    let state = tempfile::tempdir().unwrap();
    for arguments in [&["mute"][..], &["mute", "perhaps"], &["dance"], &[]] {
        assert_eq!(
            saalctl(state.path(), arguments).status.code(),
            Some(2),
            "{arguments:?}"
        );
    }
}

#[test]
fn scripts_see_and_work_the_panel() {
    let daemon = Daemon::play(|request| match request {
        Request::Panel {
            action: PanelAction::Tree {},
        } => Reply::Panel(Box::new(serde_json::json!({"focus": "join:0"}))),
        Request::Panel {
            action: PanelAction::Picture {},
        } => Reply::PanelPicture {
            png: "iVBORw==".to_owned(),
        },
        _ => Reply::Done {},
    });
    let tree = printed(&daemon.run(&["panel", "tree"]));
    assert!(tree.contains("\"focus\": \"join:0\""), "{tree}");
    let file = daemon.state.path().join("panel.png");
    printed(&daemon.run(&["panel", "picture", file.to_str().unwrap()]));
    assert_eq!(std::fs::read(&file).unwrap(), b"\x89PNG");
    printed(&daemon.run(&["panel", "touch", "10", "20", "--twice"]));
    printed(&daemon.run(&["panel", "key", " ", "--ctrl"]));
    let wrong = daemon.run(&["panel", "key", "Return"]);
    let wrong = String::from_utf8(wrong.stderr).unwrap();
    assert!(
        wrong.contains("Enter"),
        "it says what keys are called: {wrong}"
    );
    let asked: Vec<Request> = daemon.asked.try_iter().skip(2).collect();
    let (x, y, taps) = (10, 20, Taps::Two);
    let touch = PanelAction::Touch { x, y, taps };
    let key = PanelAction::Key {
        key: KeyName::Character(' '),
        modifiers: Modifiers {
            ctrl: true,
            ..Modifiers::default()
        },
    };
    let wanted = [touch, key].map(|action| Request::Panel { action });
    assert_eq!(asked, wanted);
}

#[test]
fn a_picture_that_can_not_be_written_is_told() {
    let daemon = Daemon::play(|_| Reply::PanelPicture { png: String::new() });
    let told = complained(&daemon.run(&["panel", "picture", "/no/such/folder/panel.png"]));
    assert!(told.contains("/no/such/folder/panel.png"), "{told}");
}
