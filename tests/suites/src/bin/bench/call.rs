//! What a call of two costs: processor time per delivered picture, and memory.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Context;
use saal_control::Status;
use saal_harness::{Usage, until};
use saal_suites::PATIENCE;

use crate::report::{ROOM_AND_BROWSER, Report, Row};
use crate::stand::{Call, Peer, Service, Stand, first_picture};

/// Bandwidth estimates and jitter buffers have found their values by then.
const SETTLED_AFTER: Duration = Duration::from_secs(5);

/// One subject's figures of one turn.
struct Turn {
    processor_ms: f64,
    encoding_ms: f64,
    pss_mib: f64,
    /// Of that, what is no file's.
    anonymous_mib: f64,
    pictures_per_second: f64,
}

/// A subject's counters at one moment.
struct Counters {
    at: Instant,
    usage: Usage,
    encoding: Duration,
    /// Pictures that the far end got of the subject, and those that the subject decoded.
    sent: u64,
    received: u64,
}

/// Measures in turns.
pub(crate) async fn measure(kind: Call, turns: u32, seconds: u64) -> anyhow::Result<Report> {
    let window = Duration::from_secs(seconds);
    let stand = Stand::set_up(kind).await?;
    let mut processor = Row::beside("processor time per delivered picture", "ms", 0.5);
    let mut rest = Row::compared("the same without encoding", "ms");
    let mut memory = Row::beside("memory of all processes (PSS)", "MiB", 0.15).at_most(80.0);
    // The rest are pages of programs and libraries, which the kernel maps by the dozen and can drop.
    let mut anonymous = Row::compared("of that what is no file's", "MiB");
    for turn in 1..=turns {
        let ours = room_turn(&stand, window).await.context("the room's turn")?;
        let theirs = chromium_turn(&stand, window)
            .await
            .context("Chromium's turn")?;
        println!("turn {turn}: Saal {ours}; Chromium {theirs}");
        processor.add(ours.processor_ms, theirs.processor_ms);
        rest.add(ours.without_encoding(), theirs.without_encoding());
        memory.add(ours.pss_mib, theirs.pss_mib);
        anonymous.add(ours.anonymous_mib, theirs.anonymous_mib);
    }
    stand.take_down().await;
    Ok(Report {
        subjects: ROOM_AND_BROWSER,
        title: format!(
            "A call of two: one camera sent at 720p30, one received; {}",
            kind.peer()
        ),
        // With several layers Chromium's statistics count the encoder's time once for each.
        rows: match kind.service {
            Service::Matrix => vec![processor, rest, memory, anonymous],
            Service::Jitsi => vec![processor, memory, anonymous],
        },
        remarks: [
            "Delivered pictures: those that the far end got of the subject, and those that the subject decoded.",
            "Both show what they receive: Saal composes its television at 10 a second for the web view (as JPEG).",
            "Encoding: Saal's encoder thread; what Chromium's own statistics call time spent on encoding.",
        ].map(str::to_owned).to_vec(),
    })
}

async fn room_turn(stand: &Stand, window: Duration) -> anyhow::Result<Turn> {
    let join = stand.join_button().await?;
    let mut onlooker = stand.room.look().await?;
    let tapped = Instant::now();
    onlooker.tap(join.rect.middle()).await?;
    stand.shows_since(&mut onlooker, tapped).await?;
    // Somebody looks on, so that the television is composed.
    let looking = tokio::spawn(async move { while onlooker.look().await.is_ok() {} });
    sends(stand).await?;
    let turn = over(window, async || room_counters(stand).await).await;
    looking.abort();
    stand.room_leaves().await?;
    turn
}

/// The engine reports once a second: counted when it has just done so.
async fn room_counters(stand: &Stand) -> anyhow::Result<Counters> {
    let before = decoded(&stand.room.status().await?);
    let status = loop {
        let status = stand.room.status().await?;
        if decoded(&status) != before {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let usage = stand.room.usage();
    Ok(Counters {
        at: Instant::now(),
        usage,
        encoding: usage.encoding,
        sent: stand.pictures_at_far_end(),
        received: decoded(&status),
    })
}

async fn chromium_turn(stand: &Stand, window: Duration) -> anyhow::Result<Turn> {
    let (browser, _desktop) = stand.browser().await?;
    let guest = stand.guest().await?;
    let caller = stand.browser_joins(&browser, guest.as_ref()).await?;
    first_picture(&caller).await?;
    if let Peer::Jitsi(caller) = &caller {
        // What the room sends: the library takes whatever stands first in the offer.
        caller.use_codec("video/VP8").await?;
    }
    let look = async || caller.stats().await;
    until("pictures of 720p", PATIENCE, look, |stats| {
        stats.width_sent() == 1280
    })
    .await?;
    sends(stand).await?;
    let count = async || {
        let stats = stats(&caller).await?;
        let usage = browser.usage().await;
        Ok(Counters {
            at: Instant::now(),
            usage,
            encoding: Duration::from_secs_f64(stats.encode_seconds()),
            sent: stand.pictures_at_far_end(),
            received: stats.frames_decoded(),
        })
    };
    let turn = over(window, count).await?;
    stand.browser_leaves(&caller).await?;
    browser.close().await;
    Ok(turn)
}

async fn stats(caller: &Peer) -> anyhow::Result<saal_harness::CallStats> {
    Ok(caller.stats().await?)
}

/// Waits until the far end gets pictures, and until the call has settled.
async fn sends(stand: &Stand) -> anyhow::Result<()> {
    let before = stand.pictures_at_far_end();
    let look = async || saal_harness::Result::<u64>::Ok(stand.pictures_at_far_end());
    until("pictures at the far end", PATIENCE, look, |now| {
        *now > before
    })
    .await?;
    tokio::time::sleep(SETTLED_AFTER).await;
    Ok(())
}

/// Pictures that the room has decoded.
fn decoded(status: &Status) -> u64 {
    let media = status.media.as_ref();
    let videos = media.map_or([].as_slice(), |media| &media.received_video);
    videos.iter().map(|video| video.frames_decoded).sum()
}

/// The difference that a window of time makes.
async fn over(
    window: Duration,
    count: impl AsyncFn() -> anyhow::Result<Counters>,
) -> anyhow::Result<Turn> {
    let before = count().await?;
    tokio::time::sleep(window).await;
    let after = count().await?;
    let sent = after.sent.saturating_sub(before.sent);
    let received = after.received.saturating_sub(before.received);
    let pictures = (sent + received).max(1) as f64;
    let each = |before: Duration, after: Duration| {
        after.saturating_sub(before).as_secs_f64() * 1e3 / pictures
    };
    Ok(Turn {
        processor_ms: each(before.usage.processor, after.usage.processor),
        encoding_ms: each(before.encoding, after.encoding),
        pss_mib: after.usage.pss_kib as f64 / 1024.0,
        anonymous_mib: after.usage.anonymous_kib as f64 / 1024.0,
        pictures_per_second: pictures / (after.at - before.at).as_secs_f64(),
    })
}

impl Turn {
    fn without_encoding(&self) -> f64 {
        self.processor_ms - self.encoding_ms
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            processor_ms,
            encoding_ms,
            pss_mib,
            anonymous_mib,
            pictures_per_second,
        } = self;
        write!(
            f,
            "{processor_ms:.1} ms a picture ({encoding_ms:.1} of it encoding), {pss_mib:.0} MiB ({anonymous_mib:.0} of it no file's), {pictures_per_second:.0} pictures/s"
        )
    }
}
