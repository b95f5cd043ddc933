//! A server that schedules (RFC 6638), as Radicale and Xandikos do not: it lays what organisers ask for into the room's calendar
//! and inbox, and tells them what the room answers. It is found by its domain's well-known address, which leads elsewhere.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::body::Body;

use super::{
    badly::{Answer, Asked, CALENDAR, Server, dav, multistatus, resource, status},
    *,
};

const ROOM: &str = "hall@example.org";
/// Whose calendar it is; the room's configuration does not tell.
const PRINCIPAL: &str = "<c:calendar-user-address-set><d:href>mailto:hall@example.org</d:href><d:href>/u/room/</d:href>\
                         </c:calendar-user-address-set><c:schedule-inbox-URL><d:href>/dav/room/inbox/</d:href>\
                         </c:schedule-inbox-URL><c:schedule-outbox-URL><d:href>/dav/room/outbox/</d:href>\
                         </c:schedule-outbox-URL><c:calendar-home-set><d:href>/dav/room/</d:href></c:calendar-home-set>";
const HOME: &str = "/dav/room/cal/";
const INBOX: &str = "/dav/room/inbox/";

/// What the server holds.
#[derive(Default)]
struct Held {
    /// The room's copies by UID, with how often each was written.
    calendar: BTreeMap<String, (u32, String)>,
    /// Messages by their names.
    inbox: BTreeMap<String, String>,
    /// How many there ever were.
    messages: usize,
    /// What organisers were told: the room's participation and the UID.
    replies: Vec<String>,
    /// Where the room wrote.
    written: Vec<String>,
}

impl Held {
    fn lay(&mut self, uid: &str, text: String) {
        let times = self.calendar.get(uid).map_or(0, |(times, _)| *times);
        self.calendar.insert(uid.to_owned(), (times + 1, text));
    }

    /// What an organiser wants is told beside.
    fn tell(&mut self, method: &str, text: &str) {
        self.messages += 1;
        let text = text.replace("BEGIN:VEVENT", &format!("METHOD:{method}\r\nBEGIN:VEVENT"));
        self.inbox.insert(format!("{}.ics", self.messages), text);
    }

    fn message(&mut self, asked: &Asked, name: &str) -> Answer {
        let etag = format!("\"{name}\"");
        match (asked.method.as_str(), self.inbox.get(name)) {
            ("GET", Some(text)) => {
                let body = Body::from(text.clone());
                status(200).header("etag", etag).body(body).unwrap()
            }
            ("DELETE", Some(_)) if asked.matches.as_ref() == Some(&etag) => {
                self.inbox.remove(name);
                empty(204)
            }
            ("DELETE", Some(_)) => empty(412),
            _ => empty(404),
        }
    }

    fn messages(&self) -> Answer {
        let of = |name: &String| {
            let etag = format!("<d:getetag>\"{name}\"</d:getetag>");
            resource(&format!("{INBOX}{name}"), &etag)
        };
        let folder = resource(INBOX, "<d:resourcetype><d:collection/></d:resourcetype>");
        multistatus(&(folder + &self.inbox.keys().map(of).collect::<String>()))
    }

    fn etag(&self, uid: &str) -> String {
        let times = self.calendar.get(uid).map_or(0, |(times, _)| *times);
        format!("\"{uid}-{times}\"")
    }

    fn objects(&self, asked: &Asked) -> Answer {
        let with_data = asked.body.contains("calendar-data");
        let wanted = |uid: &str| {
            !asked.body.contains("calendar-multiget") || asked.body.contains(&format!("{uid}.ics"))
        };
        let of = |(uid, (_, text)): (&String, &(u32, String))| {
            let etag = format!("<d:getetag>{}</d:getetag>", self.etag(uid));
            let data = match with_data {
                true => format!("<c:calendar-data>{text}</c:calendar-data>"),
                false => String::new(),
            };
            resource(&format!("{HOME}{uid}.ics"), &format!("{etag}{data}"))
        };
        let all = self.calendar.iter().filter(|(uid, _)| wanted(uid));
        multistatus(&all.map(of).collect::<String>())
    }

