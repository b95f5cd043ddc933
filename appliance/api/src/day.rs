//! Endpoints about who has the room.

use std::num::NonZeroU16;

use axum::extract::State;
use saal_control::Request;
use saal_meeting::{BookingSpan, DayAction, MeetingId};

use crate::{
    Shared,
    answers::Change,
    handlers::{Done, Sent, have_done, read},
    v1,
};

fn span(minutes: Option<NonZeroU16>) -> BookingSpan {
    minutes.map_or(BookingSpan::UntilNext, BookingSpan::Minutes)
}

async fn day(shared: &Shared, action: DayAction) -> Done {
    have_done(shared, Request::Day { action }).await
}

/// Takes the room from now on.
#[utoipa::path(
    post,
    path = "/v1/book",
    tag = "day",
    request_body = v1::Book,
    responses(Change),
    security(("token" = ["control"]))
)]
pub(crate) async fn book(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::Book { minutes } = read(&body)?;
    let span = span(minutes);
    day(&shared, DayAction::Book { span }).await
}

/// Says that the people of a meeting are there.
#[utoipa::path(
    post,
    path = "/v1/check-in",
    tag = "day",
    request_body = v1::Which,
    responses(Change),
    security(("token" = ["control"]))
)]
pub(crate) async fn check_in(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::Which { meeting } = read(&body)?;
    let meeting = MeetingId(meeting);
    day(&shared, DayAction::CheckIn { meeting }).await
}

/// Says that nobody comes: others may have the room.
#[utoipa::path(
    post,
    path = "/v1/release",
    tag = "day",
    request_body = v1::Which,
    responses(Change),
    security(("token" = ["control"]))
)]
pub(crate) async fn release(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::Which { meeting } = read(&body)?;
    let meeting = MeetingId(meeting);
    day(&shared, DayAction::Release { meeting }).await
}

/// Ends a meeting of the room's own now: others may have the room.
#[utoipa::path(
    post,
    path = "/v1/end",
    tag = "day",
    request_body = v1::Which,
    responses(Change),
    security(("token" = ["control"]))
)]
pub(crate) async fn end(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::Which { meeting } = read(&body)?;
    let meeting = MeetingId(meeting);
    day(&shared, DayAction::End { meeting }).await
}

/// Keeps the room longer than planned.
#[utoipa::path(
    post,
    path = "/v1/extend",
    tag = "day",
    request_body = v1::Extend,
    responses(Change),
    security(("token" = ["control"]))
)]
pub(crate) async fn extend(State(shared): State<Shared>, Sent(body): Sent) -> Done {
    let v1::Extend { meeting, minutes } = read(&body)?;
    let (meeting, span) = (MeetingId(meeting), span(minutes));
    day(&shared, DayAction::Extend { meeting, span }).await
}
