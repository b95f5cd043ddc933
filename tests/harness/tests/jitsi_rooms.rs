//! The stand-in's rooms as web users meet them: password, lobby, moderation, throwing out, moves, the end.

#![allow(clippy::unwrap_used, reason = "what fails to come fails the test")]

use std::time::Duration;

use saal_harness::{
    Error, FarEnd, FarEndOptions, JitsiCaller, JitsiJoin, JitsiOptions, JitsiServers, JitsiState,
    run, until,
};
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(40);

async fn start() -> (JitsiServers, FarEnd) {
    let servers = JitsiServers::start(JitsiOptions::default()).await.unwrap();
    let media = FarEndOptions::coded(servers.tools(), 5).unwrap();
    let browser = servers.browser(&media).await.unwrap();
    (servers, browser)
}

async fn join(servers: &JitsiServers, browser: &FarEnd, name: &str) -> JitsiCaller {
    let caller = servers
        .join(browser, "weekly", &JitsiJoin::named(name))
        .await
        .unwrap();
    assert_eq!(caller.outcome(), "joined", "{name}");
    caller
}

/// Waits until what a client was told is as wanted.
async fn told(
    what: &str,
    caller: &JitsiCaller,
    wanted: impl FnMut(&JitsiState) -> bool,
) -> JitsiState {
    until(what, PATIENCE, async || caller.state().await, wanted)
        .await
        .unwrap()
}

async fn sees_more_frames(caller: &JitsiCaller) {
    let before = caller.stats().await.unwrap().frames_decoded();
    let stats = async || caller.stats().await;
    until("more pictures", PATIENCE, stats, |stats| {
        stats.frames_decoded() > before + 10
    })
    .await
    .unwrap();
}

#[test]
fn a_password_keeps_out_who_does_not_know_it() {
    run(async {
        let (servers, browser) = start().await;
        let anna = join(&servers, &browser, "Anna").await;
        told("Anna is moderator", &anna, |state| {
            state.role.as_deref() == Some("moderator")
        })
        .await;
        anna.tell("lock", json!(["sesame"])).await.unwrap();

        let without = JitsiJoin::named("Ben");
        let ben = servers.join(&browser, "weekly", &without).await.unwrap();
        assert_eq!(ben.outcome(), "conference.passwordRequired");
        let with = JitsiJoin {
            password: Some("sesame".to_owned()),
            ..JitsiJoin::named("Carla")
        };
        let carla = servers.join(&browser, "weekly", &with).await.unwrap();
        assert_eq!(carla.outcome(), "joined");
    });
}

#[test]
fn a_lobby_lets_in_whom_the_moderator_admits() {
    run(async {
        let (servers, browser) = start().await;
        let anna = join(&servers, &browser, "Anna").await;
        told("Anna is moderator", &anna, |state| {
            state.role.as_deref() == Some("moderator")
        })
        .await;
        anna.tell("lobby", json!([true])).await.unwrap();

        let knockers = [("Ben", true), ("Mallory", false)];
        for (name, welcome) in knockers {
            let knocker = servers
                .join(&browser, "weekly", &JitsiJoin::named(name))
                .await
                .unwrap();
            assert_eq!(knocker.outcome(), "conference.connectionError.membersOnly");
            knocker.tell("knock", json!([name])).await.unwrap();
            let seen = told("the knocker", &anna, |state| {
                state.lobby.iter().any(|one| one.name == name)
            })
            .await;
            let waiting = seen.lobby.iter().find(|one| one.name == name).unwrap();
            anna.tell("admit", json!([waiting.id, welcome]))
                .await
                .unwrap();
            if welcome {
                told("admitted", &knocker, |state| state.joined).await;
            } else {
                let denied = |state: &JitsiState| {
                    state
                        .errors
                        .iter()
                        .any(|error| error[0] == "conference.connectionError.accessDenied")
                };
                assert!(!told("turned away", &knocker, denied).await.joined);
            }
        }
    });
}

#[test]
fn moderators_mute_moderate_and_throw_out() {
    run(async {
        let (servers, browser) = start().await;
        let anna = join(&servers, &browser, "Anna").await;
        told("Anna is moderator", &anna, |state| {
            state.role.as_deref() == Some("moderator")
        })
        .await;
        let ben = join(&servers, &browser, "Ben").await;
        let id = ben.id().await.unwrap();
        sees_more_frames(&anna).await;

        anna.tell("muteOther", json!([id, "audio"])).await.unwrap();
        let muted = async || ben.call::<serde_json::Value>("muted", json!([])).await;
        until("Ben is muted", PATIENCE, muted, |muted| {
            muted["audio"] == json!(true)
        })
        .await
        .unwrap();

        anna.tell("moderate", json!(["audio", true])).await.unwrap();
        told("Ben hears of moderation", &ben, |state| {
            state.moderation["audio"] == json!(true)
        })
        .await;
        anna.tell("approve", json!(["audio", id])).await.unwrap();
        told("Ben may speak", &ben, |state| {
            state.approved.contains(&"audio".to_owned())
        })
        .await;

        ben.tell("raiseHand", json!([true])).await.unwrap();
        let hands = async || anna.participants().await;
        until("the hand", PATIENCE, hands, |all| {
            all.iter().any(|one| one.raised_hand)
        })
        .await
        .unwrap();
        ben.say("good day").await.unwrap();
        told("the chat", &anna, |state| {
            state.messages.iter().any(|said| said.text == "good day")
        })
        .await;

        anna.tell("kick", json!([id, "enough"])).await.unwrap();
        told("Ben is thrown out", &ben, |state| state.kicked.is_some()).await;
        until("Ben is gone", PATIENCE, hands, Vec::is_empty)
            .await
            .unwrap();
    });
}

#[test]
fn a_move_to_another_bridge_leaves_everybody_in_the_conference() {
    run(async {
        let (mut servers, browser) = start().await;
        let anna = join(&servers, &browser, "Anna").await;
        let ben = join(&servers, &browser, "Ben").await;
        sees_more_frames(&anna).await;
        servers
            .move_endpoint("weekly", &ben.id().await.unwrap())
            .await
            .unwrap();
        sees_more_frames(&ben).await;
        sees_more_frames(&anna).await;
        servers.restart_bridge().await.unwrap();
        sees_more_frames(&ben).await;
        sees_more_frames(&anna).await;
    });
}

#[test]
fn a_shared_picture_is_a_second_source() {
    run(async {
        let (servers, browser) = start().await;
        let anna = join(&servers, &browser, "Anna").await;
        let ben = join(&servers, &browser, "Ben").await;
        sees_more_frames(&anna).await;
        ben.share().await.unwrap();
        let shared = format!("{}-v1", ben.id().await.unwrap());
        let seen = async || Ok::<_, Error>(servers.bridge("weekly").await);
        let id = anna.id().await.unwrap();
        let forwarded = until("the shared picture is forwarded", PATIENCE, seen, |view| {
            view.endpoints[&id]
                .packets
                .get(&shared)
                .is_some_and(|count| *count > 10)
        });
        forwarded.await.unwrap();
    });
}

#[test]
fn the_end_is_for_everybody() {
    run(async {
        let (servers, browser) = start().await;
        let anna = join(&servers, &browser, "Anna").await;
        let ben = join(&servers, &browser, "Ben").await;
        servers
            .end("weekly", "The meeting has been terminated")
            .await
            .unwrap();
        for caller in [&anna, &ben] {
            told("the end", caller, |state| {
                !state.errors.is_empty() || state.ended.is_some()
            })
            .await;
        }
        assert!(servers.bridge("weekly").await.endpoints.is_empty());
    });
}
