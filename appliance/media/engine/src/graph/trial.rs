//! The trial of an encoder: two seconds of clouds, during which it has to do all that calls need.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;
use saal_media_protocol::TransportId;

use super::{
    Bitstream, GraphError, HardwareEncoder, Part, SIMULATED_ENCODER, TrackKey, chain, clock_time,
    hardware::caps_filter, make, source_video::raw_caps, start, stop,
};

/// The engine's argument that tries the encoder of the name that follows, with pictures of the size that may follow
/// (`1280x720`).
pub const TRY_ENCODER: &str = "--try-encoder";
/// The pictures of a call at their largest.
pub const CALL_SIZE: (u32, u32) = (1280, 720);
/// What is enough to see a program do it.
pub const SMALL_SIZE: (u32, u32) = (640, 360);

const PICTURES: usize = 60;
/// A key frame is asked for here.
const ASKED_AT: usize = 20;
/// It has to come within so many pictures.
const KEY_WITHIN: usize = 2;
/// From here on it gets a quarter of its rate.
const SLOWER_AT: usize = 30;
const BITRATE: u32 = 4_000_000;
/// How long one picture may take.
const PICTURE_WITHIN: gst::ClockTime = gst::ClockTime::from_seconds(3);
/// How long all of them may take, which last two seconds.
const IN_TIME: Duration = Duration::from_secs(3);

/// What an encoder did not do.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// It does not even begin.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// It says that it can't go on.
    #[error("{0}")]
    Failed(String),
    /// It stopped, or left pictures out.
    #[error("{came} of {PICTURES} pictures came")]
    Pictures {
        /// So many came.
        came: usize,
    },
    /// Pictures that need later ones cost time.
    #[error("pictures come in another order")]
    Order,
    /// Nobody could begin to decode.
    #[error("a key frame lacks its parameters")]
    Parameters,
    /// The first is not one, or one that was asked for did not come.
    #[error("no key frame where there has to be one")]
    KeyFrame,
    /// Others would see the room in slow motion.
    #[error("{PICTURES} pictures, which last two seconds, took {0:.1?}")]
    Slow(Duration),
    /// The network would be flooded.
    #[error("a quarter of the rate makes {after} of {before} bytes")]
    Bitrate {
        /// In some pictures before the change.
        before: usize,
        /// In as many after it.
        after: usize,
    },
}

/// An encoded picture, as far as the trial looks at it.
#[derive(Clone, Debug)]
struct Encoded {
    pts: Option<gst::ClockTime>,
    key: bool,
    /// Types of its NAL units (H.264 table 7-1); none in other codecs.
    units: Option<Vec<u8>>,
    bytes: usize,
}

/// Tries the encoder of this name in this process, which it may take down.
///
/// # Errors
/// What it did not do.
pub fn try_encoder(factory: &str, size: (u32, u32)) -> Result<(), TrialError> {
    gst::init().map_err(GraphError::Init)?;
    let encoder = HardwareEncoder::named(factory);
    let encoder = encoder.ok_or_else(|| GraphError::NoEncoder(factory.to_owned()))?;
    let begun = Instant::now();
    judge(&pictures(&encoder, size)?)?;
    match begun.elapsed() {
        // The one that stands in for it shares the processor with whatever else runs.
        took if took > IN_TIME && factory != SIMULATED_ENCODER => Err(TrialError::Slow(took)),
        _ => Ok(()),
    }
}

fn pictures(encoder: &HardwareEncoder, size: (u32, u32)) -> Result<Vec<Encoded>, TrialError> {
    let key = TrackKey {
        transport: TransportId(0),
        track: "trial".to_owned(),
    };
    let part = Part::Encoder(key, 0);
    let pipeline = gst::Pipeline::with_name("trial");
    let output = build(encoder, size, &pipeline, &part)?;
    let mut pictures = Vec::new();
    let started = start(part, &pipeline);
    // Ends with the stream, with an error, or when the encoder hangs.
    while started.is_ok()
        && let Some(sample) = output.try_pull_sample(PICTURE_WITHIN)
    {
        let bitstream = encoder.bitstream();
        pictures.extend(
            sample
                .buffer()
                .and_then(|buffer| encoded(bitstream, buffer)),
        );
    }
    let failed = failure(&pipeline);
    stop(&pipeline);
    started?;
    match failed {
        Some(reason) => Err(TrialError::Failed(reason)),
        None => Ok(pictures),
    }
}

/// What an element said in its distress.
fn failure(pipeline: &gst::Pipeline) -> Option<String> {
    let message = pipeline.bus()?.pop_filtered(&[gst::MessageType::Error])?;
    let gst::MessageView::Error(error) = message.view() else {
        return None;
    };
    let detail = error.debug().unwrap_or_default();
    let detail = detail.lines().last().unwrap_or_default().to_owned();
    Some(format!("{} ({detail})", error.error()))
}

fn build(
    encoder: &HardwareEncoder,
    (width, height): (u32, u32),
    pipeline: &gst::Pipeline,
    part: &Part,
) -> Result<gst_app::AppSink, GraphError> {
    let source = make("videotestsrc")?;
    source.set_property("num-buffers", i32::try_from(PICTURES).unwrap_or(i32::MAX));
    source.set_property_from_str("pattern", "snow");
    // Grains of this size cost what the rate allows, coarse or fine; finer ones always cost more.
    let grains = caps_filter(&rate(raw_caps(40, 24)))?;
    let scale = make("videoscale")?;
    let size = caps_filter(&rate(raw_caps(width, height)))?;
    let element = encoder.element(BITRATE)?;
    if let Some(pad) = element.static_pad("sink") {
        disturb(encoder, &element, &pad);
    }
    let around = encoder.around()?;
    let output = gst_app::AppSink::builder().sync(false).build();
    let mut elements = vec![&source, &grains, &scale, &size];
    elements.extend(&around.before);
    elements.push(&element);
    elements.extend(&around.after);
    elements.push(output.upcast_ref());
    chain(pipeline, part.clone(), &elements)?;
    Ok(output)
}

