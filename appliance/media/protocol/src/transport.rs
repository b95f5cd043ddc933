//! The part of the protocol that meeting services speak with the engine: session descriptions,
//! candidates, tracks. The daemon passes it on without looking.
//!
//! Services with session descriptions (LiveKit) use `Open`, `Publish` and `Describe`; services that
//! declare each stream (Jitsi) use `OpenDeclared`, `Receive` and `Send`, see [`crate::Declared`].

use serde::{Deserialize, Serialize};

use crate::{Declared, KeyOwner, LocalTransport, MediaKey, RemoteTransport, StreamSsrc};

/// One peer connection of the engine; numbers are never used twice while a daemon lives.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct TransportId(pub u64);

/// Who makes the offers on a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransportRole {
    /// The engine offers and sends.
    Publisher,
    /// The server offers and sends.
    Subscriber,
    /// The other side offers and both send: tracks that are published before the first offer go
    /// into the lines in which it wants to receive, in their order, all in the stream
    /// [`ANSWER_STREAM`].
    Answerer,
}

/// The first part of the msid of all that a [`TransportRole::Answerer`] sends.
pub const ANSWER_STREAM: &str = "room";

/// A STUN or TURN server (RFC 8489, RFC 8656).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    /// `stun:`, `turn:` or `turns:` URLs (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    /// Name for TURN; empty for STUN.
    pub username: String,
    /// Password for TURN; empty for STUN.
    pub credential: String,
}

/// What a session description is (RFC 8829).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DescriptionKind {
    /// Proposes.
    Offer,
    /// Accepts.
    Answer,
}

/// A trickled ICE candidate (RFC 8838).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// `candidate:…` as in SDP, without `a=`.
    pub candidate: String,
    /// The media section it is for, where known.
    pub mid: Option<String>,
}

/// Where a track's content comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Sound of people.
    Microphone,
    /// Picture of people.
    Camera,
    /// Presented picture.
    Content,
    /// Sound of what is presented.
    ContentAudio,
}

/// Codecs the engine speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// RFC 7587, 48 kHz.
    Opus,
    /// RFC 7741.
    Vp8,
    /// RFC 9628.
    Vp9,
    /// RTP payload format of the Alliance for Open Media, v1.0.0.
    Av1,
    /// RFC 6184.
    H264,
}

/// One simulcast layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoLayer {
    /// RTP stream id (RFC 8851); empty when there is one layer.
    pub rid: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Bits a second at most.
    pub max_bitrate: u32,
}

/// How a picture is to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoSend {
    /// The codec, decided by the service.
    pub codec: Codec,
    /// Frames a second at most.
    pub frames_per_second: u32,
    /// One entry without simulcast; the largest last. H.264 goes out in one stream, of the largest
    /// layer in use that the network carries: hardware and bridges have no simulcast of it.
    pub layers: Vec<VideoLayer>,
}

