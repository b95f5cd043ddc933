//! One browser of the room's network, by GStreamer's own WebRTC. Guarded as its versions in Debian
//! need it (docs/adr/0027): one picture in one direction that never rests, a laptop's sound beside it, the certificate compared by
//! ourselves before anything passes, full caps, repair switched on, one address, no UPnP.

mod sound;
mod view;

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
use saal_media_protocol::{BrowserId, RoomPicture};

use super::{
    EncoderInputs, Graph, GraphError, GraphEvent, KEPT_BACK, Part,
    bounds::too_large,
    chain, clock_time, make,
    source_video::{PictureSink, output},
    start, stop,
};
use view::Outgoing;

use crate::{
    browser::{Answer, Fingerprint, fingerprint_of},
    transport::Frame,
    vp8,
};

/// Milliseconds that packets wait for those before them: a room's own network is quick.
const LATENCY_MS: u32 = 60;
/// VP8's in the one offer that we make.
const PAYLOAD: i32 = 96;
/// Numbers packets, so that the browser learns what the way carries.
const TRANSPORT_CC: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// What a browser's connection says, from GStreamer's threads.
#[derive(Clone, Debug)]
pub enum BrowserSaid {
    /// The offer for it, with all candidates.
    Offer(String),
    /// The browser is the one that answered, and its first picture came, or the room's goes out.
    Picture,
    /// A laptop's sound; its `at` is when people are to hear it.
    Sound(Frame),
    /// Whoever is at the other end did not answer.
    Untrusted,
    /// The way to it broke.
    Lost,
    /// GStreamer refuses to go on; why is for the log.
    Failed(String),
}

/// A connection with one picture, in or out; dropping it ends it.
#[derive(Debug)]
pub struct BrowserPeer {
    pipeline: gst::Pipeline,
    peer: gst::Element,
    told: Told,
    newest: Newest,
    outgoing: Option<Outgoing>,
}

/// What a connection begins with.
#[derive(Debug)]
struct Begun {
    pipeline: gst::Pipeline,
    peer: gst::Element,
    told: Told,
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
    /// Begins a connection in which the browser sends its picture to `sink`; its sound comes as [`BrowserSaid::Sound`]. The
    /// offer follows as [`BrowserSaid::Offer`].
    ///
    /// # Errors
    /// When an element is missing or nothing starts.
    pub fn share(
        graph: &Graph,
        browser: BrowserId,
        address: IpAddr,
        sink: PictureSink,
    ) -> Result<Self, GraphError> {
        let begun = Begun::new(graph, browser, address)?;
        let Begun {
            pipeline,
            peer,
            told,
        } = &begun;
        let newest = Newest::default();
        let direction = WebRTCRTPTransceiverDirection::Recvonly;
        for caps in [vp8_caps(), sound::caps()] {
            let transceiver: WebRTCRTPTransceiver =
                peer.emit_by_name("add-transceiver", &[&direction, &caps]);
            transceiver.set_property("do-nack", true);
        }
        let sink: Arc<PictureSink> = Arc::new(sink);
        let (pipeline, pads, kept) = (pipeline.downgrade(), told.clone(), Arc::clone(&newest));
        peer.connect_pad_added(move |_, pad| {
            if pad.direction() != gst::PadDirection::Src {
                return;
            }
            never_end(pad);
            let transceiver = pad.property::<WebRTCRTPTransceiver>("transceiver");
            guard(&transceiver, pad, &pads, false);
            let (pipeline, pads) = (pipeline.clone(), pads.clone());
            let (kept, sink) = (Arc::clone(&kept), Arc::clone(&sink));
            once_known(pad, move |pad, sounds| {
                let Some(pipeline) = pipeline.upgrade() else {
                    return;
                };
                let received = if sounds {
                    sound::receive(&pipeline, pad, &pads)
                } else {
                    receive(&pipeline, pad, &pads, shown_to(&pads, &kept, &sink))
                };
                if let Err(error) = received {
                    pads.say(BrowserSaid::Failed(error.to_string()));
                }
            });
        });
        begun.start()?;
        offer(&begun.peer, &begun.told);
        Ok(begun.into_peer(newest, None))
    }

