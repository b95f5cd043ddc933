//! A server that does what no server should.

use std::{
    io::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    http::{Request, Response, header},
};
use flate2::{Compression, write::GzEncoder};
use saal_calendar::caldav::{CalDav, Response as CalDavResponse, Step};
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

use super::*;

pub(super) type Answer = Response<Body>;

/// Answers each question by a function.
pub(super) struct Server {
    pub(super) url: Url,
    task: JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer = Arc::new(answer);
        let handler = move |request: Request<Body>| {
            let answer = answer.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
                answer(&Asked {
                    method: parts.method.to_string(),
                    path: parts.uri.path().to_owned(),
                    body: String::from_utf8_lossy(&body).into_owned(),
                    takes_gzip: parts
                        .headers
                        .get(header::ACCEPT_ENCODING)
                        .is_some_and(|kinds| kinds.to_str().unwrap().contains("gzip")),
                    has_password: parts.headers.contains_key(header::AUTHORIZATION),
                    version: parts
                        .headers
                        .get(header::IF_NONE_MATCH)
                        .map(|etag| etag.to_str().unwrap().to_owned()),
                    matches: parts
                        .headers
                        .get(header::IF_MATCH)
                        .map(|etag| etag.to_str().unwrap().to_owned()),
                })
            }
        };
        let router = Router::new().fallback(handler);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        Self { url, task }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: String,
    has_password: bool,
    takes_gzip: bool,
    version: Option<String>,
    /// `If-Match`.
    pub(super) matches: Option<String>,
}

pub(super) fn status(status: u16) -> axum::http::response::Builder {
    Response::builder().status(status)
}

pub(super) fn multistatus(responses: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\"?><d:multistatus xmlns:d=\"DAV:\" \
         xmlns:c=\"urn:ietf:params:xml:ns:caldav\" xmlns:s=\"http://calendarserver.org/ns/\">\
         {responses}</d:multistatus>"
    );
    status(207).body(Body::from(body)).unwrap()
}

