//! The live view's socket: pictures out, touches in.
//!
//! Out: binary, the first byte says what follows: 1 a PNG of the panel, 2 a JPEG of the
//! television; and as text the panel's tree of elements. In: text, `{"touch": Touch}`.

use std::sync::Arc;

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::Response,
};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use saal_hal::Touch;
use serde::Deserialize;

use super::Shared;
use crate::{input::Input, panel::Picture};

const PANEL: u8 = 1;
const TELEVISION: u8 = 2;
/// A touch is short.
const MAX_MESSAGE: usize = 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FromBrowser {
    touch: Touch,
}

pub(super) async fn live(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .max_message_size(MAX_MESSAGE)
        .on_upgrade(move |socket| serve(socket, shared))
}

async fn serve(socket: WebSocket, shared: Shared) {
    let _viewer = shared.viewers.enter();
    let (sink, stream) = socket.split();
    // What a finger did counts even when the browser is gone before its pictures are sent.
    tokio::select! {
        () = take_touches(stream, &shared) => {}
        () = send_pictures(sink, shared.clone()) => {}
    }
}

async fn take_touches(mut stream: SplitStream<WebSocket>, shared: &Shared) {
    while let Some(Ok(message)) = stream.next().await {
        match message {
            Message::Text(text) => take_touch(shared, &text),
            Message::Close(_) => return,
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => {}
        }
    }
}

/// Sends until the browser takes no more, and then leaves the end to the reading side.
async fn send_pictures(mut sink: SplitSink<WebSocket, Message>, mut shared: Shared) {
    shared.panel.mark_changed();
    // The last picture may be of an earlier call.
    shared.television.mark_unchanged();
    while send_next(&mut sink, &mut shared).await.is_some() {}
    std::future::pending().await
}

async fn send_next(sink: &mut SplitSink<WebSocket, Message>, shared: &mut Shared) -> Option<()> {
    tokio::select! {
        changed = shared.panel.changed() => {
            changed.ok()?;
            let picture = shared.panel.borrow_and_update().clone();
            send_panel(sink, picture).await
        }
        changed = shared.television.changed() => {
            changed.ok()?;
            let jpeg = shared.television.borrow_and_update().clone().unwrap_or_default();
            sink.send(tagged(TELEVISION, &jpeg)).await
        }
    }
    .ok()
}

fn take_touch(shared: &Shared, text: &str) {
    match serde_json::from_str::<FromBrowser>(text) {
        Ok(message) => shared.inputs.send(Input::Touch(message.touch)),
        Err(error) => tracing::warn!(%error, "the web view got a message that is no touch"),
    }
}

async fn send_panel(
    sink: &mut SplitSink<WebSocket, Message>,
    picture: Arc<Picture>,
) -> Result<(), axum::Error> {
    let tree = picture.tree.to_string();
    let png = tokio::task::spawn_blocking(move || picture.png()).await;
    let Ok(png) = png else { return Ok(()) };
    sink.send(tagged(PANEL, &png)).await?;
    sink.send(Message::Text(tree.into())).await
}

fn tagged(tag: u8, bytes: &[u8]) -> Message {
    Message::Binary([&[tag], bytes].concat().into())
}