/// From a meeting service to the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum TransportCommand {
    /// Makes a peer connection; the engine answers with its candidates.
    Open {
        /// Its number from now on.
        transport: TransportId,
        /// Who offers.
        role: TransportRole,
        /// Servers for connectivity.
        ice_servers: Vec<IceServer>,
    },
    /// Adds a track to send. On a publisher the engine answers with an offer; on an answerer the
    /// track waits for a line of the next offer that has room for it.
    Publish {
        /// The publisher.
        transport: TransportId,
        /// The client's track id (`cid`), which the offer's msid must carry.
        track: String,
        /// What to send.
        source: SourceKind,
        /// How, for pictures; sound is always Opus.
        video: Option<VideoSend>,
    },
    /// Stops sending a track and offers without it.
    Unpublish {
        /// The publisher.
        transport: TransportId,
        /// As in `Publish`.
        track: String,
    },
    /// Looks for another way to the other side while streams and keys stay (RFC 8445 section 9): the engine
    /// offers. Where the other side offers, that is its part.
    RestartIce {
        /// The publisher.
        transport: TransportId,
    },
    /// Which layers anybody receives; the others are not encoded.
    SetActiveLayers {
        /// The publisher.
        transport: TransportId,
        /// As in `Publish`.
        track: String,
        /// One flag a layer, in the order of [`VideoSend::layers`].
        active: Vec<bool>,
    },
    /// The other side's description. An offer is answered with [`TransportEvent::Description`].
    Describe {
        /// Which connection.
        transport: TransportId,
        /// Offer or answer.
        kind: DescriptionKind,
        /// RFC 8866 text.
        sdp: String,
    },
    /// The other side's candidate.
    AddCandidate {
        /// Which connection.
        transport: TransportId,
        /// The candidate.
        candidate: Candidate,
    },
    /// Says whose a received track is, before or after its packets arrive.
    Assign {
        /// The subscriber.
        transport: TransportId,
        /// Track id, the second part of the description's msid.
        track: String,
        /// The participant's id as in the meeting's participant list.
        participant: String,
        /// What it shows.
        source: SourceKind,
    },
    /// A received track is gone.
    Unassign {
        /// The subscriber.
        transport: TransportId,
        /// As in `Assign`.
        track: String,
    },
    /// Makes a connection whose streams are declared; answered with [`TransportEvent::Opened`]
    /// and candidates.
    OpenDeclared {
        /// Its number from now on.
        transport: TransportId,
        /// The other side.
        declared: Box<Declared>,
    },
    /// The other side's answer, where `OpenDeclared` came first.
    Connect {
        /// Which connection.
        transport: TransportId,
        /// The other side.
        remote: RemoteTransport,
    },
    /// Expects a stream; the same track again moves it to another SSRC.
    Receive {
        /// A declared connection.
        transport: TransportId,
        /// Name of the stream, for `Assign` and `Unassign`.
        track: String,
        /// Its numbers.
        stream: StreamSsrc,
        /// Sound or picture, by its codec.
        picture: bool,
    },
    /// Sends a source in declared streams, until `Unpublish`. Once more for a track that is sent: in
    /// another codec, in the same streams.
    Send {
        /// A declared connection.
        transport: TransportId,
        /// Name of the stream.
        track: String,
        /// What to send.
        source: SourceKind,
        /// How, for pictures; sound is always Opus.
        video: Option<VideoSend>,
        /// One entry a layer, in the order of [`VideoSend::layers`]; one for sound and H.264.
        streams: Vec<StreamSsrc>,
    },
    /// Sounds telephone tones in place of the sound of a sent track.
    SendTones {
        /// A declared connection.
        transport: TransportId,
        /// As in `Send`.
        track: String,
        /// 0 to 9, *, #, A to D (RFC 4733 section 3.2).
        tones: String,
    },
    /// Sends a text on the connection's data channel; before it is open, the text waits.
    ChannelSend {
        /// A declared connection.
        transport: TransportId,
        /// UTF-8.
        text: String,
    },
    /// Media on this connection are end-to-end encrypted from now on: nothing is sent before the
    /// room has a key, and nothing is played or shown that can't be decrypted. Comes right after
    /// `Open`.
    Encrypt {
        /// Which connection.
        transport: TransportId,
        /// Frames that end with these bytes are the media server's own and not encrypted; empty
        /// where the server makes none.
        server_trailer: Vec<u8>,
    },
    /// A key for all encrypted connections, also for those that are opened later. The same index
    /// again replaces the key.
    SetKey {
        /// Whose media.
        owner: KeyOwner,
        /// Its place among the owner's keys, as frames name it.
        index: u8,
        /// The key.
        key: MediaKey,
    },
    /// Forgets all keys: the call is over.
    ForgetKeys,
    /// Asks each of these servers once, over the way that its address names: STUN for our address, TURN for one of its own,
    /// which is given back. Answered with [`TransportEvent::Probed`]; no peer connection is made.
    Probe {
        /// A number of its own.
        transport: TransportId,
        /// Whom to ask.
        ice_servers: Vec<IceServer>,
    },
    /// Ends a peer connection and everything on it.
    Close {
        /// Which.
        transport: TransportId,
    },
}

