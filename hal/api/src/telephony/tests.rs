//! Reports of devices as their makers lay them out.

use super::*;

/// A speakerphone with one numbered report each way: Hook Switch (absolute), Phone Mute (relative), Drop; lights Off-Hook,
/// Mute, Ring; and keys for the volume in a report of their own, as consumer control.
const SPEAKERPHONE: &[u8] = &[
    0x05, 0x0C, 0x09, 0x01, 0xA1, 0x01, 0x85, 0x01, 0x15, 0x00, 0x25, 0x01, 0x09, 0xE9, 0x09, 0xEA,
    0x75, 0x01, 0x95, 0x02, 0x81, 0x02, 0x95, 0x06, 0x81, 0x01,
    0xC0, // consumer: volume up and down, six bits of nothing
    0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0x85, 0x02, // telephony, headset, report 2
    0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x01, 0x09, 0x20, 0x81,
    0x22, // Hook Switch, absolute
    0x09, 0x2F, 0x81, 0x06, // Phone Mute, relative
    0x09, 0x26, 0x81, 0x02, // Drop
    0x95, 0x05, 0x81, 0x01, // five bits of nothing
    0x05, 0x08, 0x09, 0x17, 0x09, 0x09, 0x09, 0x18, 0x95, 0x03, 0x91,
    0x22, // Off-Hook, Mute, Ring
    0x95, 0x0D, 0x91, 0x01, 0xC0, // thirteen bits of nothing
];

const QUIET: PhoneLights = PhoneLights {
    muted: false,
    in_call: false,
    ringing: false,
};
const IN_CALL: PhoneLights = PhoneLights {
    in_call: true,
    ..QUIET
};

fn phone() -> Telephony {
    Telephony::of(SPEAKERPHONE).unwrap()
}

#[test]
fn lights_are_set_together_each_in_its_place() {
    let mut phone = phone();
    let all = PhoneLights {
        muted: true,
        in_call: true,
        ringing: true,
    };
    assert_eq!(phone.lights(), all);
    assert_eq!(phone.show(IN_CALL), [[2, 0b001, 0]]);
    let muted = PhoneLights {
        muted: true,
        ..IN_CALL
    };
    assert_eq!(phone.show(muted), [[2, 0b011, 0]]);
    let ringing = PhoneLights {
        ringing: true,
        ..QUIET
    };
    assert_eq!(phone.show(ringing), [[2, 0b100, 0]]);
}

#[test]
fn who_picks_up_calls_and_who_hangs_up_ends() {
    let mut phone = phone();
    assert_eq!(phone.hear(&[2, 1]), [KeyName::Call]);
    assert!(
        phone.disagrees(),
        "the room has to say whether it is in a meeting"
    );
    phone.show(IN_CALL);
    assert!(!phone.disagrees());
    assert_eq!(phone.hear(&[2, 0]), [KeyName::EndCall]);
}

#[test]
fn a_device_that_follows_the_light_presses_nothing() {
    let mut phone = phone();
    phone.show(IN_CALL);
    assert_eq!(phone.hear(&[2, 1]), [], "it says that it saw the light");
    assert_eq!(phone.hear(&[2, 3]), [KeyName::MicrophoneMuteToggle]);
    assert_eq!(phone.hear(&[2, 1]), [], "the key came up");
    phone.show(QUIET);
    assert_eq!(phone.hear(&[2, 0]), []);
    assert!(!phone.disagrees());
}

#[test]
fn one_that_follows_in_silence_can_hang_up_and_a_cradle_does_not() {
    let mut phone = phone();
    phone.show(IN_CALL);
    // Its handset lies in its cradle, whatever the room does.
    assert_eq!(phone.hear(&[2, 2]), [KeyName::MicrophoneMuteToggle]);
    assert_eq!(phone.hear(&[2, 0]), []);
    assert_eq!(
        phone.hear(&[2, 0]),
        [KeyName::EndCall],
        "nothing else could be meant"
    );
}

