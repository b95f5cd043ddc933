//! One browser in the room's network, by GStreamer's own WebRTC. Guarded as its versions in Debian
//! need it (docs/adr/0027): one picture in one direction that never rests, the certificate compared by
//! ourselves before anything passes, full caps, repair switched on, one address, no UPnP.

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use gstreamer::{self as gst, glib, prelude::*};
use gstreamer_webrtc::{
    WebRTCICEGatheringState, WebRTCPeerConnectionState, WebRTCRTPTransceiver,
    WebRTCRTPTransceiverDirection, WebRTCSDPType, WebRTCSessionDescription, gst_sdp::SDPMessage,
};
use saal_media_protocol::BrowserId;

use super::{
    Graph, GraphError, GraphEvent, Part, chain, make,
    source_video::{PictureSink, output},
    start, stop,
};
use crate::{
    browser::{Answer, Fingerprint, fingerprint_of},
    vp8,
};

/// Milliseconds that packets wait for those before them: a room's own network is quick.
const LATENCY_MS: u32 = 60;
/// VP8's in the one offer that we make.
const PAYLOAD: i32 = 96;
/// Numbers packets, so that the browser learns what the way carries.
const TRANSPORT_CC: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// Pixels of a picture that gets a decoder: its size is a stranger's claim, its memory is ours.
const MOST_PIXELS: u32 = 4096 * 2304;

/// What a browser's connection says, from GStreamer's threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrowserSaid {
    /// The offer for it, with all candidates.
    Offer(String),
    /// Its first picture, from the browser that answered.
    Picture,
    /// Whoever is at the other end did not answer.
    Untrusted,
    /// The way to it broke.
    Lost,
    /// GStreamer refuses to go on; why is for the log.
    Failed(String),
}

/// A connection that receives one picture; dropping it ends it.
#[derive(Debug)]
pub struct BrowserPeer {
    pipeline: gst::Pipeline,
    peer: gst::Element,
    told: Told,
    newest: Newest,
}

/// What all callbacks share.
#[derive(Clone, Debug)]
struct Told {
    graph: Graph,
    browser: BrowserId,
    /// What the browser's answer names.
    expected: Arc<Mutex<Option<Fingerprint>>>,
}

impl Told {
    fn say(&self, said: BrowserSaid) {
        self.graph.say(GraphEvent::Browser {
            browser: self.browser,
            said,
        });
    }
}

/// The last picture and when it came.
type Newest = Arc<Mutex<Option<(gst::Sample, Duration)>>>;

impl BrowserPeer {
    /// Begins a connection in which the browser sends its picture to `sink`. The offer follows as
    /// [`BrowserSaid::Offer`].
    ///
    /// # Errors
    /// When an element is missing or nothing starts.
    pub fn share(
        graph: &Graph,
        browser: BrowserId,
        address: IpAddr,
        sink: PictureSink,
    ) -> Result<Self, GraphError> {
        let part = Part::Browser(browser);
        let reported = part.clone();
        let pipeline = graph.pipeline("browser", move |_| reported.clone());
        let peer = connection(address)?;
        chain(&pipeline, part.clone(), &[&peer])?;
        let told = Told {
            graph: graph.clone(),
            browser,
            expected: Arc::default(),
        };
        let newest = Newest::default();
        let direction = WebRTCRTPTransceiverDirection::Recvonly;
        let transceiver: WebRTCRTPTransceiver =
            peer.emit_by_name("add-transceiver", &[&direction, &vp8_caps()]);
        transceiver.set_property("do-nack", true);
        let sink: Arc<PictureSink> = Arc::new(sink);
        let (weak, pads, kept) = (pipeline.downgrade(), told.clone(), Arc::clone(&newest));
        peer.connect_pad_added(move |peer, pad| {
            let pipeline = weak
                .upgrade()
                .filter(|_| pad.direction() == gst::PadDirection::Src);
            let Some(pipeline) = pipeline else { return };
            never_end(pad);
            let sink = shown_to(&pads, &kept, &sink);
            guard(peer, pad, &pads);
            if let Err(error) = receive(&pipeline, pad, &pads, sink) {
                pads.say(BrowserSaid::Failed(error.to_string()));
            }
        });
        report(&peer, &told);
        start(part, &pipeline)?;
        let running = Self {
            pipeline,
            peer,
            told,
            newest,
        };
        running.offer();
        Ok(running)
    }

