//! Help from afar: asking people in a room, seeing its panel, working it.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, State},
};
use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    DeviceId,
    api::{AskHelp, Role, RoomHelp, RoomHelpState, RoomPanel, TouchPanel},
};
use tokio::time::timeout;

use super::{
    extract::{Body, By, Refusals},
    handlers::{Answer, Fleet},
    one,
};
use crate::{
    error::FleetError,
    fleet::{access::Caller, helps},
    hub::Who,
    panels::{Eye, Seen},
    server::App,
};

/// A picture comes within this time, wherever the device is connected, or the panel shows none.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks people in the room whether the caller may see its panel, and maybe work it. Nothing is sent before they allow it; it
/// ends when they want, after ten minutes, and when nobody asked for the panel for half a minute.
#[utoipa::path(
    post,
    path = "/api/v1/devices/{device}/help",
    tag = "devices",
    params(("device" = String, Path)),
    request_body = AskHelp,
    responses((status = 200, body = RoomHelp), Refusals),
    security(("token" = ["operator"]))
)]
pub(crate) async fn ask(
    State(app): Fleet,
    by: By,
    Path(device): Path<DeviceId>,
    Body(asked): Body<AskHelp>,
) -> Answer<RoomHelp> {
    Ok(Json(ask_for(&app, &by.0, device, asked).await?))
}

pub(crate) async fn ask_for(
    app: &App,
    caller: &Caller,
    device: DeviceId,
    asked: AskHelp,
) -> Result<RoomHelp, FleetError> {
    let found = one(app, caller, device.clone(), Role::Operator).await?;
    let stamp = caller.stamp(Timestamp::now());
    let work = move |tx: &crate::store::Tx<'_>| helps::ask(tx, &found, asked, &stamp);
    let help = app.store.run(work).await?;
    app.hub.wake(&Who::Member(device));
    Ok(help)
}

/// How the last help of a room stands, or ended within an hour.
#[utoipa::path(
    get,
    path = "/api/v1/devices/{device}/help",
    tag = "devices",
    params(("device" = String, Path)),
    responses((status = 200, body = Option<RoomHelp>), Refusals),
    security(("token" = ["operator"]))
)]
pub(crate) async fn show(
    State(app): Fleet,
    by: By,
    Path(device): Path<DeviceId>,
) -> Answer<Option<RoomHelp>> {
    one(&app, &by.0, device.clone(), Role::Operator).await?;
    let now = Timestamp::now();
    let found = app.store.read(move |tx| helps::show(tx, &device, now));
    Ok(Json(found.await?))
}

/// Ends it; whoever may ask there may.
#[utoipa::path(
    delete,
    path = "/api/v1/devices/{device}/help",
    tag = "devices",
    params(("device" = String, Path)),
    responses((status = 200), Refusals),
    security(("token" = ["operator"]))
)]
pub(crate) async fn end(State(app): Fleet, by: By, Path(device): Path<DeviceId>) -> Answer<()> {
    Ok(Json(end_for(&app, &by.0, device).await?))
}

pub(crate) async fn end_for(
    app: &App,
    caller: &Caller,
    device: DeviceId,
) -> Result<(), FleetError> {
    one(app, caller, device.clone(), Role::Operator).await?;
    let (stamp, of) = (caller.stamp(Timestamp::now()), device.clone());
    app.store
        .run(move |tx| helps::stop(tx, &of, &stamp))
        .await?;
    app.hub.wake(&Who::Member(device));
    Ok(())
}

/// How the panel looks now. A PIN, a password or a code that stands on it is `hidden`. Only for whoever asked, and only once
/// people in the room allowed it; while they have not answered there is no picture.
#[utoipa::path(
    get,
    path = "/api/v1/devices/{device}/help/panel",
    tag = "devices",
    params(("device" = String, Path)),
    responses((status = 200, body = RoomPanel), Refusals),
    security(("token" = ["operator"]))
)]
pub(crate) async fn panel(
    State(app): Fleet,
    by: By,
    Path(device): Path<DeviceId>,
) -> Answer<RoomPanel> {
    let (help, seen) = look_for(&app, &by.0, device).await?;
    let panel = seen.map(|seen| seen.panel.clone());
    Ok(Json(RoomPanel { help, panel }))
}

/// One look, which the room is told of; with a picture where people there have allowed it.
pub(crate) async fn look_for(
    app: &Arc<App>,
    caller: &Caller,
    device: DeviceId,
) -> Result<(RoomHelp, Option<Arc<Seen>>), FleetError> {
    let mut looking = Looking::new(app.clone(), caller.clone(), device);
    let help = looking.look().await?;
    if help.state != (RoomHelpState::Allowed {}) {
        return Ok((help, None));
    }
    let seen = timeout(PATIENCE, looking.eye.next(help.number)).await;
    Ok((help, seen.ok()))
}

/// Somebody who looks at a panel, at this node.
pub(crate) struct Looking {
    app: Arc<App>,
    caller: Caller,
    device: DeviceId,
    pub(crate) eye: Eye,
}

impl Looking {
    pub(crate) fn new(app: Arc<App>, caller: Caller, device: DeviceId) -> Self {
        let eye = app.panels.look(&device);
        Self {
            app,
            caller,
            device,
            eye,
        }
    }

    /// Lets the room know that somebody still looks; it sends its picture again.
    ///
    /// # Errors
    /// Where the caller may not, or helps no more.
    pub(crate) async fn look(&self) -> Result<RoomHelp, FleetError> {
        let device = self.device.clone();
        one(&self.app, &self.caller, device.clone(), Role::Operator).await?;
        let (of, by) = (device.clone(), self.caller.by.clone());
        let looked = self
            .app
            .store
            .run_quietly(move |tx| helps::look(tx, &of, &by));
        let help = looked.await?;
        self.app.hub.wake(&Who::Member(device));
        Ok(help)
    }
}

/// Taps the panel. Only while people in the room allow it, five times a second at most, and not where a PIN, a password or a code
/// stands on it.
#[utoipa::path(
    post,
    path = "/api/v1/devices/{device}/help/touch",
    tag = "devices",
    params(("device" = String, Path)),
    request_body = TouchPanel,
    responses((status = 200), (status = 429, description = "No finger is so fast", body = saal_fleet_protocol::fleet::api::Problem), Refusals),
    security(("token" = ["operator"]))
)]
pub(crate) async fn touch(
    State(app): Fleet,
    by: By,
    Path(device): Path<DeviceId>,
    Body(at): Body<TouchPanel>,
) -> Answer<()> {
    Ok(Json(touch_for(&app, &by.0, device, at).await?))
}

pub(crate) async fn touch_for(
    app: &App,
    caller: &Caller,
    device: DeviceId,
    at: TouchPanel,
) -> Result<(), FleetError> {
    one(app, caller, device.clone(), Role::Operator).await?;
    let (stamp, of) = (caller.stamp(Timestamp::now()), device.clone());
    app.store
        .run(move |tx| helps::touch(tx, &of, at, &stamp))
        .await?;
    app.hub.wake(&Who::Member(device));
    Ok(())
}
