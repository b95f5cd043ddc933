//! What to capture, encode and compose, decided from what is wanted and what there is.
//!
//! Pure: the same wishes give the same plan, which `graph` carries out.

use std::collections::BTreeMap;

use saal_hal::{PictureEncoding, PictureFormat};
use saal_media_protocol::{AudioChoice, CameraChoice, Codec, SourceKind, TransportId, VideoSend};

/// A track that a service asked us to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Send {
    /// On which connection.
    pub transport: TransportId,
    /// The client's track id.
    pub track: String,
    /// What it shows.
    pub source: SourceKind,
    /// How, for pictures.
    pub video: Option<VideoSend>,
    /// Which layers anybody receives, in the order of the layers.
    pub active: Vec<bool>,
    /// Each layer is to have temporal layers, which the server drops as it likes.
    pub temporal: bool,
    /// What the way to the far end carries, bits a second.
    pub estimate: Option<u64>,
}

/// Size and speed of a source's pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureSize {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames a second.
    pub frames_per_second: u32,
}

/// Camera or source of content as it should be now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CapturePlan {
    /// Nobody may see anything: the device is closed, its light dark.
    Closed,
    /// No device: pictures come by themselves, of a browser that shares its screen.
    Shared,
    /// Pictures of this size from this source.
    Open {
        /// Which; never `CameraChoice::None`.
        choice: CameraChoice,
        /// The largest picture that is sent or shown.
        size: PictureSize,
    },
}

/// One encoder as it should be now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncoderPlan {
    /// Where its frames go.
    pub transport: TransportId,
    /// The client's track id.
    pub track: String,
    /// Index in `VideoSend::layers`.
    pub layer: usize,
    /// What it encodes: camera or content.
    pub source: SourceKind,
    /// In what.
    pub codec: Codec,
    /// What it makes.
    pub size: PictureSize,
    /// Three temporal layers instead of one.
    pub temporal: bool,
    /// Bits a second.
    pub bitrate: u32,
}

impl EncoderPlan {
    /// Whether one can become the other while it runs: only the bit rate differs.
    #[must_use]
    pub fn same_but_bitrate(&self, other: &Self) -> bool {
        Self {
            bitrate: 0,
            ..self.clone()
        } == Self {
            bitrate: 0,
            ..other.clone()
        }
    }
}

/// What a room's own picture on the television asks of the camera when nothing is sent.
const OWN_TILE: PictureSize = PictureSize {
    width: 640,
    height: 360,
    frames_per_second: 30,
};
/// Below this a picture is mud; the layer stays at it and the network's loss repair has to cope.
const LEAST_BITRATE: u32 = 60_000;
/// The same for writing, which nobody can read below this.
const LEAST_CONTENT_BITRATE: u32 = 150_000;
/// Pictures a second of content: fewer look broken, more don't make it clearer.
const CONTENT_SPEED: std::ops::RangeInclusive<u32> = 5..=30;

/// The camera's plan.
#[must_use]
pub fn camera(choice: &CameraChoice, muted: bool, own_tile: bool, sends: &[Send]) -> CapturePlan {
    let own_tile = own_tile.then_some(OWN_TILE);
    capture(choice, muted, largest(SourceKind::Camera, sends, own_tile))
}

/// The plan of what is presented: it is captured only while a track of it is sent, in the size of
/// that track. People in the room see it then too. A browser that shares its screen comes before
/// the device.
#[must_use]
pub fn content(choice: &CameraChoice, muted: bool, shared: bool, sends: &[Send]) -> CapturePlan {
    if shared {
        return CapturePlan::Shared;
    }
    let size = largest(SourceKind::Content, sends, None).map(|size| PictureSize {
        frames_per_second: size
            .frames_per_second
            .clamp(*CONTENT_SPEED.start(), *CONTENT_SPEED.end()),
        ..size
    });
    capture(choice, muted, size)
}

fn largest(source: SourceKind, sends: &[Send], own: Option<PictureSize>) -> Option<PictureSize> {
    sends
        .iter()
        .filter(|send| send.source == source)
        .filter_map(|send| send.video.as_ref())
        .flat_map(|video| {
            video.layers.iter().map(|layer| PictureSize {
                width: layer.width,
                height: layer.height,
                frames_per_second: video.frames_per_second,
            })
        })
        .chain(own)
        .max_by_key(|size| u64::from(size.width) * u64::from(size.height))
}

