//! The room joins and leaves again and again: what it holds afterwards is what it held before.

use std::io::Write;

use saal_control::Status;
use saal_harness::{Room, RoomOptions, Usage, run, until};
use saal_suites::{
    PATIENCE, Result, Taken, is_home, join,
    light::{LightCaller, Recording},
};

/// Connections that HTTP keeps for a while, and that had been given up a moment before.
const MOST_HANDLES: usize = 4;

/// What the later calls may add to the least that daemon and engine hold at rest.
const MOST_GROWTH_KIB: u64 = 1024;

/// How often.
struct Trial {
    /// Warms up: fills what is made once, caches of GStreamer, of TLS and of HTTP, threads of runtimes.
    first: u32,
    more: u32,
    /// So many calls at the end of the warm-up are looked at.
    looks: u32,
}

fn pictures(status: &Status) -> u64 {
    let media = status.media.as_ref();
    let videos = media.map_or([].as_slice(), |media| &media.received_video);
    videos.iter().map(|video| video.frames_decoded).sum()
}

/// Joins, sees the far end, is heard, and leaves.
async fn joins_and_leaves(room: &Room) -> Result<()> {
    join(room).await?;
    let sees = |status: &Status| {
        let sent = status.media.iter().flat_map(|media| &media.sent_video);
        pictures(status) > 5 && sent.map(|video| video.frames_encoded).sum::<u64>() > 5
    };
    room.status_is("pictures both ways", PATIENCE, sees).await?;
    room.touch_element("Leave").await?;
    is_home(room).await?;
    Ok(())
}

/// What the room holds once the engine says that it has no connection any more: by then both have given back what is free.
async fn rests(room: &Room) -> Result<Usage> {
    let nothing = |status: &Status| {
        let media = status.media.as_ref();
        media.is_some_and(|media| media.connections.is_empty() && media.sent_video.is_empty())
    };
    room.status_is("no connection", PATIENCE, nothing).await?;
    Ok(room.usage())
}

/// Past the runner's capture: how memory goes is worth seeing each time.
fn say(turn: u32, usage: &Usage) {
    let Usage {
        anonymous_kib,
        threads,
        handles,
        ..
    } = usage;
    let _ = writeln!(
        std::io::stderr(),
        "after {turn} calls: {anonymous_kib} KiB, {threads} threads, {handles} handles"
    );
}

/// What the room holds after each of the last of so many calls. One look is up to 15 MiB above the next: what has just been
/// freed goes back to the kernel a while later, and what the look is for lifts all of them.
async fn calls_of(room: &Room, calls: u32, looks: u32) -> Result<Vec<Usage>> {
    let mut held = Vec::new();
    for turn in 1..=calls {
        joins_and_leaves(room).await?;
        let is_looked_at = turn + looks > calls;
        if is_looked_at || turn % 50 == 0 {
            let usage = rests(room).await?;
            say(turn, &usage);
            held.extend(is_looked_at.then_some(usage));
        }
    }
    Ok(held)
}

fn again_and_again(trial: Trial) -> Result<()> {
    run(async move {
        let stage = Taken::take().await?;
        let meeting = stage.meeting("Weekly").await?;
        let recording = Recording::of_room(9).await.expect("GStreamer encodes");
        let (host, matrix_room) = (&meeting.host, &meeting.matrix_room);
        let _far_end = LightCaller::join(&stage.servers, host, matrix_room, recording)
            .await
            .expect("the far end is in the call");
        let options = RoomOptions::default();
        let room = Room::start(&stage.servers, &meeting.guest, &options).await?;
        let before = calls_of(&room, trial.first, trial.looks).await?;
        let least = before.iter().map(|usage| usage.anonymous_kib).min();
        let least = least.unwrap_or_default();
        calls_of(&room, trial.more, 1).await?;
        let before = before.last().copied().unwrap_or_default();
        // What a call needed for a moment goes, and so do threads that wait for more to do; what was left behind stays.
        let flat = |now: &Usage| {
            now.anonymous_kib <= least + MOST_GROWTH_KIB
                && now.threads <= before.threads
                && now.handles <= before.handles + MOST_HANDLES
        };
        let look = async || Result::<Usage>::Ok(room.usage());
        let what = format!(
            "{least} KiB and {MOST_GROWTH_KIB} more at most, no more handles and threads than {before:?}"
        );
        let rested = until(&what, PATIENCE, look, flat).await?;
        say(trial.first + trial.more, &rested);
        room.stop().await;
        Ok(())
    })
}

#[test]
fn twenty_calls_leave_nothing_behind() -> Result<()> {
    again_and_again(Trial {
        first: 30,
        more: 20,
        looks: 5,
    })
}

#[test]
#[ignore = "takes half an hour"]
fn a_thousand_calls_leave_nothing_behind() -> Result<()> {
    again_and_again(Trial {
        first: 100,
        more: 900,
        looks: 50,
    })
}
