//! A webcam on USB, which has what other cameras lack: motors, a shutter, another socket.

use gstreamer::prelude::*;
use saal_media_protocol::{
    CameraView, DeviceUse, MediaCommand, MediaEvent, MediaStats, MediaTrouble, SourceKind,
};

use super::{
    IN, connect, encodes_on, missing, recovered,
    support::{Daemon, simulated},
    trouble,
    usb::{self, UsbCamera},
    use_camera, with_camera,
};

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
