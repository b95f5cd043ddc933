//! How loud each part was last.

use std::{collections::HashMap, time::Duration};

use crate::graph::Part;

/// How long a loudness counts that was measured last; each second brings another one while there is sound.
const HOLDS: Duration = Duration::from_secs(3);

/// The loudness of the parts that sound. Where nothing arrives, nothing is measured either: what was heard last is over then.
#[derive(Debug, Default)]
pub(super) struct Levels(HashMap<Part, Level>);

#[derive(Clone, Copy, Debug)]
struct Level {
    dbfs: f64,
    /// When that was heard, in the graph's time.
    at: Duration,
}

impl Levels {
    /// A part was as loud as this, in dBFS, at this time of the graph.
    pub(super) fn heard(&mut self, part: Part, dbfs: f64, at: Duration) {
        self.0.insert(part, Level { dbfs, at });
    }

    /// Forgets what is over now, and parts that are not there any more.
    pub(super) fn keep(&mut self, now: Duration, is_there: impl Fn(&Part) -> bool) {
        self.0
            .retain(|part, level| now.saturating_sub(level.at) < HOLDS && is_there(part));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// In dBFS.
    pub(super) fn of(&self, part: &Part) -> Option<f64> {
        self.0.get(part).map(|level| level.dbfs)
    }
}
