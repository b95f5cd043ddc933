//! The live view's socket: pictures out, touches and keys in.
//!
//! Out: binary, the first byte says what follows: 1 a PNG of the panel, 2 a JPEG of the
//! television; and as text the panel's tree of elements. In: text, `{"touch": Touch}` or `{"key": Key}`.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{
        ConnectInfo, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::Response,
};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use saal_hal::{Key, Touch};
use serde::Deserialize;

use super::Shared;
use crate::{input::Input, panel::Picture};

const PANEL: u8 = 1;
const TELEVISION: u8 = 2;
/// A touch is short.
const MAX_MESSAGE: usize = 1024;

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum FromBrowser {
    Touch(Touch),
    Key(Key),
}

pub(super) async fn live(
    State(shared): State<Shared>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    upgrade: WebSocketUpgrade,
) -> Response {
    // A panel that is a browser runs on this machine.
    let present = from.ip().to_canonical().is_loopback();
    upgrade
        .max_message_size(MAX_MESSAGE)
        .on_upgrade(move |socket| serve(socket, shared, present))
}

async fn serve(socket: WebSocket, shared: Shared, present: bool) {
    let _viewer = shared.viewers.enter();
    let (sink, stream) = socket.split();
    // What a finger did counts even when the browser is gone before its pictures are sent.
    tokio::select! {
        () = take_input(stream, &shared, present) => {}
        () = send_pictures(sink, shared.clone()) => {}
    }
}

async fn take_input(mut stream: SplitStream<WebSocket>, shared: &Shared, present: bool) {
    while let Some(Ok(message)) = stream.next().await {
        match message {
            Message::Text(text) => take_message(shared, &text, present),
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

fn take_message(shared: &Shared, text: &str, present: bool) {
    let input = match serde_json::from_str::<FromBrowser>(text) {
        Ok(FromBrowser::Touch(touch)) if present => Input::Touch(touch),
        Ok(FromBrowser::Touch(touch)) => Input::RemoteTouch(touch),
        Ok(FromBrowser::Key(key)) if present => Input::Key(key),
        Ok(FromBrowser::Key(key)) => Input::RemoteKey(key),
        // Which key it was is not for the log.
        Err(_) => {
            return tracing::warn!("the web view got a message that is no touch and no key");
        }
    };
    shared.inputs.send(input);
}

async fn send_panel(
    sink: &mut SplitSink<WebSocket, Message>,
    picture: Arc<Picture>,
) -> Result<(), axum::Error> {
    let tree = serde_json::to_string(&picture.tree()).unwrap_or_default();
    let png = tokio::task::spawn_blocking(move || picture.moving_png()).await;
    let Ok(png) = png else { return Ok(()) };
    sink.send(tagged(PANEL, &png)).await?;
    sink.send(Message::Text(tree.into())).await
}

fn tagged(tag: u8, bytes: &[u8]) -> Message {
    Message::Binary([&[tag], bytes].concat().into())
}
