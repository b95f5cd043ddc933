//! Voices and noise for the scenes.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use gstreamer as gst;
use gstreamer::prelude::*;
use saal_hal_sim::voice::Voice;
use saal_media::sound::RATE;

use super::{SECONDS, webrtcdsp::pull};

/// White noise with a root mean square of 1.
pub(super) struct Fan(pub(super) u64);

impl Fan {
    pub(super) fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((self.0 >> 40) as f32 / (1_u32 << 24) as f32 - 0.5) * 12_f32.sqrt()
    }
}

/// How loud the far end is, root mean square.
const LOUD: f32 = 0.05;

/// A tune of notes of 0.4 s with three overtones and a pause after each.
pub(super) fn tones() -> Vec<f32> {
    /// Hz: a chord up and down, as telephones and jingles have it.
    const NOTES: [f32; 8] = [523.0, 659.0, 784.0, 1_047.0, 784.0, 659.0, 523.0, 392.0];
    const NOTE: usize = RATE as usize / 2;
    const SOUNDS: usize = NOTE * 4 / 5;
    let sample = |n: usize| {
        let (note, within) = (NOTES[n / NOTE % NOTES.len()], n % NOTE);
        let fade = (within.min(SOUNDS.saturating_sub(within)) as f32 / 480.0).min(1.0);
        let turn = std::f32::consts::TAU * note * within as f32 / RATE as f32;
        let overtones = (1..=4_u8).map(|k| (turn * f32::from(k)).sin() / f32::from(k));
        fade * overtones.sum::<f32>()
    };
    levelled((0..length()).map(sample).collect())
}

/// Noise that falls by 6 dB an octave above 500 Hz and swells each three seconds.
pub(super) fn noise() -> Vec<f32> {
    let (mut fan, mut low) = (Fan(7), 0.0);
    let share = 1.0 - (-std::f32::consts::TAU * 500.0 / RATE as f32).exp();
    let sample = |n: usize| {
        low += share * (fan.next() - low);
        let turn = std::f32::consts::TAU * n as f32 / (3.0 * RATE as f32);
        low * (0.6 - 0.4 * turn.cos())
    };
    levelled((0..length()).map(sample).collect())
}

fn length() -> usize {
    (SECONDS * RATE as f32) as usize
}

fn levelled(samples: Vec<f32>) -> Vec<f32> {
    let power = samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32;
    let gain = LOUD / power.sqrt();
    samples.into_iter().map(|s| s * gain).collect()
}

/// Speech of espeak-ng where it is installed, else of the simulator.
pub(super) fn spoken(who: u64, folder: &Path) -> anyhow::Result<Vec<f32>> {
    const TEXTS: [&str; 2] = [
        "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. \
         It is easy to tell the depth of a well. These days a chicken leg is a rare dish. Rice is \
         often served in round bowls. The juice of lemons makes fine punch. The box was thrown \
         beside the parked truck. The hogs were fed chopped corn and garbage.",
        "Four hours of steady work faced us. A large size in stockings is hard to sell. The boy \
         was there when the sun rose. A rod is used to catch pink salmon. The source of the huge \
         river is the clear spring. Kick the ball straight and follow through. Help the woman get \
         back to her feet. A pot of tea helps to pass the evening.",
    ];
    let (voice, text) = if who == 1 {
        ("en-us", TEXTS[0])
    } else {
        ("en-gb+f3", TEXTS[1])
    };
    let file = folder.join(format!("spoken-{who}.wav"));
    let made = Command::new("espeak-ng")
        .args(["-v", voice, "-s", "150", "-w"])
        .arg(&file)
        .arg(text)
        .status();
    let mut samples = if made.is_ok_and(|status| status.success()) {
        read_sound(&file)?
    } else {
        println!("espeak-ng is not installed: the simulator's voice speaks.");
        Voice::new(who).speak(SECONDS)
    };
    samples.resize(length(), 0.0);
    Ok(levelled(samples))
}

/// Samples of a sound file, at 48 kHz.
fn read_sound(file: &Path) -> anyhow::Result<Vec<f32>> {
    let description = format!(
        "filesrc location=\"{}\" ! wavparse ! audioconvert ! audioresample ! \
         audio/x-raw,format=F32LE,rate=48000,channels=1 ! appsink name=out sync=false",
        file.display()
    );
    let pipeline = gst::parse::launch(&description)?;
    let bin = pipeline.downcast_ref::<gst::Bin>().context("a pipeline")?;
    let output = bin.by_name("out").context("the pipeline has it")?;
    pipeline.set_state(gst::State::Playing)?;
    let mut samples = Vec::new();
    while let Ok(bytes) = pull(&output) {
        let floats = bytes.as_chunks::<4>().0.iter();
        samples.extend(floats.map(|f| f32::from_le_bytes(*f)));
    }
    pipeline.set_state(gst::State::Null)?;
    ensure!(!samples.is_empty(), "{}: no sound in it", file.display());
    Ok(samples)
}
