//! Devices that somebody else uses, and several of one make: what a machine with hardware shows.
//!
//! `./dev test e2e -- hardware` runs these in a virtual machine on the kernel's own test drivers: vivid with two cameras,
//! snd-aloop with one subdevice for each device, and uvcvideo and snd-usb-audio with a webcam and a speakerphone that are
//! software (`usb`).

#![allow(clippy::unwrap_used, reason = "what fails to come fails the test")]

mod glass;
mod keys;
mod outputs;
mod telephones;
mod televisions;
mod touching;
mod usb;

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use alsa::{
    Direction as Flow, ValueOr,
    pcm::{Access, Format, HwParams, PCM},
};
use saal_hal::{
    AudioDevice, AudioDevices, AudioError, Camera, CameraError, Cameras, Contact, Control,
    Direction, DisplayError, Displays, Frame, Look, PanelScreens, PictureEncoding, PictureFormat,
    PictureKind, TouchPhase, TouchScreens, Turn, Volume, conformance,
};
use saal_hal_linux::{
    AlsaDevices, BorrowedDisplays, DrmDisplays, EvdevTouchScreens, Lender, PlugEvents, V4l2Cameras,
    lending_pair,
};
use touching::TouchScreen;
use usb::{Part, UsbCamera, UsbSpeakerphone};
use v4l::{
    Device,
    buffer::Type,
    io::{mmap::Stream, traits::CaptureStream},
    video::Capture,
};

/// For what a kernel or a finger does at once.
const PATIENCE: Duration = Duration::from_secs(30);

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
#[ignore = "needs vivid with a camera and an HDMI input, and root"]
fn an_input_is_no_camera_and_says_whether_something_is_plugged_in() {
    let cameras = V4l2Cameras.list().unwrap();
    let kinds: Vec<_> = cameras.iter().map(|c| c.kind).collect();
    assert_eq!(kinds, [PictureKind::Camera, PictureKind::Input]);
    assert_eq!(V4l2Cameras.signal(&cameras[0]), Ok(None));
    assert_eq!(V4l2Cameras.signal(&cameras[1]), Ok(Some(true)));
    plug_into(&cameras[1], false);
    assert_eq!(V4l2Cameras.signal(&cameras[1]), Ok(Some(false)));
    plug_into(&cameras[1], true);
    assert_eq!(V4l2Cameras.signal(&cameras[1]), Ok(Some(true)));
}

/// Has vivid's HDMI input see a signal, or none.
fn plug_into(input: &Camera, there: bool) {
    let device = Device::with_path(&input.node).unwrap();
    let controls = device.query_controls().unwrap();
    let mode = controls.iter().find(|c| c.name == "DV Timings Signal Mode");
    let value = v4l::control::Value::Integer(i64::from(!there));
    let id = mode.expect("vivid has it").id;
    device.set_control(v4l::Control { id, value }).unwrap();
}

/// Tells vivid to give its devices up, or to take them again.
fn vivid(what: &str) {
    let file = format!("/sys/bus/platform/drivers/vivid/{what}");
    std::fs::write(&file, "vivid.0").unwrap_or_else(|error| panic!("{file}: {error}"));
}

#[test]
#[ignore = "needs vivid and root"]
fn a_camera_that_is_pulled_and_put_back_is_the_same_and_both_are_told() {
    let events = PlugEvents::open().unwrap();
    let camera = V4l2Cameras.list().unwrap().remove(0);
    conformance::camera_pulled_and_put_back(
        &mut V4l2Cameras,
        &camera,
        |_| {
            vivid("unbind");
            assert!(events.drain(), "the kernel says that it was pulled");
        },
        |_| {
            vivid("bind");
            assert!(events.drain(), "the kernel says that it is back");
        },
    );
    assert!(!events.drain(), "nothing more is said");
}

/// No JPEG, but what begins and ends like one: here nobody looks at it.
fn picture() -> Vec<u8> {
    [&[0xff, 0xd8][..], &[0; 30_000], &[0xff, 0xd9]].concat()
}

/// Waits until webcams are plugged in at these places and nowhere else. What comes of other devices, as of the bus itself,
/// ends a wait as well: `false` says that it was about no camera, not that time is up.
fn webcams(events: &PlugEvents, places: &[&str]) -> Vec<Camera> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut all = V4l2Cameras.list().unwrap();
        all.retain(|camera| camera.name.starts_with(usb::CAMERA));
        all.sort_by(|one, other| one.id.cmp(&other.id));
        let ids: Vec<_> = all.iter().map(|camera| camera.id.as_str()).collect();
        if ids == places {
            return all;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "{ids:?}");
        let _ = events.wait(left);
    }
}

