//! Encrypted calls with real Element Call, which gets its keys as in Element Web: from devices that
//! their owners signed, by encrypted messages between devices.

use saal_control::{PhaseName, Status};
use saal_harness::{Caller, JoinOptions, Picture, Room, RoomOptions, User, run, until};
use saal_suites::{
    PATIENCE, Result, Scene, Stage, Taken, far_end_sees_frames, loudspeaker_sounds, panel_says,
    television_is_idle, television_shows_two,
};
use serde_json::json;

const ENCRYPTED: JoinOptions = JoinOptions {
    mode: "compatibility",
    codec: "vp8",
    page: (960, 600),
    encrypted: true,
    password: None,
    verified: true,
    ring: false,
};

async fn enters(stage: &mut Stage, scene: &Scene, who: &User, how: &JoinOptions) -> Result<Caller> {
    let far_end = stage.far_end().await?;
    far_end.join(who, &scene.meeting.matrix_room, how).await
}

/// Places of the keys that the room has sent to somebody.
async fn keys_of_the_room(scene: &Scene, at: &Caller) -> Result<Vec<u8>> {
    let state = at.page_state().await?;
    let own = |key: &&saal_harness::MediaKeySeen| key.sender == scene.meeting.guest.user_id;
    Ok(state.keys.iter().filter(own).map(|key| key.index).collect())
}

/// Waits until somebody has so many keys of the room.
async fn has_keys(scene: &Scene, at: &Caller, count: usize) -> Result<Vec<u8>> {
    let look = async || keys_of_the_room(scene, at).await;
    let what = format!("{count} keys of the room");
    until(&what, PATIENCE, look, |keys| keys.len() >= count).await
}

/// Waits until everything that was sent so far has come to somebody: what comes by sync comes in order.
async fn catches_up(scene: &Scene, at: &Caller, mark: &str) -> Result<()> {
    let content = json!({ "topic": mark });
    let room = &scene.meeting.matrix_room;
    let host = &scene.meeting.host;
    host.send_state(room, "m.room.topic", "", &content).await?;
    let look = async || at.page_state().await;
    until("the mark", PATIENCE, look, |state| {
        state.topic.as_deref() == Some(mark)
    })
    .await
    .map(drop)
}

/// Waits for a line with all of these in the room's log.
async fn log_says(scene: &Scene, texts: &[&str]) -> Result<()> {
    let look = async || Result::<_>::Ok(scene.room.log());
    let says = |line: &str| texts.iter().all(|text| line.contains(text));
    let done = |log: &String| log.lines().any(says);
    until(&format!("{texts:?} in the log"), PATIENCE, look, done)
        .await
        .map(drop)
}

/// Waits until so many of the two people on the television are seen.
async fn shows_tiles(room: &Room, count: usize) -> Result<()> {
    let look = async || room.television().await;
    let seen = |picture: &Picture| {
        let (width, height) = (picture.width / 2, picture.height / 2);
        let half = |x: &u32| picture.code_in(*x, height / 2, width, height).is_some();
        [0, width].iter().filter(|x| half(x)).count()
    };
    let what = format!("{count} of two people on the television");
    until(&what, PATIENCE, look, |picture| seen(picture) == count)
        .await
        .map(drop)
}

/// Waits until somebody has sent pictures in this codec, and in no other.
async fn sends_only(who: &Caller, codec: &str) -> Result<()> {
    let sent = async || {
        let stats = who.stats().await?;
        let pictures = stats.outbound.into_iter().filter(|one| one.kind == "video");
        let sent = pictures.filter(|one| one.frames_encoded > 0);
        Result::<Vec<String>>::Ok(sent.map(|one| one.codec).collect())
    };
    let sent = until(codec, PATIENCE, sent, |codecs| !codecs.is_empty()).await?;
    assert!(sent.iter().all(|one| one == codec), "{sent:?}");
    Ok(())
}

async fn people_are(scene: &Scene, what: &str, done: impl Fn(&Status) -> bool) -> Result<()> {
    scene.room.status_is(what, PATIENCE, done).await.map(drop)
}

