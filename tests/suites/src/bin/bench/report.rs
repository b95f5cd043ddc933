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
    pub(crate) remarks: Vec<String>,
}

/// One quantity, of the room alone or of both subjects.
pub(crate) struct Row {
    what: String,
    unit: &'static str,
    /// One figure a turn.
    pub(crate) ours: Vec<f64>,
    /// One figure a turn; empty when there is no peer.
    peer: Vec<f64>,
    /// The ratio that is to be reached.
    ratio: Option<f64>,
    /// The room's figure that is to be reached, whatever the peer's is.
    most: Option<f64>,
    /// Figures up to this can't be told from nothing: then the ratio counts for nothing.
    floor: Option<f64>,
}

impl Row {
    /// Of the room alone.
    pub(crate) fn alone(what: impl Into<String>, unit: &'static str) -> Self {
        Self {
            what: what.into(),
            unit,
            ours: Vec::new(),
            peer: Vec::new(),
            ratio: None,
            most: None,
            floor: None,
        }
    }

    /// Of both, without a goal.
    pub(crate) fn compared(what: impl Into<String>, unit: &'static str) -> Self {
        Self::alone(what, unit)
    }

    /// Of both; the ratio is to be this at most.
    pub(crate) fn beside(what: impl Into<String>, unit: &'static str, ratio: f64) -> Self {
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

    /// What is below this is nothing, as far as it can be measured: the goal beside the peer is met there.
    pub(crate) fn down_to(self, floor: f64) -> Self {
        Self {
            floor: Some(floor),
            ..self
        }
    }

    /// A turn of both.
    pub(crate) fn add(&mut self, ours: f64, peer: f64) {
        self.ours.push(ours);
        self.peer.push(peer);
    }

    /// The room's median.
    pub(crate) fn median(&self) -> f64 {
        median(&self.ours).0
    }

    /// By how many times the room's figure is the peer's; of figures that may be nothing or less there is no ratio.
    fn ratio_to_peer(&self) -> Option<f64> {
        let (ours, peer) = (median(&self.ours).0, median(&self.peer).0);
        (ours >= 0.0 && peer > 0.0).then(|| ours / peer)
    }

    fn verdict(&self) -> &'static str {
        let has_goal = self.ratio.is_some() || self.most.is_some();
        if self.ours.is_empty() {
            return "not measured";
        }
        if !has_goal {
            return "";
        }
        let above = |figure: Option<f64>, goal: Option<f64>| {
            figure.zip(goal).is_some_and(|(figure, goal)| figure > goal)
        };
        let ours = median(&self.ours).0;
        let ratio = match self.peer.as_slice() {
            [] => None,
            _ if self.floor.is_some_and(|floor| ours <= floor) => None,
            // Nothing at all is never more than a part of nothing.
            _ => self
                .ratio_to_peer()
                .or_else(|| (ours > 0.0).then_some(f64::INFINITY)),
        };
        if above(Some(ours), self.most) || above(ratio, self.ratio) {
            "missed"
        } else {
            "met"
        }
    }

    /// What stands in the table's columns.
    fn cells(&self) -> [String; 7] {
        let shown = |figures: &[f64]| match figures {
            [] => "-".to_owned(),
            [one] => format!("{one:.1}"),
            figures => {
                let (middle, low, high) = median(figures);
                format!("{middle:.1} ({low:.1} to {high:.1})")
            }
        };
        let goal = |goal: Option<f64>| goal.map_or_else(String::new, |goal| format!("<= {goal}"));
        let ratio = self.ratio_to_peer();
        let floor = self
            .floor
            .map(|floor| format!(", or {floor} {}", self.unit));
        [
            format!("{} [{}]", self.what, self.unit),
            shown(&self.ours),
            goal(self.most),
            if self.peer.is_empty() {
                String::new()
            } else {
                shown(&self.peer)
            },
            ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
            goal(self.ratio) + floor.as_deref().unwrap_or_default(),
            self.verdict().to_owned(),
        ]
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

/// A line by itself, while the rest is measured.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [name, ours, ..] = self.cells();
        write!(f, "{name:<58} {ours:>24}")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.title)?;
        let [ours, peer] = self.subjects;
        let head = ["", ours, "goal", peer, "ratio", "goal", ""].map(str::to_owned);
        write!(f, "{}", Table::new(head, self.rows.iter().map(Row::cells)))?;
        let turns = self.rows.iter().map(|row| row.ours.len()).max();
        let turns = turns.unwrap_or_default();
        writeln!(f, "\nMedian of {turns} turns each, with its 95 % interval.")?;
        self.remarks
            .iter()
            .try_for_each(|remark| writeln!(f, "{remark}"))
    }
}

/// Lines whose columns are aligned; a column in which nothing stands is left out.
pub(crate) struct Table<const COLUMNS: usize> {
    lines: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(crate) fn new(
        head: [String; COLUMNS],
        lines: impl Iterator<Item = [String; COLUMNS]>,
    ) -> Self {
        let lines = std::iter::once(head).chain(lines).collect();
        Self { lines }
    }
}

impl<const COLUMNS: usize> fmt::Display for Table<COLUMNS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| {
            let body = self.lines.iter().skip(1);
            let body = body.map(|line| line[column].chars().count()).max();
            let head = self.lines[0][column].chars().count();
            body.filter(|width| *width > 0).map(|width| width.max(head))
        };
        let widths: [Option<usize>; COLUMNS] = std::array::from_fn(width);
        for line in &self.lines {
            let mut text = String::new();
            for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
                let Some(width) = width else { continue };
                // Names and verdicts begin, figures end at one place.
                let cell = match column {
                    0 => format!("{cell:<width$}"),
                    last if last + 1 == COLUMNS => format!("  {cell}"),
                    _ => format!("  {cell:>width$}"),
                };
                text.push_str(&cell);
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
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
        assert_eq!(row.verdict(), "not measured");
        row.add(70.0, 200.0);
        assert_eq!(row.verdict(), "met");
        row.add(90.0, 200.0);
        row.add(90.0, 200.0);
        assert_eq!(row.verdict(), "missed");
        let mut row = Row::beside("time", "ms", 0.5);
        row.add(70.0, 100.0);
        assert_eq!(row.verdict(), "missed");
        let mut row = Row::beside("silence", "ms", 0.25).down_to(50.0);
        row.add(47.0, 51.0);
        assert_eq!(row.verdict(), "met", "neither is told from nothing");
        row.add(70.0, 100.0);
        row.add(70.0, 100.0);
        assert_eq!(row.verdict(), "missed");
        let mut row = Row::alone("time", "ms");
        row.ours.push(1.0);
        assert_eq!(row.verdict(), "");
    }

    #[test]
    fn beside_nothing_only_nothing_meets_a_ratio() {
        let mut row = Row::beside("stood still", "ms", 0.7);
        row.add(0.0, 0.0);
        assert_eq!(row.verdict(), "met");
        row.add(5.0, 0.0);
        row.add(5.0, 0.0);
        assert_eq!(row.verdict(), "missed");
    }

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        let line = |cells: [&str; 4]| cells.map(str::to_owned);
        let lines = [
            line(["a", "1.0", "", "met"]),
            line(["long", "10.0", "", ""]),
        ];
        let table = Table::new(line(["", "Saal", "goal", ""]), lines.into_iter());
        assert_eq!(
            table.to_string(),
            "      Saal\na      1.0  met\nlong  10.0\n"
        );
    }
}
