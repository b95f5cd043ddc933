//! What a rollout does next. Pure: what there is and the time are arguments.

use jiff::{SignedDuration, Timestamp};
use saal_fleet_protocol::fleet::api::{NewRollout, RolloutCounts, Wave};

/// More waves than that nobody oversees.
const MOST_WAVES: usize = 20;
/// A wave is watched for a month at most.
const LONGEST_SOAK: u32 = 31 * 24 * 60;

/// Where a rollout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which wave, from 0.
    pub(crate) wave: usize,
    /// Waves up to this one were allowed, from 0.
    pub(crate) approved: usize,
    /// Since when what has been updated is watched.
    pub(crate) soaks_since: Option<Timestamp>,
}

/// What a rollout does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing.
    Wait,
    /// Lets so many more devices in.
    LetIn(u64),
    /// Enough have it: they are watched from now on.
    Soak,
    /// Not enough any more.
    Unsoak,
    /// Somebody has to allow the next wave.
    Ask,
    /// The next wave.
    Advance,
    /// It has come to its end.
    Finish,
    /// Too many are worse off.
    Stop(String),
}

/// How many devices a wave may have let in, of so many.
pub(crate) fn allowed(wave: &Wave, devices: u64) -> u64 {
    (devices * u64::from(wave.percent.min(100))).div_ceil(100)
}

/// What is wrong with a plan.
pub(crate) fn check(plan: &NewRollout) -> Result<(), String> {
    if plan.waves.is_empty() || plan.waves.len() > MOST_WAVES {
        return Err(format!("a rollout has 1 to {MOST_WAVES} waves"));
    }
    let percents: Vec<u8> = plan.waves.iter().map(|wave| wave.percent).collect();
    if percents.first() == Some(&0) || percents.last().is_some_and(|last| *last > 100) {
        return Err("a wave has 1 to 100 percent of the devices".to_owned());
    }
    if percents.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(
            "each wave is larger than the one before: its percent are those of all waves until then"
                .to_owned(),
        );
    }
    if plan
        .waves
        .iter()
        .any(|wave| wave.soak_minutes > LONGEST_SOAK)
    {
        return Err("a wave is watched for 31 days at most".to_owned());
    }
    if plan.stop_at_percent > 100 || plan.needed_percent > 100 {
        return Err("percents are 0 to 100".to_owned());
    }
    Ok(())
}

/// What is to be done, where so many devices are there to be let in.
pub(crate) fn decide(
    plan: &NewRollout,
    place: Place,
    counts: &RolloutCounts,
    there: u64,
    now: Timestamp,
) -> Next {
    if let Some(problem) = too_bad(plan, counts) {
        return Next::Stop(problem);
    }
    let Some(wave) = plan.waves.get(place.wave) else {
        return Next::Finish;
    };
    if wave.approval && place.approved < place.wave {
        return Next::Ask;
    }
    let allowed = allowed(wave, counts.devices);
    let more = allowed.saturating_sub(counts.let_in).min(there);
    if more > 0 {
        return Next::LetIn(more);
    }
    let last = place.wave + 1 == plan.waves.len();
    let enough = if last {
        counts.open() == 0 && counts.let_in >= allowed
    } else {
        counts.done * 100 >= u64::from(plan.needed_percent) * allowed.max(counts.let_in)
    };
    let soak = SignedDuration::from_mins(i64::from(wave.soak_minutes));
    match place.soaks_since {
        None if enough => Next::Soak,
        Some(_) if !enough => Next::Unsoak,
        Some(since) if now.duration_since(since) >= soak => {
            if last {
                Next::Finish
            } else {
                Next::Advance
            }
        }
        _ => Next::Wait,
    }
}

