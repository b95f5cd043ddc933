//! The engine with cameras and sound cards that the kernel drives: each way in and out, devices in use, devices pulled.
//!
//! `./dev test e2e -- hardware` runs this in a virtual machine on the kernel's own test drivers: vivid with two cameras, one of
//! them an HDMI input, snd-aloop, a card on which what device 0 plays is what device 1 captures, vicodec, an encoder, and
//! uvcvideo with a webcam that is software.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

#[path = "hardware/encoder.rs"]
mod encoder;
#[path = "hardware/far_end.rs"]
mod far_end;
#[path = "../../../../hal/linux/tests/hdmi/mod.rs"]
mod hdmi;
#[path = "hardware/pulled.rs"]
mod pulled;
mod support;
#[path = "../../../../hal/linux/tests/usb/mod.rs"]
mod usb;

use std::time::Duration;

use gstreamer::prelude::*;
use hdmi::plug_into;

use saal_hal::{
    AudioDevice, AudioDevices, Camera, Cameras, Direction, DisplayError, Displays, PictureEncoding,
    PictureKind,
};
use saal_hal_linux::{AlsaDevices, DrmDisplays, M2mRole, V4l2Cameras, m2m_codecs};
use saal_media::{
    engine::{Engine, GLANCE, Machine},
    graph::{
        Fault, Graph, GraphEvent, HardwareEncoder, Installed, Part, TrackKey, VideoDevice,
        VideoSource,
    },
    handing::Copies,
    plan::{self, PictureSize},
};
use saal_media_protocol::{
    AudioChoice, CameraChoice, CameraView, Codec, DeviceChoice, DeviceUse, DisplayChoice,
    EncoderChoice, MediaCommand, MediaEvent, MediaStats, MediaTrouble, MicrophoneCheck, PictureWay,
    Rect, SourceKind, Television, Tile, TileSource, TransportCommand, TransportId, TransportRole,
};
use support::{DEADLINE, Daemon, assign, negotiate, open, publish, simulated, start_process};
use tokio::{sync::mpsc, time::timeout};
use usb::UsbCamera;

const OUT: TransportId = TransportId(1);
const IN: TransportId = TransportId(2);
/// As small as a machine without a graphics card likes it.
const SMALL: Television = Television {
    width: 640,
    height: 360,
    frames_per_second: 10,
    reduced_motion: false,
};

fn cameras() -> Vec<Camera> {
    let cameras = V4l2Cameras.list().unwrap();
    assert!(!cameras.is_empty(), "this test needs a camera");
    cameras
}

/// The card's microphone that hears its loudspeaker, and that loudspeaker.
fn loop_of_sound() -> (AudioDevice, AudioDevice) {
    let device = |direction, ending: &str| {
        let all = AlsaDevices.list(direction).unwrap();
        let found = all.iter().find(|d| d.node.ends_with(ending));
        found
            .unwrap_or_else(|| panic!("this test needs snd-aloop, there is {all:?}"))
            .clone()
    };
    (
        device(Direction::Capture, "CARD=Loopback,DEV=1"),
        device(Direction::Playback, "CARD=Loopback,DEV=0"),
    )
}

fn with_camera(name: &str) -> DeviceChoice {
    let camera = CameraChoice::Device(name.to_owned());
    DeviceChoice {
        camera,
        ..simulated()
    }
}

fn with_microphone(name: &str) -> DeviceChoice {
    let microphone = AudioChoice::Device(name.to_owned());
    DeviceChoice {
        microphone,
        // What is played is what has to be captured.
        sound_processing: false,
        ..simulated()
    }
}

fn with_loudspeaker(name: &str) -> DeviceChoice {
    let loudspeaker = AudioChoice::Device(name.to_owned());
    DeviceChoice {
        loudspeaker,
        sound_processing: false,
        ..simulated()
    }
}

