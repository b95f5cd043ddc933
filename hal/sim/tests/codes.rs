//! The codes in picture and tone survive what a call does to them.

use proptest::prelude::*;
use saal_hal_sim::{
    I420Picture, Luma, clip,
    pattern::{self, Code},
    tone,
};

fn picture(code: Code, seed: u64, width: u32, height: u32) -> I420Picture {
    let mut picture = I420Picture::new(width, height);
    pattern::draw(code, seed, &mut picture.as_mut());
    picture
}

/// A luma plane of its own, for damage.
struct Plane {
    data: Vec<u8>,
    width: u32,
    height: u32,
}

impl Plane {
    fn of(luma: Luma<'_>) -> Self {
        let rows = (0..luma.height as usize)
            .map(|row| &luma.data[row * luma.stride..][..luma.width as usize]);
        Self {
            data: rows.flatten().copied().collect(),
            width: luma.width,
            height: luma.height,
        }
    }

    fn luma(&self) -> Luma<'_> {
        Luma {
            data: &self.data,
            stride: self.width as usize,
            width: self.width,
            height: self.height,
        }
    }

    fn at(&self, x: u32, y: u32) -> u32 {
        let (x, y) = (x.min(self.width - 1), y.min(self.height - 1));
        u32::from(self.data[(y * self.width + x) as usize])
    }

    /// Scaled by averaging when smaller and by repeating when larger.
    fn scaled(&self, width: u32, height: u32) -> Self {
        let mut data = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let (x0, x1) = (x * self.width / width, ((x + 1) * self.width / width));
                let (y0, y1) = (y * self.height / height, ((y + 1) * self.height / height));
                let (x1, y1) = (x1.max(x0 + 1), y1.max(y0 + 1));
                let sum: u32 = (y0..y1)
                    .flat_map(|y| (x0..x1).map(move |x| (x, y)))
                    .map(|(x, y)| self.at(x, y))
                    .sum();
                data.push((sum / ((x1 - x0) * (y1 - y0))) as u8);
            }
        }
        Self {
            data,
            width,
            height,
        }
    }

    /// A box blur of 3x3.
    fn blurred(&self) -> Self {
        let mut data = Vec::new();
        for y in 0..self.height {
            for x in 0..self.width {
                let sum: u32 = (0..3)
                    .flat_map(|dy| (0..3).map(move |dx| (dx, dy)))
                    .map(|(dx, dy)| self.at((x + dx).saturating_sub(1), (y + dy).saturating_sub(1)))
                    .sum();
                data.push((sum / 9) as u8);
            }
        }
        Self {
            data,
            width: self.width,
            height: self.height,
        }
    }

    fn with_noise(mut self, mut state: u32, most: i32) -> Self {
        for pixel in &mut self.data {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 16) as i32 % (2 * most + 1) - most;
            *pixel = (i32::from(*pixel) + noise).clamp(0, 255) as u8;
        }
        self
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_picture_reads_back_at_any_usual_size(
        frame: u32, time_ms: u32, seed: u64,
        size in prop::sample::select(vec![(160, 90), (320, 180), (640, 480), (854, 480), (1280, 720), (1920, 1080), (161, 91)]),
    ) {
        let code = Code { frame, time_ms };
        prop_assert_eq!(pattern::read(&picture(code, seed, size.0, size.1).luma()), Some(code));
    }

    #[test]
    fn it_survives_scaling_blur_noise_and_low_contrast(
        frame: u32, time_ms: u32, seed: u64, noise: u32, width in 160_u32..700,
    ) {
        let code = Code { frame, time_ms };
        let height = width * 9 / 16;
        let drawn = picture(code, seed, 640, 360);
        let mut seen = Plane::of(drawn.luma()).scaled(width, height).blurred().with_noise(noise, 60);
        prop_assert_eq!(pattern::read(&seen.luma()), Some(code));
        for pixel in &mut seen.data {
            *pixel = 60 + *pixel / 2;
        }
        prop_assert_eq!(pattern::read(&seen.luma()), Some(code));
    }

    #[test]
    fn the_chart_reads_back_and_stands_still(
        frame: u32, time_ms: u32,
        size in prop::sample::select(vec![(160, 90), (480, 270), (1280, 720), (1920, 1080), (161, 91)]),
    ) {
        let chart = |code| {
            let mut picture = I420Picture::new(size.0, size.1);
            pattern::draw_chart(code, &mut picture.as_mut());
            picture
        };
        let code = Code { frame, time_ms };
        let (now, later) = (chart(code), chart(Code { frame: !frame, time_ms }));
        prop_assert_eq!(pattern::read(&now.luma()), Some(code));
        let row = |row: u32| now.luma().stride * (row * size.1 / 15) as usize;
        let (above, below) = (..row(2), row(6)..row(15));
        prop_assert!(now.luma().data[above] == later.luma().data[above]);
        prop_assert!(now.luma().data[below.clone()] == later.luma().data[below]);
        prop_assert!(now.luma().data != later.luma().data);
    }

    #[test]
    fn noise_alone_carries_no_code(noise: u32) {
        let grey = Plane { data: vec![128; 320 * 180], width: 320, height: 180 };
        prop_assert_eq!(pattern::read(&grey.with_noise(noise, 127).luma()), None);
    }

    #[test]
    fn the_tone_reads_back_from_any_start(second in 0_u64..0xFF_FFFF, seed: u64, skip in 0_u64..48_000) {
        let mut samples = vec![0; 96_000];
        tone::generate(second * 48_000 + skip, seed, &mut samples);
        let read = tone::read(&samples).expect("two seconds hold a whole one");
        let index = second * 48_000 + skip + read.start as u64;
        let off = index.abs_diff(u64::from(read.second) * 48_000);
        let allowed = if read.start < 2_400 { 2_400 } else { 480 };
        prop_assert!(off <= allowed, "start is off by {} samples", off);
        prop_assert_eq!(u64::from(read.voice), seed & 0xF);
    }

    #[test]
    fn the_tone_survives_noise_and_attenuation(second in 0_u64..1_000_000, noise: u32) {
        let mut samples = vec![0; 96_000];
        tone::generate(second * 48_000, 3, &mut samples);
        let mut state = noise;
        for sample in &mut samples {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample = *sample / 8 + ((state >> 16) as i16) / 200;
        }
        prop_assert_eq!(tone::read(&samples).map(|r| u64::from(r.second)), Some(second));
    }
}

