//! The whole path, once, on real servers: a touch on Join, and the room and Element Call see and
//! hear each other.

use std::time::Duration;

use saal_control::PhaseName;
use saal_hal::{KeyName, Touch, TouchPhase};
use saal_harness::{JoinOptions, Onlooker, PanelTree, Room, RoomOptions, Sight, run, until};
use saal_suites::{
    PATIENCE, Result, Scene, Taken, far_end_hears_nothing, far_end_sees_frames, loudspeaker_sounds,
    shows, television_is_idle, television_shows_two,
};

/// Far less than the 18 s after which the server would remove a dead room by itself.
const AT_ONCE: Duration = Duration::from_secs(6);

#[test]
fn a_touch_on_join_brings_room_and_element_call_together() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene("Weekly", &RoomOptions::default()).await?;
        let tree = scene
            .room
            .panel_shows("the meeting", PATIENCE, |tree| shows(tree, "Weekly"))
            .await?;
        assert_eq!(tree.screen, "home");
        assert!(
            shows(&tree, "Raum Lahn"),
            "the room's name: {}",
            tree.text()
        );

        let status = scene.join().await?;
        assert_eq!(status.call.expect("in a call").title, "Weekly");
        scene.television_moves().await?;
        scene.far_end_sees_the_room().await?;
        scene.far_end_hears_the_room().await?;
        loudspeaker_sounds(&scene.room).await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn mute_and_camera_off_are_seen_and_leaving_removes_the_room_at_once() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene("Planning", &RoomOptions::default()).await?;
        scene.join().await?;
        scene.far_end_hears_the_room().await?;
        scene.far_end_sees_the_room().await?;

        scene.room.touch_element("Microphone").await?;
        far_end_hears_nothing(&scene.host).await?;
        scene.room.touch_element("Microphone").await?;
        scene.far_end_hears_the_room().await?;

        scene.room.touch_element("Camera").await?;
        let videos = async || {
            let tiles = scene.host.tiles().await?;
            // Their own picture stays.
            Result::<_>::Ok(tiles.iter().filter(|tile| tile.video).count())
        };
        until("one picture at the far end", PATIENCE, videos, |n| *n == 1).await?;
        scene.room.touch_element("Camera").await?;
        scene.far_end_sees_the_room().await?;

        scene.room.touch_element("Leave").await?;
        scene.meeting.membership_is(false, AT_ONCE).await?;
        scene
            .room
            .status_is("being home", PATIENCE, |s| s.phase == PhaseName::Home)
            .await?;
        television_is_idle(&scene.room).await?;
        scene.room.stop().await;
        Ok(())
    })
}

/// Nobody looks at anything: a finger feels for the way in and out and hears what is below it, keys read on through the
/// panel, and then the room is joined and left with the keyboard alone.
#[test]
fn who_does_not_see_the_panel_joins_by_ear_and_who_does_not_touch_it_by_keyboard() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let options = RoomOptions {
            more: "[panel]\nspoken = true\n".to_owned(),
            ..RoomOptions::default()
        };
        let scene = stage.scene("Weekly", &options).await?;
        let room = &scene.room;
        hears(room, "the panel speaks", |said| {
            said.starts_with("The panel speaks")
        })
        .await?;

        feels_for(room, |said| said.starts_with("Join, button")).await?;
        room.tap_twice().await?;
        hears(room, "who is there", |said| said.contains("1 other person")).await?;
        far_end_sees_frames(&scene.host).await?;
        reads_on_to(room, |said| said.starts_with("Microphone, switch, on")).await?;
        room.tap_twice().await?;
        hears(room, "that it is off", |said| {
            said.starts_with("Microphone, switch, off")
        })
        .await?;
        far_end_hears_nothing(&scene.host).await?;
        feels_for(room, |said| said.starts_with("Leave, button")).await?;
        room.tap_twice().await?;
        scene.meeting.membership_is(false, AT_ONCE).await?;

        tabs_to(room, "join:0").await?;
        room.key(KeyName::Enter).await?;
        far_end_sees_frames(&scene.host).await?;
        tabs_to(room, "leave").await?;
        room.key(KeyName::Enter).await?;
        scene.meeting.membership_is(false, AT_ONCE).await?;
        let log = room.log();
        assert!(!log.contains("can't speak"), "every word was voiced: {log}");
        scene.room.stop().await;
        Ok(())
    })
}

/// Waits until the panel has said this.
async fn hears(room: &Room, what: &str, wanted: impl Fn(&str) -> bool) -> Result<()> {
    let heard = |tree: &PanelTree| tree.said.iter().any(|said| wanted(&said.text));
    room.panel_shows(what, PATIENCE, heard).await.map(drop)
}

