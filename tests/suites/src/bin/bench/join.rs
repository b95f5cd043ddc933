//! From a tap on Join to the first remote picture.

use std::time::{Duration, Instant};

use anyhow::Context;
use saal_control::PhaseName;
use saal_harness::{
    BrowserKind, Caller, FarEnd, FarEndOptions, JoinOptions, Room, RoomOptions, User, until,
};
use saal_suites::{Meeting, PATIENCE, Taken};

use crate::report::{Report, Row};

/// Measures in turns.
pub(crate) async fn measure(turns: u32) -> anyhow::Result<Report> {
    let mut stage = Taken::take().await?;
    let scene = stage.scene("Weekly", &RoomOptions::default()).await?;
    let peer = guest(&stage, &scene.meeting).await?;
    let options = FarEndOptions {
        browser: BrowserKind::Whole,
        ..FarEndOptions::coded(stage.servers.tools(), 9)?
    };
    let browser = FarEnd::start(&stage.servers, &options).await?;
    let mut opened = Row::new("opening the page -> first picture", "ms", 0.35);
    let mut joined = Row::new("joining with the page open -> first picture", "ms", 0.6);
    for turn in 1..=turns {
        let ours = room_turn(&scene.room).await.context("the room's turn")?;
        let (open, join) = chromium_turn(&browser, &peer, &scene.meeting.matrix_room)
            .await
            .context("Chromium's turn")?;
        println!(
            "turn {turn}: Saal {ours:.0} ms, Chromium {open:.0} ms, with the page open {join:.0} ms"
        );
        opened.ours.push(ours);
        joined.ours.push(ours);
        opened.peer.push(open);
        joined.peer.push(join);
    }
    scene.room.stop().await;
    browser.close().await;
    Ok(Report {
        title: "Tap on Join -> first remote picture on the television; Chromium: Element Call"
            .to_owned(),
        rows: vec![opened, joined],
        remarks: vec![
            "Saal's figure includes the wait for the web view's next picture of the television.",
            "Goals are those of a call at 50 ms round trip; this one is on loopback.",
        ],
    })
}

/// A user who is invited to the meeting's room and has joined it.
pub(crate) async fn guest(stage: &Taken, meeting: &Meeting) -> anyhow::Result<User> {
    let guest = stage.user("peer").await?;
    meeting
        .host
        .invite(&meeting.matrix_room, &guest.user_id)
        .await?;
    guest.join(&meeting.matrix_room).await?;
    Ok(guest)
}

async fn room_turn(room: &Room) -> anyhow::Result<f64> {
    let usable = |tree: &saal_harness::PanelTree| {
        tree.find("Join")
            .is_some_and(|element| !element.state.disabled)
    };
    let tree = room.panel_shows("Join", PATIENCE, usable).await?;
    let (x, y) = tree.find("Join").context("just seen")?.rect.middle();
    let started = Instant::now();
    room.touch(x, y).await?;
    until(
        "the far end on the television",
        PATIENCE,
        async || room.television().await,
        |picture| picture.code().is_some(),
    )
    .await?;
    let took = milliseconds(started.elapsed());
    room.touch_element("Leave").await?;
    room.status_is("home", PATIENCE, |status| status.phase == PhaseName::Home)
        .await?;
    Ok(took)
}

async fn chromium_turn(browser: &FarEnd, user: &User, room_id: &str) -> anyhow::Result<(f64, f64)> {
    let started = Instant::now();
    let caller = browser.join(user, room_id, &JoinOptions::default()).await?;
    first_picture(&caller).await?;
    let open = milliseconds(started.elapsed());
    leave(&caller, room_id).await?;
    let started = Instant::now();
    caller.join(room_id, &JoinOptions::default()).await?;
    first_picture(&caller).await?;
    let join = milliseconds(started.elapsed());
    leave(&caller, room_id).await?;
    caller.close().await?;
    Ok((open, join))
}

pub(crate) async fn first_picture(caller: &Caller) -> anyhow::Result<()> {
    until(
        "the first picture",
        PATIENCE,
        async || caller.stats().await,
        |stats| stats.frames_decoded() > 0,
    )
    .await?;
    Ok(())
}

pub(crate) async fn leave(caller: &Caller, room_id: &str) -> anyhow::Result<()> {
    caller.hang_up().await?;
    let user = caller.user();
    let there = async || user.call_members(room_id).await;
    until("the end of the membership", PATIENCE, there, |members| {
        members.iter().all(|event| event.sender != user.user_id)
    })
    .await?;
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
