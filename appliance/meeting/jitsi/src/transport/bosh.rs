//! XMPP over HTTP requests (XEP-0124, XEP-0206), for networks where no WebSocket gets through.
//!
//! To the conference it looks like the WebSocket: `<open/>` and `<close/>` of RFC 7395 become the
//! beginning, restart and end of a BOSH session.

use std::{future::Future, pin::Pin, time::Duration};

use futures_util::{StreamExt as _, stream::FuturesOrdered};
use tokio::sync::mpsc;
use url::Url;

use super::{Closed, SocketEvent, http};
use crate::protocol::xml::Element;

const HTTPBIND: &str = "http://jabber.org/protocol/httpbind";
const XBOSH: &str = "urn:xmpp:xbosh";
const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";
/// The server answers at the latest after this many seconds.
const WAIT_SECONDS: u64 = 60;
/// Then it has this long for the way.
const ANSWER_WITHIN: Duration = Duration::from_secs(WAIT_SECONDS + 15);
/// With one request held, a second one is for what we have to say.
const MOST_REQUESTS: usize = 2;

type Answers = FuturesOrdered<Pin<Box<dyn Future<Output = Result<String, Closed>> + Send>>>;

/// Carries frames until the server ends the session or `frames` ends; then what is queued is
/// still sent.
pub(crate) async fn carry(
    client: reqwest::Client,
    url: Url,
    first_rid: u64,
    mut frames: mpsc::UnboundedReceiver<String>,
    tell: impl Fn(SocketEvent),
) {
    let mut session = Session {
        client,
        url,
        rid: first_rid,
        sid: None,
        answers: FuturesOrdered::new(),
        queue: Vec::new(),
    };
    tell(SocketEvent::Opened);
    let closed = loop {
        session.send_queued();
        let open = session.answers.len() < MOST_REQUESTS;
        tokio::select! {
            frame = frames.recv(), if open => match frame {
                Some(frame) => {
                    session.queue.push(frame);
                    // What is said at once goes in one request.
                    while let Ok(more) = frames.try_recv() {
                        session.queue.push(more);
                    }
                }
                None => break session.end().await,
            },
            Some(answer) = session.answers.next() => {
                let heard = answer.and_then(|text| session.hear(&text, &tell));
                if let Err(closed) = heard {
                    break closed;
                }
                session.hold();
            }
        }
    };
    tell(SocketEvent::Closed(closed));
}

struct Session {
    client: reqwest::Client,
    url: Url,
    /// Number of the next request.
    rid: u64,
    /// The server's name for the session; `None` before its first answer.
    sid: Option<String>,
    answers: Answers,
    queue: Vec<String>,
}

impl Session {
    /// The body of the next request.
    fn body(&mut self) -> Element {
        let body = Element::new("body", HTTPBIND)
            .with("rid", self.rid.to_string())
            .with_some("sid", self.sid.clone());
        self.rid += 1;
        body
    }

    /// Sends what is queued; the session's first request goes alone, its answer names the session.
    fn send_queued(&mut self) {
        if self.queue.is_empty() || (self.sid.is_none() && !self.answers.is_empty()) {
            return;
        }
        let mut body = self.body();
        for frame in std::mem::take(&mut self.queue) {
            let Ok(element) = Element::parse(&frame) else {
                continue;
            };
            match element.name.as_str() {
                "open" if element.ns == FRAMING => body = self.beginning(body, &element),
                "close" if element.ns == FRAMING => body = body.with("type", "terminate"),
                _ => body.push(element),
            }
        }
        self.post(&body);
    }

    /// The first `<open/>` makes the session, later ones restart its stream.
    fn beginning(&self, body: Element, open: &Element) -> Element {
        let body = body
            .with_some("to", open.attr("to").map(str::to_owned))
            .with("xmlns:xmpp", XBOSH);
        if self.sid.is_some() {
            return body.with("xmpp:restart", "true");
        }
        body.with("xmpp:version", "1.0")
            .with("ver", "1.6")
            .with("wait", WAIT_SECONDS.to_string())
            .with("hold", "1")
    }

    /// The server needs a request that it can answer when it has something to say.
    fn hold(&mut self) {
        if self.answers.is_empty() && self.queue.is_empty() {
            let body = self.body();
            self.post(&body);
        }
    }

    fn post(&mut self, body: &Element) {
        let request = self
            .client
            .post(self.url.clone())
            .timeout(ANSWER_WITHIN)
            .header("content-type", "text/xml; charset=utf-8")
            .body(body.to_xml());
        let host = self.url.host_str().unwrap_or_default().to_owned();
        self.answers.push_back(Box::pin(async move {
            let response = request
                .send()
                .await
                .map_err(|e| closed(http::unanswered(e), &host))?;
            match http::read(response).await.map_err(|e| closed(e, &host))? {
                (200, text) => Ok(text),
                (status, _) => Err(Closed::because(format!("the server answers {status}"))),
            }
        }));
    }

    /// Hands on what an answer brings.
    fn hear(&mut self, text: &str, tell: &impl Fn(SocketEvent)) -> Result<(), Closed> {
        let body = Element::parse(text).map_err(Closed::because)?;
        if body.attr("type") == Some("terminate") {
            let condition = body.attr("condition").unwrap_or("no reason");
            return Err(Closed::because(format!(
                "the server ends the session: {condition}"
            )));
        }
        if let (None, Some(sid)) = (&self.sid, body.attr("sid")) {
            self.sid = Some(sid.to_owned());
        }
        for element in body.elements() {
            if element.name == "features" {
                let open = Element::new("open", FRAMING).with("version", "1.0");
                tell(SocketEvent::Text(open.to_xml()));
            }
            tell(SocketEvent::Text(element.to_xml()));
        }
        Ok(())
    }

    /// What was queued, then the end of the session.
    async fn end(&mut self) -> Closed {
        if self.sid.is_some() {
            self.queue.push(Element::new("close", FRAMING).to_xml());
            self.send_queued();
            while let Some(Ok(_)) = self.answers.next().await {}
        }
        Closed::because("closed here")
    }
}

fn closed(unanswered: http::Unanswered, host: &str) -> Closed {
    Closed {
        reason: unanswered.reason,
        untrusted: unanswered.untrusted.then(|| host.to_owned()),
    }
}
