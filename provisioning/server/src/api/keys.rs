//! Who may sign what, and what waits for a signature.

use axum::{Json, extract::State};
use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    Scope,
    api::{KeysInForce, OrderToSign, Role, SignaturesTaken, SignedOrder},
    trust::Metadata,
};

use super::{
    extract::{Body, By, Refusals},
    handlers::{Answer, Fleet},
};
use crate::{
    error::FleetError,
    fleet::{access::Caller, lists, presence, roots, signing},
    server::App,
    store::Tx,
};

/// What is in force: the root, its roles, the list of releases, and what devices know of it.
#[utoipa::path(
    get,
    path = "/api/v1/keys",
    tag = "keys",
    responses((status = 200, body = KeysInForce), Refusals),
    security(("token" = ["viewer"]))
)]
pub(crate) async fn keys(State(app): Fleet, by: By) -> Answer<KeysInForce> {
    by.within(&Scope::organisation(), Role::Viewer)?;
    Ok(Json(keys_of(&app).await?))
}

pub(crate) async fn keys_of(app: &App) -> Result<KeysInForce, FleetError> {
    let keys = app.keys.clone();
    let work = move |tx: &Tx<'_>| signing::now(tx, &keys, Timestamp::now());
    app.store.read(work).await
}

/// All roots, the first one first: each names who signs the next.
#[utoipa::path(
    get,
    path = "/api/v1/keys/roots",
    tag = "keys",
    responses((status = 200, body = [Metadata]), Refusals),
    security(("token" = ["viewer"]))
)]
pub(crate) async fn all_roots(State(app): Fleet, by: By) -> Answer<Vec<Metadata>> {
    by.within(&Scope::organisation(), Role::Viewer)?;
    Ok(Json(app.store.read(|tx| roots::newer(tx, 0)).await?))
}

/// The next root takes effect, if keys of the one before and its own signed it.
#[utoipa::path(
    post,
    path = "/api/v1/keys/roots",
    tag = "keys",
    request_body = Metadata,
    responses((status = 200, body = KeysInForce), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn publish_root(
    State(app): Fleet,
    by: By,
    Body(root): Body<Metadata>,
) -> Answer<KeysInForce> {
    by.within(&Scope::organisation(), Role::Administrator)?;
    let (stamp, keys) = (by.0.stamp(Timestamp::now()), app.keys.clone());
    let work = move |tx: &Tx<'_>| roots::publish(tx, &keys, &root, &stamp);
    app.store.run(work).await?;
    tell_everybody(&app).await?;
    Ok(Json(keys_of(&app).await?))
}

/// The list of releases as it should be signed next.
#[utoipa::path(
    get,
    path = "/api/v1/keys/releases",
    tag = "keys",
    responses((status = 200, body = Metadata), Refusals),
    security(("token" = ["viewer"]))
)]
pub(crate) async fn next_list(State(app): Fleet, by: By) -> Answer<Metadata> {
    by.within(&Scope::organisation(), Role::Viewer)?;
    let next = app.store.read(|tx| lists::next(tx, Timestamp::now()));
    Ok(Json(Metadata::unsigned(&next.await?)))
}

/// A list of releases takes effect, if the root's keys signed it.
#[utoipa::path(
    post,
    path = "/api/v1/keys/releases",
    tag = "keys",
    request_body = Metadata,
    responses((status = 200, body = KeysInForce), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn publish_list(
    State(app): Fleet,
    by: By,
    Body(list): Body<Metadata>,
) -> Answer<KeysInForce> {
    by.within(&Scope::organisation(), Role::Administrator)?;
    let stamp = by.0.stamp(Timestamp::now());
    let work = move |tx: &Tx<'_>| lists::publish(tx, &list, &stamp);
    app.store.run(work).await?;
    tell_everybody(&app).await?;
    Ok(Json(keys_of(&app).await?))
}

/// Orders that wait for a signature, some hundred at a time.
#[utoipa::path(
    get,
    path = "/api/v1/keys/orders",
    tag = "keys",
    responses((status = 200, body = [OrderToSign]), Refusals),
    security(("token" = ["operator"]))
)]
pub(crate) async fn orders_to_sign(State(app): Fleet, by: By) -> Answer<Vec<OrderToSign>> {
    by.within(&Scope::organisation(), Role::Operator)?;
    Ok(Json(app.store.read(signing::waiting).await?))
}

/// Signatures for such orders; what has changed meanwhile is left out.
#[utoipa::path(
    post,
    path = "/api/v1/keys/orders",
    tag = "keys",
    request_body = Vec<SignedOrder>,
    responses((status = 200, body = SignaturesTaken), Refusals),
    security(("token" = ["operator"]))
)]
pub(crate) async fn sign_orders(
    State(app): Fleet,
    by: By,
    Body(all): Body<Vec<SignedOrder>>,
) -> Answer<SignaturesTaken> {
    by.within(&Scope::organisation(), Role::Operator)?;
    Ok(Json(take(&app, &by.0, all).await?))
}

async fn take(
    app: &App,
    caller: &Caller,
    all: Vec<SignedOrder>,
) -> Result<SignaturesTaken, FleetError> {
    let stamp = caller.stamp(Timestamp::now());
    let work = move |tx: &Tx<'_>| signing::take(tx, &all, &stamp);
    let woken = app.store.run(work).await?;
    app.hub.wake_all(&woken);
    Ok(SignaturesTaken {
        taken: woken.len() as u64,
    })
}

/// Whoever is connected looks what is new.
async fn tell_everybody(app: &App) -> Result<(), FleetError> {
    let all = app.store.read(presence::all).await?;
    let all: Vec<_> = all.into_iter().collect();
    app.hub.wake_all(&all);
    Ok(())
}
