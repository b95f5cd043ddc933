//! People call the room: 1:1 from a Matrix client, and by a meeting that rings.

use saal_control::{PhaseName, Reply, Request};
use saal_harness::{
    Caller, JoinOptions, RemoteFeed, Room, RoomOptions, Servers, Telephone, TelephoneCall, User,
    run, until,
};
use saal_suites::{
    Meeting, PATIENCE, Result, Stage, Taken, far_end_hears_nothing, far_end_hears_seconds,
    far_end_sees_frames, far_end_sees_nobody, in_call, is_home, join, loudspeaker_sounds,
    panel_says, television_is_idle, television_moves,
};

/// A room, and somebody with a telephone who has a chat with it.
struct Scene {
    room: Room,
    /// The room's.
    account: User,
    anna: Telephone,
    chat: String,
}

impl Scene {
    async fn set(stage: &mut Stage) -> Result<Self> {
        Self::set_with(stage, false).await
    }

    async fn set_with(stage: &mut Stage, encrypted: bool) -> Result<Self> {
        let (anna, guest) = (stage.user("anna").await?, stage.user("room").await?);
        let room = Room::start(&stage.servers, &guest, &RoomOptions::default()).await?;
        let chat = anna.create_chat(&guest, encrypted, PATIENCE).await?;
        let anna = stage.far_end().await?.telephone(&anna, encrypted).await?;
        Ok(Self {
            room,
            account: guest,
            anna,
            chat,
        })
    }

    /// Calls, and waits until the panel rings.
    async fn ring(&self, video: bool) -> Result<()> {
        self.anna.call(&self.chat, video).await?;
        let tree = panel_says(&self.room, "is calling").await?;
        assert_eq!(tree.screen, "ringing");
        Ok(())
    }

    /// Waits until the caller's client is in this state.
    async fn call_is(&self, state: &str) -> Result<TelephoneCall> {
        let look = async || self.anna.state().await;
        until("the call's state", PATIENCE, look, |call| {
            call.state == state
        })
        .await
    }

    async fn nothing_is_wrong(&self) -> Result<()> {
        let status = self.room.status().await?;
        assert!(status.troubles.is_empty(), "{:?}", status.troubles);
        Ok(())
    }
}

#[test]
fn somebody_calls_and_both_see_and_hear_each_other() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = Scene::set(&mut stage).await?;
        scene.ring(true).await?;
        let status = scene.room.status().await?;
        assert_eq!(status.ringing.len(), 1);
        assert!(status.ringing[0].pictures);

        scene.room.touch_element("Answer").await?;
        let status = in_call(&scene.room).await?;
        assert_eq!(status.ringing, []);
        television_moves(&scene.room).await?;
        far_end_sees_frames(&scene.anna).await?;
        far_end_hears_seconds(&scene.anna).await?;
        loudspeaker_sounds(&scene.room).await?;

        let before = scene.anna.state().await?.ice;
        scene.anna.restart_ice().await?;
        let look = async || scene.anna.state().await;
        until("another way to the room", PATIENCE, look, |call| {
            call.ice != before
        })
        .await?;
        far_end_sees_frames(&scene.anna).await?;
        far_end_hears_seconds(&scene.anna).await?;
        television_moves(&scene.room).await?;

        scene.anna.hang_up().await?;
        is_home(&scene.room).await?;
        television_is_idle(&scene.room).await?;
        scene.nothing_is_wrong().await?;
        scene.room.stop().await;
        Ok(())
    })
}

/// The home server's relays are those of the caller and the room: `/voip/turnServer`.
#[test]
fn somebody_whom_only_a_relay_reaches_calls_the_room() -> Result<()> {
    run(async {
        let mut stage = Taken::on(Servers::with_a_relay().await?).await;
        let (anna, guest) = (stage.user("anna").await?, stage.user("room").await?);
        let room = Room::start(&stage.servers, &guest, &RoomOptions::default()).await?;
        let chat = anna.create_chat(&guest, false, PATIENCE).await?;
        let anna = stage
            .far_end()
            .await?
            .telephone_behind_a_relay(&anna)
            .await?;
        anna.call(&chat, true).await?;
        panel_says(&room, "is calling").await?;
        room.touch_element("Answer").await?;
        in_call(&room).await?;
        television_moves(&room).await?;
        far_end_sees_frames(&anna).await?;
        far_end_hears_seconds(&anna).await?;
        let mut said = Vec::new();
        for kind in ["m.call.answer", "m.call.candidates"] {
            said.extend(anna.user().timeline(&chat, kind).await?);
        }
        let room_said = said.iter().filter(|event| event.sender == guest.user_id);
        let room_said: Vec<_> = room_said.map(|event| event.content.to_string()).collect();
        assert!(
            room_said.iter().any(|text| text.contains("typ relay")),
            "the room can be reached through the relay too: {room_said:?}"
        );
        room.stop().await;
        Ok(())
    })
}

