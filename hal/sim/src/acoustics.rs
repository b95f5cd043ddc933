//! A room that sound travels in: what a microphone hears of a loudspeaker, by the image-source
//! method (Allen and Berkley, "Image method for efficiently simulating small-room acoustics",
//! JASA 65(4), 1979) in a box whose walls all reflect alike.

use crate::tone::SAMPLE_RATE;

/// Metres a second, at 20 degrees.
const SPEED_OF_SOUND: f32 = 343.0;
/// Taps on each side of an arrival that lies between two samples.
const SPREAD: i64 = 8;

/// A box; a corner is the origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Walls {
    /// Length, width and height in metres.
    pub size: [f32; 3],
    /// Share of the pressure that a wall gives back, 0 to 1.
    pub reflection: f32,
}

impl Walls {
    /// A meeting room for eight, 5 by 4 by 2.8 m, whose echo falls by 60 dB in 0.4 s.
    #[must_use]
    pub fn meeting_room() -> Self {
        Self {
            size: [5.0, 4.0, 2.8],
            // Eyring's formula for that time: 0.161 V / (-S ln(reflection^2)).
            reflection: 0.864,
        }
    }

    /// What arrives at `to` of an impulse at `from` (metres) within this time, at 48 kHz; 1 m away
    /// in free field it would be 1.
    #[must_use]
    pub fn impulse_response(&self, from: [f32; 3], to: [f32; 3], seconds: f32) -> Vec<f32> {
        let rate = SAMPLE_RATE as f32;
        let mut response = vec![0.0; (seconds * rate) as usize];
        let reach = seconds * SPEED_OF_SOUND;
        let images = |axis: usize| self.images(axis, from[axis], to[axis], reach);
        let (along, across, up) = (images(0), images(1), images(2));
        for (x, bounces_x) in &along {
            for (y, bounces_y) in &across {
                for (z, bounces_z) in &up {
                    let distance = (x * x + y * y + z * z).sqrt().max(0.1);
                    let bounces = bounces_x + bounces_y + bounces_z;
                    let strength = self.reflection.powi(bounces) / distance;
                    arrive(&mut response, distance / SPEED_OF_SOUND * rate, strength);
                }
            }
        }
        without_pressure(&mut response);
        response
    }

    /// Distances of the images along one axis, and how often each was reflected.
    fn images(&self, axis: usize, from: f32, to: f32, reach: f32) -> Vec<(f32, i32)> {
        let size = self.size[axis];
        let most = (reach / (2.0 * size)).ceil() as i32;
        let both = |n: i32| {
            let shift = 2.0 * n as f32 * size;
            [
                (shift + from - to, 2 * n.abs()),
                (shift - from - to, (2 * n - 1).abs()),
            ]
        };
        let all = (-most..=most).flat_map(both);
        all.filter(|(distance, _)| distance.abs() <= reach)
            .collect()
    }
}

/// Takes out what changes more slowly than any sound (below 60 Hz, as Allen and Berkley do): images
/// all push in the same direction, walls do not.
fn without_pressure(response: &mut [f32]) {
    let keep = 1.0 - std::f32::consts::TAU * 60.0 / SAMPLE_RATE as f32;
    for _ in 0..2 {
        let (mut before, mut out) = (0.0, 0.0);
        for tap in response.iter_mut() {
            out = keep * (out + *tap - before);
            before = std::mem::replace(tap, out);
        }
    }
}

/// Adds an arrival between samples: a windowed sinc, so that high tones stay what they are.
fn arrive(response: &mut [f32], at: f32, strength: f32) {
    let whole = at.floor();
    let part = at - whole;
    for offset in -SPREAD + 1..=SPREAD {
        let Ok(index) = usize::try_from(whole as i64 + offset) else {
            continue;
        };
        if let Some(tap) = response.get_mut(index) {
            let x = offset as f32 - part;
            let window = 0.5 + 0.5 * (std::f32::consts::PI * x / SPREAD as f32).cos();
            *tap += strength * sinc(x) * window;
        }
    }
}

fn sinc(x: f32) -> f32 {
    let angle = std::f32::consts::PI * x;
    if angle.abs() < 1e-6 {
        1.0
    } else {
        angle.sin() / angle
    }
}

/// What is heard of `signal` through a room; as long as the signal.
#[must_use]
pub fn through(signal: &[f32], response: &[f32]) -> Vec<f32> {
    let mut heard = vec![0.0; signal.len()];
    for (delay, tap) in response.iter().enumerate().filter(|(_, tap)| **tap != 0.0) {
        let Some(later) = heard.get_mut(delay..) else {
            break;
        };
        for (sum, sample) in later.iter_mut().zip(signal) {
            *sum += tap * sample;
        }
    }
    heard
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: [f32; 3] = [1.0, 1.0, 1.0];
    const TO: [f32; 3] = [4.43, 1.0, 1.0];

    #[test]
    fn the_direct_sound_comes_first_after_its_way() {
        // 3.43 m are 10 ms.
        let response = Walls::meeting_room().impulse_response(FROM, TO, 0.05);
        let first = response.iter().position(|tap| *tap > 0.2).unwrap();
        assert!(first.abs_diff(480) <= 1, "{first}");
        assert!((response[480] - 1.0 / 3.43).abs() < 0.02);
        assert!(response[..460].iter().all(|tap| tap.abs() < 0.01));
    }

    #[test]
    fn the_echo_falls_by_60_db_in_about_the_rooms_time() {
        let response = Walls::meeting_room().impulse_response(FROM, TO, 0.42);
        let energy = |from: usize| response[from..].iter().map(|t| t * t).sum::<f32>();
        // From 5 to 25 dB below all, times three (ISO 3382-2).
        let all = energy(0);
        let at = |db: f32| {
            let wanted = all * 10_f32.powf(-db / 10.0);
            (0..response.len())
                .step_by(48)
                .find(|n| energy(*n) < wanted)
        };
        let seconds = (at(25.0).unwrap() - at(5.0).unwrap()) as f32 * 3.0 / 48_000.0;
        assert!((0.3..0.55).contains(&seconds), "{seconds} s");
    }

    #[test]
    fn a_wall_that_gives_nothing_back_leaves_the_direct_sound() {
        let dead = Walls {
            reflection: 0.0,
            ..Walls::meeting_room()
        };
        let response = dead.impulse_response(FROM, TO, 0.05);
        let heard = through(&[1.0; 960], &response);
        assert!(heard[400].abs() < 0.01);
        assert!((heard[490] - 1.0 / 3.43).abs() < 0.06, "{}", heard[490]);
    }
}
