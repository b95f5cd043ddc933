use saal_meeting::{Role, Waiting};

use super::{
    super::*,
    world::{ME, ROOM, World, setup},
};

fn ended(world: &World) -> EndReason {
    match world.events().last() {
        Some(CallEvent::Ended(reason)) => reason.clone(),
        other => panic!("not ended: {other:?}"),
    }
}

const STANZAS: &str = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";

#[test]
fn alone_in_the_room_is_in_the_room() {
    let mut world = World::joined(setup(), &[]);
    world.comes("aaaa");
    world.invites();
    world.connects();
    let troubled = |e: &CallEvent| matches!(e, CallEvent::Reconnecting { .. });
    assert!(!world.events().iter().any(troubled));
    assert_eq!(world.people(), ["aaaa"]);
}

#[test]
fn a_meeting_without_its_host_is_waited_for_without_end() {
    let mut world = World::online(setup());
    let refused = format!("<error type='auth'><not-authorized {STANZAS}/></error>");
    for _ in 0..20 {
        world.answers("<conference", "error", &refused);
        world.passes(5);
    }
    let waiting = CallEvent::Waiting(Waiting::Host);
    assert_eq!(world.events().iter().filter(|e| **e == waiting).count(), 1);
    world.focus_is_ready();
    world.enters(ME);
    assert!(world.has(&CallEvent::Joined));
}

#[test]
fn a_token_that_the_focus_refuses_is_no_use() {
    let token = Some(Secret::new("t"));
    let mut world = World::online(ConferenceSetup { token, ..setup() });
    let refused = format!("<error type='auth'><not-authorized {STANZAS}/></error>");
    world.answers("token=\"t\"", "error", &refused);
    assert!(matches!(ended(&world), EndReason::LoginNeeded { .. }));
}

#[test]
fn a_focus_that_is_not_ready_is_asked_again() {
    let mut world = World::online(setup());
    for _ in 0..3 {
        world.answers(
            "<conference",
            "result",
            "<conference xmlns='http://jitsi.org/protocol/focus' ready='false'/>",
        );
        world.take();
        world.passes(4);
    }
    world.focus_is_ready();
    world.enters(ME);
    assert!(world.has(&CallEvent::Joined));
}

