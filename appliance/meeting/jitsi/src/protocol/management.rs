//! Stream management (XEP-0198): what was sent and not confirmed yet, so that a lost link loses
//! nothing.

use std::collections::VecDeque;

use super::{ns, xml::Element};

/// Confirmation is asked for after this many stanzas.
const ASK_EVERY: u32 = 5;
/// Stanzas that may wait for a confirmation; a server that never confirms gets no resumption.
const MAX_UNCONFIRMED: usize = 1000;

/// Counters of one stream and of those that resume it.
#[derive(Debug, Default)]
pub(crate) struct Management {
    enabled: bool,
    /// The server's name for this stream; `None`: it can't be resumed.
    id: Option<String>,
    /// Stanzas received and handled.
    handled: u32,
    /// Stanzas that the server has confirmed.
    confirmed: u32,
    unconfirmed: VecDeque<String>,
    since_asked: u32,
}

impl Management {
    /// `<enable/>` was sent: stanzas count from here.
    pub(crate) fn enable(&mut self) -> Element {
        *self = Self {
            enabled: true,
            ..Self::default()
        };
        Element::new("enable", ns::SM).with("resume", "true")
    }

    /// The server's `<enabled/>`. What came before it does not count.
    pub(crate) fn enabled(&mut self, answer: &Element) {
        let resumable = matches!(answer.attr("resume"), Some("true" | "1"));
        self.id = answer.attr("id").filter(|_| resumable).map(str::to_owned);
        self.handled = 0;
    }

    /// The server knows no stream management after all.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The server's name for the stream, for the link's address.
    pub(crate) fn resumable(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Asks to go on with the stream of this name.
    pub(crate) fn resume(&self) -> Option<Element> {
        let id = self.id.as_deref()?;
        let resume = Element::new("resume", ns::SM)
            .with("previd", id)
            .with("h", self.handled.to_string());
        Some(resume)
    }

    /// The stream goes on; returns what the server has not got.
    pub(crate) fn resumed(&mut self, answer: &Element) -> Vec<String> {
        self.confirm(answer);
        self.since_asked = 0;
        self.unconfirmed.iter().cloned().collect()
    }

    /// A stanza goes out. Returns the question whether it arrived, where it is time for one.
    pub(crate) fn sent(&mut self, stanza: &str) -> Option<Element> {
        if !self.enabled {
            return None;
        }
        self.unconfirmed.push_back(stanza.to_owned());
        if self.unconfirmed.len() > MAX_UNCONFIRMED {
            self.id = None;
            self.unconfirmed.pop_front();
            self.confirmed = self.confirmed.wrapping_add(1);
        }
        self.since_asked += 1;
        (self.since_asked >= ASK_EVERY).then(|| {
            self.since_asked = 0;
            Element::new("r", ns::SM)
        })
    }

    /// A stanza came in.
    pub(crate) fn received(&mut self) {
        self.handled = self.handled.wrapping_add(1);
    }

    /// Asks whether all that was sent has arrived. Returns the question, and the number that
    /// [`Self::has_confirmed`] takes; `None`: nobody counts.
    pub(crate) fn ask(&mut self) -> Option<(Element, u32)> {
        if !self.enabled {
            return None;
        }
        self.since_asked = 0;
        let waiting = u32::try_from(self.unconfirmed.len()).unwrap_or(u32::MAX);
        Some((
            Element::new("r", ns::SM),
            self.confirmed.wrapping_add(waiting),
        ))
    }

    /// The server has taken everything up to this number.
    pub(crate) fn has_confirmed(&self, number: u32) -> bool {
        // Numbers wrap; what is ahead is never as far away as half of them.
        self.confirmed.wrapping_sub(number) < u32::MAX / 2
    }

    /// Answer to the server's `<r/>`.
    pub(crate) fn acknowledge(&self) -> Element {
        Element::new("a", ns::SM).with("h", self.handled.to_string())
    }

    /// The server's `<a/>`, also in `<resumed/>` and `<failed/>`.
    pub(crate) fn confirm(&mut self, answer: &Element) {
        let Some(h) = answer.attr("h").and_then(|h| h.parse::<u32>().ok()) else {
            return;
        };
        let newly = usize::try_from(h.wrapping_sub(self.confirmed)).unwrap_or(usize::MAX);
        // A server that counts backwards, or beyond what was sent, is not believed.
        if newly <= self.unconfirmed.len() {
            self.unconfirmed.drain(..newly);
            self.confirmed = h;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(h: &str) -> Element {
        Element::new("a", ns::SM).with("h", h)
    }

    fn running() -> Management {
        let mut sm = Management::default();
        sm.enable();
        let enabled = Element::new("enabled", ns::SM)
            .with("id", "one")
            .with("resume", "true");
        sm.enabled(&enabled);
        sm
    }

    #[test]
    fn what_is_not_confirmed_is_sent_again() {
        let mut sm = running();
        for stanza in ["a", "b", "c"] {
            assert_eq!(sm.sent(stanza), None);
        }
        sm.confirm(&answer("1"));
        assert_eq!(sm.resumed(&answer("2")), ["c"]);
        sm.received();
        assert_eq!(sm.resume().unwrap().attr("h"), Some("1"));
    }

    #[test]
    fn asks_after_five_and_ignores_impossible_counts() {
        let mut sm = running();
        let asked: Vec<bool> = (0..10).map(|_| sm.sent("x").is_some()).collect();
        assert_eq!(asked.iter().filter(|a| **a).count(), 2);
        sm.confirm(&answer("11"));
        sm.confirm(&answer("4294967295"));
        sm.confirm(&answer("nonsense"));
        assert_eq!(sm.resumed(&answer("0")).len(), 10);
    }

    #[test]
    fn a_server_that_never_confirms_is_not_remembered_for() {
        let mut sm = running();
        for _ in 0..=MAX_UNCONFIRMED {
            sm.sent("x");
        }
        assert_eq!(sm.resumable(), None);
        assert_eq!(sm.unconfirmed.len(), MAX_UNCONFIRMED);
    }
}
