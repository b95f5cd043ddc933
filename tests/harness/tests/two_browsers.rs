//! The harness itself: two Element Call users see and hear each other through our servers.

#![allow(clippy::unwrap_used, reason = "what fails to come fails the test")]

use std::path::Path;
use std::time::Duration;

use saal_harness::{Caller, Error, FarEnd, FarEndOptions, JoinOptions, Servers, run, until};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn two_element_call_users_see_and_hear_each_other() {
    run(async {
        let servers = Servers::start().await.unwrap();
        let (anna, ben) = (
            servers.create_user("anna").await.unwrap(),
            servers.create_user("ben").await.unwrap(),
        );
        let room = anna.create_room("Weekly", &[&ben]).await.unwrap();
        let browser = FarEnd::start(&servers, &FarEndOptions::coded(servers.tools(), 3).unwrap())
            .await
            .unwrap();
        let anna = browser
            .join(&anna, &room, &JoinOptions::default())
            .await
            .unwrap();
        let ben = browser
            .join(&ben, &room, &JoinOptions::default())
            .await
            .unwrap();

        let look = async || Ok::<_, Error>([anna.stats().await?, ben.stats().await?]);
        let both = until("both see and hear", PATIENCE, look, |seen| {
            seen.iter()
                .all(|stats| stats.frames_decoded() > 30 && stats.audio_energy() > 0.0)
        });
        both.await.unwrap();
        for caller in [&anna, &ben] {
            sees_moving_code(caller).await;
            hears_voice(caller, 3).await;
        }
        assert_eq!(anna.user().call_members(&room).await.unwrap().len(), 2);
        // Element Call may have had to come in twice; the server forgets who is gone.
        let there = async || servers.participants(&room).await;
        let two = until("two at the media server", PATIENCE, there, |all| {
            all.len() == 2
        });
        two.await.unwrap();

        mutes_and_leaves(&ben, &anna, &servers, &room).await;
    });
}

async fn mutes_and_leaves(ben: &Caller, anna: &Caller, servers: &Servers, room: &str) {
    ben.set_devices(Some(false), Some(false)).await.unwrap();
    let muted = |all: &Vec<saal_harness::Participant>| {
        all.iter()
            .flat_map(|one| &one.tracks)
            .filter(|track| track.muted)
            .count()
            == 2
    };
    until(
        "both of Ben's tracks are muted",
        PATIENCE,
        async || servers.participants(room).await,
        muted,
    )
    .await
    .unwrap();
    if let Ok(folder) = std::env::var("SAAL_SCREENSHOTS") {
        anna.screenshot(&Path::new(&folder).join("anna.png"))
            .await
            .unwrap();
        ben.screenshot(&Path::new(&folder).join("ben.png"))
            .await
            .unwrap();
    }
    ben.hang_up().await.unwrap();
    let gone = async || anna.user().call_members(room).await;
    until("Ben has left the call", PATIENCE, gone, |members| {
        members.len() == 1
    })
    .await
    .unwrap();
}

/// The other's picture carries a frame number, and another one a moment later.
async fn sees_moving_code(caller: &Caller) {
    let first = until(
        "a picture with a code",
        PATIENCE,
        async || caller.pictures().await,
        |all| all.iter().any(|one| one.code().is_some()),
    );
    let first = first
        .await
        .unwrap()
        .iter()
        .find_map(|picture| picture.code())
        .unwrap();
    let moved = until(
        "another frame",
        PATIENCE,
        async || caller.pictures().await,
        |all| {
            all.iter()
                .filter_map(|one| one.code())
                .any(|code| code.frame != first.frame)
        },
    );
    moved.await.unwrap();
}

/// The other's sound is the tone with this seed.
async fn hears_voice(caller: &Caller, voice: u8) {
    let heard = until(
        "the other's voice",
        PATIENCE,
        async || caller.listen(Duration::from_secs(3)).await,
        |all| {
            all.iter()
                .any(|one| one.code().is_some_and(|code| code.voice == voice))
        },
    );
    heard.await.unwrap();
}