pub(super) fn resource(path: &str, properties: &str) -> String {
    format!(
        "<d:response><d:href>{path}</d:href><d:propstat><d:prop>{properties}</d:prop>\
         <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )
}

pub(super) const CALENDAR: &str = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>";

/// A calendar whose token is always the same, whatever happens.
fn with_a_dead_token(asked: &Asked, events: &[(String, String)]) -> Answer {
    let token = "<d:sync-token>data:1</d:sync-token>";
    if asked.method == "PROPFIND" {
        let reports = "<d:supported-report-set><d:supported-report><d:report><d:sync-collection/>\
                       </d:report></d:supported-report></d:supported-report-set>";
        return multistatus(&resource("/cal/", &format!("{CALENDAR}{token}{reports}")));
    }
    if asked.body.contains("sync-collection") {
        return multistatus(token);
    }
    let with_data = asked.body.contains("calendar-data");
    let of = |(name, text): &(String, String)| {
        let etag = format!("<d:getetag>\"{name}-{}\"</d:getetag>", text.len());
        let data = match with_data {
            true => format!("<c:calendar-data>{text}</c:calendar-data>"),
            false => String::new(),
        };
        resource(&format!("/cal/{name}.ics"), &format!("{etag}{data}"))
    };
    multistatus(&events.iter().map(of).collect::<String>())
}

pub(super) fn dav(url: Url) -> At {
    At::CalDav {
        url,
        login: login(),
    }
}

/// A look at a moment that the source's own clock has not reached.
pub(super) async fn look(dav: &mut CalDav, now: Timestamp) {
    let client = reqwest::Client::new();
    let mut step = dav.look(now);
    while let Step::Ask(request) = step {
        let method = reqwest::Method::from_bytes(request.method.as_bytes()).unwrap();
        let asked = client.request(method, request.url).body(request.body);
        let answer = asked.send().await.unwrap();
        let response = CalDavResponse {
            status: answer.status().as_u16(),
            location: None,
            etag: None,
            retry_after: None,
            body: answer.text().await.unwrap(),
        };
        step = dav.answer(now, &response);
    }
    assert!(matches!(step, Step::Done { .. }), "{step:?}");
}

#[tokio::test]
async fn a_token_that_never_changes_hides_no_meeting_for_long() {
    let events = Arc::new(Mutex::new(vec![("a".to_owned(), event("a", "Weekly", 1))]));
    let server = {
        let events = events.clone();
        Server::start(move |asked| with_a_dead_token(asked, &events.lock().unwrap())).await
    };
    let mut dav = CalDav::new(
        server.url.join("cal/").unwrap(),
        saal_calendar::Reading::WEEKS,
    );
    let mut now = Timestamp::now();
    look(&mut dav, now).await;
    for (turn, name) in ["b", "c"].into_iter().enumerate() {
        events
            .lock()
            .unwrap()
            .push((name.to_owned(), event(name, "Late", 2)));
        now += SignedDuration::from_mins(31);
        look(&mut dav, now).await;
        assert_eq!(
            dav.objects().count(),
            turn + 2,
            "found within the half hour"
        );
    }
    // From now on it is known for what it is.
    assert!(dav.is_compared());
    events
        .lock()
        .unwrap()
        .push(("d".to_owned(), event("d", "At once", 3)));
    look(&mut dav, now + SignedDuration::from_secs(15)).await;
    assert_eq!(dav.objects().count(), 4);
}

#[tokio::test]
async fn a_busy_server_is_left_alone_and_asked_again() {
    let count = Arc::new(AtomicU32::new(0));
    let server = {
        let count = count.clone();
        Server::start(move |asked| match count.fetch_add(1, Ordering::SeqCst) {
            0 => status(429)
                .header("retry-after", "1")
                .body(Body::empty())
                .unwrap(),
            _ => with_a_dead_token(asked, &[("a".to_owned(), event("a", "Weekly", 1))]),
        })
        .await
    };
    let mut sources = start(dav(server.url.clone()), None);
    assert_eq!(
        fails(&mut sources).await,
        "the server is busy; asked again in 1 s"
    );
    shows(&mut sources, &["Weekly"]).await;
}

#[tokio::test]
async fn a_redirect_is_followed_and_no_password_leaves_the_host() {
    let server = Server::start(|asked| {
        if asked.path == "/old/" {
            return status(301)
                .header("location", "/cal/")
                .body(Body::empty())
                .unwrap();
        }
        assert!(
            asked.has_password && asked.method != "GET",
            "{} {}",
            asked.method,
            asked.path
        );
        with_a_dead_token(asked, &[("a".to_owned(), event("a", "Weekly", 1))])
    })
    .await;
    let mut sources = start(dav(server.url.join("old/").unwrap()), None);
    shows(&mut sources, &["Weekly"]).await;

    let elsewhere = Server::start(|_| {
        let location = "https://elsewhere.example/cal/";
        status(302)
            .header("location", location)
            .body(Body::empty())
            .unwrap()
    })
    .await;
    let mut sources = start(dav(elsewhere.url.clone()), None);
    let reason = fails(&mut sources).await;
    assert!(
        reason.contains("https://elsewhere.example/cal/"),
        "{reason}"
    );
}

#[tokio::test]
async fn answers_that_are_none_are_told() {
    let page = "<!DOCTYPE html><html><body>Please sign in</body></html>";
    let server = Server::start(move |_| status(200).body(Body::from(page)).unwrap()).await;
    let mut sources = start(dav(server.url.clone()), None);
    let reason = fails(&mut sources).await;
    assert!(
        reason.starts_with("the server's answer can't be read"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_feed_is_asked_with_its_version_and_followed_to_its_new_place() {
    let text = Arc::new(Mutex::new(event("a", "Weekly", 1)));
    let unchanged = Arc::new(AtomicU32::new(0));
    let server = {
        let (text, unchanged) = (text.clone(), unchanged.clone());
        Server::start(move |asked| {
            if asked.path == "/room.ics" {
                return status(302)
                    .header("location", "/feeds/room.ics")
                    .body(Body::empty())
                    .unwrap();
            }
            let text = text.lock().unwrap().clone();
            let etag = format!("\"{}\"", text.len());
            if asked.version.as_ref() == Some(&etag) {
                unchanged.fetch_add(1, Ordering::SeqCst);
                return status(304).body(Body::empty()).unwrap();
            }
            status(200)
                .header("etag", etag)
                .body(Body::from(text))
                .unwrap()
        })
        .await
    };
    let url = server.url.join("room.ics").unwrap();
    let mut sources = start(At::Feed { url, login: None }, None);
    shows(&mut sources, &["Weekly"]).await;
    while unchanged.load(Ordering::SeqCst) == 0 {
        assert!(matches!(next(&mut sources).await.what, What::Same { .. }));
    }
    *text.lock().unwrap() = event("a", "Weekly, renamed", 1);
    shows(&mut sources, &["Weekly, renamed"]).await;
}

#[tokio::test]
async fn a_page_is_no_calendar() {
    let server = Server::start(|_| status(200).body(Body::from("<html></html>")).unwrap()).await;
    let url = server.url.clone();
    let mut sources = start(At::Feed { url, login: None }, None);
    let reason = fails(&mut sources).await;
    assert!(reason.ends_with("no calendar; is it right?"), "{reason}");
}

#[tokio::test]
async fn what_a_feed_becomes_that_is_damaged_hides_no_meeting() {
    let text = Arc::new(Mutex::new(event("a", "Weekly", 1)));
    let server = {
        let text = text.clone();
        let answer = move |_: &Asked| {
            let body = Body::from(text.lock().unwrap().clone());
            status(200).header("etag", "\"1\"").body(body).unwrap()
        };
        Server::start(answer).await
    };
    let url = server.url.clone();
    let mut sources = start(At::Feed { url, login: None }, None);
    shows(&mut sources, &["Weekly"]).await;
    let both = event("a", "Weekly", 1).replace("END:VCALENDAR\r\n", "")
        + event("b", "Board", 2).trim_start_matches("BEGIN:VCALENDAR\r\n");
    for (damaged, says, title) in [
        ("<html>Please sign in</html>", "is no calendar", "Board"),
        (&both[..both.len() / 3], "breaks off", "Board again"),
    ] {
        *text.lock().unwrap() = damaged.to_owned();
        let news = next_of(&mut sources, |what| !matches!(what, What::Same { .. })).await;
        let What::Failed { reason } = news else {
            panic!("takes the place of what is known: {damaged}");
        };
        assert!(reason.contains(says), "{reason}");
        *text.lock().unwrap() = both.replace("Board", title);
        shows(&mut sources, &["Weekly", title]).await;
    }
}

async fn next_of(sources: &mut Sources, wanted: impl Fn(&What) -> bool) -> What {
    loop {
        let what = next(sources).await.what;
        if wanted(&what) {
            return what;
        }
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_cut() {
    let chunk = "x".repeat(1 << 20);
    let server =
        Server::start(move |_| status(200).body(Body::from(chunk.repeat(51))).unwrap()).await;
    let url = server.url.clone();
    let mut sources = start(At::Feed { url, login: None }, None);
    assert_eq!(
        fails(&mut sources).await,
        "the answer is larger than 50 MiB"
    );
}

fn compressed(text: &[u8]) -> Answer {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    status(200)
        .header("content-encoding", "gzip")
        .body(Body::from(encoder.finish().unwrap()))
        .unwrap()
}

#[tokio::test]
async fn a_feed_comes_compressed_and_what_it_becomes_has_an_end() {
    let server = Server::start(|asked| {
        assert!(asked.takes_gzip);
        match asked.path.as_str() {
            "/room.ics" => compressed(event("a", "Weekly", 1).as_bytes()),
            _ => compressed(&vec![b' '; 51 << 20]),
        }
    })
    .await;
    let url = server.url.join("room.ics").unwrap();
    let mut sources = start(At::Feed { url, login: None }, None);
    shows(&mut sources, &["Weekly"]).await;
    let url = server.url.join("bomb.ics").unwrap();
    let mut sources = start(At::Feed { url, login: None }, None);
    assert_eq!(
        fails(&mut sources).await,
        "the answer is larger than 50 MiB"
    );
}
