//! Telephones that are software, as the kernel's uhid makes them (Documentation/hid/uhid.rst): their reports take the way
//! of a device on a cable, through the kernel's HID drivers.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::AsFd,
    time::Duration,
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use saal_hal::{
    KeyName, PhoneKeys, PhoneKeysOn, PhoneLights,
    conformance::{self, PhoneDevice},
};
use saal_hal_linux::LinuxPhoneKeys;

/// What a test waits for at most, by the guest's clock.
const LONG: Duration = Duration::from_secs(30);

/// Of linux/uhid.h: kinds of events, and lengths of what follows them.
const UHID_DESTROY: u32 = 1;
const UHID_OUTPUT: u32 = 6;
const UHID_CREATE2: u32 = 11;
const UHID_INPUT2: u32 = 12;
const DATA_MAX: usize = 4096;
const NAME: usize = 128;
/// `phys` and `uniq`.
const PLACES: usize = 64 + 64;
/// The longest event: a kind, names, two lengths and buses, four identities, a descriptor.
const EVENT: usize = 4 + NAME + PLACES + 4 + 16 + DATA_MAX;
const BUS_USB: u16 = 3;

/// A headset in report 2: Hook Switch, Phone Mute; lights Off-Hook, Mute, Ring; and the volume as report 1, which the kernel
/// makes keys of.
const DESCRIPTOR: &[u8] = &[
    0x05, 0x0C, 0x09, 0x01, 0xA1, 0x01, 0x85, 0x01, 0x15, 0x00, 0x25, 0x01, 0x09, 0xE9, 0x09, 0xEA,
    0x75, 0x01, 0x95, 0x02, 0x81, 0x02, 0x95, 0x06, 0x81, 0x01, 0xC0, 0x05, 0x0B, 0x09, 0x05, 0xA1,
    0x01, 0x85, 0x02, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x02, 0x09, 0x20, 0x09, 0x2F, 0x81,
    0x02, 0x95, 0x06, 0x81, 0x01, 0x05, 0x08, 0x09, 0x17, 0x09, 0x09, 0x09, 0x18, 0x95, 0x03, 0x91,
    0x02, 0x95, 0x05, 0x91, 0x01, 0xC0,
];

/// A speakerphone on a cable.
struct Speakerphone(File);

impl Speakerphone {
    fn plug(name: &str) -> Self {
        let mut options = File::options();
        let file = options.read(true).write(true).open("/dev/uhid").unwrap();
        let mut phone = Self(file);
        let mut event = vec![0; EVENT];
        event[4..4 + name.len()].copy_from_slice(name.as_bytes());
        let mut at = 4 + NAME + PLACES;
        for word in [u16::try_from(DESCRIPTOR.len()).unwrap(), BUS_USB] {
            event[at..at + 2].copy_from_slice(&word.to_ne_bytes());
            at += 2;
        }
        // Vendor of pid.codes, for tests; version and country are nothing.
        for identity in [0x1209_u32, 0x0001, 0, 0] {
            event[at..at + 4].copy_from_slice(&identity.to_ne_bytes());
            at += 4;
        }
        event[at..at + DESCRIPTOR.len()].copy_from_slice(DESCRIPTOR);
        phone.send(UHID_CREATE2, event);
        phone
    }

    fn send(&mut self, kind: u32, mut event: Vec<u8>) {
        event[..4].copy_from_slice(&kind.to_ne_bytes());
        self.0.write_all(&event).unwrap();
    }

    /// An input report.
    fn says(&mut self, report: [u8; 2]) {
        let mut event = vec![0; 4 + 2 + DATA_MAX];
        event[4..6].copy_from_slice(&2_u16.to_ne_bytes());
        event[6..8].copy_from_slice(&report);
        self.send(UHID_INPUT2, event);
    }

    /// The next output report that it is given.
    fn is_told(&mut self) -> Vec<u8> {
        let mut event = vec![0; EVENT];
        loop {
            let length = self.0.read(&mut event).unwrap();
            if let Some(told) = output(&event[..length]) {
                return told;
            }
        }
    }

    /// The last output report that it was given since this was asked last, if any was.
    fn was_told(&mut self) -> Option<Vec<u8>> {
        let mut told = None;
        let mut event = vec![0; EVENT];
        loop {
            let mut waits = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
            if poll(&mut waits, PollTimeout::ZERO) != Ok(1) {
                return told;
            }
            let length = self.0.read(&mut event).unwrap();
            told = output(&event[..length]).or(told);
        }
    }

    fn unplug(mut self) {
        self.send(UHID_DESTROY, vec![0; 4]);
    }
}

/// The report that an event of this kind brings.
fn output(event: &[u8]) -> Option<Vec<u8>> {
    let kind = u32::from_ne_bytes(event[..4].try_into().unwrap());
    if kind != UHID_OUTPUT {
        return None;
    }
    let size = &event[4 + DATA_MAX..4 + DATA_MAX + 2];
    let size = u16::from_ne_bytes(size.try_into().unwrap());
    Some(event[4..4 + usize::from(size)].to_vec())
}

/// The speakerphone in people's hands: its hook follows its light.
struct Held {
    phone: Option<Speakerphone>,
    /// Off-Hook, Mute and Ring, as it was told last.
    lit: u8,
}

