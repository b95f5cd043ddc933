//! Echo, noise and voices through the processing of a call, and through Chromium's and GStreamer's of the same sounds
//! (docs/adr/0023, 0030), in a simulated meeting room: figures of ours, and AECMOS where it is installed.
//!
//! ERLE is how much quieter the far end's own voice comes back (ITU-T G.168), "kept" how much of a
//! voice in the room is left (0 dB is all), both in dB once the room was learnt. The gain control
//! is off for these, as it would be measured and not the echo; AECMOS hears it. All hear the same before a scene.

mod chromium;
mod figures;
mod sounds;
mod webrtcdsp;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use gstreamer as gst;
use saal_hal_sim::acoustics::{Walls, through};
use saal_harness::{LEAD, wave, with_lead};
use saal_media::sound::{PERIOD, Processing, RATE, Steps};

use chromium::Chromium;
use figures::{Figures, goals};
use sounds::{Fan, spoken};

const SECONDS: f32 = 16.0;
/// Until then the room is learnt.
const LEARNT: f32 = 6.0;
const LOUDSPEAKER: [f32; 3] = [2.0, 2.0, 0.9];
const MICROPHONE: [f32; 3] = [3.2, 2.1, 0.8];
const SPEAKER: [f32; 3] = [4.3, 2.6, 1.2];

/// Who does it.
#[derive(Clone, Copy, PartialEq)]
enum Subject {
    /// Nobody.
    Untouched,
    /// What calls use.
    Saal,
    /// The browser in which people join meetings.
    Chromium,
    /// GStreamer's webrtcdsp of Debian 12: the canceller of 2016, told nothing of the delay.
    WebrtcDsp,
}

const SUBJECTS: [(Subject, &str); 4] = [
    (Subject::Untouched, "untouched"),
    (Subject::Saal, "Saal (AEC3)"),
    (Subject::Chromium, "Chromium"),
    (Subject::WebrtcDsp, "webrtcdsp (AEC)"),
];

/// Who speaks, by AECMOS's names.
#[derive(Clone, Copy, PartialEq)]
enum Talk {
    FarEnd,
    NearEnd,
    Both,
}

/// What the loudspeaker plays.
#[derive(Clone, Copy, PartialEq)]
enum Far {
    Voice,
    /// A tune: little of the room is learnt from single tones.
    Tones,
    /// As of a street, or of applause.
    Noise,
}

struct Scene {
    name: &'static str,
    talk: Talk,
    /// What the far end is.
    far: Far,
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
    let hall = Walls {
        size: [9.0, 6.0, 3.2],
        reflection: 0.9,
    };
    let scene = |name, talk, far, loud| Scene {
        name,
        talk,
        far,
        walls: Walls::meeting_room(),
        delay: 70,
        loud,
        fan: 0.0005,
    };
    vec![
        scene("far end", Talk::FarEnd, Far::Voice, 1.0),
        Scene {
            walls: hall,
            ..scene("far end, large room", Talk::FarEnd, Far::Voice, 1.0)
        },
        Scene {
            delay: 180,
            ..scene("far end, loud and late", Talk::FarEnd, Far::Voice, 3.0)
        },
        scene("far end, tones", Talk::FarEnd, Far::Tones, 1.0),
        scene("far end, noise", Talk::FarEnd, Far::Noise, 1.0),
        scene("double talk", Talk::Both, Far::Voice, 0.3),
        scene("double talk, loud", Talk::Both, Far::Voice, 1.0),
        scene("double talk, tones", Talk::Both, Far::Tones, 0.3),
        scene("double talk, noise", Talk::Both, Far::Noise, 0.3),
        scene("near end", Talk::NearEnd, Far::Voice, 0.0),
        Scene {
            fan: 0.005,
            ..scene("near end, fan", Talk::NearEnd, Far::Voice, 0.0)
        },
    ]
}

/// Measures and prints; `python` is one with speechmos, for AECMOS; sounds are left in `folder` if there is one.
pub(crate) fn measure(python: Option<&Path>, folder: Option<&Path>) -> anyhow::Result<()> {
    gst::init()?;
    let own = tempfile::tempdir()?;
    let folder = folder.unwrap_or(own.path());
    let (voice, near) = (spoken(1, folder)?, spoken(2, folder)?);
    println!("{}", figures::HEAD);
    let mut pairs = Vec::new();
    for (number, scene) in scenes().iter().enumerate() {
        let far = match scene.far {
            Far::Voice => voice.clone(),
            Far::Tones => sounds::tones(),
            Far::Noise => sounds::noise(),
        };
        let sounds = play(scene, &far, &near);
        let mut stand = Stand {
            python,
            chromium: None,
            folder,
        };
        let mut pair = (Figures::default(), Figures::default());
        for (subject, name) in SUBJECTS {
            if subject == Subject::Chromium {
                stand.chromium = Chromium::start(folder, &sounds.captured);
            }
            let files = format!("{number}-{}", name.split(' ').next().unwrap_or(name));
            let Some(figures) = stand.figures(scene, &sounds, subject, &files)? else {
                continue;
            };
            println!("{:<24} {name:<16} {figures}", scene.name);
            match subject {
                Subject::Saal => pair.0 = figures,
                Subject::Chromium => pair.1 = figures,
                Subject::Untouched | Subject::WebrtcDsp => {}
            }
        }
        pairs.push((scene.name, pair.0, pair.1));
        if let Some(chromium) = stand.chromium {
            chromium.close();
        }
    }
    println!("{}", goals(&pairs));
    Ok(())
}

