//! What moderators do to a room, and what it can do then.

use saal_control::{Reply, Request, Status};
use saal_harness::{JitsiJoin, JitsiOptions, JitsiState, run};
use saal_meeting::MeetingAction;
use saal_suites::{
    PATIENCE, Result, far_end_hears_nothing, far_end_hears_seconds, is_home,
    jitsi::{JitsiTaken, meeting_on},
    panel_says,
};
use serde_json::json;

#[test]
fn a_room_that_is_thrown_out_reads_why() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let meeting = stage.meeting("Closed", &JitsiJoin::silent("Anna")).await?;
        meeting.join().await?;
        let endpoint = meeting.endpoint().await?;
        meeting
            .host
            .kick(&endpoint, "This is the wrong room")
            .await?;
        is_home(&meeting.room).await?;
        let tree = panel_says(&meeting.room, "This is the wrong room").await?;
        let says = tree.text().contains("the room was removed");
        assert!(says, "{}", tree.text());
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn the_end_for_all_is_told() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let meeting = stage.meeting("Short", &JitsiJoin::silent("Anna")).await?;
        // The library that registries have can't say it.
        let Some(servers) = stage.stand_in("the end for all") else {
            return Ok(());
        };
        meeting.join().await?;
        meeting.room_is("the room", |_| true).await?;
        servers.end(&meeting.name, "The meeting has ended").await?;
        is_home(&meeting.room).await?;
        panel_says(&meeting.room, "A moderator ended it for everybody").await?;
        meeting.room.stop().await;
        Ok(())
    })
}

/// Whether nobody hears the room.
fn microphone_is_off(status: &Status) -> bool {
    let call = status.call.as_ref();
    call.is_some_and(|call| call.muted.microphone)
}

#[test]
fn a_room_that_a_moderator_muted_stays_muted_until_it_is_touched() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let anna = JitsiJoin {
            camera: false,
            ..JitsiJoin::named("Anna")
        };
        let meeting = stage.meeting("Loud", &anna).await?;
        meeting.join().await?;
        far_end_hears_seconds(&meeting.host).await?;
        let endpoint = meeting.endpoint().await?;
        meeting
            .host
            .tell("muteOther", json!([endpoint, "audio"]))
            .await?;
        meeting
            .room
            .status_is("the room is muted", PATIENCE, microphone_is_off)
            .await?;
        meeting.room_is_muted("audio", true).await?;
        far_end_hears_nothing(&meeting.host).await?;
        assert!(
            microphone_is_off(&meeting.room.status().await?),
            "nobody opened it"
        );

        meeting.room.touch_element("Microphone").await?;
        meeting.room_is_muted("audio", false).await?;
        far_end_hears_seconds(&meeting.host).await?;
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn in_a_moderated_meeting_a_room_raises_its_hand_and_speaks_when_it_may() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let anna = JitsiJoin {
            camera: false,
            ..JitsiJoin::named("Anna")
        };
        let meeting = stage.meeting("Assembly", &anna).await?;
        meeting.join().await?;
        let endpoint = meeting.endpoint().await?;
        meeting
            .host
            .tell("moderate", json!(["audio", true]))
            .await?;
        let moderated = |status: &Status| {
            let call = status.call.as_ref();
            microphone_is_off(status) && call.is_some_and(|call| call.state.microphone_moderated)
        };
        meeting
            .room
            .status_is("moderation", PATIENCE, moderated)
            .await?;
        meeting.room.touch_element("Microphone").await?;
        let action = MeetingAction::RaiseHand { raised: true };
        let reply = meeting.room.ask(Request::Act { action }).await?;
        assert_eq!(reply, Reply::Done {});
        meeting
            .room_is("the room's hand", |room| room.raised_hand)
            .await?;
        let status = meeting.room.status().await?;
        assert!(
            microphone_is_off(&status),
            "the touch before opened nothing"
        );

        meeting
            .host
            .tell("approve", json!(["audio", endpoint]))
            .await?;
        let speaks = async || {
            // People touch again until they are heard; the moderator's word travels.
            if microphone_is_off(&meeting.room.status().await?) {
                meeting.room.touch_element("Microphone").await?;
            }
            Result::<_>::Ok(meeting.room.status().await?.call)
        };
        saal_harness::until("the open microphone", PATIENCE, speaks, |call| {
            call.as_ref().is_some_and(|call| !call.muted.microphone)
        })
        .await?;
        meeting.room_is_muted("audio", false).await?;
        far_end_hears_seconds(&meeting.host).await?;
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_subject_and_a_recording_are_known_to_the_room() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let meeting = stage.meeting("Named", &JitsiJoin::silent("Anna")).await?;
        meeting.join().await?;
        meeting.host.tell("subject", json!(["Budget 2027"])).await?;
        let named = |state: &JitsiState| state.subject.as_deref() == Some("Budget 2027");
        meeting.told("the subject", named).await?;
        let known = |status: &Status| {
            let call = status.call.as_ref();
            call.is_some_and(|call| call.state.subject.as_deref() == Some("Budget 2027"))
        };
        meeting
            .room
            .status_is("the subject", PATIENCE, known)
            .await?;
        if let Some(servers) = stage.stand_in("a recording is announced") {
            let recording = "<jibri-recording-status xmlns='http://jitsi.org/protocol/jibri' \
                             status='on' recording_mode='file' session_id='one'/>";
            servers
                .announce(&meeting.name, "recording", recording)
                .await?;
            let recorded = |status: &Status| {
                status
                    .call
                    .as_ref()
                    .is_some_and(|call| call.state.recording)
            };
            meeting
                .room
                .status_is("the recording", PATIENCE, recorded)
                .await?;
        }
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn nothing_leaves_the_room_before_people_agree_to_a_recording() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let options = JitsiOptions {
            config: "config.recordings = { requireConsent: true };".to_owned(),
            ..JitsiOptions::default()
        };
        let test = "consent to a recording";
        let Some((servers, browser)) = stage.install(test, options).await? else {
            return Ok(());
        };
        let anna = JitsiJoin::silent("Anna");
        let meeting = meeting_on(&servers, browser, "recorded", &anna).await?;
        meeting.join().await?;
        meeting.room_is_muted("audio", false).await?;
        let recording = "<jibri-recording-status xmlns='http://jitsi.org/protocol/jibri' \
                         status='on' recording_mode='file' session_id='one'/>";
        servers.announce("recorded", "recording", recording).await?;
        panel_says(&meeting.room, "May this be recorded?").await?;
        meeting.room_is_muted("audio", true).await?;
        meeting.room_is_muted("video", true).await?;
        meeting.room.touch_element("Agree").await?;
        meeting.room_is_muted("audio", false).await?;
        meeting.room_is_muted("video", false).await?;
        meeting.room.stop().await;
        Ok(())
    })
}
