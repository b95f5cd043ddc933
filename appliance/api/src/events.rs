//! What happens in the room, as it happens.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use saal_control::{Reply, Request};
use tokio::sync::OwnedSemaphorePermit;

use crate::{Api, Shared, problem::Problem, v1::Status};

/// Changes that come together are one.
const PAUSE: Duration = Duration::from_millis(200);
/// How often a silent listener hears that the room is there.
const ALIVE: Duration = Duration::from_secs(15);

/// The room as it is, and again whenever it is other: events named `status` with the document of `/v1/status`.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "room",
    responses(
        (status = 200, description = "Server-sent events", content_type = "text/event-stream", body = String),
        (status = 429, description = "Too many listen", body = Problem),
    ),
    security(("token" = ["read"]))
)]
pub(crate) async fn events(
    State(shared): State<Shared>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let place = Arc::clone(&shared.listeners).try_acquire_owned();
    let place = place.map_err(|_| Problem::too_many("too many listen to events; try later", 60))?;
    let mut api = shared.api;
    api.changed.mark_changed();
    let listener = Listener {
        api,
        told: None,
        _place: place,
    };
    let events = stream::unfold(listener, async |mut listener| {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE)))
}

struct Listener {
    api: Api,
    told: Option<Status>,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    async fn next(&mut self) -> Option<Event> {
        loop {
            self.api.changed.changed().await.ok()?;
            tokio::time::sleep(PAUSE).await;
            self.api.changed.borrow_and_update();
            let Reply::Status(status) = (self.api.ask)(Request::Status {}).await? else {
                return None;
            };
            let status = Status::from(*status);
            if self.told.as_ref() != Some(&status) {
                let event = Event::default().event("status").json_data(&status).ok();
                self.told = Some(status);
                return event;
            }
        }
    }
}
