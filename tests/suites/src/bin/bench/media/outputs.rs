//! What comes out of a room or a browser, and when: the picture at its display, the sound at its loudspeaker.
//!
//! The far end's pictures carry their numbers, its sound a tone of its own in each second; when each of them was captured
//! it says itself, by RTP time and sender reports. So each picture and each second that comes out says how late it is, and
//! what is late by different times is apart.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSrc};
use saal_hal_sim::tone;
use saal_harness::{Place, Played, Screen};
use saal_media::transport::Frame;
use saal_suites::light::{Recording, Traffic};

use crate::report::milliseconds;

/// So often the display is looked at: what is seen is a millisecond late on average.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Later than this is another turn of the recording.
const MOST_LATE: Duration = Duration::from_secs(2);
/// Sound is looked for within less than a second, so that the next one, which begins alike, is not taken for it.
const HEARD_WITHIN: Duration = Duration::from_millis(900);
/// How much of a second's sound is looked for: its mark, whose it is, and the first digit.
const SOUGHT: usize = 3 * 4_800;
/// The tone is below 3 kHz: every fourth sample tells it.
const EVERY: usize = 4;
/// Of a sound that is there, the coder leaves more than this of its likeness.
const ALIKE: f64 = 0.4;
/// Pictures around a second's begin are compared with it.
const AROUND: Duration = Duration::from_millis(250);

/// A second of the far end's sound in its recording.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// Its number in the tone.
    second: u32,
    /// In which packet it begins, and how much later than that.
    packet: u32,
    within: Duration,
}

/// Something came out, and how late.
#[derive(Clone, Copy, Debug)]
pub(super) struct Came {
    at: Instant,
    pub(super) late_ms: f64,
}

/// What was seen at a display, and what the far end said meanwhile.
pub(super) struct Seen {
    pictures: Vec<Came>,
    /// Seconds of sound that the far end sent, and when they began.
    seconds: Vec<(u32, Instant)>,
}

/// Looks at a place of a screen for this long.
pub(super) fn watch(
    screen: &Screen,
    place: Place,
    traffic: &Traffic,
    marks: &[Mark],
    length: Duration,
) -> Seen {
    let end = Instant::now() + length;
    let mut seen = Seen {
        pictures: Vec::new(),
        seconds: Vec::new(),
    };
    let mut shown = None;
    let mut said: HashMap<u32, Instant> = HashMap::new();
    while Instant::now() < end {
        std::thread::sleep(LOOK_EVERY);
        let (now, code) = (Instant::now(), screen.code(place));
        if let Some(code) = code
            && shown
                .replace(code.frame)
                .is_some_and(|before| before != code.frame)
            && let Some(sent) = traffic.sent_at(code.frame)
            && let Some(late) = now.checked_duration_since(sent)
            && late < MOST_LATE
        {
            let late_ms = milliseconds(late);
            seen.pictures.push(Came { at: now, late_ms });
        }
        for mark in marks {
            if let Some(sent) = traffic.sound_sent_at(mark.packet)
                && said.insert(mark.second, sent) != Some(sent)
            {
                seen.seconds.push((mark.second, sent + mark.within));
            }
        }
    }
    seen
}

impl Seen {
    /// How late pictures were, milliseconds.
    pub(super) fn late(&self) -> Vec<f64> {
        self.pictures
            .iter()
            .map(|picture| picture.late_ms)
            .collect()
    }

    /// How much sound was ahead of its picture, milliseconds: each picture about a second's begin against that. Of the sound's
    /// delay is taken what the loudspeaker adds without telling.
    pub(super) fn ahead(&self, played: &Played, seed: u64, untold: f64) -> Vec<f64> {
        let seconds = self.seconds.iter();
        let heard = seconds.filter_map(|(second, sent)| heard(played, *second, seed, *sent));
        let apart = heard.flat_map(|sound| {
            let near = move |picture: &&Came| {
                let after = picture.at.checked_duration_since(sound.at);
                let before = sound.at.checked_duration_since(picture.at);
                after.or(before).is_some_and(|apart| apart <= AROUND)
            };
            let pictures = self.pictures.iter().filter(near);
            pictures.map(move |picture| picture.late_ms - (sound.late_ms - untold))
        });
        apart.collect()
    }
}

/// Finds a second that began at the far end at `sent` in what a loudspeaker played.
pub(super) fn heard(played: &Played, second: u32, seed: u64, sent: Instant) -> Option<Came> {
    let begun = played.begun()?;
    let samples = |time: Duration| (time.as_secs_f64() * f64::from(tone::SAMPLE_RATE)) as usize;
    let first = samples(sent.checked_duration_since(begun)?);
    let place = find(&played.samples, second, seed, first, samples(HEARD_WITHIN))?;
    let at = begun + Duration::from_secs(place as u64) / tone::SAMPLE_RATE;
    let late_ms = milliseconds(at.checked_duration_since(sent)?);
    Some(Came { at, late_ms })
}

/// Where a second of the tone begins in the `reach` samples from `first` on: where the sound is most like it.
fn find(samples: &[i16], second: u32, seed: u64, first: usize, reach: usize) -> Option<usize> {
    let mut sought = vec![0; SOUGHT];
    let number = u64::from(second) * u64::from(tone::SAMPLE_RATE);
    tone::generate(number, seed, &mut sought);
    let thin = |samples: &[i16]| -> Vec<f32> {
        let thinned = samples.iter().step_by(EVERY);
        thinned.map(|sample| f32::from(*sample)).collect()
    };
    let end = samples.len().min(first + reach + SOUGHT);
    let (sought, heard) = (thin(&sought), thin(samples.get(first..end)?));
    let power = |samples: &[f32]| samples.iter().map(|s| s * s).sum::<f32>();
    let likeness = |piece: &[f32]| -> f32 { piece.iter().zip(&sought).map(|(a, b)| a * b).sum() };
    let pieces = heard.windows(sought.len()).enumerate();
    let (place, most) = pieces
        .map(|(place, piece)| (place, likeness(piece)))
        .max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let there = power(&heard[place..][..sought.len()]) * power(&sought);
    (f64::from(most) > ALIKE * f64::from(there).sqrt()).then_some(first + place * EVERY)
}

