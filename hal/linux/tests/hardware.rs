//! Devices that somebody else uses, and several of one make: what a machine with hardware shows.
//!
//! `./dev test e2e -- hardware` runs these in a virtual machine on the kernel's own test drivers: vivid with two cameras, and
//! snd-aloop with one subdevice for each device.

#![allow(clippy::unwrap_used, reason = "what fails to come fails the test")]

use std::collections::HashSet;

use alsa::{
    Direction as Flow, ValueOr,
    pcm::{Access, Format, HwParams, PCM},
};
use saal_hal::{AudioDevice, AudioDevices, AudioError, CameraError, Cameras, Direction};
use saal_hal_linux::{AlsaDevices, V4l2Cameras};
use v4l::{
    Device,
    buffer::Type,
    io::{mmap::Stream, traits::CaptureStream},
    video::Capture,
};

#[test]
#[ignore = "needs a camera"]
fn a_camera_that_somebody_streams_from_is_busy_until_it_is_released() {
    let camera = V4l2Cameras.list().unwrap().remove(0);
    let device = Device::with_path(&camera.node).unwrap();
    device.set_format(&device.format().unwrap()).unwrap();
    let mut stream = Stream::with_buffers(&device, Type::VideoCapture, 2).unwrap();
    stream.next().unwrap();
    let busy = CameraError::Busy {
        camera: camera.name.clone(),
    };
    assert_eq!(V4l2Cameras.check(&camera), Err(busy));
    drop(stream);
    drop(device);
    assert_eq!(V4l2Cameras.check(&camera), Ok(()));
}

#[test]
#[ignore = "needs two cameras of one make"]
fn two_cameras_of_one_make_can_be_told_apart() {
    let cameras = V4l2Cameras.list().unwrap();
    assert!(cameras.len() >= 2, "{cameras:?}");
    let names: HashSet<&str> = cameras.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names.len(), cameras.len(), "{names:?}");
    for camera in &cameras {
        assert_eq!(V4l2Cameras.find(&camera.name).as_ref(), Ok(camera));
        assert_eq!(V4l2Cameras.find(&camera.node).as_ref(), Ok(camera));
    }
}

#[test]
#[ignore = "needs a camera"]
fn a_camera_says_what_it_delivers_once_and_in_whole_frames() {
    for camera in V4l2Cameras.list().unwrap() {
        let different: HashSet<_> = camera.formats.iter().collect();
        assert_eq!(different.len(), camera.formats.len(), "{camera:?}");
    }
}

#[test]
#[ignore = "needs a camera"]
fn a_camera_that_left_is_not_found_and_what_is_there_is_listed() {
    let cameras = V4l2Cameras.list().unwrap();
    let mut left = cameras[0].clone();
    left.node = "/dev/video977".to_owned();
    let not_found = CameraError::NotFound {
        wanted: left.name.clone(),
        present: cameras.into_iter().map(|c| c.name).collect(),
    };
    assert_eq!(V4l2Cameras.check(&left), Err(not_found));
}

#[test]
#[ignore = "needs a sound card"]
fn a_sound_device_that_somebody_uses_is_busy_until_it_is_released() {
    for (direction, flow) in [
        (Direction::Capture, Flow::Capture),
        (Direction::Playback, Flow::Playback),
    ] {
        let device = first(direction);
        let held = hold(&device, flow);
        let busy = AudioError::Busy {
            device: device.name.clone(),
        };
        assert_eq!(AlsaDevices.check(&device), Err(busy));
        drop(held);
        assert_eq!(AlsaDevices.check(&device), Ok(()));
    }
}

#[test]
#[ignore = "needs a sound card"]
fn sound_devices_can_be_told_apart() {
    for direction in [Direction::Capture, Direction::Playback] {
        let devices = AlsaDevices.list(direction).unwrap();
        let names: HashSet<&str> = devices.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names.len(), devices.len(), "{names:?}");
        for device in &devices {
            assert_eq!(
                AlsaDevices.find(&device.name, direction).as_ref(),
                Ok(device)
            );
        }
    }
}

#[test]
#[ignore = "needs a sound card"]
fn a_sound_device_that_left_is_not_found_and_what_is_there_is_listed() {
    let mut left = first(Direction::Capture);
    left.node = "plughw:CARD=nobody,DEV=0".to_owned();
    let present = AlsaDevices.list(Direction::Capture).unwrap();
    let not_found = AudioError::NotFound {
        wanted: left.name.clone(),
        present: present.into_iter().map(|d| d.name).collect(),
    };
    assert_eq!(AlsaDevices.check(&left), Err(not_found));
}

fn first(direction: Direction) -> AudioDevice {
    AlsaDevices.list(direction).unwrap().remove(0)
}

/// Another program's use of a device.
fn hold(device: &AudioDevice, flow: Flow) -> PCM {
    let pcm = PCM::new(&device.node, flow, true).unwrap();
    let params = HwParams::any(&pcm).unwrap();
    params.set_access(Access::RWInterleaved).unwrap();
    params.set_format(Format::s16()).unwrap();
    params.set_rate(48_000, ValueOr::Nearest).unwrap();
    pcm.hw_params(&params).unwrap();
    drop(params);
    pcm.prepare().unwrap();
    pcm
}
