//! GStreamer's own canceller, which was not chosen.

use anyhow::{Context, ensure};
use gstreamer as gst;
use gstreamer::prelude::*;
use saal_harness::LEAD;
use saal_media::sound::PERIOD;

use super::{Sounds, led};

/// For a sample that an element owes, in nanoseconds.
const PATIENCE_NS: u64 = 5_000_000_000;

/// Period by period in step, so that probe and canceller see the same moment.
pub(super) fn process(gain: bool, sounds: &Sounds) -> anyhow::Result<Vec<f32>> {
    let caps = "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=1";
    let description = format!(
        "appsrc name=far format=time caps={caps} ! webrtcechoprobe name=probe ! appsink name=played sync=false async=false \
         appsrc name=near format=time caps={caps} ! webrtcdsp probe=probe delay-agnostic=true \
         echo-suppression-level=high gain-control={gain} ! appsink name=heard sync=false async=false"
    );
    let pipeline = gst::parse::launch(&description)?;
    let bin = pipeline.downcast_ref::<gst::Bin>().context("a pipeline")?;
    let part = |name| bin.by_name(name).context("the pipeline has it");
    let (far, near, played, heard) = (part("far")?, part("near")?, part("played")?, part("heard")?);
    pipeline.set_state(gst::State::Playing)?;
    let mut output = Vec::with_capacity(sounds.captured.len());
    let [far_end, room] = led(sounds);
    for (number, (p, c)) in (0_u64..).zip(far_end.into_iter().zip(room)) {
        push(&far, number, &p)?;
        pull(&played)?;
        push(&near, number, &c)?;
        let bytes = pull(&heard)?;
        let samples = bytes.as_chunks::<2>().0.iter();
        output.extend(samples.map(|s| f32::from(i16::from_le_bytes(*s)) / 32_768.0));
    }
    pipeline.set_state(gst::State::Null)?;
    Ok(output.split_off(LEAD))
}

fn push(input: &gst::Element, number: u64, period: &[i16; PERIOD]) -> anyhow::Result<()> {
    let bytes: Vec<u8> = period.iter().flat_map(|s| s.to_le_bytes()).collect();
    let mut buffer = gst::Buffer::from_slice(bytes);
    let unique = buffer.get_mut().context("a new buffer is ours")?;
    unique.set_pts(gst::ClockTime::from_mseconds(number * 10));
    unique.set_duration(gst::ClockTime::from_mseconds(10));
    let flow = input.emit_by_name::<gst::FlowReturn>("push-buffer", &[&buffer]);
    ensure!(flow == gst::FlowReturn::Ok, "GStreamer says {flow:?}");
    Ok(())
}

/// The next sample that comes out.
pub(super) fn pull(output: &gst::Element) -> anyhow::Result<Vec<u8>> {
    let sample = output.emit_by_name::<Option<gst::Sample>>("try-pull-sample", &[&PATIENCE_NS]);
    let sample = sample.context("the pipeline ended or hangs")?;
    let map = sample
        .buffer()
        .context("a sample has a buffer")?
        .map_readable()?;
    Ok(map.as_slice().to_vec())
}
