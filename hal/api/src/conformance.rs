//! What every implementation of the hardware traits has to keep; panics name the broken rule.

use std::time::Duration;

use crate::{
    AudioDevice, AudioDevices, AudioError, Camera, CameraError, Cameras, CecAdapters, CecError,
    Control, ControlState, Direction, DisplayError, Displays, KeyboardLayout, Keyboards, SealError,
    Sealer, TouchScreens, Volume,
};

mod panel_screen;
mod phone_keys;
mod pulled;

pub use panel_screen::{Glass, panel_screens};
pub use phone_keys::{PhoneDevice, phone_keys, phone_keys_of};
pub use pulled::{
    audio_pulled_and_put_back, camera_pulled_and_put_back, display_pulled_and_put_back,
    touch_screen_pulled_and_put_back,
};

/// A name that no device has.
const NOBODY: &str = "no such device \u{1F645}";

/// Runs the rules for cameras and returns how many cameras they were run against; none is an
/// honest answer that the caller should print.
///
/// # Panics
/// When a rule is broken.
pub fn cameras(under_test: &dyn Cameras) -> usize {
    let all = under_test
        .list()
        .expect("listing cameras works even when there are none");
    for camera in &all {
        assert!(
            !camera.id.is_empty(),
            "a camera has an identity: {camera:?}"
        );
        assert!(!camera.name.is_empty(), "a camera has a name: {camera:?}");
        assert!(
            !camera.formats.is_empty(),
            "a camera delivers something: {camera:?}"
        );
        for f in &camera.formats {
            assert!(
                f.width > 0 && f.height > 0 && f.frames_per_second > 0,
                "{f:?}"
            );
        }
        let same = all.iter().filter(|other| other.id == camera.id).count();
        assert_eq!(same, 1, "identities are unique: {}", camera.id);
        assert_eq!(
            under_test.find(&camera.id).expect("found by its id"),
            *camera
        );
        under_test
            .check(camera)
            .expect("a connected camera delivers a picture");
        under_test
            .signal(camera)
            .expect("a connected camera says whether it has a signal, or that it can't");
        controls(under_test, camera);
    }
    let again = under_test.list().expect("listing twice works");
    assert_eq!(all, again, "the list is stable while nothing is plugged");
    match under_test.find(NOBODY) {
        Err(CameraError::NotFound { wanted, present }) => {
            assert_eq!(wanted, NOBODY);
            assert_eq!(present.len(), all.len(), "the error lists what there is");
        }
        other => panic!("an unknown camera is NotFound, not {other:?}"),
    }
    all.len()
}

fn controls(under_test: &dyn Cameras, camera: &Camera) {
    let all = under_test
        .controls(camera)
        .expect("a connected camera says what can be turned");
    let names: Vec<Control> = all.iter().map(|c| c.control).collect();
    for control in Control::ALL {
        let count = names.iter().filter(|name| **name == control).count();
        assert!(count <= 1, "{control:?} is listed once: {names:?}");
        if count == 0 || control == Control::Privacy {
            let refused = under_test.set_control(camera, control, 0);
            let no_control = CameraError::NoControl {
                camera: camera.name.clone(),
                control,
            };
            assert_eq!(refused, Err(no_control), "{control:?} can't be set");
        }
    }
    for state in all {
        control_in_its_range(under_test, camera, &state);
    }
}

fn control_in_its_range(under_test: &dyn Cameras, camera: &Camera, state: &ControlState) {
    let within = state.least..=state.most;
    assert!(state.step > 0, "{state:?}");
    assert!(within.contains(&state.value), "{state:?}");
    assert!(within.contains(&state.normal), "{state:?}");
    if !state.settable {
        return;
    }
    let control = state.control;
    for wanted in [state.least, state.most, i32::MAX, state.normal] {
        let set = under_test
            .set_control(camera, control, wanted)
            .expect("what can be set is set, whatever is asked for");
        assert!(within.contains(&set), "{control:?} is {set}: {state:?}");
        let now = under_test.controls(camera).expect("asked again");
        let now = now.iter().find(|c| c.control == control);
        let now = now.expect("what was listed stays listed");
        assert_eq!(now.value, set, "{control:?} is what it was set to");
        let automatic = control
            .automatic()
            .and_then(|a| value(under_test, camera, a));
        assert_ne!(automatic, Some(1), "{control:?} is set by hand now");
    }
    let automatic = control.automatic();
    for (control, value) in automatic
        .map(|a| (a, 1))
        .into_iter()
        .chain(automatic.is_none().then_some((control, state.value)))
    {
        // A camera without the automatic refuses; the next one begins where the last one ended.
        let _ = under_test.set_control(camera, control, value);
    }
}

