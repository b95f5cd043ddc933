//! Releases, and how they come to devices.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
};
use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    ReleaseName, RolloutName, Scope,
    api::{NewRollout, Role, Rollout, RolloutDevice, StoredRelease},
    update::Release,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    extract::{Asked, Body as Document, By, Refusals},
    handlers::{Answer, Fleet},
};
use crate::{
    error::FleetError,
    fleet::{
        access::Caller,
        lists, releases,
        rollouts::{self, Order},
    },
    server::App,
};

/// Devices of a rollout on a page where nobody says how many, and at most.
const USUAL: u64 = 100;
const LARGEST: u64 = 1000;

/// Releases that the server has.
#[utoipa::path(
    get,
    path = "/api/v1/releases",
    tag = "updates",
    responses((status = 200, body = [StoredRelease]), Refusals),
    security(("token" = ["viewer"]))
)]
pub(crate) async fn all_releases(State(app): Fleet, _: By) -> Answer<Vec<StoredRelease>> {
    Ok(Json(releases_of(&app).await?))
}

pub(crate) async fn releases_of(app: &App) -> Result<Vec<StoredRelease>, FleetError> {
    let mut all = app.store.read(releases::list).await?;
    for one in &mut all {
        one.stored = app.bundles.has(&one.release.sha256).await;
    }
    Ok(all)
}

/// Adds a release: the body is its bundle (RAUC, format verity), which says itself what it is.
#[utoipa::path(
    post,
    path = "/api/v1/releases",
    tag = "updates",
    request_body(content = Vec<u8>, content_type = "application/vnd.rauc.bundle"),
    responses((status = 200, body = Release), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn add_release(State(app): Fleet, by: By, body: Body) -> Answer<Release> {
    by.within(&Scope::organisation(), Role::Administrator)?;
    let release = app.bundles.keep(body.into_data_stream()).await?;
    let (stamp, new) = (by.0.stamp(Timestamp::now()), release.clone());
    let keys = app.keys.clone();
    let work = move |tx: &crate::store::Tx<'_>| {
        releases::add(tx, &new, &stamp)?;
        lists::renew(tx, &keys, stamp.now)
    };
    if let Err(error) = app.store.run(work).await {
        // Another release may have just this bundle.
        let known = releases_of(&app).await?;
        if !known.iter().any(|one| one.release.sha256 == release.sha256) {
            app.bundles.remove(&release.sha256).await?;
        }
        return Err(error.into());
    }
    Ok(Json(release))
}

/// Takes a release away that no rollout is about.
#[utoipa::path(
    delete,
    path = "/api/v1/releases/{version}",
    tag = "updates",
    params(("version" = String, Path)),
    responses((status = 200), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn remove_release(
    State(app): Fleet,
    by: By,
    Path(version): Path<ReleaseName>,
) -> Answer<()> {
    by.within(&Scope::organisation(), Role::Administrator)?;
    let stamp = by.0.stamp(Timestamp::now());
    let keys = app.keys.clone();
    let work = move |tx: &crate::store::Tx<'_>| {
        let gone = releases::remove(tx, &version, &stamp)?;
        lists::renew(tx, &keys, stamp.now)?;
        Ok(gone)
    };
    let gone = app.store.run(work).await?;
    app.bundles.remove(&gone.sha256).await?;
    Ok(Json(()))
}

/// Rollouts, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/rollouts",
    tag = "updates",
    responses((status = 200, body = [Rollout]), Refusals),
    security(("token" = ["viewer"]))
)]
pub(crate) async fn all_rollouts(State(app): Fleet, by: By) -> Answer<Vec<Rollout>> {
    Ok(Json(
        app.store.read(move |tx| rollouts::list(tx, &by.0)).await?,
    ))
}

/// How a rollout stands.
#[utoipa::path(
    get,
    path = "/api/v1/rollouts/{name}",
    tag = "updates",
    params(("name" = String, Path)),
    responses((status = 200, body = Rollout), Refusals),
    security(("token" = ["viewer"]))
)]
pub(crate) async fn rollout(
    State(app): Fleet,
    by: By,
    Path(name): Path<RolloutName>,
) -> Answer<Rollout> {
    Ok(Json(one_rollout(&app, &by.0, name, Role::Viewer).await?))
}

/// A rollout at a place where somebody has a role.
pub(crate) async fn one_rollout(
    app: &App,
    caller: &Caller,
    name: RolloutName,
    needed: Role,
) -> Result<Rollout, FleetError> {
    let found = app
        .store
        .read(move |tx| rollouts::get(tx, &name))
        .await?
        .rollout;
    caller.check(needed, &found.plan.scope)?;
    Ok(found)
}

