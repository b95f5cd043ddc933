//! What the room sends: its sources, their streams, and how high anybody needs them.

use saal_media_protocol::{Codec, SourceKind, StreamSsrc, VideoLayer, VideoSend};

use super::ids::Ids;

/// Frames a second of the camera.
const CAMERA_FRAMES: u32 = 30;
/// Frames a second of what is presented: text stays sharp, a film still moves.
const CONTENT_FRAMES: u32 = 15;

/// One source of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnSource {
    /// Such as `1a2b3c4d-v0`; also the name of the engine's track.
    pub(crate) name: String,
    pub(crate) source: SourceKind,
    pub(crate) picture: bool,
    /// One for sound, one a layer for pictures, the smallest first.
    pub(crate) streams: Vec<StreamSsrc>,
}

/// How many layers a picture is sent in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layers {
    /// The bridge forwards to each what it needs.
    Simulcast,
    /// To a peer, who needs one.
    Single,
}

impl OwnSource {
    /// New numbers for a source.
    pub(crate) fn new(endpoint: &str, source: SourceKind, layers: Layers, ids: &mut Ids) -> Self {
        let picture = matches!(source, SourceKind::Camera | SourceKind::Content);
        let count = match layers {
            Layers::Simulcast if picture => 3,
            _ => 1,
        };
        let streams = (0..count).map(|_| StreamSsrc {
            ssrc: ids.ssrc(),
            rtx: picture.then(|| ids.ssrc()),
        });
        Self {
            name: source_name(endpoint, source),
            source,
            picture,
            streams: streams.collect(),
        }
    }

    /// Stream and track as session descriptions would call them; old clients show by it. Each new source has
    /// another: browsers refuse a description in which a track of the last session and one of this are called
    /// alike. The web client counts its connections for that; the first SSRC is as good.
    pub(crate) fn msid(&self) -> String {
        let (endpoint, track) = self.name.rsplit_once('-').unwrap_or((&self.name, "a0"));
        let media = if self.picture { "video" } else { "audio" };
        let index = track.trim_start_matches(|c: char| !c.is_ascii_digit());
        let number = self.streams.first().map_or(1, |stream| stream.ssrc);
        format!("{endpoint}-{media}-{index}-{number} {}-{number}", self.name)
    }

    /// `None` for sound.
    pub(crate) fn video_type(&self) -> Option<&'static str> {
        match self.source {
            SourceKind::Camera => Some("camera"),
            SourceKind::Content => Some("desktop"),
            SourceKind::Microphone | SourceKind::ContentAudio => None,
        }
    }

    /// What goes out in this codec. H.264 is in one stream: the first, since a bridge that knows three
    /// gives the smallest to everybody.
    pub(crate) fn streams_in(&self, codec: Codec) -> Vec<StreamSsrc> {
        let count = match self.codec(codec) {
            Codec::H264 => 1,
            _ => self.streams.len(),
        };
        self.streams.iter().take(count).copied().collect()
    }

    /// What is presented stays in VP8: it is larger than the level of H.264 that is offered.
    fn codec(&self, codec: Codec) -> Codec {
        match self.source {
            SourceKind::Camera => codec,
            _ => Codec::Vp8,
        }
    }

    /// For the engine; `None` for sound.
    pub(crate) fn video_send(&self, codec: Codec) -> Option<VideoSend> {
        let (frames_per_second, heights): (u32, &[(u32, u32, u32)]) = match self.source {
            SourceKind::Camera => (
                CAMERA_FRAMES,
                &[
                    (320, 180, 200_000),
                    (640, 360, 500_000),
                    (1280, 720, 1_500_000),
                ],
            ),
            SourceKind::Content => (
                CONTENT_FRAMES,
                &[
                    (480, 270, 200_000),
                    (960, 540, 700_000),
                    (1920, 1080, 2_500_000),
                ],
            ),
            SourceKind::Microphone | SourceKind::ContentAudio => return None,
        };
        let wanted = &heights[heights.len() - self.streams.len()..];
        let single = wanted.len() == 1;
        let layers = wanted.iter().zip(["q", "h", "f"]);
        let layers = layers.map(|(&(width, height, max_bitrate), rid)| VideoLayer {
            rid: if single {
                String::new()
            } else {
                rid.to_owned()
            },
            width,
            height,
            max_bitrate,
        });
        Some(VideoSend {
            codec: self.codec(codec),
            frames_per_second,
            layers: layers.collect(),
        })
    }

    /// Which layers are worth encoding when nobody needs more than this height, in pixels: up to
    /// the first that reaches it.
    pub(crate) fn active_layers(&self, max_height: u32) -> Vec<bool> {
        let layers = self
            .video_send(Codec::Vp8)
            .map(|v| v.layers)
            .unwrap_or_default();
        let heights = layers.iter().map(|layer| layer.height);
        let below = std::iter::once(0).chain(heights);
        let active = below.take(layers.len()).map(|below| below < max_height);
        active.collect()
    }
}

