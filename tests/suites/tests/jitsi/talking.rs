//! Picture and sound both ways, mute, camera, leaving, content, codecs, many people.

use std::time::Duration;

use saal_control::Status;
use saal_harness::{
    Channel, JitsiJoin, JitsiOptions, Picture, RoomOptions, Sentence, TranscriptWay, run, until,
};
use saal_suites::{
    PATIENCE, Result, far_end_hears_nothing, far_end_hears_seconds, far_end_sees_frames, is_home,
    jitsi::{JitsiMeeting, JitsiTaken, meeting_on},
    panel_says, shows, television_is_idle, television_shows_two,
};

/// Far less than the time after which a server removes a dead participant by itself.
const AT_ONCE: Duration = Duration::from_secs(6);
/// Luma of what text on the television stands on.
const GROUND: f64 = 28.;

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

/// A white screen (235) on four fifths of the width fills more than half of the television; people are darker by far.
const BRIGHT: f64 = 110.0;

#[test]
fn a_shared_screen_stands_large_beside_its_owner() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let anna = JitsiJoin::named("Anna");
        let meeting = stage.meeting("Review", &anna).await?;
        meeting.join().await?;
        let JitsiMeeting { room, host, .. } = &meeting;
        // The web client's library takes a second picture once it has the others'.
        meeting.see().await?;
        host.share().await?;
        let presents = |status: &Status| {
            let mut others = status.call.iter().flat_map(|call| &call.participants);
            others.any(|one| one.content && one.camera)
        };
        room.status_is("Anna presents", PATIENCE, presents).await?;
        let look = async || room.television().await;
        let white = |picture: &Picture| picture.brightness() > BRIGHT && picture.code().is_none();
        until("the screen on the television", PATIENCE, look, white).await?;
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_codec_that_changes_for_a_member_who_knows_vp8_only_is_followed() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let meeting = stage.meeting("Codecs", &JitsiJoin::named("Anna")).await?;
        meeting.join().await?;
        let sends = async || {
            let stats = meeting.host.stats().await?;
            let videos = stats.outbound.iter().filter(|one| one.kind == "video");
            let mut codecs = videos.map(|one| one.codec.clone());
            Result::<_>::Ok(codecs.find(|codec| !codec.is_empty()))
        };
        let is =
            |wanted: &'static str| move |codec: &Option<String>| codec.as_deref() == Some(wanted);
        until("Anna sends AV1", PATIENCE, sends, is("video/AV1")).await?;
        meeting.see().await?;
        let carla = JitsiJoin {
            codec: Some("VP8"),
            ..JitsiJoin::named("Carla")
        };
        let carla = stage.join(&meeting.name, &carla).await?;
        meeting.host.use_codec("video/VP8").await?;
        until("Anna sends VP8", PATIENCE, sends, is("video/VP8")).await?;
        television_shows_two(&meeting.room).await?;
        far_end_sees_frames(&carla).await?;
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_room_with_an_encoder_sends_h264_and_vp8_while_somebody_knows_no_other() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let encoder = "simulated".to_owned();
        let room = RoomOptions {
            encoder,
            ..RoomOptions::default()
        };
        let anna = JitsiJoin::named("Anna");
        let meeting = stage.meeting_of(room, "Hardware", &anna).await?;
        meeting.join().await?;
        meeting.gets("video/H264").await?;
        let carla = JitsiJoin {
            codec: Some("VP8"),
            ..JitsiJoin::named("Carla")
        };
        let carla = stage.join(&meeting.name, &carla).await?;
        meeting.gets("video/VP8").await?;
        far_end_sees_frames(&carla).await?;
        carla.leave().await?;
        meeting.gets("video/H264").await?;
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn keys_on_the_panel_sound_as_tones_for_a_telephone() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let meeting = stage.meeting("Dial in", &JitsiJoin::named("Anna")).await?;
        let Some(servers) = stage.stand_in("telephone tones") else {
            return Ok(());
        };
        meeting.join().await?;
        let mut phone = servers.script(&meeting.name).await?;
        phone.join("+49 89 1234", "").await?;
        let features = "<features><feature var='urn:xmpp:jingle:dtmf:0'/></features>";
        phone.announce(features).await?;

        let JitsiMeeting { room, host, .. } = &meeting;
        far_end_hears_seconds(host).await?;
        room.touch_element("More").await?;
        room.touch_element("Keypad").await?;
        for key in ["4", "2", "2", "#", "0"] {
            room.touch_element(key).await?;
        }
        panel_says(room, "422#0").await?;
        let endpoint = meeting.endpoint().await?;
        let name = meeting.name.clone();
        let bridge = async || Result::<_>::Ok(servers.bridge(&name).await);
        until("the tones", PATIENCE, bridge, |view| {
            let ours = view.endpoints.get(&endpoint);
            ours.is_some_and(|ours| ours.tones == "422#0")
        })
        .await?;
        far_end_hears_seconds(host).await?;
        meeting.room.stop().await;
        Ok(())
    })
}

