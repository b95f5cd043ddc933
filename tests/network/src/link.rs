//! One direction of a network: what becomes of packets.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

/// A packet that is overtaken comes this much later.
const HELD_BACK: Duration = Duration::from_millis(15);

/// How a network treats packets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// Part of all packets that vanish, each for itself; 0 to 1.
    pub loss: f64,
    /// Packets that vanish together.
    pub bursts: Option<Bursts>,
    /// What every packet takes.
    pub delay: Duration,
    /// What a packet takes more at most; evenly distributed, and the order stays.
    pub jitter: Duration,
    /// Part of all packets that others overtake; 0 to 1.
    pub reordering: f64,
    /// Bits a second, with 28 bytes of headers for each packet; `None`: as many as come.
    pub capacity: Option<u64>,
    /// What comes when the line has more than this to send is lost, as in a router's queue.
    pub queue: Duration,
    /// Nothing passes.
    pub outage: bool,
}

impl Default for Conditions {
    /// A perfect network.
    fn default() -> Self {
        Self {
            loss: 0.0,
            bursts: None,
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            reordering: 0.0,
            capacity: None,
            queue: Duration::from_millis(500),
            outage: false,
        }
    }
}

/// Loss with a memory (E. N. Gilbert 1960, E. O. Elliott 1963): a good state without loss and a bad
/// one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bursts {
    /// How probable it is that a bad time begins with a packet.
    pub begin: f64,
    /// How probable it is that it ends with a packet.
    pub end: f64,
    /// Part of the packets that vanish in it.
    pub loss: f64,
}

/// What became of packets so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Came in.
    pub packets: u64,
    /// Vanished by chance or in an outage.
    pub lost: u64,
    /// Found the queue full.
    pub overflowed: u64,
    /// Came out.
    pub passed: u64,
    /// Of those: after another one that had come in later.
    pub overtaken: u64,
    /// Bytes of those, without headers.
    pub bytes: u64,
}

/// UDP and IPv4.
const HEADERS: u64 = 28;

/// One direction.
#[derive(Debug)]
pub struct Link<P> {
    conditions: Conditions,
    dice: fastrand::Rng,
    bad: bool,
    /// When it came, its bytes, what is to be added to its delay, and itself.
    queue: VecDeque<(Instant, u64, Extra, P)>,
    /// When the line has sent all that left the queue.
    free_at: Option<Instant>,
    /// By arrival, then in the order in which they came in.
    flying: BTreeMap<(Instant, u64), (u64, P)>,
    last_arrival: Option<Instant>,
    count: u64,
    /// The last one of those that came out so far.
    foremost: u64,
    tally: Tally,
}

#[derive(Clone, Copy, Debug)]
enum Extra {
    /// In order.
    Jitter(Duration),
    /// Others overtake it.
    HeldBack,
}

impl<P> Link<P> {
    /// A line with nothing on it.
    #[must_use]
    pub fn new(seed: u64, conditions: Conditions) -> Self {
        Self {
            conditions,
            dice: fastrand::Rng::with_seed(seed),
            bad: false,
            queue: VecDeque::new(),
            free_at: None,
            flying: BTreeMap::new(),
            last_arrival: None,
            count: 0,
            foremost: 0,
            tally: Tally::default(),
        }
    }

    /// From now on the network is like this; what waits in the queue feels it too.
    pub fn set(&mut self, now: Instant, conditions: Conditions) {
        self.serve(now);
        self.conditions = conditions;
    }

    /// How it is.
    #[must_use]
    pub fn conditions(&self) -> Conditions {
        self.conditions
    }

    /// A packet comes in.
    pub fn push(&mut self, now: Instant, bytes: usize, packet: P) {
        self.serve(now);
        self.tally.packets += 1;
        let (lost, extra) = self.fate();
        if lost || self.conditions.outage {
            self.tally.lost += 1;
        } else if self.waiting(now) > self.conditions.queue {
            self.tally.overflowed += 1;
        } else {
            let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
            self.queue.push_back((now, bytes, extra, packet));
            self.serve(now);
        }
    }

    /// Always rolls as many dice, so that one condition does not change what another one does.
    fn fate(&mut self) -> (bool, Extra) {
        let [turn, in_burst, alone, overtaken, late] = std::array::from_fn(|_| self.dice.f64());
        let bursts = self.conditions.bursts;
        self.bad = bursts.is_some_and(|b| {
            if self.bad {
                turn >= b.end
            } else {
                turn < b.begin
            }
        });
        let burst = bursts.is_some_and(|b| self.bad && in_burst < b.loss);
        let extra = if overtaken < self.conditions.reordering {
            Extra::HeldBack
        } else {
            Extra::Jitter(self.conditions.jitter.mul_f64(late))
        };
        (burst || alone < self.conditions.loss, extra)
    }

