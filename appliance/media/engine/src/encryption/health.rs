//! Whether a track can be decrypted, in the eyes of people.

use std::time::Duration;

/// So long a track's frames may all fail before anybody is told: a key and the first frames that
/// need it travel on different ways, and a moment without a picture is no news.
const TOLERANCE: Duration = Duration::from_millis(500);

/// How the decryption of one track goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    decrypts: Option<bool>,
    failing_since: Option<Duration>,
    failed: u64,
}

impl Health {
    /// A frame was decrypted; true when that is news.
    pub fn succeeded(&mut self) -> bool {
        self.failing_since = None;
        self.decrypts.replace(true) != Some(true)
    }

    /// A frame that came at this time, on any clock that does not run backwards, was not; true when
    /// the track is lost from now on.
    pub fn failed(&mut self, at: Duration) -> bool {
        self.failed += 1;
        let since = *self.failing_since.get_or_insert(at);
        if at.saturating_sub(since) < TOLERANCE {
            return false;
        }
        self.decrypts.replace(false) != Some(false)
    }

    /// Whether its last frame failed.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.failing_since.is_some()
    }

    /// Whether it can be decrypted; `None` while nobody can tell.
    #[must_use]
    pub fn decrypts(&self) -> Option<bool> {
        self.decrypts
    }

    /// Frames that were dropped so far.
    #[must_use]
    pub fn frames_failed(&self) -> u64 {
        self.failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_few_failures_make_no_noise() {
        let mut health = Health::default();
        assert_eq!(health.decrypts(), None);
        assert!(!health.failed(ms(0)) && !health.failed(ms(499)));
        assert!(health.succeeded(), "the first success is news");
        assert!(!health.failed(ms(520)) && health.is_failing());
        assert!(!health.succeeded() && !health.is_failing());
        assert!(
            !health.failed(ms(2_000)),
            "the pause was silence, not failure"
        );
    }

    #[test]
    fn half_a_second_of_failures_is_news_once() {
        let mut health = Health::default();
        assert!(!health.failed(ms(100)) && health.failed(ms(600)) && !health.failed(ms(700)));
        assert_eq!(
            (health.decrypts(), health.frames_failed()),
            (Some(false), 3)
        );
        assert!(health.succeeded() && !health.succeeded());
        assert_eq!(health.decrypts(), Some(true));
    }
}
