//! Every recorded conference is played to the protocol; what the room says is compared in meaning
//! with what the web client said.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod client;
mod imitate;
mod meaning;
mod trace;

use client::Client;
use saal_media_protocol::{SourceKind, TransportCommand};
use saal_meeting::{CallEvent, EndReason, Waiting};

fn replay(name: &str) -> Client {
    let lines = trace::read(name);
    let mut client = Client::new(client::setup(&lines));
    for line in &lines {
        client.play(line);
    }
    client
}

/// Everything in a trace is understood, whatever the room makes of it.
#[test]
fn no_message_of_any_trace_is_unknown() {
    for name in trace::names() {
        let client = replay(&name);
        assert_eq!(client.conference.unknown(), 0, "{name}");
    }
}

#[test]
fn the_room_joins_and_leaves_as_the_web_client_did() {
    for name in trace::names() {
        if name == "password-missing" {
            continue;
        }
        let client = replay(&name);
        let joined = client.events.iter().filter(|e| **e == CallEvent::Joined);
        assert_eq!(joined.count(), 1, "{name}: {:?}", client.events);
        let troubled = |e: &&CallEvent| matches!(e, CallEvent::Reconnecting { .. });
        assert_eq!(client.events.iter().find(troubled), None, "{name}");
        let ended = client.events.last().unwrap();
        assert!(matches!(ended, CallEvent::Ended(_)), "{name}: {ended:?}");
    }
}

#[test]
fn the_conference_is_asked_for_as_the_web_client_asks() {
    for name in trace::names() {
        let client = replay(&name);
        let (ours, theirs) = (&client.ours, &client.theirs);
        assert_eq!(meaning::requests(ours), meaning::requests(theirs), "{name}");
        assert_eq!(meaning::entered(ours), meaning::entered(theirs), "{name}");
    }
}

#[test]
fn the_focus_learns_the_same_features() {
    let client = replay("join3-rtp-mid-demux");
    let ours = meaning::features(&client.ours);
    let theirs = meaning::features(&client.theirs);
    let missing: Vec<_> = theirs.difference(&ours).cloned().collect();
    // Neither does the room dial out, nor does the engine need mids.
    assert_eq!(
        missing,
        ["http://jitsi.org/rtp-mid-demux", "urn:xmpp:rayo:client:1"]
    );
    assert!(ours.is_subset(&theirs));
}

#[test]
fn the_bridge_s_offer_is_accepted_alike() {
    for name in trace::names().iter().filter(|n| *n != "password-missing") {
        let client = replay(name);
        let ours = meaning::accepted(&client.ours);
        let theirs = meaning::accepted(&client.theirs);
        assert_eq!(
            ours.keys().collect::<Vec<_>>(),
            theirs.keys().collect::<Vec<_>>(),
            "{name}"
        );
        for (content, theirs) in theirs {
            let ours = &ours[&content];
            assert_eq!(ours.payloads, theirs.payloads, "{name} {content}");
            assert_eq!(ours.extensions, theirs.extensions, "{name} {content}");
            assert_eq!(ours.sources, theirs.sources, "{name} {content}");
            assert_eq!(ours.sctp, theirs.sctp, "{name} {content}");
            // With AV1 first the web client sends one stream with layers inside.
            if theirs.groups.contains_key("SIM 3") {
                assert_eq!(ours.groups, theirs.groups, "{name} {content}");
            }
        }
    }
}

#[test]
fn the_others_are_told_the_same_of_our_sources() {
    for name in trace::names().iter().filter(|n| *n != "password-missing") {
        let client = replay(name);
        let (ours, theirs) = (&client.ours, &client.theirs);
        assert_eq!(
            meaning::told_sources(ours),
            meaning::told_sources(theirs),
            "{name}"
        );
    }
}

#[test]
fn the_bridge_is_asked_for_the_same_pictures() {
    for name in trace::names().iter().filter(|n| *n != "password-missing") {
        let client = replay(name);
        let (ours, theirs) = (&client.ours, &client.theirs);
        let first = meaning::first_wishes(theirs).unwrap();
        // Without SSRC rewriting the web client knows all names before it asks.
        if first["constraints"].as_object().unwrap().is_empty() {
            assert_eq!(meaning::first_wishes(ours), Some(first), "{name}");
        }
        assert_eq!(meaning::wishes(ours), meaning::wishes(theirs), "{name}");
        assert_eq!(
            meaning::video_types(ours),
            meaning::video_types(theirs),
            "{name}"
        );
    }
}

#[test]
fn moderators_do_what_the_web_client_did() {
    for name in ["moderation-moderator", "lobby-moderator"] {
        let client = replay(name);
        let (ours, theirs) = (&client.ours, &client.theirs);
        assert_eq!(meaning::orders(ours), meaning::orders(theirs), "{name}");
    }
}

