//! An independent peer: GStreamer's own WebRTC (libnice, OpenSSL, libsrtp, rtpbin), which shares no
//! line with the engine's transport. Guarded as its versions in Debian need it: full caps, repair
//! switched on by hand, the loopback address named, no UPnP.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::digest;
use gstreamer::{self as gst, glib, prelude::*};
use gstreamer_webrtc::{WebRTCSDPType, WebRTCSessionDescription, gst_sdp::SDPMessage};
use tokio::{sync::mpsc, time::timeout};

use super::DEADLINE;

/// A picture of 320x180 in which something moves, and a tone.
const SENDING: &str = "webrtcbin name=peer bundle-policy=max-bundle latency=60 \
    videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=320,height=180,framerate=30/1 \
    ! vp8enc deadline=1 cpu-used=8 threads=1 error-resilient=default keyframe-max-dist=3000 target-bitrate=300000 \
    ! rtpvp8pay picture-id-mode=15-bit \
    ! application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000 ! peer. \
    audiotestsrc is-live=true freq=500 ! audio/x-raw,rate=48000,channels=1 ! opusenc ! rtpopuspay \
    ! application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,encoding-params=(string)2 ! peer.";
/// A white picture and a tone, as they are offered for a screen.
const SCREEN: &str = "webrtcbin name=peer bundle-policy=max-bundle latency=60 \
    videotestsrc is-live=true pattern=white ! video/x-raw,format=I420,width=320,height=180,framerate=30/1 \
    ! vp8enc deadline=1 cpu-used=8 threads=1 target-bitrate=300000 ! rtpvp8pay picture-id-mode=15-bit \
    ! application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000 ! peer. \
    audiotestsrc is-live=true freq=500 ! audio/x-raw,rate=48000,channels=2 ! opusenc ! rtpopuspay \
    ! application/x-rtp,media=audio,encoding-name=OPUS,payload=97,clock-rate=48000,encoding-params=(string)2 ! peer.";
const RECEIVING: &str = "webrtcbin name=peer bundle-policy=max-bundle latency=60";

const PICTURES: &str = "queue ! rtpvp8depay wait-for-keyframe=true request-keyframe=true ! vp8dec \
    ! fakesink name=end sync=false";
const SOUNDS: &str = "queue ! rtpopusdepay ! opusdec ! audioconvert ! audio/x-raw,format=S16LE \
    ! fakesink name=end sync=false";
/// What counts as heard, of 32,768.
const LOUD: u16 = 1_000;

/// What came out of its decoders.
#[derive(Debug, Default)]
pub(crate) struct Came {
    pictures: AtomicU64,
    /// Pieces of sound that are not silent.
    sounds: AtomicU64,
}

pub(crate) struct WebrtcBin {
    pipeline: gst::Pipeline,
    peer: gst::Element,
    candidates: mpsc::UnboundedReceiver<String>,
    came: Arc<Came>,
    fingerprint: String,
}

impl WebrtcBin {
    /// One that sends picture and sound, and takes both.
    pub(crate) fn sending() -> Self {
        Self::start(SENDING, "127.0.0.1")
    }

    /// One at this address that sends a white picture of 320x180, and a tone.
    pub(crate) fn showing(at: &str) -> Self {
        Self::start(SCREEN, at)
    }

    /// Goes where the offer says that the other is.
    pub(crate) fn find(&self, offer: &str) {
        let candidates = offer.lines().filter_map(|line| line.strip_prefix("a="));
        for candidate in candidates.filter(|line| line.starts_with("candidate:")) {
            self.peer
                .emit_by_name::<()>("add-ice-candidate", &[&0_u32, &candidate]);
        }
    }

    /// One that only answers, at this address.
    pub(crate) fn receiving(at: &str) -> Self {
        Self::start(RECEIVING, at)
    }

