//! The simulated devices keep the rules of the hardware traits.

use std::time::Duration;

use saal_hal::{
    AudioDevices, AudioError, CameraError, Cameras, Contact, Control, Direction, DisplayError,
    Displays, Frame, Key, KeyName, KeyboardLayout, Keyboards, Look, PanelScreens, Part, PhoneKeys,
    PhoneKeysOn, PhoneLights, TouchPhase, TouchScreenError, TouchScreens, Turn, Volume,
    conformance, selftest,
};
use saal_hal_sim::{
    SimulatedAudio, SimulatedCameras, SimulatedCecAdapters, SimulatedDisplays, SimulatedKeyboards,
    SimulatedPanelScreens, SimulatedPhoneKeys, SimulatedSealer, SimulatedTouchScreens,
};

#[test]
fn simulated_cameras_conform() {
    assert_eq!(conformance::cameras(&SimulatedCameras::one()), 1);
    assert_eq!(conformance::cameras(&SimulatedCameras::default()), 0);
    let mut two = SimulatedCameras::one();
    two.plug("simulated:1", "Second camera");
    assert_eq!(conformance::cameras(&two), 2);
    two.plug_input("simulated:input", "Simulated input");
    assert_eq!(conformance::cameras(&two), 3);
}

#[test]
fn a_simulated_camera_that_is_pulled_comes_back_as_the_same() {
    let mut two = SimulatedCameras::one();
    two.plug("simulated:1", "Second camera");
    let camera = two.find("simulated:1").unwrap();
    conformance::camera_pulled_and_put_back(
        &mut two,
        &camera,
        |cameras| cameras.unplug("simulated:1"),
        |cameras| cameras.plug("simulated:1", "Second camera"),
    );
}

#[test]
fn a_simulated_speakerphone_and_display_that_are_pulled_come_back_as_the_same() {
    let (unit, name) = ("usb-5#0b0e:0412:A1", "Speak");
    let mut devices = SimulatedAudio::pair();
    devices.plug_speakerphone(unit, name);
    for direction in [Direction::Capture, Direction::Playback] {
        let device = devices.find(name, direction).unwrap();
        conformance::audio_pulled_and_put_back(
            &mut devices,
            &device,
            |devices| devices.unplug(&device.id),
            |devices| devices.plug_speakerphone(unit, name),
        );
    }
    let mut displays = SimulatedDisplays::one();
    displays.plug("beamer", "Beamer");
    let beamer = displays.find("beamer").unwrap();
    conformance::display_pulled_and_put_back(
        &mut displays,
        &beamer,
        |displays| displays.unplug("beamer"),
        |displays| displays.plug("beamer", "Beamer"),
    );
}

#[test]
fn shutter_and_signal_are_what_people_do_at_the_device() {
    let mut cameras = SimulatedCameras::one();
    let camera = cameras.find("simulated:0").unwrap();
    cameras.set_shutter("simulated:0", true);
    let privacy = cameras.controls(&camera).unwrap();
    let privacy = privacy.iter().find(|c| c.control == Control::Privacy);
    assert_eq!(privacy.unwrap().value, 1);
    assert_eq!(cameras.signal(&camera), Ok(None));
    cameras.plug_input("simulated:input", "Simulated input");
    let input = cameras.find("simulated:input").unwrap();
    assert_eq!(cameras.signal(&input), Ok(Some(false)));
    cameras.set_signal("simulated:input", true);
    assert_eq!(cameras.signal(&input), Ok(Some(true)));
}

#[test]
fn simulated_sound_conforms() {
    assert_eq!(conformance::audio(&SimulatedAudio::pair()), 2);
    assert_eq!(conformance::audio(&SimulatedAudio::default()), 0);
    let mut three = SimulatedAudio::pair();
    three.plug_speakerphone("usb-5#0b0e:0412:A1", "Speak");
    assert_eq!(conformance::audio(&three), 4);
}

#[test]
fn a_speakerphones_halves_come_and_go_together_and_it_keeps_its_volume() {
    let mut devices = SimulatedAudio::pair();
    devices.plug_speakerphone("usb-5#0b0e:0412:A1", "Speak");
    let microphone = devices.find("Speak", Direction::Capture).unwrap();
    let loudspeaker = devices.companion(&microphone).unwrap().unwrap();
    assert_eq!(loudspeaker.name, "Speak");
    devices.set_volume(&loudspeaker, Volume::new(35)).unwrap();
    devices.unplug(&loudspeaker.id);
    for device in [&microphone, &loudspeaker] {
        let check = devices.check(device);
        assert!(
            matches!(check, Err(AudioError::NotFound { .. })),
            "{check:?}"
        );
    }
    devices.plug_speakerphone("usb-5#0b0e:0412:A1", "Speak");
    assert_eq!(devices.volume(&loudspeaker), Ok(Some(Volume::new(35))));
}