/// What the source of an endpoint is called.
pub(crate) fn source_name(endpoint: &str, source: SourceKind) -> String {
    let suffix = match source {
        SourceKind::Microphone => "a0",
        SourceKind::ContentAudio => "a1",
        SourceKind::Camera => "v0",
        SourceKind::Content => "v1",
    };
    format!("{endpoint}-{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(layers: Layers) -> OwnSource {
        OwnSource::new("1a2b3c4d", SourceKind::Camera, layers, &mut Ids::new(1))
    }

    #[test]
    fn nobody_s_need_stops_the_camera_and_a_small_tile_one_layer() {
        let camera = camera(Layers::Simulcast);
        assert_eq!(camera.active_layers(0), [false, false, false]);
        assert_eq!(camera.active_layers(90), [true, false, false]);
        assert_eq!(camera.active_layers(360), [true, true, false]);
        assert_eq!(camera.active_layers(2160), [true, true, true]);
    }

    #[test]
    fn a_peer_gets_one_full_layer() {
        let camera = camera(Layers::Single);
        let video = camera.video_send(Codec::Vp8).unwrap();
        assert_eq!(video.layers.len(), 1);
        assert_eq!(video.layers[0].height, 720);
        assert_eq!(camera.active_layers(180), [true]);
        assert_eq!(camera.active_layers(0), [false]);
    }

    #[test]
    fn h264_is_in_the_first_of_the_camera_s_streams() {
        let camera = camera(Layers::Simulcast);
        let video = camera.video_send(Codec::H264).unwrap();
        assert_eq!((video.codec, video.layers.len()), (Codec::H264, 3));
        assert_eq!(camera.streams_in(Codec::H264), camera.streams[..1]);
        assert_eq!(camera.streams_in(Codec::Vp8), camera.streams);
        let mut ids = Ids::new(2);
        let content = OwnSource::new("a", SourceKind::Content, Layers::Simulcast, &mut ids);
        assert_eq!(content.video_send(Codec::H264).unwrap().codec, Codec::Vp8);
        assert_eq!(content.streams_in(Codec::H264), content.streams);
    }

    #[test]
    fn every_stream_has_its_own_numbers() {
        let camera = camera(Layers::Simulcast);
        let numbers = camera.streams.iter().flat_map(|s| [Some(s.ssrc), s.rtx]);
        let numbers: std::collections::BTreeSet<_> = numbers.flatten().collect();
        assert_eq!(numbers.len(), 6);
    }

    #[test]
    fn a_track_is_never_called_as_the_one_of_the_session_before() {
        let mut ids = Ids::new(1);
        let mut next =
            || OwnSource::new("1a2b3c4d", SourceKind::Camera, Layers::Simulcast, &mut ids);
        let (first, second) = (next(), next());
        let ssrc = first.streams[0].ssrc;
        assert_eq!(
            first.msid(),
            format!("1a2b3c4d-video-0-{ssrc} 1a2b3c4d-v0-{ssrc}")
        );
        assert_ne!(first.msid(), second.msid());
    }
}
