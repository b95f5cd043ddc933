//! Finding an encoder of H.264: each that the machine has is tried in a process of its own, since
//! drivers hang and crash. What a trial showed is remembered for the same driver, kernel and GStreamer.

use std::{
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use saal_media_protocol::{
    CodecElement, CodecReport, EncoderChoice, EncoderTrial, MediaEvent, PictureWay, Verdict,
};
use tokio::{io::AsyncReadExt, process::Command, time::timeout};

use super::Engine;
use crate::graph::{
    Candidate, Graph, GraphEvent, HardwareEncoder, Installed, SIMULATED_ENCODER, SMALL_SIZE,
    TRY_ENCODER, VP8_ENCODER, try_encoder,
};

/// Two seconds of pictures, which the trial gives three, and a process that starts.
const WITHIN: Duration = Duration::from_secs(5);
/// Bytes of a reason that are read.
const LONGEST_REASON: u64 = 400;

/// Where encoders in hardware come from, and what tries them.
#[derive(Clone, Debug)]
pub struct EncoderSource {
    /// Lists those that calls may use, the best first; GStreamer is there by then.
    pub list: fn() -> Vec<HardwareEncoder>,
    /// The program that tries one, in a process of its own: [`TRY_ENCODER`] and its name in GStreamer are its arguments. None
    /// is tried without it.
    pub tried_by: Option<PathBuf>,
    /// How long a trial may take, with a process that starts.
    pub within: Duration,
}

impl EncoderSource {
    /// All of the machine that meetings take; this program tries them.
    #[must_use]
    pub fn machine() -> Self {
        let this = std::env::current_exe();
        let missing = |error: &std::io::Error| {
            tracing::error!(%error, "no encoder can be tried: this program is not found");
        };
        Self {
            list: HardwareEncoder::of_the_machine,
            tried_by: this.inspect_err(missing).ok(),
            within: WITHIN,
        }
    }

    /// The first one that does what calls need, and what is known of those before it.
    async fn choose(
        self,
        known: Vec<EncoderTrial>,
    ) -> (Option<HardwareEncoder>, Vec<EncoderTrial>) {
        match &self.tried_by {
            Some(engine) => hardware(&(self.list)(), known, engine, self.within).await,
            None => (None, known),
        }
    }
}

/// What is known of the machine's encoders.
#[derive(Debug)]
pub(super) struct Encoders {
    source: EncoderSource,
    /// What trials showed.
    trials: Vec<EncoderTrial>,
    /// The one that passed and is used.
    chosen: Option<String>,
    /// One that passed and failed in a call, and how. It is left alone until this process or the
    /// configuration is another one, and tried again then.
    failed: Option<EncoderTrial>,
    searching: bool,
    /// As listed when one was looked for; a driver that hangs is not asked again.
    installed: Installed,
    /// How the camera's pictures get to the one that is used.
    pub(super) camera: Option<PictureWay>,
}

impl Default for Encoders {
    fn default() -> Self {
        Self {
            source: EncoderSource::machine(),
            trials: Vec::new(),
            chosen: None,
            failed: None,
            searching: false,
            installed: Installed::default(),
            camera: None,
        }
    }
}

/// Looks for one. The graph says what came of it.
fn look_for(choice: EncoderChoice, source: EncoderSource, known: Vec<EncoderTrial>, graph: &Graph) {
    let graph = graph.clone();
    tokio::spawn(async move {
        let listed = tokio::task::spawn_blocking(Installed::list).await;
        let installed = listed.unwrap_or_else(|error| {
            tracing::error!(%error, "encoders can't be listed");
            Installed::default()
        });
        let (found, trials) = match choice {
            EncoderChoice::None => (None, known),
            EncoderChoice::Simulated => (simulated().await, known),
            EncoderChoice::Hardware => source.choose(known).await,
        };
        let event = GraphEvent::EncoderTried {
            choice,
            found,
            trials,
            installed,
        };
        graph.say(event);
    });
}

async fn simulated() -> Option<HardwareEncoder> {
    let encoder = HardwareEncoder::named(SIMULATED_ENCODER)?;
    let trial = || try_encoder(SIMULATED_ENCODER, SMALL_SIZE);
    match tokio::task::spawn_blocking(trial).await {
        Ok(Ok(())) => Some(encoder),
        Ok(Err(reason)) => {
            tracing::error!(%reason, "the simulated encoder does not do");
            None
        }
        Err(error) => {
            tracing::error!(%error, "the simulated encoder's trial died");
            None
        }
    }
}

/// The first of these that does what calls need, and what is known of those before it. `engine` tries them.
async fn hardware(
    machine: &[HardwareEncoder],
    known: Vec<EncoderTrial>,
    engine: &Path,
    within: Duration,
) -> (Option<HardwareEncoder>, Vec<EncoderTrial>) {
    let mut trials = Vec::new();
    for encoder in machine {
        let (name, with) = (encoder.factory(), encoder.circumstances());
        let before = known.iter().find(|t| t.encoder == name && t.with == with);
        let refused = match before {
            Some(trial) => trial.refused.clone(),
            None => try_in_a_process(engine, name, within).await.err(),
        };
        let remembered = before.is_some();
        let passed = refused.is_none();
        match &refused {
            None => tracing::info!(name, with, remembered, "H.264 is encoded by hardware"),
            Some(reason) => {
                tracing::info!(name, with, remembered, reason, "an encoder will not do")
            }
        }
        trials.push(EncoderTrial {
            encoder: name.to_owned(),
            with,
            refused,
        });
        if passed {
            return (Some(encoder.clone()), trials);
        }
    }
    (None, trials)
}

async fn try_in_a_process(engine: &Path, factory: &str, within: Duration) -> Result<(), String> {
    let mut child = Command::new(engine)
        .args([TRY_ENCODER, factory])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut reason = String::new();
    let mut output = child.stdout.take().map(|out| out.take(LONGEST_REASON));
    let trial = async {
        if let Some(output) = &mut output {
            // What is no text is no reason; how it ended says enough then.
            let _ = output.read_to_string(&mut reason).await;
        }
        child.wait().await
    };
    let ended = timeout(within, trial).await;
    match ended {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(why(status, reason.trim())),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("its driver hung in the trial".to_owned()),
    }
}

fn why(status: ExitStatus, reason: &str) -> String {
    match reason {
        "" => format!("the trial died: {status}"),
        reason => reason.to_owned(),
    }
}

impl Encoders {
    /// All encoders with what became of them, and decoders.
    fn report(&self, choice: EncoderChoice) -> CodecReport {
        let encoders = self
            .installed
            .encoders
            .iter()
            .map(|candidate| CodecElement {
                verdict: self.verdict(choice, candidate),
                name: candidate.name.clone(),
                codec: candidate.codec.clone(),
                hardware: candidate.hardware,
                driver: candidate.driver.clone(),
            });
        CodecReport {
            encoders: encoders.collect(),
            decoders: self.installed.decoders.clone(),
            camera: self.camera.clone(),
        }
    }

    fn verdict(&self, choice: EncoderChoice, candidate: &Candidate) -> Verdict {
        let name = &candidate.name;
        let unused = |reason: &str| Verdict::Unused {
            reason: reason.to_owned(),
        };
        let of_it = |trial: &&EncoderTrial| trial.encoder == *name;
        if name == VP8_ENCODER || self.chosen.as_ref() == Some(name) {
            return Verdict::Chosen;
        }
        let refused = self.trials.iter().find(of_it);
        let refused = refused.and_then(|trial| trial.refused.clone());
        let failed = self.failed.as_ref().filter(of_it);
        let failed = failed.and_then(|failed| failed.refused.as_ref());
        match (failed, refused) {
            (Some(reason), _) => Verdict::GaveWay {
                reason: reason.clone(),
            },
            (None, Some(reason)) => Verdict::Refused { reason },
            _ if candidate.not_tried.is_some() => unused(candidate.not_tried.unwrap_or_default()),
            _ if self.searching => unused("it has not been tried yet"),
            _ if choice == EncoderChoice::None => unused("devices.encoder is \"none\""),
            _ if choice == EncoderChoice::Simulated => unused("devices.encoder is \"simulated\""),
            _ => unused("a better one is used"),
        }
    }
}

impl Engine {
    /// Takes encoders in hardware from there; at first they are the machine's.
    pub fn take_encoders_from(&mut self, source: EncoderSource) {
        self.encoders.source = source;
    }

    /// What the daemon remembers of engines before.
    pub(super) fn remember_trials(&mut self, trials: Vec<EncoderTrial>) {
        self.encoders.trials = trials;
    }

    /// Another choice of encoder: the machine's are looked at anew.
    pub(super) fn look_for_encoder(&mut self, choice: EncoderChoice) {
        let known = self.encoders.trials.clone();
        self.encoders.failed = None;
        self.encoders.searching = true;
        look_for(choice, self.encoders.source.clone(), known, &self.graph);
    }

    /// A search is over; one for what is not wanted any more is not looked at.
    pub(super) fn encoder_tried(
        &mut self,
        choice: EncoderChoice,
        found: Option<HardwareEncoder>,
        trials: Vec<EncoderTrial>,
        installed: Installed,
    ) {
        if choice != self.wanted.devices.encoder {
            return;
        }
        self.encoders.trials = trials;
        self.encoders.installed = installed;
        self.encoders.chosen = found.as_ref().map(|found| found.factory().to_owned());
        self.encoders.searching = false;
        self.devices.pictures.sharing.forget();
        self.sending.use_h264(found);
        self.say_codecs();
        self.reconcile();
    }

    /// The encoder that hardware has failed in a call. That it passed its trial is forgotten, so that the next engine
    /// tries it again.
    pub(super) fn demote(&mut self, reason: &str) {
        let Some(encoder) = self.encoders.chosen.take() else {
            return;
        };
        tracing::error!(
            encoder,
            reason,
            "an encoder failed in a call: VP8 by a program goes on"
        );
        self.encoders.trials.retain(|t| t.encoder != encoder);
        self.encoders.failed = Some(EncoderTrial {
            encoder,
            with: String::new(),
            refused: Some(reason.to_owned()),
        });
        self.say_codecs();
    }

    pub(super) fn say_codecs(&self) {
        // The call is in a hurry, people who ask are not.
        let codecs = self.sending.codecs();
        self.say(MediaEvent::Encodes { codecs });
        self.say_report();
    }

    /// For people alone.
    pub(super) fn say_report(&self) {
        let choice = self.wanted.devices.encoder;
        self.say(MediaEvent::Codecs {
            report: self.encoders.report(choice),
            trials: self.encoders.trials.clone(),
        });
    }
}

#[cfg(test)]
mod tests;
