//! What the webcam says of itself and how it is turned (USB Device Class Definition for Video Devices 1.1).

use std::time::Duration;

use super::{CAMERA as NAME, Identity, Request};

/// Pixels of its MJPEG pictures.
pub const SIZE: (u16, u16) = (640, 360);
/// Pixels of its raw pictures, YUY2.
pub const RAW: (u16, u16) = (320, 180);
/// Bytes of each.
pub const RAW_BYTES: usize = RAW.0 as usize * RAW.1 as usize * 2;
/// Bytes that one transfer takes: what uvcvideo asks for at once of a bulk endpoint, 32 packets of 512.
pub const PAYLOAD: usize = 32 * 512;
/// Bytes before the piece of a picture.
pub const HEADER: usize = 2;

/// A part that can be turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    ExposureMode,
    Exposure,
    Focus,
    AutoFocus,
    Zoom,
    Pan,
    Tilt,
    Shutter,
    Brightness,
    PowerLine,
    WhiteBalance,
    AutoWhiteBalance,
}

/// One control of the class: pan and tilt are two parts of one.
struct Dial {
    parts: &'static [Part],
    entity: u8,
    selector: u8,
    /// Bytes of each part.
    bytes: usize,
    least: i32,
    most: i32,
    step: i32,
    normal: i32,
}

const CAMERA: u8 = 1;
const PROCESSING: u8 = 2;

#[rustfmt::skip]
const DIALS: [Dial; 11] = [
    // By hand, or with the aperture given; the step says which there are.
    Dial { parts: &[Part::ExposureMode], entity: CAMERA, selector: 0x02, bytes: 1, least: 1, most: 8, step: 9, normal: 8 },
    Dial { parts: &[Part::Exposure], entity: CAMERA, selector: 0x04, bytes: 4, least: 3, most: 2047, step: 1, normal: 250 },
    Dial { parts: &[Part::Focus], entity: CAMERA, selector: 0x06, bytes: 2, least: 0, most: 250, step: 5, normal: 0 },
    Dial { parts: &[Part::AutoFocus], entity: CAMERA, selector: 0x08, bytes: 1, least: 0, most: 1, step: 1, normal: 1 },
    Dial { parts: &[Part::Zoom], entity: CAMERA, selector: 0x0b, bytes: 2, least: 100, most: 500, step: 1, normal: 100 },
    Dial { parts: &[Part::Pan, Part::Tilt], entity: CAMERA, selector: 0x0d, bytes: 4, least: -36_000, most: 36_000, step: 3_600, normal: 0 },
    Dial { parts: &[Part::Shutter], entity: CAMERA, selector: 0x11, bytes: 1, least: 0, most: 1, step: 1, normal: 0 },
    Dial { parts: &[Part::Brightness], entity: PROCESSING, selector: 0x02, bytes: 2, least: -64, most: 64, step: 1, normal: 0 },
    Dial { parts: &[Part::PowerLine], entity: PROCESSING, selector: 0x05, bytes: 1, least: 0, most: 2, step: 1, normal: 2 },
    Dial { parts: &[Part::WhiteBalance], entity: PROCESSING, selector: 0x0a, bytes: 2, least: 2_800, most: 6_500, step: 10, normal: 4_600 },
    Dial { parts: &[Part::AutoWhiteBalance], entity: PROCESSING, selector: 0x0b, bytes: 1, least: 0, most: 1, step: 1, normal: 1 },
];

/// bmControls of the camera: the bits of the selectors above (class definition, table 3-6).
const CAMERA_HAS: [u8; 3] = [1 << 1 | 1 << 3 | 1 << 5, 1 << 1 | 1 << 3, 1 << 1 | 1 << 2];
/// bmControls of the processing unit (table 3-8).
const PROCESSING_HAS: [u8; 2] = [1 | 1 << 6, 1 << 2 | 1 << 4];

