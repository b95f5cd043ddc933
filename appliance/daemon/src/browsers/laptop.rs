//! The socket of a laptop's page: a code, what the browser answers, and the end.
//!
//! JSON, one document a message. From the page: `{"code": "123456"}`, `{"ready": {"sound": true}}`, `{"answer": SDP}`.
//! To the page: `{"welcome": {"room": …, "busy": …}}`, `{"refused": {"wait_s": …}}`, `{"offer": SDP}`,
//! `"showing"`, `{"end": "stopped"}`. Whoever stops closes it.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::{
    extract::{ConnectInfo, State, WebSocketUpgrade, ws::WebSocket},
    http::HeaderMap,
    response::Response,
};
use saal_core::{Event, LaptopEnd, LaptopEvent, LaptopId, LaptopReply};
use serde::{Deserialize, Serialize};

use super::{
    Shared,
    socket::{self, Visit},
    tls::Ends,
};
use crate::input::Input;

/// Laptops are counted over all configurations.
static NEXT: AtomicU64 = AtomicU64::new(1);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum FromPage {
    Code(String),
    Ready { sound: bool },
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
    let places = shared.pages.clone();
    socket::open(&places, &headers, upgrade, move |socket| {
        serve(socket, shared, ends)
    })
}

async fn serve(mut socket: WebSocket, shared: Shared, ends: Ends) {
    let laptop = LaptopId(NEXT.fetch_add(1, Ordering::Relaxed));
    let mut replies = shared.laptops.add(laptop);
    let page = Page {
        laptop,
        shared: &shared,
        ends,
    };
    socket::talk(&page, &mut socket, &mut replies).await;
    shared.laptops.remove(laptop);
    page.say(LaptopEvent::Gone);
}

struct Page<'a> {
    laptop: LaptopId,
    shared: &'a Shared,
    ends: Ends,
}

impl Visit for Page<'_> {
    type Reply = LaptopReply;

    async fn hear(&self, _: &mut WebSocket, text: &str) -> bool {
        let event = match serde_json::from_str(text) {
            Ok(FromPage::Code(code)) => LaptopEvent::Knocks {
                code,
                from: self.ends.from,
            },
            Ok(FromPage::Ready { sound }) => LaptopEvent::Ready {
                address: self.ends.to,
                sound,
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

    fn word(&self, reply: LaptopReply) -> (impl Serialize, bool) {
        let last = matches!(reply, LaptopReply::End(_));
        (ToPage::from(reply), last)
    }
}

impl Page<'_> {
    fn say(&self, event: LaptopEvent) {
        let event = Event::Laptop(self.laptop, event);
        self.shared.inputs.send(Input::Room(event));
    }
}
