//! What a call of two costs: processor time per delivered picture, and memory.

use std::time::Duration;

use anyhow::Context;
use saal_control::{PhaseName, Status};
use saal_harness::{
    BrowserKind, Caller, FarEnd, FarEndOptions, JoinOptions, RoomOptions, Usage, User,
};
use saal_suites::{PATIENCE, Scene, Taken};

use crate::join::{first_picture, guest, leave};
use crate::report::{Report, Row};

/// One subject's figures of one turn.
struct Turn {
    processor_per_picture_ms: f64,
    pss_mib: f64,
    pictures_per_second: f64,
}

/// A subject's counters at one moment.
struct Counters {
    usage: Usage,
    pictures: u64,
}

/// Measures in turns.
pub(crate) async fn measure(turns: u32, seconds: u64) -> anyhow::Result<Report> {
    let window = Duration::from_secs(seconds);
    let mut stage = Taken::take().await?;
    let scene = stage.scene("Weekly", &RoomOptions::default()).await?;
    let peer = guest(&stage, &scene.meeting).await?;
    let options = FarEndOptions {
        browser: BrowserKind::Whole,
        ..FarEndOptions::coded_large(stage.servers.tools(), 9)?
    };
    let mut processor = Row::new("processor time per delivered picture", "ms", 0.5);
    let mut memory = Row::new("memory of all processes (PSS)", "MiB", 0.15);
    for turn in 1..=turns {
        let ours = room_turn(&scene, window).await.context("the room's turn")?;
        let browser = FarEnd::start(&stage.servers, &options).await?;
        let theirs = chromium_turn(&scene, &browser, &peer, window)
            .await
            .context("Chromium's turn")?;
        browser.close().await;
        println!("turn {turn}: Saal {ours}; Chromium {theirs}");
        processor.ours.push(ours.processor_per_picture_ms);
        processor.peer.push(theirs.processor_per_picture_ms);
        memory.ours.push(ours.pss_mib);
        memory.peer.push(theirs.pss_mib);
    }
    scene.room.stop().await;
    Ok(Report {
        title:
            "A call of two: one camera sent, one received; Chromium: Element Call without a window"
                .to_owned(),
        rows: vec![processor, memory],
        remarks: vec![
            "Delivered pictures: those that the far end decoded of the subject, and the subject of the far end.",
        ],
    })
}

async fn room_turn(scene: &Scene, window: Duration) -> anyhow::Result<Turn> {
    scene.join().await?;
    scene.far_end_sees_the_room().await?;
    scene
        .room
        .status_is("pictures", PATIENCE, |status| received(status) > 0)
        .await?;
    let count = async || {
        let pictures =
            received(&scene.room.status().await?) + scene.host.stats().await?.frames_decoded();
        anyhow::Ok(Counters {
            usage: scene.room.usage(),
            pictures,
        })
    };
    let turn = over(window, count).await?;
    scene.room.touch_element("Leave").await?;
    scene
        .room
        .status_is("home", PATIENCE, |status| status.phase == PhaseName::Home)
        .await?;
    Ok(turn)
}

async fn chromium_turn(
    scene: &Scene,
    browser: &FarEnd,
    user: &User,
    window: Duration,
) -> anyhow::Result<Turn> {
    let room_id = &scene.meeting.matrix_room;
    let caller = browser.join(user, room_id, &JoinOptions::default()).await?;
    first_picture(&caller).await?;
    first_picture(&scene.host).await?;
    let decoded = async |caller: &Caller| anyhow::Ok(caller.stats().await?.frames_decoded());
    let count = async || {
        let pictures = decoded(&caller).await? + decoded(&scene.host).await?;
        anyhow::Ok(Counters {
            usage: browser.usage().await,
            pictures,
        })
    };
    let turn = over(window, count).await?;
    leave(&caller, room_id).await?;
    caller.close().await?;
    Ok(turn)
}

/// Pictures that the room has decoded.
fn received(status: &Status) -> u64 {
    let media = status.media.as_ref();
    media.map_or(0, |media| {
        media
            .received_video
            .iter()
            .map(|video| video.frames_decoded)
            .sum()
    })
}

/// The difference that a window of time makes.
async fn over(
    window: Duration,
    count: impl AsyncFn() -> anyhow::Result<Counters>,
) -> anyhow::Result<Turn> {
    let before = count().await?;
    tokio::time::sleep(window).await;
    let after = count().await?;
    let pictures = after.pictures.saturating_sub(before.pictures).max(1) as f64;
    let processor = after.usage.processor.saturating_sub(before.usage.processor);
    Ok(Turn {
        processor_per_picture_ms: processor.as_secs_f64() * 1e3 / pictures,
        pss_mib: after.usage.pss_kib as f64 / 1024.0,
        pictures_per_second: pictures / window.as_secs_f64(),
    })
}

impl std::fmt::Display for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            processor_per_picture_ms,
            pss_mib,
            pictures_per_second,
        } = self;
        write!(
            f,
            "{processor_per_picture_ms:.1} ms per picture, {pss_mib:.0} MiB, {pictures_per_second:.0} pictures/s"
        )
    }
}
