//! Telephone tones as events in the stream of a voice (RFC 4733), without a clock.
//!
//! A tone takes the place of the sound: its reports share the time at which it began, and sound
//! that was captured until its end is left out.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// How long a tone lasts and how far tones are apart; what Jitsi's web client plays, and what slow
/// machines at the other end of a telephone line still recognise (ITU-T Q.24 asks for 40 ms).
const TONE: Duration = Duration::from_millis(200);
const PAUSE: Duration = Duration::from_millis(100);
/// As often as sound is sent (RFC 4733 section 2.5.1.2).
const EVERY: Duration = Duration::from_millis(20);
/// Reports of a tone that goes on; the one after them says that it ended.
const REPORTS: u32 = 9;
/// The end is said three times, so that one arrives (RFC 4733 section 2.5.1.4).
const ENDS: u32 = 3;
/// The clock of the payload type that conferences offer.
const TICKS_PER_MS: u32 = 8;
/// -10 dBm0, as telephones send them.
const VOLUME: u8 = 10;
/// More than anybody types; what comes while so many wait is left out.
const WAITING: usize = 64;

/// One packet's worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Report {
    /// The payload.
    pub(super) payload: [u8; 4],
    /// The first of its tone, which has the marker.
    pub(super) first: bool,
    /// When its tone began, which is its time.
    pub(super) began: Instant,
}

/// The tones of one stream.
#[derive(Debug, Default)]
pub(super) struct Tones {
    waiting: VecDeque<u8>,
    sounding: Option<Sounding>,
    /// Of the last tone.
    end: Option<Instant>,
}

#[derive(Debug)]
struct Sounding {
    event: u8,
    began: Instant,
    /// Reports that were sent.
    sent: u32,
}

impl Sounding {
    fn due(&self) -> Instant {
        self.began + EVERY * (self.sent + 1)
    }
}

impl Tones {
    /// Queues tones. False, and nothing is queued, where one of them is on no telephone.
    pub(super) fn add(&mut self, now: Instant, tones: &str) -> bool {
        let Some(events) = tones.chars().map(event).collect::<Option<Vec<_>>>() else {
            return false;
        };
        let space = WAITING.saturating_sub(self.waiting.len());
        self.waiting.extend(events.into_iter().take(space));
        self.begin(now);
        true
    }

    /// When to call [`Tones::poll`] next.
    pub(super) fn due(&self) -> Option<Instant> {
        self.sounding.as_ref().map(Sounding::due)
    }

    /// The next report, where it is time for one.
    pub(super) fn poll(&mut self, now: Instant) -> Option<Report> {
        let sounding = self.sounding.as_mut().filter(|s| s.due() <= now)?;
        sounding.sent += 1;
        let sent = sounding.sent;
        let ended = sent > REPORTS;
        let lasted = EVERY.as_millis() as u32 * sent.min(REPORTS + 1);
        let [_, _, high, low] = (lasted * TICKS_PER_MS).to_be_bytes();
        let flags = if ended { 0x80 | VOLUME } else { VOLUME };
        let report = Report {
            payload: [sounding.event, flags, high, low],
            first: sent == 1,
            began: sounding.began,
        };
        if sent == REPORTS + ENDS {
            self.sounding = None;
            self.begin(now);
        }
        Some(report)
    }

    /// Whether sound that was captured at this time is left out: until a tone has ended, and has said so as often as
    /// it does, so that the stream's time never goes back.
    pub(super) fn replace(&self, captured: Instant) -> bool {
        self.sounding.is_some() || self.end.is_some_and(|end| captured < end)
    }

    fn begin(&mut self, now: Instant) {
        if self.sounding.is_some() {
            return;
        }
        let Some(event) = self.waiting.pop_front() else {
            return;
        };
        let began = self.end.map_or(now, |end| now.max(end + PAUSE));
        self.end = Some(began + TONE);
        self.sounding = Some(Sounding {
            event,
            began,
            sent: 0,
        });
    }
}

/// The event code of a key (RFC 4733 section 3.2).
fn event(tone: char) -> Option<u8> {
    let code = match tone {
        '0'..='9' => tone as u32 - '0' as u32,
        '*' => 10,
        '#' => 11,
        'A'..='D' => 12 + tone as u32 - 'A' as u32,
        'a'..='d' => 12 + tone as u32 - 'a' as u32,
        _ => return None,
    };
    u8::try_from(code).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All reports, each taken when it is due, with its delay since the start.
    fn play(tones: &mut Tones, start: Instant) -> Vec<(u64, Report)> {
        let mut played = Vec::new();
        while let Some(due) = tones.due() {
            assert_eq!(
                tones.poll(due - Duration::from_millis(1)),
                None,
                "too early"
            );
            let report = tones.poll(due).expect("it is due");
            played.push(((due - start).as_millis() as u64, report));
        }
        played
    }

    #[test]
    fn a_tone_is_reported_while_it_lasts_and_its_end_three_times() {
        let start = Instant::now();
        let mut tones = Tones::default();
        assert!(tones.add(start, "#"));
        let played = play(&mut tones, start);
        let lasted = |report: &Report| u16::from_be_bytes([report.payload[2], report.payload[3]]);
        let ends: Vec<_> = played
            .iter()
            .map(|(at, report)| (*at, report.payload[1] & 0x80 != 0, lasted(report)))
            .collect();
        let mut wanted: Vec<_> = (1..=9)
            .map(|n: u16| (u64::from(n) * 20, false, n * 160))
            .collect();
        wanted.extend([(200, true, 1600), (220, true, 1600), (240, true, 1600)]);
        assert_eq!(ends, wanted);
        assert!(played.iter().all(|(_, r)| r.payload[0] == 11));
        assert!(played.iter().all(|(_, r)| r.payload[1] & 0x7F == VOLUME));
        assert!(played.iter().all(|(_, r)| r.began == start), "one time");
        let first: Vec<_> = played.iter().map(|(_, r)| r.first).collect();
        assert!(first[0] && !first[1..].contains(&true), "one marker");
    }

    #[test]
    fn tones_follow_each_other_with_a_pause_and_the_voice_is_back_after_the_last() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut tones = Tones::default();
        assert!(!tones.replace(start));
        assert!(tones.add(start, "1*") && tones.add(start, "0d"));
        assert!(tones.replace(at(199)) && tones.replace(at(200)));
        let played = play(&mut tones, start);
        let mut begun: Vec<_> = played
            .iter()
            .filter(|(_, report)| report.first)
            .map(|(_, report)| (report.payload[0], (report.began - start).as_millis()))
            .collect();
        assert_eq!(begun, [(1, 0), (10, 300), (0, 600), (15, 900)]);
        assert!(!tones.replace(at(1_100)), "the voice is back");
        let later = at(5_000);
        assert!(tones.add(later, "5"));
        begun = vec![(
            5,
            (tones.poll(tones.due().unwrap()).unwrap().began - later).as_millis(),
        )];
        assert_eq!(begun, [(5, 0)]);
    }

    #[test]
    fn what_is_on_no_telephone_sounds_not_even_in_part() {
        let now = Instant::now();
        let mut tones = Tones::default();
        for bad in ["12x", "E", "+49", "１"] {
            assert!(!tones.add(now, bad), "{bad}");
        }
        assert_eq!(tones.due(), None);
        assert!(tones.add(now, &"7".repeat(10_000)));
        assert!(tones.waiting.len() <= WAITING);
    }
}
