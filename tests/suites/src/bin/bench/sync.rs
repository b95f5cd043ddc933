//! From the start of the room to today's meeting on its panel: with a year of history beside an account with that one
//! meeting, by sliding sync and by `/sync`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use saal_harness::{PASSWORD, Room, RoomOptions, Servers, Sight, User};
use saal_suites::{PATIENCE, now_ms};
use serde_json::json;
use tokio::time::timeout;

use crate::report::{Report, Row, milliseconds};

/// Today's meeting.
const TITLE: &str = "Weekly";
/// Rooms of the busy account.
const ROOMS: u32 = 60;
/// Messages in each of them.
const EVENTS: u32 = 2_000;
/// Devices whose calls in today's room have ended.
const CALLS: u32 = 50;
const DAY_MS: i64 = 24 * 3_600_000;
/// What the room's log says when nothing of the account's rooms is missing.
const ALL_READ: &str = "every room of the account is read";
/// A daemon that is just starting refuses; it is asked again this soon.
const AGAIN_AFTER: Duration = Duration::from_millis(2);

/// One home server with both accounts.
struct Site {
    servers: Servers,
    busy: User,
    idle: User,
    first: Row,
    all: Row,
    again: Row,
}

/// Milliseconds from the start.
struct Start {
    shown: f64,
    all_read: f64,
}

/// Measures in turns.
pub(crate) async fn measure(turns: u32) -> anyhow::Result<Report> {
    let mut sites = [
        Site::new(
            Servers::start().await?,
            [
                "first start, sliding sync",
                "first start, every room read",
                "next start, sliding sync",
            ],
        )
        .await?,
        Site::new(
            Servers::classic().await?,
            [
                "first start, /sync",
                "first start, every room read",
                "next start, /sync",
            ],
        )
        .await?,
    ];
    for turn in 1..=turns {
        for site in &mut sites {
            site.turn(turn).await?;
        }
    }
    let rows = sites
        .into_iter()
        .flat_map(|site| [site.first, site.all, site.again]);
    Ok(Report {
        title: format!(
            "Start of the room -> today's meeting on the panel; {ROOMS} rooms of {EVENTS} messages beside one room"
        ),
        subjects: ["a year", "one meeting"],
        rows: rows.collect(),
        remarks: [
            "The first start has nothing on the disk and a new device; the next one has what the first left there.",
            "Today's meeting is in the room in which the least happened lately: the last one that the server tells of.",
        ].map(str::to_owned).to_vec(),
    })
}

impl Site {
    async fn new(
        mut servers: Servers,
        [first, all, again]: [&'static str; 3],
    ) -> anyhow::Result<Self> {
        println!("{first}: a year passes");
        let host = servers.create_user("anna").await?;
        let (busy, idle) = (
            servers.create_user("busy").await?,
            servers.create_user("idle").await?,
        );
        let mut rooms = Vec::new();
        for day in 0..ROOMS {
            rooms.push(met(&host, &busy, day).await?);
        }
        servers.age(&rooms, EVENTS).await?;
        met(&host, &idle, 0).await?;
        Ok(Self {
            servers,
            busy,
            idle,
            first: Row::beside(first, "ms", 1.5),
            all: Row::compared(all, "ms"),
            again: Row::beside(again, "ms", 1.1),
        })
    }

    async fn turn(&mut self, turn: u32) -> anyhow::Result<()> {
        let busy = self
            .starts(&self.busy)
            .await
            .context("with a year of history")?;
        let idle = self.starts(&self.idle).await.context("with one meeting")?;
        println!("turn {turn}: a year {busy:.0?} ms, one meeting {idle:.0?} ms");
        self.first.add(busy[0], idle[0]);
        self.all.add(busy[1], idle[1]);
        self.again.add(busy[2], idle[2]);
        Ok(())
    }

    /// A new device's first start, and the next one.
    async fn starts(&self, account: &User) -> anyhow::Result<[f64; 3]> {
        let log_in = json!({
            "type": "m.login.password", "password": PASSWORD,
            "identifier": { "type": "m.id.user", "user": account.user_id },
        });
        let session = account.asks("POST", "login", Some(&log_in)).await?;
        let token = session["access_token"].as_str().context("a token")?;
        let state = self
            .servers
            .folder()
            .join(token.replace(|c: char| !c.is_alphanumeric(), "-"));
        let first = self.start(account, token, &state).await?;
        let again = self.start(account, token, &state).await?;
        std::fs::remove_dir_all(&state)?;
        Ok([first.shown, first.all_read, again.shown])
    }

    async fn start(&self, account: &User, token: &str, state: &Path) -> anyhow::Result<Start> {
        let options = RoomOptions {
            access_token: Some(token.to_owned()),
            state: Some(PathBuf::from(state)),
            ..RoomOptions::default()
        };
        let started = Instant::now();
        let room = Room::launch(&self.servers, account, &options).await?;
        let shown = async {
            let mut onlooker = loop {
                match room.look().await {
                    Ok(onlooker) => break onlooker,
                    Err(_) => tokio::time::sleep(AGAIN_AFTER).await,
                }
            };
            loop {
                if let Sight::Panel(tree) = onlooker.look().await?
                    && tree.text().contains(TITLE)
                {
                    return anyhow::Ok(milliseconds(started.elapsed()));
                }
            }
        };
        let shown = timeout(PATIENCE, shown).await;
        let shown = shown.with_context(|| format!("no meeting on the panel: {}", room.log()))??;
        // A store that is not complete would make the next start another first one.
        let log = async || Ok::<_, saal_harness::Error>(room.log());
        saal_harness::until("every room", PATIENCE, log, |log| log.contains(ALL_READ)).await?;
        let all_read = milliseconds(started.elapsed());
        room.stop().await;
        Ok(Start { shown, all_read })
    }
}

/// A room in which people met `days` ago, today without; its last event is a message.
async fn met(host: &User, account: &User, days: u32) -> anyhow::Result<String> {
    let title = if days == 0 {
        TITLE.to_owned()
    } else {
        format!("Day {days}")
    };
    let room = host.create_room(&title, &[account]).await?;
    account.join(&room).await?;
    let begin = now_ms() - i64::from(days) * DAY_MS - 60_000;
    host.schedule(&room, &title, begin, begin + 3_600_000)
        .await?;
    if days == 0 {
        for call in 0..CALLS {
            let key = format!("_{}_DEVICE{call}_m.call", host.user_id);
            let kind = "org.matrix.msc3401.call.member";
            host.send_state(&room, kind, &key, &json!({})).await?;
        }
    }
    host.say(&room, "See you").await?;
    Ok(room)
}