#[test]
fn a_wrong_cell_is_noticed() {
    let code = Code {
        frame: 77,
        time_ms: 2_566,
    };
    let mut seen = Plane::of(picture(code, 1, 640, 360).luma());
    for y in 24 * 2..24 * 3 {
        for x in 32 * 5..32 * 6 {
            let pixel = &mut seen.data[y * 640 + x];
            *pixel = 250 - *pixel;
        }
    }
    assert_eq!(pattern::read(&seen.luma()), None);
}

#[test]
fn a_tile_is_read_inside_its_letter_box() {
    let code = Code {
        frame: 5,
        time_ms: 166,
    };
    let tile = picture(code, 9, 320, 180);
    let mut television = vec![16_u8; 1920 * 1080];
    for row in 0..180 {
        television[(100 + row) * 1920 + 700..][..320]
            .copy_from_slice(&tile.luma().data[row * 320..][..320]);
    }
    let luma = Luma {
        data: &television,
        stride: 1920,
        width: 1920,
        height: 1080,
    };
    assert_eq!(pattern::read(&luma), None);
    assert_eq!(
        pattern::read(&luma.part(700, 100, 320, 180).unwrap()),
        Some(code)
    );
    assert!(luma.part(1800, 0, 320, 180).is_none());
}

#[test]
fn the_picture_moves_and_seeds_differ() {
    let at = |time_ms, seed| picture(Code { frame: 0, time_ms }, seed, 640, 360);
    let lower = |p: &I420Picture| p.luma().data[640 * 144..640 * 360].to_vec();
    assert_ne!(lower(&at(0, 1)), lower(&at(500, 1)));
    assert_ne!(at(0, 1).data(), at(0, 2).data());
    assert_eq!(at(0, 1), at(0, 1));
}

#[test]
fn silence_and_too_little_sound_read_as_nothing() {
    assert_eq!(tone::read(&[0; 96_000]), None);
    let mut short = vec![0; 40_000];
    tone::generate(0, 0, &mut short);
    assert_eq!(tone::read(&short), None);
}

#[test]
fn even_seconds_are_louder_by_twelve_decibels() {
    let mut samples = vec![0_i16; 96_000];
    tone::generate(0, 0, &mut samples);
    let energy = |s: &[i16]| s.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
    let ratio = 10.0 * (energy(&samples[..48_000]) / energy(&samples[48_000..])).log10();
    assert!((ratio - 12.04).abs() < 0.1, "{ratio}");
}

#[test]
fn generating_in_pieces_makes_the_same_sound() {
    let mut whole = vec![0_i16; 60_000];
    tone::generate(40_000, 7, &mut whole);
    let mut pieces = vec![0_i16; 60_000];
    for (n, piece) in pieces.chunks_mut(960).enumerate() {
        tone::generate(40_000 + 960 * n as u64, 7, piece);
    }
    assert_eq!(whole, pieces);
}

#[test]
fn clips_are_what_browsers_expect() {
    let mut y4m = Vec::new();
    let video = clip::VideoClip {
        width: 320,
        height: 180,
        frames_per_second: 10,
        seconds: 2,
        seed: 0,
    };
    clip::write_y4m(&video, &mut y4m).unwrap();
    let header = b"YUV4MPEG2 W320 H180 F10:1 Ip A1:1 C420jpeg\n";
    assert!(y4m.starts_with(header));
    let frame = 6 + 320 * 180 * 3 / 2;
    assert_eq!(y4m.len(), header.len() + 20 * frame);
    let third = &y4m[header.len() + 3 * frame + 6..];
    let luma = Luma {
        data: third,
        stride: 320,
        width: 320,
        height: 180,
    };
    assert_eq!(
        pattern::read(&luma),
        Some(Code {
            frame: 3,
            time_ms: 300
        })
    );

    let mut wav = Vec::new();
    clip::write_wav(3, 4, &mut wav).unwrap();
    assert_eq!(wav.len(), 44 + 3 * 96_000);
    assert_eq!(&wav[..4], b"RIFF");
    assert_eq!(u32::from_le_bytes(wav[24..28].try_into().unwrap()), 48_000);
    let samples: Vec<i16> = wav[44..]
        .chunks(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]))
        .collect();
    assert_eq!(
        tone::read(&samples[48_000..]).map(|r| (r.second, r.voice)),
        Some((1, 4))
    );
}