#[test]
fn room_and_element_call_see_and_hear_each_other_and_forged_keys_change_nothing() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage
            .scene_with("Confidential", &RoomOptions::default(), &ENCRYPTED)
            .await?;
        scene.join().await?;
        scene.television_moves().await?;
        scene.far_end_sees_the_room().await?;
        scene.far_end_hears_the_room().await?;
        loudspeaker_sounds(&scene.room).await?;

        // Anna's device sends what an attacker would: an older key in the place of the one in use, and one that
        // claims to be of another device.
        let (user, device) = (&scene.meeting.guest.user_id, &scene.meeting.guest.device_id);
        let key = "AAAAAAAAAAAAAAAAAAAAAA==";
        let older = json!({ "sent_ts": -1, "keys.key": key });
        scene.host.send_key_like(user, device, older).await?;
        log_says(&scene, &["it is older than the one that is known"]).await?;
        let foreign = json!({ "sent_ts": 1, "keys.key": key, "member.claimed_device_id": "OTHER" });
        scene.host.send_key_like(user, device, foreign).await?;
        log_says(&scene, &["it claims to come from OTHER"]).await?;
        let elsewhere = json!({ "sent_ts": 1, "keys.key": key, "room_id": "!other:saal.test" });
        scene.host.send_key_like(user, device, elsewhere).await?;
        log_says(&scene, &["it is for another room"]).await?;
        scene.television_moves().await?;

        // A new engine knows no key, neither the room's nor Anna's.
        let killed = scene.room.kill_engine().await?;
        people_are(&scene, "another engine", |status| {
            let another = status.engine.pid.is_some_and(|pid| pid != killed);
            another && status.phase == PhaseName::Call
        })
        .await?;
        scene.television_moves().await?;
        loudspeaker_sounds(&scene.room).await?;
        scene.far_end_sees_the_room().await?;
        scene.far_end_hears_the_room().await?;

        scene.room.kill();
        people_are(&scene, "a new daemon", |status| status.call.is_some()).await?;
        scene.in_call().await?;
        scene.far_end_sees_the_room().await?;
        scene.television_moves().await?;
        let log = scene.room.log();
        assert!(!log.contains(key), "keys stay out of logs");
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_late_joiner_gets_the_key_in_use_and_one_who_left_gets_no_more() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage
            .scene_with("Board", &RoomOptions::default(), &ENCRYPTED)
            .await?;
        scene.join().await?;
        scene.far_end_sees_the_room().await?;
        let used = has_keys(&scene, &scene.host, 1).await?;

        let carla = stage.invited(&scene.meeting, "carla").await?;
        let vp9 = JoinOptions {
            codec: "vp9",
            ..ENCRYPTED
        };
        let carla = enters(&mut stage, &scene, &carla, &vp9).await?;
        let given = has_keys(&scene, &carla, 1).await?;
        assert!(
            given.contains(used.last().expect("Anna has one")),
            "what the room sends is not dark for Carla until its next key is used: {given:?} {used:?}"
        );
        far_end_sees_frames(&carla).await?;
        television_shows_two(&scene.room).await?;
        sends_only(&carla, "video/VP9").await?;

        let before = keys_of_the_room(&scene, &scene.host).await?.len();
        carla.hang_up().await?;
        let all = has_keys(&scene, &scene.host, before + 1).await?;
        catches_up(&scene, &carla, "Carla is up to date").await?;
        let hers = keys_of_the_room(&scene, &carla).await?;
        let newest = all.last().expect("at least one");
        assert!(!hers.contains(newest), "Carla has left: {hers:?} {newest}");
        // The next key is used by and by; Anna sees the room all the time, and after it too.
        let another = "this room's media are encrypted with another key";
        let index = format!("index={newest}");
        let used = |line: &str| line.contains(another) && line.ends_with(&index);
        let look = async || Result::<_>::Ok(scene.room.log());
        until(another, PATIENCE, look, |log: &String| {
            log.lines().any(used)
        })
        .await?;
        scene.far_end_sees_the_room().await?;
        scene.television_moves().await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn in_matrix_2_0_three_see_each_other_under_hashed_names() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let newer = JoinOptions {
            mode: "matrix_2_0",
            ..ENCRYPTED
        };
        let options = RoomOptions::default();
        let scene = stage.scene_with("Newer board", &options, &newer).await?;
        // Only then does it know how the others say that they are there.
        panel_says(&scene.room, "1 person in the call").await?;
        scene.join().await?;
        scene.meeting.sticky_membership_is(true, PATIENCE).await?;
        scene.television_moves().await?;
        scene.far_end_sees_the_room().await?;
        let carla = stage.invited(&scene.meeting, "carla").await?;
        let h264 = JoinOptions {
            codec: "h264",
            ..newer
        };
        let carla = enters(&mut stage, &scene, &carla, &h264).await?;
        far_end_sees_frames(&carla).await?;
        television_shows_two(&scene.room).await?;
        sends_only(&carla, "video/H264").await?;
        scene.room.stop().await;
        Ok(())
    })
}