fn too_bad(plan: &NewRollout, counts: &RolloutCounts) -> Option<String> {
    let bad = counts.bad();
    (bad * 100 > u64::from(plan.stop_at_percent) * counts.let_in).then(|| {
        format!(
            "{bad} of {} devices are worse off ({} failed, {} lost, {} not well), more than {} %",
            counts.let_in, counts.failed, counts.lost, counts.ill, plan.stop_at_percent
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(waves: &[(u8, u32, bool)]) -> NewRollout {
        let waves = waves.iter().map(|(percent, soak_minutes, approval)| Wave {
            percent: *percent,
            soak_minutes: *soak_minutes,
            approval: *approval,
        });
        NewRollout {
            name: "november".parse().unwrap(),
            release: "2".parse().unwrap(),
            scope: "/".parse().unwrap(),
            waves: waves.collect(),
            stop_at_percent: 10,
            needed_percent: 90,
        }
    }

    fn counts(devices: u64, let_in: u64, done: u64) -> RolloutCounts {
        RolloutCounts {
            devices,
            let_in,
            done,
            ..RolloutCounts::default()
        }
    }

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(minutes * 60).unwrap()
    }

    fn place(wave: usize, soaks_since: Option<i64>) -> Place {
        Place {
            wave,
            approved: 0,
            soaks_since: soaks_since.map(at),
        }
    }

    #[test]
    fn a_wave_fills_soaks_and_makes_way_for_the_next() {
        let plan = plan(&[(1, 60, false), (50, 0, true), (100, 30, false)]);
        let next = |place, counts: RolloutCounts, now| decide(&plan, place, &counts, 200, at(now));
        assert_eq!(next(place(0, None), counts(250, 0, 0), 0), Next::LetIn(3));
        assert_eq!(next(place(0, None), counts(250, 3, 2), 0), Next::Wait);
        assert_eq!(next(place(0, None), counts(250, 3, 3), 0), Next::Soak);
        assert_eq!(next(place(0, Some(0)), counts(250, 3, 3), 59), Next::Wait);
        assert_eq!(next(place(0, Some(0)), counts(250, 3, 2), 59), Next::Unsoak);
        assert_eq!(
            next(place(0, Some(0)), counts(250, 3, 3), 60),
            Next::Advance
        );
        assert_eq!(next(place(1, None), counts(250, 3, 3), 60), Next::Ask);
        let allowed = Place {
            approved: 1,
            ..place(1, None)
        };
        assert_eq!(next(allowed, counts(250, 3, 3), 60), Next::LetIn(122));
        // The last one waits for all of its devices.
        assert_eq!(next(place(2, None), counts(250, 250, 249), 90), Next::Wait);
        assert_eq!(next(place(2, None), counts(250, 250, 250), 90), Next::Soak);
        assert_eq!(
            next(place(2, Some(90)), counts(250, 250, 250), 120),
            Next::Finish
        );
    }

    #[test]
    fn more_than_the_threshold_stops_it_wherever_it_is() {
        let plan = plan(&[(50, 0, false), (100, 0, true)]);
        let mut counts = counts(100, 50, 40);
        counts.failed = 3;
        counts.ill = 2;
        assert_eq!(decide(&plan, place(0, None), &counts, 9, at(0)), Next::Wait);
        counts.lost = 1;
        for place in [place(0, None), place(1, None)] {
            let next = decide(&plan, place, &counts, 9, at(0));
            let Next::Stop(problem) = next else {
                panic!("{next:?}")
            };
            assert!(problem.starts_with("6 of 50 devices"), "{problem}");
        }
    }

    #[test]
    fn who_is_not_there_is_waited_for_and_a_wave_of_nobody_is_none() {
        let plan = plan(&[(10, 0, false), (100, 0, false)]);
        let next = |wave, counts: RolloutCounts, there| {
            decide(&plan, place(wave, None), &counts, there, at(0))
        };
        assert_eq!(next(0, counts(100, 0, 0), 4), Next::LetIn(4));
        assert_eq!(next(0, counts(100, 0, 0), 0), Next::Wait);
        assert_eq!(next(0, counts(100, 4, 4), 0), Next::Wait);
        assert_eq!(next(0, counts(100, 9, 9), 0), Next::Soak);
        assert_eq!(next(1, counts(100, 99, 99), 0), Next::Wait);
    }

    #[test]
    fn plans_that_go_nowhere_are_refused() {
        check(&plan(&[(1, 0, false), (100, 0, false)])).unwrap();
        for wrong in [
            &[][..],
            &[(0, 0, false)],
            &[(101, 0, false)],
            &[(10, 0, false), (10, 0, false)],
            &[(10, 0, false), (5, 0, false)],
            &[(100, LONGEST_SOAK + 1, false)],
        ] {
            assert!(check(&plan(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_wave_is_rounded_up_to_whole_devices() {
        let wave = |percent| Wave {
            percent,
            soak_minutes: 0,
            approval: false,
        };
        assert_eq!(allowed(&wave(1), 0), 0);
        assert_eq!(allowed(&wave(1), 7), 1);
        assert_eq!(allowed(&wave(1), 70_000), 700);
        assert_eq!(allowed(&wave(100), 7), 7);
    }
}
