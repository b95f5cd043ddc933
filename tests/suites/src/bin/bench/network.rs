//! A call over a bad network, for the room and for Chromium alike: loss, a drop of capacity, an outage, another address,
//! and a media server that starts anew. Both are in a namespace whose only way out is a line of ours (docs/adr/0031),
//! with the same seed in each turn; the far end is at the line's other end.

use std::time::{Duration, Instant};

use anyhow::Context;
use saal_harness::until;
use saal_network_sim::{Conditions, Direction, Line};
use saal_suites::PATIENCE;

use crate::report::{ROOM_AND_BROWSER, Report, Row, milliseconds};
use crate::stand::{Peer, Stand, first_picture};

const SEED: u64 = 20;
/// One way; all measurements have it.
const DELAY: Duration = Duration::from_millis(25);
/// Parts of all packets, each way.
const LOSSES: [f64; 5] = [0.0, 0.01, 0.05, 0.1, 0.2];
/// Before and after the drop, in bits a second: 75 % less.
const WIDE: u64 = 2_400_000;
const NARROW: u64 = 600_000;
/// What goals.md asks the queue to be below again within a second.
const QUEUE: Duration = Duration::from_millis(200);
const OUTAGE: Duration = Duration::from_secs(3);
/// Estimates and jitter buffers have found their values by then.
const SETTLED_AFTER: Duration = Duration::from_secs(6);
/// How long what follows an event is watched.
const AFTERMATH: Duration = Duration::from_secs(10);
/// Often enough for figures of some 10 ms.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Between two packets of sound; what else a wait is without anybody's fault is the way, and the time until somebody looks.
const SOUND_PERIOD: Duration = Duration::from_millis(20);

/// Of a subject at one moment.
#[derive(Clone, Copy)]
struct Counters {
    at: Instant,
    at_far_end: u64,
    decoded: u64,
    frozen: Duration,
}

/// A subject's figures of one turn.
struct Figures {
    /// For each loss: milliseconds for a picture, there and back, and milliseconds a second that the picture stood still.
    losses: Vec<(f64, f64, f64)>,
    /// Until the queue stays short, after the drop of capacity.
    queue: f64,
    /// Beyond the outage itself.
    outage: Gap,
    moved: Gap,
    restarted: Gap,
}

/// The far end's longest wait, in milliseconds.
#[derive(Clone, Copy)]
struct Gap {
    sound: f64,
    picture: f64,
}

/// Measures in turns.
pub(crate) async fn measure(turns: u32, seconds: u64) -> anyhow::Result<Report> {
    let window = Duration::from_secs(seconds);
    let mut stand = Stand::behind_a_line(SEED).await?;
    let mut rows = rows();
    println!("Figures of each turn, in the order of the table at the end:");
    for turn in 1..=turns {
        let before = carried(&stand)?;
        let ours = room_turn(&mut stand, window)
            .await
            .context("the room's turn")?;
        through(&stand, before, window)?;
        println!("turn {turn} of {turns}: Saal {}", ours.text());
        let before = carried(&stand)?;
        let theirs = chromium_turn(&mut stand, window)
            .await
            .context("Chromium's turn")?;
        through(&stand, before, window)?;
        println!("turn {turn} of {turns}: Chromium {}", theirs.text());
        for ((row, ours), theirs) in rows.iter_mut().zip(ours.all()).zip(theirs.all()) {
            row.add(ours, theirs);
        }
    }
    stand.take_down().await;
    Ok(Report {
        subjects: ROOM_AND_BROWSER,
        title: "A call of two through a bad network: 25 ms each way, and what each row says.\n\
                Chromium: Element Call in a window."
            .to_owned(),
        rows,
        remarks: [
            "Sent: pictures that arrive at the far end, which has a perfect network. Received: pictures that the subject decodes.",
            "Both with 30 pictures a second: 33.3 ms for one is the best there is. A ratio of 1.05 is 0.95 of the throughput.",
            "Stands still: webrtc-stats' totalFreezesDuration of what the subject receives, per second.",
            "Queue: how long until a packet never again waits 200 ms for the line of 2.4 Mbit/s that became one of 0.6.",
            "Outage, address, restart: the far end's longest wait for sound and for a picture, without the outage's own 3 s;",
            "at the restart with the far end's own way back. A wait of a packet of 20 ms, the way of 25 and a look each 5 is none.",
        ].map(str::to_owned).to_vec(),
    })
}

/// Sounds a second, which are there whatever happens to pictures.
const SOUNDS: u64 = 50;

/// Datagrams that left the namespace.
fn carried(stand: &Stand) -> anyhow::Result<u64> {
    Ok(stand.line()?.datagrams(Direction::There))
}

/// A line that carried no media measured another network.
fn through(stand: &Stand, before: u64, window: Duration) -> anyhow::Result<()> {
    let packets = carried(stand)? - before;
    let least = SOUNDS * window.as_secs();
    anyhow::ensure!(
        packets >= least,
        "only {packets} packets went over the bad line, {least} were to be expected"
    );
    Ok(())
}

