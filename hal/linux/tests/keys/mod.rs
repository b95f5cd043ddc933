//! Keys, and lights, of devices that are software: as the kernel's uinput makes them (uinput.h).

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::{AsFd, AsRawFd},
    time::Duration,
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use saal_hal::{
    Key, KeyName, KeyPhase, KeyboardLayout, Keyboards, PhoneKeys, PhoneKeysOn, PhoneLights,
    conformance::{self, PhoneDevice},
};
use saal_hal_linux::{EvdevKeyboards, LinuxPhoneKeys};

/// What a test waits for at most, by the guest's clock.
const LONG: Duration = Duration::from_secs(30);

/// What the light of a mute key shows.
const MUTED: PhoneLights = PhoneLights {
    muted: true,
    in_call: false,
    ringing: false,
};

/// A keyboard or a speakerphone.
struct Keyboard(File);

mod uinput {
    #![allow(
        unsafe_code,
        missing_docs,
        unreachable_pub,
        reason = "what the macros make is called below, where each call says why it is sound"
    )]

    nix::ioctl_write_int!(set_evbit, b'U', 100);
    nix::ioctl_write_int!(set_keybit, b'U', 101);
    nix::ioctl_write_int!(set_ledbit, b'U', 105);
    nix::ioctl_none!(dev_create, b'U', 1);
}

const EV_SYN: u16 = 0;
const EV_KEY: u16 = 1;
const EV_LED: u16 = 0x11;
const EV_REP: u16 = 0x14;
const KEY_MICMUTE: u16 = 248;
const KEY_VOLUMEUP: u16 = 115;
const LED_MUTE: u16 = 7;
const LED_CAPSL: u16 = 1;
/// By where they lie; `KEY_Y` is where a German keyboard has its Z.
const KEY_TAB: u16 = 15;
const KEY_Y: u16 = 21;
const KEY_LEFTSHIFT: u16 = 42;
const KEY_CAPSLOCK: u16 = 58;
/// struct uinput_user_dev: name, identity, effects, four tables of 64 axes.
const USER_DEV: usize = 80 + 8 + 4 + 4 * 64 * 4;
/// struct input_event: two words of time, type, code, value.
const EVENT: usize = 24;

impl Keyboard {
    /// One for calls, with a light.
    fn speakerphone(name: &str) -> Self {
        Self::plug(name, &[KEY_MICMUTE, KEY_VOLUMEUP], LED_MUTE)
    }

    /// One to type on.
    fn to_type_on(name: &str) -> Self {
        let keys = [KEY_TAB, KEY_Y, KEY_LEFTSHIFT, KEY_CAPSLOCK, KEY_MICMUTE];
        Self::plug(name, &keys, LED_CAPSL)
    }

    fn plug(name: &str, keys: &[u16], light: u16) -> Self {
        let mut file = File::options()
            .read(true)
            .write(true)
            .open("/dev/uinput")
            .unwrap();
        let fd = file.as_raw_fd();
        let bit = |number: u16| nix::libc::c_ulong::from(number);
        // SAFETY: the descriptor is open, and these calls take a number and no memory.
        #[allow(unsafe_code)]
        unsafe {
            uinput::set_evbit(fd, bit(EV_KEY)).unwrap();
            for key in keys {
                uinput::set_keybit(fd, bit(*key)).unwrap();
            }
            // The kernel repeats what is held.
            uinput::set_evbit(fd, bit(EV_REP)).unwrap();
            uinput::set_evbit(fd, bit(EV_LED)).unwrap();
            uinput::set_ledbit(fd, bit(light)).unwrap();
        }
        let mut device = [0; USER_DEV];
        device[..name.len()].copy_from_slice(name.as_bytes());
        file.write_all(&device).unwrap();
        // SAFETY: as above.
        #[allow(unsafe_code)]
        unsafe {
            uinput::dev_create(fd).unwrap();
        }
        Self(file)
    }

    fn press(&mut self, key: u16) {
        self.set(key, 1);
        self.set(key, 0);
    }