#[test]
fn after_a_restart_in_a_meeting_the_first_key_is_what_it_is() {
    let mut phone = phone();
    phone.show(IN_CALL);
    assert_eq!(phone.hear(&[2, 3]), [KeyName::MicrophoneMuteToggle]);
    assert_eq!(phone.hear(&[2, 1]), []);
    assert_eq!(phone.hear(&[2, 0]), [KeyName::EndCall]);
}

#[test]
fn drop_is_for_those_who_do_not_want_to_answer() {
    let mut phone = phone();
    phone.show(PhoneLights {
        ringing: true,
        ..QUIET
    });
    assert_eq!(phone.hear(&[2, 4]), [KeyName::EndCall]);
    assert_eq!(phone.hear(&[2, 0]), []);
}

#[test]
fn keys_for_the_volume_are_the_kernels() {
    let mut phone = phone();
    assert_eq!(phone.hear(&[1, 1]), []);
    assert_eq!(phone.hear(&[]), []);
    assert_eq!(phone.hear(&[2]), [], "too short to say anything");
}

/// Without numbers, pages inside of usages, usages by a range, globals put aside, and keys as numbers in two places.
const OTHER: &[u8] = &[
    0x0B, 0x04, 0x00, 0x0B, 0x00, 0xA1, 0x01, // telephony: speaker phone
    0xA4, 0x05, 0x0B, 0x15, 0x01, 0x25, 0x10, 0x75, 0x08, 0x95, 0x02, 0x19, 0x20, 0x29, 0x2F, 0x81,
    0x00, // keys 1 to 16
    0xB4, 0xFE, 0x02, 0x10, 0xAA, 0xBB, // a long item
    0x05, 0x08, 0x75, 0x01, 0x95, 0x08, 0x19, 0x17, 0x29, 0x18, 0x91, 0x02, 0xC0,
];

#[test]
fn keys_as_numbers_and_reports_without_one_are_read_too() {
    let mut phone = Telephony::of(OTHER).unwrap();
    assert!(!phone.lights().muted && phone.lights().ringing);
    assert_eq!(phone.hear(&[0, 1]), [KeyName::HeadsetHook]);
    assert_eq!(phone.hear(&[1, 0]), [], "still down");
    assert_eq!(phone.hear(&[0, 0]), []);
    assert_eq!(
        phone.hear(&[16, 7]),
        [KeyName::EndCall, KeyName::MicrophoneMuteToggle]
    );
    let ringing = PhoneLights {
        ringing: true,
        ..QUIET
    };
    assert_eq!(phone.show(ringing), [[0, 0b10]]);
}

#[test]
fn keyboards_and_table_microphones_are_left_to_the_kernel() {
    // A keyboard with lights, and a mute key with its light and nothing more.
    let keyboard = [
        0x05, 0x01, 0x09, 0x06, 0xA1, 0x01, 0x05, 0x08, 0x75, 0x01, 0x95, 0x20, 0x19, 0x01, 0x29,
        0x20, 0x91, 0x02, 0xC0,
    ];
    let microphone = [
        0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0x75, 0x01, 0x95, 0x01, 0x09, 0x2F, 0x81, 0x06, 0x05,
        0x08, 0x09, 0x09, 0x91, 0x02, 0xC0,
    ];
    assert_eq!(Telephony::of(&keyboard), None);
    assert_eq!(Telephony::of(&microphone), None);
}

#[test]
fn what_is_no_descriptor_is_none() {
    for cut in 1..SPEAKERPHONE.len() {
        let _ = Telephony::of(&SPEAKERPHONE[..cut]);
    }
    let endless = [
        0x05, 0x0B, 0x77, 0xFF, 0xFF, 0xFF, 0xFF, 0x97, 0xFF, 0xFF, 0xFF, 0xFF, 0x81, 0x02,
    ];
    assert_eq!(Telephony::of(&endless), None);
    assert_eq!(Telephony::of(&[0xB4]), None, "nothing was put aside");
    assert_eq!(Telephony::of(&[]), None);
}
