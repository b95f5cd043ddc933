//! What the room finds out of a conference's servers before the meeting, without entering it.

use saal_harness::{JitsiOptions, Room, RoomOptions, TurnServer, TurnWay, run};
use saal_suites::{
    jitsi::JitsiTaken,
    panel_says,
    soon::{SoonFolder, has_troubles},
};

/// The relay that the installation names takes clients over TCP alone, then nobody, then all.
#[test]
fn how_far_a_conferences_relay_is_reached_is_said_before_the_meeting() -> anyhow::Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let mut relay = TurnServer::start(&stage.folder().join("relay")).await?;
        relay.resume(TurnWay::Tcp).await?;
        let options = JitsiOptions {
            relay: Some(relay.port()),
            ..JitsiOptions::default()
        };
        let Some((servers, _)) = stage.install("a relay that is away", options).await? else {
            return Ok(());
        };
        let soon = SoonFolder::new(servers.folder(), "soon")?;
        soon.add("First", 9, &servers.link("first"))?;
        let options = RoomOptions {
            more: soon.configuration(),
            ..RoomOptions::default()
        };
        let room = Room::standing(servers.folder(), &options).await?;
        panel_says(&room, "Picture and sound take a slow way").await?;
        has_troubles(&room, &["not_ready_datagrams"]).await?;

        relay.stop().await;
        soon.add("Second", 7, &servers.link("second"))?;
        panel_says(
            &room,
            "Picture and sound do not reach the next meeting’s server",
        )
        .await?;
        has_troubles(&room, &["not_ready_media"]).await?;

        relay.resume(TurnWay::Both).await?;
        soon.add("Third", 5, &servers.link("third"))?;
        has_troubles(&room, &[]).await?;
        room.stop().await;
        Ok(())
    })
}

/// A proxy that lets web pages through and nothing that stays open: the conference is entered otherwise, and its pictures suffer.
#[test]
fn that_no_websocket_gets_through_is_said_before_the_conference() -> anyhow::Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let options = JitsiOptions {
            no_websocket: true,
            ..JitsiOptions::default()
        };
        let Some((servers, _)) = stage.install("a wall against WebSockets", options).await? else {
            return Ok(());
        };
        let soon = SoonFolder::new(servers.folder(), "soon")?;
        soon.add("First", 9, &servers.link("first"))?;
        let options = RoomOptions {
            more: soon.configuration(),
            ..RoomOptions::default()
        };
        let room = Room::standing(servers.folder(), &options).await?;
        panel_says(&room, "The network blocks the next meeting").await?;
        has_troubles(&room, &["not_ready_sockets"]).await?;
        room.stop().await;
        Ok(())
    })
}
