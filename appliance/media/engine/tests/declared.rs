//! Connections without session descriptions, against a bridge that is str0m and nothing of ours.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use std::time::Duration;

use saal_media_protocol::{
    Codec, MediaEvent, SourceKind, StreamSsrc, TransportCommand, TransportEvent, TransportId,
    TransportState, VideoLayer, VideoSend,
};
use str0m::{format::CodecExtra, rtp::RawPacket};
use support::{
    Daemon, assign,
    bridge::{Bridge, Seen, TONES, numbers, receive, reported},
    clip::clip,
    engine_with_h264, one_layer, simulated,
};

const CALL: TransportId = TransportId(1);

async fn call() -> (Daemon, Bridge) {
    let mut daemon = Daemon::engine(simulated()).await;
    let bridge = Bridge::join(&mut daemon, CALL).await;
    (daemon, bridge)
}

/// Without feedback on the way, so that all layers are sent however busy this machine is.
async fn call_without_estimate(mut daemon: Daemon) -> (Daemon, Bridge) {
    let (mut bridge, mut declared) = Bridge::new().await;
    declared
        .extensions
        .retain(|e| !e.uri.contains("transport-wide-cc"));
    bridge.offer_to(&mut daemon, CALL, declared).await;
    bridge.until_daemon(daemon.connected(CALL)).await;
    (daemon, bridge)
}

/// A picture that ada sends in this stream.
async fn expect_ada(daemon: &mut Daemon, stream: StreamSsrc) {
    daemon
        .transport(receive(CALL, "ada-v0", stream, true))
        .await;
    daemon
        .transport(assign(CALL, "ada-v0", "ada", SourceKind::Camera))
        .await;
}

/// Waits for so many more decoded pictures of ada.
async fn pictures(daemon: &mut Daemon, more: u64) {
    let mut first = None;
    daemon
        .stats_until(|stats| {
            let Some(video) = stats.received_video.first() else {
                return false;
            };
            video.frames_decoded >= *first.get_or_insert(video.frames_decoded) + more
        })
        .await;
}

fn simulcast(codec: Codec) -> VideoSend {
    let layer = |width, height, max_bitrate| VideoLayer {
        rid: String::new(),
        width,
        height,
        max_bitrate,
    };
    VideoSend {
        codec,
        frames_per_second: 30,
        layers: vec![
            layer(160, 90, 60_000),
            layer(320, 180, 100_000),
            layer(640, 360, 200_000),
        ],
    }
}

const LAYERS: [u32; 3] = [1_000, 2_000, 3_000];

fn send(track: &str, source: SourceKind, ssrcs: &[u32]) -> TransportCommand {
    TransportCommand::Send {
        transport: CALL,
        track: track.to_owned(),
        source,
        video: (source == SourceKind::Camera).then(|| simulcast(Codec::Vp8)),
        streams: ssrcs.iter().copied().map(numbers).collect(),
    }
}

