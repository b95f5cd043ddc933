//! What dies, and how the room is back without a touch.

use saal_control::PhaseName;
use saal_harness::{JitsiJoin, JitsiParticipant, run, until};
use saal_suites::{
    PATIENCE, Result,
    jitsi::{JitsiTaken, ROOM},
};

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
