//! What the far end hears of its own voice, and of the room's: the processing of a call in a meeting room of the simulator.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

use saal_hal_sim::{
    acoustics::{Walls, through},
    voice::Voice,
};
use saal_media::sound::{PERIOD, Processing, RATE, Steps};

/// On the table, 1.2 m apart; who speaks sits at its end.
const LOUDSPEAKER: [f32; 3] = [2.0, 2.0, 0.9];
const MICROPHONE: [f32; 3] = [3.2, 2.1, 0.8];
const SPEAKER: [f32; 3] = [4.3, 2.6, 1.2];
/// Between playing a sample and its capture, as cards and threads need it.
const DELAY: usize = 70 * 48;

const WITHOUT_GAIN: Steps = Steps {
    gain: false,
    ..Steps::ALL
};

/// What the microphone captures of a sound in the room.
fn in_the_room(sound: &[f32], from: [f32; 3]) -> Vec<f32> {
    let response = Walls::meeting_room().impulse_response(from, MICROPHONE, 0.2);
    through(sound, &response)
}

fn late(mut sound: Vec<f32>) -> Vec<f32> {
    sound.splice(0..0, [0.0; DELAY]);
    sound
}

fn sum(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// What the far end hears.
fn processed(steps: Steps, played: &[f32], captured: &[f32]) -> Vec<f32> {
    let mut processing = Processing::new(steps);
    let whole = |sound: &[f32]| -> Vec<[i16; PERIOD]> {
        let samples = sound.iter().map(|s| (s * 32_767.0).round() as i16);
        let samples: Vec<i16> = samples.collect();
        samples.as_chunks().0.to_vec()
    };
    let mut heard = Vec::with_capacity(captured.len());
    for (played, mut captured) in whole(played).into_iter().zip(whole(captured)) {
        processing.played(&played);
        processing.captured(&mut captured);
        heard.extend(captured.map(|s| f32::from(s) / 32_767.0));
    }
    heard
}

/// Loudness of these seconds, dB below full scale.
fn level(sound: &[f32], from: f32, to: f32) -> f32 {
    let index = |seconds: f32| (seconds * RATE as f32) as usize;
    let part = &sound[index(from)..index(to).min(sound.len())];
    let power = part.iter().map(|s| s * s).sum::<f32>() / part.len() as f32;
    10.0 * power.max(1e-12).log10()
}

#[test]
fn the_far_end_does_not_hear_itself() {
    let far = Voice::new(1).speak(12.0);
    let echo = late(in_the_room(&far, LOUDSPEAKER));
    let heard = processed(WITHOUT_GAIN, &far, &echo);
    let (before, after) = (level(&echo, 4.0, 12.0), level(&heard, 4.0, 12.0));
    assert!(before > -45.0, "there is an echo to cancel: {before} dB");
    assert!(
        before - after > 30.0,
        "{before} dB before, {after} dB after"
    );
}

#[test]
fn with_gain_control_the_echo_stays_away() {
    let far = Voice::new(1).speak(12.0);
    let echo = late(in_the_room(&far, LOUDSPEAKER));
    let heard = processed(Steps::ALL, &far, &echo);
    let (before, after) = (level(&echo, 4.0, 12.0), level(&heard, 4.0, 12.0));
    assert!(
        before - after > 20.0,
        "{before} dB before, {after} dB after"
    );
}

#[test]
fn who_speaks_in_the_room_is_heard_while_the_far_end_speaks() {
    let far = Voice::new(1).speak(14.0);
    let echo = late(in_the_room(&far, LOUDSPEAKER));
    let near = Voice::new(2).speak(14.0);
    let near = in_the_room(&near, SPEAKER);
    // The canceller learns the room for four seconds; then both speak.
    let quiet_first: Vec<f32> = (0..near.len())
        .map(|n| if n < 4 * 48_000 { 0.0 } else { near[n] })
        .collect();
    let heard = processed(WITHOUT_GAIN, &far, &sum(&echo, &quiet_first));
    let (spoken, heard_of_it) = (level(&near, 5.0, 14.0), level(&heard, 5.0, 14.0));
    assert!(
        (spoken - heard_of_it).abs() < 6.0,
        "{spoken} dB spoken, {heard_of_it} dB heard"
    );
}

#[test]
fn who_speaks_alone_is_heard_as_loud_as_ever() {
    let near = in_the_room(&Voice::new(2).speak(8.0), SPEAKER);
    let silence = vec![0.0; near.len()];
    let heard = processed(WITHOUT_GAIN, &silence, &near);
    let (spoken, heard_of_it) = (level(&near, 2.0, 8.0), level(&heard, 2.0, 8.0));
    assert!(
        (spoken - heard_of_it).abs() < 3.0,
        "{spoken} dB spoken, {heard_of_it} dB heard"
    );
}

#[test]
fn who_sits_far_away_is_made_louder_and_a_fan_is_not() {
    let near: Vec<f32> = in_the_room(&Voice::new(2).speak(12.0), SPEAKER)
        .into_iter()
        .map(|s| s * 0.3)
        .collect();
    let silence = vec![0.0; near.len()];
    let heard = processed(Steps::ALL, &silence, &near);
    let louder = level(&heard, 6.0, 12.0) - level(&near, 6.0, 12.0);
    assert!(louder > 6.0, "{louder} dB louder");
    let mut random = fastrand::Rng::with_seed(1);
    let fan: Vec<f32> = near.iter().map(|_| (random.f32() - 0.5) * 0.003).collect();
    let heard = processed(Steps::ALL, &silence, &fan);
    let noise = level(&heard, 6.0, 12.0);
    assert!(noise < -48.0, "{noise} dB of a fan");
}

/// What the far end hears of its own voice in these seconds is hardly any of it.
fn stays_away(echo: &[f32], heard: &[f32], from: f32, to: f32) {
    let (before, after) = (level(echo, from, to), level(heard, from, to));
    assert!(
        before - after > 30.0,
        "{before} dB before, {after} dB after, from {from} s to {to} s"
    );
}

/// Between the steps by which it is followed (docs/adr/0075) a card plays a little slower or faster than sound is made for it.
#[test]
fn a_loudspeaker_that_is_off_by_as_much_as_cards_are_lets_no_echo_through() {
    let far = Voice::new(1).speak(16.0);
    let echo = late(in_the_room(&far, LOUDSPEAKER));
    let captured = |millionths: f32| -> Vec<f32> {
        let moves = |n: usize| {
            let off = n as f32 * millionths * 1e-6;
            let (whole, part) = (off.floor(), off - off.floor());
            let at = |more: isize| {
                let place = n.checked_add_signed(whole as isize + more);
                place
                    .and_then(|place| echo.get(place))
                    .copied()
                    .unwrap_or(0.0)
            };
            at(0) * (1.0 - part) + at(1) * part
        };
        (0..echo.len()).map(moves).collect()
    };
    for millionths in [-50.0, 50.0] {
        let echo = captured(millionths);
        let heard = processed(WITHOUT_GAIN, &far, &echo);
        stays_away(&echo, &heard, 6.0, 16.0);
    }
}