/// Sends from `sender` to `receiver` over `transport`.
async fn connect(
    sender: &mut Daemon,
    receiver: &mut Daemon,
    transport: TransportId,
    source: SourceKind,
) {
    sender
        .transport(open(transport, TransportRole::Publisher))
        .await;
    receiver
        .transport(open(transport, TransportRole::Subscriber))
        .await;
    let track = format!("{source:?}");
    sender.transport(publish(transport, &track, source)).await;
    negotiate(sender, receiver, transport).await;
    receiver
        .transport(assign(transport, &track, "ada", source))
        .await;
    receiver.connected(transport).await;
}

/// Has the camera open, without anybody at the other end.
async fn use_camera(daemon: &mut Daemon) {
    daemon.transport(open(OUT, TransportRole::Publisher)).await;
    daemon
        .transport(publish(OUT, "cam", SourceKind::Camera))
        .await;
}

async fn use_microphone(daemon: &mut Daemon) {
    daemon.transport(open(OUT, TransportRole::Publisher)).await;
    daemon
        .transport(publish(OUT, "mic", SourceKind::Microphone))
        .await;
}

fn frames_encoded(stats: &MediaStats) -> u64 {
    stats
        .sent_video
        .first()
        .map_or(0, |video| video.frames_encoded)
}

async fn encodes_on(daemon: &mut Daemon) {
    let mut first = None;
    daemon
        .stats_until(|stats| {
            let now = frames_encoded(stats);
            now > *first.get_or_insert(now) + 10
        })
        .await;
}

/// What is wrong with a device, as it was or will be said.
async fn trouble(daemon: &mut Daemon, expected: DeviceUse) -> MediaTrouble {
    let pick = |event: &MediaEvent| match event {
        MediaEvent::Trouble(trouble) => (trouble.source() == expected).then(|| trouble.clone()),
        _ => None,
    };
    match daemon.log.iter().find_map(pick) {
        Some(trouble) => trouble,
        None => daemon.until(pick).await,
    }
}

async fn recovered(daemon: &mut Daemon, source: DeviceUse) {
    let wanted = MediaEvent::Recovered { source };
    daemon.until(|event| (*event == wanted).then_some(())).await;
}

/// Each encoding that a camera has, in sizes and speeds that calls ask for.
#[tokio::test]
#[ignore = "needs a camera"]
async fn every_mode_that_may_be_chosen_delivers_pictures() {
    let sizes = [
        (320, 180, 15),
        (640, 360, 30),
        (640, 480, 30),
        (1280, 720, 30),
    ];
    for camera in cameras() {
        for encoding in [
            PictureEncoding::I420,
            PictureEncoding::Nv12,
            PictureEncoding::Yuy2,
            PictureEncoding::Mjpeg,
        ] {
            let formats: Vec<_> = camera
                .formats
                .iter()
                .filter(|f| f.encoding == encoding)
                .copied()
                .collect();
            for (width, height, frames_per_second) in sizes {
                let size = PictureSize {
                    width,
                    height,
                    frames_per_second,
                };
                let Some(format) = plan::camera_format(&formats, size) else {
                    continue;
                };
                let node = camera.node.clone();
                let first = first_picture(
                    VideoDevice::V4l2 {
                        node,
                        format,
                        shares: false,
                    },
                    size,
                )
                .await;
                assert_eq!(
                    first,
                    Ok((format.width, format.height)),
                    "{} in {format:?}",
                    camera.name
                );
            }
        }
    }
}

/// Every speed that a camera offers can be had.
#[tokio::test]
#[ignore = "needs a camera"]
async fn every_speed_delivers_pictures() {
    for camera in cameras() {
        let smallest = camera
            .formats
            .iter()
            .map(|f| (f.width, f.height))
            .min()
            .unwrap();
        let of_size = |f: &&saal_hal::PictureFormat| {
            (f.width, f.height) == smallest && f.encoding == camera.formats[0].encoding
        };
        for format in camera
            .formats
            .iter()
            .filter(of_size)
            .filter(|f| f.frames_per_second > 1)
        {
            let (width, height) = smallest;
            let size = PictureSize {
                width,
                height,
                frames_per_second: format.frames_per_second,
            };
            let node = camera.node.clone();
            let first = first_picture(
                VideoDevice::V4l2 {
                    node,
                    format: *format,
                    shares: false,
                },
                size,
            )
            .await;
            assert_eq!(first, Ok(smallest), "{} in {format:?}", camera.name);
        }
    }
}

