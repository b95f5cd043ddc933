//! Tells a page that something happened; the page draws itself anew.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use tokio::{sync::watch, time::Instant};

use super::{Shared, View};

/// Whatever happens, a page is drawn anew at most so often.
const PAUSE: Duration = Duration::from_secs(2);
/// Then the browser asks again, and has to be signed in still.
const LONGEST: Duration = Duration::from_secs(15 * 60);

struct Listener {
    news: watch::Receiver<()>,
    stopping: watch::Receiver<bool>,
    ends: Instant,
    not_before: Instant,
}

impl Listener {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        tokio::select! {
            changed = self.news.changed() => changed.ok()?,
            () = tokio::time::sleep_until(self.ends) => return None,
            () = stopped(&mut self.stopping) => return None,
        }
        tokio::time::sleep_until(self.not_before).await;
        self.news.mark_unchanged();
        self.not_before = Instant::now() + PAUSE;
        Some((Ok(Event::default().data("changed")), self))
    }
}

/// Until the server goes down.
pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

pub(crate) async fn news(
    State(app): State<Shared>,
    _: View,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let now = Instant::now();
    let listener = Listener {
        news: app.store.news(),
        stopping: app.stopping.clone(),
        ends: now + LONGEST,
        not_before: now,
    };
    Sse::new(stream::unfold(listener, Listener::next)).keep_alive(KeepAlive::default())
}
