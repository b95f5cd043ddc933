//! A call through a network that loses packets, becomes narrow, goes away for a while, and gives the room another
//! address. The room is in a namespace, of which a line of ours is the only way out; the far end's network is perfect.

use std::collections::BTreeSet;

use saal_control::{PhaseName, Status};
use saal_harness::{JoinOptions, Room, RoomOptions, run, until};
use saal_media_protocol::CandidateProtocol;
use saal_network_sim::{Conditions, Direction, Felt, Line, apart};
use saal_suites::{
    PATIENCE, Scene, Taken, loudspeaker_sounds, panel_says, shows,
    soon::{SoonFolder, has_troubles},
};

const SEED: u64 = 28;
/// Bits a second, before and after: 75 % less.
const WIDE: u64 = 2_400_000;
const NARROW: u64 = 600_000;
/// More datagrams than those that find and keep a way, each way.
const MEDIA: u64 = 100;
const RECONNECTING: &str = "Connection lost, reconnecting …";

/// A room behind a line and a far end in a call.
struct Call {
    stage: Taken,
    scene: Scene,
}

impl Call {
    async fn start(title: &str) -> anyhow::Result<Self> {
        let mut stage = Taken::behind_a_line(SEED).await?;
        let network = stage.line().map(|line| line.near().clone());
        let options = RoomOptions {
            network,
            ..RoomOptions::default()
        };
        let scene = stage.scene(title, &options).await?;
        scene.join().await?;
        let call = Self { stage, scene };
        call.goes_on("a perfect network").await?;
        Ok(call)
    }

    fn line(&self) -> &Line {
        self.stage.line().expect("taken with one")
    }

    fn carried(&self) -> [u64; 2] {
        [Direction::There, Direction::Back].map(|way| self.line().datagrams(way))
    }

    /// Both see each other move and hear each other, by what came over the line.
    async fn goes_on(&self, how: &str) -> anyhow::Result<()> {
        let before = self.carried();
        self.scene.television_moves().await?;
        self.scene.far_end_sees_the_room().await?;
        loudspeaker_sounds(&self.scene.room).await?;
        self.scene.far_end_hears_the_room().await?;
        let more = |now: &[u64; 2]| before.iter().zip(now).all(|(then, now)| now - then > MEDIA);
        let carried = async || anyhow::Ok(self.carried());
        until(
            &format!("{how}: media over the line"),
            PATIENCE,
            carried,
            more,
        )
        .await?;
        Ok(())
    }

    /// The server's names for their stays: somebody who comes back gets another one.
    async fn stays(&self) -> anyhow::Result<BTreeSet<String>> {
        let matrix_room = &self.scene.meeting.matrix_room;
        let there = self.stage.servers.participants(matrix_room).await?;
        Ok(there.into_iter().map(|person| person.sid).collect())
    }

    /// The panel says that the connection is lost.
    async fn notices(&self) -> anyhow::Result<()> {
        panel_says(&self.scene.room, RECONNECTING).await?;
        Ok(())
    }

    /// The panel says so no longer, and both are who they were.
    async fn is_back(&self, stays: &BTreeSet<String>, how: &str) -> anyhow::Result<()> {
        let room = &self.scene.room;
        room.panel_shows("the call again", PATIENCE, |tree| {
            tree.screen == "call" && !shows(tree, RECONNECTING)
        })
        .await?;
        self.goes_on(how).await?;
        assert_eq!(self.stays().await?, *stays, "{how}: nobody left for it");
        self.scene.far_end_shows(1).await?;
        Ok(())
    }

    async fn end(self) {
        self.scene.room.stop().await;
    }
}

#[test]
fn a_call_goes_on_while_a_tenth_of_all_packets_is_lost_and_over_a_quarter_of_the_line()
-> anyhow::Result<()> {
    apart()?;
    run(async {
        let call = Call::start("Rain").await?;
        let (line, ways) = (call.line(), [Direction::There, Direction::Back]);
        line.set(Conditions {
            loss: 0.1,
            ..Conditions::default()
        });
        call.goes_on("a tenth is lost").await?;
        for way in ways {
            assert!(line.tally(way).lost > 0, "{way:?}: {:?}", line.tally(way));
        }

        let capacity = |bits| Conditions {
            capacity: Some(bits),
            ..Conditions::default()
        };
        line.set(capacity(WIDE));
        call.goes_on("a wide line").await?;
        line.set(capacity(NARROW));
        call.goes_on("a narrow line").await?;
        call.end().await;
        Ok(())
    })
}

#[test]
fn after_an_outage_sound_and_picture_are_back_and_nobody_came_or_went() -> anyhow::Result<()> {
    apart()?;
    run(async {
        let call = Call::start("Digger").await?;
        let stays = call.stays().await?;
        call.line().set(Conditions {
            outage: true,
            ..Conditions::default()
        });
        call.notices().await?;
        let gone = |status: &Status| status.phase == PhaseName::Reconnecting;
        assert!(gone(&call.scene.room.status().await?));
        call.line().set(Conditions::default());
        call.is_back(&stays, "after an outage").await?;
        call.end().await;
        Ok(())
    })
}

