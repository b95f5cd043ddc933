//! What the loudspeaker adds to the delay of sound without telling whoever plays: sound of a known time is played through it as
//! through a card, in a process of its own, since ALSA finds the sound server by the environment.

use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSrc;
use saal_hal_sim::tone;
use saal_harness::Loudspeaker;
use tokio::process::Command;

use super::outputs::heard;
use crate::stand::FAR_END_SEED;

/// How much is played, seconds.
const LENGTH: u32 = 12;
/// The clocks of card and computer have found each other by then, seconds.
const SETTLED: u32 = 4;
/// As much as is handed over at once.
const PIECE: u64 = 10;
/// Sound that comes earlier than it is due is found too.
const EARLY: Duration = Duration::from_millis(300);
/// What the room's own loudspeaker has (the engine's `graph/sound/elements.rs`): the delay is told for that.
const LINE: &str = "appsrc name=in is-live=true format=time max-bytes=0 \
    caps=audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved ! audioconvert ! \
    alsasink device=pulse buffer-time=20000 latency-time=5000 provide-clock=false slave-method=skew drift-tolerance=5000 \
    alignment-threshold=4000000 discont-wait=0 async=false";

/// How much later sound is heard than the card says, milliseconds; earlier is negative.
pub(super) async fn untold(loudspeaker: &Loudspeaker) -> anyhow::Result<f64> {
    let listening = loudspeaker.listen().await?;
    let player = Command::new(std::env::current_exe()?)
        .arg("player")
        .env("PULSE_SERVER", loudspeaker.address())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("the player")?;
    let said = player.wait_with_output().await?;
    anyhow::ensure!(said.status.success(), "the player ended: {}", said.status);
    let since: u64 = String::from_utf8(said.stdout)?.trim().parse()?;
    let due = instant(SystemTime::UNIX_EPOCH + Duration::from_nanos(since))?;
    let played = listening.played();
    let late = (SETTLED..LENGTH - 1).filter_map(|second| {
        let due = due + Duration::from_secs(u64::from(second));
        let came = heard(&played, second, FAR_END_SEED, due - EARLY)?;
        Some(came.late_ms - EARLY.as_secs_f64() * 1e3)
    });
    let mut late: Vec<f64> = late.collect();
    late.sort_by(f64::total_cmp);
    let middle = late.get(late.len() / 2).copied();
    middle.context("nothing of what was played was heard")
}

/// The same moment on the clock that measures.
fn instant(time: SystemTime) -> anyhow::Result<Instant> {
    let ago = SystemTime::now().duration_since(time)?;
    Instant::now()
        .checked_sub(ago)
        .context("a moment since the computer's start")
}

/// Plays the tone, and prints when its first sample was due at the loudspeaker, in nanoseconds since 1970.
pub(crate) fn play() -> anyhow::Result<()> {
    gst::init()?;
    let pipeline = gst::parse::launch(LINE)?;
    let pipeline = pipeline.downcast::<gst::Pipeline>();
    let pipeline = pipeline.ok().context("a pipeline")?;
    let input = pipeline.by_name("in").context("its input")?;
    let input = input.downcast::<AppSrc>().ok().context("an appsrc")?;
    pipeline.set_state(gst::State::Playing)?;
    let samples_of_piece = PIECE * u64::from(tone::SAMPLE_RATE) / 1_000;
    for piece in 0..u64::from(LENGTH) * 1_000 / PIECE {
        let mut samples = vec![0; usize::try_from(samples_of_piece)?];
        tone::generate(piece * samples_of_piece, FAR_END_SEED, &mut samples);
        let bytes: Vec<u8> = samples.into_iter().flat_map(i16::to_le_bytes).collect();
        let mut buffer = gst::Buffer::from_mut_slice(bytes);
        let unique = buffer.get_mut().context("a new buffer is ours")?;
        unique.set_pts(gst::ClockTime::from_mseconds(piece * PIECE));
        unique.set_duration(gst::ClockTime::from_mseconds(PIECE));
        input.push_buffer(buffer)?;
    }
    // The card said how late it is when it was opened, with the pipeline's start.
    let mut latency = gst::query::Latency::new();
    anyhow::ensure!(pipeline.query(&mut latency), "the pipeline has no latency");
    let (_, least, _) = latency.result();
    pipeline.set_latency(least);
    let base = pipeline.base_time().context("it plays")?;
    let clock = pipeline.clock().context("it plays")?;
    let end = base + least + gst::ClockTime::from_seconds(u64::from(LENGTH));
    // Not the stream's end: what ALSA's plugin waits for then may never come.
    clock.new_single_shot_id(end).wait().0?;
    let bus = pipeline.bus().context("a pipeline has a bus")?;
    if let Some(error) = bus.pop_filtered(&[gst::MessageType::Error]) {
        anyhow::bail!("the loudspeaker failed: {error:?}");
    }
    let ago = clock.time().saturating_sub(base + least);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let due = now.saturating_sub(Duration::from_nanos(ago.nseconds()));
    println!("{}", due.as_nanos());
    pipeline.set_state(gst::State::Null)?;
    Ok(())
}