    fn offer(&self) {
        let (peer, told) = (self.peer.downgrade(), self.told.clone());
        let promise = gst::Promise::with_change_func(move |reply| {
            let offer = reply.ok().flatten();
            let offer = offer.and_then(|reply| reply.get::<WebRTCSessionDescription>("offer").ok());
            match (offer, peer.upgrade()) {
                (Some(offer), Some(peer)) => {
                    peer.emit_by_name::<()>(
                        "set-local-description",
                        &[&offer, &None::<gst::Promise>],
                    );
                }
                _ => told.say(BrowserSaid::Failed("no offer came".to_owned())),
            }
        });
        self.peer
            .emit_by_name::<()>("create-offer", &[&None::<gst::Structure>, &promise]);
    }

    /// Takes an answer that was checked. One that GStreamer refuses comes back as
    /// [`BrowserSaid::Failed`].
    pub fn answer(&self, answer: &Answer) {
        *lock(&self.told.expected) = Some(answer.fingerprint);
        let told = self.told.clone();
        let Ok(sdp) = SDPMessage::parse_buffer(answer.sdp.as_bytes()) else {
            return told.say(BrowserSaid::Failed("the answer can't be read".to_owned()));
        };
        let description = WebRTCSessionDescription::new(WebRTCSDPType::Answer, sdp);
        let promise = gst::Promise::with_change_func(move |reply| {
            let refused = reply.ok().flatten().is_some_and(|r| r.has_field("error"));
            if refused {
                told.say(BrowserSaid::Failed("the answer does not fit".to_owned()));
            }
        });
        self.peer
            .emit_by_name::<()>("set-remote-description", &[&description, &promise]);
    }

    /// A screen on which nothing moves is not sent again; the last picture of one that is older than
    /// `age`, for those who come later and for encoders that have to begin anew.
    #[must_use]
    pub fn still(&self, age: Duration) -> Option<gst::Sample> {
        let mut newest = lock(&self.newest);
        let (sample, at) = newest.as_mut()?;
        let now = self.told.graph.time();
        if now.saturating_sub(*at) < age {
            return None;
        }
        *at = now;
        Some(stamped(sample, &self.told.graph))
    }
}

impl Drop for BrowserPeer {
    fn drop(&mut self) {
        stop(&self.pipeline);
    }
}

/// webrtcbin at one address: the one that the browser reached.
fn connection(address: IpAddr) -> Result<gst::Element, GraphError> {
    // Without libnice webrtcbin aborts the process when it is asked for its agent.
    make("nicesrc")?;
    let peer = make("webrtcbin")?;
    peer.set_property_from_str("bundle-policy", "max-bundle");
    peer.set_property("latency", LATENCY_MS);
    let ice = peer.property::<gst::Object>("ice-agent");
    let agent = ice.property::<glib::Object>("agent");
    // It would start a server for the answers of routers, and offer TCP that nobody needs here.
    agent.set_property("upnp", false);
    agent.set_property("ice-tcp", false);
    if !ice.emit_by_name::<bool>("add-local-ip-address", &[&address.to_string()]) {
        tracing::warn!(%address, "libnice does not take the address");
    }
    Ok(peer)
}

/// Whole: an offer of caps that lack something never comes.
fn vp8_caps() -> gst::Caps {
    gst::Caps::builder("application/x-rtp")
        .field("media", "video")
        .field("encoding-name", "VP8")
        .field("payload", PAYLOAD)
        .field("clock-rate", 90_000)
        .field("rtcp-fb-nack", true)
        .field("rtcp-fb-nack-pli", true)
        .field("rtcp-fb-transport-cc", true)
        .field("extmap-1", TRANSPORT_CC)
        .build()
}

/// Says the offer once it is whole, and the end.
fn report(peer: &gst::Element, told: &Told) {
    let gathered = told.clone();
    peer.connect_notify(Some("ice-gathering-state"), move |peer, _| {
        let state = peer.property::<WebRTCICEGatheringState>("ice-gathering-state");
        let offer = peer.property::<Option<WebRTCSessionDescription>>("local-description");
        if state != WebRTCICEGatheringState::Complete {
            return;
        }
        match offer.map(|offer| offer.sdp().as_text()) {
            Some(Ok(sdp)) => gathered.say(BrowserSaid::Offer(sdp)),
            _ => gathered.say(BrowserSaid::Failed("the offer can't be read".to_owned())),
        }
    });
    let ended = told.clone();
    peer.connect_notify(Some("connection-state"), move |peer, _| match peer
        .property::<WebRTCPeerConnectionState>("connection-state")
    {
        WebRTCPeerConnectionState::Failed => ended.say(BrowserSaid::Lost),
        state => tracing::debug!(browser = ?ended.browser, ?state, "a browser"),
    });
}

