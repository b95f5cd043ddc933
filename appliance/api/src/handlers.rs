//! The endpoints. Each asks the room for what `saalctl` asks for, and says what became of it.

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Request as HttpRequest, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use saal_control::{Arrange, LayoutName, PanelAction, Reply, Request, Taps};
use saal_media_protocol::{CameraAction, PictureDevice, SoundUnit, SourceKind};
use saal_meeting::{MeetingAction, MeetingId, MeetingLink, Secret};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    Shared,
    answers::{Outcome, Wordless},
    problem::Problem,
    v1,
};

/// Tones at a time.
const MOST_TONES: usize = 32;

/// Done, or begun: `/v1/status` and `/v1/events` tell how it goes on.
pub(crate) type Done = Result<StatusCode, Problem>;

async fn ask(shared: &Shared, request: Request) -> Result<Reply, Problem> {
    match (shared.api.ask)(request).await {
        Some(Reply::Error(refused)) => Err(refused.into()),
        Some(reply) => Ok(reply),
        None => Err(Problem::stopping()),
    }
}

pub(crate) async fn have_done(shared: &Shared, request: Request) -> Done {
    ask(shared, request).await.map(|_| StatusCode::NO_CONTENT)
}

async fn act(shared: &Shared, action: MeetingAction) -> Done {
    have_done(shared, Request::Act { action }).await
}

/// A request's body, whatever it is called.
pub(crate) struct Sent(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Problem;

    async fn from_request(request: HttpRequest, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state).await;
        body.map(Self).map_err(|rejection| {
            let message = "the body is too long, or broke off";
            Problem::new(rejection.status(), "bad_body", message)
        })
    }
}

/// What a body says, or what is wrong with it.
pub(crate) fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::malformed(format!("the body is not understood: {error}")))
}

/// Daemon and API come from one image: another kind of reply is a fault.
fn unexpected() -> Problem {
    let message = "the room answered something else; its log says more";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "fault", message)
}

/// How the room is.
#[utoipa::path(
    get,
    path = "/v1/status",
    tag = "room",
    responses((status = 200, body = v1::Status), (status = 503, body = Problem)),
    security(("token" = ["read"]))
)]
pub(crate) async fn status(State(shared): State<Shared>) -> Result<Json<v1::Status>, Problem> {
    match ask(&shared, Request::Status {}).await? {
        Reply::Status(status) => Ok(Json((*status).into())),
        _ => Err(unexpected()),
    }
}

/// The day's meetings that are not over, in the order of the panel.
#[utoipa::path(
    get,
    path = "/v1/meetings",
    tag = "room",
    responses((status = 200, body = [v1::Meeting]), (status = 503, body = Problem)),
    security(("token" = ["read"]))
)]
pub(crate) async fn meetings(
    State(shared): State<Shared>,
) -> Result<Json<Vec<v1::Meeting>>, Problem> {
    match ask(&shared, Request::Meetings {}).await? {
        Reply::Meetings(meetings) => {
            Ok(Json(meetings.into_iter().map(v1::Meeting::from).collect()))
        }
        _ => Err(unexpected()),
    }
}

/// Enters a meeting.
#[utoipa::path(
    post,
    path = "/v1/join",
    tag = "call",
    request_body = v1::Join,
    responses(Outcome),
    security(("token" = ["control"]))
)]
pub(crate) async fn join(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let request = match read(&body)? {
        v1::Join {
            meeting: Some(meeting),
            place,
            link: None,
        } => Request::Join {
            meeting: MeetingId(meeting),
            place,
        },
        v1::Join {
            meeting: None,
            place: None,
            link: Some(link),
        } => {
            let link = MeetingLink::new(link);
            Request::JoinLink { link }
        }
        _ => return Err(Problem::malformed("give either \"meeting\" or \"link\"")),
    };
    have_done(&shared, request).await
}

/// Gives the password that the meeting asked for.
#[utoipa::path(
    post,
    path = "/v1/password",
    tag = "call",
    request_body = v1::Password,
    responses(Outcome),
    security(("token" = ["control"]))
)]
pub(crate) async fn password(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::Password { password } = read(&body)?;
    let password = Secret::new(password);
    have_done(&shared, Request::GivePassword { password }).await
}

/// Leaves the meeting, or stops entering it.
#[utoipa::path(
    post,
    path = "/v1/leave",
    tag = "call",
    responses(Wordless),
    security(("token" = ["control"]))
)]
pub(crate) async fn leave(State(shared): State<Shared>) -> Done {
    have_done(&shared, Request::Leave {}).await
}

/// Takes the call to the room that rings first; leaves the one that the room is in.
#[utoipa::path(
    post,
    path = "/v1/answer",
    tag = "call",
    request_body = v1::Answer,
    responses(Outcome),
    security(("token" = ["control"]))
)]
pub(crate) async fn answer(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::Answer { camera } = read(&body)?;
    have_done(&shared, Request::Answer { camera }).await
}

