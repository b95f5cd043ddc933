//! What was measured, as lines of a table, and beside the goals.

use std::fmt::{self, Write as _};

/// Above the lines of [`Figures`].
pub(super) const HEAD: &str = "\
Echo (ITU-T G.168), voices kept, and AECMOS (1 to 5, 5 is best). The far end reaches Chromium over a WebRTC connection,
coded by Opus, as in a call; how late its processing is can't be seen from outside.

scene                  who               ERLE dB  kept dB noise dB  late ms   AECMOS echo, other";

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

/// Ours, Chromium's and the ratio by scene, with the goal of AECMOS: in each scene at least Chromium's. Two that are
/// apart by less than [`ALIKE`] are the same.
pub(super) fn goals(pairs: &[(&str, Figures, Figures)]) -> String {
    let mut text = "\nSaal / Chromium (ratio); goal: AECMOS >= Chromium's\n".to_owned();
    for (scene, ours, theirs) in pairs {
        let _ = write!(text, "{scene:<22}");
        for (name, ours, theirs) in [
            ("ERLE", ours.erle, theirs.erle),
            ("kept", ours.kept, theirs.kept),
        ] {
            if let (Some(ours), Some(theirs)) = (ours, theirs) {
                let _ = write!(
                    text,
                    " {name} {ours:.1} / {theirs:.1} dB ({:+.1} dB)",
                    ours - theirs
                );
            }
        }
        if let (Some(ours), Some(theirs)) = (ours.mos, theirs.mos) {
            for (name, ours, theirs) in
                [("echo", ours[0], theirs[0]), ("other", ours[1], theirs[1])]
            {
                let said = if ours + ALIKE >= theirs {
                    "met"
                } else {
                    "missed"
                };
                let _ = write!(
                    text,
                    "  {name} {ours:.2} / {theirs:.2} ({:.2}) {said}",
                    ours / theirs
                );
            }
        }
        text.push('\n');
    }
    text
}

/// AECMOS of the same sound differs by as much from cut to cut.
const ALIKE: f32 = 0.05;
