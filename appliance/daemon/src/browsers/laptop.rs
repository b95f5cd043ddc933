//! The socket of a laptop's page: a code, what the browser answers, and the end.
//!
//! JSON, one document a message. From the page: `{"code": "123456"}`, `"ready"`, `{"answer": SDP}`.
//! To the page: `{"welcome": {"room": …, "busy": …}}`, `{"refused": {"wait_s": …}}`, `{"offer": SDP}`,
//! `"showing"`, `{"end": "stopped"}`. Whoever stops closes it.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use axum::{
    extract::{
        ConnectInfo, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use saal_core::{Event, LaptopEnd, LaptopEvent, LaptopId, LaptopReply};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::{Shared, tls::Ends};
use crate::input::Input;

/// Bytes of the longest message: an answer, in JSON.
const MAX_MESSAGE: usize = 40 * 1024;
/// Pages that are open at a time.
const MOST_PAGES: usize = 16;
/// Messages that a page may send; one that shares needs three.
const MOST_MESSAGES: usize = 100;
/// How often a page is asked whether it is there, and how long it may say nothing.
const PING: Duration = Duration::from_secs(5);
const SILENCE: Duration = Duration::from_secs(16);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum FromPage {
    Code(String),
    Ready,
    Answer(String),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum ToPage {
    Welcome { room: String, busy: bool },
    Refused { wait_s: u64 },
    Offer(String),
    Showing,
    End(&'static str),
}

impl From<LaptopReply> for ToPage {
    fn from(reply: LaptopReply) -> Self {
        match reply {
            LaptopReply::Welcome { room, busy } => Self::Welcome { room, busy },
            LaptopReply::Refused { wait } => Self::Refused {
                wait_s: wait.map_or(0, |wait| wait.as_secs() + 1),
            },
            LaptopReply::Offer(sdp) => Self::Offer(sdp),
            LaptopReply::Showing => Self::Showing,
            LaptopReply::End(why) => Self::End(match why {
                LaptopEnd::Stopped => "stopped",
                LaptopEnd::Replaced => "replaced",
                LaptopEnd::Late => "late",
                LaptopEnd::Failed => "failed",
            }),
        }
    }
}

/// Opens a page's socket; only the room's own page has one.
pub(super) async fn visit(
    State(shared): State<Shared>,
    ConnectInfo(ends): ConnectInfo<Ends>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN).and_then(|origin| origin.strip_prefix("https://"));
    if origin.is_none() || origin != text(header::HOST) {
        return StatusCode::FORBIDDEN.into_response();
    }
    if shared.laptops.lock().len() >= MOST_PAGES {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    upgrade
        .max_message_size(MAX_MESSAGE)
        .on_upgrade(move |socket| serve(socket, shared, ends))
}

async fn serve(mut socket: WebSocket, shared: Shared, ends: Ends) {
    let laptop = LaptopId(shared.next.fetch_add(1, Ordering::Relaxed));
    let (tell, mut replies) = mpsc::unbounded_channel();
    shared.laptops.lock().insert(laptop, tell);
    let page = Page {
        laptop,
        shared: &shared,
        ends,
    };
    page.talk(&mut socket, &mut replies).await;
    shared.laptops.lock().remove(&laptop);
    page.say(LaptopEvent::Gone);
}

struct Page<'a> {
    laptop: LaptopId,
    shared: &'a Shared,
    ends: Ends,
}

impl Page<'_> {
    /// Until either side has enough.
    async fn talk(
        &self,
        socket: &mut WebSocket,
        replies: &mut mpsc::UnboundedReceiver<LaptopReply>,
    ) {
        let mut ping = tokio::time::interval(PING);
        let (mut heard, mut messages) = (Instant::now(), 0);
        loop {
            tokio::select! {
                message = socket.recv() => {
                    let Some(Ok(message)) = message else { return };
                    heard = Instant::now();
                    messages += usize::from(matches!(message, Message::Text(_)));
                    if messages > MOST_MESSAGES || !self.hear(&message) {
                        return;
                    }
                }
                Some(reply) = replies.recv() => {
                    let over = matches!(reply, LaptopReply::End(_));
                    let text = serde_json::to_string(&ToPage::from(reply));
                    let text = text.expect("replies are plain data");
                    if socket.send(Message::Text(text.into())).await.is_err() || over {
                        return;
                    }
                }
                _ = ping.tick() => {
                    let silent = heard.elapsed() > SILENCE;
                    if silent || socket.send(Message::Ping(Vec::new().into())).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// False when the page says what none of ours would.
    fn hear(&self, message: &Message) -> bool {
        let text = match message {
            Message::Text(text) => text,
            Message::Ping(_) | Message::Pong(_) => return true,
            Message::Binary(_) | Message::Close(_) => return false,
        };
        let event = match serde_json::from_str(text) {
            Ok(FromPage::Code(code)) => LaptopEvent::Knocks {
                code,
                from: self.ends.from,
            },
            Ok(FromPage::Ready) => LaptopEvent::Ready {
                address: self.ends.to,
            },
            Ok(FromPage::Answer(sdp)) => LaptopEvent::Answers(sdp),
            Err(error) => {
                tracing::warn!(%error, "a laptop's page said something else");
                return false;
            }
        };
        self.say(event);
        true
    }

    fn say(&self, event: LaptopEvent) {
        let event = Event::Laptop(self.laptop, event);
        self.shared.inputs.send(Input::Room(event));
    }
}