#[test]
fn a_call_in_an_encrypted_chat_tells_the_server_nothing() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = Scene::set_with(&mut stage, true).await?;
        scene.ring(true).await?;
        scene.room.touch_element("Answer").await?;
        in_call(&scene.room).await?;
        television_moves(&scene.room).await?;
        far_end_sees_frames(&scene.anna).await?;
        scene.room.touch_element("Leave").await?;
        let ended = scene.call_is("ended").await?;
        assert_eq!(ended.hangup_party.as_deref(), Some("remote"));
        for kind in ["m.call.invite", "m.call.answer", "m.call.hangup"] {
            let seen = scene.anna.user().timeline(&scene.chat, kind).await?;
            assert!(seen.is_empty(), "in plain words: {seen:?}");
        }
        is_home(&scene.room).await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn the_room_answers_unseen_shows_itself_and_hangs_up() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = Scene::set(&mut stage).await?;
        scene.ring(true).await?;
        scene.room.touch_element("Answer without picture").await?;
        in_call(&scene.room).await?;
        far_end_hears_seconds(&scene.anna).await?;
        far_end_sees_nobody(&scene.anna).await?;
        scene.room.touch_element("Camera").await?;
        far_end_sees_frames(&scene.anna).await?;
        scene.room.touch_element("Microphone").await?;
        far_end_hears_nothing(&scene.anna).await?;
        let look = async || Result::Ok(scene.anna.state().await?.remote);
        let muted = |remote: &Option<RemoteFeed>| {
            remote.is_some_and(|feed| feed.audio_muted && !feed.video_muted)
        };
        until("the caller to be told", PATIENCE, look, muted).await?;

        scene.room.touch_element("Leave").await?;
        let ended = scene.call_is("ended").await?;
        assert_eq!(ended.hangup_party.as_deref(), Some("remote"));
        assert_eq!(ended.hangup_reason.as_deref(), Some("user_hangup"));
        is_home(&scene.room).await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_call_that_is_declined_or_given_up_leaves_the_room_in_peace() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = Scene::set(&mut stage).await?;
        scene.ring(false).await?;
        scene.room.touch_element("Decline").await?;
        let ended = scene.call_is("ended").await?;
        assert_eq!(ended.hangup_party.as_deref(), Some("remote"));
        scene
            .room
            .panel_shows("home", PATIENCE, |tree| tree.screen == "home")
            .await?;

        scene.ring(true).await?;
        scene.anna.hang_up().await?;
        scene
            .room
            .panel_shows("home", PATIENCE, |tree| tree.screen == "home")
            .await?;
        let late = scene.room.ask(Request::Answer { camera: true }).await?;
        assert!(matches!(late, Reply::Error(_)), "{late:?}");
        assert_eq!(scene.room.status().await?.phase, PhaseName::Home);
        scene.nothing_is_wrong().await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn the_caller_mutes_holds_and_shares_a_screen() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = Scene::set(&mut stage).await?;
        scene.ring(true).await?;
        scene.room.touch_element("Answer").await?;
        in_call(&scene.room).await?;
        television_moves(&scene.room).await?;
        let caller = async |what: &str, wanted: fn(&saal_meeting::Participant) -> bool| {
            let shown = |status: &saal_control::Status| {
                let call = status.call.as_ref();
                call.is_some_and(|call| call.participants.iter().any(wanted))
            };
            scene.room.status_is(what, PATIENCE, shown).await
        };
        scene.anna.set_muted("audio", true).await?;
        caller("the caller muted", |p| !p.microphone && p.camera).await?;
        scene.anna.set_muted("audio", false).await?;
        caller("the caller heard", |p| p.microphone).await?;

        scene.anna.share().await?;
        caller("the caller's screen", |p| p.content && p.camera).await?;
        let content = |status: &saal_control::Status| {
            let media = status.media.as_ref();
            media.is_some_and(|media| {
                let mut seen = media.received_video.iter();
                seen.any(|v| {
                    v.source == saal_media_protocol::SourceKind::Content && v.frames_decoded > 0
                })
            })
        };
        scene
            .room
            .status_is("the screen's pictures", PATIENCE, content)
            .await?;
        far_end_sees_frames(&scene.anna).await?;

        scene.anna.hold(true).await?;
        far_end_hears_nothing(&scene.anna).await?;
        scene.anna.hold(false).await?;
        far_end_hears_seconds(&scene.anna).await?;
        far_end_sees_frames(&scene.anna).await?;
        scene.anna.hang_up().await?;
        is_home(&scene.room).await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn another_device_of_the_account_answers_and_the_room_stops_ringing() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = Scene::set(&mut stage).await?;
        let account = scene.account.another_device().await?;
        let elsewhere = stage.far_end().await?.telephone(&account, false).await?;
        scene.ring(false).await?;
        let look = async || elsewhere.state().await;
        until("the other device rings", PATIENCE, look, |call| {
            call.state == "ringing"
        })
        .await?;
        elsewhere.answer().await?;
        scene.call_is("connected").await?;
        scene
            .room
            .panel_shows("home", PATIENCE, |tree| tree.screen == "home")
            .await?;
        let late = scene.room.ask(Request::Answer { camera: true }).await?;
        assert!(matches!(late, Reply::Error(_)), "{late:?}");
        scene.nothing_is_wrong().await?;
        scene.anna.hang_up().await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_client_from_before_there_were_parties_calls_and_both_see_and_hear_each_other() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = Scene::set(&mut stage).await?;
        scene.anna.call_as_version_0(&scene.chat).await?;
        panel_says(&scene.room, "is calling").await?;
        scene.room.touch_element("Answer").await?;
        in_call(&scene.room).await?;
        television_moves(&scene.room).await?;
        far_end_sees_frames(&scene.anna).await?;
        far_end_hears_seconds(&scene.anna).await?;
        loudspeaker_sounds(&scene.room).await?;
        scene.anna.hang_up().await?;
        is_home(&scene.room).await?;
        scene.nothing_is_wrong().await?;
        scene.room.stop().await;
        Ok(())
    })
}