/// How much brighter than its dark ground the column right of here is, on average.
fn ink(picture: &Picture, from: u32) -> f64 {
    let column = picture.brightness_in(from, 0, picture.width - from, picture.height);
    (column.unwrap_or_default() - GROUND).max(0.)
}

#[test]
fn a_line_of_the_chat_arrives_and_stands_on_the_television() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let meeting = stage.meeting("Chat", &JitsiJoin::named("Anna")).await?;
        meeting.join().await?;
        meeting.room_is("the room", |_| true).await?;
        meeting.host.say("Grüße aus München").await?;
        let heard = |status: &Status| {
            let mut lines = status.call.iter().flat_map(|call| &call.chat);
            lines.any(|line| line.author == "Anna" && line.text == "Grüße aus München")
        };
        let JitsiMeeting { room, host, .. } = &meeting;
        room.status_is("the line", PATIENCE, heard).await?;

        // It stands beside the pictures, of which there is only hers.
        let look = async || room.television().await;
        let whole = |picture: &Picture| picture.code().is_some();
        until("her picture", PATIENCE, look, whole).await?;
        room.touch_element("More").await?;
        room.touch_element("Show chat on TV").await?;
        let aside = |picture: &Picture| {
            let (width, height) = (picture.width * 7 / 10, picture.width * 7 / 10 * 9 / 16);
            let moved = picture.code_in(0, (picture.height - height) / 2, width, height);
            moved.is_some() && ink(picture, width) > 0.5
        };
        let written = until("the line beside the picture", PATIENCE, look, aside).await?;
        let before = ink(&written, written.width * 7 / 10);
        host.say("Und aus Köln ebenso").await?;
        let more = |picture: &Picture| ink(picture, picture.width * 7 / 10) > before * 1.3;
        until("another line", PATIENCE, look, more).await?;
        room.touch_element("Hide chat on TV").await?;
        until("the picture over all", PATIENCE, look, whole).await?;
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn what_is_said_is_captioned_on_panel_and_television() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let meeting = stage.meeting("Captions", &JitsiJoin::named("Anna")).await?;
        // A real chat room takes transcripts from its transcriber alone.
        if stage.stand_in("captions").is_none() {
            return Ok(());
        }
        meeting.join().await?;
        meeting.room_is("the room", |_| true).await?;
        let JitsiMeeting { room, host, .. } = &meeting;
        let look = async || room.television().await;
        let whole = |picture: &Picture| picture.code().is_some();
        until("her picture", PATIENCE, look, whole).await?;

        let anna = host.id().await?;
        let mut sentence = Sentence {
            id: "1",
            speaker: &anna,
            text: "Guten Morgen",
            is_final: false,
            way: TranscriptWay::Room,
        };
        host.transcribe(&sentence).await?;
        panel_says(room, "Anna: Guten Morgen").await?;
        // The picture makes room for the words, which stand below it: letters on their ground.
        let below = |picture: &Picture| {
            let (width, height) = (picture.width, picture.height);
            let words =
                picture.brightness_in(width * 2 / 5, height * 9 / 10, width / 5, height / 14);
            words.is_some_and(|level| (GROUND + 4. ..GROUND + 100.).contains(&level))
        };
        until("words below the picture", PATIENCE, look, below).await?;

        sentence.text = "Guten Morgen nach Köln";
        (sentence.is_final, sentence.way) = (true, TranscriptWay::Bridge);
        host.transcribe(&sentence).await?;
        let tree = panel_says(room, "Anna: Guten Morgen nach Köln").await?;
        let times = tree.text().matches("Guten Morgen").count();
        assert_eq!(
            times,
            1,
            "a corrected sentence stands once: {}",
            tree.text()
        );
        meeting.room.stop().await;
        Ok(())
    })
}
