//! How long to wait before the next attempt.

use std::time::Duration;

/// A row of waiting times; the last one repeats.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    steps: &'static [Duration],
    failures: usize,
}

/// For the homeserver: a restart is seen within seconds, an outage is not hammered.
const HOMESERVER: &[Duration] = &[
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
    Duration::from_secs(30),
];

/// For a call's media server: people wait for it.
const CALL: &[Duration] = &[
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
];

impl Backoff {
    pub(crate) fn homeserver() -> Self {
        Self {
            steps: HOMESERVER,
            failures: 0,
        }
    }

    pub(crate) fn call() -> Self {
        Self {
            steps: CALL,
            failures: 0,
        }
    }

    /// Waiting time after one more failure. `jitter` is in 0..1 and shortens it by up to a
    /// quarter, so that a thousand rooms don't come back in the same instant.
    pub(crate) fn after_failure(&mut self, jitter: f64) -> Duration {
        let step = self.steps[self.failures.min(self.steps.len() - 1)];
        self.failures += 1;
        step.mul_f64(1.0 - 0.25 * jitter.clamp(0.0, 1.0))
    }

    /// The same when the server may have said how long it wants to be left alone: never less than
    /// that, and up to a quarter more.
    pub(crate) fn after_refusal(&mut self, asked: Option<Duration>, jitter: f64) -> Duration {
        let step = self.after_failure(jitter);
        let asked = asked.unwrap_or_default();
        step.max(asked.mul_f64(1.0 + 0.25 * jitter.clamp(0.0, 1.0)))
    }

    /// It worked: the next failure starts from the beginning.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_last_step_and_start_again_after_success() {
        let mut backoff = Backoff::call();
        let waits: Vec<_> = (0..7)
            .map(|_| backoff.after_failure(0.0).as_millis())
            .collect();
        assert_eq!(waits, [200, 500, 1000, 2000, 5000, 5000, 5000]);
        backoff.reset();
        assert_eq!(backoff.after_failure(0.0).as_millis(), 200);
    }

    #[test]
    fn jitter_shortens_by_at_most_a_quarter() {
        assert_eq!(Backoff::homeserver().after_failure(1.0).as_millis(), 750);
    }

    #[test]
    fn a_server_is_left_alone_as_long_as_it_asks_and_rooms_do_not_come_back_as_one() {
        let mut random = fastrand::Rng::with_seed(7);
        let asked = Duration::from_secs(60);
        let mut waits: Vec<_> = (0..200)
            .map(|_| Backoff::homeserver().after_refusal(Some(asked), random.f64()))
            .collect();
        waits.sort_unstable();
        assert!(waits[0] >= asked && waits[199] <= asked.mul_f64(1.25));
        let apart = waits[199] - waits[0];
        assert!(apart > Duration::from_secs(10), "only {apart:?} apart");
        let step = Backoff::homeserver().after_refusal(None, 0.0);
        assert_eq!(step, Duration::from_secs(1));
    }
}