/// Size of the first picture, or what the graph says about its failure.
async fn first_picture(device: VideoDevice, size: PictureSize) -> Result<(u32, u32), String> {
    let (events, mut saw) = mpsc::unbounded_channel();
    let (pictures, mut seen) = mpsc::unbounded_channel();
    let graph = Graph::new(events).unwrap();
    let sink = Box::new(move |sample: &gstreamer::Sample| {
        let info = gstreamer_video::VideoInfo::from_caps(sample.caps().unwrap()).unwrap();
        let _ = pictures.send((info.width(), info.height()));
    });
    let source = VideoSource::open(&graph, Part::Camera, &device, size, None, sink);
    let failure = async {
        loop {
            if let GraphEvent::Failed { reason, .. } = saw.recv().await.unwrap() {
                return reason;
            }
        }
    };
    let outcome = async {
        tokio::select! {
            Some(size) = seen.recv() => Ok(size),
            reason = failure => Err(reason),
        }
    };
    let outcome = timeout(Duration::from_secs(20), outcome).await;
    drop(source);
    outcome.unwrap_or_else(|_| Err("no picture and no failure".to_owned()))
}

#[tokio::test]
#[ignore = "needs a camera"]
async fn the_far_end_sees_each_camera() {
    for camera in cameras() {
        let mut room = Daemon::engine(with_camera(&camera.name)).await;
        let mut far_end = Daemon::engine(simulated()).await;
        connect(&mut room, &mut far_end, OUT, SourceKind::Camera).await;
        let seen = |stats: &MediaStats| {
            let video = stats.received_video.first();
            video.is_some_and(|v| v.frames_decoded > 20 && (v.width, v.height) == (320, 180))
        };
        far_end.stats_until(seen).await;
        let troubles: Vec<_> = room
            .log
            .iter()
            .filter(|e| matches!(e, MediaEvent::Trouble(_)))
            .collect();
        assert!(troubles.is_empty(), "{}: {troubles:?}", camera.name);
    }
}

#[tokio::test]
#[ignore = "needs a camera"]
async fn a_camera_in_use_is_called_busy_and_used_once_it_is_free() {
    let camera = cameras().remove(0);
    let (mut other, mut its_daemon) = start_process();
    its_daemon.greet(with_camera(&camera.name)).await;
    use_camera(&mut its_daemon).await;
    encodes_on(&mut its_daemon).await;

    let mut room = Daemon::engine(with_camera(&camera.name)).await;
    use_camera(&mut room).await;
    let busy = MediaTrouble::Busy {
        source: DeviceUse::Camera,
        device: camera.name.clone(),
    };
    assert_eq!(trouble(&mut room, DeviceUse::Camera).await, busy);
    encodes_on(&mut its_daemon).await;

    other.kill().await.unwrap();
    recovered(&mut room, DeviceUse::Camera).await;
    encodes_on(&mut room).await;
}

#[tokio::test]
#[ignore = "needs a camera and a sound card"]
async fn a_wrong_name_lists_what_there_is() {
    let mut wrong = with_camera("Nobody's camera");
    wrong.microphone = AudioChoice::Device("Nobody's microphone".to_owned());
    wrong.loudspeaker = AudioChoice::Device("Nobody's loudspeaker".to_owned());
    let mut room = Daemon::engine(wrong).await;
    let names = |direction| {
        let devices = AlsaDevices.list(direction).unwrap();
        devices.into_iter().map(|d| d.name).collect::<Vec<_>>()
    };
    let cameras: Vec<_> = cameras().into_iter().map(|c| c.name).collect();
    let missing = MediaTrouble::Missing {
        source: DeviceUse::Camera,
        wanted: "Nobody's camera".to_owned(),
        present: cameras,
    };
    assert_eq!(trouble(&mut room, DeviceUse::Camera).await, missing);
    // The room hears and is heard with what it has.
    for (source, wanted, direction) in [
        (
            DeviceUse::Microphone,
            "Nobody's microphone",
            Direction::Capture,
        ),
        (
            DeviceUse::Loudspeaker,
            "Nobody's loudspeaker",
            Direction::Playback,
        ),
    ] {
        let replaced = MediaTrouble::Replaced {
            source,
            wanted: wanted.to_owned(),
            instead: names(direction).remove(0),
        };
        assert_eq!(trouble(&mut room, source).await, replaced);
    }
}