/// Where each second of a recording's sound begins, as decoders give it.
pub(super) fn marks(recording: &Recording, seed: u64) -> anyhow::Result<Vec<Mark>> {
    let samples = decoded_sound(recording.sounds())?;
    let head = samples
        .get(..5 * SOUGHT * 2)
        .context("a recording of some seconds")?;
    let reading = tone::read(head).context("the far end's sound carries no code")?;
    let near = reading.start.saturating_sub(2_400);
    let first = find(&samples, reading.second, seed, near, 4_800);
    let first = first.context("the far end's sound is not its own")?;
    let second = tone::SAMPLE_RATE as usize;
    let begins = (0_u32..).zip((first..samples.len().saturating_sub(SOUGHT)).step_by(second));
    Ok(begins
        .map(|(number, begin)| Mark {
            second: reading.second + number,
            packet: u32::try_from(begin / PACKET).unwrap_or(u32::MAX),
            within: Duration::from_secs((begin % PACKET) as u64) / tone::SAMPLE_RATE,
        })
        .collect())
}

/// Samples of a packet.
const PACKET: usize = 960;

fn decoded_sound(packets: &[Frame]) -> anyhow::Result<Vec<i16>> {
    let line = "appsrc name=in format=time max-bytes=0 \
                caps=audio/x-opus,rate=48000,channels=2,channel-mapping-family=0 ! opusdec ! audioconvert ! \
                audio/x-raw,format=S16LE,rate=48000,channels=1 ! appsink name=out sync=false";
    let mut samples = Vec::new();
    let packets = (0..)
        .map(|n| gst::ClockTime::from_mseconds(20 * n))
        .zip(packets);
    run(line, packets, |sample| {
        let map = sample.buffer().context("sound")?.map_readable()?;
        let pairs = map.as_slice().as_chunks::<2>().0.iter();
        samples.extend(pairs.map(|pair| i16::from_le_bytes(*pair)));
        Ok(())
    })?;
    Ok(samples)
}

/// Decodes pictures that were kept, and hands each with its number among them to `seen`: brightness, width and height.
pub(super) fn decoded_pictures(
    frames: &[(Instant, Frame)],
    mut seen: impl FnMut(usize, &[u8], u32, u32),
) -> anyhow::Result<()> {
    let line = "appsrc name=in format=time max-bytes=0 caps=video/x-vp8 ! vp8dec ! \
                video/x-raw,format=I420 ! appsink name=out sync=false";
    let begun = frames.iter().position(|(_, frame)| frame.key);
    let begun = begun.context("the far end got no picture that stands alone")?;
    let numbered = (0..).zip(frames).skip(begun);
    let packets = numbered.map(|(n, (_, frame))| (gst::ClockTime::from_mseconds(n), frame));
    run(line, packets, |sample| {
        let buffer = sample.buffer().context("a picture")?;
        let number = buffer.pts().context("a picture has a time")?.mseconds();
        let caps = sample.caps().and_then(|caps| caps.structure(0));
        let caps = caps.context("a picture has a size")?;
        let (width, height) = (caps.get::<i32>("width")?, caps.get::<i32>("height")?);
        let map = buffer.map_readable()?;
        seen(
            usize::try_from(number)?,
            map.as_slice(),
            u32::try_from(width)?,
            u32::try_from(height)?,
        );
        Ok(())
    })
}

/// Puts frames through a pipeline.
fn run<'a>(
    line: &str,
    frames: impl Iterator<Item = (gst::ClockTime, &'a Frame)>,
    mut out: impl FnMut(&gst::Sample) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let pipeline = gst::parse::launch(line)?;
    let bin = pipeline.downcast_ref::<gst::Bin>().context("a pipeline")?;
    let part = |name| bin.by_name(name).context("the pipeline has it");
    let input = part("in")?.downcast::<AppSrc>().ok().context("an appsrc")?;
    let output = part("out")?
        .downcast::<AppSink>()
        .ok()
        .context("an appsink")?;
    pipeline.set_state(gst::State::Playing)?;
    for (at, frame) in frames {
        let mut buffer = gst::Buffer::from_slice(frame.data.clone());
        let unique = buffer.get_mut().context("a new buffer is ours")?;
        unique.set_pts(at);
        if !frame.key {
            unique.set_flags(gst::BufferFlags::DELTA_UNIT);
        }
        input.push_buffer(buffer)?;
    }
    input.end_of_stream()?;
    let mut came = 0;
    while let Ok(sample) = output.pull_sample() {
        out(&sample)?;
        came += 1;
    }
    pipeline.set_state(gst::State::Null)?;
    ensure!(came > 0, "nothing could be decoded");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_found_where_it_begins() {
        let mut samples = vec![0; 4 * 48_000];
        tone::generate(5 * 48_000, 9, &mut samples[10_000..3 * 48_000]);
        let after = |second, first| find(&samples, second, 9, first, 40_000);
        assert_eq!(after(5, 0), Some(10_000));
        assert_eq!(after(6, 40_000), Some(58_000));
        assert_eq!(find(&[0; 96_000], 5, 9, 0, 48_000), None);
    }
}
