//! How the room says that it is in a call, with Element Call in each of its modes at the far end.

use std::time::Duration;

use saal_control::{CallStatus, PhaseName, Status};
use saal_harness::{
    Caller, JoinOptions, Participant, Room, RoomOptions, TokenWays, call_room, run, until,
};
use saal_suites::{
    PATIENCE, Result, Scene, Taken, enters_as_oldest_kind, far_end_sees_frames, leaves_the_call,
    loudspeaker_sounds, panel_says, television_shows_two,
};

/// Far less than the 18 s after which the server would remove a dead room by itself.
const AT_ONCE: Duration = Duration::from_secs(6);

fn mode(mode: &'static str) -> JoinOptions {
    JoinOptions {
        mode,
        ..JoinOptions::default()
    }
}

/// Joins a call that the panel shows as going on: the room is in it as the others are.
async fn joins_the_others(scene: &Scene) -> Result<()> {
    panel_says(&scene.room, "1 person in the call").await?;
    scene.join().await.map(drop)
}

#[test]
fn in_matrix_2_0_room_and_element_call_see_and_hear_each_other() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let meeting = stage.meeting("Newer").await?;
        let far_end = stage.far_end().await?;
        let host = far_end
            .join(&meeting.host, &meeting.matrix_room, &mode("matrix_2_0"))
            .await?;
        let room = Room::start(&stage.servers, &meeting.guest, &RoomOptions::default()).await?;
        let scene = Scene {
            meeting,
            room,
            host,
        };
        // At once: who is in the call is on its way to the room, which waits for it.
        scene.join().await?;
        scene.television_moves().await?;
        scene.far_end_sees_the_room().await?;
        scene.far_end_hears_the_room().await?;
        scene.meeting.sticky_membership_is(true, PATIENCE).await?;
        let by_state = scene.meeting.membership().await?;
        assert!(by_state.is_none(), "twice in the call: {by_state:?}");
        scene.far_end_shows(1).await?;

        scene.room.touch_element("Leave").await?;
        scene.meeting.sticky_membership_is(false, AT_ONCE).await?;
        scene.far_end_shows(0).await?;
        scene.room.stop().await;
        Ok(())
    })
}

/// Element Web encrypts sticky memberships as it does everything in the timeline of an encrypted room.
#[test]
fn in_matrix_2_0_and_an_encrypted_room_they_see_and_hear_each_other() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let encrypted = JoinOptions {
            encrypted: true,
            ..mode("matrix_2_0")
        };
        let options = RoomOptions::default();
        let scene = stage
            .scene_with("Newer and secret", &options, &encrypted)
            .await?;
        joins_the_others(&scene).await?;
        scene.television_moves().await?;
        scene.far_end_sees_the_room().await?;
        scene.far_end_hears_the_room().await?;
        scene.meeting.sticky_membership_is(true, PATIENCE).await?;
        scene.far_end_shows(1).await?;
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
        joins_the_others(&scene).await?;
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
        scene.far_end_shows(1).await?;

        scene.room.hold_restart(true);
        scene.room.kill();
        scene.meeting.sticky_membership_is(false, PATIENCE).await?;
        scene.far_end_shows(0).await
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
        scene.far_end_shows(1).await?;
        scene.room.touch_element("Leave").await?;
        scene.meeting.membership_is(false, AT_ONCE).await?;
        scene.room.stop().await;
        Ok(())
    })
}

/// Waits until so many are on a media server.
async fn meet_on(
    what: &str,
    look: impl AsyncFnMut() -> Result<Vec<Participant>>,
    count: usize,
) -> Result<()> {
    until(what, PATIENCE, look, |there| there.len() == count)
        .await
        .map(drop)
}

