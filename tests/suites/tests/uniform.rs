//! One interface for every meeting service: the meeting stands in the room's schedule, a touch on Join enters it, every
//! control is touched, and the panel shows the same states whichever service it is.

use saal_harness::{JitsiJoin, PanelTree, Room, RoomOptions, run};
use saal_suites::{
    Onlooker, PATIENCE, Result, Taken, far_end_hears_nothing, far_end_hears_seconds,
    far_end_sees_frames, far_end_sees_nobody, jitsi::JitsiTaken, loudspeaker_sounds,
    television_is_idle, television_moves,
};

const TITLE: &str = "Weekly";

/// What can be touched at home.
const HOME: &str = "button Display and accessibility; button Join; button Another meeting";
/// A call with one other person, with the microphone and the camera as named.
const CALL: &str = "heading Weekly; status 1 other person; listitem NAME; \
                    switch Microphone MICROPHONE; switch Camera CAMERA; button More; button Leave";

#[test]
fn matrix_meetings_are_entered_and_controlled_by_touch() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene(TITLE, &RoomOptions::default()).await?;
        let name = scene.meeting.host.user_id.trim_start_matches('@');
        let name = name.split(':').next().unwrap_or_default();
        walk(&scene.room, (&scene.host).into(), name).await?;
        scene.meeting.membership_is(false, PATIENCE).await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn jitsi_meetings_are_entered_and_controlled_by_touch() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let meeting = stage.meeting(TITLE, &JitsiJoin::named("Anna")).await?;
        walk(&meeting.room, (&meeting.host).into(), "Anna").await?;
        meeting.room.stop().await;
        Ok(())
    })
}

/// Touches everything there is, in the order of a meeting; the far end notices each.
async fn walk(room: &Room, far_end: Onlooker<'_>, name: &str) -> Result<()> {
    let call = |microphone: &str, camera: &str| {
        let shown = CALL.replace("NAME", name).replace("MICROPHONE", microphone);
        shown.replace("CAMERA", camera)
    };
    panel_is(room, "home", HOME).await?;
    room.panel_shows("the meeting's title", PATIENCE, |tree| {
        tree.text().contains(TITLE)
    })
    .await?;

    room.touch_element("Join").await?;
    panel_is(room, "call", &call("on", "on")).await?;
    television_moves(room).await?;
    loudspeaker_sounds(room).await?;
    far_end_sees_frames(far_end).await?;
    far_end_hears_seconds(far_end).await?;

    room.touch_element("Microphone").await?;
    panel_is(room, "call", &call("off", "on")).await?;
    far_end_hears_nothing(far_end).await?;
    room.touch_element("Camera").await?;
    panel_is(room, "call", &call("off", "off")).await?;
    far_end_sees_nobody(far_end).await?;
    room.touch_element("Microphone").await?;
    panel_is(room, "call", &call("on", "off")).await?;
    far_end_hears_seconds(far_end).await?;
    room.touch_element("Camera").await?;
    panel_is(room, "call", &call("on", "on")).await?;
    far_end_sees_frames(far_end).await?;

    room.touch_element("Leave").await?;
    panel_is(room, "home", HOME).await?;
    television_is_idle(room).await?;
    far_end_sees_nobody(far_end).await
}

/// Waits until the panel shows this screen with these elements.
async fn panel_is(room: &Room, screen: &str, elements: &str) -> Result<()> {
    let what = format!("{screen} with {elements}");
    room.panel_shows(&what, PATIENCE, |tree| {
        tree.screen == screen && shown(tree) == elements
    })
    .await
    .map(drop)
}

/// What a screen reader would name, without what depends on the time of day or the calendar: at home what can be touched,
/// in a call everything but the clocks.
fn shown(tree: &PanelTree) -> String {
    let home = tree.screen == "home";
    let told = tree.elements.iter().filter(|element| {
        let control = matches!(element.role.as_str(), "button" | "switch" | "radio");
        let words = matches!(
            element.role.as_str(),
            "heading" | "status" | "listitem" | "alert"
        );
        control || (words && !home && element.id != "room")
    });
    let lines = told.map(|element| {
        let switched = match element.state.pressed {
            Some(true) => " on",
            Some(false) => " off",
            None => "",
        };
        let off = if element.state.disabled {
            " disabled"
        } else {
            ""
        };
        format!("{} {}{switched}{off}", element.role, element.label)
    });
    lines.collect::<Vec<_>>().join("; ")
}