/// Lets a finger glide over the panel, line by line, until what is below it is called so, and lifts it there.
async fn feels_for(room: &Room, wanted: impl Fn(&str) -> bool) -> Result<()> {
    let sweep = async || {
        let mut finger = room.look().await?;
        let found = glide(&mut finger, &room.panel().await?, &wanted).await?;
        finger.close().await?;
        Result::<_>::Ok(found)
    };
    until("it below a finger", PATIENCE, sweep, |found| *found).await?;
    Ok(())
}

async fn glide(
    finger: &mut Onlooker,
    panel: &PanelTree,
    wanted: impl Fn(&str) -> bool,
) -> Result<bool> {
    /// Less than what is touched is wide and high, in pixels.
    const STEP: usize = 40;
    let (width, height) = (panel.width.cast_signed(), panel.height.cast_signed());
    let lines = (0..height).step_by(STEP);
    let cells = lines.flat_map(|y| (0..width).step_by(STEP).map(move |x| (x, y)));
    let touch = |(x, y), phase| Touch { x, y, phase };
    let (mut at, mut found) = ((0, 0), false);
    finger.touch(touch(at, TouchPhase::Down)).await?;
    for cell in cells {
        at = cell;
        finger.touch(touch(at, TouchPhase::Move)).await?;
        found = heard_at(finger, at)
            .await?
            .is_some_and(|said| wanted(&said));
        if found {
            break;
        }
    }
    finger.touch(touch(at, TouchPhase::Up)).await?;
    Ok(found)
}

/// What was said of the thing below the finger, once it is there; nothing where nothing is.
async fn heard_at(finger: &mut Onlooker, at: (i32, i32)) -> Result<Option<String>> {
    loop {
        let Sight::Panel(tree) = finger.look().await? else {
            continue;
        };
        let Some(explored) = tree.explored.filter(|finger| (finger.x, finger.y) == at) else {
            continue;
        };
        let mut said = tree.said.into_iter().rev();
        let heard = said.find(|said| said.element.is_some() && said.element == explored.element);
        return Ok(heard.map(|said| said.text));
    }
}

/// Goes from thing to thing until this is what was said last.
async fn reads_on_to(room: &Room, wanted: impl Fn(&str) -> bool) -> Result<()> {
    let step = async || {
        room.key(KeyName::ArrowDown).await?;
        let tree = room.panel().await?;
        Result::<_>::Ok(
            tree.said
                .last()
                .map(|said| said.text.clone())
                .unwrap_or_default(),
        )
    };
    until("it to be read", PATIENCE, step, |said| wanted(said)).await?;
    Ok(())
}

/// Presses Tab until the focus is there.
async fn tabs_to(room: &Room, id: &str) -> Result<()> {
    let step = async || {
        let tree = room.panel().await?;
        if tree.focus.as_deref() != Some(id) {
            room.key(KeyName::Tab).await?;
        }
        Result::<_>::Ok(room.panel().await?.focus)
    };
    until(id, PATIENCE, step, |focus| focus.as_deref() == Some(id)).await?;
    Ok(())
}

/// VP9 comes in several sizes of one picture, of which the server passes on what the tile needs.
#[test]
fn other_codecs_of_element_call_are_seen() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene("Codecs", &RoomOptions::default()).await?;
        scene.join().await?;
        for codec in ["vp9", "h264"] {
            scene.host.hang_up().await?;
            television_is_idle(&scene.room).await?;
            let join = JoinOptions {
                codec,
                ..JoinOptions::default()
            };
            let matrix_room = &scene.meeting.matrix_room;
            scene.host.join(matrix_room, &join).await?;
            scene.television_moves().await?;
            let sent = async || {
                let stats = scene.host.stats().await?;
                let sent = stats.outbound.into_iter().map(|line| line.codec);
                Result::<_>::Ok(sent.collect::<Vec<_>>())
            };
            let name = format!("video/{}", codec.to_uppercase());
            until(&name, PATIENCE, sent, |codecs| codecs.contains(&name)).await?;
        }
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_third_participant_comes_and_goes() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene("Three of us", &RoomOptions::default()).await?;
        scene.join().await?;
        scene.television_moves().await?;

        let third = stage.invited(&scene.meeting, "carla").await?;
        let far_end = stage.far_end().await?;
        let caller = far_end
            .join(&third, &scene.meeting.matrix_room, &JoinOptions::default())
            .await?;
        far_end_sees_frames(&caller).await?;
        television_shows_two(&scene.room).await?;

        caller.hang_up().await?;
        scene
            .room
            .status_is("one participant", PATIENCE, |status| {
                status
                    .call
                    .as_ref()
                    .is_some_and(|call| call.participants.len() == 1)
            })
            .await?;
        scene.television_moves().await?;
        caller.close().await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_killed_daemon_is_back_in_the_call_as_the_same_device() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene("Stand-up", &RoomOptions::default()).await?;
        scene.join().await?;
        scene.far_end_sees_the_room().await?;
        let before = scene.meeting.membership().await?.expect("in the call");

        scene.room.kill();
        scene
            .room
            .status_is("a new daemon", PATIENCE, |s| s.phase == PhaseName::Call)
            .await?;
        assert_eq!(
            scene.room.starts(),
            2,
            "the supervisor started it once more"
        );
        scene.far_end_sees_the_room().await?;
        scene.television_moves().await?;
        let after = scene
            .meeting
            .membership()
            .await?
            .expect("still in the call");
        assert_eq!(after.state_key, before.state_key, "as the same device");
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_daemon_that_stays_dead_is_removed_by_the_delayed_leave() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene("Retro", &RoomOptions::default()).await?;
        scene.join().await?;
        scene.meeting.membership_is(true, PATIENCE).await?;
        scene.room.hold_restart(true);
        scene.room.kill();
        assert!(
            scene.meeting.membership().await?.is_some(),
            "not removed by its death alone"
        );
        scene.meeting.membership_is(false, PATIENCE).await?;
        assert_eq!(scene.room.starts(), 1, "nobody but the server removed it");
        Ok(())
    })
}