fn heard(stats: &MediaStats) -> bool {
    stats
        .received_audio
        .first()
        .is_some_and(|sound| sound.level_dbfs > -40.0)
}

#[tokio::test]
#[ignore = "needs snd-aloop"]
async fn what_the_loudspeaker_plays_the_microphone_captures() {
    let (microphone, loudspeaker) = loop_of_sound();
    let mut devices = with_loudspeaker(&loudspeaker.name);
    devices.microphone = AudioChoice::Device(microphone.name);
    let mut room = Daemon::engine(devices).await;
    let mut far_end = Daemon::engine(simulated()).await;
    connect(&mut far_end, &mut room, IN, SourceKind::Microphone).await;
    connect(&mut room, &mut far_end, OUT, SourceKind::Microphone).await;
    // The far end hears itself: its tone through the network, our loudspeaker, the card, our microphone and back.
    far_end.stats_until(heard).await;
    let muted = |muted| MediaCommand::SetMuted {
        source: SourceKind::Microphone,
        muted,
    };
    far_end.send(muted(true)).await;
    let silent = |stats: &MediaStats| {
        let level = stats.received_audio.first().map(|sound| sound.level_dbfs);
        level.is_some_and(|level| level < -70.0)
    };
    far_end.stats_until(silent).await;
    far_end.send(muted(false)).await;
    far_end.stats_until(heard).await;
    let troubles: Vec<_> = room
        .log
        .iter()
        .filter(|e| matches!(e, MediaEvent::Trouble(_)))
        .collect();
    assert!(troubles.is_empty(), "{troubles:?}");
}

/// As before each meeting, on real sound: nothing but the chirp is on the card, so that without one the microphone is silent.
#[tokio::test]
#[ignore = "needs snd-aloop"]
async fn a_microphone_hears_the_chirp_of_the_loudspeaker_and_is_silent_without() {
    let (microphone, loudspeaker) = loop_of_sound();
    let mut room = Daemon::engine(DeviceChoice {
        camera: CameraChoice::None,
        microphone: AudioChoice::Device(microphone.name),
        loudspeaker: AudioChoice::Device(loudspeaker.name),
        ..simulated()
    })
    .await;
    for (chirp, heard) in [
        (true, MicrophoneCheck::Hears),
        (false, MicrophoneCheck::Silent),
        (true, MicrophoneCheck::Hears),
    ] {
        room.send(MediaCommand::Check { chirp }).await;
        let report = room
            .until(|event| match event {
                MediaEvent::Checked(report) => Some(*report),
                _ => None,
            })
            .await;
        assert_eq!(report.microphone, heard, "chirp: {chirp}");
    }
}

#[tokio::test]
#[ignore = "needs snd-aloop with one subdevice"]
async fn a_microphone_in_use_is_called_busy_and_used_once_it_is_free() {
    let (microphone, _) = loop_of_sound();
    let (mut other, mut its_daemon) = start_process();
    its_daemon.greet(with_microphone(&microphone.name)).await;
    use_microphone(&mut its_daemon).await;
    its_daemon
        .stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;

    let mut room = Daemon::engine(with_microphone(&microphone.name)).await;
    use_microphone(&mut room).await;
    let busy = MediaTrouble::Busy {
        source: DeviceUse::Microphone,
        device: microphone.name.clone(),
    };
    assert_eq!(trouble(&mut room, DeviceUse::Microphone).await, busy);
    its_daemon
        .stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;

    other.kill().await.unwrap();
    recovered(&mut room, DeviceUse::Microphone).await;
    room.stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;
}

