//! A picture that a server sends, over a line that loses packets or keeps them waiting, in simulated time: what people see of
//! it with the engine's own playout.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use saal_media_protocol::{DescriptionKind, TransportRole};
use saal_network_sim::{Conditions, Link};
use str0m::{
    Candidate, Event, Input, Output, Rtc,
    change::SdpAnswer,
    media::{Direction, MediaKind, MediaTime, Mid},
    net::{Protocol, Receive},
};

use super::{DescribedPeer, Frame, OURS, PICTURE, PeerEvent, SEED, STEP, THEIRS, TRANSPORT, secs};
use crate::{
    freezes::Freezes,
    playout::{self, Held, Playout},
    transport::ToTransport,
};

/// Bytes of a picture at 1.5 Mbit/s, and how many times as large one is that stands alone.
const BYTES: f64 = 6_250.0;
const ALONE: f64 = 8.0;
/// As the engine asks, and as senders answer.
const KEY_FRAME_PAUSE: Duration = Duration::from_millis(500);
const CLEAN: Duration = Duration::from_millis(25);

/// The server, the line and the room, with what the room shows.
struct Downlink {
    now: Instant,
    started: Instant,
    room: DescribedPeer,
    server: Rtc,
    mid: Mid,
    there: Link<Vec<u8>>,
    back: Link<Vec<u8>>,
    dice: fastrand::Rng,
    next_picture: Instant,
    key_due: bool,
    playout: Playout,
    held: Held,
    freezes: Freezes,
    waiting: bool,
    asked_at: Option<Instant>,
    shown: Duration,
}

impl Downlink {
    /// Negotiated and about to connect.
    fn new(line: Conditions) -> Self {
        let started = Instant::now();
        let mut room = DescribedPeer::new(TRANSPORT, TransportRole::Subscriber, started, started);
        let mut server = Rtc::builder().build(started);
        let [ours, theirs] = [OURS, THEIRS].map(|at| at.parse::<SocketAddr>().unwrap());
        let host = |at| Candidate::host(at, "udp").unwrap();
        room.link.rtc.add_local_candidate(host(ours));
        server.add_local_candidate(host(theirs));
        let mut changes = server.sdp_api();
        let stream = Some("ada".to_owned());
        let track = Some("cam".to_owned());
        let mid = changes.add_media(MediaKind::Video, Direction::SendOnly, stream, track, None);
        let (offer, pending) = changes.apply().unwrap();
        let answer = room.describe(DescriptionKind::Offer, &offer.to_sdp_string());
        let answer = SdpAnswer::from_sdp_string(&answer.unwrap().unwrap()).unwrap();
        server.sdp_api().accept_answer(pending, answer).unwrap();
        // Servers send again whatever is asked for.
        let mut api = server.direct_api();
        let sent = api.stream_tx_by_mid(mid, None).unwrap();
        sent.set_rtx_cache(2_000, secs(3), None);
        Self {
            now: started,
            started,
            room,
            server,
            mid,
            there: Link::new(SEED, line),
            back: Link::new(SEED + 1, line),
            dice: fastrand::Rng::with_seed(SEED),
            next_picture: started,
            key_due: true,
            playout: Playout::new(90_000),
            held: Held::default(),
            freezes: Freezes::default(),
            waiting: true,
            asked_at: None,
            shown: Duration::ZERO,
        }
    }

    fn set(&mut self, line: Conditions) {
        self.there.set(self.now, line);
        self.back.set(self.now, line);
    }

