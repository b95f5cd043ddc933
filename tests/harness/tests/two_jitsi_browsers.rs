//! The stand-in for Jitsi's servers: two web users see and hear each other through it, by either bridge channel.

#![allow(clippy::unwrap_used, reason = "what fails to come fails the test")]

use std::time::Duration;

use saal_harness::{
    Channel, Error, FarEndOptions, JitsiCaller, JitsiJoin, JitsiOptions, JitsiServers, run, until,
};

const PATIENCE: Duration = Duration::from_secs(60);
/// The seed of picture and sound.
const VOICE: u8 = 5;

#[test]
fn two_web_users_see_and_hear_each_other_by_data_channel() {
    run(see_and_hear(Channel::Sctp));
}

#[test]
fn two_web_users_see_and_hear_each_other_by_websocket() {
    run(see_and_hear(Channel::WebSocket));
}

async fn see_and_hear(channel: Channel) {
    let options = JitsiOptions {
        channel,
        ..JitsiOptions::default()
    };
    let servers = JitsiServers::start(options).await.unwrap();
    let media = FarEndOptions::coded(servers.tools(), VOICE.into()).unwrap();
    let browser = servers.browser(&media).await.unwrap();
    let anna = servers
        .join(&browser, "Weekly", &JitsiJoin::named("Anna"))
        .await
        .unwrap();
    let ben = servers
        .join(&browser, "Weekly", &JitsiJoin::named("Ben"))
        .await
        .unwrap();
    assert_eq!((anna.outcome(), ben.outcome()), ("joined", "joined"));

    let look = async || Ok::<_, Error>([anna.stats().await?, ben.stats().await?]);
    let both = until("both see and hear", PATIENCE, look, |seen| {
        seen.iter()
            .all(|stats| stats.frames_decoded() > 30 && stats.audio_energy() > 0.0)
    });
    both.await.unwrap();
    for caller in [&anna, &ben] {
        sees_code(caller).await;
        hears_voice(caller).await;
    }
    let bridge = servers.bridge("Weekly").await;
    assert!(
        bridge.endpoints.values().all(|endpoint| endpoint.channel),
        "{bridge:#?}"
    );

    ben.leave().await.unwrap();
    let alone = async || anna.participants().await;
    until("Ben is gone", PATIENCE, alone, Vec::is_empty)
        .await
        .unwrap();
}

/// The other's picture carries a frame number, and another one a moment later.
async fn sees_code(caller: &JitsiCaller) {
    let frames = async || {
        let pictures = caller.pictures().await?;
        Ok::<_, Error>(
            pictures
                .iter()
                .find_map(|one| one.code())
                .map(|code| code.frame),
        )
    };
    let first = until("a picture with a code", PATIENCE, frames, Option::is_some)
        .await
        .unwrap();
    let moved = until("another frame", PATIENCE, frames, |frame| {
        frame.is_some() && *frame != first
    });
    moved.await.unwrap();
}

/// The other's sound is the tone with this seed.
async fn hears_voice(caller: &JitsiCaller) {
    let listen = async || caller.listen(Duration::from_secs(3)).await;
    let heard = until("the other's voice", PATIENCE, listen, |all| {
        all.iter()
            .any(|one| one.code().is_some_and(|code| code.voice == VOICE))
    });
    heard.await.unwrap();
}
