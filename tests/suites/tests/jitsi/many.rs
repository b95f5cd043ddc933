//! More than two.

use saal_control::Status;
use saal_harness::{JitsiJoin, Picture, run, until};
use saal_suites::{
    PATIENCE, Result, far_end_sees_frames,
    jitsi::{JitsiMeeting, JitsiTaken},
    loudspeaker_sounds, television_shows_two,
};
use serde_json::json;

/// Beside the room and the web user.
const CROWD: u32 = 28;
/// As many tiles as the television has at most, four in a row.
const TILES: usize = 16;

fn others(status: &Status) -> usize {
    let call = status.call.as_ref();
    call.map_or(0, |call| call.participants.len())
}

#[test]
fn a_third_participant_comes_and_goes() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let meeting = stage
            .meeting("Three of us", &JitsiJoin::named("Anna"))
            .await?;
        meeting.join().await?;
        meeting.see().await?;
        let ben = stage.join(&meeting.name, &JitsiJoin::named("Ben")).await?;
        far_end_sees_frames(&ben).await?;
        television_shows_two(&meeting.room).await?;
        ben.leave().await?;
        let alone = |status: &Status| others(status) == 1;
        meeting
            .room
            .status_is("one participant", PATIENCE, alone)
            .await?;
        meeting.see().await?;
        meeting.room.stop().await;
        Ok(())
    })
}

/// How many of the sixteen tiles show somebody.
fn people_on(picture: &Picture) -> usize {
    let (width, height) = (picture.width / 4, picture.height / 4);
    let tiles = (0..4).flat_map(|row| (0..4).map(move |column| (column * width, row * height)));
    tiles
        .filter(|(x, y)| picture.code_in(*x, *y, width, height).is_some())
        .count()
}

#[test]
fn thirty_participants_fill_the_television() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let meeting = stage
            .meeting("Assembly", &JitsiJoin::silent("Clerk"))
            .await?;
        let Some(servers) = stage.stand_in("thirty participants") else {
            return Ok(());
        };
        let crowd = servers.crowd(&meeting.name, CROWD).await?;
        meeting.join().await?;
        let name = meeting.name.clone();
        let room = meeting.endpoint().await?;
        // She decodes nobody but the room: one machine plays everybody here.
        let watch = JitsiJoin {
            watch: 0,
            ..JitsiJoin::named("Anna")
        };
        let anna = stage.join(&name, &watch).await?;
        let source = format!("{room}-v0");
        let only = json!([{ "lastN": 1, "selectedSources": [source], "defaultConstraints": { "maxHeight": 0 },
            "constraints": { source: { "maxHeight": 180 } } }]);
        anna.tell("watch", only).await?;
        let id = anna.id().await?;
        let servers = stage.stand_in("thirty participants").expect("it is there");
        servers.double(&crowd, &name, &id).await;

        let JitsiMeeting { room, .. } = &meeting;
        let all = |status: &Status| others(status) == CROWD as usize + 2;
        room.status_is("everybody", PATIENCE, all).await?;
        let look = async || Result::<_>::Ok(people_on(&room.television().await?));
        until("a full television", PATIENCE, look, |count| *count == TILES).await?;
        loudspeaker_sounds(room).await?;
        far_end_sees_frames(&anna).await?;
        drop(crowd);
        meeting.room.stop().await;
        Ok(())
    })
}
