//! What encodes and decodes pictures on this machine, and what became of each.

use serde::{Deserialize, Serialize};

/// All that encode or decode, in the order of preference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodecReport {
    /// For the pictures that the room sends.
    pub encoders: Vec<CodecElement>,
    /// For those that it receives.
    pub decoders: Vec<CodecElement>,
    /// How the camera's pictures get to the encoder in hardware; `None` while none of them goes there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<PictureWay>,
}

/// How pictures get from a camera to an encoder in hardware.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", deny_unknown_fields)]
pub enum PictureWay {
    /// In the memory that they were captured in.
    HandedOn {},
    /// By copies.
    Copied {
        /// What stands in the way.
        reason: String,
    },
}

/// An encoder or a decoder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodecElement {
    /// Its name in GStreamer.
    pub name: String,
    /// As people call it: `H.264`.
    pub codec: String,
    /// Whether it is hardware, or says so.
    pub hardware: bool,
    /// What drives it, where that is known: `bcm2835-codec`.
    pub driver: Option<String>,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of an encoder or a decoder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", deny_unknown_fields)]
pub enum Verdict {
    /// It does the work.
    Chosen,
    /// It would take over.
    Spare,
    /// It was tried and will not do.
    Refused {
        /// What it did not do.
        reason: String,
    },
    /// It failed in a call, and something else goes on in its place.
    GaveWay {
        /// What it did not do.
        reason: String,
    },
    /// It is not looked at.
    Unused {
        /// Why.
        reason: String,
    },
}

/// What an encoder's trial showed. It holds for the same driver, kernel and GStreamer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderTrial {
    /// Its name in GStreamer.
    pub encoder: String,
    /// Driver, kernel and GStreamer then.
    pub with: String,
    /// What it did not do; `None`: it does all that calls need.
    pub refused: Option<String>,
}
