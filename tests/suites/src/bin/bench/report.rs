//! Figures of two subjects beside each other.

use std::fmt;

/// A benchmark's table.
pub(crate) struct Report {
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) remarks: Vec<&'static str>,
}

/// One quantity of both subjects.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) unit: &'static str,
    /// One figure a turn.
    pub(crate) ours: Vec<f64>,
    /// One figure a turn.
    pub(crate) peer: Vec<f64>,
    /// The ratio that is to be reached.
    pub(crate) goal: f64,
}

impl Row {
    pub(crate) fn new(what: &'static str, unit: &'static str, goal: f64) -> Self {
        Self {
            what,
            unit,
            ours: Vec::new(),
            peer: Vec::new(),
            goal,
        }
    }
}

/// Median, and the interval that holds it with 95 % confidence (order statistics; all of it for few turns).
pub(crate) fn median(figures: &[f64]) -> (f64, f64, f64) {
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

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        writeln!(
            f,
            "{:<44} {:>26} {:>26} {:>6} {:>6}",
            "", "Saal", "Chromium", "ratio", "goal"
        )?;
        for row in &self.rows {
            let (ours, peer) = (median(&row.ours), median(&row.peer));
            let shown = |(middle, low, high): (f64, f64, f64)| {
                format!("{middle:.1} ({low:.1} to {high:.1})")
            };
            let (name, ratio) = (format!("{} [{}]", row.what, row.unit), ours.0 / peer.0);
            let verdict = if ratio <= row.goal { "" } else { "  missed" };
            writeln!(
                f,
                "{name:<44} {:>26} {:>26} {ratio:>6.2} {:>6.2}{verdict}",
                shown(ours),
                shown(peer),
                row.goal
            )?;
        }
        writeln!(
            f,
            "Median of {} turns each, with its 95 % interval.",
            self.rows.first().map_or(0, |row| row.ours.len())
        )?;
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
}