    /// The room changes its copy: its organiser is told what it answers (RFC 6638 section 3.2.2.3).
    fn put(&mut self, asked: &Asked) -> Answer {
        self.written.push(asked.path.clone());
        let name = asked.path.strip_prefix(HOME);
        let Some(uid) = name.and_then(|name| name.strip_suffix(".ics")) else {
            return empty(403);
        };
        if asked.matches.as_ref() != Some(&self.etag(uid)) {
            return empty(412);
        }
        let unfolded = asked.body.replace("\r\n ", "");
        let mut lines = unfolded.lines();
        let of_room = lines.find(|line| line.starts_with("ATTENDEE") && line.contains(ROOM));
        let answers = ["ACCEPTED", "DECLINED"];
        let said = answers
            .iter()
            .find(|answer| of_room.is_some_and(|line| line.contains(**answer)));
        self.replies
            .extend(said.map(|said| format!("{said} {uid}")));
        self.lay(uid, asked.body.clone());
        empty(204)
    }

    fn answer(&mut self, asked: &Asked) -> Answer {
        let collection = |path: &str, kind: &str| {
            let kind = format!("<d:resourcetype><d:collection/><c:{kind}/></d:resourcetype>");
            resource(path, &kind)
        };
        match (asked.method.as_str(), asked.path.as_str()) {
            ("PROPFIND", "/.well-known/caldav") => status(301)
                .header("location", "/dav/")
                .body(Body::empty())
                .unwrap(),
            ("PROPFIND", "/dav/") => multistatus(&resource(
                "/dav/",
                "<d:current-user-principal><d:href>/u/room/</d:href></d:current-user-principal>",
            )),
            ("PROPFIND", "/u/room/") => multistatus(&resource("/u/room/", PRINCIPAL)),
            ("PROPFIND", "/dav/room/") => multistatus(
                &[
                    collection("/dav/room/inbox/", "schedule-inbox"),
                    collection("/dav/room/outbox/", "schedule-outbox"),
                    resource(HOME, CALENDAR),
                ]
                .concat(),
            ),
            ("PROPFIND", INBOX) => self.messages(),
            (_, path) if path.starts_with(INBOX) => self.message(asked, &path[INBOX.len()..]),
            ("PROPFIND", HOME) => multistatus(&resource(HOME, CALENDAR)),
            ("REPORT", HOME) => self.objects(asked),
            ("PUT", _) => self.put(asked),
            // The domain's own web server has pages.
            _ => empty(405),
        }
    }
}

fn empty(code: u16) -> Answer {
    status(code).body(Body::empty()).unwrap()
}

/// The server, and the organiser in front of it.
struct Office {
    _server: Server,
    held: Arc<Mutex<Held>>,
    sources: Sources,
    /// Titles on the panel.
    shown: Vec<String>,
}

impl Office {
    async fn open() -> Self {
        let held: Arc<Mutex<Held>> = Arc::default();
        let holds = held.clone();
        let server = Server::start(move |asked| holds.lock().unwrap().answer(asked)).await;
        let source = Source {
            answers: Answers::WhenFree,
            ..source(dav(server.url.clone()))
        };
        let sources = Sources::start(vec![source], settings(None), Pace::new(1));
        Self {
            _server: server,
            held,
            sources,
            shown: Vec::new(),
        }
    }

    /// The organiser asks the room for this hour, for the nth time.
    fn request(&self, uid: &str, hours: i64, sequence: u32) {
        let more = format!(
            "SEQUENCE:{sequence}\r\nORGANIZER:mailto:alice@example.org\r\n\
             ATTENDEE;CUTYPE=ROOM;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{ROOM}\r\nLOCATION:"
        );
        let text = event(uid, uid, hours).replace("LOCATION:", &more);
        let mut held = self.held.lock().unwrap();
        held.tell("REQUEST", &text);
        held.lay(uid, text);
    }

    /// The organiser calls it off: the server marks the room's copy (section 3.2.4.2 and RFC 5546 section 3.2.5).
    fn cancel(&self, uid: &str) {
        let mut held = self.held.lock().unwrap();
        let (_, text) = held.calendar[uid].clone();
        let text = text.replace("SEQUENCE:", "STATUS:CANCELLED\r\nSEQUENCE:1");
        held.tell("CANCEL", &text);
        held.lay(uid, text);
    }