fn capture(choice: &CameraChoice, muted: bool, size: Option<PictureSize>) -> CapturePlan {
    match (choice, size) {
        (CameraChoice::None, _) | (_, None) => CapturePlan::Closed,
        _ if muted => CapturePlan::Closed,
        (choice, Some(size)) => CapturePlan::Open {
            choice: choice.clone(),
            size,
        },
    }
}

/// The encoders of all tracks: one for each layer that anybody receives. On a narrow network what
/// is presented comes first, people get what is left.
#[must_use]
pub fn encoders(camera: &CapturePlan, content: &CapturePlan, sends: &[Send]) -> Vec<EncoderPlan> {
    let open = |send: &&Send| match send.source {
        SourceKind::Camera => *camera != CapturePlan::Closed,
        SourceKind::Content => *content != CapturePlan::Closed,
        SourceKind::Microphone | SourceKind::ContentAudio => false,
    };
    let mut sends: Vec<&Send> = sends.iter().filter(open).collect();
    sends.sort_by_key(|send| send.source != SourceKind::Content);
    let mut spent = BTreeMap::<TransportId, u64>::new();
    let mut plans = Vec::new();
    for send in sends {
        let spent = spent.entry(send.transport).or_default();
        let of_track = layers(send, *spent);
        *spent += of_track
            .iter()
            .map(|plan| u64::from(plan.bitrate))
            .sum::<u64>();
        plans.extend(of_track);
    }
    plans
}

fn layers(send: &Send, spent: u64) -> Vec<EncoderPlan> {
    let Some(video) = &send.video else {
        return Vec::new();
    };
    let estimate = send.estimate.map(|bits| bits.saturating_sub(spent));
    let rates = bitrates(video, &send.active, estimate, least_bitrate(send));
    let plans = video
        .layers
        .iter()
        .zip(rates)
        .enumerate()
        .filter_map(|(index, (layer, rate))| {
            Some(EncoderPlan {
                transport: send.transport,
                track: send.track.clone(),
                layer: index,
                source: send.source,
                codec: video.codec,
                size: PictureSize {
                    width: layer.width,
                    height: layer.height,
                    frames_per_second: video.frames_per_second,
                },
                // No other codec is encoded in layers of time.
                temporal: send.temporal && video.codec == Codec::Vp8,
                bitrate: rate?,
            })
        });
    plans.collect()
}

/// Shares what the network carries among the active layers, the smallest first: everybody gets
/// some picture before anybody gets a better one. Without an estimate each gets its most.
///
/// The largest layer in use always runs, at `least` if need be; a larger layer for which
/// less than half of its rate is left would look worse than the smaller one, so it rests.
fn bitrates(
    video: &VideoSend,
    active: &[bool],
    estimate: Option<u64>,
    least: u32,
) -> Vec<Option<u32>> {
    if video.codec == Codec::H264 {
        return one_layer(video, active, estimate, least);
    }
    // A tenth is for sound, repair and headers.
    let mut left = estimate.map(|bits| bits / 10 * 9);
    let mut any = false;
    let share = |(index, most): (usize, u32)| {
        if !active.get(index).copied().unwrap_or(true) {
            return None;
        }
        let Some(budget) = &mut left else {
            return Some(most);
        };
        let rate = u32::try_from(*budget).unwrap_or(u32::MAX).min(most);
        if any && rate < most / 2 {
            return None;
        }
        any = true;
        let rate = rate.max(least.min(most));
        *budget = budget.saturating_sub(u64::from(rate));
        Some(rate)
    };
    video
        .layers
        .iter()
        .map(|layer| layer.max_bitrate)
        .enumerate()
        .map(share)
        .collect()
}

/// The same for a codec without simulcast: the largest layer in use that gets at least half of its
/// rate, or the smallest in use.
fn one_layer(
    video: &VideoSend,
    active: &[bool],
    estimate: Option<u64>,
    least: u32,
) -> Vec<Option<u32>> {
    let budget = estimate.map_or(u32::MAX, |bits| {
        u32::try_from(bits / 10 * 9).unwrap_or(u32::MAX)
    });
    let layers = || video.layers.iter().enumerate();
    let mut in_use = layers().filter(|(index, _)| active.get(*index).copied().unwrap_or(true));
    let smallest = in_use.next();
    let mut larger = in_use.filter(|(_, layer)| budget >= layer.max_bitrate / 2);
    let chosen = larger.next_back().or(smallest).map(|(index, _)| index);
    let rate = |most: u32| budget.min(most).max(least.min(most));
    let rates = layers().map(|(index, layer)| {
        let runs = chosen == Some(index);
        runs.then(|| rate(layer.max_bitrate))
    });
    rates.collect()
}

