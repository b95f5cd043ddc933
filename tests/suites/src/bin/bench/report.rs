//! Figures of two subjects beside each other.

use std::fmt;
use std::time::Duration;

/// What most are about.
pub(crate) const ROOM_AND_BROWSER: [&str; 2] = ["Saal", "Chromium"];

/// A benchmark's table.
pub(crate) struct Report {
    pub(crate) title: String,
    /// Who is measured, and beside whom.
    pub(crate) subjects: [&'static str; 2],
    pub(crate) rows: Vec<Row>,
    pub(crate) remarks: Vec<&'static str>,
}

/// One quantity, of the room alone or of both subjects.
pub(crate) struct Row {
    what: &'static str,
    unit: &'static str,
    /// One figure a turn.
    pub(crate) ours: Vec<f64>,
    /// One figure a turn; empty when there is no peer.
    peer: Vec<f64>,
    /// The ratio that is to be reached.
    ratio: Option<f64>,
    /// The room's figure that is to be reached, whatever the peer's is.
    most: Option<f64>,
}

impl Row {
    /// Of the room alone.
    pub(crate) fn alone(what: &'static str, unit: &'static str) -> Self {
        Self {
            what,
            unit,
            ours: Vec::new(),
            peer: Vec::new(),
            ratio: None,
            most: None,
        }
    }

    /// Of both, without a goal.
    pub(crate) fn compared(what: &'static str, unit: &'static str) -> Self {
        Self::alone(what, unit)
    }

    /// Of both; the ratio is to be this at most.
    pub(crate) fn beside(what: &'static str, unit: &'static str, ratio: f64) -> Self {
        Self {
            ratio: Some(ratio),
            ..Self::alone(what, unit)
        }
    }

    /// The room's figure is to be this at most.
    pub(crate) fn at_most(self, most: f64) -> Self {
        Self {
            most: Some(most),
            ..self
        }
    }

    /// A turn of both.
    pub(crate) fn add(&mut self, ours: f64, peer: f64) {
        self.ours.push(ours);
        self.peer.push(peer);
    }

    fn is_missed(&self) -> bool {
        let ours = median(&self.ours).0;
        let above = |figure: f64, goal: Option<f64>| goal.is_some_and(|goal| figure > goal);
        above(ours, self.most) || above(ours / median(&self.peer).0, self.ratio)
    }
}

/// Median, and the interval that holds it with 95 % confidence (order statistics; all of it for few turns).
fn median(figures: &[f64]) -> (f64, f64, f64) {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return (f64::NAN, f64::NAN, f64::NAN);
    };
    let middle = f64::midpoint(sorted[last / 2], sorted[last.div_ceil(2)]);
    let count = sorted.len() as f64;
    let below = (count / 2.0 - 0.98 * count.sqrt()).floor().max(0.0) as usize;
    (middle, sorted[below], sorted[last - below])
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |figures: &[f64]| match figures {
            [] => String::new(),
            figures => {
                let (middle, low, high) = median(figures);
                format!("{middle:.1} ({low:.1} to {high:.1})")
            }
        };
        let goal = |goal: Option<f64>| goal.map_or_else(String::new, |goal| format!("{goal}"));
        let ratio = match self.peer.as_slice() {
            [] => String::new(),
            peer => format!("{:.2}", median(&self.ours).0 / median(peer).0),
        };
        let name = format!("{} [{}]", self.what, self.unit);
        let verdict = if self.is_missed() { "  missed" } else { "" };
        write!(
            f,
            "{name:<49} {:>24} {:>6} {:>26} {ratio:>6} {:>6}{verdict}",
            shown(&self.ours),
            goal(self.most),
            shown(&self.peer),
            goal(self.ratio),
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        let [ours, peer] = self.subjects;
        let peer = match self.rows.iter().any(|row| !row.peer.is_empty()) {
            true => [peer, "ratio", "goal"],
            false => [""; 3],
        };
        let [peer, ratio, goal] = peer;
        writeln!(
            f,
            "{:<49} {ours:>24} {:>6} {peer:>26} {ratio:>6} {goal:>6}",
            "", "goal"
        )?;
        for row in &self.rows {
            writeln!(f, "{}", format!("{row}").trim_end())?;
        }
        let turns = self.rows.first().map_or(0, |row| row.ours.len());
        writeln!(f, "Median of {turns} turns each, with its 95 % interval.")?;
        self.remarks
            .iter()
            .try_for_each(|remark| writeln!(f, "{remark}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_its_interval() {
        let figures: Vec<f64> = (1..=30).map(f64::from).collect();
        let (middle, low, high) = median(&figures);
        assert!((middle - 15.5).abs() < 1e-9);
        assert_eq!((low, high), (10.0, 21.0));
        assert_eq!(median(&[2.0]), (2.0, 2.0, 2.0));
    }

    #[test]
    fn a_goal_is_missed_by_ratio_or_by_figure() {
        let mut row = Row::beside("memory", "MiB", 0.5).at_most(80.0);
        row.add(70.0, 200.0);
        assert!(!row.is_missed());
        row.add(90.0, 200.0);
        row.add(90.0, 200.0);
        assert!(row.is_missed() && row.to_string().ends_with("missed"));
        let mut row = Row::beside("time", "ms", 0.5);
        row.add(70.0, 100.0);
        assert!(row.is_missed());
        let mut row = Row::alone("time", "ms");
        row.ours.push(1.0);
        assert!(!row.is_missed());
    }
}
