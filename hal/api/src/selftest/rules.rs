//! The rules that every implementation of the hardware traits is tested against, kept on this machine's devices.

use std::panic::{self, AssertUnwindSafe};

use super::{Outcome, Section, Trial};

/// The trial of all devices of a kind.
pub(super) const WHAT: &str = "rules";
const MEND_FIRST: &str = "see to what is said above, then try again";
const REPORT: &str = "unplug these devices one by one and try again to find which it is; then tell the makers of this \
                      software, with this report";

/// Tries by `suite`, one of [`crate::conformance`], whether the devices of a section keep the rules together: each is found
/// by its identity, no other has it, what is set is read again, the list stays. A suite needs devices that nobody uses, so
/// that it is left out where one of them was not wholly tried. Devices are left as they were; a camera may move and a light
/// may blink.
///
/// A broken rule is a panic of the suite: who wants no second message of it sets a hook that is silent.
pub fn rules(section: &mut Section, suite: impl FnOnce() -> usize) {
    if section.findings.is_empty() {
        return;
    }
    let trials = section.findings.iter().flat_map(|finding| &finding.trials);
    let whole = trials
        .map(|trial| &trial.outcome)
        .all(|outcome| matches!(outcome, Outcome::Works { .. }));
    let trial = if whole {
        match panic::catch_unwind(AssertUnwindSafe(suite)) {
            Ok(devices) => Trial::works(WHAT, format!("kept by {devices}")),
            Err(broken) => Trial::failed(WHAT, words(broken.as_ref()), REPORT),
        }
    } else {
        Trial::untried(WHAT, "a device was not wholly tried", MEND_FIRST)
    };
    section.rules = Some(trial);
}

/// What a panic says, in one line.
fn words(broken: &(dyn std::any::Any + Send)) -> String {
    let text = broken
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| broken.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("a rule is broken that says nothing");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
