//! What a browser makes of its microphone's sound while it plays a far end: the echo canceller, noise suppression and
//! gain control that people have in their meetings today.
//!
//! ```text
//! microphone's file:  1 s silence | mark 0.1 s | silence to 2 s | scene | 0.5 s silence | mark
//! far end:                        | starts so that it is heard with the scene's begin
//! ```

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::json;

use crate::error::{Error, Result};
use crate::farend::{FarEnd, FarEndOptions};
use crate::page::{Page, decode};
use crate::tools::{Tools, far_end_sources};

const RATE: usize = 48_000;
/// Samples before the scene in the microphone's file.
pub const LEAD: usize = 2 * RATE;
/// Where in them the mark begins.
const MARK: usize = RATE;
const MARK_LENGTH: usize = RATE / 10;
/// From the mark to the far end's start; it is heard about 365 ms later, for the connection and its jitter buffer.
const AFTER: usize = LEAD - MARK - RATE * 365 / 1_000;
/// From the scene's end to the second mark.
const TAIL: usize = RATE / 2;
/// What the mark exceeds and silence does not.
const THRESHOLD: f32 = 0.05;
/// How far the mark may lie from where it exceeds the threshold, samples.
const NEAR_MARK: usize = RATE / 25;
/// How far two sounds may be apart that belong together, samples.
const REACH: usize = RATE / 4;
/// Pieces of this length tell how far two sounds are apart, samples.
const PIECE: usize = RATE / 10;

/// A browser whose microphone gives a scene.
#[derive(Debug)]
pub struct Hearing {
    page: Page,
    browser: FarEnd,
    length: usize,
}

/// What came of it, samples of -1 to 1 at 48 kHz.
#[derive(Debug)]
pub struct Heard {
    /// What the browser would send, from the scene's begin and as long as the scene.
    pub sent: Vec<f32>,
    /// How much later than the scene's begin the far end was played near its begin and near its end, in ms, as the
    /// browser's sound graph saw it. Two that differ say that the far end was stretched. None for a silent far end.
    pub played_late: Option<[f32; 2]>,
    /// By how much the scene's end came later than it should after its begin, ms: more or less than nothing if the
    /// browser lost sound of its microphone.
    pub captured_late: f32,
}

impl Hearing {
    /// Starts a browser whose microphone captures `scene`: samples of -1 to 1 at 48 kHz. Files go into `folder`.
    ///
    /// # Errors
    /// When the set-up has not run, or the browser does not come up.
    pub async fn start(folder: &Path, scene: &[f32]) -> Result<Self> {
        let tools = Tools::find()?;
        let file = folder.join("microphone.wav");
        std::fs::write(&file, wave(&microphone(scene))).map_err(Error::file("write", &file))?;
        let mut once = file.into_os_string();
        once.push("%noloop");
        let options = FarEndOptions {
            audio: Some(PathBuf::from(once)),
            audible: true,
            ..FarEndOptions::default()
        };
        let origin = "http://localhost";
        let browser = FarEnd::start_in(&tools, folder, origin, &[], &options).await?;
        let source = |name| far_end_sources().join(name);
        let files = json!({
            format!("{origin}/hearing.html"): source("hearing.html"),
            format!("{origin}/hearing.mjs"): source("hearing.mjs"),
        });
        let url = format!("{origin}/hearing.html");
        let page = browser
            .visit("hearing", &url, json!({ "files": files }))
            .await?;
        let length = scene.len();
        Ok(Self {
            page,
            browser,
            length,
        })
    }

    /// Plays the far end while the microphone captures the scene from its begin. `echo` cancels echo and suppresses
    /// noise, `gain` makes loudness even.
    ///
    /// # Errors
    /// When the browser gives no sound.
    pub async fn process(&self, far: &[f32], echo: bool, gain: bool) -> Result<Heard> {
        #[derive(Deserialize)]
        struct Raw {
            heard: String,
            played: String,
            mark: usize,
        }
        let question = json!({
            "far": BASE64_STANDARD.encode(pcm(far)), "threshold": THRESHOLD, "after": AFTER, "rest": 2 * RATE,
            "steps": { "echo": echo, "noise": echo, "gain": gain },
        });
        let request = json!({ "name": "process", "values": [question] });
        let raw: Raw = self.page.ask("invoke", request).await?;
        let (heard, played) = (samples(&raw.heard)?, samples(&raw.played)?);
        let begin = mark_near(&heard, raw.mark, NEAR_MARK)? + LEAD - MARK;
        let end = begin + self.length + TAIL;
        let late = mark_near(&heard, end, REACH)? as f32 - end as f32;
        let sent = heard.get(begin..begin + self.length);
        let sent = sent.ok_or_else(|| Error::Answer {
            what: "sound".to_owned(),
            answer: format!("{} samples, the scene from {begin}", heard.len()),
        })?;
        Ok(Heard {
            sent: sent.to_vec(),
            played_late: far_late(far, &played, begin),
            captured_late: late * 1_000.0 / RATE as f32,
        })
    }

