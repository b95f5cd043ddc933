//! Picture and sound both ways, mute, camera, leaving, content, codecs, many people.

use std::time::Duration;

use saal_control::Status;
use saal_harness::{Channel, JitsiJoin, JitsiOptions, run, until};
use saal_suites::{
    PATIENCE, Result, far_end_hears_nothing, far_end_hears_seconds, far_end_sees_frames, is_home,
    jitsi::{JitsiMeeting, JitsiTaken, meeting_on},
    panel_says, shows, television_is_idle,
};

/// Far less than the time after which a server removes a dead participant by itself.
const AT_ONCE: Duration = Duration::from_secs(6);

#[test]
fn a_touch_on_join_brings_room_and_web_user_together() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let anna = JitsiJoin::named("Anna");
        let meeting = stage.meeting("Weekly", &anna).await?;
        let tree = panel_says(&meeting.room, "Weekly").await?;
        assert_eq!(tree.screen, "home");
        let status = meeting.join().await?;
        assert_eq!(status.call.expect("in a call").title, "Weekly");
        meeting.see_and_hear().await?;
        let tree = panel_says(&meeting.room, "Anna").await?;
        assert!(shows(&tree, "1 other person"), "{}", tree.text());
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn mute_and_camera_off_are_seen_and_leaving_removes_the_room_at_once() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let anna = JitsiJoin::named("Anna");
        let meeting = stage.meeting("Planning", &anna).await?;
        meeting.join().await?;
        let JitsiMeeting { room, host, .. } = &meeting;
        far_end_hears_seconds(host).await?;

        room.touch_element("Microphone").await?;
        meeting.room_is_muted("audio", true).await?;
        far_end_hears_nothing(host).await?;
        room.touch_element("Microphone").await?;
        meeting.room_is_muted("audio", false).await?;
        far_end_hears_seconds(host).await?;

        room.touch_element("Camera").await?;
        meeting.room_is_muted("video", true).await?;
        room.touch_element("Camera").await?;
        far_end_sees_frames(host).await?;

        room.touch_element("Leave").await?;
        let others = async || host.participants().await;
        until("the room is gone", AT_ONCE, others, Vec::is_empty).await?;
        is_home(room).await?;
        television_is_idle(room).await?;
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn installations_with_a_websocket_to_the_bridge_work_as_well() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let options = JitsiOptions {
            channel: Channel::WebSocket,
            ..JitsiOptions::default()
        };
        let Some((servers, browser)) = stage.install("bridge by WebSocket", options).await? else {
            return Ok(());
        };
        let anna = JitsiJoin::named("Anna");
        let meeting = meeting_on(&servers, browser, "websocket", &anna).await?;
        meeting.join().await?;
        meeting.see_and_hear().await?;
        let endpoint = meeting.endpoint().await?;
        let bridge = async || Result::<_>::Ok(servers.bridge("websocket").await);
        until("the room's channel", PATIENCE, bridge, |view| {
            let ours = view.endpoints.get(&endpoint);
            ours.is_some_and(|ours| ours.channel)
        })
        .await?;
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_line_of_the_chat_arrives() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let meeting = stage.meeting("Chat", &JitsiJoin::silent("Anna")).await?;
        meeting.join().await?;
        meeting.room_is("the room", |_| true).await?;
        meeting.host.say("Grüße aus München").await?;
        let heard = |status: &Status| {
            let mut lines = status.call.iter().flat_map(|call| &call.chat);
            lines.any(|line| line.author == "Anna" && line.text == "Grüße aus München")
        };
        meeting.room.status_is("the line", PATIENCE, heard).await?;
        meeting.room.stop().await;
        Ok(())
    })
}
