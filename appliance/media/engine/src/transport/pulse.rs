//! Whether the other side of a connection is still heard, without a clock.
//!
//! A dead server says nothing any more, and ICE gives it up after 20 s. People wonder after three:
//! whatever the other side sends, sound, reports or answers to connectivity checks, is a sign of
//! life, and while none comes the connection counts as interrupted.

use std::time::{Duration, Instant};

use str0m::RtcConfig;

/// Silence after which a connection counts as interrupted.
pub(super) const QUIET_AFTER: Duration = Duration::from_secs(3);
/// How often the way is checked: where nobody speaks the answers are the only signs of life, and
/// of six in a row one arrives even where every fifth packet is lost, each way.
const CHECK_EVERY: Duration = Duration::from_millis(500);
/// Unanswered checks after which ICE gives a way up: 20 s, as its own timing has it.
const CHECKS: usize = 40;
/// Signs of life are noted this often; each datagram would be too often.
const NOTE_EVERY: Duration = Duration::from_millis(200);

/// Sets how often ICE checks the way.
pub(super) fn check_often(config: &mut RtcConfig) {
    config.set_max_stun_rto(CHECK_EVERY);
    config.set_max_stun_retransmits(CHECKS);
}

/// The other side's signs of life.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    heard: Option<Instant>,
    quiet: bool,
}

impl Pulse {
    /// The connection is up.
    pub(super) fn start(&mut self, now: Instant) {
        *self = Self {
            heard: Some(now),
            quiet: false,
        };
    }

    /// The connection is not up, for another reason than silence.
    pub(super) fn stop(&mut self) {
        *self = Self::default();
    }

    /// Whether a datagram that comes now is worth a look.
    pub(super) fn listens(&self, now: Instant) -> bool {
        let note = |heard| self.quiet || now >= heard + NOTE_EVERY;
        self.heard.is_some_and(note)
    }

    /// The other side sent something; true after a silence.
    pub(super) fn beat(&mut self, now: Instant) -> bool {
        if self.heard.is_some() {
            self.heard = Some(now);
        }
        std::mem::take(&mut self.quiet)
    }

    /// The other side is silent.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// When to call [`Pulse::check`] next.
    pub(super) fn due(&self) -> Option<Instant> {
        self.heard
            .filter(|_| !self.quiet)
            .map(|heard| heard + QUIET_AFTER)
    }

    /// True once when silence has lasted too long.
    pub(super) fn check(&mut self, now: Instant) -> bool {
        let quiet = self.due().is_some_and(|due| due <= now);
        self.quiet |= quiet;
        quiet
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use str0m::{
        Candidate, Event, Input, Output, Rtc,
        net::{Protocol, Receive},
    };

    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn silence_is_noticed_once_and_ends_with_the_next_sign_of_life() {
        let start = Instant::now();
        let mut pulse = Pulse::default();
        assert!(pulse.due().is_none() && !pulse.check(start) && !pulse.listens(start));
        pulse.start(start);
        assert!(!pulse.listens(start + ms(100)) && pulse.listens(start + ms(200)));
        assert!(!pulse.beat(start + ms(200)));
        assert_eq!(pulse.due(), Some(start + ms(200) + QUIET_AFTER));
        assert!(!pulse.check(start + ms(199) + QUIET_AFTER));
        assert!(pulse.check(start + ms(200) + QUIET_AFTER) && !pulse.check(start + ms(9_000)));
        assert!(pulse.due().is_none() && pulse.listens(start + ms(9_000)));
        assert!(pulse.beat(start + ms(9_000)));
        assert_eq!(pulse.due(), Some(start + ms(9_000) + QUIET_AFTER));
        pulse.stop();
        assert!(!pulse.beat(start + ms(9_500)) && pulse.due().is_none());
    }

    /// One of two connections that know each other, in simulated time.
    struct Side {
        rtc: Rtc,
        address: SocketAddr,
        wake: Instant,
        connected: bool,
    }

    impl Side {
        fn new(now: Instant, address: &str) -> Self {
            let mut config = Rtc::builder();
            check_often(&mut config);
            let mut rtc = config.build(now);
            let address = address.parse().expect("an address");
            rtc.add_local_candidate(Candidate::host(address, "udp").expect("a candidate"));
            Self {
                rtc,
                address,
                wake: now,
                connected: false,
            }
        }

        fn meet(&mut self, other: &mut Self, first: bool) {
            let candidate = Candidate::host(other.address, "udp").expect("a candidate");
            self.rtc.add_remote_candidate(candidate);
            let credentials = other.rtc.direct_api().local_ice_credentials();
            let fingerprint = other.rtc.direct_api().local_dtls_fingerprint().clone();
            let mut api = self.rtc.direct_api();
            api.set_remote_ice_credentials(credentials);
            api.set_remote_fingerprint(fingerprint);
            api.set_ice_controlling(first);
            api.start_dtls(first).expect("DTLS begins");
        }

        /// What it sends now.
        fn run(&mut self, now: Instant) -> Vec<Vec<u8>> {
            if self.wake <= now {
                self.rtc
                    .handle_input(Input::Timeout(now))
                    .expect("it lives");
            }
            let mut sent = Vec::new();
            loop {
                match self.rtc.poll_output().expect("it lives") {
                    Output::Timeout(at) => {
                        self.wake = at;
                        return sent;
                    }
                    Output::Transmit(datagram) => sent.push(datagram.contents.to_vec()),
                    Output::Event(event) => self.connected |= matches!(event, Event::Connected),
                }
            }
        }

        fn hear(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
            let received = Receive::new(Protocol::Udp, from, self.address, datagram);
            let received = Input::Receive(now, received.expect("what the other one sent"));
            self.rtc.handle_input(received).expect("it lives");
        }
    }

    #[test]
    fn where_nobody_speaks_and_every_fifth_packet_is_lost_there_is_no_alarm() {
        let start = Instant::now();
        let (mut ours, mut theirs) = (
            Side::new(start, "10.0.0.1:1"),
            Side::new(start, "10.0.0.2:2"),
        );
        ours.meet(&mut theirs, true);
        theirs.meet(&mut ours, false);
        let (mut pulse, mut alarms, mut dice) = (Pulse::default(), 0, fastrand::Rng::with_seed(7));
        let mut now = start;
        while now < start + Duration::from_secs(600) {
            let lossy = ours.connected && theirs.connected;
            if lossy && pulse.due().is_none() {
                pulse.start(now);
            }
            let mut lost = || lossy && dice.u8(..100) < 20;
            for datagram in ours.run(now) {
                if !lost() {
                    theirs.hear(now, ours.address, &datagram);
                }
            }
            for datagram in theirs.run(now) {
                if !lost() {
                    ours.hear(now, theirs.address, &datagram);
                    pulse.beat(now);
                }
            }
            alarms += u32::from(pulse.check(now));
            now += ms(20);
        }
        assert!(ours.connected && theirs.connected);
        assert_eq!(alarms, 0);
    }
}
