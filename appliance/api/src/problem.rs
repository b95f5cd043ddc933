//! What is answered when something is not done.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use saal_control::{ErrorCode, Refused};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something was not done, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// For programs, such as `not_in_call`.
    pub code: String,
    /// For people, one line of English: what is wrong and what to do.
    pub message: String,
    #[serde(skip)]
    #[schema(ignore)]
    pub(crate) status: u16,
    /// Seconds after which it may go better.
    #[serde(skip)]
    #[schema(ignore)]
    pub(crate) wait: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            status: status.as_u16(),
            wait: None,
        }
    }

    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", message)
    }

    pub(crate) fn stopping() -> Self {
        let message = "the room is going down; try again in a moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", message)
    }

    /// Too many at a time.
    pub(crate) fn too_many(message: &str, wait: u64) -> Self {
        Self {
            wait: Some(wait),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", message)
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let status = match refused.code {
            ErrorCode::Malformed | ErrorCode::NotMutable => StatusCode::BAD_REQUEST,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::UnsupportedVersion => StatusCode::INTERNAL_SERVER_ERROR,
            // The room is not as it would have to be.
            _ => StatusCode::CONFLICT,
        };
        Self::new(status, refused.code.as_str(), refused.message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let wait = self.wait;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        if let Some(wait) = wait {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

pub(crate) async fn no_such_endpoint() -> Problem {
    let message = "there is no such endpoint; /v1/openapi.json lists all";
    Problem::new(StatusCode::NOT_FOUND, "no_endpoint", message)
}

pub(crate) async fn no_such_method() -> Problem {
    let message = "this endpoint takes another method; /v1/openapi.json lists all";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no_method", message)
}