    /// Puts a key down, 1, or lets it come up, 0.
    fn set(&mut self, key: u16, value: i32) {
        for (kind, code, value) in [(EV_KEY, key, value), (EV_SYN, 0, 0)] {
            let mut event = [0; EVENT];
            event[16..18].copy_from_slice(&u16::to_ne_bytes(kind));
            event[18..20].copy_from_slice(&u16::to_ne_bytes(code));
            event[20..24].copy_from_slice(&i32::to_ne_bytes(value));
            self.0.write_all(&event).unwrap();
        }
    }

    /// What this light of it is told next.
    fn light(&mut self, light: u16) -> bool {
        loop {
            if let Some(on) = self.next(light) {
                return on;
            }
        }
    }

    /// What the next event tells this light, if it is about it.
    fn next(&mut self, light: u16) -> Option<bool> {
        let mut event = [0; EVENT];
        self.0.read_exact(&mut event).unwrap();
        let word = |at: usize| u16::from_ne_bytes([event[at], event[at + 1]]);
        ((word(16), word(18)) == (EV_LED, light)).then_some(event[20] != 0)
    }

    fn has_news(&self) -> bool {
        let mut waits = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
        poll(&mut waits, PollTimeout::ZERO) == Ok(1)
    }
}

/// A table microphone in people's hands.
struct Held {
    table: Option<Keyboard>,
    lit: bool,
}

const NAME_OF_IT: &str = "Held table microphone";

impl PhoneDevice for Held {
    fn is(&self) -> PhoneKeysOn {
        PhoneKeysOn {
            name: NAME_OF_IT.to_owned(),
            lights: MUTED,
        }
    }

    fn keys(&self) -> Vec<KeyName> {
        vec![KeyName::MicrophoneMuteToggle, KeyName::AudioVolumeUp]
    }

    fn plug(&mut self) {
        self.lit = false;
        self.table = Some(Keyboard::speakerphone(NAME_OF_IT));
    }

    fn unplug(&mut self) {
        self.table = None;
    }

    fn press(&mut self, key: KeyName) {
        let table = self.table.as_mut().expect("it is plugged in");
        table.press(match key {
            KeyName::AudioVolumeUp => KEY_VOLUMEUP,
            _ => KEY_MICMUTE,
        });
    }

    fn lit(&mut self) -> PhoneLights {
        let table = self.table.as_mut().expect("it is plugged in");
        while table.has_news() {
            self.lit = table.next(LED_MUTE).unwrap_or(self.lit);
        }
        PhoneLights {
            muted: self.lit,
            ..PhoneLights::default()
        }
    }
}

#[test]
#[ignore = "needs uinput and root"]
fn a_table_microphone_keeps_the_rules_of_keys_for_calls() {
    let keys = LinuxPhoneKeys::open().unwrap();
    conformance::phone_keys_of(
        &keys,
        &mut Held {
            table: None,
            lit: false,
        },
    );
}

#[test]
#[ignore = "needs uinput and root"]
fn keys_for_calls_are_heard_and_the_light_shows_what_is() {
    let mut table = Keyboard::speakerphone("Table microphone");
    let keys = LinuxPhoneKeys::open().unwrap();
    // Other keyboards of the machine have keys for the volume and no light.
    let names = |keys: &LinuxPhoneKeys| {
        let list = keys.list().unwrap().into_iter();
        let lights = list.filter(|device| device.lights.muted);
        lights.map(|device| device.name).collect::<Vec<_>>()
    };
    let named = |name: &str| name.to_owned();
    let (mute, louder) = (KeyName::MicrophoneMuteToggle, KeyName::AudioVolumeUp);
    assert_eq!(names(&keys), [named("Table microphone")]);
    keys.show(MUTED);
    assert!(table.light(LED_MUTE));
    table.press(KEY_MICMUTE);
    assert_eq!(keys.wait(LONG), Ok(vec![mute]));
    table.press(KEY_VOLUMEUP);
    assert_eq!(keys.wait(LONG), Ok(vec![louder]));
    keys.show(PhoneLights::default());
    assert!(!table.light(LED_MUTE));

    // One that is plugged in later shows what is.
    keys.show(MUTED);
    let mut speak = Keyboard::speakerphone("Speak");
    while names(&keys).len() < 2 {
        assert_eq!(keys.wait(LONG), Ok(Vec::new()));
    }
    assert!(speak.light(LED_MUTE));
    drop(table);
    while names(&keys) != [named("Speak")] {
        assert_eq!(keys.wait(LONG), Ok(Vec::new()));
    }
    speak.press(KEY_MICMUTE);
    assert_eq!(keys.wait(LONG), Ok(vec![mute]));

    // A program that starts anew while the light is on, and nothing is muted.
    drop(keys);
    let keys = LinuxPhoneKeys::open().unwrap();
    assert_eq!(names(&keys), [named("Speak")]);
    assert!(!speak.light(LED_MUTE));
}