/// What measures one scene.
struct Stand<'a> {
    python: Option<&'a Path>,
    chromium: Option<Chromium>,
    folder: &'a Path,
}

impl Stand<'_> {
    /// None where the subject is not there.
    fn figures(
        &self,
        scene: &Scene,
        sounds: &Sounds,
        subject: Subject,
        files: &str,
    ) -> anyhow::Result<Option<Figures>> {
        let Some(plain) = self.process(subject, false, sounds)? else {
            return Ok(None);
        };
        let heard = plain.heard;
        let near = scene.talk == Talk::NearEnd;
        let mut figures = Figures {
            erle: (scene.talk == Talk::FarEnd).then(|| level(&sounds.captured) - level(&heard)),
            kept: (scene.talk != Talk::FarEnd).then(|| kept(&sounds.near, &heard)),
            noise: near.then(|| quietest(&heard) - quietest(&sounds.captured)),
            late: (near && subject != Subject::Chromium).then(|| late(&sounds.near, &heard)),
            mos: None,
            remarks: plain.remark.into_iter().collect(),
        };
        if let Some(python) = self.python {
            let complete = self.process(subject, true, sounds)?;
            let complete = complete.context("it was there a moment ago")?;
            let files = self.folder.join(files);
            figures.mos = Some(aecmos(python, &files, scene, sounds, &complete.heard)?);
            figures.remarks.extend(complete.remark);
        }
        Ok(Some(figures))
    }

    fn process(
        &self,
        subject: Subject,
        gain: bool,
        sounds: &Sounds,
    ) -> anyhow::Result<Option<Processed>> {
        let heard = match subject {
            Subject::Untouched => sounds.captured.clone(),
            Subject::Saal => saal(gain, sounds),
            Subject::WebrtcDsp => webrtcdsp::process(gain, sounds)?,
            Subject::Chromium => {
                let chromium = self.chromium.as_ref();
                return chromium
                    .map(|chromium| chromium.process(&sounds.played, gain))
                    .transpose();
            }
        };
        let remark = None;
        Ok(Some(Processed { heard, remark }))
    }
}

/// What a subject made of a scene.
struct Processed {
    heard: Vec<f32>,
    /// What a reader of the figures should know.
    remark: Option<String>,
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

fn saal(gain: bool, sounds: &Sounds) -> Vec<f32> {
    let mut processing = Processing::new(Steps { gain, ..Steps::ALL });
    let [played, captured] = led(sounds);
    let mut heard = Vec::with_capacity(sounds.captured.len());
    for (played, mut captured) in played.into_iter().zip(captured) {
        processing.played(&played);
        processing.captured(&mut captured);
        heard.extend(captured.map(|s| f32::from(s) / 32_768.0));
    }
    heard.split_off(LEAD)
}

/// What is played and captured in periods, after what Chromium's microphone hears before a scene.
fn led(sounds: &Sounds) -> [Vec<[i16; PERIOD]>; 2] {
    let mut played = vec![0.0; LEAD];
    played.extend(&sounds.played);
    [periods(&played), periods(&with_lead(&sounds.captured))]
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

/// How much later a voice comes out than it went in, by the greatest correlation of a second, ms.
fn late(near: &[f32], heard: &[f32]) -> f32 {
    const REACH: usize = 2_400;
    let (near, heard) = (learnt(near), learnt(heard));
    let piece = near.get(..RATE as usize).unwrap_or_default();
    let likeness = |by: usize| -> f32 { piece.iter().zip(&heard[by..]).map(|(a, b)| a * b).sum() };
    let by = (0..REACH.min(heard.len()))
        .map(|by| (by, likeness(by)))
        .max_by(|(_, a), (_, b)| a.total_cmp(b));
    by.map_or(f32::NAN, |(by, _)| by as f32 * 1_000.0 / RATE as f32)
}

/// Microsoft's estimate of what people would say (Purin et al., AECMOS, 2022): echo and the rest.
fn aecmos(
    python: &Path,
    files: &Path,
    scene: &Scene,
    sounds: &Sounds,
    heard: &[f32],
) -> anyhow::Result<[f32; 2]> {
    const SCRIPT: &str = "import sys\nfrom speechmos import aecmos\n\
        r = aecmos.run(dict(zip(('lpb', 'mic', 'enh'), sys.argv[2:])), sr=48000, talk_type=sys.argv[1])\n\
        print('%.2f %.2f' % (r['echo_mos'], r['deg_mos']))\n";
    let talk = match scene.talk {
        Talk::FarEnd => "st",
        Talk::NearEnd => "nst",
        Talk::Both => "dt",
    };
    let write = |what: &str, sound: &[f32]| -> anyhow::Result<PathBuf> {
        let path = files.with_extension(format!("{what}.wav"));
        std::fs::write(&path, wave(learnt(sound)))?;
        Ok(path)
    };
    let output = Command::new(python)
        .args(["-W", "ignore", "-c", SCRIPT, talk])
        .arg(write("played", &sounds.played)?)
        .arg(write("captured", &sounds.captured)?)
        .arg(write("heard", heard)?)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "speechmos: {said}");
    let said = String::from_utf8_lossy(&output.stdout);
    let (echo, other) = said.trim().split_once(' ').context("two figures")?;
    Ok([echo.parse()?, other.parse()?])
}