#[test]
fn a_look_at_all_devices_tells_what_belongs_together_and_how_loud_it_is() {
    let mut devices = SimulatedAudio::default();
    devices.plug_speakerphone("usb-5#0b0e:0412:A1", "Speak");
    let sections = selftest::sound(&devices);
    let said: Vec<String> = sections.iter().map(ToString::to_string).collect();
    let [microphones, loudspeakers] = said.as_slice() else {
        panic!("microphones and loudspeakers: {said:?}")
    };
    assert!(
        microphones.contains("belongs to     works: Speak"),
        "{microphones}"
    );
    assert!(
        loudspeakers.contains("volume         works: 50 %"),
        "{loudspeakers}"
    );
}

#[test]
fn simulated_keys_for_calls_conform() {
    let keys = SimulatedPhoneKeys::default();
    assert_eq!(conformance::phone_keys(&keys), 0);
    keys.plug("Speak");
    assert_eq!(conformance::phone_keys(&keys), 1);
}

/// A simulated device in people's hands.
struct Speak<'a>(&'a SimulatedPhoneKeys);

const SPEAK: &str = "Speak";

impl conformance::PhoneDevice for Speak<'_> {
    fn is(&self) -> PhoneKeysOn {
        PhoneKeysOn {
            name: SPEAK.to_owned(),
            lights: PhoneLights {
                muted: true,
                in_call: true,
                ringing: true,
            },
        }
    }

    fn keys(&self) -> Vec<KeyName> {
        vec![
            KeyName::MicrophoneMuteToggle,
            KeyName::Call,
            KeyName::EndCall,
            KeyName::AudioVolumeUp,
        ]
    }

    fn plug(&mut self) {
        self.0.plug(SPEAK);
    }

    fn unplug(&mut self) {
        self.0.unplug(SPEAK);
    }

    fn press(&mut self, key: KeyName) {
        self.0.press(SPEAK, key);
    }

    fn lit(&mut self) -> PhoneLights {
        self.0.lit(SPEAK).expect("it is plugged in")
    }
}

#[test]
fn a_simulated_device_for_calls_is_heard_shows_what_is_and_comes_back_as_the_same() {
    let keys = SimulatedPhoneKeys::default();
    keys.plug("Table");
    conformance::phone_keys_of(&keys, &mut Speak(&keys));
}

#[test]
fn a_press_is_told_once_and_a_key_that_comes_later_shows_what_is() {
    let keys = SimulatedPhoneKeys::default();
    let (mute, louder) = (KeyName::MicrophoneMuteToggle, KeyName::AudioVolumeUp);
    keys.press("Speak", mute);
    let none = Ok(Vec::new());
    assert_eq!(keys.wait(Duration::ZERO), none, "nothing is connected");
    keys.plug("Speak");
    keys.press("Speak", mute);
    keys.press("Speak", louder);
    assert_eq!(keys.wait(Duration::from_secs(10)), Ok(vec![mute, louder]));
    assert_eq!(keys.wait(Duration::ZERO), none);
    let ringing = PhoneLights {
        ringing: true,
        ..PhoneLights::default()
    };
    keys.show(ringing);
    keys.plug("Table");
    assert_eq!(keys.lit("Speak"), Some(ringing));
    assert_eq!(keys.lit("Table"), Some(ringing));
    keys.unplug("Table");
    assert_eq!(keys.lit("Table"), None);
}

#[test]
fn simulated_displays_conform() {
    assert_eq!(conformance::displays(&SimulatedDisplays::one()), 1);
    assert_eq!(conformance::displays(&SimulatedDisplays::default()), 0);
    let mut displays = SimulatedDisplays::one();
    let television = displays.find("Simulated television").unwrap();
    displays.set_busy(&television.id, true);
    assert!(matches!(
        displays.check(&television),
        Err(DisplayError::Busy { .. })
    ));
    displays.unplug(&television.id);
    assert!(matches!(
        displays.check(&television),
        Err(DisplayError::NotFound { .. })
    ));
}

