//! How the room says that it is in a call, with Element Call in each of its modes at the far end.

use std::time::Duration;

use saal_control::PhaseName;
use saal_harness::{JoinOptions, RoomOptions, run, until};
use saal_suites::{PATIENCE, Result, Scene, Taken, far_end_sees_frames, television_shows_two};

/// Far less than the 18 s after which the server would remove a dead room by itself.
const AT_ONCE: Duration = Duration::from_secs(6);

fn mode(mode: &'static str) -> JoinOptions {
    JoinOptions {
        mode,
        ..JoinOptions::default()
    }
}

/// How many people the far end shows, itself too.
async fn tiles(scene: &Scene) -> Result<usize> {
    Ok(scene.host.tiles().await?.len())
}

async fn far_end_shows(scene: &Scene, people: usize) -> Result<()> {
    let what = format!("{people} people at the far end");
    let shown = async || tiles(scene).await;
    until(&what, PATIENCE, shown, |shown| *shown == people)
        .await
        .map(drop)
}

#[test]
fn in_matrix_2_0_room_and_element_call_see_and_hear_each_other() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let options = RoomOptions::default();
        let scene = stage
            .scene_with("Newer", &options, &mode("matrix_2_0"))
            .await?;
        scene
            .room
            .panel_shows("who is in the call", PATIENCE, |tree| {
                saal_suites::shows(tree, "Newer")
            })
            .await?;
        scene.join().await?;
        scene.television_moves().await?;
        scene.far_end_sees_the_room().await?;
        scene.far_end_hears_the_room().await?;
        scene.meeting.sticky_membership_is(true, PATIENCE).await?;
        let by_state = scene.meeting.membership().await?;
        assert!(by_state.is_none(), "twice in the call: {by_state:?}");
        far_end_shows(&scene, 2).await?;

        scene.room.touch_element("Leave").await?;
        scene.meeting.sticky_membership_is(false, AT_ONCE).await?;
        far_end_shows(&scene, 1).await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn in_matrix_2_0_a_killed_daemon_is_back_as_the_same_member_and_a_dead_one_leaves_no_ghost()
-> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let options = RoomOptions::default();
        let scene = stage
            .scene_with("Newer again", &options, &mode("matrix_2_0"))
            .await?;
        scene.join().await?;
        scene.meeting.sticky_membership_is(true, PATIENCE).await?;
        let id = async || {
            let member = scene.meeting.sticky_membership().await?;
            Result::<_>::Ok(member.map(|event| event.content["member"]["id"].clone()))
        };
        let before = id().await?;
        scene.room.kill();
        let back = "a new daemon in the call";
        scene
            .room
            .status_is(back, PATIENCE, |s| s.phase == PhaseName::Call)
            .await?;
        scene.far_end_sees_the_room().await?;
        assert_eq!(id().await?, before, "as the same member");
        far_end_shows(&scene, 2).await?;

        scene.room.hold_restart(true);
        scene.room.kill();
        scene.meeting.sticky_membership_is(false, PATIENCE).await?;
        far_end_shows(&scene, 1).await
    })
}

#[test]
fn with_a_legacy_element_call_room_and_far_end_see_and_hear_each_other() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let options = RoomOptions::default();
        let scene = stage.scene_with("Older", &options, &mode("legacy")).await?;
        scene.join().await?;
        scene.television_moves().await?;
        scene.far_end_sees_the_room().await?;
        scene.far_end_hears_the_room().await?;
        far_end_shows(&scene, 2).await?;
        scene.room.touch_element("Leave").await?;
        scene.meeting.membership_is(false, AT_ONCE).await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn where_every_mode_is_in_the_call_each_is_seen_once() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let options = RoomOptions::default();
        let scene = stage
            .scene_with("Mixed", &options, &mode("matrix_2_0"))
            .await?;
        let third = stage.user("carla").await?;
        let matrix_room = &scene.meeting.matrix_room;
        scene
            .meeting
            .host
            .invite(matrix_room, &third.user_id)
            .await?;
        third.join(matrix_room).await?;
        let far_end = stage.far_end().await?;
        let other = far_end
            .join(&third, matrix_room, &mode("compatibility"))
            .await?;
        scene.join().await?;
        television_shows_two(&scene.room).await?;
        scene.far_end_sees_the_room().await?;
        far_end_sees_frames(&other).await?;
        far_end_shows(&scene, 3).await?;
        let status = scene.in_call().await?;
        assert_eq!(status.call.expect("in a call").participants.len(), 2);
        other.close().await?;
        scene.room.stop().await;
        Ok(())
    })
}