#[test]
fn when_the_oldest_member_leaves_all_move_to_the_next_ones_media_server() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let elsewhere = stage.servers.another_media_server().await?;
        let meeting = stage.meeting("Moving").await?;
        let olga = stage.invited(&meeting, "olga").await?;
        let matrix_room = meeting.matrix_room.clone();
        enters_as_oldest_kind(&olga, &matrix_room, elsewhere.token_service()).await?;
        let room = Room::start(&stage.servers, &meeting.guest, &RoomOptions::default()).await?;
        let far_end = stage.far_end().await?;
        let host = far_end
            .join(&meeting.host, &matrix_room, &mode("legacy"))
            .await?;
        let scene = Scene {
            meeting,
            room,
            host,
        };
        panel_says(&scene.room, "2 people in the call").await?;
        scene.join().await?;
        let there = async || elsewhere.participants(&matrix_room).await;
        meet_on("both where Olga's media would be", there, 2).await?;
        scene.television_moves().await?;
        scene.far_end_sees_the_room().await?;
        scene.far_end_hears_the_room().await?;

        leaves_the_call(&olga, &matrix_room).await?;
        let here = async || stage.servers.participants(&matrix_room).await;
        meet_on("both where Anna's media are", here, 2).await?;
        scene.in_call().await?;
        scene.television_moves().await?;
        scene.far_end_sees_the_room().await?;
        scene.far_end_hears_the_room().await?;
        loudspeaker_sounds(&scene.room).await?;
        scene.room.stop().await;
        Ok(())
    })
}

/// Where the call service offers it, it watches over the room: the home server alone would wait far too long.
async fn watched_over(mode_of_host: &'static str) -> Result<()> {
    let mut stage = Taken::take().await?;
    stage.servers.token_service_is(TokenWays {
        delegates: true,
        ..TokenWays::default()
    });
    let options = RoomOptions::default();
    let scene = stage
        .scene_with("Watched", &options, &mode(mode_of_host))
        .await?;
    let watched = async |there: bool| {
        let look = async || Result::<_>::Ok(stage.servers.watched_over());
        let room = &scene.meeting.guest.user_id;
        let what = format!("the service to watch over the room: {there}");
        until(&what, PATIENCE, look, |all| all.contains(room) == there)
            .await
            .map(drop)
    };
    joins_the_others(&scene).await?;
    watched(true).await?;
    scene.far_end_sees_the_room().await?;
    scene.room.hold_restart(true);
    scene.room.kill();
    watched(false).await?;
    scene.far_end_shows(0).await?;

    // It comes back by itself, and somebody watches over it again.
    scene.room.hold_restart(false);
    scene.in_call().await?;
    watched(true).await?;
    scene.far_end_sees_the_room().await?;
    scene.room.hold_restart(true);
    scene.room.kill();
    watched(false).await?;
    scene.far_end_shows(0).await?;
    let by_state = scene.meeting.membership().await?;
    let sticky = scene.meeting.sticky_membership().await?;
    assert!(by_state.is_none() && sticky.is_none(), "a ghost");
    Ok(())
}

#[test]
fn a_dead_room_leaves_no_ghost_where_the_call_service_watches_over_it() -> Result<()> {
    run(watched_over("compatibility"))
}

#[test]
#[ignore = "as with older clients, which goes through the same code; part of the stage deep"]
fn in_matrix_2_0_too_the_call_service_watches_over_the_room() -> Result<()> {
    run(watched_over("matrix_2_0"))
}

#[test]
fn where_every_mode_is_in_the_call_each_is_seen_once() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let options = RoomOptions::default();
        let scene = stage
            .scene_with("Mixed", &options, &mode("matrix_2_0"))
            .await?;
        let other = joins_as_third(&mut stage, &scene, &JoinOptions::default()).await?;
        scene.join().await?;
        television_shows_two(&scene.room).await?;
        scene.far_end_sees_the_room().await?;
        far_end_sees_frames(&other).await?;
        scene.far_end_shows(2).await?;
        let status = scene.in_call().await?;
        assert_eq!(status.call.expect("in a call").participants.len(), 2);
        other.close().await?;
        scene.room.stop().await;
        Ok(())
    })
}

