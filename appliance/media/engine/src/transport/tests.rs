//! Two ends of a connection and the network between them, in simulated time: what a room makes of a line that becomes
//! narrow and wide again. Encoders are models that obey at once.

mod burst;
mod receiving;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use saal_media_protocol::{
    Codec, DescriptionKind, SourceKind, TransportId, TransportRole, VideoLayer, VideoSend,
};
use saal_network_sim::{Conditions, Link};
use str0m::{
    Candidate, Event, Input, Output, Rtc,
    change::SdpOffer,
    media::KeyframeRequestKind,
    net::{Protocol, Receive},
};

use super::{Frame, Reach, ToTransport, described::DescribedPeer, nat::Nat, peer::PeerEvent};
use crate::{
    plan::{self, CapturePlan, PictureSize, Send},
    transport::statistics::Statistics,
};

const SEED: u64 = 4;
const STEP: Duration = Duration::from_millis(1);
const PICTURE: Duration = Duration::from_micros(33_333);
const SOUND: Duration = Duration::from_millis(20);
const TRANSPORT: TransportId = TransportId(1);
const OURS: &str = "10.0.0.1:1";
const THEIRS: &str = "10.0.0.2:2";

/// The sending room, the server, and the lines between them.
struct World {
    now: Instant,
    started: Instant,
    room: DescribedPeer,
    server: Rtc,
    there: Link<Vec<u8>>,
    back: Link<Vec<u8>>,
    send: Send,
    dice: fastrand::Rng,
    next_picture: Instant,
    next_sound: Instant,
    key_due: bool,
    /// Pictures that the server put together.
    arrived: u64,
    statistics: Statistics,
    nat: Nat,
}

impl World {
    /// Negotiated and about to connect.
    fn new(line: Conditions, layers: &[(u32, u32, u32)]) -> Self {
        let started = Instant::now();
        let mut room = DescribedPeer::new(TRANSPORT, TransportRole::Publisher, started, started);
        let mut server = Rtc::builder().enable_bwe(None).build(started);
        let video = video(layers);
        let tracks = [
            ("mic", SourceKind::Microphone, None),
            ("cam", SourceKind::Camera, Some(video.clone())),
        ];
        for (track, source, video) in tracks {
            let track = track.to_owned();
            room.obey(ToTransport::Publish {
                track,
                source,
                video,
            })
            .unwrap();
        }
        let [ours, theirs] = [OURS, THEIRS].map(|at| at.parse::<SocketAddr>().unwrap());
        let host = |at| Candidate::host(at, "udp").unwrap();
        room.link.rtc.add_local_candidate(host(ours));
        server.add_local_candidate(host(theirs));
        let offer = SdpOffer::from_sdp_string(&room.next_offer().unwrap()).unwrap();
        let answer = server.sdp_api().accept_offer(offer).unwrap();
        let answer = answer.to_sdp_string();
        room.describe(DescriptionKind::Answer, &answer).unwrap();
        let send = Send {
            transport: TRANSPORT,
            track: "cam".to_owned(),
            source: SourceKind::Camera,
            active: vec![true; layers.len()],
            video: Some(video),
            temporal: false,
            estimate: None,
        };
        room.link.want_bitrate(plan::wanted_bitrate(&send));
        let back = Conditions {
            capacity: None,
            ..line
        };
        Self {
            now: started,
            started,
            room,
            server,
            there: Link::new(SEED, line),
            back: Link::new(SEED + 1, back),
            send,
            dice: fastrand::Rng::with_seed(SEED),
            next_picture: started,
            next_sound: started,
            key_due: true,
            arrived: 0,
            statistics: Statistics::default(),
            nat: Nat::new(Reach {
                servers: &[],
                proxy: None,
            }),
        }
    }

    /// What the encoders make of the estimate: bits a second of each layer that runs.
    fn rates(&self) -> Vec<(usize, u32)> {
        let camera = CapturePlan::Open {
            choice: saal_media_protocol::CameraChoice::Simulated,
            size: PictureSize {
                width: 1280,
                height: 720,
                frames_per_second: 30,
            },
        };
        let plans = plan::encoders(
            &camera,
            &CapturePlan::Closed,
            std::slice::from_ref(&self.send),
        );
        plans
            .iter()
            .map(|plan| (plan.layer, plan.bitrate))
            .collect()
    }