const SET_CUR: u8 = 0x01;
const GET_CUR: u8 = 0x81;
const GET_MIN: u8 = 0x82;
const GET_MAX: u8 = 0x83;
const GET_RES: u8 = 0x84;
const GET_LEN: u8 = 0x85;
const GET_INFO: u8 = 0x86;
const GET_DEF: u8 = 0x87;
/// It can be read and set.
const INFO: u8 = 1 | 1 << 1;
/// It changes by itself, so that nobody may remember what it was.
const CHANGES: u8 = 1 << 3;

const COMMIT: u8 = 2;
/// Bytes of what is agreed on before pictures are shown (table 4-75).
const PROBE: usize = 34;

/// What pictures are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Mjpeg,
    Yuy2,
}

/// 100 ns, fastest first.
const INTERVALS: [u32; 2] = [333_333, 666_666];

/// The webcam without its cable.
pub struct Webcam {
    serial: String,
    /// All its pictures of [`SIZE`]; without, it has only raw ones.
    jpeg: Option<Vec<u8>>,
    /// Its raw pictures, by their number.
    raw: Box<dyn FnMut(u32) -> Vec<u8> + Send>,
    shown: u32,
    values: Vec<(Part, i32)>,
    /// What was agreed on: format and 100 ns a picture.
    format: Format,
    interval: u32,
    /// How often that was; pictures of an earlier agreement are not shown to their end.
    stream: u32,
}

impl Webcam {
    pub fn new(
        serial: &str,
        jpeg: Option<Vec<u8>>,
        raw: impl FnMut(u32) -> Vec<u8> + Send + 'static,
    ) -> Self {
        let parts = |dial: &'static Dial| dial.parts.iter().map(|part| (*part, dial.normal));
        Self {
            serial: serial.to_owned(),
            format: if jpeg.is_some() {
                Format::Mjpeg
            } else {
                Format::Yuy2
            },
            jpeg,
            raw: Box::new(raw),
            shown: 0,
            values: DIALS.iter().flat_map(parts).collect(),
            interval: INTERVALS[0],
            stream: 0,
        }
    }

    pub fn get(&self, part: Part) -> i32 {
        let found = self.values.iter().find(|(of, _)| *of == part);
        found.expect("it has every part").1
    }

    pub fn set(&mut self, part: Part, value: i32) {
        let found = self.values.iter_mut().find(|(of, _)| *of == part);
        found.expect("it has every part").1 = value;
    }

    pub fn stream(&self) -> u32 {
        self.stream
    }

    /// The stream that it belongs to, a picture, and the time to the next one.
    pub fn picture(&mut self) -> (u32, Vec<u8>, Duration) {
        let picture = match (self.format, &self.jpeg) {
            (Format::Mjpeg, Some(jpeg)) => jpeg.clone(),
            _ => (self.raw)(self.shown),
        };
        self.shown += 1;
        let every = Duration::from_nanos(u64::from(self.interval) * 100);
        (self.stream, picture, every)
    }

    /// What it answers; `None`: it knows no such request.
    pub fn answer(&mut self, request: &Request<'_>) -> Option<Vec<u8>> {
        let identity = Identity {
            device: device(),
            configuration: configuration(self.formats()),
            name: NAME,
            serial: &self.serial,
        };
        let mut answer = match identity.answer(request) {
            Some(answer) => answer,
            None if matches!(request.kind, 0x21 | 0xa1) => self.class_request(request)?,
            None => return None,
        };
        answer.truncate(request.length);
        Some(answer)
    }