#[tokio::test]
#[ignore = "needs snd-aloop with one subdevice"]
async fn a_loudspeaker_in_use_is_called_busy_and_used_once_it_is_free() {
    let (microphone, loudspeaker) = loop_of_sound();
    let mut far_end = Daemon::engine(simulated()).await;
    let (mut other, mut its_daemon) = start_process();
    its_daemon.greet(with_loudspeaker(&loudspeaker.name)).await;
    connect(&mut far_end, &mut its_daemon, OUT, SourceKind::Microphone).await;
    its_daemon
        .stats_until(|stats| stats.loudspeaker_dbfs.is_some_and(|level| level > -40.0))
        .await;

    let mut room = Daemon::engine(with_loudspeaker(&loudspeaker.name)).await;
    connect(&mut far_end, &mut room, IN, SourceKind::Microphone).await;
    let busy = MediaTrouble::Busy {
        source: DeviceUse::Loudspeaker,
        device: loudspeaker.name.clone(),
    };
    assert_eq!(trouble(&mut room, DeviceUse::Loudspeaker).await, busy);
    // The call goes on unheard.
    room.stats_until(heard).await;

    other.kill().await.unwrap();
    recovered(&mut room, DeviceUse::Loudspeaker).await;
    let mut listener = Daemon::engine(with_microphone(&microphone.name)).await;
    use_microphone(&mut listener).await;
    listener
        .stats_until(|stats| stats.microphone_dbfs.is_some_and(|level| level > -40.0))
        .await;
}

/// A driver that has given up its devices, as a cable that is pulled makes it; dropping this gives them back.
struct Pulled {
    driver: &'static str,
    device: &'static str,
}

impl Pulled {
    async fn out(driver: &'static str, device: &'static str) -> Self {
        // The kernel may answer only when the last user has let the device go, which is an engine in this process.
        let unbind = move || Self::tell(driver, "unbind", device);
        tokio::task::spawn_blocking(unbind).await.unwrap();
        Self { driver, device }
    }

