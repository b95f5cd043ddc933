//! People, for programs that manage accounts.

use axum::{
    Json,
    extract::{Path, State},
};
use jiff::Timestamp;
use saal_fleet_protocol::fleet::api::{NewPerson, Person, PersonChange, Welcome};

use super::{
    extract::{Body, By, Refusals},
    handlers::{Answer, Fleet},
};
use crate::{
    error::FleetError,
    fleet::{
        access::Caller,
        people::{self, Invitation},
    },
    server::App,
};

fn welcome(app: &App, invitation: Option<Invitation>) -> Welcome {
    let link = |invitation: &Invitation| format!("{}/welcome/{}", app.url, invitation.token);
    Welcome {
        link: invitation.as_ref().map(link),
        expires: invitation.map(|invitation| invitation.expires),
    }
}

/// People who sign in.
#[utoipa::path(
    get,
    path = "/api/v1/people",
    tag = "access",
    responses((status = 200, body = [Person]), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn all_people(State(app): Fleet, by: By) -> Answer<Vec<Person>> {
    Ok(Json(
        app.store.read(move |tx| people::list(tx, &by.0)).await?,
    ))
}

/// Invites somebody; the link is shown once.
#[utoipa::path(
    post,
    path = "/api/v1/people",
    tag = "access",
    request_body = NewPerson,
    responses((status = 200, body = Welcome), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn invite(
    State(app): Fleet,
    by: By,
    Body(new): Body<NewPerson>,
) -> Answer<Welcome> {
    Ok(Json(invite_for(&app, &by.0, new).await?))
}

pub(crate) async fn invite_for(
    app: &App,
    caller: &Caller,
    new: NewPerson,
) -> Result<Welcome, FleetError> {
    let (keys, caller, stamp) = (
        app.keys.clone(),
        caller.clone(),
        caller.stamp(Timestamp::now()),
    );
    let invited = app
        .store
        .run(move |tx| people::add(tx, &keys, &new, &caller, &stamp));
    Ok(welcome(app, Some(invited.await?)))
}

/// Lets somebody do something else, or invites them anew.
#[utoipa::path(
    put,
    path = "/api/v1/people/{name}",
    tag = "access",
    params(("name" = String, Path)),
    request_body = PersonChange,
    responses((status = 200, body = Welcome), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn change_person(
    State(app): Fleet,
    by: By,
    Path(name): Path<String>,
    Body(change): Body<PersonChange>,
) -> Answer<Welcome> {
    Ok(Json(change_person_for(&app, &by.0, name, change).await?))
}

pub(crate) async fn change_person_for(
    app: &App,
    caller: &Caller,
    name: String,
    change: PersonChange,
) -> Result<Welcome, FleetError> {
    let (keys, caller, stamp) = (
        app.keys.clone(),
        caller.clone(),
        caller.stamp(Timestamp::now()),
    );
    let done = app
        .store
        .run(move |tx| people::change(tx, &keys, (&name, &change), &caller, &stamp));
    Ok(welcome(app, done.await?))
}

/// Somebody is gone, and signed out at once.
#[utoipa::path(
    delete,
    path = "/api/v1/people/{name}",
    tag = "access",
    params(("name" = String, Path)),
    responses((status = 200), Refusals),
    security(("token" = ["administrator"]))
)]
pub(crate) async fn remove_person(
    State(app): Fleet,
    by: By,
    Path(name): Path<String>,
) -> Answer<()> {
    Ok(Json(remove_person_for(&app, &by.0, name).await?))
}

pub(crate) async fn remove_person_for(
    app: &App,
    caller: &Caller,
    name: String,
) -> Result<(), FleetError> {
    let (caller, stamp) = (caller.clone(), caller.stamp(Timestamp::now()));
    app.store
        .run(move |tx| people::remove(tx, &name, &caller, &stamp))
        .await
}