#[test]
fn a_focus_over_http_is_asked_over_http() {
    let mut setup = setup();
    setup.hosts.conference_request = Some("https://example.org/conference-request/v1".into());
    let mut world = World::online(setup);
    let request = world.outputs.iter().find_map(|output| match output {
        Output::Http { request, body, .. } => Some((*request, body.clone())),
        _ => None,
    });
    let (request, body) = request.expect("no request");
    assert!(body.contains(ROOM));
    let answer = Some((200, r#"{"ready":true,"focusJid":"focus@auth.example.org"}"#));
    world.room.handle_http(world.now, request + 1, answer);
    world.room.handle_http(world.now, request, answer);
    world.enters(ME);
    assert!(world.has(&CallEvent::Joined));
}

#[test]
fn every_refusal_has_its_reason() {
    let cases = [
        (
            format!("<error type='wait'><service-unavailable {STANZAS}/></error>"),
            EndReason::Full,
        ),
        (
            format!(
                "<error type='cancel'><not-allowed {STANZAS}/><text {STANZAS}>banned</text></error>"
            ),
            EndReason::NotAllowed {
                reason: "banned".into(),
            },
        ),
        (
            "<error type='auth'><registration-required/></error>".to_owned(),
            EndReason::NotAllowed {
                reason: "the room is for members only".into(),
            },
        ),
    ];
    for (error, expected) in cases {
        let mut world = World::online(setup());
        world.focus_is_ready();
        world.refuses(&error);
        assert_eq!(ended(&world), expected);
        assert!(world.room.is_over());
    }
    let mut world = World::online(setup());
    let reservation = "<error type='cancel'><reservation-error xmlns='http://jitsi.org/protocol/focus' \
        error-code='409'/><text>It begins at ten.</text></error>";
    world.answers("<conference", "error", reservation);
    let message = "It begins at ten.".to_owned();
    assert_eq!(ended(&world), EndReason::Refused { message });
}

#[test]
fn a_password_is_asked_for_until_it_is_right() {
    let mut world = World::online(setup());
    let wrong = format!("<error type='auth'><not-authorized {STANZAS}/></error>");
    world.focus_is_ready();
    world.refuses(&wrong);
    assert!(world.has(&CallEvent::PasswordNeeded { refused: false }));
    for (password, right) in [("guess", false), ("sesame", true)] {
        // People take their time.
        world.passes(120);
        world.take();
        world.command(MeetingCommand::GivePassword {
            call: CallId(3),
            password: Secret::new(password),
        });
        world.focus_is_ready();
        assert!(
            world
                .said_with(&format!("<password>{password}</password>"))
                .is_some()
        );
        if right {
            world.enters(ME);
            assert!(world.has(&CallEvent::Joined));
        } else {
            world.refuses(&wrong);
            assert!(world.has(&CallEvent::PasswordNeeded { refused: true }));
        }
    }
}

fn in_lobby() -> World {
    let mut world = World::online(setup());
    world.focus_is_ready();
    world.refuses(
        "<error type='auth' code='407'><registration-required/><lobbyroom>weekly@lobby.example.org</lobbyroom></error>",
    );
    let waiting = CallEvent::Waiting(Waiting::Admission);
    assert!(!world.has(&waiting), "nobody has heard the knock");
    knock_is_heard(&mut world);
    assert!(world.has(&waiting));
    world.passes(600);
    assert!(!world.room.is_over());
    world
}

/// The server has taken us into the lobby.
fn knock_is_heard(world: &mut World) {
    let knock = world.said_with("weekly@lobby.example.org/").unwrap();
    assert_eq!(knock.text_of("nick").as_deref(), Some("Room 4"));
    let to = knock.attr("to").unwrap().to_owned();
    world.hears(&format!("<presence xmlns='jabber:client' from='{to}'><x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x></presence>"));
}

fn out_of_lobby(world: &mut World, inner: &str) {
    let knock = world.said_with("weekly@lobby.example.org/").unwrap();
    let to = knock.attr("to").unwrap().to_owned();
    world.hears(&format!("<presence xmlns='jabber:client' type='unavailable' from='{to}'><x xmlns='http://jabber.org/protocol/muc#user'>{inner}<status code='110'/></x></presence>"));
}

#[test]
fn a_moderator_lets_us_in_or_does_not() {
    let mut world = in_lobby();
    world.hears(&format!(
        "<message xmlns='jabber:client' from='{ROOM}'><x xmlns='http://jabber.org/protocol/muc#user'>\
         <invite from='mod@example.org/x'/><password>open</password></x></message>"
    ));
    world.focus_is_ready();
    assert!(world.said_with("<password>open</password>").is_some());
    world.enters(ME);
    assert!(world.has(&CallEvent::Joined));
    assert!(
        world.said_with("type=\"unavailable\"").is_some(),
        "still in the lobby"
    );

    let mut world = in_lobby();
    out_of_lobby(&mut world, "<item role='none'/><status code='307'/>");
    assert_eq!(ended(&world), EndReason::Rejected);
}

#[test]
fn a_lobby_that_ends_lets_all_in_or_nobody() {
    let mut world = in_lobby();
    out_of_lobby(&mut world, &format!("<destroy jid='{ROOM}'/>"));
    world.focus_is_ready();
    world.enters(ME);
    assert!(world.has(&CallEvent::Joined));

    let mut world = in_lobby();
    out_of_lobby(&mut world, "<destroy><reason>over</reason></destroy>");
    assert_eq!(ended(&world), EndReason::EndedForAll);
}

#[test]
fn words_in_the_lobby_go_both_ways() {
    let mut world = in_lobby();
    world.act(saal_meeting::MeetingAction::LobbyMessage {
        text: "we are the room".into(),
    });
    let said = world.said_with("we are the room").unwrap();
    assert_eq!(said.attr("to"), Some("weekly@lobby.example.org"));
    let taken = CallEvent::LobbyMessageTaken {
        text: "we are the room".into(),
    };
    assert!(!world.has(&taken), "the server has said nothing");
    let confirmed = (1..1000).find(|h| {
        world.hears(&format!("<a xmlns='urn:xmpp:sm:3' h='{h}'/>"));
        world.has(&taken)
    });
    assert!(confirmed > Some(3), "with the last stanza, not before");
    world.hears(
        "<message xmlns='jabber:client' type='chat' from='weekly@lobby.example.org/mod'>\
         <json-message xmlns='http://jitsi.org/jitmeet'>{\"message\":\"one moment\"}</json-message></message>",
    );
    let heard = world.events().into_iter().any(
        |event| matches!(event, CallEvent::Chat(line) if line.text == "one moment" && line.private),
    );
    assert!(heard);
}

#[test]
fn words_that_a_dead_link_swallowed_are_said_again() {
    let mut world = in_lobby();
    world.act(saal_meeting::MeetingAction::LobbyMessage {
        text: "let us in".into(),
    });
    world.link_is_lost();
    world.passes(1);
    world.take();
    world.link_opens();
    world.hears("<failed xmlns='urn:xmpp:sm:3'/>");
    world.log_in("ffffffff-aaaa-bbbb-cccc-0123456789ab");
    world.focus_is_ready();
    world.refuses(
        "<error type='auth' code='407'><registration-required/><lobbyroom>weekly@lobby.example.org</lobbyroom></error>",
    );
    assert!(
        world.said_with("let us in").is_none(),
        "nobody is there to hear it"
    );
    knock_is_heard(&mut world);
    assert!(world.said_with("let us in").is_some());
}

/// In the audience.
fn visiting() -> World {
    let mut world = World::online(setup());
    world.answers(
        "<conference",
        "result",
        "<conference xmlns='http://jitsi.org/protocol/focus' ready='true' vnode='v1' focusjid='focus@auth.v1.meet.jitsi'/>",
    );
    let reopened = world.outputs.iter().any(|output| {
        matches!(output, Output::OpenLink { vnode: Some(vnode), resume: None, .. } if vnode == "v1")
    });
    assert!(reopened);
    world.link_opens();
    assert!(
        world
            .said_with("<open")
            .unwrap()
            .to_xml()
            .contains("v1.meet.jitsi")
    );
    world.log_in("11112222-aaaa-bbbb-cccc-0123456789ab");
    assert!(
        world
            .said_with("weekly@conference.v1.meet.jitsi/")
            .is_some()
    );
    world.enters_as("11112222", Role::Visitor);
    assert!(world.has(&CallEvent::Joined));
    world
}

#[test]
fn the_audience_is_sent_to_another_server_and_sends_nothing() {
    let world = visiting();
    assert_eq!(world.shows().role, Role::Visitor);
}

/// A moderator's answer to the raised hand.
fn answer_to_hand(world: &mut World, from: &str, allow: bool) {
    world.hears(&format!(
        "<iq xmlns='jabber:client' type='set' id='p1' from='{from}'><visitors xmlns='jitsi:visitors' \
         focusjid='focus@auth.example.org'><promotion-response allow='{allow}' username='u-1'/></visitors></iq>"
    ));
}

const AUDIENCE_ROOM: &str = "weekly@conference.v1.meet.jitsi";

#[test]
fn who_is_let_take_part_changes_the_server_without_a_touch() {
    let mut world = visiting();
    world.act(saal_meeting::MeetingAction::RaiseHand { raised: true });
    world.take();
    answer_to_hand(&mut world, &format!("{AUDIENCE_ROOM}/somebody"), true);
    assert!(
        world
            .outputs
            .iter()
            .all(|o| !matches!(o, Output::OpenLink { .. })),
        "no member says that"
    );
    answer_to_hand(&mut world, AUDIENCE_ROOM, true);
    let back = Output::OpenLink {
        resume: None,
        vnode: None,
        username: Some("u-1".to_owned()),
    };
    assert!(world.outputs.contains(&back));
    world.link_opens();
    world.log_in("33334444-aaaa-bbbb-cccc-0123456789ab");
    assert!(
        world.said_with("<conference").is_none(),
        "it would send us back"
    );
    assert!(world.said_with(&format!("{ROOM}/33334444")).is_some());
    world.enters("33334444");
    assert!(world.has(&CallEvent::Joined));
    assert_eq!(world.shows().role, Role::Participant);
    assert!(!world.shows().hand_raised);
}

#[test]
fn who_is_not_let_take_part_lowers_the_hand_and_stays() {
    let mut world = visiting();
    world.act(saal_meeting::MeetingAction::RaiseHand { raised: true });
    assert!(world.shows().hand_raised);
    answer_to_hand(&mut world, AUDIENCE_ROOM, false);
    assert!(!world.shows().hand_raised);
    assert_eq!(world.shows().role, Role::Visitor);

    answer_to_hand(&mut world, AUDIENCE_ROOM, true);
    world.link_opens();
    world.log_in("33334444-aaaa-bbbb-cccc-0123456789ab");
    world.take();
    world.refuses(&format!(
        "<error type='cancel'><not-allowed {STANZAS}/><promotion-not-allowed xmlns='jitsi:visitors'/></error>"
    ));
    assert!(
        world.said_with("<conference").is_some(),
        "back to the audience"
    );
}

#[test]
fn joining_takes_no_longer_than_people_wait() {
    let mut world = World::new(setup());
    for _ in 0..5 {
        world.link_is_lost();
        world.passes(5);
    }
    assert!(!world.room.is_over(), "servers restart");
    world.passes(300);
    assert_eq!(
        ended(&world),
        EndReason::Failed {
            reason: "cable".into()
        }
    );
}

#[test]
fn a_room_that_encrypts_is_told_honestly() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.presence(
        "aaaa",
        "role='participant'",
        "<jitsi_participant_e2ee.enabled>true</jitsi_participant_e2ee.enabled>",
    );
    world.sent_away("");
    assert_eq!(ended(&world), EndReason::EncryptionNeeded);
}

/// How often people were told that the servers are waited for.
fn told_of_server(world: &World) -> usize {
    let waits = |event: &&CallEvent| **event == CallEvent::Waiting(Waiting::Server);
    world.events().iter().filter(waits).count()
}

#[test]
fn a_focus_that_is_down_is_waited_for_and_people_are_told() {
    let mut world = World::online(setup());
    let down = format!("<error type='wait'><service-unavailable {STANZAS}/></error>");
    let mut asked = 0;
    for _ in 0..120 {
        if world.said_with("<conference").is_some() {
            asked += 1;
            world.answers("<conference", "error", &down);
            world
                .outputs
                .retain(|output| matches!(output, Output::Emit(_)));
        }
        world.passes(1);
    }
    assert_eq!(told_of_server(&world), 1);
    assert!(
        (10..40).contains(&asked),
        "{asked} questions in two minutes"
    );
    world.passes(8);
    world.focus_is_ready();
    let going_on = CallEvent::Progress(JoinStage::Connecting);
    assert_eq!(
        world.events().last(),
        Some(&going_on),
        "no waiting any more"
    );
    world.enters(ME);
    assert!(world.has(&CallEvent::Joined));
}

#[test]
fn a_silent_focus_is_told_of_and_given_up_after_minutes() {
    let mut world = World::online(setup());
    world.passes(10);
    assert_eq!(told_of_server(&world), 1);
    world.passes(240);
    assert!(!world.room.is_over());
    world.passes(60);
    let reason = "the focus does not answer".to_owned();
    assert_eq!(ended(&world), EndReason::Failed { reason });
}

#[test]
fn a_server_that_is_down_is_waited_for() {
    let mut world = World::new(setup());
    for _ in 0..10 {
        world.link_is_lost();
        world.passes(6);
    }
    assert_eq!(told_of_server(&world), 1);
    world.link_opens();
    world.log_in("0a1b2c3d-aaaa-bbbb-cccc-0123456789ab");
    world.focus_is_ready();
    world.enters(ME);
    assert!(world.has(&CallEvent::Joined));
}

#[test]
fn media_that_do_not_come_are_no_reason_to_wait_for_servers() {
    let mut world = World::online(setup());
    world.focus_is_ready();
    world.comes("aaaa");
    world.enters(ME);
    world.invites();
    world.passes(26);
    assert_eq!(told_of_server(&world), 0);
    assert!(
        world
            .outputs
            .iter()
            .any(|o| matches!(o, Output::Send(f) if f.contains("unavailable")))
    );
}