#[test]
fn simulated_panel_screens_conform() {
    let screens = SimulatedPanelScreens::default();
    let glass = |display: &saal_hal::Display| screens.glass(&display.id).unwrap();
    assert_eq!(conformance::panel_screens(&screens, &glass), 0);
    screens.change(|displays| displays.plug("simulated:panel", "Panel"));
    assert_eq!(conformance::panel_screens(&screens, &glass), 1);
}

#[test]
fn a_panel_whose_cable_is_pulled_refuses_pictures_and_is_dark_when_it_is_dropped() {
    let screens = SimulatedPanelScreens::default();
    screens.change(|displays| displays.plug("panel", "Panel"));
    let panel = screens.find("panel").unwrap();
    let mut screen = screens.open(&panel, (1280, 720), Turn::Upright).unwrap();
    let rgb = vec![200; 1280 * 720 * 3];
    let look = Look {
        brightness: 30,
        ..Look::default()
    };
    let size = screen.size();
    let frame = Frame {
        size,
        rgb: &rgb,
        look,
    };
    screen.present(&frame, Part::whole(size)).unwrap();
    assert_eq!(screens.brightness("panel"), Some(30));
    screens.change(|displays| displays.unplug("panel"));
    let pulled = screen.present(&frame, Part::whole(size));
    assert!(
        matches!(pulled, Err(DisplayError::NotFound { .. })),
        "{pulled:?}"
    );
    drop(screen);
    assert_eq!(screens.brightness("panel"), None);
}

#[test]
fn simulated_touch_screens_conform_and_a_finger_on_one_that_leaves_is_taken_back() {
    let mut screens = SimulatedTouchScreens::default();
    assert_eq!(conformance::touch_screens(&mut screens), 0);
    screens.plug("glass", "Glass");
    assert_eq!(conformance::touch_screens(&mut screens), 1);
    let glass = screens.list().remove(0);
    let finger = Contact {
        finger: 1,
        x: 5,
        y: 5,
        phase: TouchPhase::Down,
    };
    conformance::touch_screen_pulled_and_put_back(
        &mut screens,
        &glass,
        |screens| screens.touch("glass", finger),
        |screens| screens.unplug("glass"),
        |screens| screens.plug("glass", "Glass"),
    );
}

#[test]
fn simulated_keyboards_conform_and_a_key_comes_up_when_its_keyboard_leaves_or_is_left() {
    let keyboards = SimulatedKeyboards::default();
    assert_eq!(conformance::keyboards(&keyboards), 0);
    keyboards.plug("usb", "Keyboard");
    assert_eq!(conformance::keyboards(&keyboards), 1);
    let key = |name| Key::down(KeyName::Character(name));
    keyboards.press("usb", key('a'));
    keyboards.use_all(Some(KeyboardLayout::German));
    keyboards.press("usb", key('b'));
    keyboards.unplug("usb");
    keyboards.plug("usb", "Keyboard");
    keyboards.press("usb", key('c'));
    keyboards.use_all(None);
    let happened = keyboards.wait(Duration::from_secs(10));
    let wanted = [key('b'), key('b').up(), key('c'), key('c').up()];
    assert_eq!(happened.as_deref(), Ok(wanted.as_slice()));
}

