//! Encoded frames at the boundary between network and codecs, and what is done to them there.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::rand;
use saal_media_protocol::Codec;

use crate::encryption::{OwnKey, Sealer};

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
    /// Where each spatial layer of a received VP9 picture ends in `data`; empty without layers.
    pub layers: Vec<usize>,
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

/// What is done to a stream's frames between encoder and packets.
#[derive(Debug)]
pub enum FrameTransform {
    /// They pass as they are.
    Plain,
    /// They are end-to-end encrypted.
    Encrypt(Sealer),
}

impl FrameTransform {
    /// For one stream on a connection; `own` where the connection is encrypted.
    ///
    /// # Panics
    /// When the kernel gives no random numbers.
    #[must_use]
    pub fn of(own: Option<&OwnKey>) -> Self {
        let Some(own) = own else { return Self::Plain };
        let mut stream = [0; 8];
        rand::fill(&mut stream).expect("the kernel gives random numbers");
        Self::Encrypt(Sealer::new(own.clone(), stream))
    }

    /// What leaves for the network; `None` drops the frame.
    #[must_use]
    pub fn apply(&self, frame: Frame) -> Option<Frame> {
        match self {
            Self::Plain => Some(frame),
            Self::Encrypt(sealer) => {
                let data = sealer.seal(frame.codec, &frame.data)?;
                Some(Frame { data, ..frame })
            }
        }
    }
}
