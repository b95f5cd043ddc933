//! Devices and their configuration: check the place, run the operation, wake whom it concerns.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    DeviceId, Key, Scope,
    api::{Change, Claim, Device, Explained, Move, Page, Preview, Role, Waiting, Written},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Refused,
    extract::{Asked, Body, By, Refusals},
};
use crate::{
    error::FleetError,
    fleet::{access::Caller, devices, enrolment, listing, orders, settings},
    hub::Who,
    server::App,
};

pub(super) type Answer<T> = Result<Json<T>, Refused>;
pub(super) type Fleet = State<Arc<App>>;

/// Devices: searched, sorted, a page of them.
#[utoipa::path(
    get,
    path = "/api/v1/devices",
    tag = "devices",
    params(listing::Query),
    responses((status = 200, body = Page<Device>), Refusals),
    security(("token" = ["viewer"]))
)]
pub(crate) async fn devices(
    State(app): Fleet,
    by: By,
    Asked(query): Asked<listing::Query>,
) -> Answer<Page<Device>> {
    let page = app
        .store
        .read(move |tx| listing::list(tx, &by.0.grants, &query));
    Ok(Json(page.await?))
}

/// One device.
#[utoipa::path(
    get,
    path = "/api/v1/devices/{device}",
    tag = "devices",
    params(("device" = String, Path)),
    responses((status = 200, body = Device), Refusals),
    security(("token" = ["viewer"]))
)]
pub(crate) async fn device(
    State(app): Fleet,
    by: By,
    Path(device): Path<DeviceId>,
) -> Answer<Device> {
    Ok(Json(one(&app, &by.0, device, Role::Viewer).await?))
}

/// A device that somebody has a role for; one that is nobody's room is the organisation's.
pub(crate) async fn one(
    app: &App,
    caller: &Caller,
    device: DeviceId,
    needed: Role,
) -> Result<Device, FleetError> {
    let found = app.store.read(move |tx| listing::show(tx, &device)).await?;
    let place = found.room.clone().unwrap_or_else(Scope::organisation);
    caller.check(needed, &place)?;
    Ok(found)
}

/// Throws a device out, at once and for good.
#[utoipa::path(
    post,
    path = "/api/v1/devices/{device}/revoke",
    tag = "devices",
    params(("device" = String, Path)),
    responses((status = 200), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn revoke(State(app): Fleet, by: By, Path(device): Path<DeviceId>) -> Answer<()> {
    Ok(Json(revoke_for(&app, &by.0, device).await?))
}

pub(crate) async fn revoke_for(
    app: &App,
    caller: &Caller,
    device: DeviceId,
) -> Result<(), FleetError> {
    let found = one(app, caller, device, Role::Administrator).await?;
    let (stamp, revoked) = (caller.stamp(Timestamp::now()), found.device.clone());
    app.store
        .run(move |tx| devices::revoke(tx, &revoked, &stamp))
        .await?;
    app.hub.wake(&Who::Member(found.device));
    Ok(())
}

/// Puts a device into another room.
#[utoipa::path(
    post,
    path = "/api/v1/devices/{device}/move",
    tag = "devices",
    params(("device" = String, Path)),
    request_body = Move,
    responses((status = 200), Refusals),
    security(("token" = ["operator"]))
)]
pub(crate) async fn move_device(
    State(app): Fleet,
    by: By,
    Path(device): Path<DeviceId>,
    Body(to): Body<Move>,
) -> Answer<()> {
    Ok(Json(move_for(&app, &by.0, device, to.room).await?))
}

pub(crate) async fn move_for(
    app: &App,
    caller: &Caller,
    device: DeviceId,
    room: Scope,
) -> Result<(), FleetError> {
    let found = one(app, caller, device, Role::Operator).await?;
    caller.check(Role::Operator, &room)?;
    let (keys, moved) = (app.keys.clone(), found.device.clone());
    let stamp = caller.stamp(Timestamp::now());
    app.store
        .run(move |tx| {
            devices::move_to(tx, &moved, &room, &stamp)?;
            orders::due(tx, &keys, &moved, stamp.now).map(|_| ())
        })
        .await?;
    app.hub.wake(&Who::Member(found.device));
    Ok(())
}

