//! What the engine tells the daemon.

use serde::{Deserialize, Serialize};

use crate::{
    BrowserEvent, CameraState, Codec, CodecReport, EncoderTrial, PictureDevice, SoundPriority,
    SourceKind, TransportEvent, TransportId,
};

/// What is connected, in people's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceList {
    /// Cameras and inputs for presentations.
    pub cameras: Vec<PictureDevice>,
    /// Names of microphones.
    pub microphones: Vec<String>,
    /// Names of loudspeakers.
    pub loudspeakers: Vec<String>,
    /// Names of displays.
    #[serde(default)]
    pub displays: Vec<String>,
    /// Microphones and loudspeakers by piece of hardware: what people choose is one of these.
    #[serde(default)]
    pub sound_units: Vec<SoundUnit>,
    /// How sound comes before pictures in the engine that says this; `None`: it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound_priority: Option<SoundPriority>,
}

/// A piece of sound hardware. Microphone and loudspeaker of a speakerphone belong together and are chosen together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoundUnit {
    /// Its microphone's name, if it has one.
    pub microphone: Option<String>,
    /// Its loudspeaker's name, if it has one.
    pub loudspeaker: Option<String>,
}

impl SoundUnit {
    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        let name = self.loudspeaker.as_ref().or(self.microphone.as_ref());
        name.map_or("", String::as_str)
    }

    /// What it has of both is in use, where these are: the names of microphone and loudspeaker.
    #[must_use]
    pub fn is_used_as(&self, [microphone, loudspeaker]: [&str; 2]) -> bool {
        let part = |name: &Option<String>, used: &str| name.as_deref().is_none_or(|n| n == used);
        part(&self.microphone, microphone) && part(&self.loudspeaker, loudspeaker)
    }
}

/// A device that can't be used; the call goes on with what is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "trouble")]
pub enum MediaTrouble {
    /// Not connected, or no such name.
    Missing {
        /// What for.
        source: DeviceUse,
        /// What the configuration names.
        wanted: String,
        /// What there is.
        present: Vec<String>,
    },
    /// Not connected; another device of the room does its work.
    Replaced {
        /// What for.
        source: DeviceUse,
        /// What the configuration, or people, named.
        wanted: String,
        /// What is used.
        instead: String,
    },
    /// Another program has it.
    Busy {
        /// What for.
        source: DeviceUse,
        /// Its name.
        device: String,
    },
    /// A camera's shutter is closed: people want it so, until they open it.
    Covered {
        /// What for.
        source: DeviceUse,
        /// Its name.
        device: String,
    },
    /// Anything else that the device or its driver said.
    Failed {
        /// What for.
        source: DeviceUse,
        /// Its name.
        device: String,
        /// For the log.
        reason: String,
    },
}

/// What a device is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceUse {
    /// Picture of the room.
    Camera,
    /// Sound of the room.
    Microphone,
    /// Sound of the others.
    Loudspeaker,
    /// What the room presents.
    Content,
    /// The television's picture.
    Display,
    /// What is presented, on a display of its own.
    ContentDisplay,
}

impl MediaTrouble {
    /// What the device is used for.
    #[must_use]
    pub fn source(&self) -> DeviceUse {
        match self {
            Self::Missing { source, .. }
            | Self::Replaced { source, .. }
            | Self::Busy { source, .. }
            | Self::Covered { source, .. }
            | Self::Failed { source, .. } => *source,
        }
    }
}

/// A received picture stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReceivedVideo {
    /// Whose.
    pub participant: String,
    /// Camera or content.
    pub source: SourceKind,
    /// Pictures decoded since the track came.
    pub frames_decoded: u64,
    /// Pixels of the last picture.
    pub width: u32,
    /// Pixels of the last picture.
    pub height: u32,
    /// What comes has more pixels than the room decodes: nothing of it is shown.
    #[serde(default)]
    pub too_large: bool,
    /// `freezeCount` of webrtc-stats: how often the picture stood still.
    #[serde(default)]
    pub freeze_count: u64,
    /// `totalFreezesDuration`, in milliseconds.
    #[serde(default)]
    pub total_freezes_duration_ms: u64,
    /// `jitterBufferDelay`, in milliseconds: how long pictures waited from their first packet until they were due or whole,
    /// all together.
    #[serde(default)]
    pub jitter_buffer_delay_ms: u64,
    /// `jitterBufferTargetDelay`, in milliseconds: how long they were to wait after the fastest, all together.
    #[serde(default)]
    pub jitter_buffer_target_delay_ms: u64,
    /// `jitterBufferEmittedCount`: how many pictures those are.
    #[serde(default)]
    pub jitter_buffer_emitted_count: u64,
    /// `estimatedPlayoutTimestamp`, in milliseconds since the Unix epoch: what the sender's clock showed when that was captured
    /// which is played now; none before its first report. The difference to that of the same person's sound is how far they are apart.
    #[serde(default)]
    pub estimated_playout_timestamp_ms: Option<u64>,
}