    /// The next packet that has arrived by now.
    pub fn pop(&mut self, now: Instant) -> Option<P> {
        self.serve(now);
        let arrival = *self.flying.first_key_value()?.0;
        if arrival.0 > now {
            return None;
        }
        let (bytes, packet) = self.flying.remove(&arrival)?;
        let (_, number) = arrival;
        self.tally.overtaken += u64::from(number < self.foremost);
        self.foremost = self.foremost.max(number);
        self.tally.passed += 1;
        self.tally.bytes += bytes;
        Some(packet)
    }

    /// When [`Link::pop`] has something next.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        let flies = self.flying.first_key_value().map(|((at, _), _)| *at);
        let leaves = self
            .queue
            .front()
            .map(|(came, bytes, ..)| self.sent_at(*came, *bytes));
        flies.into_iter().chain(leaves).min()
    }

    /// How long the line takes for what waits before it.
    #[must_use]
    pub fn waiting(&self, now: Instant) -> Duration {
        let queued: Duration = self
            .queue
            .iter()
            .map(|(_, bytes, ..)| self.takes(*bytes))
            .sum();
        let front = self.queue.front().map(|(came, ..)| self.begins_at(*came));
        let begun = front.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        queued.saturating_sub(begun)
    }

    /// What became of all packets so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    fn takes(&self, bytes: u64) -> Duration {
        let Some(capacity) = self.conditions.capacity else {
            return Duration::ZERO;
        };
        let bits = u128::from(bytes + HEADERS) * 8;
        let nanos = bits * 1_000_000_000 / u128::from(capacity.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    fn begins_at(&self, came: Instant) -> Instant {
        self.free_at.map_or(came, |free| free.max(came))
    }

    fn sent_at(&self, came: Instant, bytes: u64) -> Instant {
        self.begins_at(came) + self.takes(bytes)
    }

    /// Puts on their way those that the line has sent.
    fn serve(&mut self, now: Instant) {
        while let Some((came, bytes, ..)) = self.queue.front() {
            let sent = self.sent_at(*came, *bytes);
            if sent > now {
                return;
            }
            self.free_at = Some(sent);
            if let Some((_, bytes, extra, packet)) = self.queue.pop_front() {
                self.fly(sent, bytes, extra, packet);
            }
        }
    }

    fn fly(&mut self, sent: Instant, bytes: u64, extra: Extra, packet: P) {
        let plain = sent + self.conditions.delay;
        let arrival = match extra {
            Extra::HeldBack => plain + HELD_BACK,
            Extra::Jitter(more) => {
                let arrival = plain + more;
                let in_order = self.last_arrival.map_or(arrival, |last| last.max(arrival));
                self.last_arrival = Some(in_order);
                in_order
            }
        };
        self.flying.insert((arrival, self.count), (bytes, packet));
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Sends 1,000 bytes every 10 ms; says in which order and after how long they came.
    fn send(seed: u64, packets: u64, conditions: Conditions) -> (Vec<(u64, Duration)>, Tally) {
        let start = Instant::now();
        let mut link = Link::new(seed, conditions);
        let mut came = Vec::new();
        let mut take = |link: &mut Link<u64>, until: Instant| {
            while let Some(due) = link.due().filter(|due| *due <= until) {
                came.extend(
                    link.pop(due)
                        .map(|n| (n, due - (start + ms(10) * n as u32))),
                );
            }
        };
        for n in 0..packets {
            let now = start + ms(10) * n as u32;
            take(&mut link, now);
            link.push(now, 1_000, n);
        }
        take(&mut link, start + Duration::from_secs(3_600));
        (came, link.tally())
    }

    #[test]
    fn a_perfect_network_does_nothing() {
        let (came, tally) = send(1, 100, Conditions::default());
        assert!(came.iter().all(|(_, took)| took.is_zero()) && came.len() == 100);
        assert_eq!((tally.passed, tally.bytes, tally.lost), (100, 100_000, 0));
    }

    #[test]
    fn what_comes_out_follows_from_the_seed_alone() {
        let conditions = Conditions {
            loss: 0.1,
            jitter: ms(30),
            reordering: 0.05,
            ..Conditions::default()
        };
        assert_eq!(send(7, 500, conditions), send(7, 500, conditions));
        assert_ne!(send(7, 500, conditions), send(8, 500, conditions));
    }

    #[test]
    fn as_many_vanish_as_was_asked_for() {
        for loss in [0.01, 0.05, 0.1, 0.2] {
            let conditions = Conditions {
                loss,
                ..Conditions::default()
            };
            let (_, tally) = send(3, 20_000, conditions);
            let lost = tally.lost as f64 / tally.packets as f64;
            assert!((lost - loss).abs() < loss / 5.0, "{loss}: {lost}");
        }
    }

    #[test]
    fn bursts_lose_as_much_as_their_model_says_and_together() {
        let bursts = Bursts {
            begin: 0.01,
            end: 0.2,
            loss: 0.9,
        };
        let conditions = Conditions {
            bursts: Some(bursts),
            ..Conditions::default()
        };
        let (came, tally) = send(5, 50_000, conditions);
        let expected = 0.01 / (0.01 + 0.2) * 0.9;
        let lost = tally.lost as f64 / tally.packets as f64;
        assert!((lost - expected).abs() < 0.01, "{lost} for {expected}");
        let gaps = came.windows(2).filter(|w| w[1].0 != w[0].0 + 1).count() as f64;
        assert!(
            tally.lost as f64 / gaps > 2.0,
            "alone: {gaps} gaps of {}",
            tally.lost
        );
    }

    #[test]
    fn jitter_keeps_the_order_and_reordering_does_not() {
        let conditions = Conditions {
            delay: ms(40),
            jitter: ms(25),
            ..Conditions::default()
        };
        let (came, tally) = send(2, 1_000, conditions);
        assert_eq!(tally.overtaken, 0);
        assert!(came.windows(2).all(|w| w[0].0 < w[1].0));
        assert!(came.iter().all(|(_, took)| (ms(40)..ms(66)).contains(took)));
        let conditions = Conditions {
            reordering: 0.1,
            ..Conditions::default()
        };
        let (came, tally) = send(2, 1_000, conditions);
        let overtaken = came.windows(2).filter(|w| w[0].0 > w[1].0).count();
        assert!((60..140).contains(&overtaken), "{overtaken}");
        // Each is held back for longer than the next one takes, and shorter than the one after that.
        assert_eq!(tally.overtaken, overtaken as u64);
        assert_eq!(came.len(), 1_000);
    }

    #[test]
    fn a_narrow_line_queues_and_then_loses() {
        // 822,400 bit/s come, half of that passes.
        let conditions = Conditions {
            capacity: Some(411_200),
            queue: ms(200),
            ..Conditions::default()
        };
        let (came, tally) = send(1, 1_000, conditions);
        assert!((tally.passed as i64 - 505).abs() < 15, "{tally:?}");
        let longest = came.iter().map(|(_, took)| *took).max().expect("some came");
        assert!(longest > ms(190) && longest < ms(245), "{longest:?}");
    }

    #[test]
    fn a_drop_of_capacity_holds_up_what_waits() {
        let start = Instant::now();
        let wide = Conditions {
            capacity: Some(8_224_000),
            ..Conditions::default()
        };
        let mut link = Link::new(1, wide);
        for n in 0..10 {
            link.push(start, 1_000, n);
        }
        assert_eq!(link.waiting(start), ms(10));
        link.set(
            start,
            Conditions {
                capacity: Some(822_400),
                ..wide
            },
        );
        assert_eq!(link.waiting(start), ms(100));
        assert_eq!(link.waiting(start + ms(5)), ms(95));
        assert_eq!(
            (link.pop(start + ms(9)), link.pop(start + ms(10))),
            (None, Some(0))
        );
        assert_eq!(link.due(), Some(start + ms(20)));
    }

    #[test]
    fn in_an_outage_nothing_passes_and_what_was_on_its_way_arrives() {
        let start = Instant::now();
        let mut link = Link::new(
            1,
            Conditions {
                delay: ms(50),
                ..Conditions::default()
            },
        );
        link.push(start, 10, 1);
        link.set(
            start,
            Conditions {
                outage: true,
                ..link.conditions()
            },
        );
        link.push(start, 10, 2);
        link.set(
            start,
            Conditions {
                outage: false,
                ..link.conditions()
            },
        );
        link.push(start, 10, 3);
        let came: Vec<_> = std::iter::from_fn(|| link.pop(start + ms(50))).collect();
        assert_eq!(came, [1, 3]);
    }
}