/// Devices that nobody has claimed.
#[utoipa::path(
    get,
    path = "/api/v1/waiting",
    tag = "devices",
    responses((status = 200, body = [Waiting]), Refusals),
    security(("token" = ["operator"]))
)]
pub(crate) async fn waiting(State(app): Fleet, _: By) -> Answer<Vec<Waiting>> {
    let found = app
        .store
        .read(|tx| enrolment::waiting(tx, Timestamp::now()))
        .await?;
    Ok(Json(found))
}

/// Takes a device into the fleet by the code on its panel.
#[utoipa::path(
    post,
    path = "/api/v1/claim",
    tag = "devices",
    request_body = Claim,
    responses((status = 200, body = Device), Refusals),
    security(("token" = ["operator"]))
)]
pub(crate) async fn claim(State(app): Fleet, by: By, Body(claim): Body<Claim>) -> Answer<Device> {
    Ok(Json(claim_for(&app, &by.0, claim).await?))
}

pub(crate) async fn claim_for(
    app: &App,
    caller: &Caller,
    claim: Claim,
) -> Result<Device, FleetError> {
    caller.check(Role::Operator, &claim.room)?;
    let (keys, stamp) = (app.keys.clone(), caller.stamp(Timestamp::now()));
    let done = app.store.run(move |tx| {
        let (row, replaced) = enrolment::claim(tx, &claim, &stamp)?;
        orders::due(tx, &keys, &row.device, stamp.now)?;
        Ok((listing::show(tx, &row.device)?, row.key, replaced))
    });
    let (device, key, replaced) = done.await?;
    app.hub.wake_all(&replaced);
    app.hub.wake(&Who::Waiting(key));
    Ok(device)
}

/// A layer, and a key of it.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Place {
    /// `/`, `site`, `site/group` or `site/group/room`.
    #[param(value_type = String)]
    pub(crate) scope: Scope,
    /// Only this one.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    pub(crate) key: Option<Key>,
}

/// What a layer says.
#[utoipa::path(
    get,
    path = "/api/v1/settings",
    tag = "configuration",
    params(Place),
    responses((status = 200, body = [Written]), Refusals),
    security(("token" = ["viewer"]))
)]
pub(crate) async fn settings(
    State(app): Fleet,
    by: By,
    Asked(place): Asked<Place>,
) -> Answer<Vec<Written>> {
    by.within(&place.scope, Role::Viewer)?;
    let found = app
        .store
        .read(move |tx| settings::written(tx, &place.scope))
        .await?;
    Ok(Json(found))
}

/// Whether anything is changed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct How {
    /// Only tells what would change.
    #[serde(default)]
    dry_run: bool,
}

/// Changes a layer: all edits or none.
#[utoipa::path(
    put,
    path = "/api/v1/settings",
    tag = "configuration",
    params(How),
    request_body = Change,
    responses((status = 200, body = Preview), Refusals),
    security(("token" = ["operator"]))
)]
pub(crate) async fn change(
    State(app): Fleet,
    by: By,
    Asked(how): Asked<How>,
    Body(change): Body<Change>,
) -> Answer<Preview> {
    Ok(Json(change_for(&app, &by.0, change, how.dry_run).await?))
}

pub(crate) async fn change_for(
    app: &App,
    caller: &Caller,
    change: Change,
    dry_run: bool,
) -> Result<Preview, FleetError> {
    caller.check(Role::Operator, &change.scope)?;
    let (keys, stamp) = (app.keys.clone(), caller.stamp(Timestamp::now()));
    if dry_run {
        let work = move |tx: &crate::store::Tx<'_>| settings::preview(tx, &change, &stamp);
        return app.store.try_out(work).await;
    }
    let work = move |tx: &crate::store::Tx<'_>| settings::change(tx, &keys, &change, &stamp);
    let (preview, changed) = app.store.run(work).await?;
    app.hub.wake_all(&changed);
    Ok(preview)
}

/// Which layer a place's values come from.
#[utoipa::path(
    get,
    path = "/api/v1/explain",
    tag = "configuration",
    params(Place),
    responses((status = 200, body = Explained), Refusals),
    security(("token" = ["viewer"]))
)]
pub(crate) async fn explain(
    State(app): Fleet,
    by: By,
    Asked(place): Asked<Place>,
) -> Answer<Explained> {
    by.within(&place.scope, Role::Viewer)?;
    let found = app
        .store
        .read(move |tx| settings::explain(tx, &place.scope, place.key.as_ref()))
        .await?;
    Ok(Json(found))
}