/// A sent picture stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentVideo {
    /// Camera or content.
    pub source: SourceKind,
    /// Pictures encoded since the track was published, all layers together.
    pub frames_encoded: u64,
    /// The encoder's GStreamer element.
    pub encoder: String,
}

/// A received sound stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackStats {
    /// Whose.
    pub participant: String,
    /// Sound packets received since the track came.
    pub packets: u64,
    /// Level of the last second, dB below full scale (0 is the loudest).
    pub level_dbfs: f64,
    /// As in [`ReceivedVideo`], of packets.
    #[serde(default)]
    pub jitter_buffer_delay_ms: u64,
    /// As in [`ReceivedVideo`].
    #[serde(default)]
    pub jitter_buffer_target_delay_ms: u64,
    /// As in [`ReceivedVideo`], of packets; webrtc-stats counts samples.
    #[serde(default)]
    pub jitter_buffer_emitted_count: u64,
    /// As in [`ReceivedVideo`].
    #[serde(default)]
    pub estimated_playout_timestamp_ms: Option<u64>,
}

/// `protocol` of a candidate in webrtc-stats: how packets travel between the two candidates of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CandidateProtocol {
    /// As datagrams; of a relay: from there on.
    Udp,
    /// In a stream (RFC 6544).
    Tcp,
}

/// `relayProtocol` of a candidate in webrtc-stats: how packets get to the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelayProtocol {
    /// As datagrams.
    Udp,
    /// In a stream.
    Tcp,
    /// In a stream that is encrypted.
    Tls,
}

/// A peer connection, in the terms of webrtc-stats (W3C); counters since it began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConnectionStats {
    /// Which.
    pub transport: TransportId,
    /// `currentRoundTripTime` of the candidate pair in use, in milliseconds.
    pub current_round_trip_time_ms: Option<f64>,
    /// `availableOutgoingBitrate`, in bits a second; none where nothing is sent.
    pub available_outgoing_bitrate: Option<u64>,
    /// `protocol` of the local candidate in use; none before there is one.
    #[serde(default)]
    pub protocol: Option<CandidateProtocol>,
    /// `relayProtocol` of the local candidate in use; none where that is no relay's.
    #[serde(default)]
    pub relay_protocol: Option<RelayProtocol>,
    /// `bytesSent` of the transport.
    pub bytes_sent: u64,
    /// `bytesReceived` of the transport.
    pub bytes_received: u64,
    /// `inbound-rtp` and `outbound-rtp`, one for each stream.
    pub streams: Vec<StreamStats>,
}

/// A stream of a connection, in either direction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StreamStats {
    /// `mid`: its media section.
    pub mid: String,
    /// `rid`: its simulcast layer, where there are several.
    pub rid: Option<String>,
    /// Whether we send it.
    pub outbound: bool,
    /// `packetsSent` or `packetsReceived`, with repetitions.
    pub packets: u64,
    /// `bytesSent` or `bytesReceived`, with repetitions.
    pub bytes: u64,
    /// `fractionLost`, 0 to 1, before repetitions; as the receiver last reported.
    pub fraction_lost: Option<f64>,
    /// `nackCount`: of requests to repeat packets.
    pub nack_count: u64,
    /// `pliCount`: of requests for key frames.
    pub pli_count: u64,
}

/// What a camera did when it was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameraCheck {
    /// The room has none on purpose.
    Unused,
    /// It delivered pictures, not always the same one.
    Moving,
    /// It delivered the same picture again and again.
    Still,
    /// It delivered none.
    NoPictures,
}