/// An end of stream in a bundle ends it for good; connections here end with their pipeline.
fn never_end(pad: &gst::Pad) {
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, |_, info| {
        let ends = info
            .event()
            .is_some_and(|e| e.type_() == gst::EventType::Eos);
        if ends {
            gst::PadProbeReturn::Drop
        } else {
            gst::PadProbeReturn::Ok
        }
    });
}

/// Lets nothing through a pad of webrtcbin until the certificate at the other end is the one that the
/// answer names. Nothing passes once it is another.
fn guard(peer: &gst::Element, pad: &gst::Pad, told: &Told) {
    let (peer, told) = (peer.downgrade(), told.clone());
    let refused = AtomicBool::new(false);
    let mask = gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST;
    pad.add_probe(mask, move |_, _| {
        if refused.load(Ordering::Relaxed) {
            return gst::PadProbeReturn::Drop;
        }
        let expected = *lock(&told.expected);
        let shown = peer.upgrade().and_then(|peer| remote_fingerprint(&peer));
        match (expected, shown) {
            (Some(expected), Some(shown)) if expected == shown => gst::PadProbeReturn::Remove,
            (Some(_), Some(_)) => {
                refused.store(true, Ordering::Relaxed);
                told.say(BrowserSaid::Untrusted);
                gst::PadProbeReturn::Drop
            }
            _ => gst::PadProbeReturn::Drop,
        }
    });
}

/// Of the certificate that was shown in the handshake.
fn remote_fingerprint(peer: &gst::Element) -> Option<Fingerprint> {
    let transceiver = peer.emit_by_name::<Option<glib::Object>>("get-transceiver", &[&0_i32])?;
    let receiver = transceiver.property::<Option<glib::Object>>("receiver")?;
    let transport = receiver.property::<Option<glib::Object>>("transport")?;
    let pem = transport.property::<Option<String>>("remote-certificate")?;
    fingerprint_of(&pem)
}

/// Keeps the newest picture and says when the first one came.
fn shown_to(told: &Told, newest: &Newest, sink: &Arc<PictureSink>) -> PictureSink {
    let (told, newest, sink) = (told.clone(), Arc::clone(newest), Arc::clone(sink));
    Box::new(move |sample| {
        let sample = stamped(sample, &told.graph);
        let before = lock(&newest).replace((sample.clone(), told.graph.time()));
        if before.is_none() {
            told.say(BrowserSaid::Picture);
        }
        sink(&sample);
    })
}

/// The same picture, as of now.
fn stamped(sample: &gst::Sample, graph: &Graph) -> gst::Sample {
    let (Some(mut buffer), Some(caps)) = (sample.buffer_owned(), sample.caps_owned()) else {
        return sample.clone();
    };
    buffer.make_mut().set_pts(graph.now());
    gst::Sample::builder().buffer(&buffer).caps(&caps).build()
}

/// Decodes what comes out of a pad.
fn receive(
    pipeline: &gst::Pipeline,
    pad: &gst::Pad,
    told: &Told,
    sink: PictureSink,
) -> Result<(), GraphError> {
    let part = Part::Browser(told.browser);
    let (queue, depay, decoder) = (make("queue")?, make("rtpvp8depay")?, make("vp8dec")?);
    depay.set_property("wait-for-keyframe", true);
    depay.set_property("request-keyframe", true);
    decoder.set_property("threads", 1_u32);
    bound(&depay, told);
    let output = output(sink);
    let elements = [&queue, &depay, &decoder, output.upcast_ref()];
    chain(pipeline, part.clone(), &elements)?;
    let broken = |source| GraphError::Link {
        part: part.clone(),
        source,
    };
    for element in elements {
        element.sync_state_with_parent().map_err(broken)?;
    }
    let entry = queue
        .static_pad("sink")
        .expect("every queue has a sink pad");
    let linked = pad.link(&entry);
    linked.map_err(|error| broken(glib::bool_error!("a browser's picture: {error}")))?;
    Ok(())
}

/// Larger pictures than any screen's end the connection.
fn bound(depay: &gst::Element, told: &Told) {
    let told = told.clone();
    let pad = depay
        .static_pad("src")
        .expect("every depayloader has a source pad");
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let data = info.buffer().and_then(|buffer| buffer.map_readable().ok());
        let size = data.and_then(|data| vp8::size(data.as_slice()));
        let pixels = size.map_or(0, |(width, height)| u32::from(width) * u32::from(height));
        if pixels <= MOST_PIXELS {
            return gst::PadProbeReturn::Ok;
        }
        told.say(BrowserSaid::Failed(format!("a picture of {pixels} pixels")));
        gst::PadProbeReturn::Drop
    });
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
