//! Answers for `saalctl` and the web view, made from what the room knows.

use saal_control::{
    CallStatus, CameraReport, ChosenDevices, Devices, EngineProcess, EngineStatus, ErrorCode,
    LayoutName, MeetingLine, MutedSources, Obstacle, PhaseName, Refused, Reply, Request, Status,
    TelevisionStatus, TroubleLine, VERSION,
};
use saal_core::{Agenda, Arrange, EngineState, InCall, Intent, Now, Phase, Room, Trouble};
use saal_fleet_protocol::config::Layout;
use saal_media_protocol::{CameraAction, SourceKind};
use saal_meeting::{
    AccountAction, LinkTarget, Meeting, MeetingId, MeetingLink, RingId, SignIn, Waiting,
};

/// What answers are made from.
pub(crate) struct Facts<'a> {
    pub(crate) room: &'a Room,
    pub(crate) now: Now,
    pub(crate) engine_pid: Option<u32>,
    pub(crate) web: Option<String>,
}

/// The answer, and what the request wants done.
pub(crate) fn answer(request: &Request, facts: &Facts<'_>) -> (Reply, Option<Intent>) {
    match request {
        Request::Status {} => (Reply::Status(Box::new(status(facts))), None),
        Request::Meetings {} => (Reply::Meetings(meetings(facts)), None),
        Request::Devices {} => (Reply::Devices(Box::new(devices(facts))), None),
        Request::Join { meeting } => join(meeting, facts),
        Request::JoinLink { link } => join_link(link, facts),
        Request::GivePassword { password } => {
            in_call(facts, Intent::GivePassword(password.clone()))
        }
        Request::Arrange { how } => in_call(facts, Intent::Arrange(arrange(*how))),
        Request::Act { action } => in_call(facts, Intent::Act(action.clone())),
        Request::Account { action } => account(action, facts),
        // Not from what the room knows: the daemon reads it where it is kept.
        Request::RecoveryKey {} => (Reply::RecoveryKey { key: None }, None),
        Request::Leave {} => in_call(facts, Intent::Leave),
        Request::Answer { camera } => {
            let camera = *camera;
            ringing(facts, |ring| Intent::Answer { ring, camera })
        }
        Request::Decline {} => ringing(facts, Intent::Decline),
        Request::SetMuted { source, muted } => set_muted(*source, *muted, facts),
        Request::CameraState {} => (Reply::Camera(Box::new(camera_report(facts.room))), None),
        Request::Camera { action } => camera(action, facts),
    }
}

fn camera_report(room: &Room) -> CameraReport {
    CameraReport {
        camera: room.camera().cloned(),
        presets: room.presets().cloned().collect(),
    }
}

/// What can't be done is said here; the room itself would do nothing.
fn camera(action: &CameraAction, facts: &Facts<'_>) -> (Reply, Option<Intent>) {
    let room = facts.room;
    let refused = match action {
        CameraAction::Use { .. } => return in_call(facts, Intent::Camera(action.clone())),
        _ if room.camera().is_none() => {
            Some("the room has no camera that can be turned; `saalctl devices` lists what there is".to_owned())
        }
        CameraAction::Look { .. } => room
            .camera()
            .filter(|camera| !camera.moves.any())
            .map(|camera| {
                let name = &camera.name;
                format!("\"{name}\" does not move; devices.digital_framing in the configuration cuts views out of its picture")
            }),
        CameraAction::Set { control, .. } => room
            .camera()
            .filter(|camera| !camera.controls.iter().any(|c| c.control == *control && c.settable))
            .map(|camera| format!("\"{}\" does not let {} be set", camera.name, control.as_str())),
        CameraAction::Go { preset } | CameraAction::Forget { preset } => {
            let known: Vec<&str> = room.presets().map(|p| p.name.as_str()).collect();
            let listed = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            (!known.contains(&preset.as_str()))
                .then(|| format!("no view is called \"{preset}\"; there is: {listed}"))
        }
        CameraAction::Save { preset } => {
            let known = room.presets().any(|p| p.name == *preset);
            (!known && !room.takes_preset())
                .then(|| "this camera has as many views as there is room for; forget one first".to_owned())
        }
    };
    match refused {
        Some(message) => refuse(ErrorCode::NotFound, message),
        None => (Reply::Done {}, Some(Intent::Camera(action.clone()))),
    }
}

fn arrange(how: saal_control::Arrange) -> Arrange {
    match how {
        saal_control::Arrange::Layout(LayoutName::Grid) => Arrange::Layout(Layout::Grid),
        saal_control::Arrange::Layout(LayoutName::Speaker) => Arrange::Layout(Layout::Speaker),
        saal_control::Arrange::Layout(LayoutName::Content) => Arrange::Layout(Layout::Content),
        saal_control::Arrange::SelfView(on) => Arrange::SelfView(on),
        saal_control::Arrange::Page(page) => Arrange::Page(page),
    }
}

