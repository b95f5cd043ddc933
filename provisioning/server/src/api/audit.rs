//! The log of what was done.

use axum::{Json, extract::State};
use saal_fleet_protocol::fleet::{
    Scope,
    api::{AuditCheck, AuditPage, Role},
};

use super::{
    extract::{Asked, By, Refusals},
    handlers::{Answer, Fleet},
};
use crate::fleet::audit;

/// What was done, by whom and when; the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    tag = "audit",
    params(audit::Query),
    responses((status = 200, body = AuditPage), Refusals),
    security(("token" = ["viewer"]))
)]
#[allow(clippy::module_name_repetitions, reason = "it is the operation's name")]
pub(crate) async fn audit(
    State(app): Fleet,
    by: By,
    Asked(query): Asked<audit::Query>,
) -> Answer<AuditPage> {
    let found = app
        .store
        .read(move |tx| audit::list(tx, &by.0.grants, &query))
        .await?;
    Ok(Json(found))
}

/// Whether nobody has changed the log: reads all of it.
#[utoipa::path(
    get,
    path = "/api/v1/audit/check",
    tag = "audit",
    responses((status = 200, body = AuditCheck), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn audit_check(State(app): Fleet, by: By) -> Answer<AuditCheck> {
    by.within(&Scope::organisation(), Role::Administrator)?;
    Ok(Json(app.store.read(audit::check).await?))
}
