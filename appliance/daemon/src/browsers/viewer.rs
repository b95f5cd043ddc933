//! The socket of the page on which IT looks at the room.
//!
//! JSON, one document a message. From the page: `{"look": {"token": …, "of": "television"}}`,
//! `{"answer": SDP}`. To the page: `"asking"`, `{"offer": SDP}`, `"showing"`, `{"end": "stopped"}`.
//! Whoever stops closes it.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, State, WebSocketUpgrade, ws::WebSocket},
    http::HeaderMap,
    response::Response,
};
use saal_core::{Event, ViewerEnd, ViewerEvent, ViewerId, ViewerReply};
use saal_media_protocol::RoomPicture;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::{
    Shared,
    socket::{self, Visit},
    tls::Ends,
};
use crate::input::Input;

/// Who guesses tokens has time.
const WRONG_TOKEN: Duration = Duration::from_secs(2);

static NEXT: AtomicU64 = AtomicU64::new(1);

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum FromPage {
    /// Whom the room lets ask, and for what.
    Look {
        token: String,
        of: RoomPicture,
    },
    Answer(String),
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum ToPage {
    Asking,
    Offer(String),
    Showing,
    End(&'static str),
}

impl From<ViewerReply> for ToPage {
    fn from(reply: ViewerReply) -> Self {
        match reply {
            ViewerReply::Asking => Self::Asking,
            ViewerReply::Offer(sdp) => Self::Offer(sdp),
            ViewerReply::Showing => Self::Showing,
            ViewerReply::End(why) => Self::End(match why {
                ViewerEnd::Refused => "refused",
                ViewerEnd::Unanswered => "unanswered",
                ViewerEnd::Stopped => "stopped",
                ViewerEnd::Unwanted => "unwanted",
                ViewerEnd::Crowded => "crowded",
                ViewerEnd::Over => "over",
                ViewerEnd::Failed => "failed",
            }),
        }
    }
}

/// Opens the socket; only the room's own page has one.
pub(super) async fn look(
    State(shared): State<Shared>,
    ConnectInfo(ends): ConnectInfo<Ends>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let places = shared.pages.clone();
    socket::open(&places, &headers, upgrade, move |socket| {
        serve(socket, shared, ends)
    })
}

async fn serve(mut socket: WebSocket, shared: Shared, ends: Ends) {
    let viewer = ViewerId(NEXT.fetch_add(1, Ordering::Relaxed));
    let mut replies = shared.viewers.add(viewer);
    let page = Page {
        viewer,
        shared: &shared,
        ends,
    };
    socket::talk(&page, &mut socket, &mut replies).await;
    shared.viewers.remove(viewer);
    tracing::debug!(
        viewer = viewer.0,
        "the page of somebody who looks is closed"
    );
    page.say(ViewerEvent::Gone);
}

struct Page<'a> {
    viewer: ViewerId,
    shared: &'a Shared,
    ends: Ends,
}

impl Visit for Page<'_> {
    type Reply = ViewerReply;

    async fn hear(&self, socket: &mut WebSocket, text: &str) -> bool {
        match serde_json::from_str(text) {
            Ok(FromPage::Look { token, of }) => {
                let (viewer, from) = (self.viewer.0, self.ends.from);
                if !self.may(&token) {
                    tracing::warn!(viewer, %from, "a wrong token to look at the room with");
                    tokio::time::sleep(WRONG_TOKEN).await;
                    let _ = socket::tell(socket, &ToPage::End("wrong")).await;
                    return false;
                }
                tracing::info!(viewer, %from, ?of, "somebody asks to look at the room");
                let address = self.ends.to;
                self.say(ViewerEvent::Asks { of, address });
            }
            Ok(FromPage::Answer(sdp)) => self.say(ViewerEvent::Answers(sdp)),
            // The message may hold a token.
            Err(_) => return false,
        }
        true
    }

    fn word(&self, reply: ViewerReply) -> (impl Serialize, bool) {
        self.note(&reply);
        let last = matches!(reply, ViewerReply::End(_));
        (ToPage::from(reply), last)
    }
}

impl Page<'_> {
    /// For people who want to know who saw them.
    fn note(&self, reply: &ViewerReply) {
        let viewer = self.viewer.0;
        match reply {
            ViewerReply::Asking => {}
            ViewerReply::Offer(_) => tracing::info!(viewer, "people in the room allowed it"),
            ViewerReply::Showing => tracing::info!(viewer, "looks at the room"),
            ViewerReply::End(why) => tracing::info!(viewer, ?why, "does not look any more"),
        }
    }

    fn may(&self, shown: &str) -> bool {
        let token = self.shared.view_token.as_deref();
        token.is_some_and(|token| shown.as_bytes().ct_eq(token.as_bytes()).into())
    }

    fn say(&self, event: ViewerEvent) {
        let event = Event::Viewer(self.viewer, event);
        self.shared.inputs.send(Input::Room(event));
    }
}
