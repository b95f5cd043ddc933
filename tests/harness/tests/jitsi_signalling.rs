//! What the stand-in says to a client that maps sources by the bridge's messages, and to those that bring no good token.

#![allow(clippy::unwrap_used, reason = "what fails to come fails the test")]

use std::time::{Duration, SystemTime};

use saal_harness::{
    BridgeScript, Channel, FarEndOptions, JitsiJoin, JitsiOptions, JitsiScript, JitsiServers,
    Refusal, jitsi_token, run,
};
use serde_json::json;

const REWRITING: [&str; 3] = [
    "urn:xmpp:jingle:1",
    "http://jitsi.org/json-encoded-sources",
    "http://jitsi.org/ssrc-rewriting-1",
];

fn is_offer(stanza: &minidom::Element) -> bool {
    let action = stanza.children().find_map(|child| child.attr("action"));
    action == Some("session-initiate")
}

#[test]
fn a_client_with_ssrc_rewriting_learns_sources_from_the_bridge_alone() {
    run(async {
        let options = JitsiOptions {
            channel: Channel::WebSocket,
            ..JitsiOptions::default()
        };
        let servers = JitsiServers::start(options).await.unwrap();
        let media = FarEndOptions::coded(servers.tools(), 5).unwrap();
        let browser = servers.browser(&media).await.unwrap();
        let anna = servers
            .join(&browser, "weekly", &JitsiJoin::named("Anna"))
            .await
            .unwrap();
        let id = anna.id().await.unwrap();

        let base = servers.base_url();
        let mut script = JitsiScript::connect(base, "weekly", None, &REWRITING)
            .await
            .unwrap();
        script.join("Script", "").await.unwrap();
        let offer = script.expect(is_offer).await.unwrap();
        let sources = String::from(&offer);
        assert!(
            sources.contains("jvb-v0") && sources.contains("jvb-a0"),
            "{sources}"
        );
        assert!(!sources.contains(&id), "{sources}");

        let mut channel = BridgeScript::open(&offer).await.unwrap();
        channel.expect("ServerHello").await.unwrap();
        let nothing = channel.expect("ForwardedSources").await.unwrap();
        assert_eq!(
            nothing["forwardedSources"],
            json!([]),
            "no constraints, no pictures"
        );
        let wanted = json!({"colibriClass": "ReceiverVideoConstraints", "lastN": -1, "defaultConstraints": {"maxHeight": 360}});
        channel.say(&wanted).await.unwrap();
        let map = channel.expect("VideoSourcesMap").await.unwrap();
        let line = &map["mappedSources"][0];
        assert_eq!(line["source"], json!(format!("{id}-v0")));
        assert_eq!(line["owner"], json!(id));
        assert_eq!(line["videoType"], json!("CAMERA"));
        assert!(
            line["ssrc"].is_u64() && line["rtx"].is_u64() && line["mid"].is_null(),
            "{line}"
        );
        let forwarded = channel.expect("ForwardedSources").await.unwrap();
        assert_eq!(forwarded["forwardedSources"], json!([format!("{id}-v0")]));
        assert!(
            script
                .seen
                .iter()
                .all(|stanza| !stanza.contains("source-add")),
            "{:#?}",
            script.seen
        );
    });
}

#[test]
fn a_token_is_asked_for_and_is_good_for_its_room_only() {
    run(async {
        let options = JitsiOptions {
            token_key: Some("key".to_owned()),
            ..JitsiOptions::default()
        };
        let servers = JitsiServers::start(options).await.unwrap();
        let base = servers.base_url();
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        let soon = (now + Duration::from_secs(600)).as_secs();
        let good = json!({"room": "weekly", "exp": soon});
        for bad in [
            None,
            Some(jitsi_token("other", &good)),
            Some(jitsi_token("key", &json!({"room": "weekly", "exp": 1}))),
        ] {
            let refused = JitsiScript::connect(base, "weekly", bad.as_deref(), &REWRITING).await;
            let error = refused.unwrap_err().to_string();
            assert!(error.contains("not-allowed"), "{bad:?}: {error}");
        }
        for (room, outcome) in [("weekly", None), ("daily", Some("error"))] {
            let token = jitsi_token("key", &good);
            let mut script = JitsiScript::connect(base, room, Some(&token), &REWRITING)
                .await
                .unwrap();
            let answer = script.join("Script", "").await.unwrap();
            assert_eq!(answer.attr("type"), outcome, "{room}");
        }
    });
}

#[test]
fn a_focus_that_refuses_says_why() {
    run(async {
        for (refusal, condition) in [
            (Refusal::NotAuthorized, "not-authorized"),
            (Refusal::Reservation, "reservation-error"),
            (Refusal::GracefulShutdown, "graceful-shutdown"),
        ] {
            let options = JitsiOptions {
                refusal: Some(refusal),
                ..JitsiOptions::default()
            };
            let servers = JitsiServers::start(options).await.unwrap();
            let base = servers.base_url();
            let mut script = JitsiScript::connect(base, "weekly", None, &REWRITING)
                .await
                .unwrap();
            let answer = String::from(&script.join("Script", "").await.unwrap());
            assert!(answer.contains(condition), "{answer}");
        }
    });
}
