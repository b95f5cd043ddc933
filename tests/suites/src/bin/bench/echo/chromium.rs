//! Chromium's processing of the same sounds: what a room with a browser would send.

use std::path::Path;

use saal_harness::{Hearing, run};

use super::Processed;

/// A busy machine makes a browser's timers late, and what it plays moves against what it captures, as it does
/// between no loudspeaker and microphone. So often it is asked for a turn in which that did not happen.
const TURNS: usize = 3;
/// The far end counts as unmoved within this many ms.
const STEADY: f32 = 1.0;

/// A browser whose microphone hears one scene.
pub(super) struct Chromium(Hearing);

impl Chromium {
    /// None, and a line that says why, where the set-up has not run.
    pub(super) fn start(folder: &Path, captured: &[f32]) -> Option<Self> {
        match run(Hearing::start(folder, captured)) {
            Ok(hearing) => Some(Self(hearing)),
            Err(error) => {
                println!("Chromium is not measured: {error}");
                None
            }
        }
    }

    pub(super) fn process(&self, played: &[f32], gain: bool) -> anyhow::Result<Processed> {
        let mut remark = None;
        for turn in 1.. {
            let heard = run(self.0.process(played, true, gain))?;
            let far = heard.played_late.map_or(0.0, |[a, b]| (b - a).abs());
            let moved = far.max(heard.captured_late.abs());
            if moved > STEADY && turn < TURNS {
                continue;
            }
            if moved > STEADY {
                remark = Some(format!(
                    "not comparable: played and captured moved by {moved:.0} ms"
                ));
            } else if let Some([late, _]) = heard.played_late {
                remark = Some(format!("the far end was {late:.0} ms late"));
            }
            return Ok(Processed {
                heard: heard.sent,
                remark,
            });
        }
        unreachable!("the last turn is taken as it is")
    }

    pub(super) fn close(self) {
        run(self.0.close());
    }
}