/// What the room does not decode, media servers have its sender send in another codec too.
#[test]
fn a_far_end_that_sends_av1_is_seen_by_its_second_codec() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let av1 = JoinOptions {
            codec: "av1",
            ..JoinOptions::default()
        };
        let options = RoomOptions::default();
        let scene = stage.scene_with("Two codecs", &options, &av1).await?;
        scene.join().await?;
        scene.television_moves().await?;
        scene.far_end_sees_the_room().await?;
        scene.room.stop().await;
        Ok(())
    })
}

/// What the room knows of its call.
async fn room_knows(scene: &Scene, what: &str, done: impl Fn(&CallStatus) -> bool) -> Result<()> {
    let known = |status: &Status| status.call.as_ref().is_some_and(&done);
    scene.room.status_is(what, PATIENCE, known).await.map(drop)
}

async fn far_end_reads(scene: &Scene, text: &str, there: bool) -> Result<()> {
    let what = format!("{text:?} at the far end: {there}");
    let look = async || scene.host.text().await;
    until(&what, PATIENCE, look, |shown| shown.contains(text) == there)
        .await
        .map(drop)
}

/// As Element Call draws a raised hand, which is no text that could be copied.
const HAND: &str = "✋";

async fn far_end_shows_a_hand(scene: &Scene, there: bool) -> Result<()> {
    let what = format!("a hand at the far end: {there}");
    let look = async || Result::<_>::Ok(scene.host.html().await?.contains(HAND));
    until(&what, PATIENCE, look, |shown: &bool| *shown == there)
        .await
        .map(drop)
}

async fn joins_as_third(stage: &mut Taken, scene: &Scene, how: &JoinOptions) -> Result<Caller> {
    let third = stage.invited(&scene.meeting, "carla").await?;
    let matrix_room = &scene.meeting.matrix_room;
    let far_end = stage.far_end().await?;
    far_end.join(&third, matrix_room, how).await
}

async fn hands_go_both_ways_with(mode_of_host: &'static str) -> Result<()> {
    let mut stage = Taken::take().await?;
    let options = RoomOptions::default();
    let scene = stage
        .scene_with("Hands", &options, &mode(mode_of_host))
        .await?;
    joins_the_others(&scene).await?;
    scene.far_end_sees_the_room().await?;
    // Of two, Element Call shows the other one over all of its page, without a hand.
    let third = joins_as_third(&mut stage, &scene, &mode(mode_of_host)).await?;
    room_knows(&scene, "two others", |call| call.participants.len() == 2).await?;

    far_end_shows_a_hand(&scene, false).await?;
    scene.room.touch_element("More").await?;
    scene.room.touch_element("Raise hand").await?;
    far_end_shows_a_hand(&scene, true).await?;
    room_knows(&scene, "our hand", |call| call.state.hand_raised).await?;
    scene.room.touch_element("Lower hand").await?;
    far_end_shows_a_hand(&scene, false).await?;

    scene.host.press("Reactions").await?;
    scene.host.press("Raise hand").await?;
    room_knows(&scene, "their hand", |call| {
        call.participants.iter().any(|one| one.hand_raised)
    })
    .await?;
    let (host, matrix_room) = (&scene.meeting.host, &scene.meeting.matrix_room);
    let all = host.timeline(matrix_room, "m.reaction").await?;
    let theirs = |event: &&saal_harness::Event| {
        event.sender == host.user_id && event.content.get("m.relates_to").is_some()
    };
    let hand = all.iter().find(theirs).expect("their hand is a reaction");
    host.redact(matrix_room, &hand.event_id).await?;
    let down = |call: &CallStatus| !call.participants.iter().any(|one| one.hand_raised);
    room_knows(&scene, "no hand", down).await?;
    third.close().await?;
    scene.room.stop().await;
    Ok(())
}

#[test]
fn hands_go_both_ways() -> Result<()> {
    run(hands_go_both_ways_with("compatibility"))
}

#[test]
#[ignore = "as with older clients, which goes through the same code; part of the stage deep"]
fn hands_go_both_ways_in_matrix_2_0() -> Result<()> {
    run(hands_go_both_ways_with("matrix_2_0"))
}

