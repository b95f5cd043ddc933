//! What is done in the call.

use saal_media_protocol::SourceKind;
use saal_meeting::{MeetingAction, Role};

use super::{
    super::*,
    world::{ME, ROOM, World, setup},
};

const MUTE: &str =
    "<mute xmlns='http://jitsi.org/jitmeet/audio' actor='weekly@conference.example.org/aaaa'>";

fn muted(source: SourceKind, by: Option<&str>) -> CallEvent {
    CallEvent::MutedByOther {
        source,
        by: by.map(str::to_owned),
    }
}

#[test]
fn only_the_focus_mutes_and_nobody_unmutes() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.order("aaaa", &format!("{MUTE}true</mute>"));
    assert_eq!(world.events(), []);
    world.order("focus", &format!("{MUTE}true</mute>"));
    assert!(world.has(&muted(SourceKind::Microphone, Some("aaaa B."))));
    let told = world
        .said_with("SourceInfo")
        .unwrap()
        .text_of("SourceInfo")
        .unwrap();
    assert!(
        told.contains(&format!("\"{ME}-a0\":{{\"muted\":true}}")),
        "{told}"
    );
    world.take();
    world.order("focus", &format!("{MUTE}false</mute>"));
    assert!(world.said_with("SourceInfo").is_none());
}

#[test]
fn a_presentation_is_a_second_picture_and_a_moderator_can_end_it() {
    const DESKTOP: &str = "<mute xmlns='http://jitsi.org/jitmeet/desktop' \
        actor='weekly@conference.example.org/aaaa'>true</mute>";
    let sent = |world: &World| {
        let commands = world.commands().into_iter();
        let layers = commands.filter_map(|command| match command {
            TransportCommand::Send {
                source: SourceKind::Content,
                streams,
                ..
            } => Some(streams.len()),
            _ => None,
        });
        layers.collect::<Vec<_>>()
    };
    let told = |world: &World| {
        let presence = world.said_with("SourceInfo").unwrap();
        presence.text_of("SourceInfo").unwrap()
    };
    let second = |muted| format!("\"{ME}-v1\":{{\"muted\":{muted},\"videoType\":\"desktop\"}}");
    let mut world = World::joined(setup(), &["aaaa"]);
    world.act(MeetingAction::Present { on: true });
    let add = world.said_with("source-add").unwrap().to_xml();
    assert!(add.contains(&format!("{ME}-v1")), "{add}");
    assert!(told(&world).contains(&second(false)), "{}", told(&world));
    assert_eq!(sent(&world), [3]);
    assert!(world.shows().presenting);
    world.take();
    world.order("focus", DESKTOP);
    assert!(world.has(&muted(SourceKind::Content, Some("aaaa B."))));
    assert!(told(&world).contains(&second(true)), "{}", told(&world));
    assert!(!world.shows().presenting);
    world.take();
    world.act(MeetingAction::Present { on: true });
    assert!(world.said_with("source-add").is_none(), "it is known");
    assert_eq!(sent(&world), [3]);
    assert!(told(&world).contains(&second(false)), "{}", told(&world));
}

#[test]
fn the_sound_of_what_is_presented_is_a_second_voice_and_ends_with_it() {
    let sent = |world: &World| {
        let commands = world.commands().into_iter();
        let sound = commands.filter(|command| {
            let source = SourceKind::ContentAudio;
            matches!(command, TransportCommand::Send { source: of, video: None, .. } if *of == source)
        });
        sound.count()
    };
    let told = |world: &World| {
        let presence = world.said_with("SourceInfo").unwrap();
        presence.text_of("SourceInfo").unwrap()
    };
    let second = |muted| format!("\"{ME}-a1\":{{\"muted\":{muted}}}");
    let mut world = World::joined(setup(), &["aaaa"]);
    world.act(MeetingAction::Present { on: true });
    assert!(!told(&world).contains(&format!("{ME}-a1")));
    world.take();
    world.act(MeetingAction::PresentSound { on: true });
    let add = world.said_with("source-add").unwrap().to_xml();
    assert!(add.contains(&format!("{ME}-a1")), "{add}");
    assert!(told(&world).contains(&second(false)), "{}", told(&world));
    assert_eq!(sent(&world), 1);
    world.take();
    world.act(MeetingAction::Present { on: false });
    assert!(told(&world).contains(&second(true)), "{}", told(&world));
}

