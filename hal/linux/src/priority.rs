//! Which threads of this process the kernel prefers, sched(7): those that carry sound. A picture that comes 20 ms later is not
//! noticed; 20 ms of sound that are missing are.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
};

use nix::{
    errno::Errno,
    libc::{self, c_int, id_t, pid_t},
    sys::resource::{Resource, setrlimit},
    unistd::{Pid, gettid},
};
use saal_hal::SoundPriority;

/// Between ordinary threads and the kernel's own, which begin at 50: Chromium's choice for its sound, and less than what RealtimeKit
/// gives at most (20).
const REAL_TIME: c_int = 8;
/// How many steps nicer the kernel is to threads that are preferred without real time (Chromium's choice too, for the same).
const NICER: c_int = 10;
/// Microseconds for which a thread in real time may run without waiting for anything (RLIMIT_RTTIME). Sound's threads wait after
/// each period of 5 to 20 ms. One that serves a card which is being pulled may wait for nothing any more, while on a single processor
/// what pulls it can't run; a picture may stand still for half a second then.
const AT_ONCE: u64 = 200_000;
/// The same, after which the kernel ends the process.
const AT_MOST: u64 = 5_000_000;
/// So often threads may run for too long before none is in real time any more.
const OVERRUNS: u8 = 5;

/// What this process may, and has done with its threads. Copies are of the same process.
#[derive(Clone, Debug)]
pub struct Priorities(Arc<Shared>);

/// A thread of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread(Pid);

impl Thread {
    /// The one that calls this.
    #[must_use]
    pub fn current() -> Self {
        Self(gettid())
    }
}

#[derive(Debug)]
struct Shared {
    preferred: AtomicU8,
    overruns: AtomicU8,
    /// The nice value that all threads had.
    usual: c_int,
}

impl Priorities {
    /// All threads are left as they are.
    #[must_use]
    pub fn left_alone() -> Self {
        Self::new(SoundPriority::Ordinary)
    }

    /// Finds out what this process may, and bounds for how long threads in real time may keep others from the processor:
    /// who calls this waits for SIGXCPU, which says that one of them ran for too long, and calls [`Self::overrun`] then.
    #[must_use]
    pub fn of_this_process() -> Self {
        // Without a bound none of them is to be in real time.
        let bounded = setrlimit(Resource::RLIMIT_RTTIME, AT_ONCE, AT_MOST).is_ok();
        let usual = usual();
        let tries = move || match bounded && set_policy(0, libc::SCHED_RR, REAL_TIME).is_ok() {
            true => SoundPriority::RealTime,
            false if be_nicer(usual).is_ok() => SoundPriority::Nicer,
            false => SoundPriority::Ordinary,
        };
        // In a thread that ends: who asks stays as it is.
        let found = thread::spawn(tries).join();
        Self::new(found.unwrap_or(SoundPriority::Ordinary))
    }

    fn new(preferred: SoundPriority) -> Self {
        Self(Arc::new(Shared {
            preferred: AtomicU8::new(preferred as u8),
            overruns: AtomicU8::new(0),
            usual: usual(),
        }))
    }

    /// How threads that carry sound are preferred.
    #[must_use]
    pub fn preferred(&self) -> SoundPriority {
        match self.0.preferred.load(Ordering::Relaxed) {
            of if of == SoundPriority::RealTime as u8 => SoundPriority::RealTime,
            of if of == SoundPriority::Nicer as u8 => SoundPriority::Nicer,
            _ => SoundPriority::Ordinary,
        }
    }

    /// The thread that calls this carries sound from now on, and waits after each piece of it. Threads that it starts are ordinary
    /// ones.
    pub fn prefer(&self) {
        let done = match self.preferred() {
            SoundPriority::RealTime => set_policy(0, libc::SCHED_RR, REAL_TIME),
            SoundPriority::Nicer => be_nicer(self.0.usual),
            SoundPriority::Ordinary => return,
        };
        told(done);
    }

    /// The thread that calls this is one on which sound depends, but does other things too, some of them for longer: it is never in
    /// real time. Threads that it starts are ordinary ones.
    pub fn prefer_in_part(&self) {
        if self.preferred() != SoundPriority::Ordinary {
            told(be_nicer(self.0.usual));
        }
    }

    /// The thread that calls this does something else from now on.
    pub fn leave(&self) {
        self.take_from(Thread(Pid::from_raw(0)));
    }

    /// Another thread of this process, which must not have ended yet, is an ordinary one from now on.
    pub fn take_from(&self, thread: Thread) {
        if self.preferred() != SoundPriority::Ordinary {
            let id = thread.0.as_raw();
            told(set_policy(id, libc::SCHED_OTHER, 0).and_then(|()| set_nice(id, self.0.usual)));
        }
    }

    /// Takes real time from all threads of this process: one of them took the processor for itself. Those that begin to carry sound
    /// later are preferred again, unless it happened too often. Whether they are.
    pub fn overrun(&self) -> bool {
        let overruns = self.0.overruns.fetch_add(1, Ordering::Relaxed);
        let again = overruns < OVERRUNS - 1;
        if !again {
            let ordinary = SoundPriority::Ordinary as u8;
            self.0.preferred.store(ordinary, Ordering::Relaxed);
        }
        let threads = fs::read_dir("/proc/self/task").into_iter().flatten();
        let ids = threads.filter_map(|thread| thread.ok()?.file_name().to_str()?.parse().ok());
        // Who calls this comes last: as an ordinary thread it would not get the processor to go on.
        let own = gettid().as_raw();
        for id in ids.filter(|id| *id != own).chain([own]) {
            // One that has ended meanwhile needs nothing.
            let _ = set_policy(id, libc::SCHED_OTHER, 0);
        }
        again
    }
}