#[test]
fn signs_go_both_ways() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene("Signs", &RoomOptions::default()).await?;
        scene.join().await?;
        scene.far_end_sees_the_room().await?;
        scene.room.touch_element("More").await?;
        scene.room.touch_element("Applause").await?;
        far_end_reads(&scene, "👏", true).await?;
        // It passes.
        far_end_reads(&scene, "👏", false).await?;
        scene.room.touch_element("Back to call").await?;
        scene.host.press("Reactions").await?;
        scene.host.press("clapping").await?;
        panel_says(&scene.room, "👏").await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn the_rooms_chat_is_read_back_followed_corrected_and_taken_back() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene("Chat", &RoomOptions::default()).await?;
        let (host, matrix_room) = (&scene.meeting.host, &scene.meeting.matrix_room);
        let before = host.say(matrix_room, "Written before").await?;
        scene.join().await?;
        let line = |call: &saal_control::CallStatus, text: &str| {
            call.chat.iter().any(|line| line.text == text)
        };
        room_knows(&scene, "what was before", |call| {
            line(call, "Written before")
        })
        .await?;
        // More at once than one sync brings.
        for number in 0..12 {
            host.say(matrix_room, &format!("Line {number}")).await?;
        }
        let all = |call: &saal_control::CallStatus| {
            (0..12).all(|number| line(call, &format!("Line {number}")))
        };
        room_knows(&scene, "every line", all).await?;
        let author = host.user_id.trim_start_matches('@');
        let author = author.split(':').next().unwrap_or_default();
        room_knows(&scene, "who wrote", |call| {
            call.chat.iter().all(|line| line.author == author)
        })
        .await?;

        let corrected = serde_json::json!({
            "msgtype": "m.text", "body": "* Corrected",
            "m.new_content": { "msgtype": "m.text", "body": "Corrected" },
            "m.relates_to": { "rel_type": "m.replace", "event_id": before },
        });
        host.send(matrix_room, "m.room.message", &corrected).await?;
        room_knows(&scene, "the correction", |call| {
            line(call, "Corrected") && !line(call, "Written before")
        })
        .await?;
        host.redact(matrix_room, &before).await?;
        room_knows(&scene, "the end of it", |call| !line(call, "Corrected")).await?;
        scene.room.touch_element("More").await?;
        scene.room.touch_element("Show chat on TV").await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_new_name_shows_and_who_is_ignored_is_not_there() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene("Names", &RoomOptions::default()).await?;
        scene.join().await?;
        scene.television_moves().await?;
        let meeting = &scene.meeting;
        meeting.host.rename("Anna Österreicher").await?;
        room_knows(&scene, "the new name", |call| {
            call.participants
                .iter()
                .any(|p| p.name == "Anna Österreicher")
        })
        .await?;
        // The same name twice tells nobody who is who.
        meeting.guest.rename("Anna Österreicher").await?;
        let told_apart = format!("Anna Österreicher ({})", meeting.host.user_id);
        room_knows(&scene, "who is who", |call| {
            call.participants.iter().any(|p| p.name == told_apart)
        })
        .await?;
        meeting.guest.ignore(&[&meeting.host.user_id]).await?;
        room_knows(&scene, "nobody", |call| call.participants.is_empty()).await?;
        meeting.guest.ignore(&[]).await?;
        scene.television_moves().await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn muted_by_the_server_the_room_says_so_and_opens_itself_only() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene("Muted", &RoomOptions::default()).await?;
        scene.join().await?;
        scene.far_end_hears_the_room().await?;
        let matrix_room = &scene.meeting.matrix_room;
        let all = stage.servers.participants(matrix_room).await?;
        let is_room = |identity: &str| identity.starts_with(&scene.meeting.guest.user_id);
        let ours = all
            .iter()
            .find(|one| is_room(&one.identity))
            .expect("on the media server");
        let sound = ours
            .tracks
            .iter()
            .find(|track| track.kind == "AUDIO")
            .expect("our sound");
        let room = call_room(matrix_room);
        stage
            .servers
            .media()
            .mute(&room, &ours.identity, &sound.sid)
            .await?;
        let muted = |status: &Status| status.call.as_ref().is_some_and(|c| c.muted.microphone);
        scene.room.status_is("being muted", PATIENCE, muted).await?;
        saal_suites::far_end_hears_nothing(&scene.host).await?;
        scene.room.touch_element("Microphone").await?;
        scene.far_end_hears_the_room().await?;
        scene.room.stop().await;
        Ok(())
    })
}

