//! What is wrong, and who is told of it.

use axum::{
    Json,
    extract::{Path, State},
};
use jiff::Timestamp;
use saal_fleet_protocol::fleet::api::{Alert, AlertRule, IssuedAlertRule, NewAlertRule, Role};

use super::{
    extract::{Body, By, Refusals},
    handlers::{Answer, Fleet},
};
use crate::{
    error::FleetError,
    fleet::{access::Caller, alerts},
    server::App,
};

/// What is wrong and some rule is about; the newest first, a thousand at most.
#[utoipa::path(
    get,
    path = "/api/v1/alerts",
    tag = "alerts",
    responses((status = 200, body = [Alert]), Refusals),
    security(("token" = ["viewer"]))
)]
pub(crate) async fn alerts(State(app): Fleet, by: By) -> Answer<Vec<Alert>> {
    let found = app
        .store
        .read(move |tx| alerts::open(tx, &by.0.grants))
        .await?;
    Ok(Json(found))
}

/// Who is told of what, and whether that arrives.
#[utoipa::path(
    get,
    path = "/api/v1/alert-rules",
    tag = "alerts",
    responses((status = 200, body = [AlertRule]), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn rules(State(app): Fleet, by: By) -> Answer<Vec<AlertRule>> {
    Ok(Json(
        app.store.read(move |tx| alerts::rules(tx, &by.0)).await?,
    ))
}

/// Tells somebody from now on what is wrong; a webhook's secret is shown once.
#[utoipa::path(
    post,
    path = "/api/v1/alert-rules",
    tag = "alerts",
    request_body = NewAlertRule,
    responses((status = 200, body = IssuedAlertRule), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn new_rule(
    State(app): Fleet,
    by: By,
    Body(new): Body<NewAlertRule>,
) -> Answer<IssuedAlertRule> {
    Ok(Json(add_rule_for(&app, &by.0, new).await?))
}

pub(crate) async fn add_rule_for(
    app: &App,
    caller: &Caller,
    new: NewAlertRule,
) -> Result<IssuedAlertRule, FleetError> {
    caller.check(Role::Administrator, &new.plan.scope)?;
    let (keys, stamp) = (app.keys.clone(), caller.stamp(Timestamp::now()));
    let added = app
        .store
        .run(move |tx| alerts::add(tx, &keys, &new, &stamp));
    Ok(IssuedAlertRule {
        secret: added.await?,
    })
}

/// Tells somebody no more.
#[utoipa::path(
    delete,
    path = "/api/v1/alert-rules/{name}",
    tag = "alerts",
    params(("name" = String, Path)),
    responses((status = 200), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn remove_rule(State(app): Fleet, by: By, Path(name): Path<String>) -> Answer<()> {
    Ok(Json(remove_rule_for(&app, &by.0, name).await?))
}

pub(crate) async fn remove_rule_for(
    app: &App,
    caller: &Caller,
    name: String,
) -> Result<(), FleetError> {
    let (caller, stamp) = (caller.clone(), caller.stamp(Timestamp::now()));
    app.store
        .run(move |tx| alerts::remove(tx, &name, &caller, &stamp))
        .await
}

/// Sends a message at once, to see whether it arrives; 502 says why it was not taken.
#[utoipa::path(
    post,
    path = "/api/v1/alert-rules/{name}/test",
    tag = "alerts",
    params(("name" = String, Path)),
    responses((status = 200), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn try_rule(State(app): Fleet, by: By, Path(name): Path<String>) -> Answer<()> {
    Ok(Json(crate::alerts::trial(&app, name, &by.0).await?))
}
