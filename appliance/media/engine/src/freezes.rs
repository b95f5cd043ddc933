//! When a received picture stood still, counted as webrtc-stats does (`freezeCount`,
//! `totalFreezesDuration`): a picture was shown longer than three times the average of the last 30,
//! and by more than 150 ms longer than that average.
//!
//! Pure: times are arguments.

use std::{collections::VecDeque, time::Duration};

/// Pictures whose average says how long one is usually shown.
const RECENT: usize = 30;
const AT_LEAST_LONGER: Duration = Duration::from_millis(150);

/// A track's freezes so far.
#[derive(Clone, Debug, Default)]
pub struct Freezes {
    last: Option<Duration>,
    recent: VecDeque<Duration>,
    /// How many.
    pub count: u64,
    /// All together.
    pub total: Duration,
}

impl Freezes {
    /// A picture is shown.
    pub fn shown(&mut self, now: Duration) {
        let Some(last) = self.last.replace(now) else {
            return;
        };
        let stood = now.saturating_sub(last);
        if self.is_long(stood) {
            self.count += 1;
            self.total += stood;
        }
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(stood);
    }

    fn is_long(&self, stood: Duration) -> bool {
        let Some(count) = u32::try_from(self.recent.len())
            .ok()
            .filter(|count| *count > 0)
        else {
            return false;
        };
        let average = self.recent.iter().sum::<Duration>() / count;
        stood > (average * 3).max(average + AT_LEAST_LONGER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(gaps: &[u64]) -> (u64, u64) {
        let (mut freezes, mut now) = (Freezes::default(), 1_000);
        freezes.shown(Duration::from_millis(now));
        for gap in gaps {
            now += gap;
            freezes.shown(Duration::from_millis(now));
        }
        (
            freezes.count,
            u64::try_from(freezes.total.as_millis()).unwrap(),
        )
    }

    #[test]
    fn long_pauses_count_and_slow_pictures_do_not() {
        let steady = [33; 40];
        assert_eq!(after(&steady), (0, 0));
        assert_eq!(after(&[steady.as_slice(), &[180]].concat()), (0, 0));
        assert_eq!(after(&[steady.as_slice(), &[190, 33]].concat()), (1, 190));
        assert_eq!(after(&[500; 10]), (0, 0));
        assert_eq!(after(&[[500; 10].as_slice(), &[1_400]].concat()), (0, 0));
        assert_eq!(
            after(&[[33; 3].as_slice(), &[3_000], &[33; 3], &[2_000]].concat()),
            (2, 5_000)
        );
        assert_eq!(after(&[]), (0, 0));
    }
}