fn television(call: &InCall, room: &Room) -> TelevisionStatus {
    let seen = call.stage(room.muted().camera, room.displays()).seen();
    TelevisionStatus {
        layout: match call.arrangement.layout {
            Layout::Grid => LayoutName::Grid,
            Layout::Speaker => LayoutName::Speaker,
            Layout::Content => LayoutName::Content,
        },
        self_view: call.arrangement.self_view,
        page: seen.page,
        pages: seen.pages,
    }
}

fn account(action: &AccountAction, facts: &Facts<'_>) -> (Reply, Option<Intent>) {
    if facts.room.config().is_none_or(|c| c.matrix.is_none()) {
        let message = "the room has no Matrix account".to_owned();
        return refuse(ErrorCode::NotFound, message);
    }
    if let Some(message) = too_late(action, facts.room.sign_in()) {
        return refuse(ErrorCode::NotNow, message.to_owned());
    }
    (Reply::Done {}, Some(Intent::Account(action.clone())))
}

/// Why nobody can do that with the room's sign-in now.
fn too_late(action: &AccountAction, sign_in: Option<&SignIn>) -> Option<&'static str> {
    match (action, sign_in) {
        (
            AccountAction::SignIn { .. }
            | AccountAction::CancelSignIn
            | AccountAction::SignInDigits { .. },
            None,
        ) => Some("the room is signed in, or logs in in another way (matrix.oauth)"),
        (AccountAction::SignInDigits { .. }, Some(step)) if *step != SignIn::Digits => {
            Some("no other device has scanned the code yet")
        }
        _ => None,
    }
}

fn refuse(code: ErrorCode, message: String) -> (Reply, Option<Intent>) {
    (Reply::Error(Refused { code, message }), None)
}

fn in_call(facts: &Facts<'_>, intent: Intent) -> (Reply, Option<Intent>) {
    if *facts.room.phase() == Phase::Home {
        return refuse(ErrorCode::NotInCall, "the room is in no call".to_owned());
    }
    (Reply::Done {}, Some(intent))
}

fn ringing(facts: &Facts<'_>, intent: impl FnOnce(RingId) -> Intent) -> (Reply, Option<Intent>) {
    match facts.room.rings().first() {
        Some(ring) => (Reply::Done {}, Some(intent(ring.id.clone()))),
        None => refuse(ErrorCode::NotRinging, "nobody calls the room".to_owned()),
    }
}

fn set_muted(source: SourceKind, muted: bool, facts: &Facts<'_>) -> (Reply, Option<Intent>) {
    match source {
        SourceKind::Microphone | SourceKind::Camera => {
            in_call(facts, Intent::SetMuted(source, muted))
        }
        SourceKind::Content | SourceKind::ContentAudio => {
            let message = "only microphone and camera can be muted".to_owned();
            refuse(ErrorCode::NotMutable, message)
        }
    }
}

fn join_link(link: &MeetingLink, facts: &Facts<'_>) -> (Reply, Option<Intent>) {
    if let Some(meeting) = facts.room.phase().meeting() {
        let message = format!("the room is in \"{}\"; leave first", meeting.title);
        return refuse(ErrorCode::InCall, message);
    }
    if let Err(error) = LinkTarget::of(link) {
        return refuse(ErrorCode::Malformed, error.to_string());
    }
    (Reply::Done {}, Some(Intent::JoinLink(link.clone())))
}

fn join(id: &MeetingId, facts: &Facts<'_>) -> (Reply, Option<Intent>) {
    if let Some(meeting) = facts.room.phase().meeting() {
        let message = format!("the room is in \"{}\"; leave first", meeting.title);
        return refuse(ErrorCode::InCall, message);
    }
    let agenda = facts.room.agenda(facts.now);
    let all = agenda.under_way.iter().chain(&agenda.next);
    let Some(meeting) = all.copied().find(|m| m.id == *id) else {
        let message = format!("no meeting \"{}\"; `saalctl meetings` lists them", id.0);
        return refuse(ErrorCode::NotFound, message);
    };
    if !Agenda::can_join(facts.now.wall, meeting) {
        let minutes = saal_core::JOIN_BEFORE.as_secs() / 60;
        let message = format!(
            "\"{}\" can be joined from {minutes} minutes before its start",
            meeting.title
        );
        return refuse(ErrorCode::NotNow, message);
    }
    (Reply::Done {}, Some(Intent::Join(id.clone())))
}

