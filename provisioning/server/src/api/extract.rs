//! What a request says, or what is wrong with it in the API's own words.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::request::Parts,
};
use saal_fleet_protocol::fleet::{
    Scope,
    api::{Problem, Role},
};
use serde::de::DeserializeOwned;
use utoipa::IntoResponses;

use super::Refused;
use crate::{error::FleetError, fleet::access::Caller};

/// Who asks, as `authorise` found it.
pub(crate) struct By(pub(crate) Caller);

impl By {
    /// Only where the caller has the role.
    pub(crate) fn within(&self, scope: &Scope, needed: Role) -> Result<(), Refused> {
        Ok(self.0.check(needed, scope)?)
    }
}

impl<S: Sync> FromRequestParts<S> for By {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let caller = parts.extensions.get::<Caller>().cloned();
        caller.map(By).ok_or(Refused(FleetError::Unauthorised))
    }
}

/// A body of JSON, whatever its content type says.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let malformed = |problem: String| Refused(FleetError::Malformed(problem));
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|e| malformed(format!("the body is not read: {e}")))?;
        let read = serde_json::from_slice(&bytes);
        read.map(Self)
            .map_err(|e| malformed(format!("the body is not understood: {e}")))
    }
}

/// What stands behind the question mark.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(asked)| Self(asked)).map_err(|e| {
            let problem = format!("the question is not understood: {}", e.body_text());
            Refused(FleetError::Malformed(problem))
        })
    }
}

/// Why an endpoint does not do what it is asked.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "it describes; handlers answer with an error")]
pub(crate) enum Refusals {
    /// Not understood, or a value that can't be
    #[response(status = 400)]
    Malformed(Problem),
    /// No token, or none that is good
    #[response(status = 401)]
    Unauthorised(Problem),
    /// Not with this role, or not there
    #[response(status = 403)]
    Forbidden(Problem),
    /// There is no such thing
    #[response(status = 404)]
    NotFound(Problem),
    /// As things are, it can't be
    #[response(status = 409)]
    Conflict(Problem),
}
