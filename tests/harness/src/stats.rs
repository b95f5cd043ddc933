//! What the browser's WebRTC counts, as far as tests look at it (W3C webrtc-stats names).

use serde::Deserialize;

/// All peer connections of one user together.
#[derive(Debug, Clone, Deserialize)]
pub struct CallStats {
    /// What comes in.
    pub inbound: Vec<Inbound>,
    /// What goes out.
    pub outbound: Vec<Outbound>,
    /// The state of each peer connection.
    pub connections: Vec<String>,
}

/// One received track.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Inbound {
    /// `video` or `audio`.
    pub kind: String,
    /// The media stream: `PA_…|TR_…` with the media server's ids.
    pub stream: String,
    /// `video/VP8`; empty while nothing has come.
    pub codec: String,
    /// Payload bytes.
    pub bytes_received: u64,
    /// Packets that did not come.
    pub packets_lost: i64,
    /// Seconds.
    pub jitter: f64,
    /// Seconds that the jitter buffer held everything back that it gave out.
    pub jitter_buffer_delay: f64,
    /// Pictures, or samples of sound, that it gave out.
    pub jitter_buffer_emitted_count: u64,
    /// Milliseconds since 1900 on the sender's clock when that was captured which is played now; 0 before its first report.
    pub estimated_playout_timestamp: f64,
    /// Video: pictures decoded.
    pub frames_decoded: u64,
    /// Video: pictures decoded that stand alone.
    pub key_frames_decoded: u64,
    /// Video: pictures dropped before they were shown.
    pub frames_dropped: u64,
    /// Video: per second.
    pub frames_per_second: f64,
    /// Video: pixels.
    pub frame_width: u32,
    /// Video: pixels.
    pub frame_height: u32,
    /// Video: times the picture stood still.
    pub freeze_count: u64,
    /// Video: seconds in which it did.
    pub total_freezes_duration: f64,
    /// Audio: sum of squares times seconds.
    pub total_audio_energy: f64,
    /// Audio: 0 to 1.
    pub audio_level: f64,
    /// Audio: seconds played.
    pub total_samples_duration: f64,
    /// Audio: samples made up because packets were missing.
    pub concealed_samples: u64,
    /// Audio: of those, made up during silence.
    pub silent_concealed_samples: u64,
}

/// One sent layer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Outbound {
    /// `video` or `audio`.
    pub kind: String,
    /// Simulcast layer.
    pub rid: String,
    /// `video/VP8`; empty while nothing is sent.
    pub codec: String,
    /// Video: pictures encoded.
    pub frames_encoded: u64,
    /// Video: pixels.
    pub frame_width: u32,
    /// Video: pixels.
    pub frame_height: u32,
    /// Payload bytes.
    pub bytes_sent: u64,
    /// Video: seconds spent on encoding.
    pub total_encode_time: f64,
}

impl CallStats {
    /// The received tracks of a kind whose stream belongs to the media server's participant `sid`.
    pub fn from(&self, sid: &str, kind: &str) -> impl Iterator<Item = &Inbound> {
        self.inbound
            .iter()
            .filter(move |track| track.kind == kind && track.stream.starts_with(sid))
    }

    /// Pictures decoded over all tracks.
    #[must_use]
    pub fn frames_decoded(&self) -> u64 {
        self.inbound.iter().map(|track| track.frames_decoded).sum()
    }

    /// Seconds spent on encoding, over all tracks.
    #[must_use]
    pub fn encode_seconds(&self) -> f64 {
        self.outbound
            .iter()
            .map(|layer| layer.total_encode_time)
            .sum()
    }

    /// The width of the largest picture that is sent now.
    #[must_use]
    pub fn width_sent(&self) -> u32 {
        let widths = self.outbound.iter().map(|layer| layer.frame_width);
        widths.max().unwrap_or(0)
    }

    /// Sound energy over all tracks.
    #[must_use]
    pub fn audio_energy(&self) -> f64 {
        self.inbound
            .iter()
            .map(|track| track.total_audio_energy)
            .sum()
    }
}
