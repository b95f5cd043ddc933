//! Trying camera and microphone before a meeting. What they deliver is looked at here, in the engine, and goes nowhere: no track
//! of it is sent, and no tile shows it.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use gstreamer as gst;
use saal_media_protocol::{
    AudioChoice, CameraCheck, CameraChoice, DeviceChoice, DeviceReport, DisplayCheck, MediaEvent,
    MicrophoneCheck,
};

use super::Engine;
use crate::graph::{Part, PictureSink};

/// Seconds in which the microphone hears the room as it is.
const QUIET: u32 = 3;
/// Seconds after that with a chirp.
const LOUD: u32 = 3;
/// A chirp is louder than the room by so many decibels.
const HEARD: f64 = 6.0;
/// A room that is so loud by itself is heard, whatever the loudspeaker plays (dB below full scale).
const LIVELY: f64 = -40.0;
/// Below this there is no sound at all: a converter's noise alone makes more (dB below full scale; half a step of 16 bits is -96).
const NOTHING: f64 = -95.0;

/// A trial that goes on.
#[derive(Debug)]
pub(super) struct Checking {
    chirp: bool,
    seconds: u32,
    seen: Seen,
    quiet: Option<f64>,
    loud: Option<f64>,
}

/// What comes from the camera, counted on its way while the camera is tried.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    looks: AtomicBool,
    pictures: AtomicU64,
    changes: AtomicU64,
    last: AtomicU64,
}

impl Seen {
    /// Looks at pictures before they go where they go.
    pub(super) fn on_the_way(&self, sink: PictureSink) -> PictureSink {
        let counts = Arc::clone(&self.0);
        Box::new(move |sample| {
            if counts.looks.load(Ordering::Relaxed) {
                counts.look(sample);
            }
            sink(sample);
        })
    }
}

