//! A look at every device of a machine, told so that a person can act on it.
//!
//! The rules of [`crate::conformance`] panic, for tests; here each finding says what was tried, what came of it and what to
//! do, and so does a broken rule. `saalctl selftest` prints it.

mod displays;
mod input;
mod rules;
mod televisions;

use std::fmt;

use serde::Serialize;

pub use displays::displays;
pub use input::{phone_keys, touch_screens};
pub use rules::rules;
pub use televisions::televisions;

use crate::{AudioDevice, AudioDevices, AudioError, CameraError, Cameras, Control, Direction};

/// What came of one trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// It did what it should.
    Works {
        /// What there is to know; may be empty.
        note: String,
    },
    /// It could not be tried, which need not be a fault.
    Untried {
        /// Why.
        reason: String,
        /// What to do so that it can be tried.
        advice: String,
    },
    /// It did not do what it should.
    Failed {
        /// What the device or the kernel said.
        reason: String,
        /// What to do.
        advice: String,
    },
}

/// Something that was tried on a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// What, in a word or two.
    pub what: String,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl Trial {
    /// It works.
    #[must_use]
    pub fn works(what: &str, note: impl Into<String>) -> Self {
        let note = note.into();
        Self::new(what, Outcome::Works { note })
    }

    /// It could not be tried.
    #[must_use]
    pub fn untried(what: &str, reason: impl Into<String>, advice: &str) -> Self {
        let (reason, advice) = (reason.into(), advice.to_owned());
        Self::new(what, Outcome::Untried { reason, advice })
    }

    /// It does not work.
    #[must_use]
    pub fn failed(what: &str, reason: impl Into<String>, advice: &str) -> Self {
        let (reason, advice) = (reason.into(), advice.to_owned());
        Self::new(what, Outcome::Failed { reason, advice })
    }

    fn new(what: &str, outcome: Outcome) -> Self {
        let what = what.to_owned();
        Self { what, outcome }
    }
}

/// A device and what was tried on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What people call it.
    pub device: String,
    /// Its identity, as the configuration may name it.
    pub id: String,
    /// In this order.
    pub trials: Vec<Trial>,
}

/// All devices of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Section {
    /// Of which kind.
    pub title: String,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Whether all of them together keep the rules; see [`rules()`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Trial>,
    /// What to look at where nothing was found.
    pub if_none: String,
}

/// What was found on a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Kind by kind.
    pub sections: Vec<Section>,
}

impl Report {
    /// How many devices there are.
    #[must_use]
    pub fn devices(&self) -> usize {
        self.sections
            .iter()
            .map(|section| section.findings.len())
            .sum()
    }