fn least_bitrate(send: &Send) -> u32 {
    match send.source {
        SourceKind::Content => LEAST_CONTENT_BITRATE,
        _ => LEAST_BITRATE,
    }
}

/// What all layers in use would like to send; the bandwidth estimator looks for as much.
#[must_use]
pub fn wanted_bitrate(send: &Send) -> u64 {
    let Some(video) = &send.video else {
        return 64_000;
    };
    let rates = bitrates(video, &send.active, None, least_bitrate(send));
    rates.into_iter().flatten().map(u64::from).sum::<u64>() * 10 / 9
}

/// Whether the microphone is open.
#[must_use]
pub fn microphone(choice: &AudioChoice, muted: bool, sends: &[Send]) -> bool {
    let sent = sends
        .iter()
        .any(|send| send.source == SourceKind::Microphone);
    sent && !muted && *choice != AudioChoice::None
}

/// The mode of a real camera for what is wanted: raw pictures to 720p (decoding JPEG costs 7 % of a
/// core), JPEG above (raw ones don't fit through USB 2). Of those the one that needs the least
/// scaling, upward only when nothing is large enough, then the one whose speed is nearest.
#[must_use]
pub fn camera_format(formats: &[PictureFormat], size: PictureSize) -> Option<PictureFormat> {
    let usable = formats
        .iter()
        .filter(|f| f.encoding != PictureEncoding::H264);
    usable.copied().min_by_key(|format| {
        let pixels = |width: u32, height: u32| u64::from(width) * u64::from(height);
        let (have, want) = (
            pixels(format.width, format.height),
            pixels(size.width, size.height),
        );
        let raw = format.encoding != PictureEncoding::Mjpeg;
        let shape = format.width * size.height != size.width * format.height;
        let slow = format.frames_per_second * 10 < size.frames_per_second * 8;
        (
            slow,
            have < want,
            have.abs_diff(want),
            shape,
            raw != (have <= pixels(1280, 720)),
            encoding_cost(format.encoding),
            format.frames_per_second.abs_diff(size.frames_per_second),
        )
    })
}

/// Order of what has to be done before encoding: nothing, unweaving, 4:2:2 to 4:2:0, decoding.
fn encoding_cost(encoding: PictureEncoding) -> u8 {
    match encoding {
        PictureEncoding::I420 => 0,
        PictureEncoding::Nv12 => 1,
        PictureEncoding::Yuy2 => 2,
        PictureEncoding::Mjpeg => 3,
        PictureEncoding::H264 => 4,
    }
}

#[cfg(test)]
mod tests {
    use saal_media_protocol::{Codec, VideoLayer};

    use super::*;

    fn layer(rid: &str, width: u32, height: u32, max_bitrate: u32) -> VideoLayer {
        VideoLayer {
            rid: rid.to_owned(),
            width,
            height,
            max_bitrate,
        }
    }

    fn simulcast() -> VideoSend {
        VideoSend {
            codec: Codec::Vp8,
            frames_per_second: 30,
            layers: vec![
                layer("q", 320, 180, 150_000),
                layer("h", 640, 360, 500_000),
                layer("f", 1280, 720, 1_700_000),
            ],
        }
    }

    fn sent(source: SourceKind, active: [bool; 3], estimate: Option<u64>) -> Send {
        Send {
            transport: TransportId(1),
            track: "t".to_owned(),
            source,
            video: (source == SourceKind::Camera).then(simulcast),
            active: active.to_vec(),
            temporal: false,
            estimate,
        }
    }

    fn rates(send: &Send) -> Vec<(usize, u32)> {
        let open = camera(
            &CameraChoice::Simulated,
            false,
            false,
            std::slice::from_ref(send),
        );
        let plans = encoders(&open, &CapturePlan::Closed, std::slice::from_ref(send));
        plans.into_iter().map(|p| (p.layer, p.bitrate)).collect()
    }