#[test]
fn who_may_not_speak_stays_muted_until_a_moderator_allows_it() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.set_muted(SourceKind::Microphone, true);
    world.component(
        "av_moderation",
        r#"{"type":"av_moderation","mediaType":"audio","enabled":true}"#,
    );
    assert!(world.shows().microphone_moderated);
    world.take();
    world.set_muted(SourceKind::Microphone, false);
    assert!(world.has(&muted(SourceKind::Microphone, None)));
    assert!(world.said_with("SourceInfo").is_none());
    world.component(
        "av_moderation",
        r#"{"type":"av_moderation","mediaType":"audio","approved":true}"#,
    );
    let source = SourceKind::Microphone;
    assert!(world.has(&CallEvent::UnmuteAllowed { source }));
    assert!(
        !world.shows().microphone_moderated,
        "the room may speak now"
    );
    assert!(world.said_with("SourceInfo").is_none(), "unmuted by others");
    world.set_muted(SourceKind::Microphone, false);
    assert!(world.said_with("SourceInfo").is_some());
}

#[test]
fn a_large_meeting_begins_quietly() {
    let mut world = World::online(setup());
    world.focus_is_ready();
    world.comes("aaaa");
    world.enters(ME);
    let offer = "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s'>\
        <startmuted xmlns='http://jitsi.org/jitmeet/start-muted' audio='true' video='false'/></jingle>";
    world.order("focus", offer);
    assert!(world.has(&muted(SourceKind::Microphone, None)));
    assert!(!world.has(&muted(SourceKind::Camera, None)));
}

#[test]
fn quiet_beginnings_are_told_in_the_room_s_metadata_too() {
    let mut world = World::online(setup());
    let json = r#"{"type":"room_metadata","metadata":{"startMuted":{"audio":true}}}"#;
    world.component("metadata", json);
    assert!(world.has(&muted(SourceKind::Microphone, None)));
    let mut world = World::joined(setup(), &["aaaa"]);
    world.component("metadata", json);
    assert!(
        !world.has(&muted(SourceKind::Microphone, None)),
        "muted in the call"
    );
}

#[test]
fn strangers_are_not_the_server() {
    let mut world = World::joined(setup(), &["aaaa"]);
    let json = r#"{"type":"av_moderation","mediaType":"audio","enabled":true}"#;
    for from in [
        "mallory@example.org/x",
        "evil.org",
        "notexample.org",
        "weekly@conference.example.org/aaaa",
    ] {
        let text = Element::new("json-message", crate::protocol::ns::JITMEET).text_node(json);
        let message = Element::new("message", "jabber:client")
            .with("from", from)
            .child(text);
        world.hears(&message.to_xml());
        assert!(!world.shows().microphone_moderated, "{from}");
    }
    world.component("av_moderation", json);
    assert!(world.shows().microphone_moderated);
}

