//! Two engines call each other without session descriptions: one offers, the other answers, as
//! two people in a Jitsi room do without a bridge.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use saal_media_protocol::{
    ChannelOffer, Declared, DtlsSetup, LocalTransport, MediaEvent, RemoteTransport, SourceKind,
    StreamSsrc, TransportCommand, TransportEvent, TransportId,
};
use support::{
    Daemon, assign,
    bridge::{TONES, extensions, numbers, payload_types, receive},
    one_layer, simulated,
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
    let mut offerer = Daemon::engine(simulated()).await;
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