/// How a peer connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransportState {
    /// ICE and DTLS are under way.
    Connecting,
    /// Media can flow.
    Connected,
    /// No connectivity at the moment; it may come back.
    Disconnected,
    /// It will not come back; the service has to start anew.
    Failed,
}

/// What servers answered that were asked over one kind of way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answers {
    /// None of them is asked in this way.
    Unasked,
    /// At least one did.
    Came,
    /// None did.
    Missing {
        /// Of the first one, for the log.
        reason: String,
    },
}

/// A track that the other side's description announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteTrack {
    /// Media section.
    pub mid: String,
    /// First part of msid.
    pub stream: String,
    /// Second part of msid.
    pub track: String,
    /// Seen, not heard.
    pub picture: bool,
}

/// From the engine to a meeting service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "did")]
pub enum TransportEvent {
    /// Our description: an offer after `Publish`/`Unpublish`, an answer after an offer.
    Description {
        /// Which connection.
        transport: TransportId,
        /// Offer or answer.
        kind: DescriptionKind,
        /// RFC 8866 text.
        sdp: String,
    },
    /// Our candidate.
    Candidate {
        /// Which connection.
        transport: TransportId,
        /// The candidate.
        candidate: Candidate,
    },
    /// Connectivity changed.
    State {
        /// Which connection.
        transport: TransportId,
        /// How it is now.
        state: TransportState,
    },
    /// The address of this machine that the connection used is gone, or the other side sees it elsewhere, since an address
    /// translation on the way forgot it; it looks for another way, which the other side may be slow to take.
    Moved {
        /// Which connection.
        transport: TransportId,
    },
    /// Which way media take; said before the connection is connected.
    Route {
        /// Which connection.
        transport: TransportId,
        /// They go to a relay in a stream (TCP, TLS), where one lost packet holds up all that follow; otherwise as datagrams.
        in_stream: bool,
    },
    /// Answer to [`TransportCommand::Probe`].
    Probed {
        /// As in the question.
        transport: TransportId,
        /// Of those that are asked over UDP.
        datagrams: Answers,
        /// Of those that are asked over TCP or TLS.
        streams: Answers,
    },
    /// All tracks of the connection's current remote description.
    RemoteTracks {
        /// Which connection.
        transport: TransportId,
        /// Active ones only.
        tracks: Vec<RemoteTrack>,
    },
    /// A declared connection is made; our candidates follow.
    Opened {
        /// Which connection.
        transport: TransportId,
        /// For the answer.
        local: LocalTransport,
    },
    /// The data channel is open.
    ChannelOpen {
        /// Which connection.
        transport: TransportId,
    },
    /// A text came on the data channel.
    ChannelText {
        /// Which connection.
        transport: TransportId,
        /// UTF-8.
        text: String,
    },
    /// Whether a participant's media can be decrypted with the keys that are there; said when it
    /// changes: true with the first frame that could be decrypted, false when none could for half a
    /// second.
    Decrypts {
        /// Which connection.
        transport: TransportId,
        /// Who, as in [`TransportCommand::Assign`].
        participant: String,
        /// False: a key is missing or wrong.
        decrypts: bool,
    },
    /// A command could not be carried out; the connection is as it was before.
    Refused {
        /// Which connection.
        transport: TransportId,
        /// For the log.
        reason: String,
    },
}

impl TransportEvent {
    /// The connection that this is about.
    #[must_use]
    pub fn transport(&self) -> TransportId {
        match self {
            Self::Description { transport, .. }
            | Self::Candidate { transport, .. }
            | Self::State { transport, .. }
            | Self::Moved { transport }
            | Self::Route { transport, .. }
            | Self::Probed { transport, .. }
            | Self::RemoteTracks { transport, .. }
            | Self::Opened { transport, .. }
            | Self::ChannelOpen { transport }
            | Self::ChannelText { transport, .. }
            | Self::Decrypts { transport, .. }
            | Self::Refused { transport, .. } => *transport,
        }
    }
}