    /// The first one is number 1.
    fn formats(&self) -> &'static [Format] {
        match self.jpeg {
            Some(_) => &[Format::Mjpeg, Format::Yuy2],
            None => &[Format::Yuy2],
        }
    }

    fn class_request(&mut self, request: &Request<'_>) -> Option<Vec<u8>> {
        let [interface, entity] = request.index.to_le_bytes();
        let [_, selector] = request.value.to_le_bytes();
        if interface == 1 {
            return self.agree(request, selector);
        }
        let of = |dial: &&Dial| (dial.entity, dial.selector) == (entity, selector);
        let dial = DIALS.iter().find(of)?;
        let all = |value: i32| {
            dial.parts
                .iter()
                .flat_map(|_| dial.bytes_of(value))
                .collect()
        };
        match request.code {
            SET_CUR => {
                for (part, bytes) in dial.parts.iter().zip(request.data.chunks(dial.bytes)) {
                    self.set(*part, number(bytes));
                }
                Some(Vec::new())
            }
            GET_CUR => {
                let bytes = |part: &Part| dial.bytes_of(self.get(*part));
                Some(dial.parts.iter().flat_map(bytes).collect())
            }
            GET_MIN => Some(all(dial.least)),
            GET_MAX => Some(all(dial.most)),
            GET_RES => Some(all(dial.step)),
            GET_DEF => Some(all(dial.normal)),
            GET_INFO if dial.parts == [Part::Shutter] => Some(vec![INFO | CHANGES]),
            GET_INFO => Some(vec![INFO]),
            GET_LEN => Some(
                u16::try_from(dial.bytes * dial.parts.len())
                    .ok()?
                    .to_le_bytes()
                    .into(),
            ),
            _ => None,
        }
    }

    /// Agrees on format and speed: what is not there becomes what is.
    fn agree(&mut self, request: &Request<'_>, selector: u8) -> Option<Vec<u8>> {
        match request.code {
            SET_CUR => {
                let data: &[u8; 8] = request.data.first_chunk()?;
                let all = self.formats();
                let wanted = all.get(usize::from(data[2]).saturating_sub(1));
                self.format = *wanted.unwrap_or(&all[0]);
                let wanted = u32::from_le_bytes([data[4], data[5], data[6], data[7]]);
                let slow = wanted > INTERVALS[0];
                self.interval = INTERVALS[usize::from(slow)];
                self.stream += u32::from(selector == COMMIT);
                Some(Vec::new())
            }
            GET_INFO => Some(vec![INFO]),
            GET_LEN => Some(vec![u8::try_from(PROBE).ok()?, 0]),
            GET_CUR | GET_MIN | GET_MAX | GET_DEF => Some(self.agreed()),
            _ => None,
        }
    }

    fn agreed(&self) -> Vec<u8> {
        let mut all = self.formats().iter();
        let place = all.position(|format| *format == self.format).unwrap();
        let mut probe = vec![0, 0, u8::try_from(place + 1).unwrap(), 1];
        probe.extend(self.interval.to_le_bytes());
        probe.resize(18, 0);
        probe.extend(largest(self.format).to_le_bytes());
        probe.extend(u32::try_from(PAYLOAD).unwrap().to_le_bytes());
        probe.resize(PROBE, 0);
        probe
    }
}

impl Dial {
    fn bytes_of(&self, value: i32) -> Vec<u8> {
        value.to_le_bytes()[..self.bytes].to_vec()
    }
}

/// A signed number of one, two or four bytes.
fn number(bytes: &[u8]) -> i32 {
    match *bytes {
        [one] => i8::from_le_bytes([one]).into(),
        [a, b] => i16::from_le_bytes([a, b]).into(),
        [a, b, c, d] => i32::from_le_bytes([a, b, c, d]),
        _ => panic!("no number: {bytes:?}"),
    }
}

/// Bytes of the largest picture.
fn largest(format: Format) -> u32 {
    let (width, height) = if format == Format::Mjpeg { SIZE } else { RAW };
    u32::from(width) * u32::from(height) * 2
}

/// What stands before each piece of a picture (table 2-5): which of two it belongs to, and whether it is the last.
pub fn header(toggle: bool, last: bool) -> [u8; HEADER] {
    [2, 0x80 | u8::from(toggle) | u8::from(last) << 1]
}