/// The tracks that the television got at any time, each with whose it is.
fn shown(client: &Client) -> Vec<(String, String, SourceKind)> {
    let shown = client.commands.iter().filter_map(|command| match command {
        TransportCommand::Assign {
            track,
            participant,
            source,
            ..
        } => Some((track.clone(), participant.clone(), *source)),
        _ => None,
    });
    shown.collect()
}

#[test]
fn every_form_of_sources_ends_in_tracks_of_participants() {
    let forms = [
        ("join3-ssrc-rewriting-vp8", "26e6e705", "85cf4b38"),
        ("join3-rtp-mid-demux", "14d54339", "931278e6"),
        ("join3-no-ssrc-rewriting-av1", "4105350b", "86b96b4a"),
        ("join3-sctp-datachannel", "7f83b61c", "d7a7d47c"),
    ];
    for (name, one, other) in forms {
        let client = replay(name);
        let shown = shown(&client);
        for participant in [one, other] {
            for (suffix, source) in [("a0", SourceKind::Microphone), ("v0", SourceKind::Camera)] {
                let track = (
                    format!("{participant}-{suffix}"),
                    participant.to_owned(),
                    source,
                );
                assert!(shown.contains(&track), "{name}: {track:?} not in {shown:?}");
            }
        }
        assert!(!shown.iter().any(|(_, owner, _)| owner == "jvb"), "{name}");
    }
}

#[test]
fn what_is_presented_is_a_track_of_its_own() {
    let client = replay("screenshare-viewer-ssrc-rewriting");
    let presented = client.commands.iter().any(|command| {
        matches!(command, TransportCommand::Assign { track, source: SourceKind::Content, .. }
            if track == "bde0b9f5-v1")
    });
    assert!(presented);
    let sharer = replay("screenshare-sharer");
    let own = meaning::added(&sharer.ours);
    assert_eq!(own, meaning::added(&sharer.theirs));
}

#[test]
fn a_direct_session_is_accepted_with_what_the_room_decodes() {
    let client = replay("p2p-first");
    let (ours, theirs) = (
        meaning::accepted_from(&client.ours, "/e3b81ffc"),
        meaning::accepted_from(&client.theirs, "/e3b81ffc"),
    );
    assert_eq!(
        ours.keys().collect::<Vec<_>>(),
        theirs.keys().collect::<Vec<_>>()
    );
    for (content, theirs) in &theirs {
        let ours = &ours[content];
        assert!(ours.payloads.is_subset(&theirs.payloads));
        assert!(ours.extensions.is_subset(&theirs.extensions));
        assert_eq!(ours.sources, theirs.sources);
        assert_eq!(ours.groups, theirs.groups);
    }
    let names: Vec<_> = ours["1"]
        .payloads
        .iter()
        .map(|(_, name, _)| name.as_str())
        .collect();
    for name in ["VP8", "VP9", "AV1", "H264"] {
        assert!(names.contains(&name), "{names:?}");
    }
    // Two of the four H.264 forms can be fragmented.
    assert_eq!(names.iter().filter(|name| **name == "H264").count(), 2);
    let told = meaning::candidates(&client.ours);
    assert_eq!(
        told,
        [("p2pr@conference.meet.localtest/e3b81ffc".to_owned(), 1)]
    );
    let heights = meaning::peer_heights(&client.ours);
    assert!(!heights.is_empty());
    assert!(heights.is_subset(&meaning::peer_heights(&client.theirs)));
}

fn last_reason(client: &Client) -> &EndReason {
    match client.events.last() {
        Some(CallEvent::Ended(reason)) => reason,
        other => panic!("not ended: {other:?}"),
    }
}

#[test]
fn the_lobby_is_waited_in() {
    let client = replay("lobby-knocker");
    let waiting = CallEvent::Waiting(Waiting::Admission);
    let position = |event: &CallEvent| client.events.iter().position(|e| e == event).unwrap();
    assert!(position(&waiting) < position(&CallEvent::Joined));
}

#[test]
fn who_is_sent_away_or_has_no_password_hears_why() {
    let guest = replay("moderation-guest");
    let removed = EndReason::Removed {
        message: "bye".into(),
    };
    assert_eq!(last_reason(&guest), &removed);
    let muted = CallEvent::MutedByOther {
        source: SourceKind::Microphone,
        by: Some("alice".into()),
    };
    assert!(guest.events.contains(&muted));
    let allowed = CallEvent::UnmuteAllowed {
        source: SourceKind::Microphone,
    };
    assert!(guest.events.contains(&allowed));
    let moderator = replay("moderation-moderator");
    assert_eq!(last_reason(&moderator), &EndReason::EndedForAll);
    let missing = replay("password-missing");
    let asked = CallEvent::PasswordNeeded { refused: false };
    assert!(missing.events.contains(&asked));
}

#[test]
fn chat_is_read_and_our_own_is_not_repeated() {
    let client = replay("join3-ssrc-rewriting-vp8");
    let lines: Vec<_> = client
        .events
        .iter()
        .filter_map(|event| match event {
            CallEvent::Chat(line) => Some((line.author.as_str(), line.text.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(lines, [("alice", "hello from alice")]);
}
