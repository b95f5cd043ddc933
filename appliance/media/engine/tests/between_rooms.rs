//! Two engines call each other without session descriptions: one offers, the other answers, as
//! two people in a Jitsi room do without a bridge.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use saal_media_protocol::{
    ChannelOffer, Codec, Declared, DtlsSetup, KeyOwner, LocalTransport, MediaEvent,
    RemoteTransport, SourceKind, StreamSsrc, TransportCommand, TransportEvent, TransportId,
};
use support::{
    Daemon, assign,
    bridge::{TONES, extensions, numbers, payload_types, receive},
    encrypt, engine_with_h264, one_layer, set_key, simulated, tile,
};

const CALL: TransportId = TransportId(1);
const VOICE: StreamSsrc = StreamSsrc {
    ssrc: 200,
    rtx: None,
};

fn declared(remote: Option<RemoteTransport>) -> TransportCommand {
    let offers = remote.is_none();
    let declared = Declared {
        ice_servers: Vec::new(),
        controlling: offers,
        remote,
        payload_types: payload_types(),
        telephone_event: Some(TONES),
        extensions: extensions(),
        channel: Some(ChannelOffer {
            label: "between rooms".to_owned(),
            protocol: String::new(),
            open: offers,
        }),
    };
    TransportCommand::OpenDeclared {
        transport: CALL,
        declared: Box::new(declared),
    }
}

fn as_remote(local: LocalTransport) -> RemoteTransport {
    RemoteTransport {
        ice: local.ice,
        fingerprints: vec![local.fingerprint],
        setup: local.setup,
    }
}

/// One that offered and one that answered, connected.
async fn call() -> (Daemon, Daemon) {
    call_of(Daemon::engine(simulated()).await).await
}

async fn call_of(mut offerer: Daemon) -> (Daemon, Daemon) {
    let mut answerer = Daemon::engine(simulated()).await;
    offerer.transport(declared(None)).await;
    let local = offerer.opened(CALL).await;
    assert_eq!(local.setup, DtlsSetup::Actpass);
    answerer.transport(declared(Some(as_remote(local)))).await;
    let local = answerer.opened(CALL).await;
    assert_eq!(local.setup, DtlsSetup::Passive);
    let remote = as_remote(local);
    let connect = TransportCommand::Connect {
        transport: CALL,
        remote,
    };
    offerer.transport(connect).await;
    pass_candidate(&mut offerer, &mut answerer).await;
    pass_candidate(&mut answerer, &mut offerer).await;
    offerer.connected(CALL).await;
    answerer.connected(CALL).await;
    (offerer, answerer)
}

async fn pass_candidate(from: &mut Daemon, to: &mut Daemon) {
    let candidate = match from.candidates(CALL).into_iter().next() {
        Some(candidate) => candidate,
        None => {
            from.until(|event| match event {
                MediaEvent::Transport(TransportEvent::Candidate { candidate, .. }) => {
                    Some(candidate.clone())
                }
                _ => None,
            })
            .await
        }
    };
    to.transport(TransportCommand::AddCandidate {
        transport: CALL,
        candidate,
    })
    .await;
}

/// `from` sends camera and microphone, `to` takes them as `name`'s.
async fn send(from: &mut Daemon, to: &mut Daemon, name: &str) {
    let streams = [
        ("cam", SourceKind::Camera, numbers(100)),
        ("mic", SourceKind::Microphone, VOICE),
    ];
    for (track, source, stream) in streams {
        let picture = source == SourceKind::Camera;
        to.transport(receive(CALL, track, stream, picture)).await;
        to.transport(assign(CALL, track, name, source)).await;
        let send = TransportCommand::Send {
            transport: CALL,
            track: track.to_owned(),
            source,
            video: picture.then(|| one_layer(320, 180)),
            streams: vec![stream],
        };
        from.transport(send).await;
    }
}

