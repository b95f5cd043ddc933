//! Whether parts of the graph bring forth what they are fed: a library or a driver may hang without
//! an error, and a timer that still runs says nothing about pictures.

use std::{collections::HashMap, time::Duration};

use crate::graph::Part;

/// Pictures in and out of a part since it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) part: Part,
    /// Pictures that went in.
    pub(super) fed: u64,
    /// Pictures that came out.
    pub(super) made: u64,
    /// How long it may be fed and make nothing.
    pub(super) patience: Duration,
}

/// What was read before.
#[derive(Debug, Default)]
pub(super) struct Progress {
    parts: HashMap<Part, Last>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    fed: u64,
    made: u64,
    /// When it last made something, or had nothing to do.
    well: Duration,
}

impl Progress {
    /// Takes in how far all parts are that run now; says which hang. A part that is told once begins
    /// anew.
    pub(super) fn observe(&mut self, now: Duration, readings: Vec<Reading>) -> Vec<Part> {
        let mut parts = HashMap::new();
        let mut hang = Vec::new();
        for reading in readings {
            let Reading {
                part,
                fed,
                made,
                patience,
            } = reading;
            let before = self.parts.get(&part);
            // Fewer than before: another one under the same name.
            let idle = |last: &Last| made != last.made || fed <= last.fed;
            let well = match before {
                Some(last) if !idle(last) => last.well,
                _ => now,
            };
            if now.saturating_sub(well) >= patience {
                hang.push(part);
                continue;
            }
            parts.insert(part, Last { fed, made, well });
        }
        self.parts = parts;
        hang
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Role;

    const PATIENCE: Duration = Duration::from_secs(3);

    fn at(progress: &mut Progress, second: u64, fed: u64, made: u64) -> bool {
        let reading = Reading {
            part: Part::Television(Role::People),
            fed,
            made,
            patience: PATIENCE,
        };
        let hang = progress.observe(Duration::from_secs(second), vec![reading]);
        hang == [Part::Television(Role::People)]
    }

    #[test]
    fn a_part_that_is_fed_and_makes_nothing_hangs() {
        let mut progress = Progress::default();
        assert!(!at(&mut progress, 1, 30, 28));
        assert!(!at(&mut progress, 2, 60, 58));
        assert!(!at(&mut progress, 3, 90, 58));
        assert!(!at(&mut progress, 4, 120, 58));
        assert!(at(&mut progress, 5, 150, 58), "three seconds");
        assert!(!at(&mut progress, 6, 10, 0), "its successor has time");
    }

    #[test]
    fn one_that_is_slow_does_not() {
        let mut progress = Progress::default();
        for second in 0..20 {
            assert!(!at(&mut progress, second, second * 30, second / 2));
        }
    }

    #[test]
    fn one_without_work_does_not() {
        let mut progress = Progress::default();
        for second in 0..20 {
            assert!(!at(&mut progress, second, 7, 7), "nobody sends");
        }
        assert!(!at(&mut progress, 20, 8, 7));
        assert!(!at(&mut progress, 21, 9, 8));
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let mut progress = Progress::default();
        assert!(!at(&mut progress, 0, 0, 0));
        assert_eq!(progress.observe(Duration::from_secs(1), Vec::new()), []);
        assert!(!at(&mut progress, 9, 100, 0));
    }
}
