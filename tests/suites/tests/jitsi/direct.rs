//! Two talk without the bridge, until a third one comes.

use saal_control::Status;
use saal_harness::{BridgeView, JitsiJoin, JitsiOptions, Room, run, until};
use saal_suites::{
    PATIENCE, Result, far_end_hears_seconds, far_end_sees_frames,
    jitsi::{JitsiTaken, meeting_on, room_with, unique},
    join, loudspeaker_sounds, television_shows_two,
};

/// Packets of all media that the bridge has sent on.
fn forwarded(view: &BridgeView) -> u64 {
    let each = view.endpoints.values();
    each.flat_map(|one| one.packets.values()).sum()
}

/// Of two the one with the smaller name begins.
async fn two_and_a_third(name: &str, endpoint: &'static str) -> Result<()> {
    let mut stage = JitsiTaken::take().await?;
    let options = JitsiOptions {
        config: "config.p2p = { enabled: true };".to_owned(),
        ..JitsiOptions::default()
    };
    let Some((servers, browser)) = stage.install("two without the bridge", options).await? else {
        return Ok(());
    };
    let direct = |name, endpoint| JitsiJoin {
        p2p: true,
        endpoint,
        ..JitsiJoin::named(name)
    };
    let anna = direct("Anna", Some(endpoint));
    let meeting = meeting_on(&servers, browser, name, &anna).await?;
    meeting.join().await?;
    let told = meeting.told("a direct session", |state| state.p2p).await?;
    assert_eq!(told.id.as_deref(), Some(endpoint));
    meeting.see_and_hear().await?;
    let before = forwarded(&servers.bridge(name).await);
    meeting.see_and_hear().await?;
    let after = forwarded(&servers.bridge(name).await);
    assert_eq!(after, before, "the bridge forwards media");
    let ben = servers.join(browser, name, &direct("Ben", None)).await?;
    meeting
        .told("back at the bridge", |state| !state.p2p)
        .await?;
    television_shows_two(&meeting.room).await?;
    loudspeaker_sounds(&meeting.room).await?;
    for host in [&meeting.host, &ben] {
        far_end_sees_frames(host).await?;
        far_end_hears_seconds(host).await?;
    }
    meeting.room.stop().await;
    Ok(())
}

#[test]
fn two_talk_directly_and_a_third_brings_them_back_to_the_bridge() -> Result<()> {
    run(two_and_a_third("called", "00000000"))
}

#[test]
fn the_room_calls_directly_where_its_name_is_the_smaller_one() -> Result<()> {
    run(two_and_a_third("calling", "zzzzzzzz"))
}

fn sees_a_picture(status: &Status) -> bool {
    let media = status.media.iter();
    let mut pictures = media.flat_map(|media| &media.received_video);
    pictures.any(|picture| picture.frames_decoded > 40)
}

/// Two rooms and nobody else: what the bridge would forward, neither gets from it.
#[test]
fn two_rooms_talk_directly() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let options = JitsiOptions {
            config: "config.p2p = { enabled: true };".to_owned(),
            ..JitsiOptions::default()
        };
        let Some((servers, _)) = stage.install("two rooms", options).await? else {
            return Ok(());
        };
        let with = room_with("rooms", &servers.link("rooms"));
        let one = Room::standing(servers.folder(), &with).await?;
        let other = Room::standing(servers.folder(), &with).await?;
        for room in [&one, &other] {
            join(room).await?;
        }
        let both = async || Result::<_>::Ok(servers.bridge("rooms").await);
        until("both rooms at the bridge", PATIENCE, both, |view| {
            view.endpoints.values().filter(|one| one.channel).count() == 2
        })
        .await?;
        for room in [&one, &other] {
            room.status_is("the other room's picture", PATIENCE, sees_a_picture)
                .await?;
            loudspeaker_sounds(room).await?;
        }
        let before = forwarded(&both().await?);
        for room in [&one, &other] {
            loudspeaker_sounds(room).await?;
        }
        assert_eq!(
            forwarded(&both().await?),
            before,
            "the bridge forwards media"
        );
        one.stop().await;
        other.stop().await;
        Ok(())
    })
}

/// By the bridge here; a real installation may let them talk directly.
#[test]
fn two_rooms_and_nobody_else_see_and_hear_each_other() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let name = unique("tworooms");
        let with = room_with(&name, &stage.link(&name));
        let one = Room::standing(stage.folder(), &with).await?;
        let other = Room::standing(stage.folder(), &with).await?;
        for room in [&one, &other] {
            join(room).await?;
        }
        for room in [&one, &other] {
            room.status_is("the other room's picture", PATIENCE, sees_a_picture)
                .await?;
            loudspeaker_sounds(room).await?;
        }
        one.stop().await;
        other.stop().await;
        Ok(())
    })
}
