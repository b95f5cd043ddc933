//! What administrators give and take: secrets, tokens, access, webhooks.

use axum::{
    Json,
    extract::{Path, State},
};
use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    Scope,
    api::{
        Access, IssuedAccess, IssuedToken, IssuedWebhook, NewAccess, NewSecret, NewToken,
        NewWebhook, Role, Serials, Token, Webhook,
    },
};

use super::{
    Refused,
    extract::{Body, By, Refusals},
    handlers::{Answer, Fleet},
};
use crate::fleet::{access, hooks, settings, tokens};

/// Sets a secret that lies beside the configuration, or takes it away.
#[utoipa::path(
    put,
    path = "/api/v1/secrets",
    tag = "configuration",
    request_body = NewSecret,
    responses((status = 200), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn secret(State(app): Fleet, by: By, Body(new): Body<NewSecret>) -> Answer<()> {
    by.within(&new.scope, Role::Administrator)?;
    let (keys, stamp) = (app.keys.clone(), by.0.stamp(Timestamp::now()));
    let changed = app
        .store
        .run(move |tx| settings::secret(tx, &keys, &new, &stamp))
        .await?;
    app.hub.wake_all(&changed);
    Ok(Json(()))
}

/// Tokens and serial numbers are the organisation's: what they let in may be put anywhere.
fn everywhere(by: &By) -> Result<(), Refused> {
    by.within(&Scope::organisation(), Role::Administrator)
}

/// Tokens that enrol devices.
#[utoipa::path(
    get,
    path = "/api/v1/tokens",
    tag = "devices",
    responses((status = 200, body = [Token]), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn tokens(State(app): Fleet, by: By) -> Answer<Vec<Token>> {
    everywhere(&by)?;
    Ok(Json(app.store.read(tokens::list).await?))
}

/// Makes a token that enrols devices; it is shown once.
#[utoipa::path(
    post,
    path = "/api/v1/tokens",
    tag = "devices",
    request_body = NewToken,
    responses((status = 200, body = IssuedToken), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn new_token(
    State(app): Fleet,
    by: By,
    Body(new): Body<NewToken>,
) -> Answer<IssuedToken> {
    everywhere(&by)?;
    let stamp = by.0.stamp(Timestamp::now());
    let issued = app
        .store
        .run(move |tx| tokens::issue(tx, &new, &stamp))
        .await?;
    Ok(Json(issued))
}

/// Makes a token useless.
#[utoipa::path(
    delete,
    path = "/api/v1/tokens/{name}",
    tag = "devices",
    params(("name" = String, Path)),
    responses((status = 200), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn remove_token(
    State(app): Fleet,
    by: By,
    Path(name): Path<String>,
) -> Answer<()> {
    everywhere(&by)?;
    let stamp = by.0.stamp(Timestamp::now());
    app.store
        .run(move |tx| tokens::remove(tx, &name, &stamp))
        .await?;
    Ok(Json(()))
}

/// Expects devices by their serial numbers.
#[utoipa::path(
    post,
    path = "/api/v1/serials",
    tag = "devices",
    request_body = Serials,
    responses((status = 200), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn serials(State(app): Fleet, by: By, Body(all): Body<Serials>) -> Answer<()> {
    everywhere(&by)?;
    let stamp = by.0.stamp(Timestamp::now());
    app.store
        .run(move |tx| tokens::expect(tx, &all, &stamp))
        .await?;
    Ok(Json(()))
}

/// Programs that have access.
#[utoipa::path(
    get,
    path = "/api/v1/access",
    tag = "access",
    responses((status = 200, body = [Access]), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn all_access(State(app): Fleet, by: By) -> Answer<Vec<Access>> {
    Ok(Json(
        app.store.read(move |tx| access::list(tx, &by.0)).await?,
    ))
}

/// Gives a program access; its token is shown once.
#[utoipa::path(
    post,
    path = "/api/v1/access",
    tag = "access",
    request_body = NewAccess,
    responses((status = 200, body = IssuedAccess), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn new_access(
    State(app): Fleet,
    by: By,
    Body(new): Body<NewAccess>,
) -> Answer<IssuedAccess> {
    by.within(&new.scope, Role::Administrator)?;
    let stamp = by.0.stamp(Timestamp::now());
    let token = app
        .store
        .run(move |tx| access::grant(tx, &new, &stamp))
        .await?;
    Ok(Json(IssuedAccess { token }))
}

/// Takes a program's access away.
#[utoipa::path(
    delete,
    path = "/api/v1/access/{name}",
    tag = "access",
    params(("name" = String, Path)),
    responses((status = 200), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn remove_access(
    State(app): Fleet,
    by: By,
    Path(name): Path<String>,
) -> Answer<()> {
    let stamp = by.0.stamp(Timestamp::now());
    app.store
        .run(move |tx| access::remove(tx, &name, &by.0, &stamp))
        .await?;
    Ok(Json(()))
}

/// Systems that are told of what happens.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks",
    tag = "webhooks",
    responses((status = 200, body = [Webhook]), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn webhooks(State(app): Fleet, by: By) -> Answer<Vec<Webhook>> {
    Ok(Json(
        app.store.read(move |tx| hooks::list(tx, &by.0)).await?,
    ))
}

/// Tells a system of what happens from now on; its secret is shown once.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks",
    tag = "webhooks",
    request_body = NewWebhook,
    responses((status = 200, body = IssuedWebhook), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn new_webhook(
    State(app): Fleet,
    by: By,
    Body(new): Body<NewWebhook>,
) -> Answer<IssuedWebhook> {
    by.within(&new.scope, Role::Administrator)?;
    let (keys, stamp) = (app.keys.clone(), by.0.stamp(Timestamp::now()));
    let secret = app
        .store
        .run(move |tx| hooks::add(tx, &keys, &new, &stamp))
        .await?;
    Ok(Json(IssuedWebhook { secret }))
}

/// Tells a system no more.
#[utoipa::path(
    delete,
    path = "/api/v1/webhooks/{name}",
    tag = "webhooks",
    params(("name" = String, Path)),
    responses((status = 200), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn remove_webhook(
    State(app): Fleet,
    by: By,
    Path(name): Path<String>,
) -> Answer<()> {
    let stamp = by.0.stamp(Timestamp::now());
    app.store
        .run(move |tx| hooks::remove(tx, &name, &by.0, &stamp))
        .await?;
    Ok(Json(()))
}