/// Does not take the call to the room that rings first.
#[utoipa::path(
    post,
    path = "/v1/decline",
    tag = "call",
    responses(Wordless),
    security(("token" = ["control"]))
)]
pub(crate) async fn decline(State(shared): State<Shared>) -> Done {
    have_done(&shared, Request::Decline {}).await
}

/// Mutes the room's microphone, or unmutes it.
#[utoipa::path(
    put,
    path = "/v1/microphone",
    tag = "call",
    request_body = v1::Muted,
    responses(Outcome),
    security(("token" = ["control"]))
)]
pub(crate) async fn microphone(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::Muted { muted } = read(&body)?;
    let source = SourceKind::Microphone;
    have_done(&shared, Request::SetMuted { source, muted }).await
}

/// Turns the room's camera off, or on: in a call, or before one for the meeting that begins soon.
#[utoipa::path(
    put,
    path = "/v1/camera",
    tag = "call",
    request_body = v1::Muted,
    responses(Outcome),
    security(("token" = ["control"]))
)]
pub(crate) async fn camera(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::Muted { muted } = read(&body)?;
    let source = SourceKind::Camera;
    have_done(&shared, Request::SetMuted { source, muted }).await
}

/// The cameras that there are to choose from.
#[utoipa::path(
    get,
    path = "/v1/cameras",
    tag = "room",
    responses((status = 200, body = [v1::Camera]), (status = 503, body = Problem)),
    security(("token" = ["read"]))
)]
pub(crate) async fn cameras(
    State(shared): State<Shared>,
) -> Result<Json<Vec<v1::Camera>>, Problem> {
    let Reply::Camera(report) = ask(&shared, Request::CameraState {}).await? else {
        return Err(unexpected());
    };
    let used = report.camera.map(|camera| camera.id);
    let camera = |device: PictureDevice| v1::Camera {
        in_use: used.as_ref() == Some(&device.id),
        id: device.id,
        name: device.name,
    };
    Ok(Json(report.cameras.into_iter().map(camera).collect()))
}

/// Takes another camera: for this call, or before one for the meeting that begins soon.
#[utoipa::path(
    post,
    path = "/v1/use-camera",
    tag = "call",
    request_body = v1::UseCamera,
    responses(Outcome),
    security(("token" = ["control"]))
)]
pub(crate) async fn use_camera(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::UseCamera { camera } = read(&body)?;
    let usual = CameraAction::Usual {};
    let action = camera.map_or(usual, |camera| CameraAction::Use { camera });
    have_done(&shared, Request::Camera { action }).await
}

/// The microphones and loudspeakers that there are to choose from.
#[utoipa::path(
    get,
    path = "/v1/sound-devices",
    tag = "room",
    responses((status = 200, body = [v1::SoundDevice]), (status = 503, body = Problem)),
    security(("token" = ["read"]))
)]
pub(crate) async fn sound_devices(
    State(shared): State<Shared>,
) -> Result<Json<Vec<v1::SoundDevice>>, Problem> {
    let Reply::Sound(report) = ask(&shared, Request::SoundState {}).await? else {
        return Err(unexpected());
    };
    let device = |unit: &SoundUnit| v1::SoundDevice {
        microphone: unit.microphone.clone(),
        loudspeaker: unit.loudspeaker.clone(),
        in_use: report.is_in_use(unit),
    };
    Ok(Json(report.units.iter().map(device).collect()))
}

/// Takes another microphone and loudspeaker: in a call, or before one for the meeting that begins soon.
#[utoipa::path(
    post,
    path = "/v1/use-sound-device",
    tag = "call",
    request_body = v1::UseSoundDevice,
    responses(Outcome),
    security(("token" = ["control"]))
)]
pub(crate) async fn use_sound_device(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::UseSoundDevice { device } = read(&body)?;
    have_done(&shared, Request::Sound { device }).await
}

/// Sets how loud the others are, in a meeting or not.
#[utoipa::path(
    put,
    path = "/v1/volume",
    tag = "call",
    request_body = v1::Volume,
    responses(Outcome),
    security(("token" = ["control"]))
)]
pub(crate) async fn volume(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::Volume { percent } = read(&body)?;
    have_done(&shared, Request::SetVolume { percent }).await
}

