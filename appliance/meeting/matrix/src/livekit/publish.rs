//! What the room sends, and in which layers.

use livekit_protocol as proto;
use saal_media_protocol::{Codec, SourceKind, VideoLayer, VideoSend};

/// Frames a second of the camera.
const FRAMES_PER_SECOND: u32 = 30;
/// Frames a second of what is presented: text stays sharp, a film still moves.
const CONTENT_FRAMES_PER_SECOND: u32 = 15;

/// How the camera is sent: with up to one other device one full layer, so that nothing is encoded
/// twice; with more of them the three layers that Element Call sends.
pub(crate) fn video_send(others: usize) -> VideoSend {
    let layers = if others <= 1 {
        vec![layer("", 1280, 720, 1_500_000)]
    } else {
        vec![
            layer("q", 320, 180, 160_000),
            layer("h", 640, 360, 450_000),
            layer("f", 1280, 720, 1_700_000),
        ]
    };
    VideoSend {
        codec: Codec::Vp8,
        frames_per_second: FRAMES_PER_SECOND,
        layers,
    }
}

/// How content is sent: one full layer, since nobody can read a smaller one.
pub(crate) fn content_send() -> VideoSend {
    VideoSend {
        codec: Codec::Vp8,
        frames_per_second: CONTENT_FRAMES_PER_SECOND,
        layers: vec![layer("", 1920, 1080, 2_500_000)],
    }
}

fn layer(rid: &str, width: u32, height: u32, max_bitrate: u32) -> VideoLayer {
    VideoLayer {
        rid: rid.to_owned(),
        width,
        height,
        max_bitrate,
    }
}

/// The request that announces a track before it is offered.
pub(crate) fn add_track(
    cid: &str,
    source: SourceKind,
    video: Option<&VideoSend>,
    muted: bool,
) -> proto::AddTrackRequest {
    let layers = video.map(proto_layers).unwrap_or_default();
    let largest = video.and_then(|video| video.layers.last());
    proto::AddTrackRequest {
        cid: cid.to_owned(),
        r#type: track_type(source) as i32,
        source: track_source(source) as i32,
        width: largest.map_or(0, |layer| layer.width),
        height: largest.map_or(0, |layer| layer.height),
        muted,
        simulcast_codecs: video
            .map(|_| proto::SimulcastCodec {
                codec: "vp8".to_owned(),
                cid: cid.to_owned(),
                layers: layers.clone(),
                ..Default::default()
            })
            .into_iter()
            .collect(),
        layers,
        // Redundant audio (RFC 2198) would have to be encoded by the engine.
        disable_red: true,
        ..Default::default()
    }
}

fn proto_layers(video: &VideoSend) -> Vec<proto::VideoLayer> {
    let count = video.layers.len();
    video
        .layers
        .iter()
        .enumerate()
        .map(|(index, layer)| proto::VideoLayer {
            quality: quality(index, count) as i32,
            width: layer.width,
            height: layer.height,
            bitrate: layer.max_bitrate,
            rid: layer.rid.clone(),
            spatial_layer: i32::try_from(index).unwrap_or_default(),
            ..Default::default()
        })
        .collect()
}

/// LiveKit's name for a layer: the largest of three is high, a single one too.
fn quality(index: usize, count: usize) -> proto::VideoQuality {
    match count - index {
        1 => proto::VideoQuality::High,
        2 => proto::VideoQuality::Medium,
        _ => proto::VideoQuality::Low,
    }
}

/// Which layers somebody receives, in the order of `video.layers`.
pub(crate) fn active_layers(
    video: &VideoSend,
    update: &proto::SubscribedQualityUpdate,
) -> Vec<bool> {
    // Older servers fill only the list without codecs.
    #[allow(deprecated)]
    let qualities = update
        .subscribed_codecs
        .iter()
        .find(|codec| codec.codec.eq_ignore_ascii_case("vp8"))
        .map_or(&update.subscribed_qualities, |codec| &codec.qualities);
    let wanted = |quality: proto::VideoQuality| {
        qualities
            .iter()
            .any(|q| q.enabled && q.quality() == quality)
    };
    let count = video.layers.len();
    if count == 1 {
        // The one layer serves whoever wants any.
        return vec![qualities.iter().any(|q| q.enabled)];
    }
    (0..count)
        .map(|index| wanted(quality(index, count)))
        .collect()
}

/// LiveKit's name of a source.
pub(crate) fn track_source(source: SourceKind) -> proto::TrackSource {
    match source {
        SourceKind::Microphone => proto::TrackSource::Microphone,
        SourceKind::Camera => proto::TrackSource::Camera,
        SourceKind::Content => proto::TrackSource::ScreenShare,
        SourceKind::ContentAudio => proto::TrackSource::ScreenShareAudio,
    }
}

fn track_type(source: SourceKind) -> proto::TrackType {
    match source {
        SourceKind::Microphone | SourceKind::ContentAudio => proto::TrackType::Audio,
        SourceKind::Camera | SourceKind::Content => proto::TrackType::Video,
    }
}

#[cfg(test)]
mod tests {
    use proto::{SubscribedCodec, SubscribedQuality, VideoQuality};

    use super::*;

    fn update(enabled: &[VideoQuality]) -> proto::SubscribedQualityUpdate {
        let qualities = [VideoQuality::Low, VideoQuality::Medium, VideoQuality::High].map(|q| {
            SubscribedQuality {
                quality: q as i32,
                enabled: enabled.contains(&q),
            }
        });
        proto::SubscribedQualityUpdate {
            track_sid: "TR_1".into(),
            subscribed_codecs: vec![SubscribedCodec {
                codec: "vp8".into(),
                qualities: qualities.into(),
            }],
            ..Default::default()
        }
    }

    #[test]
    fn only_layers_that_somebody_receives_are_active() {
        let three = video_send(5);
        assert_eq!(
            active_layers(&three, &update(&[VideoQuality::Low])),
            [true, false, false]
        );
        assert_eq!(
            active_layers(&three, &update(&[VideoQuality::High])),
            [false, false, true]
        );
        assert_eq!(active_layers(&three, &update(&[])), [false; 3]);
    }

    #[test]
    fn a_single_layer_serves_every_quality() {
        let one = video_send(1);
        assert_eq!(active_layers(&one, &update(&[VideoQuality::Low])), [true]);
        assert_eq!(active_layers(&one, &update(&[])), [false]);
    }

    #[test]
    fn a_camera_is_announced_with_the_layers_that_element_call_names() {
        let request = add_track("cid", SourceKind::Camera, Some(&video_send(2)), true);
        assert_eq!(
            (request.width, request.height, request.muted),
            (1280, 720, true)
        );
        let layers: Vec<_> = request
            .layers
            .iter()
            .map(|l| (l.quality, l.width, l.height, l.bitrate))
            .collect();
        assert_eq!(
            layers,
            [
                (0, 320, 180, 160_000),
                (1, 640, 360, 450_000),
                (2, 1280, 720, 1_700_000)
            ]
        );
    }
}