/// Its own address is what it was: the room has to read it from where its checks are seen to come from.
#[test]
fn a_call_goes_on_when_an_address_translation_on_the_way_forgets_it() -> anyhow::Result<()> {
    apart()?;
    run(async {
        let call = Call::start("Router").await?;
        let stays = call.stays().await?;
        call.line().rebind();
        call.is_back(&stays, "behind other ports").await?;
        call.end().await;
        Ok(())
    })
}

#[test]
fn a_room_with_another_address_goes_on_as_the_same_participant() -> anyhow::Result<()> {
    apart()?;
    run(async {
        let call = Call::start("Another socket").await?;
        let stays = call.stays().await?;
        call.line().change_address().await?;
        call.is_back(&stays, "at another address").await?;
        call.end().await;
        Ok(())
    })
}

/// A network that lets no datagram through: the trial before each meeting says what that means for it, and nothing of
/// what works; by a relay's stream people meet.
#[test]
fn what_a_wall_against_datagrams_does_is_said_before_the_meeting() -> anyhow::Result<()> {
    apart()?;
    run(async {
        let wall = Conditions {
            outage: true,
            ..Conditions::default()
        };
        let mut stage = Taken::behind_a_line(SEED).await?;
        let meeting = stage.meeting("Board").await?;
        let link = format!("https://matrix.to/#/{}?via=localhost", meeting.matrix_room);
        let soon = SoonFolder::new(stage.servers.folder(), "wall")?;
        soon.add("First", 9, &link)?;
        let line = stage.line().expect("taken with one");
        line.is_felt(Felt::ByDatagrams);
        line.set(wall);
        let options = RoomOptions {
            network: Some(line.near().clone()),
            more: soon.configuration(),
            ..RoomOptions::default()
        };
        let room = Room::start(&stage.servers, &meeting.guest, &options).await?;
        panel_says(
            &room,
            "Picture and sound do not reach the next meeting’s server",
        )
        .await?;
        has_troubles(&room, &["not_ready_media"]).await?;

        line.set(Conditions::default());
        soon.add("Second", 7, &link)?;
        has_troubles(&room, &[]).await?;

        line.set(wall);
        stage.relay_over_tcp().await?;
        soon.add("Third", 5, &link)?;
        panel_says(&room, "Picture and sound take a slow way").await?;
        has_troubles(&room, &["not_ready_datagrams"]).await?;

        let scene = stage
            .with_host(meeting, room, &JoinOptions::default())
            .await?;
        scene.join().await?;
        scene.television_moves().await?;
        scene.far_end_sees_the_room().await?;
        scene.room.stop().await;
        Ok(())
    })
}

/// The same network before a media server that takes media over TCP: no relay is needed.
#[test]
fn where_no_datagram_passes_a_call_goes_over_tcp_to_the_media_server_itself() -> anyhow::Result<()>
{
    apart()?;
    run(async {
        let mut stage = Taken::behind_a_line(SEED).await?;
        stage.servers.media_over_tcp(true).await?;
        let meeting = stage.meeting("Board").await?;
        let link = format!("https://matrix.to/#/{}?via=localhost", meeting.matrix_room);
        let soon = SoonFolder::new(stage.servers.folder(), "tcp")?;
        soon.add("Soon", 9, &link)?;
        let line = stage.line().expect("taken with one");
        line.is_felt(Felt::ByDatagrams);
        line.set(Conditions {
            outage: true,
            ..Conditions::default()
        });
        let options = RoomOptions {
            network: Some(line.near().clone()),
            more: soon.configuration(),
            ..RoomOptions::default()
        };
        let room = Room::start(&stage.servers, &meeting.guest, &options).await?;
        panel_says(&room, "Picture and sound take a slow way").await?;
        has_troubles(&room, &["not_ready_datagrams"]).await?;

        let far_end = stage.far_end().await?;
        let host = far_end
            .join(&meeting.host, &meeting.matrix_room, &JoinOptions::default())
            .await?;
        let scene = Scene {
            meeting,
            room,
            host,
        };
        scene.join().await?;
        scene.television_moves().await?;
        scene.far_end_sees_the_room().await?;
        loudspeaker_sounds(&scene.room).await?;
        scene.far_end_hears_the_room().await?;
        let status = scene.room.status().await?;
        let media = status.media.expect("the engine tells");
        let ways: Vec<_> = media.connections.iter().map(|c| c.protocol).collect();
        assert_eq!(ways, [Some(CandidateProtocol::Tcp); 2], "{media:?}");
        scene.room.stop().await;
        Ok(())
    })
}