/// As Element Web where a room's encryption says that its state is encrypted (MSC4362).
#[test]
fn where_state_is_encrypted_so_is_who_is_in_the_call() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let meeting = stage.secret_meeting("Secret").await?;
        let options = RoomOptions {
            leave_delay_s: 4,
            ..RoomOptions::default()
        };
        let room = Room::start(&stage.servers, &meeting.guest, &options).await?;
        panel_says(&room, "Secret").await?;
        let scene = stage.with_host(meeting, room, &ENCRYPTED).await?;
        panel_says(&scene.room, "1 person in the call").await?;
        scene.join().await?;
        scene.far_end_sees_the_room().await?;
        scene.television_moves().await?;
        let clear = scene.meeting.membership().await?;
        assert!(clear.is_none(), "in clear words: {clear:?}");

        scene.room.hold_restart(true);
        scene.room.kill();
        scene.far_end_shows(0).await?;
        scene.room.hold_restart(false);
        scene.in_call().await?;
        scene.far_end_shows(1).await?;
        scene.far_end_sees_the_room().await?;
        // Who comes into the Matrix room during the call could not read what the room said before.
        let carla = stage.invited(&scene.meeting, "carla").await?;
        let carla = enters(&mut stage, &scene, &carla, &ENCRYPTED).await?;
        far_end_sees_frames(&carla).await?;
        scene.far_end_shows(2).await?;
        scene.room.touch_element("Leave").await?;
        scene.far_end_shows(1).await?;
        let clear = scene.meeting.membership().await?;
        assert!(clear.is_none(), "in clear words: {clear:?}");
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_device_that_nobody_verified_gets_no_key_and_is_not_shown() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage
            .scene_with("Negotiation", &RoomOptions::default(), &ENCRYPTED)
            .await?;
        scene.host.set_devices(None, Some(false)).await?;
        scene.join().await?;
        scene.far_end_sees_the_room().await?;

        let mallory = stage.invited(&scene.meeting, "mallory").await?;
        let (user, device) = (mallory.user_id.clone(), mallory.device_id.clone());
        let how = JoinOptions {
            verified: false,
            ..ENCRYPTED
        };
        let mallory = enters(&mut stage, &scene, &mallory, &how).await?;
        let waits = |status: &Status| {
            let mut people = status.call.iter().flat_map(|call| &call.participants);
            people.any(|one| one.id.starts_with(&user) && one.key_missing)
        };
        people_are(&scene, "Mallory without a key", waits).await?;
        let reason = "its owner has not verified it";
        let given = "a device gets no key of this room's media";
        log_says(&scene, &[given, &device, reason]).await?;
        log_says(&scene, &["refused a media key", &device, reason]).await?;
        shows_tiles(&scene.room, 0).await?;
        catches_up(&scene, &mallory, "Mallory is up to date").await?;
        assert_eq!(keys_of_the_room(&scene, &mallory).await?, [0; 0]);

        // Nothing of this disturbs the others.
        scene.host.set_devices(None, Some(true)).await?;
        shows_tiles(&scene.room, 1).await?;
        scene.far_end_sees_the_room().await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn screens_are_shared_both_ways_and_h264_is_decrypted() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let content = ["--content", "simulated"].map(str::to_owned).to_vec();
        let options = RoomOptions {
            arguments: content,
            ..RoomOptions::default()
        };
        let h264 = JoinOptions {
            codec: "h264",
            ..ENCRYPTED
        };
        let scene = stage.scene_with("Review", &options, &h264).await?;
        scene.join().await?;
        scene.television_moves().await?;
        sends_only(&scene.host, "video/H264").await?;

        scene.host.set_devices(None, Some(false)).await?;
        television_is_idle(&scene.room).await?;
        scene.host.share_screen().await?;
        scene.television_moves().await?;

        scene.room.touch_element("More").await?;
        scene.room.touch_element("Present").await?;
        let pictures = async || {
            let pictures = scene.host.pictures().await?;
            Result::<_>::Ok(pictures.iter().filter(|one| one.code().is_some()).count())
        };
        let what = "the room's camera and its presentation at the far end";
        until(what, PATIENCE, pictures, |count| *count == 2).await?;
        scene.room.stop().await;
        Ok(())
    })
}
