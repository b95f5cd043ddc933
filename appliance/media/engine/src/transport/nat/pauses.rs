//! How long to wait before a way to somebody is tried again.

use std::time::Duration;

/// At first and at most.
pub(super) const FIRST: Duration = Duration::from_secs(1);
pub(super) const LAST: Duration = Duration::from_secs(30);

/// Longer and longer ones, as long as nothing holds.
#[derive(Debug)]
pub(super) struct Pauses(Duration);

impl Pauses {
    pub(super) fn new() -> Self {
        Self(FIRST)
    }

    /// The next, after something that lasted so long, or that has to be tried again at once.
    pub(super) fn next(&mut self, lasted: Duration, at_once: bool) -> Duration {
        if at_once {
            self.0 = Duration::ZERO;
        } else if lasted > LAST {
            self.0 = FIRST;
        }
        let next = (self.0 * 2).clamp(FIRST, LAST);
        std::mem::replace(&mut self.0, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_something_held() {
        let mut pauses = Pauses::new();
        let mut after = |lasted, at_once| {
            let lasted = Duration::from_secs(lasted);
            pauses.next(lasted, at_once).as_secs()
        };
        let failing: Vec<_> = (0..7).map(|_| after(0, false)).collect();
        assert_eq!(failing, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!([after(31, false), after(0, false)], [1, 2]);
        assert_eq!([after(0, true), after(0, false)], [0, 1]);
    }
}