    /// Until so long after the beginning; `look` is called every millisecond.
    fn run(&mut self, until: Duration, mut look: impl FnMut(&Self)) {
        while self.now < self.started + until {
            self.now += STEP;
            self.encode();
            self.room
                .link
                .rtc
                .handle_input(Input::Timeout(self.now))
                .unwrap();
            self.drain_room();
            self.server.handle_input(Input::Timeout(self.now)).unwrap();
            self.drain_server();
            self.deliver();
            look(self);
        }
    }

    fn encode(&mut self) {
        while self.next_sound <= self.now {
            self.next_sound += SOUND;
            self.write("mic", Codec::Opus, 0, 80, false);
        }
        while self.next_picture <= self.now {
            self.next_picture += PICTURE;
            let key = std::mem::take(&mut self.key_due);
            for (layer, rate) in self.rates() {
                let mean = f64::from(rate) / 8.0 * PICTURE.as_secs_f64();
                let size = mean * (0.7 + 0.6 * self.dice.f64()) * if key { 4.0 } else { 1.0 };
                self.write("cam", Codec::Vp8, layer, size as usize, key);
            }
        }
    }

    fn write(&mut self, track: &str, codec: Codec, layer: usize, bytes: usize, key: bool) {
        let at = self.now - self.started;
        let clock = if codec == Codec::Opus { 48_000 } else { 90_000 };
        let frame = Frame {
            codec,
            source: 0,
            rtp_time: (at.as_micros() * clock / 1_000_000) as u64,
            at,
            key,
            contiguous: true,
            temporal: None,
            layers: Vec::new(),
            level: None,
            data: Arc::from(vec![u8::from(!key); bytes.max(10)]),
        };
        let track = track.to_owned();
        let write = ToTransport::Write {
            track,
            layer,
            frame,
        };
        self.room.obey(write).unwrap();
        self.drain_room();
    }

    fn drain_room(&mut self) {
        loop {
            match self.room.link.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(t) => {
                    let contents = t.contents.to_vec();
                    self.there.push(self.now, contents.len(), contents);
                }
                Output::Event(event) => {
                    self.statistics.understand(TRANSPORT, &self.nat, &event);
                    match self.room.understand(event) {
                        Some(PeerEvent::Estimate {
                            bits_per_second, ..
                        }) => {
                            self.send.estimate = Some(bits_per_second);
                        }
                        Some(PeerEvent::KeyFrameWanted { .. }) => self.key_due = true,
                        _ => {}
                    }
                }
            }
        }
    }

    fn drain_server(&mut self) {
        loop {
            match self.server.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(t) => {
                    let contents = t.contents.to_vec();
                    self.back.push(self.now, contents.len(), contents);
                }
                Output::Event(Event::MediaData(data)) => {
                    if !data.params.spec().codec.is_audio() {
                        self.arrived += 1;
                    }
                    if !data.contiguous
                        && let Some(mut writer) = self.server.writer(data.mid)
                    {
                        let _ = writer.request_keyframe(data.rid, KeyframeRequestKind::Pli);
                    }
                }
                Output::Event(_) => {}
            }
        }
    }

    fn deliver(&mut self) {
        let [ours, theirs] = [OURS, THEIRS].map(|at| at.parse::<SocketAddr>().unwrap());
        while let Some(datagram) = self.there.pop(self.now) {
            let received = Receive::new(Protocol::Udp, ours, theirs, &datagram).unwrap();
            self.server
                .handle_input(Input::Receive(self.now, received))
                .unwrap();
            self.drain_server();
        }
        while let Some(datagram) = self.back.pop(self.now) {
            let received = Receive::new(Protocol::Udp, theirs, ours, &datagram).unwrap();
            self.room
                .link
                .rtc
                .handle_input(Input::Receive(self.now, received))
                .unwrap();
            self.drain_room();
        }
    }
}