/// How Element Call and others tell of a call that began, and how it is declined.
const NOTIFICATION: &str = "org.matrix.msc4075.rtc.notification";
const DECLINE: &str = "org.matrix.msc4310.rtc.decline";

/// A room that is called to a meeting by somebody who waits in its call.
async fn called_to_a_meeting(stage: &mut Stage) -> Result<(Room, Meeting, Caller)> {
    let meeting = stage.meeting("Weekly").await?;
    let options = RoomOptions::default();
    let room = Room::start(&stage.servers, &meeting.guest, &options).await?;
    panel_says(&room, "Weekly").await?;
    let join = JoinOptions {
        ring: true,
        ..JoinOptions::default()
    };
    let far_end = stage.far_end().await?;
    let host = far_end
        .join(&meeting.host, &meeting.matrix_room, &join)
        .await?;
    let tree = panel_says(&room, "is calling").await?;
    assert_eq!(tree.screen, "ringing");
    Ok((room, meeting, host))
}

#[test]
fn a_meeting_rings_and_answering_joins_its_call() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let (room, meeting, host) = called_to_a_meeting(&mut stage).await?;
        room.touch_element("Answer").await?;
        let status = in_call(&room).await?;
        assert_eq!(status.call.expect("in a call").title, meeting.title);
        television_moves(&room).await?;
        far_end_sees_frames(&host).await?;
        let told = meeting
            .host
            .timeline(&meeting.matrix_room, NOTIFICATION)
            .await?;
        assert_eq!(told.len(), 1, "who comes second tells nobody: {told:?}");
        room.touch_element("Leave").await?;
        is_home(&room).await?;
        room.stop().await;
        Ok(())
    })
}

#[test]
fn a_meeting_that_is_declined_says_so_to_its_caller() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let (room, meeting, _host) = called_to_a_meeting(&mut stage).await?;
        let told = meeting
            .host
            .timeline(&meeting.matrix_room, NOTIFICATION)
            .await?;
        room.touch_element("Decline").await?;
        room.panel_shows("home", PATIENCE, |tree| tree.screen == "home")
            .await?;
        let look = async || meeting.host.timeline(&meeting.matrix_room, DECLINE).await;
        let said = until("the no", PATIENCE, look, |events| !events.is_empty()).await?;
        assert_eq!(said[0].sender, meeting.guest.user_id);
        let relation = &said[0].content["m.relates_to"];
        assert_eq!(relation["event_id"], told[0].event_id);
        room.stop().await;
        Ok(())
    })
}

#[test]
fn who_comes_first_tells_the_others_without_ringing() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let meeting = stage.meeting("Early").await?;
        let options = RoomOptions::default();
        let room = Room::start(&stage.servers, &meeting.guest, &options).await?;
        join(&room).await?;
        let look = async || {
            let told = meeting.host.timeline(&meeting.matrix_room, NOTIFICATION);
            told.await
        };
        let told = until("the word", PATIENCE, look, |events| !events.is_empty()).await?;
        assert_eq!(told[0].sender, meeting.guest.user_id);
        assert_eq!(told[0].content["notification_type"], "notification");
        room.touch_element("Leave").await?;
        is_home(&room).await?;
        room.stop().await;
        Ok(())
    })
}
