//! What was measured, as lines of a table, and beside the goals.

use std::fmt;

use crate::report::Table;

/// Above the lines of [`Figures`].
pub(super) const HEAD: &str = "\
Echo return loss (ITU-T G.168), voices kept, and AECMOS (1 to 5, 5 is best). The far end reaches Chromium over a WebRTC
connection, coded by Opus, as in a call; how late its processing is can't be seen from outside.

scene                    who               ERLE dB  kept dB noise dB  late ms   AECMOS echo, other";

/// Processing may take this long, ms.
const MOST_LATE: f32 = 20.0;
/// AECMOS of the same sound differs by as much from cut to cut.
const ALIKE: f32 = 0.05;

/// Of one subject in one scene; none where it says nothing there.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) erle: Option<f32>,
    pub(super) kept: Option<f32>,
    pub(super) noise: Option<f32>,
    pub(super) late: Option<f32>,
    pub(super) mos: Option<[f32; 2]>,
    pub(super) remarks: Vec<String>,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for figure in [self.erle, self.kept, self.noise, self.late] {
            match figure {
                Some(figure) => write!(f, "{figure:>8.1} ")?,
                None => write!(f, "{:>8} ", "-")?,
            }
        }
        match self.mos {
            Some([echo, other]) => write!(f, "  {echo:.2} {other:.2}")?,
            None => write!(f, "  -")?,
        }
        match self.remarks.as_slice() {
            [] => Ok(()),
            remarks => write!(f, "  ({})", remarks.join(", then ")),
        }
    }
}

/// The room's figures beside Chromium's and the goals; where Chromium was not there, its are none.
pub(super) fn goals(pairs: &[(&str, Figures, Figures)]) -> String {
    let head = ["", "", "Saal", "Chromium", "difference", "goal", ""];
    let lines = pairs.iter().flat_map(|(scene, ours, theirs)| {
        let plain = [
            ("ERLE [dB]", ours.erle, theirs.erle),
            ("voice kept [dB]", ours.kept, theirs.kept),
        ];
        let plain = plain.map(|(what, ours, theirs)| line(scene, what, (ours, theirs), 1, None));
        let of = |index: usize| {
            let of = |figures: &Figures| figures.mos.map(|mos| mos[index]);
            (of(ours), of(theirs))
        };
        let heard = [("AECMOS, echo", of(0)), ("AECMOS, other", of(1))].map(|(what, pair)| {
            let met = pair
                .0
                .zip(pair.1)
                .map(|(ours, theirs)| ours + ALIKE >= theirs);
            line(
                scene,
                what,
                pair,
                2,
                Some((">= Chromium's".to_owned(), met)),
            )
        });
        let late = ours.late.map(|late| {
            let goal = (format!("<= {MOST_LATE:.0}"), Some(late <= MOST_LATE));
            line(scene, "delay [ms]", (Some(late), None), 1, Some(goal))
        });
        plain
            .into_iter()
            .chain(heard)
            .flatten()
            .chain(late.flatten())
    });
    format!(
        "\n{}\nAECMOS that is worse by less than {ALIKE} is the same: that of one sound differs by as much from cut to cut.\n",
        Table::new(
            head.map(str::to_owned),
            lines.collect::<Vec<_>>().into_iter()
        )
    )
}

/// A line where there is something to say; the goal, and whether it is met if that is known.
fn line(
    scene: &str,
    what: &str,
    (ours, theirs): (Option<f32>, Option<f32>),
    digits: usize,
    goal: Option<(String, Option<bool>)>,
) -> Option<[String; 7]> {
    if ours.is_none() && theirs.is_none() && goal.is_none() {
        return None;
    }
    let shown = |figure: Option<f32>| {
        figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.digits$}"))
    };
    let apart = ours.zip(theirs);
    let apart = apart.map_or_else(String::new, |(a, b)| format!("{:+.digits$}", a - b));
    let (goal, verdict) = goal.map_or_else(Default::default, |(goal, met)| {
        let verdict = match met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "not measured",
        };
        (goal, verdict)
    });
    Some([
        scene.to_owned(),
        what.to_owned(),
        shown(ours),
        shown(theirs),
        apart,
        goal,
        verdict.to_owned(),
    ])
}
