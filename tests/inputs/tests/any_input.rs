//! Seeded random inputs for every target: nothing panics or hangs. The fuzz targets look further.

#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use fastrand::Rng;
use saal_inputs::{TARGETS, Target};

/// Inputs for each target.
const INPUTS: usize = 500;
/// Changes to one of them.
const MOST_CHANGES: usize = 6;

/// A seed, cut, mixed with another one and changed; or only random bytes.
fn input(random: &mut Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut input = if random.u8(..4) == 0 {
        let length = random.usize(..200);
        (0..length).map(|_| random.u8(..)).collect()
    } else {
        random.choice(seeds).unwrap().clone()
    };
    for _ in 0..random.usize(..MOST_CHANGES) {
        change(random, &mut input, seeds);
    }
    input
}

fn change(random: &mut Rng, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let at = random.usize(..=input.len());
    match random.u8(..6) {
        0 => input.truncate(at),
        1 => input.insert(at, random.u8(..)),
        2 if at < input.len() => input[at] = random.u8(..),
        3 if at < input.len() => drop(input.remove(at)),
        4 => input.splice(at..at, *b"\xe2\x80\xae\0").for_each(drop),
        _ => {
            let other = random.choice(seeds).unwrap();
            let from = random.usize(..=other.len());
            let to = random.usize(from..=other.len());
            input
                .splice(at..at, other[from..to].iter().copied())
                .for_each(drop);
        }
    }
}

fn survives(target: &Target, input: &[u8]) {
    let read = catch_unwind(AssertUnwindSafe(|| (target.read)(input)));
    assert!(
        read.is_ok(),
        "{} does not survive {:?}",
        target.name,
        String::from_utf8_lossy(input)
    );
}

#[test]
fn any_input_is_survived_by_whoever_reads_it() {
    for (number, target) in TARGETS.iter().enumerate() {
        let mut random = Rng::with_seed(number as u64);
        let seeds = (target.seeds)();
        seeds.iter().for_each(|seed| survives(target, seed));
        for _ in 0..INPUTS {
            survives(target, &input(&mut random, &seeds));
        }
    }
}

#[test]
fn each_target_has_a_fuzz_target_of_its_name() {
    let manifest = include_str!("../fuzz/Cargo.toml");
    for target in TARGETS {
        let name = format!("name = \"{}\"\n", target.name);
        assert!(manifest.contains(&name), "{} is missing", target.name);
    }
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
}
