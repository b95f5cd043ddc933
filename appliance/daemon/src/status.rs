//! Answers for `saalctl` and the web view, made from what the room knows.

mod devices;
mod sound;

use jiff::tz::TimeZone;
use saal_control::{
    CalendarLine, CallStatus, CameraReport, DayStatus, EngineProcess, EngineStatus,
    EnrolmentStatus, ErrorCode, LayoutName, LookedAt, MeetingLine, MutedSources, Obstacle,
    OnlookerStatus, PhaseName, Prepared, Refused, Reply, Request, Status, SystemRequest, TakenTime,
    TelevisionStatus, TroubleLine, VERSION,
};
use saal_core::{
    Arrange, CalendarState, EngineState, Enrolment, Event, InCall, Intent, Now, Onlooker,
    OtherRoom, Phase, Preparation, Room, Sharing, Trouble,
};
use saal_fleet_protocol::config::Layout;
use saal_media_protocol::{CameraAction, SourceKind};
use saal_meeting::{
    AccountAction, DayAction, Destination, LinkTarget, Meeting, MeetingId, MeetingLink, RingId,
    SignIn, Waiting,
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
        Request::Devices {} => (Reply::Devices(Box::new(devices::devices(facts))), None),
        Request::Join { meeting, place } => join(meeting, place.as_deref(), facts),
        Request::JoinLink { link } => join_link(link, facts),
        Request::GivePassword { password } => {
            in_call(facts, Intent::GivePassword(password.clone()))
        }
        Request::Arrange { how } => in_call(facts, Intent::Arrange(arrange(*how))),
        Request::Act { action } => in_call(facts, Intent::Act(action.clone())),
        Request::Day { action } => day(action, facts),
        Request::Account { action } => account(action, facts),
        // Not from what the room knows: the daemon asks the panel, or reads it where it is kept.
        Request::Panel { .. }
        | Request::Reload {}
        | Request::Enrolment { .. }
        | Request::DeviceKey { .. }
        | Request::OtherRooms { .. }
        | Request::Help { .. }
        | Request::HelpStands { .. }
        | Request::System { .. } => (Reply::Done {}, None),
        Request::RecoveryKey {} => (Reply::RecoveryKey { key: None }, None),
        Request::Leave {} => in_call(facts, Intent::Leave),
        Request::Answer { camera } => {
            let camera = *camera;
            ringing(facts, |ring| Intent::Answer { ring, camera })
        }
        Request::Decline {} => ringing(facts, Intent::Decline),
        Request::SetMuted { source, muted } => set_muted(*source, *muted, facts),
        Request::SetVolume { percent } => sound::set_volume(*percent),
        Request::CameraState {} => (Reply::Camera(Box::new(camera_report(facts.room))), None),
        Request::Camera { action } => camera(action, facts),
        Request::SoundState {} => (Reply::Sound(sound::report(facts.room)), None),
        Request::Sound { device } => sound::use_device(device.as_deref(), facts),
    }
}

/// To somebody who wants of the computer what nobody here does for them.
pub(crate) fn no_system() -> Reply {
    let message = "this system takes no requests of the room: restart or reset it by its own means";
    Reply::Error(Refused {
        code: ErrorCode::NotFound,
        message: message.to_owned(),
    })
}

/// As the core calls it.
pub(crate) fn system_request(request: SystemRequest) -> saal_core::SystemRequest {
    match request {
        SystemRequest::Restart => saal_core::SystemRequest::Restart,
        SystemRequest::FactoryReset => saal_core::SystemRequest::FactoryReset,
    }
}

/// To somebody who brought a configuration with a fault.
pub(crate) fn config_refused(problem: &str) -> Reply {
    Reply::Error(Refused {
        code: ErrorCode::ConfigRefused,
        message: problem.to_owned(),
    })
}

/// How it stands with the fleet that the device is to belong to.
pub(crate) fn enrolment(status: Option<EnrolmentStatus>) -> Event {
    Event::Enrolment(status.map(|EnrolmentStatus { server, code }| Enrolment { server, code }))
}

/// Where the next meeting could go.
pub(crate) fn other_rooms(rooms: Vec<saal_control::OtherRoom>) -> Event {
    let rooms = rooms.into_iter().map(|room| OtherRoom {
        name: room.name,
        until: room.until,
    });
    Event::OtherRooms(rooms.collect())
}

fn camera_report(room: &Room) -> CameraReport {
    CameraReport {
        camera: room.camera().cloned(),
        presets: room.presets().cloned().collect(),
        cameras: room.cameras().cloned().collect(),
    }
}

