//! Late invitations: from the organiser's hand to the room's panel, through each kind of calendar at once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::{Router, http::header, routing::get};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use saal_harness::{
    CalendarProgram, CalendarServer, Onlooker, Room, RoomOptions, Servers, Sight, User,
};
use saal_suites::PATIENCE;
use tokio::{net::TcpListener, time::timeout};

use crate::report::{Report, Row};

/// A room asks its calendars so often unless it is told otherwise, in seconds.
const LOOK: u64 = 15;
/// Between two turns it is another part of that pause.
const SHIFT: Duration = Duration::from_millis(3_700);
/// The kinds, in the order of the table.
const WAYS: [&str; 4] = ["Radicale", "Xandikos", "Feed", "Matrix"];

/// All that the room's meetings come from.
struct Office {
    servers: Servers,
    host: User,
    account: User,
    caldav: [CalendarServer; 2],
    feed: Arc<Mutex<String>>,
    room: Room,
}

/// Measures in turns.
pub(crate) async fn measure(turns: u32) -> anyhow::Result<Report> {
    let office = Office::open().await?;
    let mut rows = [
        Row::alone("PUT to Radicale -> panel", "s").at_most(LOOK as f64),
        Row::alone("PUT to Xandikos -> panel", "s").at_most(LOOK as f64),
        Row::alone("publication in a feed -> panel", "s").at_most(LOOK as f64),
        Row::alone("invitation to a Matrix room -> panel", "s").at_most(2.0),
    ];
    for turn in 1..=turns {
        tokio::time::sleep(SHIFT).await;
        let took = office.turn(turn).await?;
        println!("turn {turn}: {took:.2?} s");
        rows.iter_mut()
            .zip(took)
            .for_each(|(row, seconds)| row.ours.push(seconds));
    }
    office.room.stop().await;
    Ok(Report {
        title: "Late invitation -> the room's panel".to_owned(),
        subjects: ["Saal", ""],
        rows: rows.into(),
        remarks: [
            "CalDAV and feeds are asked every 15 s, as the configuration has it where nobody says otherwise; \
             Matrix tells by itself.",
        ].map(str::to_owned).to_vec(),
    })
}

impl Office {
    async fn open() -> anyhow::Result<Self> {
        let servers = Servers::start().await?;
        let host = servers.create_user("anna").await?;
        let account = servers.create_user("lahn").await?;
        let start = async |program, name: &str| {
            let folder = servers.folder().join(name);
            std::fs::create_dir_all(&folder)?;
            anyhow::Ok(CalendarServer::start(program, &folder).await?)
        };
        let caldav = [
            start(CalendarProgram::Radicale, "radicale").await?,
            start(CalendarProgram::Xandikos, "xandikos").await?,
        ];
        let feed = Arc::new(Mutex::new(calendar("")));
        let published = publish(feed.clone()).await?;
        let password = servers.folder().join("calendar-password");
        std::fs::write(&password, CalendarServer::PASSWORD)?;
        let user = CalendarServer::USER;
        let of_server = |server: &CalendarServer, name: &str| {
            let base = server.base();
            format!(
                "[[calendars]]\nname = {name:?}\ncaldav = {base:?}\nuser = {user:?}\npassword_file = {password:?}\n\n"
            )
        };
        let [radicale, xandikos] = &caldav;
        let options = RoomOptions {
            more: [
                of_server(radicale, "Radicale"),
                of_server(xandikos, "Xandikos"),
                format!("[[calendars]]\nname = \"Feed\"\nfeed = {published:?}\n"),
            ]
            .concat(),
            ..RoomOptions::default()
        };
        let room = Room::start(&servers, &account, &options).await?;
        Ok(Self {
            servers,
            host,
            account,
            caldav,
            feed,
            room,
        })
    }

    /// One invitation by each way; how many seconds each took.
    async fn turn(&self, turn: u32) -> anyhow::Result<[f64; 4]> {
        let titles = WAYS.map(|way| format!("{way} {turn}"));
        let mut onlooker = self.room.look().await?;
        // The latest is the first on the panel.
        let begin = Timestamp::now() - SignedDuration::from_mins(i64::from(turn));
        let entry = |title: &str| event(title, begin);
        let mut published = [Instant::now(); 4];
        for (at, server) in self.caldav.iter().enumerate() {
            published[at] = Instant::now();
            let name = format!("turn-{turn}");
            server.put(&name, &calendar(&entry(&titles[at]))).await?;
        }
        published[2] = Instant::now();
        *self.feed.lock().unwrap_or_else(PoisonError::into_inner) = calendar(&entry(&titles[2]));
        // Whoever plans a meeting makes its room first, and then invites.
        let place = self.host.create_room(&titles[3], &[]).await?;
        let (from, to) = (begin.as_millisecond(), begin.as_millisecond() + 3_600_000);
        self.host.schedule(&place, &titles[3], from, to).await?;
        published[3] = Instant::now();
        self.host.invite(&place, &self.account.user_id).await?;
        let seen = timeout(PATIENCE, all_seen(&mut onlooker, &titles)).await;
        let seen = seen.with_context(|| format!("not on the panel: {}", self.room.log()))??;
        let servers = self.servers.folder().display();
        anyhow::ensure!(seen.len() == 4, "some are missing; see {servers}");
        Ok(std::array::from_fn(|at| {
            seen[at].duration_since(published[at]).as_secs_f64()
        }))
    }
}

/// When each was on the panel for the first time.
async fn all_seen(onlooker: &mut Onlooker, titles: &[String; 4]) -> anyhow::Result<Vec<Instant>> {
    let mut seen = [None; 4];
    while seen.iter().any(Option::is_none) {
        if let Sight::Panel(tree) = onlooker.look().await? {
            let text = tree.text();
            for (at, title) in titles.iter().enumerate() {
                if text.contains(title.as_str()) {
                    seen[at].get_or_insert_with(Instant::now);
                }
            }
        }
    }
    Ok(seen.into_iter().flatten().collect())
}

/// A web server with one calendar; its address.
async fn publish(feed: Arc<Mutex<String>>) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let at = listener.local_addr()?;
    let page = move || {
        let text = feed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        async move { ([(header::CONTENT_TYPE, "text/calendar")], text) }
    };
    let router = Router::new().route("/room.ics", get(page));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{at}/room.ics"))
}

fn calendar(events: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\n{events}END:VCALENDAR\r\n")
}

fn event(title: &str, start: Timestamp) -> String {
    let utc = |at: Timestamp| {
        let civil = TimeZone::UTC.to_datetime(at);
        civil.strftime("%Y%m%dT%H%M%SZ").to_string()
    };
    let (from, to) = (utc(start), utc(start + SignedDuration::from_hours(2)));
    let uid = title.replace(' ', "-");
    format!(
        "BEGIN:VEVENT\r\nUID:{uid}@example.org\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:{from}\r\nDTEND:{to}\r\n\
         SUMMARY:{title}\r\nLOCATION:https://meet.example.org/{uid}\r\nEND:VEVENT\r\n"
    )
}