#[test]
fn a_moderator_sees_who_knocks_and_lets_them_in() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.enters_as(ME, Role::Moderator);
    assert_eq!(world.shows().role, Role::Moderator);
    world.hears(&format!(
        "<message xmlns='jabber:client' type='groupchat' from='{ROOM}'>\
         <x xmlns='http://jabber.org/protocol/muc#user'><status code='104'/></x></message>"
    ));
    world.answers(
        "disco#info",
        "result",
        "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='muc_membersonly'/>\
         <x xmlns='jabber:x:data'><field var='muc#roominfo_lobbyroom'><value>weekly@lobby.example.org</value></field></x></query>",
    );
    world.hears(
        "<presence xmlns='jabber:client' from='weekly@lobby.example.org/eeee'><nick>Eve</nick>\
         <x xmlns='http://jabber.org/protocol/muc#user'><item jid='eve@example.org/x' role='participant'/></x></presence>",
    );
    assert_eq!(world.shows().knocking[0].name, "Eve");
    let knocker = "eeee".to_owned();
    world.act(MeetingAction::Admit {
        knocker: knocker.clone(),
    });
    assert!(
        world
            .said_with("<invite to=\"eve@example.org/x\"/>")
            .is_some()
    );
    world.act(MeetingAction::Reject { knocker });
    assert!(world.said_with("nick=\"eeee\" role=\"none\"").is_some());
    world.hears(
        "<presence xmlns='jabber:client' type='unavailable' from='weekly@lobby.example.org/eeee'/>",
    );
    assert!(world.shows().knocking.is_empty());
}

#[test]
fn recordings_and_transcriptions_are_shown_until_they_end() {
    let mut world = World::joined(setup(), &["aaaa"]);
    let status = |on: &str, mode: &str| {
        format!(
            "<jibri-recording-status xmlns='http://jitsi.org/protocol/jibri' session_id='{mode}' recording_mode='{mode}' status='{on}'/>"
        )
    };
    world.presence("focus", "role='moderator'", &status("on", "file"));
    world.presence("focus", "role='moderator'", &status("on", "stream"));
    let state = world.shows();
    assert!(state.recording && state.live_stream && state.consent_asked);
    world.act(MeetingAction::Consent);
    assert!(!world.shows().consent_asked);
    world.component(
        "room_metadata",
        r#"{"type":"room_metadata","metadata":{"recording":{"isTranscribingEnabled":true}}}"#,
    );
    assert!(
        world.shows().transcription && world.shows().consent_asked,
        "something else"
    );
    world.act(MeetingAction::Consent);
    world.presence("focus", "role='moderator'", &status("on", "file"));
    assert!(!world.shows().consent_asked, "nothing new");
    world.presence("focus", "role='moderator'", &status("off", "file"));
    world.component("room_metadata", r#"{"type":"room_metadata","metadata":{}}"#);
    let state = world.shows();
    assert!(!state.recording && !state.transcription && state.live_stream);
}

#[test]
fn where_the_installation_asks_for_no_consent_nobody_is_asked() {
    let consent = ConsentRule::None;
    let mut world = World::joined(ConferenceSetup { consent, ..setup() }, &["aaaa"]);
    world.presence(
        "focus",
        "role='moderator'",
        "<jibri-recording-status xmlns='http://jitsi.org/protocol/jibri' session_id='1' recording_mode='file' status='on'/>",
    );
    assert!(world.shows().recording && !world.shows().consent_asked);
}

#[test]
fn words_become_captions_and_signs_become_emojis() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.hears(&format!(
        "<message xmlns='jabber:client' type='groupchat' from='{ROOM}/transcriber'><json-message xmlns='http://jitsi.org/jitmeet'>\
         {{\"type\":\"transcription-result\",\"message_id\":\"7\",\"is_interim\":true,\"participant\":{{\"id\":\"aaaa\",\"name\":\"x\"}},\
         \"transcript\":[{{\"text\":\"good mor\"}}]}}</json-message></message>"
    ));
    let caption = saal_meeting::Caption {
        id: "7".into(),
        speaker: "aaaa B.".into(),
        text: "good mor".into(),
        is_final: false,
    };
    assert!(world.has(&CallEvent::Caption(caption)));
    world.hears(&format!(
        "<message xmlns='jabber:client' type='groupchat' from='{ROOM}/transcriber'><json-message xmlns='http://jitsi.org/jitmeet'>\
         {{\"type\":\"translation-result\",\"message_id\":\"7\",\"language\":\"fr\",\"participant\":{{\"id\":\"aaaa\",\"name\":\"x\"}},\
         \"text\":\"bonjour\"}}</json-message></message>"
    ));
    let translated =
        |event: &CallEvent| matches!(event, CallEvent::Caption(c) if c.text == "bonjour");
    assert!(!world.events().iter().any(translated), "only what was said");
    world.bridge_says(
        r#"{"colibriClass":"EndpointMessage","from":"aaaa","msgPayload":{"name":"endpoint-reaction","reactions":["clap"]}}"#,
    );
    let reaction = CallEvent::Reaction {
        from: "aaaa B.".into(),
        emoji: "\u{1f44f}".into(),
    };
    assert!(world.has(&reaction));
}

