//! What is known of the encoders, and engines that die with one of them.

use saal_media_protocol::{CodecReport, EncoderTrial, MediaCommand, Verdict};

use super::Room;
use crate::{Effect, Trouble, TroubleCode};

/// A driver is part of the engine's process. One death may have any cause; with the second one while the same encoder was
/// in use, it is left alone until the daemon is another one.
const DEATHS: usize = 2;

/// The machine's encoders, as engines said.
#[derive(Clone, Debug, Default)]
pub(super) struct Encoders {
    report: CodecReport,
    trials: Vec<EncoderTrial>,
    /// Encoders that engines died with.
    deaths: Vec<String>,
}

impl Room {
    /// What encodes and decodes, and why.
    #[must_use]
    pub fn codecs(&self) -> &CodecReport {
        &self.encoders.report
    }

    pub(super) fn on_saved_trials(&mut self, trials: Vec<EncoderTrial>) {
        self.encoders.trials = trials;
    }

    pub(super) fn on_codecs(&mut self, report: CodecReport, trials: Vec<EncoderTrial>) {
        self.encoders.report = report;
        self.tell_of_encoder();
        // What deaths of engines taught is no trial's outcome, and stays in memory.
        let deaths = &self.encoders.deaths;
        let learned = |trial: &EncoderTrial| is_deadly(deaths, &trial.encoder);
        if trials.iter().any(learned) || self.encoders.trials == trials {
            return;
        }
        self.encoders.trials.clone_from(&trials);
        self.effect(Effect::SaveTrials(trials));
    }

    /// People hear of one that failed while it was at work, until one passes its trial or none is wanted.
    fn tell_of_encoder(&mut self) {
        let Encoders { report, deaths, .. } = &self.encoders;
        let failed = report.encoders.iter().find(|e| match e.verdict {
            Verdict::GaveWay { .. } => true,
            Verdict::Refused { .. } => is_deadly(deaths, &e.name),
            Verdict::Chosen | Verdict::Spare | Verdict::Unused { .. } => false,
        });
        match failed.map(|failed| failed.name.clone()) {
            Some(name) => self.raise(Trouble::Encoder { name }),
            None => {
                if self.troubles.clear(TroubleCode::Encoder) {
                    self.effect(Effect::Redraw);
                }
            }
        }
    }

    /// To be told to a new engine before anything that uses an encoder.
    pub(super) fn send_trials(&mut self) {
        let Encoders { trials, deaths, .. } = &self.encoders;
        let told = trials.iter().cloned();
        let told: Vec<EncoderTrial> = told
            .map(|trial| match is_deadly(deaths, &trial.encoder) {
                true => EncoderTrial {
                    refused: Some("the engine died twice while it encoded".to_owned()),
                    ..trial
                },
                false => trial,
            })
            .collect();
        if !told.is_empty() {
            self.effect(Effect::Media(MediaCommand::RememberTrials { trials: told }));
        }
    }

    /// The engine died: which encoder in hardware was at work?
    pub(super) fn note_encoder_of_dead_engine(&mut self) {
        let sent = self.stats.iter().flat_map(|stats| &stats.sent_video);
        let in_hardware = |name: &str| {
            let mut all = self.encoders.report.encoders.iter();
            all.any(|e| e.hardware && e.name == name && e.verdict == Verdict::Chosen)
        };
        let at_work = sent
            .map(|video| &video.encoder)
            .find(|name| in_hardware(name));
        self.encoders.deaths.extend(at_work.cloned());
    }
}

fn is_deadly(deaths: &[String], encoder: &str) -> bool {
    deaths.iter().filter(|name| *name == encoder).count() >= DEATHS
}