#[test]
fn simulated_televisions_conform_and_are_found_again_with_their_adapters() {
    let televisions = SimulatedCecAdapters::default();
    assert_eq!(conformance::cec_adapters(&televisions), 0);
    televisions.plug("one", None);
    televisions.plug("two", Some("pci-0000:00:02.0/HDMI-A-1"));
    televisions.set_deaf("two", true);
    assert_eq!(conformance::cec_adapters(&televisions), 2);
    let text = selftest::televisions(&televisions).to_string();
    for part in [
        "Adapter one\n    id             one\n    television     works: it is in stand-by\n",
        "display        works: pci-0000:00:02.0/HDMI-A-1\n    television     not tried: ",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_camera_in_use_is_busy_and_one_that_left_is_not_found() {
    let mut cameras = SimulatedCameras::one();
    let camera = cameras.find("Simulated camera").unwrap();
    cameras.set_busy(&camera.id, true);
    assert_eq!(
        cameras.check(&camera),
        Err(CameraError::Busy {
            camera: "Simulated camera".to_owned()
        })
    );
    cameras.set_busy(&camera.id, false);
    assert_eq!(cameras.check(&camera), Ok(()));
    cameras.unplug(&camera.id);
    assert!(matches!(
        cameras.check(&camera),
        Err(CameraError::NotFound { .. })
    ));
}

#[test]
fn a_microphone_in_use_is_busy_and_one_that_left_is_not_found() {
    let mut devices = SimulatedAudio::pair();
    let microphone = devices
        .find("Simulated microphone", Direction::Capture)
        .unwrap();
    devices.set_busy(&microphone.id, true);
    assert!(matches!(
        devices.check(&microphone),
        Err(AudioError::Busy { .. })
    ));
    devices.unplug(&microphone.id);
    assert!(matches!(
        devices.check(&microphone),
        Err(AudioError::NotFound { .. })
    ));
}

#[test]
fn simulated_sealing_conforms() {
    conformance::sealer(&SimulatedSealer::new(1), &SimulatedSealer::new(2));
}

#[test]
fn the_self_test_says_of_each_device_what_was_tried_and_what_to_do() {
    let mut cameras = SimulatedCameras::one();
    cameras.plug("simulated:1", "Second camera");
    cameras.set_busy("simulated:1", true);
    let mut report = selftest::Report::default();
    report.sections.push(selftest::cameras(&cameras));
    report
        .sections
        .extend(selftest::sound(&SimulatedAudio::default()));
    assert_eq!(
        (report.failed(), report.untried()),
        (0, 1),
        "one in use is no fault"
    );
    let text = report.to_string();
    for part in [
        "  Simulated camera\n    id             simulated:0\n",
        "picture        works\n",
        "picture        not tried: camera \"Second camera\" is in use by another program\n",
        "-> stop the program that uses it",
        "Microphones\n  none found\n  -> plug one in",
        "Devices: 2, failed: 0, not wholly tried: 1.",
    ] {
        assert!(text.contains(part), "{part:?} in\n{text}");
    }
}

#[test]
fn the_self_test_keeps_the_rules_of_the_suites_and_tells_which_is_broken() {
    let mut cameras = SimulatedCameras::one();
    let mut section = selftest::cameras(&cameras);
    selftest::rules(&mut section, || conformance::cameras(&cameras));
    let text = section.to_string();
    assert!(
        text.contains("  All of these\n    rules          works: kept by 1\n"),
        "{text}"
    );

    cameras.set_busy("simulated:0", true);
    let mut section = selftest::cameras(&cameras);
    selftest::rules(&mut section, || conformance::cameras(&cameras));
    let text = section.to_string();
    assert!(
        text.contains("rules          not tried: a device was not wholly tried"),
        "{text}"
    );

    cameras.set_busy("simulated:0", false);
    let mut section = selftest::cameras(&cameras);
    selftest::rules(&mut section, || {
        cameras.set_busy("simulated:0", true);
        conformance::cameras(&cameras)
    });
    let report = selftest::Report {
        sections: vec![section],
    };
    let text = report.to_string();
    assert!(
        text.contains("rules          FAILED: a connected camera delivers a picture"),
        "{text}"
    );
    assert!(
        text.ends_with("Devices: 1, failed: 1, not wholly tried: 0.\n"),
        "{text}"
    );
}

#[test]
fn the_self_test_looks_at_displays_touch_screens_and_keys_for_calls() {
    let mut displays = SimulatedDisplays::one();
    let text = selftest::displays(&displays).to_string();
    assert!(text.contains("modes          works: "), "{text}");
    assert!(text.contains("picture        works\n"), "{text}");
    let id = displays.list().unwrap()[0].id.clone();
    displays.set_busy(&id, true);
    let text = selftest::displays(&displays).to_string();
    assert!(
        text.contains("picture        not tried: display "),
        "{text}"
    );

    let mut screens = SimulatedTouchScreens::default();
    let none = selftest::touch_screens(Ok(&mut screens)).to_string();
    assert!(
        none.contains("none found\n  -> plug the panel's USB cable in"),
        "{none}"
    );
    let refused = TouchScreenError {
        operation: "watch".to_owned(),
        reason: "Permission denied".to_owned(),
    };
    let text = selftest::touch_screens::<SimulatedTouchScreens>(Err(&refused)).to_string();
    assert!(
        text.contains("list           FAILED: touch screens: watch failed: Permission denied"),
        "{text}"
    );

    let keys = SimulatedPhoneKeys::default();
    keys.plug("Speak");
    let text = selftest::phone_keys(Ok(&keys)).to_string();
    assert!(text.contains("  Speak\n"), "{text}");
    assert!(
        text.contains("keys           works: they can be read"),
        "{text}"
    );
}