fn rate(mut caps: gst::Caps) -> gst::Caps {
    caps.make_mut().set("framerate", gst::Fraction::new(30, 1));
    caps
}

/// Asks for a key frame and for a lower rate on the way.
fn disturb(encoder: &HardwareEncoder, element: &gst::Element, pad: &gst::Pad) {
    let (encoder, element) = (encoder.clone(), element.downgrade());
    let count = AtomicU64::new(0);
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        let picture = count.fetch_add(1, Ordering::Relaxed);
        let Some(element) = element.upgrade() else {
            return gst::PadProbeReturn::Remove;
        };
        if picture == 0
            && let Some(source) = element.static_pad("src")
        {
            let frames = u32::try_from(ASKED_AT).unwrap_or(u32::MAX);
            let at = Duration::from_secs(1) * frames / 30;
            let event = gst_video::UpstreamForceKeyUnitEvent::builder()
                .running_time(clock_time(at))
                .all_headers(true)
                .build();
            source.send_event(event);
        }
        if picture == SLOWER_AT as u64 {
            encoder.set_bitrate(&element, BITRATE / 4);
        }
        gst::PadProbeReturn::Ok
    });
}

fn encoded(bitstream: Bitstream, buffer: &gst::BufferRef) -> Option<Encoded> {
    let data = buffer.map_readable().ok()?;
    let (key, units) = match bitstream {
        Bitstream::H264 => {
            let starts = data.windows(4).filter(|bytes| bytes[..3] == [0, 0, 1]);
            let flagged = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
            (flagged, Some(starts.map(|bytes| bytes[3] & 0x1F).collect()))
        }
        Bitstream::Fwht => (is_intra(&data), None),
    };
    Some(Encoded {
        pts: buffer.pts(),
        key,
        units,
        bytes: data.len(),
    })
}

/// Whether a picture of FWHT needs no other, which its driver does not flag: bit 10 of the sixth word of its header
/// (V4L2_FWHT_FL_I_FRAME).
fn is_intra(data: &[u8]) -> bool {
    data.get(22).is_some_and(|flags| flags & 4 != 0)
}

fn judge(pictures: &[Encoded]) -> Result<(), TrialError> {
    if pictures.len() != PICTURES {
        let came = pictures.len();
        return Err(TrialError::Pictures { came });
    }
    if !pictures.is_sorted_by(|a, b| a.pts < b.pts) {
        return Err(TrialError::Order);
    }
    let asked = &pictures[ASKED_AT..=ASKED_AT + KEY_WITHIN];
    if !pictures[0].key || !asked.iter().any(|picture| picture.key) {
        return Err(TrialError::KeyFrame);
    }
    let complete = |picture: &Encoded| {
        let units = picture.units.as_ref();
        units.is_none_or(|units| [7, 8, 5].iter().all(|unit| units.contains(unit)))
    };
    if !pictures.iter().filter(|p| p.key).all(complete) {
        return Err(TrialError::Parameters);
    }
    let bytes = |pictures: &[Encoded]| pictures.iter().map(|picture| picture.bytes).sum();
    // Neither the first moments nor the key frame in between; some time to get used to it.
    let (before, after) = (
        bytes(&pictures[5..ASKED_AT]),
        bytes(&pictures[PICTURES - 15..]),
    );
    if after > before / 2 {
        return Err(TrialError::Bitrate { before, after });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Vec<Encoded> {
        let picture = |index: usize| {
            let key = index == 0 || index == ASKED_AT;
            Encoded {
                pts: Some(gst::ClockTime::from_mseconds(index as u64)),
                key,
                units: Some(if key { vec![9, 7, 8, 5] } else { vec![1] }),
                bytes: if index < SLOWER_AT { 4_000 } else { 1_000 },
            }
        };
        (0..PICTURES).map(picture).collect()
    }

    fn spoilt(spoil: impl Fn(&mut Vec<Encoded>)) -> String {
        let mut pictures = good();
        spoil(&mut pictures);
        judge(&pictures).expect_err("spoilt").to_string()
    }

    #[test]
    fn an_encoder_has_to_do_all_of_it() {
        judge(&good()).expect("all is well");
        assert_eq!(spoilt(|p| p.truncate(12)), "12 of 60 pictures came");
        assert!(spoilt(|p| p.swap(3, 4)).contains("order"));
        assert!(spoilt(|p| p[ASKED_AT].key = false).contains("no key frame"));
        assert!(spoilt(|p| p[0].units = Some(vec![7, 5])).contains("parameters"));
        let deaf = |p: &mut Vec<Encoded>| p.iter_mut().for_each(|one| one.bytes = 4_000);
        assert!(spoilt(deaf).contains("60000 of 60000 bytes"));
    }

    #[test]
    fn a_picture_of_the_test_driver_says_whether_it_needs_others() {
        let mut header = [0; 24];
        assert!(!is_intra(&header) && !is_intra(&[]));
        header[20..].copy_from_slice(&(1_u32 << 10).to_be_bytes());
        assert!(is_intra(&header));
    }

    #[test]
    fn the_simulated_encoder_passes_and_what_is_none_does_not() {
        try_encoder(SIMULATED_ENCODER, SMALL_SIZE).expect("it stands in for hardware");
        assert!(matches!(
            try_encoder("v4l2h264encoder", SMALL_SIZE),
            Err(TrialError::Graph(GraphError::NoEncoder(_)))
        ));
    }
}
