//! What the daemon tells the engine.

use serde::{Deserialize, Serialize};

use crate::{BrowserCommand, CameraView, Control, EncoderTrial, SourceKind, TransportCommand};

/// Which camera, or source of what is presented, to use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameraChoice {
    /// No picture is sent.
    None,
    /// A moving picture, or a still chart, that carries frame number and time (saal-hal-sim).
    Simulated,
    /// A V4L2 device by id, name or node.
    Device(String),
}

/// Which microphone or loudspeaker to use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AudioChoice {
    /// Silence.
    None,
    /// A tone that carries frame number and time, or a loudspeaker that nobody hears.
    Simulated,
    /// An ALSA device by id or name.
    Device(String),
}

/// Who encodes H.264. In software it costs what VP8 costs and brings licences along, so that without
/// hardware only VP8 is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncoderChoice {
    /// Nobody.
    None,
    /// A program in place of the hardware, for tests.
    Simulated,
    /// The machine's, where it has one that does what calls need.
    Hardware,
}

/// Frequency of the lamps' current, against flicker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mains {
    /// Europe, most of Asia and Africa.
    #[default]
    Hz50,
    /// North America and some others.
    Hz60,
}

/// How the camera's picture is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureSettings {
    /// Of the region.
    pub mains: Mains,
    /// A camera that does not move by itself gets its view cut out of its picture.
    pub digital_framing: bool,
}

/// What the picture says while the camera gives none, in the room's language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notices {
    /// It was pulled out.
    pub unplugged: String,
    /// Its shutter is closed.
    pub covered: String,
    /// It can't be used.
    pub failed: String,
}

/// The room's devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceChoice {
    /// Picture of the room.
    pub camera: CameraChoice,
    /// Sound of the room.
    pub microphone: AudioChoice,
    /// Sound of the others.
    pub loudspeaker: AudioChoice,
    /// What the room can present, such as a laptop on an HDMI grabber.
    pub content: CameraChoice,
    /// Encoder of H.264.
    pub encoder: EncoderChoice,
    /// Where the television's picture goes besides browsers.
    #[serde(default)]
    pub display: DisplayChoice,
    /// A second one, for what is presented.
    #[serde(default)]
    pub content_display: DisplayChoice,
    /// Whether echo, noise and uneven loudness are taken out of the microphone's sound; devices that
    /// do it themselves do it better alone.
    pub sound_processing: bool,
    /// How the camera's picture is made.
    pub picture: PictureSettings,
}

/// Which display of this machine shows a picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisplayChoice {
    /// None: a browser shows it, or nobody.
    #[default]
    None,
    /// The first that is connected and that the other choice does not take.
    First,
    /// None: a window on the desktop that this machine's user is logged in to.
    Window,
    /// By id, name or connector.
    Device(String),
}

/// The picture on the television.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Television {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames a second.
    pub frames_per_second: u32,
    /// Whatever changes does so at once; otherwise what is shown glides to its place.
    #[serde(default)]
    pub reduced_motion: bool,
}

/// Pixels of the television.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rect {
    /// From the left edge.
    pub x: i32,
    /// From the top edge.
    pub y: i32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// What a tile shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "of")]
pub enum TileSource {
    /// The room's own camera.
    Own,
    /// What the room presents.
    OwnContent,
    /// What the daemon draws itself: the room's day, or how far it is on its way into a meeting.
    Still,
    /// A participant's picture; a calm placeholder until it arrives.
    Participant {
        /// As assigned by [`TransportCommand::Assign`].
        participant: String,
        /// Camera or content.
        source: SourceKind,
    },
}

/// A place on the television.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tile {
    /// What to show.
    pub source: TileSource,
    /// Where; the picture is fitted inside with its aspect kept.
    pub rect: Rect,
}

/// Text on the television, in a dark box over the pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Where the box may be.
    pub area: Rect,
    /// Where in the area it lies.
    pub place: Place,
    /// Pixels from one line to the next. The box has a margin of a quarter of it above and below
    /// the text and of half of it beside. An area that is one line high shows one line, cut with
    /// an ellipsis; in a higher one text wraps, and of what does not fit the end stays.
    pub line_height: u32,
    /// Each begins on a line of its own.
    pub lines: Vec<TextLine>,
    /// What the text stands on.
    #[serde(default)]
    pub ground: Ground,
}

