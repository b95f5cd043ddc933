//! Which codec the camera's picture goes out in.

use saal_media_protocol::SourceKind;

use super::{
    super::*,
    world::{World, setup},
};

const ALL: &str = "av1,vp9,vp8,h264";

/// A room whose hardware encodes H.264.
fn with_hardware() -> ConferenceSetup {
    ConferenceSetup {
        encodes: vec![Codec::Vp8, Codec::H264],
        ..setup()
    }
}

fn comes_with(world: &mut World, who: &str, codecs: &str) {
    let list = format!("<jitsi_participant_codecList>{codecs}</jitsi_participant_codecList>");
    world.presence(who, "role='participant'", &list);
}

/// With these people, who know these codecs, from the beginning.
fn joined(setup: ConferenceSetup, people: &[(&str, &str)]) -> World {
    let mut world = World::online(setup);
    world.focus_is_ready();
    for (who, codecs) in people {
        comes_with(&mut world, who, codecs);
    }
    world.enters(super::world::ME);
    world.invites();
    world.connects();
    world
}

/// How the camera was told to be sent, each time: the codec and the SSRCs.
fn sent(world: &mut World) -> Vec<(Codec, Vec<u32>)> {
    let commands = world.commands();
    world.take();
    let sends = commands.into_iter().filter_map(|command| match command {
        TransportCommand::Send {
            source: SourceKind::Camera,
            video: Some(video),
            streams,
            ..
        } => Some((video.codec, streams.iter().map(|s| s.ssrc).collect())),
        _ => None,
    });
    sends.collect()
}

#[test]
fn hardware_encodes_where_all_decode_it_and_vp8_goes_on_for_one_who_does_not() {
    let mut world = joined(with_hardware(), &[("aaaa", ALL)]);
    let begun = sent(&mut world);
    let [(Codec::H264, one)] = &begun[..] else {
        panic!("{begun:?}")
    };
    comes_with(&mut world, "bbbb", "vp8,h264");
    assert_eq!(sent(&mut world), [], "nothing changes");
    comes_with(&mut world, "cccc", "vp8");
    let changed = sent(&mut world);
    let [(Codec::Vp8, three)] = &changed[..] else {
        panic!("{changed:?}")
    };
    assert_eq!((one.len(), three.len()), (1, 3));
    assert_eq!(one[0], three[0], "the same stream goes on");
    world.leaves("cccc");
    assert_eq!(sent(&mut world), [(Codec::H264, one.clone())]);
}

#[test]
fn without_hardware_or_a_list_of_codecs_it_is_vp8() {
    for (setup, codecs) in [
        (setup(), ALL),
        (with_hardware(), ""),
        (with_hardware(), "vp8,vp9"),
    ] {
        let mut world = joined(setup, &[("aaaa", codecs)]);
        let sent = sent(&mut world);
        assert!(matches!(&sent[..], [(Codec::Vp8, _)]), "{codecs}: {sent:?}");
    }
}

#[test]
fn an_encoder_that_fails_or_is_found_in_the_call_changes_picture_and_list() {
    let mut world = joined(with_hardware(), &[("aaaa", ALL)]);
    sent(&mut world);
    let call = CallId(3);
    for (codecs, list) in [
        (vec![Codec::Vp8], "vp8,h264"),
        (vec![Codec::Vp8, Codec::H264], "h264,vp8"),
    ] {
        let now = *codecs.last().unwrap();
        world.command(MeetingCommand::Encodes { call, codecs });
        let told = world.said_with("jitsi_participant_codecList").unwrap();
        assert_eq!(told.text_of("jitsi_participant_codecList").unwrap(), list);
        let sent = sent(&mut world);
        assert!(sent.len() == 1 && sent[0].0 == now, "{sent:?}");
    }
}

#[test]
fn a_peer_gets_one_stream_in_h264_too_and_the_presentation_stays_vp8() {
    let setup = ConferenceSetup {
        peer_to_peer: true,
        ..with_hardware()
    };
    let mut world = joined(setup, &[("aaaa", ALL)]);
    world.act(saal_meeting::MeetingAction::Present { on: true });
    let content = world
        .commands()
        .into_iter()
        .find_map(|command| match command {
            TransportCommand::Send {
                source: SourceKind::Content,
                video,
                ..
            } => video,
            _ => None,
        });
    assert_eq!(content.unwrap().codec, Codec::Vp8);
    world.take();
    world.calls_directly("aaaa");
    world.connects();
    let sent = sent(&mut world);
    assert!(
        matches!(&sent[..], [(Codec::H264, one)] if one.len() == 1),
        "{sent:?}"
    );
}