    /// Closes the browser and waits for its end.
    pub async fn close(self) {
        self.browser.close().await;
    }
}

/// Loudest pieces of the far end's first and last third, looked for in what was played.
fn far_late(far: &[f32], played: &[f32], begin: usize) -> Option<[f32; 2]> {
    let third = far.len() / 3;
    let mut found = [0.0; 2];
    for (late, from) in found.iter_mut().zip([0, 2 * third]) {
        let pieces = far[from..from + third].chunks_exact(PIECE);
        let power = |piece: &[f32]| piece.iter().map(|s| s * s).sum::<f32>();
        let (number, piece) = pieces
            .enumerate()
            .max_by(|(_, a), (_, b)| power(a).total_cmp(&power(b)))?;
        if power(piece) == 0.0 {
            return None;
        }
        let first = (begin + from + number * PIECE).checked_sub(REACH)?;
        let place = place_of(piece, played.get(first..)?, 2 * REACH);
        *late = (place as f32 - REACH as f32) * 1_000.0 / RATE as f32;
    }
    Some(found)
}

/// Where the mark begins that lies about there.
fn mark_near(heard: &[f32], about: usize, reach: usize) -> Result<usize> {
    let first = about.saturating_sub(reach);
    let sound = heard.get(first..).ok_or_else(|| Error::Answer {
        what: "sound".to_owned(),
        answer: format!("{} samples and no mark about {about}", heard.len()),
    })?;
    Ok(first + place_of(&mark(), sound, 2 * reach))
}

/// Where in the first `reach` samples of a sound a piece begins: the greatest correlation.
fn place_of(piece: &[f32], sound: &[f32], reach: usize) -> usize {
    let likeness =
        |place: usize| -> f32 { piece.iter().zip(&sound[place..]).map(|(a, b)| a * b).sum() };
    (0..reach.min(sound.len()))
        .map(|place| (place, likeness(place)))
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .map_or(0, |(place, _)| place)
}

/// A tone that rises from 500 to 4000 Hz, as no voice does.
fn mark() -> Vec<f32> {
    (0..MARK_LENGTH)
        .map(|n| {
            let (seconds, part) = (n as f32 / RATE as f32, n as f32 / MARK_LENGTH as f32);
            let turns = 500.0 * seconds + 0.5 * 3_500.0 * part * seconds;
            0.3 * (std::f32::consts::PI * part).sin() * (std::f32::consts::TAU * turns).sin()
        })
        .collect()
}

/// A scene after what a browser's microphone hears before it: silence and a mark. Other processing is given the same, as gain
/// control remembers what it heard.
#[must_use]
pub fn with_lead(scene: &[f32]) -> Vec<f32> {
    let mut sound = vec![0.0; MARK];
    sound.extend(mark());
    sound.resize(LEAD, 0.0);
    sound.extend(scene);
    sound
}

fn microphone(scene: &[f32]) -> Vec<f32> {
    let mut sound = with_lead(scene);
    sound.resize(sound.len() + TAIL, 0.0);
    sound.extend(mark());
    // The processing is late, and so is what comes out of it.
    sound.resize(sound.len() + 2 * RATE, 0.0);
    sound
}

fn pcm(sound: &[f32]) -> Vec<u8> {
    let samples = sound.iter().map(|s| (s * 32_767.0).round() as i16);
    samples.flat_map(i16::to_le_bytes).collect()
}

fn samples(text: &str) -> Result<Vec<f32>> {
    let bytes = decode("sound", text)?;
    let samples = bytes.as_chunks::<2>().0.iter();
    Ok(samples
        .map(|two| f32::from(i16::from_le_bytes(*two)) / 32_768.0)
        .collect())
}

/// A WAV file of one channel, 16 bits at 48 kHz.
#[must_use]
pub fn wave(sound: &[f32]) -> Vec<u8> {
    let (data, rate) = (pcm(sound), RATE as u32);
    let size = u32::try_from(data.len()).unwrap_or(u32::MAX - 36);
    let mut file = Vec::with_capacity(data.len() + 44);
    file.extend(b"RIFF");
    file.extend((36 + size).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((2 * rate).to_le_bytes());
    file.extend(2_u16.to_le_bytes());
    file.extend(16_u16.to_le_bytes());
    file.extend(b"data");
    file.extend(size.to_le_bytes());
    file.extend(data);
    file
}
