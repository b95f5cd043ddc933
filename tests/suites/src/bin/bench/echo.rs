//! Echo, noise and voices through the processing of a call, and through what it was chosen over
//! (docs/adr/0023), in a simulated meeting room: figures of ours, and AECMOS where it is installed.
//!
//! ERLE is how much quieter the far end's own voice comes back (ITU-T G.168), "kept" how much of a
//! voice in the room is left (0 dB is all), both in dB once the room was learnt. The gain control
//! is off for these, as it would be measured and not the echo; AECMOS hears it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use gstreamer as gst;
use gstreamer::prelude::*;
use saal_hal_sim::{
    acoustics::{Walls, through},
    voice::Voice,
};
use saal_media::sound::{PERIOD, Processing, RATE, Steps};

const SECONDS: f32 = 16.0;
/// For a sample that an element owes, in nanoseconds.
const PATIENCE_NS: u64 = 5_000_000_000;
/// Until then the room is learnt.
const LEARNT: f32 = 6.0;
const LOUDSPEAKER: [f32; 3] = [2.0, 2.0, 0.9];
const MICROPHONE: [f32; 3] = [3.2, 2.1, 0.8];
const SPEAKER: [f32; 3] = [4.3, 2.6, 1.2];

/// Who does it.
#[derive(Clone, Copy)]
enum Subject {
    /// Nobody.
    Untouched,
    /// What calls use.
    Saal,
    /// GStreamer's webrtcdsp of Debian 12: the canceller of 2016, told nothing of the delay.
    WebrtcDsp,
}

const SUBJECTS: [(Subject, &str); 3] = [
    (Subject::Untouched, "untouched"),
    (Subject::Saal, "Saal (AEC3)"),
    (Subject::WebrtcDsp, "webrtcdsp (AEC)"),
];

/// Who speaks, by AECMOS's names.
#[derive(Clone, Copy, PartialEq)]
enum Talk {
    FarEnd,
    NearEnd,
    Both,
}

struct Scene {
    name: &'static str,
    talk: Talk,
    walls: Walls,
    /// From playing to capturing, ms.
    delay: usize,
    /// Loudspeaker against voices.
    loud: f32,
    /// Root mean square of a fan.
    fan: f32,
}

/// What is played and captured; `near` is the voice in the room as the microphone hears it.
struct Sounds {
    played: Vec<f32>,
    near: Vec<f32>,
    captured: Vec<f32>,
}

fn scenes() -> Vec<Scene> {
    let room = Walls::meeting_room();
    let hall = Walls {
        size: [9.0, 6.0, 3.2],
        reflection: 0.9,
    };
    let scene = |name, talk, walls, delay, loud, fan| Scene {
        name,
        talk,
        walls,
        delay,
        loud,
        fan,
    };
    vec![
        scene("far end", Talk::FarEnd, room, 70, 1.0, 0.0005),
        scene("far end, large room", Talk::FarEnd, hall, 70, 1.0, 0.0005),
        scene("far end, loud, late", Talk::FarEnd, room, 180, 3.0, 0.0005),
        scene("double talk", Talk::Both, room, 70, 0.3, 0.0005),
        scene("double talk, loud", Talk::Both, room, 70, 1.0, 0.0005),
        scene("near end", Talk::NearEnd, room, 70, 0.0, 0.0005),
        scene("near end, fan", Talk::NearEnd, room, 70, 0.0, 0.005),
    ]
}

/// Measures and prints; `python` is one with speechmos, for AECMOS.
pub(crate) fn measure(python: Option<&Path>) -> anyhow::Result<()> {
    gst::init()?;
    let folder = tempfile::tempdir()?;
    let (far, near) = (spoken(1, folder.path())?, spoken(2, folder.path())?);
    println!("Echo (ITU-T G.168), voices kept, and AECMOS (echo, other; 1 to 5, 5 is best):\n");
    println!(
        "{:<22} {:<16} {:>8} {:>8} {:>8}   AECMOS",
        "scene", "who", "ERLE dB", "kept dB", "noise dB"
    );
    for (number, scene) in scenes().iter().enumerate() {
        let sounds = play(scene, &far, &near);
        for (subject, name) in SUBJECTS {
            let figures = figures(scene, &sounds, subject)?;
            let files = folder.path().join(format!("{number}-{name}"));
            let mos = match python {
                Some(python) => aecmos(python, &files, scene, &sounds, subject)?,
                None => "-".to_owned(),
            };
            println!("{:<22} {name:<16} {figures}   {mos}", scene.name);
        }
    }
    Ok(())
}

