//! The rules for a device that is pulled out and put back at the same place: who uses it is told, and waits for nothing; and it is
//! the same one again.

use std::time::Duration;

use crate::{
    AudioDevice, AudioDevices, AudioError, Camera, CameraError, Cameras, Display, DisplayError,
    Displays, TouchPhase, TouchScreen, TouchScreens, Volume,
};

/// Waits of this length, so many at most: what is told of a device at once may take a busy machine half a minute.
const TURN: Duration = Duration::from_millis(20);
const TURNS: u32 = 1_500;

/// Runs the rules for a camera that is pulled out and put back at the same place.
///
/// # Panics
/// When a rule is broken.
pub fn camera_pulled_and_put_back<C: Cameras>(
    under_test: &mut C,
    camera: &Camera,
    pull: impl FnOnce(&mut C),
    put_back: impl FnOnce(&mut C),
) {
    let before = under_test.list().expect("listing works");
    pull(under_test);
    let gone = |answer: Result<(), CameraError>| {
        let not_found = matches!(answer, Err(CameraError::NotFound { .. }));
        assert!(
            not_found,
            "a camera that was pulled is not found: {answer:?}"
        );
    };
    gone(under_test.find(&camera.id).map(drop));
    gone(under_test.check(camera));
    gone(under_test.controls(camera).map(drop));
    gone(under_test.signal(camera).map(drop));
    let left = under_test.list().expect("listing works without it");
    assert!(!left.contains(camera), "what was pulled is not listed");
    put_back(under_test);
    let back = under_test
        .find(&camera.id)
        .expect("put back it is found by the same identity");
    assert_eq!(
        (&back.id, &back.name, &back.formats),
        (&camera.id, &camera.name, &camera.formats),
        "put back it is the same"
    );
    let after = under_test.list().expect("listing works");
    assert_eq!(after.len(), before.len(), "nothing else came or went");
    under_test
        .check(&back)
        .expect("put back it delivers a picture");
}

/// The same for a microphone or a loudspeaker.
///
/// # Panics
/// When a rule is broken.
pub fn audio_pulled_and_put_back<A: AudioDevices>(
    under_test: &mut A,
    device: &AudioDevice,
    pull: impl FnOnce(&mut A),
    put_back: impl FnOnce(&mut A),
) {
    let direction = device.direction;
    let list = |under_test: &A| under_test.list(direction).expect("listing works");
    let before = list(under_test);
    let belongs = under_test.companion(device).expect("it is connected");
    pull(under_test);
    let gone = |answer: Result<(), AudioError>| {
        let not_found = matches!(answer, Err(AudioError::NotFound { .. }));
        assert!(not_found, "what was pulled is not found: {answer:?}");
    };
    gone(under_test.find(&device.id, direction).map(drop));
    gone(under_test.check(device));
    gone(under_test.volume(device).map(drop));
    gone(under_test.set_volume(device, Volume::new(50)).map(drop));
    let left = list(under_test);
    assert!(!left.contains(device), "what was pulled is not listed");
    if let Some(companion) = &belongs {
        gone(under_test.check(companion));
    }
    put_back(under_test);
    let back = under_test
        .find(&device.id, direction)
        .expect("put back it is found by the same identity");
    assert_eq!(
        (&back.id, &back.name, back.direction),
        (&device.id, &device.name, direction),
        "put back it is the same"
    );
    let id = |companion: Option<AudioDevice>| companion.map(|one| one.id);
    let again = under_test.companion(&back).expect("it is connected");
    assert_eq!(id(again), id(belongs), "and so is what belongs to it");
    assert_eq!(
        list(under_test).len(),
        before.len(),
        "nothing else came or went"
    );
    under_test.check(&back).expect("put back it moves sound");
}

/// The same for a display. It may flicker.
///
/// # Panics
/// When a rule is broken.
pub fn display_pulled_and_put_back<D: Displays>(
    under_test: &mut D,
    display: &Display,
    pull: impl FnOnce(&mut D),
    put_back: impl FnOnce(&mut D),
) {
    let before = under_test.list().expect("listing works");
    pull(under_test);
    let gone = |answer: Result<(), DisplayError>| {
        let not_found = matches!(answer, Err(DisplayError::NotFound { .. }));
        assert!(
            not_found,
            "a display that was pulled is not found: {answer:?}"
        );
    };
    gone(under_test.find(&display.id).map(drop));
    gone(under_test.check(display));
    let left = under_test.list().expect("listing works without it");
    assert!(!left.contains(display), "what was pulled is not listed");
    put_back(under_test);
    let back = under_test
        .find(&display.id)
        .expect("put back it is found by the same identity");
    assert_eq!(
        (&back.id, &back.name, &back.modes),
        (&display.id, &display.name, &display.modes),
        "put back it is the same"
    );
    let after = under_test.list().expect("listing works");
    assert_eq!(after.len(), before.len(), "nothing else came or went");
    under_test
        .check(&back)
        .expect("put back it is taken and given back");
}

/// The same for a touch screen on which `touch` puts a finger down, which is still there when it is pulled.
///
/// # Panics
/// When a rule is broken.
pub fn touch_screen_pulled_and_put_back<T: TouchScreens, H>(
    under_test: &mut T,
    screen: &TouchScreen,
    touch: impl FnOnce(&mut T),
    pull: impl FnOnce(&mut T),
    put_back: impl FnOnce(&mut T) -> H,
) -> H {
    let before = under_test.list();
    touch(under_test);
    assert_eq!(next_phases(under_test, &screen.id), [TouchPhase::Down]);
    pull(under_test);
    let told = next_phases(under_test, &screen.id);
    assert_eq!(told, [TouchPhase::Cancel], "its finger is taken back, once");
    let said = under_test.wait(Duration::ZERO);
    assert_eq!(said, Ok(Vec::new()), "and nothing more is said");
    let left = under_test.list();
    assert!(!left.contains(screen), "what was pulled is not listed");
    let hand = put_back(under_test);
    let mut turns = 0..TURNS;
    while !under_test.list().contains(screen) {
        let all = under_test.list();
        assert!(
            turns.next().is_some(),
            "put back it is the same: {screen:?} in {all:?}"
        );
        let said = under_test.wait(TURN);
        assert_eq!(said, Ok(Vec::new()), "nobody touches it");
    }
    assert_eq!(under_test.list(), before, "nothing else came or went");
    hand
}

/// What the next fingers on this screen do.
fn next_phases(under_test: &mut impl TouchScreens, id: &str) -> Vec<TouchPhase> {
    for _ in 0..TURNS {
        let said = under_test
            .wait(TURN)
            .expect("there is something to wait on");
        let here = said.into_iter().filter(|(on, _)| on == id);
        let phases: Vec<_> = here.map(|(_, contact)| contact.phase).collect();
        if !phases.is_empty() {
            return phases;
        }
    }
    panic!("nothing is told of {id}")
}
