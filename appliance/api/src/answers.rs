//! What a request to do something is answered with, for the description of the API.

use utoipa::IntoResponses;

use crate::problem::Problem;

/// Of the call.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "it describes; handlers answer with a status")]
pub(crate) enum Outcome {
    /// Done, or begun
    #[response(status = 204)]
    Done,
    /// Not understood
    #[response(status = 400)]
    Malformed(Problem),
    /// The room is not as it would have to be
    #[response(status = 409)]
    NotNow(Problem),
}

/// Of a request that says nothing that could be misunderstood.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "it describes; handlers answer with a status")]
pub(crate) enum Wordless {
    /// Done, or begun
    #[response(status = 204)]
    Done,
    /// The room is not as it would have to be
    #[response(status = 409)]
    NotNow(Problem),
}

/// Of the room's time.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "it describes; handlers answer with a status")]
pub(crate) enum Change {
    /// Done; the calendar follows
    #[response(status = 204)]
    Done,
    /// Not understood
    #[response(status = 400)]
    Malformed(Problem),
    /// The room is not as it would have to be
    #[response(status = 409)]
    NotNow(Problem),
}