    /// So much longer.
    fn run(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            self.now += STEP;
            self.send();
            self.server.handle_input(Input::Timeout(self.now)).unwrap();
            self.drain_server();
            let room = &mut self.room.link.rtc;
            room.handle_input(Input::Timeout(self.now)).unwrap();
            self.drain_room();
            self.deliver();
        }
    }

    fn send(&mut self) {
        while self.next_picture <= self.now {
            self.next_picture += PICTURE;
            let at = self.now - self.started;
            let Some(writer) = self.server.writer(self.mid) else {
                continue;
            };
            let pt = writer.payload_params().next().unwrap().pt();
            let key = std::mem::take(&mut self.key_due);
            let larger = if key { ALONE } else { 1.0 };
            let bytes = BYTES * (0.7 + 0.6 * self.dice.f64()) * larger;
            let data = vec![u8::from(!key); bytes as usize];
            let time = MediaTime::from_90khz(at.as_micros() as u64 * 9 / 100);
            writer.write(pt, self.now, time, data).unwrap();
            self.drain_server();
        }
    }

    fn drain_server(&mut self) {
        loop {
            match self.server.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(t) => {
                    let contents = t.contents.to_vec();
                    self.there.push(self.now, contents.len(), contents);
                }
                Output::Event(Event::KeyframeRequest(_) | Event::Connected) => self.key_due = true,
                Output::Event(_) => {}
            }
        }
    }

    fn drain_room(&mut self) {
        loop {
            match self.room.link.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(t) => {
                    let contents = t.contents.to_vec();
                    self.back.push(self.now, contents.len(), contents);
                }
                Output::Event(event) => {
                    if let Some(PeerEvent::Frame { track, frame }) = self.room.understand(event) {
                        self.take(&track, &frame);
                    }
                }
            }
        }
    }

    /// As the engine takes a frame.
    fn take(&mut self, track: &str, frame: &Frame) {
        let now = self.now - self.started;
        self.waiting = !frame.key && (self.waiting || !frame.contiguous);
        let arrival = playout::arrival(frame.at, now, frame.key || self.waiting);
        let due = self.playout.schedule(arrival, frame.rtp_time);
        self.held.add(frame.at, now, due, self.playout.delay());
        if !self.waiting {
            self.shown = self.shown.max(due).max(now);
            self.freezes.shown(self.shown);
            return;
        }
        let rested = |at: Instant| self.now >= at + KEY_FRAME_PAUSE;
        if self.asked_at.is_none_or(rested) {
            self.asked_at = Some(self.now);
            let track = track.to_owned();
            self.room
                .obey(ToTransport::RequestKeyFrame { track })
                .unwrap();
        }
    }

    fn deliver(&mut self) {
        let [ours, theirs] = [OURS, THEIRS].map(|at| at.parse::<SocketAddr>().unwrap());
        while let Some(datagram) = self.there.pop(self.now) {
            let received = Receive::new(Protocol::Udp, theirs, ours, &datagram).unwrap();
            let input = Input::Receive(self.now, received);
            self.room.link.rtc.handle_input(input).unwrap();
            self.drain_room();
        }
        while let Some(datagram) = self.back.pop(self.now) {
            let received = Receive::new(Protocol::Udp, ours, theirs, &datagram).unwrap();
            let input = Input::Receive(self.now, received);
            self.server.handle_input(input).unwrap();
            self.drain_server();
        }
    }

    /// Milliseconds a second that the picture stood still in this time.
    fn stood_still(&mut self, time: Duration) -> u128 {
        let before = self.freezes.total;
        self.run(time);
        (self.freezes.total - before).as_millis() * 1_000 / time.as_millis()
    }
}

fn line(loss: f64, jitter: Duration) -> Conditions {
    Conditions {
        delay: Duration::from_millis(25),
        loss,
        jitter,
        ..Conditions::default()
    }
}

#[test]
fn pictures_wait_for_what_is_sent_again() {
    let mut downlink = Downlink::new(line(0.0, Duration::ZERO));
    downlink.run(secs(5));
    for (loss, most) in [(0.0, 0), (0.01, 0), (0.05, 20), (0.1, 60), (0.2, 300)] {
        downlink.set(line(loss, Duration::ZERO));
        downlink.run(secs(6));
        let stood = downlink.stood_still(secs(20));
        assert!(stood <= most, "{loss}: {stood} ms a second");
    }
}

#[test]
fn what_waits_follows_the_line_both_ways() {
    let mut downlink = Downlink::new(line(0.0, Duration::ZERO));
    downlink.run(secs(5));
    assert!(downlink.playout.delay() <= CLEAN);
    let before = downlink.held;
    downlink.run(secs(5));
    let (count, delay) = (
        downlink.held.count - before.count,
        downlink.held.delay - before.delay,
    );
    assert!((145..=155).contains(&count), "{count}");
    assert!(
        delay / u32::try_from(count).unwrap() <= CLEAN,
        "{delay:?} of {count}"
    );
    downlink.set(line(0.0, Duration::from_millis(60)));
    downlink.run(secs(5));
    let grown = downlink.playout.delay();
    assert!(
        (Duration::from_millis(45)..=Duration::from_millis(80)).contains(&grown),
        "{grown:?}"
    );
    assert_eq!(downlink.stood_still(secs(10)), 0);
    downlink.set(line(0.0, Duration::ZERO));
    downlink.run(secs(20));
    let shrunk = downlink.playout.delay();
    assert!(shrunk <= CLEAN, "{shrunk:?}");
}
