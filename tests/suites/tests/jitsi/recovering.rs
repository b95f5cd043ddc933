//! What breaks, and that the room is back without a touch.

use saal_control::PhaseName;
use saal_harness::{JitsiJoin, run};
use saal_suites::{
    PATIENCE, Result, far_end_sees_frames,
    jitsi::{JitsiMeeting, JitsiTaken},
};

/// What a touch changes reaches the far end, and back.
async fn is_in_touch(meeting: &JitsiMeeting) -> Result<()> {
    meeting.room.touch_element("Microphone").await?;
    meeting.room_is_muted("audio", true).await?;
    meeting.room.touch_element("Microphone").await?;
    meeting.room_is_muted("audio", false).await
}

#[test]
fn a_lost_connection_is_resumed() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let meeting = stage.meeting("Cable", &JitsiJoin::named("Anna")).await?;
        let Some(servers) = stage.stand_in("a lost connection") else {
            return Ok(());
        };
        meeting.join().await?;
        meeting.see().await?;
        let endpoint = meeting.endpoint().await?;
        servers.cut_links();
        is_in_touch(&meeting).await?;
        meeting.see().await?;
        assert_eq!(meeting.endpoint().await?, endpoint, "the same participant");
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_bridge_that_restarts_and_a_move_to_another_one_are_survived() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let meeting = stage.meeting("Bridges", &JitsiJoin::named("Anna")).await?;
        let Some(servers) = stage.stand_in("a bridge that restarts") else {
            return Ok(());
        };
        meeting.join().await?;
        meeting.see().await?;
        let endpoint = meeting.endpoint().await?;
        servers.move_endpoint(&meeting.name, &endpoint).await?;
        meeting.see_and_hear().await?;
        servers.restart_bridge().await?;
        meeting.see_and_hear().await?;
        is_in_touch(&meeting).await?;
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_killed_engine_is_back_in_the_call() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let meeting = stage.meeting("Engine", &JitsiJoin::named("Anna")).await?;
        meeting.join().await?;
        meeting.see().await?;
        let daemon = meeting.room.pid();
        let killed = meeting.room.kill_engine().await?;
        let tree = meeting.room.panel().await?;
        assert_eq!(tree.screen, "call", "the panel stays in the call");
        meeting
            .room
            .status_is("another engine", PATIENCE, |status| {
                status.engine.pid.is_some_and(|pid| pid != killed)
                    && status.phase == PhaseName::Call
            })
            .await?;
        meeting.see_and_hear().await?;
        assert_eq!(meeting.room.pid(), daemon, "the daemon lived on");
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_killed_daemon_is_back_in_the_call() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let meeting = stage.meeting("Daemon", &JitsiJoin::named("Anna")).await?;
        meeting.join().await?;
        meeting.see().await?;
        meeting.room.kill();
        meeting
            .room
            .status_is("a new daemon", PATIENCE, |s| s.phase == PhaseName::Call)
            .await?;
        assert_eq!(
            meeting.room.starts(),
            2,
            "the supervisor started it once more"
        );
        far_end_sees_frames(&meeting.host).await?;
        meeting.room.stop().await;
        Ok(())
    })
}