    fn start(description: &str, at: &str) -> Self {
        gst::init().unwrap();
        let pipeline = gst::Pipeline::new();
        let fingerprint = give_certificate(&pipeline);
        let bin = gst::parse::bin_from_description(description, false).unwrap();
        pipeline.add(&bin).unwrap();
        let peer = bin.by_name("peer").unwrap();
        let agent = peer.property::<gst::Object>("ice-agent");
        agent
            .property::<glib::Object>("agent")
            .set_property("upnp", false);
        let added = agent.emit_by_name::<bool>("add-local-ip-address", &[&at]);
        assert!(added, "libnice takes the address");
        let (tell, candidates) = mpsc::unbounded_channel();
        peer.connect("on-ice-candidate", false, move |values| {
            let candidate = values[2].get::<String>().unwrap();
            let _ = tell.send(candidate);
            None
        });
        peer.connect("on-new-transceiver", false, |values| {
            let transceiver = values[1].get::<glib::Object>().unwrap();
            transceiver.set_property("do-nack", true);
            None
        });
        // Those of pads that were linked above are older than the handler.
        for transceiver in transceivers(&peer) {
            transceiver.set_property("do-nack", true);
        }
        let came = Arc::new(Came::default());
        let (weak, counts) = (bin.downgrade(), Arc::clone(&came));
        peer.connect_pad_added(move |_, pad| {
            if let Some(bin) = weak
                .upgrade()
                .filter(|_| pad.direction() == gst::PadDirection::Src)
            {
                take(&bin, pad, &counts);
            }
        });
        pipeline.set_state(gst::State::Playing).unwrap();
        Self {
            pipeline,
            peer,
            candidates,
            came,
            fingerprint,
        }
    }