/// What a microphone did when it was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MicrophoneCheck {
    /// The room has none on purpose.
    Unused,
    /// It heard the loudspeaker, or people.
    Hears,
    /// It delivered sound, and nothing was played that it would have had to hear.
    Sounds,
    /// It heard the room and not the loudspeaker.
    Deaf,
    /// It delivered no sound.
    Silent,
}

/// Whether the television is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisplayCheck {
    /// The room has none on purpose, or nobody named one and there never was one.
    Unused,
    /// It is connected.
    Connected,
    /// The one that is named is not connected, or the one that was there is gone.
    Missing,
}

/// What the room's devices did when they were tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceReport {
    /// Picture of the room.
    pub camera: CameraCheck,
    /// Sound of the room.
    pub microphone: MicrophoneCheck,
    /// The television's picture.
    pub display: DisplayCheck,
}

/// Once a second while the engine runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MediaStats {
    /// What arrives as pictures.
    pub received_video: Vec<ReceivedVideo>,
    /// What arrives as sound.
    pub received_audio: Vec<TrackStats>,
    /// What is sent as pictures.
    pub sent_video: Vec<SentVideo>,
    /// Level of the loudspeaker's last second, dB below full scale.
    pub loudspeaker_dbfs: Option<f64>,
    /// Level of the microphone's last second, dB below full scale.
    pub microphone_dbfs: Option<f64>,
    /// Frames that came since the engine's start and were dropped, as they could not be decrypted.
    #[serde(default)]
    pub undecryptable: u64,
    /// How the network is.
    #[serde(default)]
    pub connections: Vec<ConnectionStats>,
}

/// From the engine to the daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum MediaEvent {
    /// Answer to `Hello`; the engine is ready for `Configure`.
    Hello {
        /// [`crate::VERSION`].
        version: u16,
    },
    /// What is connected; sent after `Configure` and when it changes.
    Devices(DeviceList),
    /// The room's camera as it stands; sent after `Configure` and when it changes.
    Camera {
        /// `None`: there is none, or none that can be asked.
        state: Option<Box<CameraState>>,
    },
    /// Something was plugged into the input for presentations, or pulled out.
    ContentSignal {
        /// True: a picture comes in.
        present: bool,
    },
    /// Codecs that pictures can be sent in. Before the first one it is VP8 alone; sent once the
    /// encoder that `Configure` names was tried, and when it changes.
    Encodes {
        /// VP8 is always one of them.
        codecs: Vec<Codec>,
    },
    /// What encodes and decodes, and why; sent before `Encodes`, and when it changes.
    Codecs {
        /// All of them.
        report: CodecReport,
        /// What trials showed, here or in an engine before: what the next engine is to be told.
        trials: Vec<EncoderTrial>,
    },
    /// A device can't be used.
    Trouble(MediaTrouble),
    /// A device that had trouble works again.
    Recovered {
        /// What it is used for.
        source: DeviceUse,
    },
    /// Whether the display for what is presented can be used; not before this is said.
    ContentDisplay {
        /// It is there and ours.
        shows: bool,
    },
    /// The first picture of a participant is on the television.
    FirstPicture {
        /// Whose.
        participant: String,
        /// Camera or content.
        source: SourceKind,
    },
    /// How loud the microphone's last tenth of a second was, while people try it.
    MicrophoneLevel {
        /// Root mean square, dB below full scale.
        dbfs: f64,
    },
    /// Answer to `Check`.
    Checked(DeviceReport),
    /// Once a second.
    Stats(MediaStats),
    /// To a meeting service.
    Transport(TransportEvent),
    /// About browsers in the room's network.
    Browser(BrowserEvent),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CameraMoves, CameraView};

    #[test]
    fn a_camera_and_none_come_as_they_were_sent() {
        let camera = CameraState {
            id: "usb-1#046d:0866:A1".to_owned(),
            name: "Rally".to_owned(),
            view: CameraView::default(),
            moves: CameraMoves::default(),
            digital: false,
            controls: Vec::new(),
        };
        for state in [Some(Box::new(camera)), None] {
            let event = MediaEvent::Camera { state };
            let line = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<MediaEvent>(&line).unwrap(), event);
        }
    }
}