fn value(under_test: &dyn Cameras, camera: &Camera, control: Control) -> Option<i32> {
    let all = under_test.controls(camera).expect("asked again");
    all.iter().find(|c| c.control == control).map(|c| c.value)
}

/// Runs the rules for sound devices in both directions; returns how many devices there were.
///
/// # Panics
/// When a rule is broken.
pub fn audio(under_test: &dyn AudioDevices) -> usize {
    [Direction::Capture, Direction::Playback]
        .into_iter()
        .map(|direction| audio_direction(under_test, direction))
        .sum()
}

/// The same in one direction.
///
/// # Panics
/// When a rule is broken.
pub fn audio_direction(under_test: &dyn AudioDevices, direction: Direction) -> usize {
    let all = under_test
        .list(direction)
        .expect("listing sound devices works without any");
    for device in &all {
        assert!(
            !device.id.is_empty() && !device.name.is_empty(),
            "{device:?}"
        );
        assert_eq!(
            device.direction, direction,
            "asked for {direction:?}: {device:?}"
        );
        assert_eq!(
            under_test
                .find(&device.id, direction)
                .expect("found by its id"),
            *device
        );
        under_test
            .check(device)
            .expect("a connected sound device moves sound");
        let unit = device.unit();
        assert!(!unit.is_empty() && unit != device.id, "{device:?}");
        let ids = all.iter().filter(|other| other.id == device.id).count();
        let names = all.iter().filter(|other| other.name == device.name).count();
        assert_eq!((ids, names), (1, 1), "nobody else is called so: {device:?}");
        audio_companion(under_test, device);
        audio_volume(under_test, device);
    }
    let again = under_test.list(direction).expect("listing twice works");
    assert_eq!(all, again, "the list is stable while nothing is plugged");
    match under_test.find(NOBODY, direction) {
        Err(AudioError::NotFound { wanted, present }) => {
            assert_eq!(wanted, NOBODY);
            assert_eq!(present.len(), all.len(), "the error lists what there is");
        }
        other => panic!("an unknown sound device is NotFound, not {other:?}"),
    }
    all.len()
}

/// Runs the rules for displays; returns how many there were. They may flicker.
///
/// # Panics
/// When a rule is broken.
pub fn displays(under_test: &dyn Displays) -> usize {
    let all = under_test
        .list()
        .expect("listing displays works even when there are none");
    for display in &all {
        assert!(
            !display.id.is_empty() && !display.name.is_empty(),
            "a display has an identity and a name: {display:?}"
        );
        assert!(!display.modes.is_empty(), "it can be driven: {display:?}");
        for mode in &display.modes {
            assert!(mode.width > 0 && mode.height > 0, "{mode:?}");
        }
        let same = all.iter().filter(|other| other.id == display.id).count();
        assert_eq!(same, 1, "identities are unique: {}", display.id);
        let found = under_test.find(&display.id).expect("found by its id");
        assert_eq!(found, *display);
        for turn in 1..=2 {
            let taken = under_test.check(display);
            assert_eq!(taken, Ok(()), "taken and given back, turn {turn}");
        }
    }
    let again = under_test.list().expect("listing twice works");
    assert_eq!(all, again, "the list is stable while nothing is plugged");
    match under_test.find(NOBODY) {
        Err(DisplayError::NotFound { wanted, present }) => {
            assert_eq!(wanted, NOBODY);
            assert_eq!(present.len(), all.len(), "the error lists what there is");
        }
        other => panic!("an unknown display is NotFound, not {other:?}"),
    }
    all.len()
}

fn audio_companion(under_test: &dyn AudioDevices, device: &AudioDevice) {
    let companion = under_test.companion(device).expect("it is connected");
    let Some(companion) = companion else { return };
    assert_eq!(companion.direction, device.direction.other());
    assert_eq!(companion.unit(), device.unit(), "one piece of hardware");
    let back = under_test.companion(&companion).expect("it is connected");
    let back = back.expect("who belongs to us has us");
    assert_eq!(back.unit(), device.unit());
}

/// Leaves the volume as it was.
fn audio_volume(under_test: &dyn AudioDevices, device: &AudioDevice) {
    let set = |volume| {
        let set = under_test.set_volume(device, volume);
        set.expect("the volume of a connected device can be set")
    };
    let read = || under_test.volume(device).expect("it is connected");
    let Some(before) = read() else {
        let quiet = Volume::new(20);
        assert!(!set(quiet), "what has no control says so: {device:?}");
        return;
    };
    let mut louder = None;
    for percent in [0, 30, 50, 75, 100] {
        assert!(set(Volume::new(percent)), "it has a control: {device:?}");
        let now = read().expect("a control does not go away");
        assert!(louder <= Some(now), "{percent} % is no quieter than less");
        louder = Some(now);
    }
    assert_eq!(louder, Some(Volume::FULL), "all is all");
    set(before);
}