/// The calling thread; what it starts does not get this from it.
fn be_nicer(usual: c_int) -> nix::Result<()> {
    set_policy(0, libc::SCHED_OTHER, 0)?;
    set_nice(0, usual - NICER)
}

/// A thread that is not preferred works as well as before; its process was said to be able to.
fn told(done: nix::Result<()>) {
    if let Err(error) = done {
        tracing::debug!(%error, "a thread's priority stays as it was");
    }
}

/// What the threads of this process have when nobody changed it.
#[allow(unsafe_code, reason = "a call of the C library")]
fn usual() -> c_int {
    // SAFETY: it takes numbers and gives one.
    unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
}

/// sched_setscheduler(2), for one thread; 0 is the calling one. What it starts is ordinary.
#[allow(unsafe_code, reason = "a call of the C library")]
fn set_policy(thread: pid_t, policy: c_int, priority: c_int) -> nix::Result<()> {
    // SAFETY: the structure holds nothing but numbers, one on every Linux of ours.
    let mut parameters: libc::sched_param = unsafe { std::mem::zeroed() };
    parameters.sched_priority = priority;
    let policy = policy | libc::SCHED_RESET_ON_FORK;
    // SAFETY: it reads the structure, which outlives the call.
    let done = unsafe { libc::sched_setscheduler(thread, policy, &raw const parameters) };
    Errno::result(done).map(drop)
}

/// setpriority(2), which on Linux is for one thread alone; 0 is the calling one.
#[allow(unsafe_code, reason = "a call of the C library")]
fn set_nice(thread: pid_t, nice: c_int) -> nix::Result<()> {
    let nice = nice.clamp(-20, 19);
    // SAFETY: it takes numbers.
    let done = unsafe { libc::setpriority(libc::PRIO_PROCESS, thread as id_t, nice) };
    Errno::result(done).map(drop)
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError, mpsc};

    use super::*;

    /// One of these tests is about all threads of their process.
    static ONE: Mutex<()> = Mutex::new(());

    /// Policy and nice value of the thread that calls this, as proc_pid_stat(5) has them.
    fn stands() -> (u32, c_int) {
        let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
        let fields: Vec<&str> = stat[stat.rfind(')').unwrap()..].split(' ').collect();
        // The first one here is the second of all.
        (fields[39].parse().unwrap(), fields[17].parse().unwrap())
    }

    fn wanted(priorities: &Priorities, before: (u32, c_int)) -> (u32, c_int) {
        match priorities.preferred() {
            SoundPriority::RealTime => (2, before.1),
            SoundPriority::Nicer => (before.0, (before.1 - NICER).max(-20)),
            SoundPriority::Ordinary => before,
        }
    }

    #[test]
    fn a_thread_that_carries_sound_is_preferred_as_far_as_may_be_and_what_it_starts_is_not() {
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let priorities = Priorities::of_this_process();
        let usual = stands();
        thread::spawn(move || {
            priorities.prefer();
            assert_eq!(stands(), wanted(&priorities, usual));
            let started = thread::spawn(stands).join().unwrap();
            assert_eq!(started.0, 0, "no real time");
            assert!(started.1 >= usual.1.min(0), "{started:?}");
            priorities.leave();
            assert_eq!(stands(), usual);
            priorities.prefer_in_part();
            assert_ne!(stands().0, 2, "never in real time");
        })
        .join()
        .unwrap();
        assert_eq!(stands(), usual, "others stay as they are");
    }

    #[test]
    fn a_thread_that_carries_sound_no_more_is_made_ordinary_by_another_one() {
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let priorities = Priorities::of_this_process();
        let usual = stands();
        let theirs = priorities.clone();
        let (begun, begins) = mpsc::channel();
        let (go_on, goes_on) = mpsc::channel::<()>();
        let carries = thread::spawn(move || {
            theirs.prefer();
            begun.send((Thread::current(), stands())).unwrap();
            goes_on.recv().unwrap();
            stands()
        });
        let (thread, carrying) = begins.recv().unwrap();
        assert_eq!(carrying, wanted(&priorities, usual));
        priorities.take_from(thread);
        go_on.send(()).unwrap();
        assert_eq!(carries.join().unwrap(), usual);
        assert_eq!(stands(), usual, "others stay as they are");
    }

    #[test]
    fn who_prefers_nobody_leaves_all_as_they_are() {
        let (alone, usual) = (Priorities::left_alone(), stands());
        alone.prefer();
        alone.prefer_in_part();
        alone.leave();
        assert_eq!(stands(), usual);
    }

    #[test]
    fn what_ran_for_too_long_is_ordinary_and_what_begins_later_is_not_until_it_was_too_often() {
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let priorities = Priorities::of_this_process();
        let (usual, preferred) = (stands(), priorities.preferred());
        let theirs = priorities.clone();
        thread::spawn(move || {
            for overrun in 1..=OVERRUNS {
                theirs.prefer();
                assert_eq!(stands(), wanted(&theirs, usual));
                let other = theirs.clone();
                let watches = move || {
                    other.prefer();
                    (other.overrun(), stands().0)
                };
                let (again, watching) = thread::spawn(watches).join().unwrap();
                assert_eq!(watching, 0, "nor has who took it");
                assert_eq!(stands().0, 0, "no real time any more");
                assert_eq!(again, overrun < OVERRUNS, "{overrun}");
                let left = if again {
                    preferred
                } else {
                    SoundPriority::Ordinary
                };
                assert_eq!(theirs.preferred(), left);
                theirs.leave();
            }
            theirs.prefer();
            assert_eq!(stands().0, 0);
        })
        .join()
        .unwrap();
        assert_eq!(stands(), usual);
    }
}