async fn refused(daemon: &mut Daemon, command: TransportCommand) -> String {
    daemon.transport(command).await;
    daemon
        .until(|event| match event {
            MediaEvent::Transport(TransportEvent::Refused { reason, .. }) => Some(reason.clone()),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn a_picture_and_a_voice_are_received() {
    let (mut daemon, mut bridge) = call().await;
    expect_ada(&mut daemon, numbers(10)).await;
    let voice = StreamSsrc {
        ssrc: 20,
        rtx: None,
    };
    daemon
        .transport(receive(CALL, "ada-a0", voice, false))
        .await;
    daemon
        .transport(assign(CALL, "ada-a0", "ada", SourceKind::Microphone))
        .await;
    bridge.show(numbers(10), Some(clip(Codec::Vp8, 320, 180, 60)));
    bridge.show(voice, None);
    let arrive = daemon.stats_until(|stats| {
        let seen = stats
            .received_video
            .first()
            .is_some_and(|v| v.frames_decoded > 40 && (v.width, v.height) == (320, 180));
        seen && stats.received_audio.first().is_some_and(|a| a.packets > 40)
    });
    bridge.until_daemon(arrive).await;
}

/// Frames of each of the three layers.
async fn three_layers(bridge: &mut Bridge, of_each: usize) -> [Vec<Seen>; 3] {
    let mids = LAYERS.map(|ssrc| bridge.expect(numbers(ssrc), true));
    let seen = bridge
        .frames(&mids, |seen| {
            mids.iter()
                .all(|mid| seen.iter().filter(|s| s.mid == *mid).count() >= of_each)
        })
        .await;
    mids.map(|mid| seen.iter().filter(|s| s.mid == mid).cloned().collect())
}

#[tokio::test]
async fn three_layers_say_what_a_bridge_needs_to_switch() {
    let (mut daemon, mut bridge) = call_without_estimate(Daemon::engine(simulated()).await).await;
    daemon
        .transport(send("cam", SourceKind::Camera, &LAYERS))
        .await;
    for layer in three_layers(&mut bridge, 40).await {
        let descriptors: Vec<_> = layer
            .iter()
            .map(|seen| match seen.extra {
                CodecExtra::Vp8(vp8) => vp8,
                _ => panic!("not VP8"),
            })
            .collect();
        let ids: Vec<_> = descriptors.iter().map(|d| d.picture_id.unwrap()).collect();
        assert!(
            ids.windows(2).all(|w| w[1] == w[0] + 1),
            "picture ids {ids:?}"
        );
        let counts = |id| descriptors.iter().filter(|d| d.layer_index == id).count();
        let (base, middle, top) = (counts(0), counts(1), counts(2));
        let all = descriptors.len();
        assert!(base.abs_diff(all / 4) <= 2, "{base} of {all} in layer 0");
        assert!(
            middle.abs_diff(all / 4) <= 2,
            "{middle} of {all} in layer 1"
        );
        assert!(top.abs_diff(all / 2) <= 2, "{top} of {all} in layer 2");
        let mut last = descriptors[0].tl0_picture_id.unwrap();
        for d in &descriptors[1..] {
            let next = last + u64::from(d.layer_index == 0);
            assert_eq!(d.tl0_picture_id, Some(next), "TL0PICIDX counts layer 0");
            last = next;
        }
        assert!(
            descriptors
                .iter()
                .all(|d| d.discardable == (d.layer_index == 2))
        );
    }
}

#[tokio::test]
async fn a_request_for_one_layer_brings_key_frames_on_all() {
    let (mut daemon, mut bridge) = call_without_estimate(Daemon::engine(simulated()).await).await;
    daemon
        .transport(send("cam", SourceKind::Camera, &LAYERS))
        .await;
    let mids = LAYERS.map(|ssrc| bridge.expect(numbers(ssrc), true));
    let deltas = |seen: &[Seen]| {
        mids.iter()
            .all(|mid| seen.iter().filter(|s| s.mid == *mid && !s.key).count() > 30)
    };
    let before = bridge.frames(&mids, deltas).await;
    let keys: Vec<_> = before.iter().filter(|s| s.key).collect();
    assert_eq!(keys.len(), LAYERS.len(), "one to begin with: {keys:?}");
    bridge.request_key_frame(LAYERS[0]);
    let seen = bridge
        .frames(&mids, |seen| {
            mids.iter()
                .all(|mid| seen.iter().any(|s| s.mid == *mid && s.key))
        })
        .await;
    let times: Vec<_> = mids
        .iter()
        .map(|mid| seen.iter().find(|s| s.mid == *mid && s.key).unwrap().time)
        .collect();
    assert!(
        times.iter().all(|time| *time == times[0]),
        "of one moment: {times:?}"
    );
}

#[tokio::test]
async fn layers_that_nobody_needs_are_not_sent() {
    let (mut daemon, mut bridge) = call_without_estimate(Daemon::engine(simulated()).await).await;
    daemon
        .transport(send("cam", SourceKind::Camera, &LAYERS))
        .await;
    let mids = LAYERS.map(|ssrc| bridge.expect(numbers(ssrc), true));
    let all = |seen: &[Seen]| mids.iter().all(|mid| seen.iter().any(|s| s.mid == *mid));
    bridge.frames(&mids, all).await;
    daemon
        .transport(TransportCommand::SetActiveLayers {
            transport: CALL,
            track: "cam".to_owned(),
            active: vec![true, false, false],
        })
        .await;
    // Until 60 frames in a row were of the smallest.
    let only_smallest = |seen: &[Seen]| {
        seen.len() >= 60 && seen[seen.len() - 60..].iter().all(|s| s.mid == mids[0])
    };
    bridge.frames(&mids, only_smallest).await;
}

#[tokio::test]
async fn h264_is_one_stream_with_key_frames_when_somebody_asks() {
    let (mut daemon, mut bridge) = call_without_estimate(engine_with_h264().await).await;
    let mut h264 = send("cam", SourceKind::Camera, &LAYERS[..1]);
    if let TransportCommand::Send { video, .. } = &mut h264 {
        *video = Some(simulcast(Codec::H264));
    }
    let mid = bridge.expect(numbers(LAYERS[0]), true);
    daemon.transport(h264).await;
    let seen = bridge.frames(&[mid], |seen| seen.len() > 60).await;
    let h264 = |seen: &Seen| matches!(seen.extra, CodecExtra::H264(_));
    assert!(seen.iter().all(h264), "{seen:?}");
    assert!(seen[0].key && seen.iter().all(|s| s.contiguous));
    let keys = seen.iter().filter(|s| s.key).count();
    assert_eq!(keys, 1, "one to begin with: {seen:?}");
    bridge.request_key_frame(LAYERS[0]);
    let asked = |seen: &[Seen]| seen.last().is_some_and(|s| s.key);
    let until_key = bridge.frames(&[mid], asked).await;
    // Sooner than in all the pictures before, none of which was one by itself.
    assert!(until_key.len() < seen.len(), "{} pictures", until_key.len());
    let smallest = TransportCommand::SetActiveLayers {
        transport: CALL,
        track: "cam".to_owned(),
        active: vec![true, false, false],
    };
    daemon.transport(smallest).await;
    let after = bridge.frames(&[mid], |seen| seen.len() > 30).await;
    assert!(after.iter().any(|s| s.key), "another size begins anew");
}

#[tokio::test]
async fn a_track_that_ended_can_be_sent_again_in_its_streams() {
    let (mut daemon, mut bridge) = call_without_estimate(Daemon::engine(simulated()).await).await;
    let mids = LAYERS.map(|ssrc| bridge.expect(numbers(ssrc), true));
    let mut last = None;
    for _ in 0..2 {
        daemon
            .transport(send("cam", SourceKind::Camera, &LAYERS))
            .await;
        let enough = |seen: &[Seen]| {
            mids.iter()
                .all(|mid| seen.iter().filter(|s| s.mid == *mid).count() > 20)
        };
        let seen = bridge.frames(&mids, enough).await;
        let sequence = seen.iter().rfind(|s| s.mid == mids[0]).unwrap().sequence;
        assert!(Some(sequence) > last, "numbers go on");
        last = Some(sequence);
        let unpublish = TransportCommand::Unpublish {
            transport: CALL,
            track: "cam".to_owned(),
        };
        daemon.transport(unpublish).await;
    }
    let reason = refused(&mut daemon, send("mic", SourceKind::Microphone, &[1_000])).await;
    assert_eq!(
        reason, "SSRC 1000 is in use",
        "once a picture, never a sound"
    );
}

#[tokio::test]
async fn sound_says_how_loud_it_is() {
    let (mut daemon, mut bridge) = call().await;
    let mic = bridge.expect(
        StreamSsrc {
            ssrc: 500,
            rtx: None,
        },
        false,
    );
    daemon
        .transport(send("mic", SourceKind::Microphone, &[500]))
        .await;
    let seen = bridge.frames(&[mic], |seen| seen.len() > 50).await;
    let levels: Vec<_> = seen.iter().filter_map(|s| s.audio_level).collect();
    assert_eq!(levels.len(), seen.len());
    // The simulated microphone hears a tone with short gaps.
    let loud = levels.iter().filter(|l| (-40..0).contains(*l)).count();
    assert!(loud > seen.len() / 3, "{levels:?}");
}

#[tokio::test]
async fn a_bridge_that_says_nothing_any_more_is_noticed_in_seconds_and_when_it_is_back() {
    let (mut daemon, mut bridge) = call().await;
    let state = |event: &MediaEvent| match event {
        MediaEvent::Transport(TransportEvent::State { state, .. }) => Some(*state),
        _ => None,
    };
    // Nobody runs the bridge. The engine counts the seconds.
    let from = daemon.log.len();
    assert_eq!(daemon.until(state).await, TransportState::Disconnected);
    let counted = daemon.log[from..].iter();
    let seconds = counted.filter(|event| matches!(event, MediaEvent::Stats(_)));
    let seconds = seconds.count();
    assert!(seconds <= 5, "{seconds} s");
    let back = bridge.until_daemon(daemon.until(state)).await;
    assert_eq!(back, TransportState::Connected);
}

#[tokio::test]
async fn telephone_tones_take_the_place_of_the_voice() {
    let (mut daemon, mut bridge) = call().await;
    let voice = StreamSsrc {
        ssrc: 500,
        rtx: None,
    };
    bridge.expect(voice, false);
    daemon
        .transport(send("mic", SourceKind::Microphone, &[500]))
        .await;
    bridge.until(|event| voice_packet(event, 111)).await;
    daemon.transport(tones("mic", "4#")).await;
    let mut packets: Vec<VoicePacket> = Vec::new();
    bridge
        .until(|event| {
            packets.extend([111, TONES].iter().find_map(|id| voice_packet(event, *id)));
            let after = packets.iter().rev().take_while(|p| p.id == 111).count();
            let ended = |p: &&VoicePacket| p.id == TONES && p.payload[1] & 0x80 != 0;
            (after > 5 && packets.iter().filter(ended).count() == 6).then_some(())
        })
        .await;
    let sequences: Vec<_> = packets.iter().map(|p| p.sequence).collect();
    assert!(
        sequences.windows(2).all(|w| w[1] == w[0] + 1),
        "one stream: {sequences:?}"
    );
    let times: Vec<_> = packets.iter().map(|p| p.time).collect();
    assert!(times.is_sorted(), "one clock: {times:?}");
    let begun: Vec<_> = packets
        .iter()
        .filter(|p| p.id == TONES && p.marker)
        .collect();
    let keys: Vec<_> = begun.iter().map(|p| p.payload[0]).collect();
    assert_eq!(keys, [4, 11]);
    for tone in begun {
        let during = tone.time..tone.time + 200 * 48;
        let voices = packets.iter().filter(|p| p.id == 111);
        assert_eq!(
            voices.filter(|p| during.contains(&p.time)).count(),
            0,
            "{tone:?}"
        );
        let of = packets
            .iter()
            .filter(|p| p.id == TONES && p.time == tone.time);
        assert_eq!(of.count(), 12, "nine reports and three ends: {tone:?}");
    }
    let reason = refused(&mut daemon, tones("mic", "12x")).await;
    assert!(reason.contains("12x"), "{reason}");
    let reason = refused(&mut daemon, tones("cam", "1")).await;
    assert!(reason.contains("cam"), "{reason}");
}

fn tones(track: &str, tones: &str) -> TransportCommand {
    TransportCommand::SendTones {
        transport: CALL,
        track: track.to_owned(),
        tones: tones.to_owned(),
    }
}

/// A packet of the engine's voice, 500.
#[derive(Clone, Debug)]
struct VoicePacket {
    id: u8,
    sequence: u16,
    time: u32,
    marker: bool,
    payload: Vec<u8>,
}

fn voice_packet(event: &str0m::Event, id: u8) -> Option<VoicePacket> {
    let str0m::Event::RawPacket(packet) = event else {
        return None;
    };
    let RawPacket::RtpRx(header, payload) = &**packet else {
        return None;
    };
    (*header.ssrc == 500 && *header.payload_type == id).then(|| VoicePacket {
        id,
        sequence: header.sequence_number,
        time: header.timestamp,
        marker: header.marker,
        payload: payload.to_vec(),
    })
}

#[tokio::test]
async fn reports_put_sound_and_picture_on_one_clock() {
    let (mut daemon, mut bridge) = call_without_estimate(Daemon::engine(simulated()).await).await;
    daemon
        .transport(send("cam", SourceKind::Camera, &LAYERS))
        .await;
    daemon
        .transport(send("mic", SourceKind::Microphone, &[500]))
        .await;
    let voice = StreamSsrc {
        ssrc: 500,
        rtx: None,
    };
    let clocks = [
        (bridge.expect(numbers(LAYERS[0]), true), 90_000),
        (bridge.expect(numbers(LAYERS[2]), true), 90_000),
        (bridge.expect(voice, false), 48_000),
    ];
    // When each stream's RTP time was zero.
    let mut zeros = [None; 3];
    bridge
        .until(|event| {
            if let str0m::Event::SenderFeedback(report) = event
                && let Some(index) = clocks.iter().position(|c| c.0 == report.mid)
                && report.sender_info.rtp_time.numer() > 0
            {
                let ticks = report.sender_info.rtp_time.numer();
                let since_zero = Duration::from_micros(ticks * 1_000_000 / clocks[index].1);
                zeros[index] = Some(report.sender_info.ntp_time - since_zero);
            }
            zeros.iter().all(Option::is_some).then_some(())
        })
        .await;
    let zeros = zeros.map(Option::unwrap);
    let (first, last) = (zeros.iter().min().unwrap(), zeros.iter().max().unwrap());
    let apart = last.duration_since(*first).unwrap();
    // What people notice begins at 45 ms (ITU-R BT.1359).
    assert!(apart < Duration::from_millis(20), "{apart:?}");
}

#[tokio::test]
async fn a_way_that_carries_little_gets_the_smallest_layer_and_later_more_again() {
    let (mut daemon, mut bridge) = call().await;
    for ssrc in LAYERS {
        bridge.expect(numbers(ssrc), true);
    }
    daemon
        .transport(send("cam", SourceKind::Camera, &LAYERS))
        .await;
    bridge.until(|event| layer(event).filter(|l| *l == 2)).await;
    bridge.lose_received = 2;
    let mut smallest = 0;
    bridge
        .until(|event| {
            match layer(event) {
                Some(0) => smallest += 1,
                Some(_) => smallest = 0,
                None => {}
            }
            (smallest == 60).then_some(())
        })
        .await;
    bridge.lose_received = 0;
    bridge.until(|event| layer(event).filter(|l| *l > 0)).await;
}

/// Which layer a received packet is of.
fn layer(event: &str0m::Event) -> Option<usize> {
    let str0m::Event::RawPacket(packet) = event else {
        return None;
    };
    let str0m::rtp::RawPacket::RtpRx(header, _) = &**packet else {
        return None;
    };
    LAYERS.iter().position(|ssrc| *ssrc == *header.ssrc)
}

#[tokio::test]
async fn a_stream_moves_to_another_ssrc_under_the_same_name() {
    let (mut daemon, mut bridge) = call().await;
    let picture = clip(Codec::Vp8, 320, 180, 300);
    expect_ada(&mut daemon, numbers(10)).await;
    bridge.show(numbers(10), Some(picture.clone()));
    bridge.until_daemon(pictures(&mut daemon, 30)).await;
    // As when somebody joins: the same picture on other numbers, before they are told.
    bridge.stop(10);
    bridge.show(numbers(30), Some(picture));
    let asked = bridge.asked.get(&30).copied();
    daemon
        .transport(receive(CALL, "ada-v0", numbers(30), true))
        .await;
    bridge.until_daemon(pictures(&mut daemon, 30)).await;
    assert!(
        bridge.asked.get(&30).copied() > asked,
        "a key frame is asked for"
    );
}

#[tokio::test]
async fn two_streams_change_places() {
    let (mut daemon, mut bridge) = call().await;
    expect_ada(&mut daemon, numbers(10)).await;
    daemon
        .transport(receive(CALL, "bob-v0", numbers(30), true))
        .await;
    daemon
        .transport(assign(CALL, "bob-v0", "bob", SourceKind::Camera))
        .await;
    bridge.show(numbers(10), Some(clip(Codec::Vp8, 320, 180, 300)));
    bridge.show(numbers(30), Some(clip(Codec::Vp8, 160, 90, 300)));
    let widths = |ada: u32, bob: u32| {
        move |stats: &saal_media_protocol::MediaStats| {
            let of: Vec<_> = stats.received_video.iter().map(|v| v.width).collect();
            of == [ada, bob]
        }
    };
    bridge
        .until_daemon(daemon.stats_until(widths(320, 160)))
        .await;
    daemon
        .transport(receive(CALL, "ada-v0", numbers(30), true))
        .await;
    daemon
        .transport(receive(CALL, "bob-v0", numbers(10), true))
        .await;
    bridge
        .until_daemon(daemon.stats_until(widths(160, 320)))
        .await;
}

#[tokio::test]
async fn lost_packets_are_sent_again_both_ways() {
    let (mut daemon, mut bridge) = call().await;
    (bridge.lose_sent, bridge.lose_received) = (20, 20);
    expect_ada(&mut daemon, numbers(10)).await;
    bridge.show(numbers(10), Some(clip(Codec::Vp8, 640, 360, 300)));
    bridge.until_daemon(pictures(&mut daemon, 1)).await;
    let asked = bridge.asked.clone();
    bridge.until_daemon(pictures(&mut daemon, 150)).await;
    assert_eq!(bridge.asked, asked, "no loss was beyond repair");

    let cam = bridge.expect(numbers(LAYERS[2]), true);
    daemon
        .transport(TransportCommand::Send {
            transport: CALL,
            track: "cam".to_owned(),
            source: SourceKind::Camera,
            video: Some(one_layer(640, 360)),
            streams: vec![numbers(LAYERS[2])],
        })
        .await;
    let seen = bridge.frames(&[cam], |seen| seen.len() > 150).await;
    let broken = seen.iter().filter(|seen| !seen.contiguous).count();
    assert!(broken <= 1, "{broken} of {} frames after a gap", seen.len());
}

#[tokio::test]
async fn packets_of_streams_that_nobody_declared_count_in_the_feedback() {
    let (_daemon, mut bridge) = call().await;
    bridge.show(numbers(77), Some(clip(Codec::H264, 160, 90, 60)));
    let mut counted = 0;
    bridge
        .until(|event| {
            counted += reported(event).unwrap_or(0);
            (counted > 60).then_some(())
        })
        .await;
}

#[tokio::test]
async fn a_stream_that_was_there_before_its_name_is_shown() {
    let (mut daemon, mut bridge) = call().await;
    bridge.show(numbers(10), Some(clip(Codec::Vp8, 320, 180, 300)));
    let mut counted = 0;
    bridge
        .until(|event| {
            counted += reported(event).unwrap_or(0);
            (counted > 30).then_some(())
        })
        .await;
    expect_ada(&mut daemon, numbers(10)).await;
    bridge.until_daemon(pictures(&mut daemon, 30)).await;
}

#[tokio::test]
async fn every_codec_that_browsers_send_is_decoded_also_one_after_the_other() {
    let (mut daemon, mut bridge) = call().await;
    expect_ada(&mut daemon, numbers(10)).await;
    bridge.show(numbers(10), Some(clip(Codec::Vp8, 320, 180, 60)));
    bridge.until_daemon(pictures(&mut daemon, 20)).await;
    for (codec, width, height) in [
        (Codec::Vp9, 256, 144),
        (Codec::H264, 192, 108),
        (Codec::Av1, 160, 90),
        (Codec::Vp8, 320, 180),
    ] {
        bridge.switch(10, clip(codec, width, height, 60));
        let arrives = daemon.stats_until(|stats| {
            let size = stats.received_video.first().map(|v| (v.width, v.height));
            size == Some((width, height))
        });
        bridge.until_daemon(arrives).await;
        bridge.until_daemon(pictures(&mut daemon, 20)).await;
    }
}

#[tokio::test]
async fn texts_wait_for_the_channel_and_go_both_ways() {
    let (mut daemon, mut bridge) = call().await;
    for text in ["first", "second"] {
        daemon
            .transport(TransportCommand::ChannelSend {
                transport: CALL,
                text: text.to_owned(),
            })
            .await;
    }
    bridge.open_channel();
    let mut heard = Vec::new();
    bridge
        .until(|event| {
            if let str0m::Event::ChannelData(data) = event {
                heard.push(String::from_utf8(data.data.clone()).unwrap());
            }
            (heard.len() == 2).then_some(())
        })
        .await;
    assert_eq!(heard, ["first", "second"]);
    bridge.say("{\"colibriClass\":\"ServerHello\"}");
    let told = daemon.until(|event| match event {
        MediaEvent::Transport(TransportEvent::ChannelText { text, .. }) => Some(text.clone()),
        _ => None,
    });
    let text = bridge.until_daemon(told).await;
    assert_eq!(text, "{\"colibriClass\":\"ServerHello\"}");
    let open = MediaEvent::Transport(TransportEvent::ChannelOpen { transport: CALL });
    assert_eq!(daemon.log.iter().filter(|event| **event == open).count(), 1);
}

#[tokio::test]
async fn another_certificate_than_the_promised_one_ends_the_connection() {
    let mut daemon = Daemon::engine(simulated()).await;
    let (mut bridge, mut declared) = Bridge::new().await;
    let remote = declared.remote.as_mut().unwrap();
    remote.fingerprints[0].value = vec!["00"; 32].join(":");
    bridge.offer_to(&mut daemon, CALL, declared).await;
    let failed = MediaEvent::Transport(TransportEvent::State {
        transport: CALL,
        state: TransportState::Failed,
    });
    let fails = daemon.until(|event| (*event == failed).then_some(()));
    bridge.until_daemon(fails).await;
    let connected = MediaEvent::Transport(TransportEvent::State {
        transport: CALL,
        state: TransportState::Connected,
    });
    assert!(!daemon.log.contains(&connected));
}

#[tokio::test]
async fn what_can_not_be_done_is_refused_and_the_call_goes_on() {
    let (mut daemon, mut bridge) = call().await;
    // There is no encoder of H.264 in this room.
    for codec in [Codec::Vp9, Codec::H264] {
        let mut unknown = send("cam", SourceKind::Camera, &LAYERS);
        if let TransportCommand::Send { video, .. } = &mut unknown {
            *video = Some(simulcast(codec));
        }
        let reason = refused(&mut daemon, unknown).await;
        assert_eq!(reason, format!("this room can't encode {codec:?}"));
    }
    let reason = refused(&mut daemon, send("cam", SourceKind::Camera, &LAYERS[..2])).await;
    assert_eq!(reason, "3 layers need as many streams, not 2");
    let reason = refused(&mut daemon, send("cam", SourceKind::Camera, &[1, 2, 9])).await;
    assert_eq!(reason, "SSRC 2 is in use");
    let describe = TransportCommand::Describe {
        transport: CALL,
        kind: saal_media_protocol::DescriptionKind::Offer,
        sdp: "v=0".to_owned(),
    };
    let reason = refused(&mut daemon, describe).await;
    assert!(reason.contains("takes no session descriptions"), "{reason}");
    let again = TransportCommand::Connect {
        transport: CALL,
        remote: Bridge::new().await.1.remote.unwrap(),
    };
    let reason = refused(&mut daemon, again).await;
    assert_eq!(reason, "this connection knows its other side already");

    expect_ada(&mut daemon, numbers(10)).await;
    bridge.show(numbers(10), Some(clip(Codec::Vp8, 320, 180, 60)));
    bridge.until_daemon(pictures(&mut daemon, 20)).await;
}

#[tokio::test]
async fn a_declaration_without_a_usable_certificate_makes_no_connection() {
    let mut daemon = Daemon::engine(simulated()).await;
    let mut declared = Bridge::new().await.1;
    declared.remote.as_mut().unwrap().fingerprints[0].hash = "sha-1".to_owned();
    let open = TransportCommand::OpenDeclared {
        transport: CALL,
        declared: Box::new(declared),
    };
    let reason = refused(&mut daemon, open).await;
    assert!(reason.contains("no usable sha-256 fingerprint"), "{reason}");
}