    #[test]
    fn the_camera_is_closed_when_muted_unused_or_absent() {
        let send = [sent(SourceKind::Camera, [true; 3], None)];
        let simulated = CameraChoice::Simulated;
        assert_eq!(camera(&simulated, true, true, &send), CapturePlan::Closed);
        assert_eq!(camera(&simulated, false, false, &[]), CapturePlan::Closed);
        assert_eq!(
            camera(&CameraChoice::None, false, true, &send),
            CapturePlan::Closed
        );
        assert!(encoders(&CapturePlan::Closed, &CapturePlan::Closed, &send).is_empty());
        let size = PictureSize {
            width: 1280,
            height: 720,
            frames_per_second: 30,
        };
        assert_eq!(
            camera(&simulated, false, true, &send),
            CapturePlan::Open {
                choice: simulated.clone(),
                size
            }
        );
        assert!(matches!(
            camera(&simulated, false, true, &[]),
            CapturePlan::Open { .. }
        ));
    }

    #[test]
    fn only_layers_that_somebody_receives_are_encoded() {
        let all = sent(SourceKind::Camera, [true; 3], None);
        assert_eq!(rates(&all), [(0, 150_000), (1, 500_000), (2, 1_700_000)]);
        let one = sent(SourceKind::Camera, [false, true, false], None);
        assert_eq!(rates(&one), [(1, 500_000)]);
        assert_eq!(rates(&sent(SourceKind::Camera, [false; 3], None)), []);
        assert_eq!(wanted_bitrate(&one), 555_555);
    }

    #[test]
    fn a_narrow_network_serves_the_small_layers_first() {
        let with = |estimate| rates(&sent(SourceKind::Camera, [true; 3], Some(estimate)));
        assert_eq!(
            with(10_000_000),
            [(0, 150_000), (1, 500_000), (2, 1_700_000)]
        );
        assert_eq!(with(1_000_000), [(0, 150_000), (1, 500_000)]);
        assert_eq!(with(500_000), [(0, 150_000), (1, 300_000)]);
        assert_eq!(with(100_000), [(0, 90_000)]);
        assert_eq!(with(1_000), [(0, 60_000)]);
        let large = sent(SourceKind::Camera, [false, false, true], Some(200_000));
        assert_eq!(
            rates(&large),
            [(2, 180_000)],
            "the only one in use runs at what there is"
        );
    }

    #[test]
    fn without_simulcast_one_layer_runs_the_best_that_is_used_and_carried() {
        let with = |active, estimate| {
            let mut send = sent(SourceKind::Camera, active, estimate);
            send.temporal = true;
            let video = send.video.get_or_insert_with(simulcast);
            video.codec = Codec::H264;
            let open = camera(&CameraChoice::Simulated, false, false, &[send.clone()]);
            let plans = encoders(&open, &CapturePlan::Closed, std::slice::from_ref(&send));
            assert!(plans.iter().all(|p| p.codec == Codec::H264 && !p.temporal));
            plans
                .iter()
                .map(|p| (p.layer, p.bitrate))
                .collect::<Vec<_>>()
        };
        assert_eq!(with([true; 3], None), [(2, 1_700_000)]);
        assert_eq!(with([true; 3], Some(1_000_000)), [(2, 900_000)]);
        assert_eq!(with([true; 3], Some(500_000)), [(1, 450_000)]);
        assert_eq!(with([true; 3], Some(1_000)), [(0, 60_000)]);
        assert_eq!(with([true, true, false], None), [(1, 500_000)]);
        assert_eq!(with([true, false, false], None), [(0, 150_000)]);
        assert_eq!(with([false; 3], None), []);
    }

    #[test]
    fn content_is_captured_only_while_it_is_sent() {
        let simulated = CameraChoice::Simulated;
        let camera_only = [sent(SourceKind::Camera, [true; 3], None)];
        assert_eq!(
            content(&simulated, false, false, &camera_only),
            CapturePlan::Closed
        );
        let mut content_only = [sent(SourceKind::Content, [true; 3], None)];
        content_only[0].video = Some(simulcast());
        assert_eq!(
            camera(&simulated, false, false, &content_only),
            CapturePlan::Closed
        );
        assert_eq!(
            content(&CameraChoice::None, false, false, &content_only),
            CapturePlan::Closed
        );
        let open = content(&simulated, false, false, &content_only);
        assert!(
            matches!(open, CapturePlan::Open { size, .. } if size.height == 720),
            "{open:?}"
        );
        let closed = CapturePlan::Closed;
        assert_eq!(encoders(&open, &closed, &content_only), []);
        let plans = encoders(&closed, &open, &content_only);
        assert!(plans.len() == 3 && plans.iter().all(|p| p.source == SourceKind::Content));
    }

