//! How the account keeps up with a homeserver that is slow, broken, changed its mind or forgot.

#![allow(clippy::unwrap_used, reason = "what fails to come fails the test")]

mod support;

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use saal_meeting::{AccountState, MeetingEvent};
use serde_json::{Value, json};
use support::{Reply, Request, Room, online, serve, works};
use tokio::sync::Notify;

const SLIDING: &str = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync";
const CLASSIC: &str = "/_matrix/client/v3/sync";

/// One of the account's syncs.
#[derive(Clone)]
struct Sync {
    path: String,
    body: Value,
    at: Instant,
}

impl Sync {
    fn query(&self, key: &str) -> Option<String> {
        let url = url::Url::parse(&format!("http://hs{}", self.path)).unwrap();
        let found = url.query_pairs().find(|(name, _)| name == key);
        found.map(|(_, value)| value.into_owned())
    }

    fn slides(&self) -> bool {
        self.path.starts_with(SLIDING)
    }
}

/// A homeserver that answers syncs with what it was told, one after the other, and then no more.
#[derive(Default)]
struct Home {
    slides: AtomicBool,
    /// Something else answers in its place.
    gone: AtomicBool,
    answers: Mutex<VecDeque<Reply>>,
    /// What first looks at all rooms are answered; nothing is there to be seen without.
    looks: Mutex<VecDeque<Reply>>,
    syncs: Mutex<Vec<Sync>>,
    /// Keys of a device that were published.
    devices: Mutex<Vec<String>>,
    /// A sync waits for more than there is.
    rests: Notify,
}

impl Home {
    async fn start(slides: bool) -> (SocketAddr, Arc<Self>) {
        let home = Arc::new(Self::default());
        home.slides.store(slides, Ordering::Relaxed);
        let answering = home.clone();
        (serve(move |request| answering.answer(request)).await, home)
    }