    fn tell(driver: &str, what: &str, device: &str) {
        let file = format!("/sys/bus/platform/drivers/{driver}/{what}");
        std::fs::write(&file, device).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
}

impl Drop for Pulled {
    fn drop(&mut self) {
        Self::tell(self.driver, "bind", self.device);
    }
}

async fn missing(daemon: &mut Daemon, source: DeviceUse) {
    daemon
        .until(|event| match event {
            MediaEvent::Trouble(trouble @ MediaTrouble::Missing { .. }) => {
                (trouble.source() == source).then_some(())
            }
            _ => None,
        })
        .await;
}

#[tokio::test]
#[ignore = "needs vivid and root"]
async fn a_camera_that_is_pulled_is_missing_and_is_used_again_when_it_is_back() {
    let camera = cameras().remove(0);
    let mut room = Daemon::engine(with_camera(&camera.name)).await;
    use_camera(&mut room).await;
    room.transport(publish(OUT, "mic", SourceKind::Microphone))
        .await;
    encodes_on(&mut room).await;
    let pulled = Pulled::out("vivid", "vivid.0").await;
    missing(&mut room, DeviceUse::Camera).await;
    // Words stand in its place, and who listens hears on.
    encodes_on(&mut room).await;
    room.stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;
    drop(pulled);
    recovered(&mut room, DeviceUse::Camera).await;
    encodes_on(&mut room).await;
}

/// A JPEG as a webcam sends it.
fn picture() -> Vec<u8> {
    gstreamer::init().unwrap();
    let (width, height) = usb::SIZE;
    let pipeline = format!(
        "videotestsrc num-buffers=1 pattern=smpte ! video/x-raw,format=I420,width={width},height={height}
         ! jpegenc ! appsink name=jpeg"
    );
    let pipeline = gstreamer::parse::launch(&pipeline).unwrap();
    let bin = pipeline.downcast_ref::<gstreamer::Bin>().unwrap();
    let sink = bin.by_name("jpeg").unwrap();
    let sink = sink.downcast::<gstreamer_app::AppSink>().unwrap();
    pipeline.set_state(gstreamer::State::Playing).unwrap();
    let sample = sink.pull_sample().unwrap();
    pipeline.set_state(gstreamer::State::Null).unwrap();
    let map = sample.buffer().unwrap().map_readable().unwrap();
    map.to_vec()
}

/// The view of the camera that is said to be had.
async fn looks(room: &mut Daemon, wanted: CameraView) {
    let at = |event: &MediaEvent| match event {
        MediaEvent::Camera {
            state: Some(camera),
        } => (camera.view == wanted).then_some(()),
        _ => None,
    };
    room.until(at).await;
}

#[tokio::test]
#[ignore = "needs vhci-hcd, uvcvideo and root"]
async fn a_webcam_is_aimed_covered_and_moved_to_another_socket_in_a_call() {
    let webcam = UsbCamera::plug(0, "A1", picture());
    let mut room = Daemon::engine(with_camera(usb::CAMERA)).await;
    use_camera(&mut room).await;
    // It may come when the room waits for it already.
    encodes_on(&mut room).await;
    assert_eq!(webcam.part(usb::Part::PowerLine), 1, "50 Hz lamps");
    let view = CameraView {
        zoom: 500,
        pan: 500,
        tilt: -100,
    };
    room.send(MediaCommand::Look { view }).await;
    looks(&mut room, view).await;
    let parts = [usb::Part::Zoom, usb::Part::Pan, usb::Part::Tilt];
    assert_eq!(parts.map(|part| webcam.part(part)), [300, 18_000, -3_600]);

    room.log.clear();
    webcam.close_shutter(true);
    let covered = MediaTrouble::Covered {
        source: DeviceUse::Camera,
        device: usb::CAMERA.to_owned(),
    };
    assert_eq!(trouble(&mut room, DeviceUse::Camera).await, covered);
    encodes_on(&mut room).await;
    webcam.close_shutter(false);
    recovered(&mut room, DeviceUse::Camera).await;

    drop(webcam);
    missing(&mut room, DeviceUse::Camera).await;
    encodes_on(&mut room).await;
    let webcam = UsbCamera::plug(1, "A1", picture());
    recovered(&mut room, DeviceUse::Camera).await;
    // It was switched off: its motors begin anew, and people see where.
    looks(&mut room, CameraView::default()).await;
    let mut far_end = Daemon::engine(simulated()).await;
    connect(&mut room, &mut far_end, IN, SourceKind::Camera).await;
    let seen = |stats: &MediaStats| {
        let video = stats.received_video.first();
        video.is_some_and(|video| video.frames_decoded > 20)
    };
    far_end.stats_until(seen).await;
    drop(webcam);
    missing(&mut room, DeviceUse::Camera).await;
}

#[tokio::test]
#[ignore = "needs vivid with an HDMI input"]
async fn what_is_plugged_into_an_input_is_told() {
    let inputs = cameras().into_iter();
    let mut inputs = inputs.filter(|c| c.kind == PictureKind::Input);
    let input = inputs.next().expect("vivid has an HDMI input");
    plug_into(&input, false);
    let content = CameraChoice::Device(input.name.clone());
    let mut room = Daemon::engine(DeviceChoice {
        content,
        ..simulated()
    })
    .await;
    let said = |present| MediaEvent::ContentSignal { present };
    if !room.log.contains(&said(false)) {
        room.until(|event| (*event == said(false)).then_some(()))
            .await;
    }
    for there in [true, false, true] {
        plug_into(&input, there);
        room.until(|event| (*event == said(there)).then_some(()))
            .await;
    }
}

#[tokio::test]
#[ignore = "needs snd-aloop and root"]
async fn a_microphone_that_is_pulled_is_missing_and_is_used_again_when_it_is_back() {
    let (microphone, _) = loop_of_sound();
    let _no_other = Pulled::out("snd_dummy", "snd_dummy.0").await;
    let mut room = Daemon::engine(with_microphone(&microphone.name)).await;
    use_microphone(&mut room).await;
    use_camera_too(&mut room).await;
    room.stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;
    let pulled = Pulled::out("snd_aloop", "snd_aloop.0").await;
    missing(&mut room, DeviceUse::Microphone).await;
    // The picture goes on.
    encodes_on(&mut room).await;
    drop(pulled);
    recovered(&mut room, DeviceUse::Microphone).await;
    room.stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;
}

#[tokio::test]
#[ignore = "needs snd-aloop and root"]
async fn a_loudspeaker_that_is_pulled_is_missing_and_is_used_again_when_it_is_back() {
    let (_, loudspeaker) = loop_of_sound();
    let _no_other = Pulled::out("snd_dummy", "snd_dummy.0").await;
    let mut room = Daemon::engine(with_loudspeaker(&loudspeaker.name)).await;
    let mut far_end = Daemon::engine(simulated()).await;
    connect(&mut far_end, &mut room, IN, SourceKind::Microphone).await;
    room.stats_until(plays).await;
    let pulled = Pulled::out("snd_aloop", "snd_aloop.0").await;
    missing(&mut room, DeviceUse::Loudspeaker).await;
    // The call goes on unheard.
    room.stats_until(heard).await;
    drop(pulled);
    recovered(&mut room, DeviceUse::Loudspeaker).await;
    room.stats_until(plays).await;
}

async fn replaced(daemon: &mut Daemon, source: DeviceUse, by: &str) {
    daemon
        .until(|event| match event {
            MediaEvent::Trouble(MediaTrouble::Replaced {
                source: of,
                instead,
                ..
            }) => (*of == source && instead.contains(by)).then_some(()),
            _ => None,
        })
        .await;
}

#[tokio::test]
#[ignore = "needs snd-aloop, snd-dummy and root"]
async fn another_microphone_does_the_work_of_one_that_is_pulled_until_it_is_back() {
    let (microphone, _) = loop_of_sound();
    let mut room = Daemon::engine(with_microphone(&microphone.name)).await;
    use_microphone(&mut room).await;
    use_camera_too(&mut room).await;
    room.stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;
    let pulled = Pulled::out("snd_aloop", "snd_aloop.0").await;
    replaced(&mut room, DeviceUse::Microphone, "Dummy").await;
    room.stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;
    encodes_on(&mut room).await;
    drop(pulled);
    recovered(&mut room, DeviceUse::Microphone).await;
    room.stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;
}

#[tokio::test]
#[ignore = "needs snd-aloop"]
async fn an_engine_that_stood_still_captures_and_plays_on() {
    let (microphone, loudspeaker) = loop_of_sound();
    let mut devices = with_loudspeaker(&loudspeaker.name);
    devices.microphone = AudioChoice::Device(microphone.name);
    let (process, mut room) = start_process();
    room.greet(devices).await;
    let mut far_end = Daemon::engine(simulated()).await;
    connect(&mut far_end, &mut room, IN, SourceKind::Microphone).await;
    connect(&mut room, &mut far_end, OUT, SourceKind::Microphone).await;
    far_end.stats_until(heard).await;
    let id = i32::try_from(process.id().unwrap()).unwrap();
    let tell = |signal| nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), signal).unwrap();
    tell(nix::sys::signal::Signal::SIGSTOP);
    // Both cards run out of room meanwhile.
    let packets = |stats: &MediaStats| stats.received_audio.first().map_or(0, |s| s.packets);
    let (mut before, mut stuck) = (None, 0);
    far_end
        .stats_until(|stats| {
            stuck = packets(stats);
            before.replace(stuck) == Some(stuck)
        })
        .await;
    tell(nix::sys::signal::Signal::SIGCONT);
    far_end
        .stats_until(|stats| packets(stats) > stuck + 100 && heard(stats))
        .await;
    let troubles: Vec<_> = room
        .log
        .iter()
        .filter(|e| matches!(e, MediaEvent::Trouble(_)))
        .collect();
    assert!(troubles.is_empty(), "{troubles:?}");
}

