//! Calls whose media are encrypted.

use saal_media_protocol::{KeyOwner, MediaKey};
use serde_json::json;

use super::*;
use crate::rtc::keys::{KeyEvent, Origin, content};

const TRAILER: [u8; 3] = [7, 8, 9];

fn encrypted() -> World {
    World::with_secret(vec![member("anna", FOCUS)], None, MediaSecret::PerMember)
}

fn opens(world: &mut World) -> ConnectionId {
    let connection = world.connection_to(FOCUS).unwrap();
    world
        .machine
        .handle_connected(world.now, connection, grant());
    let join = proto::JoinResponse {
        sif_trailer: TRAILER.into(),
        other_participants: vec![proto::ParticipantInfo {
            sid: "PA_a".into(),
            identity: device("anna").identity(),
            tracks: vec![proto::TrackInfo::default()],
            ..Default::default()
        }],
        ..Default::default()
    };
    world.says(connection, Said::Join(join));
    connection
}

fn keys_set(world: &World) -> Vec<(KeyOwner, u8)> {
    let set = world.commands().filter_map(|command| match command {
        TransportCommand::SetKey { owner, index, .. } => Some((owner.clone(), *index)),
        _ => None,
    });
    set.collect()
}

fn anna() -> KeyOwner {
    KeyOwner::Participant {
        participant: device("anna").identity(),
    }
}

/// Anna's key comes and somebody vouches for her device.
fn anna_sends_a_key(world: &mut World) {
    let own = device("anna");
    let event = KeyEvent {
        sender: own.user.clone(),
        origin: Some(Origin {
            device: own.device.clone(),
            curve25519: "curve".into(),
        }),
        content: content(&own, "any", "!r:hs", 5, &KeyBytes(vec![5; 16]), 1_000),
    };
    world.machine.handle_key_event(world.now, &event);
    let asked = world.drain();
    let [Effect::Vouch { id, .. }] = &asked[..] else {
        panic!("{asked:?}")
    };
    world.machine.handle_vouched(world.now, *id, None);
    world.drain();
}

#[test]
fn every_transport_is_encrypted_as_soon_as_it_is_open() {
    let mut world = encrypted();
    opens(&mut world);
    let commands: Vec<&TransportCommand> = world.commands().collect();
    let mut opened = 0;
    for (at, command) in commands.iter().enumerate() {
        if let TransportCommand::Open { transport, .. } = command {
            let (transport, server_trailer) = (*transport, TRAILER.to_vec());
            let encrypt = TransportCommand::Encrypt {
                transport,
                server_trailer,
            };
            assert_eq!(*commands[at + 1], encrypt);
            opened += 1;
        }
    }
    assert_eq!(opened, 2);
    let announced = world.effects.iter().filter_map(|effect| match effect {
        Effect::Send { request, .. } => match &request.message {
            Some(proto::signal_request::Message::AddTrack(track)) => Some(track),
            _ => None,
        },
        _ => None,
    });
    let tracks: Vec<_> = announced.collect();
    assert_eq!(tracks.len(), 2);
    for track in tracks {
        assert_eq!(track.encryption(), proto::encryption::Type::Gcm);
        assert!(track.disable_red);
    }
}

#[test]
fn our_key_is_set_before_anything_else_and_sent_to_anna() {
    let world = encrypted();
    assert_eq!(keys_set(&world), [(KeyOwner::Own, 0)]);
    let sent =
        |effect: &Effect| matches!(effect, Effect::SendKey { to, .. } if *to == [device("anna")]);
    assert!(world.effects.iter().any(sent));
}

#[test]
fn annas_key_reaches_the_engine_and_every_engine_after_it() {
    let mut world = encrypted();
    opens(&mut world);
    anna_sends_a_key(&mut world);
    assert!(keys_set(&world).contains(&(anna(), 5)));
    world.effects.clear();
    world.machine.media_restarted(world.now);
    world.drain();
    assert_eq!(keys_set(&world), [(KeyOwner::Own, 0), (anna(), 5)]);
}

#[test]
fn who_can_not_be_decrypted_is_told_until_it_works() {
    let mut world = encrypted();
    opens(&mut world);
    let (transport, _) = world.open_transports()[0];
    let mut says = |decrypts| {
        let event = TransportEvent::Decrypts {
            transport,
            participant: device("anna").identity(),
            decrypts,
        };
        world.machine.handle_transport(world.now, event);
        let told = world.drain();
        let [Effect::Emit(CallEvent::Participants(people))] = &told[..] else {
            panic!("{told:?}")
        };
        people[0].key_missing
    };
    assert!(says(false));
    assert!(!says(true));
}

#[test]
fn the_engine_forgets_the_keys_when_the_call_is_over() {
    let mut world = encrypted();
    opens(&mut world);
    world.machine.leave(world.now);
    let effects = world.drain();
    let forgets = Effect::Emit(CallEvent::Transport(TransportCommand::ForgetKeys));
    assert!(effects.contains(&forgets));
    world.machine.handle_members(world.now, Vec::new());
    let rotates = |effect: &Effect| matches!(effect, Effect::SendKey { .. });
    assert!(!world.drain().iter().any(rotates), "no key after the end");
}

#[test]
fn a_password_is_everybodys_key_and_nobody_sends_any() {
    let secret = MediaSecret::Password("our word".to_owned().into());
    let mut world = World::with_secret(vec![member("anna", FOCUS)], None, secret);
    opens(&mut world);
    let set = TransportCommand::SetKey {
        owner: KeyOwner::Everybody,
        index: 0,
        key: MediaKey::Password {
            text: "our word".into(),
        },
    };
    assert!(world.commands().any(|command| *command == set));
    let encrypts = |command: &TransportCommand| matches!(command, TransportCommand::Encrypt { .. });
    assert_eq!(world.commands().filter(|c| encrypts(c)).count(), 2);
    let sends = |effect: &Effect| matches!(effect, Effect::SendKey { .. });
    assert!(!world.effects.iter().any(sends));
}

#[test]
fn an_open_call_has_no_keys() {
    let mut world = World::joined();
    world.machine.leave(world.now);
    world.drain();
    let about_keys = |command: &TransportCommand| {
        matches!(
            command,
            TransportCommand::Encrypt { .. }
                | TransportCommand::SetKey { .. }
                | TransportCommand::ForgetKeys
        )
    };
    assert!(!world.commands().any(about_keys));
}

#[test]
fn a_room_that_comes_back_shows_itself_as_a_new_member_so_that_it_is_sent_keys() {
    let members = vec![member("room", FOCUS), member("anna", FOCUS)];
    let world = World::with_secret(members.clone(), Some("d1"), MediaSecret::PerMember);
    let content = world.machine.membership_content(1);
    assert_eq!(content["created_ts"], json!(world.now.unix_ms));
    let open = World::new(members, Some("d1"));
    assert_eq!(
        open.machine.membership_content(1)["created_ts"],
        json!(null)
    );
}
