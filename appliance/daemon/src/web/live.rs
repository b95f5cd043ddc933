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

async fn serve(mut socket: WebSocket, mut shared: Shared) {
    let _viewer = shared.viewers.enter();
    shared.panel.mark_changed();
    loop {
        let sent = tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    take_touch(&shared, &text);
                    Ok(())
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => Ok(()),
            },
            changed = shared.panel.changed() => {
                if changed.is_err() { return }
                let picture = shared.panel.borrow_and_update().clone();
                send_panel(&mut socket, picture).await
            }
            changed = shared.television.changed() => {
                if changed.is_err() { return }
                let jpeg = shared.television.borrow_and_update().clone();
                let jpeg = jpeg.unwrap_or_default();
                socket.send(tagged(TELEVISION, &jpeg)).await
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

fn take_touch(shared: &Shared, text: &str) {
    match serde_json::from_str::<FromBrowser>(text) {
        Ok(message) => shared.inputs.send(Input::Touch(message.touch)),
        Err(error) => tracing::warn!(%error, "the web view got a message that is no touch"),
    }
}

async fn send_panel(socket: &mut WebSocket, picture: Arc<Picture>) -> Result<(), axum::Error> {
    let tree = picture.tree.to_string();
    let png = tokio::task::spawn_blocking(move || picture.png()).await;
    let Ok(png) = png else { return Ok(()) };
    socket.send(tagged(PANEL, &png)).await?;
    socket.send(Message::Text(tree.into())).await
}

fn tagged(tag: u8, bytes: &[u8]) -> Message {
    Message::Binary([&[tag], bytes].concat().into())
}
