use livekit_protocol::{self as proto, signal_request::Message as Asked, signal_response::Message};
use saal_media_protocol::{SourceKind, TransportCommand};
use saal_meeting::{MeetingState, Participant};
use serde_json::json;

use super::*;
use crate::call::machine::tests::{FOCUS, World, member};

/// In the call with Anna; the syncs have brought both memberships.
fn talking() -> World {
    let mut world = World::joined();
    let members = vec![member("anna", FOCUS), member("room", FOCUS)];
    world.machine.handle_members(world.now, members);
    hears(
        &mut world,
        Talked::Members(called(&[("@anna:hs", "Anna"), ("@room:hs", "Raum")])),
    );
    world
}

fn called(names: &[(&str, &str)]) -> BTreeMap<String, Option<String>> {
    let names = names.iter();
    names
        .map(|(user, name)| ((*user).to_owned(), Some((*name).to_owned())))
        .collect()
}

fn hears(world: &mut World, talked: Talked) -> Vec<Effect> {
    world.machine.handle_talk(world.now, talked);
    world.drain()
}

fn heard(world: &mut World, event: Value) -> Vec<Effect> {
    hears(world, Talked::Heard(vec![event]))
}

fn talks(effects: &[Effect]) -> Vec<Talk> {
    let talk = |effect: &Effect| match effect {
        Effect::Talk(talk) => Some(talk.clone()),
        _ => None,
    };
    effects.iter().filter_map(talk).collect()
}

fn people(world: &World) -> Vec<Participant> {
    let told = |effect: &Effect| match effect {
        Effect::Emit(CallEvent::Participants(people)) => Some(people.clone()),
        _ => None,
    };
    world
        .effects
        .iter()
        .rev()
        .find_map(told)
        .unwrap_or_default()
}

fn state(world: &World) -> MeetingState {
    let told = |effect: &Effect| match effect {
        Effect::Emit(CallEvent::State(state)) => Some(MeetingState::clone(state)),
        _ => None,
    };
    world
        .effects
        .iter()
        .rev()
        .find_map(told)
        .unwrap_or_default()
}

fn hand(id: &str, user: &str, membership: &str) -> Value {
    let content = reactions::hand_content(membership);
    json!({ "type": "m.reaction", "event_id": id, "sender": user, "content": content })
}

fn redaction(of: &str) -> Value {
    json!({ "type": "m.room.redaction", "event_id": "$red", "sender": "@mod:hs", "redacts": of })
}

fn says(id: &str, user: &str, text: &str) -> Value {
    let content = json!({ "msgtype": "m.text", "body": text });
    json!({ "type": "m.room.message", "event_id": id, "sender": user, "content": content })
}

#[test]
fn annas_hand_goes_up_and_down() {
    let mut world = talking();
    let learn = Effect::Talk(Talk::LearnHands {
        membership: "$anna".into(),
    });
    assert!(world.effects.contains(&learn), "what was up before");
    heard(&mut world, hand("$h", "@anna:hs", "$anna"));
    assert!(people(&world)[0].hand_raised);
    heard(&mut world, redaction("$h"));
    assert!(!people(&world)[0].hand_raised);
}

#[test]
fn our_hand_is_a_reaction_to_our_membership_and_others_may_lower_it() {
    let mut world = talking();
    let up = MeetingAction::RaiseHand { raised: true };
    world.machine.act(world.now, up);
    let membership = "$room".to_owned();
    assert_eq!(talks(&world.drain()), [Talk::RaiseHand { membership }]);
    hears(&mut world, Talked::HandUp(Some("$h".into())));
    assert!(state(&world).hand_raised);
    heard(&mut world, hand("$other", "@anna:hs", "$anna"));
    assert!(state(&world).hand_raised, "before a sync has brought it");
    heard(&mut world, redaction("$h"));
    assert!(!state(&world).hand_raised);
}

#[test]
fn a_hand_that_could_not_be_raised_is_down() {
    let mut world = talking();
    let up = MeetingAction::RaiseHand { raised: true };
    world.machine.act(world.now, up);
    assert!(state(&world).hand_raised || !world.drain().is_empty());
    hears(&mut world, Talked::HandUp(None));
    assert!(!state(&world).hand_raised);
}

#[test]
fn signs_go_both_ways_and_count_only_from_who_is_in_the_call() {
    let mut world = talking();
    let emoji = "👍".to_owned();
    world.machine.act(world.now, MeetingAction::React { emoji });
    let react = Talk::React {
        membership: "$room".into(),
        emoji: "👍".into(),
    };
    assert_eq!(talks(&world.drain()), [react]);
    let sign = |user: &str, membership: &str| {
        let content = reactions::sign_content(membership, "👏");
        json!({ "type": reactions::SIGN_TYPE, "event_id": "$s", "sender": user, "content": content })
    };
    let claps = CallEvent::Reaction {
        from: "Anna".into(),
        emoji: "👏".into(),
    };
    heard(&mut world, sign("@eve:hs", "$anna"));
    assert!(!world.said(&claps));
    heard(&mut world, sign("@anna:hs", "$anna"));
    assert!(world.said(&claps));
}