/// What can't be done is said here; the room itself would do nothing.
fn camera(action: &CameraAction, facts: &Facts<'_>) -> (Reply, Option<Intent>) {
    let room = facts.room;
    let refused = match action {
        CameraAction::Use { .. } | CameraAction::Usual {} => {
            return in_call_or_before(facts, Intent::Camera(action.clone()));
        }
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

/// What can't be done is said here; the room itself would do nothing.
fn day(action: &DayAction, facts: &Facts<'_>) -> (Reply, Option<Intent>) {
    let room = facts.room;
    let refused = match action {
        DayAction::Book { .. } if room.bookable(facts.now).is_empty() => Some(
            "the room can't be booked now: it is taken, day.booking is off, or no calendar can be written to",
        ),
        DayAction::CheckIn { meeting }
        | DayAction::Release { meeting }
        | DayAction::Extend { meeting, .. }
        | DayAction::End { meeting }
            if !room.can_change(meeting) =>
        {
            Some("that meeting is in no calendar that can be written to, or day.booking is off")
        }
        DayAction::Extend { meeting, .. } if room.extensions(meeting).is_empty() => {
            Some("another meeting needs the room right after that one")
        }
        DayAction::Stay {} => return in_call(facts, Intent::Day(action.clone())),
        _ => None,
    };
    match refused {
        Some(message) => refuse(ErrorCode::NotNow, message.to_owned()),
        None if room.fits(facts.now, action) => (Reply::Done {}, Some(Intent::Day(action.clone()))),
        None => refuse(
            ErrorCode::NotNow,
            "another meeting needs the room before that, or it is too long".to_owned(),
        ),
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

/// What may be chosen before a meeting with pictures too.
fn in_call_or_before(facts: &Facts<'_>, intent: Intent) -> (Reply, Option<Intent>) {
    if facts.room.coming_with_picture(facts.now).is_some() {
        return (Reply::Done {}, Some(intent));
    }
    in_call(facts, intent)
}

fn ringing(facts: &Facts<'_>, intent: impl FnOnce(RingId) -> Intent) -> (Reply, Option<Intent>) {
    match facts.room.rings().first() {
        Some(ring) => (Reply::Done {}, Some(intent(ring.id.clone()))),
        None => refuse(ErrorCode::NotRinging, "nobody calls the room".to_owned()),
    }
}

fn set_muted(source: SourceKind, muted: bool, facts: &Facts<'_>) -> (Reply, Option<Intent>) {
    match source {
        SourceKind::Microphone => in_call(facts, Intent::SetMuted(source, muted)),
        SourceKind::Camera => in_call_or_before(facts, Intent::SetMuted(source, muted)),
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

fn join(id: &MeetingId, place: Option<&str>, facts: &Facts<'_>) -> (Reply, Option<Intent>) {
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
    if !facts.room.can_join(facts.now, meeting) {
        let minutes = facts.room.join_before().as_secs() / 60;
        let message = format!(
            "\"{}\" can be joined from {minutes} minutes before its start",
            meeting.title
        );
        return refuse(ErrorCode::NotNow, message);
    }
    let Some(place) = place else {
        return (Reply::Done {}, Some(Intent::Join(id.clone())));
    };
    if meeting.at_place(place).is_none() {
        let message = format!("\"{}\" is not at \"{place}\"", meeting.title);
        return refuse(ErrorCode::NotFound, message);
    }
    let (meeting, place) = (id.clone(), place.to_owned());
    (Reply::Done {}, Some(Intent::JoinAt { meeting, place }))
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
        volume: room.sound().volume,
        laptop: room.sharing() == Sharing::On,
        onlooker: onlooker(room.onlooker()),
        prepared: room.preparation().map(prepared),
        engine: EngineStatus {
            pid: facts.engine_pid,
            state: engine(room.engine()),
        },
        media: room.stats().cloned(),
        calendars: room.calendars().map(calendar).collect(),
        day: day_status(facts),
        troubles: room
            .troubles()
            .into_iter()
            .map(|t| trouble(facts, t))
            .collect(),
        pid: std::process::id(),
    }
}

fn day_status(facts: &Facts<'_>) -> DayStatus {
    let time = |(from, until)| TakenTime { from, until };
    let (room, now) = (facts.room, facts.now);
    DayStatus {
        ready: room.is_ready(),
        taken: room.taken_times(now).into_iter().map(time).collect(),
        seeks: room.seeks_another(now).map(time),
    }
}

fn prepared(prepared: &Preparation) -> Prepared {
    Prepared {
        meeting: prepared.meeting.clone(),
        camera: prepared.camera.clone(),
        camera_off: prepared.unseen,
        microphone: prepared.sound.microphone.clone(),
        loudspeaker: prepared.sound.loudspeaker.clone(),
    }
}

fn onlooker(onlooker: Onlooker) -> Option<OnlookerStatus> {
    let (of, allowed) = match onlooker {
        Onlooker::Nobody => return None,
        Onlooker::Asks { of, .. } => (of.into(), false),
        Onlooker::Looks(of) => (of.into(), true),
        Onlooker::AsksToHelp(_) => (LookedAt::Panel, false),
        Onlooker::Helps(_) => (LookedAt::Panel, true),
    };
    Some(OnlookerStatus { of, allowed })
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

fn calendar(state: &CalendarState) -> CalendarLine {
    CalendarLine {
        name: state.name.clone(),
        at: state.at,
        failure: state.failure.clone(),
    }
}

fn trouble(facts: &Facts<'_>, trouble: &Trouble) -> TroubleLine {
    let room = facts.room.config().map(|c| &c.room);
    let language = room.map(|room| room.language).unwrap_or_default();
    let zone = room.map_or(TimeZone::UTC, |room| room.time_zone.zone());
    let support = facts.room.config().and_then(|c| c.support.as_ref());
    let words = saal_panel::describe(language, trouble, support, facts.now.wall, &zone);
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
        can_join: facts.room.can_join(facts.now, meeting),
        tentative: meeting.tentative,
        other_places: other_places(meeting),
    };
    let under_way = agenda.under_way.iter().map(|m| line(m, true));
    under_way
        .chain(agenda.next.iter().map(|m| line(m, false)))
        .collect()
}

/// The name of a conference may say what a private meeting is about.
fn other_places(meeting: &Meeting) -> Vec<String> {
    let others = meeting.others.iter().filter(|_| !meeting.private);
    others.map(Destination::place).collect()
}
