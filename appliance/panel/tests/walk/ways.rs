//! What people know about the panel from having used it: what they can try, how often they did, and what they could try
//! afterwards.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

/// Something to try: one of a kind at a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Thing {
    /// Screen and sheet.
    pub(crate) place: (&'static str, Option<&'static str>),
    pub(crate) kind: String,
}

/// What a try costs that leads on.
const TRY: u64 = 100;
/// What each time that a thing was tried before costs: people try so often for something that was tried once less.
const TRIED: u64 = 8 * TRY;
/// The same for its like elsewhere: most of it is known from there.
const TRIED_ELSEWHERE: u64 = TRIED / 4;

/// All that was tried, over all days.
#[derive(Default)]
pub(crate) struct Ways {
    /// Things in the order in which they were met.
    met: BTreeMap<Thing, usize>,
    known: Vec<Known>,
    /// How often each kind was tried, wherever it was.
    kinds: BTreeMap<String, u64>,
}

struct Known {
    kind: String,
    tried: u64,
    /// After how many of these tries each thing was there.
    led_to: BTreeMap<usize, u64>,
}

impl Ways {
    fn meet(&mut self, thing: &Thing) -> usize {
        if let Some(at) = self.met.get(thing) {
            return *at;
        }
        self.known.push(Known {
            kind: thing.kind.clone(),
            tried: 0,
            led_to: BTreeMap::new(),
        });
        let at = self.known.len() - 1;
        self.met.insert(thing.clone(), at);
        at
    }

    /// Somebody tried it, and then there was `after` to try.
    pub(crate) fn learn<'a>(&mut self, tried: &Thing, after: impl Iterator<Item = &'a Thing>) {
        let after: BTreeSet<usize> = after.map(|thing| self.meet(thing)).collect();
        *self.kinds.entry(tried.kind.clone()).or_default() += 1;
        let at = self.meet(tried);
        let known = &mut self.known[at];
        known.tried += 1;
        for thing in after {
            *known.led_to.entry(thing).or_default() += 1;
        }
    }

    /// Which of the things that are `here` to touch next, by its index: the one that was tried least, or the first one on the
    /// way to one elsewhere that was tried less still. A way counts how often each of its things has to be tried until it leads
    /// on.
    pub(crate) fn least_tried<'a>(
        &mut self,
        here: impl Iterator<Item = &'a Thing>,
    ) -> Option<usize> {
        let mut next = BinaryHeap::new();
        for (first, thing) in here.enumerate() {
            let at = self.meet(thing);
            next.push(Reverse((0, first, at)));
        }
        let mut reached = vec![false; self.known.len()];
        let mut best: Option<(u64, usize)> = None;
        while let Some(Reverse((way, first, at))) = next.pop() {
            if best.is_some_and(|(least, _)| least <= way) {
                break;
            }
            if std::mem::replace(&mut reached[at], true) {
                continue;
            }
            let known = &self.known[at];
            let alike = self.kinds.get(&known.kind).copied().unwrap_or(0) - known.tried;
            let all = way + TRIED * known.tried + TRIED_ELSEWHERE * alike;
            if best.is_none_or(|(least, _)| all < least) {
                best = Some((all, first));
            }
            for (to, times) in &known.led_to {
                if !reached[*to] {
                    let takes = TRY * (known.tried + 1) / times;
                    next.push(Reverse((way + takes, first, *to)));
                }
            }
        }
        best.map(|(_, first)| first)
    }
}
