//! A call through a network that loses packets, goes away for a while, and shows the room at another address: between
//! the room and the media server stands a relay of ours with a seed. The far end's network is perfect.

use std::collections::BTreeSet;

use saal_control::PhaseName;
use saal_harness::{Room, RoomOptions, Servers, run, until};
use saal_media_protocol::SourceKind;
use saal_network_sim::{Conditions, Direction, Relay};
use saal_suites::{
    Meeting, PATIENCE, Result, Taken, in_call, join,
    light::{LightCaller, Recording},
};

const SEED: u64 = 28;
/// Parts of all packets, each way.
const LOSSES: [f64; 4] = [0.01, 0.05, 0.1, 0.2];
/// Sounds of three seconds, and half of the pictures of the same time.
const SOUNDS: u64 = 150;
const PICTURES: u64 = 45;

/// A room and a far end in a call.
struct Scene {
    stage: Taken,
    network: Relay,
    meeting: Meeting,
    far_end: LightCaller,
    room: Room,
}

/// What arrived since the call began.
#[derive(Clone, Copy, Debug)]
struct Arrived {
    sounds: u64,
    pictures: u64,
}

impl Scene {
    async fn start() -> anyhow::Result<Self> {
        let (servers, network) = Servers::behind_a_network(SEED).await?;
        let stage = Taken::on(servers).await;
        let meeting = stage.meeting("Weekly").await?;
        let (host, matrix_room) = (&meeting.host, &meeting.matrix_room);
        let recording = Recording::of_room(9).await?;
        let far_end = LightCaller::join(&stage.servers, host, matrix_room, recording).await?;
        // By then it has found its way.
        let packets = async || Result::<_>::Ok(network.tally(Direction::There).packets);
        until("the far end's media", PATIENCE, packets, |n| *n > 200).await?;
        network.spare();
        let room = Room::start(&stage.servers, &meeting.guest, &RoomOptions::default()).await?;
        join(&room).await?;
        Ok(Self {
            stage,
            network,
            meeting,
            far_end,
            room,
        })
    }

    async fn at_the_far_end(&self) -> Result<Arrived> {
        let traffic = self.far_end.traffic();
        Ok(Arrived {
            sounds: traffic.frames(SourceKind::Microphone),
            pictures: traffic.frames(SourceKind::Camera),
        })
    }

    async fn in_the_room(&self) -> Result<Arrived> {
        let media = self.room.status().await?.media.unwrap_or_default();
        let pictures = media
            .received_video
            .iter()
            .map(|video| video.frames_decoded);
        Ok(Arrived {
            sounds: media.received_audio.iter().map(|sound| sound.packets).sum(),
            pictures: pictures.sum(),
        })
    }

    /// Waits for sound at both ends, by which time there has to be a moving picture as well.
    async fn goes_on(&self, how: &str) -> Result<()> {
        let (there, here) = (self.at_the_far_end().await?, self.in_the_room().await?);
        let enough = |before: Arrived| {
            move |now: &Arrived| now.sounds.saturating_sub(before.sounds) >= SOUNDS
        };
        let look = async || self.at_the_far_end().await;
        let there_now = until("sound at the far end", PATIENCE, look, enough(there)).await?;
        let look = async || self.in_the_room().await;
        let here_now = until("sound in the room", PATIENCE, look, enough(here)).await?;
        let there = there_now.pictures.saturating_sub(there.pictures);
        let here = here_now.pictures.saturating_sub(here.pictures);
        assert!(there >= PICTURES, "{how}: the far end saw {there} pictures");
        assert!(here >= PICTURES, "{how}: the room showed {here} pictures");
        Ok(())
    }

    /// The server's names for their stays: somebody who comes back gets another one.
    async fn stays(&self) -> Result<BTreeSet<String>> {
        let there = self.stage.servers.participants(&self.meeting.matrix_room);
        Ok(there.await?.into_iter().map(|person| person.sid).collect())
    }

    async fn notices(&self) -> Result<()> {
        let noticed = |status: &saal_control::Status| status.phase == PhaseName::Reconnecting;
        let noticed = self.room.status_is("noticing", PATIENCE, noticed);
        noticed.await.map(drop)
    }
}

#[test]
fn a_call_goes_on_through_a_bad_network() -> anyhow::Result<()> {
    run(async {
        let scene = Scene::start().await?;
        scene.goes_on("a perfect network").await?;
        let stays = scene.stays().await?;
        for loss in LOSSES {
            scene.network.set(Conditions {
                loss,
                ..Conditions::default()
            });
            scene.goes_on(&format!("a loss of {loss}")).await?;
        }

        scene.network.set(Conditions {
            outage: true,
            ..Conditions::default()
        });
        scene.notices().await?;
        scene.network.set(Conditions::default());
        in_call(&scene.room).await?;
        scene.goes_on("after an outage").await?;
        assert_eq!(scene.stays().await?, stays, "nobody left for it");

        scene.network.change_addresses()?;
        scene.goes_on("at another address").await?;
        assert_eq!(scene.stays().await?, stays, "nobody left for it");
        scene.room.stop().await;
        Ok(())
    })
}
