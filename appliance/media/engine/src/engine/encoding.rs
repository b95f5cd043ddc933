//! Finding an encoder of H.264: each that the machine has is tried in a process of its own, since
//! drivers hang and crash.

use std::{process::Stdio, time::Duration};

use saal_media_protocol::{EncoderChoice, MediaEvent};
use tokio::{process::Command, time::timeout};

use super::Engine;
use crate::graph::{Graph, GraphEvent, H264Encoder, SIMULATED_ENCODER, TRY_ENCODER, try_encoder};

/// Two seconds of pictures, encoded as fast as hardware can; what takes longer is too slow.
const WITHIN: Duration = Duration::from_secs(5);

/// Looks for one. The graph says what came of it.
pub(super) fn look_for(choice: EncoderChoice, graph: &Graph) {
    let graph = graph.clone();
    tokio::spawn(async move {
        let found = match choice {
            EncoderChoice::None => None,
            EncoderChoice::Simulated => simulated().await,
            EncoderChoice::Hardware => hardware().await,
        };
        graph.say(GraphEvent::EncoderTried { choice, found });
    });
}

async fn simulated() -> Option<H264Encoder> {
    let encoder = H264Encoder::named(SIMULATED_ENCODER)?;
    let trial = tokio::task::spawn_blocking(|| try_encoder(SIMULATED_ENCODER)).await;
    match trial {
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

async fn hardware() -> Option<H264Encoder> {
    for encoder in H264Encoder::of_the_machine() {
        let factory = encoder.factory();
        match try_in_a_process(factory).await {
            Ok(()) => {
                tracing::info!(factory, "H.264 is encoded by hardware");
                return Some(encoder);
            }
            Err(reason) => tracing::info!(factory, reason, "an encoder that will not do"),
        }
    }
    None
}

async fn try_in_a_process(factory: &str) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut child = Command::new(program)
        .args([TRY_ENCODER, factory])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| error.to_string())?;
    match timeout(WITHIN, child.wait()).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("the trial ended: {status}")),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the trial took too long".to_owned()),
    }
}

impl Engine {
    /// A search is over; one for what is not wanted any more is not looked at.
    pub(super) fn encoder_tried(&mut self, choice: EncoderChoice, found: Option<H264Encoder>) {
        if choice != self.wanted.devices.encoder {
            return;
        }
        self.sending.use_h264(found);
        self.say_codecs();
        self.reconcile();
    }

    pub(super) fn say_codecs(&self) {
        let codecs = self.sending.codecs();
        self.say(MediaEvent::Encodes { codecs });
    }
}
