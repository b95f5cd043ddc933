//! One source on its way to one receiver: which layer goes through, and one unbroken stream of it whatever changes.

use std::time::Instant;

use super::packet::Numbers;

/// What of a packet decides about its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    /// The sender's SSRC: the layer.
    pub(super) ssrc: u32,
    /// Extended by its overruns.
    pub(super) sequence: u64,
    pub(super) time: u32,
    pub(super) at: Instant,
    /// A decoder can start here.
    pub(super) starts: bool,
    pub(super) numbers: Option<Numbers>,
}

/// What the packet is numbered with on the receiver's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Departure {
    pub(super) sequence: u64,
    pub(super) time: u32,
    pub(super) picture: u16,
    pub(super) base: u8,
}

/// The way of a source to a receiver.
#[derive(Debug)]
pub(super) struct Lane {
    clock_rate: u32,
    layer: Option<Layer>,
    last: Option<(Departure, Instant)>,
}

#[derive(Debug, Clone, Copy)]
struct Layer {
    ssrc: u32,
    first: u64,
    /// What is added to each number, with overrun.
    sequence: u64,
    time: u32,
    picture: u16,
    base: u8,
}

/// The first sequence number of a lane: low, so that it does not overrun before the receiver has seen one.
const FIRST_SEQUENCE: u64 = 1000;

impl Lane {
    pub(super) fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate,
            layer: None,
            last: None,
        }
    }

    /// The layer that goes through.
    pub(super) fn layer(&self) -> Option<u32> {
        self.layer.map(|layer| layer.ssrc)
    }

    /// Lets nothing through until a layer is chosen and starts again.
    pub(super) fn close(&mut self) {
        self.layer = None;
    }

    /// The numbers of a packet if it goes through; `wanted` is the layer to change to as soon as it can be started.
    pub(super) fn pass(&mut self, packet: &Arrival, wanted: u32) -> Option<Departure> {
        if packet.ssrc == wanted && packet.starts && self.layer() != Some(wanted) {
            self.layer = Some(self.begin(packet));
        }
        let layer = self.layer.filter(|layer| layer.ssrc == packet.ssrc)?;
        // Late packets from before the change would take numbers that others have.
        if packet.sequence < layer.first {
            return None;
        }
        let (picture, base) = running(packet.numbers);
        let departure = Departure {
            sequence: packet.sequence.wrapping_add(layer.sequence),
            time: packet.time.wrapping_add(layer.time),
            picture: picture.wrapping_add(layer.picture) & 0x7fff,
            base: base.wrapping_add(layer.base),
        };
        let newer = |(last, _): (Departure, Instant)| departure.sequence > last.sequence;
        if self.last.is_none_or(newer) {
            self.last = Some((departure, packet.at));
        }
        Some(departure)
    }

    fn begin(&self, packet: &Arrival) -> Layer {
        let (picture, base) = running(packet.numbers);
        let next = match self.last {
            None => Departure {
                sequence: FIRST_SEQUENCE,
                time: packet.time,
                picture,
                base,
            },
            Some((last, at)) => {
                let passed = packet.at.saturating_duration_since(at).as_secs_f64();
                let ticks = (passed * f64::from(self.clock_rate)) as u32;
                Departure {
                    sequence: last.sequence + 1,
                    time: last.time.wrapping_add(ticks.max(1)),
                    picture: last.picture.wrapping_add(1),
                    base: last.base.wrapping_add(1),
                }
            }
        };
        Layer {
            ssrc: packet.ssrc,
            first: packet.sequence,
            sequence: next.sequence.wrapping_sub(packet.sequence),
            time: next.time.wrapping_sub(packet.time),
            picture: next.picture.wrapping_sub(picture),
            base: next.base.wrapping_sub(base),
        }
    }
}

fn running(numbers: Option<Numbers>) -> (u16, u8) {
    let picture = numbers.and_then(|numbers| numbers.picture);
    let base = numbers.and_then(|numbers| numbers.base);
    (
        picture.map_or(0, |(picture, _)| picture),
        base.map_or(0, |(base, _)| base),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn packet(at: Instant, ssrc: u32, sequence: u64, starts: bool) -> Arrival {
        let payload = [0x90, 0xe0, 0x80 | ssrc as u8, sequence as u8, ssrc as u8, 0];
        Arrival {
            ssrc,
            sequence,
            time: ssrc * 1_000_000 + sequence as u32 * 3000,
            at,
            starts,
            numbers: Numbers::read(&payload),
        }
    }

    #[test]
    fn nothing_passes_before_a_decoder_can_start() {
        let (mut lane, now) = (Lane::new(90_000), Instant::now());
        assert_eq!(lane.pass(&packet(now, 1, 10, false), 1), None);
        assert!(lane.pass(&packet(now, 1, 11, true), 1).is_some());
        assert!(lane.pass(&packet(now, 1, 12, false), 1).is_some());
        assert_eq!(lane.pass(&packet(now, 2, 12, false), 1), None);
    }

    #[test]
    fn a_change_of_layer_leaves_no_gap() {
        let (mut lane, now) = (Lane::new(90_000), Instant::now());
        lane.pass(&packet(now, 1, 10, true), 1);
        let before = lane.pass(&packet(now, 1, 11, false), 1).unwrap();
        let later = now + Duration::from_millis(100);
        // The old layer goes on until the new one can be started.
        assert!(lane.pass(&packet(now, 2, 500, false), 2).is_none());
        let after = lane.pass(&packet(later, 2, 501, true), 2).unwrap();
        assert_eq!(after.sequence, before.sequence + 1);
        assert_eq!(after.picture, before.picture + 1);
        assert_eq!(after.base, before.base.wrapping_add(1));
        assert_eq!(after.time, before.time + 9000);
        assert_eq!(lane.pass(&packet(later, 2, 499, false), 2), None, "late");
        assert_eq!(
            lane.pass(&packet(later, 1, 12, false), 2),
            None,
            "old layer"
        );
    }
}