#[test]
fn polls_are_counted() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.component("polls", r#"{"type":"polls","command":"new-poll","pollId":"p","question":"Tea?","answers":[{"name":"yes"},{"name":"no"}]}"#);
    let vote = |who: &str, yes: bool| {
        format!(
            r#"{{"type":"polls","command":"answer-poll","pollId":"p","senderId":"{who}","answers":[{yes},{}]}}"#,
            !yes
        )
    };
    for (who, yes) in [("a", true), ("b", true), ("a", false)] {
        world.component("polls", &vote(who, yes));
    }
    let poll = &world.shows().polls[0];
    assert_eq!(poll.answers, [("yes".to_owned(), 1), ("no".to_owned(), 1)]);
}

#[test]
fn the_television_decides_what_the_bridge_sends_and_others_what_we_send() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.command(MeetingCommand::Watch {
        call: CallId(3),
        pictures: vec![Watched {
            participant: "aaaa".into(),
            source: SourceKind::Camera,
            height: 1080,
        }],
    });
    let asked = world.commands().into_iter().any(|c| {
        matches!(c, TransportCommand::ChannelSend { text, .. } if text.contains(r#""aaaa-v0":{"maxHeight":1080}"#))
    });
    assert!(asked);
    for _ in 0..2 {
        let wish = format!(
            r#"{{"colibriClass":"SenderSourceConstraints","sourceName":"{ME}-v0","maxHeight":180}}"#
        );
        world.bridge_says(&wish);
    }
    let layers: Vec<_> = world
        .commands()
        .into_iter()
        .filter_map(|c| match c {
            TransportCommand::SetActiveLayers { active, .. } => Some(active),
            _ => None,
        })
        .collect();
    assert_eq!(layers, [[true, false, false]]);
}

#[test]
fn a_stream_that_the_bridge_gives_to_another_leaves_the_first_one() {
    let mut world = World::joined(setup(), &["aaaa", "bbbb"]);
    for (source, ssrc) in [("aaaa-v0", 5), ("bbbb-v0", 6), ("bbbb-v0", 5)] {
        world.bridge_says(&format!(
            r#"{{"colibriClass":"VideoSourcesMap","mappedSources":[{{"source":"{source}","ssrc":{ssrc},"rtx":{}}}]}}"#,
            ssrc + 100
        ));
    }
    let commands = world.commands();
    let gone = |c: &&TransportCommand| matches!(c, TransportCommand::Unassign { track, .. } if track == "aaaa-v0");
    assert_eq!(commands.iter().filter(gone).count(), 1);
    let assigned = |c: &&TransportCommand| matches!(c, TransportCommand::Assign { track, .. } if track == "bbbb-v0");
    assert_eq!(
        commands.iter().filter(assigned).count(),
        1,
        "moved, not new"
    );
    world.take();
    world.leaves("bbbb");
    let gone = |c: &&TransportCommand| matches!(c, TransportCommand::Unassign { track, .. } if track == "bbbb-v0");
    assert_eq!(world.commands().iter().filter(gone).count(), 1);
}

#[test]
fn a_screen_that_the_bridge_took_for_a_camera_is_shown_as_a_screen() {
    let mut world = World::joined(setup(), &["aaaa"]);
    for (source, ssrc) in [("aaaa-v0", 5), ("aaaa-v1", 6)] {
        world.bridge_says(&format!(
            r#"{{"colibriClass":"VideoSourcesMap","mappedSources":[{{"source":"{source}","ssrc":{ssrc},"videoType":"CAMERA"}}]}}"#
        ));
    }
    world.take();
    let info = r#"{"aaaa-v0":{"muted":false},"aaaa-v1":{"muted":false,"videoType":"desktop"}}"#;
    let info = format!("<SourceInfo>{}</SourceInfo>", info.replace('"', "&quot;"));
    world.presence("aaaa", "affiliation='none' role='participant'", &info);
    let shown = |wanted: &str| {
        let mut assigned = world
            .commands()
            .into_iter()
            .filter_map(|command| match command {
                TransportCommand::Assign { track, source, .. } if track == wanted => Some(source),
                _ => None,
            });
        assigned.next_back()
    };
    assert_eq!(shown("aaaa-v1"), Some(SourceKind::Content));
    assert_eq!(
        shown("aaaa-v0"),
        Some(SourceKind::Camera),
        "back in its place"
    );
}

#[test]
fn who_was_muted_asks_the_focus_to_be_heard_again() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.order(
        "focus",
        "<mute xmlns='http://jitsi.org/jitmeet/audio'>true</mute>",
    );
    world.take();
    world.set_muted(SourceKind::Microphone, false);
    let asked = world.said_with("jitmeet/audio").unwrap();
    assert!(asked.attr("to").unwrap().ends_with("/focus"));
    assert_eq!(asked.find("mute").unwrap().text(), "false");
    world.take();
    world.set_muted(SourceKind::Microphone, true);
    world.set_muted(SourceKind::Microphone, false);
    assert!(world.said_with("jitmeet/audio").is_none(), "once is enough");
}

