//! How long a call is away when a process of the room dies. There is no peer: a browser whose
//! process dies does not come back at all.

use std::fmt::Write;
use std::time::{Duration, Instant};

use saal_control::{PhaseName, Status};
use saal_harness::RoomOptions;
use saal_suites::{PATIENCE, Scene, Taken};

use crate::report::median;

/// What is killed, and within what the call is to be back (milliseconds).
const ENGINE: (&str, f64) = ("media engine killed -> pictures again", 2_000.0);
const DAEMON: (&str, f64) = ("daemon killed -> pictures again", 3_000.0);

/// Measures in turns.
pub(crate) async fn measure(turns: u32) -> anyhow::Result<String> {
    let mut stage = Taken::take().await?;
    let scene = stage.scene("Weekly", &RoomOptions::default()).await?;
    scene.join().await?;
    back(&scene, 0).await?;
    let (mut engine, mut daemon) = (Vec::new(), Vec::new());
    for turn in 1..=turns {
        let killed = scene.room.kill_engine().await?;
        engine.push(milliseconds(back(&scene, killed).await?));
        let killed = scene.room.status().await?.engine.pid.unwrap_or_default();
        scene.room.kill();
        daemon.push(milliseconds(back(&scene, killed).await?));
        println!(
            "turn {turn}: engine {:.0} ms, daemon {:.0} ms",
            last(&engine),
            last(&daemon)
        );
    }
    scene.room.stop().await;
    let mut report = "A call of two in which a process is killed\n".to_owned();
    for ((what, goal), figures) in [(ENGINE, engine), (DAEMON, daemon)] {
        let (middle, low, high) = median(&figures);
        writeln!(
            report,
            "{what:<44} {middle:.0} ms ({low:.0} to {high:.0}), goal {goal:.0} ms"
        )?;
    }
    Ok(report)
}

/// Waits until another engine than this one decodes the far end's pictures.
async fn back(scene: &Scene, engine: u32) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let decodes = |status: &Status| {
        let media = status.media.as_ref();
        status.phase == PhaseName::Call
            && status.engine.pid != Some(engine)
            && media.is_some_and(|m| m.received_video.iter().any(|v| v.frames_decoded > 0))
    };
    scene
        .room
        .status_is("pictures from another engine", PATIENCE, decodes)
        .await?;
    Ok(started.elapsed())
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn last(figures: &[f64]) -> f64 {
    figures.last().copied().unwrap_or(f64::NAN)
}