    async fn hear(&mut self) {
        if let What::Read { file, .. } = next(&mut self.sources).await.what {
            self.shown = titles(&file);
        }
    }

    /// Waits until organisers were told so much, and says what came last.
    async fn told(&mut self, replies: usize) -> String {
        while self.held.lock().unwrap().replies.len() < replies {
            self.hear().await;
        }
        let held = self.held.lock().unwrap();
        assert_eq!(held.replies.len(), replies, "{:?}", held.replies);
        held.replies.last().unwrap().clone()
    }

    /// Waits until so many messages are left.
    async fn inbox_has(&mut self, messages: usize) {
        while self.held.lock().unwrap().inbox.len() != messages {
            self.hear().await;
        }
    }

    /// Waits until the panel has these meetings and no others.
    async fn shows(&mut self, expected: &[&str]) {
        while self.shown != expected {
            self.hear().await;
        }
    }
}

#[tokio::test]
async fn organisers_are_told_what_the_room_answers_to_requests_updates_and_cancellations() {
    let mut office = Office::open().await;
    office.request("weekly", 3, 0);
    assert_eq!(office.told(1).await, "ACCEPTED weekly");
    office.shows(&["weekly"]).await;
    office.request("board", 3, 0);
    assert_eq!(office.told(2).await, "DECLINED board", "weekly has it");
    // Both come again at other times, and are asked anew.
    office.request("board", 5, 1);
    assert_eq!(office.told(3).await, "ACCEPTED board");
    office.request("weekly", 5, 1);
    assert_eq!(office.told(4).await, "DECLINED weekly", "board has that");
    office.shows(&["board"]).await;
    office.cancel("board");
    office.shows(&[]).await;
    office.request("weekly", 5, 2);
    assert_eq!(
        office.told(5).await,
        "ACCEPTED weekly",
        "that is free again"
    );
    office.shows(&["weekly"]).await;
    office.inbox_has(0).await;
    let held = office.held.lock().unwrap();
    assert_eq!(held.messages, 6);
    let outside = |path: &&String| !path.starts_with(HOME);
    assert_eq!(
        held.written.iter().find(outside),
        None,
        "its calendar alone"
    );
}

/// Of a meeting that is not in the room's calendar, or is there in an older version, and what asks for something else.
#[tokio::test]
async fn messages_that_are_not_handled_stay_and_those_behind_them_go() {
    let mut office = Office::open().await;
    let more = format!(
        "SEQUENCE:0\r\nORGANIZER:mailto:alice@example.org\r\n\
         ATTENDEE;CUTYPE=ROOM;PARTSTAT=NEEDS-ACTION:mailto:{ROOM}\r\nLOCATION:"
    );
    let elsewhere = |uid: &str| event(uid, uid, 4).replace("LOCATION:", &more);
    {
        let mut held = office.held.lock().unwrap();
        for n in 0..25 {
            held.tell("REQUEST", &elsewhere(&format!("elsewhere-{n}")));
        }
        held.tell("CANCEL", &elsewhere("elsewhere-0"));
        held.tell("REPLY", &elsewhere("weekly"));
    }
    office.request("weekly", 3, 0);
    let newer = elsewhere("weekly").replace("SEQUENCE:0", "SEQUENCE:7");
    office.held.lock().unwrap().tell("REQUEST", &newer);
    assert_eq!(office.told(1).await, "ACCEPTED weekly");
    office.inbox_has(28).await;
    let gone = |held: &Held| (1..=29).find(|n| !held.inbox.contains_key(&format!("{n}.ics")));
    assert_eq!(gone(&office.held.lock().unwrap()), Some(28), "its request");
    // The server takes it out of the calendar when it is called off.
    office.cancel("weekly");
    office.held.lock().unwrap().calendar.clear();
    office.shows(&[]).await;
    office.inbox_has(28).await;
    let held = office.held.lock().unwrap();
    assert!(!held.inbox.contains_key("30.ics"), "its cancellation");
}
