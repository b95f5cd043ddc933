//! Encoded frames at the boundary between network and codecs, and what is done to them there.

use std::{sync::Arc, time::Duration};

use saal_media_protocol::Codec;

/// One encoded frame: a picture, or 20 ms of sound.
#[derive(Clone, Debug)]
pub struct Frame {
    /// How it is coded.
    pub codec: Codec,
    /// The RTP source that it came in, where the connection tells; frames of another source
    /// follow another clock.
    pub source: u32,
    /// RTP time, extended to 64 bits, in the codec's clock (pictures 90 kHz, Opus 48 kHz).
    pub rtp_time: u64,
    /// When its first packet arrived, or when it was captured; since the engine's start.
    pub at: Duration,
    /// No other frame is needed to decode this one.
    pub key: bool,
    /// False after a loss: what follows may not decode until the next key frame.
    pub contiguous: bool,
    /// Its place in the temporal pattern, for pictures coded in temporal layers.
    pub temporal: Option<Temporal>,
    /// How loud captured sound is: -dBov, 0 the loudest and 127 silence (RFC 6464).
    pub level: Option<u8>,
    /// The bitstream.
    pub data: Arc<[u8]>,
}

/// A frame's place among the temporal layers of its stream (RFC 7741 section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Temporal {
    /// 0 for the frames that all others build on.
    pub id: u8,
    /// Needs frames of layer 0 only: who decodes less may begin to decode this layer here.
    pub sync: bool,
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
