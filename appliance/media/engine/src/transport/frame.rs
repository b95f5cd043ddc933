//! Encoded frames at the boundary between network and codecs, and what is done to them there.

use std::{sync::Arc, time::Duration};

use saal_media_protocol::Codec;

/// One encoded frame: a picture, or 20 ms of sound.
#[derive(Clone, Debug)]
pub struct Frame {
    /// How it is coded.
    pub codec: Codec,
    /// RTP time, extended to 64 bits, in the codec's clock (VP8 90 kHz, Opus 48 kHz).
    pub rtp_time: u64,
    /// When its first packet arrived, or when it was captured; since the engine's start.
    pub at: Duration,
    /// No other frame is needed to decode this one.
    pub key: bool,
    /// False after a loss: what follows may not decode until the next key frame.
    pub contiguous: bool,
    /// The bitstream.
    pub data: Arc<[u8]>,
}

/// Where end-to-end encryption sits: between encoder and packets, packets and decoder.
///
/// Encryption adds a variant that holds keys by participant; frames that a server injects carry
/// its trailer and pass unencrypted (both are `transform`'s business, callers stay as they are).
#[derive(Clone, Debug, Default)]
pub enum FrameTransform {
    /// Frames pass as they are.
    #[default]
    Plain,
}

impl FrameTransform {
    /// What leaves for the network, or reaches the decoder; `None` drops the frame.
    #[must_use]
    pub fn apply(&self, frame: Frame) -> Option<Frame> {
        match self {
            Self::Plain => Some(frame),
        }
    }
}