/// Of a test in which the room dies often.
const SHORT_DELAY: Duration = Duration::from_secs(2);
/// What a busy machine may add to it.
const SLACK: Duration = Duration::from_secs(10);

/// Numbers that look random and are the same in every run (Knuth's MMIX generator).
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Where in a call the room dies.
#[derive(Clone, Copy, Debug)]
struct Death {
    /// Only after it has joined, on the way out.
    leaving: bool,
    after: Duration,
}

fn deaths(rounds: usize, seed: u64) -> Vec<Death> {
    let mut random = Seeded(seed);
    (0..rounds)
        .map(|_| Death {
            leaving: random.below(3) == 0,
            after: Duration::from_millis(random.below(2_000)),
        })
        .collect()
}

/// The room dies on the way into a call, in it, or on the way out, and stays dead; then it is started again.
async fn dies(scene: &Scene, death: Death) -> Result<()> {
    let Scene { meeting, room, .. } = scene;
    room.touch_element("Join").await?;
    if death.leaving {
        scene.in_call().await?;
        room.touch_element("Leave").await?;
    }
    // The moment is what is tried out.
    tokio::time::sleep(death.after).await;
    room.hold_restart(true);
    room.kill();
    let key = meeting.membership().await?.map(|event| event.state_key);
    let own = format!(
        "_{}_{}_m.call",
        meeting.guest.user_id, meeting.guest.device_id
    );
    assert!(
        key.is_none_or(|key| key == own),
        "another device: {death:?}"
    );
    tokio::time::sleep(SHORT_DELAY).await;
    meeting.membership_is(false, SLACK).await?;

    room.hold_restart(false);
    let settled = |s: &Status| matches!(s.phase, PhaseName::Home | PhaseName::Call);
    let status = room.status_is("being back", PATIENCE, settled).await?;
    if status.phase == PhaseName::Call {
        scene.far_end_sees_the_room().await?;
        let members = meeting.host.call_members(&meeting.matrix_room).await?;
        assert_eq!(members.len(), 2, "a ghost after {death:?}: {members:?}");
        room.touch_element("Leave").await?;
    }
    saal_suites::is_home(room).await?;
    meeting.membership_is(false, SLACK).await
}

async fn dies_often(rounds: usize, seed: u64, encrypted: bool) -> Result<()> {
    let mut stage = Taken::take().await?;
    let options = RoomOptions {
        leave_delay_s: 2,
        ..RoomOptions::default()
    };
    let host = JoinOptions {
        encrypted,
        ..JoinOptions::default()
    };
    let scene = stage.scene_with("Deaths", &options, &host).await?;
    for death in deaths(rounds, seed) {
        dies(&scene, death).await?;
    }
    // The others still know its device.
    scene.join().await?;
    scene.far_end_sees_the_room().await?;
    scene.television_moves().await?;
    scene.room.stop().await;
    Ok(())
}

#[test]
fn killed_at_any_moment_the_room_leaves_no_ghost_and_comes_back_as_itself() -> Result<()> {
    run(dies_often(5, 5, false))
}

#[test]
#[ignore = "takes five minutes; part of the stage deep"]
fn killed_at_fifty_moments_the_room_leaves_no_ghost_and_comes_back_as_itself() -> Result<()> {
    run(dies_often(50, 50, false))
}

/// As itself: its device is the one that the others believe, and it has the keys of the call again.
#[test]
#[ignore = "takes five minutes; part of the stage deep"]
fn killed_at_fifty_moments_of_encrypted_calls_it_comes_back_as_itself() -> Result<()> {
    run(dies_often(50, 51, true))
}