/// Shows the others in another way on the television.
#[utoipa::path(
    put,
    path = "/v1/television",
    tag = "call",
    request_body = v1::Arrange,
    responses(Outcome),
    security(("token" = ["control"]))
)]
pub(crate) async fn television(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::Arrange {
        layout,
        self_view,
        page,
    } = read(&body)?;
    let all = [
        layout.map(|layout| Arrange::Layout(LayoutName::from(layout))),
        self_view.map(Arrange::SelfView),
        page.map(Arrange::Page),
    ];
    for how in all.into_iter().flatten() {
        have_done(&shared, Request::Arrange { how }).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Presents what is plugged in or a laptop shares, or ends that.
#[utoipa::path(
    put,
    path = "/v1/presentation",
    tag = "call",
    request_body = v1::On,
    responses(Outcome),
    security(("token" = ["control"]))
)]
pub(crate) async fn presentation(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::On { on } = read(&body)?;
    act(&shared, MeetingAction::Present { on }).await
}

/// Asks for the floor, or gives it up.
#[utoipa::path(
    put,
    path = "/v1/hand",
    tag = "call",
    request_body = v1::On,
    responses(Outcome),
    security(("token" = ["control"]))
)]
pub(crate) async fn hand(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::On { on: raised } = read(&body)?;
    act(&shared, MeetingAction::RaiseHand { raised }).await
}

/// Shows a sign to all.
#[utoipa::path(
    post,
    path = "/v1/reaction",
    tag = "call",
    request_body = v1::Reaction,
    responses(Outcome),
    security(("token" = ["control"]))
)]
pub(crate) async fn reaction(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::Reaction { emoji } = read(&body)?;
    act(&shared, MeetingAction::React { emoji }).await
}

/// Sends telephone tones to a dial-in.
#[utoipa::path(
    post,
    path = "/v1/dial",
    tag = "call",
    request_body = v1::Tones,
    responses(Outcome),
    security(("token" = ["control"]))
)]
pub(crate) async fn dial(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::Tones { tones } = read(&body)?;
    let known = |tone: char| tone.is_ascii_digit() || "*#ABCD".contains(tone);
    if tones.is_empty() || tones.len() > MOST_TONES || !tones.chars().all(known) {
        let message = "\"tones\" has 1 to 32 of 0 to 9, *, #, A to D";
        return Err(Problem::malformed(message));
    }
    act(&shared, MeetingAction::Dtmf { tones }).await
}

/// What stands on the panel: roles, names, states and places of all elements.
#[utoipa::path(
    get,
    path = "/v1/panel",
    tag = "panel",
    responses((status = 200, body = Object), (status = 503, body = Problem)),
    security(("token" = ["panel"]))
)]
pub(crate) async fn panel(State(shared): State<Shared>) -> Result<Json<Value>, Problem> {
    tree(&shared).await.map(Json)
}

async fn tree(shared: &Shared) -> Result<Value, Problem> {
    let action = PanelAction::Tree {};
    match ask(shared, Request::Panel { action }).await? {
        Reply::Panel(tree) => Ok(*tree),
        _ => Err(unexpected()),
    }
}

/// How the panel looks.
#[utoipa::path(
    get,
    path = "/v1/panel/picture",
    tag = "panel",
    responses(
        (status = 200, description = "PNG", content_type = "image/png", body = [u8]),
        (status = 503, body = Problem),
    ),
    security(("token" = ["panel"]))
)]
pub(crate) async fn panel_picture(State(shared): State<Shared>) -> Result<Response, Problem> {
    let action = PanelAction::Picture {};
    let reply = ask(&shared, Request::Panel { action }).await?;
    let Reply::PanelPicture { png } = reply else {
        return Err(unexpected());
    };
    let png = BASE64_STANDARD.decode(png).map_err(|_| unexpected())?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png).into_response())
}

/// Presses what stands on the panel, as a finger does: everything that people can do there, programs can.
#[utoipa::path(
    post,
    path = "/v1/panel/press",
    tag = "panel",
    request_body = v1::Press,
    responses(
        (status = 204, description = "Pressed"),
        (status = 400, description = "Not understood", body = Problem),
        (status = 404, description = "It does not stand there now", body = Problem),
    ),
    security(("token" = ["panel"]))
)]
pub(crate) async fn press(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::Press { id } = read(&body)?;
    let tree = tree(&shared).await?;
    let (x, y) = middle_of(&tree, &id).ok_or_else(|| {
        let message =
            format!("\"{id}\" does not stand on the panel now; /v1/panel lists what does");
        Problem::new(StatusCode::NOT_FOUND, "not_found", message)
    })?;
    let taps = Taps::One;
    let action = PanelAction::Touch { x, y, taps };
    have_done(&shared, Request::Panel { action }).await
}

/// Where a finger hits an element.
fn middle_of(tree: &Value, id: &str) -> Option<(i32, i32)> {
    let elements = tree.get("elements")?.as_array()?;
    let element = elements.iter().find(|element| element["id"] == id)?;
    let number = |name: &str| i32::try_from(element["rect"][name].as_i64()?).ok();
    let x = number("x")?.checked_add(number("width")? / 2)?;
    let y = number("y")?.checked_add(number("height")? / 2)?;
    Some((x, y))
}