    /// Begins a connection in which the browser is sent what `inputs` gets, as [`Self::share`].
    ///
    /// # Errors
    /// When an element is missing or nothing starts.
    pub fn view(
        graph: &Graph,
        browser: BrowserId,
        address: IpAddr,
        of: RoomPicture,
        inputs: &EncoderInputs,
    ) -> Result<Self, GraphError> {
        let begun = Begun::new(graph, browser, address)?;
        let outgoing = Outgoing::start(graph, &begun, of, inputs)?;
        begun.start()?;
        // Something has to come so that there is something to offer.
        outgoing.keep(graph, gst::ClockTime::ZERO);
        Ok(begun.into_peer(Newest::default(), Some(outgoing)))
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
        if let Some(outgoing) = &self.outgoing {
            outgoing.keep(&self.told.graph, clock_time(age));
            return None;
        }
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

impl BrowserPeer {
    /// Has the next picture that goes out be one to begin with.
    pub fn force_key_frame(&self) {
        if let Some(outgoing) = &self.outgoing {
            outgoing.force_key_frame();
        }
    }
}

impl Drop for BrowserPeer {
    fn drop(&mut self) {
        self.outgoing = None;
        stop(&self.pipeline);
    }
}

impl Begun {
    fn new(graph: &Graph, browser: BrowserId, address: IpAddr) -> Result<Self, GraphError> {
        let part = Part::Browser(browser);
        let reported = part.clone();
        let pipeline = graph.pipeline("browser", move |_| reported.clone());
        let peer = connection(address)?;
        chain(&pipeline, part, &[&peer])?;
        let told = Told {
            graph: graph.clone(),
            browser,
            expected: Arc::default(),
        };
        report(&peer, &told);
        Ok(Self {
            pipeline,
            peer,
            told,
        })
    }

    fn start(&self) -> Result<(), GraphError> {
        start(Part::Browser(self.told.browser), &self.pipeline)
    }

    fn into_peer(self, newest: Newest, outgoing: Option<Outgoing>) -> BrowserPeer {
        let Self {
            pipeline,
            peer,
            told,
        } = self;
        BrowserPeer {
            pipeline,
            peer,
            told,
            newest,
            outgoing,
        }
    }
}

fn offer(peer: &gst::Element, told: &Told) {
    let (weak, told) = (peer.downgrade(), told.clone());
    let promise = gst::Promise::with_change_func(move |reply| {
        let offer = reply.ok().flatten();
        let offer = offer.and_then(|reply| reply.get::<WebRTCSessionDescription>("offer").ok());
        match (offer, weak.upgrade()) {
            (Some(offer), Some(peer)) => {
                let nobody = None::<gst::Promise>;
                peer.emit_by_name::<()>("set-local-description", &[&offer, &nobody]);
            }
            _ => told.say(BrowserSaid::Failed("no offer came".to_owned())),
        }
    });
    peer.emit_by_name::<()>("create-offer", &[&None::<gst::Structure>, &promise]);
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

/// Calls back when the first packet comes, which waits meanwhile: its payload type tells whether it is sound. The section that
/// webrtcbin takes a stream for is a guess where an answer names no sources (1.22: the first one that is free), and RFC 8829
/// lets it name none.
fn once_known(pad: &gst::Pad, receive: impl Fn(&gst::Pad, bool) + Send + Sync + 'static) {
    let mask =
        gst::PadProbeType::BLOCK | gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST;
    pad.add_probe(mask, move |pad, _| {
        let caps = pad.current_caps();
        let packets = caps.as_ref().and_then(|caps| caps.structure(0));
        let media = packets.and_then(|packets| packets.get::<&str>("media").ok());
        receive(pad, media == Some("audio"));
        gst::PadProbeReturn::Remove
    });
}

/// An end of stream in a bundle ends it for good; connections here end with their pipeline.
fn never_end(pad: &gst::Pad) {
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, |_, info| {
        let ends = info
            .event()
            .is_some_and(|e| e.type_() == gst::EventType::Eos);
        if ends {
            KEPT_BACK
        } else {
            gst::PadProbeReturn::Ok
        }
    });
}

/// Lets nothing through a pad of webrtcbin, of this transceiver, until the certificate at the other end is the one that the
/// answer names. Nothing passes once it is another.
/// Where `says`, the first that passes is told.
fn guard(transceiver: &WebRTCRTPTransceiver, pad: &gst::Pad, told: &Told, says: bool) {
    let (transceiver, told) = (transceiver.downgrade(), told.clone());
    let refused = AtomicBool::new(false);
    let mask = gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST;
    pad.add_probe(mask, move |_, _| {
        if refused.load(Ordering::Relaxed) {
            return KEPT_BACK;
        }
        let expected = *lock(&told.expected);
        let shown = transceiver.upgrade().and_then(|t| remote_fingerprint(&t));
        match (expected, shown) {
            (Some(expected), Some(shown)) if expected == shown => {
                if says {
                    told.say(BrowserSaid::Picture);
                }
                gst::PadProbeReturn::Remove
            }
            (Some(_), Some(_)) => {
                refused.store(true, Ordering::Relaxed);
                told.say(BrowserSaid::Untrusted);
                KEPT_BACK
            }
            _ => KEPT_BACK,
        }
    });
}

/// Of the certificate that was shown in the handshake.
fn remote_fingerprint(transceiver: &WebRTCRTPTransceiver) -> Option<Fingerprint> {
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
    read_by(pad, pipeline, part, &elements)
}

/// Has these elements read what comes out of a pad; the first is a queue.
fn read_by(
    pad: &gst::Pad,
    pipeline: &gst::Pipeline,
    part: Part,
    elements: &[&gst::Element],
) -> Result<(), GraphError> {
    chain(pipeline, part.clone(), elements)?;
    let broken = |source| GraphError::Link {
        part: part.clone(),
        source,
    };
    for element in elements {
        element.sync_state_with_parent().map_err(broken)?;
    }
    let entry = elements[0]
        .static_pad("sink")
        .expect("every queue has a sink pad");
    let linked = pad.link(&entry);
    linked.map_err(|error| broken(glib::bool_error!("what a browser sends: {error}")))?;
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
        match data.and_then(|data| vp8::size(data.as_slice())) {
            Some((width, height)) if too_large(width.into(), height.into()) => {
                let reason = format!("a picture of {width}x{height} pixels");
                told.say(BrowserSaid::Failed(reason));
                KEPT_BACK
            }
            _ => gst::PadProbeReturn::Ok,
        }
    });
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