impl Counts {
    fn look(&self, sample: &gst::Sample) {
        let Some(Ok(map)) = sample.buffer().map(|buffer| buffer.map_readable()) else {
            return;
        };
        let mut hasher = DefaultHasher::new();
        // Noise of the sensor is enough of a change; a sixteenth of the rows shows it.
        for row in map.as_slice().chunks(1024).step_by(16) {
            row.hash(&mut hasher);
        }
        let now = hasher.finish();
        let pictures = self.pictures.fetch_add(1, Ordering::Relaxed);
        if self.last.swap(now, Ordering::Relaxed) != now && pictures > 0 {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Checking {
    pub(super) fn new(chirp: bool, seen: &Seen) -> Self {
        seen.0.pictures.store(0, Ordering::Relaxed);
        seen.0.changes.store(0, Ordering::Relaxed);
        seen.0.looks.store(true, Ordering::Relaxed);
        Self {
            chirp,
            seconds: 0,
            seen: seen.clone(),
            quiet: None,
            loud: None,
        }
    }

    /// Whether the loudspeaker chirps now.
    pub(super) fn chirps(&self) -> bool {
        self.chirp && self.seconds >= QUIET
    }

    /// How loud the microphone is, before anything is taken out of its sound.
    pub(super) fn hear(&mut self, dbfs: f64) {
        // The first moments of a device are often a click or nothing.
        let place = match self.seconds {
            0 => return,
            _ if self.chirps() => &mut self.loud,
            _ => &mut self.quiet,
        };
        *place = Some(place.map_or(dbfs, |known| known.max(dbfs)));
    }

    /// A second is over; what was found, when the trial is.
    pub(super) fn tick(
        &mut self,
        devices: &DeviceChoice,
        display: DisplayCheck,
    ) -> Option<DeviceReport> {
        self.seconds += 1;
        let length = QUIET + if self.chirp { LOUD } else { 0 };
        (self.seconds >= length).then(|| DeviceReport {
            camera: self.camera(&devices.camera),
            microphone: self.microphone(devices),
            display,
        })
    }

    fn camera(&self, choice: &CameraChoice) -> CameraCheck {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        let seen = &self.seen.0;
        match (choice, count(&seen.pictures), count(&seen.changes)) {
            (CameraChoice::None, _, _) => CameraCheck::Unused,
            (_, 0, _) => CameraCheck::NoPictures,
            (_, _, 0) => CameraCheck::Still,
            _ => CameraCheck::Moving,
        }
    }

    fn microphone(&self, devices: &DeviceChoice) -> MicrophoneCheck {
        if devices.microphone == AudioChoice::None {
            return MicrophoneCheck::Unused;
        }
        let loudest = self
            .quiet
            .into_iter()
            .chain(self.loud)
            .fold(f64::MIN, f64::max);
        if loudest < NOTHING {
            return MicrophoneCheck::Silent;
        }
        // There is no air between simulated devices.
        let real = |choice: &AudioChoice| matches!(choice, AudioChoice::Device(_));
        let air = real(&devices.microphone) && real(&devices.loudspeaker);
        let quiet = self.quiet.unwrap_or(NOTHING);
        let louder = self.loud.is_some_and(|loud| loud >= quiet + HEARD);
        if louder || loudest > LIVELY || !real(&devices.microphone) {
            MicrophoneCheck::Hears
        } else if self.chirp && air {
            MicrophoneCheck::Deaf
        } else {
            MicrophoneCheck::Sounds
        }
    }
}

impl Drop for Checking {
    fn drop(&mut self) {
        self.seen.0.looks.store(false, Ordering::Relaxed);
    }
}

impl Engine {
    /// The microphone is so loud.
    pub(super) fn hear(&mut self, dbfs: f64) {
        if let Some(checking) = &mut self.checking {
            checking.hear(dbfs);
        }
    }

    /// How loud a part is: a simulated microphone says it by this alone.
    pub(super) fn hear_level(&mut self, part: &Part, dbfs: f64) {
        if *part == Part::Microphone && self.wanted.devices.microphone == AudioChoice::Simulated {
            self.hear(dbfs);
        }
    }

    /// A second of the trial is over.
    pub(super) fn go_on_checking(&mut self) {
        let (devices, display) = (&self.wanted.devices, self.televisions.check());
        let checking = self.checking.as_mut();
        if let Some(report) = checking.and_then(|checking| checking.tick(devices, display)) {
            self.checking = None;
            self.say(MediaEvent::Checked(report));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(microphone: AudioChoice) -> DeviceChoice {
        let named = |name: &str| AudioChoice::Device(name.to_owned());
        DeviceChoice {
            camera: CameraChoice::None,
            microphone,
            loudspeaker: named("speakerphone"),
            ..super::super::wanted::Wanted::default().devices
        }
    }

    /// What is made of a microphone that is so loud in a quiet room, and beside a chirp where there is one.
    fn heard(quiet: f64, loud: Option<f64>, microphone: AudioChoice) -> MicrophoneCheck {
        let devices = devices(microphone);
        let mut checking = Checking::new(loud.is_some(), &Seen::default());
        loop {
            let chirps = checking.chirps();
            checking.hear(loud.filter(|_| chirps).unwrap_or(quiet));
            if let Some(report) = checking.tick(&devices, DisplayCheck::Unused) {
                return report.microphone;
            }
        }
    }

    #[test]
    fn a_microphone_that_hears_the_chirp_is_told_from_one_that_does_not() {
        let chirped = |quiet, loud| {
            let real = AudioChoice::Device("speakerphone".to_owned());
            heard(quiet, Some(loud), real)
        };
        assert_eq!(chirped(-60.0, -30.0), MicrophoneCheck::Hears);
        assert_eq!(chirped(-60.0, -58.0), MicrophoneCheck::Deaf);
        assert_eq!(chirped(-25.0, -25.0), MicrophoneCheck::Hears, "people talk");
        assert_eq!(chirped(-350.0, -350.0), MicrophoneCheck::Silent);
    }

    #[test]
    fn without_a_chirp_noise_proves_nothing_and_people_do() {
        let real = || AudioChoice::Device("speakerphone".to_owned());
        assert_eq!(heard(-60.0, None, real()), MicrophoneCheck::Sounds);
        assert_eq!(heard(-25.0, None, real()), MicrophoneCheck::Hears);
        assert_eq!(heard(-350.0, None, real()), MicrophoneCheck::Silent);
        let simulated = AudioChoice::Simulated;
        assert_eq!(heard(-55.0, None, simulated), MicrophoneCheck::Hears);
    }
}