fn plays(stats: &MediaStats) -> bool {
    stats.loudspeaker_dbfs.is_some_and(|level| level > -40.0)
}

async fn use_camera_too(daemon: &mut Daemon) {
    daemon
        .transport(publish(OUT, "cam", SourceKind::Camera))
        .await;
}

/// What the daemon says when a room's configuration changes.
#[tokio::test]
#[ignore = "needs a camera"]
async fn another_camera_is_taken_in_a_call() {
    let mut names = cameras().into_iter().map(|c| c.name);
    let (first, second) = (
        names.next().unwrap(),
        names.next().expect("this test needs two cameras"),
    );
    let mut room = Daemon::engine(with_camera(&first)).await;
    use_camera(&mut room).await;
    encodes_on(&mut room).await;
    let television = Television {
        width: 1280,
        height: 720,
        frames_per_second: 30,
        reduced_motion: false,
    };
    let devices = with_camera(&second);
    room.send(MediaCommand::Configure {
        devices,
        television,
    })
    .await;
    encodes_on(&mut room).await;
    // Nobody has the first one any more.
    let mut other = Daemon::engine(with_camera(&first)).await;
    use_camera(&mut other).await;
    encodes_on(&mut other).await;
    let troubles: Vec<_> = other
        .log
        .iter()
        .filter(|e| matches!(e, MediaEvent::Trouble(_)))
        .collect();
    assert!(troubles.is_empty(), "{troubles:?}");
}