/// In the order of [`Figures::all`].
fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for loss in LOSSES {
        let under = match loss {
            0.0 => "no loss".to_owned(),
            loss => format!("{:.0} % loss", loss * 100.0),
        };
        rows.extend([
            Row::beside(format!("{under}: time for a picture sent"), "ms", 1.05),
            Row::beside(format!("{under}: time for a picture received"), "ms", 1.05),
            Row::beside(format!("{under}: picture stands still"), "ms/s", 0.7),
        ]);
    }
    let queue = "capacity falls by 75 %: until the queue is short";
    rows.push(Row::compared(queue, "ms").at_most(1_000.0));
    for (event, most) in [
        ("outage of 3 s, after it", 1_000.0),
        ("another address", 1_500.0),
        ("media server starts anew", 3_000.0),
    ] {
        let nothing = milliseconds(SOUND_PERIOD + DELAY + LOOK_EVERY);
        let silence = Row::beside(format!("{event}: silence"), "ms", 0.25);
        rows.push(silence.at_most(most).down_to(nothing));
        rows.push(Row::compared(format!("{event}: no picture"), "ms"));
    }
    rows
}

impl Figures {
    fn all(&self) -> Vec<f64> {
        let losses = self
            .losses
            .iter()
            .flat_map(|(sent, received, frozen)| [*sent, *received, *frozen]);
        losses
            .chain([self.queue])
            .chain(
                [self.outage, self.moved, self.restarted]
                    .into_iter()
                    .flat_map(Gap::all),
            )
            .collect()
    }

    fn text(&self) -> String {
        let all: Vec<_> = self
            .all()
            .iter()
            .map(|figure| format!("{figure:.0}"))
            .collect();
        all.join(" ")
    }
}

impl Gap {
    fn all(self) -> [f64; 2] {
        [self.sound, self.picture]
    }

    fn beyond(self, time: Duration) -> Self {
        let less = |gap: f64| (gap - milliseconds(time)).max(0.0);
        Self {
            sound: less(self.sound),
            picture: less(self.picture),
        }
    }
}

async fn room_turn(stand: &mut Stand, window: Duration) -> anyhow::Result<Figures> {
    stand.line()?.begin_anew(SEED, usual());
    let join = stand.join_button().await?;
    let mut onlooker = stand.room.look().await?;
    let tapped = Instant::now();
    onlooker.tap(join.rect.middle()).await?;
    stand.shows_since(&mut onlooker, tapped).await?;
    // Somebody looks on, so that the television is composed.
    let looking = tokio::spawn(async move { while onlooker.look().await.is_ok() {} });
    let figures = figures(stand, window, async |stand| room_counters(stand).await).await;
    looking.abort();
    stand.line()?.set(Conditions::default());
    stand.room_leaves().await?;
    figures
}

async fn chromium_turn(stand: &mut Stand, window: Duration) -> anyhow::Result<Figures> {
    stand.line()?.begin_anew(SEED, usual());
    let (browser, _desktop) = stand.browser().await?;
    let guest = stand.guest().await?;
    let caller = stand.browser_joins(&browser, guest.as_ref()).await?;
    first_picture(&caller).await?;
    let count = async |stand: &Stand| page_counters(stand, &caller).await;
    let figures = figures(stand, window, count).await;
    stand.line()?.set(Conditions::default());
    stand.browser_leaves(&caller).await?;
    caller.close().await?;
    browser.close().await;
    figures
}

fn usual() -> Conditions {
    Conditions {
        delay: DELAY,
        ..Conditions::default()
    }
}

/// The engine reports once a second: counted when it has just done so.
async fn room_counters(stand: &Stand) -> anyhow::Result<Counters> {
    let mut before = None;
    loop {
        let status = stand.room.status().await?;
        let videos = status
            .media
            .map(|media| media.received_video)
            .unwrap_or_default();
        let decoded = videos.iter().map(|video| video.frames_decoded).sum();
        let frozen = videos
            .iter()
            .map(|video| video.total_freezes_duration_ms)
            .sum();
        if before
            .replace(decoded)
            .is_some_and(|before| before != decoded)
        {
            let (at, at_far_end) = (Instant::now(), stand.pictures_at_far_end());
            let frozen = Duration::from_millis(frozen);
            return Ok(Counters {
                at,
                at_far_end,
                decoded,
                frozen,
            });
        }
        tokio::time::sleep(2 * LOOK_EVERY).await;
    }
}

async fn page_counters(stand: &Stand, caller: &Peer) -> anyhow::Result<Counters> {
    let stats = caller.stats().await?;
    let frozen = stats
        .inbound
        .iter()
        .map(|track| track.total_freezes_duration)
        .sum();
    Ok(Counters {
        at: Instant::now(),
        at_far_end: stand.pictures_at_far_end(),
        decoded: stats.frames_decoded(),
        frozen: Duration::from_secs_f64(frozen),
    })
}