/// A device of several functions by association; pid.codes' identity for tests.
fn device() -> Vec<u8> {
    vec![
        18, 1, 0x00, 0x02, 0xef, 2, 1, 64, 0x09, 0x12, 0x01, 0x00, 0x00, 0x01, 1, 2, 3, 1,
    ]
}

fn configuration(formats: &[Format]) -> Vec<u8> {
    let association = [8, 0x0b, 0, 2, 0x0e, 3, 0, 0];
    let control = [9, 4, 0, 0, 0, 0x0e, 1, 0, 0];
    let streaming = [9, 4, 1, 0, 1, 0x0e, 2, 0, 0];
    let [low, high] = 512_u16.to_le_bytes();
    let bulk = [7, 5, 0x81, 2, low, high, 0];
    let rest = [
        &association[..],
        &control,
        &control_interface(),
        &streaming,
        &streaming_interface(formats),
        &bulk,
    ];
    super::configuration(2, &rest.concat())
}

/// Header, camera, processing unit and the way to the computer (3.7.2).
fn control_interface() -> Vec<u8> {
    let [a, b, c] = CAMERA_HAS;
    let camera = [
        18, 0x24, 2, CAMERA, 0x01, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 3, a, b, c,
    ];
    let [a, b] = PROCESSING_HAS;
    let processing = [12, 0x24, 5, PROCESSING, CAMERA, 0, 0, 2, a, b, 0, 0];
    let out = [9, 0x24, 3, 3, 0x01, 0x01, 0, PROCESSING, 0];
    let units = [&camera[..], &processing, &out].concat();
    let [low, high] = u16::try_from(13 + units.len()).unwrap().to_le_bytes();
    let mut all = vec![13, 0x24, 1, 0x10, 0x01, low, high];
    all.extend(48_000_000_u32.to_le_bytes());
    all.extend([1, 1]);
    all.extend(units);
    all
}

/// Header and formats (3.9.2).
fn streaming_interface(formats: &[Format]) -> Vec<u8> {
    let described = (1..).zip(formats).map(|(number, format)| match format {
        Format::Mjpeg => mjpeg(number),
        Format::Yuy2 => yuy2(number),
    });
    let described = described.collect::<Vec<_>>().concat();
    let count = u8::try_from(formats.len()).unwrap();
    let length = 13 + count;
    let whole = described.len() + usize::from(length);
    let [low, high] = u16::try_from(whole).unwrap().to_le_bytes();
    let mut all = vec![length, 0x24, 1, count, low, high, 0x81, 0, 3, 0, 0, 0, 1];
    all.extend(formats.iter().map(|_| 0));
    all.extend(described);
    all
}

const COLOURS: [u8; 6] = [6, 0x24, 0x0d, 1, 1, 4];

fn mjpeg(number: u8) -> Vec<u8> {
    let format = [11, 0x24, 6, number, 1, 1, 1, 0, 0, 0, 0];
    [&format[..], &frame(7, Format::Mjpeg), &COLOURS].concat()
}

fn yuy2(number: u8) -> Vec<u8> {
    #[rustfmt::skip]
    let format = [
        27, 0x24, 4, number, 1, b'Y', b'U', b'Y', b'2', 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71, 16, 1, 0, 0, 0, 0,
    ];
    [&format[..], &frame(5, Format::Yuy2), &COLOURS].concat()
}

fn frame(subtype: u8, format: Format) -> Vec<u8> {
    let (width, height) = if format == Format::Mjpeg { SIZE } else { RAW };
    let bits = largest(format) * 8;
    let mut all = vec![34, 0x24, subtype, 1, 0];
    all.extend(width.to_le_bytes());
    all.extend(height.to_le_bytes());
    for number in [bits * 15, bits * 30, largest(format), INTERVALS[0]] {
        all.extend(number.to_le_bytes());
    }
    all.push(2);
    all.extend(INTERVALS.iter().flat_map(|interval| interval.to_le_bytes()));
    all
}
