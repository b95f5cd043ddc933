//! The engine with cameras and sound cards that the kernel drives: each way in and out, devices in use, devices pulled.
//!
//! `./dev test e2e -- hardware` runs this in a virtual machine on the kernel's own test drivers: vivid with two cameras, one of
//! them an HDMI input, snd-aloop, a card on which what device 0 plays is what device 1 captures, vicodec, an encoder, and
//! uvcvideo with a webcam that is software.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod cameras;
mod displays;
mod encoder;
#[path = "../../../../../hal/linux/tests/hdmi/mod.rs"]
mod hdmi;
mod names;
mod pulled;
mod sound;
#[path = "../support/mod.rs"]
mod support;
#[path = "../../../../../hal/linux/tests/usb/mod.rs"]
mod usb;
mod voice;
mod webcam;

use saal_hal::{AudioDevice, AudioDevices, Camera, Cameras, Direction};
use saal_hal_linux::{AlsaDevices, V4l2Cameras};
use saal_media_protocol::{
    AudioChoice, CameraChoice, DeviceChoice, DeviceUse, MediaEvent, MediaStats, MediaTrouble,
    SourceKind, Television, TransportId, TransportRole,
};
use support::{Daemon, assign, negotiate, open, publish, simulated};

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

/// No device was said to be in trouble.
fn nothing_is_wrong(daemon: &Daemon) {
    let troubles = daemon.log.iter();
    let troubles: Vec<_> = troubles
        .filter(|event| matches!(event, MediaEvent::Trouble(_)))
        .collect();
    assert!(troubles.is_empty(), "{troubles:?}");
}

async fn recovered(daemon: &mut Daemon, source: DeviceUse) {
    let wanted = MediaEvent::Recovered { source };
    daemon.until(|event| (*event == wanted).then_some(())).await;
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
