//! The PIN of the settings: who typed a wrong one waits, the longer the more there were.

use std::time::Duration;

use saal_meeting::Secret;

/// So many wrong ones are slips of the finger.
const FORGIVEN: u32 = 2;
/// After the next one.
const FIRST: Duration = Duration::from_secs(30);
/// And twice as long after each further one, up to this: 10,000 PINs take a hundred days.
const MOST: Duration = Duration::from_secs(15 * 60);

/// How the settings stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockState {
    /// There is no PIN: nobody changes what lasts.
    NoPin,
    /// The PIN is asked for.
    Locked {
        /// The last one was wrong.
        wrong: bool,
        /// How much longer none is taken.
        wait: Option<Duration>,
    },
    /// Whoever is there knows it.
    Open,
}

#[derive(Debug, Default)]
pub(crate) struct Lock {
    pin: Option<Secret>,
    open: bool,
    /// Since the last right one, over restarts too.
    wrong: u32,
    /// The last one was wrong, and nobody left since.
    told: bool,
    /// Nothing is taken before that (monotonic).
    until: Option<Duration>,
}

impl Lock {
    /// Another PIN, or none, is good from now on; says whether that is another one than before.
    pub(crate) fn set_pin(&mut self, pin: Option<Secret>) -> bool {
        if self.pin == pin {
            return false;
        }
        self.pin = pin;
        self.open = false;
        true
    }

    /// An earlier daemon had heard so many wrong ones: switching off and on again saves nobody from waiting.
    pub(crate) fn remember(&mut self, now: Duration, wrong: u32) {
        self.wrong = wrong;
        self.until = wait_after(wrong).map(|wait| now + wait);
    }

    /// How many were wrong since the last right one.
    pub(crate) fn wrong(&self) -> u32 {
        self.wrong
    }

    /// Somebody typed one. While people wait none is looked at, so that nothing is learnt from it.
    pub(crate) fn unlock(&mut self, now: Duration, typed: &Secret) {
        let Some(pin) = self.pin.as_ref().filter(|_| self.wait(now).is_none()) else {
            return;
        };
        if pin == typed {
            (self.open, self.told, self.wrong, self.until) = (true, false, 0, None);
            return;
        }
        self.told = true;
        self.wrong = self.wrong.saturating_add(1);
        self.until = wait_after(self.wrong).map(|wait| now + wait);
    }

    /// Says whether anything is otherwise than before.
    pub(crate) fn lock(&mut self) -> bool {
        let was = self.open || self.told;
        (self.open, self.told) = (false, false);
        was
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    fn wait(&self, now: Duration) -> Option<Duration> {
        let until = self.until.filter(|until| *until > now)?;
        Some(until - now)
    }

    pub(crate) fn state(&self, now: Duration) -> LockState {
        match (&self.pin, self.open) {
            (None, _) => LockState::NoPin,
            (Some(_), true) => LockState::Open,
            (Some(_), false) => LockState::Locked {
                wrong: self.told,
                wait: self.wait(now),
            },
        }
    }

    /// Whole seconds that people see of the wait.
    pub(crate) fn seconds(&self, now: Duration) -> Option<u64> {
        let wait = self.wait(now)?;
        Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }

    /// When that is another number.
    pub(crate) fn next_deadline(&self, now: Duration) -> Option<Duration> {
        let wait = self.wait(now)?;
        let left = wait.subsec_nanos();
        let step = if left == 0 {
            Duration::from_secs(1)
        } else {
            Duration::from_nanos(left.into())
        };
        Some(now + step)
    }
}

fn wait_after(wrong: u32) -> Option<Duration> {
    let over = wrong.checked_sub(FORGIVEN).filter(|over| *over > 0)?;
    // Longer than the longest wait from the sixth on.
    let times = 1 << over.min(6).saturating_sub(1);
    Some((FIRST * times).min(MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    fn lock() -> Lock {
        let mut lock = Lock::default();
        assert!(lock.set_pin(Some(Secret::new("471147"))));
        lock
    }

    fn wait(lock: &Lock, at: u64) -> Option<u64> {
        match lock.state(seconds(at)) {
            LockState::Locked { wait, .. } => wait.map(|wait| wait.as_secs()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_right_pin_opens_until_people_leave() {
        let mut lock = lock();
        lock.unlock(seconds(1), &Secret::new("471147"));
        assert_eq!(lock.state(seconds(2)), LockState::Open);
        assert!(lock.lock() && !lock.is_open());
        assert!(!lock.lock(), "it is locked already");
    }

    #[test]
    fn wrong_pins_are_slowed_down_and_none_is_looked_at_meanwhile() {
        let mut lock = lock();
        let mut at = 1;
        let mut waits = Vec::new();
        for _ in 0..9 {
            lock.unlock(seconds(at), &Secret::new("0000"));
            let wait = wait(&lock, at).unwrap_or_default();
            // Not even the right one.
            if wait > 0 {
                lock.unlock(seconds(at), &Secret::new("471147"));
                assert!(!lock.is_open());
            }
            waits.push(wait);
            at += wait;
        }
        assert_eq!(waits, [0, 0, 30, 60, 120, 240, 480, 900, 900]);
        lock.unlock(seconds(at), &Secret::new("471147"));
        assert!(lock.is_open() && lock.wrong() == 0);
    }

    #[test]
    fn a_restart_saves_nobody_from_waiting() {
        let mut lock = lock();
        lock.remember(seconds(5), 4);
        assert_eq!(wait(&lock, 5), Some(60));
        assert_eq!(wait(&lock, 65), None);
    }

    #[test]
    fn people_see_each_second_of_the_wait() {
        let mut lock = lock();
        for _ in 0..3 {
            lock.unlock(seconds(1), &Secret::new("1"));
        }
        let at = Duration::from_millis(1_250);
        assert_eq!(lock.next_deadline(at), Some(seconds(2)));
        assert_eq!(lock.next_deadline(seconds(2)), Some(seconds(3)));
        assert_eq!(lock.seconds(at), Some(30));
        assert_eq!(lock.seconds(seconds(31)), None);
        assert_eq!(lock.next_deadline(seconds(31)), None);
    }

    #[test]
    fn without_a_pin_nothing_opens() {
        let mut lock = Lock::default();
        lock.unlock(seconds(1), &Secret::new(""));
        assert_eq!(lock.state(seconds(1)), LockState::NoPin);
    }

    #[test]
    fn another_pin_locks() {
        let mut lock = lock();
        lock.unlock(seconds(1), &Secret::new("471147"));
        lock.set_pin(Some(Secret::new("471147")));
        assert!(lock.is_open(), "the same one");
        lock.set_pin(Some(Secret::new("1234")));
        assert!(!lock.is_open());
    }
}