#[test]
fn a_killed_engine_is_replaced_while_the_panel_goes_on() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene("Budget", &RoomOptions::default()).await?;
        scene.join().await?;
        scene.television_moves().await?;
        let daemon = scene.room.pid();
        let killed = scene.room.kill_engine().await?;
        let tree = scene.room.panel().await?;
        assert_eq!(tree.screen, "call", "the panel stays in the call");
        scene
            .room
            .status_is("another engine", PATIENCE, |status| {
                status.engine.pid.is_some_and(|pid| pid != killed)
                    && status.phase == PhaseName::Call
            })
            .await?;
        scene.television_moves().await?;
        scene.far_end_sees_the_room().await?;
        assert_eq!(scene.room.pid(), daemon, "the daemon lived on");
        assert!(
            scene.meeting.membership().await?.is_some(),
            "a member all along"
        );
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn the_room_comes_back_by_itself_when_the_media_server_restarts() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene("All hands", &RoomOptions::default()).await?;
        scene.join().await?;
        scene.television_moves().await?;
        stage.servers.stop_livekit().await;
        scene
            .room
            .status_is("noticing", PATIENCE, |s| s.phase == PhaseName::Reconnecting)
            .await?;
        stage.servers.start_livekit().await?;
        scene.in_call().await?;
        assert!(
            scene.meeting.membership().await?.is_some(),
            "a member all along"
        );
        // Element Call gives up when its media server forgets the call; its user enters again.
        let Scene {
            meeting,
            room,
            host,
        } = scene;
        host.close().await?;
        let scene = stage
            .with_host(meeting, room, &JoinOptions::default())
            .await?;
        scene.far_end_sees_the_room().await?;
        scene.television_moves().await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_room_that_is_booked_on_its_panel_is_booked_in_its_calendar() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let guest = stage.user("room").await?;
        let folder = stage.servers.folder().join("bookings");
        std::fs::create_dir_all(&folder).expect("the run's folder is writable");
        let options = RoomOptions {
            more: format!(
                "[[calendars]]\nname = \"Bookings\"\nfolder = {folder:?}\nevery_seconds = 5\n"
            ),
            ..RoomOptions::default()
        };
        let room = Room::start(&stage.servers, &guest, &options).await?;
        room.touch_element("Book this room").await?;
        room.touch_element("15 minutes").await?;
        room.panel_shows("the booking", PATIENCE, |tree| {
            shows(tree, "Booked on the spot")
        })
        .await?;
        let booked = async || {
            let files = std::fs::read_dir(&folder).expect("it was made above");
            let texts = files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok());
            Result::<Vec<String>>::Ok(texts.collect())
        };
        let has = |texts: &Vec<String>| {
            texts
                .iter()
                .any(|text| text.contains("SUMMARY:Booked on the spot"))
        };
        until("an appointment in the folder", PATIENCE, booked, has).await?;

        room.touch_element("Extend or end").await?;
        room.touch_element("End now").await?;
        room.panel_shows("a free room", PATIENCE, |tree| {
            shows(tree, "Book this room")
        })
        .await?;
        assert!(
            !room.log().contains("the calendar is not changed"),
            "{}",
            room.log()
        );
        room.stop().await;
        Ok(())
    })
}
