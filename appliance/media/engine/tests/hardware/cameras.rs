//! Each camera in all that it offers, in a call, in use, pulled and changed.

use std::time::Duration;

use saal_hal::{PictureEncoding, PictureFormat, PictureKind};
use saal_media::{
    graph::{Graph, GraphEvent, Part, VideoDevice, VideoSource},
    plan::{self, PictureSize},
};
use saal_media_protocol::{
    CameraChoice, DeviceChoice, DeviceUse, MediaCommand, MediaEvent, MediaStats, MediaTrouble,
    SourceKind, Television,
};
use tokio::{sync::mpsc, time::timeout};

use super::{
    OUT, Pulled, cameras, connect, encodes_on,
    hdmi::plug_into,
    missing, nothing_is_wrong, recovered,
    support::{Daemon, publish, simulated, start_process},
    trouble, use_camera, with_camera,
};

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
        let of_size = |f: &&PictureFormat| {
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
        nothing_is_wrong(&room);
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
    nothing_is_wrong(&other);
}