    #[test]
    fn on_a_narrow_network_what_is_presented_comes_first() {
        let mut content = sent(SourceKind::Content, [true; 3], Some(1_000_000));
        content.video = Some(simulcast());
        let camera = sent(SourceKind::Camera, [true; 3], Some(1_000_000));
        let open = CapturePlan::Open {
            choice: CameraChoice::Simulated,
            size: OWN_TILE,
        };
        let plans = encoders(&open, &open, &[camera, content]);
        let rates: Vec<_> = plans.iter().map(|p| (p.source, p.bitrate)).collect();
        use SourceKind::{Camera, Content};
        assert_eq!(
            rates,
            [(Content, 150_000), (Content, 500_000), (Camera, 150_000)],
        );
    }

    #[test]
    fn writing_gets_more_of_a_narrow_network_and_sensible_speeds() {
        let mut send = sent(SourceKind::Content, [false, false, true], Some(1_000));
        for (asked, gets) in [(1, 5), (15, 15), (60, 30)] {
            send.video = Some(VideoSend {
                frames_per_second: asked,
                ..simulcast()
            });
            let open = content(
                &CameraChoice::Simulated,
                false,
                false,
                std::slice::from_ref(&send),
            );
            let CapturePlan::Open { size, .. } = &open else {
                panic!("closed at {asked}");
            };
            assert_eq!(size.frames_per_second, gets);
            let plans = encoders(&CapturePlan::Closed, &open, std::slice::from_ref(&send));
            assert_eq!(plans[0].bitrate, 150_000);
        }
    }

    #[test]
    fn the_microphone_is_open_only_when_it_is_sent_and_not_muted() {
        let send = [sent(SourceKind::Microphone, [true; 3], None)];
        assert!(microphone(&AudioChoice::Simulated, false, &send));
        assert!(!microphone(&AudioChoice::Simulated, true, &send));
        assert!(!microphone(&AudioChoice::Simulated, false, &[]));
        assert!(!microphone(&AudioChoice::None, false, &send));
    }

    fn format(encoding: PictureEncoding, width: u32, height: u32, fps: u32) -> PictureFormat {
        PictureFormat {
            encoding,
            width,
            height,
            frames_per_second: fps,
        }
    }

    #[test]
    fn raw_to_720p_and_jpeg_above() {
        use PictureEncoding::{H264, Mjpeg, Nv12, Yuy2};
        let webcam = [
            format(H264, 1280, 720, 30),
            format(Mjpeg, 1920, 1080, 30),
            format(Yuy2, 1920, 1080, 5),
            format(Mjpeg, 1280, 720, 30),
            format(Yuy2, 1280, 720, 30),
            format(Nv12, 1280, 720, 30),
            format(Yuy2, 640, 360, 30),
        ];
        let chosen = |width, height| {
            camera_format(
                &webcam,
                PictureSize {
                    width,
                    height,
                    frames_per_second: 30,
                },
            )
        };
        assert_eq!(chosen(1280, 720), Some(format(Nv12, 1280, 720, 30)));
        assert_eq!(chosen(1920, 1080), Some(format(Mjpeg, 1920, 1080, 30)));
        assert_eq!(chosen(640, 360), Some(format(Yuy2, 640, 360, 30)));
        assert_eq!(chosen(3840, 2160), Some(format(Mjpeg, 1920, 1080, 30)));
    }

    #[test]
    fn a_slow_raw_mode_loses_against_fast_jpeg() {
        use PictureEncoding::{Mjpeg, Yuy2};
        let cheap = [format(Yuy2, 1280, 720, 10), format(Mjpeg, 1280, 720, 30)];
        let size = PictureSize {
            width: 1280,
            height: 720,
            frames_per_second: 30,
        };
        assert_eq!(
            camera_format(&cheap, size),
            Some(format(Mjpeg, 1280, 720, 30))
        );
        assert_eq!(camera_format(&cheap[..1], size), Some(cheap[0]));
        assert_eq!(camera_format(&[], size), None);
        let own_stream = [format(PictureEncoding::H264, 1280, 720, 30)];
        assert_eq!(camera_format(&own_stream, size), None);
    }
}