/// Waits until keys did something.
fn typed(keyboards: &EvdevKeyboards) -> Vec<Key> {
    loop {
        let keys = keyboards.wait(LONG).unwrap();
        if !keys.is_empty() {
            return keys;
        }
    }
}

#[test]
#[ignore = "needs uinput and root, and takes the keyboards from whoever types"]
fn keyboards_are_taken_write_what_is_printed_on_them_and_are_left() {
    let keyboards = EvdevKeyboards::open().unwrap();
    // The machine may have one of its own, on which nobody types.
    let before = conformance::keyboards(&keyboards);
    keyboards.use_all(Some(KeyboardLayout::German));
    let mut desk = Keyboard::to_type_on("Desk");
    let phone = Keyboard::speakerphone("Speak");
    let names = || {
        let all = keyboards.list().into_iter();
        all.map(|keyboard| keyboard.name).collect::<Vec<_>>()
    };
    while !names().iter().any(|name| name == "Desk") {
        assert_eq!(keyboards.wait(LONG), Ok(Vec::new()));
    }
    assert_eq!(names().len(), before + 1, "a speakerphone is no keyboard");
    drop(phone);

    // While it is used nobody else hears it.
    let other = LinuxPhoneKeys::open().unwrap();
    let key = |name| Key::down(name);
    let z = key(KeyName::Character('z'));
    desk.set(KEY_Y, 1);
    assert_eq!(typed(&keyboards), [z]);
    let held = typed(&keyboards);
    assert!(
        held.iter()
            .all(|k| k.key == z.key && k.phase == KeyPhase::Repeat),
        "{held:?}"
    );
    desk.set(KEY_Y, 0);
    while typed(&keyboards).last() != Some(&z.up()) {}
    desk.press(KEY_MICMUTE);
    let mute = key(KeyName::MicrophoneMuteToggle);
    let mut all = typed(&keyboards);
    while all.len() < 2 {
        all.extend(typed(&keyboards));
    }
    assert_eq!(all, [mute, mute.up()]);
    assert_eq!(other.wait(Duration::ZERO), Ok(Vec::new()), "it is grabbed");
    desk.press(KEY_CAPSLOCK);
    desk.set(KEY_Y, 1);
    assert_eq!(typed(&keyboards), [key(KeyName::Character('Z'))]);
    assert!(desk.light(LED_CAPSL));

    // What is down comes up when it is left, and others hear it then.
    keyboards.use_all(None);
    let up = typed(&keyboards);
    assert_eq!(up.last(), Some(&key(KeyName::Character('Z')).up()));
    assert_eq!(keyboards.list(), []);
    desk.press(KEY_MICMUTE);
    let heard = other.wait(LONG);
    assert_eq!(heard, Ok(vec![KeyName::MicrophoneMuteToggle]));

    // An American one that is pulled under a finger.
    keyboards.use_all(Some(KeyboardLayout::Us));
    desk.set(KEY_TAB, 1);
    let mut keys = typed(&keyboards);
    drop(desk);
    while keyboards.list().len() > before {
        keys.extend(keyboards.wait(LONG).unwrap());
    }
    let tab = key(KeyName::Tab);
    assert_eq!((keys.first(), keys.last()), (Some(&tab), Some(&tab.up())));
}