async fn figures(
    stand: &mut Stand,
    window: Duration,
    count: impl AsyncFn(&Stand) -> anyhow::Result<Counters>,
) -> anyhow::Result<Figures> {
    let before = stand.pictures_at_far_end();
    let look = async || saal_harness::Result::<u64>::Ok(stand.pictures_at_far_end());
    until("pictures at the far end", PATIENCE, look, |now| {
        *now > before
    })
    .await?;
    tokio::time::sleep(SETTLED_AFTER).await;
    let mut losses = Vec::new();
    for loss in LOSSES {
        stand.line()?.set(Conditions { loss, ..usual() });
        tokio::time::sleep(SETTLED_AFTER).await;
        losses.push(over(window, stand, &count).await?);
    }
    stand.line()?.set(usual());
    let queue = milliseconds(narrowed(stand.line()?).await);
    tokio::time::sleep(SETTLED_AFTER).await;
    let outage = outage(stand).await?;
    stand.line()?.change_address().await?;
    let moved = longest_gap(stand, AFTERMATH).await;
    let restarted = restarted(stand).await?;
    Ok(Figures {
        losses,
        queue,
        outage,
        moved,
        restarted,
    })
}

/// The media server is killed and at once started again, remembering nothing.
async fn restarted(stand: &mut Stand) -> anyhow::Result<Gap> {
    let begun = Instant::now();
    stand.restart_media_server().await?;
    let (sounds, pictures) = (stand.sounds_at_far_end(), stand.pictures_at_far_end());
    let (mut sound, mut picture) = (None, None);
    while sound.is_none() || picture.is_none() {
        anyhow::ensure!(
            begun.elapsed() < PATIENCE,
            "nothing after the media server's restart"
        );
        let since = || milliseconds(begun.elapsed());
        if stand.sounds_at_far_end() > sounds {
            sound.get_or_insert_with(since);
        }
        if stand.pictures_at_far_end() > pictures {
            picture.get_or_insert_with(since);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(Gap {
        sound: sound.unwrap_or_default(),
        picture: picture.unwrap_or_default(),
    })
}

async fn outage(stand: &Stand) -> anyhow::Result<Gap> {
    let line = stand.line()?;
    line.set(Conditions {
        outage: true,
        ..usual()
    });
    let (gap, ()) = tokio::join!(longest_gap(stand, OUTAGE + AFTERMATH), async {
        tokio::time::sleep(OUTAGE).await;
        line.set(usual());
    });
    Ok(gap.beyond(OUTAGE))
}

/// What a window of time makes of a subject's counters.
async fn over(
    window: Duration,
    stand: &Stand,
    count: impl AsyncFn(&Stand) -> anyhow::Result<Counters>,
) -> anyhow::Result<(f64, f64, f64)> {
    let before = count(stand).await?;
    tokio::time::sleep(window).await;
    let after = count(stand).await?;
    let took = milliseconds(after.at - before.at);
    let each = |before: u64, after: u64| took / after.saturating_sub(before).max(1) as f64;
    let frozen = milliseconds(after.frozen.saturating_sub(before.frozen));
    Ok((
        each(before.at_far_end, after.at_far_end),
        each(before.decoded, after.decoded),
        frozen / took * 1e3,
    ))
}

/// The longest wait for something that is counted.
struct Wait {
    count: u64,
    since: Instant,
    longest: Duration,
}

impl Wait {
    fn new(count: u64) -> Self {
        Self {
            count,
            since: Instant::now(),
            longest: Duration::ZERO,
        }
    }

    fn look(&mut self, count: u64) {
        self.longest = self.longest.max(self.since.elapsed());
        if count != self.count {
            (self.count, self.since) = (count, Instant::now());
        }
    }
}

async fn longest_gap(stand: &Stand, within: Duration) -> Gap {
    let begun = Instant::now();
    let mut sound = Wait::new(stand.sounds_at_far_end());
    let mut picture = Wait::new(stand.pictures_at_far_end());
    while begun.elapsed() < within {
        sound.look(stand.sounds_at_far_end());
        picture.look(stand.pictures_at_far_end());
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Gap {
        sound: milliseconds(sound.longest),
        picture: milliseconds(picture.longest),
    }
}

/// Narrows the line; how long it is until no packet waits too long for it any more.
async fn narrowed(network: &Line) -> Duration {
    let line = |capacity| Conditions {
        capacity: Some(capacity),
        queue: Duration::from_secs(2),
        ..usual()
    };
    network.set_one(Direction::There, line(WIDE));
    tokio::time::sleep(2 * SETTLED_AFTER).await;
    network.set_one(Direction::There, line(NARROW));
    let begun = Instant::now();
    let mut long = Duration::ZERO;
    while begun.elapsed() < AFTERMATH {
        if network.waiting(Direction::There) >= QUEUE {
            long = begun.elapsed();
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    network.set(usual());
    long
}