#[test]
fn a_hand_goes_up_and_down() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.passes(2);
    world.act(MeetingAction::RaiseHand { raised: true });
    let told = world.said_with("raisedHand").unwrap();
    let at = told.text_of("jitsi_participant_raisedHand");
    assert_eq!(at.as_deref(), Some("1002000"));
    assert!(world.shows().hand_raised);
    world.take();
    world.act(MeetingAction::RaiseHand { raised: false });
    let told = world.said_with("raisedHand").unwrap();
    let at = told.text_of("jitsi_participant_raisedHand");
    assert_eq!(at.as_deref(), Some("0"), "others overlook what is missing");
    assert!(!world.shows().hand_raised);
}

#[test]
fn what_is_written_to_the_room_alone_is_read() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.hears(&format!(
        "<message xmlns='jabber:client' type='chat' id='m1' from='{ROOM}/aaaa'>\
         <body>psst</body><x xmlns='http://jabber.org/protocol/muc#user'/></message>"
    ));
    let line = saal_meeting::ChatLine {
        id: "m1".into(),
        author: "aaaa B.".into(),
        text: "psst".into(),
        private: true,
    };
    assert!(world.has(&CallEvent::Chat(line)));
}

#[test]
fn recorders_are_nobody_s_tile() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.hears(&format!(
        "<presence xmlns='jabber:client' from='{ROOM}/rec'><x xmlns='http://jabber.org/protocol/muc#user'>\
         <item jid='rec@hidden.example.org/x'/></x></presence>"
    ));
    assert_eq!(world.people(), ["aaaa"]);
}