/// What the test's host saw on the display is told by this file.
fn seen() -> std::path::PathBuf {
    std::env::var_os("SAAL_SEEN").map_or_else(|| "/run/exchange/seen".into(), Into::into)
}

#[tokio::test]
#[ignore = "needs two displays"]
async fn displays_show_what_is_composed_and_are_given_back() {
    let displays = DrmDisplays::default();
    let both = displays.list().unwrap();
    let (_engine, mut daemon) = start_process();
    daemon.greet(simulated()).await;
    let devices = DeviceChoice {
        display: DisplayChoice::First,
        content_display: DisplayChoice::First,
        ..simulated()
    };
    daemon.send(television(devices)).await;
    content_display(&mut daemon, true).await;
    let tile = Tile {
        source: TileSource::Own,
        rect: Rect {
            x: 0,
            y: 0,
            width: 640,
            height: 360,
        },
    };
    let tiles = vec![tile];
    daemon
        .send(MediaCommand::SetContentTiles {
            tiles: tiles.clone(),
        })
        .await;
    daemon.send(MediaCommand::SetTiles { tiles }).await;
    // Whoever looks from outside says so.
    daemon.stats_until(|_| seen().exists()).await;
    for display in &both {
        let busy = DisplayError::Busy {
            display: display.name.clone(),
        };
        assert_eq!(displays.check(display), Err(busy), "the engine has it");
    }
    daemon.send(television(simulated())).await;
    content_display(&mut daemon, false).await;
    daemon
        .stats_until(|_| both.iter().all(|display| displays.check(display).is_ok()))
        .await;
}

async fn content_display(daemon: &mut Daemon, shows: bool) {
    let wanted = MediaEvent::ContentDisplay { shows };
    daemon.until(|event| (*event == wanted).then_some(())).await;
}

fn television(devices: DeviceChoice) -> MediaCommand {
    MediaCommand::Configure {
        devices,
        television: SMALL,
    }
}

#[tokio::test]
#[ignore = "needs a machine with displays, or none"]
async fn a_display_that_is_not_there_is_named() {
    let mut daemon = Daemon::engine(DeviceChoice {
        display: DisplayChoice::Device("Beamer".to_owned()),
        ..simulated()
    })
    .await;
    let trouble = trouble(&mut daemon, DeviceUse::Display).await;
    let MediaTrouble::Missing {
        wanted, present, ..
    } = trouble
    else {
        panic!("{trouble:?}");
    };
    assert_eq!(wanted, "Beamer");
    assert_eq!(present.len(), DrmDisplays::default().list().unwrap().len());
}
