//! The room joins and leaves again and again: what it holds afterwards is what it held before.

use std::io::Write;

use saal_control::Status;
use saal_harness::{Room, RoomOptions, Usage, run, until};
use saal_suites::{
    PATIENCE, Result, Taken, is_home, join,
    light::{LightCaller, Recording},
};

/// What is made once is made by then: threads of runtimes, caches of GStreamer and of TLS, arenas of malloc.
const WARM_UP: u32 = 10;
/// Connections that HTTP keeps for a while, and that had been given up a moment before.
const MOST_HANDLES: usize = 4;
/// What the calls may add to the memory of daemon and engine.
const MOST_GROWTH_KIB: u64 = 1024;

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

/// What the room holds after each call of the later half of so many.
async fn calls_of(room: &Room, calls: u32) -> Result<Vec<Usage>> {
    let mut held = Vec::new();
    for turn in 1..=calls {
        joins_and_leaves(room).await?;
        if turn > calls / 2 {
            held.push(room.usage());
        }
        if let Some(usage) = held.last().filter(|_| turn % (calls / 10) == 0) {
            say(turn, usage);
        }
    }
    Ok(held)
}

fn again_and_again(calls: u32) -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let meeting = stage.meeting("Weekly").await?;
        let recording = Recording::of_room(9).await.expect("GStreamer encodes");
        let (host, matrix_room) = (&meeting.host, &meeting.matrix_room);
        let _far_end = LightCaller::join(&stage.servers, host, matrix_room, recording)
            .await
            .expect("the far end is in the call");
        let options = RoomOptions::default();
        let room = Room::start(&stage.servers, &meeting.guest, &options).await?;
        let before = calls_of(&room, WARM_UP).await?;
        let after = calls_of(&room, calls).await?;
        // What a call needs for a moment comes and goes; what is left behind lifts all of them.
        let most = before.iter().map(|usage| usage.anonymous_kib).max();
        let least = after.iter().map(|usage| usage.anonymous_kib).min();
        let (most, least) = (most.unwrap_or_default(), least.unwrap_or_default());
        let grown = least.saturating_sub(most);
        assert!(
            grown <= MOST_GROWTH_KIB,
            "{grown} KiB: {before:?} {after:?}"
        );
        // Threads that wait for more to do end after a while.
        let before = before.last().copied().unwrap_or_default();
        let flat = |now: &Usage| {
            now.threads <= before.threads && now.handles <= before.handles + MOST_HANDLES
        };
        let look = async || Result::<Usage>::Ok(room.usage());
        let what = format!("no more handles and threads than {before:?}");
        until(&what, PATIENCE, look, flat).await?;
        room.stop().await;
        Ok(())
    })
}

#[test]
fn twenty_calls_leave_nothing_behind() -> Result<()> {
    again_and_again(20)
}

#[test]
#[ignore = "takes half an hour"]
fn a_thousand_calls_leave_nothing_behind() -> Result<()> {
    again_and_again(1_000)
}