#[test]
fn the_chat_is_read_back_once_and_then_followed() {
    let mut world = talking();
    let line = |id: &str, text: &str| ChatLine {
        id: id.into(),
        author: "Anna".into(),
        text: text.into(),
        private: false,
    };
    let before = vec![says("$1", "@anna:hs", "hello"), redaction("$0")];
    hears(&mut world, Talked::History(before));
    assert!(world.said(&CallEvent::ChatBefore(vec![line("$1", "hello")])));
    heard(&mut world, says("$2", "@anna:hs", "there"));
    assert!(world.said(&CallEvent::Chat(line("$2", "there"))));
    // A gap is filled, and nothing told twice.
    let again = vec![
        says("$1", "@anna:hs", "hello"),
        says("$2", "@anna:hs", "there"),
        says("$3", "@anna:hs", "missed"),
    ];
    let told = hears(&mut world, Talked::History(again));
    assert_eq!(told, [Effect::Emit(CallEvent::Chat(line("$3", "missed")))]);
    heard(&mut world, redaction("$2"));
    let id = "$2".to_owned();
    assert!(world.said(&CallEvent::ChatRemoved { id }));
    assert!(state(&world).chat);
}

#[test]
fn a_new_name_shows_on_the_picture_and_in_the_chat() {
    let mut world = talking();
    heard(&mut world, says("$1", "@anna:hs", "hello"));
    let renamed = json!({
        "type": "m.room.member", "state_key": "@anna:hs", "sender": "@anna:hs",
        "content": { "membership": "join", "displayname": "Anna B." },
    });
    heard(&mut world, renamed);
    assert_eq!(people(&world)[0].name, "Anna B.");
    let line = ChatLine {
        id: "$1".into(),
        author: "Anna B.".into(),
        text: "hello".into(),
        private: false,
    };
    assert!(world.said(&CallEvent::Chat(line)));
}

#[test]
fn who_is_ignored_is_not_seen_not_heard_and_not_read_until_that_ends() {
    let mut world = talking();
    heard(&mut world, says("$1", "@anna:hs", "hello"));
    let told = hears(
        &mut world,
        Talked::Ignored(BTreeSet::from(["@anna:hs".to_owned()])),
    );
    assert_eq!(people(&world), []);
    let id = "$1".to_owned();
    assert!(world.said(&CallEvent::ChatRemoved { id }));
    let unassigned = |effect: &Effect| matches!(effect, Effect::Emit(CallEvent::Transport(TransportCommand::Unassign { track, .. })) if track == "TR_a");
    assert!(told.iter().any(unassigned));
    let told = heard(&mut world, says("$2", "@anna:hs", "listen"));
    assert_eq!(told, []);
    let told = hears(&mut world, Talked::Ignored(BTreeSet::new()));
    assert_eq!(people(&world).len(), 1);
    let assigned = |effect: &Effect| matches!(effect, Effect::Emit(CallEvent::Transport(TransportCommand::Assign { track, .. })) if track == "TR_a");
    assert!(told.iter().any(assigned));
    let lines = |effect: &&Effect| matches!(effect, Effect::Emit(CallEvent::Chat(_)));
    assert_eq!(told.iter().filter(lines).count(), 2);
}

/// Our microphone is on the server as this track.
fn with_microphone(world: &mut World) -> crate::call::links::ConnectionId {
    let connection = world.connection_to(FOCUS).unwrap();
    let cid = world.effects.iter().find_map(|effect| match effect {
        Effect::Send { request, .. } => match &request.message {
            Some(Asked::AddTrack(track)) if track.cid.ends_with("microphone") => {
                Some(track.cid.clone())
            }
            _ => None,
        },
        _ => None,
    });
    let track = proto::TrackInfo {
        sid: "TR_mic".into(),
        ..Default::default()
    };
    let published = proto::TrackPublishedResponse {
        cid: cid.unwrap(),
        track: Some(track),
    };
    world.says(connection, Message::TrackPublished(published));
    connection
}

#[test]
fn who_is_muted_by_the_server_says_so_and_is_opened_by_nobody_else() {
    let mut world = talking();
    let connection = with_microphone(&mut world);
    let mute = |muted| {
        let sid = "TR_mic".to_owned();
        Message::Mute(proto::MuteTrackRequest { sid, muted })
    };
    world.says(connection, mute(true));
    let source = SourceKind::Microphone;
    assert!(world.said(&CallEvent::MutedByOther { source, by: None }));
    let answers = world.says(connection, mute(false));
    let stays = |effect: &Effect| {
        matches!(effect, Effect::Send { request, .. }
            if matches!(&request.message, Some(Asked::Mute(mute)) if mute.muted))
    };
    assert!(answers.iter().any(stays), "{answers:?}");
}
