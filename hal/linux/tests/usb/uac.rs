//! What the speakerphone says of itself and how it is turned (USB Device Class Definition for Audio Devices 1.0).

use super::{Identity, Request};

/// Samples a second, of one channel, 16 bit.
pub const RATE: usize = 48_000;
/// Samples and bytes of a frame of the bus, 1 ms.
pub const FRAME: usize = RATE / 1_000;
pub const FRAME_BYTES: usize = FRAME * 2;

/// Numbers of what the sound passes on its way through the device.
const FROM_COMPUTER: u8 = 1;
const VOLUME: u8 = 2;
const LOUDSPEAKER: u8 = 3;
const MICROPHONE: u8 = 4;
const TO_COMPUTER: u8 = 5;

/// Its interfaces of sound; that of its dials is 0.
const PLAYBACK: u16 = 1;
const CAPTURE: u16 = 2;

const SET_CUR: u8 = 0x01;
const GET_CUR: u8 = 0x81;
const GET_MIN: u8 = 0x82;
const GET_MAX: u8 = 0x83;
const GET_RES: u8 = 0x84;
/// Control selectors of a feature unit (table A-11).
const MUTE_CONTROL: u8 = 1;
const VOLUME_CONTROL: u8 = 2;
/// dB below the loudest.
pub const QUIETEST: f64 = -48.0;
/// 1/256 dB.
const LEAST: i16 = -48 * 256;
const STEP: i16 = 256;

/// How it is turned.
pub struct Dials {
    name: String,
    serial: String,
    muted: u8,
    /// 1/256 dB.
    volume: i16,
}

impl Dials {
    pub fn new(name: &str, serial: &str) -> Self {
        Self {
            name: name.to_owned(),
            serial: serial.to_owned(),
            muted: 0,
            volume: -20 * 256,
        }
    }

    /// Below the loudest; `None`: it is muted.
    pub fn decibels(&self) -> Option<f64> {
        (self.muted == 0).then(|| f64::from(self.volume) / 256.0)
    }

    pub fn answer(&mut self, request: &Request<'_>) -> Option<Vec<u8>> {
        let identity = Identity {
            device: device(),
            configuration: configuration(),
            name: &self.name,
            serial: &self.serial,
        };
        let mut answer = match identity.answer(request) {
            Some(answer) => answer,
            None if matches!(request.kind, 0x21 | 0xa1) => self.turn(request)?,
            None => return None,
        };
        answer.truncate(request.length);
        Some(answer)
    }

    fn turn(&mut self, request: &Request<'_>) -> Option<Vec<u8>> {
        let [_, unit] = request.index.to_le_bytes();
        let [_, control] = request.value.to_le_bytes();
        if unit != VOLUME {
            return None;
        }
        let of = |value: i16| Some(value.to_le_bytes().to_vec());
        match (control, request.code, request.data) {
            (MUTE_CONTROL, SET_CUR, [muted]) => self.muted = *muted,
            (MUTE_CONTROL, GET_CUR, _) => return Some(vec![self.muted]),
            (VOLUME_CONTROL, SET_CUR, [low, high]) => {
                self.volume = i16::from_le_bytes([*low, *high]);
            }
            (VOLUME_CONTROL, GET_CUR, _) => return of(self.volume),
            (VOLUME_CONTROL, GET_MIN, _) => return of(LEAST),
            (VOLUME_CONTROL, GET_MAX, _) => return of(0),
            (VOLUME_CONTROL, GET_RES, _) => return of(STEP),
            _ => return None,
        }
        Some(Vec::new())
    }
}

/// Which stream a request to an interface is about: true for the microphone's.
pub fn stream_of(request: &Request<'_>) -> Option<bool> {
    match (request.kind, request.index) {
        (0x01, PLAYBACK) => Some(false),
        (0x01, CAPTURE) => Some(true),
        _ => None,
    }
}

/// pid.codes' identity for tests.
fn device() -> Vec<u8> {
    vec![
        18, 1, 0x00, 0x02, 0, 0, 0, 64, 0x09, 0x12, 0x02, 0x00, 0x00, 0x01, 1, 2, 3, 1,
    ]
}

fn configuration() -> Vec<u8> {
    let control = [9, 4, 0, 0, 0, 1, 1, 0, 0];
    let [playback, capture] = [PLAYBACK, CAPTURE].map(|number| u8::try_from(number).unwrap());
    let playback = stream(playback, FROM_COMPUTER, 0x01);
    let capture = stream(capture, TO_COMPUTER, 0x82);
    let rest = [&control[..], &control_interface(), &playback, &capture];
    super::configuration(3, &rest.concat())
}

/// Computer to loudspeaker by way of the volume, and microphone to computer (4.3.2).
#[rustfmt::skip]
fn control_interface() -> Vec<u8> {
    let units = [
        &[12, 0x24, 2, FROM_COMPUTER, 0x01, 0x01, 0, 1, 0, 0, 0, 0][..],
        &[9, 0x24, 6, VOLUME, FROM_COMPUTER, 1, 1 << (MUTE_CONTROL - 1) | 1 << (VOLUME_CONTROL - 1), 0, 0],
        &[9, 0x24, 3, LOUDSPEAKER, 0x01, 0x03, 0, VOLUME, 0],
        &[12, 0x24, 2, MICROPHONE, 0x01, 0x02, 0, 1, 0, 0, 0, 0],
        &[9, 0x24, 3, TO_COMPUTER, 0x01, 0x01, 0, MICROPHONE, 0],
    ]
    .concat();
    let [low, high] = u16::try_from(10 + units.len()).unwrap().to_le_bytes();
    [&[10, 0x24, 1, 0x00, 0x01, low, high, 2, 1, 2], &units[..]].concat()
}

/// An interface without and with a stream (4.5, 4.6), whose clock is that of the bus.
fn stream(interface: u8, terminal: u8, endpoint: u8) -> Vec<u8> {
    const ISOCHRONOUS_SYNCHRONOUS: u8 = 0x01 | 0x03 << 2;
    let [a, b, c, _] = u32::try_from(RATE).unwrap().to_le_bytes();
    let [low, high] = u16::try_from(FRAME_BYTES).unwrap().to_le_bytes();
    let kind = ISOCHRONOUS_SYNCHRONOUS;
    [
        &[9, 4, interface, 0, 0, 1, 2, 0, 0][..],
        &[9, 4, interface, 1, 1, 1, 2, 0, 0],
        &[7, 0x24, 1, terminal, 1, 0x01, 0x00],
        &[11, 0x24, 2, 1, 1, 2, 16, 1, a, b, c],
        &[9, 5, endpoint, kind, low, high, 1, 0, 0],
        &[7, 0x25, 1, 0, 0, 0, 0],
    ]
    .concat()
}