    /// How many devices failed in something, and how many kinds break a rule.
    #[must_use]
    pub fn failed(&self) -> usize {
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed { .. });
        let rules = self
            .sections
            .iter()
            .filter_map(|section| section.rules.as_ref());
        self.with(failed) + rules.filter(|trial| failed(&trial.outcome)).count()
    }

    /// How many devices could not be tried in everything.
    #[must_use]
    pub fn untried(&self) -> usize {
        self.with(|outcome| matches!(outcome, Outcome::Untried { .. }))
    }

    fn with(&self, is: impl Fn(&Outcome) -> bool) -> usize {
        let findings = self.sections.iter().flat_map(|section| &section.findings);
        findings
            .filter(|finding| finding.trials.iter().any(|trial| is(&trial.outcome)))
            .count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for section in &self.sections {
            writeln!(f, "{section}")?;
        }
        let (all, failed, untried) = (self.devices(), self.failed(), self.untried());
        match all {
            0 => writeln!(f, "No device was found."),
            _ => writeln!(
                f,
                "Devices: {all}, failed: {failed}, not wholly tried: {untried}."
            ),
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        if self.findings.is_empty() {
            writeln!(f, "  none found\n  -> {}", self.if_none)?;
        }
        for finding in &self.findings {
            writeln!(f, "  {}\n    {:<14} {}", finding.device, "id", finding.id)?;
            for trial in &finding.trials {
                writeln!(f, "    {trial}")?;
            }
        }
        if let Some(trial) = &self.rules {
            writeln!(f, "  All of these\n    {trial}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, column) = (&self.what, 19);
        match &self.outcome {
            Outcome::Works { note } if note.is_empty() => write!(f, "{what:<14} works"),
            Outcome::Works { note } => write!(f, "{what:<14} works: {note}"),
            Outcome::Untried { reason, advice } => {
                write!(
                    f,
                    "{what:<14} not tried: {reason}\n{:column$}-> {advice}",
                    ""
                )
            }
            Outcome::Failed { reason, advice } => {
                write!(f, "{what:<14} FAILED: {reason}\n{:column$}-> {advice}", "")
            }
        }
    }
}

const IN_USE: &str =
    "stop the program that uses it; if that is the room itself, leave the meeting and try again";
const LEFT: &str = "it was pulled out meanwhile; check the cable and try again";
const REPLUG: &str = "unplug it and plug it in again, into another port if that does not help; \
                      if it fails on another computer as well, replace it";

/// Tries every camera.
#[must_use]
pub fn cameras(of: &dyn Cameras) -> Section {
    let listed = of.list();
    let findings = match &listed {
        Ok(all) => all
            .iter()
            .map(|camera| camera_finding(of, camera))
            .collect(),
        Err(error) => vec![not_listed("cameras", &error.to_string())],
    };
    Section {
        title: "Cameras and inputs for presentations".to_owned(),
        findings,
        rules: None,
        if_none: "plug one in; if there is one, look for its USB id in `lsusb` and for errors in `dmesg`, \
                  and see that this user may open /dev/video* (group video)"
            .to_owned(),
    }
}

fn not_listed(kind: &str, reason: &str) -> Finding {
    Finding {
        device: format!("The {kind} could not be listed"),
        id: "-".to_owned(),
        trials: vec![Trial::failed("list", reason, "run this as root")],
    }
}

fn camera_finding(of: &dyn Cameras, camera: &crate::Camera) -> Finding {
    let picture = match of.check(camera) {
        Ok(()) => Trial::works("picture", ""),
        Err(error @ CameraError::Busy { .. }) => {
            Trial::untried("picture", error.to_string(), IN_USE)
        }
        Err(error @ CameraError::NotFound { .. }) => {
            Trial::failed("picture", error.to_string(), LEFT)
        }
        Err(error) => Trial::failed("picture", error.to_string(), REPLUG),
    };
    Finding {
        device: camera.name.clone(),
        id: camera.id.clone(),
        trials: [
            modes(camera),
            controls(of, camera),
            Some(picture),
            cover(of, camera),
        ]
        .into_iter()
        .flatten()
        .collect(),
    }
}

fn controls(of: &dyn Cameras, camera: &crate::Camera) -> Option<Trial> {
    match of.controls(camera) {
        Ok(all) if all.is_empty() => Some(Trial::works("controls", "it has none")),
        Ok(all) => {
            let names: Vec<&str> = all.iter().map(|c| c.control.as_str()).collect();
            Some(Trial::works("controls", names.join(", ")))
        }
        Err(error) => Some(Trial::failed("controls", error.to_string(), REPLUG)),
    }
}

/// What keeps the picture back although nothing is broken.
fn cover(of: &dyn Cameras, camera: &crate::Camera) -> Option<Trial> {
    let controls = of.controls(camera).unwrap_or_default();
    let closed = controls
        .iter()
        .any(|c| c.control == Control::Privacy && c.value != 0);
    if closed {
        let reason = "the camera's shutter is closed";
        return Some(Trial::untried(
            "view",
            reason,
            "open the shutter on the camera",
        ));
    }
    match of.signal(camera) {
        Ok(Some(true)) => Some(Trial::works("signal", "")),
        Ok(Some(false)) => Some(Trial::untried(
            "signal",
            "nothing is plugged into it",
            "plug in a laptop that is awake",
        )),
        Ok(None) | Err(_) => None,
    }
}

/// The largest mode tells what may be expected.
fn modes(camera: &crate::Camera) -> Option<Trial> {
    let largest = camera
        .formats
        .iter()
        .max_by_key(|f| (f.width * f.height, f.frames_per_second));
    let trial = match largest {
        Some(f) => {
            let (width, height, rate) = (f.width, f.height, f.frames_per_second);
            let count = camera.formats.len();
            Trial::works(
                "modes",
                format!("{count}, up to {width}x{height} at {rate}/s"),
            )
        }
        None => Trial::failed("modes", "it offers none", REPLUG),
    };
    Some(trial)
}

/// Tries every microphone, and then every loudspeaker.
#[must_use]
pub fn sound(of: &dyn AudioDevices) -> [Section; 2] {
    let kinds = [
        (Direction::Capture, "Microphones"),
        (Direction::Playback, "Loudspeakers"),
    ];
    kinds.map(|(direction, title)| sound_section(of, direction, title))
}

fn sound_section(of: &dyn AudioDevices, direction: Direction, title: &str) -> Section {
    let findings = match of.list(direction) {
        Ok(all) => all
            .iter()
            .map(|device| Finding {
                device: device.name.clone(),
                id: device.id.clone(),
                trials: [
                    Some(moves_sound(of.check(device))),
                    belongs_to(of, device),
                    volume(of, device),
                ]
                .into_iter()
                .flatten()
                .collect(),
            })
            .collect(),
        Err(error) => vec![not_listed("sound devices", &error.to_string())],
    };
    Section {
        title: title.to_owned(),
        findings,
        rules: None,
        if_none: "plug one in; if there is one, `cat /proc/asound/cards` should list it, \
                  and this user may need the group audio"
            .to_owned(),
    }
}

/// What is chosen together with it.
fn belongs_to(of: &dyn AudioDevices, device: &AudioDevice) -> Option<Trial> {
    let companion = of.companion(device).ok()??;
    Some(Trial::works("belongs to", companion.name))
}

fn volume(of: &dyn AudioDevices, device: &AudioDevice) -> Option<Trial> {
    if device.direction == Direction::Capture {
        return None;
    }
    Some(match of.volume(device) {
        Ok(Some(volume)) => Trial::works("volume", format!("{} %", volume.percent())),
        Ok(None) => Trial::works("volume", "it has no control; the room sets it itself"),
        Err(error) => Trial::failed("volume", error.to_string(), REPLUG),
    })
}

fn moves_sound(checked: Result<(), AudioError>) -> Trial {
    match checked {
        Ok(()) => Trial::works("10 ms of sound", ""),
        Err(error @ AudioError::Busy { .. }) => {
            Trial::untried("10 ms of sound", error.to_string(), IN_USE)
        }
        Err(error @ AudioError::NotFound { .. }) => {
            Trial::failed("10 ms of sound", error.to_string(), LEFT)
        }
        Err(error @ AudioError::Device { .. }) => {
            Trial::failed("10 ms of sound", error.to_string(), REPLUG)
        }
    }
}
