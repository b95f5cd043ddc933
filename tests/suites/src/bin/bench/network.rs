//! A call over a bad network, for the room and for Chromium alike: loss, a drop of capacity, an outage, another address.
//! All that either sends and gets goes through the same relay of ours with the same seed; the far end is spared.

use std::time::{Duration, Instant};

use anyhow::Context;
use saal_harness::until;
use saal_network_sim::{Conditions, Direction, Relay};
use saal_suites::PATIENCE;

use crate::report::{ROOM_AND_BROWSER, Report, Row, milliseconds};
use crate::stand::{Peer, Stand, first_picture};

const SEED: u64 = 20;
/// One way; all measurements have it.
const DELAY: Duration = Duration::from_millis(25);
/// Parts of all packets, each way.
const LOSSES: [f64; 4] = [0.01, 0.05, 0.1, 0.2];
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
    /// The far end's longest wait for a picture, beyond the outage itself.
    outage: f64,
    /// The same for another address.
    moved: f64,
}

/// Measures in turns.
pub(crate) async fn measure(turns: u32, seconds: u64) -> anyhow::Result<Report> {
    let window = Duration::from_secs(seconds);
    let (stand, network) = Stand::behind_a_network(SEED).await?;
    // By then the far end has found its way.
    let packets = async || saal_harness::Result::<u64>::Ok(network.tally(Direction::There).packets);
    until("the far end's media", PATIENCE, packets, |packets| {
        *packets > 200
    })
    .await?;
    network.spare();
    let mut rows = rows();
    for turn in 1..=turns {
        let before = network.tally(Direction::There).packets;
        let ours = room_turn(&stand, &network, window)
            .await
            .context("the room's turn")?;
        through(&network, before, window)?;
        println!("turn {turn}: Saal {}", ours.text());
        let before = network.tally(Direction::There).packets;
        let theirs = chromium_turn(&stand, &network, window)
            .await
            .context("Chromium's turn")?;
        through(&network, before, window)?;
        println!("turn {turn}: Chromium {}", theirs.text());
        for ((row, ours), theirs) in rows.iter_mut().zip(ours.all()).zip(theirs.all()) {
            row.add(ours, theirs);
        }
    }
    stand.take_down().await;
    Ok(Report {
        subjects: ROOM_AND_BROWSER,
        title: "A call of two through a bad network: 25 ms each way, and what each row says; Chromium: Element Call in a window".to_owned(),
        rows,
        remarks: vec![
            "Sent: pictures at the far end, which has a perfect network; received: pictures that the subject decoded.",
            "Stood still: webrtc-stats' totalFreezesDuration of what the subject received.",
            "Queue: how long until a packet never again waits 200 ms for the line of 2.4 Mbit/s that became one of 0.6.",
            "Outage, address: the longest wait for a picture at the far end, without the 3 s of the outage.",
        ],
    })
}

/// Sounds a second, which are there whatever happens to pictures.
const SOUNDS: u64 = 50;

/// A media server that is a full ICE agent may find a way of its own, on which nothing is lost.
fn through(network: &Relay, before: u64, window: Duration) -> anyhow::Result<()> {
    let packets = network.tally(Direction::There).packets - before;
    let least = SOUNDS * window.as_secs();
    anyhow::ensure!(
        packets >= least,
        "only {packets} packets came through the bad network, {least} were to be expected: the media server found \
         a way around it, and this turn's figures are those of a perfect one"
    );
    Ok(())
}

/// In the order of [`Figures::all`].
fn rows() -> Vec<Row> {
    let loss = |sent, received, frozen| {
        [
            Row::beside(sent, "ms", 1.05),
            Row::beside(received, "ms", 1.05),
            Row::beside(frozen, "ms/s", 0.7),
        ]
    };
    let mut rows = Vec::new();
    rows.extend(loss(
        "1 % loss: a picture sent",
        "a picture received",
        "stood still",
    ));
    rows.extend(loss(
        "5 % loss: a picture sent",
        "a picture received",
        "stood still",
    ));
    rows.extend(loss(
        "10 % loss: a picture sent",
        "a picture received",
        "stood still",
    ));
    rows.extend(loss(
        "20 % loss: a picture sent",
        "a picture received",
        "stood still",
    ));
    rows.push(Row::compared("queue short after capacity fell by 75 %", "ms").at_most(1_000.0));
    rows.push(Row::beside("outage of 3 s: no picture after it", "ms", 0.25).at_most(1_000.0));
    rows.push(Row::beside("another address: no picture", "ms", 0.25).at_most(1_500.0));
    rows
}

