//! What the daemon wants of the engine.

use std::collections::BTreeSet;

use saal_media_protocol::{
    AudioChoice, CameraChoice, DeviceChoice, DisplayChoice, EncoderChoice, Label, PictureSettings,
    Rect, SourceKind, Television, Tile, TileSource,
};

/// What the daemon wants, apart from tracks.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) devices: DeviceChoice,
    pub(super) television: Option<Television>,
    pub(super) muted: BTreeSet<SourceKind>,
    pub(super) tiles: Vec<Tile>,
    pub(super) content_tiles: Vec<Tile>,
    pub(super) labels: Vec<Label>,
    pub(super) ringing: bool,
    pub(super) volume: Option<u8>,
    pub(super) meter: bool,
    pub(super) tone: bool,
    /// The panel speaks, or did a moment ago.
    pub(super) speaking: bool,
    pub(super) pictures_per_second: u32,
    /// Somebody looks at the television from elsewhere.
    pub(super) onlookers: bool,
    /// The daemon has drawn something for times without tiles.
    pub(super) still: bool,
}

impl Wanted {
    /// What a display shows: tiles, or what the daemon drew.
    pub(super) fn or_still(&self, tiles: &[Tile]) -> Vec<Tile> {
        match &self.television {
            Some(television) if tiles.is_empty() && self.still => vec![Tile {
                source: TileSource::Still,
                rect: Rect {
                    x: 0,
                    y: 0,
                    width: television.width & !1,
                    height: television.height & !1,
                },
            }],
            _ => tiles.to_vec(),
        }
    }
}

impl Default for Wanted {
    fn default() -> Self {
        let devices = DeviceChoice {
            camera: CameraChoice::None,
            microphone: AudioChoice::None,
            loudspeaker: AudioChoice::None,
            content: CameraChoice::None,
            encoder: EncoderChoice::None,
            display: DisplayChoice::None,
            content_display: DisplayChoice::None,
            sound_processing: true,
            picture: PictureSettings::default(),
        };
        Self {
            devices,
            television: None,
            muted: BTreeSet::new(),
            tiles: Vec::new(),
            content_tiles: Vec::new(),
            labels: Vec::new(),
            ringing: false,
            volume: None,
            meter: false,
            tone: false,
            speaking: false,
            pictures_per_second: 0,
            onlookers: false,
            still: false,
        }
    }
}