#[test]
#[ignore = "needs vhci-hcd, uvcvideo and root"]
fn a_webcam_keeps_the_rules_and_turns_as_it_is_told() {
    let events = PlugEvents::open().unwrap();
    let webcam = UsbCamera::plug(0, "A1", picture());
    let camera = webcams(&events, &["usb-vhci_hcd.0-1#1209:0001:A1"]).remove(0);
    assert_eq!(camera.kind, PictureKind::Camera);
    let modes = [
        (PictureEncoding::Mjpeg, usb::SIZE),
        (PictureEncoding::Yuy2, usb::RAW),
    ];
    let modes = modes.into_iter().flat_map(|(encoding, (width, height))| {
        [30, 15].map(|frames_per_second| PictureFormat {
            encoding,
            width: width.into(),
            height: height.into(),
            frames_per_second,
        })
    });
    assert_eq!(camera.formats, modes.collect::<Vec<_>>());
    conformance::cameras(&V4l2Cameras);

    for (control, value, part) in [
        (Control::Zoom, 300, Part::Zoom),
        (Control::Pan, -7_200, Part::Pan),
        (Control::Tilt, 3_600, Part::Tilt),
        (Control::Focus, 100, Part::Focus),
        (Control::Exposure, 500, Part::Exposure),
        (Control::WhiteBalance, 5_000, Part::WhiteBalance),
        (Control::PowerLine, 1, Part::PowerLine),
    ] {
        assert_eq!(V4l2Cameras.set_control(&camera, control, value), Ok(value));
        assert_eq!(webcam.part(part), value);
    }
    let by_itself = [Part::AutoFocus, Part::AutoWhiteBalance].map(|part| webcam.part(part));
    assert_eq!(by_itself, [0, 0], "set by hand");
    assert_eq!(webcam.part(Part::ExposureMode), 1, "set by hand");
    assert_eq!(webcam.part(Part::Pan), -7_200, "tilting does not pan");

    assert_eq!(V4l2Cameras.covered(&camera), Ok(Some(false)));
    webcam.close_shutter(true);
    assert_eq!(V4l2Cameras.covered(&camera), Ok(Some(true)));
    drop(webcam);
    webcams(&events, &[]);
}

#[test]
#[ignore = "needs vhci-hcd, uvcvideo and root"]
fn a_webcam_is_the_same_in_another_socket_and_beside_one_of_its_make() {
    let events = PlugEvents::open().unwrap();
    let [first, second] = [
        "usb-vhci_hcd.0-1#1209:0001:A1",
        "usb-vhci_hcd.0-2#1209:0001:A1",
    ];
    let webcam = UsbCamera::plug(0, "A1", picture());
    let camera = webcams(&events, &[first]).remove(0);
    drop(webcam);
    webcams(&events, &[]);
    assert!(V4l2Cameras.find(first).is_err());

    let webcam = UsbCamera::plug(1, "A1", picture());
    webcams(&events, &[second]);
    let moved = V4l2Cameras.find(&camera.id).unwrap();
    assert_eq!((moved.id.as_str(), &moved.name), (second, &camera.name));
    V4l2Cameras.check(&moved).unwrap();

    let other = UsbCamera::plug(0, "B2", picture());
    let both = webcams(&events, &["usb-vhci_hcd.0-1#1209:0001:B2", second]);
    assert_ne!(both[0].name, both[1].name);
    assert_eq!(V4l2Cameras.find(first).map(|c| c.id).as_deref(), Ok(second));
    drop((webcam, other));
    webcams(&events, &[]);
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

#[test]
#[ignore = "needs snd-aloop with two devices"]
fn microphone_and_loudspeaker_of_one_card_belong_together() {
    let microphone = first(Direction::Capture);
    let loudspeaker = AlsaDevices.companion(&microphone).unwrap();
    let loudspeaker = loudspeaker.expect("the card plays too");
    assert_eq!(loudspeaker.unit(), microphone.unit());
    assert_eq!(microphone.unit(), "platform-snd_aloop.0");
}

#[test]
#[ignore = "needs snd-dummy"]
fn a_card_with_a_control_is_as_loud_as_it_is_set() {
    let all = AlsaDevices.list(Direction::Playback).unwrap();
    let dummy = all.iter().find(|d| d.node.contains("Dummy")).unwrap();
    for percent in [100, 45, 0, 70] {
        let volume = Volume::new(percent);
        assert_eq!(AlsaDevices.set_volume(dummy, volume), Ok(true));
        let set = AlsaDevices.volume(dummy).unwrap().unwrap();
        let off = set.percent().abs_diff(percent);
        assert!(off <= 2, "{percent} % were set, {set:?} are read");
    }
}

/// Waits until sound devices of this piece of hardware are there, loudspeaker and microphone, or none.
fn speakerphone(events: &PlugEvents, unit: &str, there: bool) -> Vec<AudioDevice> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let list = |direction| AlsaDevices.list(direction).unwrap();
        let mut all = [list(Direction::Playback), list(Direction::Capture)].concat();
        all.retain(|device| device.unit() == unit);
        if all.len() == usize::from(there) * 2 {
            return all;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "{all:?}");
        let _ = events.wait(left);
    }
}

