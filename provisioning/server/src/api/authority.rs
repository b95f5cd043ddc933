//! The fleet's certificate authority below IT's.

use axum::{Json, extract::State};
use jiff::Timestamp;
use saal_fleet_protocol::{
    authorities,
    fleet::{
        Scope,
        api::{AuthorityCertificate, AuthorityInForce, AuthorityRequest, NewAuthority, Role},
    },
};

use super::{
    extract::{Body, By, Refusals},
    handlers::{Answer, Fleet},
};
use crate::{
    error::FleetError,
    fleet::authority::{self, InForce},
    server::App,
};

/// Who vouches for the server and for devices: the fleet's own authority, or a chain up to IT's root.
#[utoipa::path(
    get,
    path = "/api/v1/authority",
    tag = "authority",
    responses((status = 200, body = AuthorityInForce), Refusals),
    security(("token" = ["viewer"]))
)]
pub(crate) async fn show(State(app): Fleet, by: By) -> Answer<AuthorityInForce> {
    by.within(&Scope::organisation(), Role::Viewer)?;
    Ok(Json(in_force(&app).await?))
}

/// What IT is to sign: an authority below which there is none (pathLen 0), for the fleet's key.
#[utoipa::path(
    get,
    path = "/api/v1/authority/request",
    tag = "authority",
    responses((status = 200, body = AuthorityRequest), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn request(State(app): Fleet, by: By) -> Answer<AuthorityRequest> {
    by.within(&Scope::organisation(), Role::Administrator)?;
    let request = app.authority.request(Timestamp::now());
    let request = request.map_err(|error| FleetError::Crypto(error.to_string()))?;
    Ok(Json(AuthorityRequest { request }))
}

/// Checks what IT signed and puts it into force; each server shows it from its next start on.
#[utoipa::path(
    post,
    path = "/api/v1/authority",
    tag = "authority",
    request_body = NewAuthority,
    responses((status = 200, body = AuthorityInForce), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn install(
    State(app): Fleet,
    by: By,
    Body(new): Body<NewAuthority>,
) -> Answer<AuthorityInForce> {
    by.within(&Scope::organisation(), Role::Administrator)?;
    let stamp = by.0.stamp(Timestamp::now());
    let new = checked(&app, new)?;
    let installed = app
        .store
        .run(move |tx| authority::install(tx, &new, &stamp));
    installed.await?;
    Ok(Json(in_force(&app).await?))
}

fn checked(app: &App, new: NewAuthority) -> Result<InForce, FleetError> {
    let mut names = app.names.clone();
    names.extend(new.names);
    let checked = app.authority.checked(&new.chain, &names, Timestamp::now());
    let until = checked.and_then(|checked| checked.until());
    Ok(InForce {
        until: until.map_err(Box::new)?,
        chain: new.chain,
    })
}

async fn in_force(app: &App) -> Result<AuthorityInForce, FleetError> {
    let known = app.store.read(authority::current).await?;
    // Each start writes it.
    let known = known.ok_or_else(|| FleetError::NotFound {
        what: "authority in force; start a server of this release".to_owned(),
    })?;
    let corrupt = |reason: String| FleetError::Corrupt {
        what: "the authority's chain",
        reason,
    };
    let read = authorities::read(known.chain.as_bytes()).map_err(|e| corrupt(e.to_string()))?;
    let certificate = |one: authorities::Authority| {
        let fingerprint = crate::hash(&one.der).parse();
        Ok(AuthorityCertificate {
            name: one.name,
            until: one.until,
            fingerprint: fingerprint.map_err(|_| corrupt("a hash is none".to_owned()))?,
        })
    };
    let chain: Result<_, FleetError> = read.into_iter().map(certificate).collect();
    Ok(AuthorityInForce {
        chain: chain?,
        until: known.until,
        shown: app.authority.shows(&known.chain),
    })
}