fn figures(scene: &Scene, sounds: &Sounds, subject: Subject) -> anyhow::Result<String> {
    let heard = process(subject, false, sounds)?;
    let before = level(&sounds.captured);
    let after = level(&heard);
    let mut line = String::new();
    let mut put = |figure: Option<f32>| {
        let _ = match figure {
            Some(figure) => write!(line, "{figure:>8.1} "),
            None => write!(line, "{:>8} ", "-"),
        };
    };
    put((scene.talk == Talk::FarEnd).then_some(before - after));
    put((scene.talk != Talk::FarEnd).then(|| kept(&sounds.near, &heard)));
    put((scene.talk == Talk::NearEnd).then(|| quietest(&heard) - quietest(&sounds.captured)));
    Ok(line.trim_end().to_owned())
}

fn play(scene: &Scene, far: &[f32], near: &[f32]) -> Sounds {
    let heard = |from| scene.walls.impulse_response(from, MICROPHONE, 0.35);
    let length = far.len().min(near.len());
    let played: Vec<f32> = match scene.talk {
        Talk::NearEnd => vec![0.0; length],
        Talk::FarEnd | Talk::Both => far[..length].to_vec(),
    };
    let mut echo = through(&played, &heard(LOUDSPEAKER));
    echo.splice(0..0, vec![0.0; scene.delay * 48]);
    let silent_until = match scene.talk {
        Talk::NearEnd => 0,
        Talk::Both => (LEARNT * 0.8 * RATE as f32) as usize,
        Talk::FarEnd => length,
    };
    let said: Vec<f32> = (0..length)
        .map(|n| if n < silent_until { 0.0 } else { near[n] })
        .collect();
    let near = through(&said, &heard(SPEAKER));
    let mut fan = Fan(1);
    let captured = near
        .iter()
        .zip(&echo)
        .map(|(near, echo)| near + scene.loud * echo + scene.fan * fan.next())
        .collect();
    Sounds {
        played,
        near,
        captured,
    }
}

/// White noise with a root mean square of 1.
struct Fan(u64);

impl Fan {
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((self.0 >> 40) as f32 / (1_u32 << 24) as f32 - 0.5) * 12_f32.sqrt()
    }
}

/// Speech of espeak-ng where it is installed, else of the simulator.
fn spoken(who: u64, folder: &Path) -> anyhow::Result<Vec<f32>> {
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
    let length = (SECONDS * RATE as f32) as usize;
    samples.resize(length, 0.0);
    let gain = 0.05 / (samples.iter().map(|s| s * s).sum::<f32>() / length as f32).sqrt();
    Ok(samples.into_iter().map(|s| s * gain).collect())
}

fn process(subject: Subject, gain: bool, sounds: &Sounds) -> anyhow::Result<Vec<f32>> {
    match subject {
        Subject::Untouched => Ok(sounds.captured.clone()),
        Subject::Saal => {
            let mut processing = Processing::new(Steps { gain, ..Steps::ALL });
            let (played, captured) = (periods(&sounds.played), periods(&sounds.captured));
            let mut heard = Vec::with_capacity(sounds.captured.len());
            for (played, mut captured) in played.into_iter().zip(captured) {
                processing.played(&played);
                processing.captured(&mut captured);
                heard.extend(captured.map(|s| f32::from(s) / 32_768.0));
            }
            Ok(heard)
        }
        Subject::WebrtcDsp => webrtcdsp(gain, sounds),
    }
}