#[test]
#[ignore = "needs vhci-hcd, snd-usb-audio and root"]
fn a_speakerphone_is_one_piece_that_plays_hears_and_is_as_loud_as_it_is_set() {
    const NAME: &str = "Rally speakerphone";
    const UNIT: &str = "usb-vhci_hcd.0-3#1209:0002:S1";
    let events = PlugEvents::open().unwrap();
    let phone = UsbSpeakerphone::plug(2, NAME, "S1", |_, samples| samples.fill(1_000));
    let both = speakerphone(&events, UNIT, true);
    let (loudspeaker, microphone) = (&both[0], &both[1]);
    assert_eq!([&loudspeaker.name, &microphone.name], [NAME, NAME]);
    assert_eq!(
        AlsaDevices.companion(microphone).unwrap().as_ref(),
        Some(loudspeaker)
    );
    for device in &both {
        assert_eq!(AlsaDevices.check(device), Ok(()));
    }
    for percent in [100, 45, 70] {
        let volume = Volume::new(percent);
        assert_eq!(AlsaDevices.set_volume(loudspeaker, volume), Ok(true));
        let set = phone.volume().expect("it is not muted");
        let off = (set - volume.decibels(usb::QUIETEST, 0.0)).abs();
        assert!(off <= 1.0, "{percent} %: {set} dB");
    }
    assert_eq!(
        AlsaDevices.set_volume(loudspeaker, Volume::new(0)),
        Ok(true)
    );
    assert_eq!(phone.volume(), None, "it is muted");
    let mut phone = Some(phone);
    for device in both {
        let mut pulled = phone.take();
        let mut put_back = None;
        conformance::audio_pulled_and_put_back(
            &mut AlsaDevices,
            &device,
            |_| {
                drop(pulled.take());
                speakerphone(&events, UNIT, false);
            },
            |_| {
                let says = |_, samples: &mut [i16]| samples.fill(1_000);
                put_back = Some(UsbSpeakerphone::plug(2, NAME, "S1", says));
                speakerphone(&events, UNIT, true);
            },
        );
        phone = put_back;
    }
    drop(phone);
    speakerphone(&events, UNIT, false);
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

#[test]
#[ignore = "needs a graphics card and root"]
fn a_display_that_is_the_panel_shows_pictures_turned_in_part_and_moved() {
    let screens = DrmDisplays::default();
    let count = conformance::panel_screens(&screens, &glass::read);
    assert!(count > 0, "a graphics card with a display");
}

#[test]
#[ignore = "needs a graphics card with two outputs and root"]
fn one_card_has_the_panel_and_lends_the_television_to_another_process() {
    let (_plugged, television, panel) = outputs::Plugged::beside();
    let displays = DrmDisplays::default();
    let lender = Lender::of(&displays);
    let (lends, borrows) = lending_pair().unwrap();
    let (serving, withheld) = (lender.clone(), panel.id.clone());
    let serves = std::thread::spawn(move || serving.serve(&lends, &|| Some(withheld.clone())));
    let borrowed = BorrowedDisplays::over(borrows).unwrap();

    let mut screen = displays.open(&panel, (640, 480), Turn::Upright).unwrap();
    let size = screen.size();
    let rgb = vec![90; size.0 as usize * size.1 as usize * 3];
    let look = Look::default();
    let frame = Frame {
        size,
        rgb: &rgb,
        look,
    };
    let mut shows = || screen.present(&frame, saal_hal::Part::whole(size)).unwrap();
    shows();
    let listed = borrowed.list().unwrap();
    assert!(
        listed.contains(&television) && !listed.contains(&panel),
        "{listed:?}"
    );
    let refused = borrowed.lease(&panel, 0, 0).map(drop);
    assert!(
        matches!(refused, Err(DisplayError::Busy { .. })),
        "{refused:?}"
    );

    let lease = borrowed.lease(&television, 1024, 768).unwrap();
    assert_eq!((lease.mode().width, lease.mode().height), (1024, 768));
    let black = glass::read(&television);
    assert_eq!(black.size, (1024, 768));
    assert!(black.memory.iter().all(|byte| *byte == 0));
    shows();
    let grey = glass::read(&panel);
    assert_eq!((grey.size, grey.memory[0]), (size, 90), "both at once");
    let again = borrowed.lease(&television, 0, 0).map(drop);
    assert!(matches!(again, Err(DisplayError::Busy { .. })), "{again:?}");
    drop(lease);
    let lease = borrowed.lease(&television, 0, 0).unwrap();
    lender.take_back(&television.id);
    assert_eq!(displays.check(&television), Ok(()), "it was taken back");
    drop(lease);
    let _kept = borrowed.lease(&television, 0, 0).unwrap();
    drop((borrowed, _kept));
    serves.join().unwrap();
    assert_eq!(displays.check(&television), Ok(()), "its borrower is gone");
    shows();
}

/// Waits until a finger did something, on this screen.
fn contacts(screens: &mut EvdevTouchScreens, id: &str) -> Vec<Contact> {
    loop {
        let said = screens.wait(PATIENCE).unwrap();
        let all: Vec<_> = said.into_iter().filter(|(on, _)| on == id).collect();
        if !all.is_empty() {
            return all.into_iter().map(|(_, contact)| contact).collect();
        }
    }
}

#[test]
#[ignore = "needs uinput and root"]
fn fingers_are_told_apart_and_a_screen_that_is_pulled_under_one_is_the_same_when_it_is_back() {
    let mut screens = EvdevTouchScreens::open().unwrap();
    let before = screens.list().len();
    let mut glass = TouchScreen::plug("Glass");
    while screens.list().len() == before {
        screens.wait(PATIENCE).unwrap();
    }
    let all = screens.list();
    let id = all
        .into_iter()
        .find(|screen| screen.name == "Glass")
        .unwrap()
        .id;
    assert!(conformance::touch_screens(&mut screens) > before);
    let finger = |finger, x, y, phase| Contact {
        finger,
        x,
        y,
        phase,
    };
    let (right, bottom) = touching::MOST;
    glass.finger(0, (right, 0));
    assert_eq!(
        contacts(&mut screens, &id),
        [finger(0, u16::MAX, 0, TouchPhase::Down)]
    );
    glass.finger(1, (0, bottom));
    assert_eq!(
        contacts(&mut screens, &id),
        [finger(1, 0, u16::MAX, TouchPhase::Down)]
    );
    glass.finger(0, (0, 0));
    assert_eq!(
        contacts(&mut screens, &id),
        [finger(0, 0, 0, TouchPhase::Move)]
    );
    glass.lift(0);
    assert_eq!(
        contacts(&mut screens, &id),
        [finger(0, 0, 0, TouchPhase::Up)]
    );
    glass.lift(1);
    assert_eq!(
        contacts(&mut screens, &id),
        [finger(1, 0, u16::MAX, TouchPhase::Up)]
    );
    let all = screens.list();
    let screen = all.into_iter().find(|screen| screen.id == id).unwrap();
    let glass = std::cell::RefCell::new(Some(glass));
    let _glass = conformance::touch_screen_pulled_and_put_back(
        &mut screens,
        &screen,
        |_| glass.borrow_mut().as_mut().unwrap().finger(0, (0, 0)),
        |_| drop(glass.borrow_mut().take()),
        |_| TouchScreen::plug("Glass"),
    );
}

#[test]
#[ignore = "needs a graphics card with two outputs and root"]
fn a_display_that_is_pulled_and_put_back_is_the_same() {
    let (plugged, display, _) = outputs::Plugged::beside();
    conformance::display_pulled_and_put_back(
        &mut DrmDisplays::default(),
        &display,
        |_| plugged.switch("off"),
        |_| plugged.switch("on"),
    );
}