async fn seen_and_heard(daemon: &mut Daemon) {
    daemon
        .stats_until(|stats| {
            let seen = stats.received_video.first();
            let heard = stats.received_audio.first();
            seen.is_some_and(|video| video.frames_decoded > 40 && video.width == 320)
                && heard.is_some_and(|audio| audio.level_dbfs > -40.0)
        })
        .await;
}

async fn say(from: &mut Daemon, to: &mut Daemon, text: &str) {
    from.transport(TransportCommand::ChannelSend {
        transport: CALL,
        text: text.to_owned(),
    })
    .await;
    to.until(|event| match event {
        MediaEvent::Transport(TransportEvent::ChannelText { text: heard, .. }) => {
            (heard == text).then_some(())
        }
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn the_one_who_offers_is_seen_heard_and_read() {
    let (mut offerer, mut answerer) = call().await;
    send(&mut offerer, &mut answerer, "ada").await;
    seen_and_heard(&mut answerer).await;
    say(&mut offerer, &mut answerer, "hello").await;
}

#[tokio::test]
async fn the_one_who_answers_is_seen_heard_and_read() {
    let (mut offerer, mut answerer) = call().await;
    send(&mut answerer, &mut offerer, "bob").await;
    seen_and_heard(&mut offerer).await;
    say(&mut answerer, &mut offerer, "hello").await;
}

/// The camera goes on in this codec and width, in the same stream.
async fn send_in(from: &mut Daemon, codec: Codec, width: u32) {
    let video = saal_media_protocol::VideoSend {
        codec,
        ..one_layer(width, width / 16 * 9)
    };
    let send = TransportCommand::Send {
        transport: CALL,
        track: "cam".to_owned(),
        source: SourceKind::Camera,
        video: Some(video),
        streams: vec![numbers(100)],
    };
    from.transport(send).await;
    let encoder = if codec == Codec::H264 {
        "openh264enc"
    } else {
        "vp8enc"
    };
    from.stats_until(|stats| {
        let sent = stats.sent_video.first();
        sent.is_some_and(|sent| sent.encoder == encoder && sent.frames_encoded > 10)
    })
    .await;
}

/// The television shows newer pictures of the other room's camera.
async fn shows_moving_pictures(daemon: &mut Daemon) {
    let mut first = None;
    loop {
        let Some(frame) = daemon.frame_number((0, 0, 1280, 720)).await else {
            continue;
        };
        if frame > *first.get_or_insert(frame) {
            return;
        }
    }
}

#[tokio::test]
async fn a_picture_goes_on_in_h264_and_back_in_vp8() {
    let (offerer, answerer) = call_of(engine_with_h264().await).await;
    goes_on_in_h264_and_back(offerer, answerer).await;
}

#[tokio::test]
async fn an_encrypted_picture_goes_on_in_h264_and_back_in_vp8() {
    let (mut offerer, mut answerer) = call_of(engine_with_h264().await).await;
    let participant = "ada".to_owned();
    let theirs = KeyOwner::Participant { participant };
    for (daemon, owner) in [(&mut offerer, KeyOwner::Own), (&mut answerer, theirs)] {
        encrypt(daemon, CALL).await;
        // The index is the last byte of a frame, and zeros at its end are easily lost.
        set_key(daemon, owner, 0, b"the key").await;
    }
    goes_on_in_h264_and_back(offerer, answerer).await;
}

async fn goes_on_in_h264_and_back(mut offerer: Daemon, mut answerer: Daemon) {
    let tiles = vec![tile("ada", (0, 0, 1280, 720))];
    answerer.show(tiles).await;
    send(&mut offerer, &mut answerer, "ada").await;
    seen_and_heard(&mut answerer).await;
    for (codec, width) in [(Codec::H264, 640), (Codec::Vp8, 320)] {
        send_in(&mut offerer, codec, width).await;
        answerer
            .stats_until(|stats| {
                stats
                    .received_video
                    .first()
                    .is_some_and(|v| v.width == width)
            })
            .await;
        shows_moving_pictures(&mut answerer).await;
    }
}
