//! What Opus packets say about themselves, and which of them are missing.
//!
//! Pure.

use std::time::Duration;

/// No packet lasts longer (RFC 6716 section 3.1), and what concealment invents for longer than
/// this sounds worse than silence.
const LONGEST: u64 = 5_760;
/// Opus counts in 48 kHz whatever its rate is (RFC 7587 section 4.1).
const RATE: u32 = 48_000;

/// How long a packet lasts; nothing for one that can't be.
#[must_use]
pub fn length(packet: &[u8]) -> Duration {
    Duration::from_secs(samples(packet).unwrap_or(0)) / RATE
}

/// Samples in a packet; `None` for one that can't be (RFC 6716 section 3.1).
#[must_use]
pub fn samples(packet: &[u8]) -> Option<u64> {
    let first = *packet.first()?;
    let frame = match first >> 3 {
        config @ 0..=11 => [480, 960, 1_920, 2_880][usize::from(config & 3)],
        config @ 12..=15 => [480, 960][usize::from(config & 1)],
        config => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(packet.get(1)? & 0x3F),
    };
    let samples = frame * frames;
    (1..=LONGEST).contains(&samples).then_some(samples)
}

/// Packets that did not come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// How many.
    pub packets: u32,
    /// How long each was to last.
    pub each: Duration,
}

/// Losses come in bursts, minutes long where the network is bad: so long after the last one there may be another.
const LOSES_FOR: Duration = Duration::from_secs(30);

/// Follows one voice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Voice {
    /// RTP time of the next packet when none is missing.
    next: Option<u64>,
    /// When a packet was due before which some were missing.
    lost: Option<Duration>,
}

impl Voice {
    /// What is missing before a packet that is played at `at`. Senders that pause in silence leave gaps in time but none
    /// in number: `contiguous` tells them from losses.
    pub fn missing(
        &mut self,
        rtp_time: u64,
        contiguous: bool,
        packet: &[u8],
        at: Duration,
    ) -> Missing {
        let missing = self.follow(rtp_time, contiguous, packet);
        if missing.packets > 0 {
            self.lost = Some(at);
        }
        missing
    }

    /// Whether more is likely to go missing than it is worth to play sound a packet earlier for.
    #[must_use]
    pub fn loses(&self, at: Duration) -> bool {
        self.lost
            .is_some_and(|lost| at.saturating_sub(lost) < LOSES_FOR)
    }

    fn follow(&mut self, rtp_time: u64, contiguous: bool, packet: &[u8]) -> Missing {
        let Some(samples) = samples(packet) else {
            return Missing::default();
        };
        let expected = self.next.replace(rtp_time.saturating_add(samples));
        let gap = expected.and_then(|expected| rtp_time.checked_sub(expected));
        match gap {
            Some(gap @ 1..=LONGEST) if !contiguous => Missing {
                packets: u32::try_from(gap / samples).unwrap_or(0),
                each: Duration::from_secs(samples) / RATE,
            },
            _ => Missing::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 ms, as browsers and rooms send.
    const PACKET: [u8; 3] = [0x78, 1, 2];

    #[test]
    fn packets_say_how_long_they_are() {
        for (packet, wanted) in [
            (&[0x78_u8, 0][..], Some(960)),
            (&[0xF8, 0xFF, 0xFE], Some(960)),
            (&[0x08], Some(960)),
            (&[0x18], Some(2_880)),
            (&[0x1B, 2], Some(5_760)),
            (&[0x1B, 3], None),
            (&[0x80], Some(120)),
            (&[0x81], Some(240)),
            (&[0x7B, 0x86], Some(5_760)),
            (&[0x7B, 0], None),
            (&[0x7B], None),
            (&[], None),
        ] {
            assert_eq!(samples(packet), wanted, "{packet:?}");
        }
    }

    #[test]
    fn a_voice_that_lost_something_is_thought_to_lose_more_for_a_while() {
        let mut voice = Voice::default();
        let at = Duration::from_secs;
        for (second, time, contiguous) in [(1, 0, true), (2, 9_600, true), (3, 10_560, true)] {
            voice.missing(time, contiguous, &PACKET, at(second));
            assert!(!voice.loses(at(second)), "a pause at {second}");
        }
        voice.missing(12_480, false, &PACKET, at(10));
        assert!(voice.loses(at(10)) && voice.loses(at(39)));
        assert!(!voice.loses(at(40)));
    }

    #[test]
    fn losses_are_told_from_pauses() {
        let mut voice = Voice::default();
        let mut missing = |time: u64, contiguous| {
            let missing = voice.missing(time, contiguous, &PACKET, Duration::ZERO);
            assert!(missing.packets == 0 || missing.each == Duration::from_millis(20));
            missing.packets
        };
        assert_eq!(missing(96_000, false), 0, "the first");
        assert_eq!(missing(96_960, true), 0);
        assert_eq!(missing(98_880, false), 1, "one is lost");
        assert_eq!(missing(104_640, false), 5);
        assert_eq!(missing(115_200, true), 0, "a pause");
        assert_eq!(missing(480_000, false), 0, "too long to be made up");
        assert_eq!(missing(960, false), 0, "another source");
        assert_eq!(missing(u64::MAX, false), 0);
    }
}