    fn answer(&self, request: &Request) -> Reply {
        let path = request.path.split('?').next().unwrap_or_default();
        let slides = self.slides.load(Ordering::Relaxed);
        if self.gone.load(Ordering::Relaxed) {
            return (502, "<html>Bad Gateway</html>").into();
        }
        match path {
            "/_matrix/client/versions" => {
                let features = json!({ "org.matrix.simplified_msc3575": slides });
                let versions = json!({ "versions": ["v1.11"], "unstable_features": features });
                (200, versions.to_string()).into()
            }
            SLIDING if !slides => works(path).into(),
            SLIDING if request.body.contains("saal-look") => self.look(r#"{"pos":"0"}"#),
            CLASSIC if request.path.contains("nordeck") => self.look(r#"{"next_batch":"s0"}"#),
            SLIDING | CLASSIC => {
                self.syncs.lock().unwrap().push(Sync {
                    path: request.path.clone(),
                    body: serde_json::from_str(&request.body).unwrap_or_default(),
                    at: Instant::now(),
                });
                let next = self.answers.lock().unwrap().pop_front();
                next.unwrap_or_else(|| {
                    self.rests.notify_one();
                    Reply::Never
                })
            }
            "/_matrix/client/v3/keys/upload" => {
                let body: Value = serde_json::from_str(&request.body).unwrap();
                if let Some(keys) = body["device_keys"]["keys"]["ed25519:DEV"].as_str() {
                    self.devices.lock().unwrap().push(keys.to_owned());
                }
                (200, r#"{"one_time_key_counts":{"signed_curve25519":50}}"#).into()
            }
            _ => works(path).into(),
        }
    }

    fn look(&self, nothing: &str) -> Reply {
        let next = self.looks.lock().unwrap().pop_front();
        next.unwrap_or_else(|| (200, nothing).into())
    }

    fn will(&self, answers: impl IntoIterator<Item = Reply>) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// Ends an account that has heard everything; what is answered from now on is for the next one.
    async fn leave(&self, room: Room) {
        let rests = tokio::time::timeout(support::PATIENCE, self.rests.notified());
        rests.await.expect("it waits for more");
        drop(room);
    }

    /// The syncs since the last time that somebody asked.
    fn syncs(&self) -> Vec<Sync> {
        std::mem::take(&mut self.syncs.lock().unwrap())
    }

    /// The keys of the room's device, which were published once and never again.
    fn device(&self) -> String {
        let devices = self.devices.lock().unwrap();
        assert_eq!(devices.len(), 1, "the device is who it was");
        devices[0].clone()
    }
}

fn state(kind: &str, key: &str, content: &Value) -> Value {
    json!({
        "type": kind, "state_key": key, "content": content, "event_id": format!("${kind}{key}"),
        "sender": "@anna:hs", "origin_server_ts": 1_700_000_000_000_u64,
    })
}

/// What a room with an appointment holds, in no order that anybody would expect.
fn meeting(name: &str) -> Vec<Value> {
    vec![
        state(
            "net.nordeck.meetings.metadata",
            "",
            &json!({ "title": name }),
        ),
        state(
            "m.room.member",
            "@room:hs",
            &json!({ "membership": "join" }),
        ),
        state("m.room.name", "", &json!({ "name": name })),
        state("m.room.create", "", &json!({ "room_version": "10" })),
    ]
}

fn slid(pos: &str, rooms: &[(&str, &str)]) -> Reply {
    let entry = |(id, name): &(&str, &str)| {
        let room = json!({
            "initial": true, "required_state": meeting(name), "joined_count": 2, "timeline": [],
        });
        ((*id).to_owned(), room)
    };
    let all: serde_json::Map<_, _> = rooms.iter().map(entry).collect();
    let answer = json!({
        "pos": pos, "lists": { "all": { "count": rooms.len() } }, "rooms": all,
        "extensions": { "to_device": { "next_batch": "7" } },
    });
    (200, answer.to_string()).into()
}

/// The room is in one meeting, by either way.
fn daily(slides: bool) -> Reply {
    let rooms = [("!daily:hs", "Daily")];
    if slides {
        slid("1", &rooms)
    } else {
        synced("s1", &rooms)
    }
}

fn synced(token: &str, rooms: &[(&str, &str)]) -> Reply {
    let entry = |(id, name): &(&str, &str)| {
        let room = json!({ "state": { "events": meeting(name) }, "timeline": { "events": [] } });
        ((*id).to_owned(), room)
    };
    let all: serde_json::Map<_, _> = rooms.iter().map(entry).collect();
    let answer = json!({ "next_batch": token, "rooms": { "join": all } });
    (200, answer.to_string()).into()
}

fn refused(status: u16, code: &str) -> Reply {
    let body = json!({ "errcode": code, "error": "no", "retry_after_ms": 1_500 });
    (status, body.to_string()).into()
}

/// Waits until the panel has these meetings and no others.
async fn meets(room: &mut Room, wanted: &[&str]) {
    room.until_event(|event| match event {
        MeetingEvent::Invitations(all) => {
            let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
            (names == wanted).then_some(())
        }
        _ => None,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_sync_asks_for_little_and_the_next_start_goes_on_from_there() {
    let store = tempfile::tempdir().unwrap();
    let (server, home) = Home::start(true).await;
    home.will([slid("1", &[("!daily:hs", "Daily")])]);
    let mut room = Room::start(server, store.path());
    meets(&mut room, &["Daily"]).await;
    home.leave(room).await;
    let first = &home.syncs()[0];
    assert!(first.slides() && first.query("pos").is_none());
    let list = &first.body["lists"]["all"];
    assert_eq!(list["ranges"], json!([[0, 19]]), "the newest rooms first");
    assert!(list["timeline_limit"].as_u64().unwrap() <= 20, "no history");
    home.will([slid("2", &[])]);
    let mut room = Room::start(server, store.path());
    meets(&mut room, &["Daily"]).await;
    room.until(online).await;
    let next = &home.syncs()[0];
    assert_eq!(next.query("pos").as_deref(), Some("1"));
    assert_eq!(next.body["extensions"]["to_device"]["since"], "7");
    assert_eq!(
        next.query("timeout"),
        None,
        "it tells that it is online at once"
    );
    home.device();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_whose_title_has_half_an_emoji_stays() {
    /// What clients send that count UTF-16 units and cut there.
    fn cut(reply: Reply) -> Reply {
        match reply {
            Reply::Whole(status, body) => (status, body.replace("CUT", r"\ud83d")).into(),
            other => other,
        }
    }
    for slides in [true, false] {
        let store = tempfile::tempdir().unwrap();
        let (server, home) = Home::start(slides).await;
        let told = |name| match slides {
            true => slid("1", &[("!daily:hs", name)]),
            false => synced("s1", &[("!daily:hs", name)]),
        };
        home.looks.lock().unwrap().push_back(cut(told("Look CUT")));
        let mut room = Room::start(server, store.path());
        meets(&mut room, &["Look \u{fffd}"]).await;
        drop(room);
        home.will([cut(told("Daily CUT"))]);
        let mut room = Room::start(server, store.path());
        let described = room.until_event(|event| match event {
            MeetingEvent::Invitations(all) => {
                let one = all.iter().find(|one| one.name == "Daily \u{fffd}")?;
                one.calendar_event.clone()
            }
            _ => None,
        });
        assert_eq!(described.await["title"], "Daily \u{fffd}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn todays_meeting_does_not_wait_for_a_year_of_rooms() {
    for slides in [true, false] {
        let store = tempfile::tempdir().unwrap();
        let (server, home) = Home::start(slides).await;
        let told = |rooms: &[(&str, &str)]| match slides {
            true => slid("1", rooms),
            false => synced("s1", rooms),
        };
        let rooms = [("!daily:hs", "Daily"), ("!gone:hs", "Gone meanwhile")];
        home.looks.lock().unwrap().push_back(told(&rooms));
        let mut room = Room::start(server, store.path());
        // No sync has been answered.
        meets(&mut room, &["Daily", "Gone meanwhile"]).await;
        home.rests.notified().await;
        assert!(home.syncs().len() == 1, "slides: {slides}");
        drop(room);
        // What a look finds is not kept: the sync tells what there is.
        home.looks.lock().unwrap().push_back(told(&rooms));
        home.will([told(&[("!daily:hs", "Daily")])]);
        let mut room = Room::start(server, store.path());
        meets(&mut room, &["Daily", "Gone meanwhile"]).await;
        meets(&mut room, &["Daily"]).await;
        home.leave(room).await;
        // The next start has a store and looks at nothing.
        home.looks.lock().unwrap().push_back(told(&rooms));
        let mut room = Room::start(server, store.path());
        meets(&mut room, &["Daily"]).await;
        home.leave(room).await;
        assert_eq!(home.looks.lock().unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_goes_through_all_rooms_in_parts() {
    let store = tempfile::tempdir().unwrap();
    let (server, home) = Home::start(true).await;
    let part = |pos: &str, count: u32, name: &str| {
        let room = json!({ "initial": true, "required_state": meeting(name) });
        let answer = json!({
            "pos": pos, "lists": { "all": { "count": count } }, "rooms": { format!("!{name}:hs"): room },
        });
        (200, answer.to_string()).into()
    };
    let parts = [
        part("1", 450, "A"),
        part("2", 450, "B"),
        part("3", 450, "C"),
    ];
    home.looks.lock().unwrap().extend(parts);
    let mut room = Room::start(server, store.path());
    meets(&mut room, &["A", "B", "C"]).await;
    home.rests.notified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_breaks_off_hides_nothing() {
    let store = tempfile::tempdir().unwrap();
    let (server, home) = Home::start(true).await;
    let first = json!({ "pos": "1", "lists": { "all": { "count": 450 } } });
    let parts = [
        (200, first.to_string()).into(),
        Reply::from((502, "<html>")),
    ];
    home.looks.lock().unwrap().extend(parts);
    home.will([slid("1", &[("!daily:hs", "Daily")])]);
    let mut room = Room::start(server, store.path());
    meets(&mut room, &["Daily"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_the_server_forgot_costs_no_more_than_reading_again() {
    let store = tempfile::tempdir().unwrap();
    let (server, home) = Home::start(true).await;
    home.will([slid(
        "1",
        &[("!left:hs", "Left meanwhile"), ("!daily:hs", "Daily")],
    )]);
    let mut room = Room::start(server, store.path());
    meets(&mut room, &["Daily", "Left meanwhile"]).await;
    home.leave(room).await;
    home.syncs();
    home.will([
        refused(400, "M_UNKNOWN_POS"),
        slid("2", &[("!daily:hs", "Daily")]),
    ]);
    let mut room = Room::start(server, store.path());
    meets(&mut room, &["Daily"]).await;
    let syncs = home.syncs();
    assert_eq!(syncs[0].query("pos").as_deref(), Some("1"));
    assert_eq!(syncs[1].query("pos"), None);
    home.device();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_withdraws_sliding_sync_is_followed_as_before() {
    let store = tempfile::tempdir().unwrap();
    let (server, home) = Home::start(true).await;
    home.will([slid("1", &[("!left:hs", "Left meanwhile")])]);
    let mut room = Room::start(server, store.path());
    meets(&mut room, &["Left meanwhile"]).await;
    home.leave(room).await;
    home.syncs();
    home.slides.store(false, Ordering::Relaxed);
    home.will([synced("s1_2_3", &[("!daily:hs", "Daily")])]);
    let mut room = Room::start(server, store.path());
    meets(&mut room, &["Daily"]).await;
    home.leave(room).await;
    assert!(home.syncs().iter().all(|sync| !sync.slides()));
    // It thinks better of it: the messages to a device are counted anew too.
    home.slides.store(true, Ordering::Relaxed);
    home.will([slid("1", &[("!weekly:hs", "Weekly")])]);
    let mut room = Room::start(server, store.path());
    meets(&mut room, &["Weekly"]).await;
    let first = &home.syncs()[0];
    assert!(first.slides() && first.query("pos").is_none());
    assert_eq!(first.body["extensions"]["to_device"]["since"], "0");
    home.device();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_to_be_left_alone_is() {
    for slides in [true, false] {
        let store = tempfile::tempdir().unwrap();
        let (server, home) = Home::start(slides).await;
        let answer = daily(slides);
        home.will([refused(429, "M_LIMIT_EXCEEDED"), answer]);
        let mut room = Room::start(server, store.path());
        meets(&mut room, &["Daily"]).await;
        let syncs = home.syncs();
        let pause = syncs[1].at.duration_since(syncs[0].at);
        assert!(pause >= Duration::from_millis(1_500), "only {pause:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_in_trouble_is_said_and_come_back_to() {
    for slides in [true, false] {
        let store = tempfile::tempdir().unwrap();
        let (server, home) = Home::start(slides).await;
        let answer = daily(slides);
        let broken = || Reply::from((502, "<html>Bad Gateway</html>"));
        home.will([broken(), broken(), broken(), answer]);
        let mut room = Room::start(server, store.path());
        let away = |state: &AccountState| matches!(state, AccountState::Unreachable { .. });
        room.until(away).await;
        meets(&mut room, &["Daily"]).await;
        home.device();
    }
}

/// When what is told of the rooms was so.
async fn rooms_known(room: &mut Room) -> Timestamp {
    room.until_event(|event| match event {
        MeetingEvent::RoomsKnown { at } => Some(*at),
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_server_a_restart_has_the_rooms_and_how_old_that_is() {
    for slides in [true, false] {
        let store = tempfile::tempdir().unwrap();
        let (server, home) = Home::start(slides).await;
        home.will([daily(slides)]);
        let before = Timestamp::now();
        let mut room = Room::start(server, store.path());
        meets(&mut room, &["Daily"]).await;
        let known = rooms_known(&mut room).await;
        assert!(known >= before, "{known} is when it was heard");
        home.leave(room).await;
        home.gone.store(true, Ordering::Relaxed);
        let mut room = Room::start(server, store.path());
        // In this order: people must not read how old is what is not there.
        meets(&mut room, &["Daily"]).await;
        assert_eq!(rooms_known(&mut room).await, known);
        let away = |state: &AccountState| matches!(state, AccountState::Unreachable { .. });
        room.until(away).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_answer_is_none() {
    for slides in [true, false] {
        let store = tempfile::tempdir().unwrap();
        let (server, home) = Home::start(slides).await;
        let answer = |rooms: &[(&str, &str)]| match slides {
            true => slid("1", rooms),
            false => synced("s1", rooms),
        };
        let (Reply::Whole(_, text), whole) =
            (answer(&[("!bad:hs", "Bad")]), answer(&[("!a:hs", "Daily")]))
        else {
            unreachable!()
        };
        let half = text[..text.len() / 2].to_owned();
        home.will([Reply::Cut(200, text), (200, half).into(), whole]);
        let mut room = Room::start(server, store.path());
        meets(&mut room, &["Daily"]).await;
        let without_position =
            |sync: &Sync| sync.query("pos").is_none() && sync.query("since").is_none();
        assert!(home.syncs()[..3].iter().all(without_position));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_hangs_is_given_up() {
    let store = tempfile::tempdir().unwrap();
    let (server, home) = Home::start(false).await;
    home.will([synced("s1", &[("!daily:hs", "Daily")])]);
    let mut room = Room::start(server, store.path());
    meets(&mut room, &["Daily"]).await;
    home.leave(room).await;
    home.will([Reply::Never, synced("s2", &[])]);
    let mut room = Room::start(server, store.path());
    meets(&mut room, &["Daily"]).await;
    let away = |state: &AccountState| matches!(state, AccountState::Unreachable { .. });
    room.until(away).await;
    room.until(online).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_odd_order_is_put_together() {
    let store = tempfile::tempdir().unwrap();
    let (server, home) = Home::start(true).await;
    // Data of a room that was not told of; one that the account left is told with one it is in.
    let left = json!({
        "required_state": [state("m.room.member", "@room:hs", &json!({ "membership": "leave" }))],
    });
    let renamed = json!({
        "required_state": [state("m.room.name", "", &json!({ "name": "Daily at ten" }))],
    });
    let odd = json!({
        "pos": "2", "lists": { "all": { "count": 1 }, "none of ours": { "count": 7 } },
        "rooms": { "!left:hs": left, "!daily:hs": renamed },
        "extensions": { "account_data": {
            "global": [{ "type": "m.ignored_user_list", "content": { "ignored_users": { "@eve:hs": {} } } }],
            "rooms": {
                "!nobody:hs": [{ "type": "m.tag", "content": { "tags": {} } }],
                "!left:hs": [{ "type": "saal.visit", "content": {} }],
            },
        }},
    });
    home.will([
        slid("1", &[("!left:hs", "Left"), ("!daily:hs", "Daily")]),
        (200, odd.to_string()).into(),
    ]);
    let mut room = Room::start(server, store.path());
    meets(&mut room, &["Daily", "Left"]).await;
    meets(&mut room, &["Daily at ten"]).await;
}
