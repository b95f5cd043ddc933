//! What the sockets of all pages have in common: who may open one, that both ends live, that nobody
//! says too much.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::ws::{Message, WebSocket, WebSocketUpgrade},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::Interval,
};

/// Bytes of the longest message: an answer, in JSON.
const MAX_MESSAGE: usize = 40 * 1024;
/// Pages that are open at a time.
const MOST_PAGES: usize = 16;
/// Messages that a page may send; one that shares needs three.
const MOST_MESSAGES: usize = 100;
/// How often a page is asked whether it is there, and how long it may say nothing.
const PING: Duration = Duration::from_secs(5);
const SILENCE: Duration = Duration::from_secs(16);

/// Places for pages.
#[derive(Clone)]
pub(super) struct Places(Arc<Semaphore>);

impl Default for Places {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_PAGES)))
    }
}

impl Places {
    /// One, until it is dropped.
    pub(super) fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }
}

/// Opens the socket of a page, while there is a place for it; only the room's own pages have one.
pub(super) fn open<S, F>(
    places: &Places,
    headers: &HeaderMap,
    upgrade: WebSocketUpgrade,
    serve: S,
) -> Response
where
    S: FnOnce(WebSocket) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    if !is_own_page(headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Some(place) = places.take() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    upgrade
        .max_message_size(MAX_MESSAGE)
        .on_upgrade(async move |socket| {
            serve(socket).await;
            drop(place);
        })
}

/// Pages that are open, and how each is told something.
pub(super) struct Pages<Id, Reply>(Arc<Mutex<Known<Id, Reply>>>);

/// `None`: nobody is listened to any more.
type Known<Id, Reply> = Option<HashMap<Id, mpsc::UnboundedSender<Reply>>>;

impl<Id, Reply> Clone for Pages<Id, Reply> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Id, Reply> Default for Pages<Id, Reply> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Some(HashMap::new()))))
    }
}

impl<Id: Eq + Hash, Reply> Pages<Id, Reply> {
    /// What a page is told from now on; it ends with the page's right to be there.
    pub(super) fn add(&self, id: Id) -> mpsc::UnboundedReceiver<Reply> {
        let (tell, told) = mpsc::unbounded_channel();
        if let Some(pages) = self.lock().as_mut() {
            pages.insert(id, tell);
        }
        told
    }

    pub(super) fn remove(&self, id: Id) {
        if let Some(pages) = self.lock().as_mut() {
            pages.remove(&id);
        }
    }

    /// Ends all, and those that come over connections which are still open: a listener that stops does
    /// not end what it accepted.
    pub(super) fn close(&self) {
        *self.lock() = None;
    }

    /// One that was closed is told nothing.
    pub(super) fn tell(&self, id: Id, reply: Reply) {
        if let Some(page) = self.lock().as_ref().and_then(|pages| pages.get(&id)) {
            let _ = page.send(reply);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known<Id, Reply>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether it is the room's own page that asks.
pub(super) fn is_own_page(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN).and_then(|origin| origin.strip_prefix("https://"));
    origin.is_some() && origin == text(header::HOST)
}

pub(super) async fn tell(socket: &mut WebSocket, what: &impl Serialize) -> Result<(), axum::Error> {
    let text = serde_json::to_string(what).expect("replies are plain data");
    socket.send(Message::Text(text.into())).await
}

/// One end of a page's conversation with the room.
pub(super) trait Visit {
    /// What the room tells it.
    type Reply;

    /// What the page says, in JSON. False when none of ours would say that, or it has no right to.
    async fn hear(&self, socket: &mut WebSocket, text: &str) -> bool;

    /// A reply in the page's words, and whether it is the last.
    fn word(&self, reply: Self::Reply) -> (impl Serialize, bool);
}

/// Listens to a page and tells it the room's replies, until either side has enough.
pub(super) async fn talk<V: Visit>(
    visit: &V,
    socket: &mut WebSocket,
    replies: &mut mpsc::UnboundedReceiver<V::Reply>,
) {
    let mut pulse = Pulse::new();
    loop {
        tokio::select! {
            message = socket.recv() => {
                let Some(Ok(message)) = message else { return };
                let goes_on = pulse.hears(&message)
                    && match message {
                        Message::Text(text) => visit.hear(socket, &text).await,
                        Message::Ping(_) | Message::Pong(_) => true,
                        Message::Binary(_) | Message::Close(_) => false,
                    };
                if !goes_on {
                    return;
                }
            }
            reply = replies.recv() => {
                let Some(reply) = reply else { return };
                let (word, last) = visit.word(reply);
                if tell(socket, &word).await.is_err() || last {
                    return;
                }
            }
            () = pulse.beat() => {
                if !pulse.ask(socket).await {
                    return;
                }
            }
        }
    }
}

/// Whether a page lives.
struct Pulse {
    ping: Interval,
    heard: Instant,
    messages: usize,
}

impl Pulse {
    fn new() -> Self {
        Self {
            ping: tokio::time::interval(PING),
            heard: Instant::now(),
            messages: 0,
        }
    }

    /// False when it said too much.
    fn hears(&mut self, message: &Message) -> bool {
        self.heard = Instant::now();
        self.messages += usize::from(matches!(message, Message::Text(_)));
        self.messages <= MOST_MESSAGES
    }

    /// Waits for the next time to ask.
    async fn beat(&mut self) {
        self.ping.tick().await;
    }

    /// Asks; false when the page is gone.
    async fn ask(&self, socket: &mut WebSocket) -> bool {
        let silent = self.heard.elapsed() > SILENCE;
        !silent && socket.send(Message::Ping(Vec::new().into())).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_others_have_no_socket() {
        let headers = |origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "192.0.2.7:8443".parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            headers
        };
        assert!(is_own_page(&headers(Some("https://192.0.2.7:8443"))));
        for other in [
            None,
            Some("https://evil.example"),
            Some("http://192.0.2.7:8443"),
            Some("null"),
        ] {
            assert!(!is_own_page(&headers(other)), "{other:?}");
        }
    }
}