fn video(layers: &[(u32, u32, u32)]) -> VideoSend {
    let one = layers.len() == 1;
    let rids = ["q", "h", "f"];
    VideoSend {
        codec: Codec::Vp8,
        frames_per_second: 30,
        layers: layers
            .iter()
            .zip(rids)
            .map(|((width, height, max_bitrate), rid)| VideoLayer {
                rid: if one { String::new() } else { rid.to_owned() },
                width: *width,
                height: *height,
                max_bitrate: *max_bitrate,
            })
            .collect(),
    }
}

fn line(capacity: u64) -> Conditions {
    Conditions {
        delay: Duration::from_millis(25),
        capacity: Some(capacity),
        queue: Duration::from_secs(2),
        ..Conditions::default()
    }
}

const WIDE: u64 = 2_400_000;
/// 75 % less.
const NARROW: u64 = 600_000;
const SETTLED: Duration = Duration::from_secs(12);
/// What goals.md asks the queue to be below again within a second.
const QUEUE: Duration = Duration::from_millis(200);

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[test]
fn a_line_that_loses_three_quarters_of_its_capacity_is_not_flooded() {
    let mut world = World::new(line(WIDE), &[(1280, 720, 1_500_000)]);
    world.run(SETTLED, |_| {});
    assert_eq!(world.rates(), [(0, 1_500_000)]);
    let (fell, before) = (world.now, world.arrived);
    world.there.set(world.now, line(NARROW));
    let (mut short_after, mut longest) = (Duration::ZERO, Duration::ZERO);
    world.run(SETTLED + secs(3), |world| {
        let waiting = world.there.waiting(world.now);
        longest = longest.max(waiting);
        if waiting >= QUEUE {
            short_after = world.now - fell;
        }
    });
    assert!(short_after <= secs(1), "{short_after:?}");
    assert!(longest < Duration::from_millis(600), "{longest:?}");
    let mut standing = Duration::ZERO;
    world.run(SETTLED + secs(12), |world| {
        standing = standing.max(world.there.waiting(world.now));
    });
    assert!(standing < Duration::from_millis(400), "{standing:?}");
    assert!(
        world.arrived - before > 200,
        "{} pictures",
        world.arrived - before
    );
    world.there.set(world.now, line(WIDE));
    world.run(SETTLED + secs(20), |_| {});
    assert_eq!(world.rates(), [(0, 1_500_000)], "the old rate is back");
}

#[test]
fn the_largest_layer_rests_while_the_line_is_narrow() {
    let layers = [
        (320, 180, 160_000),
        (640, 360, 450_000),
        (1280, 720, 1_500_000),
    ];
    let mut world = World::new(line(3_000_000), &layers);
    let running = |world: &World| {
        world
            .rates()
            .iter()
            .map(|(layer, _)| *layer)
            .collect::<Vec<_>>()
    };
    world.run(SETTLED, |_| {});
    assert_eq!(running(&world), [0, 1, 2]);
    world.there.set(world.now, line(NARROW));
    world.run(SETTLED + secs(6), |_| {});
    assert!(!running(&world).contains(&2), "{:?}", world.rates());
    world.there.set(world.now, line(3_000_000));
    world.run(SETTLED + secs(30), |_| {});
    assert_eq!(running(&world), [0, 1, 2]);
}

#[test]
fn what_a_lossy_line_swallows_is_sent_again() {
    let clean = Conditions {
        delay: Duration::from_millis(25),
        ..Conditions::default()
    };
    let mut world = World::new(clean, &[(1280, 720, 1_500_000)]);
    world.run(secs(5), |_| {});
    let lossy = Conditions { loss: 0.2, ..clean };
    world.there.set(world.now, lossy);
    world.back.set(world.now, lossy);
    world.run(secs(10), |_| {});
    let before = world.arrived;
    world.run(secs(25), |_| {});
    let arrived = world.arrived - before;
    assert!(arrived >= 15 * 30 * 9 / 10, "{arrived} pictures in 15 s");
}