#[test]
fn who_writes_down_is_hidden_but_nobody_hides_by_saying_so() {
    let mut world = World::joined(setup(), &["aaaa"]);
    let features = "<features><feature var='http://jitsi.org/protocol/transcriber'/></features>";
    let presence = |who: &str, domain: &str| {
        format!(
            "<presence xmlns='jabber:client' from='{ROOM}/{who}'>{features}\
             <x xmlns='http://jabber.org/protocol/muc#user'><item jid='{who}@{domain}/x'/></x></presence>"
        )
    };
    world.hears(&presence("spy", "example.org"));
    assert_eq!(world.people(), ["aaaa", "spy"]);
    assert!(!world.shows().transcription);
    world.hears(&presence("writer", "transcribers.example.org"));
    assert_eq!(world.people(), ["aaaa", "spy"]);
    assert!(world.shows().transcription);
    world.leaves("writer");
    assert!(!world.shows().transcription);
}

#[test]
fn a_telephone_in_the_call_understands_tones() {
    let mut world = World::joined(setup(), &["aaaa"]);
    assert!(!world.shows().dial_in);
    let features = "<features><feature var='urn:xmpp:jingle:dtmf:0'/></features>";
    world.presence("phone", "role='participant'", features);
    assert!(world.shows().dial_in);
    world.take();
    let tones = "4#".to_owned();
    world.act(MeetingAction::Dtmf { tones });
    let tones: Vec<_> = world
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            TransportCommand::SendTones { track, tones, .. } => Some((track, tones)),
            _ => None,
        })
        .collect();
    assert_eq!(tones, [(format!("{ME}-a0"), "4#".to_owned())]);
    world.leaves("phone");
    assert!(!world.shows().dial_in);
}

#[test]
fn strangers_get_polite_answers() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.hears("<iq xmlns='jabber:client' type='get' id='q' from='x'><version xmlns='jabber:iq:version'/></iq>");
    assert_eq!(
        world.said_with("service-unavailable").unwrap().attr("id"),
        Some("q")
    );
    let unknown = "<jingle xmlns='urn:xmpp:jingle:1' action='source-add' sid='nobody'/>";
    world.order("focus", unknown);
    assert!(world.said_with("unknown-session").is_some());
}

fn dominant(who: &str, silence: bool) -> String {
    format!(
        "{{\"colibriClass\":\"DominantSpeakerEndpointChangeEvent\",\"dominantSpeakerEndpoint\":\"{who}\",\"silence\":{silence}}}"
    )
}

fn minutes(world: &World) -> Vec<Option<u32>> {
    let people = world.room.told.participants.iter();
    people.map(|p| p.spoken_minutes).collect()
}

#[test]
fn everybodys_minutes_are_counted_on_from_the_servers_account() {
    let mut world = World::joined(setup(), &["aaaa", "bbbb", "cccc"]);
    world.component(
        "speakerstats",
        r#"{"type":"speakerstats","users":{"aaaa":{"totalDominantSpeakerTime":170000},"gone":{"totalDominantSpeakerTime":9}}}"#,
    );
    assert_eq!(minutes(&world), [Some(2), None, None]);
    world.bridge_says(&dominant("aaaa", false));
    world.passes(30);
    world.bridge_says(&dominant("bbbb", false));
    world.passes(90);
    assert_eq!(minutes(&world), [Some(3), Some(1), None]);
    world.bridge_says(&dominant("bbbb", true));
    world.passes(300);
    assert_eq!(
        minutes(&world),
        [Some(3), Some(1), None],
        "silence is no speech"
    );
    world.bridge_says(&dominant("cccc", false));
    world.passes(1);
    world.leaves("cccc");
    world.passes(200);
    assert_eq!(minutes(&world), [Some(3), Some(1)]);
}

#[test]
fn the_server_hears_of_the_rooms_own_turns() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.bridge_says(&dominant("aaaa", false));
    assert!(world.said_with("speakerstats").is_none());
    for silence in ["false", "true"] {
        world.bridge_says(&dominant(ME, silence == "true"));
        let said = world.said_with("<speakerstats").unwrap();
        assert_eq!(said.attr("to"), Some("speakerstats.example.org"));
        assert_eq!(
            said.find("speakerstats").unwrap().attr("silence"),
            Some(silence)
        );
    }
}