fn status(facts: &Facts<'_>) -> Status {
    let room = facts.room;
    Status {
        version: VERSION,
        room: room
            .config()
            .map(|c| c.room.name.as_str().to_owned())
            .unwrap_or_default(),
        time_zone: room
            .config()
            .map(|c| c.room.time_zone.as_str().to_owned())
            .unwrap_or_default(),
        web: facts.web.clone(),
        phase: phase(room.phase()),
        account: room.account().clone(),
        ringing: room.rings().to_vec(),
        call: call(room),
        engine: EngineStatus {
            pid: facts.engine_pid,
            state: engine(room.engine()),
        },
        media: room.stats().cloned(),
        troubles: room
            .troubles()
            .into_iter()
            .map(|t| trouble(room, t))
            .collect(),
        pid: std::process::id(),
    }
}

fn phase(phase: &Phase) -> PhaseName {
    match phase {
        Phase::Home => PhaseName::Home,
        Phase::Joining(_) => PhaseName::Joining,
        Phase::Call(_) => PhaseName::Call,
        Phase::Reconnecting(_) => PhaseName::Reconnecting,
        Phase::Leaving(_) => PhaseName::Leaving,
    }
}

fn call(room: &Room) -> Option<CallStatus> {
    let meeting = room.phase().meeting()?;
    let inside = room.phase().in_call();
    let participants = inside.map(|c| c.participants.clone());
    let muted = room.muted();
    let (state, obstacle) = match room.phase() {
        Phase::Joining(joining) => (joining.state.clone(), joining.obstacle.map(obstacle)),
        _ => (inside.map(|c| c.state.clone()).unwrap_or_default(), None),
    };
    let said = inside.map(|c| &c.said);
    Some(CallStatus {
        obstacle,
        state,
        television: inside.map(|call| television(call, room)),
        chat: said
            .map(|s| s.chat().cloned().collect())
            .unwrap_or_default(),
        captions: said
            .map(|s| s.captions().cloned().collect())
            .unwrap_or_default(),
        title: meeting.title.clone(),
        meeting: meeting.id.clone(),
        participants: participants.unwrap_or_default(),
        muted: MutedSources {
            microphone: muted.microphone,
            camera: muted.camera,
        },
    })
}

fn obstacle(obstacle: saal_core::Obstacle) -> Obstacle {
    use saal_core::Obstacle as Core;
    match obstacle {
        Core::Waiting(Waiting::Host) => Obstacle::Host,
        Core::Waiting(Waiting::Admission) => Obstacle::Admission,
        Core::Waiting(Waiting::Server) => Obstacle::Server,
        Core::Password { refused: false } => Obstacle::Password,
        Core::Password { refused: true } => Obstacle::PasswordAgain,
    }
}

fn engine(state: EngineState) -> EngineProcess {
    match state {
        EngineState::Off => EngineProcess::Off,
        EngineState::Starting => EngineProcess::Starting,
        EngineState::Ready => EngineProcess::Ready,
        EngineState::Waiting { .. } => EngineProcess::Waiting,
    }
}

fn trouble(room: &Room, trouble: &Trouble) -> TroubleLine {
    let language = room.config().map(|c| c.room.language).unwrap_or_default();
    let words = saal_panel::describe(language, trouble);
    let text = format!("{}. {}", words.what, words.advice);
    TroubleLine {
        code: trouble.code().as_str().to_owned(),
        text,
    }
}

fn meetings(facts: &Facts<'_>) -> Vec<MeetingLine> {
    let agenda = facts.room.agenda(facts.now);
    let line = |meeting: &Meeting, under_way| MeetingLine {
        id: meeting.id.clone(),
        title: meeting.title.clone(),
        start: meeting.start,
        end: meeting.end,
        in_call: meeting.in_call,
        under_way,
        can_join: Agenda::can_join(facts.now.wall, meeting),
    };
    let under_way = agenda.under_way.iter().map(|m| line(m, true));
    under_way
        .chain(agenda.next.iter().map(|m| line(m, false)))
        .collect()
}

fn devices(facts: &Facts<'_>) -> Devices {
    let chosen = facts
        .room
        .config()
        .map(|c| c.devices.clone())
        .unwrap_or_default();
    let name = |device: &saal_fleet_protocol::config::Device| device.as_str().to_owned();
    let television = facts.room.config().map(|c| c.television.clone());
    let television = television.unwrap_or_default();
    Devices {
        present: facts.room.devices().clone(),
        codecs: facts.room.codecs().clone(),
        chosen: ChosenDevices {
            camera: name(&chosen.camera),
            microphone: name(&chosen.microphone),
            loudspeaker: name(&chosen.loudspeaker),
            content: name(&chosen.content),
            display: name(&television.display),
            content_display: name(&television.content_display),
        },
    }
}
