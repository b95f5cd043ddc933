//! Commands and events between the daemon and the media engine.
//!
//! The engine is a process of its own, a child of the daemon or of a keeper ([`Attach`]). It inherits two Unix stream sockets: `control` carries one JSON
//! document a line in both directions, commands in and events out; `picture` carries the live
//! picture of the television to the web view, each a four byte big-endian length and a JPEG, and
//! back what the daemon draws for the television ([`StillPicture`]), so
//! that pictures never queue behind control. Over a third one, of packets, the daemon lends it displays. Both ends refuse another [`VERSION`].

mod attach;
mod browser;
mod camera;
mod command;
mod declared;
mod encoder;
mod encryption;
mod event;
mod still;
mod transport;

pub use attach::{Attach, HANDED_ON, KeeperEvent};
pub use browser::{BrowserCommand, BrowserEnd, BrowserEvent, BrowserId, BrowserUse, RoomPicture};
pub use camera::{CameraAction, CameraMoves, CameraState, CameraView, PictureDevice, Preset};
pub use command::{
    AudioChoice, CameraChoice, DeviceChoice, DisplayChoice, EncoderChoice, Ground, Label, Mains,
    MediaCommand, Notices, PictureSettings, Place, Rect, Television, TextLine, Tile, TileSource,
};
pub use declared::{
    ChannelOffer, Declared, DtlsSetup, Fingerprint, HeaderExtension, IceCredentials,
    LocalTransport, PayloadType, RemoteTransport, StreamSsrc,
};
pub use encoder::{CodecElement, CodecReport, EncoderTrial, PictureWay, Verdict};
pub use encryption::{KeyOwner, MediaKey};
pub use event::{
    CameraCheck, CandidateProtocol, ConnectionStats, DeviceList, DeviceReport, DeviceUse,
    DisplayCheck, MediaEvent, MediaStats, MediaTrouble, MicrophoneCheck, ReceivedVideo,
    RelayProtocol, SentVideo, SoundUnit, StreamStats, TrackStats,
};
pub use saal_hal::{Control, ControlState, PictureKind, SoundPriority};
pub use still::{StillError, StillPicture};
pub use transport::{
    ANSWER_STREAM, Answers, Candidate, Codec, DescriptionKind, IceServer, RemoteTrack, SourceKind,
    TransportCommand, TransportEvent, TransportId, TransportRole, TransportState, VideoLayer,
    VideoSend,
};

/// Version of this protocol. Daemon and engine come from one image, so another one is a fault.
pub const VERSION: u16 = 11;

/// File descriptor of the control socket in the engine.
pub const CONTROL_FD: i32 = 3;
/// File descriptor of the picture socket in the engine.
pub const PICTURE_FD: i32 = 4;
/// File descriptor of the socket in the engine over which the daemon lends displays.
pub const DISPLAY_FD: i32 = 5;