    /// Its offer, which it goes by. It names the sources of streams only once their caps are there.
    pub(crate) async fn offer(&self) -> String {
        let ready = async {
            let pads = self.peer.sink_pads();
            while !pads.iter().all(|pad| pad.current_caps().is_some()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(DEADLINE, ready).await.expect("caps in time");
        let offer = self.create("create-offer", WebRTCSDPType::Offer).await;
        self.describe("set-local-description", WebRTCSDPType::Offer, &offer)
            .await;
        self.with_fingerprint(&offer)
    }

    /// Its answer to this offer, which both go by.
    pub(crate) async fn answer(&self, offer: &str) -> String {
        self.describe("set-remote-description", WebRTCSDPType::Offer, offer)
            .await;
        let answer = self.create("create-answer", WebRTCSDPType::Answer).await;
        self.describe("set-local-description", WebRTCSDPType::Answer, &answer)
            .await;
        self.with_fingerprint(&answer)
    }

    fn with_fingerprint(&self, sdp: &str) -> String {
        let lines = sdp.lines().map(|line| {
            let names = line.starts_with("a=fingerprint:");
            let line = if names { &self.fingerprint } else { line };
            format!("{line}\r\n")
        });
        lines.collect()
    }

    pub(crate) async fn accept(&self, answer: &str) {
        self.describe("set-remote-description", WebRTCSDPType::Answer, answer)
            .await;
    }

    async fn create(&self, what: &str, kind: WebRTCSDPType) -> String {
        let reply = self.ask(what, |promise| {
            self.peer
                .emit_by_name::<()>(what, &[&None::<gst::Structure>, promise]);
        });
        let reply = reply.await.expect("a description");
        let name = if kind == WebRTCSDPType::Offer {
            "offer"
        } else {
            "answer"
        };
        let description = reply.get::<WebRTCSessionDescription>(name).unwrap();
        description.sdp().as_text().unwrap()
    }

    async fn describe(&self, what: &str, kind: WebRTCSDPType, sdp: &str) {
        let sdp = SDPMessage::parse_buffer(bare(sdp).as_bytes()).unwrap();
        let description = WebRTCSessionDescription::new(kind, sdp);
        let reply = self.ask(what, |promise| {
            self.peer.emit_by_name::<()>(what, &[&description, promise]);
        });
        let reply = reply.await;
        let refused = reply.as_ref().is_some_and(|r| r.has_field("error"));
        assert!(!refused, "{what}: {reply:?}");
    }

    /// Has it do something that ends with a promise; without full caps it never does.
    async fn ask(&self, what: &str, ask: impl FnOnce(&gst::Promise)) -> Option<gst::Structure> {
        let (tell, told) = tokio::sync::oneshot::channel();
        let promise = gst::Promise::with_change_func(move |reply| {
            let reply = reply.ok().flatten().map(|reply| reply.to_owned());
            let _ = tell.send(reply);
        });
        ask(&promise);
        timeout(DEADLINE, told)
            .await
            .unwrap_or_else(|_| panic!("{what} in time"))
            .unwrap()
    }

    /// Where it is reached over UDP.
    pub(crate) async fn address(&mut self) -> std::net::SocketAddr {
        loop {
            let candidate = timeout(DEADLINE, self.candidates.recv()).await;
            let candidate = candidate.expect("a candidate in time").expect("it lives");
            let fields: Vec<_> = candidate.split(' ').collect();
            if fields[2].eq_ignore_ascii_case("udp") && fields[1] == "1" {
                return format!("{}:{}", fields[4], fields[5]).parse().unwrap();
            }
        }
    }

    pub(crate) fn pictures(&self) -> u64 {
        self.came.pictures.load(Ordering::Relaxed)
    }

    pub(crate) fn sounds(&self) -> u64 {
        self.came.sounds.load(Ordering::Relaxed)
    }

    /// Waits for so many more pictures and pieces of sound that can be heard.
    pub(crate) async fn gets(&self, pictures: u64, sounds: u64) {
        let wanted = (self.pictures() + pictures, self.sounds() + sounds);
        let came = async {
            while self.pictures() < wanted.0 || self.sounds() < wanted.1 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let in_time = timeout(DEADLINE, came).await;
        assert!(in_time.is_ok(), "{:?} came, {wanted:?} wanted", self.came);
    }
}

impl Drop for WebrtcBin {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// The engine takes no RSA in DTLS, as nothing but GStreamer still makes such certificates. Returns
/// the line that names the new one in descriptions: of certificates that come with their key
/// GStreamer hashes the key too.
fn give_certificate(pipeline: &gst::Pipeline) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default()
        .self_signed(&key)
        .unwrap();
    let pem = certificate.pem() + &key.serialize_pem();
    pipeline.connect_deep_element_added(move |_, _, element| {
        if element.factory().is_some_and(|f| f.name() == "dtlsdec") {
            element.set_property("pem", &pem);
        }
    });
    let hash = digest::digest(&digest::SHA256, certificate.der());
    let bytes: Vec<_> = hash
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    format!("a=fingerprint:sha-256 {}", bytes.join(":"))
}

/// Without candidates: the two find each other by the network between them alone.
fn bare(sdp: &str) -> String {
    let lines = sdp.lines().filter(|line| !line.starts_with("a=candidate:"));
    lines.map(|line| format!("{line}\r\n")).collect()
}

fn transceivers(peer: &gst::Element) -> Vec<glib::Object> {
    (0..)
        .map_while(|index: i32| {
            peer.emit_by_name::<Option<glib::Object>>("get-transceiver", &[&index])
        })
        .collect()
}

/// Decodes and counts what comes in a stream.
fn take(bin: &gst::Bin, pad: &gst::Pad, came: &Arc<Came>) {
    let caps = pad.current_caps().expect("a stream has caps");
    let picture = caps.structure(0).unwrap().get::<&str>("media") == Ok("video");
    let description = if picture { PICTURES } else { SOUNDS };
    let decoding = gst::parse::bin_from_description(description, true).unwrap();
    let end = decoding.by_name("end").unwrap().static_pad("sink").unwrap();
    let came = Arc::clone(came);
    end.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let Some(buffer) = info.buffer() else {
            return gst::PadProbeReturn::Ok;
        };
        if picture {
            came.pictures.fetch_add(1, Ordering::Relaxed);
        } else if is_loud(buffer) {
            came.sounds.fetch_add(1, Ordering::Relaxed);
        }
        gst::PadProbeReturn::Ok
    });
    bin.add(&decoding).unwrap();
    pad.link(&decoding.static_pad("sink").unwrap()).unwrap();
    decoding.sync_state_with_parent().unwrap();
}

fn is_loud(buffer: &gst::BufferRef) -> bool {
    let map = buffer.map_readable().unwrap();
    let mut samples = map
        .as_slice()
        .chunks_exact(2)
        .map(|s| i16::from_le_bytes([s[0], s[1]]));
    samples.any(|sample| sample.unsigned_abs() > LOUD)
}