/// The colour of a label's box; letters are light on each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// Nearly black.
    #[default]
    Dark,
    /// For what people who speak have to know.
    Red,
    /// Who speaks.
    Green,
}

/// Where a label lies in its area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// As small as its text.
    TopRight,
    /// As small as its text.
    BottomLeft,
    /// As small as its text, which is centred.
    BottomCentre,
    /// The whole area, text at its bottom.
    Fill,
}

/// Words of somebody; any Unicode, of a length that can be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextLine {
    /// Whose, in heavier letters before the text; may be empty.
    pub who: String,
    /// What.
    pub text: String,
}

/// From the daemon to the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum MediaCommand {
    /// First of all.
    Hello {
        /// [`crate::VERSION`].
        version: u16,
    },
    /// What encoders showed in their trials before; sent before `Configure`, which has those tried that are not in it.
    RememberTrials {
        /// As an engine said.
        trials: Vec<EncoderTrial>,
    },
    /// Opens devices and the television; a second one changes them while calls go on.
    Configure {
        /// The room's devices.
        devices: DeviceChoice,
        /// The television.
        television: Television,
    },
    /// What the camera's picture says while there is none.
    SetNotices(Notices),
    /// The camera is to look there. Only a camera that is open or moves by itself does.
    Look {
        /// Where.
        view: CameraView,
    },
    /// Turns something of the camera.
    SetControl {
        /// What.
        control: Control,
        /// In the camera's numbers; the nearest that it has is taken.
        value: i32,
    },
    /// Stops or starts what a source sends. Muted sound is not captured, a camera that is off is
    /// closed, so that its light is dark.
    SetMuted {
        /// Which.
        source: SourceKind,
        /// True: nothing leaves the room.
        muted: bool,
    },
    /// Arranges the television. Empty: [`TileSource::Still`] alone.
    SetTiles {
        /// Back to front.
        tiles: Vec<Tile>,
    },
    /// Arranges the display for what is presented. Empty: [`TileSource::Still`] alone.
    SetContentTiles {
        /// Back to front.
        tiles: Vec<Tile>,
    },
    /// All text on the television, back to front; replaces what was there.
    SetText {
        /// Empty: none, which costs nothing.
        labels: Vec<Label>,
    },
    /// Whether the loudspeaker rings: somebody calls the room.
    SetRinging {
        /// True: until it is false.
        on: bool,
    },
    /// The loudspeaker says something to the people in the room. It is not sent into the meeting, and is taken out of
    /// what the microphone captures of it.
    Speak {
        /// Samples a second, of one channel.
        rate: u32,
        /// Signed samples of 16 bits, little-endian, in base64 (RFC 4648, section 4).
        samples: String,
        /// What is being said, and what waits to be, is dropped.
        interrupts: bool,
    },
    /// Nothing more is said for now: the loudspeaker need not stay open for it.
    EndSpeech {},
    /// How loud the loudspeaker is; before the first one it stays as it is.
    SetVolume {
        /// Percent, as people feel it.
        percent: u8,
    },
    /// People try the room's sound.
    TrySound {
        /// [`crate::MediaEvent::MicrophoneLevel`] is told ten times a second while the microphone is open.
        meter: bool,
        /// The loudspeaker plays notes.
        tone: bool,
    },
    /// Tries camera and microphone for some seconds while nothing is sent; [`crate::MediaEvent::Checked`] follows. What they
    /// deliver is looked at in the engine and goes nowhere. A track that is sent meanwhile ends it without an answer.
    Check {
        /// The loudspeaker plays notes for the microphone to hear.
        chirp: bool,
    },
    /// Whether anybody looks at the picture socket.
    SetPreview {
        /// Pictures a second; 0 stops them.
        pictures_per_second: u32,
    },
    /// From a meeting service.
    Transport(TransportCommand),
    /// About browsers in the room's network.
    Browser(BrowserCommand),
}
