//! Echo cancellation, noise suppression and gain control: WebRTC's audio processing (AEC3, NS,
//! AGC2), chosen by measurement (docs/adr/0023).

use sonora::{
    AudioProcessing, Config, StreamConfig,
    config::{
        AdaptiveDigital, EchoCanceller, GainController2, MaxProcessingRate, NoiseSuppression,
        NoiseSuppressionLevel, Pipeline,
    },
};

use super::{PERIOD, RATE};

/// What is done to the sound of the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// What the loudspeaker plays is taken out.
    pub echo: bool,
    /// Even noise, such as a fan's, is made quieter by about 12 dB.
    pub noise: bool,
    /// Who sits far away is made as loud as who sits near.
    pub gain: bool,
}

impl Steps {
    /// As in a call.
    pub const ALL: Self = Self {
        echo: true,
        noise: true,
        gain: true,
    };
}

/// The processing of one room; it learns the room's echo and keeps it from call to call.
pub struct Processing {
    module: AudioProcessing,
    scratch: [i16; PERIOD],
}

impl std::fmt::Debug for Processing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Processing").finish_non_exhaustive()
    }
}

impl Processing {
    /// One that knows nothing of its room yet; it takes a second or two of sound to learn it.
    #[must_use]
    pub fn new(steps: Steps) -> Self {
        let noise = NoiseSuppression {
            level: NoiseSuppressionLevel::Moderate,
            ..NoiseSuppression::default()
        };
        let gain = GainController2 {
            adaptive_digital: Some(AdaptiveDigital::default()),
            ..GainController2::default()
        };
        let config = Config {
            pipeline: Pipeline {
                maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz,
                ..Pipeline::default()
            },
            echo_canceller: steps.echo.then(EchoCanceller::default),
            noise_suppression: steps.noise.then_some(noise),
            gain_controller2: steps.gain.then_some(gain),
            ..Config::default()
        };
        let mono = StreamConfig::new(RATE, 1);
        let module = AudioProcessing::builder()
            .config(config)
            .capture_config(mono)
            .render_config(mono)
            .build();
        Self {
            module,
            scratch: [0; PERIOD],
        }
    }

    /// The next 10 ms that the loudspeaker plays.
    pub fn played(&mut self, period: &[i16; PERIOD]) {
        let done = self.module.process_render_i16(period, &mut self.scratch);
        done.expect("one channel of 10 ms at 48 kHz is a format of it");
    }

    /// The next 10 ms that the microphone captured, in place.
    pub fn captured(&mut self, period: &mut [i16; PERIOD]) {
        self.scratch = *period;
        let done = self.module.process_capture_i16(&self.scratch, period);
        done.expect("one channel of 10 ms at 48 kHz is a format of it");
    }
}