/// Runs the rules for touch screens; returns how many there are.
///
/// # Panics
/// When a rule is broken.
pub fn touch_screens(under_test: &mut dyn TouchScreens) -> usize {
    let all = under_test.list();
    for screen in &all {
        assert!(!screen.id.is_empty() && !screen.name.is_empty(), "{all:?}");
        let same = all.iter().filter(|other| other.id == screen.id).count();
        assert_eq!(same, 1, "identities are unique: {}", screen.id);
    }
    let touched = under_test.wait(Duration::ZERO);
    assert_eq!(touched, Ok(Vec::new()), "nobody touches anything");
    let again = under_test.list();
    assert_eq!(all, again, "the list is stable while nothing is plugged");
    all.len()
}

/// Runs the rules for CEC adapters with televisions that may be woken and put to stand-by; returns how many adapters there
/// are. One without a television has to say so.
///
/// # Panics
/// When a rule is broken.
pub fn cec_adapters(under_test: &dyn CecAdapters) -> usize {
    let all = under_test
        .list()
        .expect("listing works even when there is none");
    for adapter in &all {
        assert!(
            !adapter.id.is_empty() && !adapter.name.is_empty(),
            "{all:?}"
        );
        let same = all.iter().filter(|other| other.id == adapter.id).count();
        assert_eq!(same, 1, "identities are unique: {}", adapter.id);
        let answers = |result: Result<(), CecError>| match result {
            Ok(()) => true,
            Err(CecError::NoTelevision { .. } | CecError::NoAnswer { .. }) => false,
            Err(failed) => panic!("{failed}"),
        };
        let woken = answers(under_test.wake(adapter));
        let there = answers(under_test.power(adapter).map(drop));
        assert!(woken || !there, "who answers can be woken: {adapter:?}");
        let rests = answers(under_test.stand_by(adapter).map(drop));
        assert_eq!(rests, woken, "and put to stand-by: {adapter:?}");
    }
    let again = under_test.list().expect("listing twice works");
    assert_eq!(all, again, "the list is stable while nothing is plugged");
    all.len()
}

/// Runs the rules for keyboards, which are this program's meanwhile; returns how many there are.
///
/// # Panics
/// When a rule is broken.
pub fn keyboards(under_test: &dyn Keyboards) -> usize {
    let none = under_test.list();
    assert_eq!(none, [], "at first none is used");
    let mut before = None;
    for layout in [KeyboardLayout::German, KeyboardLayout::Us] {
        under_test.use_all(Some(layout));
        let typed = under_test.wait(Duration::ZERO);
        assert_eq!(typed, Ok(Vec::new()), "nobody types");
        let all = under_test.list();
        for keyboard in &all {
            assert!(
                !keyboard.id.is_empty() && !keyboard.name.is_empty(),
                "{all:?}"
            );
        }
        assert_eq!(
            *before.get_or_insert(all.clone()),
            all,
            "as many, whatever is printed on them"
        );
    }
    under_test.use_all(None);
    let typed = under_test.wait(Duration::ZERO);
    assert_eq!(typed, Ok(Vec::new()), "nobody typed");
    assert_eq!(under_test.list(), [], "they are left to others");
    before.map_or(0, |all| all.len())
}

/// Runs the rules for sealing. `other` is another device's.
///
/// # Panics
/// When a rule is broken.
pub fn sealer(under_test: &dyn Sealer, other: &dyn Sealer) {
    let secret = b"a secret of thirty-two letters..";
    let sealed = under_test.seal("session", secret).expect("sealing works");
    let opened = under_test.open("session", &sealed);
    assert_eq!(opened.as_deref(), Ok(secret.as_slice()), "it opens again");
    let shows = sealed
        .windows(8)
        .any(|part| secret.windows(8).any(|s| s == part));
    assert!(!shows, "the secret is not readable in what was sealed");
    let again = under_test.seal("session", secret).expect("sealing works");
    assert_ne!(sealed, again, "equal secrets do not look equal");
    let not_ours = Err(SealError::NotOurs);
    assert_eq!(under_test.open("key", &sealed), not_ours, "another purpose");
    assert_eq!(other.open("session", &sealed), not_ours, "another device");
    assert_eq!(under_test.open("session", b""), not_ours, "nothing");
    for at in 0..sealed.len() {
        let mut damaged = sealed.clone();
        damaged[at] ^= 1;
        assert_eq!(under_test.open("session", &damaged), not_ours, "byte {at}");
        let cut = &sealed[..at];
        assert_eq!(under_test.open("session", cut), not_ours, "cut at {at}");
    }
    let empty = under_test
        .seal("session", b"")
        .expect("nothing is a secret too");
    assert_eq!(under_test.open("session", &empty), Ok(Vec::new()));
}
