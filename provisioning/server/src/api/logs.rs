//! Logs of rooms.

use axum::{
    Json,
    extract::{Path, State},
};
use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    DeviceId,
    api::{AskLog, Role, RoomLog},
};

use super::{
    extract::{Body, By, Refusals},
    handlers::{Answer, Fleet},
    one,
};
use crate::{
    error::FleetError,
    fleet::{access::Caller, logs},
    hub::Who,
    server::App,
};

/// Asks a device for its log. What is secret or private the device takes out itself; the answer comes by `GET`.
#[utoipa::path(
    post,
    path = "/api/v1/devices/{device}/log",
    tag = "devices",
    params(("device" = String, Path)),
    request_body = AskLog,
    responses((status = 200, body = RoomLog), Refusals),
    security(("token" = ["operator"]))
)]
pub(crate) async fn ask(
    State(app): Fleet,
    by: By,
    Path(device): Path<DeviceId>,
    Body(asked): Body<AskLog>,
) -> Answer<RoomLog> {
    Ok(Json(ask_for(&app, &by.0, device, asked).await?))
}

pub(crate) async fn ask_for(
    app: &App,
    caller: &Caller,
    device: DeviceId,
    asked: AskLog,
) -> Result<RoomLog, FleetError> {
    let found = one(app, caller, device.clone(), Role::Operator).await?;
    let stamp = caller.stamp(Timestamp::now());
    let work = move |tx: &crate::store::Tx<'_>| logs::ask(tx, &found, asked, &stamp);
    let log = app.store.run(work).await?;
    app.hub.wake(&Who::Member(device));
    Ok(log)
}

/// What a device was asked last within a day, and its answer.
#[utoipa::path(
    get,
    path = "/api/v1/devices/{device}/log",
    tag = "devices",
    params(("device" = String, Path)),
    responses((status = 200, body = Option<RoomLog>), Refusals),
    security(("token" = ["operator"]))
)]
pub(crate) async fn show(
    State(app): Fleet,
    by: By,
    Path(device): Path<DeviceId>,
) -> Answer<Option<RoomLog>> {
    one(&app, &by.0, device.clone(), Role::Operator).await?;
    let now = Timestamp::now();
    let found = app.store.read(move |tx| logs::show(tx, &device, now));
    Ok(Json(found.await?))
}
