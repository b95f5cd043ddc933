//! Pictures of panel and television.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use saal_core::Event;
use tokio::sync::watch;

use super::Shared;
use crate::input::{Input, Inputs};

/// How long a browser waits for a picture of the television; the engine sends several a second.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many look at the television; the engine makes pictures only for somebody.
#[derive(Clone)]
pub(super) struct Viewers {
    count: Arc<watch::Sender<usize>>,
    inputs: Inputs,
}

impl Viewers {
    pub(super) fn new(inputs: Inputs) -> Self {
        Self {
            count: Arc::new(watch::Sender::new(0)),
            inputs,
        }
    }

    /// One more, until the guard is dropped.
    pub(super) fn enter(&self) -> Viewer {
        self.change(|count| count + 1);
        Viewer(self.clone())
    }

    fn change(&self, by: impl FnOnce(usize) -> usize) {
        self.count.send_modify(|count| {
            *count = by(*count);
            // Inside the lock, so that counts arrive in their order.
            self.inputs
                .send(Input::Room(Event::TelevisionViewers(*count)));
        });
    }
}

/// Somebody who looks at the television.
pub(super) struct Viewer(Viewers);

impl Drop for Viewer {
    fn drop(&mut self) {
        self.0.change(|count| count - 1);
    }
}

pub(super) async fn panel(State(shared): State<Shared>) -> Response {
    shared.inputs.send(Input::Room(Event::RemoteLook));
    let picture = shared.panel.borrow().clone();
    let png = tokio::task::spawn_blocking(move || picture.png()).await;
    match png {
        Ok(png) => ([(header::CONTENT_TYPE, "image/png")], png.to_vec()).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The next picture, so that nobody takes an old one for a live one.
pub(super) async fn television(State(mut shared): State<Shared>) -> Response {
    shared.inputs.send(Input::Room(Event::RemoteLook));
    let _viewer = shared.viewers.enter();
    shared.television.mark_unchanged();
    let next = async {
        loop {
            shared.television.changed().await.ok()?;
            if let Some(jpeg) = shared.television.borrow().clone() {
                return Some(jpeg);
            }
        }
    };
    match tokio::time::timeout(PATIENCE, next).await {
        Ok(Some(jpeg)) => ([(header::CONTENT_TYPE, "image/jpeg")], jpeg.to_vec()).into_response(),
        _ => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the television shows nothing\n",
        )
            .into_response(),
    }
}

/// Pictures for as long as somebody looks (multipart/x-mixed-replace).
pub(super) async fn television_stream(State(mut shared): State<Shared>) -> Response {
    shared.television.mark_unchanged();
    let state = (shared.viewers.enter(), shared.television);
    let parts = stream::unfold(state, |(viewer, mut television)| async move {
        television.changed().await.ok()?;
        let jpeg = television.borrow().clone();
        let part = jpeg.map(|jpeg| part(&jpeg)).unwrap_or_default();
        Some((Ok::<_, Infallible>(part), (viewer, television)))
    });
    let kind = "multipart/x-mixed-replace; boundary=picture";
    ([(header::CONTENT_TYPE, kind)], Body::from_stream(parts)).into_response()
}

fn part(jpeg: &[u8]) -> Vec<u8> {
    let head = format!(
        "--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
        jpeg.len()
    );
    [head.as_bytes(), jpeg, b"\r\n"].concat()
}
