//! A server that gives a departed participant's media section to somebody else, as LiveKit does
//! when people rejoin: same mid, new track, new SSRC.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use std::time::{Duration, Instant};

use saal_media_protocol::{
    DescriptionKind, SourceKind, TransportCommand, TransportId, TransportRole,
};
use str0m::{
    Candidate, Input, Output, Rtc,
    change::{SdpAnswer, SdpPendingOffer},
    media::{Direction, MediaKind, MediaTime, Mid},
    net::{Protocol, Receive},
};
use support::{DEADLINE, Daemon, assign, open, simulated};
use tokio::net::UdpSocket;

const CALL: TransportId = TransportId(1);
/// 20 ms of Opus that decode to silence (RFC 6716).
const SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];

/// The server's side of the connection, str0m without anything of ours.
struct Server {
    rtc: Rtc,
    socket: UdpSocket,
    mid: Mid,
    time: u64,
}

impl Server {
    async fn new() -> (Self, String, SdpPendingOffer) {
        let mut rtc = Rtc::new(Instant::now());
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let candidate = Candidate::host(socket.local_addr().unwrap(), "udp").unwrap();
        rtc.add_local_candidate(candidate);
        let mut changes = rtc.sdp_api();
        let names = (Some("PA_ada".to_owned()), Some("TR_ada".to_owned()));
        let mid = changes.add_media(
            MediaKind::Audio,
            Direction::SendOnly,
            names.0,
            names.1,
            None,
        );
        let (offer, pending) = changes.apply().unwrap();
        (
            Self {
                rtc,
                socket,
                mid,
                time: 0,
            },
            offer.to_sdp_string(),
            pending,
        )
    }

    /// Gives the section to another track and offers that.
    fn recycle(&mut self) -> (String, SdpPendingOffer) {
        let ssrc = self.rtc.direct_api().new_ssrc();
        self.rtc
            .direct_api()
            .reset_stream_tx(self.mid, None, ssrc, None)
            .unwrap();
        let mut changes = self.rtc.sdp_api();
        changes.add_channel("gives a reason to offer".to_owned());
        let (offer, pending) = changes.apply().unwrap();
        let sdp = offer
            .to_sdp_string()
            .replace("PA_ada", "PA_bob")
            .replace("TR_ada", "TR_bob");
        (sdp, pending)
    }

    fn accept(&mut self, pending: SdpPendingOffer, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).unwrap();
        self.rtc.sdp_api().accept_answer(pending, answer).unwrap();
    }

    /// Sends sound every 20 ms until it is dropped.
    async fn run(&mut self) {
        let mut packets = tokio::time::interval(Duration::from_millis(20));
        let mut buffer = vec![0; 2_000];
        loop {
            let deadline = self.drain();
            tokio::select! {
                _ = packets.tick() => self.send(),
                received = self.socket.recv_from(&mut buffer) => {
                    let (length, source) = received.unwrap();
                    let destination = self.socket.local_addr().unwrap();
                    let received =
                        Receive::new(Protocol::Udp, source, destination, &buffer[..length]).unwrap();
                    self.rtc.handle_input(Input::Receive(Instant::now(), received)).unwrap();
                }
                () = tokio::time::sleep_until(deadline.into()) => {
                    self.rtc.handle_input(Input::Timeout(Instant::now())).unwrap();
                }
            }
        }
    }

    fn send(&mut self) {
        self.time += 960;
        let Some(writer) = self.rtc.writer(self.mid) else {
            return;
        };
        let pt = writer.payload_params().next().unwrap().pt();
        let time = MediaTime::new(self.time, str0m::media::Frequency::FORTY_EIGHT_KHZ);
        writer
            .write(pt, Instant::now(), time, SILENCE.to_vec())
            .unwrap();
    }

    fn drain(&mut self) -> Instant {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(deadline) => return deadline,
                Output::Transmit(t) => drop(self.socket.try_send_to(&t.contents, t.destination)),
                Output::Event(_) => {}
            }
        }
    }
}

async fn answer(daemon: &mut Daemon, sdp: String) -> String {
    let describe = TransportCommand::Describe {
        transport: CALL,
        kind: DescriptionKind::Offer,
        sdp,
    };
    daemon.transport(describe).await;
    let (kind, sdp) = daemon.description().await;
    assert_eq!(kind, DescriptionKind::Answer);
    sdp
}

async fn heard(daemon: &mut Daemon, participant: &str) {
    daemon
        .stats_until(|stats| {
            stats
                .received_audio
                .iter()
                .any(|a| a.participant == participant && a.packets > 100)
        })
        .await;
}

#[tokio::test]
async fn a_recycled_media_section_carries_the_next_participant() {
    let mut daemon = Daemon::engine(simulated()).await;
    daemon
        .transport(open(CALL, TransportRole::Subscriber))
        .await;
    daemon
        .transport(assign(CALL, "TR_ada", "ada", SourceKind::Microphone))
        .await;
    let (mut server, sdp, pending) = Server::new().await;
    let accepted = answer(&mut daemon, sdp).await;
    server.accept(pending, &accepted);
    for candidate in daemon.candidates(CALL) {
        let candidate = Candidate::from_sdp_string(&candidate.candidate).unwrap();
        server.rtc.add_remote_candidate(candidate);
    }
    tokio::select! {
        () = heard(&mut daemon, "ada") => {}
        () = server.run() => {}
        () = tokio::time::sleep(DEADLINE) => panic!("the first participant is not heard"),
    }

    daemon
        .transport(TransportCommand::Unassign {
            transport: CALL,
            track: "TR_ada".to_owned(),
        })
        .await;
    let (sdp, pending) = server.recycle();
    let accepted = answer(&mut daemon, sdp).await;
    server.accept(pending, &accepted);
    daemon
        .transport(assign(CALL, "TR_bob", "bob", SourceKind::Microphone))
        .await;
    tokio::select! {
        () = heard(&mut daemon, "bob") => {}
        () = server.run() => {}
        () = tokio::time::sleep(DEADLINE) => panic!("the second participant is not heard"),
    }
}
