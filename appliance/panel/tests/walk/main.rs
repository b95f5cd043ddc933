//! Random days at the panel: people touch what is there, the world does what it likes, and after each step what the room
//! promises holds. The days are random and always the same; `./dev test deep` walks ten times as far.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test prints and may panic; the crate does neither"
)]

#[path = "../panel/day_scenes.rs"]
#[allow(dead_code, reason = "shared with the tests of the tree")]
mod day_scenes;
#[path = "../panel/examples.rs"]
#[allow(dead_code, reason = "shared with the tests of the tree")]
mod examples;
#[path = "../panel/meeting_scenes.rs"]
#[allow(dead_code, reason = "shared with the tests of the tree")]
mod meeting_scenes;
#[path = "../panel/rules.rs"]
#[allow(dead_code, reason = "shared with the tests of the tree")]
mod rules;
#[path = "../panel/scenes.rs"]
#[allow(dead_code, reason = "shared with the tests of the tree")]
mod scenes;
#[path = "../panel/settings_scenes.rs"]
#[allow(dead_code, reason = "shared with the tests of the tree")]
mod settings_scenes;

mod day;
mod happenings;
mod places;
mod ways;

use std::{cell::RefCell, time::Duration};

use proptest::{
    prelude::*,
    test_runner::{RngSeed, TestRunner},
};
use saal_hal::KeyName;

use day::{Day, Seen};

/// One step of a day.
#[derive(Clone, Debug)]
enum Step {
    /// Somebody touches one of the things that can be touched.
    Touch(usize),
    /// Somebody tries something new.
    Explore,
    /// Somebody who knows it types what is asked for.
    Fill,
    /// Somebody presses a key of a keyboard.
    Key(KeyName),
    /// Nobody does anything for so long.
    Wait(Duration),
    /// Something happens that nobody in the room has done.
    Happens(u64),
    /// Somebody goes back until they are home.
    Home,
}

fn key() -> impl Strategy<Value = KeyName> {
    let keys = vec![
        KeyName::Tab,
        KeyName::Enter,
        KeyName::Escape,
        KeyName::ArrowDown,
        KeyName::ArrowRight,
        KeyName::PageDown,
        KeyName::PageUp,
        KeyName::Backspace,
        KeyName::Character(' '),
        KeyName::Character('k'),
        KeyName::Character('7'),
    ];
    prop::sample::select(keys)
}

fn step() -> impl Strategy<Value = Step> {
    let seconds = |range: std::ops::Range<u64>| range.prop_map(Duration::from_secs);
    prop_oneof![
        6 => any::<usize>().prop_map(Step::Touch),
        30 => Just(Step::Explore),
        5 => Just(Step::Fill),
        3 => key().prop_map(Step::Key),
        3 => seconds(0..8).prop_map(Step::Wait),
        1 => seconds(60..400).prop_map(Step::Wait),
        10 => any::<u64>().prop_map(Step::Happens),
        1 => Just(Step::Home),
    ]
}

/// Seeds of ten more days each, counted from the first one, as far as they are needed.
const MORE: std::ops::Range<u64> = 99..105;

/// Steps of a day.
const DAY: usize = 250;

/// Walks so many days, the same for the same seed, and adds what was seen.
fn walk(seed: u64, days: u32, seen: &RefCell<Seen>) {
    let config = ProptestConfig {
        cases: days,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Default::default()
    };
    let steps = prop::collection::vec(step(), DAY..=DAY);
    let walked = TestRunner::new(config).run(&steps, |steps| {
        let mut day = Day::begin(seen);
        for step in steps {
            let done = format!("{step:?}");
            day.take(step);
            if let Err(what) = day.check() {
                // Once for each promise and place; what led there is in the seed.
                let broken = format!("seed {seed}, after {done}: {what}");
                seen.borrow_mut().broken.entry(what).or_insert(broken);
            }
        }
        Ok(())
    });
    walked.expect("a day that breaks a promise goes on");
}

/// What was seen on all days: every promise kept, and every place reached.
fn is_well(seen: RefCell<Seen>) {
    let seen = seen.into_inner();
    println!("{seen}");
    let broken: Vec<&str> = seen.broken.values().map(String::as_str).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    let missing = seen.missing();
    assert!(missing.is_empty(), "nobody came to {missing:?}");
}

/// A number from the environment.
fn number(variable: &str, otherwise: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given.map_or(otherwise, |given| given.parse().expect("a number"))
}

/// 10,000 steps; more of them where a place is still missing, since each change of the panel is another walk of the same seed.
/// `SAAL_WALK_SEED` says which seed instead of 1.
#[test]
fn whatever_people_touch_and_whatever_happens_the_panel_keeps_its_promises() {
    let seen = RefCell::new(Seen::default());
    let seed = number("SAAL_WALK_SEED", 1);
    walk(seed, 40, &seen);
    for more in MORE {
        if seen.borrow().missing().is_empty() {
            break;
        }
        walk(seed + more, 10, &seen);
    }
    is_well(seen);
}

/// `SAAL_WALK_SEEDS` says how many seeds instead of 20, each of 20 days, and `SAAL_WALK_SEED` which one is before the first; as
/// many again where a place is still missing.
#[test]
#[ignore = "minutes; part of ./dev test deep"]
fn a_long_walk() {
    let seeds = number("SAAL_WALK_SEEDS", 20);
    let first = number("SAAL_WALK_SEED", 2) + 1;
    let seen = RefCell::new(Seen::default());
    for seed in first..first + 2 * seeds {
        if seed >= first + seeds && seen.borrow().missing().is_empty() {
            break;
        }
        walk(seed, 20, &seen);
    }
    is_well(seen);
}
