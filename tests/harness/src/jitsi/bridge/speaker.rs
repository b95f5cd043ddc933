//! Who speaks: the loudest for long enough becomes the dominant speaker.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Somebody else has to be louder for this long.
const PATIENCE: Duration = Duration::from_millis(600);
/// Sounds below this level are nobody's speech, dBov.
const SILENCE: f32 = -60.0;
/// Weight of a new packet (20 ms) in the level.
const WEIGHT: f32 = 0.1;

/// The levels of a conference's participants.
#[derive(Debug, Default)]
pub(super) struct Speakers {
    levels: BTreeMap<String, f32>,
    candidate: Option<(String, Instant)>,
    /// The dominant speaker first, then those before.
    order: Vec<String>,
}

impl Speakers {
    /// Hears a packet's level in dBov; tells whether the dominant speaker has changed.
    pub(super) fn hear(&mut self, now: Instant, endpoint: &str, level: f32) -> bool {
        let heard = self.levels.entry(endpoint.to_owned()).or_insert(-127.0);
        *heard += (level - *heard) * WEIGHT;
        let loudest = self.levels.iter().max_by(|a, b| a.1.total_cmp(b.1));
        let Some((name, level)) = loudest.filter(|(_, level)| **level > SILENCE) else {
            return false;
        };
        let current = self.order.first().and_then(|name| self.levels.get(name));
        if self.order.first() == Some(name) || current.is_some_and(|held| held + 3.0 > *level) {
            self.candidate = None;
            return false;
        }
        match &self.candidate {
            Some((waiting, since)) if waiting == name => {
                if now.saturating_duration_since(*since) < PATIENCE && !self.order.is_empty() {
                    return false;
                }
            }
            _ => {
                self.candidate = Some((name.clone(), now));
                if !self.order.is_empty() {
                    return false;
                }
            }
        }
        let name = name.clone();
        self.order.retain(|other| *other != name);
        self.order.insert(0, name);
        self.candidate = None;
        true
    }

    pub(super) fn leave(&mut self, endpoint: &str) {
        self.levels.remove(endpoint);
        self.order.retain(|other| other != endpoint);
    }

    /// The dominant speaker and those before, the last one first.
    pub(super) fn order(&self) -> &[String] {
        &self.order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_speaker_is_dominant_at_once_and_the_next_after_a_while() {
        let (mut speakers, mut now) = (Speakers::default(), Instant::now());
        let mut changes = Vec::new();
        for step in 0..200 {
            now += Duration::from_millis(20);
            let (a, b) = if step < 100 {
                (-20.0, -127.0)
            } else {
                (-127.0, -20.0)
            };
            for (name, level) in [("a", a), ("b", b)] {
                if speakers.hear(now, name, level) {
                    changes.push((step, speakers.order()[0].clone()));
                }
            }
        }
        assert_eq!(changes.len(), 2, "{changes:?}");
        assert_eq!(changes[0].1, "a");
        assert_eq!(changes[1].1, "b");
        assert_eq!(speakers.order(), ["b", "a"]);
    }
}