/// Period by period in step, so that probe and canceller see the same moment.
fn webrtcdsp(gain: bool, sounds: &Sounds) -> anyhow::Result<Vec<f32>> {
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
    let pairs = periods(&sounds.played)
        .into_iter()
        .zip(periods(&sounds.captured));
    for (number, (p, c)) in (0_u64..).zip(pairs) {
        push(&far, number, &p)?;
        pull(&played)?;
        push(&near, number, &c)?;
        let bytes = pull(&heard)?;
        let samples = bytes.as_chunks::<2>().0.iter();
        output.extend(samples.map(|s| f32::from(i16::from_le_bytes(*s)) / 32_768.0));
    }
    pipeline.set_state(gst::State::Null)?;
    Ok(output)
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

fn pull(output: &gst::Element) -> anyhow::Result<Vec<u8>> {
    let sample = output.emit_by_name::<Option<gst::Sample>>("try-pull-sample", &[&PATIENCE_NS]);
    let sample = sample.context("the pipeline ended or hangs")?;
    let map = sample
        .buffer()
        .context("a sample has a buffer")?
        .map_readable()?;
    Ok(map.as_slice().to_vec())
}

fn periods(sound: &[f32]) -> Vec<[i16; PERIOD]> {
    let samples = sound.iter().map(|s| (s * 32_767.0).round() as i16);
    samples.collect::<Vec<i16>>().as_chunks().0.to_vec()
}

fn learnt(sound: &[f32]) -> &[f32] {
    sound
        .get((LEARNT * RATE as f32) as usize..)
        .unwrap_or_default()
}

/// dB below full scale once the room is learnt.
fn level(sound: &[f32]) -> f32 {
    decibels(power(learnt(sound)))
}

fn power(sound: &[f32]) -> f32 {
    sound.iter().map(|s| s * s).sum::<f32>() / sound.len().max(1) as f32
}

fn decibels(power: f32) -> f32 {
    10.0 * power.max(1e-12).log10()
}

/// How much of a voice is left in the moments in which it speaks, the median of 20 ms pieces, dB.
fn kept(near: &[f32], heard: &[f32]) -> f32 {
    let pieces = learnt(near).chunks(960).zip(learnt(heard).chunks(960));
    let spoken = pieces.filter(|(near, _)| decibels(power(near)) > -45.0);
    let mut kept: Vec<f32> = spoken
        .map(|(near, heard)| decibels(power(heard)) - decibels(power(near)))
        .collect();
    kept.sort_by(f32::total_cmp);
    kept.get(kept.len() / 2).copied().unwrap_or(f32::NAN)
}

/// Level of the quietest twentieth: the noise between words.
fn quietest(sound: &[f32]) -> f32 {
    let mut levels: Vec<f32> = learnt(sound)
        .chunks(960)
        .map(|p| decibels(power(p)))
        .collect();
    levels.sort_by(f32::total_cmp);
    levels.get(levels.len() / 20).copied().unwrap_or(f32::NAN)
}

/// Microsoft's estimate of what people would say (Purin et al., AECMOS, 2022): echo and the rest.
fn aecmos(
    python: &Path,
    files: &Path,
    scene: &Scene,
    sounds: &Sounds,
    subject: Subject,
) -> anyhow::Result<String> {
    const SCRIPT: &str = "import sys\nfrom speechmos import aecmos\n\
        r = aecmos.run(dict(zip(('lpb', 'mic', 'enh'), sys.argv[2:])), sr=48000, talk_type=sys.argv[1])\n\
        print('%.2f %.2f' % (r['echo_mos'], r['deg_mos']))\n";
    let talk = match scene.talk {
        Talk::FarEnd => "st",
        Talk::NearEnd => "nst",
        Talk::Both => "dt",
    };
    let heard = process(subject, true, sounds)?;
    let write = |what: &str, sound: &[f32]| -> anyhow::Result<PathBuf> {
        let path = files.with_extension(format!("{what}.wav"));
        std::fs::write(&path, wave(learnt(sound)))?;
        Ok(path)
    };
    let output = Command::new(python)
        .args(["-W", "ignore", "-c", SCRIPT, talk])
        .arg(write("played", &sounds.played)?)
        .arg(write("captured", &sounds.captured)?)
        .arg(write("heard", &heard)?)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "speechmos: {said}");
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A WAV file of one channel, 16 bits at 48 kHz.
fn wave(sound: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = sound
        .iter()
        .flat_map(|s| ((s * 32_767.0).round() as i16).to_le_bytes())
        .collect();
    let size = u32::try_from(data.len()).unwrap_or(0);
    let mut file = Vec::with_capacity(data.len() + 44);
    file.extend(b"RIFF");
    file.extend((36 + size).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(RATE.to_le_bytes());
    file.extend((2 * RATE).to_le_bytes());
    file.extend(2_u16.to_le_bytes());
    file.extend(16_u16.to_le_bytes());
    file.extend(b"data");
    file.extend(size.to_le_bytes());
    file.extend(data);
    file
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