/// How many devices.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Limit {
    /// So many at most; 100 where nothing is said, 1000 at most.
    limit: Option<u64>,
}

/// Devices that a rollout has let in; those that want somebody first.
#[utoipa::path(
    get,
    path = "/api/v1/rollouts/{name}/devices",
    tag = "updates",
    params(("name" = String, Path), Limit),
    responses((status = 200, body = [RolloutDevice]), Refusals),
    security(("token" = ["viewer"]))
)]
pub(crate) async fn rollout_devices(
    State(app): Fleet,
    by: By,
    Path(name): Path<RolloutName>,
    Asked(asked): Asked<Limit>,
) -> Answer<Vec<RolloutDevice>> {
    let found = one_rollout(&app, &by.0, name, Role::Viewer).await?;
    let limit = asked.limit.unwrap_or(USUAL).min(LARGEST);
    let work = move |tx: &crate::store::Tx<'_>| rollouts::devices(tx, &found.plan.name, limit);
    Ok(Json(app.store.read(work).await?))
}

/// Brings a release to devices.
#[utoipa::path(
    post,
    path = "/api/v1/rollouts",
    tag = "updates",
    request_body = NewRollout,
    responses((status = 200, body = Rollout), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn start_rollout(
    State(app): Fleet,
    by: By,
    Document(new): Document<NewRollout>,
) -> Answer<Rollout> {
    Ok(Json(start_for(&app, &by.0, new).await?))
}

pub(crate) async fn start_for(
    app: &App,
    caller: &Caller,
    new: NewRollout,
) -> Result<Rollout, FleetError> {
    caller.check(Role::Administrator, &new.scope)?;
    let stamp = caller.stamp(Timestamp::now());
    let keys = app.keys.clone();
    let work = move |tx: &crate::store::Tx<'_>| {
        lists::renew(tx, &keys, stamp.now)?;
        rollouts::start(tx, &new, &stamp)
    };
    app.store.run(work).await
}

/// Does something with a rollout that goes on. Whoever may work at its place may hold and stop it, only an administrator lets
/// it go on.
pub(crate) async fn order_for(
    app: &App,
    caller: &Caller,
    name: RolloutName,
    order: Order,
) -> Result<(), FleetError> {
    let needed = match order {
        Order::Pause | Order::Stop => Role::Operator,
        Order::Resume | Order::Approve => Role::Administrator,
    };
    let found = one_rollout(app, caller, name, needed).await?;
    let stamp = caller.stamp(Timestamp::now());
    let wake = app
        .store
        .run(move |tx| rollouts::order(tx, &found.plan.name, order, &stamp))
        .await?;
    app.hub.wake_all(&wake);
    Ok(())
}

/// Holds a rollout: no other device is let in, and those that have not begun to write do not.
#[utoipa::path(
    post,
    path = "/api/v1/rollouts/{name}/pause",
    tag = "updates",
    params(("name" = String, Path)),
    responses((status = 200), Refusals),
    security(("token" = ["operator"]))
)]
pub(crate) async fn pause(State(app): Fleet, by: By, Path(name): Path<RolloutName>) -> Answer<()> {
    Ok(Json(order_for(&app, &by.0, name, Order::Pause).await?))
}

/// Lets a rollout go on that was held.
#[utoipa::path(
    post,
    path = "/api/v1/rollouts/{name}/resume",
    tag = "updates",
    params(("name" = String, Path)),
    responses((status = 200), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn resume(State(app): Fleet, by: By, Path(name): Path<RolloutName>) -> Answer<()> {
    Ok(Json(order_for(&app, &by.0, name, Order::Resume).await?))
}

/// Allows the next wave of a rollout.
#[utoipa::path(
    post,
    path = "/api/v1/rollouts/{name}/approve",
    tag = "updates",
    params(("name" = String, Path)),
    responses((status = 200), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn approve(
    State(app): Fleet,
    by: By,
    Path(name): Path<RolloutName>,
) -> Answer<()> {
    Ok(Json(order_for(&app, &by.0, name, Order::Approve).await?))
}

/// Ends a rollout: devices that have not begun to write do not.
#[utoipa::path(
    post,
    path = "/api/v1/rollouts/{name}/stop",
    tag = "updates",
    params(("name" = String, Path)),
    responses((status = 200), Refusals),
    security(("token" = ["operator"]))
)]
pub(crate) async fn stop(State(app): Fleet, by: By, Path(name): Path<RolloutName>) -> Answer<()> {
    Ok(Json(order_for(&app, &by.0, name, Order::Stop).await?))
}