impl Figures {
    fn all(&self) -> Vec<f64> {
        let losses = self
            .losses
            .iter()
            .flat_map(|(sent, received, frozen)| [*sent, *received, *frozen]);
        losses
            .chain([self.queue, self.outage, self.moved])
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

async fn room_turn(stand: &Stand, network: &Relay, window: Duration) -> anyhow::Result<Figures> {
    network.set(usual());
    let join = stand.join_button().await?;
    let mut onlooker = stand.room.look().await?;
    let tapped = Instant::now();
    onlooker.tap(join.rect.middle()).await?;
    stand.shows_since(&mut onlooker, tapped).await?;
    // Somebody looks on, so that the television is composed.
    let looking = tokio::spawn(async move { while onlooker.look().await.is_ok() {} });
    let figures = figures(stand, network, window, async || room_counters(stand).await).await;
    looking.abort();
    network.set(Conditions::default());
    stand.room_leaves().await?;
    figures
}

async fn chromium_turn(
    stand: &Stand,
    network: &Relay,
    window: Duration,
) -> anyhow::Result<Figures> {
    network.set(usual());
    let (browser, _desktop) = stand.browser().await?;
    let caller = stand.browser_joins(&browser, None).await?;
    first_picture(&caller).await?;
    let figures = figures(stand, network, window, async || {
        page_counters(stand, &caller).await
    })
    .await;
    network.set(Conditions::default());
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
    stand: &Stand,
    network: &Relay,
    window: Duration,
    count: impl AsyncFn() -> anyhow::Result<Counters>,
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
        network.set(Conditions { loss, ..usual() });
        tokio::time::sleep(SETTLED_AFTER).await;
        losses.push(over(window, &count).await?);
    }
    network.set(usual());
    tokio::time::sleep(SETTLED_AFTER).await;
    network.set(Conditions {
        outage: true,
        ..usual()
    });
    let (gap, ()) = tokio::join!(longest_gap(stand, OUTAGE + AFTERMATH), async {
        tokio::time::sleep(OUTAGE).await;
        network.set(usual());
    });
    let outage = milliseconds(gap.saturating_sub(OUTAGE));
    network.change_addresses()?;
    let moved = milliseconds(longest_gap(stand, AFTERMATH).await);
    let queue = milliseconds(narrowed(network).await);
    Ok(Figures {
        losses,
        queue,
        outage,
        moved,
    })
}

/// What a window of time makes of a subject's counters.
async fn over(
    window: Duration,
    count: impl AsyncFn() -> anyhow::Result<Counters>,
) -> anyhow::Result<(f64, f64, f64)> {
    let before = count().await?;
    tokio::time::sleep(window).await;
    let after = count().await?;
    let took = milliseconds(after.at - before.at);
    let each = |before: u64, after: u64| took / after.saturating_sub(before).max(1) as f64;
    let frozen = milliseconds(after.frozen.saturating_sub(before.frozen));
    Ok((
        each(before.at_far_end, after.at_far_end),
        each(before.decoded, after.decoded),
        frozen / took * 1e3,
    ))
}

/// The far end's longest wait for a picture.
async fn longest_gap(stand: &Stand, within: Duration) -> Duration {
    let begun = Instant::now();
    let (mut count, mut last, mut longest) = (stand.pictures_at_far_end(), begun, Duration::ZERO);
    while begun.elapsed() < within {
        let now = stand.pictures_at_far_end();
        longest = longest.max(last.elapsed());
        if now != count {
            (count, last) = (now, Instant::now());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    longest
}

/// Narrows the line; how long it is until no packet waits too long for it any more.
async fn narrowed(network: &Relay) -> Duration {
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
