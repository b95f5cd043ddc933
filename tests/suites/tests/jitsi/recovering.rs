//! What breaks or is in the way, and that the room is in the meeting without a touch more.

use saal_control::PhaseName;
use saal_harness::{
    Channel, JitsiJoin, JitsiOptions, JitsiParticipant, JitsiServers, Room, RoomOptions, run, until,
};
use saal_suites::{
    PATIENCE, Result, far_end_sees_frames, in_call,
    jitsi::{JitsiMeeting, JitsiTaken, ROOM, meeting_on, room_with},
    panel_says,
    soon::has_troubles,
    television_moves,
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
fn a_killed_daemon_is_back_and_nobody_sees_the_room_twice() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let meeting = stage.meeting("Stand-up", &JitsiJoin::named("Anna")).await?;
        meeting.join().await?;
        meeting.see().await?;
        let before = meeting.endpoint().await?;

        meeting.room.kill();
        let call = |status: &saal_control::Status| status.phase == PhaseName::Call;
        meeting
            .room
            .status_is("a new daemon", PATIENCE, call)
            .await?;
        assert_eq!(meeting.room.starts(), 2, "the supervisor started it");
        // A server that waits for the old one to resume keeps it for a minute.
        let others = async || meeting.host.participants().await;
        until(
            "one room",
            PATIENCE,
            others,
            |all: &Vec<JitsiParticipant>| {
                let rooms: Vec<_> = all.iter().filter(|one| one.name == ROOM).collect();
                matches!(rooms[..], [one] if one.id != before)
            },
        )
        .await?;
        meeting.see().await?;
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_restart_of_the_server_needs_no_touch() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let options = JitsiOptions::default();
        let test = "a restart of the server";
        let Some((mut servers, browser)) = stage.install(test, options).await? else {
            return Ok(());
        };
        let anna = JitsiJoin::silent("Anna");
        let meeting = meeting_on(&servers, browser, "restarted", &anna).await?;
        meeting.join().await?;
        meeting.endpoint().await?;

        servers.stop_prosody().await;
        servers.start_prosody().await?;
        // Her page does not come back by itself; somebody new finds the room in the meeting.
        let ben = JitsiJoin::named("Ben");
        let ben = servers.join(browser, "restarted", &ben).await?;
        let others = async || ben.participants().await;
        until(
            "the room",
            PATIENCE,
            others,
            |all: &Vec<JitsiParticipant>| all.iter().any(|one| one.name == ROOM),
        )
        .await?;
        far_end_sees_frames(&ben).await?;
        television_moves(&meeting.room).await?;
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_server_that_is_down_is_waited_for_and_the_panel_says_so() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let options = JitsiOptions::default();
        let test = "a server that is down";
        let Some((mut servers, _)) = stage.install(test, options).await? else {
            return Ok(());
        };
        let words = [
            ("en", "Join", "The meeting can’t start yet"),
            (
                "de",
                "Teilnehmen",
                "Die Besprechung kann noch nicht beginnen",
            ),
        ];
        for (language, join, sentence) in words {
            servers.stop_prosody().await;
            let options = RoomOptions {
                language: language.to_owned(),
                ..room_with("Early", &servers.link("early"))
            };
            let room = Room::standing(servers.folder(), &options).await?;
            room.touch_element(join).await?;
            let tree = panel_says(&room, sentence).await?;
            assert_eq!(tree.screen, "joining");
            servers.start_prosody().await?;
            in_call(&room).await?;
            room.stop().await;
        }
        Ok(())
    })
}

#[test]
fn where_no_websocket_gets_through_bosh_does() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let Some((_servers, meeting)) = walled(&mut stage, Channel::default()).await? else {
            return Ok(());
        };
        meeting.see_and_hear().await?;
        meeting.room.stop().await;
        Ok(())
    })
}

/// Without its channel the bridge may send what it likes, which is said.
#[test]
fn where_no_websocket_to_the_bridge_gets_through_the_panel_says_so() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let Some((_servers, meeting)) = walled(&mut stage, Channel::WebSocket).await? else {
            return Ok(());
        };
        panel_says(&meeting.room, "The network blocks a connection").await?;
        has_troubles(&meeting.room, &["socket_blocked"]).await?;
        meeting.room.stop().await;
        Ok(())
    })
}

/// Servers to which no WebSocket gets through, which end when they are dropped, and room and host in a call there.
async fn walled(
    stage: &mut JitsiTaken,
    channel: Channel,
) -> Result<Option<(JitsiServers, JitsiMeeting)>> {
    let options = JitsiOptions {
        no_websocket: true,
        channel,
        ..JitsiOptions::default()
    };
    let test = "a wall against WebSockets";
    let Some((servers, browser)) = stage.install(test, options).await? else {
        return Ok(None);
    };
    let anna = JitsiJoin {
        bosh: true,
        ..JitsiJoin::named("Anna")
    };
    let meeting = meeting_on(&servers, browser, "walled", &anna).await?;
    meeting.join().await?;
    Ok(Some((servers, meeting)))
}