const NAME_OF_IT: &str = "Maker Held";
const OFF_HOOK: u8 = 0b001;
const MUTE: u8 = 0b010;
const RING: u8 = 0b100;

impl Held {
    fn says(&mut self, report: [u8; 2]) {
        self.phone.as_mut().expect("it is plugged in").says(report);
    }
}

impl PhoneDevice for Held {
    fn is(&self) -> PhoneKeysOn {
        PhoneKeysOn {
            name: NAME_OF_IT.to_owned(),
            lights: PhoneLights {
                muted: true,
                in_call: true,
                ringing: true,
            },
        }
    }

    fn keys(&self) -> Vec<KeyName> {
        vec![KeyName::MicrophoneMuteToggle, KeyName::AudioVolumeUp]
    }

    fn plug(&mut self) {
        self.lit = 0;
        self.phone = Some(Speakerphone::plug(NAME_OF_IT));
    }

    fn unplug(&mut self) {
        self.phone.take().expect("it is plugged in").unplug();
    }

    fn press(&mut self, key: KeyName) {
        let hook = self.lit & OFF_HOOK;
        match key {
            KeyName::AudioVolumeUp => [1, 0].map(|pressed| self.says([1, pressed])),
            _ => [MUTE, 0].map(|pressed| self.says([2, hook | pressed])),
        };
    }

    fn lit(&mut self) -> PhoneLights {
        let told = self.phone.as_mut().and_then(Speakerphone::was_told);
        if let Some([2, lights]) = told.as_deref() {
            let hook = lights & OFF_HOOK;
            let moves = hook != self.lit & OFF_HOOK;
            self.lit = *lights;
            if moves {
                self.says([2, hook]);
            }
        }
        PhoneLights {
            muted: self.lit & MUTE != 0,
            in_call: self.lit & OFF_HOOK != 0,
            ringing: self.lit & RING != 0,
        }
    }
}

#[test]
#[ignore = "needs uhid and root"]
fn a_telephone_keeps_the_rules_of_keys_for_calls() {
    let keys = LinuxPhoneKeys::open().unwrap();
    conformance::phone_keys_of(
        &keys,
        &mut Held {
            phone: None,
            lit: 0,
        },
    );
}

/// Waits until keys went down.
fn pressed(keys: &LinuxPhoneKeys) -> Vec<KeyName> {
    loop {
        let pressed = keys.wait(LONG).unwrap();
        if !pressed.is_empty() {
            return pressed;
        }
    }
}

fn names(keys: &LinuxPhoneKeys) -> Vec<String> {
    let list = keys.list().unwrap().into_iter();
    let telephones = list.filter(|device| device.lights.in_call);
    telephones.map(|device| device.name).collect()
}

#[test]
#[ignore = "needs uhid and root"]
fn a_telephone_is_picked_up_muted_and_hung_up_and_its_lights_show_what_is() {
    let keys = LinuxPhoneKeys::open().unwrap();
    let in_call = PhoneLights {
        in_call: true,
        ..PhoneLights::default()
    };
    let muted = PhoneLights {
        muted: true,
        ..in_call
    };
    let ringing = PhoneLights {
        ringing: true,
        ..PhoneLights::default()
    };
    keys.show(ringing);
    let mut phone = Speakerphone::plug("Maker Speak");
    while names(&keys) != ["Maker Speak"] {
        keys.wait(LONG).unwrap();
    }
    let mut all = keys.list().unwrap();
    all.retain(|device| device.name.starts_with("Maker Speak"));
    assert_eq!(all.len(), 1, "its keys are no other device: {all:?}");
    keys.wait(Duration::ZERO).unwrap();
    assert_eq!(
        phone.is_told(),
        [2, 0b100],
        "it rings as soon as it is there"
    );

    phone.says([2, 0b01]);
    assert_eq!(pressed(&keys), [KeyName::Call]);
    keys.show(in_call);
    keys.wait(Duration::ZERO).unwrap();
    assert_eq!(phone.is_told(), [2, 0b001]);
    phone.says([2, 0b11]);
    assert_eq!(
        pressed(&keys),
        [KeyName::MicrophoneMuteToggle],
        "once, by whichever way"
    );
    keys.show(muted);
    keys.wait(Duration::ZERO).unwrap();
    assert_eq!(phone.is_told(), [2, 0b011], "off the hook still");
    phone.says([2, 0b01]);
    phone.says([1, 0b01]);
    assert_eq!(pressed(&keys), [KeyName::AudioVolumeUp], "the kernel's key");
    phone.says([1, 0]);
    phone.says([2, 0b00]);
    while pressed(&keys) != [KeyName::EndCall] {}
    keys.show(PhoneLights::default());
    keys.wait(Duration::ZERO).unwrap();
    assert_eq!(phone.is_told(), [2, 0]);

    // Nobody rings, and nothing comes of it: it is told so.
    phone.says([2, 0b01]);
    assert_eq!(pressed(&keys), [KeyName::Call]);
    assert_eq!(keys.wait(LONG), Ok(Vec::new()));
    assert_eq!(phone.is_told(), [2, 0]);

    phone.unplug();
    while !names(&keys).is_empty() {
        keys.wait(LONG).unwrap();
    }
}
